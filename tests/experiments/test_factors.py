"""Factors: which cells there are, what they are called, and what in them acts on data."""

import itertools
from pathlib import Path

import jax
import pytest

from experiments.config import ConfigError, load
from experiments.factors import Cell, cells, changed, count, factors
from experiments.keys import replicate_keys

DRUG = Path("configs/simpson_drug.toml").read_text()


def study(tmp_path, more):
    path = tmp_path / "study.toml"
    path.write_text(DRUG + more)
    return load(path)


def test_a_grid_is_every_combination_and_several_are_a_union():
    grids = [{"n": [1, 2], "seed": [3, 4, 5]}, {"n": [2, 9]}]
    found = [dict(cell.changes) for cell in cells(grids, {})]
    expected = [{("n",): n, ("seed",): s} for n, s in itertools.product([1, 2], [3, 4, 5])]
    assert found == [*expected, {("n",): 2}, {("n",): 9}]
    assert count(grids, {}) == 8


def test_scenarios_cross_grids_and_a_cell_that_comes_twice_is_one():
    scenarios = {"weak": {"worlds": {"a": {"rate": 0.1}}}, "strong": {"worlds": {"a": {"rate": 2}}}}
    labels = [cell.label for cell in cells([{"n": [1, 2]}, {"n": [2, 3]}], scenarios)]
    assert labels == [f"{name}, n={n}" for name in ("weak", "strong") for n in (1, 2, 3)]
    (alone,) = cells([], {})
    assert (alone.label, dict(alone.changes)) == ("", {})


def test_dotted_keys_and_tables_are_the_same():
    written = factors({"worlds": {"a": {"n": [1, 2]}}})
    assert written == factors({"worlds.a.n": [1, 2]})
    assert changed({"worlds": {"a": {"n": 5, "x": 1}}, "grids": []}, {("worlds", "a", "n"): 2}) == {
        "worlds": {"a": {"n": 2, "x": 1}}
    }


def test_only_what_acts_on_the_data_is_in_their_address():
    cell = Cell("", {("methods", "ols", "options", "x"): 1, ("worlds", "b", "n"): 3}, "")
    assert cell.of_data("a") == ""
    assert cell.of_data("b") == '{"worlds.b.n": 3}'
    there = {("n",): 4, ("worlds", "a", "parameters", "r"): 0.5}
    back = dict(reversed(there.items()))
    assert Cell("", there, "").of_data("a") == Cell("", back, "").of_data("a")
    keys = {
        bytes(jax.random.key_data(replicate_keys(1, "a", 0, 1, address)))
        for address in ("", '{"n": 3}', '{"n": 4}')
    }
    assert len(keys) == 3


def test_the_study_of_a_cell_inherits_what_is_changed(tmp_path):
    varied = study(tmp_path, "\n[[grids]]\nn = [60, 70]\n")
    first, second = (varied.within(cell) for cell in varied.cells())
    assert (first.n, first.worlds["confounded"].n) == (60, 60)
    assert second.worlds["confounded"].n == 70
    assert second.methods == varied.methods


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("\n[[grids]]\nn = [60, 0]\n",
         "grids[0].n[1]: an integer of at least 1 is wanted, given 0"),
        ("\n[[grids]]\nworlds.confoundet.n = [3]\n",
         "worlds.confoundet is not in this file; did you mean 'confounded'?"),
        ("\n[[grids]]\nmethods.ols.adjus = [[]]\n", "unknown key; did you mean 'adjust'?"),
        ("\n[[grids]]\ntitle = ['a']\n", "title is the whole study's, and cannot be varied"),
        ("\n[[grids]]\nn = []\n", "a list of one level or more is wanted"),
        ("\n[scenarios.few]\nworlds.confounded.n = 1.5\n", "an integer of at least 1"),
        ("\n[scenarios.few]\nn = 10\n[[grids]]\nn = [20]\n", "a scenario sets it as well"),
    ],
)  # fmt: skip
def test_a_factor_that_does_not_fit_is_one_line(tmp_path, more, message):
    with pytest.raises(ConfigError) as caught:
        study(tmp_path, more)
    (mistake,) = caught.value.mistakes
    assert message in str(mistake)
    assert mistake.line is not None
    assert mistake.line > DRUG.count("\n")
