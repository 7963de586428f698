"""Evidence: what was observed of some units, as bounds of every variable that was seen.

A value is an interval of length 0. Which variables are seen differs by unit: units that have the
same ones, in the same way, form a group, which one program serves.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from scm.core.errors import ModelError, UnknownNameError, suggestion
from scm.core.interval import Interval, Rounded
from scm.core.mechanism import Shape

if TYPE_CHECKING:
    from scm.core.structure import Structure

__all__ = ["Evidence", "Group", "Seen", "evidence_of"]

Seen = Literal["value", "interval"]


@dataclasses.dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of ``n`` units.

    Attributes:
      single: whether one unit was given, by scalars.
      low, high: by variable, bounds of shape (n, *shape) in the variable's own dtype.
      seen: by variable, whether each unit has it, (n,); None where all have.
    """

    single: bool
    n: int
    low: dict[str, Any]
    high: dict[str, Any]
    seen: dict[str, np.ndarray | None]

    @property
    def groups(self) -> list[Group]:
        """The units that have the same variables, in the same way."""
        names = list(self.low)
        marks = {name: self._mark(name) for name in names}
        varied = [name for name in names if isinstance(marks[name], np.ndarray)]
        group = np.zeros(self.n, np.int64)
        for name in varied:  # renumbered, so that any number of patterns can be told apart
            group = np.unique(3 * group + marks[name], return_inverse=True)[1]
        found = []
        for number in range(int(group.max()) + 1):
            rows = np.flatnonzero(group == number) if varied else np.arange(self.n)
            kinds: dict[str, Seen] = {}
            for name in names:
                mark = marks[name]
                mark = mark[rows[0]] if isinstance(mark, np.ndarray) else mark
                if mark:
                    kinds[name] = "value" if mark == 1 else "interval"
            pick = lambda x, rows=rows: x if len(rows) == self.n else x[rows]
            low = {name: pick(self.low[name]) for name in kinds}
            high = {n: low[n] if kinds[n] == "value" else pick(self.high[n]) for n in kinds}
            found.append(Group(rows, kinds, low, high))
        return found

    def _mark(self, name: str) -> Any:
        """How a variable was seen: 0 not at all, 1 by value, 2 within bounds; of all units, or of
        each."""
        low, high, seen = self.low[name], self.high[name], self.seen[name]
        if low is high and seen is None:
            return 1
        wide: Any = np.zeros(self.n, bool)
        if low is not high:
            wide = np.asarray(low != high).reshape(self.n, -1).any(axis=1)
        mark = np.where(seen if seen is not None else True, 1 + wide, 0)
        return int(mark[0]) if (mark == mark[0]).all() else mark


@dataclasses.dataclass(frozen=True, eq=False)
class Group:
    """Units of one pattern: their rows, how each variable was seen, and its bounds."""

    rows: np.ndarray
    kinds: dict[str, Seen]
    low: dict[str, Any]
    high: dict[str, Any]

    @property
    def n(self) -> int:
        """The number of units."""
        return len(self.rows)


def evidence_of(structure: Structure, given: Any) -> Evidence:
    """Read evidence: a dict of scalars (one unit) or of arrays, a data frame, a world, its data.

    Cells that are NaN, None or missing from a frame are not observed. A cell, or a whole column,
    may be an `Interval` or a `Rounded`.

    Raises `UnknownNameError` for a name that is not in the model, `ModelError` for a param, a wrong
    shape, a value that the variable's dtype cannot hold, or unequal lengths.
    """
    columns = _columns(structure, given)
    for name in columns:
        if name not in structure.variables:
            raise UnknownNameError(
                f"abduct: the evidence has {name!r}, which is not in the model"
                f"{suggestion(name, structure.variables)}"
            )
        if structure.variables[name].role == "param":
            raise ModelError(
                f"abduct: {name} is a param, a number of the model and no variable of a unit; set "
                f"it by model.do({name}=...) before abduct"
            )
    read = {name: _read(name, structure.out(name), column) for name, column in columns.items()}
    ranks = {name: each.many for name, each in read.items()}
    if len(set(ranks.values())) > 1:
        one, many = (next(n for n in ranks if ranks[n] is x) for x in (False, True))
        raise ModelError(
            f"abduct: {one} is given for one unit and {many} for several; give scalars for all, "
            "or arrays of one length for all"
        )
    lengths = {name: len(each.low) for name, each in read.items()}
    if len(set(lengths.values())) > 1:
        raise ModelError(f"abduct: the columns have different lengths: {lengths}")
    n = next(iter(lengths.values()), 1)
    if not n:
        raise ModelError("abduct: the evidence has no unit; give at least one row")
    single = not next(iter(ranks.values()), False)
    kept = {name: each for name, each in read.items() if each.seen is None or each.seen.any()}
    return Evidence(
        single,
        n,
        {name: each.low for name, each in kept.items()},
        {name: each.high for name, each in kept.items()},
        {name: None if x.seen is None or x.seen.all() else x.seen for name, x in kept.items()},
    )


def _columns(structure: Structure, given: Any) -> dict[str, Any]:
    """Columns by variable; the components of vectors, ``x[0]`` and so on, put together."""
    if hasattr(given, "data") and hasattr(given, "model"):  # a world
        given = given.data
    if hasattr(given, "columns") and hasattr(given, "to_numpy"):  # a data frame
        given = {str(name): given[name].to_numpy() for name in given.columns}
    if not isinstance(given, Mapping):
        raise ModelError(
            f"abduct: evidence is a dict, a data frame or a world, given {type(given).__name__}; "
            "write model.abduct({'x': 1.0}, key=0)"
        )
    columns = dict(given)
    for name, variable in structure.variables.items():
        shape = structure.out(name).shape
        labels = [f"{name}[{', '.join(map(str, at))}]" for at in np.ndindex(shape)] if shape else []
        if variable.role != "param" and labels and name not in columns and labels[0] in columns:
            missing = [label for label in labels if label not in columns]
            if missing:
                raise ModelError(f"abduct: {name} has no column {missing[0]!r}")
            parts = [np.asarray(columns.pop(label), float) for label in labels]
            columns[name] = np.stack(parts, axis=-1).reshape(*parts[0].shape, *shape)
    return columns


@dataclasses.dataclass(frozen=True, eq=False)
class _Read:
    many: bool
    low: Any
    high: Any
    seen: np.ndarray | None


def _read(name: str, out: Shape, column: Any) -> _Read:
    """One column as bounds."""
    array = column if isinstance(column, jax.Array | np.ndarray) else None
    if array is not None and not isinstance(array, jax.core.Tracer) and array.dtype == out.dtype:
        value = np.asarray(array)
        if value.dtype.kind != "f" or np.isfinite(value).all():  # nothing to be said of a cell
            many = _many(name, out, value.shape)
            held = jnp.asarray(array if many else value[None])
            return _Read(many, held, held, None)
    if isinstance(column, jax.core.Tracer):
        return _read_traced(name, out, column)
    low, high = _bounds(column)
    low, high = np.asarray(low, float), np.asarray(high, float)
    many = _many(name, out, low.shape)
    if not many:
        low, high = low[None], high[None]
    axes = tuple(range(1, low.ndim))
    hole = np.isnan(low)
    seen = ~hole.any(axis=axes)
    if (hole.any(axis=axes) & ~hole.all(axis=axes)).any():
        raise ModelError(
            f"abduct: {name} is a vector of which only some components are given in unit "
            f"{int(np.argmax(hole.any(axis=axes)))}; split it into several variables"
        )
    bounds = [_held(name, out, each, seen, side) for each, side in ((low, 1), (high, -1))]
    if (bounds[0] > bounds[1])[seen].any():
        unit = int(np.argmax((bounds[0] > bounds[1]).reshape(len(low), -1).any(axis=1) & seen))
        raise ModelError(
            f"abduct: {name} holds {out.dtype}, of which there is none from {low[unit]} to "
            f"{high[unit]} (unit {unit})"
        )
    low_, high_ = jnp.asarray(bounds[0]), jnp.asarray(bounds[1])
    same = bool((bounds[0] == bounds[1]).all())
    return _Read(many, low_, low_ if same else high_, seen)


def _read_traced(name: str, out: Shape, column: Any) -> _Read:
    """A column of a program that is being traced: all of it is seen."""
    many = _many(name, out, column.shape)
    value = column if many else column[None]
    real = jnp.issubdtype(column.dtype, jnp.floating)
    if real and not jnp.issubdtype(out.dtype, jnp.floating):
        raise ModelError(
            f"abduct: {name} holds {out.dtype}, given a traced {column.dtype}; pass "
            f"{name}.astype({np.dtype(out.dtype).name!r})"
        )
    value = value.astype(out.dtype)
    return _Read(many, value, value, None)


def _bounds(column: Any) -> tuple[Any, Any]:
    """The bounds of a column, or of one cell; NaN where nothing was seen."""
    match column:
        case Interval():
            return column.low, column.high
        case Rounded():
            return column.bounds
        case None:
            return np.nan, np.nan
    array = column if isinstance(column, np.ndarray) else None
    listed = isinstance(column, Sequence) and not isinstance(column, str | bytes)
    if (array is not None and array.dtype == object) or listed:
        cells = [_bounds(cell) for cell in column]
        if not cells:
            return np.zeros(0), np.zeros(0)
        return tuple(np.array(side, float) for side in zip(*cells, strict=True))  # type: ignore[return-value]
    value = np.asarray(column)
    if value.dtype == object and value.ndim == 0 and type(column).__name__ == "NAType":
        return np.nan, np.nan  # what pandas puts where there is nothing
    if value.dtype.kind not in "biuf" and value.dtype.name != "bfloat16":
        raise ModelError(f"abduct: a number, an Interval or a Rounded is wanted, given {column!r}")
    value = value.astype(float)
    return value, value


def _many(name: str, out: Shape, shape: tuple[int, ...]) -> bool:
    if shape == out.shape:
        return False
    if shape[1:] == out.shape and len(shape) == len(out.shape) + 1:
        return True
    units = ", ".join(("units", *map(str, out.shape)))
    raise ModelError(
        f"abduct: {name} has shape {out.shape} for one unit and ({units}) for several, given "
        f"shape {shape}"
    )


def _held(name: str, out: Shape, bound: np.ndarray, seen: np.ndarray, side: int) -> np.ndarray:
    """A bound in the variable's dtype: moved inside to what it can hold, ``side`` being 1 below."""
    dtype = np.dtype(out.dtype)
    if dtype.kind == "f":
        return np.where(np.isnan(bound), 0, bound).astype(dtype)
    inside = np.ceil(bound) if side > 0 else np.floor(bound)
    limits = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    inside = np.where(np.isnan(bound), 0, np.clip(inside, *limits))
    finite = np.isfinite(bound) & seen.reshape(-1, *(1,) * (bound.ndim - 1))
    if (finite & ((bound < limits[0]) | (bound > limits[1]))).any():
        value = bound[finite & ((bound < limits[0]) | (bound > limits[1]))].flat[0]
        raise ModelError(f"abduct: {name} holds {out.dtype}, which cannot hold {value:g}")
    return inside.astype(dtype)
