"""Whether a measure of one method is smaller in size than that of another: the difference's error.

A measure of K_a data sets is to the first order a mean of a number of each of them, x_k, and so the
error of the difference of two methods' sizes is, over all data sets that either has,

    sqrt(K / (K - 1) sum_k ((x_ak - mean(x_a)) / K_a - (x_bk - mean(x_b)) / K_b)^2)

in which a data set that a method has no estimate from adds nothing to its part. Both ran on the
same data: what their estimates share falls out. The numbers are, e being the estimate's error,

    bias        sign(mean(e)) e              mse         e^2
    estimate    sign(mean(x)) x              rmse        e^2 / (2 RMSE)
    coverage    whether the interval holds the truth

The truth's own error tau adds the change of the difference with it, times tau.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from experiments.measures.attempts import Attempts
from experiments.measures.intervals import held
from experiments.measures.measure import average, moved_mean
from experiments.measures.policies import listwise

__all__ = ["size_error"]


class _Terms(NamedTuple):
    """A number of each data set, and how fast their mean changes with the truth."""

    replicate: np.ndarray
    each: np.ndarray
    slope: float


def size_error(
    measure: str, a: Attempts, b: Attempts, truth: float, truth_se: float = 0.0
) -> float:
    """The Monte Carlo error of the size of a measure of ``a`` less that of ``b``.

    NaN for a measure of another name than bias, estimate, mse, rmse and coverage, and where a
    method has no two estimates.
    """
    if measure not in ("bias", "estimate", "mse", "rmse", "coverage"):
        return math.nan
    one, other = (_terms(measure, each, truth) for each in (a, b))
    if min(one.each.size, other.each.size) < 2:
        return math.nan
    every = np.union1d(one.replicate, other.replicate)
    parts = np.zeros(every.size)
    for sign, terms in ((1, one), (-1, other)):
        at = np.searchsorted(every, terms.replicate)
        parts[at] += sign * (terms.each - average(terms.each)) / terms.each.size
    spread = math.sqrt(every.size / (every.size - 1) * float(parts @ parts))
    if measure == "coverage":
        return math.hypot(spread, _moved(a, b, truth, truth_se))
    return math.hypot(spread, (one.slope - other.slope) * truth_se)


def _terms(measure: str, found: Attempts, truth: float) -> _Terms:
    if measure == "coverage":
        ends = found.bounded
        hits = held(ends.low, ends.high, truth, ends.gap)
        return _Terms(ends.replicate, hits.astype(float), math.nan)
    good = found.good
    if not len(good):
        return _Terms(good.replicate, good.value, math.nan)
    errors = good.value - truth
    if measure in ("bias", "estimate"):
        x = errors if measure == "bias" else good.value
        sign = math.copysign(1.0, average(x))
        return _Terms(good.replicate, sign * x, -sign if measure == "bias" else 0.0)
    square = errors**2
    double = 2 * math.sqrt(average(square)) if measure == "rmse" else 1.0
    if not double:
        return _Terms(good.replicate, errors, math.nan)  # all are the truth: nothing varies
    return _Terms(good.replicate, square / double, -2 * average(errors) / double)


def _moved(a: Attempts, b: Attempts, truth: float, truth_se: float) -> float:
    """What the truth's error adds to a difference in coverage, by the data sets that both have."""
    common = listwise(each.bounded.replicate for each in (a, b))
    one, other = (each.bounded.on(common) for each in (a, b))
    one, other = (each.only(np.argsort(each.replicate)) for each in (one, other))

    def change(points: np.ndarray) -> np.ndarray:
        hits = [held(each.low, each.high, points, each.gap) for each in (one, other)]
        return np.subtract(*(each.astype(float) for each in hits))

    return moved_mean(change, truth, truth_se) if len(common) > 1 else 0.0
