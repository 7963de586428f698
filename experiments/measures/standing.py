"""The ranks of the methods of one board, among those that aim at the same target and no others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from experiments.measures.attempts import Attempts
from experiments.measures.measure import Measure
from experiments.measures.medians import FEWEST
from experiments.measures.policies import listwise
from experiments.measures.ranks import Criterion, ranked

if TYPE_CHECKING:
    from experiments.findings import Method

__all__ = ["standing"]

_WORDS: Mapping[Criterion, str] = {"rmse": "RMSE", "median_error": "median error"}


def standing(
    methods: Sequence[Method], found: Mapping[str, Attempts], truth: float, truth_se: float
) -> dict[str, Measure]:
    """The rank of each method: the first place of its group, by the rule of `ranks`.

    By RMSE where all that are compared have the four moments that its error needs, and else by the
    median error. A method that failed in more than half of its attempts is not ranked, for the
    others would be compared on what is left; nor is one that declares no target.
    """
    made = {method.name: _none(_unranked(method, found[method.name])) for method in methods}
    able = [method for method in methods if not made[method.name].note]
    for target in dict.fromkeys(method.target for method in able):
        group = [method for method in able if method.target == target]
        if len(group) == 1:
            made[group[0].name] = _none(f"the only one that targets {target}")
        else:
            made |= _group(group, found, truth, truth_se)
    return made


def _group(
    group: Sequence[Method], found: Mapping[str, Attempts], truth: float, truth_se: float
) -> dict[str, Measure]:
    names = [method.name for method in group]
    common = listwise(found[name].succeeded for name in names)
    if len(common) < FEWEST:
        few = f"all succeeded on {len(common)} data sets, {FEWEST} are needed"
        return {name: _none(few) for name in names}
    errors = {name: _in_order(found[name].on(common)) - truth for name in names}
    by: Criterion = "rmse" if all(each.moments >= 4 for each in group) else "median_error"
    attempts = max(len(found[name]) for name in names)
    where = f", on {len(common):,} of {attempts:,} data sets" * (len(common) < attempts)
    told = f"by {_WORDS[by]} of {len(names)} that target {group[0].target}{where}"
    made = {}
    for one in ranked(errors, truth_se=truth_se, by=by):
        note = f"{told}: {_places(one.best, one.worst)}"
        made[one.name] = Measure("rank", float(one.rank), math.nan, note)
    return made


def _in_order(found: Attempts) -> np.ndarray:
    return found.value[np.argsort(found.replicate)]


def _unranked(method: Method, found: Attempts) -> str:
    """Why a method is not ranked, or ``""``."""
    if method.baseline:
        return "a baseline is not ranked"
    if not len(found):
        return "not run"
    if not found.points:
        return "intervals only"
    if 2 * found.failed.sum() > len(found):
        return f"{found.failed.sum():,} of {len(found):,} failed"
    return "" if method.target else "declares no target"


def _none(why: str) -> Measure:
    return Measure("rank", math.nan, math.nan, why)


def _places(best: int, worst: int) -> str:
    return f"place {best}" if best == worst else f"places {best} to {worst} are possible"
