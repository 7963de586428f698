"""Verdicts on claims: words by numbers computed by hand, and what is refused of a claim."""

import dataclasses
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from experiments.claims import Claim
from experiments.config import ConfigError, load
from experiments.findings import Claim as Found
from experiments.findings import Estimand, Held, Method, Setting, World
from experiments.measures import summarise
from experiments.ready import ready
from experiments.report.claimed import claims_table, in_words, worst
from experiments.report.curves import curves
from experiments.running import places
from experiments.verdicts import names_in, verdicts

STUDY = """
name = "toy"
title = "A toy"
n = 400
replications = 100

[roles]
treatment = "X"
outcome = "Y"
adjust = []

[worlds.line]
simulator = "line"
parameters = { slope = 0.5, r2 = 0.25 }

[worlds.line.observe.noise]
kind = "mismeasure"
column = "X"
sd = 2.0
severity = 0.5

[worlds.line.observe.classes]
kind = "discretise"
column = "Y"
cuts = [-1.0, 0.0, 1.0]

[worlds.line.observe.chosen]
kind = "select"
where = "X > low"
numbers = { low = -9.0 }

[estimands.slope]
kind = "TotalEffect"
treatment = "X"
outcome = "Y"

[methods.ols]
estimator = "ols"

[methods.other]
estimator = "ols"
options = { covariance = "HC2" }
"""

CLAIM = '\n[claims.it]\nsays = "It is so."\nmethod = "ols"\nmeasure = "bias"\n'
BAR = 2.5758293035489004  # the normal quantile of 1 - 0.01 / 2


GRID = "\n[[grids]]\nworlds.line.observe.noise.severity = [0.0, 0.5, 1.0, 2.0]\n"


def study_of(folder: Path, more: str = ""):
    path = folder / "toy.toml"
    path.write_text(STUDY + more, encoding="utf-8")
    return load(path)


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    """The study's own place, and those of a grid of four: planned once."""
    folder = tmp_path_factory.mktemp("toy")
    return {more: tuple(places(study_of(folder, more))) for more in ("", GRID)}


def verdict(toy, rows, measure="bias", grid="", **relation) -> Found:
    """The verdict on one claim: rows of (number of the place, method, measure, value, error)."""
    every = toy[grid]
    claim = Claim(
        says="It is so.", worlds=("line",), estimand="slope", method="ols", measure=measure,
        **relation,
    )  # fmt: skip
    columns = ["world", "method", "measure", "value", "mcse"]
    named = [(every[place].name, *row) for place, *row in rows]
    summary = pd.DataFrame(named, columns=columns).assign(estimand="slope")
    names = [place.name for place in every]
    truths = pd.DataFrame({"world": names, "estimand": "slope", "value": 0.5, "se": 0.0})
    [found] = verdicts({"it": claim}, every, summary, truths)
    return found


class TestWords:
    @pytest.mark.parametrize(
        ("value", "told"),
        [(0.1 + 2.5 * 0.02, "borne out"), (0.1 - 2.5 * 0.02, "borne out"),
         (0.1 + 2.6 * 0.02, "not borne out"), (0.1 - 2.6 * 0.02, "not borne out")],
    )  # fmt: skip
    def test_equals_within_the_bar_of_one_place(self, toy, value, told):
        assert verdict(toy, [(0, "ols", "bias", value, 0.02)], equals=0.1).word == told

    @pytest.mark.parametrize(("off", "told"), [(0.029, "borne out"), (0.031, "not borne out")])
    def test_within_comes_on_top_of_the_error(self, toy, off, told):
        rows = [(0, "ols", "bias", off + BAR * 0.001, 0.001)]
        assert verdict(toy, rows, equals=0.0, within=0.03).word == told

    @pytest.mark.parametrize(
        ("relation", "errors", "told"),
        [
            ("above", 2.6, "borne out"),
            ("above", 2.5, "undecided"),
            ("above", -2.5, "undecided"),
            ("above", -2.6, "not borne out"),
            ("below", -2.6, "borne out"),
            ("below", -2.5, "undecided"),
            ("below", 2.6, "not borne out"),
        ],
    )
    def test_above_and_below(self, toy, relation, errors, told):
        rows = [(0, "ols", "bias", 1 + errors * 0.1, 0.1)]
        assert verdict(toy, rows, **{relation: 1}).word == told

    @pytest.mark.parametrize(
        ("own", "told"),
        [(-0.1, "borne out"), (0.1, "borne out"), (-0.39, "undecided"), (-0.9, "not borne out")],
    )
    def test_smaller_in_size_than_another(self, toy, own, told):
        # errors 0.03 and 0.04 make 0.05 together, and 2.576 of them 0.129; the other's is -0.5
        rows = [(0, "ols", "bias", own, 0.03), (0, "other", "bias", -0.5, 0.04)]
        assert verdict(toy, rows, smaller_than="other").word == told

    @pytest.mark.parametrize("relation", [{"equals": 0}, {"above": 0}, {"smaller_than": "other"}])
    @pytest.mark.parametrize(("value", "error"), [(math.nan, 0.1), (5.0, math.nan)])
    def test_what_is_not_known_is_undecided(self, toy, relation, value, error):
        rows = [(0, "ols", "bias", value, error), (0, "other", "bias", 9.0, 0.1)]
        assert verdict(toy, rows, **relation).word == "undecided"

    @pytest.mark.parametrize(
        ("attempts", "failed", "told"),
        [(20, 0.0, "borne out"), (19, 0.0, "undecided"), (20, 0.1, "undecided")],
    )
    def test_few_estimates_bear_nothing_out(self, toy, attempts, failed, told):
        rows = [
            (0, "ols", "bias", 0.1, 9.0),
            (0, "ols", "attempts", attempts, math.nan),
            (0, "ols", "failures", failed, 0.0),
        ]
        assert verdict(toy, rows, equals=0).word == told
        assert verdict(toy, rows, above=-99).word == "borne out"  # far beyond its error

    def test_a_measure_that_is_not_there_is_undecided(self, toy):
        assert verdict(toy, [(0, "other", "bias", 0.0, 0.1)], equals=0).word == "undecided"

    def test_the_mean_estimate_is_bias_and_truth(self, toy):
        rows = [(0, "ols", "bias", -0.2, 0.01)]
        assert verdict(toy, rows, "estimate", equals=0.3).word == "borne out"
        assert verdict(toy, rows, "estimate", equals="truth - 0.2").word == "borne out"
        assert verdict(toy, rows, "estimate", equals=-0.2).word == "not borne out"

    @pytest.mark.parametrize(("off", "told"), [(1e-9, "borne out"), (1e-3, "not borne out")])
    def test_rounding_is_no_error_of_a_number_without_any(self, toy, off, told):
        assert verdict(toy, [(0, "ols", "bias", -1 - off, 0.0)], equals=-1).word == told

    @pytest.mark.parametrize(
        ("claimed", "attempts", "failed", "told"),
        [
            (0.02, 100, 0.0, "borne out"),  # 0.02 is 1.4 errors of sqrt(0.0196 / 100)
            (0.2, 100, 0.0, "not borne out"),
            (0.02, 400, 0.0, "not borne out"),  # 2.9 errors
            (0.02, 400, 0.75, "borne out"),  # of which a hundred did not fail
        ],
    )
    def test_a_share_errs_by_what_it_is_claimed_to_be(self, toy, claimed, attempts, failed, told):
        rows = [
            (0, "ols", "coverage", 0.0, 0.0),
            (0, "ols", "attempts", float(attempts), math.nan),
            (0, "ols", "failures", failed, 0.0),
        ]
        assert verdict(toy, rows, "coverage", equals=claimed).word == told


class TestOnTheSameData:
    """Two methods whose estimates share nearly all of their error."""

    def found(self, toy, measure, read=True, failures="report"):
        [place] = toy[""]
        study = place.study.model_copy(update={"failures": failures})
        place = dataclasses.replace(place, study=study)
        shared = np.random.default_rng(8).normal(size=200)
        values = {"ols": 0.5 + 0.1 + shared, "other": 0.5 + 0.2 + shared}
        estimates = pd.concat(
            pd.DataFrame({"method": name, "replicate": range(200), "value": x, "se": 1.0,
                          "low": x - 1.96, "high": x + 1.96, "failure": ""}).assign(world="line")
            for name, x in values.items()
        )  # fmt: skip
        truths = pd.DataFrame({"world": ["line"], "estimand": "slope", "value": 0.5, "se": 0.0})
        methods = [Method(name, name, estimands=("slope",)) for name in values]
        claim = Claim(
            says="It is so.", worlds=("line",), estimand="slope", method="ols", measure=measure,
            smaller_than="other",
        )  # fmt: skip
        summary = summarise(estimates, truths, methods)
        every = [lambda: estimates] if read else None
        [found] = verdicts({"it": claim}, [place], summary, truths, every)
        return found.word

    def test_what_both_share_does_not_blur_which_is_the_smaller(self, toy):
        assert self.found(toy, "bias") == "borne out"  # they differ by 0.1 and by no chance
        assert self.found(toy, "estimate") == "borne out"
        assert self.found(toy, "bias", read=False) == "undecided"  # of 0.1, the two err by 0.07

    @pytest.mark.parametrize("off", [0.0, 1e-12, -1e-12])
    def test_two_that_are_the_same_are_not_smaller(self, toy, off):
        rows = [(0, "ols", "bias", 0.1 + off, 0.0), (0, "other", "bias", 0.1, 0.0)]
        assert verdict(toy, rows, smaller_than="other").word == "undecided"

    def test_where_it_cannot_be_paired_the_error_is_cautious(self, toy):
        assert self.found(toy, "median_bias") == "undecided"
        assert self.found(toy, "bias", failures="listwise") == "undecided"


class TestSeveralPlaces:
    def found(self, toy, scores, **relation):
        rows = [(place, "ols", "bias", score * 0.1, 0.1) for place, score in enumerate(scores)]
        return verdict(toy, rows, grid=GRID, **(relation or {"equals": 0}))

    def test_the_bar_is_bonferronis(self, toy):
        assert stats.norm.isf(0.01 / 4 / 2) == pytest.approx(3.023, abs=1e-3)
        found = self.found(toy, [2.9, -3.0, 0.0, 1.0])
        assert [each.word for each in found.held] == ["borne out"] * 4
        assert found.word == "borne out"
        found = self.found(toy, [2.9, -3.1, 0.0, 1.0])
        assert [each.word for each in found.held].count("not borne out") == 1
        assert found.word == "not borne out"

    def test_one_place_that_cannot_tell_leaves_it_undecided(self, toy):
        assert self.found(toy, [0.0, 1.0, math.nan, 0.0]).word == "undecided"
        assert self.found(toy, [9.0, 1.0, math.nan, 0.0]).word == "not borne out"

    def test_a_formula_is_read_with_the_numbers_of_each_place(self, toy):
        found = self.found(toy, [0.0] * 4, equals="slope / (1 + (noise_severity * noise_sd) ** 2)")
        by_hand = [0.5 / (1 + (2 * s) ** 2) for s in (0, 0.5, 1, 2)]
        assert [each.expected for each in found.held] == pytest.approx(by_hand)

    def test_the_one_that_is_hardest_pressed_is_shown(self, toy):
        found = self.found(toy, [0.5, -2.0, 1.0, 0.0])
        assert worst(found) == found.held[1]
        found = self.found(toy, [0.5, 2.0, 9.0, 0.0])
        assert worst(found) == found.held[2]
        found = self.found(toy, [9.0, 3.2, 8.0, 7.0], above=0)
        assert worst(found) == found.held[1]


class TestFormulas:
    def test_what_they_may_name(self, toy):
        names = names_in(toy[""][0].plan, "line")
        assert names["slope"] == 0.5
        assert names["intercept"] == 0  # the simulator's default
        assert names["n"] == 400
        assert (names["noise_sd"], names["noise_severity"]) == (2.0, 0.5)
        assert names["noise_berkson"] is False
        assert names["chosen_low"] == -9  # of the numbers of a formula
        assert names["classes_cuts"] == 3  # a list counts as its length
        assert "noise_column" not in names

    @pytest.mark.parametrize(
        ("relation", "by_hand"),
        [
            ({"known": "var(Y)"}, 0.5**2 / 0.25),  # with the parameters that the world has
            ({"equals": "truth if noise_berkson else Phi(2 * truth)"}, 0.8413447),
            ({"equals": "2 * noise_sd"}, 4.0),
            ({"equals": "1 / noise_berkson if noise_berkson else 7"}, 7.0),
            # Fisher's z of 0.2; a uniform law is the beta law of 1 and 1; 1F1(1; 2; x) is
            # (e^x - 1) / x
            ({"equals": "atanh(0.2)"}, 0.2027326),
            ({"equals": "betainc(1, 1, 0.3)"}, 0.3),
            ({"equals": "hyp1f1(1, 2, noise_sd)"}, (math.exp(2) - 1) / 2),
            ({"above": 3}, 3.0),
        ],
    )
    def test_what_is_expected(self, toy, relation, by_hand):
        found = verdict(toy, [(0, "ols", "bias", 0.0, 0.1)], **relation)
        assert found.held[0].expected == pytest.approx(by_hand)


class TestCurves:
    """What is claimed, averaged as the marks are, where there are too many panels."""

    def test_theory_is_averaged_over_the_same_cells_as_the_marks(self, build):
        levels = [(x, y) for x in (0, 1) for y in range(7)]
        names = [f"line [x={x}, y={y}]" for x, y in levels]
        nothing = pd.DataFrame({"world": names, "estimand": "slope", "value": 0.5, "se": 0.0})
        rows = [
            (name, "slope", "ols", measure, 0.0, 0.1, "", False)
            for name in names
            for measure in ("bias", "rmse", "coverage", "rejection", "failures")
        ]
        columns = ["world", "estimand", "method", "measure", "value", "mcse", "note", "flagged"]
        held = tuple(
            Held(name, 0.5 + 10 * x + y, 0.0, 0.1, "borne out")
            for name, (x, y) in zip(names, levels, strict=True)
        )
        findings = build(
            worlds={name: World(name) for name in names},
            estimands={"slope": Estimand("Slope")},
            methods=[Method("ols", "OLS", "ols", estimands=("slope",))],
            truths=nothing,
            summary=pd.DataFrame(rows, columns=columns),
            cells={
                name: Setting("line", "A line", "", {"x": x, "y": y})
                for name, (x, y) in zip(names, levels, strict=True)
            },
            claims=(
                Found("it", "So.", "", "slope", "ols", "estimate", "equals", "f", held),
                Found("not", "No.", "", "slope", "ols", "coverage", "above", "0.9", held),
                Found("seen", "So.", "", "slope", "ols", "rejection", "equals", "g", held),
                Found("other", "No.", "", "slope", "ols", "failures", "below", "0.9", held),
            ),
        )
        by_x = {each.measure: each for each in curves(findings) if each.layout.factor == "x"}
        [panel] = by_x["bias"].panels
        assert panel.curves[0].theory == pytest.approx([3.0, 13.0])  # less the truth of 0.5
        by_y = {each.measure: each for each in curves(findings) if each.layout.factor == "y"}
        drawn = {panel.label: panel.curves[0].theory for panel in by_y["bias"].panels}
        assert drawn == {"x: 0": tuple(range(7)), "x: 1": tuple(range(10, 17))}
        assert [*by_x] == ["bias", "rmse", "coverage", "rejection"]  # a theory is worth a drawing
        assert by_x["rejection"].panels[0].curves[0].theory == pytest.approx([3.5, 13.5])
        assert not by_x["coverage"].panels[0].curves[0].claimed  # "above" is no curve


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        (CLAIM.replace('"ols"', '"olz"') + "equals = 0", "no method is called 'olz'; did you mean"),
        (CLAIM.replace('"bias"', '"bais"') + "equals = 0", "no measure is called 'bais'; did you"),
        (CLAIM + 'estimand = "slop"\nequals = 0', "no estimand is called 'slop'; did you mean"),
        (CLAIM + 'smaller_than = "othre"', "no method is called 'othre'; did you mean 'other'"),
        (CLAIM + 'worlds = ["lime"]\nequals = 0', "did you mean 'line'"),
        (CLAIM, "one of equals, known, above, below or smaller_than is wanted"),
        (CLAIM + "above = 0\nbelow = 1", "smaller_than is wanted; it has above and below"),
        (CLAIM + 'known = "var(Z)"', "'var(Z)' is no known answer of line; there are: "),
        (CLAIM + 'equals = "slope / nois_sd"', "there is no number 'nois_sd' in the world 'line'"),
        (CLAIM + 'equals = "slope / ("', "is no expression"),
        (CLAIM + 'equals = "hypot(slope)"', "there is no function 'hypot'"),
        (CLAIM + 'equals = "1/0"', "'1/0' has no value: float division by zero"),
        (CLAIM + 'equals = "10 ** 400"', "'10 ** 400' has no value: "),
        (CLAIM + 'equals = "(-1) ** 0.5"', "'(-1) ** 0.5' is nan in the world 'line'"),
        (CLAIM + 'equals = "1/(slope-slope)"', "'1/(slope-slope)' is inf in the world 'line'"),
        (CLAIM + 'above = "log(-slope)"', "'log(-slope)' is nan in the world 'line'"),
        (CLAIM + 'equals = "1 / noise_severity"' + GRID, "'1 / noise_severity' is inf in the"),
        (CLAIM + "equals = 0\nwithin = -1", "a number of at least 0 is wanted"),
        (CLAIM + "eqals = 0", "unknown key; did you mean 'equals'"),
    ],
)
def test_a_wrong_claim_is_refused_in_one_line(tmp_path, claim, told):
    with pytest.raises(ConfigError) as caught:
        ready(study_of(tmp_path, claim))
    lines = [line for line in str(caught.value).splitlines() if told in line]
    assert len(lines) == 1, str(caught.value)
    assert "claims.it" in lines[0]
    assert f"{tmp_path}/toy.toml:" in lines[0]


def test_what_the_truth_makes_of_a_formula_is_not_known_before(tmp_path):
    ready(study_of(tmp_path, CLAIM + 'equals = "1 / truth + log(truth)"'))


class TestShown:
    def test_how_near_it_must_be_is_told(self, toy):
        found = verdict(toy, [(0, "ols", "bias", 0.1, 0.05)], equals=0, within=0.01)
        findings = SimpleNamespace(claims=(found,), methods=[Method("ols", "OLS")])
        assert in_words(findings, found) == "OLS: bias is 0, to within 0.01"
        assert claims_table(findings).within.tolist() == [0.01]
        exactly = verdict(toy, [(0, "ols", "bias", 0.1, 0.05)], equals=0)
        assert in_words(findings, exactly) == "OLS: bias is 0"

    def test_the_table_has_a_row_for_each_claim_and_place(self):
        held = (Held("a", 0.0, 0.1, 0.05, "borne out"), Held("b", 0.0, math.nan, 0.05, "undecided"))
        claim = Found("it", "It is so.", "", "slope", "ols", "bias", "equals", "0", held)
        table = claims_table(SimpleNamespace(claims=(claim,)))
        assert table.world.tolist() == ["a", "b"]
        assert table.verdict.tolist() == ["borne out", "undecided"]
        assert (table.claim == "it").all()
        assert table.found[0] == 0.1
        assert claims_table(SimpleNamespace(claims=())) is None
