"""Which measures an estimator's sampling law has: an average of what has no mean is no number.

Just-identified 2SLS has no mean, however many estimates there are to average, and Horvitz and
Thompson's estimate under a wrong propensity model is little better. Such a measure is NaN with a
note; one whose Monte Carlo error alone does not exist keeps its value. What is based on medians and
on shares exists always.
"""

from __future__ import annotations

import math
from dataclasses import replace

from experiments.measures.measure import Measure

__all__ = ["within"]

# The moment of the estimates that a measure averages; its own error needs twice as many. The model
# SE averages se^2, and near a weak first stage the se of 2SLS grows as the square of the estimate.
_ORDER = {
    "bias": 1,
    "relative_bias": 1,
    "bias_least": 1,
    "bias_most": 1,
    "bias_eliminated_coverage": 1,
    "bias_difference": 1,
    "empirical_se": 2,
    "mse": 2,
    "rmse": 2,
    "rmse_least": 2,
    "rmse_most": 2,
    "mse_difference": 2,
    "precision_gain": 2,
    "width": 2,
    "model_se": 4,
    "relative_error": 4,
}


def within(measure: Measure, moments: float) -> Measure:
    """The measure as far as this many moments of the estimator's sampling law allow it.

    >>> within(Measure("rmse", 0.2, 0.01), moments=1)
    Measure(name='rmse', value=nan, mcse=nan, note='needs 2 finite moments, the estimator has 1')
    """
    order = _ORDER.get(measure.name, 0)
    if moments >= 2 * order or math.isnan(measure.value):
        return measure
    has = f"the estimator has {moments:g}"
    if moments >= order:
        return replace(measure, mcse=math.nan, note=f"its error needs {2 * order} moments, {has}")
    note = "no finite moments" if moments < 1 else f"needs {order} finite moments, {has}"
    return Measure(measure.name, math.nan, math.nan, note)
