"""Primitives of JAX on NumPy arrays, state by state.

An exact truth looks at every equation of a model once, on a number of states that is different
each time: a compiler would take milliseconds for each, NumPy takes microseconds. Every array here
has a leading axis of states, of size 1 where the value is the same in all. A primitive that is not
in the tables is left to JAX, batched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Literal, jaxpr_as_fun
from scipy import special

from scm.compile.fingerprint import jaxpr_text
from scm.compile.programs import kept
from scm.exact.indexing import dynamic_slice, gather

__all__ = ["COMPARISONS", "compute", "padded"]

Arrays = Sequence[np.ndarray]

COMPARISONS: dict[str, Callable] = {
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal,
    "gt": np.greater, "ge": np.greater_equal,
}  # fmt: skip

_ELEMENTWISE: dict[str, Callable] = {
    **COMPARISONS,
    "add": np.add, "add_any": np.add, "sub": np.subtract, "mul": np.multiply, "neg": np.negative,
    "max": np.maximum, "min": np.minimum, "abs": np.abs, "sign": np.sign, "floor": np.floor,
    "ceil": np.ceil, "sqrt": np.sqrt, "cbrt": np.cbrt, "exp": np.exp, "exp2": np.exp2,
    "log": np.log, "log1p": np.log1p, "expm1": np.expm1, "tanh": np.tanh, "sin": np.sin,
    "cos": np.cos, "tan": np.tan, "atan2": np.arctan2, "atan": np.arctan, "sinh": np.sinh,
    "cosh": np.cosh, "square": np.square, "is_finite": np.isfinite, "and": np.bitwise_and,
    "or": np.bitwise_or, "xor": np.bitwise_xor, "not": np.invert, "logistic": special.expit,
    "erf": special.erf, "erfc": special.erfc, "erf_inv": special.erfinv,
    "lgamma": special.gammaln,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "clamp": lambda low, x, high: np.minimum(np.maximum(x, low), high),
    "copy": lambda x: x, "copy_p": lambda x: x, "stop_gradient": lambda x: x,
}  # fmt: skip
_FLOATS_ONLY = frozenset({
    "cbrt", "sqrt", "exp", "exp2", "log", "log1p", "expm1", "tanh", "sin", "cos", "tan", "atan2",
    "atan", "sinh", "cosh", "logistic", "erf", "erfc", "erf_inv", "lgamma", "rsqrt",
})  # fmt: skip
_REDUCTIONS: dict[str, Callable] = {
    "reduce_sum": np.sum, "reduce_prod": np.prod, "reduce_max": np.max, "reduce_min": np.min,
    "reduce_and": np.all, "reduce_or": np.any,
}  # fmt: skip
_RESHAPES = frozenset({"reshape", "squeeze", "expand_dims"})
_ARGS: dict[str, Callable] = {"argmax": np.argmax, "argmin": np.argmin}


def compute(equation: Any, arrays: Arrays, *, real: bool = False) -> list[np.ndarray]:
    """The outputs of an equation, each with a leading axis of states.

    Arguments:
      arrays: a value for every operand, (states or 1, *shape).
      real: compute with real numbers whatever the dtypes are: means of whole numbers are none.
    """
    with np.errstate(all="ignore"):
        outputs = _by_numpy(equation, arrays, real)
        if outputs is None:
            outputs = _by_jax(equation, arrays, real)
    kinds = [np.dtype(float) if real else each.aval.dtype for each in equation.outvars]
    return [np.asarray(x).astype(k, copy=False) for x, k in zip(outputs, kinds, strict=True)]


def _by_numpy(equation: Any, arrays: Arrays, real: bool) -> list[np.ndarray] | None:
    """By NumPy, or None where that has no such primitive."""
    name, params, out = equation.primitive.name, equation.params, equation.outvars[0].aval
    if name in _ELEMENTWISE:
        if name in _FLOATS_ONLY and arrays[0].dtype not in (np.float32, np.float64):
            return None
        return [_ELEMENTWISE[name](*_ranked(arrays, len(out.shape)))]
    if name in _RESHAPES:
        return [arrays[0].reshape(len(arrays[0]), *out.shape)]
    if name in _REDUCTIONS:
        axes = tuple(axis + 1 for axis in params["axes"])
        kind = {"dtype": arrays[0].dtype} if name in ("reduce_sum", "reduce_prod") else {}
        return [_REDUCTIONS[name](arrays[0], axis=axes, **kind)]
    if name in _ARGS and len(params["axes"]) == 1:
        return [_ARGS[name](arrays[0], axis=params["axes"][0] + 1)]
    found = _STRUCTURAL.get(name)
    return None if found is None else found(arrays, params, out, real)


def _ranked(arrays: Arrays, rank: int) -> list[np.ndarray]:
    """The arrays with their states in front and axes of size 1 after them, where they lack any."""
    return [x.reshape(len(x), *(1,) * (rank + 1 - x.ndim), *x.shape[1:]) for x in arrays]


def _converted(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    (x,) = arrays
    if real:
        return [x]
    if x.dtype.kind == "f" and out.dtype.kind in "iu":
        held = np.iinfo(out.dtype)
        if not bool(((x > float(held.min)) & (x < float(held.max))).all()):
            return None
    return [x.astype(out.dtype)] if out.dtype.kind in "biuf" else None


def _in_total_order(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    """x <= y, where that is so in the total order of floats too."""
    x, y = _ranked(arrays, len(out.shape))
    zeros = (x == 0) & (y == 0) & (np.signbit(x) != np.signbit(y))
    return None if np.isnan(x).any() or np.isnan(y).any() or zeros.any() else [x <= y]


def _divided(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    x, y = _ranked(arrays, len(out.shape))
    if real or x.dtype.kind == "f":
        return [x / y]
    if not y.all() or x.dtype.kind not in "iu":
        return None
    floor = x // y
    return [floor + ((floor * y != x) & ((x < 0) != (y < 0)))]  # towards zero


def _remainder(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    x, y = _ranked(arrays, len(out.shape))
    return [np.fmod(x, y)] if x.dtype.kind == "f" or y.all() else None


def _power(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    whole = [each.dtype.kind != "f" for each in arrays]
    return None if any(whole) else [np.power(*_ranked(arrays, len(out.shape)))]


def _whole_power(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    return None if params["y"] < 0 and arrays[0].dtype.kind != "f" else [arrays[0] ** params["y"]]


def _rounded(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    return [np.rint(arrays[0])] if int(params["rounding_method"]) == 1 else None


def _selected(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    if len(arrays) != 3:
        return None
    which, no, yes = _ranked(arrays, len(out.shape))
    if which.ndim > arrays[0].ndim:  # one condition for all components
        which = arrays[0].reshape(-1, *(1,) * len(out.shape))
    return [np.where(which != 0, yes, no)]


def _broadcast(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    x, shape = arrays[0], [1] * len(out.shape)
    for size, place in zip(x.shape[1:], params["broadcast_dimensions"], strict=True):
        shape[place] = size
    return [np.broadcast_to(x.reshape(len(x), *shape), (len(x), *out.shape))]


def _transposed(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    return [arrays[0].transpose(0, *(axis + 1 for axis in params["permutation"]))]


def _reversed(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    return [np.flip(arrays[0], tuple(axis + 1 for axis in params["dimensions"]))]


def _sliced(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    starts, limits = params["start_indices"], params["limit_indices"]
    strides = params["strides"] or (1,) * len(starts)
    spans = map(slice, starts, limits, strides)
    return [arrays[0][(slice(None), *spans)]]


def _together(arrays: Arrays) -> list[np.ndarray]:
    states = max(map(len, arrays))
    return [np.broadcast_to(x, (states, *x.shape[1:])) for x in arrays]


def _concatenated(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    return [np.concatenate(_together(arrays), axis=params["dimension"] + 1)]


def _stacked(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    return [np.stack(_together(arrays), axis=params["axis"] + 1)]


def _parted(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    ends = np.cumsum(params["sizes"])[:-1]
    return np.split(arrays[0], ends, axis=params["axis"] + 1)


def _running(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    x, axis = arrays[0], params["axis"] + 1
    turn = (lambda y: np.flip(y, axis)) if params.get("reverse") else (lambda y: y)
    return [turn(np.cumsum(turn(x), axis=axis, dtype=x.dtype))]


def _counted(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    shape = [1] * len(out.shape)
    shape[params["dimension"]] = -1
    counted = np.arange(out.shape[params["dimension"]]).reshape(shape)
    return [np.broadcast_to(counted, out.shape)[None]]


def _dot(arrays: Arrays, params: Any, out: Any, real: bool) -> list[np.ndarray] | None:
    """By einsum: batch axes first, then the left operand's free axes, then the right one's."""
    (left_sum, right_sum), (left_batch, right_batch) = params["dimension_numbers"]
    letters = iter("abcdefghijklmnopqrstuvwxy")
    left = [next(letters) for _ in arrays[0].shape[1:]]
    right = [next(letters) for _ in arrays[1].shape[1:]]
    for pairs in ((left_sum, right_sum), (left_batch, right_batch)):
        for i, j in zip(*pairs, strict=True):
            right[j] = left[i]
    batch = [left[i] for i in left_batch]
    free = [x for i, x in enumerate(left) if i not in (*left_sum, *left_batch)]
    free += [x for j, x in enumerate(right) if j not in (*right_sum, *right_batch)]
    text = f"z{''.join(left)},z{''.join(right)}->z{''.join(batch + free)}"
    return [np.einsum(text, *_together(arrays))]


_STRUCTURAL: dict[str, Callable] = {
    "convert_element_type": _converted, "div": _divided, "rem": _remainder, "pow": _power,
    "integer_pow": _whole_power, "round": _rounded, "select_n": _selected,
    "broadcast_in_dim": _broadcast, "transpose": _transposed, "rev": _reversed, "slice": _sliced,
    "concatenate": _concatenated, "stack": _stacked, "split": _parted, "cumsum": _running,
    "iota": _counted, "dot_general": _dot, "le_to": _in_total_order,
    "gather": gather, "dynamic_slice": dynamic_slice,
}  # fmt: skip


def _by_jax(equation: Any, arrays: Arrays, real: bool) -> list[np.ndarray]:
    """The primitive itself, over all states at once: a program that is kept."""
    variables = [v for v in equation.invars if not isinstance(v, Literal)]
    given = [x for x, v in zip(arrays, equation.invars, strict=True) if not isinstance(v, Literal)]
    order = list(dict.fromkeys(variables))
    values = [given[variables.index(v)] for v in order]
    jaxpr = _alone(equation, order)

    def one(*values: Any) -> Any:
        if not real:
            return jaxpr_as_fun(ClosedJaxpr(jaxpr, []))(*values)
        held = dict(zip(order, values, strict=True))
        read = lambda v: jnp.asarray(v.val) if isinstance(v, Literal) else held[v]
        found = equation.primitive.bind(*map(read, equation.invars), **equation.params)
        return found if equation.primitive.multiple_results else [found]

    key = ("primitive", "\n".join(jaxpr_text(jaxpr)), real)
    return [np.asarray(x) for x in padded(key, one, values)]


def _alone(equation: Any, order: list[Any]) -> Any:
    """A jaxpr of this one equation."""
    traced = jax.make_jaxpr(lambda: 0)().jaxpr
    return traced.replace(constvars=[], invars=order, outvars=equation.outvars, eqns=[equation])


def padded(key: Any, one: Callable, arrays: Arrays) -> Any:
    """``one`` over all states, by a kept program for a power of two of them."""
    states = max(map(len, arrays), default=1)
    if states == 1:
        found = kept((key, "one"), lambda: one)(*(x[0] for x in arrays))
        return jax.tree.map(lambda x: np.asarray(x)[None], found)
    axes = tuple(0 if len(x) > 1 else None for x in arrays)
    size = 1 << (states - 1).bit_length()
    filled = [
        np.concatenate([x, np.repeat(x[-1:], size - states, axis=0)]) if len(x) > 1 else x[0]
        for x in arrays
    ]
    found = kept((key, axes), lambda: jax.vmap(one, axes))(*filled)
    return jax.tree.map(lambda x: np.asarray(x)[:states], found)
