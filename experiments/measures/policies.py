"""Failed attempts: how many there are, and three ways to live with them.

- ``report``, the default: measures speak of the estimates that did not fail, and the failure rate
  stands beside them. They describe the data sets that the method could work with.
- ``listwise``: all methods of a comparison are measured on the replicates on which every one of
  them succeeded. They see the same data, which are now the easy ones.
- ``bounds``: beside what ``report`` says, the least and the most that a measure could have been had
  no attempt failed. A failed interval is counted as a miss and as a hit, a failed test as accepting
  and as rejecting, a failed estimate at either of the stated limits of the estimand. Nothing is
  assumed of why an attempt failed (Horowitz and Manski, 2000, Journal of the American Statistical
  Association 95). Each bound is the measure of the completed estimates, with that measure's error.

Nothing that failed is redrawn, dropped unseen, or counted as an error of 0. The failure rate f over
all N attempts has the error sqrt(f (1 - f) / N).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np

from experiments.measures.errors import bias, rmse
from experiments.measures.intervals import Gap, coverage, rejection
from experiments.measures.measure import Measure, finite, share_error

__all__ = [
    "BOUNDED",
    "POLICIES",
    "Policy",
    "bias_bounds",
    "coverage_bounds",
    "failures",
    "listwise",
    "rejection_bounds",
    "rmse_bounds",
]

Policy = Literal["report", "listwise", "bounds"]
POLICIES: tuple[Policy, ...] = get_args(Policy)

BOUNDED = ("bias", "rmse", "coverage", "rejection")
"""The measures that have bounds: each is followed by ``_least`` and ``_most``."""

Bounds = tuple[Measure, Measure]


def failures(failed: Any) -> Measure:
    """Share of all attempts that failed, from one flag an attempt.

    >>> failures([False, True, False, False])
    Measure(name='failures', value=0.25, mcse=0.21650635094610965, note='1 of 4')
    """
    failed = np.asarray(failed, bool).reshape(-1)
    if not failed.size:
        return Measure("failures", math.nan, math.nan, "not run")
    share = float(failed.mean())
    note = f"{failed.sum():,} of {failed.size:,}"
    return Measure("failures", share, share_error(share, failed.size), note)


def listwise(succeeded: Iterable[Any]) -> np.ndarray:
    """The replicates that are in every one of these lists, one for each method, in order.

    >>> listwise([[0, 1, 2, 4], [4, 2, 0], [0, 2, 3, 4]])
    array([0, 2, 4])
    """
    common: np.ndarray | None = None
    for each in succeeded:
        numbers = np.unique(np.asarray(each))
        common = numbers if common is None else np.intersect1d(common, numbers, True)
    return np.empty(0, int) if common is None else common


def bias_bounds(
    estimates: Any, least: Any, most: Any, truth: float, truth_se: float = 0.0
) -> Bounds:
    """The bias with every failed estimate at its lower limit, and at its upper.

    Arguments:
        estimates: those that did not fail.
        least, most: for each failed one, the limits between which it would have been.

    >>> [one.value for one in bias_bounds([0.5, 0.7], [-1, -1], [1, 1], truth=0.3)]
    [-0.5, 0.5]
    """
    x, low, high = _filled("bias", estimates, least, most)
    return _named(
        bias(np.append(x, low), truth, truth_se), bias(np.append(x, high), truth, truth_se)
    )


def rmse_bounds(
    estimates: Any, least: Any, most: Any, truth: float, truth_se: float = 0.0
) -> Bounds:
    """The RMSE with every failed estimate where, within its limits, it is nearest and farthest.

    >>> nearest, farthest = rmse_bounds([0.5, 0.5], [0, 0], [1, 1], truth=0.0)
    >>> round(nearest.value**2, 6), round(farthest.value**2, 6)
    (0.125, 0.625)
    """
    x, low, high = _filled("rmse", estimates, least, most)
    near = np.clip(truth, low, high)
    far = np.where(np.abs(low - truth) > np.abs(high - truth), low, high)
    return _named(
        rmse(np.append(x, near), truth, truth_se), rmse(np.append(x, far), truth, truth_se)
    )


def coverage_bounds(
    low: Any, high: Any, failed: int, truth: float, truth_se: float = 0.0, *, gap: Gap = None
) -> Bounds:
    """Coverage with so many failed intervals counted as misses, and as hits.

    >>> [one.value for one in coverage_bounds([0, 0, 2], [2, 2, 3], 1, truth=1.0)]
    [0.5, 0.75]
    """
    make = lambda low, high, gap: coverage(low, high, truth, truth_se, gap=gap)
    return _named(*_completed(make, low, high, failed, gap))


def rejection_bounds(
    low: Any, high: Any, failed: int, null: float = 0.0, *, gap: Gap = None
) -> Bounds:
    """The rejection rate with so many failed tests counted as accepting, and as rejecting.

    >>> [one.value for one in rejection_bounds([0, 0, 2], [2, 2, 3], 1, null=1.0)]
    [0.25, 0.5]
    """
    make = lambda low, high, gap: rejection(low, high, null, gap=gap)
    rejected, accepted = _completed(make, low, high, failed, gap)
    return _named(accepted, rejected)


def _filled(name: str, *parts: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x, low, high = (finite(name, each) for each in parts)
    if low.size != high.size or (low > high).any():
        raise ValueError(
            f"{name}: a lower and an upper limit for every failed estimate are wanted, in this "
            f"order, given {low} and {high}"
        )
    return x, low, high


def _completed(
    make: Callable[[np.ndarray, np.ndarray, Gap], Measure],
    low: Any,
    high: Any,
    failed: int,
    gap: Gap,
) -> Bounds:
    """The measure with the failed intervals empty, and with the whole line for each of them."""
    low, high = np.asarray(low, float).reshape(-1), np.asarray(high, float).reshape(-1)
    far = np.full(failed, np.inf)
    if gap is not None:
        left, right = (np.append(np.asarray(each, float), far * np.nan) for each in gap)
        gap = left, right
    empty = make(np.append(low, far), np.append(high, -far), gap)
    line = make(np.append(low, -far), np.append(high, far), gap)
    return empty, line


def _named(least: Measure, most: Measure) -> Bounds:
    return replace(least, name=f"{least.name}_least"), replace(most, name=f"{most.name}_most")
