"""Continuous laws against scipy: every score, both tails, both precisions, every derivative.

Values come from one fixed stream. A right law fails its distribution test with probability 1e-6,
so some right law fails with less than 1e-4; nothing is drawn again.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from numpyro import distributions as dist
from numpyro.distributions import transforms
from scipy import optimize, special, stats


class Stated:
    """A law stated by closed forms of its own, where scipy has none."""

    def __init__(self, ppf, isf, cdf, sf):
        self.ppf, self.isf, self.cdf, self.sf = ppf, isf, cdf, sf


class Mixed:
    """A mixture: quantiles by Brent's method on the log of the smaller tail."""

    def __init__(self, weights, parts, low, high):
        self.weights, self.parts, self.ends = weights, parts, (low, high)

    def cdf(self, x):
        return sum(w * part.cdf(x) for w, part in zip(self.weights, self.parts, strict=True))

    def sf(self, x):
        return sum(w * part.sf(x) for w, part in zip(self.weights, self.parts, strict=True))

    def stats(self, _):
        """Mean, variance and excess kurtosis, by the parts' moments about 0."""
        parts = list(zip(self.weights, self.parts, strict=True))
        m1, m2, m3, m4 = (sum(w * part.moment(k) for w, part in parts) for k in range(1, 5))
        variance = m2 - m1**2
        fourth = m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4
        return m1, variance, fourth / variance**2 - 3

    def ppf(self, p):
        return self._root(self.cdf, p)

    def isf(self, p):
        return self._root(self.sf, p)

    def _root(self, tail, p):
        def excess(x, p):
            return np.log(max(tail(x), 1e-300)) - np.log(p)

        root = lambda p: optimize.brentq(excess, *self.ends, args=(p,), xtol=1e-14, rtol=1e-14)
        return np.vectorize(root, otypes=[float])(p)


def truncated(base, low, high):
    lo, hi, up, past = base.cdf(low), base.cdf(high), base.sf(low), base.sf(high)
    total = up - past if lo > 0.5 else hi - lo
    return Stated(
        lambda p: base.ppf(lo + p * total) if lo <= 0.5 else base.isf(up - p * total),
        lambda p: base.isf(past + p * total) if hi > 0.5 else base.ppf(hi - p * total),
        lambda x: (base.cdf(x) - lo) / total if lo <= 0.5 else (up - base.sf(x)) / total,
        lambda x: (base.sf(x) - past) / total if hi > 0.5 else (hi - base.cdf(x)) / total,
    )


def kumaraswamy(a, b):
    return Stated(
        lambda p: (-special.expm1(special.log1p(-p) / b)) ** (1 / a),
        lambda p: (-special.expm1(np.log(p) / b)) ** (1 / a),
        lambda x: -special.expm1(b * special.log1p(-(x**a))),
        lambda x: (-special.expm1(a * np.log(x))) ** b,
    )


def power_law(alpha, low, high):
    """x^(1 + alpha) is uniform: by expm1, so that a difference about alpha = -1 says something."""
    power, width = 1 + alpha, np.log(high / low)
    part = lambda x, power: special.expm1(power * x) / power if power else x
    inverse = lambda p, power: special.log1p(power * p) / power if power else p
    return Stated(
        lambda p: low * np.exp(inverse(p * part(width, power), power)),
        lambda p: high * np.exp(-inverse(p * part(width, -power), -power)),
        lambda x: part(np.log(x / low), power) / part(width, power),
        lambda x: part(np.log(high / x), -power) / part(width, -power),
    )


def sigmoid_of(mean, scale):
    base = stats.norm(mean, scale)
    return Stated(
        lambda p: special.expit(base.ppf(p)),
        lambda p: special.expit(base.isf(p)),
        lambda x: base.cdf(special.logit(x)),
        lambda x: base.sf(special.logit(x)),
    )


def half(weight):
    return dist.Categorical(probs=jnp.stack([weight, 1 - weight]), validate_args=False)


def two_normals(weight, apart):
    parts = dist.Normal(jnp.stack([jnp.zeros_like(apart), apart]), jnp.array([1.0, 0.5]))
    return dist.MixtureSameFamily(half(weight), parts)


def normal_and_exponential(weight, rate):
    parts = [dist.Normal(0.0, 1.0), dist.Exponential(rate)]
    return dist.MixtureGeneral(half(weight), parts, support=dist.constraints.real)


def changed(base, *each):
    return dist.TransformedDistribution(base, list(each))


affine, sigmoid, power = (
    transforms.AffineTransform,
    transforms.SigmoidTransform(),
    transforms.PowerTransform,
)


def law(name, make, scipy, *at, **allowed):
    """``make`` and ``scipy`` are one law at each of these parameters."""
    return {"name": name, "make": make, "scipy": scipy, "at": at, **allowed}


LAWS = [
    law("Normal", dist.Normal, stats.norm, (0.0, 1.0), (-3.0, 0.2), (1e3, 5.0)),
    law(
        "Uniform",
        dist.Uniform,
        lambda a, b: stats.uniform(a, b - a),
        (0.0, 1.0),
        (-3.0, 0.5),
    ),
    law("Laplace", dist.Laplace, stats.laplace, (0.0, 1.0), (2.0, 3.0)),
    law("Logistic", dist.Logistic, stats.logistic, (0.0, 1.0), (2.0, 3.0)),
    law("Gumbel", dist.Gumbel, stats.gumbel_r, (0.0, 1.0), (2.0, 3.0)),
    law("Cauchy", dist.Cauchy, stats.cauchy, (0.0, 1.0), (2.0, 3.0)),
    law(
        "SoftLaplace",
        dist.SoftLaplace,
        stats.hypsecant,
        (0.0, 1.0),
        (2.0, 3.0),
    ),
    law(
        "AsymmetricLaplace",
        dist.AsymmetricLaplace,
        lambda loc, scale, k: stats.laplace_asymmetric(k, loc, scale),
        (0.0, 1.0, 0.5),
        (2.0, 3.0, 1.7),
    ),
    law(
        "LogNormal",
        dist.LogNormal,
        lambda m, s: stats.lognorm(s, 0, np.exp(m)),
        (0.0, 1.0),
        (1.0, 0.3),
    ),
    law(
        "LogUniform",
        dist.LogUniform,
        stats.loguniform,
        (1.0, 2.0),
        (0.01, 99.0),
    ),
    law(
        "HalfNormal",
        dist.HalfNormal,
        lambda s: stats.halfnorm(0, s),
        (1.0,),
        (3.0,),
        double=1e-9,
    ),
    law(
        "HalfCauchy",
        dist.HalfCauchy,
        lambda s: stats.halfcauchy(0, s),
        (1.0,),
        (3.0,),
    ),
    law(
        "Exponential",
        dist.Exponential,
        lambda r: stats.expon(0, 1 / r),
        (1.0,),
        (3.0,),
    ),
    law(
        "Weibull",
        dist.Weibull,
        lambda s, k: stats.weibull_min(k, 0, s),
        (1.0, 0.7),
        (2.0, 3.0),
    ),
    law(
        "Gompertz",
        dist.Gompertz,
        lambda c, r: stats.gompertz(c, 0, 1 / r),
        (1.0, 1.0),
        (0.1, 3.0),
    ),
    law(
        "Pareto",
        dist.Pareto,
        lambda s, a: stats.pareto(a, 0, s),
        (1.0, 1.5),
        (2.0, 5.0),
    ),
    law("Levy", dist.Levy, stats.levy, (0.0, 1.0), (1.0, 0.5)),
    law("Kumaraswamy", dist.Kumaraswamy, kumaraswamy, (2.0, 3.0), (0.5, 0.7)),
    law(
        "Dagum",
        dist.Dagum,
        lambda p, a, b: stats.burr(a, p, 0, b),
        (1.5, 2.0, 1.0),
        (0.5, 4.0, 3.0),
    ),
    law(
        "LowerTruncatedPowerLaw",
        dist.LowerTruncatedPowerLaw,
        lambda alpha, low: stats.pareto(-1 - alpha, 0, low),
        (-2.5, 1.0),
        (-4.0, 3.0),
    ),
    law(
        "DoublyTruncatedPowerLaw",
        dist.DoublyTruncatedPowerLaw,
        power_law,
        (-2.5, 1.0, 9.0),
        (-1.0, 0.5, 3.0),
        (-1.0003, 0.5, 3.0),
    ),
    law(
        "Gamma",
        dist.Gamma,
        lambda a, r: stats.gamma(a, 0, 1 / r),
        (0.1, 1.0),
        (0.5, 2.0),
        (1.0, 1.0),
        (10.0, 0.5),
        (40.0, 1.0),
        (1e4, 1.0),
        double=3e-13,
    ),
    law(
        "InverseGamma",
        dist.InverseGamma,
        lambda a, r: stats.invgamma(a, 0, r),
        (0.8, 1.0),
        (3.0, 2.0),
        (30.0, 1.0),
    ),
    law(
        "Beta",
        dist.Beta,
        stats.beta,
        (0.2, 0.3),
        (1.0, 1.0),
        (10.0, 10.0),
        (40.0, 3.0),
        (0.5, 500.0),
        (3e3, 2e3),
        single=6e-6,  # x = 9e-20 comes from its log-odds, -44, whose rounding is 4e-6 of x
    ),
    law(
        "StudentT",
        dist.StudentT,
        stats.t,
        (0.7, 0.0, 1.0),
        (2.0, 1.0, 3.0),
        (5.0, 0.0, 1.0),
        (30.0, 0.0, 1.0),
        (1e4, 0.0, 1.0),
    ),
    law(
        "TruncatedNormal",
        lambda m, s, a, b: dist.TruncatedNormal(m, s, low=a, high=b),
        lambda m, s, a, b: stats.truncnorm((a - m) / s, (b - m) / s, m, s),
        (0.0, 1.0, -1.0, 2.0),
        (3.0, 2.0, 7.0, 30.0),
        (1.0, 0.5, -9.0, -1.0),
        double=1e-10,
        cut=True,
    ),
    law(
        "LeftTruncatedNormal",
        lambda low: dist.TruncatedNormal(0.0, 1.0, low=low),
        lambda low: stats.truncnorm(low, np.inf),
        (-1.0,),
        (5.0,),
        (20.0,),
        double=1e-10,
        cut=True,
    ),
    law(
        "RightTruncatedLogistic",
        lambda high: dist.RightTruncatedDistribution(dist.Logistic(0.0, 1.0), high),
        lambda high: truncated(stats.logistic, -np.inf, high),
        (-3.0,),
        (1.0,),
        cut=True,
    ),
    law(
        "TruncatedCauchy",
        lambda low, high: dist.TruncatedCauchy(0.0, 1.0, low=low, high=high),
        lambda low, high: truncated(stats.cauchy, low, high),
        (-2.0, 1.0),
        (3.0, 9.0),
        cut=True,
    ),
    law(
        "TruncatedGamma",
        lambda a, low, high: dist.TruncatedGamma(a, 1.0, low=low, high=high),
        lambda a, low, high: truncated(stats.gamma(a), low, high),
        (2.0, 0.5, 3.0),
        (2.0, 8.0, 20.0),
        cut=True,
    ),
    law(
        "Folded(Normal)",
        lambda m, s: dist.FoldedDistribution(dist.Normal(m, s)),
        lambda m, s: stats.foldnorm(abs(m) / s, 0, s),
        (0.5, 1.0),
        (-2.0, 1.0),
        (0.0, 1.0),
        cut=True,
    ),
    law(
        "Mixture(Normal)",
        two_normals,
        lambda w, m: Mixed((w, 1 - w), (stats.norm, stats.norm(m, 0.5)), -60, 60),
        (0.3, 1.0),
        (0.45, 8.0),
    ),
    law(
        "Mixture(Exponential, Normal)",
        normal_and_exponential,
        lambda w, r: Mixed((w, 1 - w), (stats.norm, stats.expon(0, 1 / r)), -60, 90),
        (0.3, 2.0),
        (0.9, 0.7),
    ),
    law(
        "Affine(Gumbel)",
        lambda s: changed(dist.Gumbel(0.0, 1.0), affine(1.0, s)),
        lambda s: stats.gumbel_r(1, s) if s > 0 else stats.gumbel_l(1, -s),
        (2.0,),
        (-2.0,),
    ),
    law(
        "Sigmoid(Affine(Normal))",
        lambda s: changed(dist.Normal(0.5, 1.0), affine(0.0, s), sigmoid),
        lambda s: sigmoid_of(0.5 * s, abs(s)),
        (1.0,),
        (-0.5,),
    ),
    law(
        "Power(Weibull)",
        lambda k, p: changed(dist.Weibull(1.0, k), power(p)),
        lambda k, p: stats.weibull_min(k / p) if p > 0 else stats.invweibull(-k / p),
        (2.0, 0.5),
        (3.0, -1.0),
    ),
]


def relative(entry, values, expected):
    """The largest error, over the value, or over the scale of a law that has both signs.

    Values smaller than a float holds are the least one.
    """
    laws = entry.references()
    signed = [law.ppf(1e-9) < 0 or entry.name == "Folded(Normal)" for law in laws]
    scales = [
        law.isf(0.25) - law.ppf(0.25) if each else 0.0
        for each, law in zip(signed, laws, strict=True)
    ]
    if not any(signed):
        expected = np.maximum(expected, np.finfo(values.dtype).tiny)
    return np.max(np.abs(values - expected) / (np.abs(expected) + np.array(scales)[:, None]))


def test_values_are_those_of_the_words_to_float32(entry, draws):
    """Each value is the quantile of its own word, at tails of 1e-6 and at the first words drawn."""
    some = draws.first(160)
    assert some.values.dtype == np.float32
    assert relative(entry, some.values, entry.quantiles(some.lower, some.upper)) < entry.single


def test_values_follow_the_law(entry, draws):
    """Kolmogorov and Smirnov, pooled over the parameter sets by each law's own cdf."""
    laws = zip(entry.references(), draws.random.astype(float), strict=True)
    places = np.sort(np.concatenate([law.cdf(values) for law, values in laws]))
    steps = np.arange(len(places) + 1) / len(places)
    distance = max(np.max(steps[1:] - places), np.max(places - steps[:-1]))
    assert distance < np.sqrt(-np.log(1e-6 / 2) / 2 / len(places))


def test_moments_are_those_of_the_law(entry, draws):
    """Mean and variance within five of their own standard errors, where a fourth moment exists."""
    for law, values in zip(entry.references(), draws.random.astype(float), strict=True):
        mean, variance, error = moments(law)
        n = values.size
        if np.isfinite(error):
            assert abs(values.mean() - mean) <= 5 * np.sqrt(variance / n)
            assert abs(((values - mean) ** 2).mean() - variance) <= 5 * error / np.sqrt(n)


def moments(law):
    """Mean, variance, and the standard deviation of the squared distance from the mean.

    By scipy, or by quadrature over the scores of the quantiles of a law that is stated here.
    """
    if hasattr(law, "stats"):
        mean, variance, kurtosis = law.stats("mvk")
        return mean, variance, variance * np.sqrt(kurtosis + 2 if kurtosis > -2 else np.nan)
    z, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    x = np.where(z < 0, law.ppf(special.ndtr(z)), law.isf(special.ndtr(-z)))
    mean = weights @ x
    away = (x - mean) ** 2
    return mean, weights @ away, np.sqrt(weights @ (away - weights @ away) ** 2)


def test_derivatives_are_finite_in_float32_at_all_words_and_far_normal_scores(
    entry, draws, extremes
):
    assert len(draws.slopes) == len(extremes) == len(entry.at[0])
    for slope in draws.slopes + extremes:
        assert slope.dtype == np.float32
        assert np.all(np.isfinite(slope))


def test_places_are_scipys_tails_to_float32(entry, draws):
    """A value is known to its last digit, and so is the tail that it stands for."""
    some = draws.first(160)
    pairs = list(zip(entry.references(), some.values.astype(float), strict=True))
    for found, tail in zip(some.places, ("cdf", "sf"), strict=True):
        expected = np.array([getattr(law, tail)(x) for law, x in pairs])
        rounded = np.array([getattr(law, tail)(x * (1 - 2.0**-23)) for law, x in pairs])
        error = 2e-5 if entry.cut else 1e-30 + np.abs(rounded - expected)
        np.testing.assert_array_less(np.abs(found - expected), entry.tail * expected + error)


def test_values_are_scipys_in_float64(entry, doubles):
    assert doubles.values.dtype == np.float64
    assert relative(entry, doubles.values, doubles.expected) < entry.double


def test_the_cdf_of_a_quantile_is_its_score(entry, doubles, normal_scores):
    """As far as a rounded value can tell: near an end of the law its rounding is most of it."""
    allowed = (1e-6 if entry.cut else 1e-9) * np.abs(doubles.slopes[0])
    error = np.abs(doubles.places - normal_scores) * np.abs(doubles.slopes[0])
    np.testing.assert_array_less(error, allowed + 1e-15 * np.abs(doubles.values) + 1e-300)


def test_derivatives_are_finite_differences_of_scipys_quantiles(entry, doubles, normal_scores):
    """In the score and in every parameter, by reverse mode, at the middle and in the tails."""
    sets, z, step = np.array(entry.sets), normal_scores, 1e-5

    def quantiles(z, sets):
        moved = dataclasses.replace(entry, at=tuple(map(tuple, sets)))
        with jax.enable_x64(True):
            return moved.quantiles(special.ndtr(z), special.ndtr(-z))

    expected = [(quantiles(z + step, sets) - quantiles(z - step, sets)) / (2 * step)]
    expected += entry.slopes(lambda sets: quantiles(z, sets), step)
    for found, slope in zip(doubles.slopes, expected, strict=True):
        rounding = 1e-13 * (np.abs(doubles.values) + 1e-5) / step
        np.testing.assert_array_less(np.abs(found - slope), 1e-4 * np.abs(slope) + rounding)
