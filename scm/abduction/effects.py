"""Effects on single units: the difference of two worlds of one posterior, and how sure it is."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from scm.core.errors import ModelError, suggestion

if TYPE_CHECKING:
    import pandas as pd

    from scm.abduction.posterior import Posterior

__all__ = ["UnitEffects", "unit_effects"]


@dataclasses.dataclass(frozen=True, eq=False)
class UnitEffects:
    """Y_t1(u) - Y_t0(u) of some units, given what was seen of them.

    Attributes:
      mean, sd: of each unit's effect over the draws, (units,), or a number for one unit.
      low, high: the quantiles between which it is with probability ``level``.
      draws: the effect in each draw, (draws, units), or (draws,).
      couplings: what the answer rests on that no data can tell.
    """

    treatment: str
    outcome: str
    levels: tuple[Any, Any]
    level: float
    mean: Any
    sd: Any
    low: Any
    high: Any
    draws: Any
    couplings: tuple[str, ...]

    def to_pandas(self) -> pd.DataFrame:
        """A row for each unit: mean, sd, low, high."""
        import pandas as pd

        columns = {name: getattr(self, name) for name in ("mean", "sd", "low", "high")}
        table = pd.DataFrame({name: np.atleast_1d(x) for name, x in columns.items()})
        return table.rename_axis("unit")

    def __str__(self) -> str:
        one, other = self.levels
        head = f"{self.outcome}[{self.treatment}={other}] - {self.outcome}[{self.treatment}={one}]"
        if np.ndim(self.mean):
            return f"{head} of {len(self.mean):,} units, {len(self.draws):,} draws of each"
        return f"{head} = {self.mean:.6g} (sd {self.sd:.3g}; {self.low:.6g} to {self.high:.6g})"


def unit_effects(
    posterior: Posterior, treatment: str, outcome: str, levels: tuple[Any, Any], level: float
) -> UnitEffects:
    """The effects of a treatment on the units of a posterior: see `Posterior.effects`."""
    structure = posterior.model.structure
    for name in (treatment, outcome):
        if name not in structure.variables:
            known = suggestion(name, structure.variables)
            raise ModelError(f"effects: {name!r} is not in the model{known}")
    if treatment == outcome:
        raise ModelError(f"effects: {outcome} is the treatment and the outcome; name two variables")
    if len(levels) != 2:
        raise ModelError(
            f"effects: levels={levels!r} are {len(levels)}; two are compared: levels=(0, 1)"
        )
    if not 0 < level < 1:
        raise ModelError(f"effects: level={level!r} is no probability; write level=0.95")
    if structure.out(outcome).shape:
        raise ModelError(
            f"effects: {outcome} is of shape {structure.out(outcome).shape}; the effect on it is "
            f"posterior.do({treatment}=...).sample()[{outcome!r}] of one level minus the other's"
        )
    worlds = [posterior.do({treatment: each}).sample()[outcome] for each in levels]
    other, one = (np.asarray(each, float) for each in worlds)
    draws = one - other
    ends = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
    mean, sd = draws.mean(axis=0), draws.std(axis=0)
    low, high = ends
    return UnitEffects(
        treatment, outcome, levels, level, mean, sd, low, high, draws, posterior.couplings
    )
