"""Zip plots: who stands where, by hand; what is drawn is what is kept."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from experiments.findings import Estimand, Findings, Method, World
from experiments.measures import summarise
from experiments.report import report
from experiments.report.zips import LINES, zips

INF, NAN = math.inf, math.nan


def findings(rows: pd.DataFrame, truth: float = 1.0) -> Findings:
    """One method that made these intervals."""
    estimates = rows.assign(world="w", method="m", replicate=range(len(rows)), n=9, failure="")
    truths = pd.DataFrame({"world": ["w"], "estimand": ["e"], "value": [truth], "se": [0.0],
                           "method": ["exact"], "n": [0]})  # fmt: skip
    methods = [Method("m", "The method", estimands=("e",))]
    return Findings(
        title="x", worlds={"w": World("w")}, estimands={"e": Estimand("e")}, methods=methods,
        estimates=estimates, truths=truths, summary=summarise(estimates, truths, methods),
    )  # fmt: skip


# The six estimates whose measures Morris, White and Crowther's formulas were worked out for.
SIX = pd.DataFrame(
    {"value": [0.8, 1.3, 1.9, 0.4, 1.2, 1.0], "se": [0.3, 0.2, 0.3, 0.25, 0.3, 0.35]}
)
SIX = SIX.assign(low=SIX.value - 1.96 * SIX.se, high=SIX.value + 1.96 * SIX.se)


def test_intervals_stand_by_the_distance_of_the_estimate_in_standard_errors() -> None:
    (found,) = zips(findings(SIX), "w", "e", 1.0)
    # |z| is 2/3, 1.5, 3, 2.4, 2/3, 0 in the order of the data sets.
    assert found.intervals.replicate.tolist()[0] == 5
    assert set(found.intervals.replicate.tolist()[1:3]) == {0, 4}
    assert found.intervals.replicate.tolist()[3:] == [1, 3, 2]
    assert found.intervals.z.tolist() == pytest.approx([0, 2 / 3, 2 / 3, 1.5, 2.4, 3])
    assert found.intervals.covers.tolist() == [True] * 4 + [False] * 2
    assert found.intervals.centile.tolist() == pytest.approx(
        [100 * (i + 0.5) / 6 for i in range(6)]
    )
    assert (found.count, found.by_interval) == (6, False)


def test_without_standard_errors_the_interval_tells_the_distance() -> None:
    rows = pd.DataFrame(
        [
            (0.0, 2.0, NAN, NAN),  # the truth in its middle
            (0.5, 1.1, NAN, NAN),  # two thirds of the way out
            (1.5, 2.5, NAN, NAN),  # two half widths away
            (-INF, INF, NAN, NAN),
            (-INF, INF, 0.9, 1.2),  # two rays, and the truth between them
            (0.0, INF, NAN, NAN),
            (-INF, 0.5, NAN, NAN),
        ],
        columns=["low", "high", "gap_low", "gap_high"],
    )
    (found,) = zips(findings(rows.assign(value=NAN, se=NAN)), "w", "e", 1.0)
    assert found.by_interval
    by = found.intervals.set_index("replicate")
    assert by.z.loc[[0, 1, 2]].tolist() == pytest.approx([0, 1.959964 * 2 / 3, 1.959964 * 2])
    assert by.z.loc[[3, 4, 5, 6]].tolist() == [0, INF, 0, INF]
    assert by.covers.loc[range(7)].tolist() == [True, True, False, True, False, True, False]


def drawn(path: str) -> int:
    """How many lines a path has."""
    return path.count("M")


def test_of_many_some_are_drawn_and_the_caption_says_so(read) -> None:
    random, size = np.random.default_rng(5), 5 * LINES
    value = random.normal(1, 0.1, size)
    made = findings(pd.DataFrame({"value": value, "se": 0.1, "low": value - 0.196,
                                  "high": value + 0.196}))  # fmt: skip
    done = report(made)
    (figure,) = [each for each in done.figures if each.name == "intervals_e_w"]
    assert f"Of 1,000 intervals {LINES} are drawn" in figure.caption
    assert len(figure.numbers) == LINES
    tree = read(done.html)
    (drawing,) = [e for e in tree.all("svg") if "zip" in str(e.attributes["class"])]
    paths = {str(e.attributes["class"]): str(e.attributes["d"]) for e in drawing.all("path")}
    covers = figure.numbers.covers
    assert drawn(paths["hits"]) == covers.sum()
    assert drawn(paths["misses"]) == (~covers).sum()
    # The share that is drawn in red is that which misses, to a line or two.
    kept = (abs(value - 1) > 0.196).mean()
    assert abs((~covers).mean() - kept) < 2 / LINES
    assert figure.numbers.covers.iloc[: LINES // 2].all()
    # All numbers are those of the data sets, to the last digit.
    mine = figure.numbers.set_index("replicate")
    assert (mine.value == pd.Series(value).loc[mine.index]).all()


def test_a_line_is_where_its_interval_is(read) -> None:
    tree = read(report(findings(SIX)).html)
    (drawing,) = [e for e in tree.all("svg") if "zip" in str(e.attributes["class"])]
    ticks = [e for e in drawing.all("text") if e.attributes["class"] == "number"
             and e.attributes["text-anchor"] == "middle"]  # fmt: skip
    (first, at), (last, to) = [
        (float(e.text.replace("−", "-")), float(str(e.attributes["x"])))
        for e in (ticks[0], ticks[-1])
    ]
    pixel = (last - first) / (to - at)
    (misses,) = [e for e in drawing.all("path") if e.attributes["class"] == "misses"]
    starts = [float(each.split()[0]) for each in str(misses.attributes["d"]).split("M")[1:]]
    lows = [first + (x - at) * pixel for x in starts]
    # 0.4 - 0.49 of the fifth, 1.9 - 0.588 of the last; the former may begin left of the axis.
    assert lows[1] == pytest.approx(1.312, abs=pixel)
    truth = [e for e in drawing.all("line") if e.attributes["class"] == "truth"]
    assert first + (float(str(truth[0].attributes["x1"])) - at) * pixel == pytest.approx(
        1, abs=pixel
    )


def test_no_intervals_no_plot() -> None:
    rows = SIX.assign(low=NAN, high=NAN)
    assert [each.name for each in report(findings(rows)).figures] == ["estimates_e_w"]


def test_a_method_without_spread_has_ticks_that_differ(read) -> None:
    value = np.full(20, 0.1315038362)
    rows = pd.DataFrame({"value": value, "se": 1e-15, "low": value - 2e-15, "high": value + 2e-15})
    tree = read(report(findings(rows, truth=float(value[0]))).html)
    (drawing,) = [e for e in tree.all("svg") if "zip" in str(e.attributes["class"])]
    ticks = [e.text for e in drawing.all("text") if e.attributes["class"] == "number"
             and e.attributes["text-anchor"] == "middle"]  # fmt: skip
    assert len(ticks) == len(set(ticks)) > 0
