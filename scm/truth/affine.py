"""Reading a jaxpr as an affine function: which of its outputs are, and the means they then have.

An expectation passes through an affine function. So each value in a jaxpr is *known* (it depends
on known inputs only), or *a mean* (it is affine in random inputs, and what is held is its
expectation), or *lost*.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, jaxpr_as_fun

__all__ = ["Part", "means"]


class Part(NamedTuple):
    """A value; whether it is random, so that only its mean is held; and whether not even that is.

    What is lost may still be of no matter: a law's spread has no part in its mean.
    """

    value: Any
    random: bool
    lost: bool = False


# Linear in every operand; positions and shapes are parameters of the primitive.
_LINEAR = frozenset({
    "broadcast_in_dim", "concatenate", "copy", "copy_p", "cumsum", "expand_dims", "neg",
    "reduce_sum", "reshape", "rev", "slice", "squeeze", "stop_gradient", "transpose", "pad",
    "add", "add_any", "sub", "split", "stack", "tile", "unstack",
})  # fmt: skip
_MOVES = frozenset({"broadcast_in_dim", "reshape", "squeeze", "copy", "expand_dims", "slice"})
_BILINEAR = frozenset({"mul", "dot_general", "conv_general_dilated"})
_LINEAR_IN_FIRST = frozenset({"div", "gather", "dynamic_slice"})  # the others must be known
_CALLS = frozenset({"jit", "pjit", "closed_call", "core_call", "custom_jvp_call",
                    "custom_vjp_call", "remat", "checkpoint"})  # fmt: skip


def means(jaxpr: Jaxpr, inputs: Sequence[Part]) -> list[Part]:
    """The outputs of a jaxpr, each known, a mean, or lost. Traceable."""
    held: dict[Any, Part] = dict(zip(jaxpr.invars, inputs, strict=True))

    def read(variable: Any) -> Part:
        if isinstance(variable, Literal):
            return Part(jnp.asarray(variable.val), False)
        return held[variable]

    for equation in jaxpr.eqns:
        parts = [read(variable) for variable in equation.invars]
        if any(part.lost for part in parts):
            outputs = _lost(equation)
        elif any(part.random for part in parts):
            outputs = _applied(equation, parts)
        else:
            outputs = [Part(each, False) for each in _evaluated(jaxpr, equation, held)]
        held.update(zip(equation.outvars, outputs, strict=True))
    return [read(variable) for variable in jaxpr.outvars]


def _applied(equation: Any, parts: list[Part]) -> list[Part]:
    name, params = equation.primitive.name, equation.params
    if name in _CALLS:
        inner = params.get("jaxpr", params.get("call_jaxpr"))
        if isinstance(inner, ClosedJaxpr):
            consts = [Part(each, False) for each in inner.consts]
            opened = inner.jaxpr.replace(
                invars=[*inner.jaxpr.constvars, *inner.jaxpr.invars], constvars=[]
            )
            return means(opened, [*consts, *parts])
        return means(inner, parts)
    if name == "convert_element_type":
        return [_converted(equation, parts[0])]
    random = [part.random for part in parts]
    if not _keeps_reals(equation, parts):
        return _lost(equation)
    allowed = (
        name in _LINEAR
        or (name in _BILINEAR and sum(random) == 1)
        or (name in _LINEAR_IN_FIRST and not any(random[1:]))
        or (name == "select_n" and not random[0])
        or (name == "integer_pow" and params["y"] == 1)
    )
    if not allowed:
        return _lost(equation)
    # Integers turn into floats on the way: the mean of a count is no count.
    positions = 1 if name in ("gather", "dynamic_slice") else len(parts)
    values = [
        _floating(part.value) if place < positions and not (name == "select_n" and place == 0)
        else part.value
        for place, part in enumerate(parts)
    ]  # fmt: skip
    if "preferred_element_type" in params:
        params = {**params, "preferred_element_type": jnp.result_type(float)}
    outputs = equation.primitive.bind(*values, **params)
    several = outputs if equation.primitive.multiple_results else [outputs]
    return [Part(each, True) for each in several]


def _lost(equation: Any) -> list[Part]:
    return [Part(jnp.zeros(each.aval.shape), True, True) for each in equation.outvars]


def _evaluated(jaxpr: Jaxpr, equation: Any, held: dict[Any, Part]) -> list[Any]:
    """One equation on known values, as a jaxpr of its own."""
    inputs = list(dict.fromkeys(v for v in equation.invars if not isinstance(v, Literal)))
    alone = jaxpr.replace(constvars=[], invars=inputs, outvars=equation.outvars, eqns=[equation])
    return jaxpr_as_fun(ClosedJaxpr(alone, []))(*[held[each].value for each in inputs])


def _converted(equation: Any, part: Part) -> Part:
    """A change of dtype keeps a mean, unless fractions or high digits are cut off."""
    before, after = equation.invars[0].aval.dtype, equation.outvars[0].aval.dtype
    wide = jnp.issubdtype(after, jnp.floating) and after.itemsize >= 4
    whole = jnp.issubdtype(after, jnp.signedinteger) and not jnp.issubdtype(before, jnp.floating)
    if wide or (whole and after.itemsize >= 4 and after.itemsize >= before.itemsize):
        return part
    return part if after == before else _lost(equation)[0]


def _keeps_reals(equation: Any, parts: list[Part]) -> bool:
    """Whether an operation on these dtypes is that of the real numbers.

    Small and unsigned integers wrap, integer division cuts, half precision rounds; and a product
    of integers is trusted only with a factor that is small.
    """
    dtype = equation.outvars[0].aval.dtype
    if jnp.issubdtype(dtype, jnp.floating):
        return dtype.itemsize >= 4
    if not jnp.issubdtype(dtype, jnp.signedinteger) or dtype.itemsize < 4:
        return dtype == jnp.bool_ and equation.primitive.name in _MOVES
    if equation.primitive.name == "mul":
        factors = [part.value for part in parts if not part.random]
        known = [each for each in factors if not isinstance(each, jax.core.Tracer)]
        return len(known) == 1 and bool((abs(known[0]) < 2**15).all())
    return equation.primitive.name not in ("div", "dot_general")


def _floating(value: Any) -> Any:
    return jnp.asarray(value).astype(jnp.result_type(float))
