"""Laws as programs: compiled or not, one by one or together; higher derivatives; the ends."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro import distributions as dist
from scipy import special, stats

from scm.noise.laws import law_of
from scm.noise.laws.numbers import canonical
from scm.noise.score import NormalScore, WordScore
from scm.noise.words import span, stream_of, words

SCORE = WordScore(*words(stream_of(4), span(0, 64)))


@jax.jit
def run(d, score):
    return law_of(d).value(d, score)


def value(d, score):
    return run(canonical(d), score)


@pytest.mark.parametrize(
    "d",
    [
        dist.Normal(1.0, 2.0),
        dist.Exponential(3.0),
        dist.TruncatedNormal(0.0, 1.0, low=1.0),
        dist.Gamma(0.7, 2.0),
        dist.Poisson(3.0),
        dist.Categorical(np.array([0.2, 0.3, 0.5])),
    ],
    ids=lambda d: law_of(d).family,
)
def test_compiled_vectorised_and_one_by_one_are_the_same_to_rounding(d):
    """And so is a unit among others that take more steps to be solved."""
    law = law_of(d)
    score = SCORE
    if law.kind == "gumbel":
        score = jax.tree.map(
            lambda word: word.reshape(-1, 1) ^ np.arange(3, dtype=np.uint32), SCORE
        )
    compiled = jax.jit(jax.vmap(law.value, (None, 0)))(canonical(d), score)
    few = [law.value(canonical(d), jax.tree.map(lambda word, i=i: word[i], score)) for i in (0, 5)]
    np.testing.assert_allclose([compiled[0], compiled[5]], few, rtol=2e-6)


def test_all_parameters_may_be_traced_and_vectorised_with_the_score():
    """One program for any parameters: shapes, rates and scores all vary along the units."""
    shapes, rates = np.array([0.3, 1.0, 4.0, 30.0]), np.array([1.0, 2.0, 0.5, 9.0])
    z = np.array([-2.0, 0.1, 1.0, 3.0])
    program = jax.jit(jax.vmap(lambda a, r, z: value(dist.Gamma(a, r), NormalScore(z))))
    expected = stats.gamma.ppf(special.ndtr(z), shapes, 0, 1 / rates)
    np.testing.assert_allclose(program(shapes, rates, z), expected, rtol=1e-5)


def test_the_second_derivative_of_a_solved_quantile_is_that_of_scipys(x64):
    """Forward over reverse, through the implicit function, by a second difference."""
    program = lambda a: value(dist.Gamma(a, 1.0), NormalScore(0.8))
    found = jax.jit(jax.jacfwd(jax.grad(program)))(2.5)
    around = stats.gamma.isf(special.ndtr(-0.8), np.array([2.499, 2.5, 2.501]))
    np.testing.assert_allclose(found, np.diff(around, 2)[0] / 1e-6, rtol=1e-5)


EXTREMES = jnp.array([special.ndtri(1e-6), -special.ndtri(1e-6)])


def test_binomial_counts_at_the_ends_of_their_parameters():
    """No trials, no chance, certainty: one program of number and chance."""
    program = jax.vmap(lambda n, p, z: value(dist.Binomial(n, p), NormalScore(z)), (0, 0, None))
    program = jax.jit(jax.vmap(program, (None, None, 0)))
    found = program(jnp.array([0, 5, 5]), jnp.array([0.5, 0.0, 1.0]), EXTREMES)
    np.testing.assert_array_equal(found, [[0, 0, 5]] * 2)


@pytest.mark.parametrize(
    ("d", "low", "high"),
    [
        (dist.Geometric(1.0), 0, 0),
        (dist.Bernoulli(0.0), 0, 0),
        (dist.Bernoulli(1.0), 1, 1),
        (dist.DiscreteUniform(-3, -3), -3, -3),
        (dist.ZeroInflatedDistribution(dist.Geometric(0.5), gate=0.0), 0, 19),
        (dist.ZeroInflatedDistribution(dist.Geometric(0.5), gate=1.0), 0, 0),
        (dist.ZeroInflatedDistribution(dist.DiscreteUniform(-2, 2), gate=0.3), -2, 2),
        (dist.HurdleProbs(dist.Geometric(0.5), 0.0), 1, 20),
        (dist.HurdleProbs(dist.Geometric(0.5), 1.0), 0, 0),
    ],
    ids=lambda d: law_of(d).family if isinstance(d, dist.Distribution) else str(d),
)
def test_counts_at_the_ends_of_their_parameters(d, low, high):
    """2^-20 < 1e-6 < 2^-19, so half a coin a go ends at 19 at the score 1 - 1e-6."""
    found = jax.vmap(lambda z: value(d, NormalScore(z)))(EXTREMES)
    np.testing.assert_array_equal(found, [low, high])


def test_zero_inflation_about_negative_counts():
    """P(-1) = 0.7 / 5, and the gate's 0.3 and 0 have 0.3 + 0.7 / 5: by the cdf, by hand."""
    d = dist.ZeroInflatedDistribution(dist.DiscreteUniform(-2, 2), gate=0.3)
    lower = np.array([0.139, 0.141, 0.279, 0.281, 0.719, 0.721, 0.859, 0.861])
    found = jax.vmap(lambda z: value(d, NormalScore(z)))(jnp.asarray(special.ndtri(lower)))
    np.testing.assert_array_equal(found, [-2, -1, -1, 0, 0, 1, 1, 2])


def test_values_far_beyond_all_words_are_still_quantiles():
    """Normal scores of 20: evidence may lie anywhere. By the logs of the tails, in float32."""
    z = jnp.array([-20.0, 20.0])
    run = lambda d: np.asarray(jax.vmap(lambda z: value(d, NormalScore(z)))(z), float)
    log_tail = special.log_ndtr(-20.0)
    np.testing.assert_allclose(run(dist.Exponential(1.0))[1], -log_tail, rtol=1e-5)
    np.testing.assert_allclose(run(dist.Logistic(0.0, 1.0)), [log_tail, -log_tail], rtol=1e-5)
    np.testing.assert_allclose(run(dist.Laplace(0.0, 1.0))[0], log_tail + np.log(2), rtol=1e-5)
    np.testing.assert_allclose(run(dist.Gumbel(0.0, 1.0))[0], -np.log(-log_tail), rtol=1e-5)
    np.testing.assert_allclose(run(dist.Gamma(1.0, 1.0))[1], -log_tail, rtol=1e-5)
    np.testing.assert_allclose(run(dist.Weibull(1.0, 2.0))[1], np.sqrt(-log_tail), rtol=1e-5)
