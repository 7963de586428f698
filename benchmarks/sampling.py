"""Sampling a million units of a five-node linear model, against the same by hand."""

from __future__ import annotations

import jax
import numpy as np
from numpyro.distributions import Normal
from rich.table import Table

from benchmarks.timing import medians
from scm import SCM

N = 1_000_000

MODEL = SCM(
    a=Normal(0, 1),
    b=lambda a, u=Normal(0, 1): 0.5 * a + u,
    c=lambda a, b, u=Normal(0, 1): 0.3 * a + b + u,
    d=lambda b, c, u=Normal(0, 1): c - b + 0.3 * u,
    e=lambda a, c, d, u=Normal(0, 1): d + a - 0.2 * c + u,
)


def _linear(z):
    a = z[0]
    b = 0.5 * a + z[1]
    c = 0.3 * a + b + z[2]
    d = c - b + 0.3 * z[3]
    return a, b, c, d, d + a - 0.2 * c + z[4]


@jax.jit
def _by_hand_in_jax(key):
    return _linear([jax.random.normal(each, (N,)) for each in jax.random.split(key, 5)])


def _by_hand_in_numpy():
    random = np.random.Generator(np.random.SFC64(0))
    return _linear([random.standard_normal(N, dtype=np.float32) for _ in range(5)])


def run() -> Table:
    """A table of nanoseconds a unit, and how many times as long as ours."""
    forced = MODEL.do(c=1.0)
    seconds = medians(
        {
            "scm, seen": lambda: MODEL.sample(0, N).columns,
            "scm, under do(c=1)": lambda: forced.sample(0, N).columns,
            "one jitted function with jax.random": lambda: _by_hand_in_jax(jax.random.key(0)),
            "NumPy, SFC64, float32": _by_hand_in_numpy,
        }
    )
    table = Table(title="Five linear nodes, a million units, float32")
    for heading in ("", "ns a unit", "times ours"):
        table.add_column(heading, justify="right" if heading else "left")
    ours = seconds["scm, seen"]
    for name, each in seconds.items():
        table.add_row(name, f"{each / N * 1e9:.1f}", f"{each / ours:.2f}")
    return table
