"""Factors that do not fit their study: keys that are not there, levels that a key does not take.

Every level is tried on its own, with all else as the file has it: a few hundred levels are checked
in no time, where their combinations may be millions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from experiments.explain import explained
from experiments.factors import Cell, Factor, changed, factors
from experiments.mistakes import key_text, spelling
from experiments.study import Study
from experiments.toml_lines import KeyPath

__all__ = ["wrong_factors"]

_FREE = ("parameters", "options", "at", "given")  # tables whose keys only the models know
_FIXED = ("name", "title", "aims", "notes", "precision", "replications", "real")


def wrong_factors(study: Study, raw: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """A key path and a message for each factor, or level of one, that does not fit."""
    tables: list[tuple[KeyPath, Any]] = [(("grids", i), g) for i, g in enumerate(study.grids)]
    named: list[tuple[KeyPath, Any]] = [(("scenarios", n), t) for n, t in study.scenarios.items()]
    for place, table in (*tables, *named):
        for factor in factors(table):
            where = (*place, *factor.path)
            missing = _missing(raw, factor)
            if missing:
                yield where, missing
                continue
            levels = factor.levels if place[0] == "grids" else (_whole(table, factor),)
            yield from _wrong_levels(study, raw, factor, where, levels)
    fixed = {factor.key for _, table in named for factor in factors(table)}
    for place, table in tables:
        for factor in factors(table):
            if factor.key in fixed:
                yield (*place, *factor.path), "a scenario sets it as well; vary it in one place"


def _whole(table: Mapping[str, Any], factor: Factor) -> Any:
    """What a scenario sets a key to: a list there is a value, and no levels."""
    value: Any = table
    for key in factor.path:
        if key not in value:
            return next(iter(factor.levels))
        value = value[key]
    return value


def _missing(raw: Mapping[str, Any], factor: Factor) -> str:
    """Why the key of a factor is none of the file's, or ""."""
    first, *_ = factor.path
    if first in _FIXED:
        return f"{first} is the whole study's, and cannot be varied"
    table: Any = raw
    for at, key in enumerate(factor.path[:-1]):
        if not isinstance(table, Mapping) or (key not in table and key not in _FREE):
            known = [str(each) for each in table] if isinstance(table, Mapping) else []
            return f"{key_text(factor.path[: at + 1])} is not in this file{spelling(key, known)}"
        table = table.get(key, {})
    return ""


def _wrong_levels(
    study: Study, raw: Mapping[str, Any], factor: Factor, where: KeyPath, levels: Any
) -> Iterator[tuple[KeyPath, str]]:
    for at, level in enumerate(levels):
        cell = Cell("", {factor.path: level}, "")
        try:
            study.within(cell)
        except ValidationError as error:
            tables = changed(raw, cell.changes)
            for _, message in explained(error.errors(include_url=False), tables):
                yield (*where, at), message
                break
