"""Ranges: between which numbers a value lies, whatever the noise and the parents are.

What may turn back, such as a square, has an inverse only where the range of what is squared leaves
one branch. A range that is not known is the whole line; nothing here is ever narrower than the
truth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jax.extend.core import Literal

__all__ = ["EVERYWHERE", "Range", "range_of"]

Range = tuple[float, float]
EVERYWHERE: Range = (-math.inf, math.inf)


def range_of(variable: Any, made: Mapping[Any, Any], known: dict[Any, Range]) -> Range:
    """The range of a variable of a flat jaxpr.

    Arguments:
      made: the equation that makes each variable.
      known: ranges of the inputs; those found are added.
    """
    if isinstance(variable, Literal):
        value = np.asarray(variable.val, float)
        return float(value.min()), float(value.max())
    if variable not in known:
        equation = made.get(variable)
        found = EVERYWHERE
        if equation is not None and equation.primitive.name in _RANGES:
            operands = [range_of(v, made, known) for v in equation.invars]
            found = _RANGES[equation.primitive.name](operands, equation.params)
            found = EVERYWHERE if math.isnan(found[0]) or math.isnan(found[1]) else found
        known[variable] = found
    return known[variable]


def _increasing(fn: Callable[[float], float]) -> Callable[[Any, Any], Range]:
    def found(operands: Any, _: Any) -> Range:
        ((low, high),) = operands
        return _safe(fn, low, -math.inf), _safe(fn, high, math.inf)

    return found


def _safe(fn: Callable[[float], float], x: float, otherwise: float) -> float:
    with np.errstate(all="ignore"):
        value = float(fn(x))
    return otherwise if math.isnan(value) else value


def _added(operands: Any, _: Any) -> Range:
    (a, b), (c, d) = operands
    return a + c, b + d


def _subtracted(operands: Any, _: Any) -> Range:
    (a, b), (c, d) = operands
    return a - d, b - c


def _multiplied(operands: Any, _: Any) -> Range:
    corners = [0.0 if 0 in (x, y) else x * y for x in operands[0] for y in operands[1]]
    return min(corners), max(corners)


def _divided(operands: Any, _: Any) -> Range:
    (a, b), (c, d) = operands
    if c <= 0 <= d:
        same = (a >= 0 and c >= 0) or (b <= 0 and d <= 0)
        other = (a >= 0 and d <= 0) or (b <= 0 and c >= 0)
        return (0.0, math.inf) if same else (-math.inf, 0.0) if other else EVERYWHERE
    return _multiplied([(a, b), (1 / d, 1 / c)], _)


def _negated(operands: Any, _: Any) -> Range:
    ((low, high),) = operands
    return -high, -low


def _powered(operands: Any, params: Any) -> Range:
    ((low, high),), power = operands, params.get("y", 2)
    if power < 0:
        return (0.0, math.inf) if power % 2 == 0 or low >= 0 else EVERYWHERE
    ends = low**power, high**power
    if power % 2:
        return ends
    return (0.0 if low <= 0 <= high else min(ends)), max(ends)


def _sized(operands: Any, _: Any) -> Range:
    ((low, high),) = operands
    return (0.0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))


def _larger(operands: Any, _: Any) -> Range:
    return max(low for low, _ in operands), max(high for _, high in operands)


def _smaller(operands: Any, _: Any) -> Range:
    return min(low for low, _ in operands), min(high for _, high in operands)


def _any_of(operands: Any, _: Any) -> Range:
    return min(low for low, _ in operands), max(high for _, high in operands)


def _chosen(operands: Any, params: Any) -> Range:
    return _any_of(operands[1:], params)


def _clamped(operands: Any, params: Any) -> Range:
    low, x, high = operands
    return _smaller([_larger([low, x], params), high], params)


_RANGES: dict[str, Callable[[Any, Any], Range]] = {
    "add": _added, "add_any": _added, "sub": _subtracted, "mul": _multiplied, "div": _divided,
    "neg": _negated, "integer_pow": _powered, "square": _powered, "abs": _sized,
    "max": _larger, "min": _smaller, "select_n": _chosen, "clamp": _clamped,
    "concatenate": _any_of, "stack": _any_of,
    "exp": _increasing(np.exp), "exp2": _increasing(np.exp2), "expm1": _increasing(np.expm1),
    "log": _increasing(np.log), "log1p": _increasing(np.log1p), "tanh": _increasing(np.tanh),
    "logistic": _increasing(lambda x: 1 / (1 + np.exp(-x))), "sqrt": _increasing(np.sqrt),
    "cbrt": _increasing(np.cbrt), "sinh": _increasing(np.sinh), "asinh": _increasing(np.arcsinh),
    "atan": _increasing(np.arctan), "erf": lambda *_: (-1.0, 1.0), "cosh": lambda *_: (1, math.inf),
    "sin": lambda *_: (-1.0, 1.0), "cos": lambda *_: (-1.0, 1.0),
    "floor": _increasing(np.floor), "ceil": _increasing(np.ceil),
    **dict.fromkeys(
        ["broadcast_in_dim", "reshape", "squeeze", "expand_dims", "copy", "copy_p", "slice", "rev",
         "transpose", "stop_gradient", "optimization_barrier", "convert_element_type", "gather",
         "dynamic_slice", "reduce_max", "reduce_min", "sort"],
        lambda operands, _: operands[0],
    ),
}  # fmt: skip
