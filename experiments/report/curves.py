"""What changes as a factor changes: the numbers of breakdown curves, drawn and tabled elsewhere.

One `Curves` is one measure of all methods, in one of the file's worlds and for one estimand,
against one factor. Where other factors vary as well there is a panel for each of their
combinations, or, where these are too many, one panel of averages over them::

    average = (x_1 + ... + x_k) / k
    its error = sqrt(sum over data of (sum over cells on the same data of their errors)^2) / k

since cells on different data err independently, and cells on the same data (those that differ in an
estimator's options, say) at worst all in one direction.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from experiments.findings import Findings, Method
from experiments.report.layout import Layout, layouts

__all__ = [
    "MEASURES", "SHARES", "TITLES", "Curve", "Curves", "Dot", "Panel", "curves", "looked_up",
    "measured_by",
]  # fmt: skip

MEASURES = {"bias": "Bias", "rmse": "RMSE", "coverage": "Coverage, %"}
"""What is drawn, with its title. A method without a mean has its median bias for its bias."""

TITLES = {
    **MEASURES,
    "empirical_se": "Empirical SE",
    "rejection": "Rejections, %",
    "failures": "Failures, %",
}
"""The same, and what is drawn besides where a study claims what it equals."""

SHARES = ("coverage", "rejection", "failures")
"""Those of them that are shares, from 0 to 1."""

Key = tuple[str, str, str, str]  # the world's name, estimand, method, measure


@dataclass(frozen=True)
class Dot:
    """A measure at one level: NaN where there is none, and the note says why."""

    value: float
    mcse: float
    note: str = ""
    flagged: bool = False


@dataclass(frozen=True)
class Curve:
    """One method's dots, one for each level of the factor.

    Attributes:
      theory: what the study claims that the measure is, at each level; NaN where it does not say.
    """

    method: Method
    by_median: bool
    dots: tuple[Dot, ...]
    theory: tuple[float, ...]

    @property
    def claimed(self) -> bool:
        """Whether the study says what it is at some level."""
        return any(map(math.isfinite, self.theory))


@dataclass(frozen=True)
class Panel:
    """The curves at one combination of the other factors; ``label`` is ``""`` for the only one."""

    label: str
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class Curves:
    """One measure against one factor."""

    layout: Layout
    measure: str
    panels: tuple[Panel, ...]


def curves(findings: Findings) -> Iterator[Curves]:
    """All of them: by world, estimand, factor, and measure; none for a study without factors."""
    found = looked_up(findings)
    for layout in layouts(findings):
        for measure in _drawn(findings, layout.estimand):
            yield Curves(layout, measure, tuple(_panels(findings, found, layout, measure)))


def _drawn(findings: Findings, estimand: str) -> Iterator[str]:
    """The measures, and those that the study has a theory of for this estimand."""
    claimed = {(each.estimand, each.measure) for each in findings.claims
               if each.relation == "equals"}  # fmt: skip
    yield from (each for each in TITLES if each in MEASURES or (estimand, each) in claimed)


def measured_by(method: Method, measure: str) -> str:
    """The measure that is drawn of a method: the median bias of one whose estimates have no mean.

    >>> measured_by(Method("tsls", "2SLS", moments=0.0), "bias")
    'median_bias'
    """
    return "median_bias" if measure == "bias" and method.moments < 1 else measure


def looked_up(findings: Findings) -> Mapping[Key, Dot]:
    """The measures that are drawn, in one walk over the summary."""
    table = findings.summary
    table = table[table.measure.isin([*TITLES, "median_bias"])]
    names = ("world", "estimand", "method", "measure", "value", "mcse", "note", "flagged")
    rows = zip(*(table[name].tolist() for name in names), strict=True)
    return {(*key,): Dot(value, mcse, note, bool(flagged))
            for *key, value, mcse, note, flagged in rows}  # fmt: skip


def _panels(
    findings: Findings, found: Mapping[Key, Dot], layout: Layout, measure: str
) -> Iterator[Panel]:
    made = [
        Panel(label, tuple(_curves(findings, found, layout, measure, places)))
        for label, places in layout.others.items()
    ]
    if not layout.averaged:
        yield from made
        return
    data = [[layout.data[str(place)] for place in places] for places in layout.others.values()]
    averages = []
    for curve in made[0].curves:
        same = [one for panel in made for one in panel.curves if one.method is curve.method]
        dots = [
            _average([one.dots[at] for one in same], [each[at] for each in data])
            for at in range(len(layout.levels))
        ]
        theory = [sum(one.theory[at] for one in same) / len(same) for at in range(len(dots))]
        averages.append(Curve(curve.method, curve.by_median, tuple(dots), tuple(theory)))
    yield Panel("", tuple(averages))


def _curves(
    findings: Findings,
    found: Mapping[Key, Dot],
    layout: Layout,
    measure: str,
    places: Sequence[str | None],
) -> Iterator[Curve]:
    """A curve for every method that is judged in any place of the layout."""
    absent = Dot(math.nan, math.nan, "not in the study")
    claims = _claimed(findings)
    every = [place for row in layout.others.values() for place in row if place]
    for method in findings.methods:
        name = measured_by(method, measure)
        if any((place, layout.estimand, method.name, name) in found for place in every):
            dots = [
                found.get((str(place), layout.estimand, method.name, name), absent)
                for place in places
            ]
            claimed = claims.get((layout.estimand, method.name, measure), {})
            theory = [claimed.get(str(place), math.nan) for place in places]
            yield Curve(method, name == "median_bias", tuple(dots), tuple(theory))


def _claimed(findings: Findings) -> dict[tuple[str, str, str], dict[str, float]]:
    """By estimand, method and measure, what the study claims that it equals, by place."""
    truths = dict(zip(zip(findings.truths.world, findings.truths.estimand, strict=True),
                      findings.truths.value, strict=True))  # fmt: skip
    found: dict[tuple[str, str, str], dict[str, float]] = {}
    for claim in findings.claims:
        if claim.relation != "equals":
            continue
        measure = {"estimate": "bias", "median_bias": "bias"}.get(claim.measure, claim.measure)
        shift = claim.measure == "estimate"
        found[claim.estimand, claim.method, measure] = {
            held.world: held.expected - shift * truths.get((held.world, claim.estimand), math.nan)
            for held in claim.held
        }
    return found


def _average(dots: Sequence[Dot], data: Sequence[Hashable]) -> Dot:
    """The mean over cells, and its error; none where one of the cells has none."""
    there = [dot for dot in dots if not math.isnan(dot.value)]
    if len(there) < len(dots):
        why = next(dot.note for dot in dots if math.isnan(dot.value))
        if not there:
            return Dot(math.nan, math.nan, why)
        return Dot(math.nan, math.nan, f"in {len(dots) - len(there)} of {len(dots)} cells: {why}")
    errors: dict[Hashable, float] = {}
    for dot, key in zip(dots, data, strict=True):
        errors[key] = errors.get(key, 0.0) + dot.mcse
    count = len(dots)
    return Dot(sum(dot.value for dot in dots) / count, math.hypot(*errors.values()) / count)
