"""The summary: what is counted, what exists, what is said, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from experiments import measures
from experiments.findings import Method
from experiments.measures import summarise, widen

# Six replications, worked by hand from the formulas of Morris, White and Crowther (2019).
ESTIMATES = (0.8, 1.3, 1.9, 0.4, 1.2, 1.0)
ERRORS = (0.3, 0.2, 0.3, 0.25, 0.3, 0.35)
TRUTH = 1.0
LOW = tuple(x - 1.96 * se for x, se in zip(ESTIMATES, ERRORS, strict=True))
HIGH = tuple(x + 1.96 * se for x, se in zip(ESTIMATES, ERRORS, strict=True))


def frame(**columns: object) -> pd.DataFrame:
    """Six attempts of method m in world w, with some columns changed."""
    base = {"world": "w", "method": "m", "replicate": range(6), "value": ESTIMATES,
            "se": ERRORS, "low": LOW, "high": HIGH, "n": 10, "failure": ""}  # fmt: skip
    return pd.DataFrame({**base, **columns})


TRUTHS = pd.DataFrame({"world": ["w"], "estimand": ["e"], "value": [TRUTH], "se": [0.0]})


REPORTED = [
    name
    for name in measures.LABELS
    if name not in ("pehe", "regret", "miscalibration") and not name.endswith(("_least", "_most"))
]


def judge(moments: float = math.inf, truths: pd.DataFrame = TRUTHS, **columns: object):
    """The summary of these attempts, by measure."""
    method = Method("m", "M", moments=moments, estimands=("e",))
    return summarise(frame(**columns), truths, [method]).set_index("measure")


def test_the_summary_holds_the_measures() -> None:
    table = judge()
    assert table.value["bias"] == pytest.approx(0.1)
    assert table.mcse["relative_error"] == pytest.approx(18.383411, abs=1e-6)
    assert table.value["coverage"] == pytest.approx(2 / 3)
    assert table.value["attempts"] == 6
    assert list(table.index) == REPORTED


def test_coverage_comes_from_the_interval_not_from_the_standard_error() -> None:
    assert judge(low=[-9.0] * 6, high=[9.0] * 6).value["coverage"] == 1.0


FIRST = {"bias", "relative_bias", "bias_eliminated_coverage"}
SECOND = {"empirical_se", "mse", "rmse", "width"}
FOURTH = {"model_se", "relative_error"}


@pytest.mark.parametrize(
    ("moments", "gone", "uncertain"),
    [
        (0, FIRST | SECOND | FOURTH, set()),
        (1, SECOND | FOURTH, FIRST),
        (2, FOURTH, SECOND),
        (4, set(), FOURTH),
        (8, set(), set()),
    ],
)
def test_moments_decide_what_exists(moments: float, gone: set, uncertain: set) -> None:
    table = judge(moments)
    kept = table[
        ~table.index.isin(
            ["coverage_own", "bias_own", "rank", "attempts", "seconds", "compile_seconds"]
        )
    ]
    assert set(kept.index[kept.value.isna()]) == gone
    assert set(kept.index[kept.mcse.isna()]) == gone | uncertain
    assert (table.note[list(gone | uncertain)] != "").all()
    if moments == 0:
        assert set(table.note[list(gone)]) == {"no finite moments"}


def test_failed_rows_are_counted_and_nothing_else() -> None:
    values = [*ESTIMATES[:4], math.nan, math.nan]
    table = judge(value=values, failure=["", "", "", "", "singular design", "singular design"])
    assert table.value["failures"] == pytest.approx(1 / 3)
    assert table.mcse["failures"] == pytest.approx(math.sqrt(2 / 9 / 6))
    assert table.note["failures"] == "2 of 6 (2 singular design)"
    assert table.value["bias"] == pytest.approx(np.mean(ESTIMATES[:4]) - 1)
    assert table.value["coverage"] == pytest.approx(2 / 4)


def test_a_value_that_is_not_finite_is_a_failure_even_unnamed() -> None:
    table = judge(value=[*ESTIMATES[:5], math.inf])
    assert table.note["failures"] == "1 of 6 (1 not finite)"
    assert table.value["bias"] == pytest.approx(np.mean(ESTIMATES[:5]) - 1)


def test_all_failed_is_said_everywhere() -> None:
    nothing = [math.nan] * 6
    table = judge(value=nothing, se=nothing, low=nothing, high=nothing, failure="singular design")
    assert table.value["failures"] == 1
    judged = REPORTED[: REPORTED.index("coverage_own")]
    assert set(table.note[judged]) == {"all 6 failed"}
    assert table.value[judged].isna().all()


def test_intervals_without_estimates_are_judged_by_coverage() -> None:
    nothing = [math.nan] * 6
    table = judge(value=nothing, se=nothing)
    assert table.value["coverage"] == pytest.approx(2 / 3)
    assert table.value["failures"] == 0
    assert table.note["bias"] == "intervals only"


def test_two_rays_do_not_hold_what_is_between_them() -> None:
    line = {"low": [-math.inf] * 6, "high": [math.inf] * 6}
    gaps = {"gap_low": [0.9, 0.9, 1.1, math.nan, 1.0, 0.0], "gap_high": [1.1, 2, 2, math.nan, 2, 1]}
    assert judge(**line).value["coverage"] == 1.0
    assert judge(**line, **gaps).value["coverage"] == pytest.approx(4 / 6)  # ends are held


def test_a_null_is_rejected_by_the_intervals_as_they_came() -> None:
    """With truths of its own an interval is moved to be judged; what it rejects is not."""
    table = judge()
    # 0 is outside of all but [-0.09, 0.89]
    assert table.value["rejection"] == pytest.approx(5 / 6)
    assert table.note["rejection"] == "power"
    assert table.value["width"] == pytest.approx(2 * 1.96 * np.mean(ERRORS))
    own = judge(truth_e=[5.0] * 6)
    assert own.value["rejection"] == pytest.approx(5 / 6)
    assert own.value["bias"] == pytest.approx(1.1 - 5)
    method, options = Method("m", "M", estimands=("e",)), {"null": {"e": 1.0}}
    test = summarise(frame(), TRUTHS, [method], **options).set_index("measure")
    assert test.value["rejection"] == pytest.approx(1 - table.value["coverage"])
    assert test.note["rejection"] == "type I error"


def test_values_of_units_are_measured_where_they_are_given() -> None:
    table = judge(pehe=[1, 2, 4, 5, math.nan, 3], regret=0.5)
    assert table.value["pehe"] == 3
    assert table.mcse["pehe"] == pytest.approx(math.sqrt(2.5 / 5))
    assert table.note["pehe"] == "values of units for 5 of 6"
    assert (table.value["regret"], table.mcse["regret"]) == (0.5, 0)


def test_coverage_of_what_is_asked_and_of_the_methods_own_target() -> None:
    aim = {"world": "w", "method": "m", "estimand": "e", "target": "a slope", "value": 1.5}
    targets = pd.DataFrame([{**aim, "se": 0.0, "why": ""}])
    methods = [Method("m", "M", estimands=("e",))]
    table = summarise(frame(), TRUTHS, methods, targets=targets).set_index("measure")
    assert table.value["coverage"] == pytest.approx(4 / 6)
    # 1.5 is in [0.908, 1.692] [1.312, 2.488] [0.612, 1.788] [0.314, 1.686]
    held = sum(low <= 1.5 <= high for low, high in zip(LOW, HIGH, strict=True))
    assert table.value["coverage_own"] == pytest.approx(held / 6)
    assert table.value["bias_own"] == pytest.approx(1.1 - 1.5)
    assert table.note[["bias_own", "coverage_own"]].tolist() == ["a slope = 1.5"] * 2
    assert table.flagged[["bias", "bias_own"]].tolist() == [False, False]
    assert judge().note["coverage_own"] == "the truth of its target is not known"
    unknown = targets.assign(value=math.nan, why="it has none here")
    table = summarise(frame(), TRUTHS, methods, targets=unknown).set_index("measure")
    assert table.value[["bias_own", "coverage_own"]].isna().all()
    assert table.note["bias_own"] == "it has none here"


def test_places_may_be_cells_of_several_factors() -> None:
    cells = [("w", 10), ("w", 20), ("v", 10)]
    runs = pd.concat([frame(world=world, n=n, value=np.add(ESTIMATES, n)) for world, n in cells])
    truths = pd.DataFrame([(*cell, "e", 1.0, 0.0) for cell in cells],
                          columns=["world", "n", "estimand", "value", "se"])  # fmt: skip
    seconds = pd.DataFrame({"world": ["w"], "n": [20], "method": ["m"], "seconds": [3.0]})
    method = Method("m", "M", estimands=("e",))
    table = summarise(runs, truths, [method], seconds, by=("world", "n"))
    assert list(table.columns[:5]) == ["world", "n", "estimand", "method", "measure"]
    bias = table[table.measure == "bias"]
    assert list(zip(bias.world, bias.n, strict=True)) == cells
    assert bias.value.tolist() == pytest.approx([10.1, 20.1, 10.1])
    wide = widen(table)
    assert wide.seconds.isna().tolist() == [True, False, True]
    assert list(wide.columns[:4]) == ["world", "n", "estimand", "method"]


def test_missing_standard_errors_and_intervals_are_said() -> None:
    table = judge(se=[*ERRORS[:5], math.nan], low=[*LOW[:5], math.nan])
    assert table.note["model_se"] == "standard errors for 5 of 6"
    assert table.note["coverage"] == "intervals for 5 of 6"
    without = judge(se=[math.nan] * 6)
    assert without.note["model_se"] == without.note["relative_error"] == "no standard errors"
    assert without.value["bias"] == pytest.approx(0.1)
    assert table.value["failures"] == 0


def test_a_method_that_was_not_run_is_said() -> None:
    methods = [Method("m", "M", estimands=("e",)), Method("other", "O", estimands=("e",))]
    table = summarise(frame(), TRUTHS, methods).set_index(["method", "measure"])
    assert table.note["other", "bias"] == "not run"
    assert table.value["other", "attempts"] == 0


def test_flags_are_more_than_three_errors() -> None:
    random, size = np.random.default_rng(2), 400
    x = random.normal(size=size)
    x = (x - x.mean()) / x.std(ddof=1)  # mean 0 and mcse 1/20 exactly
    wide = {"replicate": range(size), "se": 1.0, "low": -9.0, "high": 9.0}
    for bias, flagged in ((0.149, False), (0.151, True), (-0.151, True)):
        assert judge(value=x + 1 + bias, **wide).flagged["bias"] == flagged
    # 400 of 400 where 95% are due: 0.05 is 4.6 of the errors that 95% would have
    assert judge(value=x + 1, **wide).flagged["coverage"]
    few = {"replicate": range(40), "se": 1.0, "low": -9.0, "high": 9.0}
    assert not judge(value=x[:40] + 1, **few).flagged["coverage"]


def test_the_error_of_the_truth_can_lift_a_flag() -> None:
    x = np.random.default_rng(2).normal(1.3, 1.0, 400)
    rows = {"replicate": range(400), "value": x, "se": 1.0, "low": x - 2, "high": x + 2}
    assert judge(**rows).flagged["bias"]
    assert not judge(truths=TRUTHS.assign(se=0.2), **rows).flagged["bias"]


def test_the_wide_form_holds_the_same_numbers() -> None:
    method = Method("m", "M", moments=0, estimands=("e",))
    seconds = pd.DataFrame({"world": ["w"], "method": ["m"], "seconds": [0.5],
                            "compile_seconds": [2.0]})  # fmt: skip
    wide = widen(summarise(frame(), TRUTHS, [method], seconds)).iloc[0]
    assert wide.median_bias == pytest.approx(0.1)
    assert wide.coverage_mcse == pytest.approx(0.19245, abs=1e-6)
    assert math.isnan(wide.bias)
    assert "bias: no finite moments" in wide.notes
    assert (wide.seconds, wide.compile_seconds) == (0.5, 2.0)


@pytest.mark.parametrize(
    ("estimates", "truths", "text"),
    [
        (frame().drop(columns="low"), TRUTHS, "estimates: columns .* low missing"),
        (frame(method="mm"), TRUTHS, "one of m is wanted, given 'mm'; did you mean 'm'"),
        (frame(world="v"), TRUTHS, "estimates.world: one of w is wanted, given 'v'"),
        (frame(replicate=0), TRUTHS, "w, m, 0 more than once"),
        (frame(failure=None), TRUTHS, "failure's name.* None in 6 rows"),
        (frame(), TRUTHS.assign(value=math.nan), "a finite value .* given nan .* for e in w"),
        (frame(), TRUTHS.assign(se=math.nan), "with se nan for e in w"),
        (frame(), pd.concat([TRUTHS, TRUTHS]), "given two of e in w"),
        (frame(), TRUTHS.assign(estimand="ee"), "estimands of m: one of ee is wanted, given 'e'"),
    ],
)
def test_refusals(estimates: pd.DataFrame, truths: pd.DataFrame, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        summarise(estimates, truths, [Method("m", "M", estimands=("e",))])
