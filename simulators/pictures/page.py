"""The page a picture is on: a title in words, and panels below it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from simulators.pictures.style import MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.gridspec import GridSpec

__all__ = ["Page", "page"]

WIDTH = 9.0  # inches
LETTERS, SMALL_LETTERS = 78, 112  # of the title and of the quieter line below it
LINE, SMALL_LINE = 0.245, 0.19  # inches
EDGE = 0.14
GRAPH_FIRST, CHART_FIRST = 0.016, 0.07  # where panels begin, as shares of the width


@dataclass(frozen=True)
class Page:
    """A figure and the height, as a share of it, at which its title ends."""

    figure: Figure
    top: float

    def grid(self, rows: int, columns: int, *, foot: float = 0.5, **options: Any) -> GridSpec:
        """Panels below the title; `foot` inches are left for the labels of the lowest axis."""
        height = self.figure.get_size_inches()[1]
        options = {"left": GRAPH_FIRST, "right": 0.985, "wspace": 0.25, "hspace": 0.3} | options
        top = self.top - options.pop("head", 0.3) / height
        return self.figure.add_gridspec(rows, columns, top=top, bottom=foot / height, **options)

    def panel(self, place: Any, title: str = "", x: str = "", y: str = "") -> Axes:
        """Axes in a place of the grid, with what is on them."""
        axes = self.figure.add_subplot(place)
        axes.set_title(title)
        axes.set(xlabel=x, ylabel=y)
        return axes


def page(title: str, note: str = "", *, height: float = 4.0) -> Page:
    """An empty page, 9 inches wide, under a title and a quieter line."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasAgg(figure)  # measures letters; no window, and pyplot knows nothing of it
    lines = _balanced(title, LETTERS)
    down = EDGE
    figure.text(
        EDGE / WIDTH, 1 - down / height, "\n".join(lines), fontsize=12.5, fontweight="bold",
        va="top", parse_math=False,
    )  # fmt: skip
    down += LINE * len(lines)
    if note:
        small = _balanced(note, SMALL_LETTERS)
        figure.text(
            EDGE / WIDTH, 1 - down / height, "\n".join(small), fontsize=10, color=MUTED,
            va="top", parse_math=False,
        )  # fmt: skip
        down += SMALL_LINE * len(small)
    return Page(figure, 1 - down / height)


def _balanced(text: str, most: int) -> list[str]:
    """Lines of nearly one length, and no more of them than are needed."""
    needed = len(textwrap.wrap(text, most))
    return next(
        lines
        for width in range(max(len(text) // needed, 3 * most // 4), most + 1)
        if len(lines := textwrap.wrap(text, width)) <= needed
    )


def signed(value: float, digits: int = 2) -> str:
    """A number with its sign, a true minus, and no sign where it is 0.

    >>> signed(-0.5), signed(0.0), signed(8 + 1 / 3, 1)
    ('−0.50', '0', '+8.3')
    """
    if abs(value) < 0.5 * 10.0**-digits:
        return "0"
    return f"{value:+.{digits}f}".replace("-", "−")


def plain(value: float, digits: int = 2) -> str:
    """A number with a true minus, and 0 as it is."""
    if abs(value) < 0.5 * 10.0**-digits:
        return "0"
    return f"{value:.{digits}f}".replace("-", "−")
