"""Noise that evidence leaves in an interval: thresholds, orders, counts, roundings, censoring.

The exact law is the noise's own law cut to the interval; draws are held against its moments and,
by Kolmogorov and Smirnov, against its distribution function. What would have been is worked out by
hand from the interval.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import (
    Bernoulli,
    Exponential,
    Normal,
    Poisson,
    Uniform,
)
from scipy import stats

from scm import SCM, Interval, Rounded

DRAWS = 4_000


def follows(draws, law):
    """Draws are of a law, by Kolmogorov and Smirnov at one in ten thousand."""
    assert stats.kstest(np.asarray(draws, float), law.cdf).pvalue > 1e-4


def cut_normal(low, high, loc=0.0, scale=1.0):
    """A normal law cut to an interval."""
    return stats.truncnorm((low - loc) / scale, (high - loc) / scale, loc, scale)


def noise_of(posterior, *address):
    return np.asarray(posterior.sample().noise[address], float)


# ------------------------------------------------------------------------- hand-written jumps

THRESHOLD = SCM(T=Bernoulli(0.5), Y=lambda T, u=Uniform(0, 1): u < 0.2 + 0.5 * T)


@pytest.mark.parametrize(
    ("seen", "low", "high"),
    [((0, 0), 0.2, 1.0), ((0, 1), 0.0, 0.2), ((1, 0), 0.7, 1.0), ((1, 1), 0.0, 0.7)],
)
def test_threshold(seen, low, high, near):
    t, y = seen
    posterior = THRESHOLD.abduct({"T": t, "Y": y}, key=1, draws=DRAWS)
    u = noise_of(posterior, "Y", "u")
    assert u.min() >= low
    assert u.max() <= high
    follows(u, stats.uniform(low, high - low))
    other = 0.7 - 0.5 * t  # the threshold under the other treatment
    chance = np.clip((other - low) / (high - low), 0, 1)  # P(u < other | low < u < high)
    near(posterior.do(T=1 - t).sample()["Y"], chance)
    assert (np.asarray(posterior.sample()["Y"]) == y).all()
    assert any("Y" in each for each in posterior.couplings)


def test_ordered_levels(near):
    """A latent index cut at three places, given by a sum of comparisons."""
    cuts = np.array([-1.0, 0.2, 1.5])
    model = SCM(
        X=Normal(0, 1),
        Y=lambda X, u=Normal(0, 1): jnp.sum(X + u > jnp.asarray(cuts)),
    )
    ends = np.concatenate([[-np.inf], cuts, [np.inf]])
    frame = {"X": np.full(4, 0.5), "Y": np.arange(4)}
    posterior = model.abduct(frame, key=1, draws=DRAWS)
    u = noise_of(posterior, "Y", "u")
    there = np.asarray(posterior.do(X=2.0).sample()["Y"])
    for level in range(4):
        low, high = ends[level] - 0.5, ends[level + 1] - 0.5
        law = cut_normal(low, high)
        follows(u[:, level], law)
        for other in range(4):
            near(there[:, level] == other, law.cdf(ends[other + 1] - 2) - law.cdf(ends[other] - 2))
    np.testing.assert_array_equal(posterior.sample()["Y"], np.tile(np.arange(4), (DRAWS, 1)))


@pytest.mark.parametrize("count", [0, 3, 12])
def test_counts_by_inverse_cdf(count, near):
    """A Poisson count of a rate: u lies between two places of the cdf, and so does the count of
    another rate."""
    model = SCM(X=Normal(0, 1), N=lambda X: Poisson(jnp.exp(1 + 0.5 * X)), coupling="inverse_cdf")
    posterior = model.abduct({"X": 0.0, "N": count}, key=2, draws=DRAWS)
    before, after = stats.poisson(np.e), stats.poisson(np.exp(1.5))
    low, high = before.cdf(count - 1), before.cdf(count)
    follows(stats.norm.cdf(noise_of(posterior, "N", "u")), stats.uniform(low, high - low))
    there = np.asarray(posterior.do(X=1.0).sample()["N"])
    for other in range(30):
        shared = min(high, after.cdf(other)) - max(low, after.cdf(other - 1))
        near(there == other, max(shared, 0.0) / (high - low))
    assert (there >= count).all()
    assert posterior.methods["N"] == "quantile"
    assert any("inverse_cdf" in each for each in posterior.couplings)


def test_geometric_counts_written_by_hand():
    """floor(E / rate) of exponential E: E lies in [rate y, rate (y + 1))."""
    model = SCM(r=0.7, Y=lambda r, e=Exponential(1.0): jnp.floor(e / r).astype(int))
    posterior = model.abduct({"Y": 2}, key=1, draws=DRAWS)
    e = noise_of(posterior, "Y", "e")
    follows(e, stats.truncexpon(0.7, 1.4, 1.0))
    other = np.asarray(posterior.do(r=0.5).sample()["Y"])
    np.testing.assert_array_equal(other, np.floor(e.astype(np.float32) / np.float32(0.5)))


# ------------------------------------------------------------------- bounds instead of values

WAGE = SCM(X=Normal(0, 1), Y=lambda X, u=Normal(0, 2.0): 1 + X + u)
CENSORED = SCM(X=Normal(0, 1), Y=lambda X, u=Normal(0, 2.0): jnp.maximum(0.0, 1 + X + u))


@pytest.mark.parametrize(
    ("seen", "low", "high"),
    [
        (Interval(1.0, 2.0), -0.5, 0.5),
        (Interval(-np.inf, 0.0), -np.inf, -1.5),
        (Interval(9.5, np.inf), 8.0, np.inf),
        (Rounded(2.0, 0), 0.0, 1.0),
    ],
    ids=["interval", "below", "tail", "rounded"],
)
def test_bounds(seen, low, high):
    """The noise is normal, cut: also four standard deviations out."""
    posterior = WAGE.abduct({"X": 0.5, "Y": seen}, key=1, draws=DRAWS)
    u = noise_of(posterior, "Y", "u")
    follows(u, cut_normal(low, high, 0, 2.0))
    y = np.asarray(posterior.do(X=-0.5).sample()["Y"], float)
    np.testing.assert_allclose(y, 0.5 + u, atol=2e-6)


def test_censored_at_zero():
    """max(0, .): at 0 the noise is anything low enough, above it a point."""
    posterior = CENSORED.abduct({"X": [0.5, 0.5], "Y": [0.0, 2.5]}, key=1, draws=DRAWS)
    u = noise_of(posterior, "Y", "u")
    follows(u[:, 0], cut_normal(-np.inf, -1.5, 0, 2.0))
    np.testing.assert_allclose(u[:, 1], 1.0, atol=1e-5)
    there = np.asarray(posterior.do(X=1.5).sample()["Y"], float)
    np.testing.assert_allclose(there[:, 0], np.maximum(0, 2.5 + u[:, 0]), atol=2e-6)
    np.testing.assert_allclose(there[:, 1], 3.5, atol=1e-5)
    assert (np.asarray(posterior.sample()["Y"])[:, 0] == 0).all()


def test_rounded_by_the_model():
    """round(., 1 decimal) in the assignment: the noise is cut to the width of a rounding."""
    model = SCM(Y=lambda u=Normal(0, 1): jnp.round(u * 10) / 10)
    u = noise_of(model.abduct({"Y": 0.3}, key=1, draws=DRAWS), "Y", "u")
    follows(u, cut_normal(0.25, 0.35))


def test_columns_of_roundings_and_censorings():
    """A column may mix values, roundings, intervals and cells that were not seen."""
    cells = [1.0, Rounded(1.0, 1), Interval(3.0, np.inf), None, float("nan")]
    posterior = WAGE.abduct({"X": np.zeros(5), "Y": cells}, key=1, draws=DRAWS)
    u = noise_of(posterior, "Y", "u")
    np.testing.assert_allclose(u[:, 0], 0.0, atol=1e-6)
    follows(u[:, 1], cut_normal(-0.05, 0.05, 0, 2.0))
    follows(u[:, 2], cut_normal(2.0, np.inf, 0, 2.0))
    for unseen in (3, 4):
        follows(u[:, unseen], stats.norm(0, 2))
    whole = WAGE.abduct({"X": np.zeros(2), "Y": Rounded([1.0, 2.0], 0)}, key=1, draws=DRAWS)
    u = noise_of(whole, "Y", "u")
    follows(u[:, 0], cut_normal(-0.5, 0.5, 0, 2.0))
    follows(u[:, 1], cut_normal(0.5, 1.5, 0, 2.0))


def test_a_root_between_bounds():
    """Bounds of a root of another family: its own law, cut."""
    model = SCM(W=Exponential(0.5))
    w = np.asarray(model.abduct({"W": Interval(1.0, 2.0)}, key=1, draws=DRAWS).sample()["W"])
    follows(w, stats.truncexpon(0.5, 1.0, 2.0))


# ------------------------------------------------------------------------------- precision


def test_small_noise_on_a_large_mean():
    """1e4 + 1e-3 u: float32 knows u to half a unit at best. The rounding leaves an interval."""
    model = SCM(Y=lambda u=Normal(0, 1): 1e4 + 1e-3 * u)
    posterior = model.abduct({"Y": 1e4}, key=1, draws=DRAWS)
    assert "search" in posterior.methods["Y"]
    assert posterior.draws == DRAWS
    u = noise_of(posterior, "Y", "u")
    half = 0.5 * float(np.spacing(np.float32(1e4))) / 1e-3
    follows(u, cut_normal(-half, half))
    with jax.enable_x64(True):
        point = SCM(Y=lambda u=Normal(0, 1): 1e4 + 1e-3 * u).abduct({"Y": 1e4 + 5e-4}, key=1)
        assert point.methods["Y"] == "inverse"
        np.testing.assert_allclose(point.sample().noise["Y", "u"], [0.5], rtol=1e-6)


def test_saturated_tanh():
    """tanh(6 u) = 1 in float32: all scores above a place, found by search. arctanh gives inf."""
    model = SCM(Y=lambda u=Normal(0, 1): jnp.tanh(6 * u))
    posterior = model.abduct({"Y": 1.0}, key=1, draws=DRAWS)
    u = noise_of(posterior, "Y", "u")
    assert np.isfinite(u).all()
    assert (np.asarray(posterior.sample()["Y"]) == 1).all()
    assert "search" in posterior.methods["Y"]
    scores = np.linspace(0, 4, 400_001, dtype=np.float32)  # the place is XLA's, by its flags
    first = scores[np.argmax(np.asarray(jnp.tanh(6 * scores)) == 1)]
    assert abs(u.min() - first) < 0.01
    follows(u, cut_normal(float(u.min()) - 1e-6, np.inf))
