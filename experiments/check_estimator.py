"""``scm check-estimator``: a person's own estimator tried on small data sets, before it is trusted.

What must hold is what a study takes for granted: that it can read the answer, that the same data
give the same answer in whatever order their rows stand, that nothing but its roles matters, that
the data are left as they were, and that where there is nothing to be estimated it says so by an
exception or a number that is not finite, and not by a number. The rest is told.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.own_code import attribute, is_own
from experiments.own_estimators import CONTRADICTIONS, OwnEstimator, contradiction
from scm.estimate import Estimator, Roles

__all__ = ["Trial", "found_for", "trials"]

SIZE = 200
_SECONDS = 60.0  # for one data set
_CLOSE = 1e-6  # relative: sums in another order round otherwise

_FIELDS = ("value", "se", "low", "high")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Trial:
    """What came of one thing that was tried.

    Attributes:
      verdict: "passes", "fails" or "note".
    """

    verdict: str
    name: str
    told: str

    @property
    def fails(self) -> bool:
        """Whether something that must hold does not."""
        return self.verdict == "fails"

    def __str__(self) -> str:
        return f"{self.verdict:<7} {self.name}: {self.told}"


def found_for(name: str) -> tuple[Trial, ...]:
    """All trials of what ``module:function`` names. Raises ValueError where that is no function."""
    if not is_own(name):
        raise ValueError(f"{name}: MODULE:FUNCTION is wanted, such as my_estimators:forest")
    try:
        function = attribute(name, Path.cwd())
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if not callable(function):
        raise ValueError(f"{name} is a {type(function).__name__}, and a function is wanted")
    return tuple(
        trials(function if isinstance(function, Estimator) else OwnEstimator(name, function))
    )


def trials(estimator: Estimator | OwnEstimator) -> Iterator[Trial]:
    """All trials of an estimator. The data are drawn from a fixed seed.

    >>> def slope(data, roles):
    ...     t, y = data[roles.treatment], data[roles.outcome]
    ...     return t.cov(y) / t.var() if t.var() else float("nan")
    >>> print(next(trials(OwnEstimator("mine:slope", slope))))
    passes  ordinary data: 1.76...
    """
    data, roles = _ordinary(), _roles(estimator)
    runs = _runner(estimator, roles)
    run = lambda frame: runs(frame.copy(deep=True))  # whatever it does to what it is given
    first = run(data)
    yield _ordinary_trial(first)
    if first["failure"]:
        return
    given = data.copy(deep=True)
    began = time.perf_counter()
    again = runs(given)
    took = time.perf_counter() - began
    yield _must("called twice", _same(first, again, 0.0), _numbers(first), _numbers(again))
    whole = list(given) == list(data) and given.index.equals(data.index) and given.equals(data)
    told = "the frame is as it was" if whole else "it changes the frame that it is given"
    yield Trial("passes" if whole else "fails", "the data are left alone", told)
    mixed = data.sample(frac=1, random_state=1)
    yield _must("rows in another order", *_compared(first, run(mixed)))
    other = data.assign(other=np.random.default_rng(3).normal(5, 9, SIZE))
    yield _must("a column that is no role", *_compared(first, run(other)))
    few = data.drop(columns=["other"])
    yield _must("that column left out", *_compared(first, run(few)))
    yield _nothing("a constant treatment", run(data.assign(t=1.0)), "fails")
    yield _nothing("one row", run(data.head(1)), "fails")
    gap = data.assign(y=data.y.where(data.index != 7))
    yield _nothing("a NaN in the outcome", run(gap), "note")
    yield from _scaled(first, run, data)
    yield Trial("note", "speed", f"{1_000 * took:.3g} ms for {SIZE} rows, warm")


def _ordinary() -> pd.DataFrame:
    """A treatment of two levels with an effect of 2, what it is confounded by, an instrument, a
    mediator, and a column that has nothing to do with it."""
    random = np.random.default_rng(20)
    u = random.normal(size=SIZE)
    x = (random.random(SIZE) < 0.5).astype(float)
    z = (random.random(SIZE) < 0.5).astype(float)
    t = (0.3 * x + 1.5 * z + random.normal(size=SIZE) > 0.9).astype(float)
    m = (0.8 * t + random.normal(size=SIZE) > 0.4).astype(float)
    y = 1.5 * t + 1.1 * m + 0.5 * x + u
    return pd.DataFrame({"x": x, "z": z, "t": t, "m": m, "y": y, "other": random.normal(size=SIZE)})


def _roles(estimator: Estimator | OwnEstimator) -> Roles:
    """Columns for the roles that it reads."""
    columns = {"adjust": ("x",), "instruments": ("z",), "mediators": ("m",)}
    reads = getattr(estimator, "reads", ())
    wanted = {r: c for r, c in columns.items() if r in estimator.needs or r in reads}
    return Roles("t", "y", **wanted)


def _runner(estimator: Estimator | OwnEstimator, roles: Roles) -> Callable[[pd.DataFrame], Row]:
    """The estimate from a frame, as the fields of its row."""
    if isinstance(estimator, OwnEstimator):
        return lambda data: estimator.row(data, roles, seconds=_SECONDS)

    def run(data: pd.DataFrame) -> Row:
        row: dict[str, Any] = {**dict.fromkeys(_FIELDS, math.nan), "detail": ""}
        try:
            found = estimator({str(name): data[name].to_numpy() for name in data}, roles)
            numbers = {field: float(getattr(found, field)) for field in _FIELDS}
            return row | numbers | {"failure": found.failure or ""}
        except Exception as error:  # whatever a person's code raises is what is to be told
            return row | {"failure": type(error).__name__, "detail": str(error)}

    return run


def _ordinary_trial(row: Row) -> Trial:
    name = "ordinary data"
    kept = row["failure"] in CONTRADICTIONS  # as a failure that tells it; ours have no such rows
    wrong = (row["failure"], row["detail"]) if kept else contradiction(row)
    if wrong:
        return Trial("fails", name, ": ".join(wrong))
    if row["failure"]:
        last = row["detail"].strip().splitlines()[-1:] or [row["failure"]]
        return Trial("fails", name, f"{last[0]} (a number, a pair (value, se) or a dict is wanted)")
    return Trial("passes", name, _numbers(row))


def _must(name: str, same: bool, one: str, two: str) -> Trial:
    if same:
        return Trial("passes", name, "the same numbers")
    return Trial("fails", name, f"{two}, and it was {one}")


def _compared(first: Row, row: Row) -> tuple[bool, str, str]:
    return _same(first, row, _CLOSE), _numbers(first), _numbers(row)


def _same(one: Row, two: Row, close: float) -> bool:
    """Whether two estimates agree, NaN with NaN."""
    pairs = [(one[field], two[field]) for field in _FIELDS]
    scale = close * max((abs(x) for x, _ in pairs if math.isfinite(x)), default=0.0)
    return not two["failure"] and all(
        x == y or (math.isnan(x) and math.isnan(y)) or abs(x - y) <= scale for x, y in pairs
    )


def _nothing(name: str, row: Row, otherwise: str) -> Trial:
    """Data from which there is nothing to be estimated: that is to be said, not a number."""
    if row["failure"]:
        return Trial("passes", name, f"refused: {row['failure']}")
    told = f"a number all the same: {_numbers(row)}"
    if otherwise == "note":
        told += "; that an outcome is missing goes unsaid"
    return Trial(otherwise, name, told)


def _scaled(first: Row, run: Callable[[pd.DataFrame], Row], data: pd.DataFrame) -> Iterator[Trial]:
    """The outcome in other units."""
    huge = run(data.assign(y=1e9 * data.y))
    if huge["failure"]:
        yield Trial("fails", "an outcome in huge units", f"no number: {huge['failure']}")
    else:
        yield Trial("passes", "an outcome in huge units", _numbers(huge))
    twice = run(data.assign(y=2 * data.y))
    linear = abs(twice["value"] - 2 * first["value"]) <= _CLOSE * abs(2 * first["value"])
    told = "twice the estimate, as of a linear one" if linear else f"{_numbers(twice)}: not linear"
    yield Trial("note", "twice the outcome", told)


def _numbers(row: Row) -> str:
    """An estimate in words."""
    if row["failure"]:
        return f"failed ({row['failure']})"
    told = [f"{row['value']:.6g}"]
    if math.isfinite(row["se"]):
        told.append(f"se {row['se']:.4g}")
    if not math.isnan(row["low"]):
        told.append(f"from {row['low']:.6g} to {row['high']:.6g}")
    return ", ".join(told)
