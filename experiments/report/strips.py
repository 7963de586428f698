"""What a chart shows of each method: its estimates, its bias, its coverage."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from experiments.findings import Findings
from experiments.measures.own import about_own_truth
from experiments.report.attempted import kind_of, rows_of
from experiments.report.cells import Found, judged
from experiments.report.numbers import paired, plain, share

__all__ = ["Strip", "Truth", "strips", "truth_of"]


@dataclass(frozen=True)
class Truth:
    """The truth of a board and its error."""

    value: float
    se: float

    @property
    def text(self) -> str:
        """The truth to the digits of its error, or to six."""
        return paired(self.value, self.se).value if self.se else plain(self.value)


@dataclass(frozen=True)
class Strip:
    """One method's row in a chart.

    Arguments:
        name: of the method in the frames.
        kind: the classes of what is drawn of it.
        label, target: its words.
        values: its finite estimates; of no length where it gave none, and ``why`` says why.
        bias: the bias, or the median bias where the law has no mean; ``by_median`` tells which.
        coverage: the share of intervals that hold the truth.
        attempts, failed: how many estimates were attempted, and what share of them failed.
    """

    name: str
    kind: str
    label: str
    target: str
    values: np.ndarray
    why: str
    bias: Found
    by_median: bool
    coverage: Found
    attempts: int
    failed: float

    @property
    def small_print(self) -> str:
        """What stands under the label."""
        target = f"targets {self.target}" * bool(self.target)
        count = round(self.failed * self.attempts) if self.attempts else 0
        return ", ".join(filter(None, (target, f"{count:,} failed" * (count > 0))))

    @property
    def estimates_text(self) -> str:
        """Where the estimates lie, in words."""
        if not len(self.values):
            return f"{self.label}: {self.why}"
        low, middle, high = (f"{q:.3g}" for q in np.quantile(self.values, [0.025, 0.5, 0.975]))
        return f"{self.label}: median {middle}, middle 95% from {low} to {high}"

    @property
    def bias_text(self) -> str:
        """The bias, in words."""
        kind = "median bias" if self.by_median else "bias"
        shown = paired(self.bias.value, self.bias.mcse)
        return f"{self.label}: {kind} {shown.value} ({shown.error})" if shown.value else (
            f"{self.label}: {self.bias.note}"
        )  # fmt: skip

    @property
    def coverage_text(self) -> str:
        """The coverage, in words."""
        if math.isnan(self.coverage.value):
            return f"{self.label}: {self.coverage.note}"
        shown = share(self.coverage.value, self.coverage.mcse)
        return f"{self.label}: covers {shown.value}% ({shown.error})"


def truth_of(findings: Findings, world: str, estimand: str) -> Truth:
    """The truth of an estimand in a world."""
    truths = findings.truths
    row = truths[(truths.world == world) & (truths.estimand == estimand)].to_dict("records")[0]
    return Truth(row["value"], row["se"])


def strips(findings: Findings, world: str, estimand: str) -> list[Strip]:
    """A strip for every method that is judged by the estimand, in the methods' order."""
    found = judged(findings, world, estimand)
    rows = []
    for method in findings.methods:
        if method.name not in found:
            continue
        mine = rows_of(findings, world, estimand, method.name)
        mine = about_own_truth(mine, estimand, truth_of(findings, world, estimand).value)
        values = mine.value[mine.failure == ""].to_numpy(float)
        measures = found[method.name]
        by_median = math.isnan(measures["bias"].value)
        rows.append(
            Strip(
                name=method.name,
                kind=kind_of(findings, world, method),
                label=method.label,
                target=method.target,
                values=values[np.isfinite(values)],
                why=measures["median_bias"].note,
                bias=measures["median_bias" if by_median else "bias"],
                by_median=by_median,
                coverage=measures["coverage"],
                attempts=len(mine),
                failed=measures["failures"].value,
            )
        )
    return rows
