"""How much of what an assignment computes may be rounding: running error analysis.

Every equation hands on the scales of its operands as far as they move its result, and adds its own.
Times the machine's epsilon, the scale of a value bounds to first order what rounding did to it.

Source: Higham (2002), Accuracy and Stability of Numerical Algorithms, section 3.3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Literal

from scm.abduction.opened import bound, opened

__all__ = ["with_scales"]


def with_scales(fn: Callable[..., Any], *inputs: Any) -> tuple[list[Any], list[Any]]:
    """The leaves of ``fn(*inputs)`` and the scale of each: zero for what is not real.

    The scale of an input is its size: that is what one rounding of it is relative to.
    """
    leaves = jax.tree.leaves(inputs)
    closed = opened(jax.make_jaxpr(fn)(*inputs))
    jaxpr = closed.jaxpr
    held = dict(zip(jaxpr.constvars, closed.consts, strict=True))
    held |= dict(zip(jaxpr.invars, map(jnp.asarray, leaves), strict=True))
    scale = {v: jnp.abs(x) for v, x in held.items() if _real(x)}
    read = lambda v: v.val if isinstance(v, Literal) else held[v]
    for equation in jaxpr.eqns:
        values = [read(v) for v in equation.invars]
        outputs = bound(equation, values)
        scales = _handed_on(equation, values, outputs, scale)
        for v, x, each in zip(equation.outvars, outputs, scales, strict=True):
            held[v] = x
            if _real(x):
                scale[v] = each
    ends = jaxpr.outvars
    return [jnp.asarray(read(v)) for v in ends], [scale.get(v, 0.0) for v in ends]


def _handed_on(
    equation: Any, values: Sequence[Any], outputs: Sequence[Any], scale: Mapping[Any, Any]
) -> list[Any]:
    """The scales of the outputs of one equation."""
    found = [jnp.abs(x) if _real(x) else 0.0 for x in outputs]
    for at, v in enumerate(equation.invars):
        if isinstance(v, Literal) or v not in scale:
            continue
        along = lambda x, at=at: bound(equation, [*values[:at], x, *values[at + 1 :]])
        for to, moved in enumerate(jax.jvp(along, (values[at],), (scale[v],))[1]):
            if _real(outputs[to]):
                moved = jnp.abs(moved)
                found[to] = found[to] + jnp.where(jnp.isfinite(moved), moved, 0.0)
    return found


def _real(value: Any) -> bool:
    return bool(jnp.issubdtype(jnp.result_type(value), jnp.floating))
