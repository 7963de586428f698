"""Estimands: what is asked of a world, defined by interventions and never by an estimator."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.core.errors import ModelError, NonFiniteError, UnknownNameError, suggestion
from scm.truth.question import Mean, Question
from scm.truth.result import Truth
from scm.truth.route import truth_of
from scm.truth.sample import sample_value

if TYPE_CHECKING:
    from scm.model import SCM
    from scm.world import World

__all__ = ["BUDGET", "Estimand", "checked", "mean_of", "quotient", "scalar"]

BUDGET = 1 << 20


@dataclasses.dataclass(frozen=True)
class Estimand(abc.ABC):
    """A number, or an array of them, that a model determines."""

    @property
    @abc.abstractmethod
    def definition(self) -> str:
        """The estimand in the notation of the field."""

    @abc.abstractmethod
    def question(self, model: SCM) -> Question:
        """What is asked of this model's worlds.

        Raises `ModelError` for a model in which the estimand has no meaning.
        """

    def truth(
        self, model: SCM, key: Any = 0, *, tolerance: float | None = None, budget: int = BUDGET
    ) -> Truth:
        """The value of this estimand in a model.

        Exact where it can be had; else by quadrature, quasi-Monte Carlo or Monte Carlo over coupled
        worlds, with its error. Kept on disk (`scm.truth.cache`) under all that determines it.

        Arguments:
          key: an int or a typed JAX key; not used by exact methods and quadrature.
          tolerance: the standard error to reach; None spends the whole budget.
          budget: the most units to evaluate; a `scm.truth.BudgetWarning` says that it was too few.

        Raises `ModelError` for names that are not in the model, an outcome that is not a scalar,
        or levels that the treatment cannot take; `NonFiniteError` where it divides by 0, as an
        effect among units of whom there are none.
        """
        question = self.question(model)
        for world in question.worlds.values():
            _refuse_units(question.name, world)
        truth = truth_of(question, key, tolerance=tolerance, budget=budget)
        if not (np.isfinite(truth.value).all() and np.isfinite(truth.se).all()):
            raise NonFiniteError(
                f"{question.name}: {self.definition} came to {truth.value} with an error of "
                f"{truth.se}: what it divides by, or conditions on, is 0 in this model, or too "
                f"rare to be met with among {truth.n:,} units (then raise budget=)"
            )
        return truth

    def of(self, world: World) -> Any:
        """The value among the units of a world, by plain arithmetic: what `InSample` is about.

        Every world of the question is made for these very units. Goes through jit and vmap, where
        a division by 0 is NaN; outside of them it is refused.

        Raises `ModelError` as `truth` does, and `NonFiniteError`.
        """
        question = self.question(world.model)
        value = sample_value(question, world.origin, world.n)
        if not isinstance(value, jax.core.Tracer) and not np.isfinite(value).all():
            raise NonFiniteError(
                f"{question.name}: {self.definition} is {value} in these {world.n:,} units: what "
                "it divides by, or conditions on, is 0 among them, or not to be told from 0 in "
                f"{jnp.result_type(float)}"
            )
        return value


def quotient(above: Any, below: Any) -> Any:
    """A ratio of statistics; not finite where it divides by 0, which whoever asked then refuses."""
    return jnp.divide(above, below)


def mean_of(world: str, variable: str) -> Mean:
    """The mean of one variable in one world."""
    return Mean(lambda units: units[world][variable])


def checked(
    name: str, model: SCM, variables: Iterable[str], interventions: Mapping[str, Mapping[str, Any]]
) -> dict[str, SCM]:
    """The worlds of a question: the model under each set of interventions, by name.

    Raises `ModelError` for an unknown name, or one among ``variables`` that has two roles.
    """
    known, named = model.structure.variables, list(variables)
    for each in [*named, *(v for setting in interventions.values() for v in setting)]:
        if each not in known:
            raise UnknownNameError(
                f"{name}: the model has no variable {each!r}{suggestion(each, known)}"
            )
    twice = [each for each in named if named.count(each) > 1]
    if twice:
        raise ModelError(f"{name}: {twice[0]} is named twice; every role is another variable's")
    return {world: model.do(setting) for world, setting in interventions.items()}


def scalar(name: str, model: SCM, variable: str, role: str = "outcome") -> None:
    """Refuse a variable that is not a scalar."""
    shape = model.structure.out(variable).shape
    if shape != ():
        raise ModelError(
            f"{name}: the {role} has shape {shape}; a scalar is wanted: add a variable such as "
            f"{variable}_mean=lambda {variable}: {variable}.mean() to the model"
        )


def _refuse_units(name: str, model: SCM) -> None:
    for each, variable in model.structure.variables.items():
        for depth, layer in enumerate(variable.layers):
            if layer.form == "per unit":
                raise ModelError(
                    f"{name}: do({each}=...) gives one value for each of "
                    f"{len(model.numbers[each][depth][0])} units, but a truth is about the "
                    f"population; do({each}=...) a constant, a distribution or a function instead"
                )
