"""Estimators in plain Python: any function of a data frame and roles, run one data set at a time.

It returns a number, a pair (value, standard error), or a dict with ``value`` and, if it has them,
``se``, ``low``, ``high``; or with ``draws`` of the effect from a posterior, any number of them,
whose mean, deviation and central interval are the estimate, unless they are given as well. What it
raises, or returns that is no finite number or contradicts itself, is a failure of that data set,
kept as a row with its traceback; time and memory may be limited.
"""

from __future__ import annotations

import contextlib
import math
import resource
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.draws import summarised
from scm.estimate import Roles

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CONTRADICTIONS", "OwnEstimator", "contradiction"]

CONTRADICTIONS = _NEGATIVE, _OUTSIDE = "negative standard error", "value outside its interval"
"""Names of the failures of an estimate whose numbers cannot all be meant."""

_HALF = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, eq=False)
class OwnEstimator:
    """A function of a person's own, with what an estimator has to say of itself.

    ``target``, ``assumes`` and ``moments`` are read off attributes of the function of these names,
    where it has them.

    >>> import pandas as pd
    >>> def slope(data, roles):
    ...     return data[roles.outcome].cov(data[roles.treatment]) / data[roles.treatment].var()
    >>> data = pd.DataFrame({"t": [0.0, 1, 2], "y": [1.0, 3, 5]})
    >>> OwnEstimator("mine:slope", slope).row(data, Roles("t", "y"))["value"]
    2.0
    """

    name: str
    function: Callable[..., Any]
    criterion: None = None
    needs: tuple[str, ...] = ("adjust", "instruments", "mediators")

    @property
    def target(self) -> str:
        """What it says it aims at."""
        return str(getattr(self.function, "target", "not declared"))

    @property
    def assumes(self) -> tuple[str, ...]:
        """What it says must hold."""
        return tuple(getattr(self.function, "assumes", ()))

    def target_of(self, **options: Any) -> str:
        """What it aims at under any options."""
        return self.target

    def moments(self, roles: Roles, **options: Any) -> float:
        """How many moments it says its estimates have; all of them if it says nothing."""
        return float(getattr(self.function, "moments", math.inf))

    def row(
        self,
        data: pd.DataFrame,
        roles: Roles,
        options: Mapping[str, Any] | None = None,
        *,
        seconds: float | None = None,
        megabytes: float | None = None,
    ) -> dict[str, Any]:
        """One data set's estimate as the fields of its row."""
        empty = dict.fromkeys(("value", "se", "low", "high"), math.nan)
        row: dict[str, Any] = {**empty, "n": float(len(data)), "failure": "", "detail": ""}
        try:
            with _limited(seconds, megabytes):
                found, given = _read(self.function(data, roles, **(options or {})))
        except _TimeLimitError:
            return {**row, "failure": f"more than {seconds:g} s"}
        except MemoryError:
            return {**row, "failure": f"more than {megabytes:g} MB", "detail": _traceback()}
        except Exception as error:
            return {**row, "failure": type(error).__name__, "detail": _traceback()}
        row |= found
        silent = {**empty, "draws": None} if "draws" in row else empty
        if "draws" in row and not np.isfinite(row["draws"]).all():
            count = int((~np.isfinite(row["draws"])).sum())
            detail = f"{count:,} of {len(row['draws']):,} draws"
            return {**row, **silent, "failure": "non-finite", "detail": detail}
        if not math.isfinite(row["value"]):
            return {**row, **silent, "failure": "non-finite", "detail": f"value {row['value']}"}
        if given and (wrong := contradiction(row)):
            return {**row, **silent, "failure": wrong[0], "detail": wrong[1]}
        if math.isnan(row["low"]) and math.isfinite(row["se"]):
            half = _HALF * row["se"]
            row |= {"low": row["value"] - half, "high": row["value"] + half}
        return row


def contradiction(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """How an estimate contradicts itself: a failure's name and the numbers; None if it does not.

    >>> contradiction({"value": 1.0, "se": 0.5, "low": 2.0, "high": 3.0})
    ('value outside its interval', 'value 1, from 2 to 3')
    """
    value, se, low, high = (row[each] for each in ("value", "se", "low", "high"))
    if se < 0:
        return _NEGATIVE, f"se {se:g}"
    if not math.isnan(value + low + high) and not low <= value <= high:
        return _OUTSIDE, f"value {value:g}, from {low:g} to {high:g}"
    return None


def _read(answer: Any) -> tuple[dict[str, Any], set[str]]:
    """What a function returned, as fields, and which of them it told itself, not its draws.

    Raises TypeError for anything else.
    """
    if isinstance(answer, Mapping):
        known = {"value", "se", "low", "high", "draws"}
        if not {"value", "draws"} & set(answer) or not set(answer) <= known:
            raise TypeError(f"a dict with {sorted(known)} is wanted, given {sorted(answer)}")
        told = {name: float(x) for name, x in answer.items() if name != "draws"}
        every = {**summarised(answer["draws"]), **told} if "draws" in answer else told
        return every, set(told)
    if isinstance(answer, tuple | list) and len(answer) == 2:
        told = {"value": float(answer[0]), "se": float(answer[1])}
    else:
        told = {"value": float(answer)}
    return told, set(told)


class _TimeLimitError(Exception):
    pass


@contextlib.contextmanager
def _limited(seconds: float | None, megabytes: float | None) -> Iterator[None]:
    """Limits for what runs inside: of the clock, and of memory beyond what is held already."""
    with contextlib.ExitStack() as stack:
        if seconds is not None and threading.current_thread() is threading.main_thread():

            def stop(*_: Any) -> None:
                raise _TimeLimitError

            before = signal.signal(signal.SIGALRM, stop)
            stack.callback(signal.signal, signal.SIGALRM, before)
            signal.setitimer(signal.ITIMER_REAL, seconds)
            stack.callback(signal.setitimer, signal.ITIMER_REAL, 0)
        if megabytes is not None:
            soft, hard = resource.getrlimit(resource.RLIMIT_AS)
            with open("/proc/self/statm", encoding="ascii") as held:  # noqa: PTH123
                now = int(held.read().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (now + int(megabytes * 2**20), hard))
            stack.callback(resource.setrlimit, resource.RLIMIT_AS, (soft, hard))
        yield


def _traceback() -> str:
    return traceback.format_exc(limit=-8)
