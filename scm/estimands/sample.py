"""Estimands of a sample: the effect among the very units that were drawn."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from scm.core.errors import ModelError
from scm.estimands.conditional import ATT
from scm.estimands.effects import ATE
from scm.estimands.estimand import Estimand
from scm.truth.question import Question

if TYPE_CHECKING:
    from scm.model import SCM
    from scm.truth.result import Truth

__all__ = ["SATE", "SATT", "InSample"]


@dataclasses.dataclass(frozen=True)
class InSample(Estimand):
    """An estimand of the units at hand, not of the population they come from.

    It is another number for every sample, known without error by whoever knows the model:
    ``InSample(ATE("T", "Y")).of(world)``. An estimator with no bias for the one has none for the
    other, but its error about the sample's own effect is smaller.

    Source: Imbens (2004), "Nonparametric estimation of average treatment effects under
    exogeneity", section II.

    >>> from numpyro.distributions import Bernoulli, Normal
    >>> from scm import SCM
    >>> model = SCM(T=Bernoulli(0.5), Y=lambda T, u=Normal(1, 1): T * u)
    >>> world = model.sample(key=0, n=50)
    >>> bool(SATE("T", "Y").of(world) == world.noise["Y", "u"].mean())
    True
    """

    estimand: Estimand

    @property
    def definition(self) -> str:
        kind = type(self.estimand).__name__
        return f"sample {kind}: {self.estimand.definition}, over the units of the sample"

    def question(self, model: SCM) -> Question:
        return self.estimand.question(model)

    def truth(self, model: SCM, key: Any = 0, **options: Any) -> Truth:
        raise ModelError(
            f"{self.definition}: asked of a sample, which a model alone does not determine; write "
            "estimand.of(world), or ask the population's: estimand.estimand.truth(model)"
        )


def SATE(treatment: str, outcome: str, levels: tuple[Any, Any] = (0, 1)) -> InSample:  # noqa: N802
    """The sample average treatment effect: the `ATE` among the units at hand."""
    return InSample(ATE(treatment, outcome, levels))


def SATT(treatment: str, outcome: str, levels: tuple[Any, Any] = (0, 1)) -> InSample:  # noqa: N802
    """The sample average treatment effect on the treated: the `ATT` among the units at hand."""
    return InSample(ATT(treatment, outcome, levels))
