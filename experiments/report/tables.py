"""The tables of the report, as HTML: leaderboards, the glance over all of them, and the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from experiments.findings import Findings
from experiments.report.attempted import kind_of
from experiments.report.cells import FLAG, HEADS, Board, Cell, boards
from experiments.report.filters import Filters
from experiments.report.numbers import aligned, typeset
from experiments.report.published import published

__all__ = ["classed", "column", "glance", "leaderboard", "methods", "provenance", "real", "table"]

_FIGURE_SPACE, _POINT_SPACE = "\u2007", "\u2008"  # as wide as a digit, as a full stop
_FLAGGED = f'<b class="flag" title="more than 3 Monte Carlo errors away">{FLAG}</b>'


def leaderboard(findings: Findings, board: Board) -> str:
    """Every measure of every method, for one estimand in one world."""
    label = findings.estimands[board.estimand].label
    caption = ("Leaderboard", f"{label}: truth {typeset(board.truth)}.")
    head = ["Method", *HEADS.values()]
    columns = [column([row.cells[i] for row in board.rows]) for i in range(len(HEADS))]
    body = []
    for number, row in enumerate(board.rows):
        cells = [column[number] for column in columns]
        target = f"<small>targets {escape(row.method.target)}</small>" if row.method.target else ""
        body.append([f"{escape(row.method.label)}{target}", *cells])
    notes = "".join(f"<li>{escape(note)}</li>" for note in board.notes)
    below = f'<ul class="footnotes">{notes}</ul>' if notes else ""
    marks = [classed(kind_of(findings, board.world, row.method)) for row in board.rows]
    return table(caption, head, body, "numbers board", marks=marks) + below


def glance(findings: Findings, chosen: Filters) -> str:
    """Median bias and coverage of every method on every board."""
    found = list(boards(findings))
    head = ["Method"] + [
        f"{escape(findings.worlds[board.world].label)}"
        f"<small>{escape(findings.estimands[board.estimand].label)}</small>"
        for board in found
    ]
    measures = list(HEADS)
    places = [measures.index("median_bias"), measures.index("coverage")]
    columns = [
        {row.method.name: [row.cells[place] for place in places] for row in board.rows}
        for board in found
    ]
    body = [
        [escape(method.label), *(_verdict(column.get(method.name)) for column in columns)]
        for method in findings.methods
    ]
    told = (
        f"Median bias, and how often the {findings.level:.0%} interval covers the truth. "
        f"{FLAG} marks what is more than 3 Monte Carlo errors from where it should be; the errors "
        "are in the leaderboards."
    )
    kinds = [
        [kind_of(findings, board.world, method) for board in found] for method in findings.methods
    ]
    return table(
        ("At a glance", told), head, body, "glance",
        marks=[classed(" ".join(set.intersection(*(set(each.split()) for each in mine))) if mine
                       else "") for mine in kinds],
        columns=["", *(chosen.place(b.world) + chosen.estimand(b.estimand) for b in found)],
        cells=[[classed(each) for each in mine] for mine in kinds],
    )  # fmt: skip


def real(findings: Findings) -> str:
    """The methods on the data as they came, beside what others have printed."""
    lines = published(findings)
    level = f"{findings.level:.0%} interval"
    head = ["Method", "Here", level, "Published", "Where published"]
    body = [
        [
            f'<span class="indented">{escape(line.label)}</span>'
            if line.indented
            else escape(line.label),
            *(escape(typeset(text)) for text in (line.here, line.interval, line.published)),
            escape(line.source),
        ]
        for line in lines
    ]
    caption = ("The real data", "Estimates, and in brackets their standard errors as reported.")
    return table(caption, head, body, "numbers real")


def methods(findings: Findings) -> str:
    """What every method aims at and assumes."""
    head = ["Method", "Estimator", "Targets", "Assumes", "Finite moments"]
    body = [
        [
            escape(method.label),
            f"<code>{escape(method.estimator)}</code>",
            escape(method.target),
            escape("; ".join(method.assumes)),
            "all" if method.moments == math.inf else f"{method.moments:g}",
        ]
        for method in findings.methods
    ]
    return table(("The methods", "What each declares of itself."), head, body, "words")


def provenance(values: Mapping[str, Any]) -> str:
    """All that makes the run repeatable."""
    body = [
        [escape(str(name).replace("_", " ")), escape(_written(value))]
        for name, value in values.items()
    ]
    return table(
        ("Provenance", "Where every number here comes from."), ["What", "Value"], body, "words"
    )


def _written(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_written(part)}" for name, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_written, value))
    return str(value)


def _verdict(cells: Sequence[Cell] | None) -> str:
    if cells is None:
        return '<span class="note">not judged by it</span>'
    bias, coverage = cells
    return (
        f"<span>{_value(bias, bias.value, 'bias')}</span>"
        f"<span>{_value(coverage, coverage.value, 'covers', '%')}</span>"
    )


def _value(cell: Cell, value: str, word: str, unit: str = "") -> str:
    if cell.note:
        return f'<i class="note">{word}: {escape(cell.note)}</i>'
    flag = _FLAGGED if cell.flagged else ""
    return f"<small>{word}</small> {typeset(value)}{unit}{flag}"


def column(cells: Sequence[Cell]) -> list[str]:
    """Cells with their decimal points one below the other."""
    blanks = {"digit": _FIGURE_SPACE, "point": _POINT_SPACE}
    values = aligned([cell.value for cell in cells], **blanks)
    return [
        _cell(cell, value[len(cell.value) :]) for cell, value in zip(cells, values, strict=True)
    ]


def _cell(cell: Cell, blank: str) -> str:
    if cell.note:
        return f'<i class="note">{escape(cell.brief)}</i>'
    # A bracket, and an exclamation mark, stand in the same narrow column right of the digits.
    after = _FLAGGED if cell.flagged else '<b class="flag"></b>'
    error = cell.error.removesuffix(")")
    close = ")" if error != cell.error else ""
    below = f'<small>{error}<b class="flag">{close}</b>{blank}</small>' if cell.error else ""
    return f"{typeset(cell.value)}{after}{blank}{below}"


def table(
    caption: tuple[str, str],
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    kind: str,
    *,
    marks: Sequence[str] = (),
    columns: Sequence[str] = (),
    cells: Sequence[Sequence[str]] = (),
) -> str:
    """A table that scrolls sideways by itself where the page is narrower than it is.

    The caption is a name and a sentence, plain text; heads and cells are HTML.

    Arguments:
        marks: attributes of each row, where there are any, with a space before them.
        columns: attributes of each column's cells, the first one's among them.
        cells: attributes of each row's cells, without the first one's.
    """
    name, sentence = map(escape, caption)
    of = columns or [""] * len(head)
    heads = "".join(f'<th scope="col"{m}>{words}</th>' for words, m in zip(head, of, strict=True))
    body = []
    for number, (first, *rest) in enumerate(rows):
        own = cells[number] if cells else [""] * len(rest)
        row = "".join(f"<td{m}{o}>{c}</td>" for c, m, o in zip(rest, of[1:], own, strict=True))
        mark = marks[number] if marks else ""
        body.append(f'<tr{mark}><th scope="row"{of[0]}>{first}</th>{row}</tr>\n')
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{name}">'
        f'<table class="{kind}"><caption><span><b>{name}.</b> {sentence}</span></caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{''.join(body)}</tbody></table></div>\n"
    )


def classed(kind: str) -> str:
    """Classes as an attribute; nothing for none."""
    return f' class="{kind}"' if kind else ""
