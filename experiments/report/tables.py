"""The tables of the report, as HTML: leaderboards, the glance over all of them, and the rest."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from experiments.findings import Findings
from experiments.report.cells import FLAG, HEADS, Board, Cell, boards
from experiments.report.numbers import aligned, typeset
from experiments.report.published import published

__all__ = ["column", "glance", "leaderboard", "methods", "provenance", "real", "table"]

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
    return table(caption, head, body, "numbers board") + below


def glance(findings: Findings) -> str:
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
        f"{FLAG} marks what is more than 3 Monte Carlo errors from where it should be."
    )
    return table(("At a glance", told), head, body, "glance")


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


def table(caption: tuple[str, str], head: Sequence[str], rows: Iterable[Sequence[str]],
          kind: str) -> str:  # fmt: skip
    """A table that scrolls sideways by itself where the page is narrower than it is.

    The caption is a name and a sentence, plain text; heads and cells are HTML.
    """
    name, sentence = map(escape, caption)
    heads = "".join(f'<th scope="col">{words}</th>' for words in head)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>\n'
        for first, *rest in rows
    )
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{name}">'
        f'<table class="{kind}"><caption><span><b>{name}.</b> {sentence}</span></caption>\n'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}</tbody></table></div>\n"
    )
