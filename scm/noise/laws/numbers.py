"""Distributions with every number an array, whatever it was typed as."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpyro import distributions as dist
from numpyro.distributions import Distribution
from numpyro.distributions.constraints import Constraint
from numpyro.distributions.transforms import PermuteTransform

from scm.noise.laws.finite import probabilities, support_of

__all__ = ["canonical", "probabilities", "support_of"]

_SET_BY_USER = {(dist.Delta, "v")}
"""Parameters that keep the kind of number they were typed as: a whole value is a value, too."""


def canonical(distribution: Distribution) -> Distribution:
    """The same distribution, every numeric parameter an array leaf of its pytree.

    Numbers of Python and NumPy become NumPy arrays: float64 where the parameter is real, whether
    typed 0 or 0.0; int64 where it is discrete (``total_count``, the bounds of `DiscreteUniform`).
    JAX arrays and tracers keep their value and precision; whole ones become floats where the
    parameter is real. The value of a `Delta` keeps its kind. Nested distributions, transforms and
    supports are treated alike.

    So one law spelled in two ways is one pytree structure with the same leaf types, and compiles
    once; and all of its parameters can be traced and differentiated.

    Raises:
        TypeError: a parameter is not a number, or JAX cannot rebuild the distribution.
        ValueError: a discrete parameter is not whole.

    >>> from numpyro.distributions import Normal
    >>> sorted(jax.tree.leaves(canonical(Normal(0, 1))))
    [array(0.), array(1.)]
    """
    family = type(distribution)
    fields, fixed = distribution.tree_flatten()
    names = family.gather_pytree_data_fields()
    arrays = [_array(field, family, name) for name, field in zip(names, fields, strict=True)]
    try:
        made = family.tree_unflatten(fixed, tuple(arrays))
    except AttributeError as error:
        raise TypeError(
            f"{family.__name__}: numpyro cannot rebuild it from its parts ({error}), so it cannot "
            "be traced; write it by its parts, as HurdleDistribution(NegativeBinomial2(...), gate)"
        ) from error
    if isinstance(made, dist.Beta):
        _stack_again(made)
    return made


def _array(field: Any, family: type[Distribution], name: str) -> Any:
    """One field of a distribution, its numbers as arrays."""
    discrete, kept = _is_discrete(family, name), (family, name) in _SET_BY_USER

    def convert(part: Any) -> Any:
        if isinstance(part, Distribution):
            return canonical(part)
        if isinstance(part, PermuteTransform):
            return jax.tree.map(lambda at: _number(at, "whole", family, name), part)
        if isinstance(part, Constraint):
            kind = "whole" if _bounds_are_whole(part) else "real"
            return jax.tree.map(lambda bound: _number(bound, kind, family, name), part)
        return _number(part, "kept" if kept else "whole" if discrete else "real", family, name)

    parts = (Distribution, PermuteTransform, Constraint)
    return jax.tree.map(convert, field, is_leaf=lambda part: isinstance(part, parts))


def _is_discrete(family: type[Distribution], name: str) -> bool:
    for ancestor in family.__mro__:
        constraint = ancestor.__dict__.get("arg_constraints", {}).get(name)
        if constraint is not None:
            return _bounds_are_whole(constraint)
    return False


def _bounds_are_whole(constraint: Constraint) -> bool:
    try:
        return constraint.is_discrete
    except NotImplementedError:  # a constraint that depends on other parameters, and does not say
        return False


def _number(value: Any, kind: str, family: type[Distribution], name: str) -> Any:
    if isinstance(value, jax.Array):
        if kind != "real" or not _is_whole_type(value.dtype):
            return value
        return value.astype(jnp.result_type(float))
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{family.__name__}: {name} must be a number or an array of numbers, given {value!r} "
            f"of type {type(value).__name__}"
        )
    if kind == "real":
        return array.astype(np.float64)
    if kind == "whole" and array.dtype.kind == "f":
        if not np.all(array == np.round(array)):
            raise ValueError(f"{family.__name__}: {name} must be whole, given {value!r}")
        return array.astype(np.int64)
    widest = {"b": np.bool_, "i": np.int64, "u": np.int64, "f": np.float64}
    return array.astype(widest[array.dtype.kind])


def _is_whole_type(dtype: Any) -> bool:
    return jnp.issubdtype(dtype, jnp.integer) or jnp.issubdtype(dtype, jnp.bool_)


def _stack_again(beta: Any) -> None:
    """A Beta's derived Dirichlet, made again: numpyro made it in the precision of that moment."""
    numbers = (beta.concentration1, beta.concentration0)
    if all(isinstance(number, np.ndarray) for number in numbers):
        beta._dirichlet.concentration = np.stack(np.broadcast_arrays(*numbers), axis=-1)
