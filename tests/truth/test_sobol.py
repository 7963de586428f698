"""Quasi-Monte Carlo truths: right, within the error they claim, and better than chance."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Dirichlet, Exponential, Normal, Poisson
from scipy import stats

from scm import SCM
from scm.estimands import ATE, ATT, QTE
from scm.truth.batches import asked
from scm.truth.monte_carlo import monte_carlo
from scm.truth.sobol import coordinates, sobol

JUMPY = SCM(
    x=Normal(0, 1),
    t=lambda x, u=Normal(0, 1): (x + u > 0.5).astype(int),
    y=lambda x, t, u=Normal(0, 1): t * (1 + x) + u**2,
)
SMOOTH = SCM(
    a=Exponential(1.0), t=Normal(0, 1), y=lambda a, t, u=Normal(0, 1): jnp.exp(t * u / 2) * a
)


def treated_effect():
    """E[1 + x | x + u > 1/2] = 1 + E[x + u | x + u > 1/2] / 2, x + u being Normal(0, sqrt 2)."""
    cut = 0.5 / np.sqrt(2)
    return 1 + np.sqrt(2) * stats.norm.pdf(cut) / stats.norm.sf(cut) / 2


CASES = [
    (SMOOTH, ATE("t", "y"), np.exp(1 / 8) - 1),  # the lognormal's mean
    (JUMPY, ATT("t", "y"), treated_effect()),
    (
        SCM(t=Bernoulli(0.5), y=lambda t, u=Normal(0, 1): u * (1 + t)),
        QTE("t", "y", quantile=0.8),
        stats.norm.ppf(0.8),
    ),
]


@pytest.mark.parametrize(("model", "estimand", "answer"), CASES)
def test_intervals_cover(model, estimand, answer):
    """Over 200 keys, by points and by chance, 1.96 standard errors cover about 190 times."""
    with jax.enable_x64(True):
        ready = asked(estimand.question(model))
        for method, keys, budget in ((sobol, 100, 32 << 7), (monte_carlo, 200, 1 << 12)):
            hits = 0
            for key in range(keys):
                truth = method(ready, key, tolerance=None, budget=budget)
                hits += abs(truth.value - answer) < 1.96 * truth.se
            assert stats.binomtest(hits, keys, 0.95).pvalue > 1e-3, method


def test_points_are_better_than_chance():
    with jax.enable_x64(True):
        ready = asked(ATE("t", "y").question(SMOOTH))
        points = sobol(ready, 0, tolerance=None, budget=1 << 15)
        chance = monte_carlo(ready, 0, tolerance=None, budget=1 << 15)
    assert points.se < chance.se / 5


def test_doubling_to_a_tolerance():
    truth = ATE("t", "y").truth(SMOOTH, tolerance=1e-4)
    assert truth.method == "qmc"
    assert truth.se <= 1e-4
    assert abs(truth.value - (np.exp(1 / 8) - 1)) < 5e-4


def test_only_causes_count_and_samplers_cannot_be_fed():
    model = SCM(
        other=Normal(0, 1),
        d=Dirichlet(jnp.ones(2)),
        v=Normal(jnp.zeros(3), 1).to_event(1),
        t=Bernoulli(0.5),
        k=lambda v: Poisson(jnp.exp(v[0])),
        y=lambda t, k, v, u=Normal(0, 1): jnp.tanh(t * k + u * v[1]),
        w=lambda t, d: jnp.tanh(t * d[0]),
    )
    with jax.enable_x64(True):
        sizes = coordinates(asked(ATE("t", "y").question(model)))
        assert sizes == {("v", "u"): 3, ("k", "u"): 1, ("y", "u"): 1}
        assert coordinates(asked(ATE("t", "w").question(model))) is None
    assert ATE("t", "w").truth(model, budget=1 << 12).method == "monte carlo"
