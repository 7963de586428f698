"""The drawings: what they count, and that no text overlaps another or leaves the page."""

from __future__ import annotations

import math
import re
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from experiments.findings import Estimand, Findings, Method, World
from experiments.measures import summarise
from experiments.report import page
from experiments.report.axis import Scale
from experiments.report.density import outline


def number(text: str) -> float:
    """A number as the page writes it."""
    return float(text.replace("−", "-").strip(" \u2007\u2008!()%"))


def test_two_estimates_have_two_humps_that_are_alike() -> None:
    curve = dict(outline(np.array([1.005, 1.995]), Scale(0.0, 3.0, 0.0, 300.0)))
    assert max(curve.values()) == 1 > curve[150.5]
    heights = [curve[x] for x in sorted(curve)]
    assert heights == pytest.approx(heights[::-1])


def test_estimates_beyond_the_chart_are_counted(read, findings: Findings) -> None:
    tree = read(page(findings))
    drawing = next(e for e in tree.all("svg") if e.attributes["class"] == "wide"
                   and "direct_textbook" in str(e.attributes["aria-labelledby"]))  # fmt: skip
    beyond = [e.text for e in drawing.all("text") if "beyond" in e.text]
    counts = [int(re.sub(r"\D", "", text)) for text in beyond]
    # Two ticks of the first panel, which ends at 600, give its scale; then count by hand.
    numbers = [e for e in drawing.all("text") if e.attributes["class"] == "number"]
    placed = [(number(e.text), float(str(e.attributes["x"]))) for e in numbers]
    ticks = [(value, x) for value, x in placed if x < 620]
    (first, at), (last, to) = ticks[0], ticks[-1]
    per_pixel = (last - first) / (to - at)
    low, high = first + (214 - at) * per_pixel, first + (600 - at) * per_pixel
    values = findings.estimates.query("world == 'textbook'").value
    outside = int((values < low).sum()) + int((values > high).sum())
    assert sum(counts) == outside > 0


def boxes(drawing) -> list[tuple[str, float, float, float, float]]:
    """Where every text stands, by a generous guess at the widths of letters."""
    found = []
    for element in drawing.all("text"):
        size = {"number": 11.5, "small": 11.5, "note": 11.5}.get(
            str(element.attributes["class"]), 13.5
        )
        width = 0.56 * size * len(element.text)
        x, y = float(str(element.attributes["x"])), float(str(element.attributes["y"]))
        left = x - {"start": 0, "middle": width / 2, "end": width}[
            str(element.attributes["text-anchor"])
        ]  # fmt: skip
        found.append((element.text, left, y - 0.75 * size, left + width, y + 0.15 * size))
    return found


LONG = "Inverse-probability-weighting-without-stabilisation (Horvitz-Thompson), trimmed at nothing"


@pytest.fixture(scope="module")
def hard() -> Findings:
    """Everything at once: long names, failures, one success, atoms, no spread, no moments."""
    random, size = np.random.default_rng(1), 300
    nan = np.full(size, math.nan)
    draws = {
        LONG: random.standard_t(2.5, size),
        "fails": nan,
        "one": np.where(np.arange(size) == 3, -0.05, math.nan),
        "atoms": random.binomial(4, 0.5, size) / 40,
        "constant": np.full(size, -13 / 240),
        "cauchy": random.standard_cauchy(size),
    }
    parts = [
        pd.DataFrame({
            "world": "w", "method": name, "replicate": range(size), "value": values, "se": 0.5,
            "low": values - 1, "high": values + 1, "n": 10,
            "failure": np.where(np.isnan(values), "propensity of 0 or 1", ""),
        })
        for name, values in draws.items()
    ]  # fmt: skip
    methods = [
        Method(name, name, moments=0 if name == "cauchy" else math.inf,
               target="variance-weighted slope", estimands=("e",))
        for name in [*draws, "absent"]
    ]  # fmt: skip
    truths = pd.DataFrame([{"world": "w", "estimand": "e", "value": -13 / 240, "se": 0.004,
                            "method": "quadrature", "n": math.nan}])  # fmt: skip
    estimates = pd.concat(parts, ignore_index=True)
    return Findings(
        title="Hard", worlds={"w": World("w")}, estimands={"e": Estimand("e")}, methods=methods,
        estimates=estimates, truths=truths, summary=summarise(estimates, truths, methods),
    )  # fmt: skip


def test_texts_of_drawings_neither_overlap_nor_leave_the_page(
    read, findings: Findings, hard: Findings
) -> None:
    for shown in (findings, hard):
        for drawing in read(page(shown)).all("svg"):
            _, _, width, height = map(float, str(drawing.attributes["viewbox"]).split())
            placed = boxes(drawing)
            for text, left, top, right, bottom in placed:
                # The page has a margin of 16 pixels, which a tick's text may lean into.
                assert -12 <= left <= right <= width + 12, text
                assert 0 <= top <= bottom <= height, text
            for one, other in combinations(placed, 2):
                apart = (one[3] <= other[1] or other[3] <= one[1]
                         or one[4] <= other[2] or other[4] <= one[2])  # fmt: skip
                assert apart, (one, other)


@pytest.mark.parametrize("truth", [-4.87654, 4.87654])
def test_a_truth_at_the_edge_is_named_within_the_drawing(
    read, build, findings: Findings, truth: float
) -> None:
    shown = build(truths=findings.truths.assign(value=truth))
    for drawing in read(page(shown)).all("svg"):
        width = float(str(drawing.attributes["viewbox"]).split()[2])
        for text, left, _, right, _ in boxes(drawing):
            assert -12 <= left <= right <= width + 12, text


@settings(deadline=None)
@example(low=123_456.0, extent=1.0, width=120.0, times=1.0)  # long numbers, little room
@given(
    st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.floats(120, 800), st.sampled_from([1.0, 100.0])
)
def test_ticks_are_on_the_scale_apart_and_true(
    low: float, extent: float, width: float, times: float
) -> None:
    assume(low + extent > low + 1e-9 * abs(low))
    scale = Scale(low, low + extent, 0.0, width)
    ticks = scale.ticks(times=times)
    for value, text in ticks:
        assert low - 1e-6 * extent <= value <= low + extent * (1 + 1e-6)
        assert number(text) == pytest.approx(value * times, rel=1e-4, abs=1e-6 * extent * times)
    for (one, text), (other, after) in pairwise(ticks):
        room = (other - one) / extent * width
        assert len(ticks) <= 2 or room > 0.56 * 11.5 * (len(text) + len(after)) / 2


def test_what_failed_is_on_the_page(read, hard: Findings) -> None:
    text = read(page(hard)).text
    assert "all 300 failed" in text
    assert "failures: 300 of 300 (300 propensity of 0 or 1)" in text
    assert "299 failed" in text
    assert "not run" in text
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)
