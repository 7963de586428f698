"""Whether posteriors are calibrated: the share of the posterior below the truth is uniform.

For data sets whose truth was drawn from the prior (Cook, Gelman and Rubin, 2006, Journal of
Computational and Graphical Statistics 15), and for confidence distributions at any fixed truth,
the probability integral transform u_k = P(theta <= truth | data k) is uniform on (0, 1). Its
empirical distribution F then lies within pointwise binomial limits at every one of the points
z < z' < ... at once with a probability that is computed exactly here, by walking the counts

    K F(z') - K F(z)  given  K F(z) = c    ~    Binomial(K - c, (z' - z) / (1 - z))

from point to point and dropping what leaves the limits. The limits' pointwise level is then set so
that this probability is the level asked for (Säilynoja, Bürkner and Vehtari, 2022, Statistics and
Computing 32, algorithm 2). Below the band on the left and above on the right: the posteriors are
too wide; the other way round: too narrow; all on one side: biased.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.measures.measure import Measure, finite

__all__ = ["WITHIN", "Calibration", "calibration", "miscalibration"]

WITHIN = "within the band of calibrated posteriors"

_MOST_POINTS = 100
_HALVINGS = 16


@dataclass(frozen=True, eq=False)
class Calibration:
    """The empirical distribution of PIT values with its simultaneous band.

    Arguments:
        points: where it was looked at.
        share: the share of PIT values up to each point.
        low, high: the band there.
        level: the probability that uniform values stay within the band everywhere.
    """

    points: np.ndarray
    share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    level: float

    def __bool__(self) -> bool:
        """Whether the values stay within the band: no sign that posteriors are not calibrated."""
        rounding = 1e-12
        return bool(
            ((self.low - rounding <= self.share) & (self.share <= self.high + rounding)).all()
        )


def calibration(pits: Any, *, draws: int | None = None, level: float = 0.95) -> Calibration:
    """Hold PIT values of independent data sets against the uniform law.

    Arguments:
        pits: for each data set, the posterior's share up to the truth, in [0, 1]; from draws,
            (1 + how many are below the truth) / (1 + how many there are).
        draws: how many draws these shares are from, which leaves them 1 + draws values; None for
            shares of a continuous posterior.
        level: how likely uniform values are to stay within the band; at least so.

    Raises `ValueError` for values outside of [0, 1], and for shares that so many draws cannot give.

    >>> import numpy as np
    >>> uniform = np.random.default_rng(1).uniform(size=300)
    >>> bool(calibration(uniform)), bool(calibration(uniform**1.5))
    (True, False)
    """
    u = finite("pits", pits)
    if u.size < 2 or ((u < 0) | (u > 1)).any():
        raise ValueError(
            f"pits: two values or more between 0 and 1 are wanted, given {u.size} from "
            f"{u.min(initial=np.inf):g} to {u.max(initial=-np.inf):g}"
        )
    steps = min(_MOST_POINTS, u.size)
    if draws is None:
        points = np.arange(1, steps) / steps
    else:
        scaled = u * (draws + 1)
        if np.abs(scaled - np.rint(scaled)).max() > 1e-6 or scaled.min() < 0.5:
            raise ValueError(
                f"pits: multiples of 1 / {draws + 1} from the first on are wanted of {draws} "
                "draws: (1 + draws below the truth) / (1 + draws)"
            )
        u = np.rint(scaled) / (draws + 1)
        marks = np.unique(np.rint(np.arange(1, steps) / steps * (draws + 1)).astype(int))
        points = marks[(marks > 0) & (marks <= draws)] / (draws + 1)
    share = np.searchsorted(np.sort(u), points + 1e-12, side="right") / u.size
    low, high = _band(u.size, points, level)
    return Calibration(points, share, low / u.size, high / u.size, level)


def miscalibration(pits: np.ndarray, *, draws: int | None = None, level: float = 0.95) -> Measure:
    """The largest distance between the distribution of PIT values and the uniform one.

    It has no Monte Carlo error of its own; its note tells whether it is within what chance allows:
    the simultaneous band of `calibration`. Values that are NaN, of data sets that failed, are left
    out. Arguments: as `calibration` takes them.

    >>> miscalibration((np.arange(50) + 0.5) / 50).note
    'within the band of calibrated posteriors'
    """
    name, u = "miscalibration", np.asarray(pits, float)
    u = u[~np.isnan(u)]
    if u.size < 2:
        return Measure(name, math.nan, math.nan, ("no posteriors", "one posterior only")[u.size])
    found = calibration(u, draws=draws, level=level)
    distance = float(np.abs(found.share - found.points).max())
    below, above = found.share < found.low - 1e-12, found.share > found.high + 1e-12
    if bool(found):
        note = WITHIN
    elif below.any() and above.any():
        left = np.flatnonzero(above)[0] < np.flatnonzero(below)[0]
        note = "posteriors are too narrow" if left else "posteriors are too wide"
    else:
        note = f"posteriors lie too {'high' if above.any() else 'low'}"
    return Measure(name, distance, math.nan, note)


def _band(size: int, points: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """The narrowest binomial limits that uniform values keep everywhere with this probability."""
    from scipy.special import gammaln
    from scipy.stats import binom

    logs = gammaln(np.arange(size + 1) + 1.0)
    below, above = 0.0, 1 - level  # of the pointwise probability to be outside
    for _ in range(_HALVINGS):
        middle = (below + above) / 2
        limits = binom.ppf(middle / 2, size, points), binom.ppf(1 - middle / 2, size, points)
        if _stays(size, points, *limits, logs) >= level:
            below = middle
        else:
            above = middle
    return binom.ppf(below / 2, size, points), binom.ppf(1 - below / 2, size, points)


def _stays(
    size: int, points: np.ndarray, low: np.ndarray, high: np.ndarray, logs: np.ndarray
) -> float:
    """The probability that the counts of uniform values up to every point are within limits."""
    counts, chance, before = np.array([0]), np.array([1.0]), 0.0
    for point, least, most in zip(points, low.astype(int), high.astype(int), strict=True):
        after = np.arange(least, most + 1)
        step = (point - before) / (1 - before)
        more = after[:, None] - counts
        left = size - counts
        possible = (more >= 0) & (more <= left)
        safe = np.where(possible, more, 0)
        terms = logs[left] - logs[safe] - logs[left - safe]
        terms = terms + safe * np.log(step) + (left - safe) * np.log1p(-step)
        chance = np.where(possible, np.exp(terms), 0.0) @ chance
        counts, before = after, point
    return float(chance.sum())
