"""What the reported intervals hold, and how wide they are.

For K sets C_k, each an interval [low, high], perhaps without an open gap in its middle:

    coverage                    c = mean(truth in C)      sqrt(c (1 - c) / K), and the mean square
                                                          of the change with a truth moved by tau Z
    bias-eliminated coverage    b = mean(mean(x) in C)    sqrt(b (1 - b) / K)
    rejection                   r = mean(null not in C)   sqrt(r (1 - r) / K)
    width                       mean length of C          s / sqrt(K)
    median width                median length of C        Maritz and Jarrett's

from table 6 of Morris, White and Crowther (2019), Statistics in Medicine 38. Bias-eliminated
coverage takes the mean of the estimates for known, as they do; for intervals that are symmetric
about symmetric estimates, moving their centre a little changes nothing to the first order. The
rejection rate is that of the test which an interval is the inverse of: the type I error where the
null is true, and the power where it is not.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from experiments.measures.measure import (
    Measure,
    average,
    deviation,
    finite,
    moved_mean,
    share_error,
    too_few,
)
from experiments.measures.medians import FEWEST, maritz_jarrett

__all__ = [
    "Gap",
    "bias_eliminated_coverage",
    "coverage",
    "held",
    "median_width",
    "rejection",
    "width",
]

Gap = tuple[Any, Any] | None


def coverage(
    low: Any, high: Any, truth: float, truth_se: float = 0.0, *, gap: Gap = None
) -> Measure:
    """Share of the intervals that hold the truth.

    Ends may be infinite. An interval whose ``low`` is above its ``high`` is empty. ``gap`` is for
    sets of two rays, as Anderson and Rubin's can be: the ends of the open interval that is not in
    the set, NaN where there is none.

    >>> coverage([0.2, 0.9, 1.3], [1.4, 1.7, 2.5], truth=1.0).value
    0.6666666666666666
    """
    hits = held(low, high, truth, gap)
    if hits.size < 2:
        return too_few("coverage", hits.size)
    shift = moved_mean(lambda points: held(low, high, points, gap).astype(float), truth, truth_se)
    return _share("coverage", hits, shift)


def bias_eliminated_coverage(estimates: Any, low: Any, high: Any, *, gap: Gap = None) -> Measure:
    """Share of the intervals that hold the mean of the estimates: coverage if there were no bias.

    >>> x = [0.8, 1.3, 1.9]
    >>> bias_eliminated_coverage(x, [0.4, 0.9, 1.5], [1.2, 1.7, 2.3]).value
    0.3333333333333333
    """
    x = finite("bias_eliminated_coverage", estimates)
    if x.size < 2:
        return too_few("bias_eliminated_coverage", x.size)
    found = held(low, high, average(x), gap)
    if found.size != x.size:
        raise ValueError(
            "bias_eliminated_coverage: an interval for every estimate is wanted, given "
            f"{found.size} for {x.size}"
        )
    return _share("bias_eliminated_coverage", found)


def rejection(low: Any, high: Any, null: float = 0.0, *, gap: Gap = None) -> Measure:
    """Share of the intervals that do not hold the null: type I error, or power.

    >>> rejection([0.2, -0.1, 0.3], [1.4, 0.7, 2.5]).value
    0.6666666666666666
    """
    return _share("rejection", ~held(low, high, null, gap))


def width(low: Any, high: Any, *, gap: Gap = None) -> Measure:
    """Mean length of the intervals; infinite, and without an error, where one of them is.

    >>> width([0.0, 1.0, 2.0, 0.0], [1.0, 3.0, 3.0, 2.0]).value
    1.5
    """
    lengths = _lengths(low, high, gap)
    if lengths.size < 2:
        return too_few("width", lengths.size)
    if unbounded := int(np.isinf(lengths).sum()):
        note = f"unbounded in {unbounded:,} of {lengths.size:,}"
        return Measure("width", math.inf, math.nan, note)
    return Measure("width", float(lengths.mean()), deviation(lengths) / math.sqrt(lengths.size))


def median_width(low: Any, high: Any, *, gap: Gap = None) -> Measure:
    """Median length of the intervals, of which some may be infinite.

    Where some are, its error is a quarter of the distance of the two lengths that bound it with 95%
    confidence (McKean and Schrader, 1984, Communications in Statistics B 13, with 2 for 1.96).

    >>> median_width([0.0, 1.0, 2.0], [1.0, 3.0, float("inf")]).value
    2.0
    """
    lengths = np.sort(_lengths(low, high, gap))
    size = lengths.size
    if size < 2:
        return too_few("median_width", size)
    unbounded = int(np.isinf(lengths).sum())
    note = f"unbounded in {unbounded:,} of {size:,}" if unbounded else ""
    middle = lengths[(size - 1) // 2 : size // 2 + 1]
    value = float(middle.mean())
    if math.isinf(value):
        return Measure("median_width", math.inf, math.nan, note)
    if size < FEWEST:
        few = f"no error from {size} intervals: {FEWEST} are needed"
        return Measure("median_width", value, math.nan, "; ".join(filter(None, (note, few))))
    if not unbounded:
        return Measure("median_width", value, maritz_jarrett(lengths))
    below = max(0, round((size - 1) / 2 - math.sqrt(size)))
    span = float(lengths[size - 1 - below] - lengths[below])
    return Measure("median_width", value, span / 4 if math.isfinite(span) else math.nan, note)


def held(low: Any, high: Any, point: Any, gap: Gap = None) -> np.ndarray:
    """Whether each set holds the point; of points (P, 1), each of them: (P, K)."""
    low, high = _ends(low, high)
    inside = (low <= point) & (point <= high)
    if gap is None:
        return inside
    left, right = _ends(*gap, whole=False)
    return inside & ~((left < point) & (point < right))


def _share(name: str, hits: np.ndarray, shift: float = 0.0) -> Measure:
    if hits.size < 2:
        return too_few(name, hits.size)
    value = float(hits.mean())
    note = {0.0: f"none of {hits.size:,}", 1.0: f"all {hits.size:,}"}.get(value, "")
    return Measure(name, value, math.hypot(share_error(value, hits.size), shift), note)


def _lengths(low: Any, high: Any, gap: Gap) -> np.ndarray:
    low, high = _ends(low, high)
    whole = np.subtract(high, low, out=np.zeros_like(low), where=low < high)
    if gap is None:
        return whole
    left, right = _ends(*gap, whole=False)
    return whole - np.nan_to_num(right - left, nan=0.0)


def _ends(low: Any, high: Any, *, whole: bool = True) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.asarray(low, float).reshape(-1), np.asarray(high, float).reshape(-1)
    missing = np.isnan(low).sum() + np.isnan(high).sum() if whole else 0
    if missing or low.shape != high.shape:
        raise ValueError(
            f"intervals: two ends each are wanted, given {low.size} and {high.size} "
            f"ends, {missing} of them NaN; leave those rows out"
        )
    return low, high
