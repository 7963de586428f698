"""A zip plot of one method: its intervals sorted by |z|, those that miss the truth marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from experiments.findings import Findings
from experiments.report import svg
from experiments.report.axis import Scale, spanning
from experiments.report.cells import FLAG
from experiments.report.figure import Figure
from experiments.report.numbers import share, typeset
from experiments.report.strips import Truth
from experiments.report.zips import LINES, Zip, zips

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["zip_figure"]

_WIDTH, _LEFT, _TOP, _HEIGHT = 320.0, 40.0, 52.0, 210.0
_LETTERS = 42  # that a line of a label holds

_CAPTION = (
    "Every horizontal line is an interval at {level:.0%} of one data set, at the centile of |z|, "
    "its distance from the truth in standard errors: the nearest are at the bottom. Those that "
    "miss the truth, the vertical line, are red: of a method that covers as it should they are "
    "those above the dashed line, and no others. {some}Each panel has its own scale. In brackets: "
    "the Monte Carlo standard error of coverage."
)
_BY_INTERVAL = (
    " Where some standard error is missing, or 0, |z| is the distance of the truth from the middle "
    "of the interval, in half widths times 1.96: {names}."
)


def zip_figure(
    findings: Findings, name: str, title: str, world: str, estimand: str, truth: Truth
) -> Figure | None:
    """The zip plots of all methods of a board; None where no method gave an interval."""
    found = list(zips(findings, world, estimand, truth.value))
    if not found:
        return None
    most = max(each.count for each in found)
    some = f"Of {most:,} intervals {LINES} are drawn, evenly by their centiles. " * (most > LINES)
    caption = _CAPTION.format(level=findings.level, some=some)
    if names := [each.method.label for each in found if each.by_interval]:
        caption += _BY_INTERVAL.format(names="; ".join(names))
    drawings = [_drawing(each, truth.value, findings.level) for each in found]
    return Figure(name, title, caption, drawings, _numbers(found, truth), columns=3)


def _numbers(found: Sequence[Zip], truth: Truth) -> pd.DataFrame:
    import pandas as pd

    frames = []
    for each in found:
        frame = each.intervals.assign(truth=truth.value)
        frame.insert(0, "method", each.method.name)
        frame.insert(1, "label", each.method.label)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _drawing(found: Zip, truth: float, level: float) -> svg.Drawing:
    lines = svg.wrapped(found.method.label, _LETTERS)
    top = _TOP + 16 * (len(lines) - 1)
    upward = Scale(0.0, 100.0, top + _HEIGHT, top)
    across = _scale(found, truth).within(_LEFT, _WIDTH - 8)
    shown = share(found.coverage.value, found.coverage.mcse)
    flag = FLAG * found.coverage.flagged
    said = f"covers {shown.value}%{flag} ({shown.error})" if shown.value else found.coverage.note
    foot = upward.left
    parts = [svg.text("title", 0, 14 + 16 * i, words) for i, words in enumerate(lines)]
    parts.append(svg.text("small", 0, 16 + 16 * len(lines), said))
    parts.append(svg.text("small", _WIDTH - 8, 16 + 16 * len(lines), "centile of |z|", "end"))
    parts += _axes(across, upward, level)
    for kind, mine in (
        ("hits", found.intervals[found.intervals.covers]),
        ("misses", found.intervals[~found.intervals.covers]),
    ):
        segments = [piece for row in mine.to_dict("records") for piece in _pieces(row, across)]
        parts.append(svg.strokes(kind, [(a, upward(c), b) for a, b, c in segments]))
    at = across(truth)
    parts.append(svg.line("truth", at, top - 4, at, foot))
    missed = found.intervals[~found.intervals.covers]
    sides = [int((missed.low > truth).sum()), int((missed.high < truth).sum())]
    description = (
        f"{found.method.label}: {said}. Of {len(found.intervals)} intervals drawn of "
        f"{found.count:,}, {len(missed)} miss the truth: {sides[0]} lie above it, "
        f"{sides[1]} below."
    )
    title = f"Intervals by their distance from the truth: {found.method.label}"
    kind = f"zip panel {found.kind}".strip()
    return svg.Drawing(kind, _WIDTH, foot + 26, title, typeset(description), parts)


def _axes(across: Scale, upward: Scale, level: float) -> list[str]:
    foot = upward.left
    parts = [svg.line("axis", across.left, foot, across.right, foot)]
    for centile in (0.0, 50.0, 100 * level):
        y = upward(centile)
        kind = "level" if centile > 50 else "guide"
        parts.append(svg.line(kind, across.left, y, across.right, y))
        parts.append(svg.text("number", across.left - 7, y + 4, f"{centile:g}", "end"))
    for tick, text in across.ticks():
        parts.append(svg.line("tick", across(tick), foot, across(tick), foot + 4))
        parts.append(svg.text("number", across(tick), foot + 17, text, "middle"))
    return parts


def _scale(found: Zip, truth: float) -> Scale:
    """Wide enough for the truth and for most of the intervals; the others end at its ends."""
    ends = found.intervals[["low", "high"]].to_numpy(float)
    ends = np.where(np.isfinite(ends), ends, np.nan)
    finite = ends[np.isfinite(ends).all(axis=1)]
    if not len(finite):
        return spanning([truth - 1, truth + 1])
    low, high = np.quantile(finite[:, 0], 0.02), np.quantile(finite[:, 1], 0.98)
    # An oracle's intervals may be no wider than rounding: there are no ticks for such a scale.
    least = 1e-6 * abs(truth)
    return spanning([truth - least, truth + least, float(low), float(high)])


def _pieces(row: dict, across: Scale) -> list[tuple[float, float, float]]:
    """An interval as one line, or as two if it leaves its middle out: from, to, centile."""
    low, high, left, right = (row[each] for each in ("low", "high", "gap_low", "gap_high"))
    if low > high:  # it is empty
        return []
    pieces = [(low, high)] if math.isnan(left) else [(low, left), (right, high)]
    return [(across(a), across(b), row["centile"]) for a, b in pieces]
