"""What an estimator works on: the columns its roles name, as clean arrays.

Here the call is checked (a wrong call raises), and the data are made safe to compute with (bad
data are flagged, never raised): a row of weight 0 is absent, whatever it holds.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from scm.estimate.roles import Roles

__all__ = [
    "Arms",
    "Columns",
    "Sample",
    "arms_of",
    "arranged",
    "nearest",
    "read_columns",
    "traced_sample",
]


class Sample(eqx.Module):
    """One data set of N rows, every entry finite.

    Absent rows (weight 0) hold zeros or, for estimators that are ``shared``, what some row that
    counts holds; N may then be more than the rows that were given.
    """

    treatment: Array
    """(N,)"""
    outcome: Array
    """(N,)"""
    adjust: Array
    """(N, number of columns adjusted for)"""
    instruments: Array
    """(N, number of instruments)"""
    mediators: Array
    """(N, number of mediators)"""
    weights: Array
    """(N,) how many identical rows each row stands for, not negative"""
    n: Array
    """the sum of the weights: how many rows there really are"""
    bad_weights: Array
    """whether some weight was negative or not finite"""
    non_finite: Array
    """whether some row that counts held NaN or infinity"""
    epsilon: float = eqx.field(static=True)
    """relative spacing of the coarsest floating-point type among the columns"""


class Arms(eqx.Module):
    """A sample with a binary treatment, seen as two arms: the treated, then the others."""

    weights: Array
    """(2, N) the weights of an arm's rows, 0 for the other's"""
    n: Array
    """(2,) the sums of these weights"""
    not_binary: Array
    """whether some row that counts has a treatment other than 0 and 1"""
    constant: Array
    """whether an arm is empty"""


def arms_of(sample: Sample) -> Arms:
    """The two arms of a sample; whether there are two is for the estimator to report."""
    arm = jnp.stack([sample.treatment == 1, sample.treatment == 0])
    weights = jnp.where(arm, sample.weights[None, :], 0)
    n = jnp.sum(weights, axis=1)
    return Arms(
        weights=weights,
        n=n,
        not_binary=jnp.any((sample.weights > 0) & ~jnp.any(arm, axis=0)),
        constant=jnp.any(n == 0),
    )


class Columns(NamedTuple):
    """What a call gave, its names and shapes checked, and nothing computed."""

    treatment: Any
    outcome: Any
    adjust: list[Any]
    instruments: list[Any]
    mediators: list[Any]
    weights: Any
    """None: one each"""
    epsilon: float

    @property
    def all(self) -> list[Any]:
        """The columns of all parts in a row."""
        return [self.treatment, self.outcome, *self.adjust, *self.instruments, *self.mediators]

    @property
    def plain(self) -> bool:
        """Whether all are numbers at hand: none is traced, and none was put on a device to stay."""
        return not any(
            isinstance(array, jax.core.Tracer) or (isinstance(array, jax.Array) and array.committed)
            for array in (*self.all, self.weights)
        )


def read_columns(
    data: Any,
    roles: Roles,
    weights: Any,
    *,
    needs: tuple[str, ...],
    who: str,
    reads: tuple[str, ...] = (),
) -> Columns:
    """The columns that ``roles`` names and the estimator ``needs``, checked.

    Arguments:
        data: anything with ``data[name]`` and ``data.keys()``: a dict of arrays, a frame.
        needs: of "adjust", "instruments" and "mediators", those the estimator reads; the others may
            be missing.
        who: the estimator's name, for messages.
        reads: of the same, those that it reads if they are there.

    Errors: ValueError or TypeError for a wrong call. Randomness: none.
    """
    parts = {
        "treatment": (roles.treatment,),
        "outcome": (roles.outcome,),
        **{
            part: getattr(roles, part) if part in (*needs, *reads) else ()
            for part in ("adjust", "instruments", "mediators")
        },
    }
    for part, one in (("instruments", "an instrument"), ("mediators", "a mediator")):
        if part in needs and not parts[part]:
            raise ValueError(
                f"{who}: roles.{part} is empty, and without {one} there is nothing to "
                f"estimate; write Roles({roles.treatment!r}, {roles.outcome!r}, ..., {part}='...')"
            )
    found = {
        part: {name: _fetch(data, name, part, who) for name in names}
        for part, names in parts.items()
    }
    if weights is not None:
        weights = _numeric(weights, "weights", who)
    columns = {name: column for part in found.values() for name, column in part.items()}
    lengths = {f"{name!r}": len(column) for name, column in columns.items()}
    _same_length(
        {**lengths, "weights": len(columns[roles.outcome] if weights is None else weights)}, who
    )
    epsilon = float(jnp.finfo(jnp.result_type(float)).eps)
    return Columns(
        treatment=columns[roles.treatment],
        outcome=columns[roles.outcome],
        adjust=list(found["adjust"].values()),
        instruments=list(found["instruments"].values()),
        mediators=list(found["mediators"].values()),
        weights=weights,
        epsilon=max(epsilon, *(_spacing(column.dtype) for column in columns.values())),
    )


def traced_sample(given: Columns, *, copies: bool) -> Sample:
    """The sample of columns some of which are traced, as JAX arrays; see `arranged`."""
    dtype = jnp.result_type(float)
    columns = [_cast(column, dtype) for column in given.all]
    if given.weights is None:
        weight, copies = jnp.ones(len(given.outcome), dtype), False  # no row is absent
    else:
        weight = _cast(given.weights, dtype)
    if not len(weight):  # one absent row, so that no estimator meets arrays of length zero
        weight, columns = jnp.zeros(1, dtype), [jnp.zeros(1, dtype) for _ in columns]
    return _clean(given, columns, weight, jnp, copies)


def arranged(given: Columns, rows: int, *, copies: bool) -> Sample:
    """The sample of columns that are at hand, as NumPy arrays of so many rows, one at the least.

    Rows are added with weight 0: absent ones. With ``copies`` absent rows hold what some row that
    counts does, so that nothing computed from them can overflow where that row does not; without,
    they hold zeros.
    """
    dtype, n = jnp.result_type(float), len(given.outcome)

    def padded(array: Any) -> np.ndarray:
        column = np.zeros(max(rows, 1), dtype)
        with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite: reported
            column[:n] = np.asarray(array)
        return column

    weight = padded(np.ones(n) if given.weights is None else given.weights)
    absent = given.weights is not None or len(weight) > n
    columns = [padded(column) for column in given.all]
    return _clean(given, columns, weight, np, copies and absent)


def _clean(given: Columns, columns: list[Any], weight: Any, xp: Any, copies: bool) -> Sample:
    """The sample of columns that are cast, by NumPy or by JAX (``xp``)."""
    bad = ~(xp.isfinite(weight) & (weight >= 0))
    weight = xp.where(bad, 0, weight)
    present = weight > 0
    first = xp.argmax(present) if copies else None
    non_finite = xp.zeros((), bool)
    clean = []
    for column in columns:
        finite = xp.isfinite(column)
        non_finite = non_finite | xp.any(present & ~finite)
        column = xp.where(present & finite, column, 0)
        clean.append(column if first is None else xp.where(present, column, column[first]))
    rest = iter(clean[2:])

    def stacked(names: list[Any]) -> Any:
        if not names:
            return xp.zeros((len(weight), 0), weight.dtype)
        return xp.stack([next(rest) for _ in names], axis=1)

    return Sample(
        treatment=clean[0],
        outcome=clean[1],
        adjust=stacked(given.adjust),
        instruments=stacked(given.instruments),
        mediators=stacked(given.mediators),
        weights=weight,
        n=xp.sum(weight),
        bad_weights=xp.any(bad),
        non_finite=non_finite,
        epsilon=given.epsilon,
    )


def _fetch(data: Any, name: str, part: str, who: str) -> Any:
    if not isinstance(data, Mapping) and not (
        hasattr(data, "keys") and hasattr(data, "__getitem__")
    ):
        raise TypeError(
            f"{who}: data: a mapping from names to columns is wanted, given a "
            f"{type(data).__name__}; write {{'{name}': array, ...}}"
        )
    have = [key for key in data.keys() if isinstance(key, str)]  # noqa: SIM118  (frames)
    if name not in have:
        listed = ", ".join(have[:12]) + (f" and {len(have) - 12} more" if len(have) > 12 else "")
        raise ValueError(
            f"{who}: the data have no column {name!r}, which roles give as {part}"
            f"{nearest(name, have)}; the columns are: {listed or 'none'}"
        )
    return _numeric(data[name], f"column {name!r}", who)


def _numeric(raw: Any, what: str, who: str) -> Any:
    """The column as a NumPy or JAX array of bools, integers or reals, in one dimension."""
    array = raw if isinstance(raw, jax.Array) else np.asarray(raw)
    real = any(jnp.issubdtype(array.dtype, kind) for kind in (jnp.bool_, jnp.integer, jnp.floating))
    if not real:
        raise TypeError(
            f"{who}: {what} holds {array.dtype}, and numbers are wanted; code its values as numbers"
        )
    if array.ndim != 1:
        raise ValueError(
            f"{who}: {what} has shape {array.shape}, and one value a row, shape (n,), is wanted; "
            f"for replicated data sets write jax.vmap(lambda data: {who}(data, roles))(data)"
        )
    return array


def _cast(array: Any, dtype: Any) -> Array:
    """The column in JAX's floating-point type of the day; integers never pass through int32."""
    if isinstance(array, jax.Array):
        return array.astype(dtype)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is reported
        return jnp.asarray(array.astype(dtype))


def _spacing(dtype: Any) -> float:
    return float(jnp.finfo(dtype).eps) if jnp.issubdtype(dtype, jnp.floating) else 0.0


def _same_length(lengths: dict[str, int], who: str) -> None:
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise ValueError(f"{who}: all columns must have the same length, given: {listed}")


def nearest(name: str, names: Any) -> str:
    """A hint ready for a message, or nothing where nothing is near.

    >>> nearest("edcu", ["educ", "wage"])
    " (did you mean 'educ'?)"
    """
    lowered = {str(other).casefold(): str(other) for other in names}
    close = difflib.get_close_matches(name.casefold(), lowered, n=1)
    return f" (did you mean {lowered[close[0]]!r}?)" if close else ""
