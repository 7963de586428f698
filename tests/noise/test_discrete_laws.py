"""Ordered discrete laws against scipy: the smallest value whose cdf reaches the score.

Values come from one fixed stream. A right law fails its distribution test with probability 1e-6,
so some right law fails with less than 1e-4; nothing is drawn again.
"""

import jax.numpy as jnp
import numpy as np
from numpyro import distributions as dist
from scipy import special, stats


class Counted:
    """A law of the whole numbers 0, ..., top stated by its two tails: a table of them."""

    def __init__(self, cdf, sf):
        self.tables = np.concatenate([[0], cdf]), np.concatenate([[1], sf])

    def cdf(self, k):
        return self.tables[0][np.clip(np.asarray(k, int) + 1, 0, len(self.tables[0]) - 1)]

    def sf(self, k):
        return self.tables[1][np.clip(np.asarray(k, int) + 1, 0, len(self.tables[1]) - 1)]

    def ppf(self, p):
        return np.searchsorted(self.tables[0][1:], np.asarray(p))

    def isf(self, p):
        return np.searchsorted(-self.tables[1][1:], -np.asarray(p))


def tabled(base, top):
    return Counted(base.cdf(np.arange(top + 1)), base.sf(np.arange(top + 1)))


def mixed(weights, parts, top=500):
    k, pairs = np.arange(top + 1), list(zip(weights, parts, strict=True))
    return Counted(
        sum(w * part.cdf(k) for w, part in pairs), sum(w * part.sf(k) for w, part in pairs)
    )


def inflated(gate, base):
    return mixed((gate, 1 - gate), (stats.randint(0, 1), base))


def hurdle(gate, base):
    sf = (1 - gate) * np.minimum(base.sf(np.arange(501)) / base.sf(0), 1)
    return Counted(1 - sf, sf)


def ordered(predictor, *cuts):
    z = np.array([*cuts, np.inf]) - predictor
    return Counted(special.expit(z), special.expit(-z))


def two_counts(weight, probs):
    mixing = dist.Categorical(probs=jnp.stack([weight, 1 - weight]), validate_args=False)
    return dist.MixtureGeneral(mixing, [dist.Geometric(probs), dist.Geometric(0.1)])


def seven_from(low):
    low = jnp.asarray(low).astype(int)
    return dist.DiscreteUniform(low, low + 6)


def law(name, make, scipy, *at, **allowed):
    """``make`` and ``scipy`` are one law at each of these parameters."""
    return {"name": name, "make": make, "scipy": scipy, "at": at, "counts": True, **allowed}


LAWS = [
    law("Bernoulli", dist.Bernoulli, stats.bernoulli, (0.3,), (0.999,), (1e-4,)),
    law(
        "BernoulliLogits",
        lambda x: dist.Bernoulli(logits=x),
        lambda x: stats.bernoulli(special.expit(x)),
        (0.3,),
        (-9.0,),
        (9.0,),
    ),
    law(
        "DiscreteUniform",
        seven_from,
        lambda a: stats.randint(a, a + 7),
        (0.0,),
        (-4.0,),
        whole=(0,),
    ),
    law(
        "OrderedLogistic",
        lambda x: dist.OrderedLogistic(x, jnp.array([-1.0, 0.0, 2.0])),
        lambda x: ordered(x, -1.0, 0.0, 2.0),
        (0.0,),
        (5.0,),
        (-3.0,),
    ),
    law("Geometric", dist.Geometric, lambda p: stats.geom(p, -1), (0.2,), (0.9,), (0.01,)),
    law(
        "GeometricLogits",
        lambda x: dist.Geometric(logits=x),
        lambda x: stats.geom(special.expit(x), -1),
        (-3.0,),
        (1.0,),
    ),
    law(
        "Poisson",
        dist.Poisson,
        stats.poisson,
        (0.0,),
        (0.03,),
        (0.9,),
        (4.0,),
        (60.0,),
        (3e3,),
    ),
    law(
        "BinomialLogits",
        lambda n, x: dist.Binomial(jnp.asarray(n).astype(int), logits=x),
        lambda n, x: stats.binom(int(n), special.expit(x)),
        (12, -4.0),
        (12, 0.5),
        (2000, -6.0),
        (2000, 1.0),
        whole=(0,),
    ),
    law(
        "NegativeBinomialProbs",
        dist.NegativeBinomialProbs,
        lambda r, p: stats.nbinom(r, 1 - p),
        (3.0, 0.4),
        (0.3, 0.9),
        (40.0, 0.8),
    ),
    law(
        "BetaBinomial",
        lambda a, b: dist.BetaBinomial(a, b, 20),
        lambda a, b: tabled(stats.betabinom(20, a, b), 20),
        (2.0, 3.0),
        (0.5, 0.3),
    ),
    law(
        "ZeroInflated(Geometric)",
        lambda g, p: dist.ZeroInflatedDistribution(dist.Geometric(p), gate_logits=g),
        lambda g, p: inflated(special.expit(g), stats.geom(p, -1)),
        (0.5, 0.2),
        (-2.0, 0.1),
    ),
    law(
        "Hurdle(Geometric)",
        lambda g, p: dist.HurdleProbs(dist.Geometric(p), g),
        lambda g, p: hurdle(g, stats.geom(p, -1)),
        (0.3, 0.4),
        (0.6, 0.1),
    ),
    law(
        "Mixture(Geometric)",
        two_counts,
        lambda w, p: mixed((w, 1 - w), (stats.geom(p, -1), stats.geom(0.1, -1))),
        (0.3, 0.9),
        (0.8, 0.2),
    ),
]


def close(law, values, lower, upper, tolerance):
    """Whether each value is the smallest to reach its score, a score being known to rounding."""
    low = lower < upper
    reached = np.where(
        low, law.cdf(values) >= lower * (1 - tolerance), law.sf(values) <= upper * (1 + tolerance)
    )
    before = np.where(
        low,
        law.cdf(values - 1) <= lower * (1 + tolerance),
        law.sf(values - 1) >= upper * (1 - tolerance),
    )
    return reached & before


def test_values_are_those_of_the_words_to_float32(entry, draws):
    """All but a few of all draws are scipy's own; those few are within rounding of a jump."""
    assert draws.values.dtype == np.int32
    expected = entry.quantiles(draws.lower, draws.upper)
    assert np.mean(draws.values != expected) < 2e-4
    for law, values in zip(entry.references(), draws.values, strict=True):
        assert np.all(close(law, values, draws.lower, draws.upper, 3e-5))


def test_values_follow_the_law(entry, draws):
    """Chi-square, over the values that are expected ten times at least; the rest are pooled."""
    for law, values in zip(entry.references(), draws.random, strict=True):
        found, counts = np.unique(values, return_counts=True)
        expected = (law.cdf(found) - law.cdf(found - 1)) * values.size
        often = expected >= 10
        counts = np.append(counts[often], values.size - counts[often].sum())
        expected = np.append(expected[often], values.size - expected[often].sum())
        some = expected > 1e-6
        statistic = np.sum((counts[some] - expected[some]) ** 2 / np.maximum(expected[some], 10))
        assert statistic < stats.chi2.isf(1e-6 / 3, max(some.sum() - 1, 1))


def test_moments_are_those_of_the_law(entry, draws):
    """Mean and variance within five of their own standard errors, by scipy's probabilities."""
    for law, values in zip(entry.references(), draws.random.astype(float), strict=True):
        k = np.arange(values.min() - 1, values.max() + 200)
        chances = np.where(law.cdf(k) < 0.5, law.cdf(k) - law.cdf(k - 1), law.sf(k - 1) - law.sf(k))
        mean = chances @ k
        away = (k - mean) ** 2
        variance, fourth = chances @ away, chances @ away**2
        n = values.size
        assert abs(values.mean() - mean) <= 5 * np.sqrt(variance / n) + 1e-9
        error = np.sqrt(max(fourth - variance**2, 0) / n)
        assert abs(((values - mean) ** 2).mean() - variance) <= 5 * error + 1e-9


def test_places_are_scipys_tails_to_float32(entry, draws):
    if draws.places is None:
        assert entry.name == "BetaBinomial"
        return
    some = draws.first(160)
    pairs = list(zip(entry.references(), some.values, strict=True))
    expected = (
        np.array([law.cdf(k) for law, k in pairs]),
        np.array([law.sf(k) for law, k in pairs]),
    )
    for found, tail in zip(some.places, expected, strict=True):
        np.testing.assert_allclose(found, tail, rtol=2e-4, atol=1e-30)


def test_values_are_scipys_in_float64(entry, doubles):
    assert doubles.values.dtype == np.int64
    np.testing.assert_array_equal(doubles.values, doubles.expected)


def test_probabilities_have_the_slopes_of_scipys(entry, doubles):
    """A count has no derivative; the cumulative probability of it has, in every real parameter."""
    if doubles.places is None:
        return
    k = doubles.values

    def cumulative(sets):
        return np.stack([entry.scipy(*each).cdf(row) for each, row in zip(sets, k, strict=True)])

    expected = entry.slopes(cumulative)
    assert len(doubles.slopes) == len(expected)
    for found, slope in zip(doubles.slopes, expected, strict=True):
        inside = np.isfinite(slope)  # a rate of 0 has no rate below it
        assert inside.mean() > 0.5
        np.testing.assert_allclose(found[inside], slope[inside], rtol=2e-5, atol=1e-9)
