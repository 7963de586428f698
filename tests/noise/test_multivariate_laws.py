"""Multivariate normal laws by their covariances, and laws that can only be sampled."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro import distributions as dist
from numpyro.distributions import transforms
from scipy import linalg

from scm.noise.laws import law_of
from scm.noise.laws.numbers import canonical
from scm.noise.score import NormalScore, WordScore
from scm.noise.words import span, stream_of, words

LOC = np.array([1.0, -2.0, 0.5])
COVARIANCE = np.array([[2.0, 0.6, 0.1], [0.6, 1.0, -0.2], [0.1, -0.2, 0.5]])
FACTOR, DIAGONAL = np.array([[1.0], [0.5], [-0.3]]), np.array([0.4, 0.2, 0.1])
ROW, COLUMN = np.array([[1.0, 0.0], [0.3, 0.8]]), np.array([[0.7, 0.0], [-0.4, 1.2]])
STEP = np.array([[0.9, 0.2], [0.0, 0.5]])
NEIGHBOURS = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])


def walk_covariance():
    """A two-dimensional z(t) = A z(t - 1) + e(t), three steps, stacked: by its moving average."""
    blocks = np.zeros((6, 6))
    for t in range(3):
        for k in range(t + 1):
            blocks[2 * t : 2 * t + 2, 2 * k : 2 * k + 2] = np.linalg.matrix_power(STEP, t - k)
    return blocks @ blocks.T


LAWS = {
    "covariance": (dist.MultivariateNormal(LOC, COVARIANCE), LOC, COVARIANCE),
    "precision": (
        dist.MultivariateNormal(LOC, precision_matrix=np.linalg.inv(COVARIANCE)),
        LOC,
        COVARIANCE,
    ),
    "root": (
        dist.MultivariateNormal(LOC, scale_tril=np.linalg.cholesky(COVARIANCE)),
        LOC,
        COVARIANCE,
    ),
    "low rank": (
        dist.LowRankMultivariateNormal(LOC, FACTOR, DIAGONAL),
        LOC,
        FACTOR @ FACTOR.T + np.diag(DIAGONAL),
    ),
    "affine": (
        dist.TransformedDistribution(
            dist.Normal(np.zeros(3), 1.0).to_event(1),
            transforms.LowerCholeskyAffine(LOC, np.linalg.cholesky(COVARIANCE)),
        ),
        LOC,
        COVARIANCE,
    ),
    "matrix": (
        dist.MatrixNormal(np.zeros((2, 2)), ROW, COLUMN),
        np.zeros(4),
        np.kron(ROW @ ROW.T, COLUMN @ COLUMN.T),
    ),
    "random walk": (
        dist.GaussianRandomWalk(2.0, 4),
        np.zeros(4),
        4 * np.minimum.outer(np.arange(1, 5), np.arange(1, 5)),
    ),
    "circulant": (
        dist.CirculantNormal(LOC, np.array([2.0, 0.5, 0.5])),
        LOC,
        1.5 * np.eye(3) + 0.5,
    ),
    "circulant, an even number": (
        dist.CirculantNormal(np.zeros(4), np.array([2.0, 0.5, 0.2, 0.5])),
        np.zeros(4),
        linalg.toeplitz([2.0, 0.5, 0.2, 0.5]),
    ),
    "autoregression": (
        dist.CAR(LOC, 0.4, 2.0, NEIGHBOURS),
        LOC,
        np.linalg.inv(2.0 * (np.diag(NEIGHBOURS.sum(axis=1)) - 0.4 * NEIGHBOURS)),
    ),
    "state space": (dist.GaussianStateSpace(3, STEP, np.eye(2)), np.zeros(6), walk_covariance()),
    "zero sum": (
        dist.ZeroSumNormal(2.0, (3,)),
        np.zeros(3),
        4 * (np.eye(3) - np.full((3, 3), 1 / 3)),
    ),
}


@pytest.mark.parametrize(("d", "mean", "covariance"), LAWS.values(), ids=LAWS)
def test_values_are_linear_in_the_scores_with_the_laws_mean_and_covariance(d, mean, covariance):
    """value = mean + J z, so J J' is the covariance: no draws are needed."""
    law = law_of(d)
    assert law.kind == "score"
    program = lambda z: law.value(canonical(d), NormalScore(z)).ravel()
    zero = jnp.zeros(law.shape)
    slope = np.asarray(jax.jacobian(program)(zero)).reshape(mean.size, -1)
    np.testing.assert_allclose(program(zero), mean, atol=1e-6)
    np.testing.assert_allclose(slope @ slope.T, covariance, atol=3e-6)
    z = np.random.default_rng(0).normal(size=law.shape)
    np.testing.assert_allclose(program(jnp.asarray(z)), mean + slope @ z.ravel(), atol=1e-5)


@pytest.mark.parametrize("name", ["covariance", "precision", "root"])
def test_spellings_of_one_normal_law_share_their_noise(name):
    z = NormalScore(jnp.array([0.3, -1.0, 2.0]))
    d, first = LAWS[name][0], LAWS["covariance"][0]
    assert law_of(d).family == "MultivariateNormal[3]"
    np.testing.assert_allclose(
        law_of(d).value(d, z), law_of(first).value(first, z), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("name", ["covariance", "low rank", "autoregression"])
def test_the_place_of_a_value_is_its_scores(name):
    d, z = LAWS[name][0], jnp.array([0.3, -1.0, 2.0])
    law = law_of(d)
    np.testing.assert_allclose(law.place(d, law.value(d, NormalScore(z))).normal, z, atol=2e-6)


def test_a_batch_of_normal_laws_is_one_event():
    roots = np.stack([np.linalg.cholesky(COVARIANCE), np.eye(3)])
    d = dist.MultivariateNormal(LOC, scale_tril=roots).to_event(1)
    law = law_of(d)
    assert (law.family, law.shape) == ("MultivariateNormal[2,3]", (2, 3))
    z = np.random.default_rng(0).normal(size=(2, 3))
    expected = LOC + np.einsum("aij,aj->ai", roots, z)
    np.testing.assert_allclose(law.value(d, NormalScore(jnp.asarray(z))), expected, atol=1e-5)


@pytest.mark.parametrize(
    "d",
    [
        dist.Dirichlet(np.array([1.0, 2.0, 3.0])),
        dist.VonMises(0.0, 2.0),
        dist.Multinomial(5, np.array([0.2, 0.3, 0.5])),
    ],
    ids=lambda d: type(d).__name__,
)
def test_a_law_without_quantiles_is_sampled_by_its_unit(d):
    """Means within five standard errors; a unit's value is its own, whoever else is drawn."""
    law, n = law_of(d), 20_000
    assert (law.kind, law.shape) == ("sampler", ())
    program = jax.jit(jax.vmap(law.value, (None, 0)))
    many, later = (
        np.asarray(program(canonical(d), WordScore(*words(stream_of(9), span(start, n)))), float)
        for start in (0, 3)
    )
    np.testing.assert_array_equal(many[3:], later[:-3])
    error = many.std(axis=0) / np.sqrt(n)
    assert np.all(np.abs(many.mean(axis=0) - d.mean) < 5 * error)
    assert len(np.unique(many, axis=0)) > 20


def test_a_sampler_refuses_a_score():
    d = dist.Dirichlet(np.ones(2))
    with pytest.raises(TypeError, match="Dirichlet has no quantile function here, only a sampler"):
        law_of(d).value(d, NormalScore(jnp.float32(0.0)))
