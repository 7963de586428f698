"""Many small worlds, many values of one intervention, and worlds larger than memory."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from rich.table import Table

from benchmarks.linear import MODEL
from benchmarks.timing import compare

N = 1_000_000
WORLDS, UNITS = 1_000, 1_000
LARGE = 20_000_000


def run() -> Iterator[Table]:
    """Tables of what a unit, or a value, costs."""
    yield _replications()
    yield _sweep()
    yield _large()


def _replications() -> Table:
    keys = jax.random.split(jax.random.key(0), WORLDS)
    many = jax.jit(jax.vmap(lambda key: MODEL.sample(key, UNITS).columns))
    return compare(
        "Five linear nodes: 1,000 worlds of 1,000 units, and one of a million",
        {"one world": lambda: MODEL.sample(0, N).columns, "1,000 worlds": lambda: many(keys)},
        n=N,
    )


def _sweep() -> Table:
    """E[e] under do(c=t) for 1,000 values of t, the same 1,000 units in all: noise once."""
    values = jnp.linspace(-2, 2, 1_000)
    world = MODEL.sample(0, UNITS)
    noise = dict(world.noise)
    a, b = world["a"], world["b"]

    @jax.jit
    def bare(values, a, b, d_noise, e_noise):
        def one(t):
            d = t - b + 0.3 * d_noise
            return (d + a - 0.2 * t + e_noise).mean()

        return jax.vmap(one)(values)

    @jax.jit
    def ours(values, world):
        return jax.vmap(lambda t: world.do(c=t)["e"].mean())(values)

    def one_by_one():
        return [MODEL.do(c=t).expect(lambda unit: unit["e"], 0, UNITS).value for t in wanted]

    wanted = np.asarray(values)[:100]
    table = compare(
        "do(c=t), 1,000 values of t, 1,000 units each: microseconds a value",
        {
            "scm, jax.vmap over t": lambda: ours(values, world),
            "bare arithmetic, jitted, its noise given": lambda: bare(
                values, a, b, noise["d", "u"], noise["e", "u"]
            ),
        },
        n=len(values),
        what="us a value",
        scale=1e6,
    )
    alone = compare("", {"alone": one_by_one}, n=len(wanted), what="us", scale=1e6, runs=3)
    table.caption = f"a Python loop of model.do(c=t).expect(...): {_first(alone)} us a value"
    return table


def _first(table: Table) -> str:
    return next(iter(table.columns[1].cells))


def _large() -> Table:
    """Constant memory: a mean needs no column, a stream hands out 2**17 units at a time."""

    def streamed():
        for world in MODEL.stream(0, LARGE):
            columns = world.columns
        return columns

    return compare(
        "Five linear nodes, 20 million units in constant memory, and a million at once",
        {
            "sample, for each of 20 million": lambda: [
                MODEL.sample(key, N).columns["e"] for key in range(LARGE // N)
            ],
            "stream": streamed,
            "expect": lambda: MODEL.expect(lambda unit: unit["e"], 0, LARGE).value,
        },
        n=LARGE,
        runs=3,
    )
