"""Exact truths: every statistic from states in which what it reads is known or affine in noises."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from scm.compile.programs import traced
from scm.core.structure import System
from scm.exact.layer import Layer, evaluated
from scm.exact.reading import AmbiguousError
from scm.exact.states import States
from scm.exact.values import NotExactError, Value
from scm.truth.batches import Asked
from scm.truth.gaussian import quantile
from scm.truth.layers import layers_of
from scm.truth.links import needed
from scm.truth.question import Integrand, Quantile, Statistic
from scm.truth.result import Truth

__all__ = ["exact", "finite_law", "gaussian_moments"]


def exact(asked: Asked) -> Truth | None:
    """The answer to a question, or None where it is not to be had exactly."""
    found, states = [], 1
    for statistic, value, event in zip(asked.statistics, asked.values, asked.events, strict=True):
        one = _statistic(asked, statistic, value, event)
        if one is None:
            return None
        found.append(one[0])
        states = max(states, one[1])
    answer = np.asarray(asked.question.combine(*found), float)
    if not np.isfinite(answer).all():
        return None
    return Truth(answer, np.zeros_like(answer), "exact", states)


def _statistic(
    asked: Asked, statistic: Statistic, value: Integrand, event: Integrand | None
) -> tuple[Any, int] | None:
    """A statistic's value and the most states that it took, or None."""
    states = _walked(asked, [value, event] if event else [value])
    if states is None:
        return None
    try:
        answer = (
            quantile(states, statistic.level) if isinstance(statistic, Quantile) else _mean(states)
        )
    except NotExactError:
        return None
    if answer is None or not np.isfinite(answer).all():
        return None
    return answer, states.most


def _mean(states: States) -> Any:
    mean = states.mean(states.frames[0]["value", 0])
    if mean is None:
        return None
    if len(mean) == 1:
        return mean[0]
    return np.tensordot(states.weights, mean, 1)


def finite_law(asked: Asked) -> tuple[np.ndarray, list[np.ndarray]] | None:
    """The probabilities of all values that the statistics' functions take together, and these.

    Shapes (k,) and (k, *shape) each, not sorted, a combination perhaps in several rows. None where
    they are not finitely many.
    """
    states = _walked(asked, asked.values, eagers=(True,))
    if states is None:
        return None
    values = [states.frames[0]["value", at] for at in range(len(asked.values))]
    if any(each.random for each in values):
        return None
    count = len(states.weights)
    wide = [np.broadcast_to(each.const, (count, *each.shape)).astype(each.kind) for each in values]
    return states.weights, wide


def gaussian_moments(asked: Asked) -> tuple[np.ndarray, np.ndarray] | None:
    """Means and covariance of the values of all statistics' functions, if they are jointly normal.

    They are where every one is affine in normal noises. The values are in a row, those of vector
    functions component after component: shapes (k,) and (k, k). None where they are not normal.
    """
    states = _walked(asked, asked.values)
    if states is None or len(states.weights) > 1:
        return None
    values = [states.frames[0]["value", at] for at in range(len(asked.values))]
    sources = tuple(dict.fromkeys(s for each in values for s in each.sources))
    if any(each.lost or each.mixed for each in values):
        return None
    if any(states.noise(s).family != "Normal" for s in sources):
        return None
    if any(np.isfinite(end).any() for s in sources for end in states.cell(states.noise(s).address)):
        return None
    means = np.concatenate([each.real.reshape(-1) for each in values])
    place = {source: at for at, source in enumerate(sources)}
    rows = []
    for each in values:
        loads = np.zeros((len(sources), each.real.size))
        if each.loads is not None:
            loads[[place[s] for s in each.sources]] = each.loads.reshape(len(each.sources), -1)
        rows.append(loads.T)
    root = np.concatenate(rows)
    return means, root @ root.T


def _walked(
    asked: Asked, wanted: Sequence[Integrand], eagers: Sequence[bool] = (False, True)
) -> States | None:
    """The states after all layers behind these functions; ``("value", i)`` are their values.

    Finite noises are told apart only where that matters, by putting their values into what is
    affine in them. Where that leaves a doubt about rounding they are told apart at once, so that
    everything is computed as the model computes it.
    """
    worlds = needed(asked.systems, asked.links, [at for each in wanted for at in each.reads])
    systems = [asked.systems[world] for world in worlds]
    if any(map(_given_by_unit, systems)):
        return None
    numbers = [each.numbers for each in systems], [each.consts for each in wanted]
    if traced(numbers):
        return None
    layers = layers_of(asked.systems, asked.links, wanted)
    for eager in eagers:
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                return _walk(States(eager=eager), layers, len(wanted))
        except AmbiguousError:
            continue
        except NotExactError:
            return None
    return None


def _given_by_unit(system: System) -> bool:
    variables = system.structure.variables.values()
    return any(layer.form == "per unit" for each in variables for layer in each.layers)


def _walk(states: States, layers: Sequence[Layer], wanted: int) -> States:
    """Layer after layer; what no later one reads is forgotten, and states that then agree merge."""
    frame: dict[Any, Value] = {}
    states.frames.append(frame)
    last: dict[int, int] = {}
    future: list[frozenset[tuple[str, str]]] = [frozenset()]
    for number, layer in enumerate(layers):
        last |= dict.fromkeys(layer.parents, number)
    for layer in reversed(layers):
        future.append(future[-1] | layer.noises)
    for number, layer in enumerate(layers):
        at = number - (len(layers) - wanted)
        value = evaluated(states, layer)
        frame[("value", at) if at >= 0 else number] = value
        for parent in set(layer.parents):
            if last[parent] == number:
                del frame[parent]
        states.merge(future[len(layers) - number - 1])
    return states
