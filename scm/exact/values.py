"""Values in every state: known numbers, or numbers affine in noises."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["Address", "NotExactError", "Value", "aligned", "blended", "difference", "known", "lost"]

Address = tuple[str, str, int]
"""Variable, noise name, component: noises of different addresses are independent."""


class NotExactError(Exception):
    """What is asked is not to be had exactly."""


@dataclasses.dataclass(frozen=True, eq=False)
class Value:
    """A value of shape ``shape`` in every state: ``const + sum_j loads[j] * noise_j + rest``.

    Attributes:
      const: (states or 1, *shape); of dtype ``kind`` where nothing is random, else real numbers.
      kind: the dtype that the value has in its program.
      sources: numbers of the noises that it is affine in.
      loads: (states or 1, sources, *shape).
      mixed: addresses of the noises in a rest of mean 0, of which nothing more is known; it is
        dependent on them and on nothing else.
      lost: not even the mean is known; ``mixed`` are then all noises behind it.
      positive: what is lost is above 0.
      rounded: what is known was made from multiples of noises: it may differ by rounding from what
        the program makes of it.
    """

    const: np.ndarray
    kind: np.dtype
    sources: tuple[int, ...] = ()
    loads: np.ndarray | None = None
    mixed: frozenset[Address] = frozenset()
    lost: bool = False
    positive: bool = False
    rounded: bool = False

    @property
    def random(self) -> bool:
        """Whether it is not known in each state."""
        return self.lost or bool(self.sources) or bool(self.mixed)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of one unit's value."""
        return self.const.shape[1:]

    @property
    def real(self) -> np.ndarray:
        """The constant part as real numbers."""
        if self.const.dtype.kind in "iu" and (np.abs(self.const) > 2**53).any():
            raise NotExactError
        return self.const.astype(float, copy=False)

    def picked(self, parent: np.ndarray) -> Value:
        """The value in new states, each of which was part of the state ``parent``."""
        loads = self.loads if self.loads is None or len(self.loads) == 1 else self.loads[parent]
        const = self.const if len(self.const) == 1 else self.const[parent]
        return dataclasses.replace(self, const=const, loads=loads)

    def settled(self) -> Value:
        """Without noises that have no part in it; known, if it has no other."""
        if self.lost:
            return self
        sources, loads = self.sources, self.loads
        if loads is not None:
            part = np.atleast_1d(loads.any(axis=(0, *range(2, loads.ndim))))
            if not part.all():
                sources = tuple(s for s, has in zip(sources, part, strict=True) if has)
                loads = loads[:, part]
        if sources or self.mixed:
            loads = loads if sources else None
            return dataclasses.replace(self, sources=sources, loads=loads)
        const = np.rint(self.const) if self.kind.kind in "iu" else self.const
        return Value(const.astype(self.kind), self.kind, rounded=self.rounded)

    def substituted(self, source: int, values: np.ndarray) -> Value:
        """With the values (states or 1) of one noise put in."""
        if source not in self.sources:
            return self
        assert self.loads is not None
        at = self.sources.index(source)
        part = self.loads[:, at]
        const = self.const + part * values.reshape(-1, *(1,) * len(self.shape))
        whole = bool((part == np.rint(part)).all() and (self.const == np.rint(self.const)).all())
        return dataclasses.replace(
            self,
            const=const,
            sources=self.sources[:at] + self.sources[at + 1 :],
            loads=np.delete(self.loads, at, axis=1),
            rounded=self.rounded or not whole,
        ).settled()


def known(array: Any) -> Value:
    """A number that is the same in all states."""
    const = np.asarray(array)[None]
    return Value(const, const.dtype)


def lost(
    shape: tuple[int, ...], kind: Any, behind: frozenset[Address], *, positive: bool = False
) -> Value:
    """A value that is given up."""
    const = np.zeros((1, *shape))
    return Value(const, np.dtype(kind), mixed=behind, lost=True, positive=positive)


def aligned(values: Sequence[Value]) -> tuple[tuple[int, ...], list[np.ndarray]]:
    """The noises of all these values, and the loads of each on them, (states or 1, noises, ...)."""
    sources = tuple(dict.fromkeys(s for each in values for s in each.sources))
    place = {source: at for at, source in enumerate(sources)}
    loads = []
    for each in values:
        states = 1 if each.loads is None else len(each.loads)
        full = np.zeros((states, len(sources), *each.shape))
        if each.loads is not None:
            full[:, [place[s] for s in each.sources]] = each.loads
        loads.append(full)
    return sources, loads


def difference(left: Value, right: Value) -> Value:
    """``left - right`` as real numbers."""
    left, right = _same_rank(left, right)
    sources, loads = aligned([left, right])
    return Value(
        left.real - right.real,
        np.dtype(float),
        sources,
        loads[0] - loads[1] if sources else None,
        left.mixed | right.mixed,
        left.lost or right.lost,
        rounded=left.rounded or right.rounded,
    ).settled()


def blended(which: np.ndarray, yes: Value, no: Value, kind: Any) -> Value:
    """``yes`` where ``which`` (states or 1, *shape), else ``no``."""
    shape = which.shape[1:]
    yes, no = _ranked(yes, len(shape)), _ranked(no, len(shape))
    sources, loads = aligned([yes, no])
    rounded = yes.rounded or no.rounded
    if not sources and not yes.mixed | no.mixed:
        const = np.where(which, yes.const, no.const).astype(kind)
        return Value(const, np.dtype(kind), rounded=rounded)
    return Value(
        np.where(which, yes.real, no.real),
        np.dtype(kind),
        sources,
        np.where(which[:, None], *loads) if sources else None,
        yes.mixed | no.mixed,
        rounded=rounded,
    ).settled()


def _same_rank(*values: Value) -> list[Value]:
    rank = max(len(each.shape) for each in values)
    return [_ranked(each, rank) for each in values]


def _ranked(value: Value, rank: int) -> Value:
    """With axes of size 1 before its own, where it has fewer than ``rank``."""
    more = (1,) * (rank - len(value.shape))
    if not more:
        return value
    const = value.const.reshape(len(value.const), *more, *value.shape)
    loads = value.loads
    if loads is not None:
        loads = loads.reshape(*loads.shape[:2], *more, *value.shape)
    return dataclasses.replace(value, const=const, loads=loads)
