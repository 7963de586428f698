"""In which direction a value moves with a noise, so far as the jaxpr proves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from jax.extend.core import ClosedJaxpr
from jax.extend.core import Literal as Constant

from scm.abduction.opened import is_logaddexp
from scm.abduction.ranges import EVERYWHERE, Range, range_of

__all__ = ["direction"]

Direction = Literal[-1, 0, 1] | None
"""1: it never falls as the noise rises; -1: it never rises; 0: it stays; None: no telling."""

_UP = frozenset({
    "exp", "exp2", "log", "log1p", "expm1", "tanh", "logistic", "sinh", "asinh", "atan", "asin",
    "erf", "erf_inv", "sqrt", "cbrt", "floor", "ceil", "round", "sign", "convert_element_type",
    "copy", "copy_p", "reshape", "squeeze", "expand_dims", "broadcast_in_dim", "transpose", "rev",
    "slice", "reduce_sum", "reduce_max", "reduce_min", "reduce_and", "reduce_or", "cumsum",
    "cummax", "cummin", "stop_gradient", "optimization_barrier", "sort",
    "add", "add_any", "max", "min", "and", "or", "concatenate", "stack", "clamp", "logaddexp",
})  # fmt: skip
_DOWN = frozenset({"neg", "not", "erfc", "acos"})
_OVER = {"gt": 1, "ge": 1, "lt": -1, "le": -1}


def direction(closed: ClosedJaxpr, at: int, ranges: Mapping[int, Range]) -> Direction:
    """How the first output of a jaxpr without calls moves with its input ``at``.

    ``ranges`` are those of inputs, by position, where they are known.
    """
    jaxpr = closed.jaxpr
    made = {v: e for e in jaxpr.eqns for v in e.outvars}
    known = {v: ranges.get(i, EVERYWHERE) for i, v in enumerate(jaxpr.invars)}
    moves: dict[Any, Direction] = {jaxpr.invars[at]: 1}
    read = lambda v: 0 if isinstance(v, Constant) else moves.get(v, 0)
    for equation in jaxpr.eqns:
        each = [read(v) for v in equation.invars]
        found: Direction = 0
        if any(move != 0 for move in each):
            spans = [range_of(v, made, known) for v in equation.invars]
            found = _moved(equation, each, spans)
        moves.update(dict.fromkeys(equation.outvars, found))
    return read(jaxpr.outvars[0])


def _moved(equation: Any, each: list[Direction], spans: list[Range]) -> Direction:
    name = "logaddexp" if is_logaddexp(equation) else equation.primitive.name
    if None in each:
        return None
    if name in _UP:
        return _together(each)
    if name in _DOWN:
        return _turned(_together(each))
    if name == "sub":
        return _together([each[0], _turned(each[1])])
    if name in _OVER:
        gap = _together([each[0], _turned(each[1])])
        return gap if _OVER[name] > 0 else _turned(gap)
    if name in _SPECIAL:
        return _SPECIAL[name](equation, each, spans)
    return None


def _together(each: list[Direction]) -> Direction:
    """Of what moves with all of these."""
    moving = {move for move in each if move != 0}
    if not moving:
        return 0
    return moving.pop() if len(moving) == 1 else None


def _turned(move: Direction) -> Direction:
    flips: dict[Direction, Direction] = {1: -1, -1: 1, 0: 0, None: None}
    return flips[move]


def _signed(move: Direction, span: Range) -> Direction:
    """Of what moves so, times what is in a range."""
    if move == 0:
        return 0
    if span[0] >= 0:
        return move
    return _turned(move) if span[1] <= 0 else None


def _multiplied(equation: Any, each: list[Direction], spans: list[Range]) -> Direction:
    return _together([_signed(each[0], spans[1]), _signed(each[1], spans[0])])


def _divided(equation: Any, each: list[Direction], spans: list[Range]) -> Direction:
    if each[1] != 0 and spans[1][0] <= 0 <= spans[1][1]:
        return None
    below = _turned(_signed(each[1], spans[0])) if each[1] != 0 else 0
    return _together([_signed(each[0], spans[1]), below])


def _powered(equation: Any, each: list[Direction], spans: list[Range]) -> Direction:
    power = equation.params.get("y", 2)
    low, high = spans[0]
    if power % 2 == 1 and power > 0:
        return each[0]
    if low < 0 < high or (power < 0 and low <= 0 <= high):
        return None
    falls = (power < 0) != (power % 2 == 0 and high <= 0)
    return _turned(each[0]) if falls else each[0]


def _sized(equation: Any, each: list[Direction], spans: list[Range]) -> Direction:
    return _signed(each[0], spans[0])


def _chosen(equation: Any, each: list[Direction], spans: list[Range]) -> Direction:
    """By a condition that flips at most once, from one case to the other."""
    if len(each) != 3:
        return None
    which, no, yes = each
    if which == 0:
        return _together([no, yes])
    low, high = spans[1], spans[2]
    if low[1] <= high[0]:
        return _together([which, no, yes])
    return _together([_turned(which), no, yes]) if high[1] <= low[0] else None


def _dotted(equation: Any, each: list[Direction], spans: list[Range]) -> Direction:
    return _multiplied(equation, each, spans)


_SPECIAL: dict[str, Callable[[Any, list[Direction], list[Range]], Direction]] = {
    "mul": _multiplied, "div": _divided, "integer_pow": _powered, "square": _powered,
    "abs": _sized, "select_n": _chosen, "dot_general": _dotted,
}  # fmt: skip
