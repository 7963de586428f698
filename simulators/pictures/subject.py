"""What a picture is of: a world, its known answers, and a few of its units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from scm import SCM
    from simulators.registry import Known, Simulator

__all__ = ["Subject"]

KEY = 0


@dataclass(frozen=True)
class Subject:
    """A simulator with its parameters; the model is built once."""

    simulator: Simulator
    given: dict[str, Any]

    @cached_property
    def model(self) -> SCM:
        return self.simulator.build(**self.given)

    @cached_property
    def known(self) -> Mapping[str, Known]:
        return self.simulator.known(**self.given)

    def value(self, question: str) -> float:
        """A known answer as a number."""
        return float(self.known[question].value)

    def parameter(self, name: str) -> Any:
        """A parameter as given, or its default."""
        default = {each.name: each.default for each in self.simulator.parameters}[name]
        return self.given.get(name, default)

    def units(self, n: int, **do: Any) -> dict[str, np.ndarray]:
        """Columns of n units, hidden ones too, of the world or of one somebody intervened in."""
        model = self.model.do(**do) if do else self.model
        world = model.sample(KEY, n)
        return {name: np.asarray(world[name]) for name in model.order}
