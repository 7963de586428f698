"""What may be chosen to be seen: the marks, the rules, and what Chromium makes of them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from experiments.findings import Findings
from experiments.report import page
from experiments.report.filters import filters

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                None)  # fmt: skip


@pytest.fixture(scope="module")
def marked(findings: Findings) -> Findings:
    """Two worlds, two estimands, an assumption that fails in one of the worlds, a baseline."""
    methods = [replace(m, baseline=m.name == "ols_crude") for m in findings.methods]
    return replace(findings, methods=methods, broken={("life", "ols"), ("life", "tsls")})


@pytest.fixture(scope="module")
def tree(read, marked: Findings):
    return read(page(marked))


def test_groups_have_names_and_their_first_option_shows_everything(tree) -> None:
    (form,) = tree.all("form")
    groups = form.all("fieldset")
    assert [e.all("legend")[0].text for e in groups] == ["World", "Estimand", "Methods"]
    for group in groups:
        buttons = group.all("input")
        assert len({e.attributes["name"] for e in buttons}) == 1
        assert ["checked" in e.attributes for e in buttons] == [True] + [False] * (len(buttons) - 1)
        assert all(label.text.strip() for label in group.all("label"))
        assert len(group.all("label")) == len(buttons)
    assert [e.text.strip() for e in groups[2].all("label")] == [
        "all", "those whose assumptions hold", "without the baselines",
    ]  # fmt: skip
    assert form.all("button")[0].attributes["type"] == "reset"


def test_nothing_to_choose_no_form(read, build, findings: Findings) -> None:
    one = replace(
        findings,
        worlds={"life": findings.worlds["life"]},
        estimands={"direct": findings.estimands["direct"]},
        **{name: frame.query("world == 'life' and estimand == 'direct'")
           for name, frame in (("truths", findings.truths), ("summary", findings.summary))},
    )  # fmt: skip
    assert filters(one).form == filters(one).style == ""
    assert not read(page(one)).all("form")


def test_rows_are_marked_by_what_is_known_of_their_methods(tree) -> None:
    boards = [e for e in tree.all("table") if "board" in str(e.attributes["class"])]
    kinds = [[row.attributes.get("class") for row in e.all("tr")[1:]] for e in boards]
    assert kinds == [
        ["baseline", None, None, None, None],
        ["baseline", "unsound", "unsound", None, None],
        ["unsound", "unsound", None, None],
    ]


def test_nothing_is_hidden_but_on_screens(marked: Findings) -> None:
    rules = filters(marked).style
    assert rules.startswith("@media screen {\n")
    assert rules.rstrip().endswith("}")
    inside = rules.strip().removeprefix("@media screen {").removesuffix("}")
    for rule in inside.strip().splitlines():
        assert rule.startswith(":root:has(#"), rule  # so it asks that something be chosen
        assert "-all" not in rule


PROBE = """
<script>
const names = {
  sections: "section[id^=world-]", articles: "article", rows: "table.board tbody tr",
  heads: "table.glance thead th", glance: "table.glance tbody tr", zips: "svg.zip",
  chosen: ".chosen", reason: "table.glance td.unsound > span", strips: "svg.wide",
  faint: "svg.wide g.unsound, svg.wide g.baseline"};
const seen = () => Object.fromEntries(Object.entries(names).map(([name, what]) => [name,
  [...document.querySelectorAll(what)].filter(e => e.checkVisibility
    ? e.checkVisibility() && getComputedStyle(e).opacity == 1 : false).length]));
const found = {all: seen()};
for (const id of IDS) {
  document.getElementById(id).click();
  found[id] = seen();
  document.querySelector("form button").click();
}
found.again = seen();
const wide = [...document.querySelectorAll("body *")].filter(
  e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll, pre, svg, .skip"));
found.wide = wide.map(e => e.tagName + "." + e.className).slice(0, 5);
found.scrolls = document.documentElement.scrollWidth - innerWidth;
const out = document.createElement("pre");
out.id = "found";
out.textContent = JSON.stringify(found);
document.body.append(out);
</script>
"""


def browsed(tmp_path: Path, html: str, ids: list[str], width: int = 1200) -> dict:
    """What is to be seen in Chromium after each of these buttons, and after going back."""
    html = re.sub(r"<meta http-equiv[^>]*>", "", html)  # or the probe itself would not run
    path = tmp_path / "report.html"
    path.write_text(
        html.replace("</body>", PROBE.replace("IDS", json.dumps(ids)) + "</body>"), encoding="utf-8"
    )
    done = subprocess.run(
        [str(CHROMIUM), "--headless=new", "--no-sandbox", "--disable-gpu",
         f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},900", "--dump-dom",
         path.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout[-500:]
    return json.loads(unescape(found[1]))


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_chromium_shows_what_is_chosen(tmp_path: Path, marked: Findings) -> None:
    ids = ["world-1", "estimand-1", "methods-unsound", "methods-baseline"]
    found = browsed(tmp_path, page(marked), ids)
    everything = found["all"]
    assert everything == found["again"]
    assert everything["sections"] == 2
    assert everything["articles"] == 3
    assert everything["rows"] == 5 + 5 + 4
    assert everything["heads"] == 1 + 3
    assert everything["zips"] == 14
    assert everything["chosen"] == 0

    life = found["world-1"]
    assert (life["sections"], life["articles"], life["rows"]) == (1, 2, 9)
    assert (life["heads"], life["zips"], life["strips"]) == (3, 9, everything["strips"] - 1)
    assert life["chosen"] == 1

    total = found["estimand-1"]  # it is asked in one world only
    assert (total["sections"], total["articles"], total["rows"]) == (1, 1, 4)
    assert total["heads"] == 2

    sound = found["methods-unsound"]
    assert sound["rows"] == 14 - 4
    assert sound["zips"] == 14 - 4
    assert sound["glance"] == everything["glance"]  # they are sound in the other world
    assert everything["reason"] > sound["reason"] == 0
    assert 0 < sound["faint"] < everything["faint"]

    without = found["methods-baseline"]
    assert without["rows"] == 14 - 2
    assert without["glance"] == everything["glance"] - 1


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_nothing_is_wider_than_a_narrow_page(tmp_path: Path, marked: Findings) -> None:
    found = browsed(tmp_path, page(marked), [], width=500)  # no window of it is narrower
    assert found["wide"] == []
    assert found["scrolls"] <= 0
