"""What every board shows beside the methods of its study: the least and the most one can do.

``naive`` is the crude association: the slope of the outcome on the treatment alone, times the
difference of the levels that are compared. For a treatment of these two levels that is the
difference in means. ``oracle`` sees what no analyst sees (`experiments.oracle`). Neither is a
method: they are judged, and never ranked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.method import Method
from experiments.names import BASELINES, NAIVE, ORACLE
from experiments.oracle import oracle_rows
from experiments.own_code import code_digest
from experiments.parts import digest
from experiments.replicate import Chunk, estimated
from experiments.world import World
from scm import SCM
from scm import estimands as kinds
from scm.estimands import Estimand, InSample
from scm.estimate import Roles, ols

if TYPE_CHECKING:
    import pandas as pd

    from experiments.findings import Method as Found

__all__ = ["Absent", "Baseline", "Naive", "Oracle", "baseline", "described"]

_DIFFERENCES = (
    kinds.ATE, kinds.ATT, kinds.ATC, kinds.CATE, kinds.CDE, kinds.NDE, kinds.NIE, kinds.TDE,
    kinds.TIE, kinds.PathSpecific, kinds.LATE,
)  # fmt: skip
_SLOPES = (kinds.ACR, kinds.VarianceWeightedSlope, kinds.OLSLimit)


@dataclass(frozen=True)
class Naive:
    """The crude association of two columns, for a difference of the treatment."""

    treatment: str
    outcome: str
    difference: float

    @property
    def digest(self) -> str:
        """Of all that its bytes depend on besides the data."""
        code = code_digest(ols.__wrapped__), code_digest(Naive)  # type: ignore[attr-defined]
        return digest({"baseline": NAIVE, "code": code, **dataclasses.asdict(self)})

    def rows(self, chunk: Chunk) -> tuple[pd.DataFrame, float, float]:
        """Its rows for a chunk of data sets, its seconds, and those of compiling.

        Welch's standard error where the treatment has two levels, which is HC2 there.
        """
        roles = Roles(self.treatment, self.outcome)
        crude = Method("", ols, roles, {"covariance": "HC2"}, (), missing="complete cases")
        frame, *took = estimated(crude, chunk)
        ends = [self.difference * frame[end].to_numpy() for end in ("low", "high")]
        scaled = frame.assign(
            value=self.difference * frame.value,
            se=abs(self.difference) * frame.se,
            low=np.minimum(*ends),
            high=np.maximum(*ends),
        )
        return scaled, took[0], took[1]


@dataclass(frozen=True)
class Oracle:
    """An estimand by the potential outcomes of each data set's own units."""

    estimand: Estimand

    @property
    def digest(self) -> str:
        """Of all that its bytes depend on besides the data."""
        code = code_digest(oracle_rows), code_digest(type(self.estimand))
        return digest({"baseline": ORACLE, "code": code, "estimand": repr(self.estimand)})

    def rows(
        self, name: str, world: World, seed: int, chunk: Chunk, cell: str
    ) -> tuple[pd.DataFrame, float, float]:
        """Its rows for a chunk of data sets, its seconds, and those of compiling."""
        return oracle_rows(name, world, self.estimand, seed, chunk, cell)


@dataclass(frozen=True)
class Absent:
    """A baseline that there is none of, and why."""

    why: str


Baseline = Naive | Oracle


def baseline(name: str, estimand: Estimand, model: SCM) -> Baseline | Absent:
    """The baseline of this name for an estimand in a model whose observed variables are the data's
    columns."""
    return _naive(estimand, model) if name == NAIVE else _oracle(estimand)


def _naive(estimand: Estimand, model: SCM) -> Naive | Absent:
    inner = estimand.estimand if isinstance(estimand, InSample) else estimand
    if isinstance(inner, _DIFFERENCES):
        low, high = inner.levels
        difference = float(high) - float(low)
    elif isinstance(inner, kinds.TotalEffect):
        difference = float(inner.step)
    elif isinstance(inner, _SLOPES):
        difference = 1.0
    else:
        kind = type(inner).__name__
        return Absent(f"a crude association of means is no answer to a {kind}")
    for role in ("treatment", "outcome"):
        column = getattr(inner, role)
        if column not in model.observed:
            return Absent(f"{column}, the {role}, is not in the data")
        if model.structure.out(column).shape != ():
            return Absent(f"{column}, the {role}, is no column of numbers")
    return Naive(inner.treatment, inner.outcome, difference)


def _oracle(estimand: Estimand) -> Oracle | Absent:
    if isinstance(estimand, InSample):
        return Absent("it would be the truth of each data set itself, without any error")
    if isinstance(estimand, kinds.OLSLimit):
        return Absent("what least squares goes to is no effect: no potential outcomes tell it")
    return Oracle(estimand)


def described(asked: Mapping[str, tuple[str, ...]]) -> list[Found]:
    """The baselines as a report shows them; by name, the estimands that each is judged by."""
    from experiments.findings import Method as Found

    told: dict[str, dict[str, Any]] = {
        NAIVE: {
            "label": "Naive: the crude association",
            "estimator": "the outcome on the treatment alone, nothing else",
            "assumes": ("association is causation",),
        },
        ORACLE: {
            "label": "Oracle: both potential outcomes",
            "estimator": "the units' own effects, which nobody sees",
        },
    }
    return [
        Found(name, **told[name], estimands=asked[name], baseline=True)
        for name in BASELINES
        if asked.get(name)
    ]
