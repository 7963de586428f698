"""The leaderboard in the terminal: real data beside what was published, then a table per truth."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from experiments.cells_table import cells_tables
from experiments.findings import Findings
from experiments.names import BASELINES
from experiments.report.cells import FLAG, HEADS, Board, Cell, Row, boards, caption, judged
from experiments.report.claimed import MARKS, in_words
from experiments.report.numbers import aligned, paired, share
from experiments.report.published import published

__all__ = ["MOST_BOARDS", "render"]

MOST_BOARDS = 6
"""Worlds, each in its cell, with a board of their own; of more there is a line for each."""

_MEASURES = tuple(HEADS)
_HALVES = (  # where they do not fit side by side: is it right, and how much does it vary
    ("bias", "median_bias", "rmse", "coverage"),
    ("empirical_se", "mad", "model_se", "failures", "seconds"),
)
_OWN = {"bias_own": "bias for target", "coverage_own": "covers target %"}
_GAP = "  "
_LABEL = 26  # columns that a label needs beside its numbers; with fewer it stands above them


def render(findings: Findings) -> RenderableType:
    """Everything that was found, for a rich console of any width from 60 columns on.

    >>> from rich.console import Console
    >>> Console().print(render(findings))  # doctest: +SKIP
    """
    parts: list[RenderableType] = [Text(findings.title, style="bold")]
    if findings.real is not None:
        parts += ["", _real(findings)]
    if findings.cells and len(findings.worlds) > MOST_BOARDS:
        for table in cells_tables(findings):
            parts += ["", table]
    else:
        for board in boards(findings):
            parts += ["", _Table(findings, board)]
    below = [*_bullets(findings.notes), *_claims(findings)]
    return Group(*parts, "", Text(caption(findings), style="dim"), *below)


_STYLES = {"borne out": "green", "not borne out": "bold red", "undecided": "yellow"}


def _claims(findings: Findings) -> Iterator[RenderableType]:
    """What the study claims, a line each, and what came of it."""
    if findings.claims:
        yield Text("\nWhat it claims, and whether this run bears it out", style="bold")
    for each in findings.claims:
        told = f"{each.word}  " + ("" if each.word == "borne out" else in_words(findings, each))
        line = Text.assemble(
            (f"{MARKS[each.word]} ", _STYLES[each.word]), each.says, "  ", (told.strip(), "dim")
        )
        yield Padding(line, (0, 0, 0, 2))


@dataclass(frozen=True)
class _Table:
    """One board, laid out for the width that the console turns out to have."""

    findings: Findings
    board: Board

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        board = self.board
        yield Text(self.findings.worlds[board.world].label, style="bold")
        label = self.findings.estimands[board.estimand].label
        yield Text.assemble(label, ": ", ("truth " + board.truth, "bold"))
        if not board.rows:
            yield Text("no method is judged by it", style="dim")
            return
        every = [row.cells for row in board.rows]
        own = _of_own_targets(self.findings, board)
        whole = _Columns.of(every, _MEASURES)
        fits = whole.width <= options.max_width
        parts = [whole] if fits else [_Columns.of(every, half) for half in _HALVES]
        for number, columns in enumerate(parts):
            yield from [Text()] * (number > 0)
            yield from _lines(board.rows, columns, options.max_width)
        if own:
            yield Text()
            columns = _Columns.of([cells for _, cells in own], tuple(_OWN))
            yield from _lines([row for row, _ in own], columns, options.max_width)
        yield from _bullets([*board.notes, *_absent(self.findings, board)])


@dataclass(frozen=True)
class _Columns:
    """The measures of a board as columns of text: a head, then a cell per row, each of lines."""

    cells: tuple[tuple[Text, ...], ...]
    widths: tuple[int, ...]

    @classmethod
    def of(cls, rows: Sequence[Sequence[Cell]], measures: Sequence[str]) -> _Columns:
        """Of rows with a cell for each of ``_MEASURES``, or of ``_OWN``, these measures."""
        columns = []
        for measure in measures:
            at = (_MEASURES if measure in HEADS else tuple(_OWN)).index(measure)
            head = HEADS.get(measure) or _OWN[measure]
            cells = _column([row[at] for row in rows])
            columns.append((Text(head.replace(" ", "\n") + " ", "bold"), *cells))
        widths = [max(len(line) for cell in column for line in cell.split("\n"))
                  for column in columns]  # fmt: skip
        return cls(tuple(columns), tuple(widths))

    @property
    def width(self) -> int:
        return sum(self.widths) + len(_GAP) * (len(self.widths) - 1)

    def row(self, number: int) -> list[Text]:
        """The lines of one row, every column flush right; the head stands on its last line."""
        cells = [column[number].split("\n") for column in self.cells]
        height = max(map(len, cells))
        lines = [Text() for _ in range(height)]
        for cell, width in zip(cells, self.widths, strict=True):
            blank = [Text()] * (height - len(cell))
            for line, part in zip(lines, [*blank, *cell] if number == 0 else [*cell, *blank],
                                  strict=True):  # fmt: skip
                part = part.copy()
                part.align("right", width)
                line.append(_GAP if line else "").append_text(part)
        return lines


def _lines(rows: Sequence[Row], columns: _Columns, width: int) -> Iterable[Text]:
    """The table itself, labels at the left if there is room, and above their numbers if not."""
    room = min(width - columns.width - len(_GAP), 44)
    beside = room >= _LABEL
    indent = " " * (room + len(_GAP)) if beside else ""
    yield from (Text(indent) + line for line in columns.row(0))
    yield Text("─" * (len(indent) + columns.width), "dim")
    parted = False
    for number, row in enumerate(rows, 1):
        if row.method.baseline and not parted:  # apart: nobody is to be ranked with them
            yield Text("┄" * (len(indent) + columns.width), "dim")
            parted = True
        elif number > 1:
            yield Text()
        target = f"targets {row.method.target}" * bool(row.method.target)
        if beside:
            label = [Text(part) for part in textwrap.wrap(row.method.label, room)]
            label += [Text(part, "dim") for part in textwrap.wrap(target, room)]
            for left, line in zip_longest(label, columns.row(number), fillvalue=Text()):
                left = left.copy()
                left.align("left", len(indent))
                yield left + line
        else:
            yield Text.assemble((row.method.label, "bold"), _GAP, (target, "dim"))
            yield from columns.row(number)


def _of_own_targets(findings: Findings, board: Board) -> list[tuple[Row, tuple[Cell, ...]]]:
    """The methods that aim at something else than what is asked, by that: where it is known."""
    found = judged(findings, board.world, board.estimand)
    rows = []
    for row in board.rows:
        bias, covers = (found[row.method.name][name] for name in _OWN)
        cells = []
        for one, form in ((bias, paired), (covers, share)):
            if math.isnan(one.value):
                cells.append(Cell(note=one.note))
            else:
                shown = form(one.value, one.mcse)
                cells.append(Cell(shown.value, f"({shown.error})", flagged=one.flagged))
        if any(cell.value for cell in cells):
            rows.append((row, tuple(cells)))
    return rows


def _absent(findings: Findings, board: Board) -> Iterator[str]:
    """Why a baseline is not on a board."""
    there = {row.method.name for row in board.rows}
    for name in BASELINES:
        for remark in findings.remarks.get((board.world, name), ()) if name not in there else ():
            yield f"{name.capitalize()} baseline: {remark}"


def _column(cells: Sequence[Cell]) -> list[Text]:
    """Cells with their decimal points one below the other; brackets and flags stand outside."""
    values = aligned([cell.value for cell in cells])
    errors = aligned([cell.error.strip("()") for cell in cells])
    return [_cell(*parts) for parts in zip(cells, values, errors, strict=True)]


def _cell(cell: Cell, value: str, error: str) -> Text:
    if cell.note:
        return Text("\n".join(textwrap.wrap(cell.brief, 9)), style="dim italic")
    mark = FLAG if cell.flagged else " "
    digits = error.rstrip()
    blank = " " * (len(error) - len(digits))
    below = f"({digits}){blank}" if cell.error.startswith("(") else f"{error} " * bool(error)
    style = "bold red" if cell.flagged else ""
    number = value.rstrip()
    return Text.assemble((number + mark + value[len(number) :], style), ("\n" + below, "dim"))


def _real(findings: Findings) -> RenderableType:
    lines = published(findings)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("", min_width=12, overflow="fold")
    for head in ("here", f"{findings.level:.0%} interval", "published"):
        table.add_column(head, justify="right", no_wrap=True)
    for line in lines:
        name = Text("  " * line.indented + line.label)
        here = Text(line.here, style="bold red" if line.failed else "")
        table.add_row(name, here, line.interval, line.published)
    heading = Text(findings.real_source or "The data as they came", style="bold")
    caption = Text("In brackets: the standard error, as each estimator reports it.", style="dim")
    sources = [f"{line.label}, as published: {line.source}" for line in lines if line.source]
    return Group(heading, table, caption, *_bullets(sources))


def _bullets(notes: Iterable[str]) -> list[RenderableType]:
    return [Padding(Text(f"- {note}"), (0, 0, 0, 2)) for note in notes]
