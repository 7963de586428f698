"""Markov equivalence: the DAGs that imply the same separations share joined pairs and colliders."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from scm.graph.checks import Edge
from scm.graph.classes.meek import Arrows, Skeleton, close

if TYPE_CHECKING:
    from scm.graph.graph import Graph


@dataclass(frozen=True)
class Equivalence:
    """Whether two DAGs imply the same separations: true if they do, with the reason."""

    equivalent: bool
    reason: str

    def __bool__(self) -> bool:
        return self.equivalent

    def __str__(self) -> str:
        return f"{'equivalent' if self.equivalent else 'not equivalent'}: {self.reason}"


def compare(one: "Graph", other: "Graph") -> Equivalence:
    """Compare skeletons, then colliders whose ends are not joined (Verma and Pearl 1990)."""
    for graph in (one, other):
        refuse_hidden("equivalent", graph)
    unmatched = [n for n in one.nodes if n not in other.nodes]
    unmatched += [n for n in other.nodes if n not in one.nodes]
    if unmatched:
        raise ValueError(
            f"equivalent: {unmatched[0]} is a node of one graph only; graphs are compared over the "
            "same nodes"
        )
    skeletons = [skeleton_of(graph) for graph in (one, other)]
    for pair in (*skeletons[0].edges, *skeletons[1].edges):
        if pair not in skeletons[0].joined or pair not in skeletons[1].joined:
            return Equivalence(False, f"{pair[0]} and {pair[1]} are joined in one graph only")
    told = [
        {(frozenset((a, b)), c): f"{a} -> {c} <- {b}" for a, c, b in colliders(s, g.directed)}
        for s, g in zip(skeletons, (one, other), strict=True)
    ]
    for mine, others in (told, told[::-1]):
        for collider, text in mine.items():
            if collider not in others:
                return Equivalence(False, f"{text} is a collider in one graph only")
    return Equivalence(True, "the same pairs are joined, and the same colliders have open ends")


def refuse_hidden(asked: str, graph: "Graph") -> None:
    """Markov equivalence is here of DAGs without hidden causes."""
    if not graph.bidirected and not graph.latent:
        return
    projected = graph.latent_projection()
    if not projected.bidirected:
        raise ValueError(
            f"{asked}: {graph.latent[0]} is latent, and this is of DAGs whose nodes are all "
            f"observed; no two nodes share a hidden cause here, so ask "
            f"graph.latent_projection().{asked}(...)"
        )
    a, b = projected.bidirected[0]
    raise ValueError(
        f"{asked}: {a} and {b} have a hidden common cause; this is of DAGs without any (the class "
        "of a graph with hidden causes is told by other marks, as a PAG). To ask about the arrows "
        f"among the observed alone: Graph(graph.latent_projection().directed).{asked}(...)"
    )


def skeleton_of(graph: "Graph") -> Skeleton:
    """The joined pairs of a DAG."""
    return Skeleton(graph.nodes, graph.directed)


def colliders(skeleton: Skeleton, arrows: Iterable[Edge]) -> list[tuple[str, str, str]]:
    """All `a -> c <- b` with a and b not joined, as (a, c, b): c in the order of nodes, then a."""
    into: dict[str, set[str]] = {name: set() for name in skeleton.nodes}
    for tail, head in arrows:
        into[head].add(tail)
    return [
        (a, c, b)
        for c in skeleton.nodes
        for a, b in combinations((n for n in skeleton.near[c] if n in into[c]), 2)
        if (a, b) not in skeleton.joined
    ]


def essential(skeleton: Skeleton, arrows: Iterable[Edge]) -> Arrows:
    """The arrows of all DAGs with this skeleton and the colliders of `arrows`, with reasons."""
    fresh: Arrows = {}
    for a, c, b in colliders(skeleton, arrows):
        for tail in (a, b):
            fresh.setdefault((tail, c), f"the collider {a} -> {c} <- {b}")
    return close(skeleton, {}, fresh)


def extend(skeleton: Skeleton, arrows: Iterable[Edge]) -> tuple[Edge, ...] | None:
    """A DAG with these arrows and no collider besides theirs; None if there is none.

    A node that can be last, with nothing leaving it, takes all its open edges in, and goes; so
    until nothing is left.

    Source: Dor and Tarsi (1992), A simple algorithm to construct a consistent extension.
    """
    known = set(arrows)
    left = dict.fromkeys(skeleton.nodes)
    while left:
        last = next((name for name in left if _can_be_last(skeleton, known, left, name)), None)
        if last is None:
            return None
        known |= {(other, last) for other in skeleton.near[last] if other in left}
        del left[last]
    return tuple(known)


def _can_be_last(skeleton: Skeleton, known: set[Edge], left: Iterable[str], name: str) -> bool:
    near = [other for other in skeleton.near[name] if other in left]
    if any((name, other) in known for other in near):
        return False
    return all(
        (one, other) in skeleton.joined
        for one in near
        if (one, name) not in known
        for other in near
        if other != one
    )
