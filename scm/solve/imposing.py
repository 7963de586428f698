"""Worlds in which something is imposed: a noise's value, or another mechanism for a variable."""

from __future__ import annotations

import dataclasses
from typing import Any

from jax.extend.core import ClosedJaxpr

from scm.core.mechanism import Mechanism, Shape
from scm.core.structure import System
from scm.noise.source import Place, Source, by_scores

__all__ = ["Imposed", "inputs_of", "replaced"]


class Imposed(Source):
    """A source, one declared noise of which is imposed."""

    def __init__(self, source: Source, place: Place, value: Any) -> None:
        self.source, self.place, self.value = source, place, value

    def scores(self, place: Place, law: Any) -> Any:
        return self.source.scores(place, law)

    def values(self, place: Place, distribution: Any) -> Any:
        return self.value if place == self.place else by_scores(self.source, place, distribution)


def inputs_of(closed: ClosedJaxpr) -> list[Shape]:
    """Shapes and dtypes of the inputs of a jaxpr."""
    return [Shape(v.aval.shape, v.aval.dtype) for v in closed.jaxpr.invars]


def replaced(
    system: System, name: str, depth: int, mechanism: Mechanism, numbers: tuple[Any, ...] = ()
) -> System:
    """The system with one mechanism changed, which takes these numbers ahead of its own."""
    structure = system.structure
    changed = list(structure.mechanisms[name])
    changed[depth] = mechanism
    mechanisms = {**structure.mechanisms, name: tuple(changed)}
    layers = list(system.numbers[name])
    layers[depth] = [*numbers, *layers[depth]]
    structure = dataclasses.replace(structure, mechanisms=mechanisms)
    return System(structure, system.coupling, {**system.numbers, name: layers})
