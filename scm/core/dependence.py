"""Which inputs of a jaxpr can reach its outputs, and so which arrows a model's code does not use.

Dependence is read off the program, not off its values: `0 * x` depends on x, `jnp.zeros_like(x)`
does not. Where a primitive keeps its program out of sight, its outputs depend on all its inputs:
an arrow is called unused only where it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from scm.core.assignment import Variable
from scm.core.mechanism import Mechanism
from scm.core.structure import Structure

__all__ = ["reaching", "unused"]

_CALLS = frozenset({"jit", "pjit", "closed_call", "core_call", "custom_jvp_call",
                    "custom_vjp_call", "remat", "checkpoint", "remat2"})  # fmt: skip

Inputs = int
"""A set of inputs, as bits: sets of them are united at every equation."""


def unused(structure: Structure) -> tuple[tuple[str, str], ...]:
    """The pairs (parent, variable) where the variable names a parent that cannot reach its value.

    As the model stands: a layer that interventions have put aside is not looked at. Params are no
    parents in the graph, and left out.
    """
    variables = structure.variables
    return tuple(
        (parent, name)
        for name, variable in variables.items()
        if variable.role != "param"
        for parent in _idle(variable, structure.mechanisms[name])
        if variables[parent].role != "param"
    )


def _idle(variable: Variable, mechanisms: Sequence[Mechanism]) -> tuple[str, ...]:
    """The parents of a variable whose values do not reach its own, through any live layer."""
    reached: frozenset[str] = frozenset()
    for depth in variable.live:
        mechanism = mechanisms[depth]
        parents = mechanism.assignment.parents
        own: frozenset[str] = frozenset()
        if mechanism.jaxpr is not None:
            uses = reaching(mechanism.jaxpr)[-len(parents) :] if parents else []
            own = frozenset(p for p, used in zip(parents, uses, strict=True) if used)
        # A layer that reads the variable itself reads the value of the layers below.
        reached = own | (reached if variable.name in own else frozenset())
    return tuple(parent for parent in variable.parents if parent not in reached)


def reaching(closed: ClosedJaxpr) -> list[bool]:
    """For every input of a jaxpr, whether some output depends on it.

    >>> import jax
    >>> reaching(jax.make_jaxpr(lambda x, y: jax.nn.relu(x) + y.shape[0])(1.0, jax.numpy.ones(3)))
    [True, False]
    """
    count = len(closed.jaxpr.invars)
    behind = 0
    for inputs in _flow(closed.jaxpr, [1 << i for i in range(count)]):
        behind |= inputs
    return [bool(behind >> i & 1) for i in range(count)]


def _flow(jaxpr: Jaxpr, inputs: Sequence[Inputs]) -> list[Inputs]:
    """What the outputs depend on, given what the inputs depend on."""
    behind: dict[Any, Inputs] = dict(zip(jaxpr.invars, inputs, strict=True))

    def read(variable: Any) -> Inputs:
        # Constants of an inner jaxpr depend on nothing.
        return 0 if isinstance(variable, Literal) else behind.get(variable, 0)

    for equation in jaxpr.eqns:
        values = [read(variable) for variable in equation.invars]
        behind.update(zip(equation.outvars, _step(equation, values), strict=True))
    return [read(variable) for variable in jaxpr.outvars]


def _step(equation: Any, values: list[Inputs]) -> list[Inputs]:
    """What the outputs of one equation depend on."""
    name, params = equation.primitive.name, equation.params
    if name in _CALLS:
        inner = params.get("jaxpr", params.get("call_jaxpr"))
        jaxpr = getattr(inner, "jaxpr", inner)
        if isinstance(jaxpr, Jaxpr) and len(jaxpr.invars) == len(values):
            return _flow(jaxpr, values)
    if name == "cond":
        which, *operands = values
        taken = [_flow(branch.jaxpr, operands) for branch in params["branches"]]
        return [which | _union(each) for each in zip(*taken, strict=True)]
    if name == "while":
        return _while(params, values)
    if name == "scan" and "num_consts" in params:
        return _scan(params, values)
    return [_union(values)] * len(equation.outvars)


def _while(params: Mapping[str, Any], values: list[Inputs]) -> list[Inputs]:
    """What is carried depends on the body, round and round, and on what decides when to stop."""
    tests, bodies = params["cond_nconsts"], params["body_nconsts"]
    test, body, carried = values[:tests], values[tests : tests + bodies], values[tests + bodies :]
    while True:
        decided = _union(_flow(params["cond_jaxpr"].jaxpr, [*test, *carried]))
        after = _flow(params["body_jaxpr"].jaxpr, [*body, *carried])
        grown = [old | new | decided for old, new in zip(carried, after, strict=True)]
        if grown == carried:
            return carried
        carried = grown


def _scan(params: Mapping[str, Any], values: list[Inputs]) -> list[Inputs]:
    """What is carried depends on the body, round and round; what is stacked, on one round more."""
    fixed, count = params["num_consts"], params["num_carry"]
    consts, carried, rest = values[:fixed], values[fixed : fixed + count], values[fixed + count :]
    while True:
        after = _flow(params["jaxpr"].jaxpr, [*consts, *carried, *rest])
        grown = [old | new for old, new in zip(carried, after[:count], strict=True)]
        if grown == carried:
            return [*carried, *after[count:]]
        carried = grown


def _union(many: Sequence[Inputs]) -> Inputs:
    all_of = 0
    for each in many:
        all_of |= each
    return all_of
