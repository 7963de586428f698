"""What is observed, from data or from a table of probabilities: columns, and a weight a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Observed", "read_observed"]

_ROUNDING = 1e-9  # by which probabilities may fail to sum to 1


@dataclass(frozen=True)
class Observed:
    """Rows of columns, with weights that sum to 1."""

    columns: Mapping[str, np.ndarray]
    weight: np.ndarray

    def mean(self, values: np.ndarray | float = 1.0, where: np.ndarray | bool = True) -> float:
        """``E[values; where]``: the sum over these rows, not divided by their weight."""
        return float(np.sum(np.where(where, values, 0.0) * self.weight))


def read_observed(asked: str, data: Any, names: Sequence[str]) -> Observed:
    """The named columns of a frame (or mapping) of units, or of values and their probability ``p``.

    A column ``p`` that is not itself asked about makes it a table of probabilities, which must sum
    to 1. Nothing may be missing.
    """
    twice = [name for i, name in enumerate(names) if name in names[:i]]
    if twice:
        raise ValueError(f"{asked}: {twice[0]!r} is named twice; each part is a column of its own")
    frame = data if isinstance(data, pd.DataFrame) else pd.DataFrame(dict(data))
    for name in names:
        if name not in frame:
            there = ", ".join(map(str, frame.columns))
            raise ValueError(f"{asked}: the data have no column {name!r}; they have {there}")
        if frame[name].isna().any():
            row = int(np.flatnonzero(frame[name].isna())[0])
            raise ValueError(
                f"{asked}: column {name!r} is missing in row {row}; drop or fill such rows by hand"
            )
    if not len(frame):
        raise ValueError(f"{asked}: the data have no rows")
    columns = {name: frame[name].to_numpy() for name in names}
    if "p" not in frame or "p" in names:
        return Observed(columns, np.full(len(frame), 1 / len(frame)))
    weight = _real(asked, "p", frame["p"].to_numpy())
    if (weight < 0).any() or abs(weight.sum() - 1) > _ROUNDING:
        raise ValueError(
            f"{asked}: column 'p' is of probabilities, not negative and of sum 1; its least is "
            f"{weight.min():.6g} and its sum {weight.sum():.6g}; of counts write counts / "
            "counts.sum(), and give a variable called p another name"
        )
    return Observed(columns, weight)


def real_column(asked: str, observed: Observed, name: str) -> np.ndarray:
    """A column of finite numbers."""
    return _real(asked, name, observed.columns[name])


def check_levels(asked: str, observed: Observed, treatment: str, levels: Sequence[Any]) -> None:
    """Two different values of the treatment, both of which the data know."""
    known = pd.unique(observed.columns[treatment]).tolist()
    if len(levels) != 2 or levels[0] == levels[1]:
        raise ValueError(
            f"{asked}: levels={levels!r}; two different values of {treatment!r}, please"
        )
    for level in levels:
        if level not in known:
            raise ValueError(
                f"{asked}: no unit has {treatment}={level!r}; its values are "
                f"{', '.join(map(repr, known[:8]))}; say levels=(from, to)"
            )


def _real(asked: str, name: str, column: np.ndarray) -> np.ndarray:
    try:
        if column.dtype.kind == "O" and any(isinstance(each, str) for each in column):
            raise ValueError  # a text that looks like a number is a text
        numbers = np.asarray(column, float)
    except (TypeError, ValueError):
        raise ValueError(
            f"{asked}: column {name!r} is not of numbers (it holds {column[0]!r})"
        ) from None
    if not np.isfinite(numbers).all():
        row = int(np.flatnonzero(~np.isfinite(numbers))[0])
        raise ValueError(f"{asked}: column {name!r} is {numbers[row]} in row {row}")
    return numbers
