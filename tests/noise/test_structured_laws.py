"""Laws made of laws: components, batches, masks, transforms, copulas, and laws of the user's."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro import distributions as dist
from numpyro.distributions import constraints, transforms
from scipy import special, stats

from scm.noise.laws import law_of
from scm.noise.laws.numbers import canonical
from scm.noise.score import NormalScore, WordScore

half = dist.Categorical(probs=np.array([0.5, 0.5]))


def normal_scores(*shape):
    return NormalScore(jnp.asarray(np.random.default_rng(0).normal(size=shape), jnp.float32))


@jax.jit
def run(d, score):
    return law_of(d).value(d, score)


def value(d, score):
    return run(canonical(d), score)


@pytest.mark.parametrize(
    "d",
    [
        dist.Normal(np.array([0.0, 5.0, -1.0]), 2.0).to_event(1),
        dist.Normal(1.0, 2.0).expand([3]).to_event(1),
        dist.Exponential(np.array([1.0, 2.0, 9.0])).mask(False).to_event(1),
        dist.Normal(np.array([[0.0], [5.0]]), 1.0).expand([2, 3]).to_event(2),
        dist.Geometric(np.array([0.5, 0.1, 1.0])).to_event(1),
        dist.TransformedDistribution(
            dist.Gumbel(np.zeros(3), 1.0), transforms.AffineTransform(0.0, np.array([1.0, -2, 3]))
        ).to_event(1),
    ],
    ids=lambda d: law_of(d).family,
)
def test_components_are_scalar_laws_at_their_own_scores(d):
    score = normal_scores(*d.event_shape)
    together = value(d, score)
    assert together.shape == d.event_shape
    base = d.base_dist
    while isinstance(base, dist.ExpandedDistribution | dist.MaskedDistribution):
        base = base.base_dist
    for at in np.ndindex(*d.event_shape):
        alone = value(component(base, at, d.event_shape), NormalScore(score.value[at]))
        np.testing.assert_allclose(together[at], alone, rtol=1e-6)


def component(d, at, shape):
    """The scalar law at one place of a batch, made anew from its parameters there."""
    pick = lambda leaf: np.broadcast_to(leaf, shape)[at]
    if isinstance(d, dist.Normal):
        return dist.Normal(pick(d.loc), pick(d.scale))
    if isinstance(d, dist.TransformedDistribution):
        scale = pick(d.transforms[0].scale)
        return dist.TransformedDistribution(
            dist.Gumbel(0.0, 1.0), transforms.AffineTransform(0.0, scale)
        )
    return dist.Geometric(pick(d.probs)) if d.is_discrete else dist.Exponential(pick(d.rate))


def test_each_component_takes_categories_by_its_own_gumbel_noise():
    logits = np.random.default_rng(1).normal(size=(4, 3))
    score = normal_scores(4, 3)
    together = value(dist.Categorical(logits=logits).to_event(1), score)
    alone = [
        value(dist.Categorical(logits=logits[i]), NormalScore(score.value[i])) for i in range(4)
    ]
    np.testing.assert_array_equal(together, alone)


@pytest.mark.parametrize("scale", [-2.0, 2.0])
@pytest.mark.parametrize("make", [NormalScore, lambda z: word_score(z)])
def test_a_transform_that_turns_the_order_turns_the_score(scale, make):
    """The value of 1 + scale X increases in the score, traced or not, whatever the sign."""
    z = jnp.array([-4.0, -0.5, 0.0, 0.7, 4.0])
    expected = 1 + np.abs(scale) * np.asarray(make(z).normal)

    def shifted(scale, score):
        return value(
            dist.TransformedDistribution(
                dist.Normal(0.0, 1.0), transforms.AffineTransform(1.0, scale)
            ),
            score,
        )

    for program in (shifted, jax.jit(shifted)):
        found = jax.vmap(program, (None, 0))(scale, make(z))
        np.testing.assert_allclose(found, expected, rtol=2e-6)


def word_score(z):
    first = jnp.asarray((special.ndtr(np.asarray(z, float)) * 2.0**32).astype(np.uint32))
    return WordScore(first, jnp.zeros_like(first))


def test_transforms_in_a_row_keep_their_order():
    """exp(-X) of a normal X: the quantile of a log-normal law, X turned around."""
    d = dist.TransformedDistribution(
        dist.Normal(0.5, 2.0), [transforms.AffineTransform(0.0, -1.0), transforms.ExpTransform()]
    )
    assert law_of(d).family == "Exp(Affine(Normal))"
    z = np.array([-2.0, 0.3, 1.0])
    found = jax.vmap(lambda z: value(d, NormalScore(z)))(jnp.asarray(z))
    np.testing.assert_allclose(found, stats.lognorm(2, 0, np.exp(-0.5)).ppf(special.ndtr(z)), 1e-5)


def test_both_spellings_of_a_log_normal_law_are_one_family_with_one_value():
    one = dist.LogNormal(0.5, 2.0)
    two = dist.TransformedDistribution(dist.Normal(0.5, 2.0), transforms.ExpTransform())
    assert law_of(one).family == law_of(two).family
    score = NormalScore(jnp.float32(0.7))
    np.testing.assert_allclose(value(one, score), value(two, score), rtol=1e-6)


@pytest.mark.parametrize("v", [2.5, 3, np.array([1.0, 2.0])])
def test_a_point_has_its_value_whatever_the_score(v):
    d = dist.Delta(v, event_dim=np.ndim(v))
    found = value(d, normal_scores(*np.shape(v)))
    np.testing.assert_array_equal(found, v)
    assert jnp.issubdtype(found.dtype, jnp.integer) == isinstance(v, int)


def test_categories_come_as_often_as_they_are_probable():
    """Chi-square over 200,000 draws, fails with probability 1e-6; what cannot be never is."""
    probs = np.array([0.5, 0.0, 0.3, 0.2])
    first = jnp.asarray(np.random.default_rng(2).integers(0, 2**32, (200_000, 4), np.uint32))
    found = jax.jit(jax.vmap(lambda first: value(dist.Categorical(probs), WordScore(first, first))))
    counts = np.bincount(np.asarray(found(first)), minlength=4)
    assert counts[1] == 0
    some = probs > 0
    assert stats.chisquare(counts[some], 200_000 * probs[some]).pvalue > 1e-6


def test_mixtures_with_one_part_are_that_part_component_by_component():
    loc, score = np.array([0.0, 5.0, -1.0]), normal_scores(3)
    mixing = dist.Categorical(np.ones(1))
    mixed = dist.MixtureSameFamily(mixing, dist.Gumbel(loc[:, None], 2.0)).to_event(1)
    alone = dist.Gumbel(loc, 2.0).to_event(1)
    np.testing.assert_allclose(value(mixed, score), value(alone, score), rtol=1e-6)


def test_a_mixture_of_parts_that_end_is_solved_across_their_ends():
    """Half Uniform(0, 1), half Uniform(3, 5): nothing is in between."""
    parts = [dist.Uniform(0.0, 1.0), dist.Uniform(3.0, 5.0)]
    d = dist.MixtureGeneral(half, parts, support=constraints.real)
    z = special.ndtri(np.array([0.001, 0.25, 0.499, 0.501, 0.75, 0.999]))
    found = jax.vmap(lambda z: value(d, NormalScore(z)))(jnp.asarray(z, jnp.float32))
    np.testing.assert_allclose(found, [0.002, 0.5, 0.998, 3.004, 4, 4.996], rtol=1e-4)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (dist.NegativeBinomialProbs(3.0, 0.4), dist.NegativeBinomialLogits(3.0, np.log(2 / 3))),
        (dist.NegativeBinomialProbs(3.0, 0.4), dist.NegativeBinomial2(2.0, 3.0)),
        (dist.NegativeBinomialProbs(3.0, 0.4), dist.GammaPoisson(3.0, 1.5)),
        (dist.Binomial(9, 0.4), dist.Binomial(9, logits=np.log(2 / 3))),
        (dist.Geometric(0.4), dist.Geometric(logits=np.log(2 / 3))),
        (dist.Bernoulli(0.4), dist.Bernoulli(logits=np.log(2 / 3))),
        (
            dist.ZeroInflatedPoisson(0.4, 3.0),
            dist.ZeroInflatedDistribution(dist.Poisson(3.0), gate_logits=np.log(2 / 3)),
        ),
        (
            dist.HurdlePoisson(0.4, 3.0),
            dist.HurdleDistribution(dist.Poisson(3.0), gate_logits=np.log(2 / 3)),
        ),
        (dist.Chi2(3.0), dist.Gamma(1.5, 0.5)),
        (dist.BetaProportion(0.3, 5.0), dist.Beta(1.5, 3.5)),
        (dist.AsymmetricLaplace(0.0, 1.0, 1.0), dist.AsymmetricLaplaceQuantile(0.0, 0.5, 0.5)),
    ],
    ids=lambda d: type(d).__name__,
)
def test_spellings_of_one_law_are_one_family_with_the_same_tails(one, other):
    at = jnp.array([0, 1, 4, 9]) if one.is_discrete else jnp.array([0.1, 0.4, 0.8])
    laws = [law_of(d) for d in (one, other)]
    assert laws[0].family == laws[1].family
    places = [law.place(canonical(d), at) for law, d in zip(laws, (one, other), strict=True)]
    np.testing.assert_allclose(places[0].lower, places[1].lower, rtol=1e-5)
    np.testing.assert_allclose(places[0].upper, places[1].upper, rtol=1e-5)


def test_a_copula_has_its_marginals_and_its_correlation():
    """Exponential marginals of a Gaussian copula: by hand, from the same scores."""
    root = np.linalg.cholesky([[1.0, 0.6], [0.6, 1.0]])
    d = dist.GaussianCopula(dist.Exponential(np.array([1.0, 3.0])), correlation_cholesky=root)
    score = normal_scores(2)
    z = root @ np.asarray(score.value, float)
    expected = -np.log(special.ndtr(-z)) / [1.0, 3.0]
    np.testing.assert_allclose(value(d, score), expected, rtol=1e-5)


class Doubled(dist.Normal):
    """A law of the user's: another numpyro law by inheritance."""


class Triangular(dist.Distribution):
    """A law of the user's with a quantile function and nothing else: F(x) = x^2 on (0, 1)."""

    arg_constraints = {}  # noqa: RUF012
    support = constraints.unit_interval

    def icdf(self, q):
        return jnp.sqrt(q)


class Coin(dist.Distribution):
    """A law of the user's with only a sampler."""

    arg_constraints = {}  # noqa: RUF012
    support = constraints.real

    def sample(self, key, sample_shape=()):
        return jax.random.rademacher(key, sample_shape, jnp.float32)


def test_a_law_of_the_users_is_read_by_what_it_has():
    assert law_of(Doubled(0.0, 1.0)).family == "Normal"
    assert law_of(Triangular()).kind == "quantile"
    score = NormalScore(jnp.float32(0.0))
    np.testing.assert_allclose(value(Triangular(), score), np.sqrt(0.5), rtol=1e-6)
    assert law_of(Coin()).kind == "sampler"
    with pytest.raises(TypeError, match="Coin has no quantile function"):
        value(Coin(), score)
