"""Affine values of normal and other noises: covariances, truncated moments, quantiles."""

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import (
    Bernoulli,
    Binomial,
    Cauchy,
    Exponential,
    Gamma,
    LogNormal,
    MultivariateNormal,
    Normal,
    Poisson,
    StudentT,
    Uniform,
)
from scipy import integrate, optimize, stats

from scm import SCM, node
from scm.truth.batches import asked
from scm.truth.exact import exact, gaussian_moments
from scm.truth.question import Mean, Quantile, Question

pytestmark = pytest.mark.usefixtures("x64")


def ask(worlds, *statistics):
    return asked(Question("q", worlds, statistics, lambda *values: jnp.stack(values)))


def answers(worlds, *statistics):
    found = exact(ask(worlds, *statistics))
    return None if found is None else found.value


def linear_model(rng, size):
    """x = B x + b + e with standard deviations s, as assignments; B, b, s."""
    weights = np.tril(rng.normal(size=(size, size)), -1) * (rng.random((size, size)) < 0.7)
    shift, scale = rng.normal(size=size), rng.random(size) + 0.5
    rhs = {}
    for i in range(size):
        above = [j for j in range(i) if weights[i, j]]
        rhs[f"x{i}"] = node(
            lambda *values, u, w=weights[i, above], b=shift[i]: (
                sum(w[k] * v for k, v in enumerate(values)) + b + u
            ),
            parents=[f"x{j}" for j in above],
            noise={"u": Normal(0.0, scale[i])},
        )
    return SCM(**rhs), weights, shift, scale


@pytest.mark.parametrize("seed", range(6))
def test_moments_of_two_worlds_are_those_of_the_reduced_form(seed):
    """Under do(x_i = v) row i of B is cut; both worlds are linear in the same e."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(3, 7))
    model, weights, shift, scale = linear_model(rng, size)
    at = int(rng.integers(size - 1))
    worlds = {"n": model, "d": model.do({f"x{at}": 2.0})}
    names = [f"x{i}" for i in range(size)]
    statistics = [Mean(lambda u, w=w, k=k: u[w][k]) for w in "nd" for k in names]
    means, covariance = gaussian_moments(ask(worlds, *statistics))

    def reduced(cut):
        system, right, noise = np.eye(size) - weights, shift.copy(), np.diag(scale)
        if cut:
            system[at], right[at], noise[at] = np.eye(size)[at], 2.0, 0.0
        return np.linalg.solve(system, right), np.linalg.solve(system, noise)

    (mean_n, root_n), (mean_d, root_d) = reduced(False), reduced(True)
    root = np.concatenate([root_n, root_d])
    np.testing.assert_allclose(means, np.concatenate([mean_n, mean_d]), atol=1e-10)
    np.testing.assert_allclose(covariance, root @ root.T, atol=1e-9)
    law = stats.norm(mean_n[-1] - 2 * mean_d[0], np.linalg.norm(root_n[-1] - 2 * root_d[0]))
    if law.std() > 1e-6:
        found = answers(worlds, Quantile(lambda u: u["n"][names[-1]] - 2 * u["d"]["x0"], 0.83))
        assert found[0] == pytest.approx(law.ppf(0.83), abs=1e-10)


def test_products_need_finite_variances_only():
    """E[x y] of affine values of skewed and discrete noises."""
    model = SCM(
        e=Exponential(0.5),
        k=Poisson(3.0),
        t=StudentT(5.0, 1.0, 2.0),
        c=Cauchy(0.0, 1.0),
        x=lambda e, k: e - 2.0 * k,
        y=lambda e, k, t: 3 * e + k + t,
        heavy=lambda c: 2 * c,
    )
    worlds = {"w": model}
    product = answers(worlds, Mean(lambda u: u["w"]["x"] * u["w"]["y"]))
    expected = (2 - 6) * (6 + 3 + 1) + 3 * 4 - 2 * 3
    np.testing.assert_allclose(product, expected, rtol=1e-12)
    assert answers(worlds, Mean(lambda u: u["w"]["heavy"])) is None
    assert answers(worlds, Mean(lambda u: u["w"]["heavy"] ** 2)) is None


def test_a_truncated_normal_value_has_its_closed_moments():
    """E[y | x > c] of y = 2 x + e, and E[x^2 | a < x < b], as ratios."""
    model = SCM(x=Normal(1.0, 2.0), y=lambda x, e=Normal(0, 1): 2 * x + e)
    over = lambda u: (u["w"]["x"] > 1.5) * 1.0
    inside = lambda u: ((u["w"]["x"] > 0) & (u["w"]["x"] < 1.5)) * 1.0
    numerator, chance, square, held = answers(
        {"w": model},
        Mean(lambda u: u["w"]["y"] * over(u)),
        Mean(over),
        Mean(lambda u: u["w"]["x"] * u["w"]["x"] * inside(u)),
        Mean(inside),
    )
    law = lambda a, b: stats.truncnorm((a - 1) / 2, (b - 1) / 2, 1, 2)
    assert numerator / chance == pytest.approx(2 * law(1.5, np.inf).mean(), rel=1e-12)
    assert square / held == pytest.approx(law(0, 1.5).moment(2), rel=1e-9)


@pytest.mark.parametrize(
    ("law", "density"),
    [
        (Normal(0.5, 2.0), stats.norm(0.5, 2)),
        (Uniform(-1.0, 2.0), stats.uniform(-1, 3)),
        (Exponential(0.5), stats.expon(scale=2)),
    ],
)
def test_kinks_against_numerical_integration(law, density):
    """Moments of |u|, max(u, 1), clip(u) and of pieces of a piecewise linear function."""
    pieces = {
        "size": (lambda u: jnp.abs(u - 0.2), lambda u: abs(u - 0.2)),
        "larger": (lambda u: jnp.maximum(u, 1.0), lambda u: max(u, 1.0)),
        "held": (lambda u: jnp.clip(u, -0.5, 1.2), lambda u: min(max(u, -0.5), 1.2)),
        "bent": (
            lambda u: jnp.where(u > 0.7, 3 * u, -u) * (u < 1.9),
            lambda u: (3 * u if u > 0.7 else -u) * (u < 1.9),
        ),
    }
    model = SCM(
        u=law, **{k: node(lambda u, f=f: f(u), parents=["u"]) for k, (f, _) in pieces.items()}
    )
    found = answers(
        {"w": model},
        *[Mean(lambda u, k=k: u["w"][k]) for k in pieces],
        *[Mean(lambda u, k=k: u["w"][k] ** 2) for k in pieces],
    )
    ends = [max(density.support()[0], -40), min(density.support()[1], 80)]
    inner = [x for x in (-0.5, 0.2, 0.7, 1.0, 1.2, 1.9) if ends[0] < x < ends[1]]
    edges = [ends[0], *inner, ends[1]]

    def mean(f):
        return sum(
            integrate.quad(lambda x: f(x) * density.pdf(x), a, b, epsabs=1e-13, limit=200)[0]
            for a, b in itertools.pairwise(edges)
        )

    expected = [mean(f) for _, f in pieces.values()]
    expected += [mean(lambda x, f=f: f(x) ** 2) for _, f in pieces.values()]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_a_quantile_of_a_mixture_of_normals():
    model = SCM(k=Binomial(2, 0.4), y=lambda k, u=Normal(0, 1): 3.0 * k + (1 + k) * u)
    chances = stats.binom.pmf(range(3), 2, 0.4)
    below = lambda y, some: sum(chances[k] * stats.norm.cdf(y, 3 * k, 1 + k) for k in some)
    root = lambda some, level: optimize.brentq(
        lambda y: below(y, some) - level * chances[list(some)].sum(), -50, 50, xtol=1e-13
    )
    found = answers(
        {"w": model},
        Quantile(lambda u: u["w"]["y"], 0.3),
        Quantile(lambda u: u["w"]["y"], 0.9, lambda u: u["w"]["k"] >= 1),
    )
    np.testing.assert_allclose(found, [root(range(3), 0.3), root((1, 2), 0.9)], atol=1e-10)


def test_quantiles_of_one_noise_of_any_law_and_of_points():
    """A law with an atom: the censored value max(u, 0), whose median is the atom."""
    model = SCM(
        g=Gamma(2.0, 0.5),
        censored=lambda u=Normal(-0.5, 1): jnp.maximum(u, 0.0),
        late=lambda u=Exponential(1.0): -2 * u,
        s=LogNormal(0.0, 1.0),
    )
    found = answers(
        {"w": model},
        Quantile(lambda u: 1 + 2 * u["w"]["g"], 0.7),
        Quantile(lambda u: u["w"]["censored"], 0.5),
        Quantile(lambda u: u["w"]["censored"], 0.9),
        Quantile(lambda u: u["w"]["late"], 0.1),
        Quantile(lambda u: u["w"]["s"], 0.25, lambda u: u["w"]["s"] > 1.0),
    )
    expected = [
        1 + 2 * stats.gamma(2, scale=2).ppf(0.7),
        0.0,
        stats.norm(-0.5, 1).ppf(0.9),
        -2 * stats.expon.ppf(0.9),
        stats.lognorm(1.0).ppf(0.5 + 0.25 / 2),
    ]
    np.testing.assert_allclose(found, expected, atol=1e-10)


def test_vector_noises():
    covariance = np.array([[2.0, 0.5], [0.5, 1.0]])
    mixing = np.array([[1.0, 2.0], [0.0, 1.0]])
    model = SCM(
        v=MultivariateNormal(jnp.array([1.0, 2.0]), covariance_matrix=jnp.asarray(covariance)),
        w=lambda v, e=Normal(0, jnp.array([1.0, 2.0])).to_event(1): jnp.asarray(mixing) @ v + e,
        b=Bernoulli(jnp.array([0.2, 0.6, 0.5])).to_event(1),
        two=lambda b: (jnp.sum(b) == 2) * 1.0,
        r=lambda v, two: MultivariateNormal(v * two, covariance_matrix=jnp.asarray(covariance)),
    )
    law = mixing @ covariance @ mixing.T + np.diag([1.0, 4.0])
    chance = 0.2 * 0.6 * 0.5 + 0.2 * 0.4 * 0.5 + 0.8 * 0.6 * 0.5
    found = exact(
        asked(
            Question(
                "q",
                {"w": model},
                [Mean(lambda u: u["w"]["w"]), Mean(lambda u: u["w"]["r"])],
                lambda w, r: jnp.concatenate([w, r]),
            )
        )
    )
    np.testing.assert_allclose(found.value, [5, 2, chance, 2 * chance], rtol=1e-6)
    means, matrix = gaussian_moments(ask({"w": model}, Mean(lambda u: u["w"]["w"])))
    np.testing.assert_allclose(means, [5, 2])
    np.testing.assert_allclose(matrix, law, rtol=1e-6)
    crossed = answers({"w": model}, Mean(lambda u: u["w"]["r"][0] * u["w"]["v"][1]))
    np.testing.assert_allclose(crossed, chance * (0.5 + 2), rtol=1e-6)


def test_a_random_scale_is_uncorrelated_but_not_independent():
    """y ~ Normal(x, exp(x)): means pass, products with what y depends on do not."""
    model = SCM(x=Normal(1, 1), z=Normal(2, 1), y=lambda x: Normal(x, jnp.exp(x)))
    worlds = {"w": model}
    np.testing.assert_allclose(
        answers(worlds, Mean(lambda u: u["w"]["y"]), Mean(lambda u: u["w"]["y"] * u["w"]["z"])),
        [1, 2],
    )
    assert answers(worlds, Mean(lambda u: u["w"]["y"] * u["w"]["x"])) is None
    assert answers(worlds, Mean(lambda u: (u["w"]["x"] > 0) * u["w"]["y"])) is None
    assert answers(worlds, Mean(lambda u: u["w"]["y"] ** 2)) is None
    assert answers(worlds, Quantile(lambda u: u["w"]["y"], 0.5)) is None
    signed = SCM(x=Normal(1, 1), y=lambda x: Normal(x, x))  # undefined for half of the units
    assert answers({"w": signed}, Mean(lambda u: u["w"]["y"])) is None


def test_moments_are_refused_where_nothing_is_normal():
    model = SCM(x=Normal(0, 1), e=Exponential(1.0), k=Bernoulli(0.5), s=lambda x: x * x)
    for name in ("e", "k", "s"):
        assert gaussian_moments(ask({"w": model}, Mean(lambda u, k=name: u["w"][k] * 1.0))) is None
    half = ask({"w": model}, Mean(lambda u: jnp.maximum(u["w"]["x"], 0.0)))
    assert gaussian_moments(half) is None
