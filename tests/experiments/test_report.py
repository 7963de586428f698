"""The report as a reader, a screen reader and a machine without a network get it."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from pathlib import Path

import pytest

from experiments.findings import Estimand, Findings, World
from experiments.report import page, write


@pytest.fixture(scope="module")
def html(findings: Findings) -> str:
    return page(findings)


@pytest.fixture(scope="module")
def tree(read, html: str):
    return read(html)


def number(text: str) -> float:
    """A number as the page writes it."""
    return float(text.replace("−", "-").strip(" \u2007\u2008!()%"))


def test_it_is_one_file_that_needs_nothing_else(html: str, tree) -> None:
    assert html.startswith("<!doctype html>")
    assert not re.search(r"https?:|//[a-z]|@import|url\(", html)
    assert not tree.all("script", "link", "img", "iframe", "object", "embed")
    for element in tree.every():
        for name in ("src", "href", "srcset", "data"):
            target = element.attributes.get(name)
            # Files beside the page may be missing: nothing is loaded from them, they are links.
            beside = element.name == "a" and str(target).startswith("figures/")
            assert target is None or target.startswith("#") or beside
    (policy,) = [e for e in tree.all("meta") if "http-equiv" in e.attributes]
    told = dict(each.split(" ", 1) for each in str(policy.attributes["content"]).split("; "))
    assert told["default-src"] == told["form-action"] == told["base-uri"] == "'none'"
    assert told["style-src"] == "'unsafe-inline'"
    assert len(told) == 4  # scripts, which have no rule of their own, are under the first


def test_it_writes_utf8_and_says_where(findings: Findings, html: str, tmp_path: Path) -> None:
    path = write(tmp_path / "report.html", findings)
    assert path.read_text(encoding="utf-8") == html


def test_every_table_has_a_caption_and_heads(tree) -> None:
    tables = tree.all("table")
    # glance, real, boards, failures, runtime, methods, provenance
    assert len(tables) == 1 + 1 + 3 + 1 + 1 + 1 + 1
    for table in tables:
        (caption,) = table.all("caption")
        assert caption.text.strip()
        heads = [th for th in table.all("th") if th.attributes.get("scope") == "col"]
        for row in table.all("tr")[1:]:
            cells = row.all("th", "td")
            assert len(cells) == len(heads)
            assert cells[0].attributes.get("scope") == "row"


def test_every_drawing_says_what_it_shows(tree) -> None:
    drawings = tree.all("svg")
    assert len(drawings) == 2 + 3 * 4 + (5 + 5 + 4)  # and zip plots: one method has no total
    ids = {e.attributes["id"]: e for e in tree.every() if "id" in e.attributes}
    for drawing in drawings:
        assert drawing.attributes["role"] == "img"
        named = [ids[name] for name in str(drawing.attributes["aria-labelledby"]).split()]
        assert [e.name for e in named] == ["title", "desc"]
        assert all(e.text.strip() for e in named)


def test_ids_are_unique_and_links_lead_somewhere(tree) -> None:
    ids = [e.attributes["id"] for e in tree.every() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    links = [e.attributes["href"] for e in tree.all("a")]
    assert links
    assert {str(link)[1:] for link in links if str(link).startswith("#")} <= set(ids)


def test_what_the_keyboard_reaches_is_seen_and_named(html: str, tree) -> None:
    assert ":focus-visible { outline: 2px solid" in html
    assert not re.search(r"outline: *(none|0)", html)
    for element in tree.every():
        if "tabindex" in element.attributes:
            assert element.attributes["tabindex"] == "0"
            assert element.attributes.get("role") == "region"
            assert str(element.attributes["aria-label"]).strip()
    (skip,) = [e for e in tree.all("a") if e.attributes.get("class") == "skip"]
    assert skip.attributes["href"] == "#glance"
    assert [e.name for e in tree.all("header", "nav", "main")] == ["header", "nav", "main"]


def test_every_caption_says_what_its_bars_are(tree) -> None:
    captions = [e.text for e in tree.all("figcaption")]
    explained = [text for text in captions if "How to read this" not in text]
    assert len(captions) == 7
    assert len(explained) == 3  # of the real data, and of the first of both kinds
    for text in explained:
        assert "errors to each side" in text or "Every horizontal line is an interval" in text


def test_headings_do_not_skip_a_level(tree) -> None:
    levels = [int(e.name[1]) for e in tree.all("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def boards(tree) -> list:
    return [t for t in tree.all("table") if "board" in str(t.attributes["class"])]


def test_the_numbers_are_those_of_the_estimates(tree, findings: Findings) -> None:
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


def value_of(cell) -> str:
    """A cell's text without the error below it."""
    return "".join(p if isinstance(p, str) else p.text * (p.name != "small") for p in cell.parts)


def test_flags_stand_where_the_summary_has_them(tree, findings: Findings) -> None:
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


def test_the_real_data_stand_beside_what_was_published(tree) -> None:
    (table,) = [t for t in tree.all("table") if "real" in str(t.attributes["class"])]
    rows = [[cell.text for cell in row.all("th", "td")] for row in table.all("tr")]
    assert ["2SLS, as published", "0.1315 (0.0550)", "0.0237 to 0.2393", "0.1315 (0.0550)",
            "Card (1995); Wooldridge, example 15.4"] in rows  # fmt: skip
    assert ["first-stage F", "13.26", "", "13.26", ""] in rows


def test_text_is_escaped_and_whole(html: str, tree) -> None:
    assert "<controls>" not in html
    text = tree.text
    assert "OLS, Card's <controls> & regions" in text
    assert "expersq < 0.2 unmeasured & u" in text
    assert "The truths below hold by construction" in text
    assert "scm run configs/college.toml" in text
    assert "jax 0.10.0" in text


def test_hostile_text_stays_text(read, build) -> None:
    evil = '<script>alert("&")</script>'
    findings = build(
        title=evil, aims=evil, notes=[evil], real_source=evil, provenance={evil: evil},
        worlds={"textbook": World(evil, evil, evil), "life": World("b")},
        estimands={"direct": Estimand(evil, evil), "total": Estimand("total")},
    )  # fmt: skip
    tree = read(page(findings))
    assert not tree.all("script")
    assert tree.text.count(evil) > 10


def test_a_truth_without_a_record_is_refused(build, findings: Findings) -> None:
    with pytest.raises(ValueError, match=r"every world needs a record.* given 'textbook'"):
        build(worlds={"life": World("b")})
