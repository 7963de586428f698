"""All measures of one method in one place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from experiments.measures import errors, intervals, medians, policies, spread, units
from experiments.measures.attempts import Attempts
from experiments.measures.measure import Measure, average
from experiments.measures.moments import within

__all__ = ["Question", "bounds", "judge", "tally"]

_OF_INTERVALS = ("coverage", "rejection", "width", "median_width")


@dataclass(frozen=True)
class Question:
    """What estimates are held against.

    Arguments:
        truth, truth_se: the truth and its error.
        null: the value whose rejection is counted.
        limits: between which the estimand lies, whatever the data; None where not stated.
    """

    truth: float
    truth_se: float = 0.0
    null: float = 0.0
    limits: tuple[float, float] | None = None


def judge(found: Attempts, asked: Question, moments: float = math.inf) -> list[Measure]:
    """The measures of the attempts that did not fail, as far as the sampling law has them."""
    good, ends = found.good, found.bounded
    wanted = len(good)
    x = good.value if found.points else np.empty(0)
    both = good.only(np.isfinite(good.se) & np.isfinite(good.value))
    about = (asked.truth, asked.truth_se)
    backed = good.se[np.isfinite(good.se)]
    made = [
        errors.bias(x, *about),
        errors.relative_bias(x, *about),
        medians.median_bias(x, *about),
        spread.empirical_se(x),
        medians.mad(x),
        _partly(spread.model_se(backed), "standard errors", len(backed), wanted),
        _partly(
            spread.relative_error(both.value, both.se), "standard errors", len(both), wanted
        ),
        errors.mse(x, *about),
        errors.rmse(x, *about),
        medians.median_error(x, *about),
        *(_partly(one, "intervals", len(ends), wanted) for one in _of_intervals(ends, asked, x)),
        *_of_units(good),
    ]  # fmt: skip
    if not found.points:
        return [
            one if one.name in _OF_INTERVALS else _without(one, "intervals only") for one in made
        ]
    if not wanted:
        why = f"all {len(found):,} failed" if len(found) else "not run"
        return [_without(one, why) for one in made]
    return [within(one, moments) for one in made]


def tally(found: Attempts) -> list[Measure]:
    """The failure rate over all attempts, and their number."""
    measure = policies.failures(found.failed)
    if kinds := found.kinds():
        measure = replace(measure, note=f"{measure.note} ({kinds})")
    return [measure, Measure("attempts", float(len(found)), math.nan)]


def bounds(found: Attempts, asked: Question, moments: float = math.inf) -> list[Measure]:
    """The least and the most of the measures that have bounds, over all attempts."""
    good, ends = found.good, found.bounded
    missing = len(found) - len(ends)
    about = (asked.truth, asked.truth_se)
    reported = (ends.reported_low, ends.reported_high)
    pairs = [
        policies.coverage_bounds(ends.low, ends.high, missing, *about, gap=ends.gap),
        policies.rejection_bounds(*reported, missing, asked.null, gap=ends.reported_gap),
    ]
    why = "" if found.points else "intervals only"
    if not why and asked.limits is None and found.failed.any():
        why = "no limits of the estimand are stated"
    if why:
        pairs += [_nothing("bias", why), _nothing("rmse", why)]
    else:
        places = _limits(found, asked)
        pairs += [
            policies.bias_bounds(good.value, *places, *about),
            policies.rmse_bounds(good.value, *places, *about),
        ]
    made = {one.name: within(one, moments) for pair in pairs for one in pair}
    if not len(found):
        made = {name: _without(one, "not run") for name, one in made.items()}
    return [made[f"{name}_{end}"] for name in policies.BOUNDED for end in ("least", "most")]


def _of_intervals(ends: Attempts, asked: Question, x: np.ndarray) -> Iterator[Measure]:
    sets = (ends.low, ends.high)
    yield intervals.coverage(*sets, asked.truth, asked.truth_se, gap=ends.gap)
    yield _centred(ends, x)
    reported = (ends.reported_low, ends.reported_high)
    rejected = intervals.rejection(*reported, asked.null, gap=ends.reported_gap)
    yield rejected if math.isnan(rejected.value) else _also(rejected, _kind_of_test(ends, asked))
    yield intervals.width(*sets, gap=ends.gap)
    yield intervals.median_width(*sets, gap=ends.gap)


def _centred(ends: Attempts, x: np.ndarray) -> Measure:
    """Coverage of the mean of all estimates, by those that have an interval."""
    name = "bias_eliminated_coverage"
    if len(x) < 2:
        return Measure(name, math.nan, math.nan, ("no estimates", "one estimate only")[len(x)])
    return replace(intervals.coverage(ends.low, ends.high, average(x), gap=ends.gap), name=name)


def _kind_of_test(ends: Attempts, asked: Question) -> str:
    distance = abs(asked.truth - asked.null)
    if ends.shift.any() or distance > 3 * asked.truth_se:
        return "power"
    return "type I error" if distance == 0 else "the null is within 3 errors of the truth"


def _of_units(good: Attempts) -> Iterator[Measure]:
    for make, each in ((units.pehe, good.pehe), (units.regret, good.regret)):
        given = each[np.isfinite(each)]
        yield _partly(make(given), "values of units", len(given), len(good))


def _limits(found: Attempts, asked: Question) -> tuple[np.ndarray, np.ndarray]:
    """Where each failed estimate could have been, moved as its data set's truth is.

    The truth of a data set without any lies between the limits too, and so does its estimate.
    """
    low, high = asked.limits or (0.0, 0.0)
    shift = found.shift[found.failed]
    unknown = np.isnan(shift)
    return (
        np.where(unknown, asked.truth + low - high, low + shift),
        np.where(unknown, asked.truth + high - low, high + shift),
    )


def _nothing(name: str, why: str) -> tuple[Measure, Measure]:
    ends = (f"{name}_least", f"{name}_most")
    least, most = (Measure(end, math.nan, math.nan, why) for end in ends)
    return least, most


def _without(measure: Measure, why: str) -> Measure:
    return Measure(measure.name, math.nan, math.nan, why)


def _partly(measure: Measure, what: str, given: int, wanted: int) -> Measure:
    """The measure with a note where only some of the estimates came with what it needs."""
    if given == wanted:
        return measure
    if not given:
        return replace(measure, note=f"no {what}")
    part = f"{what} for {given:,} of {wanted:,}"
    return replace(measure, note="; ".join(filter(None, (part, measure.note))))


def _also(measure: Measure, note: str) -> Measure:
    return replace(measure, note="; ".join(filter(None, (measure.note, note))))
