"""What a method itself aims at in a world, as an estimand whose truth can be had there.

An estimator declares its target; where `scm.estimands` has the definition, the method's roles make
an estimand of it. So a method can be judged twice: by what is asked, and by what it promised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from experiments.keys import truth_key
from experiments.measures.targets import ASKED
from experiments.method import Method
from scm import SCM, ModelError
from scm import estimands as kinds
from scm.estimands import Estimand, InSample
from scm.estimands.values import support
from scm.estimate import Estimator

if TYPE_CHECKING:
    import pandas as pd

    from experiments.running import Place

__all__ = ["Unknown", "target_of", "targets"]

_BUDGET = 1 << 16  # of units: what is left of the error is in that of the bias


@dataclass(frozen=True)
class Unknown:
    """A target that has no truth in a world, and why."""

    why: str


def target_of(method: Method, asked: Estimand, model: SCM) -> Estimand | Unknown:
    """The estimand that a method targets in a model, when it is asked for another one.

    What is asked says which levels a slope is held against; all else is the method's own.
    """
    make = _KINDS.get(method.target)
    if make is None:
        said = method.target if method.target != "not declared" else ""
        return Unknown(
            f"its target, {said}, is none of scm.estimands" if said else "it declares no target"
        )
    if made := [each for each in method.columns if each not in model.structure.variables]:
        return Unknown(f"{', '.join(made)}: no variable of the world, only a column of its data")
    return make(method, asked, model)


def targets(place: Place) -> pd.DataFrame:
    """The truths of the targets of a place's methods, a row for each question that they are asked.

    Returns ``world, method, estimand, target, value, se, why``: the target's definition, its truth,
    and the error of that; NaN with ``why`` where it has none here, or is what is asked.
    """
    import pandas as pd

    rows = list(_rows(place))
    columns = ["world", "method", "estimand", "target", "value", "se", "why"]
    return pd.DataFrame(rows, columns=columns)


def _rows(place: Place) -> Iterator[tuple[Any, ...]]:
    planned, nan = place.plan, float("nan")
    model = planned.worlds[place.world].model
    here = [name for world, name in planned.questions() if world == place.world]
    known: dict[Estimand, tuple[float, float, str]] = {}
    for method, each in planned.methods_in(place.world).items():
        for name in here:
            if name not in each.estimands:
                continue
            asked = planned.estimands[name]
            target = target_of(each, asked, model)
            at = place.name, method, name
            if isinstance(target, Unknown):
                yield *at, "", nan, nan, target.why
            elif target == (asked.estimand if isinstance(asked, InSample) else asked):
                yield *at, target.definition, nan, nan, ASKED
            else:
                if target not in known:
                    known[target] = _truth(place, target, model)
                yield *at, target.definition, *known[target]


def _truth(place: Place, target: Estimand, model: SCM) -> tuple[float, float, str]:
    cell = place.cell.of_data(place.world)
    key = truth_key(place.study.seed, place.world, f"target {target!r}", cell)
    try:
        found = target.truth(model, key, budget=_BUDGET)
    except ModelError as error:
        return float("nan"), float("nan"), " ".join(str(error).split())
    return float(found.value), float(found.se), ""


def _levels(method: Method, asked: Estimand) -> tuple[Any, Any]:
    """The levels that a method compares: its option, or 0 and 1 for all that know no others; those
    that are asked of a person's own estimator, which is told of no levels."""
    if isinstance(method.estimator, Estimator):
        options = {**method.estimator.options, **method.options}
        levels = options.get("levels")  # to plug_in a count, and it compares 0 and 1
        low, high = levels if isinstance(levels, tuple | list) else (0, 1)
        return low, high
    return _asked_levels(method, asked) or (0, 1)


def _asked_levels(method: Method, asked: Estimand) -> tuple[Any, Any] | None:
    inner = asked.estimand if isinstance(asked, InSample) else asked
    if getattr(inner, "treatment", None) != method.roles.treatment:
        return None
    levels = getattr(inner, "levels", None)
    return levels if levels is not None and len(levels) == 2 else None


def _of_levels(kind: Any) -> Callable[[Method, Estimand, SCM], Estimand | Unknown]:
    def make(method: Method, asked: Estimand, model: SCM) -> Estimand | Unknown:
        roles = method.roles
        return kind(roles.treatment, roles.outcome, levels=_levels(method, asked))

    return make


def _of_mediators(kind: Any) -> Callable[[Method, Estimand, SCM], Estimand | Unknown]:
    def make(method: Method, asked: Estimand, model: SCM) -> Estimand | Unknown:
        roles = method.roles
        if not roles.mediators:
            return Unknown(f"a {kind.__name__} has mediators, and it is told of none")
        return kind(
            roles.treatment,
            roles.outcome,
            mediators=roles.mediators,
            levels=_levels(method, asked),
        )

    return make


def _slope(method: Method, asked: Estimand, model: SCM) -> Estimand | Unknown:
    roles = method.roles
    after = model.structure.descendants(frozenset({roles.treatment}))
    if behind := [each for each in roles.adjust if each in after]:
        return Unknown(
            f"it adjusts for {', '.join(behind)}, which the treatment acts on: its slope is a "
            "weighted average of no effect that is defined here"
        )
    levels = support(model, roles.treatment)
    reference: Any = 0 if levels is None else levels[0].item()
    if given := _asked_levels(method, asked):
        reference = given[0]
    return kinds.VarianceWeightedSlope(roles.treatment, roles.outcome, roles.adjust, reference)


def _late(method: Method, asked: Estimand, model: SCM) -> Estimand | Unknown:
    roles = method.roles
    if len(roles.instruments) != 1:
        return Unknown(f"the LATE is that of one instrument, and it has {len(roles.instruments)}")
    if roles.adjust:
        return Unknown(
            "with covariates it weights the LATEs of their strata, which is not defined here"
        )
    moved = support(model, roles.instruments[0])
    taken = support(model, roles.treatment)
    for what, levels in (("instrument", moved), ("treatment", taken)):
        if levels is None:
            return Unknown(f"the LATE of a {what} whose levels are not listed is not defined here")
    assert moved is not None
    assert taken is not None
    if len(moved) != 2 or moved[1] - moved[0] != 1:
        return Unknown(f"the LATE is that of an instrument of two levels, and it has {len(moved)}")
    if len(taken) < 2 or set((taken[1:] - taken[:-1]).tolist()) != {1}:
        return Unknown("the LATE is that of one level more of the treatment")
    ends: dict[str, Any] = {
        "instrument": roles.instruments[0],
        "levels": tuple(taken.tolist()),
        "instrument_levels": tuple(moved.tolist()),
    }
    kind = kinds.LATE if len(taken) == 2 else kinds.ACR
    return kind(roles.treatment, roles.outcome, **ends)


_KINDS: Mapping[str, Callable[[Method, Estimand, SCM], Estimand | Unknown]] = {
    **{kind.__name__: _of_levels(kind) for kind in (kinds.ATE, kinds.ATT, kinds.ATC)},
    **{kind.__name__: _of_mediators(kind) for kind in (kinds.NDE, kinds.NIE, kinds.TDE, kinds.TIE)},
    "TE": _of_levels(kinds.ATE),
    "variance-weighted slope": _slope,
    "LATE": _late,
}
"""How each declared target is defined, of a method's roles."""
