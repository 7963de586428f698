"""What is kept of a run: it can be run again, it is whole, and it never takes another's place."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
import tomllib
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.config import load
from experiments.device import cache_folder
from experiments.provenance import provenance, resolved
from experiments.report.figure import Figure
from experiments.report.svg import Drawing, text
from experiments.store import StoreError, claim, keep
from experiments.toml_text import dumps

ROOT = Path(__file__).parents[2]
STUDIES = sorted((ROOT / "configs").rglob("*.toml"))
FRAME = pd.DataFrame({"method": ["ols", "tsls"], "value": [0.5, math.nan], "n": [10.0, 10.0]})
FILES = {
    "config.toml", "provenance.json", "estimates.parquet", "truths.parquet", "seconds.parquet",
    "summary.csv", "real.csv", "report.html", "figures",
}  # fmt: skip


@pytest.fixture
def college():
    return load(ROOT / "configs" / "college.toml")


def figure(name):
    drawing = Drawing("wide", 300, 20, "A title", "What it is.", [text("label", 0, 14, "é − x")])
    return Figure(name, "A title", "A caption.", [drawing], FRAME)


def save(folder, study, real=FRAME, report="<p>é</p>", frame=FRAME, figures=("one", "two")):
    record = {"made_by": "scm run", "study": study.name}
    keep(
        folder, study, record,
        estimates=[frame], truths=FRAME, seconds=FRAME, summary=FRAME, real=real, report=report,
        figures=[figure(each) if isinstance(each, str) else each for each in figures],
    )  # fmt: skip


def contents(folder):
    return {str(each): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def names(folder):
    return {each.name for each in folder.iterdir()}


# The resolved config


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_the_resolved_config_is_the_same_study_and_resolves_to_itself(tmp_path, path):
    study = load(path)
    again = tmp_path / "config.toml"
    again.write_text(resolved(study), encoding="utf-8")
    assert load(again).model_dump() == study.model_dump()
    assert resolved(load(again)) == resolved(study)


def test_the_resolved_config_spells_every_default_out(tmp_path):
    read = tomllib.loads(resolved(load(ROOT / "configs" / "simpson_drug.toml")))
    assert read["worlds"]["confounded"] == {
        "label": "sex moves both the drug and the clots",
        "simulator": "simpson_drug",
        "observe": {},
        "parameters": {},
        "n": 244,
    }
    assert read["methods"]["crude"] == {
        "label": "Crude difference",
        "estimator": "difference_in_means",
        "treatment": "drug_a",
        "outcome": "clot",
        "adjust": [],
        "instruments": [],
        "mediators": [],
        "options": {},
        "missing": "refuse",
        "estimands": ["ate"],
    }
    assert read["estimands"]["ate"]["worlds"] == ["confounded"]


PLAIN = st.recursive(
    st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), PLAIN, max_size=4))
def test_what_is_written_as_toml_is_read_back(data):
    assert tomllib.loads(dumps(data)) == data


def test_sections_are_written_as_people_write_them():
    data = {
        "name": "x",
        "worlds": {"a b": {"at": {"c": 1}}},
        "real": {"data": "card", "published": [{"value": 0.1}, {"value": 1e16}]},
        "kept": True,
    }
    assert dumps(data) == (
        'name = "x"\nkept = true\n\n[worlds."a b"]\nat = { c = 1 }\n\n[real]\ndata = "card"\n\n'
        "[[real.published]]\nvalue = 0.1\n\n[[real.published]]\nvalue = 1e+16\n"
    )


@pytest.mark.parametrize("key", ["top", "inner"])
def test_what_toml_cannot_hold_is_refused_by_name(key):
    data = {"top": None} if key == "top" else {"t": {"inner": [None]}}
    with pytest.raises(TypeError, match=f"{key}: TOML has no NoneType: None"):
        dumps(data)


# Provenance


def test_provenance_tells_how_to_run_it_again(college, tmp_path):
    record = provenance(college, tmp_path / "college")
    assert json.loads(json.dumps(record)) == record
    assert record["config_sha256"] == hashlib.sha256(resolved(college).encode()).hexdigest()
    assert (record["seed"], record["dtype"], record["replications"]) == (1995, "float64", 1000)
    assert record["packages"]["pandas"] == pd.__version__
    assert record["python"] == ".".join(map(str, sys.version_info[:3]))
    assert record["device"].startswith("cpu (")
    assert datetime.fromisoformat(record["date"]).tzinfo is not None
    assert record["command"] == f"scm run {tmp_path}/college/config.toml"


def test_the_hash_is_of_what_the_study_says_not_of_how_it_is_written(college, tmp_path):
    text = (ROOT / "configs" / "college.toml").read_text(encoding="utf-8")
    other = tmp_path / "other.toml"
    other.write_text("# a comment\n" + text.replace("n = 3_010", "n = 3010", 1), encoding="utf-8")
    same, changed = load(other), college.model_copy(update={"replications": 50})
    hashes = [provenance(each, tmp_path)["config_sha256"] for each in (college, same, changed)]
    assert hashes[0] == hashes[1] != hashes[2]


# The folder


def test_everything_is_kept_and_read_back(college, tmp_path):
    folder = claim(tmp_path / "runs", college)
    assert folder == tmp_path / "runs" / "college"
    save(folder, college)
    assert names(folder) == FILES
    kinds = ("csv", "png", "svg")
    assert names(folder / "figures") == {f"{one}.{k}" for one in ("one", "two") for k in kinds}
    for name in ("estimates", "truths", "seconds"):
        pd.testing.assert_frame_equal(pd.read_parquet(folder / f"{name}.parquet"), FRAME)
    pd.testing.assert_frame_equal(pd.read_csv(folder / "summary.csv"), FRAME)
    assert (folder / "report.html").read_text(encoding="utf-8") == "<p>é</p>"
    assert load(folder / "config.toml").model_dump() == college.model_dump()


def test_a_first_place_without_anything_says_nothing_of_the_types_of_others(college, tmp_path):
    words = {"world": ["a"], "method": ["m"], "estimand": [""], "failure": ["x"], "detail": [""]}
    empty = pd.DataFrame({**words, "replicate": [0], "value": [None], "draws": [None], "key": "0f"})
    full = empty.assign(world="b", value=1.5, draws=3.0, failure="", key="")
    drawn = pd.DataFrame({"world": ["b"], "method": ["m"], "replicate": [0], "draws": [[1.0, 2.0]]})
    folder = claim(tmp_path, college)
    keep(
        folder, college, {"made_by": "scm run", "study": college.name}, estimates=[empty, full],
        draws=[drawn.head(0), drawn], truths=FRAME, seconds=FRAME, summary=FRAME, real=None,
        report="", figures=[],
    )  # fmt: skip
    kept = pd.read_parquet(folder / "estimates.parquet")
    assert kept.value.isna().tolist() == [True, False]
    assert kept[["value", "draws"]].iloc[1].tolist() == [1.5, 3.0]
    assert kept.key.tolist() == ["0f", ""]
    assert pd.read_parquet(folder / "draws.parquet").draws[0].tolist() == [1.0, 2.0]


def test_a_second_run_replaces_the_first_and_leaves_what_is_not_its_own(college, tmp_path):
    folder = claim(tmp_path, college)
    save(folder, college)
    (folder / "my notes.txt").write_text("kept")
    assert claim(tmp_path, college) == folder
    save(folder, college, real=None, report="second", figures=("two", "three"))
    assert {each.partition(".")[0] for each in names(folder / "figures")} == {"two", "three"}
    assert names(folder) == FILES - {"real.csv"} | {"my notes.txt"}
    assert (folder / "report.html").read_text() == "second"


def test_results_stay_until_new_ones_are_whole(college, tmp_path):
    folder = claim(tmp_path, college)
    save(folder, college)
    before = contents(folder)
    with pytest.raises(TypeError):
        save(folder, college, report=3)
    bad = pd.DataFrame({"value": [1, "one", object()]})
    with pytest.raises(Exception, match="object"):
        save(folder, college, frame=bad)
    bad_figure = Figure("x", "x", "x", [Drawing("wide", 300, 9, "x", "x", ["<line"])], FRAME)
    with pytest.raises(ValueError, match="expected a whitespace"):
        save(folder, college, figures=[bad_figure])
    assert contents(folder) == before


def test_a_run_that_was_broken_off_does_not_bar_the_next(college, tmp_path):
    folder = claim(tmp_path, college)
    (folder / ".unfinished-abc").mkdir()
    assert claim(tmp_path, college) == folder


@pytest.mark.parametrize("record", [None, "{", "[]", '{"study": "college"}'])
def test_a_folder_of_something_else_is_refused_by_name(college, tmp_path, record):
    folder = tmp_path / "college"
    folder.mkdir()
    (folder / "a thesis.tex").write_text("years of work")
    (folder / "b.txt").write_text("")
    if record is not None:
        (folder / "provenance.json").write_text(record)
    more = 1 if record is None else 2
    with pytest.raises(StoreError) as caught:
        claim(tmp_path, college)
    assert str(caught.value) == (
        f"{folder}: holds a thesis.tex and {more} more, and no results of a study; "
        "choose another place with --out, or move it away"
    )
    assert (folder / "a thesis.tex").read_text() == "years of work"


def test_the_folder_of_another_study_is_refused(college, tmp_path):
    folder = claim(tmp_path, college)
    save(folder, college.model_copy(update={"name": "other"}))
    with pytest.raises(StoreError, match="college: holds the results of the study 'other'; "):
        claim(tmp_path, college)


def test_a_file_in_the_way_is_refused(college, tmp_path):
    (tmp_path / "college").write_text("")
    with pytest.raises(StoreError) as caught:
        claim(tmp_path, college)
    assert str(caught.value) == (
        f"{tmp_path}/college: cannot be written to: File exists; choose another place with --out"
    )


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser writes anywhere")
def test_a_folder_that_cannot_be_written_to_is_refused(college, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StoreError, match="cannot be written to: Permission denied"):
        claim(tmp_path, college)


# JAX's compiled programs


def test_where_compiled_programs_are_kept(monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == Path("/home/someone/.cache/scm/jax")
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")
    assert cache_folder() == Path("/home/someone/.cache/scm/jax")
    monkeypatch.setenv("XDG_CACHE_HOME", "/scratch")
    assert cache_folder() == Path("/scratch/scm/jax")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", "/chosen")
    assert cache_folder() == Path("/chosen")


PROGRAM = """
import sys, experiments.device
assert "jax" not in sys.modules
experiments.device.prepare(sys.argv[1])
import jax, jax.numpy as jnp
print(jax.jit(lambda x: jnp.sin(x) + 1)(1.0).dtype)
"""


def compute(precision, **environment):
    clean = {k: v for k, v in os.environ.items() if k != "JAX_COMPILATION_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, precision],
        cwd=ROOT, env={**clean, **environment}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    return done.stdout.strip()


def test_precision_is_the_study_s_and_small_programs_are_kept(tmp_path):
    assert compute("float64", XDG_CACHE_HOME=str(tmp_path)) == "float64"
    assert any((tmp_path / "scm" / "jax").iterdir())
    chosen = tmp_path / "chosen"
    chosen.mkdir()
    assert compute("float32", JAX_COMPILATION_CACHE_DIR=str(chosen)) == "float32"
    assert any(chosen.iterdir())


def test_a_cache_that_cannot_be_made_is_done_without(tmp_path):
    (tmp_path / "file").write_text("")
    assert compute("float32", XDG_CACHE_HOME=str(tmp_path / "file")) == "float32"
