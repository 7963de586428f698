"""Every study that we ship can be run, says what the lecture says, and is borne out.

Slow and bounded: all of them are planned, and a handful is run with few replications.
"""

import ast
import io
from pathlib import Path
from types import SimpleNamespace

import jax
import pandas as pd
import pytest
from rich.console import Console

from experiments.config import load
from experiments.listing import listed
from experiments.ready import ready
from experiments.run import run
from simulators import SIMULATORS

ROOT = Path(__file__).parents[2]
CONFIGS = sorted((ROOT / "configs").rglob("*.toml"))
DIFFICULTIES = [path for path in CONFIGS if path.parent.name == "difficulties"]
FAMILIES = ["any_world"]  # of worlds that nobody has picked: there is no theory of these

named = lambda paths: pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


@named(CONFIGS)
def test_it_can_be_run(path):
    ready(load(path))


@named([path for path in CONFIGS if path.stem not in FAMILIES])
def test_it_states_its_claims(path):
    study = load(path)
    assert study.claims
    assert study.notes
    for claim in study.claims.values():
        assert claim.says.endswith((".", "?", "!")), claim.says


@named(DIFFICULTIES)
def test_a_difficulty_sweeps_its_severity_and_has_a_theory(path):
    study = load(path)
    assert study.grids or study.scenarios
    assert any(each.equals is not None or each.known for each in study.claims.values())


def test_every_world_of_the_lecture_and_every_difficulty_has_a_study():
    ours = {
        name
        for name, each in SIMULATORS.items()
        if each.function.__module__.startswith(("simulators.lecture", "simulators.difficulties"))
    }
    assert len(ours) > 25
    assert ours <= {world.simulator for path in CONFIGS for world in load(path).worlds.values()}


def test_the_list_has_those_in_folders(monkeypatch):
    monkeypatch.chdir(ROOT)
    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(listed(Path("configs")))
    text = console.export_text()
    for path in CONFIGS:
        assert f"{path.relative_to(ROOT)} " in text


@named(sorted((ROOT / "configs").rglob("*.py")))
def test_own_code_beside_a_study_is_used_by_it_and_says_what_it_is(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree)
    used = [each for each in path.parent.glob("*.toml") if f'"{path.stem}:' in each.read_text()]
    assert used


FEW = 50
RUN = ["paths", "difficulties/error_in_confounder", "difficulties/feedback",
       "difficulties/selected_wage"]  # fmt: skip


@pytest.mark.usefixtures("x64")
@named([ROOT / "configs" / f"{name}.toml" for name in RUN])
def test_what_it_claims_is_borne_out(path, tmp_path, monkeypatch):
    nothing = SimpleNamespace(html="", figures=())
    monkeypatch.setattr("experiments.run.report", lambda findings: nothing)  # drawings take longer
    study = load(path).model_copy(update={"replications": FEW})
    with jax.enable_x64(True):
        assert run(study, console=Console(quiet=True), out=tmp_path) == 0
    claims = pd.read_csv(tmp_path / study.name / "claims.csv")
    assert set(claims.claim) == set(study.claims)
    assert claims[claims.verdict == "not borne out"].empty
    assert (claims.verdict == "borne out").mean() > 0.5
