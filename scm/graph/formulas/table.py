"""Frames read as finite distributions: a joint with its probabilities, or data counted."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np
import pandas as pd

# Cells of one array of float64: half a gigabyte. Past it, values are too many to be counted.
LARGEST = 2**26


@dataclass(frozen=True)
class Table:
    """Rows with weights that sum to one; `levels` are the values of each column, in order."""

    levels: Mapping[str, np.ndarray | pd.api.extensions.ExtensionArray]
    codes: Mapping[str, np.ndarray]
    weights: np.ndarray

    def joint(self, names: Sequence[str]) -> np.ndarray:
        """P(names): an axis for each, in the order of its levels."""
        shape = tuple(len(self.levels[name]) for name in names)
        check_size(prod(shape), names)
        flat = np.zeros(len(self.weights), np.int64)
        for name, count in zip(names, shape, strict=True):
            flat = flat * count + self.codes[name]
        return np.bincount(flat, self.weights, minlength=prod(shape)).reshape(shape)

    def place(self, name: str, value: Any) -> int:
        """Which of a column's levels a value is."""
        found = self._places[name].get(value) if isinstance(value, Hashable) else None
        if found is None:
            there = ", ".join(map(_shown, self.levels[name][:8]))
            more = ", ..." if len(self.levels[name]) > 8 else ""
            raise ValueError(f"at: {name}={value!r} is not among its values: {there}{more}")
        return found

    @cached_property
    def _places(self) -> Mapping[str, Mapping[Any, int]]:
        return {n: {value: i for i, value in enumerate(v)} for n, v in self.levels.items()}


def read_table(
    frame: pd.DataFrame | Mapping[str, Any], names: Sequence[str], p: str | None
) -> Table:
    """The columns `names` of a frame; `p` names its column of probabilities, if it has one."""
    if not isinstance(frame, pd.DataFrame):
        if not isinstance(frame, Mapping):
            raise TypeError(
                f"evaluate: a {type(frame).__name__} is no frame; give a pandas frame of value "
                "columns, with a column p of probabilities if it is a joint distribution"
            )
        columns = {name: np.asarray(column) for name, column in frame.items()}
        lengths = {name: np.size(column) for name, column in columns.items()}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            raise ValueError(f"evaluate: columns are of one length, and {told}")
        frame = pd.DataFrame(columns)
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise ValueError(f"evaluate: the frame has two columns {twice[0]!r}")
    if p in names:
        raise ValueError(
            f"evaluate: {p!r} is a node of the graph and names the column of probabilities; "
            'call that column otherwise: evaluate(frame, p="probability"), or p=None for data'
        )
    # Without its column `p` a frame is data; a column that was named in its place has to be there.
    wanted = [*names, *([] if p in (None, "p") else [p])]
    missing = [name for name in wanted if name not in frame.columns]
    if missing:
        there = ", ".join(map(str, frame.columns))
        raise ValueError(f"evaluate: the frame has no column {missing[0]!r}; its columns: {there}")
    if not len(frame):
        raise ValueError("evaluate: the frame has no rows")
    levels, codes = {}, {}
    for name in names:
        codes[name], levels[name] = _factorised(name, frame[name])
    return Table(levels, codes, _weights(frame, p))


def _shown(level: object) -> str:
    """A value as it would be typed: a text that looks like a number stands in quotes."""
    return repr(level) if isinstance(level, str) else str(level)


def check_size(cells: int, names: Sequence[object]) -> None:
    """Refuse an array that is larger than is sensible."""
    if cells > LARGEST:
        raise ValueError(
            f"evaluate: the table of {', '.join(map(str, names))} has {cells:,} cells, more than "
            f"{LARGEST:,}; give fewer values, in groups say: pandas.cut(frame[name], 5)"
        )


def _factorised(name: str, column: pd.Series) -> tuple[np.ndarray, Any]:
    empty = column.isna().to_numpy()
    if empty.any():
        raise ValueError(
            f"evaluate: {name} has no value in {int(empty.sum())} of {len(column)} rows, the first "
            f"{column.index[empty][0]!r}; drop these rows if that is right: frame.dropna()"
        )
    try:
        codes, levels = pd.factorize(column, sort=True)
    except TypeError:  # values of several kinds have no order: that of appearance
        codes, levels = pd.factorize(column)
    return codes, levels


def _weights(frame: pd.DataFrame, p: str | None) -> np.ndarray:
    """The probability of each row: the column `p`, or the same for all."""
    if p is None or p not in frame.columns:
        return np.full(len(frame), 1 / len(frame))
    column = frame[p]
    if not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column):
        raise TypeError(f"evaluate: {p} holds {column.dtype}, not probabilities; {_DATA}")
    weights = column.to_numpy(np.float64, na_value=np.nan)
    wrong = ~(np.isfinite(weights) & (weights >= 0))
    if wrong.any():
        row = frame.index[wrong][0]
        raise ValueError(
            f"evaluate: {p}={weights[wrong][0]} in row {row!r} is no probability; {_DATA}"
        )
    if abs(weights.sum() - 1) > 1e-6:
        raise ValueError(
            f"evaluate: the column {p} sums to {weights.sum():.9g}, and probabilities of a joint "
            f"distribution to 1; {_DATA}"
        )
    return weights


_DATA = "if the frame is data, and this column no probabilities, say so: evaluate(frame, p=None)"
