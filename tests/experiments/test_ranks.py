"""Ranks: the order that is established, ties that are not, and how often it is wrong."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from experiments.findings import Findings, Method
from experiments.measures import ranked, summarise
from experiments.measures.targets import ASKED
from experiments.report.cells import boards


def test_equal_methods_are_put_in_an_order_in_at_most_one_study_of_twenty() -> None:
    """Four methods with one law, correlated: any order at all is wrong."""
    random, studies = np.random.default_rng(17), 500
    wrong = 0
    for _ in range(studies):
        shared = random.normal(size=(1, 60))
        errors = 0.7 * shared + 0.7 * random.normal(size=(4, 60))
        found = ranked(dict(zip("abcd", errors, strict=True)))
        wrong += any(one.worst < 4 or one.best > 1 for one in found)
    assert wrong / studies < 0.05 + 3 * math.sqrt(0.05 * 0.95 / studies)


def test_with_the_truths_error_ties_grow() -> None:
    random = np.random.default_rng(18)
    z = random.normal(size=4_000)
    errors = {"left": z - 0.3, "right": z + 0.5}
    assert [one.rank for one in ranked(errors)] == [1, 2]
    # MSE differ by 0.16 = 0.25 - 0.09, with 2 * 0.8 * 0.2 = 0.32 of it from the truth
    assert [one.rank for one in ranked(errors, truth_se=0.2)] == [1, 1]


def test_ties_are_no_equivalence_and_a_group_is_what_nothing_cuts() -> None:
    """close beats its own double surely; a third, on other noise, is told apart from neither."""
    random = np.random.default_rng(19)
    z, other = random.normal(size=(2, 400))
    z, other = (each / np.sqrt(np.mean(each**2)) for each in (z, other))
    found = {one.name: one for one in ranked({"far": 1.1 * z, "between": 1.05 * other, "close": z})}
    assert [one.rank for one in found.values()] == [1, 1, 1]
    assert list(found) == ["close", "between", "far"]
    places = {name: (one.best, one.worst) for name, one in found.items()}
    assert places == {"close": (1, 2), "between": (1, 3), "far": (2, 3)}
    assert set(found["close"].tied) == {"between", "far"}


def test_after_a_tie_of_two_comes_the_third_place() -> None:
    random = np.random.default_rng(20)
    z = random.normal(size=(4, 300))
    found = ranked({"d": 9 * z[3], "c": 3 * z[2], "a": z[0], "b": z[1]})
    assert [(one.name, one.rank) for one in found][2:] == [("c", 3), ("d", 4)]
    assert [one.rank for one in found] == [1, 1, 3, 4]
    assert found[2].value == pytest.approx(3 * math.sqrt(np.mean(z[2] ** 2)))


def test_one_method_in_two_spellings_is_tied_with_itself() -> None:
    z = np.random.default_rng(21).normal(size=500)
    found = ranked({"a": z, "b": z * (1 + 1e-7), "exact": np.zeros(500)})
    assert [(one.name, one.rank) for one in found] == [("exact", 1), ("a", 2), ("b", 2)]


def test_without_moments_it_goes_by_medians() -> None:
    random = np.random.default_rng(22)
    z = random.standard_cauchy(size=(3, 400))
    z[0, 0] = 1e9  # one estimate that a mean would be about
    found = ranked({"a": z[0], "b": z[1], "wide": 4 * z[2]}, by="median_error")
    assert [one.rank for one in found] == [1, 1, 3]
    assert found[2].name == "wide"
    assert found[2].value == pytest.approx(4 * np.median(np.abs(z[2])))


def test_refusals() -> None:
    with pytest.raises(ValueError, match=r"the same for every method, given \{'a': 8, 'b': 9\}"):
        ranked({"a": np.arange(8.0), "b": np.arange(9.0)})
    with pytest.raises(ValueError, match="6 data sets or more"):
        ranked({"a": [1.0, 2.0], "b": [2.0, 1.0]})
    with pytest.raises(ValueError, match="by='rmse' or by='median_error' is wanted, given 'bias'"):
        ranked({"a": np.arange(8.0)}, by="bias")  # type: ignore[arg-type]


SIZE = 300
TRUTHS = pd.DataFrame({"world": ["w"], "estimand": ["e"], "value": [1.0], "se": [0.0]})


def board(methods: dict[str, Method], **noise: np.ndarray) -> pd.DataFrame:
    """The rank rows of a summary of these methods, whose errors are given."""
    parts = [
        pd.DataFrame({"world": "w", "method": name, "replicate": range(SIZE), "value": 1.0 + each,
                      "se": 1.0, "low": each, "high": 2.0 + each,
                      "failure": np.where(np.isnan(each), "singular", "")})
        for name, each in noise.items()
    ]  # fmt: skip
    table = summarise(pd.concat(parts), TRUTHS, list(methods.values()))
    return table[table.measure == "rank"].set_index("method")


def method(name: str, target: str = "ATE", moments: float = math.inf) -> Method:
    return Method(name, name, target=target, moments=moments, estimands=("e",))


def test_no_rank_is_across_targets() -> None:
    z = np.random.default_rng(23).normal(size=(4, SIZE))
    named = {
        "a": method("a"),
        "b": method("b"),
        "iv": method("iv", "LATE"),
        "mine": method("mine", ""),
    }
    table = board(named, a=2 * z[0], b=z[1], iv=0.1 * z[2], mine=0.01 * z[3])
    assert table.value[["a", "b"]].tolist() == [2, 1]
    assert table.value[["iv", "mine"]].isna().all()
    assert table.note["iv"] == "the only one that targets LATE"
    assert table.note["mine"] == "declares no target"
    assert table.note["a"] == "by RMSE of 2 that target ATE: place 2"


def test_ranks_are_about_the_truth_and_not_about_the_spread() -> None:
    z = np.random.default_rng(26).normal(size=(2, SIZE))
    named = {"precise": method("precise"), "unbiased": method("unbiased")}
    table = board(named, precise=0.1 * z[0] - 0.5, unbiased=0.3 * z[1])
    assert table.value[["unbiased", "precise"]].tolist() == [1, 2]


def test_a_group_with_one_method_without_moments_goes_by_medians() -> None:
    z = np.random.default_rng(24).normal(size=(2, SIZE))
    table = board({"a": method("a"), "b": method("b", moments=0)}, a=z[0], b=5 * z[1])
    assert table.value.tolist() == [1, 2]
    assert table.note["a"].startswith("by median error of 2 that target ATE")


def test_methods_are_ranked_on_the_data_sets_on_which_all_succeeded() -> None:
    z = np.random.default_rng(25).normal(size=(3, SIZE))
    z[1, :100] = math.nan  # the easy ones are left: had it failed on none it would be the worst
    z[0, :100] *= 30
    z[2, :200] = math.nan
    named = {name: method(name) for name in "abc"}
    table = board(named, a=z[0], b=2 * z[1], c=z[2])
    assert table.value[["a", "b"]].tolist() == [1, 2]
    assert "of 2 that target ATE, on 200 of 300 data sets" in table.note["a"]
    assert table.note["c"] == "200 of 300 failed"


def test_boards_say_them_target_by_target(findings: Findings) -> None:
    notes = next(board.notes for board in boards(findings) if board.world == "textbook")
    slopes = "1. OLS, Card's <controls> & regions; 2. OLS, no controls"
    assert f"Ranks by RMSE of 2 that target slope: {slopes}" in notes
    ivs = next(note for note in notes if "target LATE" in note)
    assert ivs.startswith("Ranks by median error of 2 that target LATE, on 393 of 400 data sets: 1")
    assert not any("Anderson" in note for note in notes if note.startswith("Ranks"))


def test_boards_say_how_often_a_method_covers_its_own_target(build, findings: Findings) -> None:
    truths = findings.truths[findings.truths.world == "life"]
    estimates = findings.estimates[findings.estimates.world == "life"]
    aim = {"world": "life", "method": "ols", "se": 0.0}
    targets = pd.DataFrame([
        {**aim, "estimand": "direct", "target": "a slope", "value": 0.0781, "why": ""},
        {**aim, "estimand": "total", "target": "", "value": math.nan, "why": ASKED},
        {**aim, "estimand": "direct", "method": "tsls", "value": math.nan, "why": "no LATE here"},
    ])  # fmt: skip
    table = summarise(estimates, truths, findings.methods, targets=targets)
    made = build(estimates=estimates, truths=truths, summary=table)
    direct, total = boards(made)
    own = table.query("method == 'ols' and measure == 'coverage_own' and estimand == 'direct'")
    share = 100 * own.value.item()
    ols = findings.methods[1].label
    note = next(note for note in direct.notes if note.startswith(f"{ols}: its own target"))
    assert note.startswith(f"{ols}: its own target, a slope = 0.0781: bias -0.003")
    assert float(note.partition("covers % ")[2].split("!")[0].split(" ")[0]) == pytest.approx(
        share, abs=0.06
    )
    assert "2SLS, as published: its own target is not known here: no LATE here" in direct.notes
    assert not any("its own target" in note for note in total.notes)  # there it is what is asked
