"""A family of worlds: one scenario, whose members are the sampling units."""

import io
import math

import jax
import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from experiments.check import checked
from experiments.config import ConfigError, load
from experiments.factors import Cell
from experiments.findings import Method
from experiments.measures.families import of_family, over_members
from experiments.replay import ReplayError, replayed
from experiments.run import run
from experiments.running import places
from simulators import get

STUDY = """\
name = "any"
title = "Any world"
n = 80
replications = 20

[roles]
treatment = "T"
outcome = "Y"
adjust = ["x0", "x1"]

[worlds.any]
simulator = "random_confounding"
parameters = { covariates = 2 }
family = { seed = 7 }

[estimands.ate]
kind = "ATE"
treatment = "T"
outcome = "Y"

[methods.means]
estimator = "difference_in_means"

[methods.ipw]
estimator = "ipw"
"""


def do(folder, text=STUDY):
    (folder / "any.toml").write_text(text)
    console = Console(width=120, record=True, file=io.StringIO())
    run(load(folder / "any.toml"), console=console, out=folder)
    return console.export_text()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("family")
    with jax.enable_x64(True):
        return folder, do(folder)


def read(folder):
    return pd.read_parquet(folder / "any" / "estimates.parquet")


def test_every_member_is_a_world_of_its_own(made):
    folder, _ = made
    truths = pd.read_parquet(folder / "any" / "truths.parquet").set_index("world")
    for seed in range(7):
        known = get("random_confounding").known(covariates=2, seed=seed)["ATE(T -> Y)"].value
        assert truths.value[f"any #{seed}"] == pytest.approx(known, abs=1e-5)
    assert truths.value["any"] == pytest.approx(truths.value.drop("any").mean(), rel=1e-12)
    estimates = read(folder)
    assert set(estimates.world) == {f"any #{seed}" for seed in range(7)}
    assert estimates.groupby(["world", "method"]).size().unique().tolist() == [20]
    values = estimates[estimates.method == "means"].pivot(columns="world", index="replicate",
                                                          values="value")  # fmt: skip
    assert values.nunique(axis=1).min() == 7


def test_measures_are_means_over_members_with_the_error_between_them(made):
    folder, text = made
    table = pd.read_csv(folder / "any" / "summary.csv").set_index(["method", "world"])
    for method in ("means", "ipw", "oracle"):
        mine = table.loc[method]
        members = mine.drop("any")
        bias = members.bias
        assert mine.bias["any"] == pytest.approx(bias.mean(), rel=1e-9)
        assert mine.bias_mcse["any"] == pytest.approx(bias.std() / math.sqrt(7), rel=1e-9)
        squares = members.rmse**2
        rmse = math.sqrt(squares.mean())
        assert mine.rmse["any"] == pytest.approx(rmse, rel=1e-9)
        assert mine.rmse_mcse["any"] == pytest.approx(
            squares.std() / math.sqrt(7) / 2 / rmse, rel=1e-9
        )
        assert mine.coverage["any"] == pytest.approx(members.coverage.mean(), rel=1e-12)
        assert mine.attempts["any"] == 140
        worst = bias.abs().idxmax().removeprefix("any ")
        assert f"bias: worst: {worst}, {bias['any ' + worst]:.4g}" in mine.notes["any"]
    assert "a family of 7 worlds" in text
    assert "truth" in text
    assert "any #3" not in text  # one place for those who read
    assert "means: at its worst in: bias #" in " ".join(text.split())
    assert "by MSE of 2 that target ATE, over 7 members" in " ".join(text.split())


def test_more_members_change_nothing_and_recompute_nothing(made, tmp_path, x64):
    do(tmp_path, STUDY.replace("seed = 7", "seed = 3"))
    parts = tmp_path / "any" / "parts"
    before = {path: path.stat().st_mtime_ns for path in parts.glob("*/*/*.parquet")}
    do(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    pd.testing.assert_frame_equal(read(tmp_path), read(made[0]), check_exact=True)


def test_members_share_their_programs(x64):
    """Two members' chunks, by programs that are already there: nothing is compiled."""
    from experiments.keys import replicate_keys
    from experiments.oracle import _compiled
    from scm.estimands import ATE

    keys = replicate_keys(0, "any #0", 0, 2)
    build = get("random_confounding").build
    first = _compiled(ATE("T", "Y"), 30, build(covariates=2, seed=0), keys)
    again = _compiled(ATE("T", "Y"), 30, build(covariates=2, seed=1), keys)
    assert again[0] is first[0]
    assert again[1] == 0.0


def test_one_member_is_replayed_by_name(made, x64):
    folder, _ = made
    study = load(folder / "any.toml")
    found = replayed(study, folder / "any", 13, world="any #5")
    assert set(found.kept) == {"means", "ipw"}
    assert found.same
    with pytest.raises(ReplayError, match="did you mean 'any #5'"):
        replayed(study, folder / "any", 13, world="any#5")


def test_the_page_of_a_study_shows_the_family_once(made, tmp_path):
    text = io.StringIO()
    Console(file=text, width=120).print(checked(load(made[0] / "any.toml"), tmp_path / "none"))
    page = " ".join(text.getvalue().split())
    assert "covariates = 2, seed = 0 ... 6, a family of 7 worlds; 80 units a data set" in page
    assert page.count("T <- x0 -> Y is open") <= 1
    assert "worlds in each: 7" in page
    assert "140 (20 a world and cell)" in page


def test_it_goes_with_grids_and_scenarios(tmp_path):
    grid = "\n[[grids]]\nn = [40, 80]\nworlds.any.parameters.covariates = [2, 3]\n"
    (tmp_path / "any.toml").write_text(STUDY + grid)
    study = load(tmp_path / "any.toml")
    every = list(places(study))
    assert len(every) == 4 * 7
    assert every[8].name == "any #1 [n=40, covariates=3]"
    assert every[8].plan.worlds["any #1"].model.parents["T"] == ("x0", "x1", "x2")
    assert len({place.data for place in every}) == 28
    # how many there are is no part of what a member's data are drawn from
    (tmp_path / "any.toml").write_text(STUDY.replace("seed = 7", "seed = 9") + grid)
    assert {p.data for p in every} < {p.data for p in places(load(tmp_path / "any.toml"))}
    cell = Cell("", {("worlds", "any", "n"): 5, ("worlds", "any", "family", "seed"): 3}, "")
    assert cell.of_data("any #1") == '{"worlds.any.n": 5}'
    assert cell.of_data("other #1") == ""


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("5", "any.toml:14: worlds.any.family: a parameter and how many members"),
        ("{ seed = 1 }", "2 or more, like { seed = 50 }, are wanted"),
        ("{ seed = 5, covariates = 2 }", "a parameter and how many members"),
        ("{ sed = 5 }", "random_confounding has no parameter 'sed'; did you mean 'seed'?"),
        ("{ covariates = 5 }", "worlds.any.family.covariates: it is in parameters as well"),
    ],
)
def test_a_family_that_is_none_is_refused(tmp_path, family, said):
    (tmp_path / "any.toml").write_text(STUDY.replace("{ seed = 7 }", family))
    with pytest.raises(ConfigError) as refused:
        next(places(load(tmp_path / "any.toml")))
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_a_member_without_a_measure_is_said_and_the_worst_is_the_worst():
    found = over_members(
        "coverage", np.array([0.96, math.nan, 0.80]), ["#0", "#1", "#2"], ["", "no intervals", ""]
    )
    assert found.value == pytest.approx(0.88)
    assert found.mcse == pytest.approx(0.08)
    assert found.note == "in 2 of 3 members; elsewhere: no intervals; worst: #2, 0.8"
    none = over_members("bias", np.full(2, math.nan), ["#0", "#1"], ["no finite moments"] * 2)
    assert math.isnan(none.value)
    assert none.note == "no finite moments"
    one = over_members("bias", np.array([1.0]), ["#0"], [""])
    assert (one.value, math.isnan(one.mcse)) == (1.0, True)


def test_methods_are_ranked_by_differences_member_by_member():
    """b is worse than a by little, and in every member: unpaired, that is lost in the spread."""
    random = np.random.default_rng(0)
    level = np.exp(random.normal(size=30))
    rows = [
        {"world": f"w #{at}", "estimand": "e", "method": name, "measure": measure, "note": "",
         "value": value, "mcse": 0.1, "flagged": False}
        for name, more in (("a", 1.0), ("b", 1.03))
        for at in range(30)
        for measure, value in (("rmse", level[at] * more), ("attempts", 10.0), ("rank", 1.0))
    ]  # fmt: skip
    methods = [Method(name, name, target="ATE", estimands=("e",)) for name in "ab"]
    members = {f"w #{at}": f"#{at}" for at in range(30)}
    table = of_family(pd.DataFrame(rows), "w", members, methods)
    ranks = table[table.measure == "rank"].set_index("method")
    assert ranks.value.to_dict() == {"a": 1, "b": 2}
    mean = table[table.measure == "rmse"].set_index("method").value
    assert mean["a"] == pytest.approx(math.sqrt((level**2).mean()))
    flipped = pd.DataFrame(rows)
    half = (flipped.method == "b") & flipped.world.isin([f"w #{at}" for at in range(0, 30, 2)])
    flipped.loc[half & (flipped.measure == "rmse"), "value"] /= 1.03**2
    ranks = of_family(flipped, "w", members, methods).query("measure == 'rank'").value
    assert ranks.tolist() == [1, 1]


def test_without_moments_they_are_ranked_by_the_mean_of_median_errors():
    """a is at 0.1 or 1.9, b at 1.3: a is nearer on the average, and further by mean squares."""
    rows = [
        {"world": f"w #{at}", "estimand": "e", "method": name, "measure": measure, "note": "",
         "value": value, "mcse": 0.1, "flagged": False}
        for at in range(200)
        for name, far in (("a", 0.1 if at % 2 else 1.9), ("b", 1.3 + 0.001 * (at % 3)))
        for measure, value in (("median_error", far), ("attempts", 10.0), ("rank", 1.0))
    ]  # fmt: skip
    methods = [Method(name, name, target="LATE", moments=0, estimands=("e",)) for name in "ab"]
    table = of_family(pd.DataFrame(rows), "w", {f"w #{at}": f"#{at}" for at in range(200)}, methods)
    ranks = table[table.measure == "rank"].set_index("method")
    assert ranks.value.to_dict() == {"a": 1, "b": 2}
    assert "by median error of 2 that target LATE, over 200 members" in ranks.note["a"]
