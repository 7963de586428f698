"""Inverses of JAX's primitives: the operand that gives a value, the other operands being known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax

from scm.abduction.ranges import Range

__all__ = ["INVERSES", "Asked", "NotInvertibleError"]


class NotInvertibleError(Exception):
    """An assignment has no inverse that can be read off its jaxpr; the message says where."""


class Asked(NamedTuple):
    """What an inverse is asked for.

    Attributes:
      at: which operand.
      value: the value of the output.
      others: the operands, None in the place of the one that is asked.
      range: the range of the one that is asked.
      out: its shape and dtype.
      params: of the primitive.
    """

    at: int
    value: Any
    others: Sequence[Any]
    range: Range
    out: Any
    params: Any


def _summed(asked: Asked) -> Any:
    return asked.value - asked.others[1 - asked.at]


def _subtracted(asked: Asked) -> Any:
    x, y = asked.others
    return asked.value + y if asked.at == 0 else x - asked.value


def _multiplied(asked: Asked) -> Any:
    return asked.value / asked.others[1 - asked.at]


def _divided(asked: Asked) -> Any:
    x, y = asked.others
    return asked.value * y if asked.at == 0 else x / asked.value


def _whole_power(asked: Asked) -> Any:
    power = asked.params.get("y", 2)
    value = asked.value if power > 0 else 1 / asked.value
    size = abs(power)
    if size % 2:
        root = jnp.cbrt(value) if size == 3 else jnp.sign(value) * jnp.abs(value) ** (1 / size)
        return value if size == 1 else root
    root = jnp.sqrt(value) if size == 2 else value ** (1 / size)
    return _side(asked, "an even power") * root


def _side(asked: Asked, what: str) -> float:
    """The sign of an operand that is known to have one."""
    low, high = asked.range
    if low >= 0:
        return 1.0
    if high <= 0:
        return -1.0
    raise NotInvertibleError(f"{what} of what may be positive or negative")


def _sized(asked: Asked) -> Any:
    return _side(asked, "the absolute value") * asked.value


def _cosh(asked: Asked) -> Any:
    return _side(asked, "cosh") * jnp.arccosh(asked.value)


def _power(asked: Asked) -> Any:
    base, exponent = asked.others
    if asked.at == 1:
        return jnp.log(asked.value) / jnp.log(base)
    _side(asked, "a power")
    if asked.range[0] < 0:
        raise NotInvertibleError("a power of what may be negative")
    return asked.value ** (1 / exponent)


def _within(name: str, least: float, most: float, inverse: Callable) -> Callable[[Asked], Any]:
    """A function that has an inverse where its operand is in one branch."""

    def found(asked: Asked) -> Any:
        low, high = asked.range
        if low < least or high > most:
            raise NotInvertibleError(f"{name} of what may leave [{least:.3g}, {most:.3g}]")
        return inverse(asked.value)

    return found


def _larger(asked: Asked) -> Any:
    raise NotInvertibleError("a maximum or minimum, below which nothing is told")


def _logaddexp(asked: Asked) -> Any:
    """log(e^v - e^y), by the larger part."""
    value, other = asked.value, asked.others[1 - asked.at]
    gap = other - value
    near = gap > -0.7
    inside = jnp.where(
        near,
        jnp.log(-jnp.expm1(jnp.where(near, gap, -1.0))),
        jnp.log1p(-jnp.exp(jnp.where(near, -1.0, gap))),
    )
    return value + inside


def _converted(asked: Asked) -> Any:
    before, after = asked.out.dtype, asked.params["new_dtype"]
    real = jnp.issubdtype(after, jnp.floating)
    if jnp.issubdtype(before, jnp.floating) and not real:
        raise NotInvertibleError("a whole number made of a real one")
    if not real and before == jnp.bool_:
        return asked.value != 0
    return asked.value.astype(before)


def _same_size(asked: Asked) -> Any:
    if math.prod(asked.out.shape) != jnp.size(asked.value):
        raise NotInvertibleError("one number broadcast to several")
    return jnp.reshape(asked.value, asked.out.shape)


def _transposed(asked: Asked) -> Any:
    return jnp.transpose(asked.value, tuple(np.argsort(asked.params["permutation"]).tolist()))


def _running(asked: Asked) -> Any:
    axis, value = asked.params["axis"], asked.value
    if asked.params["reverse"]:
        value = jnp.flip(value, axis)
    steps = jnp.diff(
        value, axis=axis, prepend=jnp.zeros_like(lax.slice_in_dim(value, 0, 1, 1, axis))
    )
    return jnp.flip(steps, axis) if asked.params["reverse"] else steps


def _reduced(asked: Asked) -> Any:
    if math.prod(asked.out.shape) != jnp.size(asked.value):
        raise NotInvertibleError("several numbers reduced to one")
    return jnp.reshape(asked.value, asked.out.shape)


def _dot(asked: Asked) -> Any:
    """A square matrix times what is asked, or the other way round."""
    (left, right), batch = asked.params["dimension_numbers"]
    other, shape = asked.others[1 - asked.at], asked.out.shape
    contracted = (left, right)[asked.at]
    if any(batch) or len(contracted) != 1 or jnp.ndim(other) != 2 or len(shape) > 2:
        raise NotInvertibleError("a product of arrays that is not a matrix times a vector")
    along = (left, right)[1 - asked.at][0]
    matrix = other if along == 1 else other.T  # (rows of the value, contracted)
    if matrix.shape[0] != matrix.shape[1]:
        raise NotInvertibleError("a matrix that is not square")
    if len(shape) == 1:
        return jnp.linalg.solve(matrix, asked.value)
    value = asked.value.T if asked.at == 0 else asked.value  # rows of the matrix first
    found = jnp.linalg.solve(matrix, value)
    return found if contracted[0] == 0 else found.T


INVERSES: dict[str, Callable[[Asked], Any]] = {
    "add": _summed, "add_any": _summed, "sub": _subtracted, "mul": _multiplied, "div": _divided,
    "neg": lambda asked: -asked.value,
    "integer_pow": _whole_power, "square": _whole_power, "pow": _power,
    "abs": _sized, "cosh": _cosh,
    "exp": lambda asked: jnp.log(asked.value), "exp2": lambda asked: jnp.log2(asked.value),
    "log": lambda asked: jnp.exp(asked.value), "log1p": lambda asked: jnp.expm1(asked.value),
    "expm1": lambda asked: jnp.log1p(asked.value), "tanh": lambda asked: jnp.arctanh(asked.value),
    "atanh": lambda asked: jnp.tanh(asked.value), "sinh": lambda asked: jnp.arcsinh(asked.value),
    "asinh": lambda asked: jnp.sinh(asked.value), "atan": lambda asked: jnp.tan(asked.value),
    "acosh": lambda asked: jnp.cosh(asked.value), "asin": lambda asked: jnp.sin(asked.value),
    "acos": lambda asked: jnp.cos(asked.value),
    "logistic": lambda asked: jnp.log(asked.value) - jnp.log1p(-asked.value),
    "sqrt": lambda asked: asked.value**2, "rsqrt": lambda asked: asked.value**-2.0,
    "cbrt": lambda asked: asked.value**3,
    "erf": lambda asked: lax.erf_inv(asked.value), "erf_inv": lambda asked: lax.erf(asked.value),
    "erfc": lambda asked: lax.erf_inv(1 - asked.value),
    "sin": _within("sin", -math.pi / 2, math.pi / 2, jnp.arcsin),
    "cos": _within("cos", 0, math.pi, jnp.arccos),
    "tan": _within("tan", -math.pi / 2, math.pi / 2, jnp.arctan),
    "logaddexp": _logaddexp, "max": _larger, "min": _larger,
    "not": lambda asked: ~asked.value,
    "convert_element_type": _converted,
    "copy": lambda asked: asked.value, "copy_p": lambda asked: asked.value,
    "stop_gradient": lambda asked: asked.value,
    "reshape": _same_size, "squeeze": _same_size, "expand_dims": _same_size,
    "broadcast_in_dim": _same_size, "reduce_sum": _reduced, "reduce_max": _reduced,
    "reduce_min": _reduced, "reduce_prod": _reduced, "transpose": _transposed,
    "rev": lambda asked: lax.rev(asked.value, asked.params["dimensions"]),
    "cumsum": _running, "dot_general": _dot,
}  # fmt: skip
