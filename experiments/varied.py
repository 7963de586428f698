"""Factors that do not fit their study: keys that are not there, levels that a key does not take.

Every level is tried on its own, with all else as the file has it: a few hundred levels are checked
in no time, where their combinations may be millions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from experiments.explain import explained
from experiments.factors import Cell, Factor, changed, factors, level_text
from experiments.links import broken_links
from experiments.mistakes import key_text, spelling
from experiments.study import Study
from experiments.toml_lines import KeyPath

__all__ = ["wrong_factors"]

_FREE = (
    "parameters",
    "options",
    "at",
    "given",
    "numbers",
)  # tables whose keys only the models know
_FIXED = (
    "name", "title", "aims", "notes", "precision", "replications", "real", "engine", "failures",
    "stop", "grids", "scenarios", "claims",
)  # fmt: skip


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
            if place[0] == "grids":
                yield from _repeated(factor, where)
                yield from _wrong_levels(study, raw, factor, where)
            elif (told := _refusal(study, raw, factor, _whole(table, factor))) is not None:
                yield where, told[1]
    yield from _twins(tables)
    yield from _twins(named)
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
    if not isinstance(table, Mapping):
        return f"{key_text(factor.path[:-1])} is a value, and holds no keys; vary it itself"
    worlds = raw.get("worlds", {}).values()
    if factor.path == ("n",) and all("n" in each for each in worlds):
        return "every world has an n of its own, so it would be of no effect; vary worlds.NAME.n"
    return ""


def _twins(tables: list[tuple[KeyPath, Any]]) -> Iterator[tuple[KeyPath, str]]:
    """Tables that say the same as one before."""
    for number, (place, table) in enumerate(tables):
        before = [other for other, each in tables[:number] if each == table]
        if before:
            yield place, f"the same as {key_text(before[0])}; nothing would come of it"


def _repeated(factor: Factor, where: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Levels that come twice, or that are told apart by nothing that is written of them."""
    seen: set[str] = set()
    for at, level in enumerate(factor.levels):
        text = level_text(level)
        if text in seen:
            yield (*where, at), f"{text} is listed twice"
        seen.add(text)


def _wrong_levels(
    study: Study, raw: Mapping[str, Any], factor: Factor, where: KeyPath
) -> Iterator[tuple[KeyPath, str]]:
    """Levels that their key does not take; the key itself, where that is what is wrong."""
    refusals = {at: _refusal(study, raw, factor, x) for at, x in enumerate(factor.levels)}
    wrong = {at: told for at, told in refusals.items() if told is not None}
    if any(unknown for unknown, _ in wrong.values()):
        yield where, next(iter(wrong.values()))[1]
    elif len(wrong) == len(factor.levels) and not _refusal(study, raw, factor, [*factor.levels]):
        written = json.dumps([[*factor.levels]], ensure_ascii=False)
        yield where, f"a list of levels, each a list itself, is wanted; write {written}"
    else:
        yield from (((*where, at), message) for at, (_, message) in wrong.items())


def _refusal(
    study: Study, raw: Mapping[str, Any], factor: Factor, level: Any
) -> tuple[bool, str] | None:
    """Why a level does not fit, all else being as the file has it: whether its key is unknown, and
    the message."""
    cell = Cell("", {factor.path: level}, "")
    tables = changed(raw, cell.changes)
    try:
        study.within(cell)
    except ValidationError as error:
        found = error.errors(include_url=False)
        for _, message in explained(found, tables):
            return any(each["type"] == "extra_forbidden" for each in found), message
    for _, message in broken_links(tables):
        return False, message
    return None
