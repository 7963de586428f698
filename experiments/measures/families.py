"""The measures of a family of worlds: means over its members, which are the sampling units.

For M members with measures m_j the family's is their mean, and its error ``s / sqrt(M)``, s the
deviation between members: it says how far another draw of worlds may be from this one, and the
Monte Carlo errors of the m_j have their part in s. A root mean square is the root of the mean of
squares, with the error of that by the delta method. The worst member is named, so that no mean
hides it. Methods are ranked by what they do member by member.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from experiments.measures.measure import Measure, deviation
from experiments.measures.medians import FEWEST
from experiments.measures.ranks import ranked

if TYPE_CHECKING:
    import pandas as pd

    from experiments.findings import Method

__all__ = ["WORST", "of_family", "over_members"]

WORST = "worst: "
"""In a note, before the worst member and the value that it has."""

_SUMS = ("attempts", "seconds", "compile_seconds")
_ROOTS = ("rmse", "rmse_least", "rmse_most")
_AT_LEVEL = ("coverage", "coverage_own", "bias_eliminated_coverage")
_AT_NOTHING = (
    "bias", "relative_bias", "median_bias", "empirical_se", "mad", "model_se", "relative_error",
    "mse", "rmse", "median_error", "bias_own", "width", "median_width", "pehe", "regret",
    "failures", "miscalibration",
)  # fmt: skip
_OWN = ("bias_own", "coverage_own")
_SUSPECT = ("bias", "median_bias", "bias_own", "coverage", "coverage_own")


def of_family(
    table: pd.DataFrame,
    family: str,
    members: Mapping[str, str],
    methods: Sequence[Method],
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """The rows of a summary for a family, of those of its members.

    Arguments:
        table: the summary that `summarise` makes, with a column ``world``.
        family: what the family is called there.
        members: by the name of each member there, what a note calls it: ``"#7"``.
        methods: as `summarise` has them.
        level: nominal coverage.

    Returns a row per estimand, method and measure, ``world`` being the family.
    """
    import pandas as pd

    mine = table[table.world.isin(list(members))]
    made = []
    for estimand, board in mine.groupby("estimand", sort=False):
        ranks = _ranks(board, [m for m in methods if estimand in m.estimands])
        for (method, name), rows in board.groupby(["method", "measure"], sort=False):
            labels = [members[each] for each in rows.world]
            if name == "rank":
                one = ranks[str(method)]
            else:
                one = over_members(
                    str(name), rows.value.to_numpy(float), labels, list(rows.note), level
                )
            attempts = board[(board.method == method) & (board.measure == "attempts")].value.sum()
            flagged = _suspect(one, attempts, level)
            made.append(
                {"world": family, "estimand": estimand, "method": method, "measure": name,
                 "value": one.value, "mcse": one.mcse, "note": one.note, "flagged": flagged}
            )  # fmt: skip
    return pd.DataFrame(made, columns=list(table.columns))


def over_members(
    name: str,
    values: np.ndarray,
    labels: Sequence[str],
    notes: Sequence[str],
    level: float = 0.95,
) -> Measure:
    """One measure of a family, from the values that its members have; NaN for one that has none.

    >>> found = over_members("rmse", np.array([3.0, 1.0]), ["#0", "#1"], ["", ""])
    >>> round(found.value, 6), found.note  # the root of (9 + 1) / 2
    (2.236068, 'worst: #0, 3')
    """
    there = ~np.isnan(values)
    said = list(dict.fromkeys(note for note in notes if note))
    common = said[0] if len(said) == 1 and len(set(notes)) == 1 else ""
    if not there.any():
        why = common or f"in no member: {'; '.join(said[:1])}"
        return Measure(name, math.nan, math.nan, why)
    x = values[there]
    if name in _SUMS:
        return Measure(name, float(x.sum()), math.nan, common)
    told = [common] * bool(common)
    if name in _OWN and not common:
        told.append("each member's own")
    if not there.all():
        why = next(note for note, known in zip(notes, there, strict=True) if not known)
        told.append(f"in {there.sum():,} of {len(values):,} members; elsewhere: {why}")
    if worst := _worst(name, level):
        named = [label for label, known in zip(labels, there, strict=True) if known]
        at = int(np.argmax([worst(each) for each in x]))
        told.append(f"{WORST}{named[at]}, {x[at]:.4g}")
    return Measure(name, *_mean(name, x), "; ".join(told))


def _mean(name: str, x: np.ndarray) -> tuple[float, float]:
    """The mean of the members' values, or the root of that of their squares, and its error."""
    root = name in _ROOTS
    each = x**2 if root else x
    value = float(each.mean())
    if len(x) < 2 or not np.isfinite(each).all():
        return math.sqrt(value) if root else value, math.nan
    error = deviation(each) / math.sqrt(len(x))
    if not root:
        return value, error
    return math.sqrt(value), error / (2 * math.sqrt(value)) if value else 0.0


def _worst(name: str, level: float) -> Callable[[float], float] | None:
    """How bad a value is; None for measures that are neither good nor bad."""
    if name in _AT_LEVEL:
        return lambda value: abs(value - level)
    return abs if name in _AT_NOTHING else None


def _suspect(measure: Measure, attempts: float, level: float) -> bool:
    """Whether a mean over members is more than 3 of its errors from where it should be."""
    if measure.name not in _SUSPECT or math.isnan(measure.value) or math.isnan(measure.mcse):
        return False
    if measure.name.startswith("coverage"):
        floor = math.sqrt(level * (1 - level) / max(attempts, 1))
        return abs(measure.value - level) > 3 * max(measure.mcse, floor)
    return abs(measure.value) > 3 * measure.mcse


def _ranks(board: pd.DataFrame, methods: Sequence[Method]) -> dict[str, Measure]:
    """The rank of each method among those of its target, by paired differences over members."""
    made = {
        each.name: _none("a baseline is not ranked" if each.baseline else "declares no target")
        for each in methods
    }
    values = board.pivot_table(index=["measure", "method"], columns="world", values="value",
                               dropna=False, sort=False)  # fmt: skip
    for target in dict.fromkeys(m.target for m in methods if m.target and not m.baseline):
        group = [m for m in methods if m.target == target and not m.baseline]
        if len(group) == 1:
            made[group[0].name] = _none(f"the only one that targets {target}")
        else:
            made |= dict(_group(values, group, target))
    return made


def _group(
    values: pd.DataFrame, group: Sequence[Method], target: str
) -> Iterator[tuple[str, Measure]]:
    by = "rmse" if all(each.moments >= 4 for each in group) else "median_error"
    names = [each.name for each in group]
    rows = {name: _row(values, by, name) for name in names}
    held = np.isfinite(np.stack(list(rows.values()))).all(axis=0)
    if held.sum() < FEWEST:
        few = f"all of them have it in {held.sum()} members, {FEWEST} are needed"
        yield from ((name, _none(few)) for name in names)
        return
    # `ranked` holds mean squares against each other: of RMSEs they are the MSEs of the members,
    # and roots of median errors have these as their squares.
    errors = {name: row[held] if by == "rmse" else np.sqrt(row[held]) for name, row in rows.items()}
    word = "MSE" if by == "rmse" else "median error"
    told = f"by {word} of {len(names)} that target {target}, over {held.sum():,} members"
    for one in ranked(errors):
        ends = f"{one.best}" if one.best == one.worst else f"{one.best} to {one.worst}"
        yield one.name, Measure("rank", float(one.rank), math.nan, f"{told}: places {ends}")


def _row(values: pd.DataFrame, measure: str, method: str) -> np.ndarray:
    """A method's measure in every member, NaN where it has none."""
    found = values.reindex([(measure, method)])
    return found.to_numpy(float)[0]


def _none(why: str) -> Measure:
    return Measure("rank", math.nan, math.nan, why)
