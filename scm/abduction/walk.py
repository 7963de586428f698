"""The states of some units: what their evidence leaves of the states of a block's variables.

A `scm.exact.states.States` walk through the assignments. Evidence drops states, cuts the cell of a
noise, or stays as a linear equation for normal noises, for `scm.abduction.joint` to solve.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from scm.abduction.composed import Block
from scm.core.structure import System
from scm.exact.equilibria import balance
from scm.exact.layer import evaluated, layer_of
from scm.exact.reading import AmbiguousError
from scm.exact.states import States
from scm.exact.values import Address, NotExactError, Value
from scm.solve.equilibrium import taken_apart

__all__ = ["Walk"]

_ELSEWHERE: Address = ("", "", 0)


class Walk:
    """The states of some units after all variables of a block."""

    def __init__(self, block: Block, known: Any, low: Any, high: Any) -> None:
        self.block, self.low, self.high = block, low, high
        self.units = len(next(iter(low.values())))
        self.states = States(eager=True)
        self.states.weights = np.ones(self.units)
        self.states.most = self.units
        self.frame: dict[Any, Value] = {
            ("known", name): Value(np.asarray(x), np.dtype(x.dtype)) for name, x in known.items()
        }
        self.frame["unit"] = Value(np.arange(self.units), np.dtype(int))
        self.states.frames.append(self.frame)
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                loops = {name: loop for loop in block.loops for name in loop}
                for name in block.names:
                    if name not in loops:
                        self._variable(name)
                    elif ("known", name) not in self.frame:
                        self._loop(loops[name])
        except AmbiguousError:
            raise NotExactError from None

    def _unit(self) -> np.ndarray:
        """The unit of each state."""
        return np.broadcast_to(self.frame["unit"].const, self.states.weights.shape)

    def _variable(self, name: str) -> None:
        key = self._layers(self.block.system, name)
        self._found(name, self.frame.pop(key))

    def _loop(self, loop: tuple[str, ...]) -> None:
        """All variables of a loop, from the numbers of its equations."""
        system = self.block.system
        apart = taken_apart(system, loop)
        forms = [self._layers(apart, name) for name in loop]
        for name in loop:
            layer = balance(name, loop, forms, system.out(name))
            self.frame["known", name] = evaluated(self.states, layer)
        for key in forms:
            del self.frame[key]
        for name in loop:
            self._found(name, self.frame["known", name])

    def _found(self, name: str, value: Value) -> None:
        self.frame["known", name] = value
        if name in self.block.seen:
            self._saw(name, value)

    def _layers(self, system: System, name: str) -> Any:
        """Where in the frame the value of a variable's layers is."""
        key: Any = None
        for depth in system.structure.variables[name].live:
            mechanism = system.structure.mechanisms[name][depth]
            parents = tuple(
                key if p == name else ("known", p) for p in mechanism.assignment.parents
            )
            layer = layer_of(name, mechanism, system, depth, parents)  # type: ignore[arg-type]
            value = evaluated(self.states, layer)
            key = ("layer", name, depth)
            self.frame[key] = value
        return key

    def _saw(self, name: str, value: Value) -> None:
        unit = self._unit()
        exact = name in self.block.exact
        if not value.random:
            self._keep(self._fits(name, value.const, unit))
        elif value.lost or value.mixed:
            raise NotExactError
        elif exact:
            self.frame["equation", name] = value
        else:
            self._cut(name, value)
            return
        if exact:
            unit = self._unit()
            seen = self.low[name][unit]
            self.frame["known", name] = Value(seen, np.dtype(seen.dtype))

    def _fits(self, name: str, const: np.ndarray, unit: np.ndarray) -> np.ndarray:
        low, high = self.low[name][unit], self.high[name][unit]
        slack: Any = 0.0
        if low.dtype.kind == "f":
            slack = 64 * np.finfo(low.dtype).eps * np.maximum(np.abs(const), np.abs(low))
            slack = np.where(np.isfinite(slack), slack, 0.0)
        low, high = low.astype(float), high.astype(float)
        inside = (const >= low - slack) & (const <= high + slack)
        return inside.reshape(len(inside), -1).all(axis=1)

    def _keep(self, fits: np.ndarray) -> None:
        """Drop states; of a unit that has none left one stays, with no weight."""
        states = self.states
        fits = np.broadcast_to(fits, states.weights.shape)
        parent = np.flatnonzero(fits)
        unit = self._unit()
        empty = np.setdiff1d(np.arange(self.units), unit[parent])
        if len(empty):
            first = np.unique(unit, return_index=True)[1]
            parent = np.sort(np.concatenate([parent, first[empty]]))
        weights = np.where(fits[parent], states.weights[parent], 0.0)
        states._move(parent, weights, _ELSEWHERE)

    def _cut(self, name: str, value: Value) -> None:
        """Bounds of what is affine in one noise are bounds of its place."""
        states = self.states
        if len(value.sources) != 1 or value.shape != ():
            raise NotExactError
        (source,) = value.sources
        noise = states.noise(source)
        assert value.loads is not None
        unit, load = self._unit(), value.loads[:, 0]
        if not noise.shared or noise.discrete or (load == 0).any():
            raise NotExactError
        low, high = (each[name][unit].astype(float) for each in (self.low, self.high))
        with np.errstate(invalid="ignore"):
            ends = [(each - value.const) / load for each in (low, high)]
        places = noise.places(np.stack(np.broadcast_arrays(*ends), axis=1))
        if places is None:
            raise NotExactError
        parent = states.split(noise.address, places)
        first, last = np.sort(places, axis=1).T
        pick = lambda x: x if len(x) == 1 else x[parent]
        start, end = states.cell(noise.address)
        self._keep((start >= pick(first)) & (end <= pick(last)))
