"""The places of a study as its readers see them: records of worlds, cells, and what is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from experiments import findings as found
from experiments.families import Families, joined_remarks, place_of
from experiments.family import number_of
from experiments.running import Place
from experiments.setting import setting
from experiments.study import Study

__all__ = ["PlacesShown", "places_shown"]


@dataclass(frozen=True)
class PlacesShown:
    """By the name of each place that is shown, a family being one: what `Findings` has of it."""

    worlds: Mapping[str, found.World]
    cells: Mapping[str, found.Setting]
    remarks: Mapping[tuple[str, str], Sequence[str]]
    broken: frozenset[tuple[str, str]]


def places_shown(study: Study, places: Iterable[Place], families: Families) -> PlacesShown:
    """What is to be known of all places; of a family its first member stands for the others."""
    worlds: dict[str, found.World] = {}
    cells: dict[str, found.Setting] = {}
    told: dict[str, Mapping[tuple[str, str], Sequence[str]]] = {}
    broken: set[tuple[str, str]] = set()
    for place in places:
        name = place_of(place)
        told[place.name] = place.plan.remarks(place.world)
        broken |= {(name, method) for _, method in place.plan.broken(place.world)}
        if name in worlds:
            continue
        each = place.plan.worlds[place.world]
        label, equations = each.label, each.model.equations()
        if number_of(place.world) is not None:
            label = f"{label}: a family of {len(families.members[name]):,} worlds"
            equations = f"{equations}\n(member #0; the others have other numbers)"
        if place.cell.label:
            label = f"{label}: {place.cell.label}"
            cells[name] = setting(study, place)
        worlds[name] = found.World(label, equations, each.simulator.source)
    return PlacesShown(worlds, cells, joined_remarks(told, families), frozenset(broken))
