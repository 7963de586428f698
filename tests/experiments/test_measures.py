"""The measures against hand-computed numbers, in exact fractions, and what is refused."""

from __future__ import annotations

import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments import measures
from experiments.measures import Measure

# Six replications, worked by hand from the formulas of Morris, White and Crowther (2019).
ESTIMATES = (0.8, 1.3, 1.9, 0.4, 1.2, 1.0)
ERRORS = (0.3, 0.2, 0.3, 0.25, 0.3, 0.35)
TRUTH = 1.0
LOW = tuple(x - 1.96 * se for x, se in zip(ESTIMATES, ERRORS, strict=True))
HIGH = tuple(x + 1.96 * se for x, se in zip(ESTIMATES, ERRORS, strict=True))


@pytest.mark.parametrize(
    ("measure", "value", "mcse"),
    [
        (measures.bias(ESTIMATES, TRUTH), 0.1, 0.206559),
        (measures.empirical_se(ESTIMATES), 0.505964, 0.16),
        (measures.mse(ESTIMATES, TRUTH), 0.223333, 0.128806),
        (measures.rmse(ESTIMATES, TRUTH), 0.472582, 0.128806 / (2 * 0.472582)),
        (measures.relative_error(ESTIMATES, ERRORS), -43.231556, 18.383411),
        (measures.coverage(LOW, HIGH, TRUTH), 0.666667, 0.19245),
        # mean of squares 0.0825; their variance 0.000795, so sqrt(0.000795 / (4 * 6 * 0.0825))
        (measures.model_se(ERRORS), 0.287228, 0.020038),
        (measures.failures([True, False, False, False]), 0.25, math.sqrt(0.25 * 0.75 / 4)),
    ],
    ids=lambda given: given.name if isinstance(given, Measure) else "",
)
def test_worked_by_hand(measure: Measure, value: float, mcse: float) -> None:
    assert measure.value == pytest.approx(value, abs=5e-7)
    assert measure.mcse == pytest.approx(mcse, abs=1e-6)


# Four replications: mean 3, sum of squares about it 10; errors about the truth 2: -1, 0, 2, 3.
X, SE, AT, TAU = (1, 2, 4, 5), (1, 2, 2, 3), 2.0, 0.5
ENDS = ((0, 1, 3.5, 3), (2, 3, 5, 8))


@pytest.mark.parametrize(
    ("measure", "value", "squared_mcse"),
    [
        # 10/3 over 4, and tau^2 = 1/4
        (measures.bias(X, AT, TAU), Fraction(1), Fraction(5, 6) + Fraction(1, 4)),
        # of the ratio 3/2: 5/6 over the truth squared, and (3 * 1/2 / 4)^2
        (measures.relative_bias(X, AT, TAU), Fraction(50),
         100**2 * (Fraction(5, 24) + Fraction(9, 64))),
        (measures.relative_bias([-x for x in X], -AT, TAU), Fraction(50),
         100**2 * (Fraction(5, 24) + Fraction(9, 64))),
        # squares 1, 0, 4, 9 with variance 49/3; 4 bias^2 tau^2 + 2 tau^4 = 1 + 1/8
        (measures.mse(X, AT, TAU), Fraction(7, 2), Fraction(49, 12) + Fraction(9, 8)),
        # se^2 1, 4, 4, 9 with mean 9/2 and variance 11: 11 / (4 * 4 * 9/2)
        (measures.relative_error(X, SE), None, 100**2 * Fraction(27, 20) * Fraction(65, 324)),
        (measures.coverage(*ENDS, AT), Fraction(1, 2), Fraction(1, 16)),
        (measures.bias_eliminated_coverage(X, *ENDS), Fraction(1, 2), Fraction(1, 16)),
        (measures.rejection(*ENDS), Fraction(3, 4), Fraction(3, 64)),
        (measures.rejection(*ENDS, null=3.5), Fraction(3, 4 ) - Fraction(1, 4), Fraction(1, 16)),
        # lengths 2, 2, 3/2, 5: sum of squares about 21/8 is 492/64
        (measures.width(*ENDS), Fraction(21, 8), Fraction(492, 64) / 12),
        (measures.pehe([1, 2, 4, 5]), Fraction(3), Fraction(5, 6)),
        # sqrt(3^2 - tau^2) = 12/5 for tau = 9/5: 3/5 less
        (measures.pehe([1, 2, 4, 5], 1.8), Fraction(3), Fraction(5, 6) + Fraction(9, 25)),
        (measures.regret([1, 2, 4, 5], TAU), Fraction(3), Fraction(5, 6) + Fraction(1, 4)),
    ],
    ids=lambda given: given.name if isinstance(given, Measure) else "",
)  # fmt: skip
def test_in_exact_fractions(
    measure: Measure, value: Fraction | None, squared_mcse: Fraction
) -> None:
    if value is None:  # the square of 1 + error / 100 is 9/2 over 10/3
        assert (1 + measure.value / 100) ** 2 == pytest.approx(27 / 20, rel=1e-12)
    else:
        assert measure.value == pytest.approx(float(value), rel=1e-12)
    assert measure.mcse**2 == pytest.approx(float(squared_mcse), rel=1e-12)


def test_bias_eliminated_coverage_of_the_worked_example() -> None:
    # mean 1.1, which [1.312, 2.488] and [-0.09, 0.89] do not hold
    made = measures.bias_eliminated_coverage(ESTIMATES, LOW, HIGH)
    assert made.value == pytest.approx(4 / 6)
    assert made.mcse == pytest.approx(math.sqrt(2 / 9 / 6))


def test_the_mean_of_equal_estimates_is_this_number() -> None:
    x = np.full(6, 0.1)
    assert x.sum() / 6 != 0.1
    assert measures.bias_eliminated_coverage(x, x, x).value == 1


def test_a_relative_bias_needs_a_truth_that_is_not_0() -> None:
    assert measures.relative_bias(ESTIMATES, 0.0).note == "the truth is 0"
    within = measures.relative_bias(ESTIMATES, 0.2, 0.1)
    assert math.isnan(within.value)
    assert within.note == "the truth is within 3 of its errors of 0"


def test_width_of_sets_that_are_no_bounded_intervals() -> None:
    inf, nan = math.inf, math.nan
    # two rays without (1, 3) are unbounded; [0, 4] without (1, 3) is of length 2; empty is of 0
    low, high, gap = [-inf, 0, inf], [inf, 4, -inf], ([1, 1, nan], [3, 3, nan])
    made = measures.width(low, high, gap=gap)
    assert (made.value, made.note) == (inf, "unbounded in 1 of 3")
    assert math.isnan(made.mcse)
    assert measures.median_width(low, high, gap=gap).value == 2
    assert measures.width(low[1:], high[1:], gap=([1, nan], [3, nan])).value == 1


def test_median_width_with_some_unbounded() -> None:
    lengths = np.append(np.arange(1.0, 96.0), np.full(5, np.inf))
    made = measures.median_width(np.zeros(100), lengths)
    assert made.value == 50.5
    # ranks 50.5 -+ 10, the 95% limits of a median by signs: lengths 40 or 41, and 60 or 61
    assert 4.5 <= made.mcse <= 5.5
    assert made.note == "unbounded in 5 of 100"
    most = measures.median_width(np.zeros(9), np.append(np.ones(4), np.full(5, np.inf)))
    assert most.value == math.inf
    assert math.isnan(most.mcse)


def test_heavy_tails_are_said() -> None:
    random = np.random.default_rng(9)
    assert measures.empirical_se(random.normal(size=2_000)).note == ""
    heavy = random.standard_t(4.5, size=2_000)
    s = heavy.std(ddof=1)
    kurtosis = np.mean(((heavy - heavy.mean()) / s) ** 4)
    times = math.sqrt((kurtosis - 1) / 2)
    assert times > 1.5
    made = measures.empirical_se(heavy)
    assert made.note.endswith(f"may be {times:.1f} times as large")
    assert measures.relative_error(heavy, np.ones(2_000)).note == made.note


@settings(deadline=None)
@given(
    st.lists(st.floats(-100, 100), min_size=6, max_size=20),
    st.floats(-10, 10),
    st.floats(0.1, 10),
)
def test_shifting_and_stretching(values: list[float], shift: float, scale: float) -> None:
    x = np.array(values)
    for measure in (measures.bias, measures.median_bias, measures.rmse, measures.median_error):
        before, after = measure(x, 1.0), measure(scale * x[::-1] + shift, scale + shift)
        assert after.value == pytest.approx(scale * before.value, abs=1e-6)
        assert after.mcse == pytest.approx(scale * before.mcse, abs=1e-5)


def test_coverage_uses_the_intervals_even_unbounded_ones() -> None:
    low, high = [-math.inf, 0.5, 2.0, 1.0], [math.inf, math.inf, 3.0, 1.5]
    assert measures.coverage(low, high, 1.0).value == 0.75
    assert measures.coverage([math.inf] * 4, [-math.inf] * 4, 1.0).value == 0.0
    assert measures.coverage([0.0] * 4, [2.0] * 4, 1.0) == Measure("coverage", 1.0, 0.0, "all 4")


@pytest.mark.parametrize(
    "measure",
    [
        lambda x: measures.bias(x, 1.0),
        lambda x: measures.median_bias(x, 1.0),
        measures.empirical_se,
        measures.mad,
        measures.model_se,
        lambda x: measures.relative_error(x, x),
        lambda x: measures.rmse(x, 1.0),
        lambda x: measures.coverage(x, x, 1.0),
        lambda x: measures.coverage(x, x, 1.0, 0.1),
        lambda x: measures.relative_bias(x, 1.0),
        lambda x: measures.mse(x, 1.0),
        lambda x: measures.median_error(x, 1.0, 0.1),
        lambda x: measures.bias_eliminated_coverage(x, x, x),
        lambda x: measures.rejection(x, x),
        lambda x: measures.width(x, x),
        lambda x: measures.median_width(x, x),
        measures.pehe,
        measures.regret,
    ],
)
def test_too_few_is_said(measure) -> None:
    for values, word in (([], "no"), ([1.0], "one")):
        made = measure(values)
        assert math.isnan(made.value)
        assert math.isnan(made.mcse)
        assert made.note.startswith(word)
        assert "estimate" in made.note


def test_five_estimates_give_a_median_without_an_error() -> None:
    for made in (measures.median_bias(ESTIMATES[:5], 1.0), measures.mad(ESTIMATES[:5])):
        assert math.isfinite(made.value)
        assert math.isnan(made.mcse)
        assert "6 are needed" in made.note


def test_equal_estimates_have_no_spread() -> None:
    same = np.full(1_000, -13 / 240)
    assert np.std(same) > 0  # for the mean is rounded
    assert measures.empirical_se(same) == Measure("empirical_se", 0.0, 0.0)
    assert measures.mad(same) == Measure("mad", 0.0, 0.0)
    assert measures.relative_error(same, same).note == "no spread to compare"


def test_what_is_not_finite_is_refused() -> None:
    with pytest.raises(ValueError, match=r"bias: .* given nan at position 1 \(1 of 3 "):
        measures.bias([0.0, math.nan, 1.0], 0.0)
    with pytest.raises(ValueError, match=r"intervals: .* 2 and 2 ends, 1 of them NaN"):
        measures.coverage([0.0, math.nan], [1.0, 1.0], 0.5)


def test_units_of_one_data_set_are_refused_where_they_do_not_fit() -> None:
    with pytest.raises(ValueError, match="an effect for every estimate is wanted, given 2 for 3"):
        measures.pehe_of([1, 2, 3], [1, 2])
    with pytest.raises(ValueError, match=r"one action of 0 to 1 for each of 2 units"):
        measures.regret_of([[0, 1], [1, 0]], [0, 2])
    with pytest.raises(ValueError, match=r"shape \(units, actions\) .* 1 that are not finite"):
        measures.regret_of([[0, math.nan], [1, 0]], [0, 1])
    with pytest.raises(ValueError, match="given 2 for 3"):
        measures.bias_eliminated_coverage([1, 2, 3], [0, 0], [1, 1])


def test_importing_is_cheap() -> None:
    code = (
        "import sys, experiments.measures as m; m.bias([0, 1], 0); "
        "print(*({'jax', 'pandas', 'scipy', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
