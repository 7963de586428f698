"""How well a method hits what it aims at itself, beside how well it hits what is asked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from experiments.measures import errors, intervals
from experiments.measures.attempts import Attempts
from experiments.measures.measure import Measure
from experiments.measures.moments import within

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ASKED", "of_own_target"]

ASKED = "what is asked is its target"
"""Why a method is not judged a second time."""

_NAMES = ("bias_own", "coverage_own")


def of_own_target(
    rows: pd.DataFrame, kept: Attempts, own: Mapping[Any, Any] | None, moments: float
) -> list[Measure]:
    """Bias for, and coverage of, the truth of a method's own target, by the attempts that are kept.

    Arguments:
        rows: all its estimates in a place.
        own: the target's ``target, value, se, why``; None where nothing is known of it.

    Each is NaN with a note where the target has no truth, or is what is asked anyway.
    """
    if own is None:
        return _none("the truth of its target is not known")
    if math.isnan(own["value"]):
        return _none(own["why"])
    # The target is the population's: estimates are as they came, whatever their samples' truths.
    mine = Attempts.of(rows, "", own["value"]).on(kept.replicate)
    good, ends, about = mine.good, mine.bounded, (own["value"], own["se"])
    told = f"{own['target']} = {own['value']:.6g}"
    bias, coverage = (Measure(name, math.nan, math.nan, "intervals only") for name in _NAMES)
    if mine.points:
        bias = replace(within(errors.bias(good.value, *about), moments), name="bias_own")
    if len(ends):
        found = intervals.coverage(ends.low, ends.high, *about, gap=ends.gap)
        coverage = replace(found, name="coverage_own")
    else:
        coverage = replace(coverage, note="no intervals")
    return [_noted(each, told) for each in (bias, coverage)]


def _noted(measure: Measure, told: str) -> Measure:
    return measure if math.isnan(measure.value) else replace(measure, note=told)


def _none(why: str) -> list[Measure]:
    return [Measure(name, math.nan, math.nan, why) for name in _NAMES]
