"""The section of one world, each in its cell: its equations, and a board for every question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from experiments.findings import Findings
from experiments.report import tables
from experiments.report.board_chart import board_chart, reading
from experiments.report.cells import Board, caption
from experiments.report.figure import Figure
from experiments.report.filters import Filters
from experiments.report.numbers import typeset
from experiments.report.piece import Piece, joined
from experiments.report.slugs import slugs
from experiments.report.strips import Strip, strips, truth_of
from experiments.report.zip_chart import zip_figure

__all__ = ["sections"]

_NO_SINGLE = (
    "Of so many estimates none is drawn one by one: there are no densities and no zip plots."
)


def sections(findings: Findings, chosen: Filters, found: Sequence[Board]) -> Iterator[Piece]:
    """A section for every world; the first board of all also says how to read them."""
    worlds, asked = slugs(findings.worlds), slugs(findings.estimands)
    for name, slug in worlds.items():
        here = [board for board in found if board.world == name]
        parts: list[Piece | str] = [_opening(findings, chosen, name, slug, here)]
        for board in here:
            file = f"{asked[board.estimand]}_{slug}"
            parts.append(_board(findings, chosen, board, file, first=board is found[0]))
        yield joined([*parts, "</section>\n"])


def _opening(
    findings: Findings, chosen: Filters, name: str, slug: str, here: Sequence[Board]
) -> str:
    world = findings.worlds[name]
    marks = chosen.place(name) + chosen.estimand(*(board.estimand for board in here))
    html = f'<section id="world-{slug}"{marks}>\n<h2>{escape(world.label)}</h2>\n'
    if world.equations:
        html += (
            '<pre class="equations" tabindex="0" role="region" '
            f'aria-label="Equations: {escape(world.label)}">'
            f"{escape(world.equations.strip(chr(10)))}</pre>\n"
        )
    return html + f'<p class="source">{escape(world.source)}</p>\n' * bool(world.source)


def _board(findings: Findings, chosen: Filters, board: Board, file: str, *, first: bool) -> Piece:
    """A question's charts and leaderboard."""
    estimand = findings.estimands[board.estimand]
    parts: list[Piece | str] = [
        f"<article{chosen.estimand(board.estimand)}>\n<h3>{escape(estimand.label)}</h3>\n",
        f"<p>{escape(estimand.definition)}</p>\n" * bool(estimand.definition),
        f'<p class="answer">Truth <b>{escape(typeset(board.truth))}</b></p>\n',
    ]
    rows = strips(findings, board.world, board.estimand)
    if not rows:
        return joined([*parts, "<p>No method is judged by it.</p>\n</article>\n"])
    title = f"{estimand.label}. {findings.worlds[board.world].label}"
    parts.append(_chart(findings, board, rows, file, title, first=first))
    parts.append(tables.leaderboard(findings, board))
    parts += [f'<p class="legend">{escape(caption(findings))}</p>\n'] * first
    parts.append(_zips(findings, board, file, title, first=first))
    return joined([*parts, "</article>\n"])


def _chart(
    findings: Findings, board: Board, rows: Sequence[Strip], file: str, title: str, *, first: bool
) -> Piece:
    truth = truth_of(findings, board.world, board.estimand)
    name = f"estimates_{file}"
    figure, narrow = board_chart(findings, name, title, rows, truth)
    attempts = max(row.attempts for row in rows)
    key = '<a href="#reading">How to read this</a>'
    if first:
        key = f'<span id="reading">Estimates:</span> {escape(reading(attempts))}'
    drawings = "".join(
        each.on_page(f"{name}-{i}") for i, each in enumerate([*figure.drawings, *narrow])
    )
    html = f"<figure>\n{drawings}<figcaption>{key}{figure.links}</figcaption></figure>\n"
    return Piece(html, (figure,))


def _zips(findings: Findings, board: Board, file: str, title: str, *, first: bool) -> Piece:
    truth = truth_of(findings, board.world, board.estimand)
    name = f"intervals_{file}"
    heading = f"Intervals by their distance from the truth: {title}"
    figure = zip_figure(findings, name, heading, board.world, board.estimand, truth)
    if figure is None:
        return Piece("" if len(findings.estimates) else f"<p>{_NO_SINGLE}</p>\n" * first)
    key = escape(figure.caption)
    if first:
        key = f'<span id="reading-zips">{key}</span>'
    else:
        key = f'{_said_of_this(figure)}<a href="#reading-zips">How to read this</a>'
    drawings = "".join(each.on_page(f"{name}-{i}") for i, each in enumerate(figure.drawings))
    html = (
        "<h4>Intervals, sorted by their distance from the truth</h4>\n"
        f'<figure>\n<div class="panels">\n{drawings}</div>\n'
        f"<figcaption>{key}{figure.links}</figcaption></figure>\n"
    )
    return Piece(html, (figure,))


def _said_of_this(figure: Figure) -> str:
    """What the caption says of this figure alone, where the rest has been said before."""
    _, found, rest = figure.caption.partition("Where some standard error is missing")
    return f"{found}{escape(rest)} " if found else ""
