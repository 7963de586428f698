"""Solving models of many like nodes: one loop over all nodes, compiled once for each class.

A program with a kernel for every variable takes time to compile in proportion to the variables.
This one goes through the nodes in causal order, and at each switches to the code of its class,
which reads that node's numbers, streams and parents by index out of stacked arrays. So the program
knows nothing of the graph: it is an input.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.compile.likeness import lifted
from scm.compile.programs import kept, traced
from scm.core.structure import Structure, System
from scm.noise.source import Address, Drawn
from scm.solve.acyclic import all_finite, all_lawful, layer_value, push
from scm.solve.protocol import Columns
from scm.solve.schedule import Kind, NodeClass, Schedule, kind_of

__all__ = ["run_loop"]


def run_loop(
    system: System, source: Drawn, carried: Columns, plan: Schedule
) -> tuple[dict[str, Any], Any]:
    """The columns of a schedule, and whether every law was defined and every value finite: two
    booleans."""
    given = push(system, source, carried, plan.given)
    constants, fine = given.columns, all_lawful(given.lawful)
    inputs = _inputs(system, source, carried, constants, plan)
    job = lambda inputs: _loop(system, plan, inputs)
    if traced(inputs):
        buffers, lawful, finite = job(inputs)
    else:
        shapes = tuple((kind, plan.sizes[kind]) for kind in plan.sizes)
        key = ("loop", tuple(plan.classes), shapes, system.coupling, jnp.result_type(float))
        buffers, lawful, finite = kept(key, lambda: job)(inputs)
    columns = dict(constants)
    for name in plan.order:
        kind, row = plan.rows[name]
        columns[name] = _row(buffers[kind], row)
    return columns, (lawful & fine, finite & all_finite(constants.values()))


@jax.jit
def _row(buffer: Any, row: Any) -> Any:
    return jax.lax.dynamic_index_in_dim(buffer, row, keepdims=False)


def _inputs(
    system: System, source: Drawn, carried: Columns, constants: Columns, plan: Schedule
) -> Any:
    """All that the loop reads: stacked by class, and by kind."""
    numbering = {signature: at for at, signature in enumerate(plan.classes)}
    of_class = {
        n: (numbering[s], at) for s, c in plan.classes.items() for at, n in enumerate(c.names)
    }
    kinds = list(plan.sizes)
    known = {**carried, **constants}
    steps = []
    for name in plan.order:
        kind, row = plan.rows[name]
        steps.append((*of_class[name], kinds.index(kind), row))
    return {
        "units": source.units,
        "steps": np.array(steps, np.int32),
        "held": {
            kind: [known[name] for name in plan.held if plan.rows[name][0] == kind]
            for kind in kinds
        },
        "classes": [_class_inputs(system, source, known, plan, c) for c in plan.classes.values()],
    }


def _class_inputs(
    system: System, source: Drawn, known: Columns, plan: Schedule, nodes: NodeClass
) -> dict[str, Any]:
    structure = system.structure
    numbers, streams, rows, still = [], [], [], []
    for name in nodes.names:
        live = structure.variables[name].live
        numbers.append([
            [*_literals(structure, name, depth), *system.numbers[name][depth]] for depth in live
        ])  # fmt: skip
        streams.append([source.streams[address] for address in _addresses(structure, name)])
        parents = structure.variables[name].parents
        rows.append([plan.rows[p][1] for p in parents if p in plan.rows])
        still.append([known[p] for p in parents if p not in plan.rows])
    return {
        "numbers": jax.tree.map(_stack, *numbers),
        "streams": jax.tree.map(_stack, *streams),
        "rows": np.array(rows, np.int32).reshape(len(rows), -1),
        "still": jax.tree.map(_stack, *still),
    }


def _stack(*leaves: Any) -> Any:
    concrete = all(isinstance(each, np.ndarray | np.generic | float | int) for each in leaves)
    return (np if concrete else jnp).stack(leaves)


def _literals(structure: Structure, name: str, depth: int) -> tuple[Any, ...]:
    plain = structure.mechanisms[name][depth]
    captured = lifted(plain).captured
    return captured[: len(captured) - len(plain.captured)]


def _addresses(structure: Structure, name: str) -> list[Address]:
    """The addresses of a node's noises, in an order that like nodes share."""
    found: dict[Address, None] = {}
    for depth in structure.variables[name].live:
        mechanism = structure.mechanisms[name][depth]
        found |= {(name, each): None for each in sorted(mechanism.assignment.noise)}
        if mechanism.law is not None:
            found[name, mechanism.assignment.fresh] = None
    return list(found)


def _loop(system: System, plan: Schedule, inputs: Any) -> tuple[dict[Kind, Any], Any, Any]:
    inputs = jax.tree.map(jnp.asarray, inputs)
    units, kinds = inputs["units"], list(plan.sizes)
    buffers = {}
    for kind in kinds:
        dtype, shape = kind
        # a row more than there are variables: what a node of another kind would write
        buffer = jnp.zeros((plan.sizes[kind] + 1, units.n, *shape), dtype)
        held = inputs["held"][kind]
        buffers[kind] = buffer.at[: len(held)].set(jnp.stack(held)) if held else buffer
    codes = [
        _branch(system, nodes, stacked, units, kinds)
        for nodes, stacked in zip(plan.classes.values(), inputs["classes"], strict=True)
    ]

    def step(at: Any, state: Any) -> Any:
        buffers, lawful = state
        which, place, kind, row = inputs["steps"][at]
        values, defined = jax.lax.switch(which, codes, buffers, place)
        # made before it is written, so that several threads may make it
        values = jax.lax.optimization_barrier(values)
        written = {
            each: jax.lax.dynamic_update_index_in_dim(
                buffers[each], values[each], jnp.where(kind == number, row, plan.sizes[each]), 0
            )
            for number, each in enumerate(kinds)
        }
        return written, lawful & defined

    state = (buffers, jnp.asarray(True))
    buffers, lawful = jax.lax.fori_loop(0, len(inputs["steps"]), step, state)
    finite = jnp.asarray(True)
    for buffer in buffers.values():
        if jnp.issubdtype(buffer.dtype, jnp.inexact):
            finite = finite & jnp.isfinite(buffer).all()
    return buffers, lawful, finite


def _branch(system: System, nodes: NodeClass, stacked: Any, units: Any, kinds: list[Kind]) -> Any:
    """The code of one class: its template's, with the numbers, noise and parents of node ``at``."""
    name, structure = nodes.template, system.structure
    live = structure.variables[name].live
    mechanisms = list(structure.mechanisms[name])
    for depth in live:
        mechanisms[depth] = lifted(mechanisms[depth])
    like = dataclasses.replace(
        structure, mechanisms={**structure.mechanisms, name: tuple(mechanisms)}
    )
    addresses = _addresses(structure, name)

    def code(buffers: dict[Kind, Any], at: Any) -> tuple[dict[Kind, Any], Any]:
        mine = jax.tree.map(lambda each: each[at], stacked)
        columns = dict(zip(nodes.still, mine["still"], strict=True))
        for place, parent in enumerate(nodes.moving):
            buffer = buffers[kind_of(structure, parent)]
            columns[parent] = jax.lax.dynamic_index_in_dim(
                buffer, mine["rows"][place], keepdims=False
            )
        numbers: list[Any] = [[] for _ in mechanisms]
        for depth, each in zip(live, mine["numbers"], strict=True):
            numbers[depth] = each
        source = Drawn(dict(zip(addresses, mine["streams"], strict=True)), units)
        alone = System(like, system.coupling, {name: numbers})
        value, lawful = None, jnp.asarray(True)
        for depth in live:
            value, defined = layer_value(alone, source, columns, name, depth, value)
            lawful = lawful & jnp.all(defined)
        values = {
            kind: jnp.zeros((units.n, *kind[1]), kind[0]) for kind in kinds if kind != nodes.kind
        }
        shape = structure.out(name).shape
        values[nodes.kind] = jnp.broadcast_to(jnp.asarray(value), (units.n, *shape))
        return values, lawful

    return code
