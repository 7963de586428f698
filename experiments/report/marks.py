"""What is drawn on a row: a distribution of estimates, or a measure with its error."""

from __future__ import annotations

import math

import numpy as np

from experiments.report import svg
from experiments.report.axis import Scale
from experiments.report.cells import Found
from experiments.report.density import outline
from experiments.report.strips import Strip

__all__ = ["SLAB", "Z", "distribution", "point", "reach"]

SLAB = 30.0
"""Height of a density, in pixels."""

Z = 1.96
"""Standard errors to each side of a 95% interval."""


def reach(mcse: float) -> float:
    """Half the 95% Monte Carlo interval; nothing where the error is not known."""
    return Z * mcse if math.isfinite(mcse) else 0.0


def distribution(row: Strip, truth: float, scale: Scale, y: float) -> list[str]:
    """A density, the middle 95% and 50% of the estimates, their median, and counts beyond."""
    values = row.values
    if not len(values):
        return _why(row.why, truth, scale, y)
    parts = []
    curve = outline(values, scale)
    if curve:
        points = [(x, y - height * SLAB) for x, height in curve]
        parts.append(svg.path("slab", [(points[0][0], y), *points, (points[-1][0], y)]))
    low, first, middle, third, high = np.quantile(values, [0.025, 0.25, 0.5, 0.75, 0.975])
    parts.append(svg.line("most", scale(low), y, scale(high), y))
    parts.append(svg.line("half", scale(first), y, scale(third), y))
    parts.append(svg.circle("dot", scale(middle), y, 3.6))
    before, beyond = int((values < scale.low).sum()), int((values > scale.high).sum())
    if before:
        parts.append(svg.text("small", scale.left, y + 17, f"← {before:,} beyond"))
    if beyond:
        parts.append(svg.text("small", scale.right, y + 17, f"{beyond:,} beyond →", "end"))
    return parts


def point(
    found: Found,
    by_median: bool,
    reference: float,
    scale: Scale,
    y: float,
    extent: tuple[float, float] = (-math.inf, math.inf),
) -> list[str]:
    """A measure and its 95% Monte Carlo interval; flagged ones carry the mark of the tables.

    ``extent`` is where the measure can lie at all: a share ends at 0 and 1.
    """
    value, mcse, note, flagged = found
    if math.isnan(value):
        return _why(note, reference, scale, y)
    kind = " flagged" if flagged else ""
    low, high = max(value - reach(mcse), extent[0]), min(value + reach(mcse), extent[1])
    parts = [svg.line("error" + kind, scale(low), y, scale(high), y)]
    shape = svg.diamond if by_median else svg.circle
    parts.append(shape("dot" + kind, scale(value), y, 5.2 if by_median else 4.2))
    if flagged:
        parts.append(svg.text("flag", scale(value), y - 9, "!", "middle"))
    return parts


def _why(note: str, reference: float, scale: Scale, y: float) -> list[str]:
    """Why there is nothing to draw, above the guide and on the wider side of the reference."""
    lines = svg.wrapped(note, 20)
    at = scale(reference)
    middle = (at + (scale.left if at - scale.left > scale.right - at else scale.right)) / 2
    top = y - 6 - 14 * (len(lines) - 1)
    return [
        svg.text("note", middle, top + 14 * i, words, "middle") for i, words in enumerate(lines)
    ]
