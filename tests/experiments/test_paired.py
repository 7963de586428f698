"""Differences on the same data: hand-worked fractions, what cancels, what is refused, the frame."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiments import measures
from experiments.findings import Method
from experiments.measures import Measure, compare
from experiments.measures.attempts import Attempts
from experiments.measures.sizes import size_error

# a - b is -1, 0, 1, 2; about the truth 2 the squares are 1, 0, 4, 9 and 0, 0, 1, 1.
A, B, TRUTH, TAU = (1, 2, 4, 5), (2, 2, 3, 3), 2.0, 0.5
ENDS_A = ((0, 1, 3.5, 3), (2, 3, 5, 8))  # hits 1, 1, 0, 0
ENDS_B = ((0, 1, 1.5, 3), (2, 3, 5, 8))  # hits 1, 1, 1, 0


@pytest.mark.parametrize(
    ("measure", "value", "squared_mcse"),
    [
        (measures.bias_difference(A, B), Fraction(1, 2), Fraction(5, 3) / 4),
        # 1, 0, 3, 8: mean 3, variance 38/3; and 4 (1/2)^2 tau^2
        (measures.mse_difference(A, B, TRUTH), Fraction(3), Fraction(38, 12)),
        (measures.mse_difference(A, B, TRUTH, TAU), Fraction(3), Fraction(38, 12) + Fraction(1, 4)),
        # variances 10/3 and 1/3, covariance 1, so r^2 = 9/10: 200 * 10 * sqrt((1/10) / 3)
        (measures.precision_gain(A, B), Fraction(900), Fraction(2000**2, 30)),
        (measures.precision_gain(B, A), Fraction(-90), Fraction(20**2, 30)),
        # 0, 0, -1, 0: variance 1/4
        (measures.coverage_difference(ENDS_A, ENDS_B, TRUTH), Fraction(-1, 4), Fraction(1, 16)),
    ],
    ids=lambda given: given.name if isinstance(given, Measure) else "",
)
def test_in_exact_fractions(measure: Measure, value: Fraction, squared_mcse: Fraction) -> None:
    assert measure.value == pytest.approx(float(value), rel=1e-12)
    assert measure.mcse**2 == pytest.approx(float(squared_mcse), rel=1e-12)


def test_the_difference_of_medians_is_worked_by_hand() -> None:
    # distances from 2: 1 0 2 3, median 3/2; and 0 0 1 1, median 1/2
    made = measures.median_error_difference(A, B, TRUTH)
    assert made.value == 1
    assert math.isnan(made.mcse)
    assert "6 are needed" in made.note


def test_it_is_the_paired_t_test_and_that_of_pitman_and_morgan() -> None:
    random = np.random.default_rng(3)
    a = random.normal(1.3, 1.0, 300)
    b = 0.6 * a + random.normal(0.5, 0.5, 300)
    bias = measures.bias_difference(a, b)
    assert bias.value / bias.mcse == pytest.approx(stats.ttest_rel(a, b).statistic, rel=1e-10)
    square = measures.mse_difference(a, b, 1.0)
    expected = stats.ttest_rel((a - 1) ** 2, (b - 1) ** 2).statistic
    assert square.value / square.mcse == pytest.approx(expected, rel=1e-10)
    gain = measures.precision_gain(a, b)
    r = np.corrcoef(a, b)[0, 1]
    assert gain.value == pytest.approx(100 * (a.var() / b.var() - 1), rel=1e-10)
    assert gain.mcse == pytest.approx(200 * a.var() / b.var() * math.sqrt((1 - r**2) / 299))


def tried(values, ends, replicates=None) -> Attempts:
    low, high = ends
    frame = pd.DataFrame({"replicate": replicates or range(len(values)), "value": values, "se": 1.0,
                          "low": low, "high": high, "failure": ""})  # fmt: skip
    return Attempts.of(frame, "e", TRUTH)


@pytest.mark.parametrize(
    ("measure", "squared"),
    [
        # biases of 1 and 1/2: both are above 0, and what is left is the paired difference
        ("bias", Fraction(5, 12)),
        ("estimate", Fraction(5, 12)),
        ("mse", Fraction(38, 12)),
        ("coverage", Fraction(1, 16)),
    ],
)
def test_the_error_of_a_difference_in_size_is_that_of_pairs(measure, squared) -> None:
    error = size_error(measure, tried(A, ENDS_A), tried(B, ENDS_B), TRUTH)
    assert error**2 == pytest.approx(float(squared), rel=1e-12)


def test_sizes_of_unlike_signs_and_unlike_data_sets() -> None:
    b = tuple(4 - x for x in B)  # 2, 2, 1, 1: a bias of -1/2, and a + b is 3, 4, 5, 6
    one, other = tried(A, ENDS_A), tried(b, ENDS_B)
    assert size_error("bias", one, other, TRUTH) ** 2 == pytest.approx(5 / 3 / 4)
    # signs that differ: the truth's error comes twice; of estimates it does not come at all
    assert size_error("bias", one, other, TRUTH, TAU) ** 2 == pytest.approx(5 / 12 + (2 * TAU) ** 2)
    assert size_error("estimate", one, tried(B, ENDS_B), TRUTH, TAU) ** 2 == pytest.approx(5 / 12)
    # no data set in common: variances 10/3 and 1/3, each over 4, with 8/7 for 4/3
    apart = tried(B, ENDS_B, [4, 5, 6, 7])
    expected = Fraction(8, 7) * Fraction(3, 4) * (Fraction(10, 12) + Fraction(1, 12))
    assert size_error("bias", one, apart, TRUTH) ** 2 == pytest.approx(float(expected))
    assert math.isnan(size_error("width", one, other, TRUTH))
    assert math.isnan(size_error("bias", one, tried(B[:1], ((0,), (2,))), TRUTH))


def test_the_error_of_a_difference_of_rmse_is_that_of_many_studies() -> None:
    random = np.random.default_rng(11)
    shared = random.normal(size=(2_000, 1, 50))
    x = TRUTH + np.array([[0.3], [-0.2]]) + shared + 0.3 * random.normal(size=(2_000, 2, 50))
    rmse = np.sqrt(((x - TRUTH) ** 2).mean(axis=2))
    ends = (np.zeros(50), np.ones(50))
    told = [size_error("rmse", *(tried(each, ends) for each in study), TRUTH) for study in x]
    spread = (rmse[:, 0] - rmse[:, 1]).std(ddof=1)
    # the delta method's own error at 50 data sets is a few per cent
    assert np.sqrt(np.mean(np.square(told))) == pytest.approx(spread, rel=0.05)


def test_what_both_share_cancels() -> None:
    random = np.random.default_rng(4)
    shared, own = random.normal(size=500), 0.01 * random.normal(size=(2, 500))
    a, b = shared + own
    paired = measures.bias_difference(a, b).mcse
    apart = math.hypot(measures.bias(a, 0.0).mcse, measures.bias(b, 0.0).mcse)
    assert paired < apart / 50
    same = measures.mse_difference(a, a, 0.3, 0.2)
    assert (same.value, same.mcse) == (0, 0)


@pytest.mark.parametrize(
    "measure",
    [
        lambda x: measures.bias_difference(x, x),
        lambda x: measures.mse_difference(x, x, 1.0),
        lambda x: measures.coverage_difference((x, x), (x, x), 1.0, 0.1),
        lambda x: measures.precision_gain(x, x),
        lambda x: measures.median_error_difference(x, x, 1.0),
    ],
)
def test_too_few_is_said(measure) -> None:
    for values in ([], [1.0]):
        made = measure(values)
        assert math.isnan(made.value)
        assert "estimate" in made.note


def test_estimates_that_are_no_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="the same order, are wanted, given 2 and 3"):
        measures.bias_difference([1, 2], [1, 2, 3])
    with pytest.raises(ValueError, match="given nan at position 0"):
        measures.mse_difference([math.nan, 2], [1, 2], 1.0)


def attempts(method: str, values: object, **columns: object) -> pd.DataFrame:
    x = np.asarray(values, float)
    base = {"world": "w", "method": method, "replicate": range(len(x)), "value": x, "se": 1.0,
            "low": x - 1, "high": x + 1, "failure": ""}  # fmt: skip
    return pd.DataFrame({**base, **columns})


TRUTHS = pd.DataFrame({"world": ["w"], "estimand": ["e"], "value": [TRUTH], "se": [0.0]})


def methods(*names: str, **fields: object) -> list[Method]:
    return [Method(name, name, estimands=("e",), **fields) for name in names]


def test_pairs_are_matched_by_data_set_and_not_by_row() -> None:
    shuffled = attempts("b", B).iloc[[2, 0, 3, 1]]
    table = compare(pd.concat([attempts("a", A), shuffled]), TRUTHS, methods("b", "a"))
    assert set(zip(table.method, table.reference, strict=True)) == {("a", "b")}
    found = table.set_index("measure")
    assert list(found.index) == list(measures.DIFFERENCES)
    assert found.value["bias_difference"] == pytest.approx(0.5)
    assert found.value["mse_difference"] == pytest.approx(3)
    assert found.value["precision_gain"] == pytest.approx(-90)  # of a over b
    assert found.mcse["mse_difference"] == pytest.approx(math.sqrt(38 / 12))


def test_a_pair_is_compared_where_both_succeeded() -> None:
    broken = attempts("a", [*A, math.nan], failure=["", "", "", "", "singular"])
    both = pd.concat([broken, attempts("b", [*B, 100])])
    table = compare(both, TRUTHS, methods("a", "b"), reference="b").set_index("measure")
    assert (table.replicates == 4).all()
    assert table.value["bias_difference"] == pytest.approx(0.5)


def test_a_reference_is_what_the_others_are_compared_with() -> None:
    three = pd.concat([attempts(name, B) for name in "abc"])
    table = compare(three, TRUTHS, methods("a", "b", "c"), reference="b")
    assert set(zip(table.method, table.reference, strict=True)) == {("a", "b"), ("c", "b")}
    assert len(compare(three, TRUTHS, methods("a", "b", "c"))) == 3 * len(measures.DIFFERENCES)
    with pytest.raises(ValueError, match="one of a, b, c is wanted, given 'bb'; did you mean 'b'"):
        compare(three, TRUTHS, methods("a", "b", "c"), reference="bb")


def test_intervals_only_and_laws_without_moments_are_said() -> None:
    nothing = [math.nan] * 4
    only = pd.concat([attempts("a", A), attempts("b", B).assign(value=nothing, se=nothing)])
    table = compare(only, TRUTHS, methods("a", "b")).set_index("measure")
    assert table.note["bias_difference"] == "intervals only"
    # truth 2: a is within 1 of it in 2 of 4, b in 4 of 4
    assert table.value["coverage_difference"] == pytest.approx(0.5)
    both = pd.concat([attempts("a", A), attempts("b", B)])
    table = compare(both, TRUTHS, methods("a", "b", moments=0)).set_index("measure")
    assert math.isnan(table.value["mse_difference"])
    assert table.note["mse_difference"] == "no finite moments"
    assert table.value["median_error_difference"] == -1
