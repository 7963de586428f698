"""Roles that the worlds' graphs say, and assumptions of methods that do not hold in a world."""

from pathlib import Path

import pytest

from experiments.config import ConfigError, load
from experiments.plan import plan
from experiments.provenance import resolved

pytestmark = pytest.mark.usefixtures("x64")

DRUG = Path("configs/simpson_drug.toml")
COLLEGE = Path("configs/college.toml")


@pytest.fixture
def edited(tmp_path):
    def edit(path: Path, *changes: tuple[str, str]) -> Path:
        text = path.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        made = tmp_path / path.name
        made.write_text(text)
        return made

    return edit


def test_adjust_left_out_is_the_graphs_optimal_set(edited):
    study = load(edited(DRUG, ('adjust = ["female"]\n', "")))
    assert study.roles.adjust is None
    planned = plan(study)
    methods = planned.methods_in("confounded")
    assert methods["stratified"].roles.adjust == ("female",)
    assert methods["crude"].roles.adjust == ()  # it names its own: none
    assert planned.on_real_data()["aipw"].roles.adjust == ("female",)
    assert load(edited(DRUG, ('adjust = ["female"]\n', ""))) == study
    assert set(planned.broken()) == {("confounded", "crude")}
    remarks = planned.remarks()
    assert remarks["confounded", "aipw"] == ("adjusts for female, as this world's graph says",)
    assert "drug_a <- female -> clot is open" in remarks["confounded", "crude"][0]


def test_what_was_left_out_is_left_out_in_the_kept_config(edited, tmp_path):
    study = load(edited(DRUG, ('adjust = ["female"]\n', "")))
    kept = tmp_path / "kept.toml"
    kept.write_text(resolved(study))
    assert load(kept).methods == study.methods


def test_a_world_without_an_adjustment_set_says_what_stays_open(edited):
    lines = [
        line for line in COLLEGE.read_text().splitlines() if line.startswith('adjust = ["exper')
    ]
    with pytest.raises(ConfigError) as caught:
        plan(load(edited(COLLEGE, (lines[0] + "\n", ""))))
    assert "methods.ols: no set of observed variables is an adjustment set" in str(caught.value)
    assert "unmeasured" in str(caught.value)


def test_broken_assumptions_are_those_of_the_textbook():
    broken = plan(load(COLLEGE)).broken()
    assert set(broken) == {
        ("textbook", "ols_crude"), ("textbook", "ols"), ("life", "ols_crude"), ("life", "ols"),
        ("life", "tsls"), ("life", "anderson_rubin"),
    }  # fmt: skip
    # in this world experience is what schooling leaves of a man's years: a descendant
    assert "educ acts on exper" in broken["life", "tsls"].reason
