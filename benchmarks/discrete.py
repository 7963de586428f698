"""Sampling a million units of a 20-node discrete network, against the same by hand and pyAgrum."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Bernoulli, Categorical, Uniform
from rich.table import Table

from benchmarks.timing import compare
from scm import SCM, node

N = 1_000_000
NODES = 20
FORCED = 6

_random = np.random.default_rng(7)
TWO = _random.uniform(0.1, 0.9, (3, 3)).astype(np.float32)
"""P(1 | a, b), a table."""
THREE = _random.dirichlet([2, 2, 2], (3, 3)).astype(np.float32)
"""P(0, 1, 2 | a, b), a table."""


def _parents(i: int) -> tuple[int, int]:
    return i - 1, (3 * i) // 5 - 1


def _levels(i: int) -> int:
    return 3 if i % 4 == 2 else 2


def _chance(a, b):
    return 0.1 + 0.2 * a + 0.15 * b


def _model() -> SCM:
    """By turns: a threshold, a table of probabilities, a table of categories, a threshold."""
    forms = (
        lambda a, b, u: (u < _chance(a, b)).astype(jnp.int32),
        lambda a, b: Bernoulli(jnp.asarray(TWO)[a, b]),
        lambda a, b: Categorical(jnp.asarray(THREE)[a, b]),
        lambda a, b, u: (u < _chance(a, b)).astype(jnp.int32),
    )
    equations = {"x0": Bernoulli(0.5), "x1": Bernoulli(0.3)}
    for i in range(2, NODES):
        a, b = _parents(i)
        noise = {"u": Uniform(0, 1)} if i % 4 in (0, 3) else {}
        equations[f"x{i}"] = node(forms[i % 4], parents=[f"x{a}", f"x{b}"], noise=noise)
    return SCM(equations)


def _in_jax(key, forced=None):
    keys = jax.random.split(key, NODES)
    bernoulli = lambda i, chance: jax.random.bernoulli(keys[i], chance, (N,)).astype(jnp.int32)
    x = [bernoulli(0, 0.5), bernoulli(1, 0.3)]
    for i in range(2, NODES):
        a, b = (x[parent] for parent in _parents(i))
        if i == forced:
            x.append(jnp.ones_like(x[0]))
        elif i % 4 == 1:
            x.append(bernoulli(i, jnp.asarray(TWO)[a, b]))
        elif i % 4 == 2:
            logits = jnp.log(jnp.asarray(THREE))[a, b]
            x.append(jax.random.categorical(keys[i], logits).astype(jnp.int32))
        else:
            x.append((jax.random.uniform(keys[i], (N,)) < _chance(a, b)).astype(jnp.int32))
    return x


def _in_numpy(forced=None):
    random = np.random.Generator(np.random.SFC64(0))
    uniform = lambda: random.random(N, dtype=np.float32)
    x = [(uniform() < 0.5).astype(np.int32), (uniform() < 0.3).astype(np.int32)]
    first, second = THREE[..., 0], THREE[..., :2].sum(-1)
    for i in range(2, NODES):
        a, b = (x[parent] for parent in _parents(i))
        if i == forced:
            x.append(np.ones_like(x[0]))
        elif i % 4 == 1:
            x.append((uniform() < TWO[a, b]).astype(np.int32))
        elif i % 4 == 2:
            u = uniform()
            x.append((u > first[a, b]).astype(np.int32) + (u > second[a, b]))
        else:
            chance = np.float32(0.1) + np.float32(0.2) * a + np.float32(0.15) * b
            x.append((uniform() < chance.astype(np.float32)).astype(np.int32))
    return x


def _by_pyagrum(forced=None) -> dict[str, Callable]:
    """The same network in pyAgrum, forced by cutting the arrows; the draw alone is timed."""
    try:
        import pyagrum as gum
    except ImportError:
        return {}
    net = gum.BayesNet()
    for i in range(NODES):
        net.add(gum.LabelizedVariable(f"x{i}", "", _levels(i)))
        parents = [] if i < 2 or i == forced else list(dict.fromkeys(_parents(i)))
        for parent in parents:
            net.addArc(f"x{parent}", f"x{i}")
        for values in itertools.product(*(range(_levels(parent)) for parent in parents)):
            given = {f"x{p}": value for p, value in zip(parents, values, strict=True)}
            a, b = values if values else (0, 0)
            net.cpt(f"x{i}")[given] = _table(i, a, b, forced)

    def draw(net=net, generator=gum.BNDatabaseGenerator(net)):  # which does not keep its net alive
        return generator.drawSamples(N)

    return {"pyAgrum": draw}


def _table(i: int, a: int, b: int, forced: int | None) -> list[float]:
    if i == forced:
        return [float(level == 1) for level in range(_levels(i))]
    if i % 4 == 2 and i >= 2:
        chances = THREE[a, b].astype(float)
        return list(chances / chances.sum())
    roots = {0: 0.5, 1: 0.3}
    one = roots[i] if i in roots else float(TWO[a, b]) if i % 4 == 1 else _chance(a, b)
    return [1 - one, one]


def run() -> Iterator[Table | str]:
    """Tables of nanoseconds a unit, and how many times as long as ours."""
    model, in_jax, key = _model(), jax.jit(_in_jax, static_argnames="forced"), jax.random.key(0)
    for title, forced in (
        (f"{NODES} discrete nodes, a million units", None),
        (f"The same under do(x{FORCED}=1)", FORCED),
    ):
        ours, theirs = model if forced is None else model.do({f"x{forced}": 1}), _by_pyagrum(forced)
        yield compare(
            title,
            {
                "scm": lambda ours=ours: ours.sample(0, N).columns,
                "one jitted function with jax.random": lambda f=forced: in_jax(key, forced=f),
                "NumPy, SFC64, float32": lambda f=forced: _in_numpy(f),
                **theirs,
            },
            n=N,
            runs=5,
        )
    if not theirs:
        yield "pyAgrum: skipped, for pyagrum is not installed; pip install '.[peers]'"
