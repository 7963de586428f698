"""Noises cut at their thresholds: random models against a grid, which is exact for them.

All thresholds are multiples of 1/12, so that a uniform score is as good as 12 equally probable
points between them; a normal noise that enters polynomials of degree 3 at most is as good as a
fair coin of -1 and 1. The grid of all combinations is worked through in plain NumPy.
"""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import (
    Bernoulli,
    BernoulliLogits,
    Binomial,
    Categorical,
    Exponential,
    Gamma,
    Laplace,
    Logistic,
    Normal,
    OrderedLogistic,
    Poisson,
    Uniform,
)
from scipy import stats

from scm import SCM, node
from scm.truth.batches import asked
from scm.truth.exact import exact
from scm.truth.question import Mean, Quantile, Question

pytestmark = pytest.mark.usefixtures("x64")

CELLS = 12


def answers(worlds, *statistics):
    """The exact values of statistics, or None."""
    question = Question("q", worlds, statistics, lambda *values: jnp.stack(values))
    found = exact(asked(question))
    return None if found is None else found.value


class RandomModel:
    """Variables V0, V1, ...: as assignments for `SCM`, and as NumPy functions of grid points."""

    KINDS = ("returned", "threshold", "ordinal", "floor", "computed")

    def __init__(self, rng, size):
        self.names = [f"V{i}" for i in range(size)]
        self.rhs, self.plain, self.levels, self.noisy = {}, {}, {}, []
        for i, name in enumerate(self.names):
            parents = [p for p in self.names[:i] if rng.random() < 0.6][-2:]
            kind = rng.choice(self.KINDS if parents else self.KINDS[:-1])
            if kind != "computed" and len(self.noisy) == 4:
                kind = "computed" if parents else "fixed"
            if kind not in ("computed", "fixed"):
                self.noisy.append(name)
            getattr(self, kind)(rng, name, parents)

    def table(self, rng, parents, more=()):
        shape = tuple(self.levels[p] for p in parents)
        return rng.integers(0, CELLS + 1, (*shape, *more))

    def returned(self, rng, name, parents):
        table = self.table(rng, parents)
        chance = jnp.asarray(table / CELLS)
        self.rhs[name] = node(lambda *values: Bernoulli(chance[values]), parents=parents)
        self.plain[name] = parents, lambda u, *values: (1 - u < table[values] / CELLS) * 1
        self.levels[name] = 2

    def threshold(self, rng, name, parents):
        table = self.table(rng, parents)
        cut = jnp.asarray(table / CELLS)
        self.rhs[name] = node(
            lambda *values, u: (2 * u - cut[values] < cut[values]) * 1,
            parents=parents,
            noise={"u": Uniform(0, 1)},
        )
        self.plain[name] = parents, lambda u, *values: (u < table[values] / CELLS) * 1
        self.levels[name] = 2

    def ordinal(self, rng, name, parents):
        table = self.table(rng, parents, (2,))
        cuts = jnp.asarray(table / CELLS)
        self.rhs[name] = node(
            lambda *values, u: jnp.sum(u > cuts[values]), parents=parents, noise={"u": Uniform()}
        )
        self.plain[name] = (
            parents,
            lambda u, *values: (u[..., None] > table[values] / CELLS).sum(-1),
        )
        self.levels[name] = 3

    def floor(self, rng, name, parents):
        table = self.table(rng, parents) % 3 + 1
        times = jnp.asarray(table * 1.0)
        self.rhs[name] = node(
            lambda *values, u: jnp.floor(times[values] * u).astype(int),
            parents=parents,
            noise={"u": Uniform(0, 1)},
        )
        self.plain[name] = parents, lambda u, *values: np.floor(table[values] * u).astype(int)
        self.levels[name] = 3

    def computed(self, rng, name, parents):
        weights, shift = rng.integers(1, 4, len(parents)), int(rng.integers(3))
        add = lambda values: sum(int(w) * v for w, v in zip(weights, values, strict=True))
        self.rhs[name] = node(lambda *values: (add(values) + shift) % 3, parents=parents)
        self.plain[name] = parents, lambda u, *values: (add(values) + shift) % 3
        self.levels[name] = 3

    def fixed(self, rng, name, parents):
        self.rhs[name] = 1
        self.plain[name] = (), lambda u: np.ones_like(u, int)
        self.levels[name] = 2

    def grid(self, interventions):
        """All variables at all grid points of the noises, under interventions."""
        points = (np.arange(CELLS) + 0.5) / CELLS
        axes = np.meshgrid(*[points] * len(self.noisy), indexing="ij") if self.noisy else [points]
        flat = [axis.reshape(-1) for axis in axes]
        found = {}
        for name in self.names:
            parents, fn = self.plain[name]
            u = flat[self.noisy.index(name)] if name in self.noisy else flat[0]
            value = interventions.get(name)
            found[name] = np.full(len(u), value) if value is not None else fn(
                u, *(found[p] for p in parents)
            )  # fmt: skip
        return found


@pytest.mark.parametrize("seed", range(25))
def test_random_finite_models_in_coupled_worlds(seed):
    """Products across three worlds, of variables and events, in the affine and the jumpy parts."""
    rng = np.random.default_rng(seed)
    model = RandomModel(rng, int(rng.integers(3, 7)))
    first, outcome = model.names[0], model.names[-1]
    some = model.names[int(rng.integers(len(model.names)))]
    slope = rng.normal(size=2)
    scm = SCM(
        **model.rhs,
        Y=node(
            lambda last, first, e: slope[0] * last + slope[1] * first * e + e,
            parents=[outcome, first],
            noise={"e": Normal(0, 1)},
        ),
    )
    settings = {"n": {}, "a": {first: 1}, "b": {first: 0, some: 1}}
    worlds = {world: scm.do(setting) for world, setting in settings.items()}
    found = answers(
        worlds,
        Mean(lambda u: (u["a"]["Y"] - u["b"]["Y"]) * (u["n"][some] == 1)),
        Mean(lambda u: u["a"]["Y"] * u["b"]["Y"]),
        Mean(lambda u: jnp.where(u["n"][outcome] > u["b"][outcome], u["n"]["Y"], u["a"][some])),
        Quantile(lambda u: u["a"][outcome] - u["b"][outcome], 0.37),
    )
    total = 0.0
    for e in (-1, 1):
        grids = {world: model.grid(setting) for world, setting in settings.items()}
        for grid in grids.values():
            grid["Y"] = slope[0] * grid[outcome] + slope[1] * grid[first] * e + e
        n, a, b = (grids[world] for world in "nab")
        total = total + np.array([
            ((a["Y"] - b["Y"]) * (n[some] == 1)).mean(),
            (a["Y"] * b["Y"]).mean(),
            np.where(n[outcome] > b[outcome], n["Y"], a[some]).mean(),
            np.quantile(a[outcome] - b[outcome], 0.37, method="inverted_cdf"),
        ]) / 2  # fmt: skip
    np.testing.assert_allclose(found, total, atol=1e-12)


def test_laws_are_cut_where_their_distribution_says():
    """P(a + b u > c) for every family with places, and both orientations, against SciPy."""
    laws = {
        "normal": (Normal(1.0, 2.0), stats.norm(1, 2)),
        "uniform": (Uniform(-1.0, 2.0), stats.uniform(-1, 3)),
        "logistic": (Logistic(0.5, 2.0), stats.logistic(0.5, 2)),
        "laplace": (Laplace(0.5, 2.0), stats.laplace(0.5, 2)),
        "exponential": (Exponential(0.5), stats.expon(scale=2)),
        "gamma": (Gamma(2.0, 0.5), stats.gamma(2, scale=2)),
    }
    model = SCM(**{name: law for name, (law, _) in laws.items()})
    worlds = {"w": model}
    above = [Mean(lambda u, k=k: (2 * u["w"][k] - 1.0 > 0.5) * 1.0) for k in laws]
    below = [Mean(lambda u, k=k: (0.5 - u["w"][k] < 3.0) * 1.0) for k in laws]
    found = answers(worlds, *above, *below)
    expected = [law.sf(0.75) for _, law in laws.values()]
    expected += [law.sf(-2.5) for _, law in laws.values()]
    np.testing.assert_allclose(found, expected, rtol=1e-10)


def test_a_probability_is_taken_in_the_smaller_tail():
    model = SCM(x=Normal(0, 1), e=Exponential(1.0), b=BernoulliLogits(-50.0))
    found = answers(
        {"w": model},
        Mean(lambda u: (u["w"]["x"] > 12.0) * 1.0),
        Mean(lambda u: (u["w"]["e"] > 60.0) * 1.0),
        Mean(lambda u: (u["w"]["b"] == 1) * 1.0),
    )
    np.testing.assert_allclose(found, [stats.norm.sf(12), np.exp(-60), np.exp(-50)], rtol=1e-9)


def test_whole_numbers_without_bound_are_cut_between_values():
    """A Poisson count: ties have probability, so > and >= differ."""
    model = SCM(n=Poisson(3.0), k=Binomial(4, 0.3))
    law = stats.poisson(3)
    found = answers(
        {"w": model},
        Mean(lambda u: (u["w"]["n"] > 2) * 1.0),
        Mean(lambda u: (u["w"]["n"] >= 2) * 1.0),
        Mean(lambda u: (2 * u["w"]["n"] == 4) * 1.0),
        Mean(lambda u: (-u["w"]["n"] + u["w"]["k"] < -2) * 1.0),
    )
    last = sum(stats.binom.pmf(k, 4, 0.3) * law.sf(2 + k) for k in range(5))
    np.testing.assert_allclose(found, [law.sf(2), law.sf(1), law.pmf(2), last], rtol=1e-10)


def test_the_score_of_a_returned_law_is_shared_between_worlds():
    """Principal strata of a returned Bernoulli, and the joint law of two ordered outcomes."""
    cuts = jnp.array([-1.0, 0.5])
    model = SCM(
        z=Bernoulli(0.5),
        take=lambda z: Bernoulli(0.2 + 0.5 * z),
        grade=lambda z: OrderedLogistic(0.7 * z, cuts),
        count=lambda z: Binomial(2, 0.3 + 0.3 * z),
    )
    worlds = {"1": model.do(z=1), "0": model.do(z=0)}
    found = answers(
        worlds,
        Mean(lambda u: (u["1"]["take"] > u["0"]["take"]) * 1.0),
        Mean(lambda u: (u["1"]["grade"] == 2) * (u["0"]["grade"] == 1) * 1.0),
        Mean(lambda u: u["1"]["count"] * u["0"]["count"] * 1.0),
    )
    # a uniform score: thresholds of both worlds, cell by cell
    below = lambda z: stats.logistic.cdf(np.array([-1.0, 0.5]) - 0.7 * z)
    grade = max(min(1, below(0)[1]) - max(below(1)[1], below(0)[0]), 0)
    ends = [np.concatenate([[0], stats.binom.cdf(range(3), 2, p)]) for p in (0.3, 0.6)]
    count = sum(
        i * j * max(min(ends[0][i + 1], ends[1][j + 1]) - max(ends[0][i], ends[1][j]), 0)
        for i, j in itertools.product(range(3), repeat=2)
    )
    np.testing.assert_allclose(found, [0.5, grade, count], atol=1e-12)


def test_one_noise_under_two_laws():
    """An intervention rescales a noise: units keep their scores, in comparisons and products."""
    model = SCM(y=lambda u=Normal(0, 1): u, t=lambda y: (y > 0.5) * 1.0)
    worlds = {"a": model, "b": model.do(y=lambda u=Normal(1, 2): u)}
    found = answers(
        worlds,
        Mean(lambda u: u["a"]["t"] * u["b"]["t"]),
        Mean(lambda u: u["a"]["y"] * u["b"]["y"]),
        Mean(lambda u: (u["b"]["y"] - u["a"]["y"] > 0) * 1.0),
    )
    np.testing.assert_allclose(found, [stats.norm.sf(0.5), 2.0, stats.norm.cdf(1)], rtol=1e-12)


def test_gumbel_noise_has_no_joint_law_of_two_worlds_here():
    table = jnp.array([[0.2, 0.3, 0.5], [0.5, 0.3, 0.2]])
    model = SCM(z=Bernoulli(0.5), c=lambda z: Categorical(table[z]))
    worlds = {"1": model.do(z=1), "0": model.do(z=0), "n": model}
    one, zero = (lambda u: (u["1"]["c"] == 1) * 1.0), (lambda u: (u["0"]["c"] == 1) * 1.0)
    both = Mean(lambda u: (u["1"]["c"] == 1) * (u["0"]["c"] == 1) * 1.0)
    np.testing.assert_allclose(answers(worlds, Mean(one), Mean(zero)), [0.3, 0.3], atol=1e-7)
    assert answers(worlds, both) is None
    assert answers(worlds, Mean(lambda u: (u["n"]["c"] == u["1"]["c"]) * 1.0)) is None


@pytest.mark.parametrize(
    "fn",
    [
        lambda u: (u["w"]["x"] * u["w"]["x"] > 1) * 1.0,
        lambda u: (jnp.sin(u["w"]["x"]) > 0) * 1.0,
        lambda u: (u["w"]["x"] > u["w"]["e"]) * 1.0,
        lambda u: jnp.floor(u["w"]["x"]),
        lambda u: (u["w"]["x"] > 0) * u["w"]["c"],
        lambda u: jnp.maximum(u["w"]["x"], 0) ** 3,
        lambda u: jnp.exp(u["w"]["x"]),
        lambda u: (u["w"]["n"] * 0.1 > 0.3) * 1.0,
    ],
)
def test_what_thresholds_do_not_solve_is_left_to_others(fn):
    model = SCM(x=Normal(0, 1), e=Exponential(1.0), n=Poisson(2.0), c=lambda x: jnp.tanh(x))
    assert answers({"w": model}, Mean(fn)) is None


def test_rounding_decides_no_comparison():
    """6 * 0.1 > 0.6 in double precision, but 5 * 0.1 + 0.1, of multiples of noises, is not: where
    that is in doubt all is computed as the model computes it."""
    model = SCM(
        k=Binomial(9, 0.5), dose=lambda k: (k + 1) * 0.1, high=lambda dose: (dose > 0.6) * 1
    )
    assert 6 * 0.1 > 0.6 >= 5 * 0.1 + 0.1
    found = answers({"w": model}, Mean(lambda u: u["w"]["high"] * 1.0))
    np.testing.assert_allclose(found, stats.binom.sf(4, 9, 0.5), rtol=1e-12)


def test_whole_numbers_wrap_as_the_program_does():
    """Half of 2^64 times a bit, added twice, is 0; a count without bound is left to others."""
    half = np.int64(2**62)
    model = SCM(k=Binomial(4, 0.5), n=Poisson(3.0), y=lambda k: k * half, z=lambda n: n * half)
    found = answers({"w": model}, Mean(lambda u: (u["w"]["y"] == 0) * 1.0))
    np.testing.assert_allclose(found, 2 / 16, rtol=1e-12)
    wrapped = answers({"w": model}, Mean(lambda u: u["w"]["y"] * 1.0))
    expected = sum(p * v for p, v in zip((4, 6, 4), (2**62, -(2**63), -(2**62)), strict=True)) / 16
    np.testing.assert_allclose(wrapped, expected, rtol=1e-12)
    assert answers({"w": model}, Mean(lambda u: u["w"]["z"] * 1.0)) is None


def test_loops_are_walked_through():
    """jnp.searchsorted and lax.fori_loop are loops; jax.lax.cond is a branch."""
    cuts = jnp.array([-1.0, 0.2, 1.5])
    model = SCM(
        z=Bernoulli(0.3),
        grade=lambda z, u=Normal(0, 1): jnp.searchsorted(cuts, u + 0.5 * z),
        walk=lambda z: jax.lax.fori_loop(0, 3, lambda i, s: s * 2 + z, 1),
        pick=lambda z, u=Normal(1, 1): jax.lax.cond(z == 1, lambda: 2 * u, lambda: u - 1),
    )
    found = answers(
        {"w": model},
        Mean(lambda u: u["w"]["grade"] * 1.0),
        Mean(lambda u: u["w"]["walk"] * 1.0),
        Mean(lambda u: u["w"]["pick"]),
    )
    grade = sum(
        p * sum(stats.norm.sf(c - 0.5 * z) for c in (-1.0, 0.2, 1.5))
        for z, p in ((0, 0.7), (1, 0.3))
    )
    np.testing.assert_allclose(found, [grade, 0.7 * 8 + 0.3 * 15, 0.3 * 2], rtol=1e-12)
