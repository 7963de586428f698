"""Continuous laws on an interval or a half-line with a quantile function in closed form."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from numpyro import distributions as dist

from scm.noise.laws.registry import law
from scm.noise.laws.scores import (
    LogScore,
    flipped,
    half_normal,
    log_lower,
    log_normal_tail,
    log_one_minus,
    log_upper,
    real,
)
from scm.noise.score import NormalScore, Score

__all__: list[str] = []

_HALF_PI = float(np.pi / 2)
_LOG_2 = float(np.log(2))
_ROOT_HALF = float(np.sqrt(0.5))


def _by_upper(log_tail: jax.Array) -> LogScore:
    return LogScore(log_one_minus(log_tail), log_tail)


def _by_lower(log_tail: jax.Array) -> LogScore:
    return LogScore(log_tail, log_one_minus(log_tail))


def _uniform_place(d: Any, value: jax.Array) -> Score:
    width = real(d.high) - d.low
    return LogScore(jnp.log((value - d.low) / width), jnp.log((d.high - value) / width))


@law("Uniform", dist.Uniform, place=_uniform_place)
def _uniform(d: Any, score: Score) -> jax.Array:
    width = real(d.high) - d.low
    lower, upper = score.lower, score.upper
    return jnp.where(lower < 0.5, d.low + width * lower, d.high - width * upper)


def _log_uniform_place(d: Any, value: jax.Array) -> Score:
    width = jnp.log(real(d.high) / d.low)
    below, above = _log_ratio(value, d.low), -_log_ratio(value, d.high)
    return LogScore(jnp.log(below / width), jnp.log(above / width))


def _log_ratio(value: jax.Array, end: Any) -> jax.Array:
    """log(value / end), exact where they are near each other."""
    return jnp.log1p((value - real(end)) / end)


@law("LogUniform", dist.LogUniform, place=_log_uniform_place)
def _log_uniform(d: Any, score: Score) -> jax.Array:
    width = jnp.log(real(d.high) / d.low)
    lower, upper = score.lower, score.upper
    below = lower < 0.5
    exponent = width * jnp.where(below, lower, -upper)
    return jnp.where(below, d.low, d.high) * jnp.exp(exponent)


@law(
    "LogNormal",
    dist.LogNormal,
    place=lambda d, value: NormalScore((jnp.log(value) - real(d.loc)) / d.scale),
)
def _log_normal(d: Any, score: Score) -> jax.Array:
    return jnp.exp(d.loc + d.scale * score.normal)


def _half_normal_place(d: Any, value: jax.Array) -> Score:
    return _sized(value / real(d.scale))


def _sized(size: jax.Array) -> LogScore:
    """The place of the size of a standard normal value: erf, and erfc where that is the smaller."""
    near = size < 0.5
    tail = log_normal_tail(size) + _LOG_2
    below = jnp.log(lax.erf(jnp.where(near, size, 0.5) * _ROOT_HALF))
    return LogScore(jnp.where(near, below, log_one_minus(tail)), tail)


@law("HalfNormal", dist.HalfNormal, place=_half_normal_place)
def _half_normal(d: Any, score: Score) -> jax.Array:
    return d.scale * half_normal(score)


def _half_cauchy_place(d: Any, value: jax.Array) -> Score:
    z = value / real(d.scale)
    return LogScore(jnp.log(jnp.arctan(z) / _HALF_PI), jnp.log(jnp.arctan2(1.0, z) / _HALF_PI))


@law("HalfCauchy", dist.HalfCauchy, place=_half_cauchy_place)
def _half_cauchy(d: Any, score: Score) -> jax.Array:
    below = score.lower < 0.5
    tangent = jnp.tan(_HALF_PI * jnp.where(below, score.lower, score.upper))
    return d.scale * jnp.where(below, tangent, 1 / jnp.where(below, 1.0, tangent))


@law("Exponential", dist.Exponential, place=lambda d, value: _by_upper(-real(d.rate) * value))
def _exponential(d: Any, score: Score) -> jax.Array:
    return -log_upper(score) / d.rate


def _weibull_place(d: Any, value: jax.Array) -> Score:
    return _by_upper(-((value / real(d.scale)) ** d.concentration))


@law("Weibull", dist.Weibull, place=_weibull_place)
def _weibull(d: Any, score: Score) -> jax.Array:
    return d.scale * jnp.exp(jnp.log(-log_upper(score)) / d.concentration)


def _gompertz_place(d: Any, value: jax.Array) -> Score:
    return _by_upper(-real(d.concentration) * jnp.expm1(value * real(d.rate)))


@law("Gompertz", dist.Gompertz, place=_gompertz_place)
def _gompertz(d: Any, score: Score) -> jax.Array:
    return jnp.log1p(-log_upper(score) / d.concentration) / d.rate


def _pareto_place(d: Any, value: jax.Array) -> Score:
    return _by_upper(-real(d.alpha) * _log_ratio(value, d.scale))


@law("Pareto", dist.Pareto, place=_pareto_place)
def _pareto(d: Any, score: Score) -> jax.Array:
    return d.scale * jnp.exp(-log_upper(score) / d.alpha)


def _levy_place(d: Any, value: jax.Array) -> Score:
    return flipped(_sized(jnp.sqrt(real(d.scale) / (value - d.loc))))


@law("Levy", dist.Levy, place=_levy_place)
def _levy(d: Any, score: Score) -> jax.Array:
    """loc + scale / Z^2, Z standard normal: large where Z is near 0."""
    return d.loc + d.scale / half_normal(flipped(score)) ** 2


def _kumaraswamy_place(d: Any, value: jax.Array) -> Score:
    log_power = real(d.concentration1) * jnp.log(value)
    return _by_upper(d.concentration0 * log_one_minus(log_power))


@law("Kumaraswamy", dist.Kumaraswamy, place=_kumaraswamy_place)
def _kumaraswamy(d: Any, score: Score) -> jax.Array:
    value = jnp.exp(log_one_minus(log_upper(score) / d.concentration0) / d.concentration1)
    limits = jnp.finfo(value.dtype)
    return jnp.clip(value, limits.tiny, 1 - limits.epsneg)


def _dagum_place(d: Any, value: jax.Array) -> Score:
    log_odds = real(d.sharpness) * jnp.log(value / real(d.scale))
    return _by_lower(d.concentration * jax.nn.log_sigmoid(log_odds))


@law("Dagum", dist.Dagum, place=_dagum_place)
def _dagum(d: Any, score: Score) -> jax.Array:
    """scale times odds^(1/sharpness) of lower^(1/concentration)."""
    log_root = log_lower(score) / d.concentration
    log_odds = log_root - log_one_minus(log_root)
    return d.scale * jnp.exp(log_odds / d.sharpness)


def _power_law_place(d: Any, value: jax.Array) -> Score:
    return _by_upper((1 + real(d.alpha)) * _log_ratio(value, d.low))


@law("LowerTruncatedPowerLaw", dist.LowerTruncatedPowerLaw, place=_power_law_place)
def _power_law(d: Any, score: Score) -> jax.Array:
    return d.low * jnp.exp(log_upper(score) / (1 + real(d.alpha)))


def _bounded_power_law_place(d: Any, value: jax.Array) -> Score:
    power, width = 1 + real(d.alpha), jnp.log(real(d.high) / d.low)
    below = _expm1_over(power, _log_ratio(value, d.low))
    above = _expm1_over(-power, -_log_ratio(value, d.high))
    return LogScore(
        jnp.log(below / _expm1_over(power, width)), jnp.log(above / _expm1_over(-power, width))
    )


@law("DoublyTruncatedPowerLaw", dist.DoublyTruncatedPowerLaw, place=_bounded_power_law_place)
def _bounded_power_law(d: Any, score: Score) -> jax.Array:
    """log x runs from log low to log high; x^(1 + alpha) is uniform."""
    power, width = 1 + real(d.alpha), jnp.log(real(d.high) / d.low)
    below = score.lower < 0.5
    from_low = _log1p_over(power, score.lower * _expm1_over(power, width))
    from_high = _log1p_over(-power, score.upper * _expm1_over(-power, width))
    return jnp.where(below, d.low, d.high) * jnp.exp(jnp.where(below, from_low, -from_high))


def _expm1_over(power: jax.Array, x: jax.Array) -> jax.Array:
    """(exp(power x) - 1) / power, and its limit x with its slopes where power is near 0."""
    small = jnp.abs(power * x) < 1e-3
    safe = jnp.where(small, 1.0, power)
    t = power * x
    return jnp.where(small, x * (1 + t / 2 * (1 + t / 3 * (1 + t / 4))), jnp.expm1(safe * x) / safe)


def _log1p_over(power: jax.Array, y: jax.Array) -> jax.Array:
    """log(1 + power y) / power: the inverse of `_expm1_over` in x."""
    small = jnp.abs(power * y) < 1e-3
    safe = jnp.where(small, 1.0, power)
    t = power * y
    large = jnp.log1p(jnp.where(small, 0.0, safe * y)) / safe
    series = 1 - t * (1 / 2 - t * (1 / 3 - t * (1 / 4 - t / 5)))
    return jnp.where(small, y * series, large)
