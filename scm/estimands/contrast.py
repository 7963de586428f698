"""Contrasts: an outcome's mean under some interventions against its mean under others."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scm.core.errors import ModelError
from scm.estimands.estimand import Estimand, checked, mean_of, scalar
from scm.truth.question import Question

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["Contrast"]


@dataclasses.dataclass(frozen=True)
class Contrast(Estimand):
    """``E[Y | do(these)] - E[Y | do(those)]``."""

    treatment: str
    outcome: str

    @property
    @abc.abstractmethod
    def arms(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """The two sets of interventions, the first one's mean counted positive."""

    def question(self, model: SCM) -> Question:
        name = f"{type(self).__name__}({self.treatment!r}, {self.outcome!r})"
        if self.treatment == self.outcome:
            raise ModelError(f"{name}: treatment and outcome are the same variable")
        these, those = self.arms
        variables = [self.outcome, self.treatment]
        worlds = checked(name, model, variables, {"these": these, "those": those})
        scalar(name, model, self.outcome)
        means = [mean_of(world, self.outcome) for world in worlds]
        return Question(name, worlds, means, lambda these, those: these - those)
