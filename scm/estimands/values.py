"""What values a variable can take, so far as its mechanism tells: many, a list, or a continuum.

A float is not thereby continuous: ``jnp.where(u > 0, 1.0, 0.0)`` has two values. What reaches a
value only through comparisons, whole numbers and rounding takes separate values; what reaches it
otherwise from noise with a density has none that occurs with positive probability.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from scm.core.leaves import unflatten
from scm.core.mechanism import Mechanism, Shape, noise_shape
from scm.noise.laws.finite import support_of
from scm.solve.draws import laws_of

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["discrete", "support"]

_ROUNDING = frozenset({"ceil", "floor", "round", "sign"})


def discrete(model: SCM, name: str) -> bool:
    """Whether single values of a variable can have positive probability."""
    if not jnp.issubdtype(model.structure.out(name).dtype, jnp.floating):
        return True
    found: dict[str, bool] = {}
    causes = model.structure.ancestors(frozenset({name}))
    for each in model.structure.rounds:
        if each in causes:
            for depth in model.structure.variables[each].live:
                found[each] = _separate(model.structure.mechanisms[each][depth], found)
    return found[name]


def _separate(mechanism: Mechanism, parents: dict[str, bool]) -> bool:
    """Whether a mechanism's values are separate, given whether its parents' are."""
    assignment = mechanism.assignment
    if not jnp.issubdtype(mechanism.out.dtype, jnp.floating) or mechanism.jaxpr is None:
        return True
    if mechanism.law is not None:
        return False
    laws = [assignment.noise[each] for each in sorted(assignment.noise)]
    spread = [jnp.issubdtype(noise_shape(law).dtype, jnp.floating) for law in laws]
    spread += [not parents.get(each, True) for each in assignment.parents]
    jaxpr = mechanism.jaxpr.jaxpr
    still = len(jaxpr.invars) - len(spread)
    return not _continuous(jaxpr, [*[False] * still, *spread])[0]


def _continuous(jaxpr: Jaxpr, inputs: Sequence[bool]) -> list[bool]:
    """Which outputs of a jaxpr vary continuously, given which of its inputs do."""
    held: dict[Any, bool] = dict(zip(jaxpr.invars, inputs, strict=True))
    read = lambda v: not isinstance(v, Literal) and held.get(v, False)
    for equation in jaxpr.eqns:
        given = [read(v) for v in equation.invars]
        inner = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
        inner = inner.jaxpr if isinstance(inner, ClosedJaxpr) else inner
        if isinstance(inner, Jaxpr) and len(inner.invars) == len(given):
            found = _continuous(inner, given)
        else:
            found = [any(given) and equation.primitive.name not in _ROUNDING] * len(
                equation.outvars
            )
        for v, each in zip(equation.outvars, found, strict=False):
            held[v] = each and jnp.issubdtype(_aval(v).dtype, jnp.floating)
    return [read(v) for v in jaxpr.outvars]


def support(model: SCM, name: str) -> np.ndarray | None:
    """The values of a scalar variable in increasing order; None where there is no telling.

    Told: booleans, laws of finitely many values, and comparisons turned into numbers.
    """
    out = model.structure.out(name)
    if out.dtype == bool:
        return np.arange(2)
    depth = len(model.structure.variables[name].layers) - 1
    mechanism = model.structure.mechanisms[name][depth]
    if mechanism.assignment.form == "law":
        law = laws_of(model.system)[name, depth, mechanism.assignment.fresh]
        return support_of(law)
    if mechanism.jaxpr is None:
        return None
    jaxpr = mechanism.jaxpr.jaxpr
    if mechanism.law is not None:
        return _returned_support(mechanism, jaxpr)
    return np.arange(2) if _compared(jaxpr) else None


def _returned_support(mechanism: Mechanism, jaxpr: Jaxpr) -> np.ndarray | None:
    """The support of a law whose parameters a function computes."""
    found: list[np.ndarray | None] = []
    literals = [v.val if isinstance(v, Literal) else None for v in jaxpr.outvars]
    computed = [v for v in jaxpr.outvars if not isinstance(v, Literal)]

    def read(values: list[Any]) -> None:
        moving = iter(values)
        leaves = [next(moving) if each is None else each for each in literals]
        found.append(support_of(unflatten(mechanism.law, leaves)))

    jax.eval_shape(read, [Shape(_aval(v).shape, _aval(v).dtype) for v in computed])
    return found[0]


def _compared(jaxpr: Jaxpr) -> bool:
    """Whether the output is a comparison turned into a number."""
    made = {id(v): equation for equation in jaxpr.eqns for v in equation.outvars}
    value = jaxpr.outvars[0]
    while not isinstance(value, Literal) and id(value) in made:
        equation = made[id(value)]
        if equation.primitive.name != "convert_element_type":
            return False
        value = equation.invars[0]
        if _aval(value).dtype == bool:
            return True
    return False


def _aval(variable: Any) -> Any:
    """Shape and dtype of a jaxpr's variable."""
    return variable.aval
