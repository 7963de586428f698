"""Worlds of people who can be counted one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.pictures.album import paints
from simulators.pictures.graphs import draw_paths
from simulators.pictures.page import CHART_FIRST, page, plain, signed
from simulators.pictures.style import HELD, INK, MUTED, ORANGE, SHUT, TRUTH, WRONG
from simulators.pictures.subject import Subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@paints("hiring")
def hiring(subject: Subject) -> Figure:
    among = subject.value("corr(coding, cooperation | hired=1)")
    threshold = subject.parameter("threshold")
    sheet = page(
        f"Hiring: coding and cooperation correlate 0 among all who applied, {plain(among)} among "
        "those hired",
        height=4.0,
    )
    grid = sheet.grid(1, 2, width_ratios=(1, 1), right=0.83)
    graph = sheet.figure.add_subplot(grid[0])
    graph.set_title("only those hired: open")
    draw_paths(graph, subject.model.graph, "coding", "cooperation", ("hired",))
    axes = sheet.panel(grid[1], "", "coding", "cooperation")
    pairs = [(a, b) for a in range(1, 6) for b in range(1, 6)]
    hired = np.array([pair for pair in pairs if sum(pair) >= threshold])
    _lattice(axes, pairs, hired, "hired", f"not hired: below {threshold}")
    scores = sorted({int(a) for a, _ in hired})
    means = [subject.value(f"E[cooperation | coding={a}, hired=1]") for a in scores]
    axes.plot(scores, means, color=WRONG, lw=2.8, zorder=4)
    axes.axhline(3, color=MUTED, lw=2, ls=(0, (5, 2)), zorder=0)
    for height, words, colour in ((means[-1], "mean of the hired", WRONG), (3, "of all", MUTED)):
        axes.annotate(words, (5.65, height), color=colour, fontweight="bold", va="center",
                      annotation_clip=False)  # fmt: skip
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.13), ncols=2, handletextpad=0.2,
                markerscale=0.65)  # fmt: skip
    return sheet.figure


def _lattice(
    axes: Axes, pairs: list[tuple[int, int]], chosen: np.ndarray, yes: str, no: str
) -> None:
    """One point for each pair, all equally likely."""
    inside = {(int(a), int(b)) for a, b in chosen}
    others = np.array([pair for pair in pairs if pair not in inside]).reshape(-1, 2)
    axes.scatter(others[:, 0], others[:, 1], s=150, color=SHUT, label=no)
    axes.scatter(chosen[:, 0], chosen[:, 1], s=150, color=HELD, label=yes)
    top = max(a for a, _ in pairs)
    axes.set(xlim=(0.4, top + 0.6), ylim=(0.4, top + 0.6), aspect="equal",
             xticks=range(1, top + 1), yticks=range(1, top + 1))  # fmt: skip


@paints("sum_of_two")
def sum_of_two(subject: Subject) -> Figure:
    top = subject.parameter("top")
    sheet = page(
        f"A and C are drawn apart: correlation 0. Once their sum is known to be {top + 1}: "
        f"{plain(subject.value(f'corr(A, C | B={top + 1})'), 0)}",
        height=3.8,
    )
    grid = sheet.grid(2, 2, width_ratios=(1, 1.1))
    for row, given in enumerate(((), ("B",))):
        graph = sheet.figure.add_subplot(grid[row, 0])
        graph.set_title("B known: open" if given else "B not known: shut")
        draw_paths(graph, subject.model.graph, "A", "C", given)
    axes = sheet.panel(grid[:, 1], "", "A", "C")
    pairs = [(a, c) for a in range(1, top + 1) for c in range(1, top + 1)]
    chosen = np.array([(a, c) for a, c in pairs if a + c == top + 1])
    _lattice(axes, pairs, chosen, f"B = {top + 1}", "other sums")
    axes.plot([1, top], [top, 1], color=WRONG, lw=2.8, zorder=0)
    for a, c in pairs:
        axes.text(a, c, str(a + c), ha="center", va="center", fontsize=9, zorder=5,
                  color="white" if a + c == top + 1 else INK)  # fmt: skip
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.14), ncols=2, handletextpad=0.2,
                markerscale=0.65)  # fmt: skip
    return sheet.figure


@paints("treatment")
def treatment(subject: Subject) -> Figure:
    seen = subject.value("E[health | treatment=1] - E[health | treatment=0]")
    effect = subject.value("ATE(treatment -> health)")
    sheet = page(
        f"The treated fare {'worse' if seen < 0 else 'better'} by {plain(abs(seen))} points; "
        f"the treatment helps everybody, by {plain(effect)} on average",
        height=4.4,
    )
    grid = sheet.grid(1, 2, left=CHART_FIRST, width_ratios=(1.35, 1))
    axes = sheet.panel(
        grid[0], "both outcomes of 16 people; filled: what is seen", "health, points"
    )
    units = subject.units(16)
    order = np.lexsort((-units["untreated"], units["treatment"]))
    for place, at in enumerate(order):
        without, with_it = units["untreated"][at], units["treated"][at]
        took = bool(units["treatment"][at])
        axes.plot((without, with_it), (place, place), color=SHUT, lw=2, zorder=1)
        for value, colour, real in ((without, ORANGE, not took), (with_it, TRUTH, took)):
            axes.plot(value, place, "o", ms=8, color=colour if real else "white", mec=colour,
                      mew=1.8)  # fmt: skip
    split = int((units["treatment"] == 0).sum())
    axes.axhline(split - 0.5, color=MUTED, lw=0.8)
    axes.set_yticks([(split - 1) / 2, (split + 15) / 2], ["not treated", "treated"], rotation=90,
                    va="center", fontsize=10)  # fmt: skip
    axes.tick_params(axis="y", length=0)
    low = min(units["untreated"].min(), units["treated"].min())
    high = max(units["untreated"].max(), units["treated"].max())
    axes.set(ylim=(-3.2, 15.8), xlim=(low - 1, high + 1))
    axes.text(low, -2.2, "● without", color=ORANGE, fontweight="bold", va="center")
    axes.text(low + 4, -2.2, "● with treatment", color=TRUTH, fontweight="bold", va="center")
    rows = {
        "seen: treated less untreated": seen,
        "ATU: of the untreated": subject.value("ATU(treatment -> health)"),
        "ATE: of everybody": effect,
        "ATT: of the treated": subject.value("ATT(treatment -> health)"),
    }
    bars(sheet.panel(grid[1]), rows, [WRONG, TRUTH, TRUTH, TRUTH])
    return sheet.figure


def bars(axes: Axes, rows: dict[str, float], colours: list[str], digits: int = 2) -> None:
    """Numbers as bars, each under what it is."""
    for place, ((label, value), colour) in enumerate(zip(rows.items(), colours, strict=True)):
        axes.barh(place, value, color=colour, height=0.36)
        axes.text(0.01 * max(rows.values()), place - 0.28, label, va="bottom")
        axes.annotate(signed(value, digits), (value, place), (5 if value >= 0 else -5, 0),
                      textcoords="offset points", va="center", color=colour, fontweight="bold",
                      ha="left" if value >= 0 else "right")  # fmt: skip
    axes.axvline(0, color=MUTED, lw=0.8)
    axes.set(ylim=(len(rows) - 0.5, -0.75), xticks=(), yticks=())
    axes.spines[["left", "bottom"]].set_visible(False)
    low, high = min(0, *rows.values()), max(0, *rows.values())
    room = 0.3 * (high - low)
    axes.set_xlim(low - room * (low < 0), high + room)


@paints("ladder")
def ladder(subject: Subject) -> Figure:
    seen = subject.value("P(recovered | drug=1) - P(recovered | drug=0)")
    done, owed = subject.value("ATE(drug -> recovered)"), subject.value("PN(drug -> recovered)")
    sheet = page(
        f"One world, three questions, three answers: {signed(seen, 1)}, {signed(done, 1)}, "
        f"{plain(owed, 1)}",
        "The frail take the drug, so that those who took it seem no better off.",
        height=3.9,
    )
    grid = sheet.grid(1, 3, wspace=0.2, head=0.75, left=CHART_FIRST, foot=0.4)
    with_it = subject.value("P(recovered | drug=1)")
    forced = subject.value("P(recovered | do(drug=1))")
    panels = (
        ("seeing", "who took it fare no better", {"did not": with_it - seen, "took it": with_it}),
        ("doing", "given to everybody, it helps", {"none": forced - done, "all": forced}),
        ("imagining", "of those who took it and recovered,\nwho would not have without it",
         {"would have": 1 - owed, "owe it": owed}),
    )  # fmt: skip
    for place, (rung, words, heights) in enumerate(panels):
        axes = sheet.figure.add_subplot(grid[place])
        axes.text(0, 1.2, rung, transform=axes.transAxes, fontsize=12, fontweight="bold")
        axes.text(0, 1.17, words, transform=axes.transAxes, va="top", color=MUTED)
        places = axes.bar(list(heights), list(heights.values()), width=0.62, color=[SHUT, TRUTH])
        axes.bar_label(places, [plain(each) for each in heights.values()], padding=3,
                       fontweight="bold")  # fmt: skip
        axes.set(ylim=(0, 1), yticks=(0, 0.5, 1))
        axes.set_xticks(range(2), list(heights), fontsize=10)
        axes.set_ylabel("" if place else "share")
    return sheet.figure
