"""Simpson's tables: rates that turn around when they are looked at group by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.lecture.berkeley import MEN, RATES, WOMEN
from simulators.lecture.simpson_drug import CLOTS, ON_A
from simulators.pictures.album import paints
from simulators.pictures.graphs import draw_paths
from simulators.pictures.page import page, signed
from simulators.pictures.style import INK, MUTED, ORANGE, SHUT, TEAL, TRUTH, WRONG
from simulators.pictures.subject import Subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@paints("simpson_drug")
def simpson_drug(subject: Subject) -> Figure:
    crude = 100 * subject.value("P(clot | drug_a=1) - P(clot | drug_a=0)")
    effect = 100 * subject.value("ATE(drug_a -> clot)")
    first = subject.parameter("third") == "confounder"
    third = "female" if first else "high_pressure"
    groups = ("women", "men") if first else ("high pressure", "low pressure")
    where = "among" if first else "at"
    sheet = page(
        f"Drug A: fewer clots {where} {groups[0]}, fewer {where} {groups[1]}, more among all "
        f"({signed(crude, 1)} points)",
        f"The third variable comes {'before' if first else 'after'} the drug, so the effect of A "
        f"is {signed(effect, 1)} points. The same table with it "
        f"{'after' if first else 'before'} the drug has the opposite effect.",
        height=4.3,
    )
    grid = sheet.grid(2, 2, width_ratios=(1, 1.35), hspace=0.3)
    for row, given in enumerate(((), (third,))):
        graph = sheet.figure.add_subplot(grid[row, 0])
        open_ = "open through sex" if first else "both ways act"
        shut = "shut" if first else "one way is blocked"
        graph.set_title(f"{third} held: {shut}" if given else f"nothing held: {open_}")
        draw_paths(graph, subject.model.graph, "drug_a", "clot", given)
    axes = sheet.panel(grid[:, 1], "", "", "with a clot, %")
    taking = np.array([1 - ON_A, ON_A])  # of each third: on B, on A; 122 patients of each
    for group, at in ((groups[0], 1), (groups[1], 0)):
        _slope(axes, 100 * CLOTS[at], 122 * taking[:, at], TRUTH, group)
    rates = [100 * subject.value(f"P(clot | do(drug_a={a}))") for a in (0, 1)]
    seen = [2300 / 122, 2700 / 122]
    _slope(axes, np.array(seen), np.array([122, 122]), WRONG, "all")
    if first:
        axes.plot((0, 1), rates, color=TRUTH, lw=2, ls=(0, (3, 2)))
        axes.annotate("if all took it", (0, rates[0]), (-8, 4), textcoords="offset points",
                      ha="right", color=TRUTH)  # fmt: skip
    axes.set(xlim=(-0.62, 1.75 if first else 2.1), ylim=(0, 46), xticks=(0, 1))
    axes.set_xticklabels(["drug B", "drug A"], fontsize=10.5)
    return sheet.figure


def _slope(axes: Axes, rates: np.ndarray, people: np.ndarray, colour: str, label: str) -> None:
    """A rate on either side, the points as large as the groups."""
    axes.plot((0, 1), rates, color=colour, lw=2.4, zorder=2)
    axes.scatter((0, 1), rates, s=2.6 * people, color=colour, zorder=3, edgecolor="white")
    words = f"{label} {signed(rates[1] - rates[0], 1)}"
    axes.annotate(words, (1, rates[1]), (13, 0), textcoords="offset points", va="center",
                  color=colour, fontweight="bold")  # fmt: skip


WEIGHTS = {
    "as among the women": "women's weights",
    "by m f / (m + f)": "m f / (m + f)",
    "as among all": "all applicants'",
    "as among the men": "men's weights",
}


@paints("berkeley")
def berkeley(subject: Subject) -> Figure:
    crude = 100 * subject.value("P(admitted | female=1) - P(admitted | female=0)")
    effect = 100 * subject.value("ATE(female -> admitted)")
    more = sum(women > men for men, women in RATES)
    first = subject.parameter("story") == "confounder"
    sheet = page(
        f"Berkeley: women are admitted less often ({signed(crude, 1)} points), and in {more} of 6 "
        "departments more often",
        f"With the department {'before sex' if first else 'chosen by the applicant'}, sex moves "
        f"admission by {signed(effect, 1)} points on the whole.",
        height=4.6,
    )
    grid = sheet.grid(
        2, 2, left=0.09, width_ratios=(1.2, 1), height_ratios=(0.5, 1), hspace=0.42, wspace=0.42
    )
    _departments(sheet.panel(grid[:, 0], "", "admitted, %"))
    graph = sheet.figure.add_subplot(grid[0, 1])
    draw_paths(graph, subject.model.graph, "female", "admitted")
    axes = sheet.panel(grid[1, 1], "women less men, points")
    gaps = [crude] + [
        100 * subject.value(f"women less men, departments weighted {each}") for each in WEIGHTS
    ]
    colours = [WRONG] + [TRUTH] * 4
    axes.barh(range(5), gaps, color=colours, height=0.62)
    for place, gap in enumerate(gaps):
        axes.annotate(signed(gap, 1), (gap, place), (4 if gap > 0 else -4, 0),
                      textcoords="offset points", ha="left" if gap > 0 else "right", va="center",
                      color=colours[place], fontweight="bold")  # fmt: skip
    axes.set_yticks(range(5), ["crude", *WEIGHTS.values()])
    axes.invert_yaxis()
    axes.set(xlim=(-19.5, 11.5), xticks=())
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.axvline(0, color=MUTED, lw=0.8)
    return sheet.figure


def _departments(axes: Axes) -> None:
    """Men's and women's rates by department and in all, the points as large as the crowds."""
    rows = [*zip("ABCDEF", RATES, MEN, WOMEN, strict=True)]
    total = [sum(r[s] * n for r, n in zip(RATES, crowd, strict=True)) / sum(crowd)
             for s, crowd in ((0, MEN), (1, WOMEN))]  # fmt: skip
    shown = [(f"dept {d}", r, m, w) for d, r, m, w in rows] + [("all six", total, 850, 850)]
    for place, (_, rates, men, women) in enumerate(shown):
        last = place == len(shown) - 1
        low, high = (100 * float(each) for each in rates)
        colour = WRONG if high < low else TRUTH
        axes.plot((low, high), (place, place), color=colour, lw=3 if last else 2, zorder=1)
        for value, people, shade in ((low, men, TEAL), (high, women, ORANGE)):
            axes.scatter(
                value, place, s=0.2 * people + 14, color=shade, zorder=2, edgecolor="white"
            )
    axes.axhline(5.5, color=SHUT, lw=1)
    axes.set_yticks(range(7), [each[0] for each in shown])
    axes.set_ylim(6.6, -0.7)
    axes.set_xlim(-3, 92)
    for at, (label, shade) in enumerate((("men", TEAL), ("women", ORANGE))):
        axes.text(0.74, 0.52 - 0.07 * at, f"● {label}", transform=axes.transAxes, color=shade,
                  fontweight="bold")  # fmt: skip
    axes.text(0.74, 0.38, "size: applicants", transform=axes.transAxes, color=MUTED, fontsize=9)
    axes.tick_params(axis="y", length=0, labelsize=10, labelcolor=INK)
