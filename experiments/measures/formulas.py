"""How well an estimator did: measures over its replicated estimates, each with its own error.

The formulas for means, with their Monte Carlo standard errors (mcse), are those of Morris, White
and Crowther (2019), "Using simulation studies to evaluate statistical methods", Statistics in
Medicine 38, table 6. For K estimates x_k of a truth known up to a standard error tau:

    bias              mean(x) - truth             sqrt(s^2 / K + tau^2)
    empirical SE      s, the deviation of x       s / sqrt(2 (K - 1))
    model SE          root mean square of se      sqrt(var(se^2) / (4 K modelSE^2))
    RMSE              sqrt(MSE)                   mcse(MSE) / (2 RMSE)
    coverage          mean(low <= truth <= high)  sqrt(c (1 - c) / K)
    failures          share of all attempts       sqrt(f (1 - f) / N)

Two measures need no moments. The median's error is that of Maritz and Jarrett (1978, JASA 73):
what a bootstrap over all resamples would give, exactly so for odd K. The MAD is the plain median
absolute deviation about the median (0.6745 standard deviations of a normal law, not rescaled),
with a bootstrap error that redraws the median along with it.

The truth's own error enters every measure that uses it: as tau^2 beside a bias; as
4 bias^2 tau^2 + 2 tau^4, the variance of (bias + tau Z)^2, beside the MSE; and in coverage as the
mean square of the change when the truth moves by tau Z. It is shared by all methods of a world.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Any

import numpy as np

__all__ = [
    "Measure",
    "bias",
    "coverage",
    "empirical_se",
    "failures",
    "mad",
    "median_bias",
    "model_se",
    "mse",
    "relative_error",
    "rmse",
]

_FEWEST_FOR_A_MEDIAN = 6  # with fewer, no two estimates bound the median with 95% confidence
_RESAMPLES, _SEED = 1_000, 20_190_113


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


def bias(estimates: Any, truth: float, truth_se: float = 0.0) -> Measure:
    """Mean of the estimates less the truth.

    >>> measure = bias([0.8, 1.3, 1.9, 0.4, 1.2, 1.0], truth=1.0)
    >>> round(measure.value, 6), round(measure.mcse, 6)
    (0.1, 0.206559)
    """
    x = _finite("bias", estimates)
    if x.size < 2:
        return _too_few("bias", x.size)
    mcse = math.hypot(_deviation(x) / math.sqrt(x.size), truth_se)
    return Measure("bias", float(x.mean()) - truth, mcse)


def median_bias(estimates: Any, truth: float, truth_se: float = 0.0) -> Measure:
    """Median of the estimates less the truth; it needs no moments.

    >>> round(median_bias([0.8, 1.3, 1.9, 0.4, 1.2, 1.0], truth=1.0).value, 6)
    0.1
    """
    x = np.sort(_finite("median_bias", estimates))
    if x.size < 2:
        return _too_few("median_bias", x.size)
    value = float(np.median(x)) - truth
    if x.size < _FEWEST_FOR_A_MEDIAN:
        return Measure("median_bias", value, math.nan, _few_for_a_median(x.size))
    return Measure("median_bias", value, math.hypot(_maritz_jarrett(x), truth_se))


def empirical_se(estimates: Any) -> Measure:
    """Standard deviation of the estimates over the replications.

    >>> round(empirical_se([0.8, 1.3, 1.9, 0.4, 1.2, 1.0]).value, 6)
    0.505964
    """
    x = _finite("empirical_se", estimates)
    if x.size < 2:
        return _too_few("empirical_se", x.size)
    return Measure("empirical_se", _deviation(x), _deviation(x) / math.sqrt(2 * (x.size - 1)))


def mad(estimates: Any) -> Measure:
    """Median distance of the estimates from their own median, not rescaled.

    Randomness: the bootstrap of its error draws from a fixed seed.

    >>> round(mad([0.8, 1.3, 1.9, 0.4, 1.2, 1.0]).value, 6)
    0.25
    """
    x = _finite("mad", estimates)
    if x.size < 2:
        return _too_few("mad", x.size)
    value = float(_median_distance(x))
    if x.size < _FEWEST_FOR_A_MEDIAN:
        return Measure("mad", value, math.nan, _few_for_a_median(x.size))
    return Measure("mad", value, _bootstrap_se(x, _median_distance))


def model_se(se: Any) -> Measure:
    """Root mean square of the standard errors that the estimator reports.

    >>> round(model_se([0.3, 0.2, 0.3, 0.25, 0.3, 0.35]).value, 6)
    0.287228
    """
    variances = _finite("model_se", se) ** 2
    if variances.size < 2:
        return _too_few("model_se", variances.size)
    value = math.sqrt(variances.mean())
    mcse = _deviation(variances) / (2 * value * math.sqrt(variances.size)) if value else 0.0
    return Measure("model_se", value, mcse)


def relative_error(estimates: Any, se: Any) -> Measure:
    """How far the model SE is from the empirical SE, in per cent of the latter.

    >>> x, se = [0.8, 1.3, 1.9, 0.4, 1.2, 1.0], [0.3, 0.2, 0.3, 0.25, 0.3, 0.35]
    >>> round(relative_error(x, se).value, 6)
    -43.231556
    """
    actual, claimed = empirical_se(estimates), model_se(se)
    if not actual.value > 0:
        return Measure("relative_error", math.nan, math.nan, actual.note or "no spread to compare")
    if math.isnan(claimed.value):
        return replace(claimed, name="relative_error")
    ratio = claimed.value / actual.value
    spread = math.hypot(claimed.mcse / claimed.value if ratio else 0.0, actual.mcse / actual.value)
    return Measure("relative_error", 100 * (ratio - 1), 100 * ratio * spread)


def mse(estimates: Any, truth: float, truth_se: float = 0.0) -> Measure:
    """Mean squared distance of the estimates from the truth.

    >>> round(mse([0.8, 1.3, 1.9, 0.4, 1.2, 1.0], truth=1.0).mcse, 6)
    0.128806
    """
    x = _finite("mse", estimates)
    if x.size < 2:
        return _too_few("mse", x.size)
    squares = (x - truth) ** 2
    moved = math.sqrt(4 * (x.mean() - truth) ** 2 * truth_se**2 + 2 * truth_se**4)
    mcse = math.hypot(_deviation(squares) / math.sqrt(x.size), moved)
    return Measure("mse", float(squares.mean()), mcse)


def rmse(estimates: Any, truth: float, truth_se: float = 0.0) -> Measure:
    """Root of the mean squared error, its own error by the delta method.

    >>> round(rmse([0.8, 1.3, 1.9, 0.4, 1.2, 1.0], truth=1.0).value, 6)
    0.472582
    """
    square = mse(estimates, truth, truth_se)
    if math.isnan(square.value):
        return replace(square, name="rmse")
    value = math.sqrt(square.value)
    return Measure("rmse", value, square.mcse / (2 * value) if value else truth_se)


def coverage(
    low: Any, high: Any, truth: float, truth_se: float = 0.0, *, gap: tuple[Any, Any] | None = None
) -> Measure:
    """Share of the intervals that hold the truth.

    Ends may be infinite. An interval whose ``low`` is above its ``high`` is empty. ``gap`` is for
    sets of two rays, as Anderson and Rubin's can be: the ends of the open interval that is not in
    the set, NaN where there is none.

    >>> coverage([0.2, 0.9, 1.3], [1.4, 1.7, 2.5], truth=1.0).value
    0.6666666666666666
    """
    low, high = _ends(low, high)
    left, right = _ends(*gap, whole=False) if gap else (np.full_like(low, np.nan),) * 2
    if low.size < 2:
        return _too_few("coverage", low.size)

    def share(point: float) -> float:
        left_out = (left < point) & (point < right)
        return float(np.mean((low <= point) & (point <= high) & ~left_out))

    value = share(truth)
    note = {0.0: f"none of {low.size:,}", 1.0: f"all {low.size:,}"}.get(value, "")
    moved = truth + truth_se * _normal_scores() if truth_se else np.array([truth])
    change = float(np.sqrt(np.mean([(share(point) - value) ** 2 for point in moved])))
    return Measure("coverage", value, math.hypot(_share_error(value, low.size), change), note)


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
    return Measure("failures", share, _share_error(share, failed.size), note)


def _finite(name: str, values: Any) -> np.ndarray:
    """The values as float64, refused where one is not finite."""
    array = np.asarray(values, float).reshape(-1)
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise ValueError(
            f"{name}: finite numbers are wanted, given {array[bad[0]]} at position {bad[0]} "
            f"({bad.size} of {array.size} are not finite); leave failed rows out here and count "
            "them with failures(...)"
        )
    return array


def _ends(low: Any, high: Any, *, whole: bool = True) -> tuple[np.ndarray, np.ndarray]:
    low, high = np.asarray(low, float).reshape(-1), np.asarray(high, float).reshape(-1)
    missing = np.isnan(low).sum() + np.isnan(high).sum() if whole else 0
    if missing or low.shape != high.shape:
        raise ValueError(
            f"coverage: intervals with two ends each are wanted, given {low.size} and {high.size} "
            f"ends, {missing} of them NaN; leave those rows out"
        )
    return low, high


def _too_few(name: str, size: int) -> Measure:
    return Measure(name, math.nan, math.nan, ("no estimates", "one estimate only")[size])


def _few_for_a_median(size: int) -> str:
    return f"no error from {size} estimates: {_FEWEST_FOR_A_MEDIAN} are needed"


def _deviation(x: np.ndarray) -> float:
    # The mean of equal numbers is rounded, and their deviation from it would not be 0.
    return float(x.std(ddof=1)) if np.ptp(x) else 0.0


def _share_error(share: float, size: int) -> float:
    return math.sqrt(share * (1 - share) / size)


def _normal_scores(points: int = 64) -> np.ndarray:
    """Midpoints of equally likely slices of the normal law."""
    return np.array([NormalDist().inv_cdf((i + 0.5) / points) for i in range(points)])


def _maritz_jarrett(x: np.ndarray) -> float:
    """Standard error of the median of sorted x: the bootstrap with infinitely many resamples."""
    from scipy.special import betainc  # here, so that importing measures stays cheap

    half = (x.size + 1) / 2
    weights = np.diff(betainc(half, half, np.linspace(0, 1, x.size + 1)))
    centred = x - np.median(x)  # the variance would lose its digits far from zero
    return math.sqrt(max(0.0, weights @ centred**2 - (weights @ centred) ** 2))


def _median_distance(x: np.ndarray) -> Any:
    return np.median(np.abs(x - np.median(x, axis=-1, keepdims=True)), axis=-1)


def _bootstrap_se(x: np.ndarray, statistic: Callable[[np.ndarray], Any]) -> float:
    """Deviation of the statistic over resamples of x, in blocks that bound the memory."""
    random = np.random.default_rng(_SEED)
    block = max(1, 2_000_000 // x.size)
    sizes = [min(block, _RESAMPLES - start) for start in range(0, _RESAMPLES, block)]
    draws = [statistic(x[random.integers(x.size, size=(size, x.size))]) for size in sizes]
    return _deviation(np.concatenate(draws))
