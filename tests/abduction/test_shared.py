"""Noises that have to be found together: colliders, latents behind nonlinear and discrete children,
atoms among densities. Against integrals on fine grids, and sums by hand.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import (
    Bernoulli,
    Categorical,
    Gumbel,
    Normal,
    Poisson,
    Uniform,
)
from scipy import stats

from scm import SCM, Interval, Rounded, latent, param
from scm.abduction.diagnosis import AbductionWarning
from scm.core.errors import ModelError

DRAWS = 4_000
GRID = np.linspace(-9, 9, 200_002)  # 0 is not among them


def moments(density, of=GRID):
    """Mean and standard deviation of a density on the grid, which need not be normalised."""
    weight = density / density.sum()
    mean = (weight * of).sum()
    return mean, ((weight * (of - mean) ** 2).sum()) ** 0.5


def like(found, mean, spread, ess):
    """Draws worth so many independent ones have this mean and spread (kurtosis up to 9)."""
    found = np.asarray(found, float)
    assert abs(found.mean() - mean) < 5 * spread / ess**0.5, (found.mean(), mean)
    assert abs(found.std() / spread - 1) < 5 * (2 / ess) ** 0.5, (found.std(), spread)


def worth(posterior):
    """How many independent draws the draws are worth."""
    least = posterior.diagnostics()["ess"].min()
    return 1 / (1 / least + 1 / posterior.draws)


# ------------------------------------------------------------------------------- colliders


def test_product_of_which_only_it_was_seen():
    """Z = A B = 1.5 is a curve: A has density f_A(a) f_B(1.5 / a) / |a| on it."""
    model = SCM(A=Normal(1, 1), B=Normal(0.5, 0.7), Z=lambda A, B: A * B)
    posterior = model.abduct({"Z": 1.5}, key=1, draws=DRAWS)
    density = stats.norm.pdf(GRID, 1, 1) * stats.norm.pdf(1.5 / GRID, 0.5, 0.7) / np.abs(GRID)
    a, b = (np.asarray(posterior.sample()[name], float) for name in "AB")
    like(a, *moments(density), worth(posterior))
    np.testing.assert_allclose(a * b, 1.5, rtol=1e-5)
    without = posterior.do(A=1.0).sample()["Z"]
    np.testing.assert_allclose(without, b, rtol=1e-6)


def test_collider_rounded_in_every_column():
    """A = 0.5, C = 1.0 and Z = 1.6 in a file of one decimal: A + C = 1.5 would contradict Z, if
    numbers were what they look like."""
    model = SCM(A=Normal(0, 1), C=Normal(0, 2), Z=lambda A, C: A + C)
    seen = {"A": Rounded(0.5, 1), "C": Rounded(1.0, 1), "Z": Rounded(1.6, 1)}
    posterior = model.abduct(seen, key=1, draws=DRAWS)
    world = posterior.sample()
    a, c, z = (np.asarray(world[name], float) for name in "ACZ")
    for values, seen_as in ((a, 0.5), (c, 1.0), (z, 1.6)):
        assert np.abs(values - seen_as).max() <= 0.05 + 1e-5
    points = (np.arange(2_000) + 0.5) / 2_000 * 0.1 - 0.05
    left, right = np.meshgrid(0.5 + points, 1.0 + points, indexing="ij")
    density = stats.norm.pdf(left) * stats.norm.pdf(right, 0, 2) * (left + right >= 1.55)
    like(a, *moments(density, left), DRAWS / 10)
    like(c, *moments(density, right), DRAWS / 10)


def test_largest_of_two_and_other_folds_are_refused_or_right():
    """max(A, C) = 0.7: half of the units have A at it. No answer is fine; half of one is not."""
    model = SCM(A=Normal(0, 1), C=Normal(0, 1), Z=lambda A, C: jnp.maximum(A, C))
    with pytest.raises(ModelError, match=r"Interval"):
        model.abduct({"Z": 0.7}, key=1)
    posterior = model.abduct({"Z": Interval(0.69, 0.71)}, key=1, draws=DRAWS)
    a = np.asarray(posterior.sample()["A"], float)
    at = (a > 0.69).mean()
    assert abs(at - 0.5) < 5 * 0.5 / (DRAWS / 40) ** 0.5


def test_a_limit_is_an_atom():
    """clip(A + C) at its limit has a probability: A + C is anything above."""
    model = SCM(A=Normal(0, 1), C=Normal(0, 1), Z=lambda A, C: jnp.clip(A + C, -1, 1))
    a = np.asarray(model.abduct({"Z": 1.0}, key=1, draws=DRAWS).sample()["A"], float)
    law = stats.truncnorm(0.5**0.5, np.inf, scale=2**0.5)  # of A + C
    like(a, law.mean() / 2, (0.5 + law.var() / 4) ** 0.5, DRAWS / 10)


# ------------------------------------------------------------------- atoms among densities


def test_an_atom_outweighs_a_density():
    """Z = 0 is seen. Half of the units are 0 by probability, the others by density only: their
    share is zero, whatever the density."""
    model = SCM(B=Bernoulli(0.5), C=Normal(0, 0.1), Z=lambda B, C: jnp.where(B == 1, 0.0, C))
    world = model.abduct({"Z": 0.0}, key=1, draws=DRAWS).sample()
    assert (np.asarray(world["B"]) == 1).all()
    assert abs(np.std(world["C"]) / 0.1 - 1) < 5 / (2 * DRAWS) ** 0.5
    assert (np.asarray(model.abduct({"Z": 0.05}, key=1).sample()["B"]) == 0).all()


def test_an_atom_of_a_noise_without_weight():
    model = SCM(K=latent(Bernoulli(0.5)), Z=lambda K, u=Normal(0, 1): K * u)
    posterior = model.abduct({"Z": 0.0}, key=1, draws=DRAWS)
    assert (np.asarray(posterior.sample()["K"]) == 0).all()
    assert np.std(posterior.do(K=1).sample()["Z"]) > 0.9


def test_units_of_measurement_do_not_matter():
    """The same readings in metres, millimetres and kilometres tell the same of what they share."""
    for double in (False, True):
        with jax.enable_x64(double):
            model = SCM(
                L=latent(Normal(0, 1)),
                Y=lambda L, u=Normal(0, 1): 1e3 * (L + u),
                W=lambda L, u=Normal(0, 1): 1e-3 * (L + u),
            )
            world = model.abduct({"Y": 1e3, "W": 2e-3}, key=1, draws=DRAWS).sample()
            like(world["L"], 1.0, (1 / 3) ** 0.5, DRAWS)  # (1 + 2) / 3
            np.testing.assert_allclose(world["W"], 2e-3, rtol=1e-3)


# ----------------------------------------------------------------------- nonlinear latents


def of_latent(**children):
    """A latent standard normal and what it does."""
    return SCM(L=latent(Normal(0, 1)), **children)


NONLINEAR = {
    "count": (
        of_latent(N=lambda L: Poisson(jnp.exp(1 + L))),
        {"N": 12},
        lambda l: stats.poisson.pmf(12, np.exp(1 + l)),
    ),
    "threshold and a reading": (
        of_latent(
            T=lambda L, u=Uniform(0, 1): u < jax.nn.sigmoid(2 * L),
            Y=lambda L, T, u=Normal(0, 1): L + T + u,
        ),
        {"T": 1, "Y": 0.5},
        lambda l: stats.norm.pdf(-0.5 - l) / (1 + np.exp(-2 * l)),
    ),
    "curved readings": (
        of_latent(
            Y=lambda L, u=Normal(0, 0.5): jnp.exp(L + u) * (1 + L**2),
            W=lambda L, u=Normal(0, 0.6): L**3 + u,
        ),
        {"Y": 5.0, "W": 1.5},
        lambda l: (
            stats.norm.pdf(np.log(5 / (1 + l**2)) - l, 0, 0.5) * stats.norm.pdf(1.5 - l**3, 0, 0.6)
        ),
    ),
}


@pytest.mark.parametrize("name", NONLINEAR)
def test_nonlinear_children(name):
    """The posterior of the latent by an integral; the evidence is given back exactly."""
    model, evidence, likelihood = NONLINEAR[name]
    posterior = model.abduct(evidence, key=2, draws=DRAWS)
    world = posterior.sample()
    like(world["L"], *moments(stats.norm.pdf(GRID) * likelihood(GRID)), worth(posterior))
    for seen, value in evidence.items():
        np.testing.assert_allclose(np.asarray(world[seen], float), value, rtol=1e-4)


SHARP = SCM(
    mean=param(0.0),
    bend=param(0.0),
    fold=param(0.0),
    width=param(1.0),
    L=latent(lambda mean, u=Normal(0, 1): mean + u),
    Y=lambda L, bend, fold, width, u=Normal(0, 1): bend * jnp.exp(L) + fold * L**2 + width * u,
)
"""Sharp readings of a latent, through a bend or a fold: one program, for chains take long to
compile."""


def test_chains_find_a_narrow_posterior():
    """Readings too sharp for weighted draws: chains, in their figures and in their answer."""
    y = np.exp(0.7)
    grid = np.linspace(0.69, 0.71, 20_001)
    density = stats.norm.pdf(grid) * stats.norm.pdf(y - np.exp(grid), 0, 1e-3)
    model = SHARP.do(mean=0.0, bend=1.0, fold=0.0, width=1e-3)
    posterior = model.abduct({"Y": [y]}, key=2, draws=1_000)
    assert posterior.methods["L"] == "nuts"
    figures = posterior.diagnostics()
    assert figures["rhat"].max() < 1.05
    assert figures["divergences"].max() == 0
    like(posterior.sample()["L"], *moments(density, grid), min(figures["ess"].min(), 1_000))


@pytest.mark.parametrize("width", [0.05, 0.0005])
def test_separate_modes_are_both_found_or_warned_of(width):
    """L^2 = 4 up to little: L is near 2 or near -2, with known odds. Chains that stay where they
    start must not pass for an answer."""
    model = SHARP.do(mean=0.3, bend=0.0, fold=1.0, width=width)
    up, down = stats.norm.pdf(2, 0.3), stats.norm.pdf(-2, 0.3)
    try:
        posterior = model.abduct({"Y": [4.0]}, key=1, draws=1_000)
    except (AbductionWarning, ModelError):
        return
    assert worth(posterior) > 100  # fewer are to be warned of
    share = (np.asarray(posterior.sample()["L"]) > 0).mean()
    assert abs(share - up / (up + down)) < 5 * 0.42 / worth(posterior) ** 0.5


def test_discrete_and_continuous_latents():
    """A class and a level behind one reading, curved in one class: sums of two integrals."""
    model = SCM(
        K=latent(Bernoulli(0.4)),
        L=latent(Normal(0, 1)),
        Y=lambda K, L, u=Normal(0, 0.3): jnp.where(K == 1, jnp.exp(L), -L) + u,
    )
    one = 0.4 * stats.norm.pdf(GRID) * stats.norm.pdf(2 - np.exp(GRID), 0, 0.3)
    zero = 0.6 * stats.norm.pdf(GRID) * stats.norm.pdf(2 + GRID, 0, 0.3)
    posterior = model.abduct({"Y": 2.0}, key=1, draws=DRAWS)
    share, ess = one.sum() / (one + zero).sum(), worth(posterior)
    k = np.asarray(posterior.sample()["K"])
    assert abs(k.mean() - share) < 5 * (share * (1 - share) / ess) ** 0.5
    like(posterior.sample()["L"], *moments(one + zero), ess)


# ------------------------------------------------------------------------- finite and Gumbel


def test_noise_that_flips():
    """Y = X xor N: not monotone in N, and a point all the same."""
    model = SCM(X=Bernoulli(0.5), Y=lambda X, n=Bernoulli(0.2): X ^ n)
    frame = {"X": [0, 0, 1, 1], "Y": [0, 1, 0, 1]}
    posterior = model.abduct(frame, key=1)
    assert posterior.draws == 1
    np.testing.assert_array_equal(posterior.sample().noise["Y", "n"], [[0, 1, 1, 0]])
    np.testing.assert_array_equal(posterior.do(X=1).sample()["Y"], [[1, 0, 0, 1]])


@pytest.fixture(scope="module")
def rejected():
    """Gumbel noises of units that chose category 1 of these, by trial and rejection in NumPy."""
    scores = np.log([0.5, 0.2, 0.3])
    noise = np.random.default_rng(1).gumbel(size=(200_000, 3))
    return noise[(scores + noise).argmax(axis=1) == 1]


@pytest.mark.parametrize("written", [True, False])
def test_gumbel_noise_is_as_by_rejection(written, rejected, near):
    """Each noise by Kolmogorov and Smirnov, all pairs by correlation, and the counterfactual."""
    p, q = jnp.array([0.5, 0.2, 0.3]), jnp.array([0.3, 0.3, 0.4])
    if written:
        rhs = lambda T, g=Gumbel(jnp.zeros(3), 1.0).to_event(1): jnp.argmax(
            jnp.log(jnp.where(T == 1, q, p)) + g
        )
    else:
        rhs = lambda T: Categorical(jnp.where(T == 1, q, p))
    posterior = SCM(T=0, Y=rhs).abduct({"Y": 1}, key=1, draws=DRAWS)
    g = np.asarray(posterior.sample().noise["Y", "g" if written else "u"], float)
    for category in range(3):
        assert stats.ks_2samp(g[:, category], rejected[:, category]).pvalue > 1e-4
    off = np.corrcoef(g.T) - np.corrcoef(rejected.T)
    assert np.abs(off).max() < 5 / DRAWS**0.5
    expected = (np.log(np.asarray(q)) + rejected).argmax(axis=1)
    there = np.asarray(posterior.do(T=1).sample()["Y"])
    for category in range(3):
        near(there == category, (expected == category).mean(), errors=6)
    assert any("gumbel" in each or "g enter" in each for each in posterior.couplings)
