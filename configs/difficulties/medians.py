"""The difference in medians: what is left of outliers is their side."""

from __future__ import annotations

import numpy as np
import pandas as pd


def difference(data: pd.DataFrame, roles) -> float:
    """The median outcome of the treated less that of the others."""
    treated = data[roles.treatment].to_numpy() == 1
    outcome = data[roles.outcome].to_numpy()
    return float(np.median(outcome[treated]) - np.median(outcome[~treated]))


difference.target = "QTE"
difference.assumes = ("the treatment is as good as randomised",)
