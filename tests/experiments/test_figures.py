"""The files of figures: they stand alone, and their numbers are those of the summary."""

from __future__ import annotations

import math
import re
import struct
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from experiments.findings import Findings, Method
from experiments.report import report, write
from experiments.report.figure import Figure, Shown
from experiments.report.files import picture
from experiments.report.sheet import sheet
from experiments.report.svg import Drawing, text

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def folder(findings: Findings, tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("report") / "report.html", findings).parent / "figures"


def test_every_figure_has_three_files_that_the_page_links_to_and_none_besides(
    read, folder: Path
) -> None:
    tree = read((folder.parent / "report.html").read_text(encoding="utf-8"))
    links = [e for e in tree.all("a") if not str(e.attributes["href"]).startswith("#")]
    files = {f"figures/{each.name}" for each in folder.iterdir()}
    assert {e.attributes["href"] for e in links} == files
    assert len(links) == len(files)
    figures = tree.all("figure")
    assert len(files) == 3 * len(figures) == 3 * (1 + 3 + 3)
    for figure in figures:
        (line,) = [e for e in figure.all("p") if e.attributes.get("class") == "files"]
        assert [e.text for e in line.all("a")] == ["SVG", "PNG", "CSV"]
        for link in line.all("a"):
            assert "not there if the report was moved alone" in str(link.attributes["title"])
    names = [str(e.attributes["aria-label"]) for e in links]
    assert len(set(names)) == len(names)


def test_a_drawing_stands_alone(folder: Path) -> None:
    drawings = sorted(folder.glob("*.svg"))
    assert len(drawings) == 7
    for path in drawings:
        content = path.read_text(encoding="utf-8")
        root = ElementTree.fromstring(content)
        assert root.tag == f"{SVG}svg"
        assert not re.search(r"var\(|url\(|@import|@font-face|href=|<script", content)
        assert "#fdfcf9" not in content  # the page's paper: here it is white
        assert not re.search(r"https?:", content.replace("http://www.w3.org/2000/svg", ""))
        width, height = float(root.attrib["width"]), float(root.attrib["height"])
        assert root.attrib["viewBox"] == f"0 0 {width:g} {height:g}"
        (paper,) = [e for e in root if e.tag == f"{SVG}rect"]
        assert (paper.attrib["fill"], float(paper.attrib["width"])) == ("#ffffff", width)
        title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
        assert title is not None
        assert description is not None
        assert title.text
        assert description.text
        assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {description.attrib['id']}"
        # Every class that is drawn has a rule in the drawing itself, or is one of what is shown.
        style = root.find(f"{SVG}style").text
        classes = {name for e in root.iter() for name in e.attrib.get("class", "").split()}
        without = {name for name in classes if not re.search(rf"\.{name}\b", style)}
        assert without <= {"wide", "baseline", "unsound", "key", "label"}
        assert "Monte Carlo" in content or "published standard errors" in content


def channel(colour: str, at: int) -> float:
    part = int(colour[at : at + 2], 16) / 255
    return part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    red, green, blue = (channel(colour, at) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted([luminance(one), luminance(other)], reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True])
def test_text_can_be_read(findings: Findings, dark: bool) -> None:
    style = (Path(report.__code__.co_filename).parent / "colours.css").read_text(encoding="utf-8")
    light, _, night = style.partition("@media")
    known = dict(re.findall(r"--(\w+): (#\w{6});", light))
    if dark:
        known |= dict(re.findall(r"--(\w+): (#\w{6});", night))
    for words in ("ink", "muted", "truth", "flag", "link"):
        for paper in ("paper", "faint"):
            assert contrast(known[words], known[paper]) >= 4.5, (words, paper)
    for mark in ("mark", *(f"method{i}" for i in range(7))):
        assert contrast(known[mark], known["paper"]) >= 3, mark
    if not dark:
        assert all(contrast(known[words], "#ffffff") >= 4.5 for words in ("muted", "truth", "flag"))


def size(png: bytes) -> tuple[int, int]:
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert png[12:16] == b"IHDR"
    return struct.unpack(">II", png[16:24])


def test_a_picture_has_two_pixels_for_one(folder: Path) -> None:
    for path in folder.glob("*.png"):
        root = ElementTree.fromstring(path.with_suffix(".svg").read_text(encoding="utf-8"))
        wide, high = size(path.read_bytes())
        assert abs(wide - 2 * float(root.attrib["width"])) <= 1
        assert abs(high - 2 * float(root.attrib["height"])) <= 1


def drawn(words: str) -> Figure:
    drawing = Drawing("wide", 300, 20, "A title", "What it is.", [text("label", 0, 14, words)])
    return Figure("x", "x", "x", [drawing], pd.DataFrame())


def test_letters_are_in_the_picture_and_odd_ones_break_nothing() -> None:
    import io

    import matplotlib.image

    pictures = [
        matplotlib.image.imread(io.BytesIO(picture(sheet(drawn(words)))))
        for words in ("", "−ΔÖ μ", "a\x07\x00b \ud800", "日本")
    ]
    blank, *written = pictures
    for each in written:
        assert (each != blank).sum() > 100
    inks = [each[..., :3].min() for each in written]
    assert max(inks) < 0.4


def table(folder: Path, name: str) -> pd.DataFrame:
    """The file as Python's own float reads it: to the last digit."""
    kept = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
    numbers = {"at", "value", "mcse", "low", "high"} & set(kept.columns)
    return kept.assign(**{one: [float(x or "nan") for x in kept[one]] for one in numbers})


def test_the_numbers_of_a_board_are_those_of_the_summary_in_full(
    folder: Path, findings: Findings
) -> None:
    numbers = table(folder, "estimates_direct_textbook")
    summary = findings.summary.query("world == 'textbook' and estimand == 'direct'")
    summary = summary.set_index(["method", "measure"])
    for method in findings.methods:
        mine = numbers[numbers.method == method.name]
        values = findings.estimates.query(
            "world == 'textbook' and method == @method.name and failure == ''"
        ).value.dropna()
        quantiles = mine[mine.mark == "quantile"]
        if len(values):
            assert quantiles["value"].tolist() == np.quantile(values, quantiles["at"]).tolist()
            density = mine[mine.mark == "density"]
            assert density["value"].max() == 1
            assert abs(density["at"][density["value"].idxmax()] - values.median()) < values.std()
        for panel in ("bias", "coverage"):
            (row,) = mine[mine.panel == panel].to_dict("records") or [{}]
            measure = "median_bias" if panel == "bias" and not method.moments else panel
            kept = summary.loc[(method.name, measure)]
            if not row:
                assert math.isnan(kept.value)
                continue
            assert (row["value"], row["mcse"]) == (kept.value, kept.mcse)
            assert row["mark"] == measure.replace("_", " ")
            assert row["low"] == max(
                kept.value - 1.96 * kept.mcse, 0 if panel == "coverage" else -9
            )
            assert (row["flagged"] == "True") == kept.flagged
    (truth,) = numbers[numbers.mark == "truth"].to_dict("records")
    assert truth["value"] == 0.1315


def test_the_numbers_of_real_data_are_those_that_came(folder: Path, findings: Findings) -> None:
    numbers = table(folder, "real-data").set_index(["method", "source"])
    assert numbers.loc[("ols", "here"), "value"] == 0.0746932
    assert numbers.loc[("tsls", "published"), "low"] == pytest.approx(0.1315 - 1.96 * 0.055)
    assert ("ols_crude", "published") not in numbers.index


def test_a_key_takes_as_many_lines_as_it_needs() -> None:
    methods = [Shown(i, Method(str(i), f"A method of a long name, number {i}")) for i in range(9)]
    figure = Figure("x", "x", "x", drawn("x").drawings, pd.DataFrame(), key=methods)
    root = ElementTree.fromstring(sheet(figure))
    words = [e for e in root.iter(f"{SVG}text") if e.attrib["class"] == "key"]
    assert [e.text for e in words] == [each.method.label for each in methods]
    assert all(float(e.attrib["x"]) + 6 * len(str(e.text)) < 300 for e in words)
