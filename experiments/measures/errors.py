"""How far the estimates are from the truth, on the average.

For K estimates x_k of a truth known up to a standard error tau, with mean m and deviation s:

    bias             m - truth               sqrt(s^2 / K + tau^2)
    relative bias    100 (m / truth - 1)     100 sqrt(s^2 / (K truth^2) + (m tau / truth^2)^2)
    MSE              mean((x - truth)^2)     sqrt(var((x - truth)^2) / K + 4 bias^2 tau^2 + 2 tau^4)
    RMSE             sqrt(MSE)               mcse(MSE) / (2 RMSE)

Without the terms in tau these are table 6 of Morris, White and Crowther (2019), "Using simulation
studies to evaluate statistical methods", Statistics in Medicine 38, and for the relative bias those
of rsimsum (Gasparini, 2018, Journal of Open Source Software 3); the RMSE's error follows from the
MSE's by the delta method. The truth is the same number for all estimates, so its error does not
shrink with K: it adds its variance to a bias, and the variance of (bias + tau Z)^2 to the MSE. All
methods of a world share it, and in their differences it falls out (`experiments.measures.paired`).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from experiments.measures.measure import Measure, deviation, finite, too_few

__all__ = ["bias", "mse", "relative_bias", "rmse"]


def bias(estimates: Any, truth: float, truth_se: float = 0.0) -> Measure:
    """Mean of the estimates less the truth.

    >>> measure = bias([0.8, 1.3, 1.9, 0.4, 1.2, 1.0], truth=1.0)
    >>> round(measure.value, 6), round(measure.mcse, 6)
    (0.1, 0.206559)
    """
    x = finite("bias", estimates)
    if x.size < 2:
        return too_few("bias", x.size)
    mcse = math.hypot(deviation(x) / math.sqrt(x.size), truth_se)
    return Measure("bias", float(x.mean()) - truth, mcse)


def relative_bias(estimates: Any, truth: float, truth_se: float = 0.0) -> Measure:
    """The bias in per cent of the truth; there is none of a truth that may be 0.

    >>> round(relative_bias([1.6, 2.6, 3.8, 0.8, 2.4, 2.0], truth=2.0).value, 6)
    10.0
    """
    x = finite("relative_bias", estimates)
    if x.size < 2:
        return too_few("relative_bias", x.size)
    if abs(truth) <= 3 * truth_se:
        why = "the truth is within 3 of its errors of 0" if truth_se else "the truth is 0"
        return Measure("relative_bias", math.nan, math.nan, why)
    ratio = float(x.mean()) / truth
    spread = deviation(x) / math.sqrt(x.size) / abs(truth)
    mcse = 100 * math.hypot(spread, ratio * truth_se / truth)
    return Measure("relative_bias", 100 * (float(x.mean()) - truth) / truth, mcse)


def mse(estimates: Any, truth: float, truth_se: float = 0.0) -> Measure:
    """Mean squared distance of the estimates from the truth.

    >>> round(mse([0.8, 1.3, 1.9, 0.4, 1.2, 1.0], truth=1.0).mcse, 6)
    0.128806
    """
    x = finite("mse", estimates)
    if x.size < 2:
        return too_few("mse", x.size)
    squares = (x - truth) ** 2
    shift = math.sqrt(4 * (x.mean() - truth) ** 2 * truth_se**2 + 2 * truth_se**4)
    mcse = math.hypot(deviation(squares) / math.sqrt(x.size), shift)
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
