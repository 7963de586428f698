"""The intervals of a method in the order of how far they are from the truth, for its zip plot.

After Morris, White and Crowther (2019, Statistics in Medicine 38, figure 5): an interval stands at
the centile of |z|, z = (estimate - truth) / standard error, so that those which miss the truth are
at the top, the uppermost 5% if the method covers as it should.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from experiments.findings import Findings, Method
from experiments.measures.attempts import Attempts
from experiments.measures.intervals import held
from experiments.report.attempted import attempted, kind_of
from experiments.report.cells import Found, judged

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LINES", "Zip", "zips"]

LINES = 200
"""Intervals that are drawn of a method; of more, every so-manieth by its centile."""

_Z = 1.959963984540054  # half the width of a normal 95% interval, in standard errors


@dataclass(frozen=True, eq=False)
class Zip:
    """The intervals of one method on one board.

    Attributes:
      method, kind: which, and the classes of its drawing.
      intervals: those that are drawn, the nearest first: ``replicate, z, centile, value, se, low,
        high, gap_low, gap_high, covers``; ``z`` is |z|, ``centile`` in per cent.
      count: how many there are.
      coverage: as the summary has it.
      by_interval: whether some have no value or no standard error, and |z| is the truth's distance
        from the middle, in half widths times 1.96.
    """

    method: Method
    kind: str
    intervals: pd.DataFrame
    count: int
    coverage: Found
    by_interval: bool


def zips(findings: Findings, world: str, estimand: str, truth: float) -> Iterator[Zip]:
    """A zip for every method that is judged by the estimand and gave any interval."""
    found = judged(findings, world, estimand)
    for method in findings.methods:
        if method.name not in found:
            continue
        ends = attempted(findings, world, estimand, method.name, truth).bounded
        if not len(ends):
            continue
        frame, by_interval = _sorted(ends, truth)
        kind = kind_of(findings, world, method)
        shown = np.unique(np.linspace(0, len(frame) - 1, LINES).round().astype(int))
        yield Zip(method, kind, frame.iloc[shown], len(frame), found[method.name]["coverage"],
                  by_interval)  # fmt: skip


def _sorted(ends: Attempts, truth: float) -> tuple[pd.DataFrame, bool]:
    import pandas as pd

    covers = held(ends.low, ends.high, truth, ends.gap)
    by_interval = not (np.isfinite(ends.value) & np.isfinite(ends.se) & (ends.se > 0)).all()
    z = _by_interval(ends, truth, covers) if by_interval else abs(ends.value - truth) / ends.se
    # Of the equally far, those that cover are the nearer ones: then the order depends on no chance.
    order = np.lexsort((ends.replicate, ~covers, z))
    frame = pd.DataFrame({
        "replicate": ends.replicate, "z": z, "value": ends.value, "se": ends.se, "low": ends.low,
        "high": ends.high, "gap_low": ends.left, "gap_high": ends.right, "covers": covers,
    }).iloc[order]  # fmt: skip
    frame.insert(2, "centile", 100 * (np.arange(len(frame)) + 0.5) / len(frame))
    return frame, by_interval


def _by_interval(ends: Attempts, truth: float, covers: np.ndarray) -> np.ndarray:
    """|z| by the interval alone; of one that has no middle, 0 if it covers, and else infinite."""
    usual = np.isfinite(ends.low) & np.isfinite(ends.high) & np.isnan(ends.left)
    usual &= ends.low < ends.high
    low, high = np.where(usual, ends.low, -1.0), np.where(usual, ends.high, 1.0)
    measured = _Z * abs(truth - (low + high) / 2) / ((high - low) / 2)
    return np.where(usual, measured, np.where(covers, 0.0, math.inf))
