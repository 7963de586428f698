"""The page of a study that runs nothing: what it will do, and how far it is."""

import io

import jax
import pytest
from rich.console import Console

from experiments.check import checked
from experiments.cli import main
from experiments.config import load
from experiments.parts import Parts
from experiments.plan import plan
from experiments.progress import progress
from experiments.running import places, tasks
from experiments.task import work

pytestmark = pytest.mark.usefixtures("x64")

STUDY = """\
name = "trial"
title = "A small trial"
aims = "To see."
precision = "float64"
n = 40
replications = 60

[roles]
treatment = "drug_a"
outcome = "clot"

[worlds.drug]
simulator = "simpson_drug"

[estimands.ate]
kind = "ATE"
treatment = "drug_a"
outcome = "clot"

[methods.crude]
estimator = "difference_in_means"

[methods.ols]
estimator = "ols"

[[grids]]
n = [40, 50]
"""


def read(folder, text=STUDY):
    path = folder / "trial.toml"
    path.write_text(text)
    return load(path)


def page(study, folder):
    written = io.StringIO()
    Console(file=written, width=120).print(checked(study, folder))
    return written.getvalue()


def first(study):
    return plan(study.within(next(study.cells())))


def test_the_page_has_all_of_ademp_and_makes_nothing(tmp_path):
    told = page(read(tmp_path), tmp_path / "trial")
    heads = ["Aims", "Data-gen", "Estimands", "Methods", "Performance", "How much"]
    assert [told.index(f"\n{head}") for head in heads] == sorted(
        told.index(f"\n{head}") for head in heads
    )
    for words in (
        "E[clot | do(drug_a=1)] - E[clot | do(drug_a=0)]",
        "adjusts for female, as this world's graph says",  # ols; crude adjusts for nothing
        "drug: what it assumes does not hold here: drug_a <- female -> clot is open",
        "40, 50",
        "bias-eliminated coverage",
        "estimates  240",  # 2 cells x 60 x 2 methods
        "120 (60 a world and cell)",
        "0 data sets, 0 estimates",
        "nothing has been timed yet",
    ):
        assert words in told, words
    assert [path.name for path in tmp_path.iterdir()] == ["trial.toml"]


def test_parts_that_are_there_are_counted_and_the_rest_is_timed_by_them(tmp_path):
    study, parts = read(tmp_path), Parts(tmp_path / "trial" / "parts")
    place = next(places(study))
    begin = next(tasks(place, parts, study.replications))
    with jax.enable_x64(True):
        work(begin)  # replicates 0 to 49 of the first cell
    parts.keep_seconds({(place.data, job): (5.0, 1.0) for job in place.jobs.values()})
    far = progress(study, first(study), parts)
    assert (far.data_sets_done, far.estimates_done, far.estimates) == (50, 100, 240)
    # 0.1 s an estimate, of which 140 are left
    assert far.seconds == pytest.approx(14.0)
    assert far.untimed == ()
    parts.path(place.data, place.jobs["ols"], 0).unlink()
    assert progress(study, first(study), parts).data_sets_done == 0


def test_ten_thousand_cells_are_counted_and_three_are_planned(tmp_path, monkeypatch):
    levels = ", ".join(map(str, range(10, 110)))
    grid = f"n = [{levels}]\nseed = [{levels}]\n"
    study = read(tmp_path, STUDY.replace("n = [40, 50]\n", grid))
    planned = []
    monkeypatch.setattr("experiments.ready.plan", lambda each: planned.append(each) or plan(each))
    told = page(study, tmp_path / "trial")
    assert len(planned) == 3  # the first, and the largest level of each factor
    assert "10,000; worlds in each: 1" in told
    assert "1,200,000" in told


def test_a_changed_number_is_told_before_a_run_refuses(tmp_path):
    folder = tmp_path / "trial"
    (folder / "parts").mkdir(parents=True)
    (folder / "parts" / "config.toml").write_text(STUDY.replace("n = 40\n", "n = 41\n", 1))
    assert "n was 41 in the run that is kept, and is 40 now" in page(read(tmp_path), folder)


def test_the_command_prints_the_page_and_refuses_what_does_not_fit(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("experiments.device.prepare", lambda precision: None)
    read(tmp_path)
    words = ["check", str(tmp_path / "trial.toml"), "--out", str(tmp_path / "out")]
    assert main(words) == 0
    assert "A small trial" in capsys.readouterr().out
    (tmp_path / "trial.toml").write_text(STUDY.replace('"ols"', '"olz"'))
    assert main(words) == 2
    assert "methods.ols.estimator: there is no estimator 'olz'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
