"""What laws read from a score and how they make one: logarithms of both tails, flips.

A logarithm of a tail loses nothing where the tail itself rounds to 0 or to 1, so a law that is
exact in both tails reads `log_lower` or `log_upper`, and says where a value stands by a `LogScore`.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy.special import erfinv, ndtri

from scm.core.pytree import pytree
from scm.noise.score import NormalScore, Score, WordScore

__all__ = [
    "LogScore",
    "flipped",
    "half_normal",
    "log_lower",
    "log_normal_tail",
    "log_one_minus",
    "log_tails",
    "log_upper",
    "magnitude",
    "normal_of_log",
    "real",
]


_HALF_LOG_2PI = float(np.log(2 * np.pi) / 2)
_ROOT_HALF = float(np.sqrt(0.5))


@pytree
class LogScore(Score):
    """A score known by the logarithms of its two tails."""

    log_lower: jax.Array
    log_upper: jax.Array

    @property
    def lower(self) -> jax.Array:
        return jnp.exp(self.log_lower)

    @property
    def upper(self) -> jax.Array:
        return jnp.exp(self.log_upper)

    @property
    def normal(self) -> jax.Array:
        small = self.log_lower < self.log_upper
        size = normal_of_log(jnp.where(small, self.log_lower, self.log_upper))
        return jnp.where(small, size, -size)


def real(parameter: Any) -> jax.Array:
    """A parameter in the precision of the day."""
    return jnp.asarray(parameter, jnp.result_type(float))


def log_tails(score: Score) -> tuple[jax.Array, jax.Array]:
    """log(lower) and log(upper), both with full precision where the tail is near 0 and near 1."""
    if isinstance(score, LogScore):
        return score.log_lower, score.log_upper
    if isinstance(score, NormalScore):
        below, tail = score.value < 0, log_normal_tail(magnitude(score.value))
        rest = log_one_minus(tail)
        return jnp.where(below, tail, rest), jnp.where(below, rest, tail)
    lower, upper = score.lower, score.upper
    below = lower < upper
    return _log(below, lower, upper), _log(~below, upper, lower)


def _log(small: jax.Array, tail: jax.Array, other: jax.Array) -> jax.Array:
    """The log of a tail, by the other one where it is not ``small``."""
    rest = jnp.log1p(-jnp.where(small, 0.5, other))
    return jnp.where(small, jnp.log(jnp.maximum(tail, jnp.finfo(tail.dtype).tiny)), rest)


def log_lower(score: Score) -> jax.Array:
    """log(lower), with full precision."""
    return log_tails(score)[0]


def log_upper(score: Score) -> jax.Array:
    """log(upper), with full precision."""
    return log_tails(score)[1]


def log_normal_tail(size: jax.Array) -> jax.Array:
    """The log of the probability that a standard normal value is above ``size`` >= 0.

    Beyond what can be held it comes from the asymptotic series of Mills's ratio.
    """
    held = size < _far(size.dtype)
    near = jnp.log(lax.erfc(jnp.where(held, size, 1.0) * _ROOT_HALF) / 2)
    return jnp.where(held, near, _log_asymptote(jnp.where(held, 40.0, size)))


def _log_asymptote(size: jax.Array) -> jax.Array:
    s = size**-2
    series = -s * (1 - s * (3 - s * (15 - s * 105)))
    return -(size**2) / 2 - jnp.log(size) - _HALF_LOG_2PI + jnp.log1p(series)


def log_one_minus(log: jax.Array) -> jax.Array:
    """log(1 - exp(log)) for log <= 0: the other tail."""
    log = jnp.minimum(log, -jnp.finfo(log.dtype).tiny)
    near = log > -0.7
    return jnp.where(
        near,
        jnp.log(-jnp.expm1(jnp.where(near, log, -1.0))),
        jnp.log1p(-jnp.exp(jnp.where(near, -1.0, log))),
    )


def magnitude(z: jax.Array) -> jax.Array:
    """The absolute value, with slope 1 at 0 for sure: that of the branch which takes z >= 0."""
    return jnp.where(z < 0, -z, z)


def _far(dtype: Any) -> float:
    """From how far out on normal tails are computed by their asymptote: they cannot be held."""
    return 12.0 if dtype == jnp.float32 else 36.0


def flipped(score: Score, sign: Any = -1) -> Score:
    """The score with its tails exchanged where ``sign`` is negative."""
    if isinstance(sign, int | float) and sign > 0:
        return score
    turn = jnp.asarray(sign) < 0
    if isinstance(score, WordScore):
        mask = jnp.where(turn, np.uint32(0xFFFFFFFF), np.uint32(0))
        return WordScore(score.first ^ mask, score.second ^ mask)
    if isinstance(score, NormalScore):
        return NormalScore(jnp.where(turn, -score.value, score.value))
    below, above = log_tails(score)
    return LogScore(jnp.where(turn, above, below), jnp.where(turn, below, above))


def half_normal(score: Score) -> jax.Array:
    """The size of a standard normal value, at a score: exact near 0 and in the tail."""
    lower, upper = score.lower, score.upper
    small = lower < 0.5
    tiny = jnp.finfo(upper.dtype).tiny
    near = float(np.sqrt(2)) * erfinv(jnp.where(small, lower, 0.25))
    far = -ndtri(jnp.where(small, 0.25, jnp.maximum(upper, tiny) / 2))
    return jnp.where(small, near, far)


@jax.custom_jvp
def normal_of_log(log_tail: jax.Array) -> jax.Array:
    """The z <= 0 at which the log of the normal cdf is ``log_tail``, however small the tail.

    Where the tail can be held, its quantile; beyond, Newton's method on the asymptote, started from
    z^2 = -2 log_tail - log(2 pi z^2). The log of the cdf is concave, so the steps converge.
    """
    far = _far(log_tail.dtype)
    held = log_tail > -(far**2) / 2 - float(np.log(far)) - _HALF_LOG_2PI
    near = ndtri(jnp.exp(jnp.where(held, log_tail, -1.0)))
    log_tail = jnp.where(held, -800.0, log_tail)
    size = jnp.sqrt(-2 * log_tail - jnp.log(-4 * float(np.pi) * log_tail))
    for _ in range(3):
        size = size + (_log_asymptote(size) - log_tail) / size
    return jnp.where(held, near, -size)


@normal_of_log.defjvp
def _normal_of_log_jvp(primals: tuple, tangents: tuple) -> tuple[jax.Array, jax.Array]:
    """dz / dlog_tail is Mills's ratio."""
    z = normal_of_log(*primals)
    log_mills = log_normal_tail(magnitude(z)) + z**2 / 2 + _HALF_LOG_2PI
    return z, jnp.exp(log_mills) * tangents[0]
