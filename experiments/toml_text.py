"""Writes plain data as TOML that tomllib reads back as the same data."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

__all__ = ["dumps"]


def dumps(data: Mapping[str, Any]) -> str:
    """``data`` as TOML: strings, booleans, numbers, lists and tables of these, in their order.

    A table of tables becomes ``[key.name]`` sections, any other a ``[key]`` section, and a list of
    tables in it ``[[key.item]]`` sections; what is deeper is written in line.

    Raises TypeError for anything else, such as None, naming its key.

    >>> print(dumps({"n": 3, "worlds": {"a": {"at": {"x": [1, 0.5]}}}, "real": {}}), end="")
    n = 3
    <BLANKLINE>
    [worlds.a]
    at = { x = [1, 0.5] }
    <BLANKLINE>
    [real]
    """
    tables = {key: value for key, value in data.items() if isinstance(value, Mapping)}
    lines = _pairs("", {key: value for key, value in data.items() if key not in tables})
    for key, table in tables.items():
        if table and all(isinstance(value, Mapping) for value in table.values()):
            for name, named in table.items():
                lines += _section(f"[{_key(key)}.{_key(name)}]", named)
            continue
        lists = {name: value for name, value in table.items() if _is_list_of_tables(value)}
        own = {name: value for name, value in table.items() if name not in lists}
        lines += _section(f"[{_key(key)}]", own)
        for name, items in lists.items():
            for item in items:
                lines += _section(f"[[{_key(key)}.{_key(name)}]]", item)
    return "".join(f"{line}\n" for line in lines).lstrip("\n")


def _section(header: str, table: Mapping[str, Any]) -> list[str]:
    return ["", header, *_pairs(header, table)]


def _pairs(place: str, table: Mapping[str, Any]) -> list[str]:
    return [f"{_key(key)} = {_value(f'{place} {key}', value)}" for key, value in table.items()]


def _is_list_of_tables(value: Any) -> bool:
    several = isinstance(value, list | tuple) and len(value) > 0
    return several and all(isinstance(item, Mapping) for item in value)


def _value(place: str, value: Any) -> str:
    """A value in line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)  # inf and nan are TOML too
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(place, item) for item in value)}]"
    if isinstance(value, Mapping):
        pairs = ", ".join(_pairs(place, value))
        return f"{{ {pairs} }}" if pairs else "{}"
    raise TypeError(f"{place.strip()}: TOML has no {type(value).__name__}: {value!r}")


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _text(key)


def _text(text: str) -> str:
    """A basic string: JSON's escapes are TOML's, save that TOML also wants DEL escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
