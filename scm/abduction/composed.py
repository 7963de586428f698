"""Some variables of a model as one function of their noises, for one unit.

Where a parent was seen it is a number; where it was not, it is computed from its own noises. What
the function returns are the variables that were seen: to find the noises behind them is to invert
it. Declared noise goes in by its value, the canonical noise of a returned law by its scores.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr

from scm.abduction.opened import opened
from scm.abduction.ranges import EVERYWHERE, Range
from scm.core.mechanism import Shape, noise_shape
from scm.core.structure import Numbers, System
from scm.noise.coupling import imposed
from scm.noise.identity import drawn_law, static_law
from scm.noise.laws import Law, law_of
from scm.noise.source import Address
from scm.solve.acyclic import split
from scm.solve.equilibrium import balanced, taken_apart

__all__ = [
    "Block",
    "Noise",
    "block_of",
    "declared_law",
    "live_noises",
    "returned_by",
    "unit_forms",
    "unit_values",
]


@dataclasses.dataclass(frozen=True, eq=False)
class Noise:
    """A noise of the live layers of a variable.

    Attributes:
      depth: the topmost live layer that has it: under its law there it is given by value.
      law: how values are made of its scores.
      declared: whether it is declared; else it is the canonical noise of a returned law.
      shape: of its value, or of its scores if it is canonical.
      shared: whether another live layer has it too, under a law of its own.
    """

    address: Address
    depth: int
    law: Law
    declared: bool
    shape: Shape
    shared: bool

    @property
    def key(self) -> str:
        """Its address as one word."""
        return "/".join(self.address)


def live_noises(system: System, name: str) -> list[Noise]:
    """The noises of the live layers of a variable, each once."""
    found: dict[Address, Noise] = {}
    structure = system.structure
    for depth in structure.variables[name].live:
        mechanism = structure.mechanisms[name][depth]
        for each, law in mechanism.assignment.noise.items():
            before = (name, each) in found
            shape = noise_shape(law)
            found[name, each] = Noise((name, each), depth, static_law(law), True, shape, before)
        drawn = drawn_law(name, mechanism, system.coupling)
        if drawn is not None:
            address = (name, mechanism.assignment.fresh)
            shape = Shape(drawn.shape, jnp.result_type(float))
            found[address] = Noise(address, depth, drawn, False, shape, address in found)
    return list(found.values())


def declared_law(system: System, noise: Noise) -> Any:
    """The distribution of a declared noise, with the numbers of the system."""
    name, each = noise.address
    mechanism = system.structure.mechanisms[name][noise.depth]
    return split(system.numbers[name][noise.depth], mechanism)[2][each]


def unit_values(
    system: System,
    names: Sequence[str],
    noises: Mapping[Address, Noise],
    held: Mapping[Address, Any],
    known: Mapping[str, Any],
) -> dict[str, Any]:
    """The values of variables of one unit, in causal order, from noise held by value or score.

    A loop is solved where all of it is among the names; else what is known has its other values.
    """
    values, loops = dict(known), system.structure.loops
    for name in names:
        loop = loops.get(name)
        if loop is None or not set(loop).issubset(names):
            values[name] = _value(system, name, noises, held, values)
        elif name not in values:
            values |= balanced(loop, unit_forms(system, loop, noises, held, values)).values
    return values


def unit_forms(
    system: System,
    loop: tuple[str, ...],
    noises: Mapping[Address, Noise],
    held: Mapping[Address, Any],
    values: Mapping[str, Any],
) -> dict[str, Any]:
    """The numbers of the equations of a loop, for `scm.solve.equilibrium.balanced`."""
    apart = taken_apart(system, loop)
    return {name: _value(apart, name, noises, held, values) for name in loop}


def _value(
    system: System,
    name: str,
    noises: Mapping[Address, Noise],
    held: Mapping[Address, Any],
    values: Mapping[str, Any],
) -> Any:
    below: Any = None
    for depth in system.structure.variables[name].live:
        mechanism = system.structure.mechanisms[name][depth]
        captured, own, laws = split(system.numbers[name][depth], mechanism)
        noise = {
            each: _under(system, noises[name, each], depth, law, held[name, each])
            for each, law in laws.items()
        }
        parents = [below if p == name else values[p] for p in mechanism.assignment.parents]
        below = mechanism(captured, own, noise, parents)
        drawn = drawn_law(name, mechanism, system.coupling)
        if drawn is not None:
            score = imposed(drawn, held[name, mechanism.assignment.fresh])
            below = drawn.value(below, score).astype(mechanism.out.dtype)
    return below


def _under(system: System, noise: Noise, depth: int, law: Any, value: Any) -> Any:
    """The value of a declared noise in a layer: of the same score, where another layer has it."""
    if depth == noise.depth:
        return value
    place = noise.law.place
    if place is None or noise.shape.dtype.kind != "f":
        raise NotImplementedError(noise.key)
    return law_of(law).value(law, place(declared_law(system, noise), value))


def returned_by(
    system: System, name: str, depth: int, held: Mapping[str, Any], values: Mapping[str, Any]
) -> Any:
    """The distribution that a layer returns for one unit."""
    mechanism = system.structure.mechanisms[name][depth]
    captured, own, _ = split(system.numbers[name][depth], mechanism)
    parents = [values[p] for p in mechanism.assignment.parents]
    return mechanism(captured, own, held, parents)


@dataclasses.dataclass(frozen=True, eq=False)
class Block:
    """Variables whose noises are to be found together.

    Attributes:
      names: the variables that are computed, in causal order; those seen are among them.
      seen: the variables that were observed.
      exact: which of them by value; the others are within bounds.
      noises: all noises of ``names``.
      reads: the variables from outside that they read.
    """

    system: System
    names: tuple[str, ...]
    seen: tuple[str, ...]
    exact: frozenset[str]
    noises: tuple[Noise, ...]
    reads: tuple[str, ...]

    @property
    def loops(self) -> tuple[tuple[str, ...], ...]:
        """The loops that are solved in it."""
        loops = dict.fromkeys(self.system.structure.loops.values())
        return tuple(loop for loop in loops if set(loop).issubset(self.names))

    @property
    def by_address(self) -> dict[Address, Noise]:
        """The noises by address."""
        return {each.address: each for each in self.noises}

    def outputs(self, numbers: Numbers, known: Mapping[str, Any], held: Sequence[Any]) -> list[Any]:
        """The seen variables of one unit from the noises, in their order."""
        system = self.system.given(numbers)
        by_address = {each.address: x for each, x in zip(self.noises, held, strict=True)}
        values = unit_values(system, self.names, self.by_address, by_address, known)
        return [values[name] for name in self.seen]

    def traced(self, numbers: Numbers) -> tuple[ClosedJaxpr, int]:
        """The jaxpr from ``(known, numbers, noises)`` to `outputs`, its calls written out; and how
        many of its inputs come before the noises."""
        known = {name: self.system.out(name) for name in self.reads}
        shapes = jax.tree.map(lambda x: Shape(np.shape(x), jnp.asarray(x).dtype), numbers)
        noises = [each.shape for each in self.noises]
        run = lambda known, numbers, held: self.outputs(numbers, known, held)
        closed = jax.make_jaxpr(run)(known, shapes, noises)
        return opened(closed), len(closed.jaxpr.invars) - len(noises)

    def numbers_of(self, numbers: Numbers) -> dict[str, Any]:
        """The numbers that the block reads."""
        return {name: numbers[name] for name in self.names}


def block_of(
    system: System, names: Sequence[str], seen: Sequence[str], exact: frozenset[str]
) -> Block:
    """The block of these variables."""
    noises = tuple(noise for name in names for noise in live_noises(system, name))
    inside = set(names)
    variables = system.structure.variables
    reads = dict.fromkeys(p for name in names for p in variables[name].parents if p not in inside)
    return Block(system, tuple(names), tuple(seen), exact, noises, tuple(reads))


def noise_range(system: System, noise: Noise) -> Range:
    """Between which numbers a noise lies, so far as its law's numbers are known."""
    if not noise.declared:
        return EVERYWHERE
    law = declared_law(system, noise)
    support: Any = law.support
    while hasattr(support, "base_constraint"):
        support = support.base_constraint
    low = getattr(support, "lower_bound", -np.inf)
    high = getattr(support, "upper_bound", np.inf)
    if type(support).__name__ == "_Simplex":
        low, high = 0.0, 1.0
    if isinstance(low, jax.core.Tracer) or isinstance(high, jax.core.Tracer):
        return EVERYWHERE
    with np.errstate(all="ignore"):
        return float(np.min(low)), float(np.max(high))
