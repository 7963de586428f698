"""Worlds that read each other: nested counterfactuals and interventions on single arrows.

All worlds of a question share their noise. A link goes further: ``links[world][child][parent]`` is
another world, from which ``child`` takes ``parent`` in this one. With M linked in the world
do(T=1) to the world do(T=0), Y is Y(1, M(0)). Worlds are made one after the other, so a link
leads to an earlier one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from scm.core.errors import ModelError, suggestion
from scm.core.structure import Structure, System
from scm.noise.source import Source
from scm.solve import acyclic
from scm.solve.acyclic import all_lawful, layer_value
from scm.solve.run import inline

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["At", "Links", "check", "columns_of", "needed", "place"]

Links = Mapping[str, Mapping[str, Mapping[str, str]]]
"""``links[world][child] = {parent: other world}``."""

At = tuple[str, str]
"""A variable in a world: (world, variable)."""


def check(name: str, worlds: Mapping[str, SCM], links: Links) -> None:
    """Refuse links to later worlds, and of what is not read in the first place."""
    order = list(worlds)
    for world, children in links.items():
        if world not in worlds:
            raise ModelError(
                f"{name}: links of {world!r}, no such world{suggestion(world, worlds)}"
            )
        structure = worlds[world].structure
        variables = structure.variables
        for child, parents in children.items():
            if child not in variables:
                raise ModelError(
                    f"{name}: links of {child!r}, no such variable{suggestion(child, variables)}"
                )
            if child in structure.loops:
                raise ModelError(
                    f"{name}: {child} would take {', '.join(parents)} from another world, but in "
                    f"{world!r} it stands on a loop, {' and '.join(structure.loops[child])}, which "
                    f"is solved as a whole; no world says what its equations come to then"
                )
            for parent, other in parents.items():
                if parent not in variables[child].parents:
                    raise ModelError(
                        f"{name}: in {world!r} {child} does not read {parent!r}, so it cannot "
                        f"read it from {other!r}; it reads: "
                        f"{', '.join(variables[child].parents) or 'nothing'}"
                    )
                if other not in order[: order.index(world)]:
                    raise ModelError(
                        f"{name}: {child} in {world!r} reads {parent} from {other!r}, which is no "
                        f"earlier world; in order they are: {', '.join(order)}"
                    )


def place(links: Links, world: str, child: str, parent: str) -> At:
    """Where a variable of a world reads a parent of its own."""
    return links.get(world, {}).get(child, {}).get(parent, world), parent


def needed(
    systems: Mapping[str, System], links: Links, read: Iterable[At]
) -> dict[str, tuple[str, ...]]:
    """The variables behind those that are read, by world, each after all that it reads.

    Worlds of which nothing is needed are left out.
    """
    found: dict[str, set[str]] = {world: set() for world in systems}
    for world, name in read:
        found[world].add(name)
    for world in reversed(tuple(systems)):
        structure = systems[world].structure
        for name in reversed(structure.order):
            if name in found[world]:
                for parent in structure.reads(name):
                    where, _ = place(links, world, name, parent)
                    found[where].add(parent)
    return {
        world: tuple(name for name in systems[world].structure.order if name in names)
        for world, names in found.items()
        if names
    }


def columns_of(
    systems: Mapping[str, System],
    links: Links,
    read: Iterable[At],
    source: Callable[[System], Source],
) -> tuple[dict[At, Any], Any]:
    """The columns that are read, and whether all laws were defined in every unit. Traceable."""
    asked = list(read)
    behind = needed(systems, links, asked)
    columns: dict[At, Any] = {}
    lawful = jnp.asarray(True)
    for world, names in behind.items():
        system = systems[world]
        linked = {
            child: {parent: columns[other, parent] for parent, other in links[world][child].items()}
            for child in names
            if links.get(world, {}).get(child)
        }
        wanted = _wanted(world, behind, links, asked)
        found, fine = _solved(system, source(system), linked, wanted)
        columns |= {(world, name): value for name, value in found.items()}
        lawful = lawful & fine
    return columns, lawful


def _wanted(
    world: str, behind: Mapping[str, tuple[str, ...]], links: Links, asked: Iterable[At]
) -> frozenset[str]:
    """The columns of a world that are read by functions or by variables of other worlds."""
    of_others = {
        parent
        for reader, names in behind.items()
        for child in names
        for parent, other in links.get(reader, {}).get(child, {}).items()
        if other == world
    }
    return frozenset(of_others | {name for where, name in asked if where == world})


def _solved(
    system: System, source: Source, linked: Mapping[str, Mapping[str, Any]], wanted: frozenset[str]
) -> tuple[dict[str, Any], Any]:
    """One world: what linked children read at home, then these children, and so on to the last;
    then all the rest."""
    structure, lawful = system.structure, jnp.asarray(True)
    carried: dict[str, Any] = {}
    waiting = [name for name in structure.order if name in linked]
    while waiting:
        own = {each: _own(structure, linked, each) for each in waiting}
        behind = {each: acyclic.needed(structure, carried, own[each]) for each in waiting}
        ready = [each for each in waiting if behind[each].isdisjoint(waiting)]
        wanted_now = frozenset(parent for each in ready for parent in own[each])
        found, fine, _ = inline(system, source, carried, wanted_now)
        lawful = lawful & all_lawful(fine)
        carried |= found
        for child in ready:
            seen, value = {**carried, **linked[child]}, None
            for depth in structure.variables[child].live:
                value, defined = layer_value(system, source, seen, child, depth, value)
                lawful = lawful & jnp.all(defined)
            carried[child] = value
        waiting = [each for each in waiting if each not in ready]
    found, fine, _ = inline(system, source, carried, wanted)  # an unsolved loop is not finite
    return found, lawful & all_lawful(fine)


def _own(
    structure: Structure, linked: Mapping[str, Mapping[str, Any]], name: str
) -> frozenset[str]:
    """The parents that a variable reads in its own world."""
    return frozenset(structure.variables[name].parents) - set(linked[name])
