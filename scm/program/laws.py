"""Laws of many units: what an assignment returns for one unit, made a NumPyro law of them all.

A law that was vectorised by JAX has parameters with an axis of units, and does not know of it.
Where its constructor makes it again from its parameters it becomes a law of its own family, which
NumPyro's handlers know how to reparametrise and to enumerate; any other is wrapped.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
import numpyro
from numpyro import distributions as dist
from numpyro.distributions import Distribution

from scm.program.units import over_units

__all__ = ["batched", "sampled"]


def sampled(site: str, law: Any) -> Any:
    """A sample site; of a law with one value a deterministic one: no sampler could move it."""
    if _is_point(law):
        while not hasattr(law, "v"):
            law = law.base_dist
        return numpyro.deterministic(site, jnp.asarray(law.v))
    return jnp.asarray(numpyro.sample(site, law))


def _is_point(law: Any) -> bool:
    """Whether a law has one value: no site to be sampled, whatever NumPyro calls it."""
    while hasattr(law, "base_dist") and not isinstance(law, dist.TransformedDistribution):
        law = law.base_dist
    return isinstance(law, dist.Delta)


def batched(law: Distribution, batch: tuple[int, ...]) -> Distribution:
    """The law of units, from one unit's whose parameters have the axes ``batch`` in front.

    >>> from numpyro.distributions import Normal
    >>> law = jax.vmap(lambda loc: Normal(loc, 1.0))(jnp.arange(3.0))
    >>> law.batch_shape, batched(law, (3,)).batch_shape
    ((), (3,))
    """
    if not batch:
        return law
    try:
        made = _made_again(law, batch, len(law.batch_shape))
    except NotImplementedError:
        return _PerUnit(law, batch)
    assert made.batch_shape == batch
    assert made.event_shape == law.event_shape
    return made


def _made_again(law: Any, batch: tuple[int, ...], rank: int) -> Distribution:
    """By constructors, each parameter with ``rank`` axes of its own between batch and event."""
    if isinstance(law, dist.Independent):
        base = _made_again(law.base_dist, batch, rank + law.reinterpreted_batch_ndims)
        return base.to_event(law.reinterpreted_batch_ndims)
    if isinstance(law, dist.ExpandedDistribution):
        return _made_again(law.base_dist, batch, rank).expand((*batch, *law.batch_shape))
    family = type(law)
    names = [each for each in family.arg_constraints if each in law.__dict__]
    first = jax.tree.map(lambda x: x[(0,) * len(batch)], law)
    _check_made(family, {each: first.__dict__[each] for each in names}, first)
    parameters = {}
    for each in names:
        value = law.__dict__[each]
        if not isinstance(value, jax.Array):  # part of the law's structure
            parameters[each] = value
            continue
        own = value.ndim - len(batch) - family.arg_constraints[each].event_dim
        ones = (1,) * (rank - own)
        parameters[each] = value.reshape(*batch, *ones, *value.shape[len(batch) :])
    return family(**parameters)


def _check_made(family: Any, parameters: dict[str, Any], law: Distribution) -> None:
    """Refuses a family whose constructor does not give the law back from its parameters."""
    if not parameters or any(isinstance(x, Distribution) for x in parameters.values()):
        raise NotImplementedError(family.__name__)
    try:
        again = family(**parameters)
    except (TypeError, ValueError, NotImplementedError) as error:
        raise NotImplementedError(family.__name__) from error
    made, wanted = (str(jax.tree.structure(each)) for each in (again, law))
    if made != wanted:
        raise NotImplementedError(family.__name__)


class _PerUnit(Distribution):
    """Laws of one structure, one for each unit."""

    arg_constraints: dict[str, Any] = {}  # noqa: RUF012
    pytree_data_fields = ("law",)

    def __init__(self, law: Distribution, batch: tuple[int, ...]) -> None:
        self.law = law
        super().__init__(batch, law.event_shape)

    def _over(self, fn: Any, other: Any, rank: int) -> Any:
        ranks = jax.tree.map(lambda x: jnp.ndim(x) - len(self.batch_shape), self.law)
        return over_units(lambda each: fn(*each), (self.law, other), (ranks, rank))

    @property
    def support(self) -> Any:
        """That of each unit's law."""
        units = jnp.zeros(self.batch_shape)
        found = self._over(lambda law, _: law.support, units, 0)
        places = len(self.batch_shape)

        def aligned(bound: Any) -> Any:
            ones = (1,) * (self.event_dim + places - bound.ndim)
            return bound.reshape(*self.batch_shape, *ones, *bound.shape[places:])

        return jax.tree.map(aligned, found)

    def sample(self, key: Any, sample_shape: tuple[int, ...] = ()) -> Any:
        """Each unit's own draw."""
        shape = (*sample_shape, *self.batch_shape)
        keys = jax.random.split(key, math.prod(shape))
        keys = keys.reshape(*shape, *keys.shape[1:])
        return self._over(lambda law, key: law.sample(key), keys, keys.ndim - len(shape))

    def log_prob(self, value: Any, intermediates: Any = None) -> Any:
        """The log density or probability of each unit's value."""
        return self._over(lambda law, x: law.log_prob(x), value, self.event_dim)
