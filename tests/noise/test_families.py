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


# every family that numpyro 0.22 exports, an example of it, and how its values are made here
FAMILIES = [
    (dist.AsymmetricLaplace(0, 1, 2), "AsymmetricLaplace", "quantile"),
    (dist.AsymmetricLaplaceQuantile(0, 1, 0.3), "AsymmetricLaplace", "quantile"),
    (dist.Bernoulli(0.5), "Bernoulli", "quantile"),
    (dist.Bernoulli(logits=0.5), "Bernoulli", "quantile"),
    (dist.Beta(1, 2), "Beta", "quantile"),
    (dist.BetaBinomial(1, 2, 3), "BetaBinomial", "quantile"),
    (dist.BetaNegativeBinomial(2.0, 3.0, 4.0), "BetaNegativeBinomial", "sampler"),
    (dist.BetaProportion(0.3, 2.0), "Beta", "quantile"),
    (dist.Binomial(3, 0.5), "Binomial", "quantile"),
    (dist.Binomial(3, logits=0.5), "Binomial", "quantile"),
    (dist.CAR(np.zeros(2), 0.5, 1.0, np.array([[0.0, 1.0], [1.0, 0.0]])), "CAR[2]", "sampler"),
    (dist.Categorical(HALVES), "Categorical", "gumbel"),
    (dist.Categorical(logits=HALVES), "Categorical", "gumbel"),
    (dist.Cauchy(0, 1), "Cauchy", "quantile"),
    (dist.Chi2(3), "Gamma", "quantile"),
    (dist.Dagum(1, 2, 3), "Dagum", "quantile"),
    (dist.Delta(1.0), "Delta", "quantile"),
    (dist.Dirichlet(HALVES), "Dirichlet[2]", "sampler"),
    (dist.DirichletMultinomial(HALVES, 3), "DirichletMultinomial[2]", "sampler"),
    (dist.DiscreteUniform(0, 3), "DiscreteUniform", "quantile"),
    (dist.DoublyTruncatedPowerLaw(-2.0, 1.0, 2.0), "DoublyTruncatedPowerLaw", "quantile"),
    (dist.Exponential(1), "Exponential", "quantile"),
    (dist.FoldedDistribution(dist.Normal(0, 1)), "Folded(Normal)", "quantile"),
    (dist.Gamma(2), "Gamma", "quantile"),
    (dist.GammaPoisson(2, 1), "NegativeBinomial", "quantile"),
    (dist.GaussianCopula(dist.Gamma(2.0), EYE), "GaussianCopula(Gamma)[2]", "score"),
    (dist.GaussianCopulaBeta(HALVES, HALVES, EYE), "GaussianCopula(Beta)[2]", "score"),
    (dist.GaussianRandomWalk(1.0, 4), "GaussianRandomWalk[4]", "score"),
    (
        dist.GaussianStateSpace(3, EYE, EYE),
        "GaussianStateSpace[3,2]",
        "score",
    ),
    (dist.Geometric(0.5), "Geometric", "quantile"),
    (dist.Geometric(logits=0.5), "Geometric", "quantile"),
    (dist.Gompertz(1, 1), "Gompertz", "quantile"),
    (dist.Gumbel(0, 1), "Gumbel", "quantile"),
    (dist.HalfCauchy(1), "HalfCauchy", "quantile"),
    (dist.HalfNormal(1), "HalfNormal", "quantile"),
    (dist.HurdleGamma(0.2, 2.0, 1.0), "Hurdle(Gamma)", "quantile"),
    (dist.HurdleLogNormal(0.2, 0.0, 1.0), "Hurdle(LogNormal)", "quantile"),
    (
        dist.HurdleDistribution(dist.NegativeBinomial2(3.0, 2.0), gate_logits=0.2),
        "Hurdle(NegativeBinomial)",
        "quantile",
    ),
    (dist.HurdlePoisson(0.2, 3.0), "Hurdle(Poisson)", "quantile"),
    (dist.InverseGamma(2), "InverseGamma", "quantile"),
    (dist.InverseWishart(4.0, EYE), "InverseWishart[2,2]", "sampler"),
    (dist.Kumaraswamy(1, 2), "Kumaraswamy", "quantile"),
    (dist.LKJ(2, 1.0), "LKJ[2,2]", "sampler"),
    (dist.LKJCholesky(2, 1.0), "LKJCholesky[2,2]", "sampler"),
    (dist.Laplace(0, 1), "Laplace", "quantile"),
    (dist.LeftTruncatedDistribution(dist.Normal(0, 1), 0), "Truncated(Normal)", "quantile"),
    (dist.Levy(0, 1), "Levy", "quantile"),
    (dist.LogNormal(0, 1), "LogNormal", "quantile"),
    (dist.LogUniform(1, 2), "LogUniform", "quantile"),
    (dist.Logistic(0, 1), "Logistic", "quantile"),
    (
        dist.LowRankMultivariateNormal(np.zeros(2), np.ones((2, 1)), np.ones(2)),
        "MultivariateNormal[2]",
        "score",
    ),
    (dist.LowerTruncatedPowerLaw(-2.0, 1.0), "LowerTruncatedPowerLaw", "quantile"),
    (dist.MatrixNormal(np.zeros((2, 2)), EYE, EYE), "MatrixNormal[2,2]", "score"),
    (dist.Mixture(half, dist.Normal(np.zeros(2), 1)), "Mixture(Normal)", "quantile"),
    (
        dist.Mixture(half, [dist.Normal(0, 1), dist.StudentT(3)]),
        "Mixture(Normal, StudentT)",
        "quantile",
    ),
    (
        dist.Mixture(half, dist.VonMises(np.zeros(2), 1.0)),
        "Mixture(VonMises)",
        "sampler",
    ),
    (
        dist.MixtureSameFamily(half, dist.Normal(np.zeros((2, 3)), 1).to_event(1)),
        "Mixture(Normal)[3]",
        "sampler",
    ),
    (dist.Multinomial(3, HALVES), "MultinomialProbs[2]", "sampler"),
    (dist.MultivariateNormal(np.zeros(3), np.eye(3)), "MultivariateNormal[3]", "score"),
    (dist.MultivariateStudentT(3.0, np.zeros(2), EYE), "MultivariateStudentT[2]", "sampler"),
    (dist.NegativeBinomial(3, 0.5), "NegativeBinomial", "quantile"),
    (dist.NegativeBinomial(3, logits=0.5), "NegativeBinomial", "quantile"),
    (dist.NegativeBinomial2(3.0, 0.5), "NegativeBinomial", "quantile"),
    (dist.Normal(0, 1), "Normal", "quantile"),
    (dist.Normal(0, 1).mask(False), "Normal", "quantile"),
    (dist.Normal(np.zeros((2, 3)), 1).to_event(2), "Normal[2,3]", "quantile"),
    (dist.OrderedLogistic(0.0, HALVES * [1, 2]), "OrderedLogistic", "quantile"),
    (dist.Pareto(1, 2), "Pareto", "quantile"),
    (dist.Poisson(1), "Poisson", "quantile"),
    (dist.ProjectedNormal(HALVES), "ProjectedNormal[2]", "sampler"),
    (dist.RelaxedBernoulli(0.5, probs=0.3), "RelaxedBernoulliLogits", "quantile"),
    (dist.RightTruncatedDistribution(dist.Cauchy(0, 1), 0), "Truncated(Cauchy)", "quantile"),
    (dist.SoftLaplace(0, 1), "SoftLaplace", "quantile"),
    (dist.StudentT(3), "StudentT", "quantile"),
    (dist.TruncatedGamma(2.0, 1.0, low=1.0), "Truncated(Gamma)", "quantile"),
    (dist.TruncatedNormal(0, 1, low=0, high=1), "Truncated(Normal)", "quantile"),
    (dist.TruncatedPolyaGamma(), "TruncatedPolyaGamma", "sampler"),
    (dist.Uniform(0, 1), "Uniform", "quantile"),
    (dist.VonMises(0.0, 1.0), "VonMises", "sampler"),
    (dist.Weibull(1, 2), "Weibull", "quantile"),
    (dist.Wishart(3.0, EYE), "Wishart[2,2]", "sampler"),
    (dist.ZeroInflatedPoisson(0.2, 3.0), "ZeroInflated(Poisson)", "quantile"),
    (
        dist.ZeroInflatedNegativeBinomial2(3.0, 2.0, gate=0.1),
        "ZeroInflated(NegativeBinomial)",
        "quantile",
    ),
    (dist.ZeroSumNormal(1.0, (3,)), "ZeroSumNormal[3]", "score"),
    (dist.CirculantNormal(np.zeros(3), np.array([2.0, 1.0, 1.0])), "CirculantNormal[3]", "sampler"),
    (
        dist.LeftCensoredDistribution(dist.Normal(0, 1), False),
        "LeftCensoredDistribution",
        "sampler",
    ),
    (
        dist.TransformedDistribution(dist.Normal(0, 1), transforms.ExpTransform()),
        "LogNormal",
        "quantile",
    ),
    (
        dist.TransformedDistribution(dist.Cauchy(0, 1), transforms.AffineTransform(1, -2)),
        "Affine(Cauchy)",
        "quantile",
    ),
    (
        dist.TransformedDistribution(
            dist.Normal(np.zeros(2), 1).to_event(1),
            transforms.LowerCholeskyAffine(np.zeros(2), EYE),
        ),
        "LowerCholeskyAffine(Normal)[2]",
        "score",
    ),
    (
        dist.TransformedDistribution(
            dist.Normal(np.zeros(2), 1).to_event(1), transforms.StickBreakingTransform()
        ),
        "StickBreaking(Normal)[3]",
        "sampler",
    ),
    (
        dist.TransformedDistribution(dist.Normal(0, 1), transforms.AbsTransform()),
        "Abs(Normal)",
        "sampler",
    ),
    (dist.Categorical(np.full((4, 2), 0.5)).to_event(1), "Categorical[4]", "gumbel"),
    (dist.Dirichlet(np.ones((4, 2))).to_event(1), "Dirichlet[4,2]", "sampler"),
]


@pytest.mark.parametrize(("d", "family", "kind"), FAMILIES, ids=[each[1] for each in FAMILIES])
def test_every_family_is_read_and_gives_a_value_of_its_shape(d, family, kind):
    law = law_of(d)
    assert (law.family, law.kind) == (family, kind)

    def one(d, first, second):
        return law_of(d).value(d, WordScore(first, second))

    bits = jax.ShapeDtypeStruct(law.shape, jnp.uint32)
    made = jax.eval_shape(one, canonical(d), bits, bits)
    assert made.shape == d.event_shape
    expected = int if d.support is not None and d.is_discrete else float
    assert kind == "sampler" or made.dtype == jnp.result_type(expected)


def test_every_family_of_numpyro_is_in_the_list():
    """But for those that no unit has a value of, and second spellings that are tested elsewhere."""
    valueless = {"Distribution", "ImproperUniform", "Unit"}
    samplers = {"EulerMaruyama", "SineBivariateVonMises", "SineSkewed", "MultinomialLogits"}
    samplers |= {"WishartCholesky", "InverseWishartCholesky"}
    wrapped = {"ExpandedDistribution", "HurdleProbs", "ZeroInflatedLogits"}
    others = {"TwoSidedTruncatedGamma", "RightTruncatedGamma"}
    others |= {"RightCensoredDistribution", "IntervalCensoredDistribution"}
    listed = {type(d).__name__ for d, _, _ in FAMILIES}
    every = {
        name
        for name in dist.__all__
        if isinstance(getattr(dist, name), type)
        and issubclass(getattr(dist, name), dist.Distribution)
    }
    assert every - listed <= valueless | samplers | wrapped | others
