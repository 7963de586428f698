"""Worlds whose point is which paths are open: doors, mediators, instruments, M."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.pictures.album import paints
from simulators.pictures.page import plain
from simulators.pictures.rows import Row, painted
from simulators.pictures.subject import Subject

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KEY = "blue: paths by which the cause acts; red: open, and misleading; grey: closed; filled: held"


@paints("back_door")
def back_door(subject: Subject) -> Figure:
    naive = subject.value("limit of OLS(Y ~ T)")
    truth = subject.value("TotalEffect(T -> Y)")
    seen = [name for name in "AB" if name != subject.parameter("unseen")]
    return painted(
        f"One door, two locks: the effect is {plain(truth)}, the plain slope {plain(naive)}; "
        f"holding {' or '.join(seen)} shuts the back door",
        KEY, subject.model.graph, ("T", "Y"), truth,
        [
            Row("nothing held: T ← A ← C → B → Y is open", naive),
            *(Row(f"{each} held: shut", subject.value(f"limit of OLS(Y ~ T + {each})"), (each,))
              for each in seen),
        ],
    )  # fmt: skip


@paints("back_door_trap")
def back_door_trap(subject: Subject) -> Figure:
    limit = lambda *held: subject.value(f"limit of OLS({' + '.join(['Y ~ X', *held])})")
    return painted(
        f"Hold Q, and not P: the effect is {plain(limit('Q'))}; with all that there is held, "
        f"{plain(limit('Q', 'S', 'P'))}",
        KEY, subject.model.graph, ("X", "Y"), subject.value("TotalEffect(X -> Y)"),
        [
            Row("nothing held: back doors through Q are open", limit()),
            Row("Q held: shut", limit("Q"), ("Q",)),
            Row("Q, S and P held: P, an effect of both, opens", limit("Q", "S", "P"),
                ("Q", "S", "P")),
        ],
        tall=1.35,
    )  # fmt: skip


@paints("m_bias")
def m_bias(subject: Subject) -> Figure:
    held = subject.value("limit of OLS(Y ~ X + M)")
    return painted(
        f"M-bias: X does nothing to Y; holding M makes it look like {plain(held)}",
        KEY, subject.model.graph, ("X", "Y"), 0.0,
        [
            Row("nothing held: shut at the collider M", 0.0),
            Row("M held: X ← U1 → M ← U2 → Y is open", held, ("M",)),
        ],
        tall=1.8,
    )  # fmt: skip


@paints("hidden_cause")
def hidden_cause(subject: Subject) -> Figure:
    naive = subject.value("limit of OLS(Y ~ X)")
    truth = subject.value("TotalEffect(X -> Y)")
    return painted(
        f"An unmeasured common cause: the effect is {plain(truth)}, the slope {plain(naive)}",
        KEY, subject.model.graph, ("X", "Y"), truth,
        [
            Row("U not measured: X ← U → Y is open", naive),
            Row("U measured and held: shut", truth, ("U",)),
        ],
    )  # fmt: skip


@paints("cancelling")
def cancelling(subject: Subject) -> Figure:
    total, direct = subject.value("TotalEffect(X -> Y)"), subject.value("CDE(X -> Y; Z)")
    return painted(
        f"Two paths, {plain(direct)} and {plain(total - direct)}: together {plain(total)}, and no "
        "association where there are two effects",
        KEY, subject.model.graph, ("X", "Y"), total,
        [
            Row("nothing held: both paths act", total),
            Row("Z held: the direct arrow alone", direct, ("Z",), found=True),
        ],
        effect="total effect",
    )  # fmt: skip


@paints("front_door")
def front_door(subject: Subject) -> Figure:
    truth = subject.value("TotalEffect(gps -> memory)")
    naive = subject.value("limit of OLS(memory ~ gps)")
    first = subject.value("limit of OLS(hippocampus ~ gps)")
    second = subject.value("limit of OLS(memory ~ hippocampus + gps)")
    blocked = subject.value("limit of OLS(memory ~ gps + hippocampus)")
    return painted(
        f"Front door: the effect {plain(truth)} is found as {plain(first)} times {plain(second)}, "
        f"though motivation is unseen; the plain slope is {plain(naive)}",
        KEY, subject.model.graph, ("gps", "memory"), truth,
        [
            Row("nothing held: open through motivation", naive),
            Row("hippocampus held: the way itself is blocked", blocked, ("hippocampus",)),
            Row(f"gps → hippocampus: {plain(first)}; hippocampus → memory, gps held: "
                f"{plain(second)}", first * second, ("gps",), ends=("hippocampus", "memory")),
        ],
        widths=(2.05, 1.0), tall=1.3, finds="what is found",
    )  # fmt: skip


@paints("front_door_table")
def front_door_table(subject: Subject) -> Figure:
    truth = subject.value("ATE(smokes -> cancer)")
    crude = subject.value("P(cancer | smokes=1) - P(cancer | smokes=0)")
    return painted(
        f"Smokers have cancer {plain(100 * crude, 0)} points more often; smoking does "
        f"{plain(100 * truth, 0)} of them, an unseen gene the rest",
        KEY, subject.model.graph, ("smokes", "cancer"), truth,
        [
            Row("nothing held: open through the gene", crude),
            Row("tar held: the way itself is blocked", subject.value("adjusted for tar"),
                ("tar",)),
            Row("front door: smokes → tar, then tar → cancer with smokes held", truth,
                ("smokes",), ends=("tar", "cancer")),
        ],
        widths=(1.6, 1.0), tall=1.3, finds="difference in P(cancer)",
    )  # fmt: skip


@paints("mediation")
def mediation(subject: Subject) -> Figure:
    total, direct = subject.value("ATE(T -> Y)"), subject.value("NDE(T -> Y; M)")
    through = subject.value("NIE(T -> Y; M)")
    return painted(
        f"Mediation: of an effect of {plain(total)}, {plain(through)} goes through M and "
        f"{plain(direct)} past it",
        KEY, subject.model.graph, ("T", "Y"), total,
        [
            Row("nothing held: the total effect", total),
            Row("M held: what goes past M, the direct effect", direct, ("M",), found=True),
        ],
        tall=1.35, effect="total effect",
    )  # fmt: skip


@paints("instrument")
def instrument(subject: Subject) -> Figure:
    truth = subject.value("TotalEffect(X -> Y)")
    naive, held = (subject.value(f"limit of OLS(Y ~ X{z})") for z in ("", " + Z"))
    first, reduced = subject.value("limit of OLS(X ~ Z)"), subject.value("limit of OLS(Y ~ Z)")
    return painted(
        f"An instrument: Z moves X by {plain(first)} and Y by {plain(reduced)}, so X moves Y by "
        f"{plain(truth)}",
        KEY, subject.model.graph, ("X", "Y"), truth,
        [
            Row("Y on X: open through the unseen U", naive),
            Row("Z held: nothing is shut, and X varies by U alone", held, ("Z",)),
            Row(f"Y on Z over X on Z: {plain(reduced)} / {plain(first)}", truth, ends=("Z", "Y")),
        ],
        tall=1.35, finds="what is found",
    )  # fmt: skip
