"""Worlds with a loop: two variables that move each other, of which no acyclic graph can speak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulators.pictures.album import paints
from simulators.pictures.page import page, plain
from simulators.pictures.style import INK, ORANGE, SHUT, TRUTH, WRONG
from simulators.pictures.subject import Subject

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from scm import SCM


def draw_loop(axes: Axes, model: SCM, labels: dict[tuple[str, str], str] | None = None) -> None:
    """Variables on a circle, and every arrow bent to its left, so that two-way pairs show both."""
    from matplotlib.patches import FancyArrowPatch

    names = list(model.parents)
    turn = np.pi + 2 * np.pi * np.arange(len(names)) / len(names)
    at = {name: (-np.cos(t) * -1, np.sin(t) * -1) for name, t in zip(names, turn, strict=True)}
    for child, parents in model.parents.items():
        for parent in parents:
            axes.add_patch(
                FancyArrowPatch(
                    at[parent], at[child], connectionstyle="arc3,rad=-0.35", arrowstyle="-|>",
                    mutation_scale=16, linewidth=1.8, color=INK, shrinkA=19, shrinkB=19, zorder=1,
                    gid=f"edge:{parent}->{child}",
                )
            )  # fmt: skip
            if labels:
                (x0, y0), (x1, y1) = at[parent], at[child]
                up = 0.24 * (x1 - x0)
                axes.text(
                    (x0 + x1) / 2, (y0 + y1) / 2 + 1.25 * up, labels[parent, child],
                    ha="center", va="center", fontsize=10,
                )  # fmt: skip
    for name, place in at.items():
        axes.text(
            *place, name, ha="center", va="center", fontsize=12, zorder=3,
            bbox={"boxstyle": "circle,pad=0.5", "facecolor": "#e8f0f8", "edgecolor": INK},
        )  # fmt: skip
    axes.set(xlim=(-1.4, 1.4), ylim=(-1.2, 1.2))
    axes.set_axis_off()


@paints("feedback")
def feedback(subject: Subject) -> Figure:
    effect, seen = subject.value("ATE(X -> Y)"), subject.value("limit of OLS(Y ~ X)")
    back = subject.value("ATE(Y -> X)")
    sheet = page(
        f"Feedback: raising X moves Y by {plain(effect)}; among units as they are the slope is "
        f"{plain(seen)}",
        f"X moves Y by {plain(effect)} and Y moves X by {plain(back)}, at once.",
        height=3.9,
    )
    grid = sheet.grid(1, 3, width_ratios=(1, 1.1, 1.1))
    loop = sheet.figure.add_subplot(grid[0])
    draw_loop(loop, subject.model, {("X", "Y"): plain(effect), ("Y", "X"): plain(back)})
    panels = (
        ("seen", subject.units(500), seen, WRONG),
        ("X set by somebody", subject.units(500, X=_spread(subject)), effect, TRUTH),
    )
    for place, (title, units, slope, colour) in enumerate(panels, start=1):
        axes = sheet.panel(grid[place], title, "X", "Y")
        axes.plot(units["X"], units["Y"], "o", ms=3.2, alpha=0.5, mew=0, color=SHUT)
        ends = np.array([-4.0, 4.0])
        axes.plot(ends, slope * ends, color=colour, lw=2.6, label=f"slope {plain(slope)}")
        axes.set(xlim=(-6, 6), ylim=(-8, 8))
        axes.legend(loc="upper right", labelcolor=colour, fontsize=10.5)
    return sheet.figure


@paints("reversible")
def reversible(subject: Subject) -> Figure:
    forward, back = subject.value("ATE(A -> B)"), subject.value("ATE(B -> A)")
    units = subject.units(300)
    a, b = subject.value("E[A]"), subject.value("E[B]")
    sheet = page(
        f"A ⇌ B: setting A moves B by {plain(forward)} a unit, setting B moves A by {plain(back)}; "
        "one cloud, and no direction in it",
        height=3.9,
    )
    grid = sheet.grid(1, 2, width_ratios=(1, 1.7))
    draw_loop(sheet.figure.add_subplot(grid[0]), subject.model,
              {("A", "B"): plain(forward), ("B", "A"): plain(back)})  # fmt: skip
    axes = sheet.panel(grid[1], "", "A", "B")
    axes.plot(units["A"], units["B"], "o", ms=3.5, alpha=0.6, mew=0, color=SHUT, label="seen")
    ends = np.array([units["A"].min(), units["A"].max()])
    axes.plot(ends, b + forward * (ends - a), color=TRUTH, lw=2.4, label="what do(A) does to B")
    heights = np.array([units["B"].min(), units["B"].max()])
    axes.plot(a + back * (heights - b), heights, color=ORANGE, lw=2.4, ls=(0, (5, 2)),
              label="what do(B) does to A")  # fmt: skip
    axes.legend(loc="upper left")
    return sheet.figure


def _spread(subject: Subject) -> object:
    from numpyro.distributions import Normal

    return Normal(0, 2 * float(subject.parameter("spread_x")))
