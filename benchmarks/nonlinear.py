"""Sampling a million units of a 50-node nonlinear model, against the same by hand."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Exponential, Normal, Uniform
from rich.table import Table

from benchmarks.timing import compare
from scm import SCM, node

N = 1_000_000
NODES = 50
FORCED = 10

LAWS = (Normal(0, 1), Normal(0, 1), Uniform(-1, 1), Normal(0, 1), Exponential(1.0))
FORMS = (
    lambda xp, a, b, u: xp.tanh(a) + 0.5 * b + u,
    lambda xp, a, b, u: 0.5 * a * xp.tanh(b) + 0.3 * u,
    lambda xp, a, b, u: xp.exp(-a * a) - 0.3 * b + u,
    lambda xp, a, b, u: xp.where(a > 0, 0.7 * b, 0.2 * a) + 0.5 * u,
    lambda xp, a, b, u: 0.6 * a - 0.2 * xp.tanh(a * b) + 0.2 * u,
)
"""With xp NumPy or jax.numpy; each in turn."""


def _parents(i: int) -> tuple[int, int]:
    return i - 1, (3 * i) // 5 - 1


def _model() -> SCM:
    equations = {"x0": LAWS[0], "x1": LAWS[1]}
    for i in range(2, NODES):
        a, b = _parents(i)
        equations[f"x{i}"] = node(
            lambda a, b, u, form=FORMS[i % 5]: form(jnp, a, b, u),
            parents=[f"x{a}", f"x{b}"],
            noise={"u": LAWS[i % 5]},
        )
    return SCM(equations)


def _by_hand(xp, drawn, forced=None):
    """``drawn(i)`` is the noise of node i."""
    x = [drawn(0), drawn(1)]
    for i in range(2, NODES):
        a, b = _parents(i)
        if i == forced:
            x.append(xp.ones_like(x[0]))
        else:
            x.append(FORMS[i % 5](xp, x[a], x[b], drawn(i)))
    return x


def _in_jax(key, forced=None):
    keys = jax.random.split(key, NODES)

    def drawn(i):
        match i % 5:
            case 2:
                return jax.random.uniform(keys[i], (N,), minval=-1.0)
            case 4:
                return jax.random.exponential(keys[i], (N,))
        return jax.random.normal(keys[i], (N,))

    return _by_hand(jnp, drawn, forced)


def _in_numpy(forced=None):
    random = np.random.Generator(np.random.SFC64(0))

    def drawn(i):
        match i % 5:
            case 2:
                return 2 * random.random(N, dtype=np.float32) - 1
            case 4:
                return random.standard_exponential(N, dtype=np.float32)
        return random.standard_normal(N, dtype=np.float32)

    return _by_hand(np, drawn, forced)


def run() -> Iterator[Table]:
    """Tables of nanoseconds a unit, and how many times as long as ours."""
    model = _model()
    in_jax, key = jax.jit(_in_jax, static_argnames="forced"), jax.random.key(0)
    for title, forced in (
        (f"{NODES} nonlinear nodes, a million units, float32", None),
        (f"The same under do(x{FORCED}=1)", FORCED),
    ):
        ours = model if forced is None else model.do({f"x{forced}": 1.0})
        yield compare(
            title,
            {
                "scm": lambda ours=ours: ours.sample(0, N).columns,
                "one jitted function with jax.random": lambda f=forced: in_jax(key, forced=f),
                "NumPy, SFC64, float32": lambda f=forced: _in_numpy(f),
            },
            n=N,
            runs=5,
        )
