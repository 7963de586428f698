"""Small pieces of SVG as text. Colours and fonts come from the page's style sheet, by class."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from html import escape

__all__ = [
    "circle",
    "diamond",
    "document",
    "group",
    "line",
    "path",
    "polyline",
    "rect",
    "text",
    "wrapped",
]


def document(name: str, kind: str, size: tuple[float, float], words: tuple[str, str],
             parts: Sequence[str]) -> str:  # fmt: skip
    """A drawing that says what it shows: ``words`` are its title and its description."""
    width, height = size
    title, description = words
    return (
        f'<svg class="{kind}" viewBox="0 0 {_n(width)} {_n(height)}" role="img" '
        f'aria-labelledby="{name}-title {name}-desc">'
        f'<title id="{name}-title">{escape(title)}</title>'
        f'<desc id="{name}-desc">{escape(description)}</desc>' + "".join(parts) + "</svg>\n"
    )


def group(parts: Sequence[str], title: str = "") -> str:
    """Parts that belong together; a pointer held over them shows the title."""
    named = f"<title>{escape(title)}</title>" if title else ""
    return f"<g>{named}{''.join(parts)}</g>"


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


def polyline(kind: str, points: Sequence[tuple[float, float]]) -> str:
    """Points that are joined, from the first to the last."""
    return f'<polyline class="{kind}" points="{" ".join(f"{_n(x)},{_n(y)}" for x, y in points)}"/>'


def text(kind: str, x: float, y: float, content: str, anchor: str = "start") -> str:
    """A line of text at its baseline; the anchor is ``start``, ``middle`` or ``end``."""
    place = f'x="{_n(x)}" y="{_n(y)}"'
    return f'<text class="{kind}" {place} text-anchor="{anchor}">{escape(content)}</text>'


def wrapped(content: str, letters: int) -> list[str]:
    """The text in lines of so many letters at most: SVG does not break lines itself."""
    return textwrap.wrap(content, letters) or [""]


def _n(value: float) -> str:
    """A coordinate to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")
