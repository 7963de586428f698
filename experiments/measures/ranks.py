"""Ranks of estimators, only as far as they are beyond Monte Carlo error.

The rule. All methods are compared on the data sets on which every one of them succeeded. The paired
difference of two, in mean squared error or in median error, is held against its own standard error
by Student's t with K - 1 degrees of freedom; over all pairs Holm's (1979, Scandinavian Journal of
Statistics 6) step-down procedure keeps the probability of even one wrong order below 5%. Then

- in order of the criterion, a new group begins where every method before is established as better
  than every method after; the members of a group share its first rank;
- a method's best possible rank is 1 + how many are established as better, and its worst is the
  number of methods less how many are established as worse: with at least 95% confidence the true
  ranks of all of them lie between these (Mogstad, Romano, Shaikh and Wilhelm, 2024, Review of
  Economic Studies 91).

Two methods whose errors differ by less than a hundred-thousandth of themselves are one method in
other words, and tied however small the Monte Carlo error of their difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np

from experiments.measures.errors import rmse
from experiments.measures.measure import Measure, finite
from experiments.measures.medians import FEWEST, median_error
from experiments.measures.paired import median_error_difference, mse_difference

__all__ = ["Criterion", "Rank", "ranked"]

Criterion = Literal["rmse", "median_error"]

_SAME = 1e-5


@dataclass(frozen=True)
class Rank:
    """A method's place among others that aim at the same target.

    Arguments:
        name: the method.
        value: its criterion, by which it stands.
        rank: the first place of its group.
        tied: the other members of the group.
        best, worst: the places that the established differences leave to it.
    """

    name: str
    value: float
    rank: int
    tied: tuple[str, ...]
    best: int
    worst: int


def ranked(
    errors: Mapping[str, Any],
    *,
    truth_se: float = 0.0,
    by: Criterion = "rmse",
    confidence: float = 0.95,
) -> tuple[Rank, ...]:
    """Methods by their criterion, with the ranks that Monte Carlo error leaves standing.

    Arguments:
        errors: for each method its estimates less the truth, on the same data sets in the same
            order, all of them finite.
        truth_se: the error of the truth.
        by: ``"rmse"``, or ``"median_error"`` for estimators without finite fourth moments.
        confidence: of all the established orders together.

    Raises `ValueError` for fewer data sets than an error needs, and counts that differ.

    Randomness: the bootstrap of median errors draws from a fixed seed.

    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> noise = random.normal(size=(3, 200))
    >>> far, near, close = 3 * noise[0], noise[1], noise[1] + 0.1 * noise[2]
    >>> for each in ranked({"far": far, "near": near, "close": close}):
    ...     print(each.rank, each.name, each.tied, each.best, each.worst)
    1 near ('close',) 1 2
    1 close ('near',) 1 2
    3 far () 3 3
    """
    if by not in ("rmse", "median_error"):
        raise ValueError(f"ranked: by='rmse' or by='median_error' is wanted, given {by!r}")
    x = {name: finite(f"errors of {name}", each) for name, each in errors.items()}
    sizes = {name: each.size for name, each in x.items()}
    if x and (len(set(sizes.values())) > 1 or min(sizes.values()) < FEWEST):
        raise ValueError(
            f"ranked: {FEWEST} data sets or more are wanted, the same for every method, given "
            f"{sizes}"
        )
    criterion = rmse if by == "rmse" else median_error
    value = {name: criterion(each, 0.0, truth_se).value for name, each in x.items()}
    order = sorted(x, key=lambda name: value[name])
    established = _established(x, order, truth_se, by, 1 - confidence)
    found: list[Rank] = []
    for group in _groups(order, established):
        first = len(found) + 1
        for name in group:
            better = sum((other, name) in established for other in order)
            worse = sum((name, other) in established for other in order)
            tied = tuple(other for other in group if other != name)
            found.append(Rank(name, value[name], first, tied, 1 + better, len(order) - worse))
    return tuple(found)


def _established(
    errors: Mapping[str, np.ndarray],
    order: list[str],
    truth_se: float,
    by: Criterion,
    alpha: float,
) -> set[tuple[str, str]]:
    """The pairs (better, worse) of which Holm's procedure is sure."""
    pairs = list(combinations(order, 2))
    chances = {pair: _chance(errors[pair[0]], errors[pair[1]], truth_se, by) for pair in pairs}
    sure: set[tuple[str, str]] = set()
    for done, pair in enumerate(sorted(pairs, key=lambda pair: chances[pair])):
        if chances[pair] > alpha / (len(pairs) - done):
            break
        sure.add(pair)
    return sure


def _chance(a: np.ndarray, b: np.ndarray, truth_se: float, by: Criterion) -> float:
    """How likely a difference as large as this is, either way, between equals."""
    from scipy.special import stdtr  # here, so that importing measures stays cheap

    if np.linalg.norm(a - b) <= _SAME * np.linalg.norm(a):
        return 1.0
    make = mse_difference if by == "rmse" else median_error_difference
    found: Measure = make(a, b, 0.0, truth_se)
    if found.value == 0:
        return 1.0
    if found.mcse == 0:
        return 0.0
    return 2 * float(stdtr(a.size - 1, -abs(found.value) / found.mcse))


def _groups(order: list[str], established: set[tuple[str, str]]) -> list[list[str]]:
    """The order cut wherever everything before is established as better than everything after."""
    groups: list[list[str]] = []
    for place, name in enumerate(order):
        apart = all((one, other) in established for one in order[:place] for other in order[place:])
        if apart:  # true of the first, which nothing is before
            groups.append([])
        groups[-1].append(name)
    return groups
