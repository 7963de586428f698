"""Counterfactuals of fully observed units of additive models, against the same by hand and dowhy's.

The question is the same everywhere: what would the last node have been, had x1 been 1?
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Normal
from rich.table import Table

from benchmarks.timing import compare
from scm import SCM, node

FORCED = 1

LINEAR = (
    lambda xp, a, b: 0.5 * a + 0.3 * b,
    lambda xp, a, b: 0.4 * a - 0.5 * b,
    lambda xp, a, b: b - 0.2 * a,
)
NONLINEAR = (
    lambda xp, a, b: xp.tanh(a) + 0.5 * b,
    lambda xp, a, b: 0.5 * a * xp.tanh(b),
    lambda xp, a, b: xp.exp(-a * a) - 0.3 * b,
    lambda xp, a, b: xp.where(a > 0, 0.7 * b, 0.2 * a),
)
"""Means of a node given its two parents, with xp NumPy or jax.numpy; each in turn."""
SCALES = (1.0, 0.3, 0.5, 1.0, 0.2)
"""Of the noise; each in turn."""


def _parents(i: int) -> tuple[int, int]:
    return i - 1, (3 * i) // 5 - 1


def _model(nodes: int, means: tuple[Callable, ...]) -> SCM:
    equations = {"x0": Normal(0, 1), "x1": Normal(0, 1)}
    for i in range(2, nodes):
        a, b = _parents(i)
        equations[f"x{i}"] = node(
            lambda a, b, u, mean=means[i % len(means)], scale=SCALES[i % 5]: (
                mean(jnp, a, b) + scale * u
            ),
            parents=[f"x{a}", f"x{b}"],
            noise={"u": Normal(0, 1)},
        )
    return SCM(equations)


def _by_hand(xp, means, x, forced, whole=False):
    """The noise of every node from its value, and all nodes anew from the noises."""
    noises = [x["x0"], x["x1"]]
    for i in range(2, len(x)):
        a, b = (x[f"x{parent}"] for parent in _parents(i))
        noises.append((x[f"x{i}"] - means[i % len(means)](xp, a, b)) / SCALES[i % 5])
    y = [noises[0], xp.full_like(noises[1], forced)]
    for i in range(2, len(x)):
        a, b = (y[parent] for parent in _parents(i))
        y.append(means[i % len(means)](xp, a, b) + SCALES[i % 5] * noises[i])
    return (y, noises) if whole else y[-1]


def _by_dowhy(nodes: int, means: tuple[Callable, ...], frame) -> dict[str, Callable]:
    """The same model in dowhy.gcm: its mechanisms are set, in NumPy, and nothing is fitted."""
    try:
        import networkx as nx
        from dowhy import gcm
        from dowhy.gcm.causal_models import PARENTS_DURING_FIT
        from scipy.stats import norm
    except ImportError:
        return {}

    class Known(gcm.ml.PredictionModel):
        def __init__(self, mean, places):
            self.mean, self.places = mean, places

        def fit(self, X, Y):
            pass

        def predict(self, X):
            a, b = (X[:, place] for place in self.places)
            return self.mean(np, a, b).reshape(-1, 1)

        def clone(self):
            return Known(self.mean, self.places)

    edges = [(f"x{parent}", f"x{i}") for i in range(2, nodes) for parent in _parents(i)]
    model = gcm.InvertibleStructuralCausalModel(nx.DiGraph(edges))
    for i in range(nodes):
        name, law = f"x{i}", gcm.ScipyDistribution(norm, loc=0.0, scale=SCALES[i % 5])
        ordered = sorted(f"x{parent}" for parent in _parents(i)) if i > 1 else []
        model.graph.nodes[name][PARENTS_DURING_FIT] = ordered
        if i > 1:
            places = [ordered.index(f"x{parent}") for parent in _parents(i)]
            law = gcm.AdditiveNoiseModel(Known(means[i % len(means)], places), law)
        model.set_causal_mechanism(name, law)
    ask = functools.partial(gcm.counterfactual_samples, model, {f"x{FORCED}": lambda _: 1.0})
    return {"dowhy.gcm, its mechanisms given": lambda: ask(observed_data=frame)[f"x{nodes - 1}"]}


def _contenders(nodes: int, means: tuple[Callable, ...], n: int) -> dict[str, Callable]:
    model, last = _model(nodes, means), f"x{nodes - 1}"
    world = model.sample(0, n)
    data, frame = dict(world.data), world.to_pandas()
    arrays = {name: np.asarray(column) for name, column in data.items()}

    def asked(data, x):
        return model.abduct(data, key=0).do({f"x{FORCED}": x}).sample()[last]

    ours = jax.jit(asked)
    in_jax = jax.jit(functools.partial(_by_hand, jnp, means), static_argnames="whole")
    contenders = {
        "scm": lambda: asked(data, 1.0),
        "scm, from a data frame": lambda: asked(frame, 1.0),
        "scm under jax.jit": lambda: ours(data, 1.0),
        "by hand, one jitted function": lambda: in_jax(data, 1.0),
        "by hand, jitted, all nodes and noises": lambda: in_jax(data, 1.0, whole=True),
        "by hand, NumPy": lambda: _by_hand(np, means, arrays, 1.0),
        **_by_dowhy(nodes, means, frame),
    }
    exact = _by_hand(np, means, {k: x.astype(float) for k, x in arrays.items()}, 1.0)
    for name, ask in contenders.items():
        if ask.__defaults__ is None and "all nodes" not in name:
            np.testing.assert_allclose(np.ravel(ask()), exact, atol=1e-3, err_msg=name)
    return contenders


def run() -> Iterator[Table | str]:
    """Tables of microseconds a question, and how many times as long as ours."""
    for label, means in (("linear", LINEAR), ("nonlinear", NONLINEAR)):
        for nodes in (5, 50):
            for n in (10_000, 100_000):
                contenders = _contenders(nodes, means, n)
                title = f"Counterfactuals of {n:,} units, {nodes} {label} nodes, float32"
                yield compare(title, contenders, n=1, what="ms", scale=1e3)
    if not any("dowhy" in name for name in contenders):
        yield "dowhy.gcm: skipped, for dowhy is not installed; pip install '.[peers]'"
