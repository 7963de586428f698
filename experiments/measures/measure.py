"""A number about replicated estimates with its own error, and what all the formulas share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np

__all__ = ["Measure", "average", "deviation", "finite", "moved", "moved_mean", "share_error",
           "too_few"]  # fmt: skip


_MOST = 1_000_000


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


def average(x: np.ndarray) -> float:
    """The mean of one number or more; of equal numbers exactly this number, which a rounded sum
    misses.

    >>> average(np.full(10, 0.1)), average(np.array([1.0, 2.0]))
    (0.1, 1.5)
    """
    return float(x.mean() if np.ptp(x) else x[0])


def deviation(x: np.ndarray) -> float:
    """Standard deviation with the divisor K - 1; exactly 0 for equal numbers."""
    # The mean of equal numbers is rounded, and their deviation from it would not be 0.
    return float(x.std(ddof=1)) if np.ptp(x) else 0.0


def share_error(share: float, size: int) -> float:
    """Standard error of a share of so many independent trials."""
    return math.sqrt(share * (1 - share) / size)


def moved(
    statistic: Callable[[np.ndarray], np.ndarray], truth: float, truth_se: float, size: int
) -> float:
    """What the truth's own error adds to the error of a statistic of so many estimates.

    The root mean square of ``statistic(truth + truth_se Z) - statistic(truth)``, Z standard
    normal. For statistics that are no polynomials of the truth; the others have closed forms.
    ``statistic`` takes points (P, 1), to be set against estimates (K,), and gives (P,).

    >>> round(moved(lambda points: 3.0 * points[:, 0], truth=1.0, truth_se=0.1, size=1), 2)
    0.3
    """
    if not truth_se:
        return 0.0
    here = float(statistic(np.full((1, 1), truth))[0])
    changes = [statistic(points) - here for points in _about(truth, truth_se, size)]
    return math.sqrt(float(np.mean(np.concatenate(changes) ** 2)))


def moved_mean(each: Callable[[np.ndarray], np.ndarray], truth: float, truth_se: float) -> float:
    """The same for the mean of a statistic of each replicate, such as whether an interval holds it.

    The change of a mean of K varies by chance too, which is no error of the truth: its mean square
    is too large by the variance of the mean, and is lessened by that. ``each`` takes points (P, 1)
    and gives (P, K).

    >>> round(moved_mean(lambda points: np.array([1.0, 3.0]) * points, 1.0, truth_se=0.1), 6)
    0.173205
    """
    if not truth_se:
        return 0.0
    here = np.asarray(each(np.full((1, 1), truth)), float)
    squares = []
    for points in _about(truth, truth_se, here.size):
        change = each(points) - here
        squares.append(change.mean(axis=1) ** 2 - change.var(axis=1, ddof=1) / here.size)
    return math.sqrt(max(0.0, float(np.mean(np.concatenate(squares)))))


def _about(truth: float, truth_se: float, size: int) -> Iterator[np.ndarray]:
    """Where the truth may be: points (P, 1), no more at once than fit in memory beside estimates of
    this number."""
    points = truth + truth_se * np.array(_normal_scores())[:, None]
    block = max(1, _MOST // max(size, 1))
    for start in range(0, len(points), block):
        yield points[start : start + block]


@lru_cache(maxsize=1)
def _normal_scores(points: int = 64) -> tuple[float, ...]:
    """Midpoints of equally likely slices of the normal law, scaled to its variance."""
    scores = [NormalDist().inv_cdf((i + 0.5) / points) for i in range(points)]
    scale = math.sqrt(points / sum(score**2 for score in scores))
    return tuple(scale * score for score in scores)
