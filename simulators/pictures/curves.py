"""Worlds whose point is how something changes: power, bias, the shape of a noise."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np

from simulators.difficulties.conditioning import power
from simulators.difficulties.weak_instruments import relative_bias
from simulators.pictures.album import paints
from simulators.pictures.graphs import draw_paths
from simulators.pictures.page import page, plain
from simulators.pictures.rows import label
from simulators.pictures.style import MUTED, ORANGE, SHUT, TRUTH, WRONG
from simulators.pictures.subject import Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@paints("conditioning")
def conditioning(subject: Subject) -> Figure:
    n, r = subject.parameter("people"), subject.parameter("correlation")
    here, now = subject.parameter("conditioned"), subject.value("power of Fisher's z")
    sheet = page(
        f"A partial correlation of {plain(r, 1)} among {n} units: given {here} variables a test "
        f"sees it {plain(100 * now, 0)} times in a hundred",
        height=3.8,
    )
    grid = sheet.grid(1, 2, width_ratios=(1, 2.2), foot=0.6)
    shown = min(here, 3)
    some = Subject(subject.simulator, {**subject.given, "conditioned": shown})
    graph = sheet.figure.add_subplot(grid[0])
    graph.set_title(f"all S held ({shown} of {here} drawn)")
    draw_paths(graph, some.model.graph, "X", "Y", [f"S{at + 1}" for at in range(shown)])
    axes = sheet.panel(grid[1], "", "variables conditioned on", "power at 5 percent")
    for people, colour in ((n // 2, ORANGE), (n, TRUTH), (2 * n, "#17765a")):
        most = min(people - 4, max(40, here))
        given = np.arange(0, most + 1)
        curve = [power(r, people, int(s)) for s in given]
        axes.plot(given, curve, color=colour, lw=2.4)
        axes.annotate(f"{people} units", (given[-1], curve[-1]), (6, 0), va="center",
                      textcoords="offset points", color=colour, fontweight="bold")  # fmt: skip
    axes.plot(here, now, "o", ms=10, color=TRUTH)
    axes.annotate(plain(now), (here, now), (0, 10), textcoords="offset points", ha="center",
                  color=TRUTH, fontweight="bold")  # fmt: skip
    axes.axhline(0.05, color=MUTED, lw=0.8, ls=(0, (3, 3)))
    axes.text(0, 0.065, "chance", color=MUTED, fontsize=9)
    axes.set(ylim=(0, 1), xlim=(-0.8, 1.25 * max(40, here)))
    return sheet.figure


@paints("weak_instruments")
def weak_instruments(subject: Subject) -> Figure:
    count, strong = subject.parameter("instruments"), subject.value("expected F")
    now = subject.known.get("bias of 2SLS / bias of OLS")
    words = (
        f"keep {plain(100 * float(now.value), 0)} % of the bias of least squares"
        if now
        else "leave two-stage least squares without a mean"
    )
    sheet = page(
        f"{count} weak instrument{'s' if count > 1 else ''} (F about {plain(strong, 1)}) {words}",
        height=3.9,
    )
    grid = sheet.grid(1, 2, width_ratios=(1, 1.25), foot=0.6)
    draw_paths(sheet.figure.add_subplot(grid[0]), subject.model.graph, "X", "Y")
    axes = sheet.panel(grid[1], "bias of 2SLS, as a share of that of OLS", "expected first-stage F")
    each = max(count, 2)
    force = np.geomspace(1.001, 30, 200)
    exact = [relative_bias(each, each * (f - 1)) for f in force]
    axes.plot(force, exact, color=WRONG, lw=2.6, label="exact" if now else "exact, two instruments")
    axes.plot(force, 1 / force, color=SHUT, lw=2.2, ls=(0, (5, 2)), label="rule of thumb 1/F")
    axes.axvline(10, color=MUTED, lw=0.8, ls=(0, (3, 3)))
    axes.text(10.4, 0.62, "F = 10", color=MUTED, fontsize=9)
    if now:
        axes.plot(strong, float(now.value), "o", ms=10, color=WRONG)
        axes.annotate(plain(float(now.value)), (strong, float(now.value)), (10, 6),
                      textcoords="offset points", color=WRONG, fontweight="bold")  # fmt: skip
    axes.set(xscale="log", ylim=(0, 1.04), xticks=(1, 2, 5, 10, 20))
    axes.set_xticklabels(["1", "2", "5", "10", "20"])
    axes.minorticks_off()
    axes.legend(loc="upper right", fontsize=10)
    return sheet.figure


@paints("odd_noise")
def odd_noise(subject: Subject) -> Figure:
    noise, effect = subject.parameter("noise"), subject.value("ATE(T -> Y)")
    sheet = page(
        f"Noise that is {noise}: the effect is {plain(effect, 0)} all the same"
        if noise != "zeros"
        else f"Noise that is mostly zero: the effect is {plain(effect, 0)} all the same",
        height=3.7,
    )
    grid = sheet.grid(1, 2, width_ratios=(0.8, 1.5), foot=0.6)
    draw_paths(sheet.figure.add_subplot(grid[0]), subject.model.graph, "T", "Y")
    axes = sheet.panel(grid[1], "", "Y", "units")
    units = subject.units(4_000)
    edges = np.arange(-5, 7.01, 0.25) - 0.125
    for treated, colour in ((0, ORANGE), (1, TRUTH)):
        values = np.clip(units["Y"][units["T"] == treated], -5, 6.5)
        axes.hist(values, list(edges), color=colour, alpha=0.55, label=f"T = {treated}")
    axes.legend(loc="upper right", fontsize=10)
    axes.set_xlim(-5.2, 7)
    return sheet.figure


@paints("college")
def college(subject: Subject) -> Figure:
    truth, story = subject.value("TotalEffect(educ -> lwage)"), subject.parameter("story")
    years = ("exper",) if story == "life" else ()
    limits = {k.removeprefix("limit of "): float(v.value)
              for k, v in subject.known.items() if k.startswith("limit of ")}  # fmt: skip
    published = limits["2SLS, as published"]
    sheet = page(
        f"A year of schooling is worth {plain(truth, 3)} here; 2SLS as published tends to "
        f"{plain(published, 3)}, least squares to {plain(limits['OLS, no controls'], 3)}",
        "Covariates are left out of the graph.",
        height=3.9,
    )
    grid = sheet.grid(1, 2, width_ratios=(1.5, 1), wspace=0.42, foot=0.6, left=0.016)
    graph = sheet.figure.add_subplot(grid[0])
    shown = ("nearc4", "unmeasured", "educ", *years, "lwage")
    draw_paths(graph, subject.model.graph.subgraph(shown), "educ", "lwage")
    axes = sheet.panel(grid[1], "", "log wage for a year of schooling")
    for place, value in enumerate(limits.values()):
        colour = TRUTH if abs(value - truth) < 5e-4 else WRONG
        axes.plot([truth, value], [place, place], color=colour, lw=1.6)
        axes.plot(value, place, "o", ms=9, color=colour)
        label(axes, plain(value, 3), value, place, truth, colour, 0.012)
    axes.axvline(truth, color=TRUTH, lw=1.6, zorder=0)
    axes.set_title(f"effect {plain(truth, 3)}", color=TRUTH, fontweight="bold")
    axes.set_yticks(range(len(limits)), [textwrap.fill(each, 18) for each in limits])
    axes.set(ylim=(len(limits) - 0.6, -0.6))
    axes.margins(x=0.25)
    axes.tick_params(axis="y", length=0)
    return sheet.figure
