"""The layers behind a statistic, of all worlds together: what is the same in two worlds once."""

from __future__ import annotations

import dataclasses
import heapq
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scm.core.mechanism import Mechanism
from scm.core.structure import System
from scm.exact.equilibria import balance
from scm.exact.layer import Layer, layer_of
from scm.solve.equilibrium import taken_apart
from scm.truth.links import At, Links, needed, place
from scm.truth.question import Integrand

__all__ = ["Layer", "layers_of"]


def layers_of(
    systems: Mapping[str, System], links: Links, wanted: Sequence[Integrand]
) -> list[Layer]:
    """All layers behind functions of a unit, which come last; each after those that it reads."""
    found: list[Layer] = []
    numbers: dict[Any, int] = {}
    at: dict[At, int] = {}
    read = [read for each in wanted for read in each.reads]
    for world, names in needed(systems, links, read).items():
        for name in names:
            _enter(found, numbers, at, links, world, systems[world], name)
    for each in wanted:
        parents = tuple(at[read] for read in each.reads)
        fixed = tuple(np.asarray(x) for x in each.consts)
        found.append(Layer("", each.jaxpr, each.out, parents, fixed))
    return _ordered(found, len(wanted))


def _enter(
    found: list[Layer],
    numbers: dict[Any, int],
    at: dict[At, int],
    links: Links,
    world: str,
    system: System,
    name: str,
) -> None:
    """The layers of one variable, or of all on its loop, unless another world has them already."""

    def entered(layer: Layer, key: Any) -> int:
        if key not in numbers:
            numbers[key] = len(found)
            found.append(layer)
        return numbers[key]

    def value(system: System, name: str) -> int:
        below = -1
        for depth in system.structure.variables[name].live:
            mechanism = system.structure.mechanisms[name][depth]
            reads = mechanism.assignment.parents
            parents = tuple(below if p == name else at[place(links, world, name, p)] for p in reads)
            layer = layer_of(name, mechanism, system, depth, parents)
            below = entered(layer, _key(layer, mechanism))
        return below

    loop = system.structure.loops.get(name)
    if loop is None:
        at[world, name] = value(system, name)
    elif (world, name) not in at:
        apart = taken_apart(system, loop)
        forms = tuple(value(apart, member) for member in loop)
        for member in loop:
            layer = balance(member, loop, forms, system.out(member))
            at[world, member] = entered(layer, (member, loop, forms))


def _key(layer: Layer, mechanism: Mechanism) -> Any:
    """Equal only for layers that have the same value in every unit."""
    text = lambda array: (array.dtype.str, array.shape, array.tobytes())
    numbers = [*layer.fixed, *(x for each in layer.noise for x in each[4])]
    what: Any = id(mechanism.assignment) if layer.jaxpr is not None else "constant"
    out = layer.out.shape, str(layer.out.dtype)
    return layer.variable, what, out, tuple(map(text, numbers)), layer.parents


def _ordered(layers: list[Layer], last: int) -> list[Layer]:
    """In the order, of three, in which least must be held at once: as they came; a variable of all
    worlds after another; or each as late as what reads it allows."""
    orders = [list(range(len(layers))), _by_variable(layers, last), _late(layers, last)]
    order = min(orders, key=lambda order: _width(layers, order))
    place = {number: at for at, number in enumerate(order)}
    return [
        dataclasses.replace(layers[n], parents=tuple(place[p] for p in layers[n].parents))
        for n in order
    ]


def _by_variable(layers: list[Layer], last: int) -> list[int]:
    """Whatever can be had of the variable that came first."""
    rank: dict[str, int] = {}
    for layer in layers:
        rank.setdefault(layer.variable, len(rank))
    ends = range(len(layers) - last, len(layers))
    waiting = [len(set(layer.parents)) for layer in layers]
    readers: list[list[int]] = [[] for _ in layers]
    for number, layer in enumerate(layers):
        for parent in set(layer.parents):
            readers[parent].append(number)
    ready = [(rank[layers[n].variable], n) for n in range(ends.start) if not waiting[n]]
    heapq.heapify(ready)
    order: list[int] = []
    while ready:
        _, number = heapq.heappop(ready)
        order.append(number)
        for reader in readers[number]:
            waiting[reader] -= 1
            if not waiting[reader] and reader not in ends:
                heapq.heappush(ready, (rank[layers[reader].variable], reader))
    return [*order, *ends]


def _late(layers: list[Layer], last: int) -> list[int]:
    """Depth first from what is asked."""
    order: list[int] = []
    done: set[int] = set()
    ends = range(len(layers) - last, len(layers))
    stack = list(reversed(ends))
    while stack:
        number = stack[-1]
        waiting = [p for p in layers[number].parents if p not in done]
        if waiting:
            stack.extend(reversed(waiting))
            continue
        stack.pop()
        if number not in done:
            done.add(number)
            order.append(number)
    return [n for n in order if n not in ends] + list(ends)


def _width(layers: list[Layer], order: list[int]) -> int:
    """The most values that are held at once, and noises that are read again."""
    last: dict[Any, int] = {}
    first: dict[Any, int] = {}
    for at, number in enumerate(order):
        for noise in layers[number].noises:
            first.setdefault(noise, at)
            last[noise] = at
        first[number] = at
        last |= dict.fromkeys(layers[number].parents, at)
    change = [0] * (len(order) + 1)
    for what, at in first.items():
        end = last.get(what, at)
        if end > at:
            change[at] += 1
            change[end] -= 1
    return max(itertools.accumulate(change))
