"""From a study to what it asks for: models, estimands, estimators, data; every name looked up.

What only the models can tell is checked here, before anything is run: each mistake is a line of
`experiments.config.ConfigError` with its key and its line in the file.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from experiments import study as written
from experiments.arguments import about
from experiments.baselines import Absent, Baseline, baseline
from experiments.config import ConfigError, Mistake
from experiments.fitting import (
    lost_columns,
    lost_diagnostics,
    lost_samples,
    lost_variables,
    too_large,
    traced,
    untaken,
)
from experiments.method import Method, method_of, nearest
from experiments.names import BASELINES
from experiments.toml_lines import KeyPath
from experiments.world import World, world_of
from scm import Interval
from scm import estimands as definitions
from scm.estimands import Estimand, InSample
from scm.estimate import Estimator
from scm.identify import Assumption, assumption
from simulators import DATASETS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Plan", "Real", "assembled", "estimand_of", "plan"]


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
        model = self.worlds[world].seen
        return {name: self.methods[name].told_by(model) for name in self.named_in(world)}

    def baselines_in(self, world: str) -> dict[tuple[str, str], Baseline | Absent]:
        """By estimand and name, the baselines of each board of a world, or why there is none."""
        model = self.worlds[world].seen
        asked = {name: self.estimands[name] for where, name in self.questions() if where == world}
        return {
            (estimand, name): baseline(name, each, model)
            for estimand, each in asked.items()
            for name in BASELINES
        }

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
            told = {world: method.told_by(self.worlds[world].seen) for world in where}
            sets = {world: each.roles.adjust for world, each in told.items()}
            if len(set(sets.values())) > 1:
                raise ValueError(
                    f"adjust is left out, and the worlds differ in it: {sets}; on the real data no "
                    "graph is known, so name the columns: adjust = [...]"
                )
            found[name] = next(iter(told.values()), method)
        return found

    def remarks(self, only: str | None = None) -> dict[tuple[str, str], tuple[str, ...]]:
        """What is to be said of a (world, method), in all worlds or only one: what its graph chose
        for it, and what it assumes that does not hold."""
        found: dict[tuple[str, str], tuple[str, ...]] = {}
        for world in self.worlds if only is None else (only,):
            for name, method in self.methods_in(world).items():
                if self.methods[name].chooses:
                    chosen = ", ".join(method.roles.adjust) or "nothing"
                    found[world, name] = (f"adjusts for {chosen}, as this world's graph says",)
            for (estimand, name), each in self.baselines_in(world).items():
                if isinstance(each, Absent):
                    asked = self.study.estimands[estimand].label
                    told = f"none of {asked!r}: {each.why}"
                    found[world, name] = (*found.get((world, name), ()), told)
        for place, held in self.broken(only).items():
            told = f"what it assumes does not hold here: {held.reason}"
            found[place] = (*found.get(place, ()), told)
        return found

    def broken(self, only: str | None = None) -> dict[tuple[str, str], Assumption]:
        """Every (world, method) whose graphical assumption does not hold in that world."""
        found = {}
        for world, each in self.worlds.items():
            if only not in (None, world):
                continue
            for name, method in self.methods_in(world).items():
                if not isinstance(method.estimator, Estimator):
                    continue
                held = assumption(each.seen, method.estimator, method.roles, **method.options)
                if not held:
                    found[world, name] = held
        return found


def plan(study: written.Study) -> Plan:
    """Look everything up and check that it fits together. Raises `ConfigError`, all at once."""
    planned, notes = assembled(study), _Notes(study)
    worlds, real = planned.worlds, planned.real
    notes.found(lost_variables(planned))
    notes.found(lost_columns(planned))
    notes.found(too_large(planned))
    notes.found(lost_samples(planned))
    notes.raised()  # the rest is about columns that are there
    notes.found(untaken(planned))
    for world, name in planned.questions():
        if not notes.any(("estimands", name)):
            asked = planned.estimands[name]
            notes.tried(("estimands", name), asked.question, worlds[world].model)
    for name, method in planned.methods.items():
        for world in worlds:
            if name in planned.named_in(world) and not notes.any(("methods", name)):
                notes.tried(("methods", name), method.told_by, worlds[world].seen)
        if not method.plain and not notes.any(("methods", name)):
            notes.tried(("methods", name), traced, method, next(iter(worlds.values())).n)
    if real is not None and not notes.mistakes:
        notes.tried(("real",), planned.on_real_data)
        notes.found(lost_diagnostics(planned))
    notes.raised()
    return planned


def assembled(study: written.Study) -> Plan:
    """Look everything up. Raises `ConfigError` for names that there are none of, all at once."""
    notes = _Notes(study)
    worlds = {n: notes.tried(("worlds", n), world_of, study, n) for n in study.worlds}
    methods = {n: notes.tried(("methods", n), method_of, study, n) for n in study.methods}
    estimands = {
        name: notes.tried(("estimands", name), estimand_of, each)
        for name, each in study.estimands.items()
    }
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
            told = " ".join(str(error).split())
            self.mistakes.append(self.study.mistake(_within(self.study, key, told), told))
        return None

    def found(self, findings: Iterable[tuple[KeyPath, str]]) -> None:
        """Note a key and a message each."""
        self.mistakes += [self.study.mistake(key, message) for key, message in findings]

    def any(self, table: KeyPath) -> bool:
        """Whether anything is noted of a table."""
        return any(each.key[: len(table)] == table for each in self.mistakes)

    def raised(self) -> None:
        """Raise them, if there are any."""
        if self.mistakes:
            raise ConfigError(*dict.fromkeys(self.mistakes))


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
        raise ValueError(f"there is no data set {name!r}{nearest(name, DATASETS)}")
    return Real(_loaded(name), study.real.source, study.real.published)


@functools.lru_cache(maxsize=8)
def _loaded(name: str) -> pd.DataFrame:
    """A data set, read once: nobody here changes it."""
    return DATASETS[name].load()


def _within(study: written.Study, table: KeyPath, message: str) -> KeyPath:
    """The key of a table that a library's message is about; the table, where it does not tell."""
    match table:
        case ("methods", str(name)):
            each = study.methods[name]
            option = about(message, each.options)
            return (*table, "options", *option) if option else (*table, *about(message, _ROLES))
        case ("estimands", str(name)):
            asked = study.estimands[name]
            if about(message, [asked.treatment]):
                return (*table, "levels" if hasattr(asked, "levels") else "step")
            at = getattr(asked, "at", {})
            if found := about(message, at):
                return (*table, "at", *found)
            return (*table, *_part(asked, message))
    return table


def _part(asked: written.Estimand, message: str) -> tuple[str, ...]:
    """The key of an estimand whose variable a message is about: "ATT('T', 'Y'): T is ..."."""
    found = re.search(r"\): (?:(\w+) is |no path of arrows leads from (\w+))", message)
    for key in ("treatment", "outcome", "instrument", "mediators"):
        named = getattr(asked, key, ())
        if found and (found[1] or found[2]) in ((named,) if isinstance(named, str) else named):
            return (key,)
    return ("edges",) if hasattr(asked, "edges") else ()


_ROLES = tuple(written.Roles.model_fields)
