"""What an estimator works on: the columns its roles name, as clean arrays.

Here the call is checked (a wrong call raises), and the data are made safe to compute with (bad
data are flagged, never raised): a row of weight 0 is absent, whatever it holds.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from scm.estimate.roles import Roles

__all__ = ["Arms", "Sample", "arms_of", "nearest", "read_sample"]


class Sample(eqx.Module):
    """One data set of N rows, every entry finite, absent rows (weight 0) holding zeros."""

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


def read_sample(
    data: Any,
    roles: Roles,
    weights: Any,
    *,
    needs: tuple[str, ...],
    who: str,
    reads: tuple[str, ...] = (),
) -> Sample:
    """The columns that ``roles`` names and the estimator ``needs``, checked and cast.

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
    columns: dict[str, Array] = {}
    epsilon = float(jnp.finfo(jnp.result_type(float)).eps)
    for part, names in parts.items():
        for name in names:
            raw = _fetch(data, name, part, who)
            epsilon = max(epsilon, _spacing(raw.dtype))
            columns[name] = _cast(raw)
    if weights is None:
        weight = jnp.ones(len(columns[roles.outcome]), jnp.result_type(float))
    else:
        weight = _cast(_numeric(weights, "weights", who))
    _same_length(
        {**{f"{name!r}": column for name, column in columns.items()}, "weights": weight}, who
    )
    return _clean(parts, columns, weight, epsilon)


def _clean(
    parts: dict[str, tuple[str, ...]], columns: dict[str, Array], weight: Array, epsilon: float
) -> Sample:
    bad = ~(jnp.isfinite(weight) & (weight >= 0))
    weight = jnp.where(bad, 0, weight)
    if not len(weight):  # one absent row, so that no estimator meets arrays of length zero
        weight = jnp.zeros(1, weight.dtype)
        columns = {name: jnp.zeros(1, column.dtype) for name, column in columns.items()}
    present = weight > 0
    non_finite = jnp.zeros((), bool)
    clean = {}
    for names in parts.values():
        for name in names:
            finite = jnp.isfinite(columns[name])
            non_finite |= jnp.any(present & ~finite)
            clean[name] = jnp.where(present & finite, columns[name], 0)

    def stacked(names: tuple[str, ...]) -> Array:
        if not names:
            return jnp.zeros((len(weight), 0), weight.dtype)
        return jnp.stack([clean[name] for name in names], axis=1)

    return Sample(
        treatment=clean[parts["treatment"][0]],
        outcome=clean[parts["outcome"][0]],
        adjust=stacked(parts["adjust"]),
        instruments=stacked(parts["instruments"]),
        mediators=stacked(parts["mediators"]),
        weights=weight,
        n=jnp.sum(weight),
        bad_weights=jnp.any(bad),
        non_finite=non_finite,
        epsilon=epsilon,
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


def _cast(array: Any) -> Array:
    """The column in JAX's floating-point type of the day; integers never pass through int32."""
    dtype = jnp.result_type(float)
    if isinstance(array, jax.Array):
        return array.astype(dtype)
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite, and is reported
        return jnp.asarray(array.astype(dtype))


def _spacing(dtype: Any) -> float:
    return float(jnp.finfo(dtype).eps) if jnp.issubdtype(dtype, jnp.floating) else 0.0


def _same_length(columns: dict[str, Array], who: str) -> None:
    lengths = {name: len(column) for name, column in columns.items()}
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
