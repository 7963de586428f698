"""What a finished experiment knows: the one value that the leaderboard and the report show.

Everything here is a plain record or a pandas frame; nothing computes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Claim", "Estimand", "Findings", "Held", "Method", "Part", "Setting", "Word", "World"]


@dataclass(frozen=True)
class Method:
    """One estimator with its roles and options, as a config names it.

    Arguments:
        name: its name in the frames.
        label: its name for people.
        estimator: the function that it calls.
        target: what it declares to aim at, such as ``"ATE"``, ``"slope"`` or ``"LATE"``.
        assumes: what must hold for it to get there, one phrase each.
        moments: how many moments its sampling law has: ``inf``, or 0 for just-identified 2SLS.
        estimands: names of the estimands that it is judged against.
        baseline: whether it is no method, but what every board has beside them: judged, not ranked.

    >>> Method("ols", "OLS, Card's controls", target="slope", estimands=("direct",)).moments
    inf
    """

    name: str
    label: str
    estimator: str = ""
    target: str = ""
    assumes: tuple[str, ...] = ()
    moments: float = math.inf
    estimands: tuple[str, ...] = ()
    baseline: bool = False


@dataclass(frozen=True)
class World:
    """A world that data were drawn from: its label, its equations as text, and their source."""

    label: str
    equations: str = ""
    source: str = ""


@dataclass(frozen=True)
class Estimand:
    """A question: its label, and the sentence that defines it."""

    label: str
    definition: str = ""


@dataclass(frozen=True)
class Setting:
    """What a world of a study with factors is made of: one of the file's worlds, in one cell.

    Arguments:
        world: the name of the file's world.
        title: that world's label.
        scenario: the name of the scenario, or ``""``.
        levels: by the key of each factor that acts in it, the value that it has here; None for
            one that the file leaves to the model.
        label: the cell for people: ``"n=60, overlap=0.5"``.

    >>> Setting("trial", "A trial", levels={"n": 60}, label="n=60").levels["n"]
    60
    """

    world: str
    title: str
    scenario: str = ""
    levels: Mapping[str, Any] = field(default_factory=dict)
    label: str = ""


@dataclass(frozen=True)
class Part:
    """A part of a study's design: its head, and rows of a name, perhaps ``""``, and a text."""

    head: str
    rows: tuple[tuple[str, str], ...]


Word = Literal["borne out", "not borne out", "undecided"]


@dataclass(frozen=True)
class Held:
    """A claim held against one place: what it says there, what was found, and what comes of it.

    Arguments:
        world: the name of the place.
        expected: the value that is claimed, or the bound.
        found, error: the measure, and its Monte Carlo error.
    """

    world: str
    expected: float
    found: float
    error: float
    word: Word


@dataclass(frozen=True)
class Claim:
    """What a study claims of a measure of a method, and whether its run bears it out.

    Arguments:
        says, because: the claim and its reason, plain text.
        measure: as the summary names it; ``"estimate"`` for the mean of the estimates.
        relation: ``"equals"``, ``"above"``, ``"below"``, or ``"smaller_than"``.
        told: what is expected, as the study has it: a number, a formula, a method.
        held: in every place where it is made.
        within: how far off it may be besides Monte Carlo error.
    """

    name: str
    says: str
    because: str
    estimand: str
    method: str
    measure: str
    relation: str
    told: str
    held: tuple[Held, ...]
    within: float = 0.0

    @property
    def word(self) -> Word:
        """Of all places: borne out where it is in all of them, not where it is not in one."""
        words = {each.word for each in self.held}
        if "not borne out" in words:
            return "not borne out"
        return "borne out" if words == {"borne out"} else "undecided"


@dataclass(frozen=True, eq=False)
class Findings:
    """All that one experiment found, ready to be shown.

    Arguments:
        title, aims, notes: the experiment's own words, plain text.
        worlds, estimands: records by name, in the order in which they are shown.
        methods: in the order in which they are shown.
        estimates: one row per attempted estimate: ``world, method, replicate, value, se, low,
            high, n, failure``; ``failure`` is ``""`` or the failure's name. Optional: ``gap_low,
            gap_high``, what an interval leaves out of its middle, NaN for nothing; ``estimand``,
            the only one that an estimate is of, ``""`` for all that its method is judged by;
            ``key``, of a data set on which it failed, as `experiments.replicate.Chunk` writes it.
        truths: ``world, estimand, value, se, method, n``, ``se`` being the error of the truth.
        summary: the frame that ``experiments.measures.summarise`` makes of these.
        real: the methods on the data as they came, or None: ``method, label, value, se,
            published_value, published_se, source``. Optional columns: ``low`` and ``high``, the
            interval; ``failure``; any other is a diagnostic, and ``published_`` before its name
            gives its published value (``first_stage_f``, ``published_first_stage_f``).
        real_source: where the real data came from.
        remarks: by (world, method), what has to be said of it there: what it assumes of the causal
            graph that does not hold.
        policy: what became of failures: "report", "listwise" or "bounds".
        provenance: whatever makes the run repeatable, in the order in which it is shown; values
            are plain or mappings of plain values. ``replications``, ``n`` and ``command`` are
            also shown by name; ``command`` is the line that does it all again.
        level: the nominal coverage of the intervals.
        cells: by the name of a world here, where it lies among the factors; empty for a study
            without factors.
        design: the study in the order of ADEMP.
        claims: what the study claims, and what came of it.
        broken: every (world, method) whose assumption of the causal graph does not hold there.

    Errors: ``ValueError`` for a truth whose world or estimand has no record here.
    """

    title: str
    worlds: Mapping[str, World]
    estimands: Mapping[str, Estimand]
    methods: Sequence[Method]
    estimates: pd.DataFrame
    truths: pd.DataFrame
    summary: pd.DataFrame
    aims: str = ""
    notes: Sequence[str] = ()
    real: pd.DataFrame | None = None
    real_source: str = ""
    remarks: Mapping[tuple[str, str], Sequence[str]] = field(default_factory=dict)
    policy: str = "report"
    provenance: Mapping[str, Any] = field(default_factory=dict)
    level: float = 0.95
    cells: Mapping[str, Setting] = field(default_factory=dict)
    design: Sequence[Part] = ()
    broken: Set[tuple[str, str]] = frozenset()
    claims: Sequence[Claim] = ()

    def __post_init__(self) -> None:
        for kind, known in (("world", self.worlds), ("estimand", self.estimands)):
            for name in self.truths[kind]:
                if name not in known:
                    raise ValueError(
                        f"truths: every {kind} needs a record to be shown by, given {name!r}, "
                        f"with records of {', '.join(known) or 'none'}"
                    )
