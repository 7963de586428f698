"""Probabilities of causation by enumeration, closed form and simulation by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Categorical, Normal, Uniform
from scipy import stats

from scm import SCM, ModelError, NonFiniteError, latent
from scm.estimands import ATT, ETT, PN, PNS, PS


def bits(**chances):
    return {name: latent(Bernoulli(chance)) for name, chance in chances.items()}


SQUAD = SCM(
    **bits(U=7 / 10, W=1 / 5), C=lambda U: U, A=lambda C, W: C | W, B=lambda C: C,
    D=lambda A, B: A | B,
)  # fmt: skip
CASES = {
    "fs-pn": (PN("A", "D"), SQUAD),
    "fs-pns": (PNS("A", "D"), SQUAD),
    "bet-pns": (
        PNS("X", "Y"),
        SCM(X=Bernoulli(1 / 2), **bits(U=1 / 2), Y=lambda X, U: (X == U).astype(int)),
    ),
    "drug-model1": (PN("X", "Y"), SCM(X=Bernoulli(0.5), **bits(U2=0.5), Y=lambda U2, X: U2)),
    "poc-own-ps": (
        PS("X", "Y"),
        SCM(
            **bits(U=1 / 2, A=3 / 5, R=1 / 10, N=1 / 5),
            X=lambda U, N: (U != N).astype(int),
            Y=lambda X, A, U, R: (X & A & U) | R,
        ),
    ),
    "etu-confounded": (
        None,
        SCM(
            **bits(U=2 / 5, E1=1 / 4, E2=1 / 10, E3=3 / 10),
            X=lambda U, E1, E2: (U & (1 - E1)) | E2,
            Y=lambda X, E3, U: (X & E3) | U,
        ),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_worked_cases(enumerated, cases, name):
    plain, (estimand, model) = enumerated.case(name), CASES[name]
    assert str(plain.answer(cases[name]["query"])) == cases[name]["answer_exact"]
    if estimand is not None:
        truth = estimand.truth(model)
        assert truth.method == "exact"
        assert truth.value == pytest.approx(cases[name]["answer"], abs=1e-7)
    x, y = ("A", "D") if name.startswith("fs") else ("X", "Y")
    high, low = (lambda of, t=t: of(y, {x: t}) for t in (1, 0))
    answers = {
        PN: (lambda of: 1 - low(of), lambda of: of(x) == 1 and of(y) == 1),
        PS: (high, lambda of: of(x) == 0 and of(y) == 0),
        PNS: (lambda of: high(of) * (1 - low(of)), lambda of: True),
    }
    for kind, (share, given) in answers.items():
        truth = kind(x, y).truth(model)
        assert truth.method == "exact"
        assert truth.value == pytest.approx(float(plain.mean(share, given)), abs=1e-7)


def test_several_levels_and_other_events():
    """A three-valued treatment and outcome: what is not the event is no event."""
    model = SCM(
        T=Categorical(jnp.full(3, 1 / 3)),
        U=latent(Categorical(jnp.array([0.5, 0.25, 0.25]))),
        Y=lambda T, U: jnp.minimum(T + U, 2),
    )
    # Y(2) = 2 always; Y(0) = U. Of T = 2 all have Y = 2, and U != 2 three times of four
    assert PN("T", "Y", levels=(0, 2), event=2).truth(model).value == pytest.approx(3 / 4)
    # of T = 0 with Y = U != 1: Y(1) = 1 where U = 0, that is 1/2 of 3/4
    assert PS("T", "Y", event=1).truth(model).value == pytest.approx(2 / 3)
    assert PNS("T", "Y", event=1).truth(model).value == pytest.approx(1 / 2)
    some = PNS("T", "Y", event=lambda y: y > 0)
    assert some.truth(model).value == pytest.approx(1 / 2)
    assert some.definition == "P(event(Y(1)), not event(Y(0)))"
    bounded = PS("T", "Y", levels=(1, 2), event=lambda y: y == 2).truth(model)
    assert bounded.value == pytest.approx(1)


def test_a_continuous_outcome_with_an_event():
    """Y = T + u: Y(1) > 1 and Y(0) <= 1 is 0 < u <= 1; given T = 1 and Y > 1 that is PN too."""
    model = SCM(T=Bernoulli(0.5), Y=lambda T, u=Normal(0, 1): T + u)
    between = stats.norm.cdf(1) - stats.norm.cdf(0)
    for estimand, answer in (
        (PNS("T", "Y", event=lambda y: y > 1), between),
        (PN("T", "Y", event=lambda y: y > 1), between / 0.5),
        (PS("T", "Y", event=lambda y: y > 1), between / stats.norm.cdf(1)),
    ):
        truth = estimand.truth(model)
        assert truth.method == "exact"
        assert truth.value == pytest.approx(answer, abs=1e-9)


def test_sampled_where_nothing_else_is_to_be_had():
    """exp(T u) + v > 1.5: by hand, over u by quadrature in NumPy, v given as a threshold."""
    model = SCM(
        X=Uniform(0, 1),
        T=lambda X, u=Uniform(0, 1): (u < X).astype(int),
        Y=lambda T, X, v=Normal(0, 1): (jnp.exp(T * X) + v * X > 1.5).astype(int),
    )
    x = (np.arange(200_000) + 0.5) / 200_000
    high, low = (stats.norm.sf((1.5 - np.exp(t * x)) / x) for t in (1, 0))
    answers = {PN: ((high - low) @ x, high @ x), PNS: ((high - low).sum(), len(x))}
    answers[PS] = ((high - low) @ (1 - x), (1 - low) @ (1 - x))
    for kind, (above, below) in answers.items():
        truth = kind("T", "Y").truth(model, budget=1 << 15)
        assert truth.method == "qmc"
        assert abs(truth.value - above / below) < 4.5 * truth.se


def test_couplings_differ_in_them_and_in_nothing_seen():
    """P(Y) goes from (5, 3, 2)/10 to (2, 3, 5)/10. One threshold: Y(1) = 1 for u in (0.2, 0.5) and
    Y(0) = 1 for u in (0.5, 0.8). Gumbel noise: P(Y(0) = Y(1) = 1) is one over the sum, over k, of
    max(p_k / p_1, q_k / q_1), here 3/13 (the argmax is 1 in both if its noise is large enough)."""
    p, q = jnp.array([0.5, 0.3, 0.2]), jnp.array([0.2, 0.3, 0.5])
    chosen = SCM(T=Bernoulli(0.5), Y=lambda T: Categorical(jnp.where(T == 1, q, p)))
    cut = SCM(
        T=Bernoulli(0.5),
        Y=lambda T, u=Uniform(0, 1): (u > jnp.cumsum(jnp.where(T == 1, q, p))[:2]).sum(),
    )
    gumbel = PNS("T", "Y").truth(chosen, budget=1 << 15)
    threshold = PNS("T", "Y").truth(cut, budget=1 << 15)
    assert abs(gumbel.value - (0.3 - 3 / 13)) < 4.5 * gumbel.se
    assert abs(threshold.value - 0.3) < 4.5 * threshold.se + 1e-6
    assert gumbel.se < 0.01


def test_of_the_units_of_a_world():
    world = SQUAD.sample(key=2, n=200)
    a, d, c = (np.asarray(world[name]) for name in "ADC")
    assert float(PN("A", "D").of(world)) == pytest.approx((1 - c)[(a == 1) & (d == 1)].mean())
    assert float(PNS("A", "D").of(world)) == pytest.approx((1 - c).mean())
    inside = jax.jit(lambda key: PNS("A", "D").of(SQUAD.sample(key, 200)))(2)
    assert float(inside) == pytest.approx((1 - c).mean())


@pytest.mark.parametrize(
    ("estimand", "message"),
    [
        (PN("T", "Z"), r"Z is continuous, and is exactly 1 in no unit; .*event=lambda z: z > 1"),
        (PN("Z", "Y"), "Z is continuous: none of 4,096 units takes 1"),
        (PS("T", "Y", event=2), "event=2, which Y never takes; it takes 0, 1"),
        (PNS("T", "Y", event=[0, 1]), r"event=\[0, 1\]: one value of Y is wanted"),
        (PNS("T", "Y", event=lambda y: y + 1), r"event\(Y\) must return True or False"),
        (PNS("T", "Y", event=lambda y: (y, y)), r"event\(Y\) must return True or False"),
        (PNS("T", "V"), "a scalar is wanted"),
        (PNS("T", "T"), "T is named twice"),
    ],
)
def test_refusals(estimand, message):
    model = SCM(
        T=Bernoulli(0.5), Z=Normal(0, 1), Y=lambda T: Bernoulli(0.2 + T / 2),
        V=lambda T, Z: jnp.stack([Z, T * Z]),
    )  # fmt: skip
    with pytest.raises(ModelError, match=message):
        estimand.truth(model)


def test_what_never_happens_has_no_probability():
    never = SCM(T=Bernoulli(0.5), U=Bernoulli(0.5), Y=lambda T, U: T * 0 * U)
    with pytest.raises(NonFiniteError, match=r"P\(Y\(0\) != 1 \| T = 1, Y = 1\)"):
        PN("T", "Y").truth(never)
    assert PNS("T", "Y").truth(never).value == 0


def test_ett_is_att():
    assert ETT is ATT
    truth = ETT("X", "Y").truth(CASES["etu-confounded"][1])
    assert truth.method == "exact"
