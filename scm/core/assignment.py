"""An assignment as it was read: parents, noise, numbers, and a way to call what was written."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Literal

from numpyro.distributions import Distribution

from scm.core.marks import Coupling, Role

__all__ = ["Assignment", "Variable"]


@dataclasses.dataclass(frozen=True, eq=False)
class Assignment:
    """``variable := call(numbers, noise, parents)``, for one unit.

    Attributes:
      parents: variables and params, in the order in which ``call`` takes them.
      noise: the declared noises and their laws, every number in them an array.
      numbers: the numeric constants (defaults, a module's weights, a constant's value). They are
        inputs of every program, so that changing one never compiles anything.
      call: ``call(numbers, noise, parents) -> value | Distribution``; None for a constant.
      form: what was written: a ``law``, a ``function``, a ``constant``, or one constant ``per
        unit`` (its number has a leading axis of units).
      fresh: the name under which the noise of a returned distribution goes.
      written: the right-hand side itself, for display.
      alike: what says of two assignments that they trace alike, shapes being equal: a callable
        pytree has all its numbers in its leaves. None for a function: it may close over anything.
      defaulted: parameters of a function that have a default other than a noise.
      equilibrium: whether it may stand on a loop, as an equation that holds with the others.
    """

    form: Literal["law", "function", "constant", "per unit"]
    parents: tuple[str, ...]
    noise: Mapping[str, Distribution]
    numbers: tuple[Any, ...]
    call: Callable[..., Any] | None
    fresh: str
    written: Any
    number_names: tuple[str, ...] = ()
    defaulted: tuple[str, ...] = ()
    coupling: Coupling | None = None
    monotone: Mapping[str, int] | None = None
    inverse: Callable | None = None
    alike: Hashable = None
    equilibrium: bool = False


@dataclasses.dataclass(frozen=True, eq=False)
class Variable:
    """A named variable: its mechanism, and on top of it the interventions, oldest first.

    The mechanism is kept under interventions that replace it: it says what would have been.
    """

    name: str
    role: Role
    layers: tuple[Assignment, ...]

    @functools.cached_property
    def live(self) -> tuple[int, ...]:
        """The layers that matter, from the lowest: one that does not name the variable itself
        replaces all below it."""
        depth = len(self.layers) - 1
        while depth > 0 and self.name in self.layers[depth].parents:
            depth -= 1
        return tuple(range(depth, len(self.layers)))

    @functools.cached_property
    def parents(self) -> tuple[str, ...]:
        """Variables and params that the live layers read, itself excluded, in order of reading."""
        names = (p for depth in self.live for p in self.layers[depth].parents)
        return tuple(dict.fromkeys(p for p in names if p != self.name))
