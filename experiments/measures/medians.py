"""Measures that need no moments: for estimators whose sampling law has no mean.

    median bias      median(x) - truth               Maritz and Jarrett's, and tau^2 beside it
    MAD              median |x - median(x)|          by a bootstrap that redraws the median too
    median error     median |x - truth|              Maritz and Jarrett's, and the mean square of
                                                     the change when the truth moves by tau Z

The error of a median is that of Maritz and Jarrett (1978, Journal of the American Statistical
Association 73): what a bootstrap over all resamples would give, exactly so for odd K. The MAD is
the plain one (0.6745 standard deviations of a normal law, not rescaled).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from experiments.measures.measure import Measure, deviation, finite, moved, too_few

__all__ = ["FEWEST", "bootstrap_se", "mad", "maritz_jarrett", "median_bias", "median_error"]

FEWEST = 6
"""With fewer estimates no two of them bound the median with 95% confidence: it has no error."""

_RESAMPLES, _SEED = 200, 20_190_113


def median_bias(estimates: Any, truth: float, truth_se: float = 0.0) -> Measure:
    """Median of the estimates less the truth.

    >>> round(median_bias([0.8, 1.3, 1.9, 0.4, 1.2, 1.0], truth=1.0).value, 6)
    0.1
    """
    x = finite("median_bias", estimates)
    if x.size < 2:
        return too_few("median_bias", x.size)
    value = float(np.median(x)) - truth
    return _with_error("median_bias", value, x.size, lambda: maritz_jarrett(x), truth_se)


def mad(estimates: Any) -> Measure:
    """Median distance of the estimates from their own median, not rescaled.

    Randomness: the bootstrap of its error draws from a fixed seed.

    >>> round(mad([0.8, 1.3, 1.9, 0.4, 1.2, 1.0]).value, 6)
    0.25
    """
    x = finite("mad", estimates)
    if x.size < 2:
        return too_few("mad", x.size)
    value = float(_median_distance(x))
    return _with_error("mad", value, x.size, lambda: bootstrap_se(x, _median_distance))


def median_error(estimates: Any, truth: float, truth_se: float = 0.0) -> Measure:
    """Median distance of the estimates from the truth.

    >>> round(median_error([0.8, 1.3, 1.9, 0.4, 1.2, 1.0], truth=1.0).value, 6)
    0.25
    """
    x = finite("median_error", estimates)
    if x.size < 2:
        return too_few("median_error", x.size)

    distance = lambda points: np.median(np.abs(x - points), axis=-1)
    shift = moved(distance, truth, truth_se, x.size)
    error = lambda: maritz_jarrett(np.abs(x - truth))
    return _with_error("median_error", float(distance(truth)), x.size, error, shift)


def maritz_jarrett(x: np.ndarray) -> float:
    """Standard error of the median of x: the bootstrap with infinitely many resamples."""
    from scipy.special import betainc  # here, so that importing measures stays cheap

    half = (x.size + 1) / 2
    weights = np.diff(betainc(half, half, np.linspace(0, 1, x.size + 1)))
    centred = np.sort(x) - np.median(x)  # the variance would lose its digits far from zero
    return math.sqrt(max(0.0, weights @ centred**2 - (weights @ centred) ** 2))


def bootstrap_se(x: np.ndarray, statistic: Callable[[np.ndarray], Any]) -> float:
    """Deviation of a statistic of whole rows over resamples of x, in blocks that bound the memory.

    ``x`` has its K replicates on the last axis, and whatever is before it is resampled together;
    ``statistic`` takes an array with an axis of resamples before the last.

    Randomness: resamples come from a fixed seed.
    """
    random, size = np.random.default_rng(_SEED), x.shape[-1]
    block = max(1, 2_000_000 // x.size)
    sizes = [min(block, _RESAMPLES - start) for start in range(0, _RESAMPLES, block)]
    draws = [statistic(x[..., random.integers(size, size=(count, size))]) for count in sizes]
    return deviation(np.concatenate(draws))


def _median_distance(x: np.ndarray) -> Any:
    return np.median(np.abs(x - np.median(x, axis=-1, keepdims=True)), axis=-1)


def _with_error(
    name: str, value: float, size: int, error: Callable[[], float], shift: float = 0.0
) -> Measure:
    if size < FEWEST:
        note = f"no error from {size} estimates: {FEWEST} are needed"
        return Measure(name, value, math.nan, note)
    return Measure(name, value, math.hypot(error(), shift))
