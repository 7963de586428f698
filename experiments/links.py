"""What does not fit together in a study: names that point at nothing, columns that are given two
parts to play, settings that would be of no effect.

Read off the file's own tables, whatever else is wrong in them, so that all is said at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from experiments.claims import ESTIMATE, RELATIONS
from experiments.measures import LABELS
from experiments.mistakes import spelling
from experiments.names import BASELINES
from experiments.toml_lines import KeyPath

__all__ = ["broken_links"]

_LISTS = ("adjust", "instruments", "mediators")
_ROLES = ("treatment", "outcome", *_LISTS)
_LIMITS = ("time_limit", "memory_limit")
_NO_ERROR = ("rank", "attempts", "seconds", "compile_seconds")  # measures without one


def broken_links(raw: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """A key path and a message for each name that does not fit the rest of the study."""
    worlds, estimands, methods = (_tables(raw, key) for key in ("worlds", "estimands", "methods"))
    for name, estimand in estimands.items():
        yield from _names(("estimands", name), estimand, "worlds", worlds)
        yield from _columns_of_estimand(("estimands", name), estimand)
    for name, method in methods.items():
        yield from _names(("methods", name), method, "estimands", estimands)
    real = raw.get("real")
    published = real.get("published") if isinstance(real, dict) else None
    for number, each in enumerate(published if isinstance(published, list) else []):
        called = each.get("method") if isinstance(each, dict) else None
        if methods and isinstance(called, str) and called not in methods:
            path = ("real", "published", number, "method")
            yield path, f"no method is called {called!r}{spelling(called, methods)}"
    yield from _roles(raw, methods)
    yield from _nothing_to_do(worlds, estimands, methods)
    yield from _stop(raw, methods)
    yield from _claims(raw, worlds, estimands, methods)
    yield from _without_effect(raw, methods)


def _tables(raw: Mapping[str, Any], key: str) -> dict[str, Mapping[str, Any]]:
    """The named tables under ``key``, in so far as they are tables."""
    tables = raw.get(key)
    if not isinstance(tables, dict):
        return {}
    return {name: table if isinstance(table, dict) else {} for name, table in tables.items()}


def _texts(table: Mapping[str, Any], key: str) -> list[tuple[int, str]]:
    """The strings in the list under ``key``, each with its number."""
    items = table.get(key)
    if not isinstance(items, list):
        return []
    return [(number, item) for number, item in enumerate(items) if isinstance(item, str)]


def _listed(table: Mapping[str, Any], key: str, known: Mapping[str, Any]) -> list[str]:
    """The names in a list; all that are known where there is none; "" for what is no name."""
    items = table.get(key)
    if not isinstance(items, list):
        return list(known)
    return [item if isinstance(item, str) else "" for item in items]


def _names(
    path: KeyPath, table: Mapping[str, Any], key: str, known: Mapping[str, Any]
) -> Iterator[tuple[KeyPath, str]]:
    """Names under ``key`` that are not ``known``, or come twice; and a list of none."""
    if table.get(key) == []:
        yield (*path, key), "an empty list; leave the key out to mean all of them"
    seen: set[str] = set()
    for number, name in _texts(table, key):
        if known and name not in known:  # no known ones at all is another mistake
            what = key.removesuffix("s")
            yield (*path, key, number), f"no {what} is called {name!r}{spelling(name, known)}"
        elif name in seen:
            yield (*path, key, number), f"{name!r} is listed twice"
        seen.add(name)


def _nothing_to_do(
    worlds: Mapping[str, Any],
    estimands: Mapping[str, Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
) -> Iterator[tuple[KeyPath, str]]:
    """Worlds in which nothing is asked that any method is held against."""
    held = [e for each in methods.values() for e in _listed(each, "estimands", estimands)]
    asked_in = {e: _listed(each, "worlds", worlds) for e, each in estimands.items()}
    named = [w for where in asked_in.values() for w in where]
    if not held or not named or not all(e in estimands for e in held):
        return  # another mistake
    for world in worlds if all(w in worlds for w in named) else ():
        asked = [e for e, where in asked_in.items() if world in where]
        if not set(held).intersection(asked):
            what = f"the estimands asked here: {', '.join(asked)}" if asked else "anything here"
            yield ("worlds", world), f"no method is held against {what}; nothing would be done"


def _stop(raw: Mapping[str, Any], methods: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """A rule that asks for what is never measured, or that is over before it begins."""
    stop = raw.get("stop")
    if not isinstance(stop, dict):
        return
    yield from _names(("stop",), stop, "methods", methods)
    measure, known = stop.get("measure"), [each for each in LABELS if each not in _NO_ERROR]
    if isinstance(measure, str) and measure not in known:
        yield ("stop", "measure"), f"no measure is called {measure!r}{spelling(measure, known)}"
    most, first = stop.get("most"), raw.get("replications")
    if type(most) is int and type(first) is int and 0 < most < first:
        yield (
            ("stop", "most"),
            f"{most} are fewer than the {first} replications that there are to begin with",
        )


def _claims(
    raw: Mapping[str, Any],
    worlds: Mapping[str, Any],
    estimands: Mapping[str, Mapping[str, Any]],
    methods: Mapping[str, Mapping[str, Any]],
) -> Iterator[tuple[KeyPath, str]]:
    """Claims of what is not there, and claims that say nothing, or two things."""
    runs = {**methods, **{name: {} for name in BASELINES}}
    measures = [ESTIMATE, *(each for each in LABELS if each not in _NO_ERROR)]
    for name, claim in _tables(raw, "claims").items():
        path: KeyPath = ("claims", name)
        yield from _names(path, claim, "worlds", worlds)
        for key, what, known in (
            ("estimand", "estimand", estimands),
            ("method", "method", runs),
            ("smaller_than", "method", runs),
            ("measure", "measure", measures),
        ):
            called = claim.get(key)
            if isinstance(called, str) and known and called not in known:
                yield (*path, key), f"no {what} is called {called!r}{spelling(called, known)}"
        said = [key for key in RELATIONS if key in claim]
        if len(said) != 1:
            listed = f"; it has {' and '.join(said)}" if said else ""
            yield path, f"one of {', '.join(RELATIONS[:-1])} or {RELATIONS[-1]} is wanted{listed}"
        method, asked = runs.get(claim.get("method", "")), claim.get("estimand")
        if method and asked and asked not in _listed(method, "estimands", estimands):
            yield (*path, "estimand"), f"{claim['method']} is not held against {asked!r}"


def _without_effect(
    raw: Mapping[str, Any], methods: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[KeyPath, str]]:
    """Settings that nothing would come of."""
    engine: Any = raw.get("engine")
    engine = engine if isinstance(engine, dict) else {"kind": ""}
    kind = engine.get("kind", "in-process")
    if kind in ("in-process", "processes") and engine.get("address"):
        yield ("engine", "address"), f'{kind} has no address; write kind = "dask"'
    if kind == "in-process" and engine.get("workers", 1) not in (0, 1):
        yield ("engine", "workers"), 'this process is one worker; write kind = "processes"'
    for name, method in methods.items():
        called = method.get("estimator")
        for limit in _LIMITS:
            if limit in method and isinstance(called, str) and not re.search("[:.]", called):
                told = f"{called} is compiled, and runs without limits; leave it out"
                yield ("methods", name, limit), told


def _columns_of_estimand(path: KeyPath, table: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """An effect of a variable on itself, or with itself held fixed."""
    treatment, outcome = table.get("treatment"), table.get("outcome")
    if isinstance(treatment, str) and treatment == outcome:
        yield (*path, "outcome"), f"{outcome!r} is the treatment as well"
    at = table.get("at")
    for column in at if isinstance(at, dict) else ():
        for part in ("treatment", "outcome"):
            if column == table.get(part):
                yield (*path, "at", column), f"{column!r} is the {part}: it cannot be held fixed"


def _roles(
    raw: Mapping[str, Any], methods: Mapping[str, Mapping[str, Any]]
) -> Iterator[tuple[KeyPath, str]]:
    """Clashes in the study's roles, and those that a method makes by changing some of them."""
    table = raw.get("roles")
    shared: Mapping[str, Any] = table if isinstance(table, dict) else {}
    clashes = dict(_clashes(shared))
    yield from ((("roles", *place), message) for place, message in clashes.items())
    for name, method in methods.items():
        own = {role: method[role] for role in _ROLES if role in method}
        for place, message in _clashes({**shared, **own}):
            if clashes.get(place) != message:
                yield ("methods", name, *(place if place[0] in own else ())), message


def _clashes(roles: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Columns that play two parts, each under its role and its number in it."""
    treatment, outcome = roles.get("treatment"), roles.get("outcome")
    if isinstance(treatment, str) and treatment == outcome:
        yield ("outcome",), f"{outcome!r} is the treatment as well"
    played = ((treatment, "the treatment"), (outcome, "the outcome"))
    parts = {column: part for column, part in played if isinstance(column, str)}
    for role in _LISTS:
        seen: set[str] = set()
        for number, column in _texts(roles, role):
            if column in seen:
                yield (role, number), f"{column!r} is listed twice"
            elif column in parts:
                told = f"{column!r} is {parts[column]}: it cannot be in {role} as well"
                yield (role, number), told
            seen.add(column)
        parts |= dict.fromkeys(seen, f"in {role}")
