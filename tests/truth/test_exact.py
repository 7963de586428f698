"""Exact truths against algebra and enumeration that share no code with them."""

import itertools
from fractions import Fraction

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpyro.distributions import (
    Bernoulli,
    Binomial,
    Categorical,
    Cauchy,
    DiscreteUniform,
    Exponential,
    Normal,
    Poisson,
    Uniform,
    VonMises,
)

from scm import SCM, ModelError, UndefinedLawError, node, param
from scm.estimands import ATE, CDE, TotalEffect
from scm.truth import BudgetWarning, MomentWarning

pytestmark = pytest.mark.usefixtures("x64")


@settings(max_examples=15, deadline=None)
@given(st.integers(3, 7), st.integers(0, 2**32 - 1))
def test_linear_models_against_the_reduced_form(size, seed):
    """x = B x + e: under do(x_i = v), E[x] solves the linear system without row i."""
    rng = np.random.default_rng(seed)
    weights = np.tril(rng.normal(size=(size, size)), -1) * (rng.random((size, size)) < 0.6)
    means = rng.normal(size=size)
    rhs = {}
    for i in range(size):
        parents = [j for j in range(i) if weights[i, j]]
        rhs[f"x{i}"] = node(
            lambda *values, u, w=weights[i, parents]: (
                jnp.dot(w, jnp.stack(values)) + u if values else u
            ),
            parents=[f"x{j}" for j in parents],
            noise={"u": Normal(means[i], 1.0)},
        )
    with jax.enable_x64(True):
        model = SCM(rhs)
        treatment, outcome = sorted(rng.choice(size, 2, replace=False))
        truth = ATE(f"x{treatment}", f"x{outcome}", levels=(-1, 2)).truth(model)

    def mean_under(value):
        system, right = np.eye(size) - weights, means.copy()
        system[treatment], right[treatment] = np.eye(size)[treatment], value
        return np.linalg.solve(system, right)[outcome]

    assert truth.method == "exact"
    assert truth.se == 0
    np.testing.assert_allclose(truth.value, mean_under(2) - mean_under(-1), atol=1e-10)


def drug():
    """The lecture's table, FACTS 1.1."""
    clots = jnp.array([[6 / 80, 3 / 42], [17 / 42, 24 / 80]])
    takes = jnp.array([42 / 122, 80 / 122])
    return SCM(
        female=Bernoulli(0.5),
        drug_a=lambda female, takes=takes: Bernoulli(takes[female]),
        clot=lambda female, drug_a, clots=clots: Bernoulli(clots[female, drug_a]),
    )


def test_the_drug_table():
    truth = ATE("drug_a", "clot").truth(drug())
    assert truth.method == "exact"
    assert truth.value == pytest.approx(float(Fraction(-13, 240)), abs=1e-12)
    assert CDE("drug_a", "clot", at={"female": 1}).truth(drug()).value == pytest.approx(-11 / 105)
    assert CDE("drug_a", "clot", at={"female": 0}).truth(drug()).value == pytest.approx(-1 / 280)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_finite_models_against_enumeration(seed):
    """Four discrete variables with random tables, against a sum over all configurations."""
    rng = np.random.default_rng(seed)
    sizes = (2, 3, 2, 3)
    tables = [rng.dirichlet(np.ones(sizes[i]), size=sizes[:i]) for i in range(4)]
    with jax.enable_x64(True):
        model = SCM(
            a=lambda t=tables[0]: Categorical(t),
            b=lambda a, t=tables[1]: Categorical(t[a]),
            c=lambda a, b, t=tables[2]: Categorical(t[a, b]),
            d=lambda a, b, c, t=tables[3]: Categorical(t[a, b, c]),
            score=lambda d, a: d**2 - a * d,
        )
        truth = ATE("b", "score", levels=(0, 2)).truth(model)

    def mean_under(b):
        total = 0.0
        for a, c, d in itertools.product(range(2), range(2), range(3)):
            chance = tables[0][a] * tables[2][a, b, c] * tables[3][a, b, c, d]
            total += chance * (d**2 - a * d)
        return total

    assert truth.method == "exact"
    np.testing.assert_allclose(truth.value, mean_under(2) - mean_under(0), atol=1e-12)


def test_finite_and_linear_together():
    """A drawn row picks covariates (nonlinear in the row), all else is linear: exact, per row."""
    table = np.random.default_rng(0).normal(size=50)
    model = SCM(
        row=DiscreteUniform(0, 49),
        z=lambda row, table=table: table[row],
        t=lambda z, u=Normal(0, 1): z + u,
        y=lambda t, z, u=Exponential(2.0): 3 * t + z**2 + u,
    )
    for estimand, expected in ((ATE("t", "y"), 3), (TotalEffect("t", "y", step=2), 6)):
        truth = estimand.truth(model)
        assert truth.method == "exact"
        assert truth.value == pytest.approx(expected, abs=1e-10)
    # the mean itself, through an estimand that is one: y against its own shift from zero
    level = ATE("t", "y", levels=(0, 1)).truth(model.do(z=2.0))
    assert level.value == pytest.approx(3, abs=1e-12)


def test_means_of_returned_laws_pass_through():
    model = SCM(x=Normal(1, 1), t=Bernoulli(0.5), y=lambda x, t: Normal(2 * x + t, jnp.exp(x)))
    assert ATE("t", "y").truth(model) == (pytest.approx(1.0), 0.0, "exact", 1)
    count = SCM(
        t=Bernoulli(0.3), y=lambda t: Poisson(1 + 2 * t), k=lambda t: Binomial(4, 0.25 + t / 2)
    )
    assert ATE("t", "y").truth(count).value == pytest.approx(2)
    assert ATE("t", "k").truth(count).value == pytest.approx(2)


def test_interventions_and_params():
    model = SCM(b=param(2.0), x=Normal(1, 1), t=lambda x: x, y=lambda b, t, x: b * t + x)
    assert ATE("t", "y").truth(model.do(b=5.0)).value == pytest.approx(5)
    assert TotalEffect("x", "y").truth(model).value == pytest.approx(3)
    assert TotalEffect("t", "y").truth(model.do(t=lambda t: 2 * t)).value == pytest.approx(2)
    assert ATE("b", "y").truth(model).value == pytest.approx(1)


@pytest.mark.parametrize(
    "model",
    [
        SCM(t=Normal(0, 1), y=lambda t, u=Normal(0, 1): jnp.tanh(u) * t),
        SCM(t=Normal(0, 1), x=Normal(0, 1), y=lambda t, x: t * x * x * x * x),
        SCM(t=Normal(0, 1), x=Normal(0, 1), y=lambda t, x: (t * x + x * x > 0.1) * 1.0),
        SCM(t=Normal(0, 1), x=Poisson(2.0), y=lambda t, x: t * x**2),
    ],
)
def test_what_is_not_exact_is_not_called_exact(model):
    assert ATE("t", "y").truth(model, budget=1024).method != "exact"


def test_per_unit_values_have_no_population_mean():
    model = SCM(t=Normal(0, 1), x=Normal(0, 1), y=lambda t, x: t + x).do(x=np.arange(10.0))
    with pytest.raises(ModelError, match="each of 10 units"):
        ATE("t", "y").truth(model, budget=1000)


def by_sampling(model, estimand):
    """The same contrast from independent draws of each world, with its standard error."""
    outcome = lambda unit: unit[estimand.outcome]
    arms = [
        (sign, model.do(interventions).expect(outcome, key, 60_000))
        for key, (sign, interventions) in enumerate(zip((1, -1), estimand.arms, strict=True))
    ]
    value = sum(weight * mean.value for weight, mean in arms)
    return value, sum(mean.se**2 for _, mean in arms) ** 0.5


COIN = Bernoulli(0.5)
POLICY = lambda T: Bernoulli(0.1 + 0.6 * T)


@pytest.mark.parametrize(
    ("model", "estimand"),
    [
        # layers of one variable share their noise
        (SCM(x=COIN, T=COIN, Y=lambda x, T: x * T).do(T=POLICY).do(T=POLICY), ATE("x", "Y")),
        # the support varies by state
        (SCM(T=COIN, N=COIN, B=lambda N: Binomial(1 + N, 0.3), Y=lambda B, T: T * (B == 2) * 9.0),
         ATE("T", "Y")),
        # integers that are divided, wrap, or are narrowed
        (SCM(T=COIN, n=Binomial(3, 0.5), Y=lambda T, n: T * 1.0 * jax.lax.div(n, n.dtype.type(2))),
         ATE("T", "Y")),
        (SCM(T=COIN, n=COIN, Y=lambda T, n: T * (n.astype(jnp.uint8) - jnp.uint8(1)).astype(float)),
         ATE("T", "Y")),
        (SCM(T=COIN, n=Poisson(130.0), Y=lambda T, n: T * n.astype(jnp.int8).astype(float)),
         ATE("T", "Y")),
        # the mean of a direction is no mean
        (SCM(T=COIN, Y=lambda T, u=VonMises(3.0, 1.0): T * u), ATE("T", "Y")),
        # a categorical root has no mean of its own, and is enumerated
        (SCM(z=Categorical(jnp.array([0.2, 0.3, 0.5])), T=COIN, Y=lambda z, T: z * T),
         ATE("T", "Y")),
    ],
)  # fmt: skip
def test_truths_that_were_once_exact_and_wrong(model, estimand):
    truth = estimand.truth(model, budget=60_000)
    value, se = by_sampling(model, estimand)
    assert abs(truth.value - value) < 4.5 * (se**2 + truth.se**2) ** 0.5 + 1e-9


def test_laws_outside_their_domain_have_no_truth():
    """A linear probability model leaves (0, 1) for some units: neither exact nor sampled."""
    model = SCM(x=Normal(0, 1), T=COIN, Y=lambda T, x: Bernoulli(0.2 + 0.3 * T + 0.4 * x))
    with pytest.raises(UndefinedLawError):
        ATE("T", "Y").truth(model, budget=1000)
    kept = SCM(z=COIN, T=COIN, Y=lambda T, z: Bernoulli(0.2 + 0.3 * T + 0.4 * z))
    assert ATE("T", "Y").truth(kept).value == pytest.approx(0.3)


def test_differences_of_large_means_are_not_of_their_rounding():
    with jax.enable_x64(False):
        model = SCM(T=COIN, Y=lambda T, u=Normal(0, 1): 1e6 + 0.1 * T + u)
        assert ATE("T", "Y").truth(model).value == pytest.approx(0.1, abs=1e-8)
        wide = SCM(b=param(1e8), T=COIN, Y=lambda b, T: b + T)
        assert ATE("T", "Y").truth(wide).value == 1


def test_a_rare_event_is_not_called_impossible():
    """The first block of units has no such event: no spread is no evidence of none."""
    model = SCM(T=COIN, Y=lambda T, u=Uniform(0, 1): 1e4 * T * (u**3 < 1e-18))
    with pytest.warns(BudgetWarning):
        truth = ATE("T", "Y").truth(model, tolerance=1e-3, budget=1 << 18)
    assert truth.n == 1 << 18


def test_noise_without_moments_is_warned_of():
    model = SCM(T=COIN, Y=lambda T, u=Cauchy(0, 1): T * u)
    with pytest.warns(MomentWarning, match=r"the noise 'u' of Y \(Cauchy\) has no finite variance"):
        ATE("T", "Y").truth(model, budget=1000)
