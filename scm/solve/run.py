"""Running a solver: through a kept program where values are concrete, in line under a trace."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp

from scm.compile.codes import Code
from scm.compile.fingerprint import identity
from scm.compile.programs import kept, traced
from scm.core.structure import Numbers, System
from scm.noise.source import Source
from scm.solve.acyclic import layer_value, push, varies
from scm.solve.protocol import Columns

__all__ = ["natural", "solve"]


def solve(
    system: System,
    source: Source,
    carried: Columns,
    wanted: frozenset[str],
    sharding: Any = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The wanted columns, and the `scm.compile.codes.Code` of each that was solved."""
    job = functools.partial(_job, system, wanted - set(carried), sharding)
    arguments = (system.numbers, source, carried)
    if traced(arguments):
        fresh, codes = job(*arguments)
    else:
        what = (*identity(system), wanted, frozenset(carried), sharding)
        fresh, codes = kept(("solve", *what), lambda: job)(*arguments)
    columns = {**carried, **fresh}
    return {name: columns[name] for name in system.structure.order if name in wanted}, codes


def _job(
    system: System,
    wanted: frozenset[str],
    sharding: Any,
    numbers: Numbers,
    source: Source,
    carried: Columns,
) -> tuple[dict[str, Any], dict[str, Any]]:
    columns, lawful = push(system.given(numbers), source, carried, wanted)
    if sharding is not None:
        columns = {
            name: jax.lax.with_sharding_constraint(value, sharding)
            if varies(value, system.out(name).shape)
            else value
            for name, value in columns.items()
        }
    # behind a barrier: the check reads what was made instead of making it a second time
    made = jax.lax.optimization_barrier(columns)
    codes = {name: _code(made[name], lawful[name]) for name in columns}
    return columns, codes


def _code(value: Any, lawful: Any) -> Any:
    finite = jnp.isfinite(value).all() if jnp.issubdtype(value.dtype, jnp.inexact) else True
    return jnp.where(
        jnp.all(lawful), jnp.where(finite, Code.OK, Code.NON_FINITE), Code.UNDEFINED_LAW
    ).astype(jnp.int32)


def natural(system: System, source: Source, columns: Columns, name: str) -> Any:
    """What a variable would have been, in this world, without the interventions on itself."""

    def job(numbers: Numbers, source: Source, columns: Columns) -> Any:
        return layer_value(system.given(numbers), source, columns, name, 0, None)[0]

    arguments = (system.numbers, source, columns)
    if traced(arguments):
        return job(*arguments)
    return kept(("natural", name, *identity(system)), lambda: job)(*arguments)
