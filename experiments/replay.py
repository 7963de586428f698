"""``scm replay``: one data set of a run made again, what the methods make of it, and whether that
is what the run has kept.

It is made as the run made it, in its chunk and by the chunk's program, for the last bits of a
number depend on what it is computed beside.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from experiments.factors import Cell
from experiments.mistakes import spelling
from experiments.plan import plan
from experiments.replicate import drawn, estimated
from experiments.running import Place
from experiments.study import Study
from scm.estimate.failures import FAILURES

__all__ = ["Replay", "ReplayError", "found_cell", "replayed"]

_NUMBERS = ("value", "se", "low", "high", "gap_low", "gap_high", "n", "failure")


Row = Mapping[Hashable, Any]
"""An estimate by columns, as frames have it."""


class ReplayError(ValueError):
    """What cannot be made again; the message says what there is."""


@dataclass(frozen=True)
class Replay:
    """A data set made again.

    Attributes:
      place: the world and cell, as frames name it.
      data: the data set.
      estimates: by method, its row.
      kept: by method, the row that the run has kept, if it has.
    """

    place: str
    replicate: int
    data: pd.DataFrame = field(repr=False)
    estimates: Mapping[str, Row]
    kept: Mapping[str, Row]

    @property
    def same(self) -> bool:
        """Whether no estimate is another than the one that is kept."""
        return not any(self.unlike(name) for name in self.kept)

    def unlike(self, method: str) -> list[str]:
        """What a method's estimate differs in from the one that is kept."""
        now, kept = self.estimates[method], self.kept[method]
        names = [name for name in _NUMBERS if name in now]
        return [
            f"{name} is {now[name]!r}, {kept.get(name)!r} is kept"
            for name in names
            if not _equal(now[name], kept.get(name))
        ]

    def write(self, path: Path) -> None:
        """Write the data set. Raises `ReplayError` where it cannot be written."""
        if path.suffix != ".csv":
            raise ReplayError(f"--data {path}: a name that ends in .csv is wanted")
        try:
            self.data.to_csv(path, index=False)
        except OSError as error:
            raise ReplayError(f"--data {path}: cannot be written to: {error.strerror}") from None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows, columns = self.data.shape
        yield Text(f"{self.place}, replicate {self.replicate}: {rows:,} x {columns}", "bold")
        for name, row in self.estimates.items():
            yield Text.assemble((name, "bold"), f"  {_told(row)}")
            if row["failure"]:
                known = FAILURES.get(row["failure"])
                sentence = known.sentence if known else row["detail"]
                yield Text(f"  failed: {row['failure']}. {sentence}".rstrip())
            yield from (Text(f"  {line}") for line in self._against(name))

    def _against(self, method: str) -> Iterator[str]:
        if method not in self.kept:
            yield "not kept by the run"
        elif unlike := self.unlike(method):
            yield f"DIFFERS from what is kept: {'; '.join(unlike)}"
        else:
            yield "equal to what is kept"


def replayed(
    study: Study,
    folder: Path,
    replicate: int,
    cell: str | None = None,
    world: str | None = None,
    method: str | None = None,
) -> Replay:
    """A data set of a run in ``folder``, and its estimates.

    Arguments:
      cell: the label of its cell, may be left out where there is one.
      world: its world, likewise.
      method: the only method that is run; left out, all.

    Raises `ReplayError` for a cell, world or method that is not there, or has to be named.
    """
    found = found_cell(study, cell)
    each = study.within(found)
    world = _named("--world", world, list(each.worlds))
    place = Place(each, found, world, plan(each))
    methods = place.plan.methods_in(world)
    if method is not None:
        method = _named("--method", method, list(methods))
        methods = {method: methods[method]}
    start = replicate // place.chunk * place.chunk
    row = replicate - start
    chunk = drawn(world, place.plan.worlds[world], each.seed, start, found.of_data(world))
    data, alone = chunk.frame(row), chunk.one(row)
    estimates = {
        name: estimated(told, alone)[0].iloc[0].to_dict()
        if told.plain
        else estimated(told, chunk)[0].iloc[row].to_dict()
        for name, told in methods.items()
    }
    kept = _kept(folder, place.name, replicate)
    return Replay(
        place.name, replicate, data, estimates, {n: kept[n] for n in estimates if n in kept}
    )


def found_cell(study: Study, label: str | None) -> Cell:
    """The cell of a label."""
    met = []
    for each in study.cells():
        if label == each.label:
            return each
        met.append(each)
    if label is None and len(met) == 1:
        return met[0]
    labels = [each.label for each in met]
    if label is None:
        some = "; ".join(map(repr, labels[:5])) + ("; ..." if len(labels) > 5 else "")
        raise ReplayError(f"--cell: which of {len(labels):,} cells is wanted? There are: {some}")
    raise ReplayError(f"--cell: there is no cell {label!r}{spelling(label, labels)}")


def _named(option: str, name: str | None, known: Sequence[str]) -> str:
    """A name that there is; the only one where none is given."""
    if name is None and len(known) == 1:
        return known[0]
    if name is None:
        raise ReplayError(f"{option}: which one is wanted? There are: {', '.join(known)}")
    if name not in known:
        what = option.removeprefix("--")
        raise ReplayError(f"{option}: there is no {what} {name!r}{spelling(name, known)}")
    return name


def _kept(folder: Path, world: str, replicate: int) -> dict[str, Row]:
    """By method, the rows that a run has kept of a data set."""
    path = folder / "estimates.parquet"
    if not path.exists():
        return {}
    frame = pd.read_parquet(path, filters=[("world", "==", world), ("replicate", "==", replicate)])
    return {row["method"]: row for row in frame.to_dict("records")}


def _told(row: Row) -> str:
    """An estimate in numbers; what it does not have is left out."""
    told = [f"{name} {row[name]!r}" for name in ("value", "se") if np.isfinite(row[name])]
    if not np.isnan(row["low"]):
        told.append(f"from {row['low']!r} to {row['high']!r}")
    return ", ".join(told) or "no estimate"


def _equal(one: Any, two: Any) -> bool:
    return one == two or (pd.isna(one) and (two is None or bool(pd.isna(two))))
