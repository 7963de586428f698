"""Continuous laws on the whole line with a quantile function in closed form."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpyro import distributions as dist

from scm.noise.laws.registry import law
from scm.noise.laws.scores import LogScore, log_lower, log_one_minus, log_tails, magnitude, real
from scm.noise.score import NormalScore, Score

__all__: list[str] = []

_HALF_PI = float(np.pi / 2)
_LOG_2 = float(np.log(2))


def _standard(d: Any, value: jax.Array) -> jax.Array:
    return (value - real(d.loc)) / d.scale


@law("Normal", dist.Normal, place=lambda d, value: NormalScore(_standard(d, value)))
def _normal(d: Any, score: Score) -> jax.Array:
    return d.loc + d.scale * score.normal


def _symmetric(z: jax.Array, log_tail: jax.Array) -> LogScore:
    """The place of z in a law symmetric about 0, from the log of its tail beyond |z|."""
    rest = log_one_minus(log_tail)
    return LogScore(jnp.where(z < 0, log_tail, rest), jnp.where(z < 0, rest, log_tail))


def _laplace_place(d: Any, value: jax.Array) -> Score:
    z = _standard(d, value)
    return _symmetric(z, -magnitude(z) - _LOG_2)


@law("Laplace", dist.Laplace, place=_laplace_place)
def _laplace(d: Any, score: Score) -> jax.Array:
    below, above = log_tails(score)
    z = jnp.where(below < above, below + _LOG_2, -(above + _LOG_2))
    return d.loc + d.scale * z


def _logistic_place(d: Any, value: jax.Array) -> Score:
    z = _standard(d, value)
    return LogScore(jax.nn.log_sigmoid(z), jax.nn.log_sigmoid(-z))


@law("Logistic", dist.Logistic, place=_logistic_place)
def _logistic(d: Any, score: Score) -> jax.Array:
    below, above = log_tails(score)
    return d.loc + d.scale * (below - above)


def _gumbel_place(d: Any, value: jax.Array) -> Score:
    below = -jnp.exp(-_standard(d, value))
    return LogScore(below, log_one_minus(below))


@law("Gumbel", dist.Gumbel, place=_gumbel_place)
def _gumbel(d: Any, score: Score) -> jax.Array:
    return d.loc - d.scale * jnp.log(-log_lower(score))


def _cauchy_place(d: Any, value: jax.Array) -> Score:
    z = _standard(d, value)
    return _symmetric(z, jnp.log(jnp.arctan2(1.0, magnitude(z)) / np.pi))


@law("Cauchy", dist.Cauchy, place=_cauchy_place)
def _cauchy(d: Any, score: Score) -> jax.Array:
    """-cot(pi tail); about the middle the tangent of the distance from it."""
    lower, upper = score.lower, score.upper
    below = lower < upper
    tail = jnp.where(below, lower, upper)
    far = tail < 0.25
    size = jnp.where(
        far,
        1 / jnp.tan(np.pi * jnp.where(far, tail, 0.25)),
        jnp.tan(_HALF_PI * jnp.where(far, 0.5, magnitude(lower - upper))),
    )
    return d.loc + d.scale * jnp.where(below, -size, size)


def _soft_laplace_place(d: Any, value: jax.Array) -> Score:
    z = _standard(d, value)
    return _symmetric(z, jnp.log(jnp.arctan(jnp.exp(-magnitude(z))) / _HALF_PI))


@law("SoftLaplace", dist.SoftLaplace, place=_soft_laplace_place)
def _soft_laplace(d: Any, score: Score) -> jax.Array:
    """log tan(pi/2 lower): by numpyro's density sech(z)/pi, not Laplace's."""
    below = score.lower < score.upper
    tail = jnp.where(below, score.lower, score.upper)
    size = jnp.log(jnp.tan(_HALF_PI * jnp.maximum(tail, jnp.finfo(tail.dtype).tiny)))
    return d.loc + d.scale * jnp.where(below, size, -size)


def _sides(d: Any) -> tuple[jax.Array, jax.Array, jax.Array]:
    """The scales left and right of loc, and the log of the probability on the left."""
    left, right = real(d.scale) * d.asymmetry, real(d.scale) / d.asymmetry
    return left, right, -jnp.log1p(real(d.asymmetry) ** -2)


def _asymmetric_laplace_place(d: Any, value: jax.Array) -> Score:
    left, right, log_left = _sides(d)
    z = value - real(d.loc)
    below = log_left + jnp.where(z < 0, z, 0) / left
    above = log_one_minus(log_left) - jnp.where(z < 0, 0, z) / right
    return LogScore(
        jnp.where(z < 0, below, log_one_minus(above)),
        jnp.where(z < 0, log_one_minus(below), above),
    )


@law("AsymmetricLaplace", dist.AsymmetricLaplace, place=_asymmetric_laplace_place)
def _asymmetric_laplace(d: Any, score: Score) -> jax.Array:
    left, right, log_left = _sides(d)
    below, above = log_tails(score)
    outside = below - log_left
    inside = above - log_one_minus(log_left)
    return d.loc + jnp.where(outside < 0, left * outside, -right * inside)


def _classic(d: Any) -> Any:
    """The same law by scale and asymmetry: asymmetry^2 is the odds of the quantile."""
    asymmetry = jnp.sqrt(real(d.quantile) / (1 - real(d.quantile)))
    scale = real(d.scale) * asymmetry / d.quantile
    return dist.AsymmetricLaplace(d.loc, scale, asymmetry, validate_args=False)


@law(
    "AsymmetricLaplace",
    dist.AsymmetricLaplaceQuantile,
    place=lambda d, value: _asymmetric_laplace_place(_classic(d), value),
)
def _asymmetric_laplace_quantile(d: Any, score: Score) -> jax.Array:
    return _asymmetric_laplace(_classic(d), score)
