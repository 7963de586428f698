"""Laws with finitely many values: which they are, and how probable."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpyro import distributions as dist

__all__ = ["probabilities", "support_of"]


def support_of(distribution: Any) -> np.ndarray | None:
    """The values that a scalar discrete law can take, in order; None if they are not finitely many.

    Only what does not depend on traced parameters is read: a Binomial whose count is traced has
    no list here.

    >>> support_of(dist.Bernoulli(0.3))
    array([0, 1])
    >>> support_of(dist.Poisson(2.0)) is None
    True
    """
    match distribution:
        case dist.BernoulliProbs() | dist.BernoulliLogits():
            return np.arange(2)
        case dist.CategoricalProbs():
            return np.arange(distribution.probs.shape[-1])
        case dist.CategoricalLogits():
            return np.arange(distribution.logits.shape[-1])
        case dist.OrderedLogistic():
            return np.arange(distribution.cutpoints.shape[-1] + 1)
        case dist.BinomialProbs() | dist.BinomialLogits():
            return _whole(0, distribution.total_count)
        case dist.DiscreteUniform():
            return _whole(distribution.low, distribution.high)
    return None


def _whole(low: Any, high: Any) -> np.ndarray | None:
    """The whole numbers from low to high, both included, where both are concrete."""
    if any(isinstance(each, jax.core.Tracer | jax.ShapeDtypeStruct) for each in (low, high)):
        return None
    return np.arange(int(low), int(high) + 1)


def probabilities(distribution: Any, values: Any) -> jax.Array:
    """The probability of each value, shape of ``values``; traceable in the law's parameters.

    >>> probabilities(dist.Bernoulli(0.25), np.arange(2))
    Array([0.75, 0.25], dtype=float32)
    """
    if isinstance(distribution, dist.BernoulliProbs | dist.CategoricalProbs):
        table = distribution.probs
        if isinstance(distribution, dist.BernoulliProbs):
            table = jnp.stack([1 - table, table])
        return jnp.asarray(table)[jnp.asarray(values)]
    return jnp.exp(distribution.log_prob(jnp.asarray(values)))
