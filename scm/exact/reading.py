"""Reading a jaxpr in every state: what is known is computed, what is affine stays affine.

Where an equation is not affine in what is random, states are split until it is: by the values of
finite noises, or at the thresholds of a comparison. Where that cannot be, its outputs are lost; a
lost value may still be of no matter, as a law's spread is for its mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from jax import dtypes
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from scm.exact import thresholds
from scm.exact.affine import linear, positive, product
from scm.exact.loops import looped, switched
from scm.exact.primitives import COMPARISONS, compute
from scm.exact.states import States
from scm.exact.values import NotExactError, Value, known, lost

__all__ = ["AmbiguousError", "run"]

_CALLS = frozenset({"jit", "pjit", "closed_call", "core_call", "custom_jvp_call",
                    "custom_vjp_call", "remat", "checkpoint", "remat2"})  # fmt: skip
_PRODUCTS = frozenset({"mul", "square", "integer_pow"})
_LONG = 500  # equations, beyond which they stay in their order
_FEW = 1 << 12
_JUMPS = frozenset({"floor", "ceil", "round", "sign", "argmax", "argmin", "rem", "sort", "while"})


class AmbiguousError(Exception):
    """A known value that was made from multiples of noises stands at a jump, up to rounding."""


def run(states: States, jaxpr: Jaxpr, inputs: Sequence[Value]) -> list[Value]:
    """The outputs of a jaxpr. Splits states: all values that live on must be in their frames."""
    frame: dict[Any, Value] = dict(zip(jaxpr.invars, inputs, strict=True))
    states.frames.append(frame)
    equations = _products_last(jaxpr.eqns)
    last = _last_uses(equations, jaxpr.outvars)
    for at, equation in enumerate(equations):
        outputs = _applied(states, frame, equation)
        frame.update(zip(equation.outvars, outputs, strict=True))
        for variable in last.get(at, ()):
            frame.pop(variable, None)
    outputs = [_read(frame, variable) for variable in jaxpr.outvars]
    states.frames.pop()
    return outputs


def _products_last(equations: Sequence[Any]) -> Sequence[Any]:
    """The equations, products as late as can be: of a product of random values no more is left
    than its mean, which a later split at a threshold would change."""
    waiting = list(equations)
    if len(waiting) > _LONG or not any(e.primitive.name in _PRODUCTS for e in waiting[:-1]):
        return equations
    order: list[Any] = []
    while waiting:
        late: set[Any] = set()
        rest: list[Any] = []
        for equation in waiting:
            reads = {v for v in equation.invars if not isinstance(v, Literal)}
            if equation.primitive.name in _PRODUCTS or reads & late:
                rest.append(equation)
                late.update(equation.outvars)
            else:
                order.append(equation)
        order += rest[:1]
        waiting = rest[1:]
    return order


def _last_uses(equations: Sequence[Any], outputs: Sequence[Any]) -> dict[int, list[Any]]:
    """The variables that no equation after this one, and no output, reads."""
    last: dict[Any, int] = {}
    for at, equation in enumerate(equations):
        for variable in (*equation.invars, *equation.outvars):
            if not isinstance(variable, Literal):
                last[variable] = at
    for variable in outputs:
        if not isinstance(variable, Literal):
            last.pop(variable, None)
    found: dict[int, list[Any]] = {}
    for variable, at in last.items():
        found.setdefault(at, []).append(variable)
    return found


def _read(frame: dict[Any, Value], variable: Any) -> Value:
    if isinstance(variable, Literal):
        return known(np.asarray(variable.val, _kind(variable)))
    return frame[variable]


def _kind(variable: Any) -> Any:
    return variable.aval.dtype


def _applied(states: States, frame: dict[Any, Value], equation: Any) -> list[Value]:
    """The outputs of one equation: of operands that are read again after each split."""
    while True:
        values = [_read(frame, variable) for variable in equation.invars]
        outputs = _tried(states, equation, values)
        if outputs is not None:
            return outputs


def _tried(states: States, equation: Any, values: list[Value]) -> list[Value] | None:
    """The outputs; None where states were split first, and operands must be read again."""
    name = equation.primitive.name
    if name in _CALLS:
        return _called(states, equation, values)
    if name == "call_hi_primitive" and any(value.random for value in values):
        return _expanded(states, equation, values)
    if name == "scan" and any(value.random for value in values):
        return looped(states, equation.params, values, run)
    if name == "cond":
        return switched(states, equation, values, run)
    if not any(value.random for value in values):
        return _known(equation, values)
    if any(value.lost for value in values):
        return _lost(states, equation, values)
    outputs = linear(equation, values)
    if outputs is not None:
        return outputs
    if name in _PRODUCTS and equation.params.get("y", 2) == 2:
        return _multiplied(states, equation, values)
    if name in thresholds.SOLVED:
        found = thresholds.SOLVED[name](states, equation, values)
        return _lost(states, equation, values) if found is False else found
    return None if states.told_apart(_random(values)) else _lost(states, equation, values)


def _expanded(states: States, equation: Any, values: list[Value]) -> list[Value]:
    """What newer JAX keeps folded up (a search in a sorted list is one), unfolded."""
    shapes = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in equation.invars]
    closed = jax.make_jaxpr(equation.params["_prim"].expand)(*shapes)
    consts = [known(np.asarray(each)) for each in closed.consts]
    opened = closed.jaxpr.replace(
        invars=[*closed.jaxpr.constvars, *closed.jaxpr.invars], constvars=[]
    )
    return run(states, opened, [*consts, *values])


def _random(values: list[Value]) -> list[Value]:
    return [value for value in values if value.random]


def _called(states: States, equation: Any, values: list[Value]) -> list[Value]:
    inner = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
    if isinstance(inner, ClosedJaxpr):
        opened = inner.jaxpr.replace(
            invars=[*inner.jaxpr.constvars, *inner.jaxpr.invars], constvars=[]
        )
        return run(states, opened, [*map(known, map(np.asarray, inner.consts)), *values])
    return run(states, inner, values)


def _known(equation: Any, values: list[Value]) -> list[Value]:
    kinds = [each.aval.dtype for each in equation.outvars]
    if any(dtypes.issubdtype(kind, dtypes.extended) for kind in kinds):
        raise NotExactError  # random keys
    rounded = any(value.rounded for value in values)
    if rounded:
        _check_jump(equation, values)
    outputs = compute(equation, [value.const for value in values])
    rounded = rounded and equation.primitive.name not in COMPARISONS
    return [Value(x, x.dtype, rounded=rounded and x.dtype.kind == "f") for x in outputs]


def _check_jump(equation: Any, values: list[Value]) -> None:
    """Refuse to say on which side of a jump a value is that may be off by rounding."""
    name = equation.primitive.name
    if name.removesuffix("_to") in COMPARISONS:
        x, y = (value.const.astype(float) for value in values)
        if (np.abs(x - y) <= 1e-9 * (np.abs(x) + np.abs(y))).any():
            raise AmbiguousError
    narrowed = name == "convert_element_type" and equation.outvars[0].aval.dtype.kind != "f"
    if name in _JUMPS or narrowed:
        raise AmbiguousError


def _multiplied(states: States, equation: Any, values: list[Value]) -> list[Value] | None:
    """A product of random values: one is told apart where it can be, else only the mean is left."""
    values = values if len(values) == 2 else [values[0], values[0]]
    order = sorted(values, key=lambda value: len(value.sources))
    if any(states.told_apart([value]) for value in order):
        return None
    finite = {s for value in values for s in value.sources if states.noise(s).support is not None}
    if finite and states.all_taken(finite, _FEW):
        return None  # of a mixture no more would be known than its mean
    return product(states, equation, *values) or _lost(states, equation, values)


def _lost(states: States, equation: Any, values: list[Value]) -> list[Value]:
    behind = frozenset().union(*(states.addresses(value) for value in values))
    sign = positive(equation, values)
    return [
        lost(each.aval.shape, each.aval.dtype, behind, positive=sign) for each in equation.outvars
    ]
