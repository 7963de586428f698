"""Strategy 5, exactly: noises that are shared, where all is finite or linear in Gaussian noise.

The units are states of `scm.exact`: finite noises split them, thresholds cut the noises behind
them, and what does not give the evidence is dropped. Where a variable that was seen is affine in
standard normal noises it is a linear equation for them: its density weighs the state, and the
noises are drawn given all equations together, z + A'(AA')^-1 (b - Az) (Matheron's rule).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from scm.abduction.composed import Block, Noise
from scm.abduction.walk import Walk
from scm.exact.states import States
from scm.exact.values import Address, NotExactError, Value

__all__ = ["Joint", "joint"]

_MOST = 1 << 20


@dataclasses.dataclass(frozen=True, eq=False)
class Joint:
    """The noises of some units, each of shape (draws, units, *shape).

    Attributes:
      scores: by address as one word, normal scores (Gumbel values of categories).
      values: values of declared noises with finitely many.
      log_weight: (units,); -inf where the evidence is impossible.
      spread: whether draws of a unit may differ.
      method: what was done.
    """

    scores: dict[str, np.ndarray]
    values: dict[str, np.ndarray]
    log_weight: np.ndarray
    spread: bool
    method: str


def joint(
    block: Block,
    known: Mapping[str, np.ndarray],
    low: Mapping[str, np.ndarray],
    high: Mapping[str, np.ndarray],
    chance: Mapping[str, np.ndarray],
) -> Joint:
    """Draw the noises of a block given what was seen.

    Arguments:
      known, low, high: the variables read, and bounds of those seen, (units, *shape) each.
      chance: for each noise independent standard normal scores (Gumbel values for categories),
        (draws, units, *shape); and two uniforms ``choice`` and ``place/...``.

    Raises `NotExactError` where it is not to be had exactly.
    """
    units = len(next(iter(low.values())))
    pick = lambda each, rows: {name: x[rows] for name, x in each.items()}
    run = lambda rows: Walk(block, pick(known, rows), pick(low, rows), pick(high, rows)).states
    first = run(slice(0, 1))
    size = max(1, _MOST // max(first.most, 1))
    parts = []
    for start in range(0, units, size):
        rows = slice(start, min(start + size, units))
        states = run(rows)
        drawn = {name: x[:, rows] for name, x in chance.items()}
        parts.append(_Posterior(block, states, rows.stop - rows.start).drawn(drawn))
    if len(parts) == 1:
        return parts[0]
    together = lambda name: {
        k: np.concatenate([getattr(each, name)[k] for each in parts], axis=1)
        for k in getattr(parts[0], name)
    }
    return Joint(
        together("scores"),
        together("values"),
        np.concatenate([each.log_weight for each in parts]),
        any(each.spread for each in parts),
        max((each.method for each in parts), key=len),
    )


class _Posterior:
    """The noises of the states of some units, drawn."""

    def __init__(self, block: Block, states: States, units: int) -> None:
        self.block, self.states, self.units = block, states, units
        self.frame = states.frames[0]
        self.unit = np.broadcast_to(self.frame["unit"].const, states.weights.shape)
        self._solve({k[1]: v for k, v in self.frame.items() if k[0] == "equation"})

    def _solve(self, equations: Mapping[str, Value]) -> None:
        """All linear equations of every state: the weight of each, and what solves them."""
        states = self.states
        sources = dict.fromkeys(s for each in equations.values() for s in each.sources)
        self.sources = tuple(sources)
        for source in self.sources:
            noise = states.noise(source)
            cut = any(np.isfinite(end).any() for end in states.cell(noise.address))
            if noise.family != "Normal" or cut:
                raise NotExactError
        with np.errstate(divide="ignore"):
            self.log = np.log(states.weights)
        self.determined = not self.sources
        self.rank: np.ndarray = np.zeros(1, int)
        if not equations:
            return
        rows, rests = [], []
        for name, value in equations.items():
            assert value.loads is not None
            size = math.prod(value.shape)
            loads = np.zeros((len(value.loads), len(self.sources), size))
            places = [self.sources.index(s) for s in value.sources]
            loads[:, places] = value.loads.reshape(len(value.loads), -1, size)
            rows.append(loads.swapaxes(1, 2))
            rests.append((self._seen(name) - value.real).reshape(-1, size))
        self.matrix, self.rest = _stacked(rows), _stacked(rests)
        norm = np.sqrt((self.matrix**2).sum(axis=2))  # equations of all units of measurement alike
        norm = np.where(norm > 0, norm, 1.0)
        self.matrix, self.rest = self.matrix / norm[..., None], self.rest / norm
        self.log = self.log + self._gaussian() - np.log(norm).sum(axis=1)

    def _seen(self, name: str) -> np.ndarray:
        return np.asarray(self.frame["known", name].const, float)

    def _gaussian(self) -> np.ndarray:
        """The log density of the right-hand sides, and the pseudo-inverse that solves them."""
        values, vectors = np.linalg.eigh(self.matrix @ self.matrix.swapaxes(1, 2))
        least = values.max(axis=1, keepdims=True) * 1e-11
        whole = values > least
        with np.errstate(divide="ignore"):
            inverse = np.where(whole, 1 / np.where(whole, values, 1.0), 0.0)
            logs = np.where(whole, np.log(np.where(whole, values, 1.0)), 0.0)
        turned = np.einsum("sji,sj->si", *_wide(vectors, self.rest))
        scale = np.abs(self.rest).max(axis=1, keepdims=True) + 1e-300
        off = (np.abs(np.where(whole, 0.0, turned)) > 1e-5 * scale).any(axis=1)
        self.solver = self.matrix.swapaxes(1, 2) @ (
            (vectors * inverse[:, None]) @ vectors.swapaxes(1, 2)
        )
        rank: Any = whole.sum(axis=1)
        self.rank = rank
        self.determined = bool((rank == len(self.sources)).all())
        log = -0.5 * ((turned**2 * inverse).sum(axis=1) + logs.sum(axis=1))
        log = log - 0.5 * rank * np.log(2 * np.pi)
        return np.where(off, -np.inf, log)

    def drawn(self, chance: Mapping[str, np.ndarray]) -> Joint:
        """A state for each draw and unit, and the noises in it."""
        order, weight, picked = self._picked(chance["choice"])
        scores: dict[str, np.ndarray] = {}
        values: dict[str, np.ndarray] = {}
        solved = self._equations(picked, chance) if self.sources else {}
        spread = len(order) > self.units or not self.determined
        for noise in self.block.noises:
            spread |= self._noise(noise, picked, chance, solved, scores, values)
        finite = len(self.states.weights) > self.units or any(
            self.states.noise(n).taken is not None for n in list(self.states._noises)
        )
        method = "exact: enumeration" if not self.sources else "exact: Gaussian"
        if self.sources and finite:
            method = "exact: enumeration and Gaussian"
        return Joint(scores, values, weight, bool(spread), method)

    def _picked(self, choice: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The states in order of units, the log weight of every unit, the state of every draw."""
        log = np.broadcast_to(self.log, self.unit.shape)
        order = np.argsort(self.unit, kind="stable")
        unit, log = self.unit[order], log[order]
        starts = np.searchsorted(unit, np.arange(self.units))
        if len(self.rank) > 1:  # where a value has a probability, a density is nothing beside it
            rank = np.where(np.isfinite(log), self.rank[order], np.iinfo(int).max)
            log = np.where(rank == np.minimum.reduceat(rank, starts)[unit], log, -np.inf)
        top = np.maximum.reduceat(log, starts)
        safe = np.where(np.isfinite(top), top, 0.0)
        mass = np.exp(log - safe[unit])
        total = np.add.reduceat(mass, starts)
        with np.errstate(divide="ignore"):
            weight = safe + np.log(total)
        share = mass / np.where(total > 0, total, 1.0)[unit]
        running = np.cumsum(share)
        before = running[starts] - share[starts]
        at = np.searchsorted(running, before + choice * np.where(total > 0, 1.0, 0.0), side="right")
        last = np.append(starts[1:], len(order)) - 1
        at = np.clip(at, starts, last)
        empty = share[at] <= 0
        if empty.any():  # rounding stepped onto a state without weight
            ends = zip(starts, last, strict=True)
            tops = np.array([np.argmax(share[a : b + 1]) + a for a, b in ends])
            at = np.where(empty, np.broadcast_to(tops, at.shape), at)
        return order, weight, order[at]

    def _equations(self, picked: np.ndarray, chance: Mapping[str, np.ndarray]) -> dict[int, Any]:
        """The noises in the equations, by number, (draws, units)."""
        free = np.stack([self._free(source, chance) for source in self.sources], axis=-1)
        at = lambda x: x[picked] if len(x) > 1 else x[0]
        matrix, solver, rest = at(self.matrix), at(self.solver), at(self.rest)
        one = matrix.ndim == 2
        text = "ms,dus->dum" if one else "dums,dus->dum"
        off = rest - np.einsum(text, matrix, free)
        text = "sm,dum->dus" if one else "dusm,dum->dus"
        found = free + np.einsum(text, solver, off)
        return {source: found[..., i] for i, source in enumerate(self.sources)}

    def _free(self, source: int, chance: Mapping[str, np.ndarray]) -> np.ndarray:
        variable, name, at = self.states.noise(source).address
        scores = chance[f"{variable}/{name}"]
        return scores.reshape(*scores.shape[:2], -1)[..., at]

    def _noise(
        self,
        noise: Noise,
        picked: np.ndarray,
        chance: Mapping[str, np.ndarray],
        solved: Mapping[int, Any],
        scores: dict[str, np.ndarray],
        values: dict[str, np.ndarray],
    ) -> bool:
        """One noise of the block put among scores or values; whether it is random in itself."""
        numbers = {
            self.states.noise(n).address: n
            for n in list(self.states._noises)
            if self.states.noise(n).address[:2] == noise.address
        }
        gumbel = noise.law.kind == "gumbel"
        shape = noise.shape.shape
        if gumbel and not noise.declared:
            scores[noise.key] = self._gumbel(numbers[(*noise.address, 0)], noise, picked, chance)
            return True
        drawn = chance.get(noise.key)
        size = math.prod(shape)
        parts, spread, by_value = [], False, False
        for at in range(size):
            address = (*noise.address, at)
            number = numbers.get(address)
            finite = number is not None and self.states.noise(number).taken is not None
            if number is not None and number in solved:
                parts.append(solved[number])
            elif number is not None and finite and noise.declared:
                by_value = True
                parts.append(self._taken(number, picked))
            elif address in self.states._cells:
                place = chance[f"place/{noise.key}"].reshape(*picked.shape, -1)[..., at]
                parts.append(self._in_cell(address, picked, place))
                spread = True
            elif drawn is None:
                raise NotExactError
            else:
                parts.append(drawn.reshape(*picked.shape, -1)[..., at])
                spread = True
        into = values if by_value else scores
        into[noise.key] = np.stack(parts, axis=-1).reshape(*picked.shape, *shape)
        return spread

    def _taken(self, number: int, picked: np.ndarray) -> np.ndarray:
        values = self.states.noise(number).values
        return values[picked] if len(values) > 1 else np.broadcast_to(values, picked.shape)

    def _in_cell(self, address: Address, picked: np.ndarray, place: np.ndarray) -> np.ndarray:
        """The normal score at a place between two places, by the smaller tail."""
        low, high = (x[picked] if len(x) > 1 else np.broadcast_to(x, picked.shape)
                     for x in self.states.cell(address))  # fmt: skip
        right = low > -high
        a, b = np.where(right, -high, low), np.where(right, -low, high)
        share = np.where(right, 1 - place, place)
        p = special.expit(a) + share * (special.expit(b) - special.expit(a))
        z = special.ndtri(np.clip(p, 1e-300, 1 - 1e-16))
        return np.where(right, -z, z)

    def _gumbel(
        self, number: int, noise: Noise, picked: np.ndarray, chance: Mapping[str, np.ndarray]
    ) -> np.ndarray:
        """Gumbel values for which the category taken is the largest, from the top down."""
        held = self.states.noise(number)
        chances, taken = held.chances, held.taken
        if chances is None or taken is None or len(held.support) != noise.shape.shape[-1]:  # type: ignore[arg-type]
            raise NotExactError
        at = lambda x: (
            x[picked] if len(x) > 1 else np.broadcast_to(x[0], (*picked.shape, *x.shape[1:]))
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            scores, which = np.log(at(chances)), at(taken)
            fresh = chance[noise.key].astype(float)
            top = np.take_along_axis(fresh, which[..., None], axis=-1)
            cut = -np.logaddexp(-top, -(scores + fresh)) - scores
            found = np.where(np.isfinite(scores), np.minimum(cut, top - scores - 1e-9), fresh)
        own = top - np.take_along_axis(scores, which[..., None], axis=-1)
        np.put_along_axis(found, which[..., None], own + 1e-5 * (1 + np.abs(own)), axis=-1)
        return found


def _stacked(parts: list[np.ndarray]) -> np.ndarray:
    """Equations below each other, of all states if any of them differ by state."""
    count = max(map(len, parts))
    return np.concatenate([np.broadcast_to(x, (count, *x.shape[1:])) for x in parts], axis=1)


def _wide(vectors: np.ndarray, rest: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    count = max(len(vectors), len(rest))
    return (np.broadcast_to(vectors, (count, *vectors.shape[1:])),
            np.broadcast_to(rest, (count, rest.shape[1])))  # fmt: skip
