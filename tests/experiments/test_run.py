"""A study from its file to its results: right numbers, the same however they are asked for."""

import io
import json
import tomllib
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from experiments.config import ConfigError, load
from experiments.keys import replicate_keys
from experiments.plan import plan
from experiments.replicate import drawn, estimate_once, estimated
from experiments.run import run

pytestmark = pytest.mark.usefixtures("x64")

DRUG = Path("configs/simpson_drug.toml")
COLLEGE = Path("configs/college.toml")
SEED = load(DRUG).seed


def study(path, **changes):
    return load(path).model_copy(update=changes)


@pytest.fixture(scope="module")
def drug_run(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    console = Console(width=120, record=True, file=io.StringIO())
    with jax.enable_x64(True):
        status = run(study(DRUG, replications=200), console=console, out=out)
    return out / "simpson_drug", status, console.export_text()


def test_a_run_leaves_all_its_files(drug_run):
    folder, status, text = drug_run
    assert status == 0
    assert "drug_a <- female -> clot is open, and not causal" in " ".join(text.split())
    assert sorted(each.name for each in folder.iterdir()) == [
        ".lock", "claims.csv", "config.toml", "estimates.parquet", "figures", "parts",
        "provenance.json", "real.csv", "report.html", "seconds.parquet", "summary.csv",
        "truths.parquet",
    ]  # fmt: skip
    assert tomllib.loads((folder / "config.toml").read_text())["replications"] == 200
    assert json.loads((folder / "provenance.json").read_text())["dtype"] == "float64"
    assert "report.html" in text
    assert load(folder / "config.toml").methods == load(DRUG).methods


def test_the_truth_is_the_lectures(drug_run):
    truths = pd.read_parquet(drug_run[0] / "truths.parquet")
    assert truths["method"].tolist() == ["exact"]
    assert truths["value"].item() == pytest.approx(-13 / 240, abs=1e-12)


def test_the_crude_estimate_is_on_the_wrong_side_and_the_others_are_not(drug_run):
    estimates = pd.read_parquet(drug_run[0] / "estimates.parquet").query("estimand == ''")
    assert len(estimates) == 6 * 200
    means = estimates.groupby("method")["value"].agg(["mean", "sem"])
    crude = means.loc["crude"]
    assert crude["mean"] - 4 * crude["sem"] < 2 / 61 < crude["mean"] + 4 * crude["sem"]
    assert crude["mean"] > 0
    for method in ("stratified", "ols", "horvitz_thompson", "hajek", "aipw"):
        mean, error = means.loc[method]
        assert abs(mean + 13 / 240) < 4 * error, method


def test_the_real_table_gives_the_lectures_numbers(drug_run):
    real = pd.read_csv(drug_run[0] / "real.csv").set_index("method")["value"]
    assert real["crude"] == pytest.approx(2 / 61, abs=1e-12)
    for method in ("stratified", "ols", "horvitz_thompson", "hajek", "aipw"):
        assert real[method] == pytest.approx(-13 / 240, abs=1e-9), method


@pytest.fixture(scope="module")
def seven():
    """The world of the drug study, its methods, and seven replicates by them."""
    with jax.enable_x64(True):
        planned = plan(study(DRUG))
        world, methods = planned.worlds["confounded"], planned.methods_in("confounded")
        chunk = drawn("confounded", world, SEED, 50)
        return world, methods, {name: estimated(each, chunk)[0] for name, each in methods.items()}


def test_replicates_alone_in_a_batch_and_in_a_longer_run_are_the_same(seven, drug_run):
    world, methods, second = seven
    long = pd.read_parquet(drug_run[0] / "estimates.parquet").query("estimand == ''")
    long = long.groupby("method")
    assert set(second) == set(long.groups)
    for name, chunk in second.items():
        many = long.get_group(name)[chunk.columns]
        pd.testing.assert_frame_equal(
            chunk, many.iloc[50:100].reset_index(drop=True), check_exact=True
        )
        assert many["replicate"].tolist() == list(range(200))
    key = replicate_keys(SEED, "confounded", 55, 1)[0]
    alone = estimate_once(methods["aipw"], world.model.sample(key, world.n).data)
    np.testing.assert_allclose(float(alone.value), second["aipw"]["value"][5], rtol=1e-9)


def test_another_world_has_other_data(seven):
    world, methods, second = seven
    elsewhere = estimated(methods["ols"], drawn("another", world, SEED, 50))[0]
    assert (elsewhere["value"] != second["ols"]["value"]).any()


def test_failures_are_rows():
    """Of twenty patients some samples have no woman on B: positivity fails in them, by name."""
    planned = plan(study(DRUG))
    world = planned.worlds["confounded"]
    small = type(world)(world.label, world.simulator, world.model, 12)
    methods = {"stratified": planned.methods["stratified"]}
    frame = estimated(methods["stratified"], drawn("confounded", small, 1, 0))[0]
    failed = frame["failure"] != ""
    assert len(frame) == 50
    assert 0 < failed.sum() < 50
    assert frame.loc[failed, ["value", "se", "low", "high"]].isna().all(axis=None)
    assert frame.loc[~failed, ["value", "se", "low", "high"]].notna().all(axis=None)
    # The key that a failure tells makes the data set that failed again.
    assert (frame.key[~failed] == "").all()
    for number in frame.replicate[failed]:
        told = frame.key[number]
        words = np.array([int(told[:8], 16), int(told[8:], 16)], np.uint32)
        made = jax.random.key_data(replicate_keys(1, "confounded", number, 1)[0])
        np.testing.assert_array_equal(words, made)
    assert set(frame.loc[failed, "failure"]) <= {"empty_stratum", "constant_treatment",
                                                 "too_few_rows"}  # fmt: skip


def test_college_on_the_real_data_and_its_truths():
    planned = plan(load(COLLEGE))
    assert planned.real is not None
    data = {name: planned.real.frame[name].to_numpy() for name in planned.real.frame.columns}
    found = {name: estimate_once(method, data) for name, method in planned.methods.items()}
    assert float(found["ols"].value) == pytest.approx(0.074693, abs=5e-7)
    assert float(found["ols"].se) == pytest.approx(0.003498, abs=5e-7)
    assert float(found["tsls"].value) == pytest.approx(0.131504, abs=5e-7)
    assert float(found["tsls"].se) == pytest.approx(0.054964, abs=5e-7)
    assert float(found["tsls"].diagnostics["first_stage_f"]) == pytest.approx(13.256, abs=5e-4)
    assert float(found["tsls_age"].value) == pytest.approx(0.122390, abs=5e-7)
    assert float(found["tsls_age"].se) == pytest.approx(0.046464, abs=5e-7)
    assert planned.methods["tsls"].moments == 0
    expected = {"textbook": 0.131504, "life": 0.122390}
    for world, value in expected.items():
        truth = planned.estimands["direct"].truth(planned.worlds[world].model)
        assert truth.method == "exact"
        assert truth.value == pytest.approx(value, abs=5e-7)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('simulator = "simpson_drug"', 'simulator = "simpson_drag"',
         "worlds.confounded.simulator: there is no simulator 'simpson_drag'; did you mean "
         "'simpson_drug'?"),
        ('estimator = "aipw"', 'estimator = "apw"',
         "methods.aipw.estimator: there is no estimator 'apw'; did you mean 'aipw'?"),
        ("options = { normalised = false }", "options = { normalized = false }",
         "methods.horvitz_thompson.options.normalized: ipw has no option 'normalized'; did you "
         "mean 'normalised'?"),
        ('adjust = ["female"]', 'adjust = ["femal"]',
         "roles.adjust[0]: the world 'confounded' and the real data have no column 'femal'; did "
         "you mean 'female'?"),
        ('data = "simpson_drug"', 'data = "simpson"',
         "real.data: there is no data set 'simpson'; did you mean 'simpson_drug'?"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_line_with_its_place(tmp_path, old, new, message):
    text = DRUG.read_text()
    assert old in text
    path = tmp_path / "study.toml"
    path.write_text(text.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        plan(load(path))
    first = str(caught.value).splitlines()[0]
    assert message in first
    line = int(first.removeprefix(f"{path}:").split(":")[0])
    assert path.read_text().splitlines()[line - 1] == new


def test_levels_that_a_treatment_cannot_take_are_refused_before_the_run(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(DRUG.read_text().replace("levels = [0, 1]", "levels = [0, 0.5]"))
    with pytest.raises(ConfigError, match=r"levels\[1\]: drug_a is never 0.5 in the world"):
        plan(load(path))
