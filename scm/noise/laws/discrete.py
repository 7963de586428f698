"""Discrete laws: ordered ones by their quantile function, unordered categories by Gumbel-max."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from numpyro import distributions as dist

from scm.noise.laws.registry import Law, law, read_by
from scm.noise.laws.scores import LogScore, log_lower, log_tails, real
from scm.noise.score import Score

__all__ = ["gumbel"]


def _logs(lower: jax.Array, upper: jax.Array) -> LogScore:
    return LogScore(jnp.log(lower), jnp.log(upper))


def _bernoulli_place(d: Any, value: jax.Array) -> Score:
    if isinstance(d, dist.BernoulliLogits):
        logits = real(d.logits)
        zero, one = jax.nn.log_sigmoid(-logits), jax.nn.log_sigmoid(logits)
    else:
        zero, one = jnp.log1p(-real(d.probs)), jnp.log(real(d.probs))
    inside = (value >= 0) & (value < 1)
    return LogScore(
        jnp.where(inside, zero, jnp.where(value < 0, -jnp.inf, 0.0)),
        jnp.where(inside, one, jnp.where(value < 0, 0.0, -jnp.inf)),
    )


@law("Bernoulli", dist.BernoulliProbs, place=_bernoulli_place)
def _bernoulli(d: Any, score: Score) -> jax.Array:
    """The quantile: 1 for the upper ``probs`` of the scores."""
    return (score.upper < d.probs).astype(jnp.result_type(int))


@law("Bernoulli", dist.BernoulliLogits, place=_bernoulli_place)
def _bernoulli_logits(d: Any, score: Score) -> jax.Array:
    """As by ``probs``, compared in the smaller tail: probs may be too near 1 to be told from it."""
    logits = real(d.logits)
    rarer = jax.nn.sigmoid(-jnp.abs(logits))
    one = jnp.where(logits < 0, score.upper < rarer, score.lower > rarer)
    return one.astype(jnp.result_type(int))


def _discrete_uniform_place(d: Any, value: jax.Array) -> Score:
    size = real(d.high) - real(d.low) + 1
    count = jnp.clip(jnp.floor(real(value)) - real(d.low) + 1, 0, size)
    return _logs(count / size, (size - count) / size)


@law("DiscreteUniform", dist.DiscreteUniform, place=_discrete_uniform_place)
def _discrete_uniform(d: Any, score: Score) -> jax.Array:
    """low + ceil(lower size) - 1, counted from the nearer end."""
    kind = jnp.result_type(int)
    low, high = jnp.asarray(d.low, kind), jnp.asarray(d.high, kind)
    size = real(high - low) + 1
    from_low = low + jnp.ceil(score.lower * size).astype(kind) - 1
    from_high = high - jnp.floor(score.upper * size).astype(kind)
    return jnp.clip(jnp.where(score.lower < 0.5, from_low, from_high), low, high)


def _ordered_logistic_place(d: Any, value: jax.Array) -> Score:
    z = real(d.cutpoints) - real(d.predictor)[..., None]
    ends = jnp.full((*z.shape[:-1], 1), jnp.inf, z.dtype)
    z = jnp.concatenate([-ends, z, ends], axis=-1)
    at = jnp.clip(jnp.floor(value).astype(jnp.result_type(int)) + 1, 0, z.shape[-1] - 1)
    z, at = jnp.broadcast_arrays(z, at[..., None])
    cut = jnp.take_along_axis(z, at[..., :1], axis=-1)[..., 0]
    return LogScore(jax.nn.log_sigmoid(cut), jax.nn.log_sigmoid(-cut))


@law("OrderedLogistic", dist.OrderedLogistic, place=_ordered_logistic_place)
def _ordered_logistic(d: Any, score: Score) -> jax.Array:
    """How many cutpoints lie below predictor + logistic noise."""
    below, above = log_tails(score)
    noise = real(d.predictor) + below - above
    return jnp.sum(d.cutpoints < noise[..., None], axis=-1).astype(jnp.result_type(int))


@read_by(dist.CategoricalProbs, dist.CategoricalLogits)
def _categorical(d: Any) -> Law:
    size = (d.probs if isinstance(d, dist.CategoricalProbs) else d.logits).shape[-1]
    return Law("Categorical", "gumbel", (*d.batch_shape, size), _categorical_value)


def _categorical_value(d: Any, score: Score) -> jax.Array:
    return jnp.argmax(d.logits + gumbel(score), axis=-1).astype(jnp.result_type(int))


def gumbel(score: Score) -> jax.Array:
    """The standard Gumbel value of a score, -log(-log(lower)), exact in both tails."""
    return -jnp.log(-log_lower(score))
