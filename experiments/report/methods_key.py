"""How methods are told apart in one drawing: by colour, by the shape of a mark, and by dashes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from experiments.findings import Method
from experiments.report import svg

__all__ = ["bar", "curve", "key", "mark"]

_COLOURS, _DASHES = 7, 4  # as many as the style sheet has


def mark(number: int, x: float, y: float, title: str = "", kind: str = "") -> str:
    """The mark of a method, by its number among the methods; a pointer over it shows the title."""
    return svg.group([_SHAPES[number % len(_SHAPES)](f"dot {_colour(number)}", x, y)], title, kind)


def curve(number: int, points: Sequence[tuple[float, float]], kind: str = "") -> str:
    """The line that joins a method's marks; ``kind`` is further classes."""
    return svg.polyline(f"curve {_colour(number)} dash{number % _DASHES} {kind}".strip(), points)


def bar(number: int, x: float, low: float, high: float, kind: str = "") -> str:
    """The interval about a method's mark."""
    return svg.line(f"error {_colour(number)} {kind}".strip(), x, low, x, high)


def key(methods: Sequence[tuple[int, Method, bool]]) -> str:
    """What each mark stands for, as a list; True for a method that is shown by its median bias."""
    items = []
    for number, method, by_median in methods:
        drawing = curve(number, [(0, 7), (34, 7)]) + mark(number, 17, 7)
        words = escape(method.label) + " <i>(median bias)</i>" * by_median
        items.append(
            f'<li><svg class="swatch" viewBox="0 0 34 14" aria-hidden="true">{drawing}</svg>'
            f"{words}</li>\n"
        )
    return f'<ul class="methods-key">\n{"".join(items)}</ul>\n'


def _colour(number: int) -> str:
    return f"method{number % _COLOURS}"


def _shape(*corners: tuple[float, float]) -> Callable[[str, float, float], str]:
    def drawn(kind: str, x: float, y: float) -> str:
        return svg.path(kind, [(x + right, y + down) for right, down in corners])

    return drawn


_SHAPES: Sequence[Callable[[str, float, float], str]] = (
    lambda kind, x, y: svg.circle(kind, x, y, 4.4),
    _shape((-4, -4), (4, -4), (4, 4), (-4, 4)),
    lambda kind, x, y: svg.diamond(kind, x, y, 5.4),
    _shape((0, -5.2), (5, 3.6), (-5, 3.6)),
    _shape((0, 5.2), (5, -3.6), (-5, -3.6)),
    _shape((-1.8, -5), (1.8, -5), (1.8, -1.8), (5, -1.8), (5, 1.8), (1.8, 1.8),
           (1.8, 5), (-1.8, 5), (-1.8, 1.8), (-5, 1.8), (-5, -1.8), (-1.8, -1.8)),
)  # fmt: skip
