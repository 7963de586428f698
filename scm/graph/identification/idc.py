"""Effects as formulas of what is seen: the algorithms ID and IDC of Shpitser and Pearl."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from scm.graph.formulas.binding import distinct
from scm.graph.formulas.formula import Formula, Variable
from scm.graph.formulas.laws import Laws
from scm.graph.formulas.simplify import product, ratio, summed
from scm.graph.identification.docalculus import ask
from scm.graph.identification.hedge import Hedge, hedge_of
from scm.graph.identification.kernel import Kernel

if TYPE_CHECKING:
    from scm.graph.graph import Graph


@dataclass(frozen=True)
class Step:
    """One line of ID or IDC that fired: its name, and what it did to which sets and why."""

    line: str
    told: str

    def __str__(self) -> str:
        return f"{self.line}: {self.told}"


@dataclass(frozen=True)
class Answer:
    """What ID or IDC returns: a formula or a hedge, and the steps that led there."""

    formula: Formula | None
    hedge: Hedge | None
    steps: tuple[Step, ...] = field(repr=False)


def idc(graph: Graph, outcome: Sequence[str], do: Sequence[str], given: Sequence[str]) -> Answer:
    """P(outcome | do(do), given), in a graph of observed nodes.

    Source: Shpitser and Pearl (2006), Identification of conditional interventional distributions,
        figure 4 (IDC).
    """
    laws, steps = Laws(graph), []
    plain = _without_algorithm(laws, outcome, do, given)
    if plain is not None:
        return plain
    # IDC, line 1: a condition that rule 2 exchanges for an intervention is one, until none is.
    forced, seen = list(do), list(given)
    while True:
        rules = (ask(2, graph, outcome, forced, [n], [m for m in seen if m != n]) for n in seen)
        rule = next((rule for rule in rules if rule), None)
        if rule is None:
            break
        (name,) = rule.exchanged
        steps.append(Step("IDC line 1", f"{name} becomes do({name}) by rule 2: {rule.reason}"))
        forced.append(name)
        seen.remove(name)
    forced = [name for name in graph.nodes if name in forced]
    both = [name for name in graph.nodes if name in (*outcome, *seen)]
    found = identify(laws, both, forced)
    if seen and found.formula is not None:
        # IDC, line 2: P' = ID(y and z, x, P, G); return P' over its sum over y.
        whole = summed(laws, map(Variable, outcome), found.formula)
        told = f"the result for {_set(both)} is divided by its sum over {_set(outcome)}"
        formula = ratio(laws, found.formula, whole)
        return Answer(formula, None, (*steps, *found.steps, Step("IDC line 2", told)))
    return Answer(found.formula, found.hedge, (*steps, *found.steps))


def identify(laws: Laws, outcome: Sequence[str], do: Sequence[str]) -> Answer:
    """P(outcome | do(do)), in the graph of `laws`, all of its nodes observed.

    ID calls itself from line 4 once, for each district; from lines 2, 3 and 7 it calls itself last,
    so that it is a loop here and runs on graphs of any size.

    Source: Shpitser and Pearl (2006), Identification of joint interventional distributions in
        recursive semi-Markovian causal models, figure 3 (ID).
    """
    graph, steps = laws.graph, []
    # Line 2: what is no ancestor of the outcome is summed out of P and leaves the graph.
    above = graph.ancestors(outcome)
    if len(above) < len(graph.nodes):
        gone = [name for name in graph.nodes if name not in above]
        steps.append(Step("ID line 2", f"{_set(gone)} do not act on {_set(outcome)}: left out"))
    part = graph.subgraph(above)
    forced = [name for name in part.nodes if name in do]
    # Line 1: nothing is intervened on.
    if not forced:
        steps.append(Step("ID line 1", f"no intervention acts on {_set(outcome)}: it is as seen"))
        return Answer(laws.probability(map(Variable, outcome), ()), None, tuple(steps))
    # Line 3: on these an intervention changes nothing, once `do` holds; they are forced too.
    acting = part.cut(into=forced).ancestors(outcome)
    idle = [name for name in part.nodes if name not in acting and name not in forced]
    if idle:
        told = f"{_set(idle)} act on {_set(outcome)} through {_set(forced)} only: forced too"
        steps.append(Step("ID line 3", told))
    free = [name for name in part.nodes if name in acting and name not in forced]
    # Line 4: the rest falls into districts, each with a factor of its own.
    districts = part.subgraph(free).districts()
    hidden = [name for name in free if name not in outcome]
    if len(districts) > 1:
        told = f"without {_set([*forced, *idle])} the graph has the districts "
        told += f"{', '.join(map(_set, districts))}: a factor each"
        told += f", summed over {_set(hidden)}" if hidden else ""
        steps.append(Step("ID line 4", told))
    factors = []
    for district in districts:
        found = _factor(laws, part, district, steps)
        if not isinstance(found, Formula):
            hedge = hedge_of(graph, found, district, do, outcome)
            return Answer(None, hedge, tuple(steps))
        factors.append(found)
    formula = summed(laws, map(Variable, hidden), product(laws, factors))
    return Answer(formula, None, tuple(steps))


def _factor(
    laws: Laws, graph: Graph, district: Sequence[str], steps: list[Step]
) -> Formula | tuple[str, ...]:
    """P(district | do(all else)), or the nodes that make a hedge with the district."""
    kernel = Kernel(laws, graph)
    about = f"for {_set(district)}"
    while True:
        # Line 2: what is no ancestor of the district is summed out.
        above = kernel.graph.ancestors(district)
        if len(above) < len(kernel.graph.nodes):
            gone = [name for name in kernel.graph.nodes if name not in above]
            steps.append(Step("ID line 2", f"{about}: summed over {_set(gone)}"))
            kernel = kernel.marginal(above)
        # Line 1: nothing else is left.
        if len(above) == len(district):
            steps.append(Step("ID line 1", f"{about}: {_shown(district, kernel.joint)}"))
            return kernel.joint
        parts = kernel.graph.districts()
        # Line 5: all that is left is one district, and the intervention cannot be taken out of it.
        if len(parts) == 1:
            told = f"{about}: {_set(above)} hang together by hidden common causes: a hedge"
            steps.append(Step("ID line 5", told))
            return above
        (around,) = (part for part in parts if district[0] in part)
        # Line 6: the district is one of the whole graph: the product of its conditionals.
        if len(around) == len(district):
            factor = kernel.conditionals(around)
            told = f"{about}, a district of {_set(above)}: {_shown(district, factor)}"
            steps.append(Step("ID line 6", told))
            return factor
        # Line 7: go on inside the district that holds it; the rest is fixed.
        told = f"{about}: go on in its district {_set(around)}, the rest fixed"
        steps.append(Step("ID line 7", told))
        kernel = kernel.within(around)


def _without_algorithm(
    laws: Laws, outcome: Sequence[str], do: Sequence[str], given: Sequence[str]
) -> Answer | None:
    """Where one rule makes all of it a conditional of what is seen: no formula is shorter."""
    if not do:
        tried = [(given, "probability", "nothing is intervened on")]
    else:
        second, third = (ask(n, laws.graph, outcome, (), do, given) for n in (2, 3))
        tried = [((*do, *given), "rule 2", second.reason)] if second else []
        tried += [(given, "rule 3", third.reason)] if third else []
    for condition, line, why in tried:
        formula = laws.probability(map(Variable, outcome), map(Variable, condition))
        return Answer(formula, None, (Step(line, why),))
    return None


def _shown(district: Sequence[str], factor: Formula) -> str:
    """The factor of a district, where it is short enough to be read in passing."""
    if factor.size > 6:
        return f"the factor is a formula of {factor.size} probabilities"
    return f"the factor is {distinct(factor, map(Variable, district))}"


def _set(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{{{', '.join(names)}}}"
