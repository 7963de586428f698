"""What is asked of a model: statistics of its units in several worlds at once, and a formula.

Every estimand comes down to this. Worlds are models under interventions that share all noise, so
that a *unit* is the same unit in each; a statistic is the mean, or a quantile, of a function of
one unit in all worlds; the estimand is a formula of the statistics. An average treatment effect
has two worlds, two means and a difference; an effect on the treated three means and a ratio.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, jaxpr_as_fun

from scm.core.errors import ModelError
from scm.core.mechanism import Shape
from scm.core.structure import System
from scm.frames import Unit
from scm.model import SCM
from scm.truth.links import Links, check

__all__ = ["Integrand", "Mean", "Quantile", "Question", "Statistic", "integrand"]

UnitFunction = Callable[[Mapping[str, Mapping[str, Any]]], Any]
"""A function of one unit in all worlds: ``fn(units) -> number or array``; ``units["treated"]["Y"]``
is the unit's Y in the world called "treated"."""


@dataclasses.dataclass(frozen=True, eq=False)
class Mean:
    """The statistic ``E[fn(units)]``, of the shape that ``fn`` returns."""

    fn: UnitFunction


@dataclasses.dataclass(frozen=True, eq=False)
class Quantile:
    """The smallest y with ``P(fn(units) <= y | given(units)) >= level``, for a scalar ``fn``.

    Attributes:
      level: in (0, 1).
      given: ``given(units) -> bool``; None is no condition.
    """

    fn: UnitFunction
    level: float
    given: UnitFunction | None = None


Statistic = Mean | Quantile


@dataclasses.dataclass(frozen=True, eq=False)
class Question:
    """A formula of statistics of coupled worlds.

    Attributes:
      name: what messages call it.
      worlds: models that are one model under different interventions.
      statistics: means and quantiles of functions of a unit in these worlds.
      combine: ``combine(*values) -> value``, differentiable and traceable, each value of the shape
        of its statistic.
      links: ``links[world][child] = {parent: other}``: in ``world`` the variable ``child`` reads
        ``parent`` as it is in the world ``other``, which comes earlier among ``worlds``.
    """

    name: str
    worlds: Mapping[str, SCM]
    statistics: Sequence[Statistic]
    combine: Callable[..., Any]
    links: Links = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        check(self.name, self.worlds, self.links)


@dataclasses.dataclass(frozen=True, eq=False)
class Integrand:
    """A function of a unit in all worlds, traced: what it reads, and how it computes.

    Attributes:
      reads: the (world, variable) pairs it depends on, in the order of the jaxpr's last inputs.
      jaxpr: its inputs are the consts, then one value for each of ``reads``; one output.
      consts: arrays that the function closed over.
    """

    reads: tuple[tuple[str, str], ...]
    jaxpr: Jaxpr
    consts: tuple[Any, ...]

    @property
    def out(self) -> Shape:
        """Shape and dtype of the value for one unit."""
        aval: Any = self.jaxpr.outvars[0].aval
        return Shape(aval.shape, aval.dtype)

    def __call__(self, consts: Sequence[Any], values: Sequence[Any]) -> Any:
        """The value for one unit, from what it reads."""
        return jaxpr_as_fun(ClosedJaxpr(self.jaxpr, []))(*consts, *values)[0]


def integrand(what: str, systems: Mapping[str, System], fn: UnitFunction) -> Integrand:
    """Trace a function of a unit in all worlds, in the present precision.

    Raises `ModelError` if it does not return one number or array.
    """
    units = {
        world: Unit({name: system.out(name) for name in system.structure.order})
        for world, system in systems.items()
    }
    closed, shape = jax.make_jaxpr(fn, return_shape=True)(units)
    if not isinstance(shape, jax.ShapeDtypeStruct):
        raise ModelError(f"{what}: its function must return one number or array, given {shape}")
    jaxpr = closed.jaxpr
    leaves = [(world, name) for world in sorted(units) for name in sorted(units[world])]
    used = {id(v) for eqn in jaxpr.eqns for v in eqn.invars} | {id(v) for v in jaxpr.outvars}
    read = [(at, v) for at, v in zip(leaves, jaxpr.invars, strict=True) if id(v) in used]
    opened = jaxpr.replace(invars=[*jaxpr.constvars, *(v for _, v in read)], constvars=[])
    return Integrand(tuple(at for at, _ in read), opened, tuple(map(jnp.asarray, closed.consts)))
