"""The size |X| of a continuous law: its quantile lies between those of X's own two ends."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp
from numpyro import distributions as dist

from scm.noise.laws.inverse import solved, targets
from scm.noise.laws.registry import Law, read, read_by, sampler
from scm.noise.laws.scores import LogScore, log_lower, log_one_minus, log_upper
from scm.noise.score import Score

__all__: list[str] = []

_NEAR = -1e-2
"""From which log of P(|X| > x) on P(|X| <= x) is no difference of tails any more."""

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(3)


@read_by(dist.FoldedDistribution)
def _folded(d: Any) -> Law:
    base = read(d.base_dist)
    if base.kind != "quantile" or base.place is None or d.is_discrete:
        return sampler(f"Folded({base.family})")
    return Law(f"Folded({base.family})", "quantile", base.shape, _value, _place)


def _place(d: Any, value: jax.Array) -> Score:
    """Both of X's tails beyond the size; about 0, where they leave nothing, X's density."""
    place = read(d.base_dist).place
    assert place is not None
    high, low = place(d.base_dist, value), place(d.base_dist, -value)
    outside = jnp.logaddexp(log_upper(high), log_lower(low))
    near = outside > _NEAR
    size = jnp.where(near, jnp.maximum(value, jnp.finfo(outside.dtype).tiny), 1.0)
    densities = jnp.stack([d.base_dist.log_prob(size * float(node)) for node in _NODES], axis=-1)
    inside = jnp.log(size) + logsumexp(densities, axis=-1, b=_WEIGHTS.astype(outside.dtype))
    return LogScore(jnp.where(near, inside, log_one_minus(outside)), outside)


_solve = solved(_place)


def _value(d: Any, score: Score) -> jax.Array:
    """P(|X| <= x) passes the score between the two sizes that X has half of ``upper`` beyond.

    Where ``upper`` is 1 to rounding, they may both be 0: about ``lower`` over the density is meant.
    """
    value = read(d.base_dist).value
    below, half = log_lower(score), log_upper(score) - float(np.log(2))
    rest = log_one_minus(half)
    up, down = value(d.base_dist, LogScore(rest, half)), -value(d.base_dist, LogScore(half, rest))
    low, high = jnp.maximum(jnp.minimum(up, down), 0), jnp.maximum(up, down)
    guess = jnp.exp(below - d.base_dist.log_prob(jnp.zeros_like(low))) / 2
    near = (below < float(np.log(-_NEAR))) & jnp.isfinite(guess)
    low = jnp.where(near, jnp.minimum(low, guess / 2), low)
    return _solve(*targets(score), d, low, jnp.where(near, jnp.maximum(high, 2 * guess), high))
