"""Factors: numbers and other values of a study that are varied, and the cells that they make.

A grid is every combination of its factors' levels; several grids are a union; named scenarios are
changes of the file that go together, and each is crossed with the grids::

    [[grids]]
    n = [100, 1_000]
    worlds.trial.parameters.overlap = [0.1, 0.5, 0.9]

    [scenarios.heavy_tails]
    worlds.trial.parameters.noise = "student"

Cells are made one at a time: a study may have more of them than fit in memory.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from experiments.family import family_of
from experiments.mistakes import key_text

__all__ = ["Cell", "Factor", "cells", "changed", "count", "factors", "level_text"]

Path = tuple[str, ...]
"""The keys that lead to a value: ("worlds", "trial", "n")."""


@dataclass(frozen=True)
class Factor:
    """What is varied, and the values that it takes, in the order of the file."""

    path: Path
    levels: tuple[Any, ...]

    @property
    def key(self) -> str:
        """The key as the file has it."""
        return key_text(self.path)


@dataclass(frozen=True)
class Cell:
    """One setting of all factors.

    Attributes:
      scenario: the name of its scenario, or "".
      changes: by path, the values that differ from the file's.
      label: for people: "heavy_tails, n=100, overlap=0.5"; "" for the file as it is.
    """

    scenario: str
    changes: Mapping[Path, Any]
    label: str

    def of_data(self, world: str) -> str:
        """The changes that act on a world's data, as text: a part of the address of its noise.

        In no order but their own, so that neither other factors nor the order of the file matter.
        """
        of_it = (world, family_of(world))  # how many members there are is no matter to any
        about = {
            key_text(path): value
            for path, value in self.changes.items()
            if path[0] in ("n", "seed")
            or (path[0] == "worlds" and path[1] in of_it and path[2] != "family")
        }
        return json.dumps(about, sort_keys=True) if about else ""


def factors(table: Mapping[str, Any], before: Path = ()) -> tuple[Factor, ...]:
    """The factors of one grid: tables are keys, lists are levels, a value alone is a level alone.

    >>> [(each.key, each.levels) for each in factors({"n": [10, 20], "worlds": {"a": {"n": 5}}})]
    [('n', (10, 20)), ('worlds.a.n', (5,))]
    """
    found: list[Factor] = []
    for key, value in table.items():
        path = (*before, *key.split(".")) if not before else (*before, key)
        if isinstance(value, Mapping):
            found += factors(value, path)
        else:
            levels = tuple(value) if isinstance(value, list | tuple) else (value,)
            found.append(Factor(path, levels))
    return tuple(found)


def count(grids: Sequence[Mapping[str, Any]], scenarios: Mapping[str, Any]) -> int:
    """How many cells there are at most: grids that overlap have their common cells once."""
    sizes = [math.prod(len(factor.levels) for factor in factors(grid)) for grid in grids]
    return max(len(scenarios), 1) * (sum(sizes) if sizes else 1)


def cells(grids: Sequence[Mapping[str, Any]], scenarios: Mapping[str, Any]) -> Iterator[Cell]:
    """All cells, scenario by scenario, grid by grid, the last factor changing fastest.

    >>> for cell in cells([{"n": [10, 20]}], {"weak": {"worlds": {"a": {"rate": 0.1}}}}):
    ...     print(cell.label)
    weak, n=10
    weak, n=20
    """
    told = [factors(grid) for grid in grids] or [()]
    named = {name: _changes(table) for name, table in scenarios.items()} or {"": {}}
    short = _short({f.path for grid in told for f in grid})
    met: set[str] = set()
    for scenario, fixed in named.items():
        for grid in told:
            for levels in itertools.product(*(factor.levels for factor in grid)):
                varied = {f.path: level for f, level in zip(grid, levels, strict=True)}
                parts = [f"{short[path]}={level_text(value)}" for path, value in varied.items()]
                label = ", ".join([scenario, *parts] if scenario else parts)
                if label not in met:
                    met.add(label)
                    yield Cell(scenario, {**fixed, **varied}, label)


def changed(raw: Mapping[str, Any], changes: Mapping[Path, Any]) -> dict[str, Any]:
    """The file's tables with some values changed, and without factors."""
    made = {key: value for key, value in raw.items() if key not in ("grids", "scenarios")}
    for path, value in changes.items():
        table = made
        for key in path[:-1]:
            inner = table.get(key)
            table[key] = dict(inner) if isinstance(inner, Mapping) else {}
            table = table[key]
        table[path[-1]] = value
    return made


def _changes(table: Mapping[str, Any], before: Path = ()) -> dict[Path, Any]:
    found: dict[Path, Any] = {}
    for key, value in table.items():
        path = (*before, *key.split(".")) if not before else (*before, key)
        if isinstance(value, Mapping):
            found |= _changes(value, path)
        else:
            found[path] = value
    return found


def _short(paths: set[Path]) -> dict[Path, str]:
    """The last key where that is enough to tell factors apart, else all of them."""
    last = [path[-1] for path in paths]
    return {p: p[-1] if last.count(p[-1]) == 1 else key_text(p) for p in paths}


def level_text(value: Any) -> str:
    """A level as labels have it."""
    return value if isinstance(value, str) else json.dumps(value)
