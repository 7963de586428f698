"""A mechanism's jaxpr laid flat: calls written out, repeated and unused equations dropped.

What follows looks for the equations at which a value jumps, and evaluates a mechanism with the
outcome of a comparison imposed; both want one list of equations.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, jaxpr_as_fun

__all__ = ["evaluated", "flat", "inner"]

_CALLS = frozenset({"jit", "pjit", "closed_call", "core_call", "remat", "checkpoint", "remat2"})
_FLAT: weakref.WeakKeyDictionary[ClosedJaxpr, ClosedJaxpr] = weakref.WeakKeyDictionary()

Hook = Callable[[int, Any, list[Any]], list[Any] | None]
"""``hook(at, equation, inputs)``: the outputs of an equation, or None to have them computed."""


def flat(closed: ClosedJaxpr) -> ClosedJaxpr:
    """The same function without calls; functions with a derivative of their own stay closed."""
    if closed not in _FLAT:
        avals = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in closed.jaxpr.invars]
        known: dict[Any, list[Any]] = {}
        written = jax.make_jaxpr(lambda *args: _written(closed.jaxpr, args, known))(*avals)
        assert not written.consts
        _FLAT[closed] = ClosedJaxpr(_pruned(written.jaxpr), [])
    return _FLAT[closed]


def inner(equation: Any) -> Jaxpr | None:
    """The jaxpr of an equation that calls one, opened; None for any other."""
    for key in ("jaxpr", "call_jaxpr"):
        found = equation.params.get(key)
        if isinstance(found, ClosedJaxpr):
            return found.jaxpr if not found.consts else None
        if isinstance(found, Jaxpr):
            return found
    return None


def evaluated(jaxpr: Jaxpr, inputs: Sequence[Any], hook: Hook) -> list[Any]:
    """The outputs of a flat jaxpr, with ``hook`` asked about every equation."""
    held: dict[Any, Any] = dict(zip(jaxpr.invars, inputs, strict=True))
    read = lambda v: v.val if isinstance(v, Literal) else held[v]
    for at, equation in enumerate(jaxpr.eqns):
        values = [read(each) for each in equation.invars]
        outputs = hook(at, equation, values)
        held.update(zip(equation.outvars, outputs or _bound(jaxpr, equation, values), strict=True))
    return [read(each) for each in jaxpr.outvars]


def _bound(jaxpr: Jaxpr, equation: Any, values: list[Any]) -> list[Any]:
    """One equation, as a jaxpr of its own."""
    places = {v: at for at, v in enumerate(equation.invars) if not isinstance(v, Literal)}
    alone = jaxpr.replace(
        constvars=[], invars=list(places), outvars=equation.outvars, eqns=[equation]
    )  # fmt: skip
    return jaxpr_as_fun(ClosedJaxpr(alone, []))(*[values[at] for at in places.values()])


def _written(jaxpr: Jaxpr, inputs: Sequence[Any], known: dict[Any, list[Any]]) -> list[Any]:
    """Evaluate with calls written out; what was computed before is not computed again."""

    def hook(_: int, equation: Any, values: list[Any]) -> list[Any]:
        if equation.primitive.name in _CALLS and (body := inner(equation)) is not None:
            return _written(body, values, known)
        names = tuple(
            ("literal", str(each.val), str(each.aval)) if isinstance(each, Literal) else id(value)
            for each, value in zip(equation.invars, values, strict=True)
        )
        key = (equation.primitive.name, names, repr(equation.params))
        if inner(equation) is not None or key not in known:
            known[key] = [
                *_bound(jaxpr, equation, values),
                values,
            ]  # the values keep their identity
        return known[key][:-1]

    return evaluated(jaxpr, inputs, hook)


def _pruned(jaxpr: Jaxpr) -> Jaxpr:
    used = {v for v in jaxpr.outvars if not isinstance(v, Literal)}
    equations = []
    for equation in reversed(jaxpr.eqns):
        if any(v in used for v in equation.outvars) or equation.effects:
            used.update(v for v in equation.invars if not isinstance(v, Literal))
            equations.append(equation)
    return jaxpr.replace(eqns=equations[::-1])
