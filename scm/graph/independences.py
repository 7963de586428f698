"""The independences that a graph implies among what is observed: one claim for every pair."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from scm.graph.surgery import districts, induced

if TYPE_CHECKING:
    from scm.graph.graph import Graph


@dataclass(frozen=True)
class Independence:
    """`x` and `y` are independent given `given`, in every model with the graph."""

    x: str
    y: str
    given: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.x} _||_ {self.y}" + (f" | {', '.join(self.given)}" if self.given else "")


def implied(graph: "Graph") -> Iterator[Independence]:
    """The claims, pair by pair in the order of `nodes`, after latents are projected out."""
    seen = graph.latent_projection()
    joined = {frozenset(edge) for edge in (*seen.directed, *seen.bidirected)}
    for x, y in combinations(seen.nodes, 2):
        if frozenset((x, y)) in joined:
            continue
        if not seen.bidirected:
            yield Independence(x, y, seen.parents([x, y]))
        elif (given := minimal_separator(seen, x, y)) is not None:
            yield Independence(x, y, given)


def minimal_separator(graph: "Graph", x: str, y: str) -> tuple[str, ...] | None:
    """A set that separates two nodes and none of whose subsets does; None if no set does.

    Among the ancestors of the two, separation is that in an undirected graph in which each
    district and its parents are all joined to each other (Richardson 2003, theorem 1). There the
    set is what the surroundings of x show first on the way to y, less what is not met from y.
    """
    around = _surroundings(induced(graph, graph.ancestors([x, y])))
    if y in around[x]:
        return None
    near_x = _border(around, x, walls=around[x] - {x})
    kept = _border(around, y, walls=near_x)
    return tuple(name for name in graph.nodes if name in kept)


def _surroundings(graph: "Graph") -> dict[str, set[str]]:
    """What a node is joined to when districts and their parents are made complete."""
    around: dict[str, set[str]] = {name: {name} for name in graph.nodes}
    for district in districts(graph):
        together = {*district, *graph.parents(district)}
        for name in together:
            around[name] |= together
    return around


def _border(around: dict[str, set[str]], start: str, walls: Collection[str]) -> set[str]:
    """The walls that are met on walks from `start` that pass none."""
    met, ahead, border = {start}, [start], set()
    while ahead:
        for name in around[ahead.pop()] - met:
            met.add(name)
            if name in walls:
                border.add(name)
            else:
                ahead.append(name)
    return border
