"""The summary as text, cell by cell: what the leaderboard and the report both print."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from experiments.findings import Findings, Method
from experiments.measures import LABELS
from experiments.measures.families import WORST
from experiments.measures.targets import ASKED
from experiments.report.numbers import Shown, paired, plain, seconds, share

__all__ = [
    "FLAG",
    "HEADS",
    "Board",
    "Cell",
    "Found",
    "Row",
    "boards",
    "judged",
    "truth_text",
]

HEADS = {
    "bias": "bias",
    "median_bias": "median bias",
    "empirical_se": "empirical SE",
    "mad": "MAD",
    "model_se": "model SE",
    "rmse": "RMSE",
    "coverage": "covers %",
    "failures": "failed %",
    "seconds": "seconds",
}
"""The measures of a leaderboard, in order, with their column heads."""

FLAG = "!"

_OVER = {
    "report": "the estimates that did not fail",
    "listwise": "the data sets on which no method failed",
    "bounds": "the estimates that did not fail; summary.csv bounds what the others may hide",
}
_CAPTION = (
    "In brackets: the Monte Carlo standard error. "
    f"{FLAG} marks a bias more than 3 of these from 0, or coverage that far from {{level:.0%}}. "
    "Methods stand in the order of the config, not of merit: they may aim at different targets. "
    "Ranks are among those of one target, and only as far as the differences on the same data are "
    "beyond Monte Carlo error, all of them together at 95%. "
    "Measures are over {over}. "
    "Seconds are for all replications; after the +, for compiling."
)
"""What a reader of a leaderboard must know; to be formatted with the nominal ``level``."""

_LONGEST_NOTE = 20

_NO_TARGET = (ASKED, "the truth of its target is not known", "intervals only", "no intervals")
"""Why a method is not judged by its own target, where that needs no words."""


class Found(NamedTuple):
    """One measure as a number, as the summary has it."""

    value: float
    mcse: float
    note: str
    flagged: bool


@dataclass(frozen=True)
class Cell:
    """One measure as text: a value and its error, or else a note in their place.

    A ``brief`` note fits a cell of a table; one that does not stands below it.
    """

    value: str = ""
    error: str = ""
    note: str = ""
    flagged: bool = False

    @property
    def brief(self) -> str:
        """The note if a cell holds it, and else where it stands."""
        return self.note if len(self.note) <= _LONGEST_NOTE else "see below"


@dataclass(frozen=True)
class Row:
    """A method and its cells, one for each of ``HEADS``."""

    method: Method
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Board:
    """The leaderboard of one estimand in one world: keys, the truth in words, rows, footnotes."""

    world: str
    estimand: str
    truth: str
    rows: tuple[Row, ...]
    notes: tuple[str, ...]


def caption(findings: Findings) -> str:
    """What a reader of boards has to know."""
    return _CAPTION.format(level=findings.level, over=_OVER[findings.policy])


def boards(findings: Findings) -> Iterator[Board]:
    """A board for every truth, worlds and estimands in the order in which they were declared."""
    for world in findings.worlds:
        for estimand in findings.estimands:
            truths = findings.truths
            mine = truths[(truths.world == world) & (truths.estimand == estimand)]
            for truth in mine.to_dict("records"):
                yield _board(findings, truth)


def judged(findings: Findings, world: str, estimand: str) -> dict[str, dict[str, Found]]:
    """The summary of one board, by method and measure, methods in their order."""
    table = findings.summary
    mine = table[(table.world == world) & (table.estimand == estimand)]
    found: dict[str, dict[str, Found]] = {}
    for one in mine.to_dict("records"):
        row = Found(one["value"], one["mcse"], one["note"], bool(one["flagged"]))
        found.setdefault(one["method"], {})[one["measure"]] = row
    return {method.name: found[method.name] for method in findings.methods if method.name in found}


def truth_text(truth: Any) -> str:
    """The truth with its error and how it was obtained.

    >>> truth_text({"value": -13 / 240, "se": 0.0, "method": "exact", "n": 0})
    '-0.0541667 (exact)'
    >>> truth_text({"value": 0.12239, "se": 0.00012, "method": "monte carlo", "n": 1e6})
    '0.12239 ± 0.00012 (monte carlo, n = 1,000,000)'
    """
    shown = paired(truth["value"], truth["se"]) if truth["se"] else Shown(plain(truth["value"]))
    number = f"{shown.value} ± {shown.error}" if shown.error else shown.value
    size = truth.get("n")
    counted = bool(shown.error) and size is not None and math.isfinite(size)
    how = f"{truth['method']}, n = {int(size):,}" if counted else f"{truth['method']}"
    return f"{number} ({how})"


def _board(findings: Findings, truth: Any) -> Board:
    found = judged(findings, truth["world"], truth["estimand"])
    methods = [method for method in findings.methods if method.name in found]
    rows = tuple(
        Row(method, tuple(_cell(found[method.name], measure) for measure in HEADS))
        for method in methods
    )
    world = truth["world"]
    remarks = [
        f"{method.label}: {remark}"
        for method in methods
        for remark in findings.remarks.get((world, method.name), ())
    ]
    notes = (
        *remarks,
        *_standings(methods, found),
        *_own_targets(methods, found),
        *(note for method in methods for note in _worst_members(method, found[method.name])),
        *(note for method in methods for note in _footnotes(method, found[method.name])),
    )
    return Board(truth["world"], truth["estimand"], truth_text(truth), rows, notes)


def _standings(
    methods: Sequence[Method], found: Mapping[str, Mapping[str, Found]]
) -> Iterator[str]:
    """The ranks beyond Monte Carlo error, a line for every target: none is across targets."""
    places: dict[str, dict[int, list[str]]] = {}
    for method in methods:
        one = found[method.name]["rank"]
        if not math.isnan(one.value):
            how = one.note.rpartition(": ")[0]
            places.setdefault(how, {}).setdefault(int(one.value), []).append(method.label)
    for how, groups in places.items():
        said = [f"{rank}. {' tied with '.join(groups[rank])}" for rank in sorted(groups)]
        yield f"Ranks {how}: {'; '.join(said)}"


def _own_targets(
    methods: Sequence[Method], found: Mapping[str, Mapping[str, Found]]
) -> Iterator[str]:
    """How methods do by what they themselves aim at, where that is not what is asked."""
    for method in methods:
        bias, covers = (found[method.name][name] for name in ("bias_own", "coverage_own"))
        said = []
        for one, word, form in ((bias, "bias", paired), (covers, "covers %", share)):
            if not math.isnan(one.value):
                shown = form(one.value, one.mcse)
                said.append(f"{word} {shown.value}{FLAG * one.flagged} ({shown.error})")
        if said:
            target = (bias if math.isnan(covers.value) else covers).note
            yield f"{method.label}: its own target, {target}: {', '.join(said)}"
        elif covers.note not in _NO_TARGET and not method.baseline:
            yield f"{method.label}: its own target is not known here: {covers.note}"


def _cell(found: Mapping[str, Found], measure: str) -> Cell:
    one = found[measure]
    if math.isnan(one.value):
        return Cell(note=one.note)
    if measure == "seconds":
        compiling = seconds(found["compile_seconds"].value)
        return Cell(seconds(one.value), compiling and f"+{compiling}")
    shown = (share if measure in ("coverage", "failures") else paired)(one.value, one.mcse)
    return Cell(shown.value, shown.error and f"({shown.error})", flagged=one.flagged)


def _worst_members(method: Method, found: Mapping[str, Found]) -> Iterator[str]:
    """Where a method is at its worst, of a family of worlds."""
    said: list[str] = []
    for measure in ("bias", "median_bias", "rmse", "coverage"):
        one = found[measure]
        given = not math.isnan(one.value) and WORST in one.note
        if given and not (measure == "median_bias" and said):
            said.append(f"{LABELS[measure]} {one.note.partition(WORST)[2]}")
    if said:
        yield f"{method.label}: at its worst in: {'; '.join(said)}"


def _footnotes(method: Method, found: Mapping[str, Found]) -> Iterator[str]:
    """What a cell has no room for: long notes, grouped by what they say, and kinds of failure."""
    said: dict[str, list[str]] = {}
    for measure in HEADS:
        one = found[measure]
        long = math.isnan(one.value) and len(one.note) > _LONGEST_NOTE
        aside = not math.isnan(one.value) and one.note and measure not in ("coverage", "failures")
        if aside and WORST in one.note:  # of a family: said once
            continue
        partial = measure == "coverage" and "intervals for" in one.note
        if long or aside or partial or (measure == "failures" and "(" in one.note):
            said.setdefault(one.note, []).append(LABELS[measure])
    for note, measures in said.items():
        yield f"{method.label}: {', '.join(measures)}: {note}"
