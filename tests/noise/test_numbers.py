"""Canonical distributions, finite supports and their probabilities."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro import distributions as dist
from numpyro.distributions import transforms
from scipy import special, stats

from scm.noise.laws.numbers import canonical, probabilities, support_of

one = np.int64(1)
affine = transforms.AffineTransform
categorical = dist.Categorical(np.array([0.5, 0.5]))
EQUAL = {
    "Normal": (dist.Normal(0, 1), dist.Normal(0.0, 1.0), dist.Normal(np.int64(0), np.float32(1))),
    "Uniform": (dist.Uniform(0, 1), dist.Uniform(0.0, one)),
    "Beta": (dist.Beta(1, 2), dist.Beta(1.0, np.float32(2.0))),
    "Poisson": (dist.Poisson(3), dist.Poisson(3.0)),
    "Bernoulli": (dist.Bernoulli(1), dist.Bernoulli(1.0), dist.Bernoulli(True)),
    "Binomial": (dist.Binomial(3, 1), dist.Binomial(np.int32(3), 1.0)),
    "DiscreteUniform": (dist.DiscreteUniform(0, 3), dist.DiscreteUniform(np.int32(0), 3)),
    "StudentT": (dist.StudentT(3), dist.StudentT(3.0, 0.0, 1.0)),
    "LogNormal": (dist.LogNormal(0, 1), dist.LogNormal(0.0, 1.0)),
    "HalfNormal": (dist.HalfNormal(1), dist.HalfNormal(1.0)),
    "vector": (dist.Normal(np.array([0, 1]), 1), dist.Normal(np.array([0.0, 1.0]), 1.0)),
    "expanded": (
        dist.Normal(0, 1).expand([3]).to_event(1),
        dist.Normal(0.0, 1.0).expand([3]).to_event(1),
    ),
    "truncated": (
        dist.TruncatedNormal(0, 1, low=0, high=1),
        dist.TruncatedNormal(0.0, 1.0, low=0.0, high=one),
    ),
    "transformed": (
        dist.TransformedDistribution(dist.Normal(0, 1), affine(1, 2)),
        dist.TransformedDistribution(dist.Normal(0.0, 1.0), affine(1.0, 2.0)),
    ),
    "mixture": (
        dist.MixtureGeneral(categorical, [dist.Normal(0, 1), dist.Normal(1, 2)]),
        dist.MixtureGeneral(categorical, [dist.Normal(0.0, 1.0), dist.Normal(1.0, 2.0)]),
    ),
    "inflated": (dist.ZeroInflatedPoisson(0, 3), dist.ZeroInflatedPoisson(0.0, 3.0)),
    "ordered": (
        dist.OrderedLogistic(0, np.array([0, 1])),
        dist.OrderedLogistic(0.0, np.array([0.0, 1.0])),
    ),
}


@pytest.mark.parametrize("spellings", EQUAL.values(), ids=EQUAL)
def test_spellings_of_one_law_have_one_structure_and_the_same_leaves(spellings):
    first, *others = (jax.tree.flatten(canonical(d)) for d in spellings)
    for leaves, structure in others:
        assert structure == first[1]
        for leaf, other in zip(leaves, first[0], strict=True):
            assert isinstance(leaf, np.ndarray | jax.Array)
            assert (leaf.dtype, leaf.shape) == (other.dtype, other.shape)
            np.testing.assert_array_equal(leaf, other)


@pytest.mark.parametrize("spellings", EQUAL.values(), ids=EQUAL)
def test_nothing_else_about_the_law_changes(spellings):
    d, made = spellings[0], canonical(spellings[0])
    assert type(made) is type(d)
    assert (made.batch_shape, made.event_shape) == (d.batch_shape, d.event_shape)
    given = [np.asarray(leaf, float) for leaf in jax.tree.leaves(d)]
    for leaf, number in zip(jax.tree.leaves(made), given, strict=True):
        np.testing.assert_allclose(leaf, number, rtol=1e-7)


def test_numbers_of_real_parameters_are_float64_and_of_discrete_ones_int64():
    assert {leaf.dtype for leaf in jax.tree.leaves(canonical(dist.Normal(0, 1)))} == {
        np.dtype(np.float64)
    }
    counts = canonical(dist.Binomial(10.0, 1))
    assert (counts.total_count.dtype, counts.probs.dtype) == (np.int64, np.float64)
    assert canonical(dist.Delta(3)).v.dtype == np.int64
    assert canonical(dist.Delta(3.0)).v.dtype == np.float64


def test_float64_numbers_keep_all_their_digits():
    assert canonical(dist.Normal(0.1, 0.3)).scale == 0.3
    d = canonical(dist.Beta(0.1, 0.3))
    np.testing.assert_array_equal(d._dirichlet.concentration, [0.1, 0.3])


def test_jax_arrays_keep_value_and_precision_and_whole_ones_become_real():
    d = canonical(dist.Normal(jnp.arange(2), jnp.float16(2.0)))
    assert (d.loc.dtype, d.scale.dtype) == (jnp.float32, jnp.float16)


def test_permutations_stay_whole():
    base = dist.Normal(np.zeros(3), 1).to_event(1)
    permute = transforms.PermuteTransform(np.array([2, 0, 1]))
    d = canonical(dist.TransformedDistribution(base, permute))
    assert d.transforms[0].permutation.dtype == np.int64
    assert d.sample(jax.random.key(0)).shape == (3,)


def test_parameters_can_be_traced_and_differentiated():
    d = canonical(dist.LogNormal(0, 1))
    slope = jax.grad(lambda d: d.log_prob(2.0))(d)
    assert np.isfinite(slope.base_dist.loc)
    traced = jax.jit(lambda scale: canonical(dist.Normal(0, scale)).log_prob(1.0))(2)
    np.testing.assert_allclose(traced, stats.norm(0, 2).logpdf(1), rtol=1e-6)


def test_what_is_no_number_is_refused():
    d = dist.Normal(0.0, 1.0)
    d.loc = "zero"
    with pytest.raises(TypeError, match=r"Normal: loc must be a number.*'zero'"):
        canonical(d)
    with pytest.raises(ValueError, match=r"total_count must be whole, given 2\.5"):
        canonical(dist.Binomial(2.5, 0.5, validate_args=False))


def test_a_law_that_numpyro_cannot_rebuild_is_refused_with_another_spelling():
    """numpyro 0.22: HurdleNegativeBinomial2's own pytree does not come back together."""
    d = dist.HurdleNegativeBinomial2(0.2, 3.0, 2.0)
    with pytest.raises(TypeError, match="HurdleDistribution"):
        canonical(d)


chances = jax.jit(probabilities)

FINITE = {
    "Bernoulli": (dist.Bernoulli(0.3), stats.bernoulli(0.3), range(2)),
    "BernoulliLogits": (
        dist.Bernoulli(logits=-1.0),
        stats.bernoulli(special.expit(-1.0)),
        range(2),
    ),
    "Binomial": (dist.Binomial(9, 0.3), stats.binom(9, 0.3), range(10)),
    "BinomialLogits": (
        dist.Binomial(9, logits=1.0),
        stats.binom(9, special.expit(1.0)),
        range(10),
    ),
    "BetaBinomial": (dist.BetaBinomial(2.0, 3.0, 7), stats.betabinom(7, 2, 3), range(8)),
    "DiscreteUniform": (dist.DiscreteUniform(-2, 3), stats.randint(-2, 4), range(-2, 4)),
    "masked": (dist.Bernoulli(0.3).mask(False), stats.bernoulli(0.3), range(2)),
}


@pytest.mark.parametrize(("d", "scipy", "values"), FINITE.values(), ids=FINITE)
def test_finite_laws_list_their_values_with_scipys_probabilities(d, scipy, values):
    support = support_of(d)
    np.testing.assert_array_equal(support, values)
    assert support.dtype == np.int64
    wide = np.arange(support[0] - 1, support[-1] + 2)
    np.testing.assert_allclose(chances(canonical(d), wide), scipy.pmf(wide), rtol=3e-6)


def test_categories_and_ordered_categories():
    probs = np.array([0.2, 0.0, 0.8])
    np.testing.assert_array_equal(support_of(dist.Categorical(probs)), range(3))
    np.testing.assert_allclose(chances(dist.Categorical(probs), np.arange(3)), probs)
    logits = np.array([0.0, 1.0, -1.0])
    found = chances(dist.Categorical(logits=logits), np.arange(3))
    np.testing.assert_allclose(found, special.softmax(logits), rtol=1e-6)
    ends = np.array([-np.inf, -12.0, -11.0, 11.0, 12.0, np.inf])
    cuts = special.expit(ends - 0.5)
    upper = special.expit(0.5 - ends)
    d = dist.OrderedLogistic(0.5, ends[1:-1])
    expected = np.where(cuts[1:] < 0.5, np.diff(cuts), -np.diff(upper))
    np.testing.assert_allclose(chances(d, support_of(d)), expected, rtol=1e-5)


def test_inflated_laws_of_finite_ones_are_finite():
    base = dist.Binomial(3, 0.4)
    inner = stats.binom(3, 0.4).pmf(np.arange(4))
    zero = np.array([1, 0, 0, 0])
    for d in (
        dist.ZeroInflatedDistribution(base, gate=0.25),
        dist.ZeroInflatedDistribution(base, gate_logits=np.log(1 / 3)),
    ):
        np.testing.assert_array_equal(support_of(d), range(4))
        expected = 0.25 * zero + 0.75 * inner
        np.testing.assert_allclose(chances(d, np.arange(4)), expected, rtol=1e-5)
    expected = np.where(zero, 0.25, 0.75 * inner / (1 - inner[0]))
    found = chances(dist.HurdleProbs(base, 0.25), np.arange(4))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


@pytest.mark.parametrize(
    "d",
    [dist.Normal(0, 1), dist.Poisson(1.0), dist.Bernoulli(np.full(2, 0.5)), dist.Geometric(0.5)],
    ids=lambda d: type(d).__name__,
)
def test_other_laws_have_no_finite_list(d):
    assert support_of(d) is None


def test_bounds_that_are_traced_give_no_list():
    found = []
    jax.eval_shape(lambda n: found.append(support_of(dist.Binomial(n, 0.5))), 3)
    jax.eval_shape(lambda p: found.append(support_of(dist.Bernoulli(p))), 0.5)
    assert found[0] is None
    np.testing.assert_array_equal(found[1], [0, 1])


def test_probabilities_of_certain_things_are_exact_and_have_slopes():
    np.testing.assert_array_equal(chances(dist.Bernoulli(1.0), np.arange(2)), [0, 1])
    np.testing.assert_array_equal(chances(dist.Binomial(2, 0.0), np.arange(3)), [1, 0, 0])
    np.testing.assert_array_equal(chances(dist.Delta(2.5), np.array([2.5, 3.0])), [1, 0])
    slope = jax.jacobian(lambda p: chances(dist.Binomial(2, p), np.arange(3)))(0.25)
    np.testing.assert_allclose(slope, [-1.5, 1.0, 0.5], rtol=1e-5)


def test_probabilities_of_an_endless_law_are_refused():
    with pytest.raises(TypeError, match="Poisson"):
        probabilities(dist.Poisson(1.0), np.arange(3))


SLOPES = {
    "Bernoulli": (dist.BernoulliProbs, stats.bernoulli.pmf, (0.3,), 2),
    "BernoulliLogits": (
        dist.BernoulliLogits,
        lambda k, x: stats.bernoulli.pmf(k, special.expit(x)),
        (-1.0,),
        2,
    ),
    "Binomial": (
        lambda p: dist.BinomialProbs(p, 9),
        lambda k, p: stats.binom.pmf(k, 9, p),
        (0.3,),
        10,
    ),
    "BinomialLogits": (
        lambda x: dist.BinomialLogits(x, 9),
        lambda k, x: stats.binom.pmf(k, 9, special.expit(x)),
        (1.0,),
        10,
    ),
    "BetaBinomial": (
        lambda a, b: dist.BetaBinomial(a, b, 7),
        lambda k, a, b: stats.betabinom.pmf(k, 7, a, b),
        (2.0, 3.0),
        8,
    ),
    "Categorical": (
        lambda a, b: dist.CategoricalLogits(jnp.stack([a, b, jnp.zeros_like(a)])),
        lambda k, a, b: special.softmax([a, b, 0.0])[k],
        (0.4, -1.0),
        3,
    ),
    "OrderedLogistic": (
        lambda x, c: dist.OrderedLogistic(x, jnp.stack([-c, c])),
        lambda k, x, c: np.diff([0, *special.expit([-c - x, c - x]), 1])[k],
        (0.3, 1.0),
        3,
    ),
    "ZeroInflated": (
        lambda g, p: dist.ZeroInflatedDistribution(dist.BinomialProbs(p, 3), gate=g),
        lambda k, g, p: g * (k == 0) + (1 - g) * stats.binom.pmf(k, 3, p),
        (0.2, 0.4),
        4,
    ),
    "Hurdle": (
        lambda g, p: dist.HurdleProbs(dist.BinomialProbs(p, 3), g),
        lambda k, g, p: np.where(
            k == 0, g, (1 - g) * stats.binom.pmf(k, 3, p) / stats.binom.sf(0, 3, p)
        ),
        (0.2, 0.4),
        4,
    ),
}


@pytest.mark.parametrize(("make", "pmf", "at", "size"), SLOPES.values(), ids=SLOPES)
def test_probabilities_have_the_slopes_of_scipys(make, pmf, at, size, x64):
    """Against central differences, in every parameter and for every value; in float64."""
    k, step = np.arange(size), 1e-5
    slopes = jax.jit(jax.jacobian(lambda p: probabilities(make(*p), k)))(jnp.asarray(at))
    for index in range(len(at)):
        shift = step * (np.arange(len(at)) == index)
        expected = (pmf(k, *(at + shift)) - pmf(k, *(at - shift))) / (2 * step)
        np.testing.assert_allclose(slopes[:, index], expected, rtol=1e-6, atol=1e-7)
