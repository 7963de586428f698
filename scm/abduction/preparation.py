"""Plans and strategies, kept: most questions are asked of one model again and again.

They depend on what a model computes and on which variables were seen; on its numbers only by their
signs, by the bounds of noises, and by whole numbers, which say how many values a law has.
"""

from __future__ import annotations

import collections
import weakref
from collections.abc import Hashable, Mapping
from typing import Any

import jax
import numpy as np

from scm.abduction.candidates import Candidates
from scm.abduction.composed import live_noises, noise_range
from scm.abduction.evidence import Seen
from scm.abduction.planning import Plan, planned
from scm.compile.fingerprint import identity
from scm.compile.programs import traced
from scm.core.structure import System

__all__ = ["prepared"]

_LIMIT = 256
_KEPT: collections.OrderedDict[Hashable, tuple[Plan, list[Candidates]]] = collections.OrderedDict()
_KEYS: weakref.WeakKeyDictionary[System, Hashable] = weakref.WeakKeyDictionary()


def prepared(system: System, kinds: Mapping[str, Seen]) -> tuple[Plan, list[Candidates]]:
    """The plan for a pattern of evidence, and the strategies for each of its blocks."""
    if traced(system.numbers):
        return _made(system, kinds)
    if system not in _KEYS:
        _KEYS[system] = (*identity(system), _of_numbers(system))
    key = _KEYS[system], tuple(kinds.items())
    if key not in _KEPT:
        _KEPT[key] = _made(system, kinds)
        if len(_KEPT) > _LIMIT:
            _KEPT.popitem(last=False)
    _KEPT.move_to_end(key)
    return _KEPT[key]


def _made(system: System, kinds: Mapping[str, Seen]) -> tuple[Plan, list[Candidates]]:
    plan = planned(system, kinds)
    return plan, [Candidates(block) for block in plan.blocks]


def _of_numbers(system: System) -> Hashable:
    """All of a model's numbers that plans and strategies depend on."""
    signs = tuple(map(_sign, jax.tree.leaves(system.numbers)))
    names = system.structure.order
    ranges = tuple(noise_range(system, n) for name in names for n in live_noises(system, name))
    layers = [layer for v in system.structure.variables.values() for layer in v.layers]
    declared = tuple((layer.inverse, repr(layer.monotone)) for layer in layers)
    return signs, ranges, declared


def _sign(number: Any) -> Hashable:
    array = np.asarray(number)
    if array.dtype.kind in "iub":
        return array.tobytes()
    return bool((array >= 0).all()), bool((array <= 0).all())
