"""The places of a study as its readers see them: records of worlds, cells, and what is said."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from experiments import findings as found
from experiments.families import Families, joined_remarks, place_of
from experiments.family import number_of
from experiments.running import Place
from experiments.setting import setting
from experiments.study import Study
from experiments.world import World

__all__ = ["Looked", "PlacesShown"]


def _told_of(world: World) -> str:
    """A world's equations; what happens to its data, and of which units the truths are."""
    lines = [world.model.equations()]
    if world.said:
        lines.append(f"(to the analyst: {'; '.join(world.said)})")
    if world.moving:
        steps = ", ".join(f"observe.{each}" for each in world.moving)
        lines.append(
            f"(truths and the oracle are of the units before {steps} makes others of them)"
        )
    elif world.selected:
        lines.append("(truths and the oracle are of all units, not of those that are selected)")
    return "\n".join(lines)


@dataclass(frozen=True)
class PlacesShown:
    """By the name of each place that is shown, a family being one: what `Findings` has of it."""

    worlds: Mapping[str, found.World]
    cells: Mapping[str, found.Setting]
    remarks: Mapping[tuple[str, str], Sequence[str]]
    broken: frozenset[tuple[str, str]]


class Looked:
    """What is to be known of places, taken down as one walk comes by each of them."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._worlds: dict[str, found.World] = {}
        self._cells: dict[str, found.Setting] = {}
        self._told: dict[str, Mapping[tuple[str, str], Sequence[str]]] = {}
        self._broken: set[tuple[str, str]] = set()

    def at(self, place: Place) -> None:
        """Take down what is to be known of a place; of a family its first member stands for all."""
        name = place_of(place)
        self._told[place.name] = place.plan.remarks(place.world)
        self._broken |= {(name, method) for _, method in place.plan.broken(place.world)}
        if name in self._worlds:
            return
        each = place.plan.worlds[place.world]
        label, equations = each.label, _told_of(each)
        if number_of(place.world) is not None:
            equations = f"{equations}\n(member #0; the others have other numbers)"
        if place.cell.label:
            self._cells[name] = setting(self._study, place)
        self._worlds[name] = found.World(label, equations, each.simulator.source)

    def shown(self, families: Families) -> PlacesShown:
        """All of it, once all places have been looked at."""
        worlds = {}
        for name, world in self._worlds.items():
            label = world.label
            if members := families.members.get(name):
                label = f"{label}: a family of {len(members):,} worlds"
            if name in self._cells:
                label = f"{label}: {self._cells[name].label}"
            worlds[name] = dataclasses.replace(world, label=label)
        remarks = joined_remarks(self._told, families)
        return PlacesShown(worlds, self._cells, remarks, frozenset(self._broken))
