"""Small pieces of SVG as text. Colours and fonts come from the page's style sheet, by class."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = [
    "Drawing",
    "circle",
    "diamond",
    "group",
    "line",
    "path",
    "polyline",
    "rect",
    "strokes",
    "text",
    "wrapped",
]


@dataclass(frozen=True)
class Drawing:
    """A drawing that says what it shows, for the page and for a file of its own.

    Arguments:
        kind: its class: how wide it is meant to be.
        width, height: in pixels.
        title, description: what it shows, in words.
        parts: what is drawn.
    """

    kind: str
    width: float
    height: float
    title: str
    description: str
    parts: Sequence[str]

    def on_page(self, name: str) -> str:
        """The drawing as an element of the page, where its ``name`` is unique."""
        return (
            f'<svg class="{self.kind}" viewBox="0 0 {_n(self.width)} {_n(self.height)}" role="img" '
            f'aria-labelledby="{name}-title {name}-desc">'
            f'<title id="{name}-title">{escape(self.title)}</title>'
            f'<desc id="{name}-desc">{escape(self.description)}</desc>'
            + "".join(self.parts)
            + "</svg>\n"
        )

    def at(self, x: float, y: float) -> str:
        """The drawing as a part of a larger one."""
        return (
            f'<g class="{self.kind}" transform="translate({_n(x)} {_n(y)})">'
            f"<title>{escape(self.title)}</title>{''.join(self.parts)}</g>\n"
        )


def group(parts: Sequence[str], title: str = "", kind: str = "") -> str:
    """Parts that belong together; a pointer held over them shows the title."""
    named = f"<title>{escape(title)}</title>" if title else ""
    return f"<g{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{named}{''.join(parts)}</g>"


def line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    """A straight line."""
    ends = f'x1="{_n(x1)}" y1="{_n(y1)}" x2="{_n(x2)}" y2="{_n(y2)}"'
    return f'<line class="{kind}" {ends}/>'


def rect(kind: str, x: float, y: float, width: float, height: float) -> str:
    """A filled rectangle."""
    place = f'x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}"'
    return f'<rect class="{kind}" {place}/>'


def circle(kind: str, x: float, y: float, radius: float) -> str:
    """A disc or, by its class, a ring."""
    return f'<circle class="{kind}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"/>'


def diamond(kind: str, x: float, y: float, radius: float) -> str:
    """A square on its corner."""
    corners = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
    return path(kind, corners)


def path(kind: str, points: Sequence[tuple[float, float]]) -> str:
    """A closed outline."""
    return f'<path class="{kind}" d="M{"L".join(f"{_n(x)} {_n(y)}" for x, y in points)}Z"/>'


def strokes(kind: str, level: Sequence[tuple[float, float, float]]) -> str:
    """Level lines, each from an x, at a y, to another x; as one element, since they are many."""
    lines = "".join(f"M{_n(a)} {y:.2f}H{_n(b if b - a > 0.3 else a + 0.3)}" for a, y, b in level)
    return f'<path class="{kind}" d="{lines}"/>' if lines else ""


def polyline(kind: str, points: Sequence[tuple[float, float]]) -> str:
    """Points that are joined, from the first to the last."""
    return f'<polyline class="{kind}" points="{" ".join(f"{_n(x)},{_n(y)}" for x, y in points)}"/>'


def text(kind: str, x: float, y: float, content: str, anchor: str = "start") -> str:
    """A line of text at its baseline; the anchor is ``start``, ``middle`` or ``end``."""
    place = f'x="{_n(x)}" y="{_n(y)}"'
    return f'<text class="{kind}" {place} text-anchor="{anchor}">{escape(content)}</text>'


def wrapped(content: str, letters: int) -> list[str]:
    """The text in lines of so many letters at most: SVG does not break lines itself."""
    return textwrap.wrap(content, max(letters, 1)) or [""]


def _n(value: float) -> str:
    """A coordinate to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")
