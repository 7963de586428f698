"""How much the estimates vary, and whether their reported standard errors know it.

For K estimates x_k with deviation s, and their reported standard errors se_k:

    empirical SE      s                              s / sqrt(2 (K - 1))
    model SE          sqrt(mean(se^2))               sqrt(var(se^2) / (4 K modelSE^2))
    relative error    100 (modelSE / s - 1)          100 modelSE / s *
                                                       sqrt(var(se^2) / (4 K modelSE^4)
                                                            + 1 / (2 (K - 1)))

from table 6 of Morris, White and Crowther (2019), Statistics in Medicine 38. The error of the
empirical SE is that of normal estimates. Estimates with heavier tails make it larger, by the factor
sqrt((kurtosis - 1) / 2) where there are many; where that is past 1.5 the note says so.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from experiments.measures.measure import Measure, deviation, finite, too_few

__all__ = ["empirical_se", "model_se", "relative_error"]

_MANY = 50  # with fewer estimates their own kurtosis says nothing
_HEAVY = 1.5


def empirical_se(estimates: Any) -> Measure:
    """Standard deviation of the estimates over the replications.

    >>> round(empirical_se([0.8, 1.3, 1.9, 0.4, 1.2, 1.0]).value, 6)
    0.505964
    """
    x = finite("empirical_se", estimates)
    if x.size < 2:
        return too_few("empirical_se", x.size)
    value = deviation(x)
    return Measure("empirical_se", value, value / math.sqrt(2 * (x.size - 1)), _tails(x, value))


def model_se(se: Any) -> Measure:
    """Root mean square of the standard errors that the estimator reports.

    >>> round(model_se([0.3, 0.2, 0.3, 0.25, 0.3, 0.35]).value, 6)
    0.287228
    """
    variances = finite("model_se", se) ** 2
    if variances.size < 2:
        return too_few("model_se", variances.size)
    value = math.sqrt(variances.mean())
    mcse = deviation(variances) / (2 * value * math.sqrt(variances.size)) if value else 0.0
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
    return Measure("relative_error", 100 * (ratio - 1), 100 * ratio * spread, actual.note)


def _tails(x: np.ndarray, s: float) -> str:
    """What the estimates' own kurtosis says of an error that takes them for normal."""
    if x.size < _MANY or not s:
        return ""
    standard = (x - x.mean()) / s
    times = math.sqrt(max(0.0, float(np.mean(standard**4)) - 1) / 2)
    heavy = f"estimates have heavy tails: its error may be {times:.1f} times as large"
    return heavy if times > _HEAVY else ""
