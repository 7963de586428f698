"""What laws read from a score and how they make one: logarithms of both tails, flips.

A logarithm of a tail loses nothing where the tail itself rounds to 0 or to 1, so a law that is
exact in both tails reads `log_lower` or `log_upper`, and says where a value stands by a `LogScore`.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import erfinv, log_ndtr, ndtr, ndtri

from scm.core.pytree import pytree
from scm.noise.score import NormalScore, Score, WordScore

__all__ = [
    "LogScore",
    "flipped",
    "half_normal",
    "log_lower",
    "log_normal",
    "log_one_minus",
    "log_upper",
    "normal_of_log",
    "real",
]


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


def log_lower(score: Score) -> jax.Array:
    """log(lower), with full precision where lower is near 0 and where it is near 1."""
    if isinstance(score, LogScore):
        return score.log_lower
    if isinstance(score, NormalScore):
        return log_normal(score.value)
    return _log(score.lower, score.upper)


def log_upper(score: Score) -> jax.Array:
    """log(upper), with full precision where upper is near 0 and where it is near 1."""
    if isinstance(score, LogScore):
        return score.log_upper
    if isinstance(score, NormalScore):
        return log_normal(-score.value)
    return _log(score.upper, score.lower)


def log_normal(z: jax.Array) -> jax.Array:
    """log of the standard normal cdf; JAX's own loses its digits where that is near 1."""
    above = z > 0
    return jnp.where(above, jnp.log1p(-ndtr(-jnp.abs(z))), log_ndtr(jnp.where(above, -1.0, z)))


def _log(tail: jax.Array, rest: jax.Array) -> jax.Array:
    tiny = jnp.finfo(tail.dtype).tiny
    small = tail < 0.5
    return jnp.where(
        small, jnp.log(jnp.maximum(tail, tiny)), jnp.log1p(-jnp.where(small, 0.5, rest))
    )


def log_one_minus(log: jax.Array) -> jax.Array:
    """log(1 - exp(log)) for log <= 0: the other tail."""
    log = jnp.minimum(log, -jnp.finfo(log.dtype).tiny)
    near = log > -0.7
    return jnp.where(
        near,
        jnp.log(-jnp.expm1(jnp.where(near, log, -1.0))),
        jnp.log1p(-jnp.exp(jnp.where(near, -1.0, log))),
    )


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
    below, above = log_lower(score), log_upper(score)
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
    """The z <= 0 with ``log_ndtr(z) = log_tail``, however small the tail; log_tail <= log(1/2).

    Where the tail can be held, its quantile; beyond, the root of log_ndtr by Newton's method from
    the asymptote ``z^2 = -2 log_tail - log(2 pi z^2)``. log_ndtr is concave, so the steps converge.
    """
    limit = np.log(jnp.finfo(log_tail.dtype).tiny) + 8
    held = log_tail > limit
    z = ndtri(jnp.exp(jnp.where(held, log_tail, -1.0)))
    square = -2 * jnp.where(held, -100.0, log_tail)
    far = -jnp.sqrt(square - jnp.log(2 * np.pi * square))
    for _ in range(3):
        far = far - (log_ndtr(far) + square / 2) * jnp.exp(_log_mills(far))
    return jnp.where(held, z, far)


def _log_mills(z: jax.Array) -> jax.Array:
    """log of ndtr(z) over the density at z."""
    return log_ndtr(z) + z**2 / 2 + float(np.log(2 * np.pi) / 2)


@normal_of_log.defjvp
def _normal_of_log_jvp(primals: tuple, tangents: tuple) -> tuple[jax.Array, jax.Array]:
    z = normal_of_log(*primals)
    return z, jnp.exp(_log_mills(z)) * tangents[0]
