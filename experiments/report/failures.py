"""What failed: of every method in every world, over all cells; also where nothing did."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

from experiments.findings import Findings
from experiments.report import tables
from experiments.report.cells import Cell
from experiments.report.filters import Filters
from experiments.report.numbers import share

__all__ = ["Tally", "failure_table", "tallies"]

_POLICIES = {
    "report": "All measures are over the estimates that did not fail.",
    "listwise": "All measures are over the data sets on which no method failed.",
    "bounds": "Measures are over the estimates that did not fail; summary.csv bounds what the "
    "others may hide.",
}


@dataclass
class Tally:
    """The attempts of one method in one of the file's worlds.

    Attributes:
      world, method: which, by their names.
      places: how many cells there are of the world, and ``hit`` in how many anything failed.
      attempts, failed: how many.
      kinds: how many of each kind, by what the estimates say; empty where these are not kept.
      worst, worst_in: the greatest share that failed in a cell, and its label.
    """

    world: str
    method: str
    places: int = 0
    hit: int = 0
    attempts: int = 0
    failed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    worst: float = 0.0
    worst_in: str = ""


def tallies(findings: Findings) -> dict[tuple[str, str], Tally]:
    """By the file's world and the method; an attempt counts once, whatever it is held against."""
    table = findings.summary[findings.summary.measure.isin(["failures", "attempts"])]
    names = ["world", "method", "estimand", "measure", "value"]
    counted: dict[tuple[str, str], dict[str, dict[str, float]]] = {}
    for world, method, estimand, measure, value in table[names].itertuples(index=False):
        counted.setdefault((world, method), {}).setdefault(estimand, {})[measure] = value
    found: dict[tuple[str, str], Tally] = {}
    for (place, method), asked in counted.items():
        where = findings.cells.get(place)
        world = where.world if where else place
        tally = found.setdefault((world, method), Tally(world, method))
        # Of an estimand of samples more may fail than of another: the worst of them is told.
        one = max(asked.values(), key=lambda each: each["failures"] * each["attempts"]
                  if each["attempts"] else 0.0)  # fmt: skip
        attempts = int(one["attempts"]) if math.isfinite(one["attempts"]) else 0
        share = one["failures"] if attempts and math.isfinite(one["failures"]) else 0.0
        tally.places += 1
        tally.attempts += attempts
        tally.failed += round(share * attempts)
        tally.hit += share > 0
        if share > tally.worst:
            tally.worst, tally.worst_in = share, where.label if where else ""
    for (place, method, kind), count in _named(findings).items():
        where = findings.cells.get(place)
        if kind and ((where.world if where else place), method) in found:
            found[(where.world if where else place), method].kinds[kind] += count
    return found


def _named(findings: Findings) -> Counter[tuple[str, str, str]]:
    """How many estimates failed in each way, by place and method."""
    failed = findings.estimates[findings.estimates.failure != ""]
    return Counter(zip(failed.world, failed.method, failed.failure, strict=True))


def failure_table(findings: Findings, chosen: Filters) -> str:
    """The table, and in its caption what became of failures."""
    found = list(_in_order(findings))
    total, failed = sum(t.attempts for _, t in found), sum(t.failed for _, t in found)
    told = (
        f"{failed:,} of {total:,} attempted estimates failed. {_POLICIES[findings.policy]} "
        "In brackets: the Monte Carlo standard error of the share."
    )
    several = bool(findings.cells)
    head = ["Method", "World", "attempted", "failed", "failed %"]
    head += ["cells with failures", "worst cell"] * several + ["Kinds"]
    shares = []
    for _, each in found:
        rate = each.failed / each.attempts if each.attempts else math.nan
        error = math.sqrt(rate * (1 - rate) / each.attempts) if each.attempts else math.nan
        shown = share(rate, error)
        shares.append(Cell(shown.value, f"({shown.error})" * bool(shown.error)) if each.attempts
                      else Cell(note="not run"))  # fmt: skip
    column = tables.column(shares)
    body, marks = [], []
    for (label, each), rate_text in zip(found, column, strict=True):
        method = next(m for m in findings.methods if m.name == each.method)
        places = [name for name in findings.worlds if _world(findings, name) == each.world]
        marks.append(tables.classed("baseline" * method.baseline) + chosen.place(*places))
        worst = f"{each.worst_in}: {100 * each.worst:.3g}%" if each.worst else "none"
        body.append([
            escape(method.label), escape(label), f"{each.attempts:,}",
            f"{each.failed:,}", rate_text,
            *[f"{each.hit:,} of {each.places:,}", escape(worst)] * several,
            escape(_kinds(each)),
        ])  # fmt: skip
    return tables.table(("Failures", told), head, body, "numbers failures", marks=marks)


def _kinds(tally: Tally) -> str:
    if not tally.failed:
        return "none"
    named = [f"{count:,} {kind}" for kind, count in tally.kinds.most_common()]
    other = tally.failed - sum(tally.kinds.values())
    if other > 0:
        named.append(f"{other:,} not finite" if tally.kinds else f"{other:,}, see summary.csv")
    return ", ".join(named)


def _world(findings: Findings, place: str) -> str:
    return findings.cells[place].world if place in findings.cells else place


def _in_order(findings: Findings) -> Iterator[tuple[str, Tally]]:
    """Each tally with its world's label, by the order of methods and of worlds."""
    found = tallies(findings)
    labels = {
        _world(findings, name): findings.cells[name].title if name in findings.cells else each.label
        for name, each in findings.worlds.items()
    }
    for method in findings.methods:
        for world, label in labels.items():
            if (world, method.name) in found:
                yield label, found[world, method.name]
