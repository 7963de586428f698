"""A picture of a graph: causes left of effects, hidden nodes dashed, common causes as arcs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scm.graph.checks import Edge, read_names, refuse_unknown
from scm.graph.graph import Graph
from scm.graph.pictures.curves import Kind, Shape, arc, hits, spline, trim
from scm.graph.pictures.layout import Layout, lay_out

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Patch

FONT = 11.0
PAD = 9.0
MARGIN = 14.0
LARGEST = (16.0, 12.0)  # inches: a figure made here is shrunk, letters and all, to fit

INK, OBSERVED, HIDDEN, FORCED, ARC = "#22303c", "#e8f0f8", "#ffffff", "#fbdcb4", "#a8433c"


def draw(graph: Graph, ax: Axes | None = None, highlight: Iterable[str] = ()) -> Axes:
    """Draw the graph, causes to the left of their effects.

    Observed nodes are rounded boxes, latent ones dashed circles, highlighted ones (those somebody
    intervenes on, say) squares; `A <-> B` is a dashed arc with a head at both ends. Edges are
    drawn as the graph has them: highlighting removes none.

    Args:
        graph: what to draw.
        ax: where to draw it. The picture, its letters included, is scaled to fit the axes as they
            are now. Left out, a figure of the right size is made, unknown to pyplot:
            `draw(graph).figure.savefig("graph.svg")`.
        highlight: names of nodes to draw as squares.

    Returns:
        The axes. Patches carry ids (`get_gid()`): `node:A`, `edge:A->B`, `edge:A<->B`.

    Raises:
        ValueError: a highlighted name that is no node.

    >>> axes = draw(Graph([("Z", "T"), ("T", "Y")], [("T", "Y")]), highlight=["T"])
    >>> [text.get_text() for text in axes.texts]
    ['Z', 'T', 'Y']
    """
    forced = read_names("highlight", highlight)
    refuse_unknown("highlight", forced, graph.nodes)
    shapes, arrows, arcs = _geometry(graph, forced)
    axes, scale = _axes(ax, [*shapes.values()], [*arrows.values(), *arcs.values()])
    for (tail, head), path in arrows.items():
        _draw_edge(axes, f"edge:{tail}->{head}", path, scale, color=INK, arrowstyle="-|>")
    for (one, other), path in arcs.items():
        name = f"edge:{one}<->{other}"
        _draw_edge(axes, name, path, scale, color=ARC, arrowstyle="<|-|>", linestyle=(0, (4, 2.5)))
    for name, shape in shapes.items():
        _draw_node(axes, name, shape, name in graph.latent, scale)
    return axes


def _geometry(
    graph: Graph, forced: Sequence[str]
) -> tuple[dict[str, Shape], dict[Edge, np.ndarray], dict[Edge, np.ndarray]]:
    """The outline of every node and the curve of every edge, outline to outline, in points."""
    kind: dict[str, Kind] = {n: "ellipse" if n in graph.latent else "pill" for n in graph.nodes}
    kind |= dict.fromkeys(forced, "square")
    size = {name: _size(name, kind[name]) for name in graph.nodes}
    layout = lay_out(graph, size)
    shapes = {n: Shape(kind[n], layout.centre[n], *size[n]) for n in graph.nodes}
    arrows: dict[Edge, np.ndarray] = {}
    arcs: dict[Edge, np.ndarray] = {}
    for edge in graph.directed:
        others = [shape for name, shape in shapes.items() if name not in edge]
        path = _arrow(edge, others, shapes, layout)
        arrows[edge] = trim(path, shapes[edge[0]], shapes[edge[1]])
    for edge in graph.bidirected:
        others = [shape for name, shape in shapes.items() if name not in edge]
        one, other = shapes[edge[0]], shapes[edge[1]]
        drawn = [*arrows.values(), *arcs.values()]
        arcs[edge] = trim(arc(one, other, others, drawn), one, other)
    return shapes, arrows, arcs


def _size(name: str, kind: Kind) -> tuple[float, float]:
    """Width and height of the outline that holds a name, in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    lines = name.split("\n")
    font = FontProperties(size=FONT)
    measured = [text_to_path.get_text_width_height_descent(line, font, False) for line in lines]
    width, height = max(w for w, _, _ in measured), 1.3 * FONT * len(lines)
    if kind == "ellipse":
        # The smallest ellipse around a box is sqrt(2) times as wide and as high.
        width, height = 1.42 * width + PAD, 1.42 * height + PAD
        return max(width, height), height
    if kind == "square":
        return max(width + 2 * PAD, height + PAD), height + PAD
    return max(width + 2 * PAD, 2.8 * FONT), height + PAD


def _arrow(
    edge: Edge, others: Sequence[Shape], shapes: dict[str, Shape], layout: Layout
) -> np.ndarray:
    """A straight line where it passes no other node, else a curve by way of the waypoints."""
    tail, head = (shapes[name].centre for name in edge)
    straight = spline([tail, head])
    if not hits(straight, others):
        return straight
    column = layout.column
    leave, enter = (tail[0] + column[edge[0]], tail[1]), (head[0] - column[edge[1]], head[1])
    through = [tail, leave, *layout.waypoints[edge], enter, head]
    # Pull the string: a point that keeps the curve off no node only makes it wriggle.
    for point in through[1:-1]:
        shorter = [kept for kept in through if kept != point]
        if not hits(spline(shorter), others):
            through = shorter
    return spline(through)


def _axes(ax: Axes | None, shapes: list[Shape], paths: list[np.ndarray]) -> tuple[Axes, float]:
    """Axes whose limits hold the picture, and the size of one of its points on the page."""
    corners = [
        np.add(s.centre, np.multiply(sign, (s.width / 2, s.height / 2)))
        for s in shapes
        for sign in (-1, 1)
    ]
    points = np.concatenate([np.zeros((0, 2)), *paths, np.reshape(corners, (-1, 2))])
    low = (points.min(axis=0) if len(points) else np.zeros(2)) - MARGIN
    high = (points.max(axis=0) if len(points) else np.zeros(2)) + MARGIN
    extent = high - low
    if ax is None:
        # A bare figure: pyplot would keep it alive and could start a window system.
        from matplotlib.figure import Figure

        inches = extent / 72
        figure = Figure(figsize=inches * min(1, *(np.asarray(LARGEST) / inches)))
        ax = figure.add_axes((0, 0, 1, 1))
    box = ax.get_window_extent()
    page = np.array([box.width, box.height]) * 72 / ax.figure.dpi
    scale = min(1.3, *(page / extent))
    middle, half = (low + high) / 2, page / scale / 2
    ax.set_xlim(middle[0] - half[0], middle[0] + half[0])
    ax.set_ylim(middle[1] - half[1], middle[1] + half[1])
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax, scale


def _draw_edge(ax: Axes, name: str, path: np.ndarray, scale: float, **style: Any) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    patch = FancyArrowPatch(
        path=Path(path), mutation_scale=11 * scale, linewidth=1.1 * scale, zorder=1, **style
    )
    patch.set_gid(name)
    ax.add_patch(patch)


def _draw_node(ax: Axes, name: str, shape: Shape, hidden: bool, scale: float) -> None:
    patch = _outline(shape)
    fill = FORCED if shape.kind == "square" else HIDDEN if hidden else OBSERVED
    patch.set(facecolor=fill, edgecolor=INK, linewidth=1.1 * scale, zorder=2, gid=f"node:{name}")
    if hidden:
        patch.set_linestyle((0, (4, 2.5)))
    ax.add_patch(patch)
    # Names are names: a dollar sign in one starts no formula.
    ax.text(
        *shape.centre,
        name,
        fontsize=FONT * scale,
        color=INK,
        ha="center",
        va="center",
        linespacing=1.1,
        zorder=3,
        parse_math=False,
        usetex=False,
    )


def _outline(shape: Shape) -> Patch:
    from matplotlib.patches import Ellipse, FancyBboxPatch, Rectangle

    if shape.kind == "ellipse":
        return Ellipse(shape.centre, shape.width, shape.height)
    corner = (shape.centre[0] - shape.width / 2, shape.centre[1] - shape.height / 2)
    if shape.kind == "square":
        return Rectangle(corner, shape.width, shape.height)
    round_ends = f"round,pad=0,rounding_size={shape.height / 2}"
    return FancyBboxPatch(corner, shape.width, shape.height, boxstyle=round_ends)
