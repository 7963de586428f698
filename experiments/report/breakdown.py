"""Breakdown curves: how each measure of each method changes with a factor of the study.

Drawings, what they do not show, and their numbers as tables.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

from experiments.findings import Findings
from experiments.report import nested_loop, tables
from experiments.report.curve_chart import cell, chance_of, chart, ends, measure_name
from experiments.report.curves import TITLES, Curves, curves, measured_by
from experiments.report.figure import Figure, Shown
from experiments.report.filters import Filters
from experiments.report.layout import Layout, is_number, told
from experiments.report.piece import Piece, joined
from experiments.report.slugs import slugs

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["section"]

_ROWS = 60  # of a table; more are a file's

_READ = (
    "Each mark is a method in one cell of the study, and its bar the 95% Monte Carlo interval, "
    "1.96 Monte Carlo standard errors to each side; lines join the marks of a method. Marks of one "
    "cell are drawn a little apart, so that none hides another."
)
_BARS = "Bars: 95% Monte Carlo intervals, 1.96 Monte Carlo standard errors to each side."
_BAND = (
    "The band about the level that is wanted of coverage is what chance allows a method that "
    "covers as it should."
)

_THEORY = "Broad grey lines: what the study claims of a method, by theory."


def section(findings: Findings, chosen: Filters) -> Piece:
    """The section of the report; empty for a study in which nothing varies."""
    drawn = list(curves(findings))
    worlds, asked = slugs(each.world for each in findings.cells.values()), slugs(findings.estimands)
    factors = slugs(each.layout.factor for each in drawn)
    parts: list[Piece | str] = []
    for (world, estimand, factor), mine in groupby(drawn, key=_same):
        name = f"by-{factors[factor]}_{asked[estimand]}_{worlds[world]}"
        parts.append(_article(findings, chosen, list(mine), name))
    if not parts:
        return Piece("")
    parts += nested_loop.articles(findings, chosen, worlds, asked)
    opening = (
        '<section id="breakdown">\n<h2>How it breaks down</h2>\n'
        f"<p>{_READ} The numbers are in tables below the drawings.</p>\n"
    )
    return joined([opening, *parts, "</section>\n"])


def _same(found: Curves) -> tuple[str, str, str]:
    """What the measures of one article have in common."""
    return found.layout.world, found.layout.estimand, found.layout.factor


def _article(findings: Findings, chosen: Filters, measures: Sequence[Curves], name: str) -> Piece:
    """The drawings of one world, estimand and factor, what to know of them, and their numbers."""
    layout = measures[0].layout
    heading = f"{findings.estimands[layout.estimand].label}, by {layout.factor}"
    notes = [*_notes(measures)]
    figure = _figure(findings, measures, name, f"{heading}. {layout.title}", notes)
    # One panel of each measure: side by side. Several: each measure on lines of its own.
    count = len(measures[0].panels)
    size = count if count > 1 else len(figure.drawings)
    lines = [figure.drawings[i : i + size] for i in range(0, len(figure.drawings), size)]
    at = itertools.count()
    grids = "".join(
        '<div class="panels">\n'
        + "".join(each.on_page(f"{name}-{next(at)}") for each in line)
        + "</div>\n"
        for line in lines
    )
    bars = " ".join([_BARS, *_more(findings, measures)])
    told = "".join(f"<li>{escape(note)}</li>\n" for note in notes)
    marks = chosen.place(*_places(findings, layout)) + chosen.estimand(layout.estimand)
    html = (
        f"<article{marks}>\n<h3>{escape(heading)}</h3>\n"
        f'<p class="source">{escape(layout.title)}</p>\n'
        f"<figure>\n{figure.key_on_page}{grids}<figcaption>{escape(bars)}"
        + (f'<ul class="footnotes">\n{told}</ul>' if told else "")
        + f"{figure.links}</figcaption></figure>\n<details>\n<summary>The numbers: "
        f"{escape(heading)}</summary>\n"
        + "".join(map(_table, measures))
        + "</details>\n</article>\n"
    )
    return Piece(html, (figure,))


def _more(findings: Findings, measures: Sequence[Curves]) -> list[str]:
    """What a caption says of the band of chance and of theory, where these are drawn."""
    claimed = any(c.claimed for each in measures for panel in each.panels for c in panel.curves)
    return [_BAND] * bool(chance_of(measures[0], findings)) + [_THEORY] * claimed


def _places(findings: Findings, layout: Layout) -> list[str]:
    return [name for name, each in findings.cells.items() if each.world == layout.world]


def _figure(
    findings: Findings, measures: Sequence[Curves], name: str, title: str, notes: Sequence[str]
) -> Figure:
    numbers = {method.name: i for i, method in enumerate(findings.methods)}
    drawings = [chart(findings, each, panel, numbers) for each in measures for panel in each.panels]
    key = [
        Shown(numbers[curve.method.name], curve.method, curve.by_median)
        for curve in measures[0].panels[0].curves
    ]
    caption = " ".join(
        [_READ, *_more(findings, measures), *(f"{note.rstrip('.')}." for note in notes)]
    )
    count = len(measures[0].panels)
    columns = min(3, count) if count > 1 else len(measures)
    return Figure(name, title, caption, drawings, _numbers(measures), columns, key)


def _numbers(measures: Sequence[Curves]) -> pd.DataFrame:
    """A row per mark, and per mark that there is none of, with the reason."""
    import pandas as pd

    rows = []
    for each in measures:
        for panel in each.panels:
            for curve in panel.curves:
                name = measured_by(curve.method, each.measure)
                marks = zip(each.layout.levels, curve.dots, curve.theory, strict=True)
                for level, dot, theory in marks:
                    low, high = ends(each.measure, dot)
                    rows.append((
                        name, panel.label, curve.method.name, curve.method.label,
                        each.layout.factor, level if is_number(level) else told(level), dot.value,
                        dot.mcse, low, high, theory, dot.flagged, dot.note,
                    ))  # fmt: skip
    columns = ["measure", "others", "method", "label", "factor", "level", "value", "mcse", "low",
               "high", "claimed", "flagged", "note"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _notes(measures: Sequence[Curves]) -> Iterator[str]:
    """What the drawings do not show of themselves: averages, and what is not there."""
    layout = measures[0].layout
    if layout.averaged:
        yield (
            f"Each mark is the average over the {len(layout.others):,} combinations of the other "
            "factors' levels: biases of opposite signs cancel in it. The combinations one by one "
            "are in summary.csv."
        )
    if layout.left_out:
        yield (
            f"Not in it: {layout.left_out:,} combinations of the other factors' levels that have "
            f"too few levels of {layout.factor}."
        )
    missing: dict[str, None] = {}
    for each in measures:
        for curve in (curve for panel in each.panels for curve in panel.curves):
            missing |= {
                f"{curve.method.label}, {measure_name(each.measure, curve)}: not drawn where "
                f"there is none ({dot.note})": None
                for dot in curve.dots
                if math.isnan(dot.value) and dot.note != "not in the study"
            }
    yield from missing


def _table(found: Curves) -> str:
    """The numbers of all panels of a measure: a row for each level, a column for each method."""
    layout, methods = found.layout, found.panels[0].curves
    head = [escape(layout.factor)]
    head += [
        escape(each.method.label) + "<small>median bias</small>" * each.by_median
        for each in methods
    ]
    rows = [(panel, at) for panel in found.panels for at in range(len(layout.levels))][:_ROWS]
    columns = [
        tables.column([cell(found.measure, panel.curves[i].dots[at]) for panel, at in rows])
        for i in range(len(methods))
    ]
    body = [
        [
            escape(told(layout.levels[at])) + f"<small>{escape(panel.label)}</small>",
            *(column[number] for column in columns),
        ]
        for number, (panel, at) in enumerate(rows)
    ]
    more = len(found.panels) * len(layout.levels) - len(rows)
    rest = f" The {more:,} rows that follow are in summary.csv." * (more > 0)
    told_of = f"By {layout.factor}; in brackets the Monte Carlo standard error.{rest}"
    return tables.table((TITLES[found.measure], told_of), head, body, "numbers board")
