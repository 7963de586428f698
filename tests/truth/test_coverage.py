"""Over 200 keys, 1.96 claimed errors about the value cover known answers about 190 times."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Exponential, Normal
from scipy import stats

from scm import SCM
from scm.estimands import ATE, ATT, QTE
from scm.truth.batches import asked
from scm.truth.monte_carlo import monte_carlo
from scm.truth.sobol import sobol

COIN = Bernoulli(0.5)


def treated_effect():
    """E[1 + x | x + u > 1/2] = 1 + E[x + u | x + u > 1/2] / 2, x + u being Normal(0, sqrt 2)."""
    cut = 0.5 / np.sqrt(2)
    return 1 + np.sqrt(2) * stats.norm.pdf(cut) / stats.norm.sf(cut) / 2


CASES = {
    "a smooth mean": (
        SCM(t=COIN, a=Exponential(1.0), y=lambda t, a, u=Normal(0, 1): jnp.exp(t * u / 2) * a),
        ATE("t", "y"),
        np.expm1(1 / 8),  # of the lognormal
    ),
    "a share": (
        SCM(t=COIN, a=Normal(0, 1), y=lambda t, a, u=Normal(0, 1): (a + u > t) * 1.0),
        ATE("t", "y"),
        stats.norm.sf(0.5**0.5) - 0.5,
    ),
    "one jump of one noise": (
        SCM(t=COIN, y=lambda t, u=Normal(0, 1): (u > t) * 1.0),
        ATE("t", "y"),
        stats.norm.sf(1) - 0.5,
    ),
    "a ratio": (
        SCM(
            x=Normal(0, 1),
            t=lambda x, u=Normal(0, 1): (x + u > 0.5).astype(int),
            y=lambda x, t, u=Normal(0, 1): t * (1 + x) + u**2,
        ),
        ATT("t", "y"),
        treated_effect(),
    ),
    "quantiles": (
        SCM(t=COIN, y=lambda t, u=Normal(0, 1), v=Normal(0, 1): jnp.exp(u + t * v)),
        QTE("t", "y", quantile=0.9),
        np.exp(2**0.5 * stats.norm.ppf(0.9)) - np.exp(stats.norm.ppf(0.9)),
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("method", "budget"), [(sobol, 1 << 13), (monte_carlo, 1 << 12)])
def test_intervals_cover(name, method, budget):
    model, estimand, answer = CASES[name]
    with jax.enable_x64(True):
        ready = asked(estimand.question(model))
        truths = [method(ready, key, tolerance=None, budget=budget) for key in range(200)]
    hits = sum(abs(truth.value - answer) < 1.96 * truth.se for truth in truths)
    assert stats.binomtest(int(hits), 200, 0.95).pvalue > 1e-3


def test_no_unit_under_a_condition_is_no_answer():
    """Batches without a treated unit do no harm; a sample without one has no answer."""
    rare = SCM(
        z=Normal(0, 1),
        t=lambda z: (z > 2.5).astype(int),
        y=lambda t, z, u=Normal(0, 1): t * z + u,
    )
    with jax.enable_x64(True):
        ready = asked(ATT("t", "y").question(rare))
        truth = monte_carlo(ready, 0, tolerance=None, budget=1 << 13)
    answer = stats.norm.pdf(2.5) / stats.norm.sf(2.5)  # E[z | z > 2.5]
    assert abs(truth.value - answer) < 4 * truth.se
