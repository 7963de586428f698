"""When there are enough replications: a rule of the study, or the number that it names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from experiments.names import BASELINES
from experiments.study import Study

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["wanted"]

_MORE = 1.05  # errors fall as one over the root, and are themselves only estimated


def wanted(study: Study, summary: pd.DataFrame) -> int | None:
    """How many replications there should be, or None where there are enough.

    The worst Monte Carlo error of the measure, over methods, cells and estimands, says how many it
    takes: an error falls with the root of their number.

    Raises ValueError for a measure that the summary does not have.
    """
    rule = study.stop
    if rule is None:
        return None
    rows = summary[(summary.measure == rule.measure) & ~summary.method.isin(BASELINES)]
    if rows.empty:
        there = ", ".join(sorted(set(summary.measure)))
        raise ValueError(f"stop.measure: there is no measure {rule.measure!r}; there are: {there}")
    if rule.methods:
        rows = rows[rows.method.isin(rule.methods)]
    worst = rows.mcse.max()
    done = study.replications
    if not worst > rule.error or done >= rule.most:
        return None
    return min(rule.most, max(done + 1, math.ceil(_MORE * done * (worst / rule.error) ** 2)))
