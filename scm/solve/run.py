"""Running a solver: through a kept program where values are concrete, in line under a trace."""

from __future__ import annotations

import functools
from typing import Any

import jax
import jax.numpy as jnp

from scm.compile.fingerprint import fingerprint
from scm.compile.programs import kept, traced
from scm.core.marks import Coupling
from scm.core.structure import Structure
from scm.noise.source import Source
from scm.solve.acyclic import layer_value, push, varies
from scm.solve.protocol import Columns, Numbers

__all__ = ["natural", "solve"]


def solve(
    structure: Structure,
    coupling: Coupling | None,
    numbers: Numbers,
    source: Source,
    carried: Columns,
    wanted: frozenset[str],
    sharding: Any = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The wanted columns, and for each of floats whether all its values are finite."""
    job = functools.partial(_job, structure, coupling, wanted - set(carried), sharding)
    if traced((numbers, source, carried)):
        fresh, finite = job(numbers, source, carried)
    else:
        what = fingerprint(structure), coupling, wanted, frozenset(carried)
        program = kept(("solve", *what, sharding, _precision()), lambda: job)
        fresh, finite = program(numbers, source, carried)
    columns = {**carried, **fresh}
    return {name: columns[name] for name in structure.order if name in wanted}, finite


def _job(
    structure: Structure,
    coupling: Coupling | None,
    wanted: frozenset[str],
    sharding: Any,
    numbers: Numbers,
    source: Source,
    carried: Columns,
) -> tuple[dict[str, Any], dict[str, Any]]:
    columns = push(structure, coupling, numbers, source, carried, wanted)
    if sharding is not None:
        columns = {
            name: jax.lax.with_sharding_constraint(value, sharding)
            if varies(value, structure.out(name).shape)
            else value
            for name, value in columns.items()
        }
    # behind a barrier: the check reads what was made instead of making it a second time
    finite = {
        name: jnp.isfinite(value).all()
        for name, value in jax.lax.optimization_barrier(columns).items()
        if jnp.issubdtype(value.dtype, jnp.inexact)
    }
    return columns, finite


def natural(
    structure: Structure,
    coupling: Coupling | None,
    numbers: Numbers,
    source: Source,
    columns: Columns,
    name: str,
) -> Any:
    """What a variable would have been, in this world, without the interventions on itself."""

    def job(numbers: Numbers, source: Source, columns: Columns) -> Any:
        return layer_value(structure, coupling, numbers, source, columns, name, 0, None)

    if traced((numbers, source, columns)):
        return job(numbers, source, columns)
    key = ("natural", name, fingerprint(structure), coupling, _precision())
    return kept(key, lambda: job)(numbers, source, columns)


def _precision() -> Any:
    return jnp.result_type(float)
