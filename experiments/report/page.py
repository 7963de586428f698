"""The report: one HTML file that needs nothing but itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from experiments.findings import Findings
from experiments.report import (
    again,
    breakdown,
    claimed,
    design,
    places,
    published_chart,
    style,
    tables,
)
from experiments.report.cells import boards
from experiments.report.failures import failure_table
from experiments.report.figure import FOLDER, Figure
from experiments.report.files import write_figures
from experiments.report.filters import Filters, filters
from experiments.report.layout import first_places
from experiments.report.piece import Piece, joined
from experiments.report.reading import MEASURES
from experiments.report.runtime import runtime_table
from experiments.report.slugs import slugs

__all__ = ["MOST_PLACES", "Report", "page", "report", "write"]

MOST_PLACES = 12
"""Worlds of a study with factors whose boards are shown: each in its cell is one."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_MOST_LINKS = 6  # in the contents, to such worlds


@dataclass(frozen=True, eq=False)
class Report:
    """The page, and the figures that it links to in the folder beside it."""

    html: str
    figures: tuple[Figure, ...]


def report(findings: Findings) -> Report:
    """The whole report: HTML with no script, no font, no picture from anywhere else.

    Of a study with factors it has curves over these, and the boards of the first places only.
    """
    every = findings
    if findings.cells:
        findings = first_places(findings, MOST_PLACES)
    chosen = filters(findings)
    curves = breakdown.section(every, chosen)
    main = joined([
        chosen.form, design.section(findings.design), curves, _shown(findings, every),
        *_main(findings, every, chosen),
    ])  # fmt: skip
    title, first = escape(findings.title), "breakdown" if curves.html else "glance"
    html = (
        '<!doctype html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{title}</title>\n<style>\n{style.of_the_page()}{chosen.style}</style>\n"
        f'</head>\n<body>\n<a class="skip" href="#{first}">Skip to the results</a>\n'
        + "".join(_header(findings, every, chosen, bool(curves.html)))
        + f"<main>\n{main.html}</main>\n</body>\n</html>\n"
    )
    return Report(html, main.figures)


def page(findings: Findings) -> str:
    """The report's HTML alone."""
    return report(findings).html


def write(path: Path | str, findings: Findings) -> Path:
    """Write the report to a file, in UTF-8, and its figures beside it; return the file's path.

    A folder of figures that is there is replaced.
    """
    path, made = Path(path), report(findings)
    shutil.rmtree(path.parent / FOLDER, ignore_errors=True)
    write_figures(path.parent / FOLDER, made.figures)
    path.write_text(made.html, encoding="utf-8")
    return path


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


def _header(findings: Findings, every: Findings, chosen: Filters, curves: bool) -> Iterator[str]:
    yield f"<header>\n<h1>{escape(findings.title)}</h1>\n"
    if findings.aims:
        yield f'<p class="aims">{escape(findings.aims.strip())}</p>\n'
    yield f'<p class="facts">{escape(_facts(every))}</p>\n'
    if findings.notes:
        notes = "".join(f"<li>{escape(note)}</li>\n" for note in findings.notes)
        yield f'<aside aria-label="Read this first"><ul>\n{notes}</ul></aside>\n'
    yield "</header>\n"
    links = [
        (f"world-{slug}", findings.worlds[name].label, chosen.place(name))
        for name, slug in slugs(findings.worlds).items()
    ]
    if len(links) > _MOST_LINKS and findings.cells:
        links = [("glance", "Boards, cell by cell", "")]
    before = [
        ("design", "The design", bool(findings.design)),
        ("breakdown", "How it breaks down", curves),
        ("claims", "What it claims", bool(every.claims)),
        ("real", "The real data", findings.real is not None),
    ]
    after = [
        ("failures", "What failed", True),
        ("runtime", "How long it took", True),
        ("methods", "Methods and measures", True),
        ("again", "Do it again", bool(findings.provenance)),
    ]
    links = [
        *((where, label, "") for where, label, there in before if there),
        *links,
        *((where, label, "") for where, label, there in after if there),
    ]
    items = "".join(
        f'<li{marks}><a href="#{where}">{escape(label)}</a></li>\n' for where, label, marks in links
    )
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


def _main(findings: Findings, every: Findings, chosen: Filters) -> Iterator[Piece | str]:
    found = list(boards(findings))
    yield claimed.section(every)
    yield '<section id="glance">\n<h2>Which methods find the truth?</h2>\n'
    yield tables.glance(findings, chosen) + "</section>\n"
    if findings.real is not None:
        yield _real(findings)
    yield from places.sections(findings, chosen, found)
    yield '<section id="failures">\n<h2>What failed</h2>\n'
    yield failure_table(every, chosen) + "</section>\n"
    yield f'<section id="runtime">\n<h2>How long it took</h2>\n{runtime_table(every)}</section>\n'
    yield f'<section id="methods">\n<h2>Methods and measures</h2>\n{tables.methods(findings)}'
    yield f"<h3>The measures</h3>\n{MEASURES}</section>\n"
    if findings.provenance:
        yield again.section(findings)


def _real(findings: Findings) -> Piece:
    parts: list[Piece | str] = ['<section id="real">\n<h2>The real data</h2>\n']
    if findings.real_source:
        parts.append(f"<p>{escape(findings.real_source.rstrip('.'))}.</p>\n")
    if drawings := published_chart.charts(findings):
        level = f"{findings.level:.0%}"
        caption = (
            f"● here, with the interval at {level} that the method reports; ○ as published, its "
            "bar 1.96 of the published standard errors to each side."
        )
        numbers = published_chart.drawn(findings)
        figure = Figure("real-data", "Estimates from the real data", caption, drawings[:1], numbers)
        shown = "".join(each.on_page(f"real-data-{i}") for i, each in enumerate(drawings))
        html = f"<figure>\n{shown}<figcaption>{caption}{figure.links}</figcaption></figure>\n"
        parts.append(Piece(html, (figure,)))
    return joined([*parts, tables.real(findings) + "</section>\n"])
