"""Names in a study that point at nothing, and columns that are given two parts to play.

Read off the file's own tables, whatever else is wrong in them, so that all is said at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from experiments.mistakes import spelling
from experiments.toml_lines import KeyPath

__all__ = ["broken_links"]

_LISTS = ("adjust", "instruments", "mediators")
_ROLES = ("treatment", "outcome", *_LISTS)


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
    for role in _LISTS:
        seen = set()
        for number, column in _texts(roles, role):
            if column in seen:
                yield (role, number), f"{column!r} is listed twice"
            elif column == outcome or (column == treatment and role != "instruments"):
                part = "outcome" if column == outcome else "treatment"
                yield (role, number), f"{column!r} is the {part}: it cannot be in {role} as well"
            seen.add(column)
