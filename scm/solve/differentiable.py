"""Means that can be differentiated: smooth paths as they are, jumps integrated out or refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.custom_derivatives import SymbolicZero
from jax.extend.core import ClosedJaxpr, Jaxpr

from scm.core.assignment import Assignment, Variable
from scm.core.errors import ModelError
from scm.core.mechanism import Mechanism, Shape
from scm.core.structure import Numbers, Structure, System
from scm.noise.laws import law_of
from scm.noise.source import Place, Source
from scm.solve.acyclic import needed, push, varies
from scm.solve.flat import evaluated, flat
from scm.solve.smoothing import Smoothing
from scm.solve.steps import held
from scm.solve.varied import Jump, Spread, jumps, sources

__all__ = ["differentiable"]

_FN = "fn(unit)"

Block = Callable[[Numbers, Source, list[Any]], tuple[Any, ...]]


def differentiable(
    system: System,
    jaxpr: Jaxpr,
    unit: Mapping[str, Shape],
    n: int,
    block: Block,
    summed: Callable[[Any], tuple[Any, Any, Any]],
) -> Block:
    """``block(numbers, source, consts) -> (mean, rest, squares, fine)`` with its right derivative.

    Arguments:
      jaxpr: the function of a unit whose moments these are: consts, then a value for every name in
        ``unit`` in sorted order.
      n: the units of a block.
      summed: the moments of a column of values.

    Raises `ModelError`, when it is differentiated, for a jump that is not understood.
    """
    asked = _asked(system, jaxpr, unit)
    found = jax.custom_jvp(block)

    def rule(primals: Any, tangents: Any) -> tuple[Any, Any]:
        leaves, structure = jax.tree.flatten(primals)
        slopes = jax.tree.leaves(tangents, is_leaf=lambda t: isinstance(t, SymbolicZero))
        moving = [not isinstance(t, SymbolicZero) for t in slopes]
        spread = _spread(asked, jax.tree.unflatten(structure, moving))
        places = [_place(asked, spread, jump) for jump in spread.jumps]
        leaves = _once(asked, structure, tuple(moving), leaves)

        def along(*varied: Any) -> Any:
            rest = iter(varied)
            filled = [next(rest) if m else x for m, x in zip(moving, leaves, strict=True)]
            numbers, source, consts = jax.tree.unflatten(structure, filled)
            if not spread.jumps:
                return block(numbers, source, consts)
            return _smoothed(asked, spread, places, n, summed, numbers, source, consts)

        primal = [x for m, x in zip(moving, leaves, strict=True) if m]
        values, slopes = jax.jvp(
            along, primal, [t for m, t in zip(moving, slopes, strict=True) if m]
        )
        if not spread.jumps:
            return values, slopes
        (*values, _), (mean, rest, squares, fine, extra) = values, slopes
        mean, squares = mean + extra[..., 0] / n, squares + extra[..., 1]
        return tuple(values), (mean, rest, squares, fine)

    found.defjvp(rule, symbolic_zeros=True)
    return found


def _asked(system: System, jaxpr: Jaxpr, unit: Mapping[str, Shape]) -> System:
    """The system with the function of a unit as one more variable, without its numbers."""
    count = len(jaxpr.invars) - len(unit)
    used = {id(v) for eqn in jaxpr.eqns for v in eqn.invars} | {id(v) for v in jaxpr.outvars}
    inputs = zip(sorted(unit), jaxpr.invars[count:], strict=True)
    read = {name: v for name, v in inputs if id(v) in used}
    assignment = Assignment("function", tuple(read), {}, (), None, "u", None)
    heads = jaxpr.invars[:count]
    closed = ClosedJaxpr(jaxpr.replace(invars=[*heads, *read.values()]), [])
    out: Any = jaxpr.outvars[0].aval
    mechanism = Mechanism(assignment, Shape(out.shape, out.dtype), closed, (0,) * count)
    whole = system.structure
    structure = Structure(
        {**whole.variables, _FN: Variable(_FN, "observed", (assignment,))},
        (*whole.order, _FN),
        {**whole.mechanisms, _FN: (mechanism,)},
        whole.loops,
    )
    return System(structure, system.coupling, {})


def _numbers(numbers: Numbers, consts: list[Any]) -> dict[str, Any]:
    return {**numbers, _FN: [consts]}


def _spread(asked: System, moving: Any) -> Spread:
    numbers, _, consts = moving
    wanted = needed(asked.structure, {}, frozenset({_FN}))
    return jumps(asked, _numbers(numbers, consts), wanted)


def _once(asked: System, structure: Any, moving: tuple[bool, ...], leaves: list[Any]) -> list[Any]:
    """What the first derivative reads, refusing a second one through jumps."""

    @jax.custom_jvp
    def same(leaves: list[Any]) -> list[Any]:
        return leaves

    def rule(primals: Any, tangents: Any) -> Any:
        (leaves,), (slopes,) = primals, tangents
        again = [not isinstance(t, SymbolicZero) for t in slopes]
        both = [a or b for a, b in zip(moving, again, strict=True)]
        if any(again):
            spread = _spread(asked, jax.tree.unflatten(structure, both))
            for jump in spread.jumps:
                raise ModelError(
                    f"{jump.name}: a second derivative of an expectation is asked for through a "
                    f"jump ({jump.words}); first derivatives are exact there, so take a finite "
                    "difference of jax.grad(...) at two values, with the same key"
                )
        return same(leaves), slopes

    same.defjvp(rule, symbolic_zeros=True)
    return same(leaves)


def _place(asked: System, spread: Spread, jump: Jump) -> Place | None:
    """The noise over which a threshold is integrated; None for a law. Refuses other jumps."""
    structure = asked.structure
    wanted = needed(structure, {}, frozenset({_FN}))
    where = "fn" if jump.name == _FN else jump.name
    head = f"expect: {where}: a derivative is asked for through a jump: {jump.words}"
    if jump.name in structure.loops:
        raise ModelError(
            f"{head}, in an equation of a loop; give what jumps a variable of its own, which "
            f"{jump.name} reads"
        )
    if len(structure.variables[jump.name].live) > 1:
        raise ModelError(
            f"{head}, below an intervention that names {jump.name} itself; write the whole of it "
            f"as one function in do({jump.name}=...)"
        )
    if jump.step is None:
        return None
    if jump.step.threshold:
        for name, depth, noise in sources(asked, jump, wanted):
            single = len(structure.variables[name].live) == 1
            if single and _has_place(asked, spread, (name, depth, noise)):
                return name, depth, noise
    raise ModelError(
        f"{head}, which cannot be integrated out; a comparison can, if the difference of its sides "
        "is affine in a scalar real noise of the variable or of one before it (u < p, x + u > c); "
        "else let the function return a distribution (Bernoulli(p), Categorical(logits=...)), "
        "whose values are summed over"
    )


def _has_place(asked: System, spread: Spread, place: Place) -> bool:
    """Whether a noise whose own law is varied can be held at its score."""
    name, depth, noise = place
    mechanism = asked.structure.mechanisms[name][depth]
    if noise in mechanism.assignment.noise:
        still = place not in spread.laws
        return still or law_of(mechanism.assignment.noise[noise]).place is not None
    returned: Any = mechanism.law
    law = jax.tree.unflatten(returned, [jnp.zeros(())] * returned.num_leaves)
    return name not in spread.variables or law_of(law).place is not None


def _smoothed(
    asked: System,
    spread: Spread,
    places: Sequence[Place | None],
    n: int,
    summed: Callable[[Any], tuple[Any, Any, Any]],
    numbers: Numbers,
    source: Source,
    consts: list[Any],
) -> tuple[Any, ...]:
    """The moments of a block, with what all jumps add to their derivatives behind them."""
    structure = asked.structure
    numbers = _numbers(numbers, consts)
    system, still = asked.given(numbers), asked.given(lax.stop_gradient(numbers))
    settled = _settled(system, spread.jumps)
    wanted = frozenset(needed(structure, {}, frozenset({_FN})))
    solved = push(settled, source, {}, wanted)
    columns = solved.columns
    value, shape = columns[_FN], asked.out(_FN).shape
    value = value if varies(value, shape) else jnp.broadcast_to(value, (n, *shape))
    found = summed(value)
    fine = jnp.asarray(True)
    for each in solved.lawful.values():
        fine = fine & jnp.all(each)
    fixed = lax.stop_gradient({**columns, _FN: value.astype(found[0].dtype)})
    mean = lax.stop_gradient(found[0] + found[1])
    smoothing = Smoothing(system, still, settled, source, n, _FN, mean, columns, fixed)
    extra = sum(
        smoothing.term(jump, place) for jump, place in zip(spread.jumps, places, strict=True)
    )
    return (*found, fine, extra)


def _settled(system: System, found: Sequence[Jump]) -> System:
    """The system in which jumps are blind to what is varied."""
    structure = system.structure
    mechanisms = {name: list(each) for name, each in structure.mechanisms.items()}
    numbers = {name: [list(layer) for layer in each] for name, each in system.numbers.items()}
    for name, depth in dict.fromkeys((jump.name, jump.depth) for jump in found):
        here = [jump for jump in found if (jump.name, jump.depth) == (name, depth)]
        mechanism = mechanisms[name][depth]
        assignment = mechanism.assignment
        at = len(mechanism.captured) + len(assignment.numbers)
        for noise in sorted(assignment.noise):
            size = len(jax.tree.leaves(assignment.noise[noise]))
            if any(jump.declared and jump.noise == noise for jump in here):
                layer = numbers[name][depth]
                layer[at : at + size] = lax.stop_gradient(layer[at : at + size])
            at += size
        mechanisms[name][depth] = _blind(mechanism, here)
    changed = dataclasses.replace(
        structure, mechanisms={name: tuple(each) for name, each in mechanisms.items()}
    )
    return System(changed, system.coupling, numbers)


def _blind(mechanism: Mechanism, found: Sequence[Jump]) -> Mechanism:
    assert mechanism.jaxpr is not None
    closed = flat(mechanism.jaxpr)
    hook = held(closed.jaxpr, [jump.step.at for jump in found if jump.step is not None])
    drawn = any(jump.step is None and not jump.declared for jump in found)

    def blind(*inputs: Any) -> Any:
        outputs = evaluated(closed.jaxpr, inputs, hook)
        return lax.stop_gradient(outputs) if drawn else outputs

    avals = [Shape(v.aval.shape, v.aval.dtype) for v in closed.jaxpr.invars]
    return dataclasses.replace(mechanism, jaxpr=jax.make_jaxpr(blind)(*avals))
