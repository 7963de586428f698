"""Scores: both tails and the normal score, at full precision over all words, in both precisions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special

from scm.noise.score import NormalScore, WordScore
from scm.noise.words import span, stream_of, words

EDGE = np.array([0, 1, 2, 3, 100, 2**16, 2**24, 2**25 + 7, 2**31 - 2**8, 2**31 - 1], np.uint64)
FIRST = np.concatenate([EDGE, 2**32 - 1 - EDGE, np.arange(1, 2**32, 2**32 // 50_000, np.uint64)])
FIRST = np.unique(FIRST).astype(np.uint32)
SECOND = np.random.default_rng(0).integers(0, 2**32, FIRST.size, dtype=np.uint32)
Z = np.concatenate([np.linspace(-12, 12, 4001), [0.0, 1e-6, -1e-6]])


@pytest.fixture(params=["float32", "float64"])
def kind(request):
    """The precision of the day."""
    with jax.enable_x64(request.param == "float64"):
        yield np.dtype(request.param)


def score():
    return WordScore(jnp.asarray(FIRST), jnp.asarray(SECOND))


def exact(kind):
    """Lower and upper tails by whole numbers: the midpoint of the cell of 2^-32, or 2^-64."""
    if kind == np.float32:
        below, width = FIRST.astype(object), 2**32
    else:
        below, width = FIRST.astype(object) * 2**32 + SECOND.astype(object), 2**64
    lower = np.array([(2 * int(each) + 1) / (2 * width) for each in below])
    upper = np.array([(2 * (width - int(each)) - 1) / (2 * width) for each in below])
    return lower, upper


def test_tails_are_exact_to_rounding(kind):
    for found, tail in zip((score().lower, score().upper), exact(kind), strict=True):
        assert found.dtype == kind
        np.testing.assert_allclose(np.asarray(found, float), tail, rtol=np.finfo(kind).eps)


def test_tails_are_strictly_inside(kind):
    for found in (score().lower, score().upper):
        assert np.all((found > 0) & (found < 1))


def test_tails_add_to_one(kind):
    np.testing.assert_allclose(score().lower + score().upper, 1, rtol=np.finfo(kind).eps)


def test_the_normal_score_is_scipys_quantile(kind):
    """Over the whole range, out to the last words; about 0 to what the tail can tell of it."""
    lower, upper = exact(kind)
    expected = np.where(lower < upper, special.ndtri(lower), -special.ndtri(upper))
    found = score().normal
    assert found.dtype == kind
    allowed = 1e-6 if kind == np.float32 else 1e-12
    nearest = np.finfo(kind).eps
    np.testing.assert_allclose(np.asarray(found, float), expected, rtol=allowed, atol=nearest)


def test_the_normal_score_is_symmetric_finite_and_increasing(kind):
    turned = WordScore(~jnp.asarray(FIRST), ~jnp.asarray(SECOND))
    normal = np.asarray(score().normal)
    np.testing.assert_array_equal(turned.normal, -normal)
    np.testing.assert_array_equal(turned.lower, score().upper)
    assert np.all(np.isfinite(normal))
    assert np.all(np.diff(normal) >= -2e-6 * np.abs(normal[1:]))


def test_float64_refines_float32():
    single = [np.asarray(each, float) for each in (score().lower, score().upper, score().normal)]
    with jax.enable_x64(True):
        double = [np.asarray(each) for each in (score().lower, score().upper, score().normal)]
    cell = 2.0**-32
    for one, two in zip(single[:2], double[:2], strict=True):
        assert np.all(np.abs(one - two) <= cell / 2 + np.finfo(np.float32).eps * one)
    inner = np.minimum(double[0], double[1]) > 1e-6
    np.testing.assert_allclose(single[2][inner], double[2][inner], rtol=2e-4, atol=2e-6)


def test_random_normal_scores_have_normal_moments():
    """A million: mean, variance, skewness and kurtosis within five standard errors."""
    n = 1_000_000
    z = np.asarray(WordScore(*words(stream_of(5), span(0, n))).normal, float)
    for power, expected, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs(np.mean(z**power) - expected) < 5 * np.sqrt(variance / n)


def test_a_normal_score_knows_its_tails(kind):
    z = jnp.asarray(Z)
    score = NormalScore(z)
    np.testing.assert_array_equal(score.normal, z)
    allowed = 3e-6 if kind == np.float32 else 1e-13
    for found, tail in ((score.lower, special.ndtr(Z)), (score.upper, special.ndtr(-Z))):
        assert found.dtype == kind
        np.testing.assert_allclose(found, tail, rtol=allowed * 40)


def test_scores_are_the_same_compiled(kind):
    eager = (score().lower, score().upper, score().normal)
    compiled = jax.jit(lambda s: (s.lower, s.upper, s.normal))(score())
    for one, other in zip(eager, compiled, strict=True):
        np.testing.assert_allclose(one, other, rtol=4 * np.finfo(kind).eps)
