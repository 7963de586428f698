"""Estimands against closed forms and enumerations made by hand, whatever way the truth is found."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Categorical, Normal, Uniform
from scipy import stats

from scm import SCM, Interval, ModelError, latent
from scm import estimands as e
from simulators import get

DRUG = get("simpson_drug").build()
BUDGET = 1 << 16


def near(truth, answer):
    np.testing.assert_array_less(np.abs(truth.value - np.asarray(answer)), 4.5 * truth.se + 1e-9)


# A confounded binary model, enumerated: P(X), P(T|X), P(Y|X,T).
PX, PT = np.array([0.3, 0.5, 0.2]), np.array([0.2, 0.5, 0.9])
PY = np.array([[0.1, 0.3], [0.4, 0.5], [0.6, 0.95]])
FINITE = SCM(
    X=Categorical(jnp.asarray(PX)),
    T=lambda X: Bernoulli(jnp.asarray(PT)[X]),
    Y=lambda X, T: Bernoulli(jnp.asarray(PY)[X, T]),
)
TAU = PY[:, 1] - PY[:, 0]


def test_finite_models_by_enumeration():
    treated, control = PX * PT, PX * (1 - PT)
    high, low = PX @ PY[:, 1], PX @ PY[:, 0]
    variance = PX * PT * (1 - PT)
    answers = [
        (e.ATE("T", "Y"), PX @ TAU),
        (e.ATT("T", "Y"), treated @ TAU / treated.sum()),
        (e.ATC("T", "Y"), control @ TAU / control.sum()),
        (e.CATE("T", "Y", given={"X": 2}), TAU[2]),
        (e.CATE("T", "Y", given=lambda unit: unit["X"] > 0), PX[1:] @ TAU[1:] / PX[1:].sum()),
        (e.RiskRatio("T", "Y"), high / low),
        (e.OddsRatio("T", "Y"), high * (1 - low) / low / (1 - high)),
        (e.DoseResponse("T", "Y", levels=[0, 1]), [low, high]),
        (e.PolicyValue("Y", {"T": lambda X: (X > 1).astype(int)}),
         PX[:2] @ PY[:2, 0] + PX[2] * PY[2, 1]),
        (e.PolicyValue("Y", {"T": Bernoulli(0.25)}, against={}),
         0.25 * high + 0.75 * low - (treated @ PY[:, 1] + control @ PY[:, 0])),
    ]  # fmt: skip
    for estimand, answer in answers:
        truth = estimand.truth(FINITE)
        assert truth.method == "exact", estimand
        np.testing.assert_allclose(truth.value, answer, atol=2e-7)
    # E[T|X] is not linear in X, but it is in indicators of X
    indicators = FINITE.assign(X1=lambda X: X == 1, X2=lambda X: X == 2)
    truth = e.VarianceWeightedSlope("T", "Y", adjust=["X1", "X2"]).truth(indicators, budget=BUDGET)
    near(truth, variance @ TAU / variance.sum())


def test_simpsons_table():
    """Counts by hand: -3583/51240 among takers of A, -82/2135 among takers of B."""
    assert e.ATT("drug_a", "clot").truth(DRUG).value == pytest.approx(-3583 / 51240, abs=1e-7)
    assert e.ATC("drug_a", "clot").truth(DRUG).value == pytest.approx(-82 / 2135, abs=1e-7)


def test_both_outcomes_of_a_unit_are_coupled_exactly():
    """By inverse cdf a unit has Y = 1 if its place is above 1 - p: the larger p decides for both,
    so P(Y1 > Y0) = max(p1 - p0, 0) and P(Y1 < Y0) = max(p0 - p1, 0)."""
    p = np.array([[0.3, 0.8], [0.9, 0.4]])
    model = SCM(X=Bernoulli(0.25), T=Bernoulli(0.5), Y=lambda X, T: Bernoulli(jnp.asarray(p)[X, T]))
    arms = {"high": {"T": 1}, "low": {"T": 0}}
    helped = e.Expectation(lambda units: units["high"]["Y"] > units["low"]["Y"], arms)
    harmed = e.Expectation(lambda units: units["high"]["Y"] < units["low"]["Y"], arms)
    for estimand, answer in ((helped, 0.75 * 0.5), (harmed, 0.25 * 0.5)):
        truth = estimand.truth(model)
        assert truth.method == "exact"
        assert truth.value == pytest.approx(answer, abs=1e-6)


def test_principal_strata_of_a_returned_law():
    """T(z) is 1 above the place 1 - p_z: compliers p1 - p0, always p0, never 1 - p1, no defiers."""
    model = SCM(Z=Bernoulli(0.5), T=lambda Z: Bernoulli(0.3 + 0.45 * Z))
    truth = e.PrincipalStrata("Z", "T").truth(model)
    assert truth.method == "exact"
    np.testing.assert_allclose(truth.value, [0.45, 0.3, 0.25, 0], atol=1e-6)
    assert e.PrincipalStrata.labels[0] == "compliers"


IV = SCM(
    U=latent(Uniform(0, 1)),
    Z=Bernoulli(0.5),
    T=lambda Z, U: (U < 0.3 + 0.4 * Z).astype(int) + (U < 0.1 + 0.2 * Z).astype(int),
    Y=lambda T, U, u=Normal(0, 1): T * (1.0 + U) + T * T + u,
)


def test_average_causal_response_is_the_wald_ratio():
    """Monotone, excluded: (E[Y|Z=1] - E[Y|Z=0]) / (E[T|Z=1] - E[T|Z=0]), integrated over U."""
    places = (np.arange(200_000) + 0.5) / 200_000

    def reduced(z):
        t = (places < 0.3 + 0.4 * z) * 1.0 + (places < 0.1 + 0.2 * z)
        return (t * (1 + places) + t * t).mean(), t.mean()

    (y1, t1), (y0, t0) = reduced(1), reduced(0)
    truth = e.ACR("T", "Y", instrument="Z", levels=[0, 1, 2]).truth(IV, budget=BUDGET)
    near(truth, (y1 - y0) / (t1 - t0))


def test_local_effect():
    """Compliers have U in (0.3, 0.7): E[1 + U] = 1.5."""
    model = SCM(
        U=latent(Uniform(0, 1)),
        Z=Bernoulli(0.5),
        T=lambda Z, U: (U < 0.3 + 0.4 * Z).astype(int),
        Y=lambda T, U, u=Normal(0, 1): T * (1 + U) + u,
    )
    near(e.LATE("T", "Y", instrument="Z").truth(model, budget=BUDGET), 1.5)
    strata = e.PrincipalStrata("Z", "T").truth(model, budget=BUDGET)
    near(strata, [0.4, 0.3, 0.3, 0])


def test_quantiles_of_outcomes_and_of_effects():
    """Y0 = u, Y1 = 2 - 2u: quantiles differ by 2 + z_q; unit effects are Normal(2, 3)."""
    model = SCM(T=Bernoulli(0.4), Y=lambda T, u=Normal(0, 1): jnp.where(T == 1, 2 - 2 * u, u))
    z = stats.norm.ppf(0.9)
    near(e.QTE("T", "Y", quantile=0.9).truth(model, budget=BUDGET), 2 + z)
    near(e.UnitEffectQuantile("T", "Y", quantile=0.9).truth(model, budget=BUDGET), 2 + 3 * z)
    near(e.QTT("T", "Y", quantile=0.9).truth(model, budget=BUDGET), 2 + z)


LINEAR = SCM(
    X=Normal(1, 2),
    T=lambda X, u=Normal(0, 1): 0.5 * X + u,
    Y=lambda X, T, u=Normal(0, 1): 2 * T + 3 * X + X * T + u,
)


def test_continuous_covariates():
    assert e.CATE("T", "Y", given={"X": 2.0}).truth(LINEAR).value == pytest.approx(4, abs=1e-6)
    near(
        e.CATE("T", "Y", given={"X": Interval(1, np.inf)}).truth(LINEAR, budget=BUDGET),
        2 + 1 + 2 * np.sqrt(2 / np.pi),  # E[X | X > its mean] = 1 + 2 sqrt(2 / pi)
    )
    confounded = SCM(
        U=latent(Normal(0, 1)),
        X=lambda U, u=Normal(0, 1): U + u,
        T=Bernoulli(0.5),
        Y=lambda T, U: T * U,
    )
    with pytest.raises(ModelError, match=r"X is continuous and shares causes with Y.*Interval"):
        e.CATE("T", "Y", given={"X": 1.0}).truth(confounded)


def test_least_squares_and_what_it_targets():
    """By the normal equations: Cov(T, X) / Var(T) = 1/2, times 3."""
    model = SCM(X=Normal(0, 1), T=lambda X, u=Normal(0, 1): X + u, Y=lambda X, T: 2 * T + 3 * X)
    near(e.OLSLimit("T", "Y").truth(model, budget=BUDGET), 2 + 3 / 2)
    near(e.OLSLimit("T", "Y", adjust=["X"]).truth(model, budget=BUDGET), 2)
    near(e.VarianceWeightedSlope("T", "Y").truth(model, budget=BUDGET), 2)


def test_modified_treatment():
    """Halving T takes 0.5 (2 E[T] + E[X T]) away, E[T] = 0.5 E[X] and E[X T] = 0.5 E[X^2]."""
    answer = -0.5 * (2 * 0.5 * 1 + 0.5 * (4 + 1))
    truth = e.ModifiedTreatment("T", "Y", policy=lambda T: 0.5 * T).truth(LINEAR, budget=BUDGET)
    near(truth, answer)


def test_in_the_sample():
    model = SCM(T=Bernoulli(0.5), Y=lambda T, u=Normal(1, 1): T * u)
    world = model.sample(0, 200)
    effects = np.asarray(world.noise["Y", "u"], float)
    treated = np.asarray(world["T"]) == 1
    assert float(e.SATE("T", "Y").of(world)) == pytest.approx(effects.mean(), rel=1e-5)
    assert float(e.SATT("T", "Y").of(world)) == pytest.approx(effects[treated].mean(), rel=1e-5)
    stacked = jax.vmap(lambda key: e.SATE("T", "Y").of(model.sample(key, 200)))(jnp.arange(2))
    assert float(stacked[0]) == pytest.approx(effects.mean(), rel=1e-5)
    with pytest.raises(ModelError, match=r"write estimand.of\(world\)"):
        e.SATE("T", "Y").truth(model)


@pytest.mark.parametrize(
    ("estimand", "message"),
    [
        (e.ATT("T", "Y"), "T is continuous: none of 4,096 units takes 1 by nature"),
        (e.CATE("T", "Y", given={"Y": 1}), "given names Y, the outcome itself"),
        (
            e.CATE("X", "Y", given={"T": 1}),
            "given names T, which comes after the treatment: X -> T",
        ),
        (e.CATE("X", "Y", given=lambda unit: unit["T"] > 0), "which comes after the treatment"),
        (e.RiskRatio("T", "Y"), "Y is continuous, and a risk is the probability of an event"),
        (e.LATE("T", "Y", instrument="X"), "moves Y by another way than T: X -> Y"),
        (e.ATE("T", "Z"), "has no variable 'Z'"),
    ],
)
def test_refusals(estimand, message):
    with pytest.raises(ModelError, match=message):
        estimand.truth(LINEAR)
