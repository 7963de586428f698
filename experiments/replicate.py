"""Replication: many data sets from a world, and every method on each of them, compiled.

Data sets are made and worked through in chunks of one fixed size, so that the same replicate has
the same bytes whatever the number of replications; a last chunk that is not full is filled up and
cut. The sampler and each method are programs of their own: a method's seconds are its own, measured
warm, and its compile time is kept apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from experiments.keys import replicate_keys
from experiments.plan import Method, World
from scm.estimate.failures import failure_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["CHUNK", "Replicated", "estimate_once", "replicate"]

CHUNK = 50
"""Data sets in a chunk: at 3,010 rows of 20 columns in float64, 24 MB."""


@dataclass(frozen=True)
class Replicated:
    """What came of one method in one world."""

    method: str
    frame: pd.DataFrame
    seconds: float
    compile_seconds: float


def replicate(
    name: str,
    world: World,
    methods: Mapping[str, Method],
    seed: int,
    replications: int,
    advance: Callable[[int], None] = lambda count: None,
) -> list[Replicated]:
    """Every method on every replicate of a world.

    ``advance(count)`` is called as estimates are made.
    """
    columns = tuple(dict.fromkeys(c for method in methods.values() for c in method.columns))
    keys = jax.jit(lambda start: replicate_keys(seed, name, start, CHUNK))
    draw = jax.jit(lambda model, keys: _data_sets(model, keys, world.n, columns))
    first = keys(0)
    draw_compiled = draw.lower(world.model, first).compile()
    shapes = jax.eval_shape(draw, world.model, first)[0]
    programs = {each: _compiled(method, shapes) for each, method in methods.items()}
    parts: dict[str, list[dict[str, np.ndarray]]] = {each: [] for each in methods}
    seconds = dict.fromkeys(methods, 0.0)
    for start in range(0, replications, CHUNK):
        count = min(CHUNK, replications - start)
        data, codes = jax.block_until_ready(draw_compiled(world.model, keys(start)))
        for each, (program, _) in programs.items():
            begun = time.perf_counter()
            estimates = jax.block_until_ready(program(_only(methods[each], data)))
            seconds[each] += (time.perf_counter() - begun) * count / CHUNK
            parts[each].append(_rows(estimates, codes, start, count))
            advance(count)
    return [
        Replicated(each, _frame(name, each, parts[each]), seconds[each], programs[each][1])
        for each in methods
    ]


def estimate_once(method: Method, data: Mapping[str, Any]) -> Any:
    """One method on one data set, compiled."""
    return jax.device_get(
        jax.jit(lambda data: method(data))({name: data[name] for name in method.columns})
    )


def _data_sets(model: Any, keys: Any, n: int, columns: tuple[str, ...]) -> tuple[Any, Any]:
    """The observed columns of a world for each key, and each world's result code."""

    def one(key: Any) -> tuple[Any, Any]:
        world = model.sample(key, n)
        return {name: world[name] for name in columns}, world.code

    return jax.lax.map(one, keys)


def _compiled(method: Method, shapes: Mapping[str, Any]) -> tuple[Any, float]:
    begun = time.perf_counter()
    program = (
        jax.jit(lambda data: jax.lax.map(lambda each: method(each), data))
        .lower(_only(method, shapes))
        .compile()
    )
    return program, time.perf_counter() - begun


def _only(method: Method, data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in method.columns}


def _rows(estimates: Any, codes: Any, start: int, count: int) -> dict[str, np.ndarray]:
    """The first ``count`` estimates of a chunk, as columns; a bad world is a failure of its own."""
    fields = {
        each: np.asarray(getattr(estimates, each))[:count]
        for each in ("value", "se", "low", "high", "n")
    }
    for each in ("gap_low", "gap_high"):  # what an interval leaves out of its middle
        if each in estimates.diagnostics:
            fields[each] = np.asarray(estimates.diagnostics[each])[:count]
    failed = [_failure(code) for code in np.asarray(estimates.code)[:count]]
    bad = np.asarray(codes)[:count] != 0
    names = np.where(bad, "world not finite", np.array(failed, dtype=object))
    for each in ("value", "se", "low", "high"):
        fields[each] = np.where(bad, np.nan, fields[each])
    return {"replicate": np.arange(start, start + count), **fields, "failure": names}


def _failure(code: Any) -> str:
    found = failure_of(int(code))
    return found.name if found else ""


def _frame(world: str, method: str, parts: list[dict[str, np.ndarray]]) -> pd.DataFrame:
    import pandas as pd

    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return pd.DataFrame({"world": world, "method": method, **columns})
