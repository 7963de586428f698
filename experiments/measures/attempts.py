"""What one method made of the data sets of one place, sorted into successes and failures."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.measures.frames import made_for
from experiments.measures.own import about_own_truth, own_truth

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Attempts"]

_UNITS = ("pehe", "regret")


@dataclass(frozen=True, eq=False)
class Attempts:
    """All attempts of one method, one entry each, held against one truth.

    Arguments:
        replicate: which data set it was.
        value, se, low, high: the estimate and its interval, moved so that each is as far from the
            truth as it was from its own data set's, if these have their own (`own.py`).
        left, right: the gap in the interval, NaN for none; moved likewise.
        reported_low, reported_high, reported_left, reported_right: these ends as they came.
        shift: by how much it was moved: 0, or NaN where the data set has no truth.
        pehe, regret: of the whole data set, NaN where not given.
        failed: whether it failed, by name or by a value that is not finite.
        kind: the failure's name, ``""`` for none or for a value that is not finite.
        points: whether the method gives values at all, and not intervals only.
    """

    replicate: np.ndarray
    value: np.ndarray
    se: np.ndarray
    low: np.ndarray
    high: np.ndarray
    left: np.ndarray
    right: np.ndarray
    reported_low: np.ndarray
    reported_high: np.ndarray
    reported_left: np.ndarray
    reported_right: np.ndarray
    shift: np.ndarray
    pehe: np.ndarray
    regret: np.ndarray
    failed: np.ndarray
    kind: np.ndarray
    points: bool

    @classmethod
    def of(cls, mine: pd.DataFrame, estimand: str, truth: float) -> Attempts:
        """The attempts in these rows of estimates, about the truth of an estimand."""
        mine = made_for(mine, estimand)
        moved = about_own_truth(mine, estimand, truth)
        column = own_truth(estimand)
        has_own = column in mine and not mine[column].isna().all()
        shift = truth - mine[column].to_numpy(float) if has_own else np.zeros(len(mine))
        kind = moved.failure.to_numpy(object)
        named = kind != ""
        value, low, high = (moved[each].to_numpy(float) for each in ("value", "low", "high"))
        ends = ~(np.isnan(low) | np.isnan(high))
        points = not (np.isnan(value[~named]).all() and ends[~named].any())
        return cls(
            replicate=mine.replicate.to_numpy(),
            value=value,
            se=moved.se.to_numpy(float),
            low=low,
            high=high,
            left=_column(moved, "gap_low"),
            right=_column(moved, "gap_high"),
            reported_low=mine.low.to_numpy(float),
            reported_high=mine.high.to_numpy(float),
            reported_left=_column(mine, "gap_low"),
            reported_right=_column(mine, "gap_high"),
            shift=shift,
            **{each: _column(mine, each) for each in _UNITS},
            failed=named | ~(np.isfinite(value) if points else ends),
            kind=kind,
            points=points,
        )

    def sure(self, truth: float) -> Attempts:
        """The same, exactly at the truth where it has no error and its interval holds the truth: an
        oracle's differ by rounding alone."""
        same = (self.se == 0) & (self.low <= truth) & (truth <= self.high)
        value, low, high = (
            np.where(same, truth, each) for each in (self.value, self.low, self.high)
        )
        return replace(self, value=value, low=low, high=high)

    def __len__(self) -> int:
        return len(self.replicate)

    def only(self, mask: np.ndarray) -> Attempts:
        """The attempts of a mask."""
        arrays = {
            each.name: getattr(self, each.name)[mask]
            for each in fields(self)
            if each.name != "points"
        }
        return Attempts(**arrays, points=self.points)

    def on(self, replicates: np.ndarray) -> Attempts:
        """The attempts on these data sets."""
        return self.only(np.isin(self.replicate, replicates))

    @property
    def succeeded(self) -> np.ndarray:
        """The data sets on which it did not fail."""
        return self.replicate[~self.failed]

    @property
    def good(self) -> Attempts:
        """The attempts that did not fail."""
        return self.only(~self.failed)

    @property
    def bounded(self) -> Attempts:
        """The attempts that did not fail and came with an interval."""
        return self.only(~self.failed & ~(np.isnan(self.low) | np.isnan(self.high)))

    @property
    def gap(self) -> tuple[np.ndarray, np.ndarray]:
        """The gaps in the intervals, moved as these are."""
        return self.left, self.right

    @property
    def reported_gap(self) -> tuple[np.ndarray, np.ndarray]:
        """The gaps in the intervals as they came."""
        return self.reported_left, self.reported_right

    def kinds(self) -> str:
        """How often each kind of failure came, in words; ``""`` for none."""
        names = [name or "not finite" for name in self.kind[self.failed]]
        kinds, counts = np.unique(np.array(names, str), return_counts=True)
        return ", ".join(f"{count:,} {kind}" for kind, count in zip(kinds, counts, strict=True))


def _column(frame: pd.DataFrame, name: str) -> Any:
    return frame[name].to_numpy(float) if name in frame else np.full(len(frame), np.nan)
