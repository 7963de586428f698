"""The two baselines of every board: against NumPy on the very same units, and always there."""

import io
import math

import jax
import numpy as np
import pandas as pd
import pytest
from numpyro.distributions import Bernoulli, Normal
from rich.console import Console

from experiments.baselines import Absent, Naive, Oracle, baseline
from experiments.config import ConfigError, load
from experiments.findings import Method
from experiments.keys import replicate_keys
from experiments.measures import compare, summarise
from experiments.oracle import of_units, oracle_rows
from experiments.replicate import NOT_FINITE, Chunk
from experiments.run import run
from experiments.running import places
from experiments.stopping import wanted
from experiments.study import Stop
from experiments.world import World
from scm import SCM, latent
from scm import estimands as kinds
from simulators import get

TRIAL = """\
name = "trial"
title = "A trial"
n = 80
replications = 60

[roles]
treatment = "drug_a"
outcome = "clot"

[worlds.drug]
simulator = "simpson_drug"

[estimands.ate]
label = "Of everybody"
kind = "ATE"
treatment = "drug_a"
outcome = "clot"

[estimands.sate]
label = "Of the sample"
kind = "SATE"
treatment = "drug_a"
outcome = "clot"

[methods.stratified]
estimator = "stratification"
adjust = ["female"]

[methods.aipw]
estimator = "aipw"
adjust = ["female"]
"""


def do(folder, text=TRIAL, **options):
    """Run the study that a text is, and show what it printed."""
    (folder / "trial.toml").write_text(text)
    console = Console(width=140, record=True, file=io.StringIO())
    run(load(folder / "trial.toml"), console=console, out=folder, **options)
    return console.export_text()


@pytest.fixture(scope="module")
def trial(tmp_path_factory):
    folder = tmp_path_factory.mktemp("baselines")
    with jax.enable_x64(True):
        return folder, do(folder)


def kept(folder):
    return pd.read_parquet(folder / "trial" / "estimates.parquet")


def units(number):
    """The units of a replicate of the trial, and their potential outcomes."""
    world = get("simpson_drug").build().sample(replicate_keys(0, "drug", number, 1)[0], 80)
    outcomes = [np.asarray(world.do(drug_a=level)["clot"], float) for level in (0, 1)]
    return {name: np.asarray(world[name], float) for name in ("drug_a", "clot")}, outcomes


def test_the_oracle_is_the_mean_of_the_units_own_effects(trial, x64):
    rows = kept(trial[0]).query("method == 'oracle'").set_index("replicate")
    assert len(rows) == 60
    assert set(rows.estimand) == {"ate"}
    for number in (0, 13, 59):
        _, (low, high) = units(number)
        effect = high - low
        se = effect.std(ddof=1) / math.sqrt(80)
        np.testing.assert_allclose(rows.value[number], effect.mean(), atol=1e-12)
        np.testing.assert_allclose(rows.se[number], se, rtol=1e-9)
        half = 1.990450211 * se  # Student's quantile of 79 degrees of freedom
        np.testing.assert_allclose(rows.high[number] - rows.value[number], half, rtol=1e-8)


def test_the_oracle_needs_no_selection_but_a_sound_world(x64):
    world = World("", None, get("simpson_drug").build(), 80)
    keys = np.asarray(jax.random.key_data(replicate_keys(0, "drug", 0, 3)))
    chunk = Chunk(0, {}, np.array([0, 2, NOT_FINITE]), None, keys)  # 2: too few are selected
    rows, *_ = oracle_rows("drug", world, kinds.ATE("drug_a", "clot"), 0, chunk)
    assert rows.failure.tolist() == ["", "", "world not finite"]
    _, (low, high) = units(1)
    assert rows.value[1] == pytest.approx((high - low).mean(), abs=1e-12)
    told = [f"{first:08x}{second:08x}" for first, second in keys]
    assert rows.key.tolist() == ["", "", told[2]]


def test_the_naive_answer_is_the_difference_in_means_with_welchs_error(trial, x64):
    rows = kept(trial[0]).query("method == 'naive'")
    assert rows.groupby("estimand").size().to_dict() == {"ate": 60, "sate": 60}
    rows = rows[rows.estimand == "ate"].set_index("replicate")
    for number in (0, 13, 59):
        data, _ = units(number)
        arms = [data["clot"][data["drug_a"] == level] for level in (1, 0)]
        value = arms[0].mean() - arms[1].mean()
        se = math.sqrt(sum(each.var(ddof=1) / len(each) for each in arms))
        np.testing.assert_allclose([rows.value[number], rows.se[number]], [value, se], rtol=1e-9)


def test_a_slope_is_taken_times_the_difference_of_the_levels(x64):
    model = SCM(T=Normal(1, 2), Y=lambda T, u=Normal(0, 1): T + 0.5 * T**2 + u)
    chunk = _chunk(model.sample(key=3, n=200))
    naive = baseline("naive", kinds.ATE("T", "Y", levels=(3, 1)), model)
    row = naive.rows(chunk)[0].iloc[0]
    slope = np.polyfit(chunk.data["T"][0], chunk.data["Y"][0], 1)[0]
    np.testing.assert_allclose(row.value, -2 * slope, rtol=1e-9)
    assert row.low < row.value < row.high
    step = baseline("naive", kinds.TotalEffect("T", "Y", step=0.5), model)
    np.testing.assert_allclose(step.rows(chunk)[0].value[0], slope / 2, rtol=1e-9)


def _chunk(world):
    data = {name: np.asarray(column)[None] for name, column in world.data.items()}
    return Chunk(0, {n: jax.numpy.asarray(x) for n, x in data.items()}, np.zeros(1, int))


def test_the_oracle_of_a_ratio_has_the_error_of_the_delta_method(x64):
    """The effect on the treated: a mean over the treated, whose number is random too."""
    model = SCM(X=Normal(0, 1), T=lambda X: Bernoulli(0.3), Y=lambda X, T: T * (1 + X))
    world = model.sample(key=5, n=400)
    value, se, _, lawful = of_units(kinds.ATT("T", "Y").question(model), world.origin, 400)
    treated = np.asarray(world["T"]) == 1
    effects = 1 + np.asarray(world["X"])[treated]
    np.testing.assert_allclose(value, effects.mean(), rtol=1e-12)
    expected = math.sqrt(((effects - effects.mean()) ** 2).sum() * 400 / 399) / treated.sum()
    np.testing.assert_allclose(se, expected, rtol=1e-9)
    assert bool(lawful)


def test_a_constant_effect_is_known_to_rounding_and_covered(x64):
    model = SCM(T=Bernoulli(0.5), Y=lambda T, u=Normal(1e4, 1): 0.1 * T + u)
    found = of_units(kinds.ATE("T", "Y").question(model), model.sample(key=1, n=50).origin, 50)
    value, se, rounding, _ = map(float, found)
    assert se < 1e-12
    assert 0 < rounding < 1e-10
    assert abs(value - 0.1) < rounding


def test_a_quantile_has_an_oracle_without_an_error(x64):
    model = SCM(T=Bernoulli(0.5), Y=lambda T, u=Normal(0, 1): T * 2 + u)
    question = kinds.QTE("T", "Y").question(model)
    value, se, *_ = of_units(question, model.sample(key=1, n=50).origin, 50)
    assert abs(float(value) - 2) < 1e-9
    assert math.isnan(float(se))


def test_a_baseline_that_there_is_none_of_says_why(x64):
    drug = get("simpson_drug").build()
    hidden = SCM(T=latent(Bernoulli(0.5)), Y=lambda T, u=Normal(0, 1): T + u)
    ate = kinds.ATE("drug_a", "clot")
    assert isinstance(baseline("naive", ate, drug), Naive)
    assert isinstance(baseline("oracle", ate, drug), Oracle)
    none = [
        (baseline("naive", kinds.RiskRatio("drug_a", "clot"), drug), "no answer to a RiskRatio"),
        (baseline("naive", kinds.ATE("T", "Y"), hidden), "T, the treatment, is not in the data"),
        (baseline("oracle", kinds.SATE("drug_a", "clot"), drug), "truth of each data set itself"),
        (baseline("oracle", kinds.OLSLimit("drug_a", "clot"), drug), "is no effect"),
    ]
    for found, why in none:
        assert isinstance(found, Absent)
        assert why in found.why
    assert isinstance(baseline("naive", kinds.SATE("drug_a", "clot"), drug), Naive)


def test_they_are_on_the_board_apart_and_not_ranked(trial):
    folder, text = trial
    lines = text.splitlines()
    rule = next(at for at, line in enumerate(lines) if line.startswith("┄"))
    named = {name: next(at for at, line in enumerate(lines) if line.startswith(name))
             for name in ("stratified", "aipw", "Naive", "Oracle")}  # fmt: skip
    assert named["stratified"] < named["aipw"] < rule < named["Naive"] < named["Oracle"]
    assert "Oracle baseline: none of 'Of the sample': it would be the truth" in " ".join(
        text.split()
    )
    summary = pd.read_csv(folder / "trial" / "summary.csv").set_index(["estimand", "method"])
    assert summary.loc[("ate", "oracle"), "attempts"] == 60
    assert ("sate", "oracle") not in summary.index
    assert summary.loc[("sate", "naive"), "attempts"] == 60
    ranks = summary["rank"].unstack()
    assert ranks[["naive", "oracle"]].isna().all(axis=None)
    assert ranks["aipw"].notna().all()
    # the oracle's bias is a sampling error of 60 x 80 units, the naive one's is Simpson's paradox
    bias, error = summary.loc[("ate", "oracle"), ["bias", "bias_mcse"]]
    assert abs(bias) < 4 * error
    assert summary.loc[("ate", "naive"), "bias"] > 0.03


def test_they_recompute_nothing(trial, tmp_path, x64):
    """A folder from before there were baselines gets theirs, and no other part is touched."""
    do(tmp_path)
    parts, before = tmp_path / "trial" / "parts", kept(tmp_path)
    place = next(places(load(tmp_path / "trial.toml")))
    theirs = {path for job in place.baselines.values() for path in parts.glob(f"*/{job}/*.parquet")}
    others = {path: path.stat().st_mtime_ns for path in set(parts.glob("*/*/*.parquet")) - theirs}
    assert len(theirs) == 4  # two chunks of each: one naive answer serves both estimands
    assert len(others) == 6
    for path in theirs:
        path.unlink()
    do(tmp_path)
    pd.testing.assert_frame_equal(kept(tmp_path), before, check_exact=True)
    assert {path: path.stat().st_mtime_ns for path in others} == others


@pytest.mark.parametrize("name", ["naive", "oracle"])
def test_their_names_are_taken(tmp_path, name):
    text = TRIAL.replace("[methods.aipw]", f"[methods.{name}]")
    (tmp_path / "trial.toml").write_text(text)
    with pytest.raises(ConfigError, match=rf"trial.toml:29: methods\.{name}: every board has a "):
        load(tmp_path / "trial.toml")


def attempts(name, values, failure="", **columns):
    values = np.asarray(values, float)
    frame = {"world": "w", "method": name, "replicate": range(len(values)), "value": values,
             "se": 1.0, "low": values - 2, "high": values + 2, "failure": failure}  # fmt: skip
    return pd.DataFrame(frame).assign(**columns)


TRUTH = pd.DataFrame({"world": ["w"], "estimand": ["e"], "value": [0.0], "se": [0.0]})
METHODS = [Method("m", "M", estimands=("e",)),
           Method("naive", "N", estimands=("e",), baseline=True)]  # fmt: skip


def test_no_method_is_measured_on_fewer_data_sets_because_a_baseline_failed():
    fails = attempts("naive", [1.0] * 8)
    fails.loc[:3, ["value", "se", "low", "high"]] = math.nan
    fails.loc[:3, "failure"] = "collinear"
    both = pd.concat([attempts("m", np.arange(8) - 3.5), fails])
    table = summarise(both, TRUTH, METHODS, policy="listwise")
    mine = table[table.method == "m"].set_index("measure")
    assert "8 data sets" in mine.note["attempts"]
    assert mine.value["bias"] == 0


def test_an_estimate_of_another_estimand_is_not_counted():
    both = pd.concat([
        attempts("m", [1.0, 2.0], estimand=""),
        attempts("naive", [5.0, 7.0], estimand="e"),
        attempts("naive", [50.0, 70.0], estimand="other"),
    ])  # fmt: skip
    truths = pd.concat([TRUTH, TRUTH.assign(estimand="other")])
    methods = [METHODS[0], Method("naive", "N", estimands=("e", "other"), baseline=True)]
    table = summarise(both, truths, methods).set_index(["estimand", "method", "measure"]).value
    assert table["e", "naive", "bias"] == 6
    assert table["other", "naive", "bias"] == 60
    assert table["e", "m", "bias"] == 1.5


def test_a_stop_rule_and_comparisons_leave_them_out(tmp_path):
    both = pd.concat([attempts("m", np.arange(8.0)), attempts("naive", 100 * np.arange(8.0))])
    table = summarise(both, TRUTH, METHODS)
    (tmp_path / "trial.toml").write_text(TRIAL)
    rule = Stop(measure="bias", error=5.0, most=100)
    assert wanted(load(tmp_path / "trial.toml").model_copy(update={"stop": rule}), table) is None
    assert compare(both, TRUTH, METHODS).empty
    assert set(compare(both, TRUTH, METHODS, reference="naive").method) == {"m"}
