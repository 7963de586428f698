"""Sampling a million units of a five-node linear model, against the same by hand and dowhy's."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Normal
from rich.table import Table

from benchmarks.timing import compare
from scm import SCM

N = 1_000_000

MODEL = SCM(
    a=Normal(0, 1),
    b=lambda a, u=Normal(0, 1): 0.5 * a + u,
    c=lambda a, b, u=Normal(0, 1): 0.3 * a + b + u,
    d=lambda b, c, u=Normal(0, 1): c - b + 0.3 * u,
    e=lambda a, c, d, u=Normal(0, 1): d + a - 0.2 * c + u,
)
FORCED = MODEL.do(c=1.0)


def _seen(z):
    a = z[0]
    b = 0.5 * a + z[1]
    c = 0.3 * a + b + z[2]
    d = c - b + 0.3 * z[3]
    return a, b, c, d, d + a - 0.2 * c + z[4]


def _forced(z, one):
    a = z[0]
    b = 0.5 * a + z[1]
    d = one - b + 0.3 * z[2]
    return a, b, one, d, d + a - 0.2 * one + z[3]


@jax.jit
def _seen_in_jax(key):
    return _seen([jax.random.normal(each, (N,)) for each in jax.random.split(key, 5)])


@jax.jit
def _forced_in_jax(key):
    drawn = [jax.random.normal(each, (N,)) for each in jax.random.split(key, 4)]
    return _forced(drawn, jnp.ones(N))


def _normals(count):
    random = np.random.Generator(np.random.SFC64(0))
    return [random.standard_normal(N, dtype=np.float32) for _ in range(count)]


def run() -> Iterator[Table | str]:
    """Tables of nanoseconds a unit, and how many times as long as ours."""
    key = jax.random.key(0)
    seen, forced = _by_dowhy()
    yield compare(
        "Five linear nodes, a million units, float32",
        {
            "scm": lambda: MODEL.sample(0, N).columns,
            "one jitted function with jax.random": lambda: _seen_in_jax(key),
            "NumPy, SFC64, float32": lambda: _seen(_normals(5)),
            **seen,
        },
        n=N,
    )
    yield compare(
        "The same under do(c=1)",
        {
            "scm": lambda: FORCED.sample(0, N).columns,
            "one jitted function with jax.random": lambda: _forced_in_jax(key),
            "NumPy, SFC64, float32": lambda: _forced(_normals(4), np.ones(N, np.float32)),
            **forced,
        },
        n=N,
    )
    if not seen:
        yield "dowhy.gcm: skipped, for dowhy is not installed; pip install '.[peers]'"


def _by_dowhy() -> tuple[dict[str, Callable], dict[str, Callable]]:
    """The same model in dowhy.gcm, learned from 10,000 of our units.

    With normal noise as here; and as dowhy assigns mechanisms by itself, which draws noise anew
    from the residuals: cheaper than any normal.
    """
    try:
        import networkx as nx
        from dowhy import gcm
        from scipy.stats import norm
    except ImportError:
        return {}, {}
    gcm.config.disable_progress_bars()
    edges = [(parent, name) for name, parents in MODEL.parents.items() for parent in parents]
    normal, automatic = (gcm.StructuralCausalModel(nx.DiGraph(edges)) for _ in range(2))
    data = MODEL.sample(0, 10_000).to_pandas()
    gcm.auto.assign_causal_mechanisms(automatic, data)
    for name, parents in MODEL.parents.items():
        noise = gcm.ScipyDistribution(norm)
        linear = gcm.AdditiveNoiseModel(gcm.ml.create_linear_regressor(), noise)
        normal.set_causal_mechanism(name, linear if parents else noise)
    models = {"dowhy.gcm, normal noise": normal, "dowhy.gcm, by itself": automatic}
    seen, forced = {}, {}
    for label, model in models.items():
        gcm.fit(model, data)
        seen[label] = functools.partial(gcm.draw_samples, model, N)
        forced[label] = functools.partial(
            gcm.interventional_samples, model, {"c": lambda c: 1.0}, num_samples_to_draw=N
        )
    return seen, forced
