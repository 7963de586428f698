"""Breakdown curves: how each measure of each method changes with a factor of the study.

Drawings, what they do not show, and their numbers as tables.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from experiments.findings import Findings
from experiments.report import methods_key, nested_loop, tables
from experiments.report.curve_chart import cell, chart, measure_name
from experiments.report.curves import MEASURES, Curves, curves
from experiments.report.layout import told

__all__ = ["section"]

_ROWS = 60  # of a table; more are a file's

_READ = (
    "Each mark is a method in one cell of the study, and its bar the 95% Monte Carlo interval; "
    "lines join the marks of a method. Marks of one cell are drawn a little apart, so that none "
    "hides another. The numbers are in tables below the drawings."
)


def section(findings: Findings) -> str:
    """The section of the report, or ``""`` for a study in which nothing varies."""
    drawn = curves(findings)
    parts = [
        _article(findings, f"breakdown-{number}", list(mine))
        for number, (_, mine) in enumerate(groupby(drawn, key=_same))
    ]
    if not parts:
        return ""
    parts += nested_loop.articles(findings)
    opening = f'<section id="breakdown">\n<h2>How it breaks down</h2>\n<p>{_READ}</p>\n'
    return opening + "".join(parts) + "</section>\n"


def _same(found: Curves) -> tuple[str, str, str]:
    """What the measures of one article have in common."""
    return found.layout.world, found.layout.estimand, found.layout.factor


def _article(findings: Findings, name: str, measures: Sequence[Curves]) -> str:
    """The drawings of one world, estimand and factor, what to know of them, and their numbers."""
    layout = measures[0].layout
    estimand = findings.estimands[layout.estimand].label
    numbers = {method.name: i for i, method in enumerate(findings.methods)}
    drawn = [
        [chart(f"{name}-{each.measure}-{i}", findings, each, panel, numbers)
         for i, panel in enumerate(each.panels)]
        for each in measures
    ]  # fmt: skip
    # One panel of each measure: side by side. Several: each measure on lines of its own.
    lines = drawn if len(drawn[0]) > 1 else [[one for each in drawn for one in each]]
    grids = "".join(f'<div class="panels">\n{"".join(line)}</div>\n' for line in lines)
    shown = [
        (numbers[curve.method.name], curve.method, curve.by_median)
        for curve in measures[0].panels[0].curves
    ]
    notes = "".join(f"<li>{escape(note)}</li>\n" for note in _notes(measures))
    return (
        f"<article>\n<h3>{escape(estimand)}, by {escape(layout.factor)}</h3>\n"
        f'<p class="source">{escape(layout.title)}</p>\n'
        f"<figure>\n{methods_key.key(shown)}{grids}"
        + (f'<figcaption><ul class="footnotes">\n{notes}</ul></figcaption>\n' if notes else "")
        + "</figure>\n<details>\n<summary>The numbers: "
        f"{escape(estimand)}, by {escape(layout.factor)}</summary>\n"
        + "".join(map(_table, measures))
        + "</details>\n</article>\n"
    )


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
    return tables.table((MEASURES[found.measure], told_of), head, body, "numbers board")
