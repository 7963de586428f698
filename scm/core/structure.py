"""The structure of a model: who reads whom, in which order, and every mechanism traced."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping
from typing import Any

from scm.core.assignment import Assignment, Variable
from scm.core.errors import CycleError, ModelError, UnknownNameError, suggestion
from scm.core.fit import fitted
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
    """

    variables: Mapping[str, Variable]
    order: tuple[str, ...]
    mechanisms: Mapping[str, tuple[Mechanism, ...]]

    def out(self, name: str) -> Shape:
        """Shape and dtype of a variable, for one unit."""
        return self.mechanisms[name][0].out

    def descendants(self, names: frozenset[str]) -> frozenset[str]:
        """The named variables and all that hear of them."""
        reached = set(names)
        for name in self.order:
            if not reached.isdisjoint(self.variables[name].parents):
                reached.add(name)
        return frozenset(reached)

    def ancestors(self, names: frozenset[str]) -> frozenset[str]:
        """The named variables and all that they hear of."""
        reached = set(names)
        for name in reversed(self.order):
            if name in reached:
                reached.update(self.variables[name].parents)
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


def order_of(variables: Mapping[str, Variable], *, natural: bool = False) -> tuple[str, ...]:
    """The variables, causes first; among equals in order of writing. Refuses cycles by path.

    ``natural`` asks for the order of the mechanisms alone, without the interventions.
    """
    reads = {n: v.layers[0].parents if natural else v.parents for n, v in variables.items()}
    waiting = {name: len(set(parents)) for name, parents in reads.items()}
    children: dict[str, list[str]] = {name: [] for name in variables}
    for name, parents in reads.items():
        for parent in dict.fromkeys(parents):
            children[parent].append(name)
    ready = collections.deque(name for name in variables if not waiting[name])
    order: list[str] = []
    while ready:
        name = ready.popleft()
        order.append(name)
        for child in children[name]:
            waiting[child] -= 1
            if not waiting[child]:
                ready.append(child)
    if len(order) < len(variables):
        decided = set(order)
        raise CycleError(_cycle(reads, [name for name in variables if name not in decided]))
    return tuple(order)


def _cycle(reads: Mapping[str, tuple[str, ...]], stuck: list[str]) -> str:
    """The path of one cycle: walk to a stuck parent until a variable comes again."""
    among, path = set(stuck), [stuck[0]]
    while True:
        parent = next(p for p in reads[path[-1]] if p in among)
        if parent in path:
            loop = [parent, *reversed(path[path.index(parent) :])]
            if len(loop) == 2:
                return f"{parent} names itself as a parent: {parent} -> {parent}"
            return (
                f"the variables cause each other in a circle: {' -> '.join(loop)}; "
                "an assignment may only name what is decided before it"
            )
        path.append(parent)


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
    for name in order_of(variables, natural=True):  # mechanisms fix each variable's shape
        base = variables[name].layers[0]
        bases[name] = _traced(name, base, shapes, known, alike, None)
        shapes[name] = bases[name].out
    mechanisms = {}
    order = order_of(variables)
    for name in order:
        above = [
            _traced(f"do({name}=...)", layer, shapes, known, alike, shapes[name])
            for layer in variables[name].layers[1:]
        ]
        mechanisms[name] = (bases[name], *above)
    return Structure(dict(variables), order, mechanisms)


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
