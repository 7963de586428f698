"""Schedules: a model's nodes sorted into classes of like ones, for one loop over all of them.

Most large models repeat a few shapes of assignment with other numbers and other parents.
"""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scm.compile.likeness import lifted, likeness
from scm.core.mechanism import Mechanism
from scm.core.structure import Structure, System
from scm.solve.acyclic import needed, varies
from scm.solve.protocol import Columns

__all__ = ["Kind", "NodeClass", "Schedule", "kind_of", "schedule"]

_FEWEST = 24  # nodes; below, straight code is compiled as fast, and runs faster
_FEWEST_OF_MANY, _MANY = 80, 1 << 18  # nodes, where units are so many that running is what counts
_REPEATS = 3  # nodes to a class, on average, from which on a loop pays

Kind = tuple[str, tuple[int, ...]]
"""Dtype and shape of a variable: what shares a buffer."""


@dataclasses.dataclass(frozen=True, eq=False)
class NodeClass:
    """Nodes of one shape of assignment.

    Attributes:
      names: its nodes; the first is the template, whose code the others run.
      moving: the template's parents that vary by unit.
      still: those that do not.
      kind: what its nodes' values are.
    """

    names: list[str]
    moving: tuple[str, ...]
    still: tuple[str, ...]
    kind: Kind

    @property
    def template(self) -> str:
        return self.names[0]


@dataclasses.dataclass(frozen=True, eq=False)
class Schedule:
    """The order of a loop: which node, of which class, reads and writes which rows.

    Attributes:
      given: variables that no noise reaches, constants mostly; they are found beforehand.
      order: the nodes of the loop, causes first.
      classes: by signature.
      held: variables with a value for each unit that nodes of the loop find made.
      rows: the place of every moving variable in the buffer of its kind.
    """

    given: frozenset[str]
    order: tuple[str, ...]
    classes: Mapping[Any, NodeClass]
    held: tuple[str, ...]
    rows: Mapping[str, tuple[Kind, int]]
    sizes: Mapping[Kind, int]


_KNOWN: weakref.WeakKeyDictionary[Structure, dict[Any, Schedule | None]]
_KNOWN = weakref.WeakKeyDictionary()


def schedule(
    system: System, carried: Columns, wanted: frozenset[str], units: int
) -> Schedule | None:
    """How to solve these variables by a loop; None where straight code does as well, or where
    variables cause each other."""
    fewest = _FEWEST_OF_MANY if units >= _MANY else _FEWEST
    if len(system.structure.order) < fewest or system.structure.loops:
        return None
    known = _KNOWN.setdefault(system.structure, {})
    moving = frozenset(n for n, v in carried.items() if varies(v, system.out(n).shape))
    key = (system.coupling, moving, frozenset(carried), wanted, fewest)
    if key not in known:
        known[key] = _schedule(system.structure, moving, frozenset(carried), wanted, fewest)
    return known[key]


def _schedule(
    structure: Structure,
    moving: frozenset[str],
    carried: frozenset[str],
    wanted: frozenset[str],
    fewest: int,
) -> Schedule | None:
    varying, solved = set(moving), needed(structure, carried, wanted)
    classes: dict[Any, NodeClass] = {}
    given: set[str] = set()
    order: list[str] = []
    held: dict[str, None] = {}
    for name in structure.order:
        if name not in solved:
            continue
        variable = structure.variables[name]
        parts = [structure.mechanisms[name][depth] for depth in variable.live]
        if not _has_noise(parts) and varying.isdisjoint(variable.parents):
            given.add(name)
            if any(part.assignment.form == "per unit" for part in parts):
                moving |= {name}
                varying.add(name)
            continue
        varying.add(name)
        order.append(name)
        held |= {parent: None for parent in variable.parents if parent in moving}
        read = [parent for parent in variable.parents if parent in varying]
        rest = tuple(parent for parent in variable.parents if parent not in varying)
        signature = _signature(structure, name, parts, varying)
        fresh = NodeClass([], tuple(read), rest, kind_of(structure, name))
        classes.setdefault(signature, fresh).names.append(name)
    if len(order) < fewest or len(classes) * _REPEATS > len(order):
        return None
    sizes: dict[Kind, int] = {}
    rows = {}
    for name in (*held, *order):
        kind = kind_of(structure, name)
        rows[name] = (kind, sizes.setdefault(kind, 0))
        sizes[kind] += 1
    return Schedule(frozenset(given), tuple(order), classes, tuple(held), rows, sizes)


def _has_noise(parts: Sequence[Mechanism]) -> bool:
    return any(part.assignment.noise or part.law is not None for part in parts)


def kind_of(structure: Structure, name: str) -> Kind:
    """What a variable's values are."""
    out = structure.out(name)
    return str(out.dtype), out.shape


def _signature(
    structure: Structure, name: str, parts: Sequence[Mechanism], varying: set[str]
) -> Any:
    """What the code for a node depends on: the shape of its layers, and the kinds of its parents,
    by position."""
    layers = []
    for part in parts:
        reads = tuple(
            "itself" if p == name else (kind_of(structure, p), p in varying)
            for p in part.assignment.parents
        )
        captured = tuple((np.shape(each), str(each.dtype)) for each in lifted(part).captured)
        numbers = tuple((np.shape(each), str(each.dtype)) for each in part.assignment.numbers)
        layers.append((likeness(part), reads, captured, numbers))
    wiring = {p: at for at, p in enumerate(structure.variables[name].parents)}
    order = tuple(wiring.get(p, -1) for part in parts for p in part.assignment.parents)
    return tuple(layers), order, kind_of(structure, name)
