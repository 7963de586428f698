"""A simulator's data, as a file or as a look at its first units."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
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


def write(model: SCM, key: int, n: int, path: Path) -> Text:
    """Writes ``n`` units to ``path``, block by block; returns what there is to say of it.

    Arguments:
      model: the world.
      key: all randomness comes from it; ``n`` does not change the units that come first.
      n: the number of units.
      path: ends in ``.parquet`` or ``.csv``. It is replaced only when all is written.

    Raises SamplingError for another ending or a place that cannot be written to.
    """
    if path.suffix.lower() not in (".csv", ".parquet"):
        given = f"given {path.suffix!r}" if path.suffix else "given none"
        raise SamplingError(f"{path}: a name that ends in .parquet or .csv is wanted, {given}")
    if path.is_dir():
        raise SamplingError(f"{path}: a folder, not a file")
    try:
        with staged(path.parent) as stage:
            columns = _write(model.stream(key, n), stage / path.name)
            (stage / path.name).replace(path)
    except OSError as error:
        raise SamplingError(f"{path}: cannot be written to: {error.strerror}") from None
    return Text(f"{path}: {n:,} units of {columns} variables, key {key}")


def _write(worlds: Iterator[World], path: Path) -> int:
    """Writes block after block; returns the number of columns."""
    import pyarrow as pa
    from pyarrow.csv import CSVWriter
    from pyarrow.parquet import ParquetWriter

    # Not pandas' to_csv: ten times slower, and now and then it swallows a Ctrl-C.
    open_writer = CSVWriter if path.suffix.lower() == ".csv" else ParquetWriter
    blocks = (pa.Table.from_pandas(each.to_pandas(), preserve_index=False) for each in worlds)
    first = next(blocks)
    with open_writer(path, first.schema) as writer:
        writer.write_table(first)
        for block in blocks:
            writer.write_table(block)
    return first.num_columns


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
                yield Text(f"{units} of {self.n:,} units; --out FILE writes them all", style="dim")
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
