"""Bidirected edges told by hidden nodes, for formats that have only arrows, and back."""

from collections.abc import Collection
from dataclasses import replace

from scm.formats.specification import Specification


def unfolded(graph: Specification) -> tuple[Specification, dict[str, tuple[str, str]]]:
    """The graph with a hidden root in the place of every `A <-> B`, and what each root stands for.

    >>> graph, causes = unfolded(Specification(("T", "Y"), (("T", "Y"),), (("T", "Y"),)))
    >>> graph.directed, causes
    ((('T', 'Y'), ('U(T, Y)', 'T'), ('U(T, Y)', 'Y')), {'U(T, Y)': ('T', 'Y')})
    """
    causes: dict[str, tuple[str, str]] = {}
    for one, other in graph.bidirected:
        name = f"U({one}, {other})"
        while name in graph.nodes or name in causes:
            name += "'"
        causes[name] = (one, other)
    arrows = [(name, child) for name, pair in causes.items() for child in pair]
    return replace(
        graph,
        nodes=(*graph.nodes, *causes),
        directed=(*graph.directed, *arrows),
        bidirected=(),
        latent=(*graph.latent, *causes),
    ), causes


def folded(graph: Specification, causes: Collection[str]) -> Specification:
    """The graph with `A <-> B` in the place of each of these hidden roots of two nodes.

    One that has other edges by now stays the hidden node it is.
    """
    parents = {head for _, head in graph.directed}
    joined = {name for arc in graph.bidirected for name in arc}
    children: dict[str, list[str]] = {name: [] for name in causes}
    for tail, head in graph.directed:
        if tail in children:
            children[tail].append(head)
    gone = {
        name: (pair[0], pair[1])
        for name, pair in children.items()
        if len(pair) == 2 and name in graph.latent and name not in parents and name not in joined
    }
    return replace(
        graph,
        nodes=tuple(name for name in graph.nodes if name not in gone),
        directed=tuple(edge for edge in graph.directed if edge[0] not in gone),
        bidirected=(*graph.bidirected, *gone.values()),
        latent=tuple(name for name in graph.latent if name not in gone),
    )
