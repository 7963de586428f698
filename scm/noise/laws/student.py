"""Student's t: the square root of beta odds, with derivatives that hold at 0 too."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erf, gammaln
from numpyro import distributions as dist

from scm.noise.laws.beta import log_beta_quantile, log_beta_tails
from scm.noise.laws.inverse import targets
from scm.noise.laws.registry import law
from scm.noise.laws.scores import LogScore, log_one_minus, magnitude, real
from scm.noise.score import Score

__all__: list[str] = []

_LOG_2 = float(np.log(2))
_LOG_PI = float(np.log(np.pi))


def _log_tail(size: jax.Array, df: jax.Array) -> jax.Array:
    """log of the probability beyond size > 0: half the beta law of t^2 / (t^2 + df) above it."""
    tiny = jnp.finfo(size.dtype).tiny
    odds = 2 * jnp.log(jnp.maximum(size, tiny))  # (t^2 / df) / (a / b), a = 1/2, b = df/2
    return log_beta_tails(odds, jnp.full_like(odds, 0.5), df / 2)[1] - _LOG_2


def _place(d: Any, value: jax.Array) -> Score:
    z, df = jnp.broadcast_arrays((value - real(d.loc)) / d.scale, real(d.df))
    tail = _log_tail(magnitude(z), df)
    rest = log_one_minus(tail)
    return LogScore(jnp.where(z < 0, tail, rest), jnp.where(z < 0, rest, tail))


@law("StudentT", dist.StudentT, place=_place)
def _student_t(d: Any, score: Score) -> jax.Array:
    return d.loc + d.scale * _quantile(*targets(score), real(d.df))


@jax.custom_jvp
def _quantile(below: jax.Array, above: jax.Array, normal: jax.Array, df: jax.Array) -> jax.Array:
    """The t with these log tails. The law of its size has twice the smaller tail above it."""
    below, above, normal, df = jnp.broadcast_arrays(below, above, normal, df)
    beyond = jnp.minimum(below, above) + _LOG_2
    inside = jnp.log(jnp.maximum(erf(jnp.abs(normal) / np.sqrt(2)), jnp.finfo(df.dtype).tiny))
    inside = jnp.where(beyond < -_LOG_2, log_one_minus(beyond), inside)
    odds = log_beta_quantile(inside, beyond, normal, jnp.full_like(df, 0.5), df / 2)
    return jnp.sign(normal) * jnp.exp(odds / 2)


@_quantile.defjvp
def _quantile_jvp(primals: tuple, tangents: tuple) -> tuple[jax.Array, jax.Array]:
    """The implicit derivative, by the density: log|t| has none at t = 0."""
    df = primals[3]
    t = _quantile(*primals)
    size, lower = jnp.abs(t), t < 0
    log_tail, moved = jax.jvp(lambda df: _log_tail(size, df), (df,), (jnp.ones_like(df),))
    hazard = jnp.exp(_log_density(t, df) - log_tail)
    target = jnp.where(lower, tangents[0], -tangents[1])
    return t, (target + jnp.where(lower, -moved, moved) * tangents[3]) / hazard


def _log_density(t: jax.Array, df: jax.Array) -> jax.Array:
    half = df / 2
    ratio = jnp.where(
        half < 1e3,
        gammaln(jnp.minimum(half, 1e3) + 0.5) - gammaln(jnp.minimum(half, 1e3)),
        jnp.log(half) / 2 - 1 / (8 * half),
    )
    return ratio - (jnp.log(df) + _LOG_PI) / 2 - (half + 0.5) * jnp.log1p(t**2 / df)
