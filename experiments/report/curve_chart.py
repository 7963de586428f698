"""One panel of breakdown curves: a measure of all methods against the levels of a factor.

A drawing is as wide as a phone, and a page has as many beside one another as it has room for, so
that no text is ever shrunk. All panels of a measure have one scale: they can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from experiments.findings import Findings
from experiments.report import methods_key, svg
from experiments.report.attempted import kind_of
from experiments.report.axis import Scale, spanning
from experiments.report.cells import Cell
from experiments.report.curves import SHARES, TITLES, Curve, Curves, Dot, Panel
from experiments.report.layout import Layout, told
from experiments.report.marks import Z, reach
from experiments.report.numbers import paired, share, typeset

__all__ = ["cell", "chance_of", "chart", "ends", "measure_name"]

_WIDTH, _TOP, _HEIGHT = 320.0, 44.0, 162.0
_LETTER = 6.8
_LETTERS = 50  # that a line of a panel's label holds


@dataclass(frozen=True)
class _Frame:
    """Where the levels stand across, in their order, and the values upward."""

    across: Sequence[float]
    left: float
    right: float
    upward: Scale
    apart: float  # between the marks of two methods at one level

    def at(self, level: int, place: float) -> float:
        """Where a mark stands, ``place`` counting from the middle of the methods."""
        return self.across[level] + place * self.apart

    def up(self, value: float) -> float:
        return self.upward(value)

    @property
    def foot(self) -> float:
        return self.upward.left


def chart(
    findings: Findings, found: Curves, panel: Panel, numbers: Mapping[str, int]
) -> svg.Drawing:
    """One panel.

    Arguments:
        found: all panels of the measure, whose scale this one has.
        panel: the one to draw.
        numbers: of each method, by which its colour and shape are chosen.
    """
    layout, times = found.layout, 100.0 if found.measure in SHARES else 1.0
    scale = _values(found, findings.level)
    # Lines of text are closer than numbers side by side: ticks as of a longer, level line.
    ticks = [t for t in scale.within(0, 420).ticks(times=times) if found.measure == "bias" or
             0 <= t[0] <= (1 if times > 1 else math.inf)]  # fmt: skip
    left = 12 + _LETTER * max(len(text) for _, text in ticks)
    frame, log = _frame(found, scale, left)
    title = TITLES[found.measure]
    lines = svg.wrapped(panel.label, _LETTERS)
    parts = [svg.text("title", 0, 14, title)]
    parts += [svg.text("small", 0, 31 + 14 * i, words) for i, words in enumerate(lines)]
    parts += _band(found, frame, findings)
    for tick, text in ticks:
        y = frame.up(tick)
        parts.append(svg.line("guide", left, y, frame.right, y))
        parts.append(svg.text("number", left - 7, y + 4, text, "end"))
    parts += _reference(found, frame, findings)
    written, foot = _levels(layout, frame)
    parts += written
    words = f"{layout.factor}{' (log scale)' * log}"
    parts.append(svg.text("small", (left + frame.right) / 2, foot + 18, words, "middle"))
    middle = (len(panel.curves) - 1) / 2
    bars, tops = [], []
    for place, curve in enumerate(panel.curves):
        number = numbers[curve.method.name]
        kind = _kind(findings, layout, curve)
        below, above = _curve(found, curve, number, frame, place - middle, kind)
        bars += [*_theory(curve, frame), *below]
        tops += above
    what = f"{title.partition(',')[0]} by {layout.factor}" + f", {panel.label}" * bool(panel.label)
    said = " ".join(_said(found, curve) for curve in panel.curves)
    return svg.Drawing("panel", _WIDTH, foot + 26, what, said, [*parts, *bars, *tops])


def measure_name(measure: str, curve: Curve) -> str:
    """A measure in a sentence about a method."""
    told = {"rmse": "RMSE", "empirical_se": "empirical SE", "rejection": "rejections"}
    return "median bias" if curve.by_median else told.get(measure, measure)


def ends(measure: str, dot: Dot) -> tuple[float, float]:
    """The 95% Monte Carlo interval as it is drawn: no share is above 1, and no RMSE below 0."""
    low, high = dot.value - reach(dot.mcse), dot.value + reach(dot.mcse)
    least, most = (
        -math.inf if measure == "bias" else 0.0,
        1.0 if measure in SHARES else math.inf,
    )
    return max(low, least), min(high, most)


def chance_of(found: Curves, findings: Findings) -> float:
    """Half the band of chance about the nominal coverage; 0 where it is not the same everywhere."""
    count = findings.provenance.get("replications")
    if not isinstance(count, int) or count <= 0 or found.layout.averaged:
        return 0.0
    return Z * math.sqrt(findings.level * (1 - findings.level) / count)


def cell(measure: str, dot: Dot) -> Cell:
    """A dot as text, for a table."""
    if math.isnan(dot.value):
        return Cell(note=dot.note if len(dot.note) <= 20 else "none, see above")
    shown = (share if measure in SHARES else paired)(dot.value, dot.mcse)
    return Cell(shown.value, shown.error and f"({shown.error})", flagged=dot.flagged)


def _curve(
    found: Curves, curve: Curve, number: int, frame: _Frame, place: float, kind: str
) -> tuple[list[str], list[str]]:
    """A method's lines and bars, and its marks, which lie above all lines."""
    lines, marks = [], []
    points = []
    for at, (level, dot) in enumerate(zip(found.layout.levels, curve.dots, strict=True)):
        if math.isnan(dot.value):
            continue
        x, y = frame.at(at, place), frame.up(dot.value)
        points.append((at, x, y))
        low, high = ends(found.measure, dot)
        lines.append(methods_key.bar(number, x, frame.up(low), frame.up(high), kind))
        said = f"{measure_name(found.measure, curve)} {_text(found.measure, dot)}"
        where = f"at {found.layout.factor} {told(level)}"
        told_of = f"{curve.method.label}: {said} {where}"
        marks.append(methods_key.mark(number, x, y, told_of, kind))
    # A line over a level that is missing would show what is not known.
    for _, run in groupby(enumerate(points), key=lambda each: each[1][0] - each[0]):
        joined = [(x, y) for _, (_, x, y) in run]
        lines += [methods_key.curve(number, joined, kind)] * (len(joined) > 1)
    return lines, marks


def _theory(curve: Curve, frame: _Frame) -> list[str]:
    """What is claimed of a method, drawn at the levels themselves."""
    there = [(at, value) for at, value in enumerate(curve.theory) if math.isfinite(value)]
    points = [(frame.at(at, 0), frame.up(value)) for at, value in there]
    if len(points) > 1:
        return [svg.polyline("theory", points)]
    return [svg.line("theory", x - 9, y, x + 9, y) for x, y in points]


def _kind(findings: Findings, layout: Layout, curve: Curve) -> str:
    """The classes that the method has in every place of the layout."""
    places = [place for row in layout.others.values() for place in row if place]
    kinds = [set(kind_of(findings, place, curve.method).split()) for place in places]
    return " ".join(sorted(set.intersection(*kinds))) if kinds else ""


def _values(found: Curves, level: float) -> Scale:
    """One scale for all panels of a measure."""
    dots = [dot for panel in found.panels for curve in panel.curves for dot in curve.dots]
    ends = [dot.value + sign * reach(dot.mcse) for dot in dots for sign in (-1, 1)]
    curves = [curve for panel in found.panels for curve in panel.curves]
    ends += [value for curve in curves for value in curve.theory if math.isfinite(value)]
    if found.measure == "coverage":
        least = max(0.0, min([level - 0.05, *(end for end in ends if math.isfinite(end))]))
        low = 0.0 if least < 0.5 else least
        return Scale(low - 0.06 * (1 - low), 1 + 0.04 * (1 - low), 0.0, 1.0)
    if found.measure != "bias":
        ends = [max(end, 0.0) for end in ends]
    return spanning([0.0, *ends], margin=0.08)


def _frame(found: Curves, scale: Scale, left: float) -> tuple[_Frame, bool]:
    """Room for the levels, for the marks of all methods about each, and for the panels' labels."""
    layout, methods = found.layout, len(found.panels[0].curves)
    right = _WIDTH - 8
    apart = min(7.0, 0.7 * (right - left) / (len(layout.levels) * methods))
    inset = 9 + apart * (methods - 1) / 2
    across, log = _across(layout, left + inset, right - inset)
    gap = min((b - a for a, b in pairwise(across)), default=_WIDTH)
    apart = min(apart, 0.7 * gap / methods)
    top = _TOP + 14 * max(len(svg.wrapped(panel.label, _LETTERS)) - 1 for panel in found.panels)
    return _Frame(across, left, right, scale.within(top + _HEIGHT, top), apart), log


def _band(found: Curves, frame: _Frame, findings: Findings) -> list[str]:
    """What chance allows the coverage of a method that covers as it should, if that is known."""
    chance = chance_of(found, findings)
    if found.measure != "coverage" or not chance:
        return []
    level, width = findings.level, frame.right - frame.left
    top, bottom = frame.up(min(1.0, level + chance)), frame.up(level - chance)
    return [svg.rect("band", frame.left, top, width, max(bottom - top, 1))]


def _reference(found: Curves, frame: _Frame, findings: Findings) -> list[str]:
    """Where bias and coverage should be."""
    if found.measure not in ("bias", "coverage"):
        return []
    y = frame.up(0.0 if found.measure == "bias" else findings.level)
    words = f"{findings.level:.0%} wanted"
    named = [svg.text("named", frame.right, 14, words, "end")] * (found.measure == "coverage")
    return [svg.line("truth", frame.left, y, frame.right, y), *named]


def _across(layout: Layout, left: float, right: float) -> tuple[list[float], bool]:
    """Where the levels stand, and whether by their logarithms: where these are spread more evenly.

    >>> spread = lambda *levels: _across(Layout("", "", "", "", levels, {}, 0, {}), 0, 100)
    >>> spread(1, 10), spread(0, 5, 10), spread("a", "b")
    (([0.0, 100.0], True), ([0.0, 50.0, 100.0], False), ([25.0, 75.0], False))
    """
    levels = layout.levels
    if not layout.numeric:
        slot = (right - left) / len(levels)
        return [left + slot * (i + 0.5) for i in range(len(levels))], False
    values = [float(level) for level in levels]
    log = False
    if values[0] > 0 and len(values) > 1:
        logs = [math.log(value) for value in values]
        log = _evenness(logs) > 1.01 * _evenness(values) or (
            len(values) == 2 and values[1] >= 10 * values[0]
        )
        values = logs if log else values
    extent = (values[-1] - values[0]) or 1.0
    return [left + (value - values[0]) / extent * (right - left) for value in values], log


def _evenness(values: Sequence[float]) -> float:
    gaps = [b - a for a, b in pairwise(values)]
    return min(gaps) / max(gaps)


def _levels(layout: Layout, frame: _Frame) -> tuple[list[str], float]:
    """The axis with its levels as far as there is room for them, and where the last line stands."""
    parts = [svg.line("axis", frame.left, frame.foot, frame.right, frame.foot)]
    slot = (frame.right - frame.left) / len(layout.levels)
    letters = 40 if layout.numeric else max(8, int(slot / _LETTER))
    end, most = -math.inf, 1
    for level, x in zip(layout.levels, frame.across, strict=True):
        lines = svg.wrapped(told(level), letters)
        half = _LETTER * max(map(len, lines)) / 2
        parts.append(svg.line("tick", x, frame.foot, x, frame.foot + 4))
        if x - half < end + 4:
            continue
        end, most = x + half, max(most, len(lines))
        parts += [
            svg.text("number", x, frame.foot + 17 + 13 * i, words, "middle")
            for i, words in enumerate(lines)
        ]
    return parts, frame.foot + 17 + 13 * (most - 1)


def _text(measure: str, dot: Dot) -> str:
    if math.isnan(dot.value):
        return f"none ({dot.note})"
    shown = cell(measure, dot)
    return typeset(f"{shown.value}{'%' * (measure in SHARES)} {shown.error}").strip()


def _said(found: Curves, curve: Curve) -> str:
    """A curve in words: where it begins and ends."""
    first, last = [
        f"{_text(found.measure, curve.dots[i])} at {told(found.layout.levels[i])}" for i in (0, -1)
    ]
    return f"{curve.method.label}: {measure_name(found.measure, curve)} from {first} to {last}."
