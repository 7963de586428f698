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
    job = functools.partial(_job, structure, coupling, wanted, sharding)
    if traced((numbers, source, carried)):
        return job(numbers, source, carried)
    key = ("solve", fingerprint(structure), coupling, wanted, frozenset(carried), sharding, _x64())
    return kept(key, lambda: job)(numbers, source, carried)


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
    finite = {
        name: jnp.isfinite(value).all()
        for name, value in columns.items()
        if name not in carried and jnp.issubdtype(value.dtype, jnp.inexact)
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
    key = ("natural", name, fingerprint(structure), coupling, _x64())
    return kept(key, lambda: job)(numbers, source, columns)


def _x64() -> bool:
    return jax.config.read("jax_enable_x64")
