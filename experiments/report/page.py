"""The report: one HTML file that needs nothing but itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from experiments.findings import Findings
from experiments.report import breakdown, charts, published_chart, tables
from experiments.report.cells import FLAG, Board, boards, caption
from experiments.report.layout import first_places
from experiments.report.numbers import typeset
from experiments.report.strips import strips, truth_of

__all__ = ["MOST_PLACES", "page", "write"]

MOST_PLACES = 12
"""Worlds of a study with factors whose boards are shown: each in its cell is one."""

_MOST_LINKS = 6  # in the contents, to such worlds

_MEASURES = """\
<p>Over the K estimates of a method that did not fail, as Morris, White and Crowther (2019, \
<i>Statistics in Medicine</i> 38, table 6) define them, each with its Monte Carlo standard \
error:</p>
<dl>
<dt>bias</dt><dd>mean of the estimates less the truth.</dd>
<dt>median bias</dt><dd>median of the estimates less the truth. It exists where the mean does \
not.</dd>
<dt>empirical SE</dt><dd>standard deviation of the estimates.</dd>
<dt>MAD</dt><dd>median absolute deviation of the estimates about their median, not rescaled: \
0.6745 standard deviations, were they normal.</dd>
<dt>model SE</dt><dd>root mean square of the standard errors that the method reports; it should \
equal the empirical SE.</dd>
<dt>RMSE</dt><dd>root mean squared distance of the estimates from the truth.</dd>
<dt>coverage</dt><dd>share of the reported intervals that hold the truth.</dd>
<dt>failures</dt><dd>share of all attempts that ended without an estimate. They are counted here \
and in nothing else.</dd>
</dl>
<p>Where the sampling law has no finite moments, as for two-stage least squares with as many \
instruments as endogenous regressors, a mean over the replications settles on nothing however many \
there are, and is not shown. The error of the truth is part of every error shown.</p>
"""


def write(path: Path | str, findings: Findings) -> Path:
    """Write the report to a file, in UTF-8, and return its path."""
    path = Path(path)
    path.write_text(page(findings), encoding="utf-8")
    return path


def page(findings: Findings) -> str:
    """The whole report as HTML: no script, no font, no picture from anywhere else.

    Of a study with factors it has curves over these, and the boards of the first places only.
    """
    curves = breakdown.section(findings)
    every = findings
    if findings.cells:
        findings = first_places(findings, MOST_PLACES)
    style = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
    title = escape(findings.title)
    return (
        '<!doctype html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        '<a class="skip" href="#main">Skip to the results</a>\n'
        + "".join(_header(findings, every, bool(curves)))
        + '<main id="main">\n'
        + curves
        + _shown(findings, every)
        + "".join(_main(findings))
        + "</main>\n</body>\n</html>\n"
    )


def _shown(findings: Findings, every: Findings) -> str:
    """Where the boards are that are not here, if there are any."""
    shown, count = len(findings.worlds), len(every.worlds)
    if shown == count:
        return ""
    several = len({each.world for each in every.cells.values()}) > 1
    what = "pairs of a world and a cell" if several else "cells"
    return (
        f'<p class="rest">Boards follow for the first {shown} of {count:,} {what}. '
        "<b>summary.csv</b>, beside this file, has every measure of them all.</p>\n"
    )


def _header(findings: Findings, every: Findings, curves: bool) -> Iterator[str]:
    yield f"<header>\n<h1>{escape(findings.title)}</h1>\n"
    if findings.aims:
        yield f'<p class="aims">{escape(findings.aims.strip())}</p>\n'
    yield f'<p class="facts">{escape(_facts(every))}</p>\n'
    if findings.notes:
        notes = "".join(f"<li>{escape(note)}</li>\n" for note in findings.notes)
        yield f'<aside aria-label="Read this first"><ul>\n{notes}</ul></aside>\n'
    yield "</header>\n"
    links = [(f"world-{_slug(name)}", world.label) for name, world in findings.worlds.items()]
    if len(links) > _MOST_LINKS and findings.cells:
        links = [("glance", "Boards, cell by cell")]
    if findings.real is not None:
        links.insert(0, ("real", "The real data"))
    if curves:
        links.insert(0, ("breakdown", "How it breaks down"))
    links += [("methods", "Methods and measures")]
    links += [("again", "Do it again")] * bool(findings.provenance)
    items = "".join(f'<li><a href="#{where}">{escape(label)}</a></li>\n' for where, label in links)
    yield f'<nav aria-label="Contents"><ul>\n{items}</ul></nav>\n'


def _facts(findings: Findings) -> str:
    known = findings.provenance
    varied = {key.rpartition(".")[2] for each in findings.cells.values() for key in each.levels}
    parts = [f"{len(findings.methods)} methods"]
    if findings.cells:
        parts.append(f"{len({each.label for each in findings.cells.values()}):,} cells")
    if isinstance(known.get("replications"), int):
        parts.append(f"{known['replications']:,} replicated data sets of each world")
    if isinstance(known.get("n"), int) and "n" not in varied:
        parts.append(f"{known['n']:,} people in each")
    return ", ".join(parts) + "."


def _main(findings: Findings) -> Iterator[str]:
    found = list(boards(findings))
    yield '<section id="glance">\n<h2>Which methods find the truth?</h2>\n'
    yield tables.glance(findings) + "</section>\n"
    if findings.real is not None:
        yield from _real(findings)
    for name in findings.worlds:
        here = [board for board in found if board.world == name]
        yield from _world(findings, name, here, explained=found[0] if found else None)
    yield f'<section id="methods">\n<h2>Methods and measures</h2>\n{tables.methods(findings)}'
    yield f"<h3>The measures</h3>\n{_MEASURES}</section>\n"
    if not findings.provenance:
        return
    yield '<section id="again">\n<h2>Do it again</h2>\n'
    if command := findings.provenance.get("command"):
        yield f"<pre><code>{escape(str(command))}</code></pre>\n"
    yield tables.provenance(findings.provenance) + "</section>\n"


def _real(findings: Findings) -> Iterator[str]:
    yield '<section id="real">\n<h2>The real data</h2>\n'
    if findings.real_source:
        yield f"<p>{escape(findings.real_source)}.</p>\n".replace("..", ".")
    if drawing := published_chart.chart("real-chart", findings):
        yield (
            f'<figure>\n{drawing}<figcaption><span class="key dot">●</span> here, with the '
            f'interval at {findings.level:.0%}; <span class="key other">○</span> as published, '
            "with 1.96 standard errors to each side.</figcaption></figure>\n"
        )
    yield tables.real(findings) + "</section>\n"


def _world(
    findings: Findings, name: str, found: list[Board], explained: Board | None
) -> Iterator[str]:
    world = findings.worlds[name]
    yield f'<section id="world-{_slug(name)}">\n<h2>{escape(world.label)}</h2>\n'
    if world.equations:
        yield (
            '<pre class="equations" tabindex="0" aria-label="Equations">'
            f"{escape(world.equations.strip(chr(10)))}</pre>\n"
        )
    if world.source:
        yield f'<p class="source">{escape(world.source)}</p>\n'
    for board in found:
        yield from _estimand(findings, board, explained=board is explained)
    yield "</section>\n"


def _estimand(findings: Findings, board: Board, *, explained: bool) -> Iterator[str]:
    """A question's chart and leaderboard; the first of all also says how to read them."""
    estimand = findings.estimands[board.estimand]
    yield f"<article>\n<h3>{escape(estimand.label)}</h3>\n"
    if estimand.definition:
        yield f"<p>{escape(estimand.definition)}</p>\n"
    yield f'<p class="answer">Truth <b>{escape(typeset(board.truth))}</b></p>\n'
    rows = strips(findings, board.world, board.estimand)
    if rows:
        truth = truth_of(findings, board.world, board.estimand)
        attempts = max(row.attempts for row in rows)
        name = f"chart-{_slug(board.world)}-{_slug(board.estimand)}"
        drawing = charts.chart(name, rows, truth, findings.level, attempts)
        key = _key(attempts) if explained else '<a href="#reading">How to read this</a>'
        yield f"<figure>\n{drawing}<figcaption>{key}</figcaption></figure>\n"
        yield tables.leaderboard(findings, board)
        if explained:
            yield f'<p class="legend">{escape(caption(findings))}</p>\n'
    else:
        yield "<p>No method is judged by it.</p>\n"
    yield "</article>\n"


def _key(attempts: int) -> str:
    return (
        f'<span id="reading">Estimates:</span> their density over {attempts:,} data sets, each '
        "curve to its own height; the dot is their median, the thick line their middle half, the "
        "thin line their middle 95%. The vertical line is the truth, in a band of 1.96 of its "
        "errors to each side if it has any. Bias: ● of the mean, ◆ of the median where no mean "
        "exists, with its 95% Monte Carlo interval. Coverage: likewise, in a band of what chance "
        f"allows a method that covers as it should. {FLAG} is more than 3 Monte Carlo errors away."
    )


def _slug(name: str) -> str:
    return re.sub(r"\W+", "-", name)
