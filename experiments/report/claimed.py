"""What a study claims, and whether its run bears it out: a section, a table for a file, lines."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from experiments.findings import Claim, Findings, Held, Word
from experiments.report import tables
from experiments.report.numbers import paired, typeset

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["MARKS", "claims_table", "in_words", "section", "worst"]

MARKS: dict[Word, str] = {"borne out": "\u2713", "not borne out": "\u2717", "undecided": "?"}

_RELATIONS = {
    "equals": "is",
    "above": "is above",
    "below": "is below",
    "smaller_than": "is smaller in size than that of",
}
_ROWS = 60  # of a claim's own table; more are a file's


def section(findings: Findings) -> str:
    """The section of the report; empty for a study that claims nothing."""
    if not findings.claims:
        return ""
    body = [
        [
            f'<span class="verdict {each.word.replace(" ", "-")}">{MARKS[each.word]} '
            f"{each.word}</span>",
            f"{escape(each.says)}" + f"<small>{escape(each.because)}</small>" * bool(each.because),
            escape(in_words(findings, each)),
            _found(each),
        ]
        for each in findings.claims
    ]
    told = (
        "Each claim is held against all places where it is made, with Monte Carlo errors in "
        "brackets; the bar is such that a true claim fails in one run of a hundred. Shown is the "
        "place where it is hardest pressed."
    )
    head = ["Verdict", "Claim", "What it says of the numbers", "Found"]
    table = tables.table(("Claims", told), head, body, "words claims")
    details = "".join(_details(findings, each) for each in findings.claims if len(each.held) > 1)
    heading = "What it claims, and whether this run bears it out"
    return f'<section id="claims">\n<h2>{heading}</h2>\n{table}{details}</section>\n'


def in_words(findings: Findings, claim: Claim) -> str:
    """What a claim says of the numbers."""
    labels = {each.name: each.label for each in findings.methods}
    what = "mean estimate" if claim.measure == "estimate" else claim.measure.replace("_", " ")
    told = labels.get(claim.told, claim.told) if claim.relation == "smaller_than" else claim.told
    near = f", to within {claim.within:g}" * (claim.within > 0)
    method = labels.get(claim.method, claim.method)
    return f"{method}: {what} {_RELATIONS[claim.relation]} {told}{near}"


def worst(claim: Claim) -> Held | None:
    """The place where a claim is hardest pressed: the one that decides, or comes nearest to it."""
    order: list[Word] = ["not borne out", "undecided", "borne out"]
    gap = lambda held: abs(held.found - held.expected) / held.error if held.error > 0 else 0.0
    pressed = (lambda held: -gap(held)) if claim.relation == "equals" else gap
    return min(claim.held, key=lambda held: (order.index(held.word), pressed(held)), default=None)


def _found(claim: Claim) -> str:
    held = worst(claim)
    if held is None:
        return "nowhere asked"
    shown = paired(held.found, held.error)
    where = f"<small>{len(claim.held)} places</small>" * (len(claim.held) > 1)
    expected = f"<small>expected {escape(typeset(f'{held.expected:.4g}'))}</small>"
    return f"{escape(typeset(shown.value))} ({escape(shown.error)}){expected}{where}"


def _details(findings: Findings, claim: Claim) -> str:
    """A claim place by place."""
    body = []
    for held in claim.held[:_ROWS]:
        shown = paired(held.found, held.error)
        world = findings.worlds.get(held.world)
        body.append([
            escape(world.label if world else held.world),
            escape(typeset(f"{held.expected:.4g}")),
            f"{escape(typeset(shown.value))} ({escape(shown.error)})",
            f"{MARKS[held.word]} {held.word}",
        ])  # fmt: skip
    rest = len(claim.held) - len(body)
    told = in_words(findings, claim) + f" The {rest:,} places that follow are in claims.csv." * (
        rest > 0
    )
    table = tables.table(
        ("Place by place", told), ["Place", "Expected", "Found", "Verdict"], body, "numbers"
    )
    return f"<details><summary>{escape(claim.says)}</summary>\n{table}</details>\n"


def claims_table(findings: Findings) -> pd.DataFrame | None:
    """A row per claim and place; None for a study that claims nothing."""
    import pandas as pd

    return pd.DataFrame(list(_rows(findings))) if findings.claims else None


def _rows(findings: Findings) -> Iterator[dict[str, object]]:
    for claim in findings.claims:
        for held in claim.held:
            yield {
                "claim": claim.name, "says": claim.says, "world": held.world,
                "estimand": claim.estimand, "method": claim.method, "measure": claim.measure,
                "relation": claim.relation, "told": claim.told, "within": claim.within,
                "expected": held.expected, "found": held.found, "mcse": held.error,
                "verdict": held.word,
            }  # fmt: skip
