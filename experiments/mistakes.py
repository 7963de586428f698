"""A mistake in a study's file, said in one line: where it is, what was given, what is wanted."""

from __future__ import annotations

import dataclasses
import datetime
import difflib
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from experiments.toml_lines import KeyPath

__all__ = ["ConfigError", "Mistake", "key_text", "nearest", "shown", "spelling"]


@dataclasses.dataclass(frozen=True)
class Mistake:
    """One thing wrong with a study's file.

    >>> print(Mistake(Path("a.toml"), ("methods", "ols", "n"), 41, "unknown key"))
    a.toml:41: methods.ols.n: unknown key
    """

    path: Path
    key: KeyPath  # () where the file as a whole is meant
    line: int | None  # None where it has no text
    message: str
    column: int | None = None

    def __str__(self) -> str:
        place = [str(part) for part in (self.path, self.line, self.column) if part is not None]
        return ": ".join([":".join(place), *([key_text(self.key)] if self.key else [])]) + (
            f": {self.message}"
        )


class ConfigError(ValueError):
    """What is wrong with a study's file: one `Mistake` a line, in the order of the file."""

    def __init__(self, *mistakes: Mistake):
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: mistake.line or 0))
        super().__init__("\n".join(map(str, self.mistakes)))


def key_text(path: KeyPath) -> str:
    """A key path as it is written in TOML, with items counted from 0.

    >>> key_text(("real", "published", 0, "first stage"))
    'real.published[0]."first stage"'
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            bare = re.fullmatch(r"[A-Za-z0-9_-]+", part)
            text += ("." if text else "") + (part if bare else json.dumps(part, ensure_ascii=False))
    return text


def shown(value: Any) -> str:
    """A value as an error names it: short, with its kind plain to see.

    >>> shown("3010"), shown(True), shown([1, "a"]), shown({"a": 1}), shown({})
    ('the string "3010"', 'true', 'the list [1, "a"]', 'a table', 'an empty table')
    """
    if isinstance(value, str):
        return f"the string {json.dumps(_short(value), ensure_ascii=False)}"
    if isinstance(value, bool | int | float):
        return json.dumps(value) if isinstance(value, bool) else repr(value)
    if isinstance(value, list | tuple) and value and all(isinstance(x, dict) for x in value):
        return "a list of tables"
    if isinstance(value, list | tuple):
        return f"the list {_short(json.dumps(value, ensure_ascii=False, default=str))}"
    if isinstance(value, dict):
        return "a table" if value else "an empty table"
    if isinstance(value, datetime.date | datetime.time):
        return f"the date or time {value}"
    return f"an object of type {type(value).__name__}"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is spelt most like ``word``, if any is.

    >>> nearest("estimater", ["label", "estimator"])
    'estimator'
    """
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(word.casefold(), folded, n=1)
    return folded[near[0]] if near else None


def spelling(word: str, known: Iterable[str]) -> str:
    """``"; did you mean 'estimator'?"``, or all there are when none is near.

    >>> spelling("colour", ["label", "estimator"])
    '; there are: estimator, label'
    """
    names = sorted(known)
    near = nearest(word, names)
    if near:
        return f"; did you mean {near!r}?"
    return f"; there are: {', '.join(names)}" if names else "; there are none"
