"""How long the methods took: computing, and compiling apart from it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from experiments.findings import Findings
from experiments.report import tables
from experiments.report.cells import Cell
from experiments.report.numbers import seconds

__all__ = ["Took", "runtime_table", "times"]


@dataclass
class Took:
    """What a method took in all places together: seconds, and the estimates made in them."""

    running: float = 0.0
    compiling: float = 0.0
    attempts: int = 0


def times(findings: Findings) -> dict[str, Took]:
    """By method; one that was not timed is not there."""
    wanted = ["seconds", "compile_seconds", "attempts"]
    table = findings.summary[findings.summary.measure.isin(wanted)]
    # A place's times stand at each of its estimands, and are the same.
    table = table.drop_duplicates(["world", "method", "measure"])
    known: dict[tuple[str, str], dict[str, float]] = {}
    for row in table.to_dict("records"):
        known.setdefault((row["world"], row["method"]), {})[row["measure"]] = row["value"]
    took: dict[str, Took] = {}
    for (_, method), here in known.items():
        running, compiling = here.get("seconds", math.nan), here.get("compile_seconds", math.nan)
        if math.isfinite(running):
            each = took.setdefault(method, Took())
            each.running += running
            each.compiling += compiling if math.isfinite(compiling) else 0.0
            each.attempts += int(here["attempts"])
    return took


def runtime_table(findings: Findings) -> str:
    """The table; a method that was not timed says so."""
    took = times(findings)
    shown = [took.get(method.name) for method in findings.methods]
    cells = [
        tables.column([_cell(each, value) for each in shown])
        for value in (_running, _milliseconds, _compiling)
    ]
    body = [
        [escape(method.label), f"{each.attempts:,}" if each else "",
         *(column[number] for column in cells)]
        for number, (method, each) in enumerate(zip(findings.methods, shown, strict=True))
    ]  # fmt: skip
    marks = [tables.classed("baseline" * method.baseline) for method in findings.methods]
    told = (
        "Seconds of computing, measured warm, of all data sets together and in milliseconds of "
        "each; compiling, which is done once, is apart. Times vary from run to run: they are no "
        "part of what makes two runs equal."
    )
    head = ["Method", "estimates", "seconds", "milliseconds each", "seconds to compile"]
    return tables.table(("Runtime", told), head, body, "numbers", marks=marks)


def _running(took: Took) -> float:
    return took.running


def _milliseconds(took: Took) -> float:
    return 1e3 * took.running / max(took.attempts, 1)


def _compiling(took: Took) -> float:
    return took.compiling


def _cell(took: Took | None, value: Callable[[Took], float]) -> Cell:
    return Cell(note="not timed") if took is None else Cell(seconds(value(took)))
