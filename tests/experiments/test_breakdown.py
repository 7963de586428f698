"""Breakdown curves and the short leaderboard: whose numbers they show, and what is left out."""

from __future__ import annotations

import io
import itertools
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from experiments.config import load
from experiments.findings import Estimand, Findings, Method, Setting, World
from experiments.leaderboard import render
from experiments.measures import summarise
from experiments.report import page, report
from experiments.report.curve_chart import chart
from experiments.report.curves import curves
from experiments.report.layout import layouts
from experiments.running import places
from experiments.setting import setting

METHODS = (
    Method("crude", "Crude <difference>", "difference_in_means", "ATE", estimands=("ate",)),
    Method("ipw", "IPW", "ipw", "ATE", estimands=("ate",)),
    Method("tsls", "2SLS", "tsls", "LATE", moments=0.0, estimands=("ate",)),
)
N = "n"
OVERLAP = "worlds.trial.parameters.overlap"
NOISE = "worlds.trial.parameters.noise"
TRUTH, REPLICATIONS = 0.5, 40


def gridded(**factors: tuple) -> Findings:
    """A study of every combination; the bias of every method falls with n and differs by cell."""
    keys = {"n": N, "overlap": OVERLAP, "noise": NOISE}
    random = np.random.default_rng(11)
    worlds, cells, frames = {}, {}, []
    for at, levels in enumerate(itertools.product(*factors.values())):
        told = dict(zip(factors, levels, strict=True))
        label = ", ".join(f"{name}={level}" for name, level in told.items())
        name = f"trial [{label}]"
        worlds[name] = World(f"A trial: {label}")
        cells[name] = Setting(
            "trial", "A trial", levels={keys[k]: v for k, v in told.items()}, label=label
        )
        for number, method in enumerate(METHODS):
            shift = (2 - number) * 10 / told["n"] + 0.01 * at
            values = random.normal(TRUTH + shift, 3 / math.sqrt(told["n"]), REPLICATIONS)
            se = np.full(REPLICATIONS, 3 / math.sqrt(told["n"]))
            frames.append(pd.DataFrame({
                "world": name, "method": method.name, "replicate": range(REPLICATIONS),
                "value": values, "se": se, "low": values - 1.96 * se, "high": values + 1.96 * se,
                "n": told["n"], "failure": "",
            }))  # fmt: skip
    estimates = pd.concat(frames, ignore_index=True)
    truths = pd.DataFrame([
        {"world": name, "estimand": "ate", "value": TRUTH, "se": 0.0, "method": "exact", "n": 0}
        for name in worlds
    ])  # fmt: skip
    return Findings(
        title="When does it break?", worlds=worlds, estimands={"ate": Estimand("The effect")},
        methods=METHODS, estimates=estimates, truths=truths,
        summary=summarise(estimates, truths, METHODS), cells=cells,
        provenance={"replications": REPLICATIONS, "n": 60},
    )  # fmt: skip


@pytest.fixture(scope="module")
def grid() -> Findings:
    return gridded(n=(50, 200, 100), overlap=(0.1, 0.5))


@pytest.fixture(scope="module")
def wide() -> Findings:
    """Of n there are three levels, of the other factors eight combinations."""
    return gridded(n=(50, 100, 200), overlap=(0.1, 0.2, 0.4, 0.8), noise=("normal", "student"))


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


def measured(findings: Findings, measure: str, label: str, n: int, overlap: float) -> pd.Series:
    """The row of the summary, found by what a reader sees."""
    (method,) = [each for each in findings.methods if each.label == label]
    if measure == "bias" and not method.moments:
        measure = "median_bias"
    (world,) = [name for name, each in findings.cells.items()
                if each.levels[N] == n and each.levels[OVERLAP] == overlap]  # fmt: skip
    table = findings.summary
    rows = table[
        (table.world == world) & (table.method == method.name) & (table.measure == measure)
    ]
    return rows.iloc[0]


def panels(tree, by: str) -> list:
    """The drawings against a factor."""
    drawings = [e for e in tree.all("svg") if e.attributes["class"] == "panel"]
    return [e for e in drawings if f" by {by}" in e.all("title")[0].text]


def middle(mark) -> float:
    """How high the middle of a mark stands: of a circle, a square or a diamond."""
    if mark.name == "circle":
        return float(mark.attributes["cy"])
    heights = [float(y) for y in re.findall(r" (-?[\d.]+)", mark.attributes["d"])]
    return (min(heights) + max(heights)) / 2


def ruler(drawing):
    """What a height stands for, and how much a pixel is, from the ticks at the left."""
    texts = [e for e in drawing.all("text") if e.attributes["text-anchor"] == "end"
             and e.attributes["class"] == "number"]  # fmt: skip
    (first, at), (last, to) = [
        (number(e.text), float(e.attributes["y"])) for e in (texts[0], texts[-1])
    ]
    pixel = (last - first) / (to - at)
    return (lambda y: first + (y + 4 - at) * pixel), abs(pixel)


MARK = re.compile(r"(.+): (bias|median bias|RMSE|coverage) (−?[\d.]+)%? \(([\d.]+)\) at n ([\d,]+)")


def test_marks_stand_where_the_summary_has_them(read, grid: Findings) -> None:
    tree = read(page(grid))
    seen = 0
    for drawing in panels(tree, "n"):
        title = drawing.all("title")[0].text
        overlap = float(title.rpartition("overlap: ")[2])
        measure = {"Bias": "bias", "RMSE": "rmse", "Coverage": "coverage"}[title.split(" by ")[0]]
        times = 100 if measure == "coverage" else 1
        value_at, pixel = ruler(drawing)
        bars = {e.attributes["x1"]: e for e in drawing.all("line")
                if "error" in e.attributes["class"]}  # fmt: skip
        for group in drawing.all("g"):
            (mark,) = group.all("circle", "path")
            label, _, value, error, n = MARK.fullmatch(group.all("title")[0].text).groups()
            row = measured(grid, measure, label, int(n), overlap)
            assert value_at(middle(mark)) == pytest.approx(times * row.value, abs=pixel)
            assert number(value) == pytest.approx(times * row.value, abs=0.51 * times * row.mcse)
            assert number(error) == pytest.approx(times * row.mcse, rel=0.1)
            if mark.name == "circle" and measure == "bias":
                bar = bars[mark.attributes["cx"]]
                reach = abs(float(bar.attributes["y1"]) - float(bar.attributes["y2"])) / 2
                assert reach * pixel == pytest.approx(1.96 * row.mcse, abs=pixel)
            seen += 1
    # 2 panels of 3 measures, 3 levels, 3 methods, of which one has no RMSE
    assert seen == 2 * 3 * (3 + 2 + 3)


def test_levels_stand_in_their_order_and_numbers_are_below(read, grid: Findings) -> None:
    tree = read(page(grid))
    drawing = panels(tree, "n")[0]
    below = [e for e in drawing.all("text") if e.attributes["class"] == "number"
             and e.attributes["text-anchor"] == "middle"]  # fmt: skip
    assert [e.text for e in below] == ["50", "100", "200"]
    places = [float(e.attributes["x"]) for e in below]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.2)  # by logarithm
    details = tree.all("details")
    assert [e.all("summary")[0].text for e in details] == [
        "The numbers: The effect, by n", "The numbers: The effect, by overlap",
    ]  # fmt: skip
    table = details[0].all("table")[0]
    for line in table.all("tr")[1:]:
        head, *cells = line.all("th", "td")
        n, _, overlap = head.text.partition("overlap: ")
        for method, cell in zip(grid.methods, cells, strict=True):
            row = measured(grid, "bias", method.label, int(n), float(overlap))
            shown = re.match(r"(−?[\d.]+)(!?)", cell.text)
            assert number(shown[1]) == pytest.approx(row.value, abs=0.51 * row.mcse)
            assert bool(shown[2]) == row.flagged


def test_the_page_is_still_one_file_with_ids_of_its_own(read, wide: Findings) -> None:
    html = page(wide)
    tree = read(html)
    ids = [e.attributes["id"] for e in tree.every() if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    links = [str(e.attributes["href"]) for e in tree.all("a")]
    assert {link[1:] for link in links if link.startswith("#")} <= set(ids)
    assert not re.search(r"https?:|//[a-z]|@import|url\(|[\" ,]nan\b", html)
    assert not tree.all("script", "link", "img")
    assert "<difference>" not in html
    for drawing in tree.all("svg"):
        if drawing.attributes["class"] == "swatch":
            assert drawing.attributes["aria-hidden"] == "true"
            continue
        named = str(drawing.attributes["aria-labelledby"]).split()
        assert [name in ids for name in named] == [True, True]
    for e in tree.all("div"):
        if e.attributes["class"] == "scroll":
            assert e.attributes["tabindex"] == "0"


def test_only_the_first_boards_are_on_the_page_and_it_says_so(read, wide: Findings) -> None:
    tree = read(page(wide))
    worlds = [e for e in tree.all("section") if str(e.attributes["id"]).startswith("world-")]
    assert len(worlds) == 12
    (said,) = [e.text for e in tree.all("p") if e.attributes.get("class") == "rest"]
    assert "first 12 of 24 cells" in said
    assert "summary.csv" in said
    headings = [e.text for e in tree.all("h2")]
    assert headings[0] == "How it breaks down"


def test_many_combinations_are_averaged_with_an_error_of_their_own(read, wide: Findings) -> None:
    tree = read(page(wide))
    drawing = panels(tree, "n")[0]
    table = wide.summary
    for n in (50, 100, 200):
        cells = [name for name, each in wide.cells.items() if each.levels[N] == n]
        mine = table[table.world.isin(cells) & (table.method == "ipw") & (table.measure == "bias")]
        assert len(mine) == 8
        said = [e.text for e in drawing.all("title") if e.text.startswith("IPW:")
                and e.text.endswith(f" at n {n}")]  # fmt: skip
        _, _, value, error, _ = MARK.fullmatch(said[0]).groups()
        expected = math.sqrt((mine.mcse**2).sum()) / 8
        assert number(error) == pytest.approx(expected, rel=0.1)
        assert number(value) == pytest.approx(mine.value.mean(), abs=0.51 * expected)
    assert "average over the 8 combinations" in tree.text


def test_errors_on_the_same_data_are_not_averaged_away() -> None:
    findings = gridded(n=(50, 100), overlap=(1, 2, 3, 4, 5, 6, 7))
    option = "methods.ipw.options.trim"
    cells = {
        name: replace(each, levels={N: each.levels[N], option: each.levels[OVERLAP]})
        for name, each in findings.cells.items()
    }
    drawn = next(curves(replace(findings, cells=cells)))
    (panel,) = drawn.panels
    table = findings.summary
    mine = table[(table.method == "ipw") & (table.measure == "bias")]
    errors = [one for name, one in zip(mine.world, mine.mcse, strict=True) if "n=50," in name]
    assert panel.curves[1].dots[0].mcse == pytest.approx(np.mean(errors))


def test_text_is_a_category_and_a_gap_stays_open() -> None:
    findings = gridded(n=(50, 100, 200), noise=("normal", "student"))
    table = findings.summary
    hole = (table.world == "trial [n=100, noise=normal]") & (table.measure == "bias")
    broken = table.assign(value=table.value.mask(hole), note=table.note.mask(hole, "no estimates"))
    broken = replace(findings, summary=broken)
    by_n, _, _, by_noise, *_ = curves(broken)
    assert (by_noise.layout.levels, by_noise.layout.numeric) == (("normal", "student"), False)
    numbers = {method.name: i for i, method in enumerate(METHODS)}
    first, second = (chart(broken, by_n, panel, numbers).at(0, 0) for panel in by_n.panels)
    assert first.count("<polyline") == 1  # the median bias is still there
    assert second.count("<polyline") == 3
    assert "not drawn where there is none (no estimates)" in page(broken)


def test_a_union_of_grids_averages_nothing_that_is_not_there() -> None:
    findings = gridded(n=(50, 100), overlap=(0.1, 0.5))
    kept = {name: each for name, each in findings.cells.items() if "n=100, overlap=0.5" not in name}
    frames = {each: getattr(findings, each) for each in ("truths", "summary", "estimates")}
    frames = {name: frame[frame.world.isin(kept)] for name, frame in frames.items()}
    worlds = {name: findings.worlds[name] for name in kept}
    by_n, *_ = layouts(replace(findings, worlds=worlds, cells=kept, **frames))
    assert by_n.others == {
        "overlap: 0.1": ("trial [n=50, overlap=0.1]", "trial [n=100, overlap=0.1]")
    }
    assert by_n.left_out == 1


def test_nested_loops_have_every_cell_in_their_order(read, wide: Findings) -> None:
    tree = read(page(wide))
    drawings = [e for e in tree.all("svg") if e.attributes["class"] == "nested"]
    assert len(drawings) == 3
    value_at, pixel = ruler(drawings[0])
    stairs = [e for e in drawings[0].all("polyline") if "curve method1" in e.attributes["class"]]
    points = [tuple(map(float, p.split(","))) for p in stairs[0].attributes["points"].split()]
    table = wide.summary
    mine = table[(table.method == "ipw") & (table.measure == "bias")].set_index("world").value
    # The made-up study was itself made by nested loops, its levels in order.
    assert [value_at(y) for _, y in points[::2]] == pytest.approx(
        [mine[name] for name in wide.cells], abs=pixel
    )
    assert [y for _, y in points[::2]] == [y for _, y in points[1::2]]
    traces = [e for e in drawings[0].all("polyline") if e.attributes["class"] == "trace"]
    assert len(traces) == 3
    first = [p.split(",")[1] for p in traces[0].attributes["points"].split()]
    assert [len(list(run)) for _, run in itertools.groupby(first)] == [16, 16, 16]


@pytest.mark.parametrize("levels", [{"n": tuple(range(50, 60))}, {"n": (1, 2), "overlap": (1, 2)}])
def test_nested_loops_are_for_many_cells_of_several_factors(levels: dict) -> None:
    assert 'class="nested"' not in page(gridded(**levels))


def test_the_files_of_curves_have_the_numbers_of_the_summary(grid: Findings) -> None:
    figures = {each.name: each for each in report(grid).figures}
    numbers = figures["by-n_ate_trial"].numbers
    assert len(numbers) == 2 * 3 * 3 * 3  # panels, measures, levels, methods
    for row in numbers.to_dict("records"):
        label = next(m.label for m in METHODS if m.name == row["method"])
        overlap = float(row["others"].removeprefix("overlap: "))
        kept = measured(grid, row["measure"].removeprefix("median_"), label, row["level"], overlap)
        if math.isnan(kept.value):
            assert math.isnan(row["value"])
            assert row["note"] == kept.note
            continue
        assert (row["value"], row["mcse"], row["flagged"]) == (kept.value, kept.mcse, kept.flagged)
        high = kept.value + 1.96 * kept.mcse
        assert row["high"] == (min(high, 1.0) if row["measure"] == "coverage" else high)


def test_the_file_of_a_nested_loop_plot_has_a_row_per_step(wide: Findings) -> None:
    figures = {each.name: each for each in report(wide).figures}
    numbers = figures["all-cells_ate_trial"].numbers
    table = wide.summary.set_index(["world", "method", "measure"])
    assert len(numbers) == 24 * 3 * 3
    for row in numbers.to_dict("records"):
        world = f"trial [n={row['n']}, overlap={row['overlap']}, noise={row['noise']}]"
        kept = table.loc[(world, row["method"], row["measure"])]
        assert [row["value"], row["mcse"]] == pytest.approx([kept.value, kept.mcse], nan_ok=True)
    assert numbers.step.max() == 23


def test_figures_are_those_of_the_page_however_many_cells_there_are(wide: Findings) -> None:
    assert len(wide.cells) == 24
    assert len(report(wide).figures) == 3 + 1 + 2 * 12  # by factor, all cells, and of the boards


def test_a_study_without_factors_is_as_before(read, findings: Findings) -> None:
    tree = read(page(findings))
    assert not [e for e in tree.all("section") if e.attributes["id"] == "breakdown"]


def printed(findings: Findings, width: int) -> str:
    console = Console(width=width, file=io.StringIO(), record=True, force_terminal=False)
    console.print(render(findings))
    return console.export_text()


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_terminal_has_a_line_for_each_cell(wide: Findings, width: int) -> None:
    text = printed(wide, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    table = wide.summary[wide.summary.method == "crude"]
    for world, each in wide.cells.items():
        mine = table[table.world == world].set_index("measure")
        bias, covers = mine.loc["bias"], mine.loc["coverage"]
        digits = 1 - math.floor(math.log10(float(f"{bias.mcse:.1e}")))
        number = f"{bias.value:.{digits}f}{'!' if bias.flagged else ' '}"
        error = f"({bias.mcse:.{digits}f})"
        share = f"{100 * covers.value:.1f}".removesuffix(".0")
        levels = r"\s+".join(map(re.escape, map(str, each.levels.values())))
        line = rf"(?m)^\s*{levels}\s+{re.escape(number)}\s*{re.escape(error)}\s+{share}"
        if width == 120:
            assert re.search(line, text), line
        assert number.strip() in text
    assert "failed: Crude <difference> 0%; IPW 0%; 2SLS 0%" in re.sub(r"\s+", " ", text)
    assert "summary.csv" in text


def test_the_terminal_stops_after_so_many_cells() -> None:
    findings = gridded(n=tuple(range(50, 93)))
    text = printed(findings, 120)
    assert re.search(r"(?m)^ *89 ", text)
    assert not re.search(r"(?m)^ *90 ", text)
    assert "3 more cells, and every other measure, are in summary.csv" in text


def test_a_few_cells_have_boards(grid: Findings) -> None:
    text = printed(grid, 120)
    assert len(grid.worlds) == 6
    assert text.count("truth 0.5 (exact)") == 6


def test_a_setting_has_the_levels_that_act_in_its_world(tmp_path: Path) -> None:
    world = '[worlds.other]\nsimulator = "simpson_drug"\nn = 30\n'
    grids = """
[[grids]]
n = [60, 120]
worlds.other.n = [10, 20]

[[grids]]
methods.hajek.options.normalised = [false]

[scenarios.plain]
seed = 1
"""
    path = tmp_path / "study.toml"
    text = Path("configs/simpson_drug.toml").read_text()
    options = 'estimator = "ipw"\noptions = { normalised = true }\n\n[methods.aipw]'
    text = text.replace('estimator = "ipw"\n\n[methods.aipw]', options)
    path.write_text(text + world + grids)
    study = load(path)
    found = {place.name: setting(study, place) for place in places(study)}
    option = "methods.hajek.options.normalised"
    here = found["confounded [plain, n=60, worlds.other.n=10]"]
    assert (here.world, here.scenario) == ("confounded", "plain")
    assert here.levels == {"n": 60, option: True}
    assert found["other [plain, n=60, worlds.other.n=20]"].levels == {
        "n": 60, "worlds.other.n": 20, option: True,
    }  # fmt: skip
    last = found["other [plain, normalised=false]"]
    assert last.levels == {"n": 244, "worlds.other.n": 30, option: False}
