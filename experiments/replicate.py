"""Replication: data sets drawn from a world, and methods run on each of them, compiled.

Data sets are made and worked through in chunks of one fixed size, so that the same replicate has
the same bytes whatever the number of replications. The sampler and each method are programs of
their own, kept by what they compute: worlds that differ in numbers only share them. A method's
seconds are its own, measured warm, and its compile time is kept apart.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.keys import replicate_keys
from experiments.method import Method
from experiments.parts import chunk_size
from experiments.world import World
from scm.estimate.failures import failure_of
from simulators.observe import observe

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NOT_FINITE", "Chunk", "drawn", "estimate_once", "estimated"]


@dataclass(frozen=True, eq=False)
class Chunk:
    """A chunk of data sets.

    Attributes:
      start: the first replicate.
      data: the observed columns by name, (size, n).
      codes: 0 for a sound data set, `NOT_FINITE` for a world that is not, 2 for one of which too
        few units are selected, (size,).
      weights: 1 for the units that are in the data, 0 for others, (size, n); None if all are.
      keys: the words of the keys that the worlds were drawn by, (size, 2); None where not told.
    """

    start: int
    data: Mapping[str, Any]
    codes: np.ndarray
    weights: Any = None
    keys: np.ndarray | None = None

    @property
    def replicates(self) -> np.ndarray:
        """The numbers of the replicates."""
        return np.arange(self.start, self.start + len(self.codes))

    def keys_of(self, failed: np.ndarray) -> list[str]:
        """By data set, its key in hexadecimal, two words of 8 digits, where it failed; else ""."""
        if self.keys is None:
            return [""] * len(self.codes)
        words = zip(failed, self.keys, strict=True)
        return [f"{key[0]:08x}{key[1]:08x}" if bad else "" for bad, key in words]

    def frame(self, at: int, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """One data set as an analyst has it: these columns, or all; the units that are in it."""
        import pandas as pd

        names = self.data if columns is None else columns
        frame = pd.DataFrame({name: np.asarray(self.data[name][at]) for name in names})
        if self.weights is None:
            return frame
        return frame[np.asarray(self.weights[at]) > 0].reset_index(drop=True)

    def one(self, at: int) -> Chunk:
        """The chunk of one of the data sets alone."""
        weights = None if self.weights is None else self.weights[at : at + 1]
        data = {name: x[at : at + 1] for name, x in self.data.items()}
        keys = None if self.keys is None else self.keys[[at]]
        return Chunk(self.start + at, data, self.codes[[at]], weights, keys)


def drawn(name: str, world: World, seed: int, start: int, cell: str = "") -> Chunk:
    """The chunk of a world's data sets that begins at a replicate: all that is observed, whoever
    asks, for the bits of a number depend on what it is computed beside."""
    keys = replicate_keys(seed, name, start, chunk_size(world.n, len(world.columns)), cell)
    if world.steps:
        program = _observer(world.n, world.selected)
        found = program((world.model, world.steps), keys)
    else:
        found = _sampler(world.columns, world.n)(world.model, keys)
    data, codes, *weights = jax.block_until_ready(found)
    codes = np.asarray(codes) if world.steps else np.where(codes, NOT_FINITE, 0)
    words = np.asarray(jax.random.key_data(keys))
    return Chunk(start, data, codes, weights[0] if weights else None, words)


def estimated(method: Method, chunk: Chunk) -> tuple[pd.DataFrame, float, float]:
    """A method on every data set of a chunk: its rows, its seconds, and those of compiling."""
    data = {name: chunk.data[name] for name in method.columns}
    if method.plain:
        begun = time.perf_counter()
        return _one_by_one(method, data, chunk), time.perf_counter() - begun, 0.0
    program, compiling = _compiled(method, data, chunk.weights)
    begun = time.perf_counter()
    estimates = jax.block_until_ready(program(data, chunk.weights))
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


@functools.lru_cache(maxsize=64)
def _observer(n: int, selected: bool) -> Any:
    """The same of a world that is observed by some steps, and which units are in the data."""

    def sample(world: Any, keys: Any) -> tuple[Any, ...]:
        model, steps = world

        def one(key: Any) -> tuple[Any, ...]:
            seen = observe(model.sample(key, n), *steps)
            code = jnp.where(seen.code != 0, NOT_FINITE, jnp.where(seen.enough, 0, _FEW))
            found = dict(seen.data), code
            return (*found, seen.weights) if selected else found

        return jax.lax.map(one, keys)

    return jax.jit(sample)


NOT_FINITE, _FEW = 1, 2
_BAD = {_FEW: "too few are selected"}


def _bad(codes: np.ndarray) -> np.ndarray:
    """What is wrong with each data set, before any method sees it; "" for nothing."""
    named = [_BAD.get(int(code), "world not finite") if code else "" for code in codes]
    return np.array(named, dtype=object)


def _one_by_one(method: Method, data: Mapping[str, Any], chunk: Chunk) -> pd.DataFrame:
    """An estimator in plain Python on each data set of a chunk."""
    import pandas as pd

    rows = []
    for at, bad in enumerate(_bad(chunk.codes)):
        row = method.row(chunk.frame(at, list(data)))
        if bad:
            row |= dict.fromkeys(("value", "se", "low", "high"), np.nan)
            row["failure"] = bad
            row |= {"draws": None} if "draws" in row else {}
        rows.append(row)
    if any("draws" in row for row in rows):  # none where it failed
        rows = [{"draws": None, **row} for row in rows]
    frame = pd.DataFrame({"replicate": chunk.replicates, **pd.DataFrame(rows)})
    return frame.assign(key=chunk.keys_of(frame.failure.to_numpy() != ""))


_PROGRAMS: dict[Hashable, Any] = {}


def _compiled(method: Method, data: Mapping[str, Any], weights: Any) -> tuple[Any, float]:
    """The program of a method for columns of these shapes, and what compiling it took now."""
    shapes = tuple((name, x.shape, str(x.dtype)) for name, x in data.items())
    key = method.key, shapes, weights is None
    if key in _PROGRAMS:
        return _PROGRAMS[key], 0.0
    begun = time.perf_counter()
    run = jax.jit(lambda data, weights: jax.lax.map(lambda each: method(*each), (data, weights)))
    _PROGRAMS[key] = run.lower(*jax.tree.map(jax.typeof, (data, weights))).compile()
    return _PROGRAMS[key], time.perf_counter() - begun


def _rows(estimates: Any, chunk: Chunk) -> pd.DataFrame:
    """Estimates as rows; a bad world is a failure of its own."""
    import pandas as pd

    fields: dict[str, Any] = {each: np.asarray(getattr(estimates, each)) for each in _FIELDS}
    for each in ("gap_low", "gap_high"):  # what an interval leaves out of its middle
        if each in estimates.diagnostics:
            fields[each] = np.asarray(estimates.diagnostics[each])
    failed = [_failure(code) for code in np.asarray(estimates.code)]
    bad = chunk.codes != 0
    names = np.where(bad, _bad(chunk.codes), np.array(failed, dtype=object))
    for each in ("value", "se", "low", "high"):
        fields[each] = np.where(bad, np.nan, fields[each])
    if "draws" in estimates.diagnostics:
        every = np.asarray(estimates.diagnostics["draws"], float)
        fields["draws"] = [
            None if failed else row for failed, row in zip(names != "", every, strict=True)
        ]
    told = {"failure": names, "detail": "", "key": chunk.keys_of(names != "")}
    return pd.DataFrame({"replicate": chunk.replicates, **fields, **told})


_FIELDS = ("value", "se", "low", "high", "n")


def _failure(code: Any) -> str:
    found = failure_of(int(code))
    return found.name if found else ""
