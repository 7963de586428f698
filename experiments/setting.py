"""Where a place lies among the factors of its study, for those who show what was found there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.factors import factors
from experiments.family import family_of
from experiments.findings import Setting
from experiments.running import Place
from experiments.study import Study

__all__ = ["setting"]


def setting(study: Study, place: Place) -> Setting:
    """The levels of the factors that act in a place: those of other worlds' keys do not.

    A factor that the place's own grid leaves alone has the file's value there.
    """
    told = {factor.path: factor.key for grid in study.grids for factor in factors(grid)}
    world = family_of(place.world)
    acting = {p: key for p, key in told.items() if p[0] != "worlds" or p[1] == world}
    tables = place.study.model_dump()
    tables["worlds"][world] = tables["worlds"][place.world]
    levels = {key: _value(tables, path) for path, key in acting.items()}
    title = place.plan.worlds[place.world].label
    return Setting(world, title, place.cell.scenario, levels, place.cell.label)


def _value(table: Any, path: tuple[str, ...]) -> Any:
    """What stands at a key; None where nothing does."""
    for key in path:
        table = table.get(key) if isinstance(table, Mapping) else None
    return table
