"""Which equations are affine in what is random, and what becomes of values there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

from scm.exact.primitives import compute
from scm.exact.states import States
from scm.exact.values import Value, aligned

__all__ = ["linear", "positive", "product"]

# Linear in all operands together; positions and shapes are parameters of the primitive.
_LINEAR = frozenset({
    "broadcast_in_dim", "concatenate", "copy", "copy_p", "cumsum", "expand_dims", "neg",
    "reduce_sum", "reshape", "rev", "slice", "squeeze", "stop_gradient", "transpose", "pad",
    "add", "add_any", "sub", "split", "stack", "tile", "unstack", "integer_pow",
    "convert_element_type", "optimization_barrier", "select_n",
})  # fmt: skip
_MOVES = frozenset({"broadcast_in_dim", "reshape", "squeeze", "copy", "expand_dims", "slice",
                    "convert_element_type", "select_n"})  # fmt: skip
_BILINEAR = frozenset({"mul", "dot_general", "conv_general_dilated"})
_LINEAR_IN_FIRST = frozenset({"div", "gather", "dynamic_slice"})
_POSITIVE = frozenset({"exp", "exp2", "logistic", "cosh"})
_KEEP_POSITIVE = frozenset({
    *_MOVES, "add", "add_any", "mul", "div", "reduce_sum", "sqrt", "rsqrt", "pow", "max", "log1p",
    "concatenate", "stack",
})  # fmt: skip


def linear(equation: Any, values: Sequence[Value]) -> list[Value] | None:
    """The outputs of an equation that is linear in its random operands, or None if it is not."""
    name = equation.primitive.name
    factors = _factors(name, equation.params, values)
    if factors is None or not _keeps_reals(equation, values):
        return None
    moving = [value for at, value in enumerate(values) if at not in factors]
    sources, loads = aligned(moving)
    loaded = iter(loads)
    count = len(sources)
    states = max(len(each) for each in (*loads, *(values[at].const for at in factors)))
    const, moved = [], []
    for at, value in enumerate(values):
        if at in factors:
            const.append(value.const)
            wide = value.const if len(value.const) == 1 else np.repeat(value.const, count, axis=0)
            moved.append(wide)
        else:
            const.append(value.real)
            load = next(loaded)
            load = np.broadcast_to(load, (states, *load.shape[1:]))
            moved.append(load.reshape(states * count, *value.shape))
    fixed = compute(equation, const, real=True)
    mixed = frozenset().union(*(value.mixed for value in moving))
    rounded = any(value.rounded for value in values)
    sent = compute(equation, moved, real=True) if count else [None] * len(fixed)
    return [
        Value(
            one,
            each.aval.dtype,
            sources,
            None if load is None else load.reshape(states, count, *one.shape[1:]),
            mixed,
            rounded=rounded,
        ).settled()
        for one, load, each in zip(fixed, sent, equation.outvars, strict=True)
    ]


def _factors(name: str, params: Any, values: Sequence[Value]) -> set[int] | None:
    """The known operands that multiply or pick the others; None where it is not linear."""
    random = [value.random for value in values]
    if name == "select_n":
        return None if random[0] else {0}
    if name in _BILINEAR:
        return {at for at, each in enumerate(random) if not each} if sum(random) == 1 else None
    if name in _LINEAR_IN_FIRST:
        return None if any(random[1:]) else set(range(1, len(values)))
    if name == "integer_pow" and params["y"] != 1:
        return None
    return set() if name in _LINEAR else None


def _keeps_reals(equation: Any, values: Sequence[Value]) -> bool:
    """Whether an operation on these dtypes is that of the real numbers.

    Small and unsigned integers wrap, integer division cuts, half precision rounds; and a product
    of integers is trusted only with a factor that is small.
    """
    if equation.primitive.name == "convert_element_type":
        return _converts(equation)
    dtype = equation.outvars[0].aval.dtype
    if jnp.issubdtype(dtype, jnp.floating):
        return dtype.itemsize >= 4
    if not jnp.issubdtype(dtype, jnp.signedinteger) or dtype.itemsize < 4:
        return dtype == np.bool_ and equation.primitive.name in _MOVES
    if equation.primitive.name == "mul":
        factors = [value.const for value in values if not value.random]
        return len(factors) == 1 and bool((np.abs(factors[0]) < 2**15).all())
    return equation.primitive.name not in ("div", "dot_general")


def _converts(equation: Any) -> bool:
    """A change of dtype keeps a value, unless fractions or high digits are cut off."""
    before, after = equation.invars[0].aval.dtype, equation.outvars[0].aval.dtype
    if jnp.issubdtype(after, jnp.floating):
        return after.itemsize >= 4
    whole = jnp.issubdtype(after, jnp.signedinteger) and not jnp.issubdtype(before, jnp.floating)
    return after == before or (whole and after.itemsize >= max(4, before.itemsize))


def product(states: States, equation: Any, left: Value, right: Value) -> list[Value] | None:
    """A product of two random values of one shape: its mean, by their covariance. None if that is
    not known."""
    out = equation.outvars[0].aval
    if left.shape != right.shape or not jnp.issubdtype(out.dtype, jnp.floating):
        return None
    if out.dtype.itemsize < 4:
        return None
    means, covariance = (states.mean(left), states.mean(right)), states.covariance(left, right)
    if means[0] is None or means[1] is None or covariance is None:
        return None
    behind = states.addresses(left) | states.addresses(right)
    return [Value(means[0] * means[1] + covariance, out.dtype, mixed=behind)]


def positive(equation: Any, values: Sequence[Value]) -> bool:
    """Whether what is lost here is above 0 for sure."""
    name = equation.primitive.name
    if name in _POSITIVE:
        return True
    if equation.outvars[0].aval.dtype.kind != "f":
        return False
    operands = values[1:] if name == "select_n" else values
    return name in _KEEP_POSITIVE and all(
        value.positive if value.random else bool((value.const > 0).all()) for value in operands
    )
