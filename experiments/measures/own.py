"""Estimates that are judged by a truth of their own: effects in the sample they were made from.

The error of an estimate is then its distance from its own sample's truth. All measures are
functions of errors about one number; so each estimate, and its interval, is moved by as much as its
own truth is away from that number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["about_own_truth", "own_truth"]

_ENDS = ("value", "low", "high", "gap_low", "gap_high")


def own_truth(estimand: str) -> str:
    """The column of estimates that holds each replicate's own truth, if the estimand has any."""
    return f"truth_{estimand}"


def about_own_truth(estimates: pd.DataFrame, estimand: str, truth: float) -> pd.DataFrame:
    """Estimates of one world moved so that each is as far from ``truth`` as from its own truth.

    An attempt on a sample that has no truth is a failure of its own. Estimates that have no column
    for this estimand are returned as they are.

    >>> import pandas as pd
    >>> runs = pd.DataFrame({"value": [1.5, 2.0], "low": 1.0, "high": 3.0, "failure": ""})
    >>> about_own_truth(runs.assign(truth_sate=[1.0, 2.5]), "sate", 2.0).value.tolist()
    [2.5, 1.5]
    """
    column = own_truth(estimand)
    if column not in estimates or estimates[column].isna().all():
        return estimates
    own = estimates[column].to_numpy(float)
    moved = {each: estimates[each] + (truth - own) for each in _ENDS if each in estimates}
    without = np.isnan(own) & (estimates.failure == "").to_numpy()
    failure = np.where(without, "no such units in the sample", estimates.failure)
    return estimates.assign(**moved, failure=failure)
