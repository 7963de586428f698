"""Each step against the formula that the literature has for what it does to an analysis.

Numbers marked exact are closed forms written out here; samples are of a fixed key, and tolerances
are five standard errors.
"""

import jax.numpy as jnp
import numpy as np
import pytest
from numpyro.distributions import Bernoulli, LogNormal, Normal
from scipy import stats

from scm import SCM
from simulators.observe import (
    censor,
    cluster,
    discretise,
    hide,
    interfere,
    lose,
    mismeasure,
    mix,
    observe,
    select,
)

N = 200_000


def fitted(seen, outcome, *regressors):
    """OLS by normal equations on the analyst's frame: coefficients and their robust errors."""
    frame = seen.to_pandas()[[outcome, *regressors]].dropna().to_numpy(float)
    y, x = frame[:, 0], np.column_stack([np.ones(len(frame)), frame[:, 1:]])
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ (x.T @ y)
    scores = x * (y - x @ beta)[:, None]
    return beta, np.sqrt(np.diag(inverse @ (scores.T @ scores) @ inverse))


def assert_slope(seen, outcome, *regressors, expected, at=1):
    beta, se = fitted(seen, outcome, *regressors)
    assert abs(beta[at] - expected) < 5 * se[at]
    assert se[at] < 0.02  # so that the line above says something


@pytest.fixture(scope="module")
def confounded():
    """X = U + e, Y = X / 2 + 0.8 U + e."""
    model = SCM(
        U=Normal(0, 1),
        X=lambda U, u=Normal(0, 1): U + u,
        Y=lambda X, U, u=Normal(0, 1): 0.5 * X + 0.8 * U + u,
    )
    return model.sample(key=1, n=N)


@pytest.fixture(scope="module")
def pair():
    """X standard normal, Y = X / 2 + e."""
    model = SCM(X=Normal(0, 1), Y=lambda X, u=Normal(0, 1): 0.5 * X + u)
    return model.sample(key=2, n=N)


class TestMismeasured:
    def test_a_classical_error_shrinks_the_slope_by_the_reliability(self, pair):
        seen = observe(pair, mismeasure("X", error=Normal(0, np.sqrt(0.5))))
        assert_slope(seen, "Y", "X", expected=0.5 * 2 / 3)  # reliability 1 / (1 + 1/2)

    def test_severity_multiplies_the_error(self, pair):
        seen = observe(pair, mismeasure("X", error=Normal(0, 1), severity=2.0))
        assert_slope(seen, "Y", "X", expected=0.5 / (1 + 4))

    def test_an_error_in_the_confounder_leaves_part_of_the_bias(self, confounded):
        reliability, r2 = 0.6, 0.5
        seen = observe(confounded, mismeasure("U", error=Normal(0, np.sqrt(1 / 0.6 - 1))))
        left = (1 - reliability) / (1 - reliability * r2)
        assert left == pytest.approx(0.571429, abs=1e-6)
        bias = 0.8 / 2  # of the crude slope: g a / (a^2 + 1)
        assert_slope(seen, "Y", "X", "U", expected=0.5 + left * bias)

    def test_a_berkson_error_leaves_the_slope_and_widens_the_rest(self, pair):
        seen = observe(pair, mismeasure("X", error=Normal(0, 1), berkson=True))
        assert_slope(seen, "Y", "X", expected=0.5)
        frame = seen.to_pandas()
        rest = np.var(frame["Y"] - 0.5 * frame["X"])
        assert rest == pytest.approx(1 + 0.25, abs=5 * 1.25 * np.sqrt(2 / N))
        np.testing.assert_array_equal(seen["X"], seen.clean["X"])  # recorded is what was set
        assert np.std(seen.world["X"]) == pytest.approx(np.sqrt(2), abs=0.02)

    def test_a_differential_error_moves_the_slope_by_its_covariances(self, pair):
        seen = observe(pair, mismeasure("X", error=lambda Y, u=Normal(0, 1): 0.3 * Y + u))
        # W = 1.15 X + 0.3 e + v with Y = X / 2 + e: cov(W, Y) and var(W) term by term
        covariance, variance = 1.15 * 0.5 + 0.3, 1.15**2 + 0.09 + 1
        assert_slope(seen, "Y", "X", expected=covariance / variance)

    def test_a_multiplicative_error(self, pair):
        seen = observe(pair, mismeasure("X", factor=LogNormal(0, 0.4)))
        mean, square = np.exp(0.4**2 / 2), np.exp(2 * 0.4**2)  # E F, E F^2
        assert_slope(seen, "Y", "X", expected=0.5 * mean / square)

    def test_misclassification_by_the_matrix(self):
        model = SCM(T=Bernoulli(0.3), Y=lambda T, u=Normal(0, 1): 2.0 * T + u)
        world = model.sample(key=3, n=N)
        hits, passes = 0.9, 0.8
        seen = observe(world, mismeasure("T", sensitivity=hits, specificity=passes))
        shown = 0.3 * hits + 0.7 * (1 - passes)
        expected = 2 * 0.3 * 0.7 * (hits + passes - 1) / (shown * (1 - shown))
        assert_slope(seen, "Y", "T", expected=expected)
        assert seen["T"].dtype == world["T"].dtype
        half = observe(world, mismeasure("T", sensitivity=hits, specificity=passes, severity=0.5))
        truth = np.asarray(world["T"])
        assert np.asarray(half["T"])[truth == 1].mean() == pytest.approx(0.95, abs=0.005)
        assert np.asarray(half["T"])[truth == 0].mean() == pytest.approx(0.10, abs=0.005)

    def test_differential_misclassification(self):
        model = SCM(T=Bernoulli(0.5), Y=Bernoulli(0.5))
        by_outcome = mismeasure("T", sensitivity=lambda Y: 0.6 + 0.3 * Y)
        seen = observe(model.sample(key=4, n=N), by_outcome)
        treated = np.asarray(seen.clean["T"]) == 1
        for level, share in ((0, 0.6), (1, 0.9)):
            there = treated & (np.asarray(seen["Y"]) == level)
            error = np.sqrt(share * (1 - share) / there.sum())
            assert np.asarray(seen["T"])[there].mean() == pytest.approx(share, abs=5 * error)


class TestInClasses:
    @pytest.mark.parametrize(
        ("cuts", "reliability"),
        [
            ([0.0], 2 / np.pi),
            (list(stats.norm.ppf([0.2, 0.4, 0.6, 0.8])), 0.896955),
        ],
    )
    def test_a_coarse_confounder_leaves_part_of_the_bias(self, confounded, cuts, reliability):
        edges = stats.norm.pdf([-np.inf, *cuts, np.inf])
        shares = np.diff(stats.norm.cdf([-np.inf, *cuts, np.inf]))
        means = -np.diff(edges) / shares  # of U in each class
        assert (shares * means**2).sum() == pytest.approx(reliability, abs=1e-6)
        seen = observe(confounded, discretise("U", cuts=cuts, values=means))
        left = (1 - reliability) / (1 - reliability * 0.5)
        assert_slope(seen, "Y", "X", "U", expected=0.5 + left * 0.4)

    def test_a_dichotomised_variable_loses_correlation(self, pair):
        full = 0.5 / np.sqrt(1.25)
        once = observe(pair, discretise("X", cuts=[0.0])).to_pandas().corr().iloc[0, 1]
        assert once == pytest.approx(np.sqrt(2 / np.pi) * full, abs=5 / np.sqrt(N))
        both = observe(pair, discretise("X", cuts=[0.0]), discretise("Y", cuts=[0.0]))
        arcsine = 2 / np.pi * np.arcsin(full)
        assert both.to_pandas().corr().iloc[0, 1] == pytest.approx(arcsine, abs=5 / np.sqrt(N))


class TestSelected:
    def test_berkson(self):
        world = SCM(X=Normal(0, 1), Y=Normal(0, 1)).sample(key=5, n=N)
        frame = observe(world, select(lambda X, Y: X + Y > 0)).to_pandas()
        assert frame.corr().iloc[0, 1] == pytest.approx(-1 / (np.pi - 1), abs=5 / np.sqrt(N / 2))

    def test_on_the_outcome_the_slope_shrinks(self):
        slope = 0.7  # X standard normal, var(Y) = 1, R^2 = 0.49
        noise = float(np.sqrt(1 - slope**2))
        model = SCM(X=Normal(0, 1), Y=lambda X, u=Normal(0, noise): slope * X + u)
        seen = observe(model.sample(key=6, n=N), select(lambda Y: Y > 0.5))
        tail = stats.norm.pdf(0.5) / stats.norm.sf(0.5)
        narrower = tail * (tail - 0.5)
        factor = (1 - narrower) / (1 - 0.49 * narrower)
        assert factor == pytest.approx(0.418484, abs=1e-6)
        assert_slope(seen, "Y", "X", expected=slope * factor)

    def test_on_the_cause_only_nothing_happens_to_the_slope(self, pair):
        seen = observe(pair, select(lambda X: X > 0.5))
        assert_slope(seen, "Y", "X", expected=0.5)

    def test_severity_is_the_share_of_those_left_out(self, pair):
        seen = observe(pair, select(lambda X: X > 0, severity=0.25))
        out = np.asarray(seen.clean["X"]) <= 0
        assert np.asarray(seen.kept)[~out].all()
        assert np.asarray(seen.kept)[out].mean() == pytest.approx(0.75, abs=0.01)

    def test_n_keeps_the_first_that_are_selected(self, pair):
        seen = observe(pair, select(lambda X: X > 0, n=1_000))
        selected = np.flatnonzero(np.asarray(pair["X"]) > 0)
        np.testing.assert_array_equal(np.flatnonzero(np.asarray(seen.kept)), selected[:1_000])
        assert bool(seen.enough)
        short = observe(pair, select(lambda X: X > 5, n=1_000))
        assert not bool(short.enough)
        with pytest.raises(ValueError, match="n=1000 units are wanted, and of 200,000 only"):
            short.to_pandas()

    def test_heckman(self):
        """Selected where 0.3 + 0.8 x + z + v > 0, corr(u, v) = 0.6: E[y | s] = x b + rho lambda."""
        model = SCM(
            x=Normal(0, 1),
            z=Normal(0, 1),
            v=Normal(0, 1),
            y=lambda x, v, u=Normal(0, 0.8): 0.5 * x + 0.6 * v + u,
        )
        world = model.sample(key=7, n=4 * N)
        seen = observe(world, select(lambda x, z, v: 0.3 + 0.8 * x + z + v > 0))
        assert_slope(seen, "y", "x", expected=0.373727)  # by a grid over x and z
        frame = seen.to_pandas()
        index = 0.3 + 0.8 * frame["x"] + frame["z"]
        design = np.column_stack(
            [np.ones(len(frame)), frame["x"], stats.norm.pdf(index) / stats.norm.cdf(index)]
        )
        beta = np.linalg.lstsq(design, frame["y"].to_numpy(float), rcond=None)[0]
        np.testing.assert_allclose(beta[1:], [0.5, 0.6], atol=0.015)


class TestLost:
    def test_not_at_random_by_probit(self):
        a, b = 0.2, 1.0
        world = SCM(Y=Normal(0, 1)).sample(key=8, n=N)
        seen = observe(world, lose("Y", chance=lambda Y: jnp.asarray(1 - _Phi(a + b * Y))))
        k = a / np.sqrt(1 + b**2)
        mean = b / np.sqrt(1 + b**2) * stats.norm.pdf(k) / stats.norm.cdf(k)
        assert mean == pytest.approx(0.502107, abs=1e-6)
        values = seen.to_pandas()["Y"].dropna()
        assert values.mean() == pytest.approx(mean, abs=5 / np.sqrt(len(values)))

    def test_at_random_the_mean_of_complete_cases_moves_and_the_slope_does_not(self, pair):
        seen = observe(pair, lose("Y", chance=lambda X: jnp.asarray(1 - _Phi(X))))
        assert_slope(seen, "Y", "X", expected=0.5)
        present = ~np.asarray(seen.missing("Y"))
        y, x = np.asarray(seen["Y"])[present], np.asarray(seen["X"])[present]
        # E[X | R] = sqrt(1/2) phi(0) / Phi(0)
        moved = 0.5 * np.sqrt(0.5) * stats.norm.pdf(0) / 0.5
        assert y.mean() == pytest.approx(moved, abs=5 * 1.2 / np.sqrt(len(y)))
        weighted = np.average(y, weights=1 / stats.norm.cdf(x))
        assert weighted == pytest.approx(0.0, abs=0.05)

    def test_completely_at_random(self, pair):
        seen = observe(pair, lose("X", "Y", chance=0.3))
        both = np.asarray(seen.missing("X")) & np.asarray(seen.missing("Y"))
        assert both.mean() == pytest.approx(0.09, abs=5 * np.sqrt(0.09 * 0.91 / N))  # independent
        assert np.asarray(seen.complete()).mean() == pytest.approx(0.49, abs=0.006)
        assert np.asarray(seen.complete("X")).mean() == pytest.approx(0.7, abs=0.006)

    def test_dropout_is_monotone(self, pair):
        seen = observe(pair, lose("X", "Y", chance=0.3, monotone=True))
        gone, later = np.asarray(seen.missing("X")), np.asarray(seen.missing("Y"))
        assert later[gone].all()
        assert later.mean() == pytest.approx(1 - 0.7**2, abs=0.006)

    def test_the_graph_of_the_world_says_which_kind_it_is(self, pair):
        """An m-graph: whether what is lost has a path to its own indicator."""
        at_random = observe(pair, lose("Y", chance=lambda X: X > 0)).world.model.graph
        assert at_random.separated("Y", "Y lost", given="X")
        not_at_random = observe(pair, lose("Y", chance=lambda Y: Y > 0)).world.model.graph
        assert not not_at_random.separated("Y", "Y lost", given="X")
        completely = observe(pair, lose("Y", chance=0.2)).world.model.graph
        assert completely.separated("Y", "Y lost")


def _Phi(x):
    from jax.scipy.stats import norm

    return norm.cdf(x)


class TestTheRest:
    def test_a_censored_mean(self, pair):
        seen = observe(pair, censor("X", high=0.5, flag="top"))
        # E min(X, c) = c (1 - Phi(c)) - phi(c)
        mean = 0.5 * stats.norm.sf(0.5) - stats.norm.pdf(0.5)
        assert float(seen["X"].mean()) == pytest.approx(mean, abs=5 / np.sqrt(N))
        np.testing.assert_array_equal(seen["top"], seen.clean["X"] > 0.5)

    def test_censoring_from_both_sides_for_some(self, pair):
        seen = observe(pair, censor("X", low=-1.0, high=1.0, severity=0.5))
        x, shown = np.asarray(seen.clean["X"]), np.asarray(seen["X"])
        beyond = np.abs(x) > 1
        np.testing.assert_array_equal(shown[~beyond], x[~beyond])
        bound = shown[beyond] == np.sign(x[beyond])
        assert bound.mean() == pytest.approx(0.5, abs=0.02)
        np.testing.assert_array_equal(shown[beyond][~bound], x[beyond][~bound])

    def test_a_mixture_of_two_structures_turns_the_slope(self):
        one = SCM(X=Normal(0, 1), Y=lambda X, u=Normal(0, 1): -X + u)
        other = SCM(X=Normal(3, 1), Y=lambda X, u=Normal(0, 1): 6 - (X - 3) + u)
        seen = observe(one.sample(key=9, n=N), mix(other))
        assert_slope(seen, "Y", "X", expected=(-1 + 0.25 * 18) / (1 + 0.25 * 9))  # 1.076923
        member = np.asarray(seen.world["other"]) == 1
        frame = seen.to_pandas()
        for each in (member, ~member):
            assert np.polyfit(frame["X"][each], frame["Y"][each], 1)[0] == pytest.approx(
                -1, abs=0.02
            )
        none = observe(seen.clean, mix(other, severity=0.0))
        np.testing.assert_array_equal(none["Y"], seen.clean["Y"])

    def test_clusters_share_what_moves_them(self):
        model = SCM(Y=Normal(0, 1), Z=lambda Y: 2 * Y)
        seen = observe(model.sample(key=10, n=N), cluster("Y", size=10, effect=Normal(0, 0.7)))
        y = np.asarray(seen["Y"]).reshape(-1, 10)
        moved = y - np.asarray(seen.clean["Y"]).reshape(-1, 10)
        np.testing.assert_allclose(moved, moved[:, :1].repeat(10, axis=1), atol=1e-5)
        assert moved[:, 0].std() == pytest.approx(0.7, abs=5 * 0.7 / np.sqrt(2 * N / 10))
        np.testing.assert_array_equal(seen["cluster"], np.arange(N) // 10)
        np.testing.assert_allclose(seen["Z"], 2 * np.asarray(seen["Y"]), rtol=1e-6)

    def test_what_moves_units_goes_on_through_all_that_they_move(self):
        """X and Y = 2 X + e both shifted, in any order: the slope stays 2, and spreads add up."""
        world = SCM(X=Normal(0, 1), Y=lambda X, u=Normal(0, 1): 2 * X + u).sample(key=12, n=N)
        of_x = cluster("X", size=4, effect=Normal(0, 1), name="ward")
        of_y = cluster("Y", size=4, effect=Normal(0, 1))
        berkson = mismeasure("X", error=Normal(0, 1), berkson=True)
        for steps in ((of_x, of_y), (of_y, of_x), (of_y, berkson)):
            seen = observe(world, *steps)
            assert float(seen.world["Y"].var()) == pytest.approx(4 * 2 + 1 + 1, rel=0.03)
            assert_slope(seen, "Y", "X", expected=2.0)
        spilt = observe(world, interfere("Y", treatment="X", size=4, spill=1.0), berkson)
        assert float(spilt["Y"].var()) == pytest.approx(4 * 2 + 1 + 1 / 3, rel=0.03)

    def test_interference_adds_the_mean_of_the_others(self):
        model = SCM(T=Bernoulli(0.5), Y=lambda T, u=Normal(0, 1): T + u)
        seen = observe(model.sample(key=11, n=11), interfere("Y", treatment="T", size=4, spill=2.0))
        treated, before = np.asarray(seen["T"]), np.asarray(seen.clean["Y"])
        for unit in range(11):
            group = [j for j in range(11) if j // 4 == unit // 4 and j != unit]
            spilt = 2.0 * np.mean([treated[j] for j in group])
            assert seen["Y"][unit] == pytest.approx(before[unit] + spilt, abs=1e-6)
        one_left = observe(
            model.sample(key=11, n=5), interfere("Y", treatment="T", size=4, spill=2)
        )
        assert one_left["Y"][4] == before[4]

    def test_what_is_hidden_is_gone_or_missing_for_some(self, pair):
        assert list(observe(pair, hide("X"))) == ["Y"]
        some = observe(pair, hide("X", severity=0.25))
        assert np.asarray(some.missing("X")).mean() == pytest.approx(0.25, abs=0.006)
