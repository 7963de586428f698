"""Means over units, block by block, merged without loss of precision."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from scm.compile.fingerprint import identity, jaxpr_text
from scm.compile.programs import kept, traced
from scm.core.errors import ModelError, NonFiniteError, UndefinedLawError
from scm.core.structure import Numbers, System
from scm.frames import Unit
from scm.noise.identity import noise_names
from scm.noise.source import Drawn, Run
from scm.solve.acyclic import all_lawful, push, varies

__all__ = ["Moments", "moments"]


@dataclasses.dataclass(frozen=True)
class Moments:
    """Count, mean and sum of squared deviations; adding merges them (Chan, Golub, LeVeque 1983)."""

    n: int
    mean: Any
    squares: Any

    @classmethod
    def nothing(cls) -> Moments:
        return cls(0, 0.0, 0.0)

    def __add__(self, other: Moments) -> Moments:
        if self.n == 0:
            return other
        n, step = self.n + other.n, other.mean - self.mean
        mean = self.mean + step * (other.n / n)
        squares = self.squares + other.squares + step**2 * (self.n * other.n / n)
        return Moments(n, mean, squares)

    @property
    def standard_error(self) -> Any:
        """Of the mean; not a number for one unit."""
        if self.n < 2:
            return self.mean * np.nan
        return (self.squares / ((self.n - 1) * self.n)) ** 0.5


def moments(
    system: System,
    units: Run,
    fn: Callable[[Mapping[str, Any]], Any],
) -> Moments:
    """The moments of ``fn(unit)`` over a run of units, by one kept program.

    ``fn`` is traced for one unit; programs are kept by what it computes, not by which object it is.
    """
    unit = Unit({name: system.out(name) for name in system.structure.order})
    closed, shape = jax.make_jaxpr(fn, return_shape=True)(unit)
    if not isinstance(shape, jax.ShapeDtypeStruct):
        raise ModelError(f"expect: fn must return one number or array, given {shape}")
    jaxpr = closed.jaxpr
    opened = jaxpr.replace(invars=[*jaxpr.constvars, *jaxpr.invars], constvars=[])
    read = _read_by(opened, [*unit], len(closed.consts))

    def job(numbers: Numbers, source: Drawn, consts: list[Any]) -> tuple[Any, Any, Any]:
        columns, lawful = push(system.given(numbers), source, {}, read)
        ordered = [columns.get(name, jnp.zeros(())) for name in sorted(unit)]
        axes = [
            0 if name in columns and varies(columns[name], unit[name].shape) else None
            for name in sorted(unit)
        ]
        dummies = [
            value if name in columns else jnp.zeros(unit[name].shape, unit[name].dtype)
            for name, value in zip(sorted(unit), ordered, strict=True)
        ]
        call = jaxpr_as_fun(ClosedJaxpr(opened, []))
        value = jax.vmap(
            lambda *values: call(*consts, *values)[0], axes, axis_size=source.units.n
        )(*dummies)  # fmt: skip
        value = value.astype(jnp.result_type(float, value.dtype))
        mean = value.mean(axis=0)
        return mean, jnp.square(value - mean).sum(axis=0), all_lawful(lawful)

    arguments = (system.numbers, units.source(noise_names(system.structure)), list(closed.consts))
    if traced(arguments):
        return Moments(units.n, *job(*arguments)[:2])
    what = "\n".join(jaxpr_text(opened))
    key = ("moments", what, *identity(system))
    mean, squares, fine = jax.device_get(kept(key, lambda: job)(*arguments))
    if not fine:
        raise UndefinedLawError(
            "expect: some law is given a parameter outside its domain; find the unit with "
            "model.sample(key, n), which names the variable"
        )
    if not np.isfinite(mean).all():
        raise NonFiniteError(
            "expect: the mean of fn is not finite; find the unit with "
            "world = model.sample(key, n), which names the variable, or guard fn itself"
        )
    return Moments(units.n, np.asarray(mean, float), np.asarray(squares, float))


def _read_by(jaxpr: Any, names: list[str], consts: int) -> frozenset[str]:
    """The variables that a traced function of a unit reads."""
    used = {id(v) for eqn in jaxpr.eqns for v in eqn.invars} | {id(v) for v in jaxpr.outvars}
    inputs = jaxpr.invars[consts:]  # a dict's leaves come by sorted key
    return frozenset(name for name, v in zip(sorted(names), inputs, strict=True) if id(v) in used)
