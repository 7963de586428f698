"""``scm diff``: what the results of two runs differ in, apart from what they took.

Estimates are compared a world at a time, so that two large runs need no more memory than that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pyarrow import ArrowException, parquet

__all__ = ["DiffError", "differences"]

_SHOWN = 3  # differences that are shown of each table
_BY = {
    "estimates.parquet": ["world", "method", "estimand", "replicate"],
    "truths.parquet": ["world", "estimand"],
    "summary.csv": ["world", "estimand", "method"],
}


class DiffError(ValueError):
    """A folder that holds no results to compare; the message names it."""


def differences(run: Path, other: Path) -> list[str]:
    """A few lines for each file of results in which two runs differ; none where they are equal.

    Numbers are equal where they are the same to the last bit; NaN is equal to NaN.

    Raises `DiffError` where a folder holds no results of a run.
    """
    for folder in (run, other):
        for name in _BY:
            if not (folder / name).exists():
                what = "holds no results of a run" if folder.is_dir() else "no such folder"
                raise DiffError(f"{folder}: {what}: {name} is not there; name a folder runs/NAME")
    if run.resolve() == other.resolve():
        return []
    lines: list[str] = []
    for name, by in _BY.items():
        found = _Found(run, other, by)
        for one, two in _pieces(name, run / name, other / name):
            found.compare(one, two)
        lines += found.lines(name)
    return lines


def _pieces(name: str, one: Path, two: Path) -> Iterator[tuple[pd.DataFrame, pd.DataFrame]]:
    """Both tables, those of estimates a world at a time."""
    try:
        if name != "estimates.parquet":
            yield _table(one), _table(two)
            return
        worlds = [parquet.read_table(path, columns=["world"])["world"] for path in (one, two)]
        every = dict.fromkeys(world for each in worlds for world in each.unique().to_pylist())
        for world in every:
            only = [("world", "==", world)]
            yield pd.read_parquet(one, filters=only), pd.read_parquet(two, filters=only)
    except (ArrowException, OSError, pd.errors.ParserError) as error:
        raise DiffError(f"{one} or {two}: cannot be read: {error}") from None


def _table(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    return pd.read_csv(path, dtype=str)  # numbers as they are written: they round nowhere


class _Found:
    """What has been found to differ so far in a table with a row for each value of ``by``."""

    def __init__(self, run: Path, other: Path, by: Sequence[str]) -> None:
        self.run, self.other, self.by = run, other, list(by)
        self.alone = {run: 0, other: 0}
        self.first_alone: dict[Path, str] = {}
        self.columns: dict[str, str] = {}
        self.both = self.differ = 0
        self.shown: list[str] = []

    def compare(self, one: pd.DataFrame, two: pd.DataFrame) -> None:
        """Compare two pieces of the table."""
        tables = {self.run: _keyed(one, self.by), self.other: _keyed(two, self.by)}
        here, there = tables.values()
        for folder, mine, others in ((self.run, here, there), (self.other, there, here)):
            for column in mine.columns.difference(others.columns):
                if not _timed(column) and len(others):
                    self.columns[column] = f"column {column} is in {folder} only"
            rows = mine.index.difference(others.index, sort=False)
            self.alone[folder] += len(rows)
            if len(rows):
                self.first_alone.setdefault(folder, _place(rows[0]))
        common = here.index.intersection(there.index, sort=False)
        shared = [name for name in here.columns if name in there.columns and not _timed(name)]
        here, there = here.loc[common, shared], there.loc[common, shared]
        unlike = pd.DataFrame({name: _unlike(here[name], there[name]) for name in shared})
        where = np.flatnonzero(unlike.to_numpy().any(axis=1)) if shared else np.array([], int)
        self.both, self.differ = self.both + len(common), self.differ + len(where)
        for row in where[: _SHOWN - len(self.shown)]:
            told = [
                f"{name} is {_value(here[name].iloc[row])} and {_value(there[name].iloc[row])}"
                for name in shared
                if unlike[name].iloc[row]
            ]
            more = f" and {len(told) - 2} more" if len(told) > 2 else ""
            self.shown.append(f"  {_place(common[row])}: {', '.join(told[:2])}{more}")

    def lines(self, name: str) -> list[str]:
        """What differs in the table of this name."""
        told = [f"{name}: {line}" for line in self.columns.values()]
        for folder, rows in self.alone.items():
            if rows:
                first = self.first_alone[folder]
                told.append(f"{name}: {rows:,} row(s) in {folder} only, the first: {first}")
        if self.differ:
            told.append(f"{name}: {self.differ:,} of {self.both:,} rows differ")
            told += self.shown
            if self.differ > len(self.shown):
                told.append("  ...")
        return told


def _keyed(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Rows by their keys; one that a run does not have, since it has no baselines, is ``""``."""
    return frame.assign(**{key: "" for key in by if key not in frame}).set_index(list(by))


def _timed(column: str) -> bool:
    return "seconds" in column


def _unlike(one: pd.Series, two: pd.Series) -> np.ndarray:
    """Where two columns of the same rows differ."""
    a, b = one.to_numpy(), two.to_numpy()
    absent = pd.isna(a) & pd.isna(b)
    return np.asarray((a != b) & ~absent, bool)


def _place(index: Any) -> str:
    return ", ".join(str(each) for each in index if each != "")


def _value(value: Any) -> str:
    if isinstance(value, str) and value:
        return value
    return repr(value.item() if isinstance(value, np.generic) else value)
