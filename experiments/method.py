"""A method of a study: an estimator with its roles and options, looked up by its name."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp

from experiments import study as written
from experiments.arguments import wrong_arguments, wrong_options
from experiments.config import ConfigError
from experiments.mistakes import shown
from experiments.own_code import attribute, is_own
from experiments.own_estimators import OwnEstimator
from scm import SCM
from scm.estimate import ESTIMATORS, Estimator, Roles
from scm.identify import with_adjustment

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Method", "method_of", "nearest"]


@dataclass(frozen=True)
class Method:
    """An estimator with its roles and options: what is run on every data set."""

    label: str
    estimator: Estimator | OwnEstimator
    roles: Roles
    options: Mapping[str, Any]
    estimands: tuple[str, ...]
    chooses: bool = False  # whether each world's graph says what is adjusted for
    missing: str = "refuse"  # or "complete cases"
    time_limit: float | None = None  # seconds for one data set, of plain Python
    memory_limit: float | None = None  # megabytes

    def told_by(self, model: SCM) -> Method:
        """The same with the adjustment set of a model's graph, if that is to say it.

        Raises `ModelError` if there is none.
        """
        if not self.chooses:
            return self
        return replace(self, roles=with_adjustment(model, self.roles), chooses=False)

    @property
    def key(self) -> Hashable:
        """What its program depends on besides the shapes of columns."""
        return self.estimator.name, self.roles, repr(sorted(self.options.items())), self.missing

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        roles = self.roles
        return tuple(
            dict.fromkeys(
                [roles.treatment, roles.outcome, *roles.adjust, *roles.instruments,
                 *roles.mediators]
            )
        )  # fmt: skip

    def __call__(self, data: Mapping[str, Any], weights: Any = None) -> Any:
        """The estimate from one data set; ``weights`` are 0 for units that are not in it."""
        assert isinstance(self.estimator, Estimator)
        if self.missing == "complete cases":
            whole = jnp.stack([jnp.isfinite(data[name]) for name in self.columns]).all(axis=0)
            weights = jnp.where(whole, 1.0 if weights is None else weights, 0.0)
        return self.estimator(data, self.roles, weights=weights, **self.options)

    def row(self, data: pd.DataFrame) -> dict[str, Any]:
        """The estimate from one data set by plain Python, as the fields of a row."""
        assert isinstance(self.estimator, OwnEstimator)
        if self.missing == "complete cases":
            data = data.dropna(subset=list(self.columns)).reset_index(drop=True)
        limits = {"seconds": self.time_limit, "megabytes": self.memory_limit}
        return self.estimator.row(data, self.roles, self.options, **limits)

    @property
    def code(self) -> Any:
        """The function that it is, for digests of its code."""
        if isinstance(self.estimator, OwnEstimator):
            return self.estimator.function
        return getattr(self.estimator, "__wrapped__", self.estimator)

    @property
    def plain(self) -> bool:
        """Whether it is plain Python, run one data set at a time."""
        return isinstance(self.estimator, OwnEstimator)

    @property
    def target(self) -> str:
        """What it declares to aim at."""
        return self.estimator.target_of(**self.options)

    @property
    def moments(self) -> float:
        """How many moments the sampling distribution of its value has."""
        return self.estimator.moments(self.roles, **self.options)


def method_of(study: written.Study, name: str) -> Method:
    """The method of a study by its name. Raises `ConfigError`."""
    each = study.methods[name]
    if is_own(each.estimator):
        return _own_method(study, name)
    if each.estimator not in ESTIMATORS:
        hint = nearest(each.estimator, ESTIMATORS)
        if "." in each.estimator:
            hint = f"; own code is written MODULE:NAME: {':'.join(each.estimator.rsplit('.', 1))}"
        told = f"there is no estimator {each.estimator!r}{hint}"
        raise ConfigError(study.mistake(("methods", name, "estimator"), told))
    estimator = ESTIMATORS[each.estimator]
    _refuse(study, name, wrong_options(estimator, each.options))
    _refuse_roles_that_are_empty(study, name, estimator)
    chooses = (
        each.adjust is None and "adjust" in estimator.needs and estimator.criterion == "backdoor"
    )
    roles = Roles(**{**each.roles.model_dump(), "adjust": each.adjust or ()})
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in each.options.items()}
    return Method(each.label, estimator, roles, options, each.estimands, chooses, each.missing)


def _own_method(study: written.Study, name: str) -> Method:
    each = study.methods[name]
    try:
        function = attribute(each.estimator, study.path.parent)
    except ValueError as error:
        raise ConfigError(study.mistake(("methods", name, "estimator"), str(error))) from None
    if not callable(function):
        what = f"{each.estimator} is {shown(function)}, and a function is wanted"
        raise ConfigError(study.mistake(("methods", name, "estimator"), what))
    if isinstance(function, Estimator):
        own: Estimator | OwnEstimator = function
        _refuse(study, name, wrong_options(function, each.options))
    else:
        own = OwnEstimator(each.estimator, function)
        called = ("data", "roles")
        _refuse(study, name, wrong_arguments(each.estimator, function, each.options, called))
    roles = Roles(**{**each.roles.model_dump(), "adjust": each.adjust or ()})
    return Method(
        each.label, own, roles, dict(each.options), each.estimands, False, each.missing,
        each.time_limit, each.memory_limit,
    )  # fmt: skip


def _refuse(study: written.Study, name: str, wrong: Iterator[tuple[str, str]]) -> None:
    """Raise what is wrong with the options of a method, all of it."""
    table = ("methods", name)
    mistakes = [
        study.mistake((*table, "options", key) if key else (*table, "estimator"), told)
        for key, told in wrong
    ]
    if mistakes:
        raise ConfigError(*mistakes)


def _refuse_roles_that_are_empty(study: written.Study, name: str, estimator: Estimator) -> None:
    """Refuse an estimator whose part is played by no column: it would have nothing to go by."""
    for role in ("instruments", "mediators"):
        if role in estimator.needs and not getattr(study.methods[name], role):
            told = f'{estimator.name} needs {role}, and there are none; add {role} = ["COLUMN"]'
            raise ConfigError(study.mistake(("methods", name), told))


def nearest(name: str, known: Iterable[str]) -> str:
    """``"; did you mean 'ols'?"``, or all there are, in their order, where none is near."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(names)}"
