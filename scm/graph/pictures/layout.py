"""Where the nodes of a drawing go: layers from left to right, few crossings, short edges.

Four steps, after Sugiyama, Tagawa and Toda (1981) and Gansner, Koutsofios, North and Vo (1993):
a layer for every node, an order within each layer, heights that keep the order, and positions.
An edge that skips layers gets a waypoint in each of them, so that it passes between the nodes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, sqrt

from scm.graph.checks import Edge
from scm.graph.graph import Graph

LAYER_GAP = 54.0
STEEP = 0.15  # the further the links between two layers climb, the more room they get
NODE_GAP = 20.0
WAYPOINT_GAP = 9.0
SWEEPS = 24

# A place in a layer: a node's name, or (edge, layer) where an edge passes through.
Place = str | tuple[Edge, int]


@dataclass(frozen=True)
class Layout:
    """Centres of nodes, waypoints of edges, and the half-width of the column each node is in."""

    centre: dict[str, tuple[float, float]]
    waypoints: dict[Edge, list[tuple[float, float]]]
    column: dict[str, float]


def lay_out(graph: Graph, size: Mapping[str, tuple[float, float]]) -> Layout:
    """Positions for nodes of the given sizes (width, height), in the same unit as the sizes."""
    layer = assign_layers(graph)
    columns, links = insert_waypoints(graph, layer)
    columns = reduce_crossings(columns, links)
    tall = {
        place: size[place][1] if isinstance(place, str) else 0.0 for c in columns for place in c
    }
    height = assign_heights(columns, links, tall)
    climb = [
        max((abs(height[a] - height[b]) for a, b in links if b in c), default=0) for c in columns
    ]
    half = [max(size[p][0] if isinstance(p, str) else 0.0 for p in c) / 2 for c in columns]
    x = [half[0]] if half else []
    for i in range(1, len(half)):
        x.append(x[-1] + half[i - 1] + LAYER_GAP + STEEP * climb[i] + half[i])
    return Layout(
        centre={name: (x[layer[name]], height[name]) for name in graph.nodes},
        waypoints={
            edge: [
                (x[i] + side * half[i], height[edge, i])
                for i in range(layer[edge[0]] + 1, layer[edge[1]])
                for side in (-1, 1)
            ]
            for edge in graph.directed
        },
        column={name: half[layer[name]] for name in graph.nodes},
    )


def assign_layers(graph: Graph) -> dict[str, int]:
    """Longest path from a root; then whatever has more children than parents moves to them."""
    joined = {name for edge in (*graph.directed, *graph.bidirected) for name in edge}
    layer: dict[str, int] = {}
    order = [name for name in graph.topological_order() if name in joined]
    for name in order:
        layer[name] = max((layer[p] + 1 for p in graph.parents(name)), default=0)
    for name in reversed(order):
        children = graph.children(name)
        if len(children) > len(graph.parents(name)):
            layer[name] = min(layer[child] for child in children) - 1
    # Nodes without edges would make one tall column: they are spread over all layers.
    alone = [name for name in graph.nodes if name not in joined]
    wide = max([ceil(sqrt(len(alone))), *(i + 1 for i in layer.values())])
    return layer | {name: i % wide for i, name in enumerate(alone)}


def insert_waypoints(
    graph: Graph, layer: Mapping[str, int]
) -> tuple[list[list[Place]], list[tuple[Place, Place]]]:
    """The places in each layer, and the links between places of neighbouring layers."""
    columns: list[list[Place]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for name in graph.nodes:
        columns[layer[name]].append(name)
    links: list[tuple[Place, Place]] = []
    for edge in graph.directed:
        between = range(layer[edge[0]] + 1, layer[edge[1]])
        for i in between:
            columns[i].append((edge, i))
        chain: list[Place] = [edge[0], *((edge, i) for i in between), edge[1]]
        links += pairwise(chain)
    return columns, links


def reduce_crossings(
    columns: list[list[Place]], links: Sequence[tuple[Place, Place]]
) -> list[list[Place]]:
    """Sweeps that put each place at the mean rank of its neighbours; keeps the best order."""
    before, after = _sides(columns, links)
    best, fewest = columns, _crossings(columns, after)
    for sweep in range(SWEEPS):
        if fewest == 0:
            break
        forward = sweep % 2 == 0
        near = before if forward else after
        columns = [list(column) for column in columns]
        order = range(1, len(columns)) if forward else range(len(columns) - 2, -1, -1)
        for i in order:
            rank = {place: r for r, place in enumerate(columns[i - 1 if forward else i + 1])}
            columns[i] = _by_barycentre(columns[i], near, rank)
        _swap_neighbours(columns, before, after)
        crossings = _crossings(columns, after)
        if crossings < fewest:
            best, fewest = columns, crossings
    return best


def assign_heights(
    columns: Sequence[Sequence[Place]],
    links: Sequence[tuple[Place, Place]],
    tall: Mapping[Place, float],
) -> dict[Place, float]:
    """Heights, downwards from 0, that keep each layer's order and draw linked places level.

    Each sweep moves every layer as near as it can, in least squares, to the mean heights of its
    neighbours, with the gaps kept: isotonic regression once the gaps are taken off.
    """
    gaps = [[_gap(a, b, tall) for a, b in pairwise(c)] for c in columns]
    height: dict[Place, float] = {}
    for column, gap in zip(columns, gaps, strict=True):
        start = sum(gap) / 2
        height |= {place: start - sum(gap[:i]) for i, place in enumerate(column)}
    before, after = _sides(columns, links)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        last = sweep >= SWEEPS - 2
        for i in range(len(columns)) if forward else reversed(range(len(columns))):
            wish = []
            for place in columns[i]:
                # The last two sweeps look both ways, so that neither direction has the final word.
                near = (
                    [*before[place], *after[place]]
                    if last
                    else (before if forward else after)[place]
                )
                wish.append(sum(height[n] for n in near) / len(near) if near else height[place])
            height |= dict(zip(columns[i], _spaced(wish, gaps[i]), strict=True))
    return height


def _sides(
    columns: Sequence[Sequence[Place]], links: Sequence[tuple[Place, Place]]
) -> tuple[dict[Place, list[Place]], dict[Place, list[Place]]]:
    before: dict[Place, list[Place]] = {place: [] for column in columns for place in column}
    after: dict[Place, list[Place]] = {place: [] for column in columns for place in column}
    for left, right in links:
        before[right].append(left)
        after[left].append(right)
    return before, after


def _by_barycentre(
    column: list[Place], near: Mapping[Place, list[Place]], rank: Mapping[Place, int]
) -> list[Place]:
    """Places with neighbours sorted by their mean rank; the others stay where they are."""
    mean = {p: sum(rank[n] for n in near[p]) / len(near[p]) for p in column if near[p]}
    ordered = iter(sorted(mean, key=mean.__getitem__))
    return [next(ordered) if place in mean else place for place in column]


def _swap_neighbours(
    columns: list[list[Place]],
    before: Mapping[Place, list[Place]],
    after: Mapping[Place, list[Place]],
) -> None:
    """Swap places next to each other, in the given lists, as long as that removes crossings."""
    for i, column in enumerate(columns):
        left = {p: r for r, p in enumerate(columns[i - 1])} if i else {}
        right = {p: r for r, p in enumerate(columns[i + 1])} if i + 1 < len(columns) else {}
        for _ in column:
            swapped = False
            for k in range(len(column) - 1):
                a, b = column[k], column[k + 1]
                gain = _pair(before[a], before[b], left) + _pair(after[a], after[b], right)
                if gain > 0:
                    column[k], column[k + 1] = b, a
                    swapped = True
            if not swapped:
                break


def _pair(upper: Sequence[Place], lower: Sequence[Place], rank: Mapping[Place, int]) -> int:
    """Crossings saved by swapping two places whose neighbours on one side are given."""
    now = sum(rank[a] > rank[b] for a in upper for b in lower)
    then = sum(rank[a] < rank[b] for a in upper for b in lower)
    return now - then


def _crossings(columns: Sequence[Sequence[Place]], after: Mapping[Place, list[Place]]) -> int:
    total = 0
    for column, following in pairwise(columns):
        rank = {place: r for r, place in enumerate(following)}
        ends = [sorted(rank[n] for n in after[place]) for place in column]
        flat = [end for group in ends for end in group]
        total += sum(a > b for i, a in enumerate(flat) for b in flat[i + 1 :])
    return total


def _gap(above: Place, below: Place, tall: Mapping[Place, float]) -> float:
    both_pass = not isinstance(above, str) and not isinstance(below, str)
    return (tall[above] + tall[below]) / 2 + (WAYPOINT_GAP if both_pass else NODE_GAP)


def _spaced(wish: Sequence[float], gap: Sequence[float]) -> list[float]:
    """The heights nearest to `wish` in least squares that fall by at least `gap` each.

    Pool adjacent violators (Barlow, Bartholomew, Bremner and Brunk 1972) on wish + sum of gaps,
    which has only to be non-increasing.
    """
    offset = [sum(gap[:i]) for i in range(len(wish))]
    pools: list[list[float]] = []
    for value in (w + o for w, o in zip(wish, offset, strict=True)):
        pools.append([value, 1.0])
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            mean, count = pools.pop()
            total = pools[-1][1] + count
            pools[-1] = [(pools[-1][0] * pools[-1][1] + mean * count) / total, total]
    level = [mean for mean, count in pools for _ in range(int(count))]
    return [v - o for v, o in zip(level, offset, strict=True)]
