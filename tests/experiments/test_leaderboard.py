"""The leaderboard at several widths: every number is there, whole, and says what it is."""

from __future__ import annotations

import io
import math
import re

import numpy as np
import pytest
from rich.console import Console

from experiments.findings import Estimand, Findings, World
from experiments.leaderboard import render
from experiments.report import page


def printed(findings: Findings, width: int) -> str:
    """What a terminal of this width shows, without colours."""
    console = Console(width=width, file=io.StringIO(), record=True, force_terminal=False)
    console.print(render(findings))
    return console.export_text()


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_nothing_is_cut_off(findings: Findings, width: int) -> None:
    text = printed(findings, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for found in findings.summary.itertuples():
        if found.measure in ("bias", "median_bias") and not math.isnan(found.value):
            digits = 1 - math.floor(math.log10(found.mcse))
            assert re.search(rf"(?<![\d.]){found.value:.{digits}f}(?![\d])", text)
    for line in ("0.1315 (0.0550)", "0.0747 (0.0035)", "13.26", "0.0237 to 0.2393"):
        assert line in text


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_value_and_error_stand_one_below_the_other(findings: Findings, width: int) -> None:
    lines = printed(findings, width).splitlines()
    values = findings.estimates.query("world == 'textbook' and method == 'ols'").value
    bias, error = np.mean(values) - 0.1315, np.std(values, ddof=1) / math.sqrt(len(values))
    at = next(i for i, line in enumerate(lines) if f"{bias:.5f}!" in line)
    left = lines[at].index(f"{bias:.5f}!")
    assert lines[at + 1][left : left + 9] == f"({error:.5f})"
    at = next(i for i, line in enumerate(lines) if "no finite" in line)
    assert lines[at].index("no finite") + 2 == lines[at + 1].index("moments")  # flush right


def test_what_is_flagged_is_marked_without_colour(findings: Findings) -> None:
    text = printed(findings, 140)
    flagged = findings.summary[findings.summary.flagged]
    assert len(flagged) > 0
    legend = text.rindex("In brackets: the Monte")
    assert len(re.findall(r"\d!", text[:legend])) == len(flagged)


def test_methods_without_moments_and_truths_say_so(findings: Findings) -> None:
    text = printed(findings, 140)
    assert text.count("no finite") == 4 * 2 * 3  # 4 measures, 2 methods, 3 boards
    assert "truth 0.07810 ± 0.00040 (monte carlo, n = 1,000,000)" in text
    assert "truth 0.1315 (exact)" in text
    assert "failures: 7 of 400 (7 singular design)" in text
    assert "targets slope" in text
    assert "targets LATE" in text


def test_order_is_that_of_the_config(findings: Findings) -> None:
    board = printed(findings, 140).split("(b) life")[0].split("(a) textbook")[1]
    at = [board.index(method.label) for method in findings.methods]
    assert at == sorted(at)


def test_labels_are_no_markup(build) -> None:
    findings = build(
        title="[bold]title[/bold]",
        worlds={"textbook": World("[red]a[/red]"), "life": World("b")},
        estimands={"direct": Estimand("[1, 2]"), "total": Estimand("total")},
    )
    text = printed(findings, 100)
    for label in ("[bold]title[/bold]", "[red]a[/red]", "[1, 2]"):
        assert label in text


def test_without_real_data_there_is_no_table_of_them(build) -> None:
    text = printed(build(real=None), 100)
    assert "published" not in text.split("(a) textbook")[0]


def test_a_failure_on_the_real_data_is_said(build, findings: Findings) -> None:
    real = findings.real
    assert real is not None
    broken = real.assign(failure=["", "", "singular design", ""])
    broken.loc[2, ["value", "se", "low", "high"]] = math.nan
    text = printed(build(real=broken), 100)
    assert "failed: singular design" in text
    assert "0.1315 (0.0550)" in text


def test_an_unbounded_interval_on_the_real_data_is_shown(build, findings: Findings) -> None:
    real = findings.real
    assert real is not None
    unbounded = build(real=real.assign(low=[0.0464, 0.0678, -math.inf, 0.0245], high=math.inf))
    assert "-infinity to infinity" in printed(unbounded, 100)
    assert "0.0464 to infinity" in printed(unbounded, 100)
    assert "−infinity to infinity" in page(unbounded)
    assert not re.search(r'="-?(inf|nan)', page(unbounded))  # no coordinate is lost
