"""Where laws are defined: parameters within their constraints, and means that are means."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
from numpyro import distributions as dist
from numpyro.distributions import Distribution, constraints

from scm.core.leaves import flatten

__all__ = ["bounded_leaves", "mean_of", "valid"]

_FREE = (constraints.real, constraints.real_vector, constraints.real_matrix)


def valid(distribution: Distribution) -> jax.Array:
    """Whether every parameter of a law is where its family is defined: a boolean scalar.

    numpyro's own check is off by default and impossible under a trace; without it a probability
    of 1.4 or a rate that is not a number would be drawn from in silence.

    >>> valid(dist.Bernoulli(0.3)), valid(dist.Bernoulli(1.3, validate_args=False))
    (Array(True, dtype=bool), Array(False, dtype=bool))
    """
    fine = jnp.asarray(True)
    for value, constraint in _parameters(distribution):
        fine &= jnp.all(jnp.isfinite(value)) & jnp.all(constraint(value))
    for law in _levels(distribution):
        if isinstance(law, dist.Uniform):
            fine &= jnp.all(law.low < law.high)
        elif isinstance(law, dist.DiscreteUniform):
            fine &= jnp.all(law.low <= law.high)
    return fine


def bounded_leaves(distribution: Distribution) -> list[bool]:
    """For each leaf of a law, in the order of `scm.core.leaves.flatten`, whether its family is
    defined only where that stays in bounds."""
    bounded = [id(value) for value, constraint in _parameters(distribution)
               if not any(constraint is each for each in _FREE)]  # fmt: skip
    return [id(leaf) in bounded for leaf in flatten(distribution)[0]]


def mean_of(distribution: Distribution) -> Any:
    """The mean of a law. Raises NotImplementedError where there is none, or another thing by that
    name: the mean of a direction is no average of its values."""
    for law in _levels(distribution):
        if law.support is constraints.circular or isinstance(law, dist.SineSkewed):
            raise NotImplementedError(type(law).__name__)
    return distribution.mean


def _levels(distribution: Any) -> Iterator[Any]:
    """A law and the laws that it wraps."""
    while True:
        yield distribution
        if not isinstance(getattr(distribution, "base_dist", None), Distribution):
            return
        distribution = distribution.base_dist


def _parameters(distribution: Any) -> Iterator[tuple[Any, Any]]:
    """The parameters that are held, each with its constraint, where that stands alone."""
    for law in _levels(distribution):
        for name, constraint in law.arg_constraints.items():
            if name in law.__dict__ and not _depends(constraint):
                yield law.__dict__[name], constraint


def _depends(constraint: Any) -> bool:
    inner = getattr(constraint, "base_constraint", constraint)
    return inner is constraints.dependent or "Dependent" in type(inner).__name__
