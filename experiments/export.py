"""``scm export``: the leaderboards of a run as files for other programs: CSV, or LaTeX.

A file for each world and estimand, a row for each method; Monte Carlo errors stand in brackets, and
numbers have no more digits than these allow.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from experiments.report.numbers import paired

__all__ = ["FORMS", "ExportError", "escaped", "exported"]

FORMS = {"csv": ".csv", "latex": ".tex"}

_COLUMNS = {
    "bias": "bias",
    "empirical_se": "empirical SE",
    "rmse": "RMSE",
    "coverage": "coverage",
    "failures": "failures",
}
_MEDIANS = {"median_bias": "median bias", "mad": "MAD"}
_PLACE = ["world", "estimand"]


class ExportError(ValueError):
    """What cannot be exported; the message says why."""


def exported(run: Path, out: Path, form: str = "csv") -> list[Path]:
    """Write the leaderboards of a run in a folder below ``out``, and give back their paths.

    Medians are there besides where a method's estimates have no mean.

    Raises `ExportError` for a folder without results, a form that there is none of, and a place
    that cannot be written to.
    """
    if form not in FORMS:
        raise ExportError(f"--format {form}: there are: {', '.join(FORMS)}")
    summary, truths, labels = _read(run)
    names: dict[str, str] = {}
    paths = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for place, rows in summary.groupby(_PLACE, sort=False):
            world, estimand = map(str, place)
            path = out / f"{_file_name(world, estimand, names)}{FORMS[form]}"
            head, body = _table(rows, labels)
            truth = _cell(truths[world, estimand], "value", "se")
            if form == "csv":
                frame = pd.DataFrame(body, columns=head)
                frame.insert(1, "truth", truth)
                frame.to_csv(path, index=False)
            else:
                told = f"{world}, {estimand}: truth {truth}. Monte Carlo errors in brackets."
                path.write_text(_latex(head, body, told), encoding="utf-8")
            paths.append(path)
    except OSError as error:
        raise ExportError(f"{out}: cannot be written to: {error.strerror}") from None
    return paths


def _read(
    run: Path,
) -> tuple[pd.DataFrame, Mapping[tuple[str, str], Mapping[Any, Any]], Mapping[str, str]]:
    """The measures of a run, its truths by place, and what its methods are called."""
    for name in ("summary.csv", "truths.parquet", "config.toml"):
        if not (run / name).exists():
            what = "holds no results of a run" if run.is_dir() else "no such folder"
            raise ExportError(f"{run}: {what}: {name} is not there; name a folder runs/NAME")
    summary = pd.read_csv(run / "summary.csv", dtype=dict.fromkeys([*_PLACE, "method"], str))
    rows = pd.read_parquet(run / "truths.parquet").to_dict("records")
    truths = {(row["world"], row["estimand"]): row for row in rows}
    tables = tomllib.loads((run / "config.toml").read_text("utf-8"))["methods"]
    return summary, truths, {name: table.get("label", name) for name, table in tables.items()}


def _table(
    rows: pd.DataFrame, labels: Mapping[str, str]
) -> tuple[list[str], list[tuple[str, ...]]]:
    """The head and the rows of a leaderboard, as text."""
    shown = dict(_COLUMNS)
    if rows["bias"].isna().any():
        shown = {"bias": "bias", **_MEDIANS} | shown
    body = [
        (labels.get(row["method"], row["method"]), *(_cell(row, name) for name in shown))
        for row in rows.to_dict("records")
    ]
    return ["method", *shown.values()], body


def _cell(row: Mapping[Any, Any], name: str, error: str = "") -> str:
    """A number with its error in brackets; "" where there is none.

    >>> _cell({"bias": 0.0567891, "bias_mcse": 0.00021}, "bias")
    '0.05679 (0.00021)'
    """
    value, mcse = (float(row.get(each, math.nan)) for each in (name, error or f"{name}_mcse"))
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    found = paired(value, mcse)
    return f"{found.value} ({found.error})" if found.error else found.value


def _file_name(world: str, estimand: str, names: dict[str, str]) -> str:
    """A name of letters that every file system takes, another one for every place.

    >>> names = {}
    >>> _file_name("drug [n=50, a=0.5]", "ate", names), _file_name("drug [n=50, a=0,5]", "ate", {})
    ('drug-n-50-a-0.5_ate', 'drug-n-50-a-0-5_ate')
    """
    plain = "_".join(re.sub(r"[^\w.-]+", "-", each).strip("-.") for each in (world, estimand))
    plain, number = plain[:200], 1
    made = plain
    while made.lower() in names:  # some file systems do not tell cases apart
        number += 1
        made = f"{plain}-{number}"
    names[made.lower()] = made
    return made


def _latex(head: Sequence[str], body: Iterable[Sequence[str]], told: str) -> str:
    """A table for a document that uses booktabs."""
    line = lambda cells: " & ".join(escaped(cell) for cell in cells) + r" \\"
    return "\n".join(
        [
            r"% needs \usepackage{booktabs}",
            r"\begin{table}",
            r"\centering",
            rf"\caption{{{escaped(told)}}}",
            rf"\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
            r"\toprule",
            line(head),
            r"\midrule",
            *(line([cells[0], *map(_signed, cells[1:])]) for cells in body),
            r"\bottomrule",
            r"\end{tabular}",
            r"\end{table}",
            "",
        ]
    )


_ESCAPES = {
    **{sign: rf"\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "−": r"\ensuremath{-}",
}


def escaped(text: str) -> str:
    r"""Text as LaTeX prints it.

    >>> print(escaped("50% & a_b \\ [x]"))
    50\% \& a\_b \textbackslash{} {[}x{]}
    """
    inner = {**_ESCAPES, "[": "{[}", "]": "{]}"}  # after a row's end [ would begin a length
    return "".join(inner.get(sign, sign) for sign in " ".join(text.split()))


def _signed(number: str) -> str:
    """A number with a true minus sign."""
    return f"−{number[1:]}" if number.startswith("-") else number
