"""Which noises have a part in what is asked, and under which laws they have it."""

from __future__ import annotations

import dataclasses
import math
import weakref
from collections.abc import Iterator
from typing import Any

from scm.noise.identity import drawn_law, static_law
from scm.noise.laws import Law
from scm.noise.source import Address
from scm.solve.acyclic import split
from scm.truth.batches import Asked

__all__ = ["Use", "components", "live_layers", "noises_behind"]


@dataclasses.dataclass(frozen=True)
class Use:
    """A noise in one live layer of one variable of one world.

    Attributes:
      declared: its law with its numbers; None for the canonical noise of a returned distribution.
    """

    law: Law
    declared: Any


def live_layers(asked: Asked) -> Iterator[tuple[str, str, int]]:
    """World, variable and depth of every layer that has a part in what is asked, causes first."""
    for world, names in asked.needed.items():
        variables = asked.systems[world].structure.variables
        for name in names:
            for depth in variables[name].live:
                yield world, name, depth


_KNOWN: weakref.WeakKeyDictionary[Asked, dict[Address, list[Use]]] = weakref.WeakKeyDictionary()


def noises_behind(asked: Asked) -> dict[Address, list[Use]]:
    """Every noise that has a part in what is asked, with all its uses."""
    if asked not in _KNOWN:
        _KNOWN[asked] = _found(asked)
    return _KNOWN[asked]


def _found(asked: Asked) -> dict[Address, list[Use]]:
    found: dict[Address, list[Use]] = {}
    for world, name, depth in live_layers(asked):
        system = asked.systems[world]
        mechanism = system.structure.mechanisms[name][depth]
        _, _, declared = split(system.numbers[name][depth], mechanism)
        for noise, law in declared.items():
            found.setdefault((name, noise), []).append(Use(static_law(law), law))
        drawn = drawn_law(name, mechanism, system.coupling)
        if drawn is not None:
            fresh = (name, mechanism.assignment.fresh)
            found.setdefault(fresh, []).append(Use(drawn, None))
    return found


def components(uses: list[Use]) -> int:
    """The number of scores of one unit that all uses of a noise together read."""
    return max(math.prod(use.law.shape) for use in uses)
