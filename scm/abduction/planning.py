"""Which noises have to be found together: the blocks of a model under a pattern of evidence.

What was seen by value cuts the model apart: given it, the noises on one side tell nothing of those
on the other. A variable that was seen is a constraint on its own noises and on those of ancestors
that were not; constraints that share a variable form a block.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from scm.abduction.composed import Block, block_of, live_noises
from scm.abduction.evidence import Seen
from scm.abduction.loops import check_coefficients, told_apart, whole, with_loops
from scm.core.errors import ModelError
from scm.core.structure import System
from scm.noise.identity import noise_names
from scm.noise.source import Address

__all__ = ["Plan", "planned"]


@dataclasses.dataclass(frozen=True, eq=False)
class Plan:
    """A model under a pattern of evidence.

    Attributes:
      known: variables that follow from what was seen by value, in causal order.
      blocks: what is to be found.
      free: the noises of which nothing was seen.
      set: variables that were seen, and that have a value of each unit's own by an intervention.
      loops: those that were seen whole, and of which each equation tells its noises.
    """

    known: tuple[str, ...]
    set: tuple[str, ...]
    blocks: tuple[Block, ...]
    free: tuple[Address, ...]
    loops: tuple[tuple[str, ...], ...] = ()


def planned(system: System, kinds: Mapping[str, Seen]) -> Plan:
    """The plan for units of which these variables were seen."""
    structure = system.structure
    noises = {name: live_noises(system, name) for name in structure.order}
    # known by value, or by what they are made of; of a loop, where it was seen whole
    settled = {name for name, kind in kinds.items() if kind == "value"} - whole(system, kinds)
    follows: list[str] = []
    _refuse_shifts(system)
    given = [n for n in structure.order if structure.variables[n].layers[-1].form == "per unit"]
    for name in structure.order:
        known = settled.issuperset(structure.variables[name].parents)
        if name in given or (known and not noises[name] and name not in kinds):
            settled.add(name)
            follows.append(name)
    groups = _joined(
        {
            name: _behind(system, name, settled)
            for name in structure.order
            if name in kinds and name not in given
        }
    )
    groups = with_loops(structure, groups)
    loops = told_apart(structure, settled, groups)
    check_coefficients(system, loops, settled)
    place = {name: at for at, name in enumerate(structure.order)}
    exact = frozenset(name for name, kind in kinds.items() if kind == "value")
    blocks = []
    for members in groups:
        names = sorted(members, key=place.__getitem__)
        seen = [name for name in names if name in kinds]
        blocks.append(block_of(system, names, seen, exact & set(seen)))
    found = {noise.address for block in blocks for noise in block.noises}
    free = tuple(each for each in noise_names(structure) if each not in found)
    return Plan(tuple(follows), tuple(n for n in given if n in kinds), tuple(blocks), free, loops)


def _refuse_shifts(system: System) -> None:
    """One value for each unit, and an intervention that goes on from it, are not read here."""
    for name, variable in system.structure.variables.items():
        live = [variable.layers[depth].form for depth in variable.live]
        if "per unit" in live[:-1]:
            raise ModelError(
                f"abduct: do({name}=...) gives one value for each unit, and a later do({name}=...) "
                "goes on from it; give the values themselves, shifted, in one do"
            )


def _behind(system: System, name: str, settled: set[str]) -> set[str]:
    """A variable and its ancestors that are not settled, by way of such."""
    found, waiting = {name}, [name]
    while waiting:
        for parent in system.structure.variables[waiting.pop()].parents:
            if parent not in settled and parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def _joined(sets: Mapping[str, set[str]]) -> list[set[str]]:
    """Sets put together where they overlap."""
    groups: list[set[str]] = []
    for members in sets.values():
        touching = [group for group in groups if not group.isdisjoint(members)]
        groups = [group for group in groups if group.isdisjoint(members)]
        groups.append(members.union(*touching))
    return groups
