"""Quasi-Monte Carlo truths: of true nets, right, and better than chance."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, Dirichlet, Exponential, Normal, Poisson
from scipy import stats
from scipy.stats import qmc

from scm import SCM
from scm.estimands import ATE
from scm.noise.words import stream_of
from scm.truth.batches import asked
from scm.truth.monte_carlo import monte_carlo
from scm.truth.net import block, directions, scrambled
from scm.truth.sobol import coordinates, sobol

SMOOTH = SCM(
    a=Exponential(1.0), t=Normal(0, 1), y=lambda a, t, u=Normal(0, 1): jnp.exp(t * u / 2) * a
)
FOUR = SCM(
    v=Normal(0, 1).expand([3]).to_event(1),
    t=Normal(0, 1),
    y=lambda v, t, u=Normal(0, 1): jnp.exp(t * (u + v.sum()) / 4),
)


def places(net):
    """All points of a net as numbers in (0, 1), shape (points, coordinates)."""
    return np.asarray(net.scores().lower).T


@pytest.mark.usefixtures("x64")
def test_unscrambled_these_are_scipys_points():
    numbers = directions(5, 6)
    plain = np.concatenate([numbers, np.zeros((5, 1), np.uint64)], axis=1)
    ours = places(block(plain, 6, 0))
    theirs = qmc.Sobol(5, scramble=False).random_base2(6)
    np.testing.assert_allclose(np.unique(ours, axis=0), np.unique(theirs, axis=0), atol=2.0**-60)


@pytest.mark.usefixtures("x64")
def test_every_scrambling_is_a_net():
    """Each of the 2**7 points has an interval of its own in every coordinate, and the first two
    coordinates have one point in each of all elementary boxes: a (0, 7, 2)-net."""
    for whole in scrambled(stream_of(3), 6, 7, range(4)):
        points = places(block(whole, 7, 0))
        for coordinate in points.T:
            assert sorted(np.floor(coordinate * 128)) == list(range(128))
        for power in range(8):
            cells = np.floor(points[:, :2] * [2**power, 2 ** (7 - power)])
            assert len(np.unique(cells, axis=0)) == 128


@pytest.mark.usefixtures("x64")
def test_blocks_are_parts_of_one_net():
    (whole,) = scrambled(stream_of(0), 3, 9, range(1))
    parts = np.concatenate([places(block(whole, 6, at)) for at in range(8)])
    together = places(block(whole, 9, 0))
    np.testing.assert_array_equal(np.unique(parts, axis=0), np.unique(together, axis=0))


@pytest.mark.usefixtures("x64")
def test_scramblings_are_uniform_and_their_own():
    """A point is anywhere in the cube, to its last digits, and another under every number."""
    first = np.stack([whole[:, -1] for whole in scrambled(stream_of(5), 4, 3, range(500))])
    for word in (first >> np.uint64(32), first & np.uint64(0xFFFFFFFF)):
        for coordinate in word.T / 2.0**32:
            assert stats.kstest(coordinate, "uniform").pvalue > 1e-4
    assert len(np.unique(first, axis=0)) == 500
    again = scrambled(stream_of(5), 4, 3, range(7, 8))
    np.testing.assert_array_equal(again[0][:, -1], first[7])
    (other,) = scrambled(stream_of(6), 4, 3, range(1))
    assert (other[:, -1] != first[0]).all()
    columns = np.stack([whole[0, 2] for whole in scrambled(stream_of(5), 1, 3, range(300))])
    assert len(np.unique(columns)) == 300
    tails = (columns & np.uint64(0xFFFFFFFF)) / 2.0**32
    assert stats.kstest(tails, "uniform").pvalue > 1e-4


def test_points_are_better_than_chance():
    with jax.enable_x64(True):
        ready = asked(ATE("t", "y").question(SMOOTH))
        points = sobol(ready, 0, tolerance=None, budget=1 << 15)
        chance = monte_carlo(ready, 0, tolerance=None, budget=1 << 15)
    assert points.se < chance.se / 5
    assert points.n == 1 << 15


def test_keys_give_points_of_their_own():
    with jax.enable_x64(True):
        ready = asked(ATE("t", "y").question(SMOOTH))
        truths = [sobol(ready, key, tolerance=None, budget=1 << 12) for key in (0, 0, 1, 2)]
    answers = [float(truth.value) for truth in truths]
    assert answers[0] == answers[1]
    assert len(set(answers)) == 3


def test_doubling_to_a_tolerance_compiles_once(compilations):
    answer = np.expm1(4 / 32)  # the sum of four is Normal(0, 2)
    truth = ATE("t", "y").truth(FOUR, tolerance=3e-4)
    assert truth.method == "qmc"
    assert truth.se <= 3e-4
    assert abs(truth.value - answer) < 4 * truth.se
    before = compilations.count
    finer = ATE("t", "y").truth(FOUR, tolerance=2e-5)
    assert compilations.count == before
    assert finer.n > 2 * truth.n
    assert finer.se <= 2e-5
    assert abs(finer.value - answer) < 4 * finer.se


def test_doubling_makes_the_points_that_one_go_makes():
    with jax.enable_x64(True):
        ready = asked(ATE("t", "y").question(FOUR))
        whole = sobol(ready, 0, tolerance=None, budget=1 << 18)
        parts = sobol(ready, 0, tolerance=1e-12, budget=1 << 18)
    assert whole.n == parts.n == 1 << 18
    assert parts.value == pytest.approx(whole.value, rel=1e-12)
    assert parts.se == pytest.approx(whole.se, rel=1e-6)


def test_only_causes_count_and_samplers_cannot_be_fed():
    model = SCM(
        other=Normal(0, 1),
        d=Dirichlet(jnp.ones(2)),
        v=Normal(jnp.zeros(3), 1).to_event(1),
        t=Bernoulli(0.5),
        k=lambda v: Poisson(jnp.exp(v[0])),
        y=lambda t, k, v, u=Normal(0, 1): jnp.tanh(t * k + u * v[1]),
        w=lambda t, d: jnp.tanh(t * d[0]),
    )
    with jax.enable_x64(True):
        sizes = coordinates(asked(ATE("t", "y").question(model)))
        assert sizes == {("v", "u"): 3, ("k", "u"): 1, ("y", "u"): 1}
        assert coordinates(asked(ATE("t", "w").question(model))) is None
    assert ATE("t", "w").truth(model, budget=1 << 12).method == "monte carlo"


def test_agreement_of_nets_is_no_evidence_of_exactness():
    """One noise and one jump: of 64 points, 32 are above 0 in every scrambling."""
    model = SCM(t=Bernoulli(0.5), y=lambda t, u=Normal(0, 1): t * (u > 0.0))
    with jax.enable_x64(True):
        truth = sobol(asked(ATE("t", "y").question(model)), 0, tolerance=None, budget=1 << 11)
    assert truth.value == 0.5
    assert truth.se == pytest.approx(2**0.5 / 2048)
