"""Every measure of every method in every place, as one tidy frame.

Failed estimates are counted, never dropped unseen: measures speak of the estimates that did not
fail, or of what `policies` makes of those that did, and ``failures`` stands beside them. A measure
that a method's sampling law does not have (the mean of just-identified 2SLS) is NaN with a note,
however many estimates there are to average.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.measures import policies
from experiments.measures.attempts import Attempts
from experiments.measures.frames import check_frames, check_options, records
from experiments.measures.judging import Question, bounds, judge, tally
from experiments.measures.measure import Measure
from experiments.measures.pits import WITHIN, miscalibration
from experiments.measures.policies import Policy
from experiments.measures.standing import standing
from experiments.measures.targets import of_own_target

if TYPE_CHECKING:
    import pandas as pd

    from experiments.findings import Method

__all__ = ["COUNTS", "LABELS", "summarise"]

LABELS = {
    "bias": "bias",
    "relative_bias": "relative bias, %",
    "median_bias": "median bias",
    "empirical_se": "empirical SE",
    "mad": "MAD",
    "model_se": "model SE",
    "relative_error": "error of model SE, %",
    "mse": "MSE",
    "rmse": "RMSE",
    "median_error": "median error",
    "coverage": "coverage",
    "coverage_own": "coverage of its own target",
    "bias_own": "bias for its own target",
    "bias_eliminated_coverage": "bias-eliminated coverage",
    "miscalibration": "distance of PIT values from uniform",
    "rejection": "rejections of the null",
    "width": "interval width",
    "median_width": "median interval width",
    "pehe": "PEHE",
    "regret": "policy regret",
    "bias_least": "bias at least",
    "bias_most": "bias at most",
    "rmse_least": "RMSE at least",
    "rmse_most": "RMSE at most",
    "coverage_least": "coverage at least",
    "coverage_most": "coverage at most",
    "rejection_least": "rejections at least",
    "rejection_most": "rejections at most",
    "rank": "rank",
    "failures": "failures",
    "attempts": "attempts",
    "seconds": "seconds",
    "compile_seconds": "seconds to compile",
}
"""Every measure of a summary, in order, with its name for people.

PEHE, regret and miscalibration are there where the estimates have what they need, the least and the
most under the policy ``bounds``.
"""

COUNTS = ("miscalibration", "rank", "attempts", "seconds", "compile_seconds")
"""The measures without a Monte Carlo error."""

_UNITS = ("pehe", "regret")
_SUSPECT = ("bias", "median_bias", "bias_own", "coverage", "coverage_own")


def summarise(
    estimates: pd.DataFrame,
    truths: pd.DataFrame,
    methods: Sequence[Method],
    seconds: pd.DataFrame | None = None,
    *,
    level: float = 0.95,
    by: Sequence[str] = ("world",),
    policy: Policy = "report",
    limits: Mapping[str, tuple[float, float]] | None = None,
    null: float | Mapping[str, float] = 0.0,
    targets: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Hold every method against every truth that it is judged by.

    Arguments:
        estimates: one row per attempt: the columns of ``by``, and ``method, replicate, value, se,
            low, high, failure`` (``""``, or the failure's name). A method whose values are all NaN
            without a failure gives intervals only; any other value that is not finite counts as a
            failure. Optional ``gap_low, gap_high``: what an interval leaves out of its middle, NaN
            for nothing; ``estimand``: the only one that an estimate is of, ``""`` for all;
            ``truth_NAME``: the truth of the estimand NAME in the replicate's own
            sample, by which it is then judged, its ``value`` in ``truths`` being only where the
            errors are shown; ``pehe, regret``: of the replicate's units;
            ``draws, pit_NAME``: how many draws a posterior has, and the share of them below the
            truth of the estimand NAME, see `pits`.
        truths: the columns of ``by``, and ``estimand, value, se``, ``se`` the error of the truth.
        methods: records with ``name``, ``moments``, ``target``, ``estimands`` and ``baseline``.
        seconds: the columns of ``by``, and ``method, seconds, compile_seconds``; or None.
        level: nominal coverage.
        by: the columns that tell one place from another: a world, or the factors of a cell.
        policy: what is made of failures, see `experiments.measures.policies`.
        limits: by estimand, the two numbers between which it lies whatever the data; for
            ``policy="bounds"``.
        null: the value whose rejections are counted, for all estimands, or by estimand (others: 0).
        targets: what methods aim at themselves: the columns of ``by``, and ``method, estimand,
            target, value, se, why``: when asked for an estimand, the definition of the target, its
            truth with its error, and why it has none (NaN); or None.

    Returns a row per place, estimand, method and measure: the columns of ``by``, ``estimand,
    method, measure, value, mcse, note``, and ``flagged``: whether a bias is more than 3 Monte Carlo
    errors from 0, or coverage that far from its level (by the error it has at that level, if that
    is larger); of bounds, whether even the kindest is.

    Errors: ``ValueError`` for missing columns, unknown names, repeated rows, truths not finite.

    Randomness: none but the fixed seed of the bootstraps.

    >>> import pandas as pd
    >>> from experiments.findings import Method
    >>> values = [0.8, 1.3, 1.9, 0.4, 1.2, 1.0]
    >>> runs = pd.DataFrame({"world": "w", "method": "m", "replicate": range(6), "value": values})
    >>> runs = runs.assign(se=0.3, low=runs.value - 0.6, high=runs.value + 0.6, failure="")
    >>> truth = pd.DataFrame({"world": ["w"], "estimand": ["e"], "value": [1.0], "se": [0.0]})
    >>> table = summarise(runs, truth, [Method("m", "M", estimands=("e",))])
    >>> table.set_index("measure").loc[["bias", "coverage"], ["value", "mcse"]].round(4)
               value    mcse
    measure
    bias      0.1000  0.2066
    coverage  0.8333  0.1521
    """
    import pandas as pd

    check_frames(estimates, truths, methods, by)
    nulls = null if isinstance(null, Mapping) else dict.fromkeys(truths.estimand, null)
    check_options(truths, policy, limits or {}, nulls)
    rows = _Rows(estimates, by)
    times = _times(seconds, by)
    aims = _times(targets, by, "estimand")
    known = {(_place(one, by), one["estimand"]): one for one in records(truths)}
    made = []
    for (place, estimand), truth in known.items():
        here = [method for method in methods if estimand in method.estimands]
        theirs = {m.name: rows.of(place, m.name) for m in here}
        found = {name: Attempts.of(mine, estimand, truth["value"]) for name, mine in theirs.items()}
        found |= {m.name: found[m.name].sure(truth["value"]) for m in here if m.baseline}
        asked = Question(
            truth["value"], truth["se"], nulls.get(estimand, 0.0), (limits or {}).get(estimand)
        )
        ranks = standing(here, found, truth["value"], truth["se"])
        kept = _kept(found, policy, {method.name for method in here if method.baseline})
        for method in here:
            mine = found[method.name]
            measured = _all(mine, kept[method.name], asked, method, policy)
            own = aims.get((*place, method.name, estimand))
            measured += of_own_target(theirs[method.name], kept[method.name], own, method.moments)
            measured += [*_calibrated(theirs[method.name], estimand, level)]
            measured += [ranks[method.name], *_timing(times, place, method.name)]
            count = len(kept[method.name].bounded)
            where = {**dict(zip(by, place, strict=True)), "estimand": estimand}
            for one in _ordered(measured, estimates):
                sure = method.baseline and len(mine) > 0 and bool((mine.se == 0).all())
                flagged = not sure and _suspect(one, count, truth["value"], level)
                made.append(
                    {**where, "method": method.name, "measure": one.name, "value": one.value,
                     "mcse": one.mcse, "note": one.note, "flagged": flagged}
                )  # fmt: skip
    return pd.DataFrame(made)


class _Rows:
    """The rows of estimates by place and method, looked up once."""

    def __init__(self, estimates: pd.DataFrame, by: Sequence[str]) -> None:
        self.frame = estimates
        self.places = estimates.groupby([*by, "method"], sort=False, observed=True).indices

    def of(self, place: tuple[Any, ...], method: str) -> pd.DataFrame:
        return self.frame.iloc[self.places.get((*place, method), np.empty(0, int))]


def _kept(
    found: Mapping[str, Attempts], policy: Policy, baselines: Collection[str]
) -> dict[str, Attempts]:
    """The attempts that are measured: all, or under ``listwise`` those on data sets that are common
    to all methods; where a baseline fails is no matter to them."""
    if policy != "listwise":
        return dict(found)
    tried = {name: each for name, each in found.items() if len(each)}
    methods = {name: each for name, each in tried.items() if name not in baselines} or tried
    common = policies.listwise(each.succeeded for each in methods.values())
    return {name: each.on(common) for name, each in found.items()}


def _all(
    mine: Attempts, kept: Attempts, asked: Question, method: Method, policy: Policy
) -> list[Measure]:
    measured = judge(kept, asked, method.moments)
    rate, attempts = tally(mine)
    if policy == "listwise" and len(mine):
        said = f"measured on the {len(kept):,} data sets on which all succeeded"
        attempts = replace(attempts, note=said)
        if not len(kept):
            measured = [Measure(one.name, math.nan, math.nan, said) for one in measured]
    if policy == "bounds":
        measured += bounds(mine, asked, method.moments)
    return [*measured, rate, attempts]


def _calibrated(rows: pd.DataFrame, estimand: str, level: float) -> Iterator[Measure]:
    """Whether posteriors are calibrated, of a method that gives any."""
    column = f"pit_{estimand}"
    if column in rows and not rows[column].isna().all():
        counts = rows.draws[~rows[column].isna()].unique()
        draws = int(counts[0]) if len(counts) == 1 else None
        yield miscalibration(rows[column].to_numpy(float), draws=draws, level=level)


def _ordered(measured: Sequence[Measure], estimates: pd.DataFrame) -> Iterator[Measure]:
    """The measures in the order of ``LABELS``; those of units where there are any."""
    named = {one.name: one for one in measured}
    for name in LABELS:
        if name in named and (name not in _UNITS or name in estimates):
            yield named[name]


def _place(row: Mapping[Any, Any], by: Sequence[str]) -> tuple[Any, ...]:
    return tuple(row[column] for column in by)


def _times(
    frame: pd.DataFrame | None, by: Sequence[str], *more: str
) -> dict[tuple[Any, ...], Mapping[Any, Any]]:
    """Rows by place, method and more."""
    if frame is None:
        return {}
    return {_place(one, (*by, "method", *more)): one for one in records(frame)}


def _timing(
    times: Mapping[tuple[Any, ...], Mapping[Any, Any]], place: tuple[Any, ...], method: str
) -> Iterator[Measure]:
    mine = times.get((*place, method), {})
    for name in ("seconds", "compile_seconds"):
        value = float(mine.get(name, math.nan))
        yield Measure(name, value, math.nan, "not timed" * math.isnan(value))


def _suspect(measure: Measure, count: int, truth: float, level: float) -> bool:
    """Whether it is more than 3 errors from where it should be; of bounds, beyond doubt."""
    if measure.name == "miscalibration":
        return not math.isnan(measure.value) and measure.note != WITHIN
    name = measure.name.removesuffix("_least").removesuffix("_most")
    if name not in _SUSPECT or math.isnan(measure.value):
        return False
    share = name.startswith("coverage")
    away = measure.value - (level if share else 0.0)
    if share:  # at 100% the mcse itself is 0
        reach = 3 * max(measure.mcse, math.sqrt(level * (1 - level) / max(count, 1)))
    else:  # a bias of float32 rounding alone is none
        reach = 3 * measure.mcse + 1e-6 * abs(truth)
    if measure.name.endswith("_least"):
        return away > reach
    if measure.name.endswith("_most"):
        return -away > reach
    return abs(away) > reach
