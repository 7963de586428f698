"""Estimates, bias and coverage of every method of a board, on rows that they share.

Each chart is drawn twice, and the style sheet shows one: wide, three panels side by side with the
labels at their left; and, for a phone, one panel below the other with a label above each row, so
that no text is ever shrunk.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from experiments.report import svg
from experiments.report.axis import Scale, spanning
from experiments.report.density import window
from experiments.report.marks import SLAB, Z, distribution, point, reach
from experiments.report.numbers import typeset
from experiments.report.strips import Strip, Truth

__all__ = ["chart", "scale_of_estimates"]

_TOP, _FOOT = 46.0, 26.0
_LABEL, _SMALL = 17.0, 15.0  # line heights
_SPANS = ((214.0, 600.0), (642.0, 802.0), (844.0, 986.0))  # of the panels of a wide chart
_PHONE = 340.0
_LETTERS, _PHONE_LETTERS = 26, 40  # that a line of a label holds
_MORE = 1.2  # times as many hold a line of the small print


@dataclass(frozen=True)
class Place:
    """Where a row stands: its label's first line, and the line that its marks sit on."""

    label: float
    baseline: float


@dataclass(frozen=True)
class Panel:
    """One of the three drawings: a title, a scale, a reference, and what is drawn on each row."""

    title: str
    scale: Scale
    reference: float
    band: tuple[float, float]
    named: str
    mark: Callable[[Strip, Scale, float], list[str]]
    say: Callable[[Strip], str]
    above: float = 22.0  # pixels that a mark needs above its line
    times: float = 1.0  # what the ticks are multiplied by
    most: float = math.inf  # the last tick


def chart(
    rows: Sequence[Strip], truth: Truth, level: float, attempts: int
) -> tuple[svg.Drawing, list[svg.Drawing]]:
    """Estimates against the truth, bias, and coverage: for a wide page, and panels for a phone.

    Arguments:
        rows: the methods.
        truth: the value that all are held against, and its error.
        level: nominal coverage.
        attempts: how many estimates coverage was counted over.
    """
    panels = [_estimates(rows, truth), _bias(rows), _coverage(rows, level, attempts)]
    return _wide(rows, panels), [_narrow(rows, panel) for panel in panels]


def scale_of_estimates(rows: Sequence[Strip], truth: Truth) -> Scale:
    """The scale of the estimates in a wide chart."""
    return _estimates(rows, truth).scale.within(*_SPANS[0])


def _estimates(rows: Sequence[Strip], truth: Truth) -> Panel:
    ends = [end for row in rows if len(row.values) for end in window(row.values)]
    band = (truth.value - Z * truth.se, truth.value + Z * truth.se)
    return Panel(
        title="Estimates",
        scale=spanning([*ends, *band]),
        reference=truth.value,
        band=band,
        named=f"truth {typeset(truth.text)}",
        mark=lambda row, scale, y: distribution(row, truth.value, scale, y),
        say=lambda row: row.estimates_text,
        above=SLAB,
    )


def _bias(rows: Sequence[Strip]) -> Panel:
    values = [row.bias.value + sign * reach(row.bias.mcse) for row in rows for sign in (-1, 1)]
    return Panel(
        title="Bias",
        scale=spanning([0.0, *values], margin=0.1),
        reference=0.0,
        band=(0.0, 0.0),
        named="none",
        mark=lambda row, scale, y: point(row.bias, row.by_median, 0.0, scale, y),
        say=lambda row: row.bias_text,
    )


def _coverage(rows: Sequence[Strip], level: float, attempts: int) -> Panel:
    chance = Z * math.sqrt(level * (1 - level) / max(attempts, 1))
    values = [row.coverage.value - reach(row.coverage.mcse) for row in rows]
    least = max(0.0, min([level - 2 * chance, *(v for v in values if math.isfinite(v))]))
    low = 0.0 if least < 0.5 else least - 0.1 * (1 - least)
    return Panel(
        title="Coverage, %",
        scale=Scale(low - 0.04 * (1 - low), 1 + 0.04 * (1 - low), 0.0, 1.0),
        reference=level,
        band=(level - chance, min(1.0, level + chance)),
        named=f"{level:.0%}",
        mark=lambda row, scale, y: point(row.coverage, False, level, scale, y, (0, 1)),
        say=lambda row: row.coverage_text,
        times=100.0,
        most=1.0,
    )


def _wide(rows: Sequence[Strip], panels: Sequence[Panel]) -> svg.Drawing:
    places, height = _rows_beside(rows)
    parts = [_label(row, place, _LETTERS) for row, place in zip(rows, places, strict=True)]
    for panel, span in zip(panels, _SPANS, strict=True):
        parts.append(svg.text("title", span[0], 14, panel.title))
        parts += _panel(panel, rows, places, span, height)
    title = "Estimates against the truth, bias and coverage"
    return svg.Drawing("wide", 1000, height, title, _say_all(panels, rows), parts)


def _narrow(rows: Sequence[Strip], panel: Panel) -> svg.Drawing:
    places, height = _rows_below(rows, panel.above)
    parts = [svg.text("title", 0, 14, panel.title)]
    parts += _panel(panel, rows, places, (10.0, _PHONE - 10), height)
    # Last, since the truth's line runs through the labels and has to give way to them.
    parts += [_label(row, place, _PHONE_LETTERS) for row, place in zip(rows, places, strict=True)]
    return svg.Drawing("narrow", _PHONE, height, panel.title, _say_all([panel], rows), parts)


def _say_all(panels: Sequence[Panel], rows: Sequence[Strip]) -> str:
    return " ".join(
        f"{panel.title} ({panel.named}): {'; '.join(map(panel.say, rows))}." for panel in panels
    )


def _rows_beside(rows: Sequence[Strip]) -> tuple[list[Place], float]:
    """Rows as high as their labels, which are centred on the marks, or as the marks."""
    places, top = [], _TOP
    for row in rows:
        words = _words(row, _LETTERS)
        height = max(words + 16, SLAB + 34)
        baseline = top + height / 2 + 8
        places.append(Place(top + (height - words) / 2 + 13, baseline))
        top += height
    return places, top + _FOOT


def _rows_below(rows: Sequence[Strip], above: float) -> tuple[list[Place], float]:
    """Rows with their labels above the marks."""
    places, top = [], _TOP
    for row in rows:
        words = _words(row, _PHONE_LETTERS)
        places.append(Place(top + 20, top + 12 + words + above))
        top = places[-1].baseline + 24
    return places, top + _FOOT


def _words(row: Strip, letters: int) -> float:
    """How high the words of a row are."""
    label, small = svg.wrapped(row.label, letters), _small_print(row, letters)
    return _LABEL * len(label) + _SMALL * len(small)


def _small_print(row: Strip, letters: int) -> list[str]:
    return svg.wrapped(row.small_print, int(_MORE * letters)) if row.small_print else []


def _label(row: Strip, place: Place, letters: int) -> str:
    lines = svg.wrapped(row.label, letters)
    parts = [svg.text("label", 0, place.label + i * _LABEL, word) for i, word in enumerate(lines)]
    below = place.label + len(lines) * _LABEL - 1
    parts += [
        svg.text("small", 0, below + i * _SMALL, words)
        for i, words in enumerate(_small_print(row, letters))
    ]
    return svg.group(parts, kind=row.kind)


def _panel(panel: Panel, rows: Sequence[Strip], places: Sequence[Place],
           span: tuple[float, float], height: float) -> list[str]:  # fmt: skip
    left, right = span
    scale, foot = panel.scale.within(left, right), height - _FOOT
    parts = []
    low, high = map(scale, panel.band)
    if panel.band[1] > panel.band[0]:
        parts.append(svg.rect("band", low, _TOP - 4, max(high - low, 1), foot - _TOP + 4))
    ticks = [(tick, text) for tick, text in scale.ticks(times=panel.times) if tick <= panel.most]
    for tick, written in ticks:
        parts.append(svg.line("tick", scale(tick), foot, scale(tick), foot + 4))
        parts.append(svg.text("number", scale(tick), foot + 17, written, "middle"))
    parts += [svg.line("axis", left, foot, right, foot)]
    parts += [svg.line("guide", left, place.baseline, right, place.baseline) for place in places]
    marks = [
        svg.group(panel.mark(row, scale, place.baseline), panel.say(row), row.kind)
        for row, place in zip(rows, places, strict=True)
    ]
    at = scale(panel.reference)
    truth = svg.line("truth", at, _TOP - 4, at, foot)
    x, anchor = _beside(at, panel.named, left, right)
    return [*parts, truth, *marks, svg.text("named", x, _TOP - 10, panel.named, anchor)]


def _beside(x: float, words: str, left: float, right: float) -> tuple[float, str]:
    """Where a text over x starts so that it stays between the panel's ends."""
    half = 3.6 * len(words)
    if x - half < left:
        return left, "start"
    if x + half > right:
        return right, "end"
    return x, "middle"
