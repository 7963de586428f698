"""Whether a run bears out what its study claims.

A claim is held against the numbers of every place where it is made, with their Monte Carlo error.
Over k places the bar is the two-sided normal quantile of 1 - 0.01 / k, so that a claim which is
true everywhere fails in one run of a hundred::

    equals:   |found - expected| <= within + bar * error
    above:    found - bound > bar * error bears it out, < -bar * error does not; else undecided

A share, such as coverage, errs by what it was found to be or by what it is claimed to be, whichever
is more: of 500 data sets of which 1 in 1,000 should fail none may, and that is no error of 0. What
is compared with another method errs by what the two do on the same data (`measures.sizes`). That
few estimates do not contradict a claim says nothing: what it equals is undecided of fewer than 20.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import stats

from experiments import findings as found
from experiments.claims import ESTIMATE, RELATIONS, Claim
from experiments.family import family_of
from experiments.measures.attempts import Attempts
from experiments.measures.frames import records
from experiments.measures.sizes import size_error
from experiments.plan import Plan
from experiments.running import Place
from experiments.toml_lines import KeyPath
from simulators import Known
from simulators.observe.expression import ExpressionError, expression

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["expected", "names_in", "verdicts", "wrong_claims"]

_RISK = 0.01
_ROUNDING = 1e-6
"""How far off, relatively, a number may be that has no Monte Carlo error: floats of 32 bits."""

_FEWEST = 20
"""Estimates by which something may be said to equal something."""

_Read = Callable[[], "pd.DataFrame"]

_SHARES = ("coverage", "coverage_own", "rejection", "failures")


def verdicts(
    claims: Mapping[str, Claim],
    places: Iterable[Place],
    summary: pd.DataFrame,
    truths: pd.DataFrame,
    estimates: Iterable[_Read] | None = None,
) -> tuple[found.Claim, ...]:
    """Every claim in every place where it is made, in the order of the file.

    Arguments:
        places: all that there are, one of which at a time is held; ``summary`` and ``truths`` are
            the frames of their results.
        estimates: reads those of each place, to compare methods on the same data; left out, they
            are compared as if each had data of its own.
    """
    table = _Found(summary, truths)
    measured: dict[str, list[_Measured]] = {name: [] for name in claims}
    readers: Iterable[_Read | None] = itertools.repeat(None) if estimates is None else estimates
    for place, each in zip(places, readers, strict=False):
        read = functools.cache(each) if each else None
        for name, claim in claims.items():
            if family_of(place.world) in claim.worlds:
                measured[name].append(_measured(claim, place, table, read))
    made = []
    for name, claim in claims.items():
        bar = float(stats.norm.isf(_RISK / 2 / max(len(measured[name]), 1)))
        relation, told = relation_of(claim)
        held = tuple(each.held(relation, bar, claim.within) for each in measured[name])
        made.append(found.Claim(
            name, claim.says, claim.because, claim.estimand, claim.method, claim.measure, relation,
            told, held, claim.within,
        ))  # fmt: skip
    return tuple(made)


def wrong_claims(planned: Plan) -> Iterator[tuple[KeyPath, str]]:
    """Claims whose formula, or known answer, is no finite number in a world where they are made.

    The truth is not known yet: what a formula makes of it is not asked here.
    """
    for name, claim in planned.study.claims.items():
        key = next((k for k in RELATIONS[:-1] if getattr(claim, k) is not None), None)
        for world in planned.worlds if key is not None else ():
            if family_of(world) not in claim.worlds:
                continue
            try:
                value = expected(claim, planned, world, truth=math.nan)
                told = _wrong_value(claim, getattr(claim, str(key)), value, world)
            except ValueError as error:
                told = str(error)
            if told:
                yield ("claims", name, str(key)), told
                break


def _wrong_value(claim: Claim, text: Any, value: float, world: str) -> str:
    """What is to be said of a formula that has no finite value, whatever the truth; else ""."""
    formula = isinstance(text, str) and claim.known is None
    unknown = formula and "truth" in expression(text).names and math.isnan(value)
    if math.isfinite(value) or unknown:
        return ""
    return f"{text!r} is {value} in the world {world!r}, and a finite number is wanted"


class _Measured(NamedTuple):
    """What was found in a place, and what it is held against."""

    place: str
    bound: float
    value: float
    error: float
    tries: float

    def held(self, relation: str, bar: float, within: float) -> found.Held:
        """The verdict, with so many errors allowed."""
        rounding = _ROUNDING * max(abs(self.value), abs(self.bound))
        allowed = bar * self.error
        if relation == "smaller_than":  # two that differ by rounding alone are no different two
            allowed += rounding
        else:
            within += rounding
        word = _word(relation, self.value - self.bound, allowed, within)
        if relation == "equals" and self.tries < _FEWEST:
            word = "undecided"
        return found.Held(self.place, self.bound, self.value, self.error, word)


def _measured(claim: Claim, place: Place, table: _Found, read: _Read | None) -> _Measured:
    relation, _ = relation_of(claim)
    value, error = table(place.name, claim.estimand, claim.method, claim.measure)
    if relation == "smaller_than":
        assert claim.smaller_than is not None
        bound, other = table(place.name, claim.estimand, claim.smaller_than, claim.measure)
        value, bound, error = abs(value), abs(bound), math.hypot(error, other)
        if read and math.isfinite(error) and place.study.failures != "listwise":
            paired = _paired_error(claim, read(), *table.truth(place.name, claim.estimand))
            error = paired if math.isfinite(paired) else error
    else:
        truth, _ = table.truth(place.name, claim.estimand)
        bound = expected(claim, place.plan, place.world, truth)
        if relation == "equals" and claim.measure in _SHARES:
            error = max(error, table.error_at(bound, place.name, claim))
    return _Measured(place.name, bound, value, error, table.tries(place.name, claim))


def _paired_error(claim: Claim, rows: pd.DataFrame, truth: float, truth_se: float) -> float:
    """Of the difference in size of the two methods of a claim, by the estimates of a place."""
    one, other = (
        Attempts.of(rows[rows.method == method], claim.estimand, truth)
        for method in (claim.method, claim.smaller_than)
    )
    return size_error(claim.measure, one, other, truth, truth_se)


def relation_of(claim: Claim) -> tuple[str, str]:
    """Which of its keys says what is claimed, "known" counting as "equals", and what it says."""
    for key in RELATIONS:
        if getattr(claim, key) is not None:
            return "equals" if key == "known" else key, str(getattr(claim, key))
    raise AssertionError("a claim without a relation is refused when it is read")


def _word(relation: str, gap: float, allowed: float, within: float) -> found.Word:
    if not math.isfinite(gap) or not math.isfinite(allowed):
        return "undecided"
    if relation == "equals":
        return "borne out" if abs(gap) <= within + allowed else "not borne out"
    if relation in ("below", "smaller_than"):
        gap = -gap
    if gap > allowed - within:
        return "borne out"
    return "not borne out" if gap < -allowed - within else "undecided"


def names_in(planned: Plan, name: str) -> dict[str, Any]:
    """What a formula may name in a world of a plan, besides ``truth``: numbers, true and false for
    1 and 0, and of a step's lists their lengths."""
    world = planned.study.worlds[name]
    simulator = planned.worlds[name].simulator
    defaults = {each.name: each.default for each in getattr(simulator, "parameters", ())}
    names = {**defaults, **world.parameters, "n": world.n}
    for step, told in world.observe.items():
        for key, value in {**told.model_dump(), **getattr(told, "numbers", {})}.items():
            names[f"{step}_{key}"] = len(value) if isinstance(value, tuple) else value
    is_number = lambda value: isinstance(value, int | float)
    return {key.replace("-", "_"): value for key, value in names.items() if is_number(value)}


def expected(claim: Claim, planned: Plan, world: str, truth: float) -> float:
    """What a claim says a measure is, or is above or below, in a world of a plan.

    Not finite where a formula divides by a number that is 0 there, or overflows. Raises ValueError
    for a name or a known answer that there is none of there, and for numbers of the formula alone
    that make none, as 1/0.
    """
    if claim.known is not None:
        return _known(claim.known, planned, world)
    text = next(x for x in (claim.equals, claim.above, claim.below) if x is not None)
    if not isinstance(text, str):
        return float(text)
    made, names = expression(text), {**names_in(planned, world), "truth": truth}
    for each in made.names:
        if each not in names:
            raise ExpressionError(
                f"{text!r}: there is no number {each!r} in the world {world!r}; there are: "
                f"{', '.join(names)}"
            )
    with np.errstate(all="ignore"):  # NumPy's numbers, which know infinity, where Python's raise
        value = made(*(np.float64(names[each]) for each in made.names))
    return math.nan if np.iscomplexobj(value) else float(value)


def _known(name: str, planned: Plan, world: str) -> float:
    """A known answer of the simulator with the parameters that it has there."""
    simulator = planned.worlds[world].simulator
    known = getattr(simulator, "known", None)
    parameters = json.dumps(dict(planned.study.worlds[world].parameters), sort_keys=True)
    answers = _answers(known, parameters) if known else {}
    if name not in answers:
        listed = "; there are: " + ", ".join(answers) if answers else "; there are none"
        raise ValueError(f"{name!r} is no known answer of {simulator.name}{listed}")
    return answers[name]


@functools.lru_cache(maxsize=64)
def _answers(known: Callable[..., Mapping[str, Known]], parameters: str) -> dict[str, float]:
    """The known answers of a simulator, worked out once for all claims about its model."""
    return {name: float(each.value) for name, each in known(**json.loads(parameters)).items()}


class _Found:
    """Measures and their errors, looked up in a summary."""

    def __init__(self, summary: pd.DataFrame, truths: pd.DataFrame) -> None:
        keys = ["world", "estimand", "method", "measure"]
        values = summary.set_index(keys)[["value", "mcse"]]
        self._values = {
            key: tuple(row) for key, row in zip(values.index, values.to_numpy(), strict=True)
        }
        self._truths = {
            (each["world"], each["estimand"]): (float(each["value"]), float(each["se"]))
            for each in records(truths)
        }

    def truth(self, world: str, estimand: str) -> tuple[float, float]:
        """The truth of an estimand in a place, and its error."""
        return self._truths.get((world, estimand), (math.nan, math.nan))

    def tries(self, world: str, claim: Claim) -> float:
        """Of how many estimates a claim's measure is; NaN where the summary does not say."""
        tries = self(world, claim.estimand, claim.method, "attempts")[0]
        if claim.measure != "failures":
            tries *= 1 - self(world, claim.estimand, claim.method, "failures")[0]
        return tries

    def error_at(self, share: float, world: str, claim: Claim) -> float:
        """The Monte Carlo error of a share that is as claimed; 0 where it cannot be one."""
        tries = self.tries(world, claim)
        return math.sqrt(share * (1 - share) / tries) if 0 < share < 1 and tries > 0 else 0.0

    def __call__(self, world: str, estimand: str, method: str, measure: str) -> tuple[float, float]:
        """A measure and its error; NaN where the summary has none."""
        asked = "bias" if measure == ESTIMATE else measure
        value, error = self._values.get((world, estimand, method, asked), (math.nan, math.nan))
        shift = self.truth(world, estimand)[0] if measure == ESTIMATE else 0.0
        return float(value) + shift, float(error)
