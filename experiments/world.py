"""A world of a study: a model that data are drawn from, looked up by its name."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax

from experiments import study as written
from experiments.arguments import about, wrong_arguments, wrong_parameters
from experiments.config import ConfigError
from experiments.method import nearest
from experiments.observing import code_of_steps, moves, said, steps
from experiments.own_code import OwnWorld, code_digest, is_own, own_world
from scm import SCM
from simulators import SIMULATORS, Simulator
from simulators.observe import Observed, observe
from simulators.observe.observed import Step

__all__ = ["World", "world_of"]


@dataclass(frozen=True)
class World:
    """A model, how many units each replicated data set has, and what happens to these data.

    Attributes:
      steps: what happens to the data on their way to the analyst; often nothing.
      said: the same, in words.
      moving: the names of the steps by which the units themselves become others.
    """

    label: str
    simulator: Simulator | OwnWorld
    model: SCM
    n: int
    steps: tuple[Step, ...] = ()
    said: tuple[str, ...] = ()
    moving: tuple[str, ...] = ()

    def sample(self, key: Any) -> Observed:
        """One data set as the analyst gets it."""
        return observe(self.model.sample(key, self.n), *self.steps)

    @cached_property
    def _shape(self) -> Observed:
        """A data set without its numbers: its columns, and what has become of them."""
        return jax.eval_shape(self.sample, jax.random.key(0))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of its data."""
        return tuple(self._shape) if self.steps else self.model.observed

    @cached_property
    def selected(self) -> bool:
        """Whether some units may not be in the data."""
        return bool(self.steps) and bool(self._shape.view.kept)

    @cached_property
    def seen(self) -> SCM:
        """The model for an analyst: what is not in the data is latent."""
        return self.model.hide(*(each for each in self.model.observed if each not in self.columns))

    @property
    def code(self) -> str:
        """A digest of the code that its data come from."""
        own = code_digest(self.simulator.function)
        return f"{own} {code_of_steps()}" if self.steps else own


def world_of(study: written.Study, name: str) -> World:
    """The world of a study by its name. Raises `ConfigError`."""
    world = _unobserved(study, name)
    happens = study.worlds[name].observe
    for step, told in happens.items():
        try:
            world = replace(world, steps=(*world.steps, *steps(told)))
            _ = world._shape  # what refuses its columns does so now
        except (ValueError, TypeError) as error:
            raise ConfigError(
                study.mistake(("worlds", name, "observe", step), str(error))
            ) from None
    moving = tuple(step for step, told in happens.items() if moves(told))
    return replace(world, said=said(happens.values()), moving=moving)


def _unobserved(study: written.Study, name: str) -> World:
    each = study.worlds[name]
    if is_own(each.simulator):
        return _own_world(study, name)
    if each.simulator not in SIMULATORS:
        raise ConfigError(
            study.mistake(
                ("worlds", name, "simulator"),
                f"there is no simulator {each.simulator!r}{nearest(each.simulator, SIMULATORS)}",
            )
        )
    simulator = SIMULATORS[each.simulator]
    _refuse(study, name, wrong_parameters(simulator, each.parameters))
    try:
        model = _built(each.simulator, json.dumps(dict(each.parameters), sort_keys=True))
        return World(each.label, simulator, model, each.n)
    except ValueError as error:
        key = about(str(error), each.parameters)
        told = study.mistake(("worlds", name, "parameters", *key), str(error))
        raise ConfigError(told) from None


def _own_world(study: written.Study, name: str) -> World:
    each = study.worlds[name]
    try:
        own = own_world(each.simulator, study.path.parent)
    except ValueError as error:
        raise ConfigError(study.mistake(("worlds", name, "simulator"), str(error))) from None
    if callable(own.value):
        _refuse(study, name, wrong_arguments(own.name, own.value, each.parameters))
    try:
        text = json.dumps(dict(each.parameters), sort_keys=True)
        model = _built_by_own(own, text) if callable(own.value) else own.build(**each.parameters)
        return World(each.label, own, model, each.n)
    except ValueError as error:
        raise ConfigError(study.mistake(("worlds", name, "parameters"), str(error))) from None


def _refuse(study: written.Study, name: str, wrong: Iterator[tuple[str, str]]) -> None:
    """Raise what is wrong with the parameters of a world, all of it."""
    table = ("worlds", name, "parameters")
    mistakes = [study.mistake((*table, key) if key else table, told) for key, told in wrong]
    if mistakes:
        raise ConfigError(*mistakes)


@functools.lru_cache(maxsize=64)
def _built(simulator: str, parameters: str) -> SCM:
    """A simulator's model: one for all chunks of a cell."""
    return SIMULATORS[simulator].build(**json.loads(parameters))


@functools.lru_cache(maxsize=64)
def _built_by_own(own: OwnWorld, parameters: str) -> SCM:
    """The model that a person's own function makes; the same."""
    return own.build(**json.loads(parameters))
