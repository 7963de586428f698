"""Sampled truths: right within their error, honest about it, and refused where they have none."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Normal, Uniform

from scm import SCM, ModelError, UnknownNameError
from scm.estimands import ATE, CDE, TotalEffect
from scm.truth import BudgetWarning, route

CURVED = SCM(
    x=Normal(0, 1),
    t=lambda x, u=Normal(0, 1): x + u,
    y=lambda x, t, u=Normal(0, 1): jnp.where(x + u > 0, 1.0, 0.0) * t + t**2,
)


@pytest.fixture(autouse=True)
def by_chance(monkeypatch):
    """Without the routes that come before it."""
    for each in ("quadrature", "sobol"):
        monkeypatch.setattr(route, each, lambda *_, **__: None)


def test_value_within_its_error():
    """E[1(x + u > 0)] = 1/2, so do(t=2) against do(t=0) is 1 + 4."""
    truth = ATE("t", "y", levels=(0, 2)).truth(CURVED, key=1, budget=200_000)
    assert truth.method == "monte carlo"
    assert 199_000 < truth.n <= 200_000
    assert abs(truth.value - 5) < 4 * truth.se
    assert truth.se == pytest.approx(1 / 200_000**0.5, rel=0.18)  # 2 * a fair coin has sd 1


def test_tolerance_is_reached_or_the_budget_is_said_to_have_ended():
    reached = ATE("t", "y", levels=(0, 2)).truth(CURVED, tolerance=0.003, budget=10**6)
    assert reached.se <= 0.003
    assert reached.n < 10**6
    with pytest.warns(BudgetWarning, match=r"ATE\('t', 'y'\): after the whole budget of 994"):
        ATE("t", "y").truth(CURVED, tolerance=1e-6, budget=1_000)


def test_arms_share_their_noise():
    """y = tanh(x + t) + 100 u: uncoupled arms would have a standard error above 100."""
    model = SCM(
        x=Normal(0, 1), t=Uniform(0, 1), y=lambda x, t, u=Normal(0, 1): jnp.tanh(x + t) + 100 * u
    )
    truth = ATE("t", "y").truth(model, budget=10_000)
    assert truth.se < 0.01
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    exact = (weights * (np.tanh(nodes + 1) - np.tanh(nodes))).sum() / np.sqrt(2 * np.pi)
    assert abs(truth.value - exact) < 4 * truth.se + 2e-5  # float32 cancels 100 u to 1e-5


def test_a_step_moves_every_unit_from_where_it_is():
    """E[(t + 1)^3 - t^3] = 1 + 3 E[t] + 3 E[t^2]; at t = 3 + z that is 37 + 21 z + 3 z^2."""
    model = SCM(t=Normal(3, 1), y=lambda t: t**3)
    truth = TotalEffect("t", "y").truth(model, budget=100_000)
    assert abs(truth.value - 40) < 4 * truth.se
    assert truth.se == pytest.approx((459 / 100_000) ** 0.5, rel=0.18)  # 4 sd, 256 batches


def test_sweeping_a_level_compiles_once(compilations):
    ATE("t", "y", levels=(0, 2)).truth(CURVED, budget=500)
    before = compilations.count
    for level in range(5):
        ATE("t", "y", levels=(level, 7)).truth(CURVED, key=level, budget=500)
    assert compilations.count == before


def test_refusals():
    with pytest.raises(UnknownNameError, match="did you mean 'wage'"):
        ATE("t", "wag").truth(SCM(t=Normal(0, 1), wage=Normal(0, 1)))
    with pytest.raises(UnknownNameError, match="no variable 'm'"):
        CDE("t", "y", at={"m": 0}).truth(CURVED)
    with pytest.raises(ModelError, match="same variable"):
        ATE("t", "t").truth(CURVED)
    with pytest.raises(ModelError, match="at= says which variables"):
        CDE("t", "y")
    with pytest.raises(ModelError, match="two levels"):
        ATE("t", "y", levels=(1,))
    with pytest.raises(ModelError, match="a positive standard error"):
        ATE("t", "y").truth(CURVED, tolerance=0.0)
    vector = SCM(t=Normal(0, 1), y=lambda t: jnp.stack([t, t]))
    with pytest.raises(ModelError, match="a scalar is wanted"):
        ATE("t", "y").truth(vector)
    with pytest.raises(ModelError, match="not finite"):
        ATE("t", "y").truth(SCM(t=Normal(0, 1), u=Normal(0, 1), y=lambda t, u: jnp.log(u)))


def test_estimands_are_values():
    assert ATE("t", "y") == ATE("t", "y", levels=(0, 1))
    assert len({CDE("t", "y", at={"m": 1}), CDE("t", "y", at={"m": 1})}) == 1
    assert CDE("t", "y", at={"m": 1}).definition == "E[y | do(t=1, m=1)] - E[y | do(t=0, m=1)]"
    assert TotalEffect("t", "y").definition == "E[y | do(t := t + 1)] - E[y]"
    assert jax.tree.leaves(ATE("t", "y"))  # a leaf, not a pytree: it holds no arrays
