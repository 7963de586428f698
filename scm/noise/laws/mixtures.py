"""Mixtures of scalar laws: the quantile lies between the components' own at the same score."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp
from numpyro import distributions as dist

from scm.noise.laws.counts import reaching
from scm.noise.laws.inverse import solved, targets
from scm.noise.laws.registry import Law, read, read_by, sampler
from scm.noise.laws.scores import LogScore, log_tails, real
from scm.noise.score import Score

__all__: list[str] = []


@read_by(dist.MixtureSameFamily, dist.MixtureGeneral)
def _mixture(d: Any) -> Law:
    """By its components; a sampler where one of them has no quantile or no place."""
    laws = [read(each) for each in _parts(d)]
    families = sorted({each.family for each in laws})
    family = f"Mixture({', '.join(families)})"
    if d.event_shape or any(each.kind != "quantile" or each.place is None for each in laws):
        return sampler(family)
    return Law(family, "quantile", d.batch_shape, _value, _place)


def _parts(d: Any) -> Sequence[Any]:
    """The components: one law with an axis for them, or a list."""
    if isinstance(d, dist.MixtureSameFamily):
        return [d.component_distribution]
    return d.component_distributions


def _values(d: Any, score: Score) -> jax.Array:
    """Every component's quantile, on a last axis."""
    if isinstance(d, dist.MixtureSameFamily):
        last = jax.tree.map(lambda leaf: jnp.expand_dims(leaf, -1), score)
        return read(d.component_distribution).value(d.component_distribution, last)
    values = [read(each).value(each, score) for each in d.component_distributions]
    return _stacked(values)


def _log_weights(d: Any) -> jax.Array:
    mixing = d.mixing_distribution
    if isinstance(mixing, dist.CategoricalProbs):
        return jnp.log(real(mixing.probs))
    return jax.nn.log_softmax(real(mixing.logits))


def _place(d: Any, value: jax.Array) -> Score:
    """Weighted sums of the components' tails."""
    if isinstance(d, dist.MixtureSameFamily):
        tails = _tails(d.component_distribution, value[..., None])
    else:
        each = [_tails(part, value) for part in d.component_distributions]
        tails = _stacked([below for below, _ in each]), _stacked([above for _, above in each])
    weights = _log_weights(d)
    below, above = (logsumexp(weights + side, axis=-1) for side in tails)
    return LogScore(below, above)


def _stacked(values: Sequence[jax.Array]) -> jax.Array:
    return jnp.stack(jnp.broadcast_arrays(*values), axis=-1)


def _tails(part: Any, value: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The log tails of one component, outside its support too."""
    place = read(part).place
    assert place is not None
    low, high = _bounds(part)
    under = jnp.zeros(jnp.shape(value), bool) if low is None else value < low
    over = jnp.zeros(jnp.shape(value), bool) if high is None else value > high
    inside = jnp.where(under | over, _inner(low, high), value)
    score = place(part, inside.astype(jnp.asarray(value).dtype))
    below, above = log_tails(score)
    return (
        jnp.where(under, -jnp.inf, jnp.where(over, 0.0, below)),
        jnp.where(over, -jnp.inf, jnp.where(under, 0.0, above)),
    )


def _bounds(part: Any) -> tuple[Any, Any]:
    support = part.support
    return getattr(support, "lower_bound", None), getattr(support, "upper_bound", None)


def _inner(low: Any, high: Any) -> Any:
    """A value inside the bounds, to be computed with where the result is not used."""
    if low is None:
        return 0.0 if high is None else high - 1
    return low + 1 if high is None else low + (high - low) / 2


_solve = solved(_place)


def _value(d: Any, score: Score) -> jax.Array:
    values = _values(d, score)
    low, high = jnp.min(values, axis=-1), jnp.max(values, axis=-1)
    if not d.is_discrete:
        return _solve(*targets(score), d, low, high)

    return reaching(score, lambda d, k: log_tails(_place(d, k)), d, real(low), low, high)
