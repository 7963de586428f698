"""Counterfactuals of additive models, against the same by hand and dowhy's; and partial evidence.

The question is the same everywhere: what would the last node have been, had x1 been 1?
"""

from __future__ import annotations

import functools
import time
import warnings
from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Normal
from rich.table import Table

from benchmarks.timing import Seconds, compare, medians
from scm import SCM, latent, node

FORCED = 1
N = 100_000

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
    """The same model in dowhy.gcm, nothing fitted: by its own linear regressors whose numbers are
    set, where the model is linear; and by means in NumPy, which cost it least."""
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

    def regressor(mean, places):
        x = np.eye(2) if len(set(places)) == 2 else np.ones((2, 1))
        slopes = [mean(np, *(row[place] for place in places)) for row in x]
        known = gcm.ml.create_linear_regressor()
        known.fit(x, np.array(slopes))  # gives it its shape
        known.sklearn_model.coef_ = np.array([slopes[: x.shape[1]]])
        known.sklearn_model.intercept_ = np.zeros(1)
        return known

    def asked(mechanism):
        edges = [(f"x{parent}", f"x{i}") for i in range(2, nodes) for parent in _parents(i)]
        model = gcm.InvertibleStructuralCausalModel(nx.DiGraph(edges))
        for i in range(nodes):
            name, law = f"x{i}", gcm.ScipyDistribution(norm, loc=0.0, scale=SCALES[i % 5])
            ordered = sorted({f"x{parent}" for parent in _parents(i)}) if i > 1 else []
            model.graph.nodes[name][PARENTS_DURING_FIT] = ordered
            if i > 1:
                places = [ordered.index(f"x{parent}") for parent in _parents(i)]
                law = gcm.AdditiveNoiseModel(mechanism(means[i % len(means)], places), law)
            model.set_causal_mechanism(name, law)
        forced = {f"x{FORCED}": lambda _: 1.0}
        ask = functools.partial(gcm.counterfactual_samples, model, forced)
        return lambda: ask(observed_data=frame)[f"x{nodes - 1}"].to_numpy()

    known = {"dowhy.gcm, means in NumPy": asked(Known)}
    return known | ({"dowhy.gcm": asked(regressor)} if means is LINEAR else {})


def _contenders(nodes: int, means: tuple[Callable, ...], n: int) -> dict[str, Callable]:
    model, last = _model(nodes, means), f"x{nodes - 1}"
    world = model.sample(0, n)
    data, frame = dict(world.data), world.to_pandas()
    arrays = {name: np.asarray(column) for name, column in data.items()}

    def asked(data, x):
        return model.abduct(data, key=0).do({f"x{FORCED}": x}).sample()[last]

    ours = jax.jit(asked)
    by_hand = functools.partial(_by_hand, jnp, means)
    in_jax, in_jax_whole = jax.jit(by_hand), jax.jit(functools.partial(by_hand, whole=True))
    contenders = {
        "scm": lambda: asked(data, 1.0),
        "scm, from a frame": lambda: asked(frame, 1.0),
        "scm in jax.jit": lambda: ours(data, 1.0),
        "by hand in jax.jit": lambda: in_jax(data, 1.0),
        "by hand in NumPy": lambda: _by_hand(np, means, arrays, 1.0),
        **_by_dowhy(nodes, means, frame),
    }
    exact = _by_hand(np, means, {k: x.astype(float) for k, x in arrays.items()}, 1.0)
    for name, ask in contenders.items():
        np.testing.assert_allclose(np.ravel(ask()), exact, atol=1e-3, err_msg=name)
    return contenders | {"all columns, by hand in JAX": lambda: in_jax_whole(data, 1.0)}


def _observed() -> Iterator[Table]:
    """What a question costs of units of which all is seen, and how it compares."""
    took: dict[str, dict[str, Seconds]] = {}
    for label, means in (("linear", LINEAR), ("nonlinear", NONLINEAR)):
        for nodes in (5, 50):
            for n in (10_000, N):
                every = _contenders(nodes, means, n)
                jitted = {name: every.pop(name) for name in list(every) if "jax.jit" in name}
                # the short ones among themselves: after a long one the first finds its data gone
                took[f"{nodes} {label}, {n:,}"] = medians(every) | medians(jitted, 200)
    names = list(dict.fromkeys(name for each in took.values() for name in each))
    for at, clock in enumerate(("on the clock", "of processors")):
        table = Table(title=f"Counterfactuals, all seen, float32: ms {clock}", title_justify="left")
        table.add_column("nodes, units")
        for name in names:
            table.add_column(name, justify="right", min_width=8)
        for case, each in took.items():
            table.add_row(case, *(f"{each[n][at] * 1e3:,.2f}" if n in each else "" for n in names))
        yield table
        yield _ratios(took, at, clock)


def _ratios(took: dict[str, dict[str, Seconds]], at: int, clock: str) -> Table:
    pairs = [("scm in jax.jit", "by hand in jax.jit")]
    for theirs in ("dowhy.gcm", "dowhy.gcm, means in NumPy"):
        if any(theirs in each for each in took.values()):
            pairs += [(theirs, ours) for ours in ("scm", "scm in jax.jit")]
    table = Table(title=f"Ratios {clock}", title_justify="left")
    table.add_column("nodes, units")
    for one, other in pairs:
        table.add_column(f"{one} / {other}", justify="right", min_width=10)
    for case, each in took.items():
        shown = (f"{each[a][at] / each[b][at]:.2f}" if a in each else "" for a, b in pairs)
        table.add_row(case, *shown)
    return table


def _partly() -> Table:
    """Ten linear nodes of which every other one is seen."""
    model = _model(10, LINEAR)
    world = model.sample(0, N)
    seen = {name: world[name] for name in ("x1", "x3", "x5", "x7", "x9")}

    def asked(draws):
        return model.abduct(seen, key=0, draws=draws).do(x2=1.0).sample()["x9"]

    return compare(
        f"Ten linear nodes, half of them seen, {N:,} units",
        {f"draws={draws}": lambda draws=draws: asked(draws) for draws in (1, 10)},
        n=1,
        what="s",
        scale=1.0,
        runs=3,
    )


def _by_chains() -> Table:
    """Two shared noises behind six values, a hundred units at a time.

    Of the units of the first model all go to chains; of those of the second some, other ones in
    every hundred.
    """
    table = Table(title="NUTS, 200 draws of each of 100 units", title_justify="left")
    for heading in ("", "s", "of processors, s"):
        table.add_column(heading, justify="right")
    for noise in (0.02, 0.08):
        model = _shared(noise)
        world = model.sample(0, 300)
        for at, key in ((0, 0), (100, 0), (200, 0), (200, 1)):
            part = {name: world[name][at : at + 100] for name in model.observed}
            wall, cpu = time.perf_counter(), time.process_time()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                posterior = model.abduct(part, key=key, draws=200)
            jax.block_until_ready(posterior.origin)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            label = f"noise {noise}, units {at} to {at + 99}, key {key}: {posterior.methods['h']}"
            table.add_row(label, f"{wall:.1f}", f"{cpu:.1f}")
    return table


def _shared(noise: float) -> SCM:
    def value(c):
        return lambda h, k, u: jnp.tanh(h + c * k) + 0.3 * c * jnp.sin(k) + noise * u

    seen = {
        f"y{i}": node(value(i / 5), parents=["h", "k"], noise={"u": Normal(0, 1)}) for i in range(6)
    }
    return SCM({"h": latent(Normal(0, 1)), "k": latent(Normal(0, 1)), **seen})


def run() -> Iterator[Table | str]:
    """Tables of time, and of ratios."""
    yield from _observed()
    yield _partly()
    yield _by_chains()
    if not _by_dowhy(5, LINEAR, None):
        yield "dowhy.gcm: skipped, for dowhy is not installed; pip install '.[peers]'"
