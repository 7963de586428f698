"""Discrete laws: ordered ones by their quantile function, unordered categories by Gumbel-max."""

from __future__ import annotations

import jax.numpy as jnp
from numpyro import distributions as dist

from scm.noise.laws.registry import Law, law, read_by
from scm.noise.score import Score

__all__ = ["gumbel"]


@law("Bernoulli", dist.BernoulliProbs, dist.BernoulliLogits)
def _bernoulli(d, score: Score):
    """The quantile: 1 for the upper ``probs`` of the scores."""
    return (score.upper < d.probs).astype(jnp.result_type(int))


@read_by(dist.CategoricalProbs, dist.CategoricalLogits)
def _categorical(d) -> Law:
    size = (d.probs if isinstance(d, dist.CategoricalProbs) else d.logits).shape[-1]
    return Law("Categorical", "gumbel", (size,), _categorical_value)


def _categorical_value(d, score: Score):
    return jnp.argmax(d.logits + gumbel(score), axis=-1).astype(jnp.result_type(int))


def gumbel(score: Score):
    """The standard Gumbel value of a score, -log(-log(lower)), exact in both tails."""
    below = jnp.where(score.lower < 0.5, -jnp.log(score.lower), -jnp.log1p(-score.upper))
    return -jnp.log(below)
