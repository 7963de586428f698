"""What is wrong with the frames that are to be summarised: said before anything is computed."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from experiments.measures.policies import POLICIES

if TYPE_CHECKING:
    import pandas as pd

    from experiments.findings import Method

__all__ = ["check_frames", "check_options", "made_for", "records"]

_ESTIMATES = ("method", "replicate", "value", "se", "low", "high", "failure")
_TRUTHS = ("estimand", "value", "se")


def check_frames(
    estimates: pd.DataFrame,
    truths: pd.DataFrame,
    methods: Sequence[Method],
    by: Sequence[str],
) -> None:
    """Raise `ValueError` for missing columns, unknown names, repeated rows, truths not finite."""
    for name, frame, columns in (("estimates", estimates, _ESTIMATES), ("truths", truths, _TRUTHS)):
        wanted = (*by, *columns)
        if missing := [column for column in wanted if column not in frame]:
            raise ValueError(
                f"{name}: columns {', '.join(wanted)} are wanted, {', '.join(missing)} "
                f"missing from {', '.join(map(str, frame.columns)) or 'an empty frame'}"
            )
    _known("estimates.method", list(estimates.method.unique()), [method.name for method in methods])
    for column in by:
        _known(f"estimates.{column}", list(estimates[column].unique()), list(truths[column]))
    for method in methods:
        _known(f"estimands of {method.name}", method.estimands, list(truths.estimand))
    key = [*by, "method", "replicate", *["estimand"] * ("estimand" in estimates)]
    if (repeated := estimates.duplicated(key)).any():
        row = estimates[repeated].iloc[0]
        place = ", ".join(str(row[column]) for column in (*by, "method", "replicate"))
        raise ValueError(
            f"estimates: one row per {', '.join(by)}, method and replicate is wanted, given "
            f"{place} more than once"
        )
    if (unnamed := ~estimates.failure.map(lambda name: isinstance(name, str)).astype(bool)).any():
        raise ValueError(
            'estimates: a failure\'s name, or "" for none, is wanted, given '
            f"{estimates.failure[unnamed].iloc[0]!r} in {unnamed.sum():,} rows"
        )
    if (repeated := truths.duplicated([*by, "estimand"])).any():
        row = truths[repeated].iloc[0]
        raise ValueError(
            f"truths: one truth each is wanted, given two of {row.estimand} in {_place(row, by)}"
        )
    for truth in records(truths):
        value, se = truth["value"], truth["se"]
        if not (math.isfinite(value) and 0 <= se < math.inf):
            raise ValueError(
                f"truths: a finite value and an error of 0 or more are wanted, given {value} "
                f"with se {se} for {truth['estimand']} in {_place(truth, by)}"
            )


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a small frame as plain values by column.

    >>> import pandas as pd
    >>> records(pd.DataFrame({"n": [1, 2], "name": "a"}))
    [{'n': 1, 'name': 'a'}, {'n': 2, 'name': 'a'}]
    """
    columns = [frame[name].tolist() for name in frame.columns]
    return [dict(zip(frame.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def made_for(rows: pd.DataFrame, estimand: str) -> pd.DataFrame:
    """The rows that are held against an estimand: all but those made for another one alone.

    >>> import pandas as pd
    >>> rows = pd.DataFrame({"value": [1, 2, 3], "estimand": ["", "ate", "att"]})
    >>> made_for(rows, "ate").value.tolist()
    [1, 2]
    """
    if "estimand" not in rows:
        return rows
    names = rows.estimand.to_numpy(object)
    made = (names == "") | (names == estimand)
    return rows if made.all() else rows[made]


def check_options(
    truths: pd.DataFrame,
    policy: str,
    limits: Mapping[str, tuple[float, float]],
    nulls: Mapping[str, float],
) -> None:
    """Raise `ValueError` for an unknown policy or estimand, and for limits that cannot be."""
    _known("policy", [policy], list(POLICIES))
    _known("limits", limits, list(truths.estimand))
    _known("null", nulls, list(truths.estimand))
    for estimand, (low, high) in limits.items():
        values = truths.value[truths.estimand == estimand]
        if not (-math.inf < low < high < math.inf and ((low <= values) & (values <= high)).all()):
            raise ValueError(
                f"limits of {estimand}: two finite numbers with every truth between them are "
                f"wanted, given ({low}, {high}) for {', '.join(f'{value:g}' for value in values)}"
            )


def _place(row: Any, by: Sequence[str]) -> str:
    return ", ".join(str(row[column]) for column in by)


def _known(what: str, names: Iterable[Any], known: Sequence[Any]) -> None:
    among = set(known)
    for name in names:
        if name not in among:
            spelled = [str(each) for each in dict.fromkeys(known)]
            near = difflib.get_close_matches(str(name), spelled, 1, 0.0)
            guess = f"; did you mean {near[0]!r}?" if near else ""
            listed = ", ".join(spelled) or "nothing"
            raise ValueError(f"{what}: one of {listed} is wanted, given {name!r}{guess}")
