"""The structure of a model: who reads whom, in which order, and every mechanism traced."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import jax.numpy as jnp

from scm.core.assignment import Assignment, Variable
from scm.core.cycles import Loops, check_declared, joined, loops_of
from scm.core.errors import ModelError, UnknownNameError, suggestion
from scm.core.fit import fitted, real_number
from scm.core.leaves import flatten
from scm.core.marks import Coupling
from scm.core.mechanism import Mechanism, Shape, noise_shape, shape_of, trace

__all__ = ["Numbers", "Structure", "System", "order_of", "structure_of"]

Numbers = Mapping[str, list[list[Any]]]
"""The numbers of a model: by variable, layer by layer, as `Structure.numbers` gives them."""


@dataclasses.dataclass(frozen=True, eq=False)
class Structure:
    """Variables in topological order and, for each, its layers as mechanisms.

    Traced in one float precision; a model keeps one structure for each precision it is used in.

    Attributes:
      order: causes first; the variables of a loop come one after the other.
      loops: which variables cause each other, and are found together.
    """

    variables: Mapping[str, Variable]
    order: tuple[str, ...]
    mechanisms: Mapping[str, tuple[Mechanism, ...]]
    loops: Loops = dataclasses.field(default_factory=dict)

    def out(self, name: str) -> Shape:
        """Shape and dtype of a variable, for one unit."""
        return self.mechanisms[name][0].out

    def reads(self, name: str) -> tuple[str, ...]:
        """What a variable hears of directly: its parents; on a loop, those of all that are on it,
        and these."""
        if name not in self.loops:
            return self.variables[name].parents
        each = (self.variables[member].parents for member in self.loops[name])
        return tuple(dict.fromkeys(parent for parents in each for parent in parents))

    @property
    def rounds(self) -> tuple[str, ...]:
        """The order, in which loops are gone round as often as they have variables: for what
        spreads from parent to child."""
        if not self.loops:
            return self.order
        rounds: list[str] = []
        for name in self.order:
            loop = self.loops.get(name, (name,))
            if name not in rounds:
                rounds += loop * len(loop) if len(loop) > 1 else loop
        return tuple(rounds)

    def descendants(self, names: frozenset[str]) -> frozenset[str]:
        """The named variables and all that hear of them."""
        reached = set(names)
        for name in self.order:
            if not reached.isdisjoint(self.reads(name)):
                reached.add(name)
        return frozenset(reached)

    def ancestors(self, names: frozenset[str]) -> frozenset[str]:
        """The named variables and all that they hear of."""
        reached = set(names)
        for name in reversed(self.order):
            if name in reached:
                reached.update(self.reads(name))
        return frozenset(reached)

    def numbers(self) -> dict[str, list[list[Any]]]:
        """Every number of the model: by variable and layer, captured arrays first, then the
        assignment's own, then its noise laws' parameters."""
        return {
            name: [self.numbers_of(name, depth) for depth in range(len(self.mechanisms[name]))]
            for name in self.order
        }

    def numbers_of(self, name: str, depth: int) -> list[Any]:
        """The numbers of one layer of a variable."""
        mechanism = self.mechanisms[name][depth]
        assignment = mechanism.assignment
        laws = [assignment.noise[each] for each in sorted(assignment.noise)]
        return [*mechanism.captured, *assignment.numbers, *flatten(laws)[0]]


@dataclasses.dataclass(frozen=True, eq=False)
class System:
    """A structure with its numbers: all that a solver has to know of a model.

    Attributes:
      coupling: how canonical noise makes the values of returned distributions.
      numbers: concrete, or tracers where a program is being made of it.
    """

    structure: Structure
    coupling: Coupling | None
    numbers: Numbers

    def out(self, name: str) -> Shape:
        """Shape and dtype of a variable, for one unit."""
        return self.structure.out(name)

    def given(self, numbers: Numbers) -> System:
        """The same with other numbers in it."""
        return dataclasses.replace(self, numbers=numbers)


def _check_names(variables: Mapping[str, Variable]) -> None:
    """Every parent exists, and no constant hides a variable."""
    for name, variable in variables.items():
        for depth, assignment in enumerate(variable.layers):
            _check_parents(name, assignment, variables, intervention=depth > 0)


def _check_parents(
    name: str, assignment: Assignment, variables: Mapping[str, Variable], *, intervention: bool
) -> None:
    where = f"do({name}=...)" if intervention else name
    for parent in assignment.parents:
        if parent not in variables:
            raise UnknownNameError(
                f"{where}: its function names {parent!r} as a parent, but the model has no such "
                f"variable{suggestion(parent, variables)} (a parameter with a default is a "
                "constant or a noise, not a parent)"
            )
    hidden = [each for each in assignment.defaulted if each in variables]
    if hidden:
        each = hidden[0]
        raise ModelError(
            f"{where}: its function's parameter {each!r} has a default, which makes it a constant, "
            f"but {each!r} is also a variable; take the default away to make it a parent, or "
            "rename the constant"
        )


def order_of(
    variables: Mapping[str, Variable], *, natural: bool = False
) -> tuple[tuple[str, ...], Loops]:
    """The variables, causes first, and among equals in order of writing; and the loops among them.

    Refuses loops that are not declared, by their path. ``natural`` asks for the order of the
    mechanisms alone, without the interventions.
    """
    reads = {n: v.layers[0].parents if natural else v.parents for n, v in variables.items()}
    order = _sorted(reads)
    if len(order) == len(variables):
        return order, {}
    loops = loops_of(reads)
    check_declared(variables, reads, loops, natural=natural)
    order = _sorted(joined(reads, loops))
    return tuple(each for name in order for each in loops.get(name, (name,))), loops


def _sorted(reads: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Causes first, among equals in the order given; what stands on or behind a cycle left out."""
    waiting = {name: len(set(parents)) for name, parents in reads.items()}
    children: dict[str, list[str]] = {name: [] for name in reads}
    for name, parents in reads.items():
        for parent in dict.fromkeys(parents):
            children[parent].append(name)
    ready = collections.deque(name for name in reads if not waiting[name])
    order: list[str] = []
    while ready:
        name = ready.popleft()
        order.append(name)
        for child in children[name]:
            waiting[child] -= 1
            if not waiting[child]:
                ready.append(child)
    return tuple(order)


def structure_of(
    variables: Mapping[str, Variable], known: Mapping[Assignment, Mechanism] | None = None
) -> Structure:
    """Names checked, order found, and every layer of every variable traced.

    ``known`` are mechanisms of an earlier structure in the same precision; an assignment found
    there is not traced again unless its parents changed shape.
    """
    known = known or {}
    alike: dict[Any, Mechanism] = {}
    _check_names(variables)
    shapes: dict[str, Shape] = {}
    bases: dict[str, Mechanism] = {}
    order, loops = order_of(variables, natural=True)
    shapes |= dict.fromkeys(loops, Shape((), jnp.result_type(float)))
    for name in order:  # mechanisms fix each variable's shape
        base = variables[name].layers[0]
        bases[name] = _traced(name, base, shapes, known, alike, None)
        if name in loops:
            bases[name] = real_number(name, bases[name])
        shapes[name] = bases[name].out
    mechanisms = {}
    order, loops = order_of(variables)
    for name in order:
        above = [
            _traced(f"do({name}=...)", layer, shapes, known, alike, shapes[name])
            for layer in variables[name].layers[1:]
        ]
        mechanisms[name] = (bases[name], *above)
    for name in loops:
        for depth in variables[name].live:
            real_number(name, mechanisms[name][depth])
    return Structure(dict(variables), order, mechanisms, loops)


def _traced(
    where: str,
    assignment: Assignment,
    shapes: Mapping[str, Shape],
    known: Mapping[Assignment, Mechanism],
    alike: dict[Any, Mechanism],
    target: Shape | None,
) -> Mechanism:
    parents = tuple(shapes[parent] for parent in assignment.parents)
    before = known.get(assignment)
    if before is not None and before.given == parents and target in (None, before.out):
        return before
    if assignment.alike is None:
        mechanism = trace(where, assignment, parents)
    else:
        numbers = tuple(map(shape_of, assignment.numbers))
        noise = tuple((n, noise_shape(assignment.noise[n])) for n in sorted(assignment.noise))
        key = (assignment.alike, assignment.coupling, numbers, noise, parents)
        if key not in alike:
            alike[key] = trace(where, assignment, parents)
        mechanism = dataclasses.replace(alike[key], assignment=assignment)
    return mechanism if target is None else fitted(where, mechanism, target)
