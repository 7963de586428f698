"""Every pair of methods in every place, on the data sets that both have: one tidy frame."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from experiments.measures import paired
from experiments.measures.attempts import Attempts
from experiments.measures.frames import check_frames
from experiments.measures.measure import Measure
from experiments.measures.moments import within
from experiments.measures.policies import listwise

if TYPE_CHECKING:
    import pandas as pd

    from experiments.findings import Method

__all__ = ["DIFFERENCES", "compare"]

DIFFERENCES = {
    "bias_difference": "difference in bias",
    "mse_difference": "difference in MSE",
    "precision_gain": "gain in precision, %",
    "coverage_difference": "difference in coverage",
    "median_error_difference": "difference in median error",
}
"""Every measure of a comparison, in order, with its name for people."""


def compare(
    estimates: pd.DataFrame,
    truths: pd.DataFrame,
    methods: Sequence[Method],
    *,
    reference: str | None = None,
    by: Sequence[str] = ("world",),
) -> pd.DataFrame:
    """Hold methods against each other, each pair on the data sets on which both succeeded.

    Arguments:
        estimates, truths, methods, by: as `summarise` takes them.
        reference: the method that all others are compared with; all pairs, if left out.

    Returns a row per place, estimand, pair and measure: the columns of ``by``, ``estimand, method,
    reference, measure, value, mcse, note, replicates``. Differences are the method's less the
    reference's, and ``precision_gain`` is that of the method over the reference. A baseline is
    compared only where it is the reference. They compare what
    methods do with one question, also where they aim at different targets; ranks do not.

    Errors: as `summarise`; ``ValueError`` for a reference that is no method.

    Randomness: none but the fixed seed of the bootstraps.

    >>> import pandas as pd
    >>> from experiments.findings import Method
    >>> both = pd.DataFrame({"method": [*"aaabbb"], "replicate": [0, 1, 2] * 2})
    >>> both["value"] = [1.0, 2.0, 4.0, 1.0, 1.0, 2.0]
    >>> both = both.assign(world="w", se=1.0, low=0.0, high=3.0, failure="")
    >>> truth = pd.DataFrame({"world": ["w"], "estimand": ["e"], "value": [1.0], "se": [0.0]})
    >>> found = compare(both, truth, [Method(name, name, estimands=("e",)) for name in "ab"])
    >>> found.set_index("measure").loc["mse_difference", ["method", "reference", "value"]]
    method          b
    reference       a
    value        -3.0
    Name: mse_difference, dtype: object
    """
    import pandas as pd

    check_frames(estimates, truths, methods, by)
    names = [method.name for method in methods]
    if reference is not None and reference not in names:
        near = difflib.get_close_matches(reference, names, 1, 0.0)
        raise ValueError(
            f"reference: one of {', '.join(names)} is wanted, given {reference!r}"
            + (f"; did you mean {near[0]!r}?" if near else "")
        )
    places = estimates.groupby([*by, "method"], sort=False, observed=True).indices
    rows = []
    for truth in truths.to_dict("records"):
        place = tuple(truth[column] for column in by)
        here = [
            method
            for method in methods
            if truth["estimand"] in method.estimands
            and not (method.baseline and method.name != reference)
        ]
        found = {}
        for method in here:
            mine = estimates.iloc[places.get((*place, method.name), np.empty(0, int))]
            found[method.name] = Attempts.of(mine, truth["estimand"], truth["value"])
        where = {**dict(zip(by, place, strict=True)), "estimand": truth["estimand"]}
        for one, other in _pairs(here, reference):
            common = listwise(found[each.name].succeeded for each in (one, other))
            a, b = (_in_order(found[each.name].on(common)) for each in (one, other))
            moments = min(one.moments, other.moments)
            rows += [
                {**where, "method": one.name, "reference": other.name, "measure": each.name,
                 "value": each.value, "mcse": each.mcse, "note": each.note,
                 "replicates": len(common)}
                for each in _differences(a, b, truth["value"], truth["se"], moments)
            ]  # fmt: skip
    return pd.DataFrame(rows)


def _pairs(methods: Sequence[Method], reference: str | None) -> Iterator[tuple[Method, Method]]:
    """Pairs (method, reference)."""
    for first, second in combinations(methods, 2):
        if reference is None or first.name == reference:
            yield second, first
        elif second.name == reference:
            yield first, second


def _differences(
    one: Attempts, other: Attempts, truth: float, truth_se: float, moments: float
) -> list[Measure]:
    a, b, about = one.value, other.value, (truth, truth_se)
    ends = (one.low, one.high, other.low, other.high)
    told = ~np.any([np.isnan(each) for each in ends], axis=0)
    mine, theirs = one.only(told), other.only(told)
    found = [
        paired.coverage_difference(
            (mine.low, mine.high), (theirs.low, theirs.high), *about, gaps=(mine.gap, theirs.gap)
        )
    ]
    if one.points and other.points:
        found += [
            paired.bias_difference(a, b),
            paired.mse_difference(a, b, *about),
            paired.precision_gain(b, a),
            paired.median_error_difference(a, b, *about),
        ]
    named = {each.name: within(each, moments) for each in found}
    only = lambda name: Measure(name, math.nan, math.nan, "intervals only")
    return [named.get(name, only(name)) for name in DIFFERENCES]


def _in_order(found: Attempts) -> Attempts:
    return found.only(np.argsort(found.replicate))
