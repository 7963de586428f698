"""The leaderboard of a study of many cells: a line for each, with bias and coverage of methods."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.text import Text

from experiments.findings import Findings, Method
from experiments.report.cells import FLAG
from experiments.report.layout import SCENARIO, levels_of, short_names, told, varied
from experiments.report.numbers import aligned, paired, plain, share

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MOST_ROWS", "CellsTable", "cells_tables"]

MOST_ROWS = 40
"""Cells that are shown; the others are in ``summary.csv``."""

_GAP = "  "


@dataclass(frozen=True)
class CellsTable:
    """All cells of one of the file's worlds, for one estimand, in a console of any width.

    Arguments:
        heading: the world's label, and the estimand's with its truth.
        factors: what varies.
        cells: the levels of each cell, in the order of the factors.
        columns: a head, and a text for each cell: bias and its error, and coverage.
        notes: what else has to be known.
    """

    heading: tuple[str, str]
    factors: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    columns: tuple[tuple[Text, tuple[Text, ...]], ...]
    notes: tuple[str, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        yield Text(self.heading[0], style="bold")
        yield Text(self.heading[1])
        heads, labels = _labels(self.factors, self.cells, 2 * width // 5)
        room = max(len(line) for label in (heads, *labels) for line in label)
        for columns in _blocks(self.columns, width - room):
            yield Text()
            yield from _lines(heads, labels, room, columns)
        yield from (Padding(Text(f"- {note}"), (0, 0, 0, 2)) for note in self.notes)


def cells_tables(findings: Findings) -> Iterator[CellsTable]:
    """A table for each of the file's worlds and each estimand that is asked there."""
    titles = {each.world: each.title for each in findings.cells.values()}
    for world, title in titles.items():
        for estimand, asked in findings.estimands.items():
            names = [name for name, each in findings.cells.items() if each.world == world]
            truths = findings.truths
            mine = truths[(truths.estimand == estimand) & truths.world.isin(names)]
            if len(mine):
                heading = (title, f"{asked.label}: truth {_truth(mine.value)}")
                asked_in = set(mine.world)
                names = [name for name in names if name in asked_in]
                yield _table(findings, estimand, names, heading)


def _table(
    findings: Findings, estimand: str, names: Sequence[str], heading: tuple[str, str]
) -> CellsTable:
    table = findings.summary
    table = table[(table.estimand == estimand) & table.world.isin(names)]
    shown = names[:MOST_ROWS]
    columns, failed, missing = [], [], []
    for method in findings.methods:
        mine = table[table.method == method.name]
        if not len(mine):
            continue
        by_median = method.moments < 1
        bias = _measure(mine, "median_bias" if by_median else "bias")
        coverage = _measure(mine, "coverage")
        head = f"{method.label}{' (median bias)' * by_median}{' (baseline)' * method.baseline}"
        columns.append((Text(head, "bold"), tuple(_column(bias, coverage, shown))))
        missing += [
            f"{method.label}, - under {kind}: {note}"
            for kind, found in (("bias", bias), ("covers %", coverage))
            for note in dict.fromkeys(n for v, _, n, _ in found.values() if math.isnan(v))
        ]
        failed.append(_failures(method, _measure(mine, "failures")))
    rest = len(names) - len(shown)
    more = f"{rest:,} more cells, and every other measure, are in summary.csv"
    notes = [f"failed: {'; '.join(failed)}", more if rest else "every other measure: summary.csv"]
    levels = [levels_of(findings.cells[name]) for name in names]
    factors = varied(levels) or list(levels[0])
    short = short_names(factors)
    cells = tuple(tuple(told(one[each]) for each in factors) for one in levels[:MOST_ROWS])
    heads = tuple(short[each] for each in factors)
    notes = [*_remarks(findings, names), *missing, *notes]
    return CellsTable(heading, heads, cells, tuple(columns), tuple(notes))


def _labels(
    factors: Sequence[str], cells: Sequence[Sequence[str]], most: int
) -> tuple[list[str], list[list[str]]]:
    """A column for each factor if there is room, and else the levels in words."""
    widths = [max(map(len, column)) for column in zip(factors, *cells, strict=True)]
    if sum(widths) + len(_GAP) * (len(widths) - 1) <= most:
        rows = [
            _GAP.join(level.rjust(width) for level, width in zip(levels, widths, strict=True))
            for levels in (factors, *cells)
        ]
        return rows[:1], [[row] for row in rows[1:]]
    said = [
        ", ".join(
            level if factor == SCENARIO else f"{factor}={level}"
            for factor, level in zip(factors, levels, strict=True)
        )
        for levels in cells
    ]
    return [""], [textwrap.wrap(each, max(20, 5 * most // 6)) or [""] for each in said]


Measured = Mapping[str, tuple[float, float, str, bool]]  # by the name of a world


def _measure(table: pd.DataFrame, name: str) -> Measured:
    mine = table[table.measure == name]
    columns = (mine[each].tolist() for each in ("world", "value", "mcse", "note", "flagged"))
    return {world: (value, mcse, note, flagged)
            for world, value, mcse, note, flagged in zip(*columns, strict=True)}  # fmt: skip


def _column(bias: Measured, coverage: Measured, names: Sequence[str]) -> Iterator[Text]:
    """Bias, its error in brackets and coverage, each with its points one below the other."""
    absent = (math.nan, math.nan, "", False)
    found = [(bias.get(name, absent), coverage.get(name, absent)) for name in names]
    first = [paired(one[0], one[1]) for one, _ in found]
    second = [share(two[0], two[1]).value for _, two in found]
    values, errors = (
        aligned([each.value for each in first]),
        aligned([each.error for each in first]),
    )
    parts = (values, errors, aligned(second))
    widths = [max(map(len, each)) for each in parts]
    for (one, two), value, error, covers in zip(found, *parts, strict=True):
        text = Text()
        text.append_text(_flagged(value, widths[0], one[3]))
        inner = error.rstrip()
        bracket = f"({inner})" + " " * (len(error) - len(inner)) if inner else ""
        text.append(bracket.rjust(widths[1] + 2), "dim")
        text.append(_GAP)
        text.append_text(_flagged(covers, widths[2], two[3]))
        yield text


def _flagged(value: str, width: int, flagged: bool) -> Text:
    """A number, the mark of one that is far off right of its last digit, flush right."""
    digits = value.rstrip() or "-"
    blank = value[len(digits) :]
    shown = f"{digits}{FLAG if flagged else ' '}{blank}".rjust(width + 1)
    return Text(shown, "bold red" if flagged else "")


def _failures(method: Method, rates: Measured) -> str:
    """The share of attempts that failed, over all cells: said also where it is 0."""
    values = [each[0] for each in rates.values() if not math.isnan(each[0])]
    if not values:
        return f"{method.label} not known"
    least, most = (f"{100 * value:.3g}%" for value in (min(values), max(values)))
    return f"{method.label} {least}" + f" to {most}" * (least != most)


def _remarks(findings: Findings, names: Sequence[str]) -> Iterator[str]:
    """What has to be said of methods, once, and in how many cells where not in all."""
    for method in findings.methods:
        said: dict[str, int] = {}
        for name in names:
            for remark in findings.remarks.get((name, method.name), ()):
                said[remark] = said.get(remark, 0) + 1
        for remark, count in said.items():
            where = f" (in {count:,} of {len(names):,} cells)" if count < len(names) else ""
            yield f"{method.label}: {remark}{where}"


def _truth(values: pd.Series) -> str:
    least, most = plain(values.min()), plain(values.max())
    return least if least == most else f"from {least} to {most}"


def _blocks(
    columns: Sequence[tuple[Text, tuple[Text, ...]]], room: int
) -> Iterator[list[tuple[Text, tuple[Text, ...]]]]:
    """As many columns side by side as there is room for, then the next below."""
    block: list[tuple[Text, tuple[Text, ...]]] = []
    left = room
    for column in columns:
        needed = len(_GAP) + _width(column)
        if block and needed > left:
            yield block
            block, left = [], room
        block.append(column)
        left -= needed
    if block:
        yield block


def _width(column: tuple[Text, tuple[Text, ...]]) -> int:
    return max(14, *(len(cell) for cell in column[1]))


def _lines(
    names: Sequence[str],
    labels: Sequence[Sequence[str]],
    room: int,
    columns: Sequence[tuple[Text, tuple[Text, ...]]],
) -> Iterable[Text]:
    heads = [textwrap.wrap(head.plain, _width((head, cells))) for head, cells in columns]
    widths = [_width(column) for column in columns]
    height = max(map(len, heads))
    for at in range(height):
        line = Text(" " * room)
        for head, width in zip(heads, widths, strict=True):
            words = [*[""] * (height - len(head)), *head][at]
            line.append(_GAP + words.rjust(width), "bold")
        yield line
    named = Text(names[0].ljust(room), "dim")
    for width in widths:
        named.append(_GAP + "bias     covers %".rjust(width), "dim")
    yield named
    yield Text("─" * (room + sum(len(_GAP) + width for width in widths)), "dim")
    for number, label in enumerate(labels):
        line = Text(label[0].ljust(room))
        for (_, cells), width in zip(columns, widths, strict=True):
            cell = cells[number].copy()
            cell.align("right", width)
            line.append(_GAP).append_text(cell)
        yield line
        yield from (Text(words) for words in label[1:])
