"""Laws with finitely many values: which they are, and how probable each is."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import betaln, gammaln, xlog1py, xlogy
from numpyro import distributions as dist
from numpyro.distributions import Distribution

__all__ = ["probabilities", "support_of"]

_WRAPPERS = (dist.MaskedDistribution, dist.ExpandedDistribution)
_INFLATED = (dist.ZeroInflatedProbs, dist.HurdleProbs)


def support_of(distribution: Distribution) -> np.ndarray | None:
    """The values of a scalar discrete law in increasing order; None where there is no finite list.

    `Bernoulli`, `Categorical`, `OrderedLogistic`, and where the bounds are numbers and not tracers
    `Binomial`, `BetaBinomial`, `DiscreteUniform` and `Delta`; zero-inflated and hurdle laws of
    these.

    >>> from numpyro.distributions import BinomialProbs, Poisson
    >>> support_of(BinomialProbs(0.5, 3))
    array([0, 1, 2, 3])
    >>> support_of(Poisson(1.0)) is None
    True
    """
    d: Any = distribution
    if d.batch_shape != () or d.event_shape != ():
        return None
    if isinstance(d, _WRAPPERS):
        return support_of(d.base_dist)
    if isinstance(d, _INFLATED):
        inner = support_of(d.base_dist) if d.base_dist.is_discrete else None
        return None if inner is None else np.union1d(inner, [0])
    if isinstance(d, dist.BernoulliProbs | dist.BernoulliLogits):
        return np.arange(2)
    if isinstance(d, dist.OrderedLogistic):
        return np.arange(jnp.shape(d.cutpoints)[-1] + 1)
    if isinstance(d, dist.CategoricalProbs):
        return np.arange(jnp.shape(d.probs)[-1])
    if isinstance(d, dist.CategoricalLogits):
        return np.arange(jnp.shape(d.logits)[-1])
    if isinstance(d, dist.BinomialProbs | dist.BinomialLogits | dist.BetaBinomial):
        return _range(0, d.total_count)
    if isinstance(d, dist.DiscreteUniform):
        return _range(d.low, d.high)
    if isinstance(d, dist.Delta) and not isinstance(d.v, jax.core.Tracer):
        return np.atleast_1d(np.asarray(d.v))
    return None


def _range(low: Any, high: Any) -> np.ndarray | None:
    if isinstance(low, jax.core.Tracer) or isinstance(high, jax.core.Tracer):
        return None
    return np.arange(int(np.asarray(low).item()), int(np.asarray(high).item()) + 1)


def probabilities(distribution: Distribution, values: Any) -> jax.Array:
    """The probabilities of these values, shape (values,), under a law that `support_of` knows.

    Traceable and differentiable in the parameters; exactly 0 and 1 where they are.

    Raises:
        TypeError: the law is not one of those.

    >>> from numpyro.distributions import BernoulliProbs
    >>> probabilities(BernoulliProbs(0.25), np.arange(2))
    Array([0.75, 0.25], dtype=float32)
    """
    d: Any = distribution
    k = jnp.asarray(values)
    if isinstance(d, _WRAPPERS):
        return probabilities(d.base_dist, values)
    if isinstance(d, _INFLATED):
        return _inflated(d, k)
    if isinstance(d, dist.BernoulliProbs):
        return jnp.where(k == 1, d.probs, jnp.where(k == 0, 1 - _real(d.probs), 0.0))
    if isinstance(d, dist.BernoulliLogits):
        logits = _real(d.logits)
        chance = jax.nn.sigmoid(jnp.where(k == 1, logits, -logits))
        return jnp.where((k == 0) | (k == 1), chance, 0.0)
    if isinstance(d, dist.OrderedLogistic):
        return _listed(_ordered_logistic(d), k)
    if isinstance(d, dist.CategoricalProbs):
        return _listed(_real(d.probs), k)
    if isinstance(d, dist.CategoricalLogits):
        return _listed(jax.nn.softmax(_real(d.logits)), k)
    if isinstance(d, dist.DiscreteUniform):
        return jnp.where((k >= d.low) & (k <= d.high), 1 / (_real(d.high) - _real(d.low) + 1), 0.0)
    if isinstance(d, dist.Delta):
        return jnp.where(k == d.v, 1.0, 0.0)
    if isinstance(d, dist.BinomialProbs | dist.BinomialLogits | dist.BetaBinomial):
        return _trials(d, k)
    raise TypeError(
        f"{type(d).__name__}: probabilities of values are wanted, but it is no law of finitely "
        "many values; see support_of"
    )


def _real(parameter: Any) -> jax.Array:
    return jnp.asarray(parameter, jnp.result_type(float))


def _listed(chances: jax.Array, k: jax.Array) -> jax.Array:
    """Entry k of a list of probabilities; 0 outside it."""
    size = chances.shape[-1]
    return jnp.where((k >= 0) & (k < size), chances[jnp.clip(k, 0, size - 1)], 0.0)


def _ordered_logistic(d: Any) -> jax.Array:
    """Differences of sigmoid(cutpoint - predictor), each taken in the smaller tail."""
    z = _real(d.cutpoints) - _real(d.predictor)[..., None]
    below, above = jax.nn.sigmoid(z), jax.nn.sigmoid(-z)
    inner = jnp.where(z[1:] < 0, below[1:] - below[:-1], above[:-1] - above[1:])
    return jnp.concatenate([below[:1], inner, above[-1:]])


def _trials(d: Any, k: jax.Array) -> jax.Array:
    n = _real(d.total_count)
    inside = (_real(k) >= 0) & (_real(k) <= n)
    hits = jnp.clip(_real(k), 0, n)
    misses = n - hits
    ways = gammaln(n + 1) - gammaln(hits + 1) - gammaln(misses + 1)
    ways = jnp.where((hits == 0) | (misses == 0), 0.0, ways)
    if isinstance(d, dist.BinomialProbs):
        chance = _real(d.probs)
        log = xlogy(hits, chance) + xlog1py(misses, -chance)
    elif isinstance(d, dist.BinomialLogits):
        logits = _real(d.logits)
        log = -hits * jax.nn.softplus(-logits) - misses * jax.nn.softplus(logits)
    else:
        one, zero = _real(d.concentration1), _real(d.concentration0)
        log = betaln(hits + one, misses + zero) - betaln(one, zero)
    return jnp.where(inside, jnp.exp(ways + log), 0.0)


def _inflated(d: Any, k: jax.Array) -> jax.Array:
    own = probabilities(d.base_dist, k)
    if isinstance(d, dist.ZeroInflatedProbs):
        gate = _gate(d)
        return jnp.where(k == 0, gate, 0.0) + (1 - gate) * own
    gate = _gate(d)
    rest = 1 - probabilities(d.base_dist, jnp.zeros(1, k.dtype))[0]
    return jnp.where(k == 0, gate, (1 - gate) * own / rest)


def _gate(d: Any) -> jax.Array:
    if hasattr(d, "gate_logits"):
        return jax.nn.sigmoid(_real(d.gate_logits))
    return _real(d.gate)
