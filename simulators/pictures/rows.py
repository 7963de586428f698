"""One row for each choice of what is held: the graph with its paths, and what is then found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simulators.pictures.graphs import draw_paths
from simulators.pictures.page import page, plain
from simulators.pictures.style import MUTED, TRUTH, WRONG

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from scm.graph import Graph

__all__ = ["Row", "label", "painted"]


@dataclass(frozen=True)
class Row:
    """What is done, what that finds, and what is given in the graph (or another graph)."""

    label: str
    finds: float
    given: tuple[str, ...] = ()
    graph: Graph | None = None
    ends: tuple[str, str] | None = None
    found: bool | None = None  # whether it is the effect that is found; left out: by the number


def painted(
    title: str,
    note: str,
    graph: Graph,
    ends: tuple[str, str],
    truth: float,
    rows: Sequence[Row],
    *,
    widths: tuple[float, float] = (1.35, 1.0),
    tall: float = 1.2,
    finds: str = "what the regression tends to",
    effect: str = "effect",
) -> Figure:
    """The graphs at the left, paths between `ends` marked; numbers at the right, on one scale."""
    sheet = page(title, note, height=1.5 + tall * len(rows))
    grid = sheet.grid(
        len(rows), 2, width_ratios=widths, hspace=0.38, head=0.42, foot=0.6, wspace=0.06
    )
    axes = sheet.figure.add_subplot(grid[:, 1])
    axes.set_ylim(0, 1)
    box = axes.get_position()
    axes.axvline(truth, color=TRUTH, linewidth=1.6, zorder=1)
    values = [0.0, truth, *(row.finds for row in rows)]
    spread = max(values) - min(values)
    for place, row in enumerate(rows):
        right = abs(row.finds - truth) < 1e-9 if row.found is None else row.found
        panel = sheet.figure.add_subplot(grid[place, 0])
        colour = TRUTH if right else WRONG
        panel.set_title(row.label, color=colour, fontweight="bold", fontsize=10)
        drawn = row.graph or graph
        draw_paths(panel, drawn, *(row.ends or ends), row.given)
        place_of = panel.get_position()
        height = ((place_of.y0 + place_of.y1) / 2 - box.y0) / (box.y1 - box.y0)
        axes.plot([truth, row.finds], [height, height], color=colour, linewidth=1.6)
        axes.plot(row.finds, height, "o", color=colour, markersize=9)
        label(axes, plain(row.finds), row.finds, height, truth, colour, 0.1 * spread)
    _scale(axes, [truth, *(row.finds for row in rows)])
    at = _at(axes, truth)
    side = "right" if at > 0.7 else "left" if at < 0.3 else "center"
    axes.text(at, 1.0, f"{effect} {plain(truth)}", transform=axes.transAxes, color=TRUTH,
              fontsize=10.5, fontweight="bold", ha=side, va="bottom")  # fmt: skip
    axes.set_xlabel(finds)
    return sheet.figure


def label(
    axes: Axes, words: str, x: float, y: float, line: float, colour: str, near: float
) -> None:
    """A number above its dot, or beside it where it would lie across a vertical line."""
    beside, side = abs(x - line) < near, 1 if x >= line else -1
    axes.annotate(
        words, (x, y), (9 * side, 0) if beside else (0, 8), textcoords="offset points",
        ha=("left" if side > 0 else "right") if beside else "center",
        va="center" if beside else "bottom", color=colour, fontweight="bold",
    )  # fmt: skip


def _scale(axes: Axes, values: Sequence[float]) -> None:
    """Limits with room for the numbers, 0 among them, and nothing but the horizontal axis."""
    low, high = min(*values, 0), max(*values, 0)
    room = 0.2 * (high - low or 1)
    axes.set_xlim(low - room, high + room)
    axes.axvline(0, color=MUTED, linewidth=0.8, zorder=0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)


def _at(axes: Axes, value: float) -> float:
    low, high = axes.get_xlim()
    return (value - low) / (high - low)
