"""A simulator's data, as a file or as a look at its first units."""

from __future__ import annotations

import contextlib
import itertools
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from experiments.store import staged

if TYPE_CHECKING:
    import pandas as pd

    from scm import SCM, World

__all__ = ["Head", "SamplingError", "head", "write"]

_SHOWN = 10  # units


class SamplingError(ValueError):
    """A file that cannot be written; the message names it."""


def write(model: SCM, key: int, n: int, out: str | Path, console: Console | None = None) -> Text:
    """Writes ``n`` units to ``out``, block by block; returns what there is to say of it.

    Arguments:
      model: the world.
      key: all randomness comes from it; ``n`` does not change the units that come first.
      n: the number of units.
      out: a file that ends in ``.parquet`` or ``.csv``, replaced only when all is written; or a
        directory of parquet parts (it is there, ends in ``/``, or has no ending), gone on with
        where it was interrupted.
      console: where progress is shown, if it is a terminal.

    Raises SamplingError for another ending or a place that cannot be written to.
    """
    path = Path(out)
    try:
        with _progress(console or Console(stderr=True), n) as advance:
            if str(out).endswith(("/", os.sep)) or path.is_dir() or not path.suffix:
                what = _write_parts(model, key, n, path, advance)
            else:
                what = _write_file(model, key, n, path, advance)
    except OSError as error:
        raise SamplingError(f"{path}: cannot be written to: {error.strerror}") from None
    return Text(f"{path}: {n:,} units of {what}, key {key}")


def _write_parts(model: SCM, key: int, n: int, path: Path, advance: Callable[[int], None]) -> str:
    from scm.storage import StorageError, unit_rows

    shapes = [model.structure.out(name) for name in model.order]
    block = unit_rows(sum(math.prod(each.shape) * each.dtype.itemsize for each in shapes))
    try:
        model.stream(key, n, block=block).to_parquet(path, advance)
    except StorageError as error:
        raise SamplingError(str(error)) from None
    parts = -(-n // block)
    return f"{len(model.observed)} variables in {parts:,} part{'s' if parts > 1 else ''}"


def _write_file(model: SCM, key: int, n: int, path: Path, advance: Callable[[int], None]) -> str:
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise SamplingError(
            f"{path}: a name that ends in .parquet or .csv is wanted, or a directory as in "
            f"{path.with_suffix('')}/, given {path.suffix!r}"
        )
    with staged(path.parent) as stage:
        columns = _write_blocks(model.stream(key, n), stage / path.name, advance)
        (stage / path.name).replace(path)
    return f"{columns} variables"


def _write_blocks(worlds: Iterator[World], path: Path, advance: Callable[[int], None]) -> int:
    """Writes block after block; returns the number of columns."""
    from pyarrow.csv import CSVWriter
    from pyarrow.parquet import ParquetWriter

    from scm.storage import table

    # Not pandas' to_csv: ten times slower, and now and then it swallows a Ctrl-C.
    open_writer = CSVWriter if path.suffix.lower() == ".csv" else ParquetWriter
    first = table(next(worlds).data)
    with open_writer(path, first.schema) as writer:
        for block in itertools.chain([first], (table(world.data) for world in worlds)):
            writer.write_table(block)
            advance(block.num_rows)
    return first.num_columns


class _Speed(ProgressColumn):
    """Units a second."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:,.0f} a second")


@contextlib.contextmanager
def _progress(console: Console, n: int) -> Iterator[Callable[[int], None]]:
    """A bar with units a second and the time that is left, on a terminal; else nothing."""
    columns = (
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} units"),
        BarColumn(),
        _Speed(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task("units", total=n)
        yield lambda units: progress.advance(task, units)


def head(model: SCM, key: int, n: int) -> Head:
    """The first few of ``n`` units, for a console: they are the same for every ``n``."""
    return Head(model.sample(key, min(n, _SHOWN)).to_pandas(), n)


class Head:
    """A few units: a row each where the console is wide enough, else a column each."""

    def __init__(self, frame: pd.DataFrame, n: int):
        self.frame, self.n = frame, n

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = options.update(max_width=100_000)  # to measure what a table would like to have
        for units, table in self._layouts():
            if Measurement.get(console, room, table).maximum <= options.max_width or units == 1:
                yield table
                yield Text(f"{units} of {self.n:,} units; --out PATH writes them all", style="dim")
                return

    def _layouts(self) -> Iterator[tuple[int, Table]]:
        """The widest first; the last shows one unit."""
        names, units = list(self.frame.columns), len(self.frame)
        values = [[_text(value) for value in self.frame[name]] for name in names]
        if units > 1:
            rows = [[str(unit), *(column[unit] for column in values)] for unit in range(units)]
            yield units, _table(["unit", *names], rows, "right")
        for shown in range(units, 0, -1):
            rows = [[name, *column[:shown]] for name, column in zip(names, values, strict=True)]
            heads = ["variable", *(f"unit {unit}" for unit in range(shown))]
            yield shown, _table(heads, rows, "left")


def _table(heads: list[str], rows: list[list[str]], first: Literal["left", "right"]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for number, name in enumerate(heads):
        table.add_column(Text(name), justify="right" if number else first, no_wrap=True)
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _text(value: Any) -> str:
    return f"{value:.5g}" if isinstance(value, float) else str(value)
