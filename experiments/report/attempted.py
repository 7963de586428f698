"""The attempts of one method that one board is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.findings import Findings, Method
from experiments.measures.attempts import Attempts
from experiments.measures.frames import made_for

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["attempted", "kind_of", "rows_of"]


def rows_of(findings: Findings, world: str, estimand: str, method: str) -> pd.DataFrame:
    """The rows of the estimates that are held against the estimand."""
    table = findings.estimates
    return made_for(table[(table.world == world) & (table.method == method)], estimand)


def attempted(findings: Findings, world: str, estimand: str, method: str, truth: float) -> Attempts:
    """The same, sorted into successes and failures, and each about the truth that it is held to."""
    return Attempts.of(rows_of(findings, world, estimand, method), estimand, truth)


def kind_of(findings: Findings, world: str, method: Method) -> str:
    """The classes of what is shown of a method there, by which a reader chooses what to see.

    ``baseline`` for what is no method; ``unsound`` where an assumption of it does not hold.
    """
    unsound = (world, method.name) in findings.broken
    return " ".join(["baseline"] * method.baseline + ["unsound"] * unsound)
