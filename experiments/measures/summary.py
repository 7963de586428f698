"""Every measure of every method in every world, as one tidy frame.

Failed estimates are counted, never dropped unseen: measures speak of the estimates that did not
fail, and ``failures`` stands beside them. A measure that a method's sampling law does not have
(the mean of just-identified 2SLS) is NaN with a note, however many estimates there are to average.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.measures import formulas
from experiments.measures.formulas import Measure
from experiments.measures.own import about_own_truth

if TYPE_CHECKING:
    import pandas as pd

    from experiments.findings import Method

__all__ = ["LABELS", "summarise", "widen"]

LABELS = {
    "bias": "bias",
    "median_bias": "median bias",
    "empirical_se": "empirical SE",
    "mad": "MAD",
    "model_se": "model SE",
    "relative_error": "error of model SE, %",
    "rmse": "RMSE",
    "coverage": "coverage",
    "failures": "failures",
    "attempts": "attempts",
    "seconds": "seconds",
    "compile_seconds": "seconds to compile",
}
"""Every measure of a summary, in order, with its name for people."""

_COUNTS = ("attempts", "seconds", "compile_seconds")  # without a Monte Carlo error

# The moment of the estimates that a measure averages; its own error needs twice as many. The model
# SE averages se^2, and near a weak first stage the se of 2SLS grows as the square of the estimate.
_ORDER = {"bias": 1, "empirical_se": 2, "rmse": 2, "model_se": 4, "relative_error": 4}

_ESTIMATES = ("world", "method", "replicate", "value", "se", "low", "high", "failure")
_TRUTHS = ("world", "estimand", "value", "se")


def summarise(
    estimates: pd.DataFrame,
    truths: pd.DataFrame,
    methods: Sequence[Method],
    seconds: pd.DataFrame | None = None,
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """Hold every method against every truth that it is judged by.

    Arguments:
        estimates: one row per attempt: ``world, method, replicate, value, se, low, high, failure``
            (``""``, or the failure's name). A method whose values are all NaN without a failure
            gives intervals only; any other value that is not finite counts as a failure. Optional
            ``gap_low, gap_high``: what an interval leaves out of its middle, NaN for nothing; and
            ``truth_NAME``: the truth of the estimand NAME in the replicate's own sample, by which
            it is then judged, its ``value`` in ``truths`` being only where the errors are shown.
        truths: ``world, estimand, value, se``, ``se`` being the error of the truth.
        methods: records with ``name``, ``moments`` and ``estimands``.
        seconds: ``world, method, seconds, compile_seconds``, or None.
        level: nominal coverage.

    Returns a row per world, estimand, method and measure: ``world, estimand, method, measure,
    value, mcse, note``, and ``flagged``: whether a bias is more than 3 Monte Carlo errors from 0,
    or coverage that far from its level (by the error it has at that level, if that is larger).

    Errors: ``ValueError`` for missing columns, unknown names, repeated rows, truths not finite.

    Randomness: none but the fixed seed of the bootstrap of MAD.

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

    _check(estimates, truths, methods)
    rows = []
    for truth in truths.to_dict("records"):
        world, estimand = truth["world"], truth["estimand"]
        for method in methods:
            if estimand not in method.estimands:
                continue
            mine = estimates[(estimates.world == world) & (estimates.method == method.name)]
            mine = about_own_truth(mine, estimand, truth["value"])
            found = _judge(mine, truth["value"], truth["se"], method.moments)
            found += _timing(seconds, world, method.name)
            place = {"world": world, "estimand": estimand, "method": method.name}
            rows += [
                {**place, "measure": one.name, "value": one.value, "mcse": one.mcse,
                 "note": one.note, "flagged": _suspect(one, len(mine), truth["value"], level)}
                for one in found
            ]  # fmt: skip
    return pd.DataFrame(rows)


def widen(summary: pd.DataFrame) -> pd.DataFrame:
    """One row per world, estimand and method: each measure, its ``_mcse``, and all notes.

    Returns columns ``world, estimand, method, bias, bias_mcse, ..., notes``; what was flagged is
    named in the notes.
    """
    import pandas as pd

    rows = []
    keys = ["world", "estimand", "method"]
    for place, group in summary.groupby(keys, sort=False):
        row: dict[str, Any] = dict(zip(keys, place, strict=True))
        notes = []
        for one in group.to_dict("records"):
            measure = one["measure"]
            row[measure] = one["value"]
            if measure not in _COUNTS:
                row[f"{measure}_mcse"] = one["mcse"]
            said = [one["note"]] * bool(one["note"]) + ["beyond 3 mcse"] * bool(one["flagged"])
            notes += [f"{measure}: {', '.join(said)}"] * bool(said)
        rows.append({**row, "notes": "; ".join(notes)})
    return pd.DataFrame(rows)


def _judge(mine: pd.DataFrame, truth: float, truth_se: float, moments: float) -> list[Measure]:
    """All measures but the timing, for the attempts of one method in one world."""
    named = (mine.failure != "").to_numpy()
    value = mine.value.to_numpy(float)
    interval = ~(mine.low.isna() | mine.high.isna()).to_numpy()
    without_points = bool(np.isnan(value[~named]).all()) and bool(interval[~named].any())
    failed = named | ~(interval if without_points else np.isfinite(value))
    good, ends = mine[~failed], mine[~failed & interval]
    backed = good[np.isfinite(good.se.to_numpy(float))]
    x = good.value.to_numpy(float)[: 0 if without_points else None]
    gap = (ends.gap_low, ends.gap_high) if {"gap_low", "gap_high"} <= {*ends} else None
    about = (truth, truth_se)
    found = [
        formulas.bias(x, *about),
        formulas.median_bias(x, *about),
        formulas.empirical_se(x),
        formulas.mad(x),
        _partly(formulas.model_se(backed.se), "standard errors", len(backed), len(good)),
        _partly(
            formulas.relative_error(backed.value.dropna(), backed.se),
            "standard errors",
            len(backed),
            len(good),
        ),
        formulas.rmse(x, *about),
        _partly(
            formulas.coverage(ends.low, ends.high, *about, gap=gap),
            "intervals",
            len(ends),
            len(good),
        ),
    ]
    if without_points:
        only = "intervals only"
        found = [one if one.name == "coverage" else replace(one, note=only) for one in found]
    elif not len(good):
        why = f"all {len(mine):,} failed" if len(mine) else "not run"
        found = [replace(one, note=why) for one in found]
    else:
        found = [_within(one, moments) for one in found]
    return [*found, _count_failures(failed, mine.failure.to_numpy()), _plain("attempts", len(mine))]


def _within(measure: Measure, moments: float) -> Measure:
    """The measure as far as the moments of the estimator's sampling law allow it."""
    order = _ORDER.get(measure.name, 0)
    if moments >= 2 * order or math.isnan(measure.value):
        return measure
    has = f"the estimator has {moments:g}"
    if moments >= order:
        return replace(measure, mcse=math.nan, note=f"its error needs {2 * order} moments, {has}")
    note = "no finite moments" if moments < 1 else f"needs {order} finite moments, {has}"
    return Measure(measure.name, math.nan, math.nan, note)


def _count_failures(failed: np.ndarray, names: np.ndarray) -> Measure:
    measure = formulas.failures(failed)
    kinds, counts = np.unique([name or "not finite" for name in names[failed]], return_counts=True)
    said = ", ".join(f"{count:,} {kind}" for kind, count in zip(kinds, counts, strict=True))
    return replace(measure, note=f"{measure.note} ({said})") if said else measure


def _timing(seconds: pd.DataFrame | None, world: str, method: str) -> list[Measure]:
    names = ("seconds", "compile_seconds")
    if seconds is None:
        return [Measure(name, math.nan, math.nan, "not timed") for name in names]
    mine = seconds[(seconds.world == world) & (seconds.method == method)]
    if mine.empty:
        return [Measure(name, math.nan, math.nan, "not timed") for name in names]
    return [
        _plain(name, mine[name].iloc[0])
        if name in mine and not math.isnan(mine[name].iloc[0])
        else Measure(name, math.nan, math.nan, "not timed")
        for name in names
    ]


def _suspect(measure: Measure, attempts: int, truth: float, level: float) -> bool:
    if math.isnan(measure.value):
        return False
    if measure.name in ("bias", "median_bias"):
        rounding = 1e-6 * abs(truth)  # a bias of float32 rounding alone is none
        return abs(measure.value) > 3 * measure.mcse + rounding
    if measure.name == "coverage":
        expected = math.sqrt(level * (1 - level) / attempts)  # at 100% the mcse itself is 0
        return abs(measure.value - level) > 3 * max(measure.mcse, expected)
    return False


def _partly(measure: Measure, what: str, given: int, wanted: int) -> Measure:
    """The measure with a note where only some of the estimates came with what it needs."""
    if given == wanted:
        return measure
    if not given:
        return replace(measure, note=f"no {what}")
    part = f"{what} for {given:,} of {wanted:,}"
    return replace(measure, note="; ".join(filter(None, (part, measure.note))))


def _plain(name: str, value: float) -> Measure:
    return Measure(name, float(value), math.nan)


def _check(estimates: pd.DataFrame, truths: pd.DataFrame, methods: Sequence[Method]) -> None:
    for name, frame, columns in (("estimates", estimates, _ESTIMATES), ("truths", truths, _TRUTHS)):
        if missing := [column for column in columns if column not in frame]:
            raise ValueError(
                f"{name}: columns {', '.join(columns)} are wanted, {', '.join(missing)} "
                f"missing from {', '.join(map(str, frame.columns)) or 'an empty frame'}"
            )
    _known("estimates.method", list(estimates.method.unique()), [method.name for method in methods])
    _known("estimates.world", list(estimates.world.unique()), list(truths.world))
    for method in methods:
        _known(f"estimands of {method.name}", method.estimands, list(truths.estimand))
    if (repeated := estimates.duplicated(["world", "method", "replicate"])).any():
        row = estimates[repeated].iloc[0]
        raise ValueError(
            f"estimates: one row per world, method and replicate is wanted, given "
            f"{row.world}, {row.method}, {row.replicate} more than once"
        )
    if (unnamed := ~estimates.failure.map(lambda name: isinstance(name, str))).any():
        raise ValueError(
            'estimates: a failure\'s name, or "" for none, is wanted, given '
            f"{estimates.failure[unnamed].iloc[0]!r} in {unnamed.sum():,} rows"
        )
    if (repeated := truths.duplicated(["world", "estimand"])).any():
        world, estimand = truths.loc[repeated, ["world", "estimand"]].iloc[0]
        raise ValueError(f"truths: one truth each is wanted, given two of {estimand} in {world}")
    for truth in truths.to_dict("records"):
        value, se = truth["value"], truth["se"]
        if not (math.isfinite(value) and 0 <= se < math.inf):
            raise ValueError(
                f"truths: a finite value and an error of 0 or more are wanted, given {value} "
                f"with se {se} for {truth['estimand']} in {truth['world']}"
            )


def _known(what: str, names: Iterable[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, 1, 0.0)
            guess = f"; did you mean {near[0]!r}?" if near else ""
            names = ", ".join(dict.fromkeys(known)) or "nothing"
            raise ValueError(f"{what}: one of {names} is wanted, given {name!r}{guess}")
