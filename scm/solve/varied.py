"""Which jumps stand between numbers that are varied and the variables that are asked for.

Found from the structure alone, before anything is computed: what is varied spreads from parent to
child through smooth equations and ends at jumps.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from scm.core.structure import System
from scm.noise.identity import drawn_law, static_law
from scm.solve.continuity import continuous
from scm.solve.flat import flat
from scm.solve.steps import Step, affine, steps

__all__ = ["Jump", "Spread", "jumps", "sources"]


@dataclasses.dataclass(frozen=True)
class Jump:
    """A jump of one variable: of the noise it declares, of the law it returns, or in its function.

    Attributes:
      noise: the name of the declared or of the canonical noise; empty for a step in the function.
      step: where in the flat jaxpr of its mechanism; None for a noise.
      words: what jumps, for messages.
    """

    name: str
    depth: int
    noise: str
    step: Step | None
    words: str

    @property
    def declared(self) -> bool:
        return self.step is None and self.words.startswith("its noise")


@dataclasses.dataclass(frozen=True)
class Spread:
    """The jumps, causes first, and the laws of declared noises whose parameters are varied."""

    jumps: tuple[Jump, ...]
    laws: frozenset[tuple[str, int, str]]
    variables: frozenset[str]


def jumps(
    system: System, varied: Mapping[str, Sequence[Sequence[bool]]], asked: Collection[str]
) -> Spread:
    """The jumps among these variables when these numbers are varied."""
    structure = system.structure
    moving: set[str] = set()
    found: list[Jump] = []
    laws: set[tuple[str, int, str]] = set()
    for name in structure.rounds:
        if name not in asked:
            continue
        for depth in structure.variables[name].live:
            mechanism = structure.mechanisms[name][depth]
            numbers, assignment = varied[name][depth], mechanism.assignment
            if mechanism.jaxpr is None:
                smooth = [any(numbers) and _real(mechanism.out)]
            else:
                heads = len(mechanism.captured) + len(assignment.numbers)
                inputs, at = list(numbers[:heads]), heads
                for noise in sorted(assignment.noise):
                    law = assignment.noise[noise]
                    leaves: Any = jax.tree.structure(law)
                    size = leaves.num_leaves
                    shaken = any(numbers[at : at + size])
                    at += size
                    inputs.append(shaken and not _discrete(law))
                    if shaken and _discrete(law):
                        words = f"its noise {noise} is {_family(law)}"
                        found.append(Jump(name, depth, noise, None, words))
                    elif shaken:
                        laws.add((name, depth, noise))
                inputs += [parent in moving for parent in assignment.parents]
                steps_here, smooth = _steps(mechanism, inputs)
                found += [Jump(name, depth, "", each, each.words) for each in steps_here]
                if mechanism.law is not None and any(smooth):
                    law = drawn_law(name, mechanism, system.coupling)
                    assert law is not None
                    if not _real(mechanism.out) or _unreparametrised(mechanism.law, law.kind):
                        words = f"it is drawn from {law.family}"
                        found.append(Jump(name, depth, assignment.fresh, None, words))
                        smooth = [False]
            moving = moving | {name} if any(smooth) else moving - {name}
    return Spread(tuple(dict.fromkeys(found)), frozenset(laws), frozenset(moving))


def _steps(mechanism: Any, inputs: Sequence[bool]) -> tuple[list[Step], list[bool]]:
    """The steps of a mechanism that are jumps: thresholds at which it is continuous are none."""
    if not any(inputs):
        return [], [False]
    closed = flat(mechanism.jaxpr)
    found, smooth = steps(closed.jaxpr, inputs)
    return [s for s in found if not (s.threshold and continuous(closed, s.at))], smooth


def _real(shape: Any) -> bool:
    return bool(jnp.issubdtype(shape.dtype, jnp.inexact))


def _discrete(law: Any) -> bool:
    """Whether a law's values jump as its parameters move."""
    support = law.support
    discrete = support is not None and support.is_discrete
    return discrete or (static_law(law).kind == "sampler" and not law.has_rsample)


def _unreparametrised(returned: Any, kind: str) -> bool:
    if kind != "sampler":
        return False
    distribution = jax.tree.unflatten(returned, [0.0] * returned.num_leaves)
    return not (distribution.reparametrized_params and distribution.has_rsample)


def _family(law: Any) -> str:
    return type(law).__name__.removesuffix("Probs").removesuffix("Logits")


def sources(system: System, jump: Jump, asked: Collection[str]) -> list[tuple[str, int, str]]:
    """The scalar real noises in which a threshold's gap is affine, the nearest first."""
    structure = system.structure
    near = [name for name in reversed(structure.order) if name in asked]
    near = near[near.index(jump.name) :]
    found = []
    for name in near:
        if name not in structure.ancestors(frozenset({jump.name})):
            continue
        for depth in structure.variables[name].live:
            mechanism = structure.mechanisms[name][depth]
            noises = [n for n in sorted(mechanism.assignment.noise)
                      if mechanism.assignment.noise[n].event_shape == ()
                      and not _discrete(mechanism.assignment.noise[n])]  # fmt: skip
            drawn = mechanism.law is not None and _real(mechanism.out) and not mechanism.out.shape
            if drawn and name != jump.name:
                noises.append(mechanism.assignment.fresh)
            places = [(name, depth, noise) for noise in noises]
            found += [place for place in places if _gap_kind(system, place, jump) == 1]
    return found


def _gap_kind(system: System, place: tuple[str, int, str], jump: Jump) -> int:
    """How a threshold's gap depends on a noise: 0 not at all, 1 affinely, 2 otherwise."""
    structure, (origin, layer, noise) = system.structure, place
    kinds: dict[str, Any] = {}
    for name in structure.rounds:
        below: Any = 0
        for depth in structure.variables[name].live:
            mechanism = structure.mechanisms[name][depth]
            assignment = mechanism.assignment
            if mechanism.jaxpr is None:
                below = 0
                continue
            heads = len(mechanism.captured) + len(assignment.numbers)
            own = [*assignment.noise, *([assignment.fresh] if mechanism.law is not None else [])]
            if name == origin and depth != layer and noise in own:  # it enters twice
                return 2
            inputs: list[Any] = [0] * heads
            inputs += [int((name, depth, n) == place) for n in sorted(assignment.noise)]
            inputs += [below if p == name else kinds.get(p, 0) for p in assignment.parents]
            closed = flat(mechanism.jaxpr)
            found = affine(closed.jaxpr, inputs)
            if (name, depth) == (jump.name, jump.depth):
                assert jump.step is not None
                gap = [found.get(v, 0) if _is_variable(v) else 0
                       for v in closed.jaxpr.eqns[jump.step.at].invars]  # fmt: skip
                return max(gap)
            outputs = [found[v] if _is_variable(v) else 0 for v in closed.jaxpr.outvars]
            if mechanism.law is None:
                below = max(outputs)
            elif (name, depth) == (origin, layer) and noise == assignment.fresh:
                below = 1 if not any(outputs) else 2
            else:
                below = 2 if any(outputs) else 0
        kinds[name] = below
    return 0


def _is_variable(each: Any) -> bool:
    return not hasattr(each, "val")
