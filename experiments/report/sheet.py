"""A figure on a sheet of its own: SVG that needs no page, no style and no font from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from experiments.report import methods_key, style, svg
from experiments.report.figure import Figure, Shown

__all__ = ["sheet"]

_MARGIN, _GAP = 24.0, 26.0
_LETTER, _SMALL = 7.0, 6.1  # pixels, about, of a letter of a label and of a caption

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def sheet(figure: Figure) -> str:
    """The figure with its title, its key and its caption, as an SVG document on white.

    It says in pixels how large it is, so that what shows it alone shows it at that size.
    """
    columns = min(figure.columns, len(figure.drawings))
    across = max(each.width for each in figure.drawings)
    inner = columns * across + (columns - 1) * _GAP
    parts, y = [], _MARGIN
    for words in svg.wrapped(figure.title, int(inner / 8.6)):
        y += 18
        parts.append(svg.text("sheet-title", 0, y, words))
    y += 14
    for line in _key(figure.key, inner):
        parts += [f'<g transform="translate(0 {y:g})">{"".join(line)}</g>\n']
        y += 20
    y += 8
    for first in range(0, len(figure.drawings), columns):
        row = figure.drawings[first : first + columns]
        parts += [each.at(i * (across + _GAP), y) for i, each in enumerate(row)]
        y += max(each.height for each in row) + 12
    for words in svg.wrapped(figure.caption, int(inner / _SMALL)):
        y += 16
        parts.append(svg.text("caption", 0, y, words))
    width, height = inner + 2 * _MARGIN, y + _MARGIN
    document = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}" role="img" aria-labelledby="title desc">\n'
        f'<title id="title">{escape(figure.title)}</title>\n'
        f'<desc id="desc">{escape(_said(figure))}</desc>\n'
        f"<style>\n{style.of_a_drawing()}</style>\n"
        f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>\n'
        f'<g transform="translate({_MARGIN:g} 0)">\n{"".join(parts)}</g>\n</svg>\n'
    )
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", document)


def _said(figure: Figure) -> str:
    """All that the drawings show, in words."""
    return " ".join([*(each.description for each in figure.drawings), figure.caption])


def _key(methods: Sequence[Shown], width: float) -> Iterator[list[str]]:
    """What each mark stands for, in as many lines as it takes."""
    line: list[str] = []
    x = 0.0
    for each in methods:
        words = each.method.label + " (median bias)" * each.by_median
        wide = 42 + _LETTER * len(words)
        if line and x + wide > width:
            yield line
            line, x = [], 0.0
        swatch = methods_key.curve(each.number, [(x, 7), (x + 34, 7)])
        line += [swatch, methods_key.mark(each.number, x + 17, 7)]
        line.append(svg.text("key", x + 42, 11.5, words))
        x += wide + 20
    if line:
        yield line
