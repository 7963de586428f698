"""What every family of numpyro is read as."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro import distributions as dist
from numpyro.distributions import transforms

from scm.noise.laws import law_of
from scm.noise.laws.numbers import canonical
from scm.noise.score import WordScore

EYE = np.eye(2)
HALVES = np.array([0.5, 0.5])
half = dist.Categorical(probs=HALVES)


def drift(x, t):
    return -x, 1.0


# an example of every family that numpyro 0.22 exports, and how its values are made here
FAMILIES = [
    (lambda: dist.AsymmetricLaplace(0, 1, 2), "AsymmetricLaplace", "quantile"),
    (lambda: dist.AsymmetricLaplaceQuantile(0, 1, 0.3), "AsymmetricLaplace", "quantile"),
    (lambda: dist.Bernoulli(0.5), "Bernoulli", "quantile"),
    (lambda: dist.Bernoulli(logits=0.5), "Bernoulli", "quantile"),
    (lambda: dist.Beta(1, 2), "Beta", "quantile"),
    (lambda: dist.BetaBinomial(1, 2, 3), "BetaBinomial", "quantile"),
    (lambda: dist.BetaNegativeBinomial(2.0, 3.0, 4.0), "BetaNegativeBinomial", "sampler"),
    (lambda: dist.BetaProportion(0.3, 2.0), "Beta", "quantile"),
    (lambda: dist.Binomial(3, 0.5), "Binomial", "quantile"),
    (lambda: dist.Binomial(3, logits=0.5), "Binomial", "quantile"),
    (
        lambda: dist.CAR(np.zeros(2), 0.5, 1.0, np.array([[0.0, 1.0], [1.0, 0.0]])),
        "CAR[2]",
        "score",
    ),
    (lambda: dist.Categorical(HALVES), "Categorical", "gumbel"),
    (lambda: dist.Categorical(logits=HALVES), "Categorical", "gumbel"),
    (lambda: dist.Cauchy(0, 1), "Cauchy", "quantile"),
    (lambda: dist.Chi2(3), "Gamma", "quantile"),
    (lambda: dist.Dagum(1, 2, 3), "Dagum", "quantile"),
    (lambda: dist.Delta(1.0), "Delta", "quantile"),
    (lambda: dist.Dirichlet(HALVES), "Dirichlet[2]", "sampler"),
    (lambda: dist.DirichletMultinomial(HALVES, 3), "DirichletMultinomial[2]", "sampler"),
    (lambda: dist.DiscreteUniform(0, 3), "DiscreteUniform", "quantile"),
    (lambda: dist.DoublyTruncatedPowerLaw(-2.0, 1.0, 2.0), "DoublyTruncatedPowerLaw", "quantile"),
    (lambda: dist.Exponential(1), "Exponential", "quantile"),
    (lambda: dist.FoldedDistribution(dist.Normal(0, 1)), "Folded(Normal)", "quantile"),
    (lambda: dist.Gamma(2), "Gamma", "quantile"),
    (lambda: dist.GammaPoisson(2, 1), "NegativeBinomial", "quantile"),
    (lambda: dist.GaussianCopula(dist.Gamma(2.0), EYE), "GaussianCopula(Gamma)[2]", "score"),
    (lambda: dist.GaussianCopulaBeta(HALVES, HALVES, EYE), "GaussianCopula(Beta)[2]", "score"),
    (lambda: dist.GaussianRandomWalk(1.0, 4), "GaussianRandomWalk[4]", "score"),
    (lambda: dist.GaussianStateSpace(3, EYE, EYE), "GaussianStateSpace[3,2]", "score"),
    (lambda: dist.Geometric(0.5), "Geometric", "quantile"),
    (lambda: dist.Geometric(logits=0.5), "Geometric", "quantile"),
    (lambda: dist.Gompertz(1, 1), "Gompertz", "quantile"),
    (lambda: dist.Gumbel(0, 1), "Gumbel", "quantile"),
    (lambda: dist.HalfCauchy(1), "HalfCauchy", "quantile"),
    (lambda: dist.HalfNormal(1), "HalfNormal", "quantile"),
    (lambda: dist.HurdleGamma(0.2, 2.0, 1.0), "Hurdle(Gamma)", "quantile"),
    (lambda: dist.HurdleLogNormal(0.2, 0.0, 1.0), "Hurdle(LogNormal)", "quantile"),
    (
        lambda: dist.HurdleDistribution(dist.NegativeBinomial2(3.0, 2.0), gate_logits=0.2),
        "Hurdle(NegativeBinomial)",
        "quantile",
    ),
    (lambda: dist.HurdlePoisson(0.2, 3.0), "Hurdle(Poisson)", "quantile"),
    (lambda: dist.InverseGamma(2), "InverseGamma", "quantile"),
    (lambda: dist.InverseWishart(4.0, EYE), "InverseWishart[2,2]", "sampler"),
    (lambda: dist.Kumaraswamy(1, 2), "Kumaraswamy", "quantile"),
    (lambda: dist.LKJ(2, 1.0), "LKJ[2,2]", "sampler"),
    (lambda: dist.LKJCholesky(2, 1.0), "LKJCholesky[2,2]", "sampler"),
    (lambda: dist.Laplace(0, 1), "Laplace", "quantile"),
    (lambda: dist.LeftTruncatedDistribution(dist.Normal(0, 1), 0), "Truncated(Normal)", "quantile"),
    (lambda: dist.Levy(0, 1), "Levy", "quantile"),
    (lambda: dist.LogNormal(0, 1), "LogNormal", "quantile"),
    (lambda: dist.LogUniform(1, 2), "LogUniform", "quantile"),
    (lambda: dist.Logistic(0, 1), "Logistic", "quantile"),
    (
        lambda: dist.LowRankMultivariateNormal(np.zeros(2), np.ones((2, 1)), np.ones(2)),
        "MultivariateNormal[2]",
        "score",
    ),
    (lambda: dist.LowerTruncatedPowerLaw(-2.0, 1.0), "LowerTruncatedPowerLaw", "quantile"),
    (lambda: dist.MatrixNormal(np.zeros((2, 2)), EYE, EYE), "MatrixNormal[2,2]", "score"),
    (lambda: dist.Mixture(half, dist.Normal(np.zeros(2), 1)), "Mixture(Normal)", "quantile"),
    (
        lambda: dist.Mixture(half, [dist.Normal(0, 1), dist.StudentT(3)]),
        "Mixture(Normal, StudentT)",
        "quantile",
    ),
    (lambda: dist.Mixture(half, dist.VonMises(np.zeros(2), 1.0)), "Mixture(VonMises)", "sampler"),
    (
        lambda: dist.MixtureSameFamily(half, dist.Normal(np.zeros((2, 3)), 1).to_event(1)),
        "Mixture(Normal)[3]",
        "sampler",
    ),
    (lambda: dist.Multinomial(3, HALVES), "MultinomialProbs[2]", "sampler"),
    (lambda: dist.MultivariateNormal(np.zeros(3), np.eye(3)), "MultivariateNormal[3]", "score"),
    (
        lambda: dist.MultivariateStudentT(3.0, np.zeros(2), EYE),
        "MultivariateStudentT[2]",
        "sampler",
    ),
    (lambda: dist.NegativeBinomial(3, 0.5), "NegativeBinomial", "quantile"),
    (lambda: dist.NegativeBinomial(3, logits=0.5), "NegativeBinomial", "quantile"),
    (lambda: dist.NegativeBinomial2(3.0, 0.5), "NegativeBinomial", "quantile"),
    (lambda: dist.Normal(0, 1), "Normal", "quantile"),
    (lambda: dist.Normal(0, 1).mask(False), "Normal", "quantile"),
    (lambda: dist.Normal(np.zeros((2, 3)), 1).to_event(2), "Normal[2,3]", "quantile"),
    (lambda: dist.OrderedLogistic(0.0, HALVES * [1, 2]), "OrderedLogistic", "quantile"),
    (lambda: dist.Pareto(1, 2), "Pareto", "quantile"),
    (lambda: dist.Poisson(1), "Poisson", "quantile"),
    (lambda: dist.ProjectedNormal(HALVES), "ProjectedNormal[2]", "sampler"),
    (lambda: dist.RelaxedBernoulli(0.5, probs=0.3), "RelaxedBernoulliLogits", "quantile"),
    (
        lambda: dist.RightTruncatedDistribution(dist.Cauchy(0, 1), 0),
        "Truncated(Cauchy)",
        "quantile",
    ),
    (lambda: dist.SoftLaplace(0, 1), "SoftLaplace", "quantile"),
    (lambda: dist.StudentT(3), "StudentT", "quantile"),
    (lambda: dist.TruncatedGamma(2.0, 1.0, low=1.0), "Truncated(Gamma)", "quantile"),
    (lambda: dist.TruncatedNormal(0, 1, low=0, high=1), "Truncated(Normal)", "quantile"),
    (lambda: dist.TruncatedPolyaGamma(), "TruncatedPolyaGamma", "sampler"),
    (lambda: dist.Uniform(0, 1), "Uniform", "quantile"),
    (lambda: dist.VonMises(0.0, 1.0), "VonMises", "sampler"),
    (lambda: dist.Weibull(1, 2), "Weibull", "quantile"),
    (lambda: dist.Wishart(3.0, EYE), "Wishart[2,2]", "sampler"),
    (lambda: dist.ZeroInflatedPoisson(0.2, 3.0), "ZeroInflated(Poisson)", "quantile"),
    (
        lambda: dist.ZeroInflatedNegativeBinomial2(3.0, 2.0, gate=0.1),
        "ZeroInflated(NegativeBinomial)",
        "quantile",
    ),
    (lambda: dist.ZeroSumNormal(1.0, (3,)), "ZeroSumNormal[3]", "score"),
    (
        lambda: dist.CirculantNormal(np.zeros(3), np.array([2.0, 1.0, 1.0])),
        "CirculantNormal[3]",
        "score",
    ),
    (
        lambda: dist.LeftCensoredDistribution(dist.Normal(0, 1), False),
        "LeftCensoredDistribution",
        "sampler",
    ),
    (
        lambda: dist.TransformedDistribution(dist.Normal(0, 1), transforms.ExpTransform()),
        "LogNormal",
        "quantile",
    ),
    (
        lambda: dist.TransformedDistribution(dist.Cauchy(0, 1), transforms.AffineTransform(1, -2)),
        "Affine(Cauchy)",
        "quantile",
    ),
    (
        lambda: dist.TransformedDistribution(
            dist.Normal(np.zeros(2), 1).to_event(1),
            transforms.LowerCholeskyAffine(np.zeros(2), EYE),
        ),
        "LowerCholeskyAffine(Normal)[2]",
        "score",
    ),
    (
        lambda: dist.TransformedDistribution(
            dist.Normal(np.zeros(2), 1).to_event(1), transforms.StickBreakingTransform()
        ),
        "StickBreaking(Normal)[3]",
        "sampler",
    ),
    (
        lambda: dist.TransformedDistribution(dist.Normal(0, 1), transforms.AbsTransform()),
        "Abs(Normal)",
        "sampler",
    ),
    (lambda: dist.Categorical(np.full((4, 2), 0.5)).to_event(1), "Categorical[4]", "gumbel"),
    (lambda: dist.Dirichlet(np.ones((4, 2))).to_event(1), "Dirichlet[4,2]", "sampler"),
    (lambda: dist.TruncatedGamma(2.0, 1.0, high=1.0), "Truncated(Gamma)", "quantile"),
    (
        lambda: dist.TruncatedGamma(2.0, 1.0, low=0.5, high=1.0),
        "Truncated(Gamma)",
        "quantile",
    ),
    (lambda: dist.HurdleProbs(dist.Geometric(0.5), 0.2), "Hurdle(Geometric)", "quantile"),
    (lambda: dist.Normal(0, 1).expand([3]).to_event(1), "Normal[3]", "quantile"),
    (lambda: dist.Multinomial(3, logits=HALVES), "MultinomialLogits[2]", "sampler"),
    (lambda: dist.WishartCholesky(3.0, EYE), "WishartCholesky[2,2]", "sampler"),
    (lambda: dist.InverseWishartCholesky(4.0, EYE), "InverseWishartCholesky[2,2]", "sampler"),
    (
        lambda: dist.EulerMaruyama(np.arange(3.0), drift, dist.Normal(0, 1)),
        "EulerMaruyama[3]",
        "sampler",
    ),
    (
        lambda: dist.SineBivariateVonMises(0.0, 0.0, 2.0, 2.0, 0.5),
        "SineBivariateVonMises[2]",
        "sampler",
    ),
    (
        lambda: dist.SineSkewed(dist.SineBivariateVonMises(0.0, 0.0, 2.0, 2.0, 0.5), HALVES),
        "SineSkewed[2]",
        "sampler",
    ),
    (
        lambda: dist.RightCensoredDistribution(dist.Normal(0, 1), False),
        "RightCensoredDistribution",
        "sampler",
    ),
    (
        lambda: dist.ZeroInflatedDistribution(dist.Geometric(0.5), gate_logits=0.2),
        "ZeroInflated(Geometric)",
        "quantile",
    ),
]


def made(make):
    """The distribution, or None where this numpyro does not have the family yet."""
    try:
        return make()
    except AttributeError as error:
        if error.obj is dist:
            return None
        raise


HERE = [
    (d, *said) for d, *said in ((made(make), *said) for make, *said in FAMILIES) if d is not None
]


@pytest.mark.parametrize(("d", "family", "kind"), HERE, ids=[each[1] for each in HERE])
def test_every_family_is_read_and_gives_a_value_of_its_shape(d, family, kind):
    law = law_of(d)
    assert (law.family, law.kind) == (family, kind)

    def one(d, first, second):
        return law_of(d).value(d, WordScore(first, second))

    bits = jax.ShapeDtypeStruct(law.shape, jnp.uint32)
    made = jax.eval_shape(one, held(d), bits, bits)
    assert made.shape == d.event_shape
    expected = int if d.support is not None and d.is_discrete else float
    assert kind == "sampler" or made.dtype == jnp.result_type(expected)


def held(d):
    """Canonical, but for a law that holds a function, which numpyro keeps among its numbers."""
    return d if isinstance(d, dist.EulerMaruyama) else canonical(d)


VALUELESS = {"Distribution", "ImproperUniform", "Unit", "IntervalCensoredDistribution"}
"""Families that no unit has a value of; the last is of pairs of bounds, which it cannot sample."""


def families_of_numpyro():
    """Every class of laws that numpyro exports, by name."""
    exported = {name: getattr(dist, name) for name in dist.__all__}
    return {
        name: each
        for name, each in exported.items()
        if isinstance(each, type) and issubclass(each, dist.Distribution)
    }


def test_every_family_of_numpyro_is_in_the_list():
    """By name, as an example of its own or as what another one is made of."""
    listed = set()
    for d, *_ in HERE:
        while d is not None:
            listed.add(type(d).__name__)
            d = getattr(d, "base_dist", None)
    assert families_of_numpyro().keys() - listed == VALUELESS


MUST_BE = {
    "quantile": """
        Poisson Gamma Beta StudentT Weibull InverseGamma BinomialProbs BinomialLogits BetaBinomial
        GeometricProbs GeometricLogits NegativeBinomialProbs NegativeBinomialLogits
        NegativeBinomial2 GammaPoisson OrderedLogistic ZeroInflatedPoisson ZeroInflatedProbs
        ZeroInflatedLogits HurdleProbs HurdleLogits MixtureGeneral MixtureSameFamily
        LeftTruncatedDistribution RightTruncatedDistribution TwoSidedTruncatedDistribution
        TransformedDistribution
    """,
    "score": """
        MultivariateNormal LowRankMultivariateNormal MatrixNormal GaussianRandomWalk GaussianCopula
        GaussianCopulaBeta GaussianStateSpace CAR CirculantNormal ZeroSumNormal
    """,
}


@pytest.mark.parametrize(("kind", "names"), MUST_BE.items(), ids=MUST_BE)
def test_what_people_put_in_models_is_no_mere_sampler(kind, names):
    found = {type(d).__name__ for d, _, each in HERE if each == kind}
    assert {name for name in names.split() if hasattr(dist, name)} <= found


def test_a_law_says_how_its_values_are_made():
    for d, family, kind in HERE:
        said = law_of(d).account
        assert said.startswith(f"{family}: ")
        assert ("sampler only" in said) == (kind == "sampler")
