"""The laws under test: a constructor, parameters to run it at, and scipy's word for the same law.

Every entry is one family at several parameters, stacked: the programs under test are vectorised
over them, so that each is compiled once a precision.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro import distributions as dist
from numpyro.distributions import transforms
from scipy import optimize, special, stats

from scm.noise.laws import law_of
from scm.noise.laws.numbers import canonical


@dataclasses.dataclass(frozen=True)
class Entry:
    """``make(*parameters)`` and ``scipy(*parameters)`` are one law; ``at`` lists parameter sets."""

    name: str
    make: Callable[..., Any]
    scipy: Callable[..., Any]
    at: tuple[tuple[float, ...], ...]
    discrete: bool = False
    single: float = 3e-6
    """Relative error allowed in float32, beside one of the scale of the law."""

    def stacked(self) -> tuple[jax.Array, ...]:
        """The parameters, each of shape (sets,), in the precision of the day."""
        return tuple(jnp.asarray(each, jnp.result_type(float)) for each in zip(*self.at, strict=True))

    def law(self) -> Any:
        return law_of(self.make(*self.at[0]))

    def references(self) -> list[Any]:
        """scipy's laws, at the parameters as the precision of the day holds them."""
        held = [np.asarray(each, float) for each in self.stacked()]
        return [self.scipy(*each) for each in zip(*held, strict=True)]

    def value(self, parameters: tuple, score: Any) -> jax.Array:
        """One value: written for one unit and one parameter set."""
        d = canonical(self.make(*parameters))
        return law_of(d).value(d, score)

    def place(self, parameters: tuple, value: jax.Array) -> Any:
        d = canonical(self.make(*parameters))
        place = law_of(d).place
        assert place is not None
        return place(d, value)

    def __str__(self) -> str:
        return self.name


class Stated:
    """A continuous law stated by closed forms of its own, where scipy has none."""

    def __init__(self, ppf: Callable, isf: Callable, cdf: Callable, sf: Callable | None = None):
        self.ppf, self.isf, self.cdf = ppf, isf, cdf
        self.sf = sf if sf is not None else lambda x: 1 - cdf(x)


class Solved:
    """A law stated by its cdf and sf; quantiles by Brent's method on the log of the tail."""

    def __init__(self, cdf: Callable, sf: Callable, low: float, high: float):
        self.cdf, self.sf, self.low, self.high = cdf, sf, low, high

    def _root(self, tail: Callable, p: float) -> float:
        f = lambda x: np.log(max(tail(x), 1e-300)) - np.log(p)
        return optimize.brentq(f, self.low, self.high, xtol=1e-14, rtol=1e-14)

    def ppf(self, p: Any) -> Any:
        return np.vectorize(lambda p: self._root(self.cdf, p))(p)

    def isf(self, p: Any) -> Any:
        return np.vectorize(lambda p: self._root(self.sf, p))(p)


class Counted:
    """A law of whole numbers stated by its cdf and sf on 0, 1, ..., top."""

    def __init__(self, cdf: Callable, sf: Callable, bottom: int, top: int):
        self.k = np.arange(bottom, top + 1)
        self.cdf, self.sf = cdf, sf

    def ppf(self, p: Any) -> Any:
        return self.k[np.searchsorted(self.cdf(self.k), np.asarray(p))]

    def isf(self, p: Any) -> Any:
        return self.k[np.searchsorted(-self.sf(self.k), -np.asarray(p))]


def truncated(base: Any, low: float, high: float) -> Stated:
    lo, hi, up, past = base.cdf(low), base.cdf(high), base.sf(low), base.sf(high)
    total = up - past if lo > 0.5 else hi - lo

    def ppf(p):
        below = lo + p * total
        return base.ppf(below) if lo <= 0.5 else base.isf(up - p * total)

    def isf(p):
        above = past + p * total
        return base.isf(above) if hi > 0.5 else base.ppf(hi - p * total)

    def cdf(x):
        return (base.cdf(x) - lo) / total if lo <= 0.5 else (up - base.sf(x)) / total

    def sf(x):
        return (base.sf(x) - past) / total if hi > 0.5 else (hi - base.cdf(x)) / total

    return Stated(ppf, isf, cdf, sf)


def mixed(weights: Any, parts: list, low: float, high: float) -> Solved:
    return Solved(
        lambda x: sum(w * part.cdf(x) for w, part in zip(weights, parts, strict=True)),
        lambda x: sum(w * part.sf(x) for w, part in zip(weights, parts, strict=True)),
        low,
        high,
    )


def counted_mixture(weights: Any, parts: list, top: int) -> Counted:
    solved = mixed(weights, parts, 0, 1)
    return Counted(solved.cdf, solved.sf, 0, top)


def inflated(gate: float, base: Any, top: int = 200) -> Counted:
    return Counted(
        lambda k: np.where(k < 0, 0, gate) + (1 - gate) * base.cdf(k),
        lambda k: np.where(k < 0, gate, 0) + (1 - gate) * base.sf(k),
        0,
        top,
    )


def hurdle(gate: float, base: Any, top: int = 200) -> Counted:
    sf = lambda k: np.where(k < 0, 1, (1 - gate) * np.minimum(base.sf(k) / base.sf(0), 1))
    return Counted(lambda k: 1 - sf(k), sf, 0, top)


def kumaraswamy(a: float, b: float) -> Stated:
    return Stated(
        lambda p: (-special.expm1(special.log1p(-p) / b)) ** (1 / a),
        lambda p: (-special.expm1(np.log(p) / b)) ** (1 / a),
        lambda x: -special.expm1(b * special.log1p(-(x**a))),
        lambda x: np.exp(b * special.log1p(-(x**a))),
    )


def power_law(alpha: float, low: float, high: float) -> Stated:
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
        lambda x: part(x, high) / part(low, high),
    )


def ordered(predictor: float, *cuts: float) -> Counted:
    cuts = np.array([-np.inf, *cuts, np.inf]) - predictor
    at = lambda k: np.clip(np.asarray(k, int) + 1, 0, len(cuts) - 1)
    return Counted(
        lambda k: special.expit(cuts[at(k)]), lambda k: special.expit(-cuts[at(k)]), 0, len(cuts) - 2
    )


def turned(base: Any) -> Stated:
    """The law of -X."""
    return Stated(
        lambda p: -base.isf(p), lambda p: -base.ppf(p), lambda x: base.sf(-x), lambda x: base.cdf(-x)
    )


def logistic_of(base: Any, sign: int) -> Stated:
    """The law of 1 / (1 + exp(-sign X))."""
    base = base if sign > 0 else turned(base)
    return Stated(
        lambda p: special.expit(base.ppf(p)),
        lambda p: special.expit(base.isf(p)),
        lambda x: base.cdf(special.logit(x)),
        lambda x: base.sf(special.logit(x)),
    )


def _normals(weight: Any, apart: Any) -> Any:
    """0.3 N(0, 1) + 0.7 N(apart, 0.5), with the weight as a parameter."""
    mixing = dist.Categorical(probs=jnp.stack([weight, 1 - weight]), validate_args=False)
    parts = dist.Normal(jnp.stack([jnp.zeros_like(apart), apart]), jnp.array([1.0, 0.5]))
    return dist.MixtureSameFamily(mixing, parts)


def _gamma_and_normal(weight: Any, shape: Any) -> Any:
    mixing = dist.Categorical(probs=jnp.stack([weight, 1 - weight]), validate_args=False)
    parts = [dist.Normal(0.0, 1.0), dist.Gamma(shape, 1.0)]
    return dist.MixtureGeneral(mixing, parts, support=dist.constraints.real)


def _counts(weight: Any, rate: Any) -> Any:
    mixing = dist.Categorical(probs=jnp.stack([weight, 1 - weight]), validate_args=False)
    return dist.MixtureGeneral(mixing, [dist.Poisson(rate), dist.Poisson(3 * rate)])


def _binomial(n: int) -> tuple[Callable, Callable]:
    return (lambda p: dist.Binomial(n, p)), (lambda p: stats.binom(n, p))


_affine = transforms.AffineTransform
_exp = transforms.ExpTransform
_sigmoid = transforms.SigmoidTransform
_changed = dist.TransformedDistribution

CONTINUOUS = [
    Entry("Normal", dist.Normal, stats.norm, ((0.0, 1.0), (-3.0, 0.2), (1e3, 5.0))),
    Entry("Uniform", dist.Uniform, lambda a, b: stats.uniform(a, b - a), ((0.0, 1.0), (-3.0, 0.0))),
    Entry("Laplace", dist.Laplace, stats.laplace, ((0.0, 1.0), (2.0, 3.0))),
    Entry("Logistic", dist.Logistic, stats.logistic, ((0.0, 1.0), (2.0, 3.0))),
    Entry("Gumbel", dist.Gumbel, stats.gumbel_r, ((0.0, 1.0), (2.0, 3.0))),
    Entry("Cauchy", dist.Cauchy, stats.cauchy, ((0.0, 1.0), (2.0, 3.0))),
    Entry("SoftLaplace", dist.SoftLaplace, stats.hypsecant, ((0.0, 1.0), (2.0, 3.0))),
    Entry(
        "AsymmetricLaplace",
        dist.AsymmetricLaplace,
        lambda loc, scale, k: stats.laplace_asymmetric(k, loc, scale),
        ((0.0, 1.0, 0.5), (2.0, 3.0, 1.7)),
    ),
    Entry(
        "AsymmetricLaplaceQuantile",
        dist.AsymmetricLaplaceQuantile,
        lambda loc, scale, q: stats.laplace_asymmetric(
            np.sqrt(q / (1 - q)), loc, scale * np.sqrt(q / (1 - q)) / q
        ),
        ((0.0, 1.0, 0.3), (2.0, 3.0, 0.9)),
    ),
    Entry("LogNormal", dist.LogNormal, lambda m, s: stats.lognorm(s, 0, np.exp(m)), ((0.0, 1.0), (1.0, 0.3))),
    Entry("LogUniform", dist.LogUniform, stats.loguniform, ((1.0, 2.0), (0.01, 100.0))),
    Entry("HalfNormal", dist.HalfNormal, lambda s: stats.halfnorm(0, s), ((1.0,), (3.0,))),
    Entry("HalfCauchy", dist.HalfCauchy, lambda s: stats.halfcauchy(0, s), ((1.0,), (3.0,))),
    Entry("Exponential", dist.Exponential, lambda r: stats.expon(0, 1 / r), ((1.0,), (3.0,))),
    Entry("Weibull", dist.Weibull, lambda s, k: stats.weibull_min(k, 0, s), ((1.0, 0.7), (2.0, 3.0))),
    Entry("Gompertz", dist.Gompertz, lambda c, r: stats.gompertz(c, 0, 1 / r), ((1.0, 1.0), (0.1, 3.0))),
    Entry("Pareto", dist.Pareto, lambda s, a: stats.pareto(a, 0, s), ((1.0, 1.5), (2.0, 5.0))),
    Entry("Levy", dist.Levy, stats.levy, ((0.0, 1.0), (1.0, 0.5))),
    Entry("Kumaraswamy", dist.Kumaraswamy, kumaraswamy, ((2.0, 3.0), (0.5, 0.7))),
    Entry("Dagum", dist.Dagum, lambda p, a, b: stats.burr(a, p, 0, b), ((1.5, 2.0, 1.0), (0.5, 4.0, 3.0))),
    Entry(
        "LowerTruncatedPowerLaw",
        dist.LowerTruncatedPowerLaw,
        lambda alpha, low: stats.pareto(-1 - alpha, 0, low),
        ((-2.5, 1.0), (-4.0, 3.0)),
    ),
    Entry(
        "DoublyTruncatedPowerLaw",
        dist.DoublyTruncatedPowerLaw,
        power_law,
        ((-2.5, 1.0, 9.0), (-1.0, 0.5, 3.0), (0.7, 1.0, 2.0)),
    ),
    Entry(
        "Gamma",
        dist.Gamma,
        lambda a, r: stats.gamma(a, 0, 1 / r),
        ((0.1, 1.0), (0.5, 2.0), (1.0, 1.0), (3.0, 0.5), (40.0, 1.0), (1e4, 1.0)),
        single=2e-5,
    ),
    Entry("Chi2", dist.Chi2, stats.chi2, ((1.0,), (7.0,))),
    Entry(
        "InverseGamma",
        dist.InverseGamma,
        lambda a, r: stats.invgamma(a, 0, r),
        ((0.8, 1.0), (3.0, 2.0), (30.0, 1.0)),
        single=1e-5,
    ),
    Entry(
        "Beta",
        dist.Beta,
        stats.beta,
        ((0.2, 0.3), (1.0, 1.0), (2.0, 5.0), (40.0, 3.0), (0.5, 500.0), (3e3, 2e3)),
        single=2e-5,
    ),
    Entry("BetaProportion", dist.BetaProportion, lambda m, k: stats.beta(m * k, (1 - m) * k), ((0.3, 5.0),)),
    Entry(
        "StudentT",
        dist.StudentT,
        stats.t,
        ((0.7, 0.0, 1.0), (2.0, 1.0, 3.0), (5.0, 0.0, 1.0), (30.0, 0.0, 1.0), (1e4, 0.0, 1.0)),
        single=1e-5,
    ),
    Entry(
        "TruncatedNormal",
        lambda loc, scale, low, high: dist.TruncatedNormal(loc, scale, low=low, high=high),
        lambda loc, scale, low, high: stats.truncnorm((low - loc) / scale, (high - loc) / scale, loc, scale),
        ((0.0, 1.0, -1.0, 2.0), (3.0, 2.0, 7.0, 30.0), (1.0, 0.5, -9.0, -1.0)),
        single=1e-5,
    ),
    Entry(
        "NormalFarAbove",  # beyond what float32 can hold of its tail
        lambda low: dist.TruncatedNormal(0.0, 1.0, low=low),
        lambda low: stats.truncnorm(low, np.inf),
        ((-1.0,), (5.0,), (20.0,)),
        single=1e-5,
    ),
    Entry(
        "NormalBelow",
        lambda high: dist.TruncatedNormal(0.0, 1.0, high=high),
        lambda high: stats.truncnorm(-np.inf, high),
        ((-3.0,), (1.0,)),
        single=1e-5,
    ),
    Entry(
        "TruncatedStudentT",
        lambda df, low: dist.LeftTruncatedDistribution(dist.StudentT(df, 0.0, 1.0), low),
        lambda df, low: truncated(stats.t(df), low, np.inf),
        ((3.0, -1.0), (5.0, 2.0)),
        single=1e-5,
    ),
    Entry(
        "TruncatedLogistic",
        lambda low, high: dist.TwoSidedTruncatedDistribution(dist.Logistic(0.0, 1.0), low, high),
        lambda low, high: truncated(stats.logistic, low, high),
        ((-2.0, 1.0), (3.0, 9.0)),
        single=1e-5,
    ),
    Entry(
        "TruncatedCauchy",
        lambda low, high: dist.TruncatedCauchy(0.0, 1.0, low=low, high=high),
        lambda low, high: truncated(stats.cauchy, low, high),
        ((-2.0, 1.0),),
        single=1e-5,
    ),
    Entry(
        "TruncatedGamma",
        lambda a, low, high: dist.TruncatedGamma(a, 1.0, low=low, high=high),
        lambda a, low, high: truncated(stats.gamma(a), low, high),
        ((2.0, 0.5, 3.0), (2.0, 8.0, 20.0)),
        single=1e-5,
    ),
    Entry(
        "Folded",
        lambda loc, scale: dist.FoldedDistribution(dist.Normal(loc, scale)),
        lambda loc, scale: stats.foldnorm(abs(loc) / scale, 0, scale),
        ((0.5, 1.0), (-2.0, 1.0)),
        single=2e-5,
    ),
    Entry("Mixture(Normal)", _normals, lambda w, a: mixed((w, 1 - w), [stats.norm, stats.norm(a, 0.5)], -60, 60),
          ((0.3, 1.0), (0.5, 8.0)), single=1e-5),
    Entry("Mixture(Normal, Gamma)", _gamma_and_normal,
          lambda w, a: mixed((w, 1 - w), [stats.norm, stats.gamma(a)], -60, 90), ((0.3, 2.0), (0.9, 0.7)), single=1e-5),
    Entry("Affine(Gumbel)", lambda s: _changed(dist.Gumbel(0.0, 1.0), [_affine(1.0, s)]),
          lambda s: stats.gumbel_r(1, s) if s > 0 else stats.gumbel_l(1, -s), ((2.0,), (-2.0,))),
    Entry("Sigmoid(Affine(Normal))", lambda s: _changed(dist.Normal(0.5, 1.0), [_affine(0.0, s), _sigmoid()]),
          lambda s: logistic_of(stats.norm(0.5 * abs(s), abs(s)), np.sign(s)), ((1.0,), (-0.5,))),
    Entry("Power(Gamma)", lambda a, p: _changed(dist.Gamma(a, 1.0), [transforms.PowerTransform(p)]),
          lambda a, p: stats.gengamma(a, 1 / p), ((2.0, 0.5), (3.0, -1.0)), single=1e-5),
]

DISCRETE = [
    Entry("Bernoulli", dist.Bernoulli, stats.bernoulli, ((0.3,), (0.999,), (1e-4,)), True),
    Entry("BernoulliLogits", lambda x: dist.Bernoulli(logits=x), lambda x: stats.bernoulli(special.expit(x)),
          ((0.3,), (-9.0,), (9.0,)), True),
    Entry("Poisson", dist.Poisson, stats.poisson, ((0.03,), (0.9,), (4.0,), (60.0,), (3e3,)), True),
    Entry("Binomial", *_binomial(12), ((0.02,), (0.5,), (0.9,)), True),
    Entry("Binomial(2000)", *_binomial(2000), ((0.001,), (0.3,)), True),
    Entry("BinomialLogits", lambda x: dist.Binomial(7, logits=x), lambda x: stats.binom(7, special.expit(x)),
          ((-3.0,), (1.0,)), True),
    Entry("Geometric", dist.Geometric, lambda p: stats.geom(p, -1), ((0.2,), (0.9,), (0.001,)), True),
    Entry("GeometricLogits", lambda x: dist.Geometric(logits=x), lambda x: stats.geom(special.expit(x), -1),
          ((-3.0,), (1.0,)), True),
    Entry("NegativeBinomialProbs", dist.NegativeBinomialProbs, lambda r, p: stats.nbinom(r, 1 - p),
          ((3.0, 0.4), (0.3, 0.9)), True),
    Entry("NegativeBinomialLogits", dist.NegativeBinomialLogits, lambda r, x: stats.nbinom(r, special.expit(-x)),
          ((3.0, 1.0), (10.0, -2.0)), True),
    Entry("NegativeBinomial2", dist.NegativeBinomial2, lambda m, r: stats.nbinom(r, r / (m + r)),
          ((5.0, 2.0), (300.0, 4.0)), True),
    Entry("GammaPoisson", dist.GammaPoisson, lambda a, r: stats.nbinom(a, r / (1 + r)), ((2.0, 0.5),), True),
    Entry("BetaBinomial", lambda a, b: dist.BetaBinomial(a, b, 20), lambda a, b: stats.betabinom(20, a, b),
          ((2.0, 3.0), (0.5, 0.3)), True),
    Entry("DiscreteUniform", lambda a: dist.DiscreteUniform(a.astype(int), a.astype(int) + 6) if hasattr(a, "astype")
          else dist.DiscreteUniform(int(a), int(a) + 6), lambda a: stats.randint(int(a), int(a) + 7), ((0.0,), (-4.0,)), True),
    Entry("OrderedLogistic", lambda x: dist.OrderedLogistic(x, jnp.array([-1.0, 0.0, 2.0])),
          lambda x: ordered(x, -1.0, 0.0, 2.0), ((0.0,), (5.0,), (-3.0,)), True),
    Entry("ZeroInflatedPoisson", dist.ZeroInflatedPoisson, lambda g, r: inflated(g, stats.poisson(r)),
          ((0.3, 4.0), (0.05, 0.5)), True),
    Entry("ZeroInflated(NegativeBinomial)", lambda g, m: dist.ZeroInflatedNegativeBinomial2(m, 2.0, gate_logits=g),
          lambda g, m: inflated(special.expit(g), stats.nbinom(2, 2 / (2 + m)), 500), ((0.5, 4.0),), True),
    Entry("HurdlePoisson", dist.HurdlePoisson, lambda g, r: hurdle(g, stats.poisson(r)), ((0.3, 4.0), (0.6, 0.2)), True),
    Entry("Mixture(Poisson)", _counts, lambda w, r: counted_mixture((w, 1 - w), [stats.poisson(r), stats.poisson(3 * r)], 400),
          ((0.3, 2.0), (0.8, 30.0)), True),
]

ENTRIES = CONTINUOUS + DISCRETE


def pytest_generate_tests(metafunc):
    for argument, entries in (("entry", ENTRIES), ("smooth", CONTINUOUS), ("counts", DISCRETE)):
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, entries, ids=str)
