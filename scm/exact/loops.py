"""Loops and branches inside an assignment, step by step in every state."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from scm.exact.states import States
from scm.exact.values import NotExactError, Value, blended

__all__ = ["looped", "switched"]

_LONGEST = 256


def looped(states: States, params: Any, values: list[Value], run: Callable) -> list[Value]:
    """A scan, unrolled."""
    body, length = params["jaxpr"], params["length"]
    fixed, carried = _counts(params)
    if length > _LONGEST or body.consts:
        raise NotExactError
    frame: dict[Any, Value] = dict(enumerate(values))
    states.frames.append(frame)
    steps = range(length)
    for step in reversed(steps) if params["reverse"] else steps:
        slices = [_taken(frame[i], step) for i in range(fixed + carried, len(values))]
        inputs = [frame[i] for i in range(fixed + carried)] + slices
        outputs = run(states, body.jaxpr, inputs)
        for i, value in enumerate(outputs):
            frame[fixed + i if i < carried else ("out", i, step)] = value
    found = [frame[fixed + i] for i in range(carried)]
    kinds = [each.aval.dtype for each in body.jaxpr.outvars]
    found += [
        _stacked([frame["out", i, step] for step in steps]) for i in range(carried, len(kinds))
    ]
    states.frames.pop()
    return found


def _counts(params: Any) -> tuple[int, int]:
    """How many inputs of a scan stay, and how many are carried; newer JAX says it by a tree."""
    if "num_consts" in params:
        return params["num_consts"], params["num_carry"]
    fixed, carried, _ = params["ft_in"].unpack()
    return len(list(fixed)), len(list(carried))


def switched(
    states: States, equation: Any, values: list[Value], run: Callable
) -> list[Value] | None:
    """A conditional: the branch that is taken; where states differ in it, all, and then a choice.

    None where states were split by what it is conditional on.
    """
    which, *operands = values
    if which.random:
        if states.told_apart([which]):
            return None
        raise NotExactError
    branches = equation.params["branches"]
    taken = np.clip(which.const.astype(int), 0, len(branches) - 1)
    if any(branch.consts for branch in branches):
        raise NotExactError
    frame: dict[Any, Value] = dict(enumerate(operands))
    frame["which"] = Value(taken, taken.dtype)
    states.frames.append(frame)
    wanted = np.unique(taken)
    for branch in wanted:
        inputs = [frame[i] for i in range(len(operands))]
        for i, value in enumerate(run(states, branches[branch].jaxpr, inputs)):
            frame[branch, i] = value
    found = []
    for i, each in enumerate(equation.outvars):
        value = frame[wanted[0], i]
        for branch in wanted[1:]:
            mask = (frame["which"].const == branch).reshape(-1, *(1,) * len(each.aval.shape))
            other = frame[branch, i]
            if value.lost or other.lost:
                raise NotExactError
            value = blended(np.broadcast_to(mask, (len(mask), *each.aval.shape)), other, value,
                            each.aval.dtype)  # fmt: skip
        found.append(value)
    states.frames.pop()
    return found


def _taken(value: Value, step: int) -> Value:
    """One slice along the first axis."""
    if value.lost:
        raise NotExactError
    loads = None if value.loads is None else value.loads[:, :, step]
    return dataclasses.replace(value, const=value.const[:, step], loads=loads).settled()


def _stacked(values: list[Value]) -> Value:
    if any(value.random for value in values):
        raise NotExactError
    count = max(len(value.const) for value in values)
    wide = [np.broadcast_to(v.const, (count, *v.shape)) for v in values]
    rounded = any(value.rounded for value in values)
    return Value(np.stack(wide, axis=1), values[0].kind, rounded=rounded)
