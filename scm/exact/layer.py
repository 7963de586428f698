"""A layer: one assignment of one variable with its numbers, and its value in every state."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import numpy as np

from scm.core.leaves import flatten
from scm.core.mechanism import Mechanism, Shape, noise_shape
from scm.core.structure import System
from scm.exact.entering import drawn
from scm.exact.reading import run
from scm.exact.states import States
from scm.exact.values import Value, known
from scm.noise.identity import drawn_law, static_law
from scm.noise.laws import Law

__all__ = ["Layer", "evaluated", "layer_of"]


@dataclasses.dataclass(frozen=True, eq=False)
class Layer:
    """One assignment of one variable in one or more worlds; or a function of a unit in all worlds.

    Attributes:
      parents: numbers of the layers that it reads, in the order of the jaxpr's last inputs.
      fixed: the numbers that come first among the inputs.
      noise: each declared noise: its name, its law, shape, structure and numbers.
      drawn: the law of the distribution that it returns; ``structure`` is that distribution's.
    """

    variable: str
    jaxpr: Any
    out: Shape
    parents: tuple[int, ...]
    fixed: tuple[np.ndarray, ...]
    noise: tuple[tuple[str, Law, Shape, Any, tuple[np.ndarray, ...]], ...] = ()
    drawn: Law | None = None
    structure: Any = None
    fresh: str = ""

    @property
    def noises(self) -> frozenset[tuple[str, str]]:
        """Variable and name of each noise that it reads."""
        names = [each[0] for each in self.noise] + ([self.fresh] if self.drawn else [])
        return frozenset((self.variable, name) for name in names)


def layer_of(
    name: str, mechanism: Mechanism, system: System, depth: int, parents: tuple[int, ...]
) -> Layer:
    """One layer of a variable, with the numbers that the system has for it."""
    assignment = mechanism.assignment
    given = [np.asarray(each) for each in system.numbers[name][depth]]
    end = len(mechanism.captured) + len(assignment.numbers)
    rest, noises = iter(given[end:]), []
    for each in sorted(assignment.noise):
        law = assignment.noise[each]
        count = len(flatten(law)[0])
        values = tuple(_real(next(rest)) for _ in range(count))
        structure = jax.tree.structure(law)
        noises.append((each, static_law(law), noise_shape(law), structure, values))
    jaxpr = None if mechanism.jaxpr is None else mechanism.jaxpr.jaxpr
    drawn = drawn_law(name, mechanism, system.coupling)
    return Layer(
        name, jaxpr, mechanism.out, parents, tuple(given[:end]), tuple(noises), drawn,
        mechanism.law, assignment.fresh,
    )  # fmt: skip


def evaluated(states: States, layer: Layer) -> Value:
    """The value of a layer, from those in the outermost frame."""
    kind = np.dtype(layer.out.dtype)
    if layer.jaxpr is None:
        return known(layer.fixed[0].astype(kind))
    entered: dict[Any, Value] = {}
    states.frames.append(entered)
    for name, law, shape, structure, numbers in layer.noise:
        leaves = list(map(known, numbers))
        entered[name] = drawn(states, structure, leaves, law, shape, (layer.variable, name))
    states.frames.pop()
    inputs = [*map(known, layer.fixed), *entered.values()]
    inputs += [states.frames[0][parent] for parent in layer.parents]
    typed = [_typed(each, v.aval.dtype) for each, v in zip(inputs, layer.jaxpr.invars, strict=True)]
    outputs = run(states, layer.jaxpr, typed)
    if layer.drawn is not None:
        address = (layer.variable, layer.fresh)
        return drawn(states, layer.structure, outputs, layer.drawn, layer.out, address)
    return _typed(outputs[0], kind)


def _typed(value: Value, kind: Any) -> Value:
    if value.random:
        return dataclasses.replace(value, kind=np.dtype(kind))
    return Value(value.const.astype(kind), np.dtype(kind), rounded=value.rounded)


def _real(number: np.ndarray) -> np.ndarray:
    return number.astype(float) if np.issubdtype(number.dtype, np.floating) else number
