"""From a study to what it asks for: models, estimands, estimators, data; every name looked up.

What only the models can tell is checked here, before anything is run: each mistake is a line of
`experiments.config.ConfigError` with its key and its line in the file.
"""

from __future__ import annotations

import difflib
import functools
import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from experiments import study as written
from experiments.config import ConfigError, Mistake
from experiments.own_code import OwnWorld, attribute, is_own, own_world
from experiments.own_estimators import OwnEstimator
from scm import SCM, Interval
from scm import estimands as definitions
from scm.estimands import Estimand, InSample
from scm.estimate import ESTIMATORS, Estimator, Roles
from scm.identify import Assumption, assumption, with_adjustment
from simulators import DATASETS, SIMULATORS, Simulator

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Method",
    "Plan",
    "Real",
    "World",
    "assembled",
    "estimand_of",
    "method_of",
    "plan",
    "world_of",
]


@dataclass(frozen=True)
class World:
    """A model, and how many units each replicated data set has."""

    label: str
    simulator: Simulator | OwnWorld
    model: SCM
    n: int


@dataclass(frozen=True)
class Method:
    """An estimator with its roles and options: what is run on every data set."""

    label: str
    estimator: Estimator | OwnEstimator
    roles: Roles
    options: Mapping[str, Any]
    estimands: tuple[str, ...]
    chooses: bool = False  # whether each world's graph says what is adjusted for
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
        return self.estimator.name, self.roles, repr(sorted(self.options.items()))

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

    def __call__(self, data: Mapping[str, Any]) -> Any:
        """The estimate from one data set."""
        assert isinstance(self.estimator, Estimator)
        return self.estimator(data, self.roles, **self.options)

    def row(self, data: pd.DataFrame) -> dict[str, Any]:
        """The estimate from one data set by plain Python, as the fields of a row."""
        assert isinstance(self.estimator, OwnEstimator)
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
    def moments(self) -> float:
        """How many moments the sampling distribution of its value has."""
        return self.estimator.moments(self.roles, **self.options)


@dataclass(frozen=True)
class Real:
    """The real data, and what others have found in them."""

    frame: pd.DataFrame
    source: str
    published: tuple[written.Published, ...]


@dataclass(frozen=True)
class Plan:
    """All that a study asks for, ready to run."""

    study: written.Study
    worlds: Mapping[str, World]
    estimands: Mapping[str, Estimand]
    methods: Mapping[str, Method]
    real: Real | None

    def questions(self) -> Iterator[tuple[str, str]]:
        """Every (world, estimand) whose truth is wanted."""
        for name, asked in self.study.estimands.items():
            yield from ((world, name) for world in asked.worlds)

    def in_samples(self, world: str) -> dict[str, InSample]:
        """The estimands asked in a world whose truth is every data set's own."""
        asked = [name for where, name in self.questions() if where == world]
        found = {name: self.estimands[name] for name in asked}
        return {name: each for name, each in found.items() if isinstance(each, InSample)}

    def methods_in(self, world: str) -> dict[str, Method]:
        """The methods that run in a world: those held against an estimand that is asked there, with
        the roles that they have there."""
        model = self.worlds[world].model
        return {name: self.methods[name].told_by(model) for name in self.named_in(world)}

    def named_in(self, world: str) -> list[str]:
        """The names of the methods that run in a world."""
        asked = {name for where, name in self.questions() if where == world}
        return [n for n, method in self.methods.items() if not asked.isdisjoint(method.estimands)]

    def on_real_data(self) -> dict[str, Method]:
        """All methods with their roles on the real data: where a graph says what is adjusted for,
        those of the worlds, which then have to agree."""
        found: dict[str, Method] = {}
        for name, method in self.methods.items():
            where = [world for world in self.worlds if name in self.named_in(world)]
            told = {world: method.told_by(self.worlds[world].model) for world in where}
            sets = {world: each.roles.adjust for world, each in told.items()}
            if len(set(sets.values())) > 1:
                raise ValueError(
                    f"adjust is left out, and the worlds differ in it: {sets}; on the real data no "
                    "graph is known, so name the columns: adjust = [...]"
                )
            found[name] = next(iter(told.values()), method)
        return found

    def remarks(self) -> dict[tuple[str, str], tuple[str, ...]]:
        """What is to be said of a (world, method): what its graph chose for it, and what it assumes
        that does not hold."""
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for world in self.worlds:
            for name, method in self.methods_in(world).items():
                if self.methods[name].chooses:
                    chosen = ", ".join(method.roles.adjust) or "nothing"
                    found[world, name] = (f"adjusts for {chosen}, as this world's graph says",)
        for place, held in self.broken().items():
            told = f"what it assumes does not hold here: {held.reason}"
            found[place] = (*found.get(place, ()), told)
        return found

    def broken(self) -> dict[tuple[str, str], Assumption]:
        """Every (world, method) whose graphical assumption does not hold in that world."""
        found = {}
        for world, each in self.worlds.items():
            for name, method in self.methods_in(world).items():
                if not isinstance(method.estimator, Estimator):
                    continue
                held = assumption(each.model, method.estimator, method.roles, **method.options)
                if not held:
                    found[world, name] = held
        return found


def plan(study: written.Study) -> Plan:
    """Look everything up and check that it fits together. Raises `ConfigError`, all at once."""
    planned, notes = assembled(study), _Notes(study)
    worlds, real = planned.worlds, planned.real
    for world, name in planned.questions():
        notes.tried(("estimands", name), planned.estimands[name].question, worlds[world].model)
    for name, method in planned.methods.items():
        for world in worlds:
            if name in planned.named_in(world):
                model = worlds[world].model
                unfit = [*_unfit(study, name, method, f"the world {world!r}", model.observed)]
                notes.mistakes.extend(unfit)
                if not unfit:
                    notes.tried(("methods", name), method.told_by, model)
        if real is not None and not notes.mistakes:
            columns = list(real.frame.columns)
            notes.mistakes.extend(_unfit(study, name, method, "the real data", columns))
        if not notes.mistakes:
            notes.tried(("methods", name), _try, method)
    if real is not None and not notes.mistakes:
        notes.tried(("real",), planned.on_real_data)
    notes.raised()
    return planned


def assembled(study: written.Study) -> Plan:
    """Look everything up. Raises `ConfigError` for names that there are none of, all at once."""
    notes = _Notes(study)
    worlds = {n: notes.tried(("worlds", n), world_of, study, n) for n in study.worlds}
    methods = {n: notes.tried(("methods", n), method_of, study, n) for n in study.methods}
    estimands = {name: estimand_of(each) for name, each in study.estimands.items()}
    real = notes.tried(("real", "data"), _real, study)
    notes.raised()
    return Plan(study, worlds, estimands, methods, real)


class _Notes:
    """Mistakes, noted until all of them can be said."""

    def __init__(self, study: written.Study) -> None:
        self.study = study
        self.mistakes: list[Mistake] = []

    def tried(self, key: tuple[str, ...], make: Callable[..., Any], *arguments: Any) -> Any:
        """What ``make`` gives; None, and a note, where it refuses."""
        try:
            return make(*arguments)
        except ConfigError as error:
            self.mistakes.extend(error.mistakes)
        except (ValueError, TypeError) as error:
            self.mistakes.append(self.study.mistake(key, " ".join(str(error).split())))
        return None

    def raised(self) -> None:
        """Raise them, if there are any."""
        if self.mistakes:
            raise ConfigError(*dict.fromkeys(self.mistakes))


def world_of(study: written.Study, name: str) -> World:
    """The world of a study by its name. Raises `ConfigError`."""
    each = study.worlds[name]
    if is_own(each.simulator):
        return _own_world(study, name)
    if each.simulator not in SIMULATORS:
        raise ConfigError(
            study.mistake(
                ("worlds", name, "simulator"),
                f"there is no simulator {each.simulator!r}{_nearest(each.simulator, SIMULATORS)}",
            )
        )
    simulator = SIMULATORS[each.simulator]
    try:
        model = _built(each.simulator, json.dumps(dict(each.parameters), sort_keys=True))
        return World(each.label, simulator, model, each.n)
    except ValueError as error:
        raise ConfigError(study.mistake(("worlds", name, "parameters"), str(error))) from None


def _own_world(study: written.Study, name: str) -> World:
    each = study.worlds[name]
    try:
        own = own_world(each.simulator, study.path.parent)
    except ValueError as error:
        raise ConfigError(study.mistake(("worlds", name, "simulator"), str(error))) from None
    try:
        return World(each.label, own, own.build(**each.parameters), each.n)
    except ValueError as error:
        raise ConfigError(study.mistake(("worlds", name, "parameters"), str(error))) from None


@functools.lru_cache(maxsize=64)
def _built(simulator: str, parameters: str) -> SCM:
    """A simulator's model: one for all chunks of a cell."""
    return SIMULATORS[simulator].build(**json.loads(parameters))


def method_of(study: written.Study, name: str) -> Method:
    """The method of a study by its name. Raises `ConfigError`."""
    each = study.methods[name]
    if is_own(each.estimator):
        return _own_method(study, name)
    if each.estimator not in ESTIMATORS:
        raise ConfigError(
            study.mistake(
                ("methods", name, "estimator"),
                f"there is no estimator {each.estimator!r}{_nearest(each.estimator, ESTIMATORS)}",
            )
        )
    estimator = ESTIMATORS[each.estimator]
    for option in each.options:
        if option not in estimator.options:
            raise ConfigError(
                study.mistake(
                    ("methods", name, "options", option),
                    f"{each.estimator} has no option {option!r}"
                    f"{_nearest(option, estimator.options)}",
                )
            )
    chooses = (
        each.adjust is None and "adjust" in estimator.needs and estimator.criterion == "backdoor"
    )
    roles = Roles(**{**each.roles.model_dump(), "adjust": each.adjust or ()})
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in each.options.items()}
    return Method(each.label, estimator, roles, options, each.estimands, chooses)


def _own_method(study: written.Study, name: str) -> Method:
    each = study.methods[name]
    try:
        function = attribute(each.estimator, study.path.parent)
    except ValueError as error:
        raise ConfigError(study.mistake(("methods", name, "estimator"), str(error))) from None
    if not callable(function):
        what = f"{each.estimator} is a {type(function).__name__}, and a function is wanted"
        raise ConfigError(study.mistake(("methods", name, "estimator"), what))
    own = function if isinstance(function, Estimator) else OwnEstimator(each.estimator, function)
    roles = Roles(**{**each.roles.model_dump(), "adjust": each.adjust or ()})
    return Method(
        each.label, own, roles, dict(each.options), each.estimands, False, each.time_limit,
        each.memory_limit,
    )  # fmt: skip


def estimand_of(each: written.Estimand) -> Estimand:
    """The estimand of a table: of its kind, the table's keys as arguments."""
    keys = [key for key in type(each).model_fields if key not in ("kind", "label", "worlds")]
    arguments = {key: getattr(each, key) for key in keys}
    if "at" in arguments:
        arguments["at"] = dict(arguments["at"])
    if "given" in arguments:
        arguments["given"] = {
            name: Interval(*value) if isinstance(value, list | tuple) else value
            for name, value in arguments["given"].items()
        }
    return getattr(definitions, each.kind)(**arguments)


def _real(study: written.Study) -> Real | None:
    if study.real is None:
        return None
    name = study.real.data
    if name not in DATASETS:
        raise ValueError(f"there is no data set {name!r}{_nearest(name, DATASETS)}")
    return Real(DATASETS[name].load(), study.real.source, study.real.published)


def _unfit(
    study: written.Study, name: str, method: Method, where: str, columns: Iterable[str]
) -> Iterator[Mistake]:
    """The columns that a method wants and does not find."""
    known = list(columns)
    for role in written.Roles.model_fields:
        named = getattr(method.roles, role)
        inherited = getattr(study.methods[name], role) == getattr(study.roles, role)
        key = ("roles", role) if inherited else ("methods", name, role)
        for column in (named,) if isinstance(named, str) else named:
            if column not in known:
                yield study.mistake(
                    key,
                    f"{where} has no column {column!r}{_nearest(column, known)}",
                )


def _try(method: Method) -> None:
    """Trace the estimator on columns of the right names, so that a bad call is found now."""
    if method.plain:
        return
    column = jax.ShapeDtypeStruct((64,), jnp.result_type(float))
    jax.eval_shape(method, dict.fromkeys(method.columns, column))


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(names)}"
