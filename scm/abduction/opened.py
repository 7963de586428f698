"""Jaxprs with all calls written out, but for functions that have an inverse of their own."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, jaxpr_as_fun

from scm.abduction.rules import declared
from scm.compile.fingerprint import jaxpr_text

__all__ = ["bound", "is_logaddexp", "opened"]

_CALLS = frozenset({
    "jit", "pjit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call", "remat",
    "checkpoint", "remat2",
})  # fmt: skip


def opened(closed: ClosedJaxpr) -> ClosedJaxpr:
    """The same function, its calls written out."""
    avals = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in closed.jaxpr.invars]
    return jax.make_jaxpr(lambda *inputs: _written(closed.jaxpr, closed.consts, inputs))(*avals)


def _written(jaxpr: Jaxpr, consts: Sequence[Any], inputs: Sequence[Any]) -> list[Any]:
    held: dict[Any, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
    held |= dict(zip(jaxpr.invars, inputs, strict=True))
    read = lambda v: v.val if isinstance(v, Literal) else held[v]
    for equation in jaxpr.eqns:
        values = [read(v) for v in equation.invars]
        inner = _inner(equation)
        if inner is None:
            outputs = bound(equation, values)
        else:
            outputs = _written(inner.jaxpr, inner.consts, values)
        held.update(zip(equation.outvars, outputs, strict=True))
    return [read(v) for v in jaxpr.outvars]


def _inner(equation: Any) -> ClosedJaxpr | None:
    """What an equation calls, if that is to be written out."""
    if equation.primitive.name not in _CALLS or declared(equation) or is_logaddexp(equation):
        return None
    found = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
    if isinstance(found, Jaxpr):
        return ClosedJaxpr(found, [])
    return found


def bound(equation: Any, values: Sequence[Any]) -> list[Any]:
    """One equation computed."""
    places = {v: at for at, v in enumerate(equation.invars) if not isinstance(v, Literal)}
    empty = jax.make_jaxpr(lambda: 0)().jaxpr
    alone = empty.replace(
        constvars=[], invars=list(places), outvars=equation.outvars, eqns=[equation]
    )
    return jaxpr_as_fun(ClosedJaxpr(alone, []))(*[values[at] for at in places.values()])


def is_logaddexp(equation: Any) -> bool:
    """Whether an equation is JAX's log(exp(x) + exp(y)): softplus, and the logarithm of a sum."""
    if equation.primitive.name != "custom_jvp_call" or len(equation.invars) != 2:
        return False
    x, y = (v.aval for v in equation.invars)
    inner = equation.params["call_jaxpr"]
    if x.shape != y.shape or x.dtype != y.dtype or not jnp.issubdtype(x.dtype, jnp.floating):
        return False
    return "\n".join(jaxpr_text(inner.jaxpr)) == _logaddexp(x.shape, x.dtype)


@functools.cache
def _logaddexp(shape: tuple[int, ...], dtype: Any) -> str:
    like = jax.ShapeDtypeStruct(shape, dtype)
    equation = jax.make_jaxpr(jnp.logaddexp)(like, like).eqns[-1]
    return "\n".join(jaxpr_text(equation.params["call_jaxpr"].jaxpr))
