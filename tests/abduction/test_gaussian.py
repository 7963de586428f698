"""Partial evidence in linear Gaussian models, against the algebra of conditional normal laws."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Categorical, MultivariateNormal, Normal
from scipy import stats

from scm import SCM, Interval, latent, param

NAMES = ["A", "B", "L", "C", "D"]
SIZE = len(NAMES)


def linear(weights, scales):
    """Five variables in a row, each of all before it; L is latent. The numbers are params."""

    def variable(at):
        def assign(u, parents, w, s):
            return 1.0 + s[at] * u + sum(w[at, j] * x for j, x in enumerate(parents))

        names = ", ".join(NAMES[:at])
        before = names + ", " if names else ""
        source = f"lambda {before}w, s, u=noise: assign(u, [{names}], w, s)"
        made = eval(source, {"assign": assign, "noise": Normal(0.0, 1.0)})
        return latent(made) if NAMES[at] == "L" else made

    numbers = {"w": param(jnp.asarray(weights)), "s": param(jnp.asarray(scales))}
    return SCM({**numbers, **{name: variable(at) for at, name in enumerate(NAMES)}})


def conditional(weights, scales, evidence):
    """Mean and covariance of the five noises given some of the variables."""
    effect = np.linalg.inv(np.eye(SIZE) - np.tril(weights, -1))  # V = effect (1 + scales u)
    rows = [NAMES.index(name) for name in evidence]
    loads = (effect * scales)[rows]
    rest = np.array(list(evidence.values())) - effect[rows].sum(axis=1)
    solver = loads.T @ np.linalg.pinv(loads @ loads.T)
    return solver @ rest, np.eye(SIZE) - solver @ loads


def noises(posterior, names=NAMES):
    """All noises of the draws of one unit, (draws, variables)."""
    noise = posterior.sample().noise
    return np.stack([np.asarray(noise[name, "u"], float) for name in names], axis=1)


def same_normal(found, mean, covariance):
    """Draws have this mean and covariance, to five standard errors."""
    n, variances = len(found), np.diag(covariance).clip(0)
    error = np.sqrt(variances / n)
    assert (np.abs(found.mean(axis=0) - mean) < 5 * error + 2e-5 * (1 + np.abs(mean))).all()
    spread = np.sqrt((np.outer(variances, variances) + covariance**2) / n)
    assert (np.abs(np.cov(found.T) - covariance) < 5 * spread + 1e-4).all()


RNG = np.random.default_rng(7)
WEIGHTS, SCALES = RNG.normal(size=(SIZE, SIZE)), RNG.uniform(0.5, 2, SIZE)
PARTS = [{"D": 1.5}, {"B": -0.5, "D": 2.0}, {"A": 1.0, "C": 0.0, "D": -1.0}, {"C": 3.0, "A": -2.0}]


@pytest.mark.parametrize("evidence", PARTS, ids=lambda e: "".join(e))
def test_partial_evidence(evidence):
    posterior = linear(WEIGHTS, SCALES).abduct(evidence, key=5, draws=20_000)
    same_normal(noises(posterior), *conditional(WEIGHTS, SCALES, evidence))
    world = posterior.sample()
    for name, value in evidence.items():
        np.testing.assert_allclose(world[name], value, rtol=1e-4, atol=1e-4)


def test_partial_evidence_to_five_digits():
    """In double precision 4 million draws are not needed: the mean given all but one noise is
    linear in that noise, with the coefficients that algebra gives."""
    evidence = {"A": 1.0, "B": 0.5, "C": -1.0, "D": 2.0}  # L is all that is open: one degree
    with jax.enable_x64(True):
        found = noises(linear(WEIGHTS, SCALES).abduct(evidence, key=1, draws=200))
    mean, covariance = conditional(WEIGHTS, SCALES, evidence)
    values, vectors = np.linalg.eigh(covariance)
    assert np.allclose(values[:-1], 0, atol=1e-10)
    across = found - mean - np.outer((found - mean) @ vectors[:, -1], vectors[:, -1])
    np.testing.assert_allclose(across, 0, atol=1e-9)


def test_many_units_are_each_their_own():
    """Units of three patterns in one table: each has its own conditional law."""
    model = linear(WEIGHTS, SCALES)
    table = {"A": [1.0, np.nan, 0.3], "D": [0.5, 1.5, np.nan], "C": [np.nan, 2.0, np.nan]}
    posterior = model.abduct(table, key=2, draws=4_000)
    noise = posterior.sample().noise
    found = np.stack([np.asarray(noise[name, "u"]) for name in NAMES], axis=-1)
    assert found.shape == (4_000, 3, SIZE)
    for unit in range(3):
        seen = {n: x[unit] for n, x in table.items() if not np.isnan(x[unit])}
        same_normal(found[:, unit], *conditional(WEIGHTS, SCALES, seen))
    pairs = np.corrcoef(found[:, :, SIZE - 1].T)  # units are independent of each other
    assert np.abs(pairs - np.eye(3)).max() < 5 / 4_000**0.5


def test_mixture_by_a_discrete_root():
    """Z is hidden or seen; given Z all is normal. P(Z | Y) and the moments of L by hand."""
    chance, jump, seen = 0.3, 2.0, 1.7
    model = SCM(
        Z=Bernoulli(chance),
        L=latent(Normal(0, 1)),
        X=lambda Z, L, u=Normal(0, 0.5): jump * Z + L + u,
        Y=lambda X, L, u=Normal(0, 0.7): X - 0.4 * L + u,
    )
    variance = 0.6**2 + 0.5**2 + 0.7**2  # of Y given Z: 0.6 L + u_X + u_Y
    density = stats.norm.pdf(seen, [0, jump], variance**0.5)
    share = chance * density[1] / (chance * density[1] + (1 - chance) * density[0])
    posterior = model.abduct({"Y": seen}, key=3, draws=20_000)
    assert posterior.methods["Y"] == "exact: enumeration and Gaussian"
    world = posterior.sample()
    z, hidden = np.asarray(world["Z"]), np.asarray(world["L"])
    assert abs(z.mean() - share) < 5 * (share * (1 - share) / len(z)) ** 0.5
    for each in (0, 1):
        part = hidden[z == each]
        mean, spread = 0.6 / variance * (seen - jump * each), (1 - 0.36 / variance) ** 0.5
        assert abs(part.mean() - mean) < 5 * spread / len(part) ** 0.5
        assert abs(part.std() / spread - 1) < 5 / (2 * len(part)) ** 0.5
    np.testing.assert_allclose(world["Y"], seen, atol=1e-5)
    told = model.abduct({"Y": seen, "Z": 1}, key=3, draws=20_000).sample()
    mean, spread = 0.6 / variance * (seen - jump), (1 - 0.36 / variance) ** 0.5
    assert (np.asarray(told["Z"]) == 1).all()
    assert abs(np.mean(told["L"]) - mean) < 5 * spread / 20_000**0.5


def test_slopes_by_a_hidden_class(near):
    """A class that changes slope and spread: heteroscedastic mixtures have unequal variances."""
    slopes, spreads, chances = (
        np.array([-1.0, 0.5, 2.0]),
        np.array([0.3, 1.0, 0.6]),
        [0.2, 0.5, 0.3],
    )
    model = SCM(
        K=latent(Categorical(jnp.array(chances))),
        X=Normal(0, 1),
        Y=lambda K, X, u=Normal(0, 1): jnp.asarray(slopes)[K] * X + jnp.asarray(spreads)[K] * u,
    )
    x, y = 1.2, 1.0
    weight = np.array(chances) * stats.norm.pdf(y, slopes * x, spreads)
    world = model.abduct({"X": x, "Y": y}, key=1, draws=8_000)
    found = np.asarray(world.sample()["K"])
    for each in range(3):
        near(found == each, weight[each] / weight.sum())
    noise = (y - slopes * x) / spreads
    moved = np.asarray(world.do(X=0.0).sample()["Y"])
    np.testing.assert_allclose(moved, (spreads * noise)[found], rtol=1e-4, atol=1e-5)


def test_vectors_and_deterministic_readings():
    """A correlated root seen through its sum and its difference with an unseen part."""
    covariance = np.array([[1.0, 0.6, 0.2], [0.6, 2.0, -0.3], [0.2, -0.3, 0.5]])
    model = SCM(
        V=latent(MultivariateNormal(jnp.array([1.0, 0.0, -1.0]), jnp.asarray(covariance))),
        S=lambda V: V.sum(),
        R=lambda V, u=Normal(0, 0.5): V[0] - V[1] + u,
    )
    readings = np.array([[1.0, 1, 1], [1, -1, 0]])
    gram = readings @ covariance @ readings.T + np.diag([0, 0.25])
    gain = covariance @ readings.T @ np.linalg.inv(gram)
    mean = np.array([1.0, 0, -1]) + gain @ (np.array([0.7, 2.0]) - readings @ [1.0, 0, -1])
    posterior = model.abduct({"S": 0.7, "R": 2.0}, key=1, draws=20_000)
    found = np.asarray(posterior.sample()["V"], float)
    same_normal(found, mean, covariance - gain @ readings @ covariance)
    np.testing.assert_allclose(found.sum(axis=1), 0.7, atol=1e-4)


def test_sums_that_share_noise_are_seen_twice():
    """Readings that say the same do not count twice, and those that contradict are refused."""
    model = SCM(A=Normal(0, 1), C=Normal(0, 2), Z=lambda A, C: A + C, W=lambda A, C: 2 * (A + C))
    posterior = model.abduct({"Z": 1.0, "W": 2.0}, key=1, draws=20_000)
    values = np.stack([posterior.sample()[name] for name in "AC"], axis=1)
    same_normal(values, np.array([0.2, 0.8]), np.array([[0.8, -0.8], [-0.8, 0.8]]))
    with pytest.raises(ValueError, match=r"W = 2\.5"):
        model.abduct({"Z": 1.0, "W": 2.5}, key=1)


def test_a_bound_on_one_of_many_noises():
    """Z = A + C only known to lie between bounds: truncated normal, whatever the way."""
    model = SCM(A=Normal(0, 1), C=Normal(0, 2), Z=lambda A, C: A + C)
    draws = 4_000
    world = model.abduct({"Z": Interval(2.0, 3.0)}, key=1, draws=draws).sample()
    scale = 5**0.5
    truncated = stats.truncnorm(2 / scale, 3 / scale, scale=scale)
    found = np.asarray(world["Z"], float)
    assert found.min() >= 2 - 1e-5
    assert found.max() <= 3 + 1e-5
    # draws are drawn again from fewer: they are worth a tenth of their number at least
    assert abs(found.mean() - truncated.mean()) < 5 * truncated.std() / (draws / 10) ** 0.5
    first = np.asarray(world["A"], float)
    spread = (0.8 + 0.04 * truncated.var()) ** 0.5
    assert abs(first.mean() - 0.2 * truncated.mean()) < 5 * spread / (draws / 10) ** 0.5
