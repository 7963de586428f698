"""Estimands: what is asked of a world, defined by interventions and never by an estimator."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scm.core.errors import ModelError, UnknownNameError, suggestion
from scm.truth.contrast import true_contrast
from scm.truth.result import Truth

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["Arm", "Contrast"]

BUDGET = 1 << 20


@dataclasses.dataclass(frozen=True)
class Arm:
    """A coefficient and the interventions under which the outcome's mean is taken."""

    coefficient: float
    interventions: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Contrast(abc.ABC):
    """A weighted sum of means of one outcome under interventions: ``sum_k c_k E[Y | do_k]``."""

    treatment: str
    outcome: str

    @property
    @abc.abstractmethod
    def arms(self) -> tuple[Arm, ...]:
        """The means it is made of."""

    @property
    @abc.abstractmethod
    def definition(self) -> str:
        """The estimand in the notation of the field."""

    def truth(
        self, model: SCM, key: Any = 0, *, tolerance: float | None = None, budget: int = BUDGET
    ) -> Truth:
        """The value of this estimand in a model.

        Exact where expectations pass through affine assignments or finite noise can be enumerated;
        otherwise the mean over coupled worlds, with its standard error.

        Arguments:
          key: an int or a typed JAX key; used by Monte Carlo only.
          tolerance: the standard error to reach; None spends the whole budget.
          budget: the most units to draw. A `scm.truth.BudgetWarning` says if it ended too early.

        Raises `ModelError` for names that are not in the model, an outcome that is not a scalar,
        or levels that the treatment cannot take.
        """
        self.check(model)
        arms = [(arm.coefficient, model.do(arm.interventions)) for arm in self.arms]
        return true_contrast(
            self._name, arms, self.outcome, key, tolerance=tolerance, budget=budget
        )

    @property
    def _name(self) -> str:
        return f"{type(self).__name__}({self.treatment!r}, {self.outcome!r})"

    def check(self, model: SCM) -> None:
        """Refuse, with a `ModelError`, a model in which this estimand has no meaning."""
        name, variables = self._name, model.structure.variables
        named = [self.outcome, self.treatment, *(v for arm in self.arms for v in arm.interventions)]
        for each in named:
            if each not in variables:
                raise UnknownNameError(
                    f"{name}: the model has no variable {each!r}{suggestion(each, variables)}"
                )
        if self.treatment == self.outcome:
            raise ModelError(f"{name}: treatment and outcome are the same variable")
        shape = model.structure.out(self.outcome).shape
        if shape != ():
            raise ModelError(
                f"{name}: the outcome has shape {shape}; a scalar is wanted: add a variable such "
                f"as {self.outcome}_mean=lambda {self.outcome}: {self.outcome}.mean() to the model"
            )
        for arm in self.arms:
            _refuse_units(name, model.do(arm.interventions))


def _refuse_units(name: str, model: SCM) -> None:
    for each, variable in model.structure.variables.items():
        for depth, layer in enumerate(variable.layers):
            if layer.form == "per unit":
                raise ModelError(
                    f"{name}: do({each}=...) gives one value for each of "
                    f"{len(model.numbers[each][depth][0])} units, but a truth is about the "
                    f"population; do({each}=...) a constant, a distribution or a function instead"
                )
