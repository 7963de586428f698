"""Latent projection: hidden nodes taken out one at a time, their influence kept as edges."""

from collections.abc import Iterable, Sequence

from scm.graph.checks import Edge


def project(
    nodes: Sequence[str],
    directed: Iterable[Edge],
    bidirected: Iterable[Edge],
    latent: Sequence[str],
) -> tuple[list[Edge], list[Edge]]:
    """Directed and bidirected edges among the nodes that are not latent.

    Taking out one node L keeps every path on which it is not a collider: `P -> L -> C` becomes
    `P -> C`, and `C <- L -> D` and `S <-> L -> C` become bidirected edges. What remains does not
    depend on the order in which the latents go.

    Source: Verma and Pearl (1990); the step for one node is marginalisation in Richardson (2003).
    """
    arrows = set(directed)
    arcs = {frozenset(arc) for arc in bidirected}
    for hidden in latent:
        children = {head for tail, head in arrows if tail == hidden}
        parents = {tail for tail, head in arrows if head == hidden}
        partners = {name for arc in arcs if hidden in arc for name in arc} - {hidden}
        arrows = {edge for edge in arrows if hidden not in edge}
        arrows |= {(parent, child) for parent in parents for child in children}
        arcs = {arc for arc in arcs if hidden not in arc}
        arcs |= {frozenset((a, b)) for a in children | partners for b in children if a != b}
    place = {name: i for i, name in enumerate(nodes)}
    ends = [sorted(arc, key=place.__getitem__) for arc in arcs]
    return _in_order(arrows, place), _in_order(((a, b) for a, b in ends), place)


def _in_order(edges: Iterable[Edge], place: dict[str, int]) -> list[Edge]:
    return sorted(edges, key=lambda edge: (place[edge[0]], place[edge[1]]))
