"""Where an estimand has no value it is refused by name, and where it has one it is that one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Binomial, Categorical, Normal, Poisson, Uniform

from scm import SCM, Interval, ModelError, NonFiniteError, latent
from scm import estimands as e
from scm.estimands.seeing import seeing_is_doing
from scm.estimands.values import discrete, support

BUDGET = 1 << 13
CURVED = SCM(X=Normal(0, 1), T=Bernoulli(0.5), Y=lambda T, X, u=Normal(0, 1): T * X * X + u)
CHOSEN = SCM(X=Categorical(jnp.full(2, 0.5)), T=Bernoulli(0.5), Y=lambda T, X: T * X)
NEVER = SCM(T=Bernoulli(0.5), Y=lambda T: Bernoulli(0.5 * T))
UNMOVED = SCM(Z=Bernoulli(0.5), T=lambda Z: Z * 0, Y=lambda T, u=Normal(0, 1): T + u)


def near(truth, answer):
    assert abs(truth.value - answer) <= 4.5 * truth.se + 1e-6


@pytest.mark.parametrize(
    ("estimand", "model"),
    [
        (e.CATE("T", "Y", given={"X": 7}), CHOSEN),
        (e.CATE("T", "Y", given={"X": Interval(50, 60)}), CURVED),
        (e.ATT("T", "Y", levels=(0, 5)), CHOSEN),
        (e.QTT("T", "Y", levels=(0, 5)), CURVED),
        (e.RiskRatio("T", "Y"), NEVER),
        (e.OddsRatio("T", "Y"), NEVER),
        (e.LATE("T", "Y", instrument="Z"), UNMOVED),
        (e.ACR("T", "Y", instrument="Z", levels=(0, 1)), UNMOVED),
    ],
)
def test_no_such_units_is_no_number(estimand, model):
    """Neither of the population nor, outside of a trace, of a sample; inside it is NaN."""
    with pytest.raises(NonFiniteError, match=estimand.treatment):
        estimand.truth(model, budget=BUDGET)
    if not isinstance(estimand, e.QTT | e.OddsRatio):
        with pytest.raises(NonFiniteError, match="in these 50 units"):
            estimand.of(model.sample(0, 50))
        assert not np.isfinite(jax.jit(lambda key: estimand.of(model.sample(key, 50)))(0))


def test_a_value_beside_a_range():
    """X and W share a cause. Given X = x, W is not distributed as under do(X = x), so W within
    a range is not to be had by setting X; where they share none it is, E[W | W > 0] being
    sqrt(2/pi)."""
    confounded = SCM(
        U=latent(Normal(0, 1)),
        X=lambda U, u=Normal(0, 1): U + u,
        W=lambda U, u=Normal(0, 1): U + u,
        T=Bernoulli(0.5),
        Y=lambda T, W: T * W,
    )
    given = {"X": 3.0, "W": Interval(0, np.inf)}
    with pytest.raises(ModelError, match="X is continuous and shares causes with"):
        e.CATE("T", "Y", given=given).truth(confounded)
    apart = confounded.assign(W=Normal(0, 1), Y=lambda T, W, X: T * W * X)
    near(e.CATE("T", "Y", given=given).truth(apart, budget=1 << 16), 3 * np.sqrt(2 / np.pi))


def test_seeing_is_doing_by_rule_two():
    """The back-door path X <- U -> Y is open until U is given; a collider's opens when C is."""
    u = Normal(0, 1)
    model = SCM(
        U=u, X=lambda U, u=u: U + u, T=Bernoulli(0.5), V=u, Y=lambda U, V, T, u=u: U + V + T + u,
        C=lambda X, V: X + V, W=u,
    )  # fmt: skip
    assert not seeing_is_doing(model, "X", "Y", "T")
    assert seeing_is_doing(model, "X", "Y", "T", ["U"])
    assert seeing_is_doing(model, "W", "Y", "T")
    assert seeing_is_doing(model, "V", "Y", "T")  # its own arrows are taken out


def test_floats_of_separate_values_are_such():
    """A float made of comparisons has values that occur; the treated, and a stratum, are found."""
    model = SCM(
        U=latent(Normal(0, 1)),
        X=lambda U: jnp.where(U > 0, 1.0, 0.0),
        T=lambda U, u=Normal(0, 1): 1.0 * (u + U > 0),
        Y=lambda T, U: T * U,
    )
    half_normal = np.sqrt(2 / np.pi)  # E[U | U > 0]
    near(e.CATE("T", "Y", given={"X": 1.0}).truth(model, budget=1 << 16), half_normal)
    # U given U + u > 0: half a normal of sd sqrt(2), regressed by 1/2
    near(e.ATT("T", "Y").truth(model, budget=1 << 16), np.sqrt(2) * half_normal / 2)
    world = model.sample(0, 64)
    expected = np.asarray(world["U"])[np.asarray(world["T"]) == 1].mean()
    found = jax.jit(lambda key: e.SATT("T", "Y").of(model.sample(key, 64)))(0)
    assert float(found) == pytest.approx(expected, rel=1e-5)


def test_what_values_a_variable_takes():
    model = SCM(
        a=Normal(0, 1),
        b=Bernoulli(0.5),
        c=Categorical(jnp.full(3, 1 / 3)),
        d=Poisson(2.0),
        e=lambda a: 1.0 * (a > 0) + jnp.floor(a),
        f=lambda a, b: a * b,
        g=lambda a: (a > 0).astype(int),
        h=lambda c: Binomial(3, 0.2 + 0.1 * c),
        i=lambda e, b: e / 3 + b,
        j=lambda b: Normal(1.0 * b, 1),
        k=lambda a: a > 0,
    )
    assert [name for name in model.order if not discrete(model, name)] == ["a", "f", "j"]
    assert not discrete(model.do(e=lambda e, a: e + a), "e")
    assert discrete(model.do(a=1.5), "f")
    told = {name: support(model, name) for name in model.order}
    assert {name: list(found) for name, found in told.items() if found is not None} == {
        "b": [0, 1], "c": [0, 1, 2], "g": [0, 1], "k": [0, 1],
    } | ({"h": [0, 1, 2, 3]} if told["h"] is not None else {})  # fmt: skip


def test_outcomes_of_risks():
    """A float 0 or 1 is one; a count is refused if its law tells, else the risk is of Y = 1."""
    floats = SCM(
        T=Bernoulli(0.5), Y=lambda T, u=Uniform(0, 1): jnp.where(u < 0.2 + 0.4 * T, 1.0, 0.0)
    )
    near(e.RiskRatio("T", "Y").truth(floats, budget=1 << 16), 3)
    count = SCM(
        T=Bernoulli(0.5), Y=lambda T, u=Uniform(0, 1): (u < 0.6).astype(int) + (u < 0.2 + 0.2 * T)
    )
    near(e.RiskRatio("T", "Y").truth(count, budget=1 << 16), 0.2 / 0.4)  # 2 is not 1
    three = SCM(T=Bernoulli(0.5), Y=lambda T: Categorical(jnp.full(3, 1 / 3)))
    with pytest.raises(ModelError, match="takes other values than 0 and 1: 0, 1, 2"):
        e.OddsRatio("T", "Y").truth(three)
    model = SCM(T=Bernoulli(0.5), Y=lambda T: Bernoulli(0.2 + 0.5 * T))
    inside = jax.jit(lambda model: e.RiskRatio("T", "Y").of(model.sample(0, 200)))(model)
    both = model.potential_outcomes({"T": [0, 1]}, of="Y", key=0, n=200)
    assert float(inside) == pytest.approx(float(both["Y[T=1]"].mean() / both["Y[T=0]"].mean()))


def test_least_squares_without_variation():
    """A treatment that the adjustment spans has no coefficient; a column given twice no weight."""
    spanned = SCM(X=Normal(0, 1), T=lambda X: 2 * X, Y=lambda X, T, u=Normal(0, 1): T + X + u)
    for estimand in (
        e.OLSLimit("T", "Y", adjust="X"),
        e.VarianceWeightedSlope("T", "Y", adjust="X"),
    ):
        with pytest.raises(NonFiniteError, match=r"what it divides by"):
            estimand.truth(spanned, budget=BUDGET)
    twice = SCM(
        X=Normal(0, 1), W=lambda X: 2 * X, T=lambda X, u=Normal(0, 1): X + u,
        Y=lambda X, T: 2 * T + 3 * X,
    )  # fmt: skip
    near(e.OLSLimit("T", "Y", adjust=["X", "W"]).truth(twice, budget=BUDGET), 2)


def test_a_slope_that_single_precision_cannot_tell_is_refused(x64):
    """Years have a spread that is nothing beside their size: 25 to 4 million."""
    model = SCM(X=Normal(1970, 5), T=lambda X, u=Normal(0, 1): X + u, Y=lambda X, T: 2 * T + 3 * X)
    limit = e.OLSLimit("T", "Y", adjust="X")
    assert float(limit.of(model.sample(0, 500))) == pytest.approx(2, abs=1e-6)
    with (
        jax.enable_x64(False),
        pytest.raises(NonFiniteError, match="not to be told from 0 in float32"),
    ):
        limit.of(model.sample(0, 500))


def test_levels_left_out():
    model = SCM(
        Z=Bernoulli(0.5),
        U=Uniform(0, 1),
        T=lambda Z, U: (U < 0.3 + 0.4 * Z).astype(int) + (U < 0.1 + 0.2 * Z),
        Y=lambda T, U: T * (1 + U),
    )
    with pytest.raises(ModelError, match=r"levels=\(0, 1\) leaves out 2, which T takes"):
        e.ACR("T", "Y", instrument="Z").truth(model)


def test_values_given_unit_by_unit():
    """A sample has them and its effect with them; a population has none."""
    world = CHOSEN.sample(0, 6).do(X=np.array([0, 1, 1, 0, 1, 1]))
    assert float(e.SATE("T", "Y").of(world)) == pytest.approx(4 / 6)
    with pytest.raises(ModelError, match=r"do\(X=...\) gives one value for each of 6 units"):
        e.ATE("T", "Y").truth(world.model)


@pytest.mark.parametrize(
    ("estimand", "message"),
    [
        (e.ATT("T", "T"), "T is named twice"),
        (e.LATE("T", "Y", instrument="Y"), "Y is named twice"),
        (e.CATE("T", "Y", given={"T": 1}), "given names T, the treatment itself"),
        (e.CATE("T", "Y", given={"age": -5.0}), r"age = -5.0, which its law \(Uniform\) never"),
        (e.CATE("T", "Y", given={"aeg": 5.0}), "no variable 'aeg'; did you mean 'age'"),
    ],
)
def test_refusals(estimand, message):
    model = SCM(age=Uniform(20, 60), T=Bernoulli(0.5), Y=lambda T, age: T * age)
    with pytest.raises(ModelError, match=message):
        estimand.truth(model)


def test_held_values_in_any_order_are_one_estimand():
    one, other = (e.CDE("T", "Y", at=at) for at in ({"a": 1, "b": 2}, {"b": 2, "a": 1}))
    assert one == other
    assert len({one, other}) == 1
