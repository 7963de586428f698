"""Loops: variables that cause each other, and are found together where every one is declared so.

A loop is a strongly connected component of who reads whom. Between loops a model is acyclic; in
one, the assignments marked `scm.core.marks.equilibrium` are equations that hold at once.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Iterator, Mapping, Sequence

from scm.core.assignment import Variable
from scm.core.errors import CycleError

__all__ = ["Loops", "check_declared", "joined", "loops_of", "path"]

Loops = Mapping[str, tuple[str, ...]]
"""By variable on a loop: all that are on it, in order of writing."""

Reads = Mapping[str, Sequence[str]]


def loops_of(reads: Reads) -> dict[str, tuple[str, ...]]:
    """The loops among variables, by who reads whom. Refuses a variable that reads itself.

    >>> loops_of({"a": ["c"], "b": ["a"], "c": ["b"], "d": ["a"]})["b"]
    ('a', 'b', 'c')
    """
    for name, parents in reads.items():
        if name in parents:
            raise CycleError(
                f"{name} names itself as a parent: {name} -> {name}; solve {name} for itself and "
                f"write what it comes to"
            )
    place = {name: at for at, name in enumerate(reads)}
    found: dict[str, tuple[str, ...]] = {}
    for component in _components(reads):
        if len(component) > 1:
            loop = tuple(sorted(component, key=place.__getitem__))
            found |= dict.fromkeys(loop, loop)
    return found


def _components(reads: Reads) -> Iterator[list[str]]:
    """The strongly connected components: Tarjan (1972), without recursion."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    held: set[str] = set()
    for root in reads:
        waiting = [] if root in number else [(root, iter(reads[root]))]
        while waiting:
            name, rest = waiting[-1]
            if name not in number:
                number[name] = low[name] = len(number)
                stack.append(name)
                held.add(name)
            for parent in rest:
                if parent not in number:
                    waiting.append((parent, iter(reads[parent])))
                    break
                if parent in held:
                    low[name] = min(low[name], number[parent])
            else:
                waiting.pop()
                if waiting:
                    below = waiting[-1][0]
                    low[below] = min(low[below], low[name])
                if low[name] == number[name]:
                    cut = stack.index(name)
                    component = stack[cut:]
                    del stack[cut:]
                    held.difference_update(component)
                    yield component


def joined(reads: Reads, loops: Loops) -> dict[str, list[str]]:
    """Who reads whom from outside its loop, a loop reading what any of its variables read; each
    loop, and each name read, goes by the first variable of its loop."""
    first = {name: loop[0] for name, loop in loops.items()}
    found: dict[str, dict[str, None]] = {}
    for name, parents in reads.items():
        group = first.get(name, name)
        heard = (first.get(parent, parent) for parent in parents)
        found.setdefault(group, {}).update(dict.fromkeys(p for p in heard if p != group))
    return {name: list(parents) for name, parents in found.items()}


def path(reads: Reads, loop: Iterable[str], start: str) -> str:
    """A shortest way round a loop from one of its variables, causes first: ``a -> b -> a``."""
    inside = set(loop)
    towards: dict[str, str] = {}  # from a cause to the effect that was met before it
    waiting = collections.deque([start])
    while start not in towards:
        name = waiting.popleft()
        for parent in reads[name]:
            if parent in inside and parent not in towards:
                towards[parent] = name
                waiting.append(parent)
    way = [start]
    while len(way) == 1 or way[-1] != start:
        way.append(towards[way[-1]])
    return " -> ".join(way)


def check_declared(
    variables: Mapping[str, Variable], reads: Reads, loops: Loops, *, natural: bool
) -> None:
    """Refuse a loop on which some assignment is not marked, by its path.

    ``natural`` looks at the mechanisms alone, without the interventions.
    """
    for loop in dict.fromkeys(loops.values()):
        bare = {name: depth for name in loop for depth in _bare(variables[name], loop, natural)}
        if not bare:
            continue
        name, depth = next(iter(bare.items()))
        way = path(reads, loop, name)
        if name in variables[name].layers[depth].parents:
            raise CycleError(
                f"do({name}=...): its function names {name} itself, which stands on a circle: "
                f"{way}; to change its equation, and let all settle anew, write "
                f"do({name}=equilibrium(...)); to start from the value that each unit had, "
                f'put that in: do({name}=world["{name}"] + 1)'
            )
        forms = ("{}=equilibrium(...)", "do({}=equilibrium(...))")
        marked = ", ".join(forms[depth > 0].format(each) for each, depth in bare.items())
        raise CycleError(
            f"the variables cause each other in a circle: {way}; an assignment may only name what "
            f"is decided before it. If these are equations that hold at once, write {marked}"
        )


def _bare(variable: Variable, loop: tuple[str, ...], natural: bool) -> Iterator[int]:
    """The layers by which a variable stands on its loop that are not marked."""
    inside, heard = set(loop) - {variable.name}, False
    for depth in (0,) if natural else variable.live:
        layer = variable.layers[depth]
        heard = not inside.isdisjoint(layer.parents) or (heard and variable.name in layer.parents)
        if heard and not layer.equilibrium:
            yield depth
