"""Continuous laws against scipy: every score, both tails, both precisions, every derivative.

Values come from one fixed stream. A right law fails its distribution test with probability 1e-6,
so some right law fails with less than 1e-4; nothing is drawn again.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro import distributions as dist
from numpyro.distributions import transforms
from scipy import optimize, special, stats

from scm.noise.score import NormalScore


class Stated:
    """A law stated by closed forms of its own, where scipy has none."""

    def __init__(self, ppf, isf, cdf):
        self.ppf, self.isf, self.cdf = ppf, isf, cdf


class Mixed:
    """A mixture: quantiles by Brent's method on the log of the smaller tail."""

    def __init__(self, weights, parts, low, high):
        self.weights, self.parts, self.ends = weights, parts, (low, high)

    def cdf(self, x):
        return sum(w * part.cdf(x) for w, part in zip(self.weights, self.parts, strict=True))

    def sf(self, x):
        return sum(w * part.sf(x) for w, part in zip(self.weights, self.parts, strict=True))

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
    )


def kumaraswamy(a, b):
    return Stated(
        lambda p: (-special.expm1(special.log1p(-p) / b)) ** (1 / a),
        lambda p: (-special.expm1(np.log(p) / b)) ** (1 / a),
        lambda x: -special.expm1(b * special.log1p(-(x**a))),
    )


def power_law(alpha, low, high):
    def between(p, start, end):
        if alpha == -1:
            return start * (end / start) ** p
        power = 1 + alpha
        return (start**power + p * (end**power - start**power)) ** (1 / power)

    def part(x, y):
        return np.log(y / x) if alpha == -1 else (y ** (1 + alpha) - x ** (1 + alpha)) / (1 + alpha)

    return Stated(
        lambda p: between(p, low, high),
        lambda p: between(p, high, low),
        lambda x: part(low, x) / part(low, high),
    )


def sigmoid_of(mean, scale):
    base = stats.norm(mean, scale)
    return Stated(
        lambda p: special.expit(base.ppf(p)),
        lambda p: special.expit(base.isf(p)),
        lambda x: base.cdf(special.logit(x)),
    )


def laplace_by_quantile(loc, scale, q):
    asymmetry = np.sqrt(q / (1 - q))
    return stats.laplace_asymmetric(asymmetry, loc, scale * asymmetry / q)


def half(weight):
    return dist.Categorical(probs=jnp.stack([weight, 1 - weight]), validate_args=False)


def two_normals(weight, apart):
    parts = dist.Normal(jnp.stack([jnp.zeros_like(apart), apart]), jnp.array([1.0, 0.5]))
    return dist.MixtureSameFamily(half(weight), parts)


def normal_and_gamma(weight, shape):
    parts = [dist.Normal(0.0, 1.0), dist.Gamma(shape, 1.0)]
    return dist.MixtureGeneral(half(weight), parts, support=dist.constraints.real)


def changed(base, *each):
    return dist.TransformedDistribution(base, list(each))


affine, sigmoid, power = (
    transforms.AffineTransform,
    transforms.SigmoidTransform(),
    transforms.PowerTransform,
)

LAWS = [
    dict(
        name="Normal", make=dist.Normal, scipy=stats.norm, at=((0.0, 1.0), (-3.0, 0.2), (1e3, 5.0))
    ),
    dict(
        name="Uniform",
        make=dist.Uniform,
        scipy=lambda a, b: stats.uniform(a, b - a),
        at=((0.0, 1.0), (-3.0, 0.5)),
    ),
    dict(name="Laplace", make=dist.Laplace, scipy=stats.laplace, at=((0.0, 1.0), (2.0, 3.0))),
    dict(name="Logistic", make=dist.Logistic, scipy=stats.logistic, at=((0.0, 1.0), (2.0, 3.0))),
    dict(name="Gumbel", make=dist.Gumbel, scipy=stats.gumbel_r, at=((0.0, 1.0), (2.0, 3.0))),
    dict(name="Cauchy", make=dist.Cauchy, scipy=stats.cauchy, at=((0.0, 1.0), (2.0, 3.0))),
    dict(
        name="SoftLaplace", make=dist.SoftLaplace, scipy=stats.hypsecant, at=((0.0, 1.0), (2.0, 3.0))
    ),
    dict(
        name="AsymmetricLaplace",
        make=dist.AsymmetricLaplace,
        scipy=lambda loc, scale, k: stats.laplace_asymmetric(k, loc, scale),
        at=((0.0, 1.0, 0.5), (2.0, 3.0, 1.7)),
    ),
    dict(
        name="AsymmetricLaplaceQuantile",
        make=dist.AsymmetricLaplaceQuantile,
        scipy=laplace_by_quantile,
        at=((0.0, 1.0, 0.3), (2.0, 3.0, 0.9)),
    ),
    dict(
        name="LogNormal",
        make=dist.LogNormal,
        scipy=lambda m, s: stats.lognorm(s, 0, np.exp(m)),
        at=((0.0, 1.0), (1.0, 0.3)),
    ),
    dict(
        name="LogUniform", make=dist.LogUniform, scipy=stats.loguniform, at=((1.0, 2.0), (0.01, 99.0))
    ),
    dict(
        name="HalfNormal",
        make=dist.HalfNormal,
        scipy=lambda s: stats.halfnorm(0, s),
        at=((1.0,), (3.0,)),
    ),
    dict(
        name="HalfCauchy",
        make=dist.HalfCauchy,
        scipy=lambda s: stats.halfcauchy(0, s),
        at=((1.0,), (3.0,)),
    ),
    dict(
        name="Exponential",
        make=dist.Exponential,
        scipy=lambda r: stats.expon(0, 1 / r),
        at=((1.0,), (3.0,)),
    ),
    dict(
        name="Weibull",
        make=dist.Weibull,
        scipy=lambda s, k: stats.weibull_min(k, 0, s),
        at=((1.0, 0.7), (2.0, 3.0)),
    ),
    dict(
        name="Gompertz",
        make=dist.Gompertz,
        scipy=lambda c, r: stats.gompertz(c, 0, 1 / r),
        at=((1.0, 1.0), (0.1, 3.0)),
    ),
    dict(
        name="Pareto",
        make=dist.Pareto,
        scipy=lambda s, a: stats.pareto(a, 0, s),
        at=((1.0, 1.5), (2.0, 5.0)),
    ),
    dict(name="Levy", make=dist.Levy, scipy=stats.levy, at=((0.0, 1.0), (1.0, 0.5))),
    dict(
        name="Kumaraswamy", make=dist.Kumaraswamy, scipy=kumaraswamy, at=((2.0, 3.0), (0.5, 0.7))
    ),
    dict(
        name="Dagum",
        make=dist.Dagum,
        scipy=lambda p, a, b: stats.burr(a, p, 0, b),
        at=((1.5, 2.0, 1.0), (0.5, 4.0, 3.0)),
    ),
    dict(
        name="LowerTruncatedPowerLaw",
        make=dist.LowerTruncatedPowerLaw,
        scipy=lambda alpha, low: stats.pareto(-1 - alpha, 0, low),
        at=((-2.5, 1.0), (-4.0, 3.0)),
    ),
    dict(
        name="DoublyTruncatedPowerLaw",
        make=dist.DoublyTruncatedPowerLaw,
        scipy=power_law,
        at=((-2.5, 1.0, 9.0), (-1.0, 0.5, 3.0), (0.7, 1.0, 2.0)),
    ),
    dict(
        name="Gamma",
        make=dist.Gamma,
        scipy=lambda a, r: stats.gamma(a, 0, 1 / r),
        at=((0.1, 1.0), (0.5, 2.0), (1.0, 1.0), (3.0, 0.5), (40.0, 1.0), (1e4, 1.0)),
    ),
    dict(
        name="InverseGamma",
        make=dist.InverseGamma,
        scipy=lambda a, r: stats.invgamma(a, 0, r),
        at=((0.8, 1.0), (3.0, 2.0), (30.0, 1.0)),
    ),
    dict(
        name="Beta",
        make=dist.Beta,
        scipy=stats.beta,
        at=((0.2, 0.3), (1.0, 1.0), (2.0, 5.0), (40.0, 3.0), (0.5, 500.0), (3e3, 2e3)),
    ),
    dict(
        name="StudentT",
        make=dist.StudentT,
        scipy=stats.t,
        at=((0.7, 0.0, 1.0), (2.0, 1.0, 3.0), (5.0, 0.0, 1.0), (30.0, 0.0, 1.0), (1e4, 0.0, 1.0)),
    ),
    dict(
        name="TruncatedNormal",
        make=lambda m, s, a, b: dist.TruncatedNormal(m, s, low=a, high=b),
        scipy=lambda m, s, a, b: stats.truncnorm((a - m) / s, (b - m) / s, m, s),
        at=((0.0, 1.0, -1.0, 2.0), (3.0, 2.0, 7.0, 30.0), (1.0, 0.5, -9.0, -1.0)),
        double=1e-10,
    ),
    dict(  # further out than float32 can hold the tail
        name="LeftTruncatedNormal",
        make=lambda low: dist.TruncatedNormal(0.0, 1.0, low=low),
        scipy=lambda low: stats.truncnorm(low, np.inf),
        at=((-1.0,), (5.0,), (20.0,)),
        double=1e-10,
    ),
    dict(
        name="RightTruncatedLogistic",
        make=lambda high: dist.RightTruncatedDistribution(dist.Logistic(0.0, 1.0), high),
        scipy=lambda high: truncated(stats.logistic, -np.inf, high),
        at=((-3.0,), (1.0,)),
    ),
    dict(
        name="TruncatedCauchy",
        make=lambda low, high: dist.TruncatedCauchy(0.0, 1.0, low=low, high=high),
        scipy=lambda low, high: truncated(stats.cauchy, low, high),
        at=((-2.0, 1.0), (3.0, 9.0)),
    ),
    dict(
        name="LeftTruncatedStudentT",
        make=lambda df, low: dist.LeftTruncatedDistribution(dist.StudentT(df, 0.0, 1.0), low),
        scipy=lambda df, low: truncated(stats.t(df), low, np.inf),
        at=((3.0, -1.0), (5.0, 2.0)),
    ),
    dict(
        name="TruncatedGamma",
        make=lambda a, low, high: dist.TruncatedGamma(a, 1.0, low=low, high=high),
        scipy=lambda a, low, high: truncated(stats.gamma(a), low, high),
        at=((2.0, 0.5, 3.0), (2.0, 8.0, 20.0)),
    ),
    dict(
        name="Folded(Normal)",
        make=lambda m, s: dist.FoldedDistribution(dist.Normal(m, s)),
        scipy=lambda m, s: stats.foldnorm(abs(m) / s, 0, s),
        at=((0.5, 1.0), (-2.0, 1.0)),
    ),
    dict(
        name="Mixture(Normal)",
        make=two_normals,
        scipy=lambda w, m: Mixed((w, 1 - w), (stats.norm, stats.norm(m, 0.5)), -60, 60),
        at=((0.3, 1.0), (0.5, 8.0)),
    ),
    dict(
        name="Mixture(Gamma, Normal)",
        make=normal_and_gamma,
        scipy=lambda w, a: Mixed((w, 1 - w), (stats.norm, stats.gamma(a)), -60, 90),
        at=((0.3, 2.0), (0.9, 0.7)),
    ),
    dict(
        name="Affine(Gumbel)",
        make=lambda s: changed(dist.Gumbel(0.0, 1.0), affine(1.0, s)),
        scipy=lambda s: stats.gumbel_r(1, s) if s > 0 else stats.gumbel_l(1, -s),
        at=((2.0,), (-2.0,)),
    ),
    dict(
        name="Sigmoid(Affine(Normal))",
        make=lambda s: changed(dist.Normal(0.5, 1.0), affine(0.0, s), sigmoid),
        scipy=lambda s: sigmoid_of(0.5 * s, abs(s)),
        at=((1.0,), (-0.5,)),
    ),
    dict(
        name="Power(Gamma)",
        make=lambda a, p: changed(dist.Gamma(a, 1.0), power(p)),
        scipy=lambda a, p: stats.gengamma(a, 1 / p),
        at=((2.0, 0.5), (3.0, -1.0)),
    ),
]


def floors(entry):
    """What an error is relative to, where a value is near 0: the scale of a law of both signs."""
    laws = entry.references()
    spread = [float(law.isf(0.25) - law.ppf(0.25)) for law in laws]
    small = [s if law.ppf(1e-9) < 0 or "Folded" in entry.name else 0.0 for s, law in zip(spread, laws, strict=True)]
    return np.array(small)[:, None]


def relative(entry, values, expected):
    """The largest error, over the value or the scale of the law; values too small are the least."""
    expected = np.maximum(expected, np.finfo(values.dtype).tiny) if (expected > 0).all() else expected
    return np.max(np.abs(values - expected) / (np.abs(expected) + floors(entry)))


def test_values_are_those_of_the_words_to_float32(entry, draws):
    """Each value is the quantile of its own word, at tails of 1e-6 and at the first words drawn."""
    some = draws.first(60)
    assert some.values.dtype == np.float32
    assert relative(entry, some.values, entry.quantiles(some.lower, some.upper)) < entry.single


def test_values_follow_the_law(entry, draws):
    """Kolmogorov and Smirnov, pooled over the parameter sets by each law's own cdf."""
    laws = zip(entry.references(), draws.random.astype(float), strict=True)
    places = np.sort(np.concatenate([law.cdf(values) for law, values in laws]))
    steps = np.arange(len(places) + 1) / len(places)
    distance = max(np.max(steps[1:] - places), np.max(places - steps[:-1]))
    assert distance < np.sqrt(-np.log(1e-6 / 2) / 2 / len(places))


def test_values_are_scipys_and_their_places_lead_back(entry, trip):
    allowed = entry.single if trip.values.dtype == np.float32 else entry.double
    assert relative(entry, trip.values, trip.expected) < allowed
    assert trip.again is not None
    assert relative(entry, trip.again, trip.values.astype(float)) < 3 * allowed


def test_derivatives_are_finite_differences_of_scipys_quantiles(entry, normal_scores, x64):
    """In the score and in every parameter, by reverse mode, at the middle and in the tails."""
    count = len(entry.at[0])
    slope = jax.grad(lambda z, *p: entry.value(NormalScore(z), *p), argnums=tuple(range(count + 1)))
    found = entry.grid(slope)(jnp.asarray(normal_scores), *entry.parameters())
    sets, z = np.array(entry.held()), normal_scores

    def quantiles(z, sets):
        rows = [
            np.where(z < 0, law.ppf(special.ndtr(np.minimum(z, 0))), law.isf(special.ndtr(-np.maximum(z, 0))))
            for law in (entry.scipy(*each) for each in sets)
        ]
        return np.array(rows)

    step = 1e-5
    expected = [(quantiles(z + step, sets) - quantiles(z - step, sets)) / (2 * step)]
    for index in range(count):
        shift = np.zeros_like(sets)
        shift[:, index] = step * np.maximum(np.abs(sets[:, index]), 0.1)
        change = quantiles(z, sets + shift) - quantiles(z, sets - shift)
        expected.append(change / (2 * shift[:, [index]]))
    for one, other in zip(found, expected, strict=True):
        assert np.all(np.isfinite(one))
        scale = np.abs(other) + 1e-3 * np.max(np.abs(other), axis=1, keepdims=True)
        np.testing.assert_array_less(np.abs(one - other), 1e-4 * scale + 1e-9)
