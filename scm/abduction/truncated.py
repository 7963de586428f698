"""The standard normal law between two scores: its probability, and draws from it."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.special import log_ndtr

from scm.noise.laws.scores import log_one_minus, normal_of_log

__all__ = ["between", "log_probability"]


def log_probability(low: Any, high: Any) -> Any:
    """log(Phi(high) - Phi(low)) of low < high, by the smaller tails."""
    low, high = _turned(low, high)
    below, above = log_ndtr(low), log_ndtr(high)
    return above + log_one_minus(jnp.minimum(below - above, 0.0))


def between(low: Any, high: Any, lower: Any, upper: Any) -> Any:
    """The score between two others at a place in (0, 1), ``lower + upper = 1``.

    >>> bool(between(-jnp.inf, jnp.inf, jnp.asarray(0.5), jnp.asarray(0.5)) == 0)
    True
    """
    turn = _turns(low, high)
    start, end = _turned(low, high)
    share = jnp.where(turn, upper, lower)
    first, last = log_ndtr(start), log_ndtr(end)
    log = jnp.logaddexp(first + jnp.log1p(-share), last + jnp.log(share))
    log = jnp.minimum(log, -jnp.finfo(log.dtype).tiny)
    half = -jnp.log(jnp.asarray(2.0, log.dtype))
    left = log < half
    z = jnp.where(
        left,
        normal_of_log(jnp.where(left, log, -1.0)),
        -normal_of_log(log_one_minus(jnp.where(left, -0.1, log))),
    )
    return jnp.clip(jnp.where(turn, -z, z), low, high)


def _turns(low: Any, high: Any) -> Any:
    """Whether the middle is on the right, so that upper tails are the smaller ones."""
    return low + high > 0


def _turned(low: Any, high: Any) -> tuple[jax.Array, jax.Array]:
    turn = _turns(low, high)
    return jnp.where(turn, -high, low), jnp.where(turn, -low, high)
