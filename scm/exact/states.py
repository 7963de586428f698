"""States: the units of a model, split where noises must be told apart, and put together again.

In a state every value of every world is known, or affine in noises that are independent of each
other there. A noise with finitely many values is told apart by its values, one that is compared
with thresholds by the cells between them: a cell is a span of the places of its score, so that the
laws of several worlds, which share the score, cut it together. What is split stays split only as
long as anything still to be read tells the states apart: this is variable elimination.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from scm.exact.families import FAMILIES, between
from scm.exact.noises import Noise
from scm.exact.values import Address, NotExactError, Value, lost

__all__ = ["MOST_STATES", "States"]

MOST_STATES = 1 << 21


class States:
    """States with their weights, the noises in them, and all values that are held.

    Attributes:
      weights: the probability of each state.
      frames: values by name, the innermost program last; whatever is split is split in all.
      most: the largest number of states there was.
    """

    def __init__(self, *, eager: bool = False) -> None:
        self.weights = np.ones(1)
        self.frames: list[dict[Any, Value]] = []
        self.most = 1
        self.eager = eager
        self._noises: dict[int, Noise] = {}
        self._cells: dict[Address, tuple[np.ndarray, np.ndarray]] = {}
        self._clashing: set[Address] = set()

    def noise(self, number: int) -> Noise:
        """A noise by its number."""
        return self._noises[number]

    def entered(self, noise: Noise) -> int:
        """The number of a noise, which may be here already.

        Unshared noises of one address under different laws are dependent in an unknown way: their
        means are known, but neither may be told apart.
        """
        for number, other in self._noises.items():
            if other.address == noise.address:
                if other.same_law(noise):
                    return number
                if not (noise.shared and other.shared):
                    if other.taken is not None or noise.address in self._cells:
                        raise NotExactError
                    self._clashing.add(noise.address)
        number = max(self._noises, default=-1) + 1
        self._noises[number] = noise
        return number

    def addresses(self, value: Value) -> frozenset[Address]:
        """The noises behind a value."""
        return value.mixed | {self._noises[each].address for each in value.sources}

    def cell(self, address: Address) -> tuple[np.ndarray, np.ndarray]:
        """The span of places of a noise, (states or 1) each."""
        return self._cells.get(address, (np.full(1, -np.inf), np.full(1, np.inf)))

    def split(self, address: Address, cuts: np.ndarray) -> np.ndarray:
        """Split every state at places (states or 1, n) of one noise; the state each comes from."""
        states, size = len(self.weights), cuts.shape[1]
        if np.isnan(cuts).any() or states * (size + 1) > 4 * MOST_STATES:
            raise NotExactError
        low, high = (each[:, None] for each in self.cell(address))
        inner = np.clip(np.sort(cuts, axis=1), low, high)
        inner = np.broadcast_to(inner, (states, size))
        ends = [np.broadcast_to(each, (states, 1)) for each in (low, high)]
        edges = np.concatenate([ends[0], inner, ends[1]], axis=1)
        share = between(edges[:, :-1], edges[:, 1:]) / between(low, high)
        parent, column = np.nonzero(share * self.weights[:, None] > 0)
        cell = edges[parent, column], edges[parent, column + 1]
        self._move(parent, self.weights[parent] * share[parent, column], address)
        self._cells[address] = cell
        return parent

    def _move(self, parent: np.ndarray, weights: np.ndarray, touched: Address) -> None:
        """New states. What is mixed with a noise that is now known better is lost."""
        if not 0 < len(weights) <= MOST_STATES:
            raise NotExactError
        self.weights = weights
        self.most = max(self.most, len(weights))
        self._cells = {
            a: (low if len(low) == 1 else low[parent], high if len(high) == 1 else high[parent])
            for a, (low, high) in self._cells.items()
        }
        self._noises = {n: noise.picked(parent) for n, noise in self._noises.items()}

        def moved(value: Value) -> Value:
            if touched in value.mixed and not value.lost:
                return lost(value.shape, value.kind, self.addresses(value))
            return value.picked(parent)

        self._replace(moved)

    def _replace(self, change: Any) -> None:
        for frame in self.frames:
            for name, value in frame.items():
                frame[name] = change(value)

    def told_apart(self, values: Iterable[Value]) -> bool:
        """Tell all noises behind these values apart; whether that can be done.

        The values in the frames are then known: they have to be read again.
        """
        values = list(values)
        numbers = {each for value in values for each in value.sources}
        if any(value.mixed or value.lost for value in values) or not numbers:
            return False
        return self.all_taken(numbers)

    def all_taken(self, numbers: Iterable[int], room: int = MOST_STATES) -> bool:
        """Tell these noises apart, if all have finitely many values and there is room."""
        noises = {each: self._noises[each] for each in numbers}
        sizes = [1 if each.support is None else len(each.support) for each in noises.values()]
        if any(each.support is None for each in noises.values()):
            return False
        if len(self.weights) * math.prod(sizes) > room:
            return False
        for number in noises:
            self._take(number)
        return True

    def _take(self, number: int) -> None:
        noise = self._noises[number]
        if noise.taken is None:
            if noise.address in self._clashing:
                raise NotExactError
            noise = self._taken(number, noise)
        self._replace(lambda value: value.substituted(number, noise.values))

    def _taken(self, number: int, noise: Noise) -> Noise:
        assert noise.chances is not None
        if noise.shared and noise.address in self._cells:
            cuts = noise.cuts
            parent = self.split(noise.address, cuts)
            cuts = cuts if len(cuts) == 1 else cuts[parent]
            taken = (cuts <= self.cell(noise.address)[0][:, None]).sum(axis=1)
        else:
            parent, taken = np.nonzero(noise.chances * self.weights[:, None] > 0)
            row = parent if len(noise.chances) > 1 else 0
            self._move(parent, self.weights[parent] * noise.chances[row, taken], noise.address)
            if noise.shared:
                ends = _with_ends(noise.cuts)
                self._cells[noise.address] = ends[row, taken], ends[row, taken + 1]
        self._noises[number] = dataclasses.replace(self._noises[number], taken=taken)
        return self._noises[number]

    def moments(self, number: int) -> tuple[np.ndarray | None, np.ndarray | None]:
        """Mean and variance of a noise in each state, (states or 1); None where not known."""
        noise = self._noises[number]
        whole = noise.address not in self._cells
        if noise.support is not None:
            chances = self._chances(noise)
            support = noise.support.astype(float)
            mean = chances @ support
            return mean, np.einsum("sk,sk->s", chances, (support - mean[:, None]) ** 2)
        if noise.family is not None:
            family = FAMILIES[noise.family]
            found = family.whole
            if not whole:
                low, high = self.cell(noise.address)
                found = family.part(low, high) if family.part else (None, None)
            mean, variance = found
            return (
                None if mean is None else np.atleast_1d(mean),
                None if variance is None else np.atleast_1d(variance),
            )
        return (noise.mean, noise.variance) if whole else (None, None)

    def _chances(self, noise: Noise) -> np.ndarray:
        """Of each value of a finite noise, in the cell that it is in."""
        assert noise.chances is not None
        if not noise.shared or noise.address not in self._cells:
            return noise.chances
        low, high = (each[:, None] for each in self.cell(noise.address))
        edges = np.clip(_with_ends(noise.cuts), low, high)
        return between(edges[:, :-1], edges[:, 1:]) / between(low, high)

    def mean(self, value: Value) -> np.ndarray | None:
        """The mean of a value in each state, (states or 1, *shape); None if it is not known."""
        if value.lost:
            return None
        total = value.real
        for at, source in enumerate(value.sources):
            mean, _ = self.moments(source)
            if mean is None:
                return None
            assert value.loads is not None
            total = total + value.loads[:, at] * mean.reshape(-1, *(1,) * len(value.shape))
        return total

    def covariance(self, left: Value, right: Value) -> np.ndarray | None:
        """Of two values of one shape, componentwise, in each state; None if it is not known."""
        if left.lost or right.lost:
            return None
        if left.mixed & self.addresses(right) or right.mixed & self.addresses(left):
            return None
        total = np.zeros((1, *left.shape))
        for i, one in enumerate(left.sources):
            for j, two in enumerate(right.sources):
                if one != two and self._noises[one].address != self._noises[two].address:
                    continue
                variance = self.moments(one)[1] if one == two else None
                if variance is None:
                    return None
                assert left.loads is not None
                assert right.loads is not None
                wide = variance.reshape(-1, *(1,) * len(left.shape))
                total = total + left.loads[:, i] * right.loads[:, j] * wide
        return total

    def merge(self, future: frozenset[tuple[str, str]]) -> None:
        """Put states together that agree in all that is held, and in noises still to be read.

        Arguments:
          future: variable and name of the noises that are read later.
        """
        held = [value for frame in self.frames for value in frame.values()]
        behind = frozenset[Address]().union(*(self.addresses(each) for each in held))
        live = lambda address: address in behind or address[:2] in future
        self._noises = {n: each for n, each in self._noises.items() if live(each.address)}
        self._cells = {a: cell for a, cell in self._cells.items() if live(a)}
        if len(self.weights) == 1:
            return
        self._grouped(self._columns(held), None)
        if len(self.weights) == 1:
            return
        for number, noise in list(self._noises.items()):
            if self._mixable(noise, future):
                held = [value for frame in self.frames for value in frame.values()]
                self._grouped(self._columns(held, without=number), number)

    def _mixable(self, noise: Noise, future: frozenset[tuple[str, str]]) -> bool:
        """Whether states may be put together that differ in the chances of this noise only."""
        alone = sum(each.address == noise.address for each in self._noises.values()) == 1
        unread = noise.address[:2] not in future and noise.address not in self._cells
        known = noise.chances is not None and len(noise.chances) > 1 and noise.taken is None
        return known and alone and unread

    def _columns(self, held: list[Value], without: int | None = None) -> list[np.ndarray]:
        """All that tells states apart."""
        arrays = [each for value in held for each in (value.const, value.loads) if each is not None]
        arrays += [each for cell in self._cells.values() for each in cell]
        for number, noise in self._noises.items():
            arrays += noise.arrays if number != without else []
        return [each for each in arrays if len(each) > 1]

    def _grouped(self, columns: list[np.ndarray], mixed: int | None) -> None:
        """Put together the states whose columns agree; the law of ``mixed`` becomes a mixture."""
        states = len(self.weights)
        rows = [np.ascontiguousarray(each).reshape(states, -1).view(np.uint8) for each in columns]
        if rows:
            table = np.ascontiguousarray(np.concatenate(rows, axis=1))
            keys = table.view(f"V{table.shape[1]}")[:, 0]
            _, first, group = np.unique(keys, return_index=True, return_inverse=True)
        else:
            first, group = np.zeros(1, int), np.zeros(states, int)
        if len(first) == states:
            return
        weights = np.asarray(np.bincount(group, self.weights), float)
        chances = None
        if mixed is not None:
            old = self._noises[mixed].chances
            assert old is not None
            chances = np.zeros((len(first), old.shape[1]))
            np.add.at(chances, group, self.weights[:, None] * old)
            chances /= weights[:, None]
        self._cells = {
            a: tuple(each if len(each) == 1 else each[first] for each in cell)  # type: ignore[misc]
            for a, cell in self._cells.items()
        }
        self._noises = {n: noise.picked(first) for n, noise in self._noises.items()}
        if mixed is not None:
            self._noises[mixed] = dataclasses.replace(self._noises[mixed], chances=chances)
        self._replace(lambda value: value.picked(first))
        self.weights = weights


def _with_ends(cuts: np.ndarray) -> np.ndarray:
    return np.pad(cuts, ((0, 0), (1, 1)), constant_values=((0, 0), (-np.inf, np.inf)))
