"""Separation in a graph of `->` and `<->`, with the reason: an open path, or what blocks all."""

from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scm.graph.graph import Graph

# A step along an edge: the node reached, and whether the edge has an arrowhead there.
Arrival = tuple[str, bool]


@dataclass(frozen=True)
class Separation:
    """Whether two sets of nodes are separated given a third: true if they are.

    `path` is a shortest open path when they are not: node, edge, node, edge, ... as text.
    `blockers` are, when they are, the nodes at which paths between the two end: a node of `given`
    that is passed through, or a collider that neither is in `given` nor has a descendant there.
    `reason` is either in words.
    """

    separated: bool
    path: tuple[str, ...]
    blockers: tuple[str, ...]
    reason: str

    def __bool__(self) -> bool:
        return self.separated

    def __str__(self) -> str:
        return f"{'separated' if self.separated else 'connected'}: {self.reason}"


def separate(
    graph: "Graph", x: Sequence[str], y: Sequence[str], given: Collection[str]
) -> Separation:
    """Search for an open path from `x` to `y`: breadth first, so that one found is a shortest.

    A walk is open when its colliders are ancestors of `given` and its other nodes are not in it. A
    shortest open walk is a path. Let it meet v twice, and leave the loop out: if v then blocks, it
    does so as a collider outside the ancestors of `given`, for as a node of `given` it would have
    blocked before. But the loop leaves v by an arrow or by a head at v that makes it a collider
    there already; along arrows it never comes back to v unless it turns, and where it turns is a
    collider below v: v was an ancestor of `given`.

    Source: Richardson (2003), Markov properties for acyclic directed mixed graphs, section 2.1;
        Shachter (1998), Bayes-Ball, for the search.
    """
    condition = frozenset(given)
    opened = frozenset(graph.ancestors(condition))
    goal = frozenset(y)
    came: dict[Arrival, tuple[Arrival, str] | None] = {}
    turned: dict[str, None] = {}
    ahead: deque[Arrival] = deque()
    for start in x:
        # A walk leaves its start by any edge: as if it had come by a tail, from nowhere.
        came[start, False] = None
        ahead.append((start, False))
    while ahead:
        here = ahead.popleft()
        name, by_head = here
        if name in goal:
            return _connected(graph, _steps(came, here), condition)
        for edge, other in edges_at(graph, name):
            collider = by_head and edge[0] == "<"
            if came[here] and not (name in opened if collider else name not in condition):
                turned[name] = None
                continue
            there = (other, edge[-1] == ">")
            if there not in came:
                came[there] = (here, edge)
                ahead.append(there)
    return _blocked(graph, frozenset(x), goal, turned, condition)


def edges_at(graph: "Graph", name: str) -> Iterator[tuple[str, str]]:
    """The edges at a node as they read from it: ("->", child), ("<-", parent), ("<->", sibling)."""
    for child in graph.children(name):
        yield "->", child
    for parent in graph.parents(name):
        yield "<-", parent
    for sibling in graph.siblings(name):
        yield "<->", sibling


def _steps(came: dict[Arrival, tuple[Arrival, str] | None], last: Arrival) -> tuple[str, ...]:
    """The walk that ends at `last`: node, edge, node, edge, ..., node."""
    walked, here = [last[0]], last
    while (before := came[here]) is not None:
        here, edge = before
        walked += [edge, here[0]]
    return tuple(walked[::-1])


def _connected(graph: "Graph", path: tuple[str, ...], condition: frozenset[str]) -> Separation:
    told = [
        _opening(graph, path[i], condition)
        for i in range(2, len(path) - 2, 2)
        if path[i - 1][-1] == ">" and path[i + 1][0] == "<"
    ]
    reason = " ".join(path) + " is open" + (f": {' and '.join(told)}" if told else "")
    return Separation(False, path, (), reason)


def _opening(graph: "Graph", collider: str, condition: frozenset[str]) -> str:
    if collider in condition:
        return f"the collider {collider} is given"
    below = next(name for name in graph.descendants(collider) if name in condition)
    return f"{below}, a descendant of the collider {collider}, is given"


def _blocked(
    graph: "Graph",
    x: frozenset[str],
    goal: frozenset[str],
    turned: Collection[str],
    condition: frozenset[str],
) -> Separation:
    joined = _joined(graph, goal, walls=x)
    if not joined & x:
        return Separation(True, (), (), "no path joins them")
    blockers = tuple(n for n in graph.nodes if n in turned and n in joined)
    told = [f"{n} (given)" if n in condition else f"{n} (a collider)" for n in blockers]
    return Separation(True, (), blockers, f"every path is blocked: at {', '.join(told)}")


def _joined(graph: "Graph", start: frozenset[str], walls: frozenset[str]) -> frozenset[str]:
    """What edges of any kind join to `start`; walls are reached and not passed."""
    met, ahead = set(start), list(start)
    while ahead:
        for _, other in edges_at(graph, ahead.pop()):
            if other not in met:
                met.add(other)
                if other not in walls:
                    ahead.append(other)
    return frozenset(met)
