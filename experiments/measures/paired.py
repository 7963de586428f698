"""Two estimators on the same data sets: how they differ, with the difference's own error.

For estimates a_k and b_k from the same K data sets, of one truth known up to tau:

    bias difference        mean(a - b)                  sqrt(var(a - b) / K)
    MSE difference         mean((a - truth)^2           sqrt(var of these differences / K
                             - (b - truth)^2)             + 4 mean(a - b)^2 tau^2)
    coverage difference    mean(hit a - hit b)          sqrt(var(hit a - hit b) / K), and the mean
                                                        square of the change with the truth
    precision gain         100 ((s_a / s_b)^2 - 1)      200 (s_a / s_b)^2 sqrt((1 - r^2) / (K - 1))
    median error           median |a - truth|           by a bootstrap of whole data sets, and the
    difference               - median |b - truth|       change with the truth

The precision gain, of b over a in per cent, r being the correlation of a and b, is that of table 6
of Morris, White and Crowther (2019), Statistics in Medicine 38. What two methods make of one data
set is alike, so these errors are mostly far below those of two separate studies; and the truth's
error cancels in all but what is no linear function of the estimates.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from experiments.measures.intervals import Gap, held
from experiments.measures.measure import Measure, deviation, finite, moved, moved_mean, too_few
from experiments.measures.medians import FEWEST, bootstrap_se

__all__ = [
    "bias_difference",
    "coverage_difference",
    "median_error_difference",
    "mse_difference",
    "precision_gain",
]


def bias_difference(a: Any, b: Any) -> Measure:
    """The bias of a less that of b; of absolute biases it says nothing.

    >>> bias_difference([1.0, 2.0, 4.0], [1.0, 1.0, 2.0])
    Measure(name='bias_difference', value=1.0, mcse=0.5773502691896258, note='')
    """
    a, b = _pairs("bias_difference", a, b)
    return _mean("bias_difference", a - b)


def mse_difference(a: Any, b: Any, truth: float, truth_se: float = 0.0) -> Measure:
    """The mean squared error of a less that of b: below 0 where a is better.

    >>> mse_difference([1.0, 2.0, 4.0], [1.0, 1.0, 2.0], truth=1.0).value
    3.0
    """
    a, b = _pairs("mse_difference", a, b)
    if a.size < 2:
        return too_few("mse_difference", a.size)
    shift = 2 * float(np.mean(a - b)) * truth_se
    return _mean("mse_difference", (a - b) * (a + b - 2 * truth), shift)


def coverage_difference(
    a: tuple[Any, Any],
    b: tuple[Any, Any],
    truth: float,
    truth_se: float = 0.0,
    *,
    gaps: tuple[Gap, Gap] = (None, None),
) -> Measure:
    """The coverage of the intervals a, as ``(low, high)``, less that of the intervals b.

    >>> coverage_difference(([0, 0, 0], [2, 2, 2]), ([0, 0, 5], [2, 2, 6]), truth=1.0).value
    0.3333333333333333
    """

    def hits(points: Any) -> tuple[np.ndarray, np.ndarray]:
        one, other = (held(*e, points, gap) for e, gap in zip((a, b), gaps, strict=True))
        return one.astype(float), other.astype(float)

    here = np.subtract(*_pairs("coverage_difference", *hits(truth)))
    if here.size < 2:
        return too_few("coverage_difference", here.size)
    shift = moved_mean(lambda points: np.subtract(*hits(points)), truth, truth_se)
    return _mean("coverage_difference", here, shift)


def precision_gain(a: Any, b: Any) -> Measure:
    """By how many per cent the precision of b, one over its variance, is above that of a.

    >>> precision_gain([0.0, 2.0, 4.0], [0.0, 1.0, 2.0])
    Measure(name='precision_gain', value=300.0, mcse=0.0, note='')
    """
    a, b = _pairs("precision_gain", a, b)
    if a.size < 3:
        few = "3 pairs of estimates are needed"
        return Measure("precision_gain", math.nan, math.nan, few)
    over, under = deviation(a), deviation(b)
    if not (over and under):
        return Measure("precision_gain", math.nan, math.nan, "no spread to compare")
    ratio = (over / under) ** 2
    correlation = float(np.mean((a - a.mean()) * (b - b.mean()))) / (over * under)
    correlation *= a.size / (a.size - 1)
    left = max(0.0, 1 - correlation**2)
    left = 0.0 if left < 1e-14 else left  # rounding of a correlation of 1
    return Measure(
        "precision_gain", 100 * (ratio - 1), 200 * ratio * math.sqrt(left / (a.size - 1))
    )


def median_error_difference(a: Any, b: Any, truth: float, truth_se: float = 0.0) -> Measure:
    """The median distance of a from the truth less that of b; it needs no moments.

    Randomness: the bootstrap of its error draws from a fixed seed.

    >>> x = [0.8, 1.3, 1.9, 0.4, 1.2, 1.0]
    >>> round(median_error_difference(x, [1.0] * 6, truth=1.0).value, 6)
    0.25
    """
    both = np.stack(_pairs("median_error_difference", a, b))
    size = both.shape[1]
    if size < 2:
        return too_few("median_error_difference", size)

    def difference(pair: np.ndarray, point: Any = truth) -> Any:
        return np.subtract(*np.median(np.abs(pair - point), axis=-1))

    value = float(difference(both))
    if size < FEWEST:
        note = f"no error from {size} estimates: {FEWEST} are needed"
        return Measure("median_error_difference", value, math.nan, note)
    shift = moved(lambda points: difference(both[:, None], points), truth, truth_se, both.size)
    return Measure(
        "median_error_difference", value, math.hypot(bootstrap_se(both, difference), shift)
    )


def _pairs(name: str, a: Any, b: Any) -> tuple[np.ndarray, np.ndarray]:
    a, b = finite(name, a), finite(name, b)
    if a.size != b.size:
        raise ValueError(
            f"{name}: estimates from the same data sets, in the same order, are wanted, given "
            f"{a.size} and {b.size}; keep the data sets on which both succeeded"
        )
    return a, b


def _mean(name: str, differences: np.ndarray, shift: float = 0.0) -> Measure:
    if differences.size < 2:
        return too_few(name, differences.size)
    mcse = math.hypot(deviation(differences) / math.sqrt(differences.size), shift)
    return Measure(name, float(differences.mean()), mcse)
