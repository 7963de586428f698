"""Where each key of a TOML file stands: tomllib tells values, not lines.

The text is scanned once by the grammar's own structure: statements, keys, values. Values are
stepped over, not read. Array items and keys of inline tables have lines of their own.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Generator, Iterator, Mapping
from typing import NamedTuple

__all__ = ["KeyPath", "line_of", "locate", "repeated"]

KeyPath = tuple[str | int, ...]
"""``("real", "published", 0, "method")``: names of keys, and numbers of array items."""


class Entry(NamedTuple):
    """One place where a key path is written."""

    path: KeyPath
    at: int  # offset in the text
    explicit: bool  # False for the parents that a dotted key or a header makes by the way


_PART = r"""(?:[A-Za-z0-9_-]+|"(?:\\.|[^"\\\n])*"|'[^'\n]*')"""
_KEY = re.compile(rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*")
_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_REST = re.compile(r"[^\n]*")
_STRING = re.compile(  # the long forms first; up to two of the last quotes belong to the text
    r'"""(?:\\.|[^\\])*?"{3,5}' r"|'''.*?'{3,5}" r'|"(?:\\.|[^"\\\n])*"' r"|'[^'\n]*'", re.DOTALL
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


def locate(text: str) -> dict[KeyPath, int]:
    """The line, from 1, of every key path in ``text``, which is TOML that tomllib accepts.

    A table stands where its header does, an array's item where it begins. A table that only a
    longer header or a dotted key makes stands where it is first mentioned.

    Arguments:
      text: the file, as `tomllib.loads` takes it.

    >>> locate('seed = 1\\n[roles]  # for all\\nadjust = [\\n  "age",\\n]')
    {('seed',): 1, ('roles',): 2, ('roles', 'adjust'): 3, ('roles', 'adjust', 0): 4}
    """
    text = text.replace("\r\n", "\n")
    lines: dict[KeyPath, int] = {}
    for path, at, explicit in _entries(text):
        if explicit or path not in lines:
            lines[path] = text.count("\n", 0, at) + 1
    return lines


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """The line of ``path``, or of the nearest enclosing key that is written; 1 for the whole."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 1


def repeated(text: str) -> tuple[KeyPath, int, int] | None:
    """The first key written twice, with both its lines; None when there is none to be found.

    For text that tomllib refuses: what comes before its complaint is well formed.
    """
    text = text.replace("\r\n", "\n")
    first: dict[KeyPath, int] = {}
    try:
        for path, at, explicit in _entries(text):
            line = text.count("\n", 0, at) + 1
            if explicit and path in first:
                return path, first[path], line
            if explicit:
                first[path] = line
    except ValueError:
        pass  # the scan met the malformed part, and no key was written twice before it
    return None


def _entries(text: str) -> Iterator[Entry]:
    """Every key and array item, in the order of the text."""
    items: dict[KeyPath, int] = {}  # how many tables each array of tables has so far
    table: KeyPath = ()
    at = _match(_BLANK, text, 0)
    while at < len(text):
        if text.startswith("[", at):
            double = text.startswith("[[", at)
            start = _match(_SPACE, text, at + 1 + double)
            end = _match(_KEY, text, start)
            *parents, last = _names(text[start:end])
            table = ()
            for name in parents:
                yield Entry((*table, name), at, False)
                table = _latest((*table, name), items)
            table = (*table, last)
            if double:
                yield Entry(table, at, False)
                items[table] = items.get(table, 0) + 1
                table = _latest(table, items)
            yield Entry(table, at, True)
            at = end
        else:
            at = yield from _pair(text, at, table)
        at = _match(_BLANK, text, _match(_REST, text, at))


def _pair(text: str, at: int, table: KeyPath) -> Generator[Entry, None, int]:
    """``key = value``: its entries; returns where the value ends."""
    end = _match(_KEY, text, at)
    *parents, last = _names(text[at:end])
    for name in parents:
        table = (*table, name)
        yield Entry(table, at, False)
    path = (*table, last)
    yield Entry(path, at, True)
    return (yield from _value(text, _match(_EQUALS, text, end), path))


def _value(text: str, at: int, path: KeyPath) -> Generator[Entry, None, int]:
    """Steps over one value; the entries are those inside it."""
    opening = text[at : at + 1]
    if opening not in ("[", "{"):
        return _match(_STRING if opening in ('"', "'") else _SCALAR, text, at)
    closing = "]" if opening == "[" else "}"
    at, number = _match(_BLANK, text, at + 1), 0
    while not text.startswith(closing, at):
        if opening == "[":
            yield Entry((*path, number), at, True)
            at = yield from _value(text, at, (*path, number))
        else:
            at = yield from _pair(text, at, path)
        at, number = _match(_BLANK, text, at), number + 1
        if text.startswith(",", at):
            at = _match(_BLANK, text, at + 1)
    return at + 1


def _names(key: str) -> list[str]:
    """The parts of a dotted key, unquoted: tomllib itself is asked."""
    names, table = [], tomllib.loads(f"{key} = {{}}")
    while table:
        (name, table), *_ = table.items()
        names.append(name)
    return names


def _latest(path: KeyPath, items: Mapping[KeyPath, int]) -> KeyPath:
    """``path``, or its last item where it is an array of tables."""
    return (*path, items[path] - 1) if path in items else path


def _match(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where ``pattern`` ends, when it begins at ``at``."""
    found = pattern.match(text, at)
    if found is None:
        line = text.count("\n", 0, at) + 1
        raise ValueError(f"line {line}: not TOML: {text[at : at + 20]!r}")
    return found.end()
