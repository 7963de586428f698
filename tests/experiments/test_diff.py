"""Two runs beside each other: equal but for timings, or what they differ in."""

import math
import shutil

import pandas as pd
import pytest

from experiments.cli import main


@pytest.fixture
def runs(tmp_path):
    """Two folders with the same made-up results, and other timings."""
    estimates = pd.DataFrame(
        {
            "world": ["a", "a", "b", "b"],
            "method": "ols",
            "replicate": [0, 1, 0, 1],
            "value": [0.1, math.nan, 0.3, 0.4],
            "failure": ["", "collinear", "", ""],
        }
    )
    truths = pd.DataFrame({"world": ["a", "b"], "estimand": "ate", "value": [0.5, 0.25]})
    for name, took in (("one", 1.0), ("two", 2.0)):
        folder = tmp_path / name
        folder.mkdir()
        summary = truths.assign(method="ols", bias=0.1, seconds=took, compile_seconds=took)
        estimates.to_parquet(folder / "estimates.parquet")
        truths.to_parquet(folder / "truths.parquet")
        summary.to_csv(folder / "summary.csv", index=False)
    return tmp_path / "one", tmp_path / "two"


def diff(capsys, *folders):
    status = main(["diff", *map(str, folders)])
    return status, *capsys.readouterr()


def change(folder, row, column, value):
    frame = pd.read_parquet(folder / "estimates.parquet")
    frame.loc[row, column] = value
    frame.to_parquet(folder / "estimates.parquet")


def test_equal_but_for_timings(runs, capsys):
    assert diff(capsys, *runs) == (0, "no difference\n", "")
    assert diff(capsys, runs[0], runs[0]) == (0, "no difference\n", "")


def test_the_last_bit_is_a_difference(runs, capsys):
    change(runs[1], 2, "value", math.nextafter(0.3, 1))
    status, out, _ = diff(capsys, *runs)
    assert status == 1
    assert out.splitlines() == [
        "estimates.parquet: 1 of 4 rows differ",
        f"  b, ols, 0: value is 0.3 and {math.nextafter(0.3, 1)!r}",
    ]


def test_nan_and_a_number_differ_and_rows_of_one_run_only_are_counted(runs, capsys):
    change(runs[1], 1, "value", 0.2)
    more = pd.read_parquet(runs[0] / "estimates.parquet")
    extra = more.iloc[[0]].assign(world="c", replicate=7)
    pd.concat([more, extra]).to_parquet(runs[0] / "estimates.parquet")
    status, out, _ = diff(capsys, *runs)
    assert status == 1
    assert out.splitlines() == [
        f"estimates.parquet: 1 row(s) in {runs[0]} only, the first: c, ols, 7",
        "estimates.parquet: 1 of 4 rows differ",
        "  a, ols, 1: value is nan and 0.2",
    ]


def test_truths_and_summaries_are_compared(runs, capsys):
    for name in ("truths.parquet", "summary.csv"):
        read = pd.read_parquet if name.endswith("parquet") else pd.read_csv
        frame = read(runs[1] / name)
        frame.loc[0, "value"] = 0.75
        if name.endswith("parquet"):
            frame.to_parquet(runs[1] / name)
        else:
            frame.assign(rmse=1.0).to_csv(runs[1] / name, index=False)
    status, out, _ = diff(capsys, *runs)
    assert status == 1
    assert out.splitlines() == [
        "truths.parquet: 1 of 2 rows differ",
        "  a, ate: value is 0.5 and 0.75",
        f"summary.csv: column rmse is in {runs[1]} only",
        "summary.csv: 1 of 2 rows differ",
        "  a, ate, ols: value is 0.5 and 0.75",
    ]


def test_a_folder_without_results_is_a_mistake(runs, capsys):
    shutil.rmtree(runs[1])
    status, out, err = diff(capsys, *runs)
    assert (status, out) == (2, "")
    assert err.startswith(f"{runs[1]}: no such folder: estimates.parquet is not there")
