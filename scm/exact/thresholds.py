"""Jumps and kinks: states are split where a noise crosses a threshold.

A comparison of values that are affine in one noise holds on one side of one value of that noise.
The noise's span of places is cut there, in each state; then the comparison is known, and whichever
side a maximum or an absolute value is on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from scm.exact.families import FAMILIES
from scm.exact.noises import Noise
from scm.exact.primitives import COMPARISONS, compute
from scm.exact.states import States
from scm.exact.values import Value, blended, difference, known

__all__ = ["SOLVED"]

Solved = list[Value] | None | Literal[False]
"""Outputs; None where states were split and operands must be read again; False: not to be had."""

_MOST_STEPS = 4096


def _ready(states: States, value: Value) -> bool | None:
    """Whether a value is affine in one continuous or ordered noise only; None where finite noises
    of it were told apart first."""
    if value.lost or value.mixed:
        return False
    finite = [s for s in value.sources if states.noise(s).support is not None]
    if finite:
        return None if states.all_taken(finite) else False
    return len(value.sources) == 1 and states.noise(value.sources[0]).shared


def _signs(states: States, value: Value) -> tuple[np.ndarray, np.ndarray] | None:
    """The sign of a ready value, (states, *shape), after states were split where it changes, and
    the states that they come from; None where there are no places."""
    (source,) = value.sources
    noise = states.noise(source)
    assert value.loads is not None
    const, load = np.broadcast_arrays(value.const, value.loads[:, 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        at = np.where(load == 0, 0.0, -const / load)
    flat = at.reshape(len(at), -1)
    cuts = _cuts(noise, flat, const.reshape(flat.shape), load.reshape(flat.shape))
    if cuts is None:
        return None
    moves = (load != 0).reshape(flat.shape)
    low, high = (np.where(moves, each, -np.inf) for each in cuts)
    parent = states.split(noise.address, np.concatenate([low, high], axis=1))
    start, end = (each[:, None] for each in states.cell(noise.address))
    pick = lambda x: x if len(x) == 1 else x[parent]
    side = (start >= pick(high)).astype(int) - (end <= pick(low))
    side = side.reshape(-1, *value.shape) * np.sign(pick(load))
    return np.where(pick(load) == 0, np.sign(pick(const)), side), parent


def _cuts(
    noise: Noise, at: np.ndarray, const: np.ndarray, load: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """The last place below these values, and the last one of them."""
    if not noise.discrete:
        places = noise.places(at)
        return None if places is None else (places, places)
    near = np.rint(at)
    whole = (const == np.rint(const)) & (load == np.rint(load))
    tie = whole & (near * load == -const)
    if (~tie & (np.abs(at - near) < 1e-9 * (1 + np.abs(at)))).any():
        return None
    below = noise.places(np.where(tie, near - 1, np.floor(at)))
    last = noise.places(np.where(tie, near, np.floor(at)))
    return None if below is None or last is None else (below, last)


def _solved(states: States, value: Value) -> tuple[np.ndarray, np.ndarray] | Literal[False] | None:
    """The sign of a difference in all states, as `_signs`; None and False as in `Solved`."""
    if not value.random:
        sign = np.sign(value.const)
        parent = np.arange(len(states.weights))
        return np.broadcast_to(sign, (len(parent), *value.shape)), parent
    ready = _ready(states, value)
    if not ready:
        return None if ready is None else False
    return _signs(states, value) or False


def compared(states: States, equation: Any, values: list[Value]) -> Solved:
    """A comparison."""
    found = _solved(states, difference(*values))
    if not found:
        return found
    shape = equation.outvars[0].aval.shape
    answer = COMPARISONS[equation.primitive.name.removesuffix("_to")](found[0], 0)
    answer = np.broadcast_to(answer, (len(answer), *shape))
    return [Value(answer, np.dtype(bool))]


def larger(states: States, equation: Any, values: list[Value]) -> Solved:
    """A maximum or minimum, which is affine on either side."""
    found = _solved(states, difference(*values))
    if not found:
        return found
    left, right = (each.picked(found[1]) for each in values)
    first = found[0] > 0 if equation.primitive.name == "max" else found[0] < 0
    out = equation.outvars[0].aval
    first = np.broadcast_to(first, (len(first), *out.shape))
    return [blended(first, left, right, out.dtype)]


def clamped(states: States, equation: Any, values: list[Value]) -> Solved:
    """clamp(low, x, high): two comparisons."""
    low, x, high = values
    out = equation.outvars[0].aval
    shape = lambda mask: np.broadcast_to(mask, (len(mask), *out.shape))
    found = _solved(states, difference(x, low))
    if not found:
        return found
    below = found[0] < 0
    low, x, high = (each.picked(found[1]) for each in (low, x, high))
    found = _solved(states, difference(x, high))
    if not found:
        return found
    low, x, high = (each.picked(found[1]) for each in (low, x, high))
    below = below[found[1]]
    return [blended(shape(found[0] > 0), high, blended(shape(below), low, x, out.dtype), out.dtype)]


def sized(states: States, equation: Any, values: list[Value]) -> Solved:
    """An absolute value, or a sign."""
    (value,) = values
    zero = known(np.zeros(value.shape))
    found = _solved(states, difference(value, zero))
    if not found:
        return found
    kind = equation.outvars[0].aval.dtype
    if equation.primitive.name == "sign":
        return [Value(found[0].astype(kind), kind)]
    value = value.picked(found[1])
    return [blended(found[0] >= 0, value, difference(zero, value), kind)]


def stepped(states: States, equation: Any, values: list[Value]) -> Solved:
    """Rounding: a noise with bounds is cut at every step that it can take."""
    (value,) = values
    ready = _ready(states, value)
    if not ready:
        return None if ready is None else False
    (source,) = value.sources
    noise = states.noise(source)
    family = FAMILIES.get(noise.family or "")
    if family is None or family.value is None or value.loads is None:
        return False
    kind = equation.outvars[0].aval.dtype
    if equation.primitive.name == "convert_element_type" and kind.kind not in "iu":
        return False
    const, load = (x.reshape(len(x), -1) for x in (value.const, value.loads[:, 0]))
    ends = [const + load * family.value(end)[:, None] for end in states.cell(noise.address)]
    first, last = np.floor(np.minimum(*ends)), np.ceil(np.maximum(*ends))
    if not np.isfinite([first, last]).all() or (last - first).max() * load.shape[1] > _MOST_STEPS:
        return False
    half = 0.5 if equation.primitive.name == "round" else 0.0
    steps = first[..., None] - 1 + half + np.arange(int((last - first).max()) + 3)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = np.where(load[..., None] == 0, 0.0, (steps - const[..., None]) / load[..., None])
    cuts = noise.places(at.reshape(len(at), -1))
    if cuts is None:
        return False
    parent = states.split(noise.address, cuts)
    middle = _middle(*(family.value(end) for end in states.cell(noise.address)))
    value = value.picked(parent)
    inside = value.substituted(source, middle)
    outputs = compute(equation, [inside.const.astype(value.kind)])
    return [Value(x, x.dtype) for x in outputs]


def _middle(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return (low + high) / 2


SOLVED: dict[str, Callable[[States, Any, list[Value]], Solved]] = {
    **dict.fromkeys([*COMPARISONS, "le_to", "lt_to"], compared),
    "max": larger, "min": larger, "abs": sized, "sign": sized, "clamp": clamped,
    "floor": stepped, "ceil": stepped, "round": stepped, "convert_element_type": stepped,
}  # fmt: skip
