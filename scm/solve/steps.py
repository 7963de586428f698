"""Where a mechanism jumps: comparisons, roundings and choices of what is being varied."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import jax.numpy as jnp
from jax import lax
from jax.extend.core import Jaxpr
from jax.extend.core import Literal as Constant

from scm.solve.flat import inner

__all__ = ["Affine", "Step", "affine", "held", "imposed", "may_step", "pair_of", "steps"]

_ORDERS = {"lt": -1, "le": -1, "gt": 1, "ge": 1, "lt_to": -1, "le_to": -1}
_EQUALS = frozenset({"eq", "ne", "eq_to"})
_ROUNDS = frozenset({"floor", "ceil", "round", "argmax", "argmin", "rem", "nextafter"})
_CHOOSES = frozenset({"max", "min", "select_n", "clamp"})  # may rest at a value for a while
_CUSTOM = frozenset({"custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"})


@dataclasses.dataclass(frozen=True)
class Step:
    """One place where a mechanism's value jumps.

    Attributes:
      at: the equation; for a threshold the first that compares this pair of values.
      threshold: whether it compares two values, so that it jumps where their gap is zero.
      words: what it does, for messages.
    """

    at: int
    threshold: bool
    words: str


def steps(jaxpr: Jaxpr, varied: Sequence[bool]) -> tuple[list[Step], list[bool]]:
    """The jumps of a flat jaxpr when these inputs are varied; and which outputs vary smoothly."""
    moving = {v for v, each in zip(jaxpr.invars, varied, strict=True) if each and _real(v)}
    resting: set[Any] = set()  # moving values that may be constant over a range
    found: list[Step] = []
    pairs: set[Any] = set()
    for at, equation in enumerate(jaxpr.eqns):
        name = equation.primitive.name
        inputs = [v for v in equation.invars if not isinstance(v, Constant) and v in moving]
        if not inputs or name == "stop_gradient":
            continue
        if name in _ORDERS or name == "sign":
            if _pair(equation) not in pairs:
                pairs.add(_pair(equation))
                found.append(Step(at, True, "compares real numbers"))
        elif name in _EQUALS:
            same = equation.invars[0] is equation.invars[-1]  # asks whether it is a number
            if not same and any(v in resting for v in inputs):
                found.append(Step(at, False, "asks whether real numbers are equal"))
        elif name in _ROUNDS or _whole(equation):
            words = "makes a whole number of a real one" if name not in _ROUNDS else f"takes {name}"
            found.append(Step(at, False, words))
        elif name == "sort" and len(equation.invars) > 1:
            found.append(Step(at, False, "sorts one thing by another"))
        elif name not in _CUSTOM and _jumps_inside(equation):
            found.append(Step(at, False, f"compares or rounds inside lax.{name}"))
        if name not in _ORDERS and name != "sign":
            outputs = {v for v in equation.outvars if _real(v)}
            moving |= outputs if name not in _ROUNDS or name == "rem" else set()
            values = equation.invars[1:] if name == "select_n" else equation.invars
            still = any(isinstance(v, Constant) or v not in moving for v in values)
            if any(v in resting for v in inputs) or (name in _CHOOSES and still):
                resting |= outputs
    return found, [not isinstance(v, Constant) and v in moving for v in jaxpr.outvars]


def _real(variable: Any) -> bool:
    return bool(jnp.issubdtype(variable.aval.dtype, jnp.inexact))


def _whole(equation: Any) -> bool:
    """Whether it makes whole numbers or booleans of what may be real, by whatever name JAX has for
    that: a conversion, a search; comparisons are another matter."""
    name = equation.primitive.name
    if name in _ORDERS or name in _EQUALS or name in ("sign", "is_finite"):
        return False
    return not any(map(_real, equation.outvars)) and not _bodies(equation)


def _name(variable: Any) -> Any:
    return str(variable.val) if isinstance(variable, Constant) else variable


def pair_of(equation: Any) -> frozenset[Any] | None:
    """The two values that a threshold compares; None for another equation."""
    return _pair(equation) if _is_order(equation) else None


def may_step(jaxpr: Any) -> bool:
    """Whether a jaxpr, as it was traced, holds anything at which a value might jump."""
    for equation in jaxpr.eqns:
        name = equation.primitive.name
        if any(_real(v) for v in equation.invars):
            if name in _ORDERS or name in _EQUALS or name in _ROUNDS or name in ("sign", "sort"):
                return True
            if _whole(equation):
                return True
        if name not in _CUSTOM and any(may_step(body) for body in _bodies(equation)):
            return True
    return False


def _bodies(equation: Any) -> list[Any]:
    found = [inner(equation), *equation.params.get("branches", ())]
    found += [equation.params.get(key) for key in ("cond_jaxpr", "body_jaxpr")]
    return [getattr(body, "jaxpr", body) for body in found if body is not None]


def _pair(equation: Any) -> frozenset[Any]:
    names = [_name(v) for v in equation.invars]
    return frozenset(names if len(names) > 1 else [*names, "0.0"])


def _jumps_inside(equation: Any) -> bool:
    for body in _bodies(equation):
        for each in body.eqns:
            name = each.primitive.name
            real = any(_real(v) for v in each.invars)
            if real and (name in _ORDERS or name in _ROUNDS or name == "sign" or _whole(each)):
                return True
            if name not in _CUSTOM and _jumps_inside(each):
                return True
    return False


def imposed(jaxpr: Jaxpr, at: int, mask: Any, above: Any) -> Any:
    """A hook for `scm.solve.flat.evaluated` by which the threshold at an equation comes out as
    told: where ``mask`` holds, as if the gap were positive or not (``above``)."""
    first = jaxpr.eqns[at]
    pair, left = _pair(first), _name(first.invars[0])

    def hook(_: int, equation: Any, values: list[Any]) -> list[Any] | None:
        name = equation.primitive.name
        if name not in _ORDERS and name not in _EQUALS and name != "sign":
            return None
        if _pair(equation) != pair:
            return None
        natural = equation.primitive.bind(*values, **equation.params)
        if name == "sign":
            told = jnp.where(above, 1, -1).astype(natural.dtype)
        elif name in _EQUALS:
            told = jnp.asarray(name == "ne")
        else:
            same = _name(equation.invars[0]) == left
            told = above if (_ORDERS[name] > 0) == same else ~above
        return [jnp.where(mask, told, natural)]

    return hook


def held(jaxpr: Jaxpr, ats: Iterable[int]) -> Any:
    """A hook for `scm.solve.flat.evaluated` by which the thresholds at these equations are blind to
    what is varied."""
    still = {_pair(e) for e in (jaxpr.eqns[at] for at in ats) if _is_order(e)}

    def hook(_: int, equation: Any, values: list[Any]) -> list[Any] | None:
        if not _is_order(equation) or _pair(equation) not in still:
            return None
        return [equation.primitive.bind(*map(lax.stop_gradient, values), **equation.params)]

    return hook


def _is_order(equation: Any) -> bool:
    return equation.primitive.name in _ORDERS or equation.primitive.name == "sign"


Affine = Literal[0, 1, 2]
"""How a value depends on a source: not at all, affinely, otherwise."""

_LINEAR = frozenset({
    "broadcast_in_dim", "concatenate", "copy", "copy_p", "cumsum", "expand_dims", "neg",
    "reduce_sum", "reshape", "rev", "slice", "squeeze", "transpose", "pad", "stack", "tile",
    "add", "add_any", "sub", "split", "unstack", "convert_element_type",
})  # fmt: skip


def affine(jaxpr: Jaxpr, inputs: Sequence[Affine]) -> dict[Any, Affine]:
    """For every variable of a flat jaxpr, how it depends on a source that the inputs hear of."""
    held: dict[Any, Affine] = dict(zip(jaxpr.invars, inputs, strict=True))
    for equation in jaxpr.eqns:
        name = equation.primitive.name
        kinds = [0 if isinstance(v, Constant) else held[v] for v in equation.invars]
        kind: Affine = 2
        real = all(_real(v) for v in equation.outvars)
        if not any(kinds):
            kind = 0
        elif 2 in kinds or not real:
            kind = 2
        elif (
            name in _LINEAR
            or (name in ("mul", "dot_general") and sum(kinds) == 1)
            or (name in ("div", "gather", "dynamic_slice", "select_n") and _others(name, kinds))
        ):
            kind = 1
        held |= dict.fromkeys(equation.outvars, kind)
    return held


def _others(name: str, kinds: Sequence[int]) -> bool:
    return kinds[0] == 0 if name == "select_n" else not any(kinds[1:])
