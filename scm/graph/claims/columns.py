"""Columns of numbers out of data, each checked by name, and what regressions leave of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scm.graph.checks import nearest

if TYPE_CHECKING:
    Data = pd.DataFrame | Mapping[str, Any]

_ROUNDING = 1e-10  # of a mean square of 1: what is less is rounding


def read_columns(asked: str, data: Data, names: Sequence[str]) -> dict[str, np.ndarray]:
    """The named columns as float64, all of one length; no row is dropped.

    Raises:
        ValueError: a column that is missing, of another length, not one number a row, or not
            finite, by name.
    """
    there = [str(each) for each in data]
    for name in names:
        if name not in there:
            has = nearest(name, there).replace("its nodes are", "they have")
            raise ValueError(f"{asked}: the data have no column {name!r}{has}")
    columns = {name: _numbers(asked, name, np.asarray(data[name])) for name in names}
    for name, column in columns.items():
        if len(column) != len(columns[names[0]]):
            raise ValueError(
                f"{asked}: column {name!r} has {len(column)} rows and {names[0]!r} has "
                f"{len(columns[names[0]])}"
            )
    return columns


def standardise(asked: str, name: str, column: np.ndarray) -> tuple[np.ndarray, float]:
    """The column with mean 0 and mean square 1, and the scale it had; one that varies not is
    refused."""
    largest = float(np.abs(column).max(initial=0.0))
    shrunk = column / largest if largest > 0 else column  # so that no square overflows
    centred = shrunk - shrunk.mean() if len(column) else column
    scale = float(np.sqrt(np.mean(centred**2))) if len(column) else 0.0
    if len(column) < 2 or scale**2 < 1e-28 or np.ptp(column) == 0:
        seen = f"{column[0]:g} in all {len(column)} rows" if len(column) else "without rows"
        raise ValueError(f"{asked}: column {name!r} is {seen}; nothing can be seen to go with it")
    return centred / scale, scale * largest


def residual(
    asked: str, name: str, columns: Mapping[str, np.ndarray], given: Sequence[str]
) -> np.ndarray:
    """What the least-squares regression on the given columns, all standardised, leaves of one."""
    found = columns[name]
    if given:
        design = np.column_stack([columns[other] for other in given])
        found = found - design @ np.linalg.lstsq(design, found, rcond=None)[0]
    if np.mean(found**2) < _ROUNDING:
        raise ValueError(
            f"{asked}: column {name!r} is a linear function of {', '.join(given)} in these data: "
            f"nothing of it varies when {'it is' if len(given) == 1 else 'they are'} given"
        )
    return found


def refuse_few(asked: str, rows: int, given: Sequence[str], wanted: int) -> None:
    """Refuse to regress on more columns than there are rows for."""
    if rows < wanted:
        told = f" given {', '.join(given)}" if given else ""
        raise ValueError(f"{asked}{told}: {rows} rows are too few; at least {wanted} are needed")


def _numbers(asked: str, name: str, column: np.ndarray) -> np.ndarray:
    if column.ndim != 1:
        raise ValueError(
            f"{asked}: column {name!r} has shape {column.shape}; one number a row is wanted"
        )
    lost = np.asarray(pd.isna(column))
    kept = column[~lost]
    of_objects = column.dtype.kind == "O" and all(isinstance(x, int | float) for x in kept)
    if column.dtype.kind not in "biuf" and not of_objects:
        raise ValueError(
            f"{asked}: column {name!r} is not of numbers (it holds {kept[:1].tolist()}); only "
            "linear relations between numbers are looked at here: code it as a number if it has "
            "an order, or mark its node latent"
        )
    numbers = np.full(column.shape, np.nan)
    numbers[~lost] = kept.astype(float)
    bad = np.flatnonzero(~np.isfinite(numbers))
    if len(bad):
        raise ValueError(
            f"{asked}: column {name!r} is not finite in {len(bad)} of {len(numbers)} rows, "
            f"first in row {bad[0]} ({numbers[bad[0]]}); drop or fill such rows by hand"
        )
    return numbers
