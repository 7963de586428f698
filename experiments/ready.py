"""Whether a study can be run: its first cell is planned, and every level of every factor tried.

Each level is tried with all other factors at their first: a few hundred plans, where cells may be
millions. What is wrong with a level is a mistake at that level, and not at the key that it varies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from experiments.config import ConfigError, Mistake
from experiments.factors import Cell, Factor, cells, factors
from experiments.plan import Plan, plan
from experiments.study import Study
from experiments.toml_lines import KeyPath
from experiments.verdicts import wrong_claims

__all__ = ["ready"]

Path = tuple[str, ...]
Wheres = Mapping[Path, KeyPath]
"""By what is varied, the key that says to which value."""


def ready(study: Study) -> Plan:
    """The plan of the first cell of a study all of whose levels fit. It runs nothing.

    Raises `experiments.config.ConfigError` for what does not fit together, all at once.
    """
    mistakes: dict[tuple[KeyPath, str], Mistake] = {}
    first: Plan | None = None
    for changes, wheres, varied in _one_by_one(study):
        try:
            planned = plan(study.within(Cell("", changes, "-" if changes else "")))
            notes = [study.mistake(*each) for each in wrong_claims(planned)]
            mistakes |= {(each.key, each.message): each for each in notes}
            first = first or planned
        except ConfigError as error:
            for each in error.mistakes:
                where = _where(each.key, wheres, varied)
                mistakes.setdefault((each.key, each.message), study.mistake(where, each.message))
    if mistakes:
        raise ConfigError(*dict.fromkeys(mistakes.values()))
    assert first is not None
    return first


def _one_by_one(study: Study) -> Iterator[tuple[Mapping[Path, Any], Wheres, Path | None]]:
    """The first cell, and those that differ from it in one level, or in the scenario; with where
    their changes stand, and the factor that is not at its first level."""
    grids = [factors(grid) for grid in study.grids] or [()]
    scenarios = {cell.scenario: cell.changes for cell in cells((), study.scenarios)}
    for name, fixed in scenarios.items():
        begun = {each.path: each.levels[0] for each in grids[0]}
        places: dict[Path, KeyPath] = {path: ("scenarios", name, *path) for path in fixed}
        at_first: dict[Path, KeyPath] = {path: ("grids", 0, *path, 0) for path in begun}
        yield {**fixed, **begun}, places | at_first, None
    name, fixed = next(iter(scenarios.items()))
    places = {path: ("scenarios", name, *path) for path in fixed}
    for number, grid in enumerate(grids):
        begun = {each.path: each.levels[0] for each in grid}
        at_first = {path: ("grids", number, *path, 0) for path in begun}
        for each in grid:
            for at in _worth_trying(each):
                here: KeyPath = ("grids", number, *each.path, at)
                changes = {**fixed, **begun, each.path: each.levels[at]}
                yield changes, places | at_first | {each.path: here}, each.path


def _worth_trying(factor: Factor) -> Iterator[int]:
    """The levels that can go wrong, besides the first; of sizes and seeds the largest alone."""
    match factor.path:
        case ("n",) | ("seed",) | ("worlds", _, "n"):
            yield max(range(len(factor.levels)), key=lambda at: factor.levels[at])
        case _:
            yield from range(1, len(factor.levels))


def _where(key: KeyPath, wheres: Wheres, varied: Path | None) -> KeyPath:
    """Where what is wrong with a key of a cell stands in the file."""
    for path, where in wheres.items():
        if key[: len(path)] == path:
            return (*where, *key[len(path) :])
    return wheres[varied] if varied is not None and varied[: len(key)] == key else key
