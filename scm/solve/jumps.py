"""Derivatives that are not there: values that jump are refused, not differentiated to zero.

The value of a discrete law, or of a comparison, steps from one number to the next as what it is
made from moves; the derivative of the step is zero wherever it exists, and that of its mean is
not. So a derivative taken unit by unit is silently wrong, and whoever asks for one is told instead.
In a program that is not differentiated the guards here are nothing at all.
"""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from scm.core.errors import ModelError
from scm.core.mechanism import Shape

__all__ = ["stepping", "undifferentiated"]


def undifferentiated(name: str, law: Any) -> Any:
    """A discrete law of a variable, whose parameters refuse derivatives; others as they are."""
    support = law.support
    if support is None or not support.is_discrete:
        return law
    return _guarded(name, f"a parameter of its {type(law).__name__.removesuffix('Probs')} law", law)


def stepping(name: str, out: Shape, inputs: Any) -> Any:
    """What an assignment reads, refusing derivatives if its values are whole numbers or booleans:
    then they can only step."""
    if jnp.issubdtype(out.dtype, jnp.inexact):
        return inputs
    return _guarded(name, f"what it compares or rounds to make a {out.dtype}", inputs)


def _guarded(name: str, what: str, tree: Any) -> Any:
    guard = functools.partial(_held, name, what)
    return jax.tree.map(
        lambda leaf: guard(leaf) if jnp.issubdtype(jnp.result_type(leaf), jnp.inexact) else leaf,
        tree,
    )


@functools.partial(jax.custom_jvp, nondiff_argnums=(0, 1))
def _held(name: str, what: str, value: Any) -> Any:
    return value


def _refuse(name: str, what: str, primals: Any, tangents: Any) -> tuple[Any, Any]:
    (value,), (tangent,) = primals, tangents
    if isinstance(tangent, SymbolicZero):
        return value, tangent
    raise ModelError(
        f"{name}: a derivative is asked with respect to {what}, and its values jump: unit by unit "
        "the derivative is zero, and that of the mean is not. Differentiate the mean: let what "
        f"follows {name} use its probability (p * f(1) + (1 - p) * f(0)), or take a finite "
        "difference of two truths"
    )


_held.defjvp(_refuse, symbolic_zeros=True)
