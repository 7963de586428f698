"""Derivatives of worlds: those that exist are right, those that do not are refused by name."""

import jax
import jax.numpy as jnp
import pytest
from numpyro.distributions import Bernoulli, Categorical, Normal, Poisson, Uniform

from scm import SCM, ModelError, param

SMOOTH = SCM(
    b=param(0.5),
    x=Normal(0, 1),
    coin=Bernoulli(0.5),
    y=lambda b, x, coin, u=Normal(0, 1): jnp.tanh(b * x) * coin + jnp.abs(b * u),
)


def mean_at(model, name):
    return lambda b: model.do(b=b).expect(lambda unit: unit[name], key=0, n=1_000).value


def test_forward_and_reverse_are_finite_differences(x64):
    mean = mean_at(SMOOTH, "y")
    slope = (mean(0.5 + 1e-5) - mean(0.5 - 1e-5)) / 2e-5
    assert jax.grad(mean)(0.5) == pytest.approx(slope, rel=1e-6)
    assert jax.jacfwd(mean)(0.5) == pytest.approx(slope, rel=1e-6)
    assert jax.jit(jax.grad(mean))(0.5) == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize(
    ("family", "rhs"),
    [
        ("Bernoulli", lambda b: Bernoulli(b)),
        ("BernoulliLogits", lambda b: Bernoulli(logits=b)),
        ("Categorical", lambda b: Categorical(jnp.stack([b, 1 - b]))),
        ("Poisson", lambda b: Poisson(b)),
    ],
)
def test_a_discrete_law_refuses_a_derivative_in_its_parameter(family, rhs):
    model = SCM(b=param(0.5), t=rhs, y=lambda t, u=Normal(0, 1): 2 * t + u)
    refusal = rf"t: a derivative is asked with respect to a parameter of its {family} law"
    with pytest.raises(ModelError, match=refusal):
        jax.grad(lambda b: model.do(b=b).sample(0, 10)["y"].sum())(0.5)
    assert jnp.isfinite(jax.vmap(mean_at(model, "y"))(jnp.array([0.2, 0.4]))).all()


@pytest.mark.parametrize(
    "rhs",
    [
        lambda b, x, u=Uniform(0, 1): u < jax.nn.sigmoid(b * x),
        lambda b, x, u=Normal(0, 1): (b * x + u > 0).astype(int),
        lambda b, x: jnp.argmax(jnp.stack([b, x])),
        lambda b, x: jnp.floor(b * x).astype(int),
    ],
)
def test_a_threshold_refuses_a_derivative_in_what_it_compares(rhs):
    """d/db E[1(u < sigmoid(b x))] is not zero, and the derivative unit by unit is."""
    model = SCM(b=param(0.5), x=Normal(1, 1), t=rhs, y=lambda t, u=Normal(0, 1): 2 * t + u)
    with pytest.raises(ModelError, match=r"t: a derivative is asked through a jump"):
        jax.grad(lambda b: model.do(b=b).sample(0, 10)["y"].sum())(0.5)


def test_a_whole_model_with_a_coin_refuses():
    model = SCM(t=Bernoulli(0.5), y=lambda t, u=Normal(0, 1): 2.0 * t + u)
    with pytest.raises(ModelError, match="t: a derivative is asked"):
        jax.grad(lambda m: m.sample(0, 100)["y"].sum(), allow_int=True)(model)


def test_what_does_not_jump_is_not_refused():
    model = SCM(b=param(0.5), t=Bernoulli(0.3), v=Uniform(0, 1), y=lambda b, t, v: b * t + b * v)
    mean = model.expect(lambda unit: unit["t"] + unit["v"], key=0, n=1_000).value
    assert jax.grad(mean_at(model, "y"))(0.5) == pytest.approx(float(mean), rel=1e-5)


def test_a_search_in_a_list_is_a_jump_under_every_name_that_jax_has_for_it():
    cuts = jnp.array([-1.0, 0.2, 1.5])
    model = SCM(b=param(0.3), g=lambda b, u=Normal(0, 1): jnp.searchsorted(cuts, u + b) * 1.0)
    with pytest.raises(ModelError, match="g: a derivative is asked"):
        jax.grad(mean_at(model, "g"))(0.3)
    with pytest.raises(ModelError, match="g: a derivative is asked"):
        jax.grad(lambda b: model.do(b=b).sample(0, 10)["g"].sum())(0.3)
