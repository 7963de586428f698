"""Worlds whose data something happens to: what is drawn, what methods see, what is refused."""

import re
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest

from experiments.config import ConfigError, load
from experiments.happenings import STEPS
from experiments.keys import replicate_keys
from experiments.observing import steps
from experiments.parts import data_digest
from experiments.plan import plan
from experiments.ready import ready
from experiments.replicate import drawn, estimated
from experiments.world import world_of
from simulators import get
from simulators.observe import lose, mismeasure, observe, select
from simulators.observe.expression import expression

STUDY = """
name = "seen"
title = "What an analyst gets"
n = 200
replications = 4
seed = 3

[roles]
treatment = "X"
outcome = "Y"

[worlds.line]
simulator = "line"

{steps}

[estimands.slope]
kind = "TotalEffect"
treatment = "X"
outcome = "Y"

[methods.ols]
estimator = "ols"
missing = "complete cases"
{more}
"""

NOISE = '[worlds.line.observe.noise]\nkind = "mismeasure"\ncolumn = "X"\nsd = 0.5\n'
LOST = (
    '[worlds.line.observe.lost]\nkind = "lose"\ncolumns = ["Y"]\nchance = "expit(a * X)"\n'
    "numbers = { a = 1.5 }\n"
)
CHOSEN = '[worlds.line.observe.chosen]\nkind = "select"\nwhere = "X > -0.5"\n'


def study_of(folder: Path, steps: str = "", more: str = ""):
    path = folder / "study.toml"
    path.write_text(STUDY.format(steps=steps, more=more), encoding="utf-8")
    return load(path)


def chunk_of(study):
    planned = ready(study)
    world = planned.worlds["line"]
    return planned, drawn("line", world, study.seed, 0)


def test_a_data_set_is_what_the_steps_make_of_the_world(tmp_path: Path) -> None:
    study = study_of(tmp_path, NOISE + LOST + CHOSEN)
    _, chunk = chunk_of(study)
    keys = replicate_keys(study.seed, "line", 0, len(chunk.codes), "")
    from numpyro.distributions import Normal

    for at in (0, 3):
        by_hand = observe(
            get("line").build().sample(keys[at], 200),
            mismeasure("X", error=Normal(0, 0.5)),
            lose("Y", chance=expression("expit(a * X)", {"a": 1.5})),
            select(lambda X: X > -0.5),
        ).to_pandas()
        pd.testing.assert_frame_equal(
            chunk.frame(at), by_hand, check_dtype=False, rtol=1e-5, atol=1e-6
        )
        assert 0 < by_hand["Y"].isna().sum() < len(by_hand) < 200


def test_methods_see_the_rows_that_are_in_it_and_have_their_columns(tmp_path: Path) -> None:
    planned, chunk = chunk_of(study_of(tmp_path, NOISE + LOST + CHOSEN))
    rows, *_ = estimated(planned.methods["ols"], chunk)
    for at in range(4):
        frame = chunk.frame(at).dropna()
        slope = np.polyfit(frame["X"], frame["Y"], 1)[0]
        assert rows["value"][at] == pytest.approx(slope, rel=1e-4)
        assert rows["n"][at] == len(frame)


def test_plain_python_sees_the_same_rows(tmp_path: Path) -> None:
    (tmp_path / "seen_by_me.py").write_text(
        "def rows(data, roles):\n    assert list(data) == ['X', 'Y']\n"
        "    return {'value': float(len(data)), 'se': float(data['Y'].isna().sum()) + 1.0}\n"
    )
    more = (
        '[methods.mine]\nestimator = "seen_by_me:rows"\n[methods.whole]\n'
        'estimator = "seen_by_me:rows"\nmissing = "complete cases"\n'
    )
    planned, chunk = chunk_of(study_of(tmp_path, LOST + CHOSEN, more))
    for name, wanted in (("mine", lambda f: f), ("whole", lambda f: f.dropna())):
        rows, *_ = estimated(planned.methods[name], chunk)
        for at in range(4):
            frame = wanted(chunk.frame(at))
            assert rows["value"][at] == len(frame)
            assert rows["se"][at] == frame["Y"].isna().sum() + 1


def test_missing_values_are_refused_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    more = '[methods.strict]\nestimator = "ols"\n'
    planned, chunk = chunk_of(study_of(tmp_path, LOST, more))
    rows, *_ = estimated(planned.methods["strict"], chunk)
    assert (rows["failure"] == "non_finite").all()
    rows, *_ = estimated(planned.methods["ols"], chunk)
    assert (rows["failure"] == "").all()


def test_where_too_few_are_selected_every_method_fails_by_that_name(tmp_path: Path) -> None:
    few = CHOSEN.replace("-0.5", "1") + "n = 100\n"
    planned, chunk = chunk_of(study_of(tmp_path, few))
    rows, *_ = estimated(planned.methods["ols"], chunk)
    assert (rows["failure"] == "too few are selected").all()
    assert rows["value"].isna().all()
    enough = CHOSEN + "n = 100\n"
    planned, chunk = chunk_of(study_of(tmp_path, enough))
    rows, *_ = estimated(planned.methods["ols"], chunk)
    assert (rows["n"] == 100).all()


def test_what_is_hidden_is_latent_to_whoever_asks_the_graph(tmp_path: Path) -> None:
    text = STUDY.replace('simulator = "line"', 'simulator = "hidden_cause"').replace(
        "worlds.line", "worlds.line"
    )
    path = tmp_path / "study.toml"
    path.write_text(text.format(steps="", more=""), encoding="utf-8")
    world = world_of(load(path), "line")
    assert world.columns == ("U", "X", "Y")
    told = plan(load(path)).methods_in("line")["ols"].roles
    assert told.adjust == ("U",)
    hide = '[worlds.line.observe.gone]\nkind = "hide"\ncolumns = ["U"]\n'
    path.write_text(text.format(steps=hide, more=""), encoding="utf-8")
    assert world_of(load(path), "line").columns == ("X", "Y")
    with pytest.raises(ConfigError, match="no set of observed variables is an adjustment set"):
        ready(load(path))


def test_the_data_are_named_by_what_happens_to_them(tmp_path: Path) -> None:
    def named(text: str) -> str:
        study = study_of(tmp_path, text)
        (cell,) = study.cells()
        return data_digest(study, cell, "line", world_of(study, "line").code)

    names = [named(each) for each in ("", NOISE, NOISE.replace("0.5", "0.6"), NOISE + LOST)]
    assert len(set(names)) == 4
    assert named(NOISE) == names[1]


MOVED = '[worlds.line.observe.ward]\nkind = "cluster"\ncolumn = "X"\nsize = 5\nsd = 1.0\n'


@pytest.mark.parametrize(
    ("happens", "why"), [(CHOSEN, "some of the units only"), (MOVED, "others (observe.ward)")]
)
def test_effects_in_the_sample_are_refused_where_its_units_are_not_the_data(
    tmp_path: Path, happens: str, why: str
) -> None:
    study = STUDY.replace("TotalEffect", "SATE").replace("estimator", "adjust = []\nestimator")
    path = tmp_path / "study.toml"
    path.write_text(study.format(steps=happens, more=""), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"estimands.slope.kind: SATE .*{re.escape(why)}"):
        ready(load(path))
    path.write_text(study.format(steps=NOISE, more=""), encoding="utf-8")
    ready(load(path))  # other records of the same units


def test_a_chance_that_is_none_is_a_failure(tmp_path: Path) -> None:
    planned, chunk = chunk_of(study_of(tmp_path, LOST.replace("expit(a * X)", "sqrt(a * X)")))
    rows, *_ = estimated(planned.methods["ols"], chunk)
    assert (rows["failure"] == "world not finite").all()


EVERY = {
    "hide": {"columns": ["W"]},
    "mismeasure": {"column": "X", "error": "0.1 * Y", "sd": 0.0},
    "discretise": {"column": "X", "cuts": [0.0]},
    "select": {"where": 0.5},
    "lose": {"columns": ["Y"], "chance": 0.5},
    "censor": {"column": "Y", "high": 1.0, "flag": "top"},
    "cluster": {"column": "Y", "size": 5, "sd": 0.0},
    "interfere": {"outcome": "Y", "treatment": "X", "size": 4, "spill": 1.0},
    "mix": {"simulator": "line", "share": 0.3},
}


@pytest.mark.parametrize("kind", STEPS)
def test_every_kind_of_step_can_be_written_in_a_file(kind: str) -> None:
    made = steps(STEPS[kind].model_validate({"kind": kind, **EVERY[kind]}))
    world = get("line").build().sample(0, 20)
    wider = world if kind == "mix" else world.assign(W=lambda X: X)
    seen = observe(wider, *made)
    assert set(seen) - {"top", "cluster"} <= {"X", "Y", "W"}
    again = steps(STEPS[kind].model_validate({"kind": kind, **EVERY[kind]}))
    assert jax.tree.structure(made) == jax.tree.structure(again)  # so that programs are shared


def test_a_factor_has_a_median_of_one_and_may_have_no_spread() -> None:
    world = get("line").build().sample(0, 2_000)
    table = STEPS["mismeasure"]
    none = steps(table.model_validate({"kind": "mismeasure", "column": "X", "factor_sd": 0.0}))
    np.testing.assert_allclose(observe(world, *none)["X"], world["X"], rtol=1e-6)
    some = steps(table.model_validate({"kind": "mismeasure", "column": "X", "factor_sd": 0.5}))
    ratio = np.log(np.asarray(observe(world, *some)["X"] / world["X"]))
    assert ratio.std() == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(2 * 2_000))
    assert ratio.mean() == pytest.approx(0, abs=5 * 0.5 / np.sqrt(2_000))


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (NOISE.replace('"X"', '"W"'), "observe.noise: mismeasure: the data have no column 'W'"),
        (NOISE.replace("sd = 0.5", ""), "one kind of error is wanted"),
        (LOST.replace("expit", "expt"), "there is no function 'expt'; did you mean 'expit'"),
        (LOST.replace("a = 1.5", "b = 1.5"), "numbers.b is in no formula of this step"),
        (LOST.replace("1.5", '"x"'), "observe.lost.numbers.a: a finite number is wanted"),
        (CHOSEN.replace('"select"', '"selct"'), "a kind of step is wanted, given the string"),
        (
            CHOSEN.replace('kind = "select"\n', ""),
            'observe.chosen.kind: missing; add kind = "hide"',
        ),
        (CHOSEN + "severity = 2\n", "severity: a number from 0 to 1 is wanted, given 2"),
        (
            NOISE + "cuts = [0]\n",
            'unknown key for kind = "mismeasure"; it belongs to kind = "discr',
        ),
    ],
)
def test_a_mistake_is_one_line_at_its_key(tmp_path: Path, steps: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        ready(study_of(tmp_path, steps))
    (line,) = str(raised.value).splitlines()
    assert message in line
