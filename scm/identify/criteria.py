"""By kind of estimand, the graphical criteria under which data can tell it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from scm import estimands as kinds
from scm.estimands import Estimand
from scm.estimate import Roles
from scm.graph import Graph
from scm.identify.answer import Strategy

__all__ = ["CRITERIA"]

_MOST = 8  # adjustment sets and the like that are listed of one kind
_SAME_SLOPE = "the effect is linear in the treatment and the same for every unit"
_MONOTONE = "the instrument moves nobody's treatment the other way"
_HARMLESS = "the treatment prevents the outcome in nobody"
_BINARY = "the treatment has two levels"

Answer = tuple[list[Strategy], str]


def _total(graph: Graph, asked: Any) -> Answer:
    """Functions of P(y | do(t))."""
    t, y = asked.treatment, asked.outcome
    found = _back_doors(graph, [t], y)
    found += [
        Strategy("frontdoor", Roles(t, y, mediators=_sorted(graph, each)))
        for each in itertools.islice(graph.frontdoor_sets(t, y), _MOST)
    ]
    found += _instruments(graph, t, y, _SAME_SLOPE)
    return _with_formula(graph, found, y, [t])


def _fixed(graph: Graph, asked: Any) -> Answer:
    """Functions of P(y | do(t, m)): other variables held."""
    held = [asked.treatment, *asked.at]
    return _with_formula(graph, _back_doors(graph, held, asked.outcome), asked.outcome, held)


def _among_some(graph: Graph, asked: Any) -> Answer:
    """Effects among those who take a level by nature: by what is valid for all of them.

    With two levels, whoever does not have one has the other: P(Y | do(T=t)) is then a mixture of
    what is seen, where T is t, and of what is asked.
    """
    t, y = asked.treatment, asked.outcome
    found = _back_doors(graph, [t], y)
    if found:
        return found, ""
    answer, reason = graph.identify(y, do=t), _no_set(graph, asked)
    if answer.identified:
        rest = f"P({y}({t}=t) | {t} != t) = (P({y} | do({t}=t)) - P({y}, {t}=t)) / P({t} != t)"
        found = [Strategy("formula", None, (_BINARY,), f"{rest}, {answer.reason}")]
    return found, reason


def _conditional(graph: Graph, asked: Any) -> Answer:
    """Effects among those with given properties: these are among the covariates."""
    t, y, given = asked.treatment, asked.outcome, list(asked.given)
    found = []
    for each in _back_doors(graph, [t], y):
        assert each.roles is not None
        wide = {*each.roles.adjust, *given}
        if graph.is_adjustment_set(t, y, wide):
            found.append(Strategy("backdoor", Roles(t, y, adjust=_sorted(graph, wide))))
    return _with_formula(graph, list(dict.fromkeys(found)), y, [t], given)


def _by_instrument(graph: Graph, asked: Any) -> Answer:
    """Effects among those whom an instrument moves."""
    t, y, z = asked.treatment, asked.outcome, asked.instrument
    found = [
        each
        for each in _instruments(graph, t, y, _MONOTONE)
        if each.randomised and each.roles is not None and each.roles.instruments == (z,)
    ]
    if found:
        return found, f"no graph says which units {z} moves"
    return [], f"{z} is no instrument that acts on {t} and is as good as randomised"


def _natural(graph: Graph, asked: Any) -> Answer:
    """Natural effects: what is adjusted for parts treatment from both, and mediators from outcome.

    No covariate may be a descendant of the treatment. The graph is read as a structural model: what
    no ``<->`` joins has independent noises, across worlds too, which no experiment can test.
    """
    t, y, m = asked.treatment, asked.outcome, _names(asked.mediators)
    before = [n for n in graph.nodes if n not in {*graph.descendants(t), *graph.latent, y, *m}]
    tried: Iterable[Iterable[str]] = itertools.chain(
        itertools.islice(graph.adjustment_sets(t, [y, *m]), _MOST),
        (set(each) - {t} for each in itertools.islice(graph.adjustment_sets(m, y), _MOST)),
        [before],
    )
    found: dict[tuple[str, ...], Strategy] = {}
    for each in tried:
        given = [name for name in before if name in set(each)]
        ignorable = graph.is_adjustment_set(t, [y, *m], given)
        if ignorable and graph.is_adjustment_set(m, y, [*given, t]):
            roles = Roles(t, y, adjust=tuple(given), mediators=m)
            found[tuple(given)] = Strategy("mediation", roles)
    if found:
        return list(found.values()), ""
    return [], f"no covariates before {t} block the back doors of {t}, {', '.join(m)} and {y}"


def _of_causation(graph: Graph, asked: Any) -> Answer:
    """Necessity and sufficiency: bounds from the graph, numbers from monotonicity."""
    answer = graph.identify(asked.outcome, do=asked.treatment)
    reason = "the joint law of both potential outcomes is not told by data, only bounds of it are"
    if not answer.identified:
        return [], reason
    return [Strategy("monotone", None, (_HARMLESS,), answer.reason)], reason


def _limit(graph: Graph, asked: Any) -> Answer:
    """Properties of the law of what is seen."""
    roles = Roles(asked.treatment, asked.outcome, adjust=asked.adjust)
    return [Strategy("limit", roles)], ""


def _slope(graph: Graph, asked: Any) -> Answer:
    """A weighted average of effects at each value of what is adjusted for."""
    t, y = asked.treatment, asked.outcome
    found = graph.is_adjustment_set(t, y, asked.adjust)
    roles = Roles(t, y, adjust=asked.adjust)
    return ([Strategy("backdoor", roles)], "") if found else ([], found.reason)


CRITERIA: dict[type[Estimand], Callable[[Graph, Any], Answer]] = {
    kinds.ATE: _total,
    kinds.TotalEffect: _total,
    kinds.DoseResponse: _total,
    kinds.RiskRatio: _total,
    kinds.OddsRatio: _total,
    kinds.QTE: _total,
    kinds.CDE: _fixed,
    kinds.ATT: _among_some,
    kinds.ATC: _among_some,
    kinds.QTT: _among_some,
    kinds.CATE: _conditional,
    kinds.LATE: _by_instrument,
    kinds.ACR: _by_instrument,
    kinds.NDE: _natural,
    kinds.NIE: _natural,
    kinds.TDE: _natural,
    kinds.TIE: _natural,
    kinds.PN: _of_causation,
    kinds.PS: _of_causation,
    kinds.PNS: _of_causation,
    kinds.OLSLimit: _limit,
    kinds.VarianceWeightedSlope: _slope,
}


def _back_doors(graph: Graph, held: Sequence[str], y: str) -> list[Strategy]:
    """Adjustment sets for setting some variables together, the optimal one first."""
    t = held[0]
    best = list(graph.adjustment_sets(held, y, kind="optimal"))
    sets = dict.fromkeys([*best, *itertools.islice(graph.adjustment_sets(held, y), _MOST)])
    others = set(held[1:])
    return [
        Strategy("backdoor", Roles(t, y, _sorted(graph, others | each)), optimal=each in best)
        for each in sets
    ]


def _instruments(graph: Graph, t: str, y: str, assumes: str) -> list[Strategy]:
    found = itertools.islice(graph.instruments(t, y, kind="one"), _MOST)
    return [
        Strategy(
            "instrument",
            Roles(t, y, _sorted(graph, each.given), (each.instrument,)),
            (assumes,),
            randomised=_randomised(graph, each.instrument, t, each.given),
        )
        for each in found
    ]


def _randomised(graph: Graph, z: str, t: str, given: Iterable[str]) -> bool:
    """Whether an instrument acts on the treatment, and has no other tie to it.

    In a linear model a mere sign of an instrument will do, or one with a hidden cause in common
    with the treatment. Compliers and response types are those of what acts, and is independent.
    """
    return t in graph.descendants(z) and bool(graph.is_adjustment_set(z, t, given))


def _with_formula(
    graph: Graph, found: list[Strategy], y: str, do: Sequence[str], given: Sequence[str] = ()
) -> Answer:
    answer = graph.identify(y, do=do, given=given)
    if answer.identified:
        return [*found, Strategy("formula", None, formula=answer.reason)], ""
    return found, answer.reason


def _no_set(graph: Graph, asked: Any) -> str:
    """Why nothing serves: what is open with nothing adjusted for."""
    empty = graph.is_adjustment_set(asked.treatment, asked.outcome, ())
    return f"no set of observed variables is an adjustment set: {empty.reason}"


def _names(names: Any) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


def _sorted(graph: Graph, names: Iterable[str]) -> tuple[str, ...]:
    wanted = set(names)
    return tuple(name for name in graph.nodes if name in wanted)
