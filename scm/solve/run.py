"""Running a solver: through a kept program where values are concrete, in line under a trace."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp

from scm.compile.codes import Code
from scm.compile.fingerprint import identity
from scm.compile.programs import kept, traced
from scm.core.structure import Numbers, System
from scm.noise.source import Drawn, Source
from scm.solve.acyclic import all_finite, all_lawful, layer_value, push, varies
from scm.solve.looped import run_loop
from scm.solve.protocol import Columns, Solved
from scm.solve.schedule import Schedule, schedule
from scm.solve.spread import spread

__all__ = ["inline", "natural", "solve"]


def solve(
    system: System,
    source: Source,
    carried: Columns,
    wanted: frozenset[str],
    sharding: Any = None,
) -> tuple[dict[str, Any], Any]:
    """The wanted columns, and the `scm.compile.codes.Code` of them all."""
    plan = _plan(system, source, carried, wanted) if sharding is None else None
    if isinstance(source, Drawn) and plan is not None:
        fresh, (lawful, finite) = run_loop(system, source, carried, plan)
        code = _code(lawful, finite, {})
    else:
        fresh, code = _straight(system, source, carried, wanted - set(carried), sharding)
    columns = {**carried, **fresh}
    return {name: columns[name] for name in system.structure.order if name in wanted}, code


def inline(system: System, source: Source, carried: Columns, wanted: frozenset[str]) -> Solved:
    """A `Solver` for use inside a program: a loop over like nodes where the model repeats itself,
    straight code otherwise."""
    plan = _plan(system, source, carried, wanted)
    if not isinstance(source, Drawn) or plan is None:
        return push(system, source, carried, wanted)
    found, (lawful, _) = run_loop(system, source, carried, plan)
    columns = {**carried, **found}
    return Solved({name: columns[name] for name in wanted}, {"": lawful}, {})


def _plan(
    system: System, source: Source, carried: Columns, wanted: frozenset[str]
) -> Schedule | None:
    """The loop to solve by, if any; noise that was given takes the straight way."""
    if not isinstance(source, Drawn):
        return None
    return schedule(system, carried, wanted - set(carried), source.units.n)


def _straight(
    system: System, source: Source, carried: Columns, wanted: frozenset[str], sharding: Any
) -> tuple[dict[str, Any], Any]:
    """By a program with code of its own for every variable."""
    job = functools.partial(_job, system, wanted, sharding)
    arguments = (system.numbers, source, carried)
    if traced(arguments):
        return job(*arguments)
    what = (*identity(system), wanted, frozenset(carried), sharding)
    return kept(("solve", *what), lambda: job)(*arguments)


def _job(
    system: System,
    wanted: frozenset[str],
    sharding: Any,
    numbers: Numbers,
    source: Source,
    carried: Columns,
) -> tuple[dict[str, Any], Any]:
    columns, lawful, unique = push(system.given(numbers), source, carried, wanted)
    columns = {
        name: spread(value, sharding) if varies(value, system.out(name).shape) else value
        for name, value in columns.items()
    }
    # behind a barrier: the check reads what was made instead of making it a second time
    made = jax.lax.optimization_barrier(columns)
    return columns, _code(all_lawful(lawful), all_finite(made.values()), unique)


def _code(lawful: Any, finite: Any, unique: Mapping[str, Any]) -> Any:
    code = jnp.where(finite, Code.OK, Code.NON_FINITE)
    code = jnp.where(lawful, code, Code.UNDEFINED_LAW)
    for each in unique.values():
        code = jnp.where(jnp.all(each), code, Code.UNSOLVABLE)
    return code.astype(jnp.int32)


def natural(system: System, source: Source, columns: Columns, name: str) -> Any:
    """What a variable would have been, in this world, without the interventions on itself."""

    def job(numbers: Numbers, source: Source, columns: Columns) -> Any:
        return layer_value(system.given(numbers), source, columns, name, 0, None)[0]

    arguments = (system.numbers, source, columns)
    if traced(arguments):
        return job(*arguments)
    return kept(("natural", name, *identity(system)), lambda: job)(*arguments)
