"""Replication: data sets drawn from a world, and methods run on each of them, compiled.

Data sets are made and worked through in chunks of one fixed size, so that the same replicate has
the same bytes whatever the number of replications. The sampler and each method are programs of
their own, kept by what they compute: worlds that differ in numbers only share them. A method's
seconds are its own, measured warm, and its compile time is kept apart.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from experiments.keys import replicate_keys
from experiments.parts import chunk_size
from experiments.plan import Method, World
from scm.estimate.failures import failure_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Chunk", "drawn", "estimate_once", "estimated"]


@dataclass(frozen=True, eq=False)
class Chunk:
    """A chunk of data sets.

    Attributes:
      start: the first replicate.
      data: the observed columns by name, (size, n).
      codes: the result code of each world, (size,).
    """

    start: int
    data: Mapping[str, Any]
    codes: np.ndarray

    @property
    def replicates(self) -> np.ndarray:
        """The numbers of the replicates."""
        return np.arange(self.start, self.start + len(self.codes))


def drawn(name: str, world: World, seed: int, start: int, cell: str = "") -> Chunk:
    """The chunk of a world's data sets that begins at a replicate: all that is observed, whoever
    asks, for the bits of a number depend on what it is computed beside."""
    columns = tuple(world.model.observed)
    keys = replicate_keys(seed, name, start, chunk_size(world.n, len(columns)), cell)
    data, codes = jax.block_until_ready(_sampler(columns, world.n)(world.model, keys))
    return Chunk(start, data, np.asarray(codes))


def estimated(method: Method, chunk: Chunk) -> tuple[pd.DataFrame, float, float]:
    """A method on every data set of a chunk: its rows, its seconds, and those of compiling."""
    data = {name: chunk.data[name] for name in method.columns}
    if method.plain:
        begun = time.perf_counter()
        return _one_by_one(method, data, chunk), time.perf_counter() - begun, 0.0
    program, compiling = _compiled(method, data)
    begun = time.perf_counter()
    estimates = jax.block_until_ready(program(data))
    return _rows(estimates, chunk), time.perf_counter() - begun, compiling


def estimate_once(method: Method, data: Mapping[str, Any]) -> Any:
    """One compiled method on one data set."""
    return jax.device_get(
        jax.jit(lambda data: method(data))({name: data[name] for name in method.columns})
    )


@functools.lru_cache(maxsize=64)
def _sampler(columns: tuple[str, ...], n: int) -> Any:
    """The observed columns of a world for each key, and each world's result code."""

    def sample(model: Any, keys: Any) -> tuple[Any, Any]:
        def one(key: Any) -> tuple[Any, Any]:
            world = model.sample(key, n)
            return {name: world[name] for name in columns}, world.code

        return jax.lax.map(one, keys)

    return jax.jit(sample)


def _one_by_one(method: Method, data: Mapping[str, Any], chunk: Chunk) -> pd.DataFrame:
    """An estimator in plain Python on each data set of a chunk."""
    import pandas as pd

    held = {name: np.asarray(x) for name, x in data.items()}
    rows = []
    for at, code in enumerate(chunk.codes):
        row = method.row(pd.DataFrame({name: x[at] for name, x in held.items()}))
        if code:
            row |= dict.fromkeys(("value", "se", "low", "high"), np.nan)
            row["failure"] = "world not finite"
        rows.append(row)
    return pd.DataFrame({"replicate": chunk.replicates, **pd.DataFrame(rows)})


_PROGRAMS: dict[Hashable, Any] = {}


def _compiled(method: Method, data: Mapping[str, Any]) -> tuple[Any, float]:
    """The program of a method for columns of these shapes, and what compiling it took now."""
    shapes = tuple((name, x.shape, str(x.dtype)) for name, x in data.items())
    key = method.key, shapes
    if key in _PROGRAMS:
        return _PROGRAMS[key], 0.0
    begun = time.perf_counter()
    run = jax.jit(lambda data: jax.lax.map(lambda each: method(each), data))
    like = {name: jax.ShapeDtypeStruct(shape, dtype) for name, shape, dtype in shapes}
    _PROGRAMS[key] = run.lower(like).compile()
    return _PROGRAMS[key], time.perf_counter() - begun


def _rows(estimates: Any, chunk: Chunk) -> pd.DataFrame:
    """Estimates as rows; a bad world is a failure of its own."""
    import pandas as pd

    fields = {each: np.asarray(getattr(estimates, each)) for each in _FIELDS}
    for each in ("gap_low", "gap_high"):  # what an interval leaves out of its middle
        if each in estimates.diagnostics:
            fields[each] = np.asarray(estimates.diagnostics[each])
    failed = [_failure(code) for code in np.asarray(estimates.code)]
    bad = chunk.codes != 0
    names = np.where(bad, "world not finite", np.array(failed, dtype=object))
    for each in ("value", "se", "low", "high"):
        fields[each] = np.where(bad, np.nan, fields[each])
    return pd.DataFrame({"replicate": chunk.replicates, **fields, "failure": names, "detail": ""})


_FIELDS = ("value", "se", "low", "high", "n")


def _failure(code: Any) -> str:
    found = failure_of(int(code))
    return found.name if found else ""
