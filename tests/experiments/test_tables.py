"""Failures and times over all cells, the design and how to do it again, as the page has them."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest

from experiments.findings import Estimand, Findings, Method, Part, Setting, World
from experiments.measures import summarise
from experiments.report import page
from experiments.report.failures import tallies
from experiments.report.runtime import times


def cells(broken: dict[str, int], seconds: float = 0.5) -> Findings:
    """Twenty attempts in each of two cells of one world, of which so many failed."""
    methods = [
        Method("m", "The method", estimands=("e", "f")),
        Method("k", "Kind", estimands=("e",)),
    ]
    frames = []
    for world, count in broken.items():
        for method in methods:
            failed = [method.name == "m" and i < count for i in range(20)]
            kinds = ["singular design" if i % 2 else "time limit" for i in range(20)]
            value = [math.nan if bad else i / 20 for i, bad in enumerate(failed)]
            frames.append(pd.DataFrame({
                "world": world, "method": method.name, "replicate": range(20), "value": value,
                "se": 0.3, "low": [v - 0.6 for v in value], "high": [v + 0.6 for v in value],
                "failure": [kind if bad else "" for kind, bad in zip(kinds, failed, strict=True)],
            }))  # fmt: skip
    estimates = pd.concat(frames, ignore_index=True)
    truths = pd.DataFrame([
        {"world": world, "estimand": e, "value": 0.5, "se": 0.0, "method": "exact", "n": 0}
        for world in broken for e in ("e", "f")
    ])  # fmt: skip
    took = pd.DataFrame([
        {"world": world, "method": m.name, "seconds": seconds, "compile_seconds": 2.0}
        for world in broken for m in methods
    ])  # fmt: skip
    return Findings(
        title="Cells", worlds={name: World(name) for name in broken},
        estimands={"e": Estimand("E"), "f": Estimand("F")}, methods=methods, estimates=estimates,
        truths=truths, summary=summarise(estimates, truths, methods, took),
        cells={name: Setting("w", "A world", levels={"n": i}, label=name)
               for i, name in enumerate(broken)},
        provenance={"replications": 20, "command": "scm run 'my runs/trial/config.toml'"},
    )  # fmt: skip


def rows(read, findings: Findings, section: str) -> list[list[str]]:
    (found,) = [e for e in read(page(findings)).all("section") if e.attributes["id"] == section]
    return [[cell.text for cell in row.all("th", "td")] for row in found.all("tr")]


def test_failures_are_counted_once_over_all_cells(read) -> None:
    findings = cells({"n=10": 5, "n=20": 0})
    tally = tallies(findings)["w", "m"]
    assert (tally.attempts, tally.failed, tally.places, tally.hit) == (40, 5, 2, 1)
    assert dict(tally.kinds) == {"time limit": 3, "singular design": 2}
    assert (tally.worst, tally.worst_in) == (0.25, "n=10")
    head, first, second = rows(read, findings, "failures")
    assert head == ["Method", "World", "attempted", "failed", "failed %", "cells with failures",
                    "worst cell", "Kinds"]  # fmt: skip
    assert first[:4] == ["The method", "A world", "40", "5"]
    # 5 of 40 is 12.5%, and its error sqrt(0.125 * 0.875 / 40) = 5.2%.
    assert first[4].startswith("12.5")
    assert "(5.2" in first[4]
    assert first[5:] == ["1 of 2", "n=10: 25%", "3 time limit, 2 singular design"]
    assert second[2:4] == ["40", "0"]
    assert second[5:] == ["0 of 2", "none", "none"]


def test_no_failure_is_said_as_well(read, findings: Findings) -> None:
    none = replace(findings, summary=cells({"n=10": 0}).summary.iloc[:0])
    assert "0 of 0 attempted" in read(page(none)).text
    text = read(page(cells({"n=10": 0, "n=20": 0}))).text
    assert "0 of 80 attempted estimates failed." in text
    assert "7 of 4,000 attempted estimates failed." not in text
    assert "14 of 4,000 attempted estimates failed." in read(page(findings)).text


def test_failures_without_estimates_are_told_by_the_summary(read) -> None:
    findings = cells({"n=10": 5, "n=20": 1})
    bare = replace(findings, estimates=findings.estimates.head(0))
    first = rows(read, bare, "failures")[1]
    assert (first[3], first[-1]) == ("6", "6, see summary.csv")
    assert "none is drawn one by one" in read(page(bare)).text


def test_computing_and_compiling_are_apart(read) -> None:
    findings = cells({"n=10": 0, "n=20": 0})
    took = times(findings)["m"]
    assert (took.running, took.compiling, took.attempts) == (1.0, 4.0, 40)
    head, first, _ = rows(read, findings, "runtime")
    assert head[1:] == ["estimates", "seconds", "milliseconds each", "seconds to compile"]
    assert [text.strip("\u2007\u2008") for text in first[1:]] == ["40", "1.0", "25", "4.0"]


def test_a_method_that_was_not_timed_says_so(read) -> None:
    findings = cells({"n=10": 0, "n=20": 0}, seconds=math.nan)
    assert rows(read, findings, "runtime")[1][2:] == ["not timed"] * 3


def test_the_design_is_in_the_order_of_ademp(read, findings: Findings) -> None:
    heads = ["Aims", "Data-generating mechanisms", "Estimands", "Methods", "Performance measures"]
    design = [Part(head, (("", f"<{head}>"), ("name", "first\nsecond"))) for head in heads]
    tree = read(page(replace(findings, design=design)))
    (section,) = [e for e in tree.all("section") if e.attributes["id"] == "design"]
    assert [e.text for e in section.all("h3")] == heads
    assert [e.text for e in section.all("dt")] == ["name"] * 5
    assert [e.text for e in section.all("small")] == ["second"] * 5
    assert "<Aims>" in section.text
    assert tree.all("h2")[0].text == "The design"


def test_one_data_set_can_be_seen_again(read) -> None:
    def told(findings: Findings) -> list[str]:
        return [e.text for e in read(page(findings)).all("code") if e.text.startswith("scm ")]

    assert told(cells({"n=10": 0, "n=20": 5})) == [
        "scm run 'my runs/trial/config.toml'",
        "scm replay 'my runs/trial' --cell n=20 --world w --method m --replicate 0",
    ]
    whole = told(cells({"n=10": 0, "n=20": 0}))[1]
    assert whole == "scm replay 'my runs/trial' --cell n=10 --world w --method m --replicate 0"
    baselines = cells({"n=10": 5})
    methods = [replace(baselines.methods[0], baseline=True), baselines.methods[1]]
    assert "--method k" in told(replace(baselines, methods=methods))[1]


@pytest.mark.parametrize("policy", ["report", "listwise", "bounds"])
def test_the_table_says_what_became_of_failures(read, policy: str) -> None:
    text = read(page(replace(cells({"n=10": 5}), policy=policy))).text
    wanted = {"report": "did not fail", "listwise": "no method failed", "bounds": "bounds what"}
    assert wanted[policy] in text
