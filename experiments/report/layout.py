"""Where the cells of a study stand for one factor: by the others' levels, then by its own."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from experiments.findings import Findings, Setting

__all__ = [
    "MOST_PANELS",
    "SCENARIO",
    "Cells",
    "Layout",
    "cells_of",
    "first_places",
    "is_number",
    "layouts",
    "level_key",
    "levels_of",
    "short_names",
    "told",
    "varied",
]

MOST_PANELS = 6
"""Combinations of the other factors that are shown one by one; more are averaged over."""

SCENARIO = "scenario"
"""The factor that the name of the scenario is."""

Cells = list[tuple[Mapping[str, Any], str]]  # levels by factor, and the name of the world there


@dataclass(frozen=True)
class Layout:
    """The cells of one of the file's worlds, for one estimand and one factor.

    Attributes:
      world: the file's world, and ``title`` its label.
      factor: the factor's name for people: the last part of its key where that is enough.
      levels: numbers in their order, anything else in the file's.
      others: by a combination of the other factors' levels, in words, the names of the worlds at
        the levels of this one, and None where the study has no such cell.
      left_out: how many combinations are not among them, since they have too few levels of it.
      data: by the name of a world, what its data depend on: where that is equal they are the same.
    """

    world: str
    title: str
    estimand: str
    factor: str
    levels: tuple[Any, ...]
    others: Mapping[str, tuple[str | None, ...]]
    left_out: int
    data: Mapping[str, Hashable]

    @property
    def numeric(self) -> bool:
        """Whether all levels are numbers; if not, they are categories."""
        return all(map(is_number, self.levels))

    @property
    def averaged(self) -> bool:
        """Whether there are too many combinations to show one by one."""
        return len(self.others) > MOST_PANELS


def layouts(findings: Findings) -> Iterator[Layout]:
    """A layout for each of the file's worlds, estimand, and factor that varies there."""
    asked = set(zip(findings.truths.world, findings.truths.estimand, strict=True))
    titles = {each.world: each.title for each in findings.cells.values()}
    for world, title in titles.items():
        cells = cells_of(findings, world)
        for estimand in findings.estimands:
            here = [(levels, name) for levels, name in cells if (name, estimand) in asked]
            for factor in varied(levels for levels, _ in here):
                yield _layout(here, factor, (world, title, estimand))


def first_places(findings: Findings, most: int) -> Findings:
    """The findings of so many worlds at most, each in its cell, in the order of the file."""
    worlds = dict(itertools.islice(findings.worlds.items(), most))
    frames = {
        name: frame[frame.world.isin(worlds)]
        for name in ("estimates", "truths", "summary")
        for frame in (getattr(findings, name),)
    }
    cells = {name: each for name, each in findings.cells.items() if name in worlds}
    return replace(findings, worlds=worlds, cells=cells, **frames)


def levels_of(setting: Setting) -> dict[str, Any]:
    """The level of each factor, the scenario being one of them if the study has several."""
    scenario = {SCENARIO: setting.scenario} if setting.scenario else {}
    return {**scenario, **setting.levels}


def told(value: Any) -> str:
    """A level as people read it.

    >>> told(10_000), told(0.5), told("student"), told(True), told(None), told([0, 1])
    ('10,000', '0.5', 'student', 'true', "the model's own", '[0, 1]')
    """
    if value is None:
        return "the model's own"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(told, value))}]"
    return str(value)


def cells_of(findings: Findings, world: str) -> Cells:
    """The cells of a world; of several that are the same in it, the first."""
    found: dict[Hashable, tuple[Mapping[str, Any], str]] = {}
    for name, each in findings.cells.items():
        if each.world == world:
            levels = levels_of(each)
            found.setdefault(tuple(map(level_key, levels.values())), (levels, name))
    return list(found.values())


def _layout(cells: Cells, factor: str, named: tuple[str, str, str]) -> Layout:
    levels = {level_key(each[factor]): each[factor] for each, _ in cells}
    if all(map(is_number, levels.values())):
        levels = dict(sorted(levels.items(), key=lambda item: item[1]))
    several = varied(each for each, _ in cells)
    short = short_names(several)
    others: dict[str, dict[Hashable, str]] = {}
    data: dict[str, Hashable] = {}
    for each, name in cells:
        words = {one: told(each[one]) for one in several if one != factor}
        label = ", ".join(f"{short[one]}: {word}" for one, word in words.items())
        others.setdefault(label, {})[level_key(each[factor])] = name
        data[name] = tuple(level_key(each[one]) for one in several if _acts_on_data(one))
    kept = _worth_showing(others)
    shown = {
        key: level for key, level in levels.items() if any(key in one for one in kept.values())
    }
    rows = {label: tuple(map(places.get, shown)) for label, places in kept.items()}
    left_out = len(others) - len(kept)
    return Layout(*named, short[factor], tuple(shown.values()), rows, left_out, data)


def _worth_showing(others: Mapping[str, Mapping[Hashable, str]]) -> Mapping[str, Any]:
    """Without the combinations that have one level of the factor only.

    Of more than can be shown one by one, those with every level that the fullest has: the dots of
    an averaged curve have to be over the same cells.
    """
    several = {label: places for label, places in others.items() if len(places) > 1} or others
    if len(several) <= MOST_PANELS:
        return several
    most = max(several.values(), key=len).keys()
    return {
        label: {key: places[key] for key in most}
        for label, places in several.items()
        if places.keys() >= most
    }


def varied(cells: Iterable[Mapping[str, Any]]) -> list[str]:
    """The factors that have more than one level here."""
    met: dict[str, set[Hashable]] = {}
    for levels in cells:
        for factor, value in levels.items():
            met.setdefault(factor, set()).add(level_key(value))
    return [factor for factor, values in met.items() if len(values) > 1]


def short_names(keys: Iterable[str]) -> dict[str, str]:
    """The last part of each key where that is enough to tell them apart, else all of it."""
    last = {key: re.findall(r'"(?:[^"\\]|\\.)*"|[^."]+', key)[-1] for key in keys}
    ends = list(last.values())
    return {key: end if ends.count(end) == 1 else key for key, end in last.items()}


def _acts_on_data(factor: str) -> bool:
    return factor in ("n", "seed") or factor.startswith("worlds.")


def is_number(value: Any) -> bool:
    """Whether a level can stand on an axis of numbers."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def level_key(value: Any) -> Hashable:
    """A level that can be looked up: True is not 1, and a list is what is in it."""
    if isinstance(value, list | tuple):
        return tuple(map(level_key, value))
    return value if is_number(value) else (type(value).__name__, str(value))
