"""The report as a reader, a screen reader and a machine without a network get it."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from experiments.findings import Estimand, Findings, Method, World
from experiments.measures import summarise
from experiments.report import page, write
from experiments.report.axis import Scale

VOID = {"meta", "link", "br", "hr", "img", "input"}


class Element:
    """A node of the page: its name, attributes, parts and text."""

    def __init__(self, name: str, attributes: dict[str, str | None]) -> None:
        self.name, self.attributes = name, attributes
        self.parts: list[Element | str] = []

    def all(self, *names: str) -> list[Element]:
        """Every element of these names inside, in order."""
        found = []
        for part in self.parts:
            if isinstance(part, Element):
                found += [part] * (part.name in names) + part.all(*names)
        return found

    def every(self) -> list[Element]:
        """Every element inside."""
        return [inner for part in self.parts if isinstance(part, Element)
                for inner in (part, *part.every())]  # fmt: skip

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)


class Reader(HTMLParser):
    """Builds the tree and refuses what is not well nested."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].parts.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].parts.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().name == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


def read(html: str) -> Element:
    """The tree of a page."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == [reader.root]
    return reader.root


@pytest.fixture(scope="module")
def html(findings: Findings) -> str:
    return page(findings)


@pytest.fixture(scope="module")
def tree(html: str) -> Element:
    return read(html)


def number(text: str) -> float:
    """A number as the page writes it."""
    return float(text.replace("−", "-").strip(" \u2007\u2008!()%"))


def test_it_is_one_file_that_needs_nothing_else(html: str, tree: Element) -> None:
    assert html.startswith("<!doctype html>")
    assert not re.search(r"https?:|//[a-z]|@import|url\(", html)
    assert not tree.all("script", "link", "img", "iframe", "object", "embed")
    for element in tree.every():
        for name in ("src", "href", "srcset", "data"):
            target = element.attributes.get(name)
            assert target is None or target.startswith("#")
    (policy,) = [e for e in tree.all("meta") if "http-equiv" in e.attributes]
    assert "default-src 'none'" in str(policy.attributes["content"])


def test_it_writes_utf8_and_says_where(findings: Findings, html: str, tmp_path: Path) -> None:
    path = write(tmp_path / "report.html", findings)
    assert path.read_text(encoding="utf-8") == html


def test_every_table_has_a_caption_and_heads(tree: Element) -> None:
    tables = tree.all("table")
    assert len(tables) == 1 + 1 + 3 + 1 + 1  # glance, real, boards, methods, provenance
    for table in tables:
        (caption,) = table.all("caption")
        assert caption.text.strip()
        heads = [th for th in table.all("th") if th.attributes.get("scope") == "col"]
        for row in table.all("tr")[1:]:
            cells = row.all("th", "td")
            assert len(cells) == len(heads)
            assert cells[0].attributes.get("scope") == "row"


def test_every_drawing_says_what_it_shows(tree: Element) -> None:
    drawings = tree.all("svg")
    assert len(drawings) == 2 + 3 * 4
    ids = {e.attributes["id"]: e for e in tree.every() if "id" in e.attributes}
    for drawing in drawings:
        assert drawing.attributes["role"] == "img"
        named = [ids[name] for name in str(drawing.attributes["aria-labelledby"]).split()]
        assert [e.name for e in named] == ["title", "desc"]
        assert all(e.text.strip() for e in named)


def test_ids_are_unique_and_links_lead_somewhere(tree: Element) -> None:
    ids = [e.attributes["id"] for e in tree.every() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    links = [e.attributes["href"] for e in tree.all("a")]
    assert links
    assert {str(link)[1:] for link in links} <= set(ids)


def test_headings_do_not_skip_a_level(tree: Element) -> None:
    levels = [int(e.name[1]) for e in tree.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def boards(tree: Element) -> list[Element]:
    return [t for t in tree.all("table") if "board" in str(t.attributes["class"])]


def test_the_numbers_are_those_of_the_estimates(tree: Element, findings: Findings) -> None:
    truth = 0.1315
    for row, method in zip(boards(tree)[0].all("tr")[1:], findings.methods, strict=True):
        mine = findings.estimates.query("world == 'textbook' and method == @method.name")
        good = mine[mine.failure == ""]
        label, bias, median, spread, _, _, _, covers, failed, _ = row.all("th", "td")
        assert label.text.startswith(method.label)
        covered = 100 * ((good.low <= truth) & (truth <= good.high)).mean()
        assert number(value_of(covers)) == pytest.approx(covered, abs=0.05)
        assert number(value_of(failed)) == pytest.approx(
            100 * (mine.failure != "").mean(), abs=0.01
        )
        if good.value.isna().all():
            assert bias.text == median.text == "intervals only"
            continue
        assert number(value_of(median)) == pytest.approx(good.value.median() - truth, abs=5e-5)
        if method.moments == 0:
            assert bias.text == spread.text == "no finite moments"
        else:
            assert number(value_of(bias)) == pytest.approx(good.value.mean() - truth, abs=5e-6)
            assert number(bias.all("small")[0].text) == pytest.approx(
                good.value.std() / math.sqrt(len(good)), abs=5e-6
            )
            assert number(value_of(spread)) == pytest.approx(good.value.std(), abs=5e-6)


def value_of(cell: Element) -> str:
    """A cell's text without the error below it."""
    return "".join(p if isinstance(p, str) else p.text * (p.name != "small") for p in cell.parts)


def test_flags_stand_where_the_summary_has_them(tree: Element, findings: Findings) -> None:
    marked = [[("!" in value_of(cell)) for cell in row.all("td")] for table in boards(tree)
              for row in table.all("tr")[1:]]  # fmt: skip
    shown = ["bias", "median_bias", "empirical_se", "mad", "model_se", "rmse", "coverage",
             "failures", "seconds"]  # fmt: skip
    table = findings.summary.set_index("measure")
    expected = []
    for _, group in table.groupby(["world", "estimand", "method"], sort=False):
        expected.append([bool(group.flagged[name]) for name in shown])
    assert sorted(map(str, marked)) == sorted(map(str, expected))
    assert any(any(row) for row in expected)


def test_the_real_data_stand_beside_what_was_published(tree: Element) -> None:
    (table,) = [t for t in tree.all("table") if "real" in str(t.attributes["class"])]
    rows = [[cell.text for cell in row.all("th", "td")] for row in table.all("tr")]
    assert ["2SLS, as published", "0.1315 (0.0550)", "0.0237 to 0.2393", "0.1315 (0.0550)",
            "Card (1995); Wooldridge, example 15.4"] in rows  # fmt: skip
    assert ["first-stage F", "13.26", "", "13.26", ""] in rows


def test_text_is_escaped_and_whole(html: str, tree: Element) -> None:
    assert "<controls>" not in html
    text = tree.text
    assert "OLS, Card's <controls> & regions" in text
    assert "expersq < 0.2 unmeasured & u" in text
    assert "The truths below hold by construction" in text
    assert "scm run configs/college.toml" in text
    assert "jax 0.10.0" in text


def test_hostile_text_stays_text(build) -> None:
    evil = '<script>alert("&")</script>'
    findings = build(
        title=evil, aims=evil, notes=[evil], real_source=evil, provenance={evil: evil},
        worlds={"textbook": World(evil, evil, evil), "life": World("b")},
        estimands={"direct": Estimand(evil, evil), "total": Estimand("total")},
    )  # fmt: skip
    tree = read(page(findings))
    assert not tree.all("script")
    assert tree.text.count(evil) > 10


def test_estimates_beyond_the_chart_are_counted(tree: Element, findings: Findings) -> None:
    drawing = next(e for e in tree.all("svg") if e.attributes["class"] == "wide"
                   and "chart-textbook" in str(e.attributes["aria-labelledby"]))  # fmt: skip
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


def boxes(drawing: Element) -> list[tuple[str, float, float, float, float]]:
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
    methods = [Method(name, name, moments=0 if name == "cauchy" else math.inf, target="ATE",
                      estimands=("e",)) for name in [*draws, "absent"]]  # fmt: skip
    truths = pd.DataFrame([{"world": "w", "estimand": "e", "value": -13 / 240, "se": 0.004,
                            "method": "quadrature", "n": math.nan}])  # fmt: skip
    estimates = pd.concat(parts, ignore_index=True)
    return Findings(
        title="Hard", worlds={"w": World("w")}, estimands={"e": Estimand("e")}, methods=methods,
        estimates=estimates, truths=truths, summary=summarise(estimates, truths, methods),
    )  # fmt: skip


def test_texts_of_drawings_neither_overlap_nor_leave_the_page(
    findings: Findings, hard: Findings
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
    build, findings: Findings, truth: float
) -> None:
    shown = build(truths=findings.truths.assign(value=truth))
    for drawing in read(page(shown)).all("svg"):
        width = float(str(drawing.attributes["viewbox"]).split()[2])
        for text, left, _, right, _ in boxes(drawing):
            assert -12 <= left <= right <= width + 12, text


@settings(deadline=None)
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


def test_what_failed_is_on_the_page(hard: Findings) -> None:
    text = read(page(hard)).text
    assert "all 300 failed" in text
    assert "failures: 300 of 300 (300 propensity of 0 or 1)" in text
    assert "299 failed" in text
    assert "not run" in text
    assert not re.search(r"\bnan\b", text, re.IGNORECASE)


def test_a_truth_without_a_record_is_refused(build, findings: Findings) -> None:
    with pytest.raises(ValueError, match=r"every world needs a record.* given 'textbook'"):
        build(worlds={"life": World("b")})
