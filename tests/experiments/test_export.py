"""The leaderboards of a run as CSV and as LaTeX."""

import pandas as pd
import pytest

from experiments.cli import main
from experiments.export import ExportError, escaped, exported

SUMMARY = """\
world,estimand,method,bias,bias_mcse,median_bias,median_bias_mcse,empirical_se,empirical_se_mcse,\
mad,mad_mcse,rmse,rmse_mcse,coverage,coverage_mcse,failures,failures_mcse
a [n=50],ate,ols,-0.0567891,0.00021,-0.05,0.001,0.5,0.01,0.4,0.02,0.51,0.011,0.948,0.00702,0,0
a [n=50],ate,iv,,,0.1,0.02,,,0.3,0.03,,,1,0,0.25,0.05
b,ate,ols,0.1,0.02,0.1,0.02,0.5,0.01,0.4,0.02,0.51,0.011,0.9,0.01,0,0
"""
CONFIG = """\
[methods.ols]
label = "OLS & 100% of_it"
[methods.iv]
label = "Wald, \\"IV\\""
"""


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "summary.csv").write_text(SUMMARY)
    (folder / "config.toml").write_text(CONFIG)
    truths = pd.DataFrame(
        {"world": ["a [n=50]", "b"], "estimand": "ate", "value": [1.0, 2.0], "se": [0.0, 0.013]}
    )
    truths.to_parquet(folder / "truths.parquet")
    return folder


def test_csv_has_a_row_for_each_method_with_errors_in_brackets(run, tmp_path, capsys):
    assert main(["export", str(run), "--out", str(tmp_path / "out")]) == 0
    paths = [tmp_path / "out" / name for name in ("a-n-50_ate.csv", "b_ate.csv")]
    assert capsys.readouterr().out.split() == list(map(str, paths))
    table = pd.read_csv(paths[0], dtype=str, keep_default_na=False)
    assert list(table) == ["method", "truth", "bias", "median bias", "MAD", "empirical SE",
                           "RMSE", "coverage", "failures"]  # fmt: skip
    first, second = table.to_dict("records")
    assert (first["method"], first["truth"]) == ("OLS & 100% of_it", "1 (0)")
    assert (first["bias"], first["coverage"]) == ("-0.05679 (0.00021)", "0.9480 (0.0070)")
    assert (second["bias"], second["median bias"], second["failures"]) == (
        "", "0.100 (0.020)", "0.250 (0.050)"
    )  # fmt: skip
    assert "MAD" not in pd.read_csv(paths[1])  # every method has a mean


def test_latex_is_escaped_and_balanced(run, tmp_path):
    text = exported(run, tmp_path / "out", "latex")[0].read_text()
    assert r"OLS \& 100\% of\_it & \ensuremath{-}0.05679 (0.00021) & " in text
    assert r"\caption{a {[}n=50{]}, ate: truth 1 (0)." in text
    assert text.index(r"\toprule") < text.index(r"\midrule") < text.index(r"\bottomrule")
    rows = [line for line in text.splitlines() if line.endswith(r" \\")]
    assert [row.replace(r"\&", "").count("&") for row in rows] == [7, 7, 7]
    assert escaped("#$~^{") == r"\#\$\textasciitilde{}\textasciicircum{}\{"


def test_places_of_one_file_name_do_not_hide_each_other(run, tmp_path):
    twice = SUMMARY.replace("\nb,", "\na n 50,")
    (run / "summary.csv").write_text(twice)
    truths = pd.read_parquet(run / "truths.parquet").replace({"world": {"b": "a n 50"}})
    truths.to_parquet(run / "truths.parquet")
    paths = exported(run, tmp_path / "out")
    assert [path.name for path in paths] == ["a-n-50_ate.csv", "a-n-50_ate-2.csv"]


def test_mistakes_are_one_line(run, tmp_path):
    with pytest.raises(ExportError, match="there are: csv, latex"):
        exported(run, tmp_path / "out", "word")
    with pytest.raises(ExportError, match=r"holds no results of a run: summary\.csv"):
        exported(tmp_path, tmp_path / "out")
