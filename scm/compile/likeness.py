"""Like nodes: variables whose assignments differ in their numbers only.

A literal in a function's body is a constant of that function, and part of its jaxpr. Here literals
are lifted out beside the other numbers, so that ``0.3 * a + u`` and ``0.7 * b + u`` are one shape
of assignment with two sets of numbers: compiled once, run twice.
"""

from __future__ import annotations

import dataclasses
import weakref
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, Var

from scm.compile.fingerprint import mechanism_fingerprint
from scm.core.mechanism import Mechanism

__all__ = ["lifted", "likeness"]

_Lifted = tuple[ClosedJaxpr, tuple[Any, ...]]
_LIFTED: weakref.WeakKeyDictionary[ClosedJaxpr, _Lifted] = weakref.WeakKeyDictionary()


def lifted(mechanism: Mechanism) -> Mechanism:
    """The same mechanism, the float literals of its jaxpr being its first captured numbers."""
    if mechanism.jaxpr is None:
        return mechanism
    if mechanism.jaxpr not in _LIFTED:
        _LIFTED[mechanism.jaxpr] = _lift(mechanism.jaxpr)
    jaxpr, values = _LIFTED[mechanism.jaxpr]
    return dataclasses.replace(mechanism, jaxpr=jaxpr, captured=(*values, *mechanism.captured))


def likeness(mechanism: Mechanism) -> str:
    """What two mechanisms share that differ in their numbers only, literals being numbers."""
    return mechanism_fingerprint(lifted(mechanism))


def _lift(closed: ClosedJaxpr) -> _Lifted:
    jaxpr: Jaxpr = closed.jaxpr
    fresh, values, equations = [], [], []
    for equation in jaxpr.eqns:
        inputs = list(equation.invars)
        for at, each in enumerate(inputs):
            if isinstance(each, Literal) and _is_real_number(each):
                inputs[at] = Var(each.aval)
                fresh.append(inputs[at])
                values.append(_array(each))
        equations.append(equation.replace(invars=inputs))
    opened = jaxpr.replace(invars=[*fresh, *jaxpr.invars], eqns=equations)
    return ClosedJaxpr(opened, []), tuple(values)


def _array(literal: Any) -> np.ndarray:
    return np.asarray(literal.val, literal.aval.dtype)


def _is_real_number(literal: Any) -> bool:
    return literal.aval.shape == () and bool(jnp.issubdtype(literal.aval.dtype, jnp.floating))
