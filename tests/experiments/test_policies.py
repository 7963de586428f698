"""Failures: counted over all attempts, left out together, or bounded from both sides."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from experiments import measures
from experiments.findings import Method
from experiments.measures import summarise

# Six attempts at the truth 1, of which two failed.
VALUES = (0.8, 1.3, 1.9, 0.4, math.nan, math.nan)
FAILURE = ("", "", "", "", "singular design", "time limit")
TRUTHS = pd.DataFrame({"world": ["w"], "estimand": ["e"], "value": [1.0], "se": [0.0]})


def attempts(method: str = "m", values: object = VALUES, **columns: object) -> pd.DataFrame:
    """Attempts with intervals of 0.5 to each side: two of the four successes hold the truth."""
    x = np.asarray(values, float)
    failure = np.where(np.isnan(x), "singular design", "")
    base = {"world": "w", "method": method, "replicate": range(len(x)), "value": x, "se": 0.25,
            "low": x - 0.5, "high": x + 0.5, "failure": failure}  # fmt: skip
    return pd.DataFrame({**base, **columns})


def judge(frame: pd.DataFrame, *names: str, truths: pd.DataFrame = TRUTHS, **options: object):
    methods = [Method(name, name, estimands=("e",)) for name in names or ("m",)]
    return summarise(frame, truths, methods, **options).set_index(["method", "measure"])


def test_rates_are_over_all_attempts_also_where_none_failed() -> None:
    table = judge(attempts(failure=FAILURE)).loc["m"]
    assert table.value["failures"] == pytest.approx(1 / 3)
    assert table.mcse["failures"] == pytest.approx(math.sqrt(2 / 9 / 6))
    assert table.note["failures"] == "2 of 6 (1 singular design, 1 time limit)"
    assert table.value["coverage"] == pytest.approx(2 / 4)
    whole = judge(attempts(values=VALUES[:4])).loc["m"]
    assert (whole.value["failures"], whole.note["failures"]) == (0, "0 of 4")


def test_a_named_failure_is_one_whatever_it_left_behind() -> None:
    frame = attempts(values=[*VALUES[:4], 7.0, 9.0], failure=[""] * 4 + ["did not converge"] * 2)
    table = judge(frame).loc["m"]
    assert table.note["failures"] == "2 of 6 (2 did not converge)"
    assert table.value["bias"] == pytest.approx(0.1)
    assert table.value["coverage"] == pytest.approx(2 / 4)


def test_bounds_by_hand() -> None:
    """Errors -0.2, 0.3, 0.9, -0.6; two more lie between -3 and 1, as the estimand is in (-2, 2)."""
    table = judge(attempts(), policy="bounds", limits={"e": (-2, 2)}).loc["m"]
    assert table.value["bias"] == pytest.approx(0.4 / 4)  # beside them, that of the successes
    assert table.value["bias_least"] == pytest.approx((0.4 - 6) / 6)
    assert table.value["bias_most"] == pytest.approx((0.4 + 2) / 6)
    squares = 0.04 + 0.09 + 0.81 + 0.36
    assert table.value["rmse_least"] ** 2 == pytest.approx(squares / 6)
    assert table.value["rmse_most"] ** 2 == pytest.approx((squares + 18) / 6)
    assert table.value[["coverage_least", "coverage_most"]].tolist() == pytest.approx(
        [2 / 6, 4 / 6]
    )
    assert table.mcse["coverage_least"] == pytest.approx(math.sqrt(2 / 9 / 6))
    # 0 is in [-0.1, 0.9] only, and in none, or both, of those that failed
    ends = table.value[["rejection_least", "rejection_most"]]
    assert ends.tolist() == pytest.approx([3 / 6, 5 / 6])
    completed = [*VALUES[:4], 2.0, 2.0]
    assert table.mcse["bias_most"] == pytest.approx(np.std(completed, ddof=1) / math.sqrt(6))
    rows = list(judge(attempts()).loc["m"].index)
    assert list(table.index) == [name for name in measures.LABELS if name in table.index]
    assert set(table.index) - set(rows) == {
        f"{name}_{end}" for name in ("bias", "rmse", "coverage", "rejection")
        for end in ("least", "most")
    }  # fmt: skip


def test_bounds_without_stated_limits_or_without_failures() -> None:
    table = judge(attempts(), policy="bounds").loc["m"]
    assert math.isnan(table.value["bias_most"])
    assert table.note["bias_most"] == "no limits of the estimand are stated"
    assert table.value["coverage_most"] == pytest.approx(4 / 6)
    whole = judge(attempts(values=VALUES[:4]), policy="bounds").loc["m"]
    for name in ("bias", "rmse", "coverage", "rejection"):
        assert whole.value[f"{name}_least"] == whole.value[f"{name}_most"] == whole.value[name]


def test_bounds_hold_where_all_failed_and_where_only_the_interval_is_missing() -> None:
    lost = judge(attempts(values=[math.nan] * 4), policy="bounds", limits={"e": (0, 3)}).loc["m"]
    assert (lost.value["bias_least"], lost.value["bias_most"]) == (-1, 2)
    assert (lost.value["coverage_least"], lost.value["coverage_most"]) == (0, 1)
    half = attempts(values=VALUES[:4])
    half.loc[[0, 2], ["low", "high"]] = math.nan  # a hit and a miss
    table = judge(half, policy="bounds").loc["m"]
    assert table.value["coverage"] == pytest.approx(1 / 2)
    assert (table.value["coverage_least"], table.value["coverage_most"]) == (1 / 4, 3 / 4)


def test_bounds_about_each_data_sets_own_truth() -> None:
    """Own truths 1, 2, 0 and none: what failed is off by -2 - 0 to 2 - 0, and by -4 to 4."""
    frame = attempts(values=[1.5, 2.5, math.nan, math.nan], truth_e=[1.0, 2.0, 0.0, math.nan])
    table = judge(frame, policy="bounds", limits={"e": (-2, 2)}).loc["m"]
    assert table.value["bias"] == pytest.approx(0.5)
    assert table.value["bias_least"] == pytest.approx((0.5 + 0.5 - 2 - 4) / 4)
    assert table.value["bias_most"] == pytest.approx((0.5 + 0.5 + 2 + 4) / 4)
    assert table.value["rmse_least"] ** 2 == pytest.approx(0.5 / 4)
    assert table.value["rmse_most"] ** 2 == pytest.approx((0.5 + 4 + 16) / 4)


def test_bounds_hold_whatever_the_failures_would_have_been() -> None:
    random = np.random.default_rng(31)
    for _ in range(50):
        whole = np.clip(random.normal(0.8, 1.0, 30), -2, 2)
        full = judge(attempts(values=whole)).loc["m"]
        whole[random.random(30) < 0.3] = math.nan
        table = judge(attempts(values=whole), policy="bounds", limits={"e": (-2, 2)}).loc["m"]
        for name in ("bias", "rmse", "coverage", "rejection"):
            least, most = table.value[f"{name}_least"], table.value[f"{name}_most"]
            assert least - 1e-12 <= full.value[name] <= most + 1e-12


def test_a_bound_is_flagged_where_even_the_kindest_is_off() -> None:
    z = np.random.default_rng(32).normal(size=400)
    z[:8] = math.nan
    frame = attempts(values=3.0 + z)
    table = judge(frame, policy="bounds", limits={"e": (-9, 9)}).loc["m"]
    assert table.flagged["bias_least"]
    assert not table.flagged["bias_most"]
    assert table.flagged["coverage_most"]
    assert not table.flagged["coverage_least"]


def test_listwise_keeps_what_all_could_do_and_still_tells_the_rates() -> None:
    whole = attempts("other", [0.9, 1.1, 1.3, 0.7, 50.0, 60.0])
    both = pd.concat([attempts(), whole])
    report = judge(both, "m", "other")
    assert report.value["other", "bias"] == pytest.approx(114 / 6 - 1)
    table = judge(both, "m", "other", policy="listwise")
    assert table.value["other", "bias"] == pytest.approx(0)
    assert table.value["m", "bias"] == report.value["m", "bias"]
    assert table.value["m", "failures"] == pytest.approx(1 / 3)
    assert table.value["other", "failures"] == 0
    assert table.value["other", "attempts"] == 6
    said = "measured on the 4 data sets on which all succeeded"
    assert table.note["other", "attempts"] == said
    alone = pd.concat([attempts("m", [1.0, 2.0] + [math.nan] * 4),
                       attempts("other", [math.nan] * 2 + [1.0, 2.0, 1.0, 2.0])])  # fmt: skip
    table = judge(alone, "m", "other", policy="listwise")
    assert math.isnan(table.value["m", "bias"])
    assert table.note["m", "bias"] == "measured on the 0 data sets on which all succeeded"


def test_the_functions_of_arrays_say_the_same() -> None:
    assert measures.listwise([[3, 1, 2], [2, 3, 9], [3, 2]]).tolist() == [2, 3]
    assert measures.listwise([[1, 2], []]).tolist() == []
    gap = ([0.9, math.nan], [1.1, math.nan])
    least, most = measures.coverage_bounds([0, 0], [2, 2], 2, 1.0, gap=gap)
    assert (least.name, least.value) == ("coverage_least", 1 / 4)
    assert (most.name, most.value) == ("coverage_most", 3 / 4)
    with pytest.raises(ValueError, match="a lower and an upper limit for every failed estimate"):
        measures.bias_bounds([1.0], [2.0], [1.0], 1.0)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"policy": "lstwise"}, "one of report, listwise, bounds is wanted, given 'lstwise'"),
        ({"limits": {"f": (0, 1)}}, "limits: one of e is wanted, given 'f'"),
        ({"limits": {"e": (2, 3)}}, r"limits of e: .* given \(2, 3\) for 1"),
        ({"limits": {"e": (2, -3)}}, r"limits of e: two finite numbers"),
        ({"null": {"f": 1.0}}, "null: one of e is wanted, given 'f'"),
    ],
)
def test_refusals(options: dict, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        judge(attempts(), **options)
