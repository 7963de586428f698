"""A number about replicated estimates with its own error, and what all the formulas share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np

__all__ = ["Measure", "deviation", "finite", "moved", "moved_mean", "share_error", "too_few"]


@dataclass(frozen=True)
class Measure:
    """A number about replicated estimates, its Monte Carlo standard error, and what to know of it.

    ``value`` is NaN where the measure does not exist, and ``mcse`` where it cannot be had; the
    note says why.
    """

    name: str
    value: float
    mcse: float
    note: str = ""


def finite(name: str, values: Any) -> np.ndarray:
    """The values as one row of float64, refused where one is not finite."""
    array = np.asarray(values, float).reshape(-1)
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise ValueError(
            f"{name}: finite numbers are wanted, given {array[bad[0]]} at position {bad[0]} "
            f"({bad.size} of {array.size} are not finite); leave failed rows out here and count "
            "them with failures(...)"
        )
    return array


def too_few(name: str, size: int) -> Measure:
    """The measure that no or one estimate allows: none."""
    return Measure(name, math.nan, math.nan, ("no estimates", "one estimate only")[size])


def deviation(x: np.ndarray) -> float:
    """Standard deviation with the divisor K - 1; exactly 0 for equal numbers."""
    # The mean of equal numbers is rounded, and their deviation from it would not be 0.
    return float(x.std(ddof=1)) if np.ptp(x) else 0.0


def share_error(share: float, size: int) -> float:
    """Standard error of a share of so many independent trials."""
    return math.sqrt(share * (1 - share) / size)


def moved(statistic: Callable[[float], float], truth: float, truth_se: float) -> float:
    """What the truth's own error adds to the error of a statistic.

    The root mean square of ``statistic(truth + truth_se Z) - statistic(truth)``, Z standard
    normal. For statistics that are no polynomials of the truth; the others have closed forms.

    >>> round(moved(lambda point: 3.0 * point, truth=1.0, truth_se=0.1), 2)
    0.3
    """
    if not truth_se:
        return 0.0
    here = statistic(truth)
    changes = [statistic(truth + truth_se * score) - here for score in _normal_scores()]
    return math.sqrt(sum(change**2 for change in changes) / len(changes))


def moved_mean(each: Callable[[float], np.ndarray], truth: float, truth_se: float) -> float:
    """The same for the mean of a statistic of each replicate, such as whether an interval holds it.

    The change of a mean of K varies by chance too, which is no error of the truth: its mean square
    is too large by the variance of the mean, and is lessened by that.

    >>> round(moved_mean(lambda point: np.array([1.0, 3.0]) * point, truth=1.0, truth_se=0.1), 6)
    0.173205
    """
    if not truth_se:
        return 0.0
    here, squares = np.asarray(each(truth), float), []
    for score in _normal_scores():
        change = each(truth + truth_se * score) - here
        squares.append(change.mean() ** 2 - change.var(ddof=1) / change.size)
    return math.sqrt(max(0.0, sum(squares) / len(squares)))


@lru_cache(maxsize=1)
def _normal_scores(points: int = 64) -> tuple[float, ...]:
    """Midpoints of equally likely slices of the normal law, scaled to its variance."""
    scores = [NormalDist().inv_cdf((i + 0.5) / points) for i in range(points)]
    scale = math.sqrt(points / sum(score**2 for score in scores))
    return tuple(scale * score for score in scores)
