"""A graph with the paths between two of its variables: which are open, which closed, which act."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from simulators.pictures.style import HELD, INK, SHUT, SMALLEST, TRUTH, WRONG

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from scm.graph import Graph

__all__ = ["draw_paths", "kinds", "paths"]

Kind = Literal["acts", "misleads", "closed"]
Edge = tuple[str, str]

LOOKS: dict[Kind, tuple[str, float]] = {"acts": (TRUTH, 2.2), "misleads": (WRONG, 2.8),
                                        "closed": (SHUT, 1.6)}  # fmt: skip


def paths(graph: Graph, x: str, y: str) -> Iterator[tuple[str, ...]]:
    """All paths between two nodes, along edges of either direction, no node twice.

    >>> from scm.graph import Graph
    >>> list(paths(Graph.parse("Z -> T -> Y; Z -> Y"), "T", "Y"))
    [('T', 'Z', 'Y'), ('T', 'Y')]
    """

    def onwards(path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        if path[-1] == y:
            yield path
            return
        for near in (*graph.parents(path[-1]), *graph.children(path[-1])):
            if near not in path:
                yield from onwards((*path, near))

    return onwards((x,))


def kinds(graph: Graph, x: str, y: str, given: Collection[str] = ()) -> dict[Edge, Kind]:
    """What the edges on paths between x and y do: the worst that a path over them does.

    A path is open where its colliders are ancestors of what is given and its other nodes are not
    given (Pearl 2009, Causality, definition 1.2.3); one open acts if all of its arrows run from x
    to y, and misleads otherwise.

    >>> from scm.graph import Graph
    >>> kinds(Graph.parse("A -> B; C -> B"), "A", "C", ["B"])
    {('A', 'B'): 'misleads', ('C', 'B'): 'misleads'}
    """
    arrows = set(graph.directed)
    opened = set(graph.ancestors(tuple(given))) if given else set()
    rank: dict[Kind, int] = {"closed": 0, "acts": 1, "misleads": 2}
    found: dict[Edge, Kind] = {}
    for path in paths(graph, x, y):
        steps = [(a, b) if (a, b) in arrows else (b, a) for a, b in pairwise(path)]
        inner = zip(path[1:-1], pairwise(steps), strict=True)
        passes = all(
            node in opened if before[1] == node == after[1] else node not in given
            for node, (before, after) in inner
        )
        along = all(step == each for step, each in zip(steps, pairwise(path), strict=True))
        kind: Kind = ("acts" if along else "misleads") if passes else "closed"
        for step in steps:
            found[step] = max(found.get(step, "closed"), kind, key=rank.__getitem__)
    return found


def draw_paths(
    axes: Axes, graph: Graph, x: str, y: str, given: Collection[str] = (), forced: str = ""
) -> None:
    """Draw a graph: arrows that act blue, those that mislead red and thick, closed paths grey.

    Nodes that are given are filled; a node that somebody sets is a square.
    """
    from scm.graph.pictures.drawing import draw

    draw(graph, ax=axes, highlight=[forced] if forced else [])
    looks = {f"edge:{tail}->{head}": LOOKS[kind] for (tail, head), kind in
             kinds(graph, x, y, given).items()}  # fmt: skip
    for patch in axes.patches:
        name = patch.get_gid() or ""
        if name in looks:
            colour, width = looks[name]
            patch.set(color=colour, linewidth=width, zorder=1 + (colour != SHUT) / 2)
        elif name.startswith("node:"):
            patch.set(edgecolor=INK)
            if name.removeprefix("node:") in given:
                patch.set(facecolor=HELD)
    for text in axes.texts:
        text.set_fontsize(max(SMALLEST, text.get_fontsize()))  # a node has room for that
        if text.get_text() in given:
            text.set_color("white")
