"""Abduction on loops: what may be found equation by equation, and what has to be found together.

Where all variables of a loop were seen, each equation tells its own noise, as without loops: the
others are numbers in it. What was seen is then one solution of linear equations, and the density
of it that of the noises times |det(I - B)|; as long as B is known that is the same for whatever
the noises may be. Where one variable was not seen, the loop is one function of all its noises.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from scm.abduction.composed import Noise, live_noises, unit_forms
from scm.abduction.evidence import Seen
from scm.core.dependence import reaching
from scm.core.errors import ModelError
from scm.core.mechanism import Mechanism
from scm.core.structure import Structure, System
from scm.solve.equilibrium import balanced, slopes

__all__ = ["check_coefficients", "log_volume", "told_apart", "whole", "with_loops"]


def whole(system: System, kinds: Mapping[str, Seen]) -> frozenset[str]:
    """The variables on loops of which not all were seen by value: their noises go together."""
    loops = system.structure.loops
    return frozenset(
        name for name, loop in loops.items() if any(kinds.get(each) != "value" for each in loop)
    )


def with_loops(structure: Structure, groups: Sequence[set[str]]) -> list[set[str]]:
    """Groups of variables, where those that have two variables of a loop have the whole of it."""
    found = list(groups)
    for loop in dict.fromkeys(structure.loops.values()):
        if any(len(group.intersection(loop)) > 1 for group in found):
            touching = [group for group in found if not group.isdisjoint(loop)]
            found = [group for group in found if group.isdisjoint(loop)]
            found.append(set(loop).union(*touching))
    return found


def told_apart(
    structure: Structure, settled: Collection[str], groups: Sequence[set[str]]
) -> tuple[tuple[str, ...], ...]:
    """The loops that were seen whole, no two variables of which are in a group."""
    loops = dict.fromkeys(structure.loops.values())
    return tuple(
        loop
        for loop in loops
        if set(loop).issubset(settled)
        and all(len(group.intersection(loop)) < 2 for group in groups)
    )


def check_coefficients(
    system: System,
    loops: Sequence[tuple[str, ...]],
    settled: Collection[str],
    *,
    judging: bool = False,
) -> None:
    """Refuse loops whose equations are to tell their noises one by one, where their coefficients
    depend on what is not known of a unit.

    A variable's coefficients may depend on its noise if that is one real number, which its value
    tells then; a density (``judging``) is not to be had so.
    """
    makers = {n: m for loop in loops for n, m in slopes(system.structure, loop).items()}
    for name in makers:
        noises = live_noises(system, name)
        told = len(noises) == 1 and _is_real(noises[0]) and not judging
        own = {noise.address[1] for noise in noises}
        for depth in system.structure.variables[name].live:
            noise, parents = _behind(makers[name][depth])
            params = {p for p in parents if system.structure.variables[p].role == "param"}
            unknown = parents - params - set(settled) - {name}
            what = [f"{each}, which was not seen" for each in sorted(unknown)]
            what += [f"its noise {each}" for each in sorted(noise & own) if not told]
            if what:
                raise ModelError(
                    f"{'log_prob' if judging else 'abduct'}: {name} stands on a loop, and its "
                    f"coefficient there depends on {what[0]}; that is not solved for. Give its "
                    "value, or write the coefficient without it"
                )


def _is_real(noise: Noise) -> bool:
    return noise.shape.shape == () and noise.shape.dtype.kind == "f"


def _behind(maker: Mechanism) -> tuple[set[str], set[str]]:
    """The noises, and the parents, that the slopes of an equation depend on."""
    assert maker.jaxpr is not None
    noises, parents = sorted(maker.assignment.noise), maker.assignment.parents
    uses = reaching(maker.jaxpr)[len(maker.jaxpr.jaxpr.invars) - len(noises) - len(parents) :]
    used = lambda names, flags: {name for name, used in zip(names, flags, strict=True) if used}
    return used(noises, uses[: len(noises)]), used(parents, uses[len(noises) :])


def log_volume(
    system: System, loops: Sequence[tuple[str, ...]], known: Mapping[str, Any], n: int
) -> Any:
    """The sum of log |det(I - B)| over loops that were seen, (n,): what the density of their values
    has beside those of the noises. Their coefficients are checked to be known."""
    structure, total = system.structure, jnp.zeros(n)
    for loop in loops:
        noises = {each.address: each for name in loop for each in live_noises(system, name)}
        outside = [p for p in structure.reads(loop[0]) if p not in loop]
        params = [p for p in outside if structure.variables[p].role == "param"]

        def one(
            given: Mapping[str, Any], loop: Any = loop, noises: Any = noises, outside: Any = outside
        ) -> Any:
            # the coefficients do not hear of what is put in here
            nothing = lambda shape: jnp.zeros(shape.shape, shape.dtype)
            held = {address: nothing(each.shape) for address, each in noises.items()}
            values = {p: nothing(system.out(p)) for p in outside} | dict(given)
            return jnp.log(balanced(loop, unit_forms(system, loop, noises, held, values)).volume)

        fixed = {p: jnp.broadcast_to(system.numbers[p][-1][0], (n,)) for p in params}
        given = {p: known[p] for p in outside if p in known} | fixed
        total = total + jax.vmap(one, axis_size=n)(given)
    return total
