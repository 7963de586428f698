"""Derivatives that are not there: values that jump are refused, not differentiated to zero.

The value of a discrete law, or of a comparison, steps from one number to the next as what it is
made from moves; the derivative of the step is zero wherever it exists, and that of its mean is
not. So a derivative taken unit by unit is silently wrong, and whoever asks for one is told instead.
In a program that is not differentiated the guards here are nothing at all.
"""

from __future__ import annotations

import dataclasses
import functools
import weakref
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun

from scm.core.errors import ModelError
from scm.core.mechanism import Mechanism, Shape
from scm.noise.laws.registry import read
from scm.solve.continuity import continuous
from scm.solve.flat import evaluated, flat
from scm.solve.steps import may_step, pair_of, steps

__all__ = ["refusing", "undifferentiated", "watched", "watched_function"]

_WATCHED: weakref.WeakKeyDictionary[ClosedJaxpr, dict[str, ClosedJaxpr]]
_WATCHED = weakref.WeakKeyDictionary()


def undifferentiated(name: str, law: Any) -> Any:
    """A law of a variable, whose parameters refuse derivatives if its values jump; others as they
    are: discrete laws, and samplers that do not follow their parameters."""
    support = law.support
    discrete = support is not None and support.is_discrete
    if not discrete and not (read(law).kind == "sampler" and not law.has_rsample):
        return law
    family = type(law).__name__.removesuffix("Probs")
    words = f"with respect to a parameter of its {family} law"
    return jax.tree.map(lambda leaf: _kept(name, words, None, 0, leaf), law)


def refusing(name: str, words: str, value: Any) -> Any:
    """A value of which a derivative is refused: ``words`` say through what it would go."""
    return _kept(name, words, None, 0, value)


def watched(name: str, mechanism: Mechanism) -> Mechanism:
    """A variable's mechanism, refusing derivatives of what it compares, rounds or chooses by.

    Comparisons at which it is continuous (`jnp.where(x > 0, x, 0)`) let them pass.
    """
    if mechanism.jaxpr is None or not may_step(mechanism.jaxpr.jaxpr):
        return mechanism
    known = _WATCHED.setdefault(mechanism.jaxpr, {})
    if name not in known:
        known[name] = _guarded(name, flat(mechanism.jaxpr))
    return dataclasses.replace(mechanism, jaxpr=known[name])


def watched_function(name: str, fn: Any, unit: Any) -> Any:
    """The same for a function of one unit's values, traced for values like these."""
    closed, shape = jax.make_jaxpr(fn, return_shape=True)(unit)
    if not may_step(closed.jaxpr):
        return fn
    jaxpr = closed.jaxpr
    opened = jaxpr.replace(invars=[*jaxpr.constvars, *jaxpr.invars], constvars=[])
    call = jaxpr_as_fun(_guarded(name, flat(ClosedJaxpr(opened, []))))
    structure = jax.tree.structure(shape)
    return lambda each: jax.tree.unflatten(structure, call(*closed.consts, *jax.tree.leaves(each)))


def _guarded(name: str, closed: ClosedJaxpr) -> ClosedJaxpr:
    jaxpr = closed.jaxpr
    found, _ = steps(jaxpr, [True] * len(jaxpr.invars))
    pairs = {pair_of(jaxpr.eqns[step.at]): step for step in found if step.threshold}
    others = {step.at: step for step in found if not step.threshold}

    def hook(at: int, equation: Any, values: list[Any]) -> list[Any] | None:
        step = others.get(at) or pairs.get(pair_of(equation))
        if step is None:
            return None
        words = f"through a jump: it {step.words}"
        audited = closed if step.threshold else None
        held = [_kept(name, words, audited, step.at, value) for value in values]
        made = equation.primitive.bind(*held, **equation.params)
        return made if equation.primitive.multiple_results else [made]

    avals = [Shape(v.aval.shape, v.aval.dtype) for v in jaxpr.invars]
    return jax.make_jaxpr(lambda *inputs: evaluated(jaxpr, inputs, hook))(*avals)


def _kept(name: str, words: str, audited: ClosedJaxpr | None, at: int, value: Any) -> Any:
    real = jnp.issubdtype(jnp.result_type(value), jnp.inexact)
    return _held(name, words, audited, at, value) if real else value


@functools.partial(jax.custom_jvp, nondiff_argnums=(0, 1, 2, 3))
def _held(name: str, words: str, audited: ClosedJaxpr | None, at: int, value: Any) -> Any:
    return value


def _refuse(
    name: str, words: str, audited: ClosedJaxpr | None, at: int, primals: Any, tangents: Any
) -> tuple[Any, Any]:
    (value,), (tangent,) = primals, tangents
    if isinstance(tangent, SymbolicZero) or (audited is not None and continuous(audited, at)):
        return _held(name, words, audited, at, value), tangent
    raise ModelError(
        f"{name}: a derivative is asked {words}, and its values jump: unit by unit the derivative "
        "is zero, and that of the mean is not. Differentiate the mean, in which jumps are "
        "integrated out: jax.grad(lambda a: model.do(a=a).expect(fn, key, n).value)(a)"
    )


_held.defjvp(_refuse, symbolic_zeros=True)
