"""Digital nets: Sobol's points, scrambled at random, as 64-bit places for every coordinate.

A point's place is the exclusive or of the direction numbers that its number's bits name. A random
linear scrambling (Matousek 1998, "On the L2-discrepancy for anchored boxes") replaces the
direction numbers by combinations of themselves and moves all points by one random shift: each
point is then uniform, and the points together are still a net. The first and the last bits of a
number each have a table of the places they lead to, so that a program makes a point where it is
used by one exclusive or.
"""

from __future__ import annotations

import functools
from typing import Any

import jax.numpy as jnp
import numpy as np

from scm.core.pytree import pytree
from scm.noise.score import WordScore
from scm.noise.words import Stream, threefry

__all__ = ["Net", "block", "directions", "scrambled"]

_BITS = 32  # of Sobol's numbers as they are tabled; scrambling fills the other half of the places


@pytree
class Net:
    """``2**power`` points, as two tables of words: uint32 of shape (2, coordinates, entries), of
    which every pair of entries is a point."""

    far: Any
    near: Any

    @property
    def n(self) -> int:
        """The number of points."""
        return self.far.shape[2] * self.near.shape[2]

    def scores(self) -> WordScore:
        """The points as scores of shape (coordinates, n). Traceable."""
        far, near = jnp.asarray(self.far), jnp.asarray(self.near)
        words = (far[:, :, :, None] ^ near[:, :, None, :]).reshape(2, far.shape[1], -1)
        return WordScore(words[0], words[1])


@functools.lru_cache(maxsize=32)
def directions(coordinates: int, power: int) -> np.ndarray:
    """The direction numbers of Joe and Kuo (2008), as SciPy has them: uint64 (coordinates, power),
    the highest of 64 bits first."""
    from scipy.stats import qmc

    engine = qmc.Sobol(coordinates, scramble=False, bits=_BITS)
    numbers, done = [], 0
    for at in range(power):  # in SciPy's order, Gray's, the point before 2**(at + 1) is number at
        engine.fast_forward((2 << at) - 1 - done)
        numbers.append(engine.random(1)[0])
        done = 2 << at
    return (np.stack(numbers, axis=1) * 2.0**_BITS).astype(np.uint64) << np.uint64(64 - _BITS)


def scrambled(stream: Stream, coordinates: int, power: int, of: range) -> list[np.ndarray]:
    """Independent scramblings by their numbers: for each, uint64 of shape (coordinates, power + 1),
    its direction numbers and at the end its shift."""
    numbers = directions(coordinates, power)
    at = np.uint64(63) - np.arange(_BITS, dtype=np.uint64)
    set_bits = ((numbers[:, :, None] >> at) & np.uint64(1)).astype(bool)
    one = np.uint64(1)
    found = []
    for number in of:
        counters = np.arange(coordinates * (_BITS + 1), dtype=np.uint32)
        high, low = threefry(stream, np.full_like(counters, number), counters)
        random = (np.asarray(high, np.uint64) << np.uint64(32)) | np.asarray(low, np.uint64)
        random = random.reshape(coordinates, _BITS + 1)
        columns = (one << at) | (random[:, :_BITS] & ((one << at) - one))
        combined = np.bitwise_xor.reduce(np.where(set_bits, columns[:, None, :], 0), axis=2)
        found.append(np.concatenate([combined, random[:, _BITS:]], axis=1))
    return found


def block(whole: np.ndarray, power: int, at: int) -> Net:
    """Points ``at * 2**power`` to ``(at + 1) * 2**power`` of a scrambled net: the net of its first
    directions, moved by those that the bits of ``at`` name."""
    shift = whole[:, -1:]
    for bit in range(at.bit_length()):
        if at >> bit & 1:
            shift = shift ^ whole[:, power + bit, None]
    half = power // 2
    far = _combinations(shift, whole[:, half:power])
    return Net(far, _combinations(np.zeros_like(shift), whole[:, :half]))


def _combinations(places: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Places moved by all combinations of direction numbers, as their two words."""
    for at in range(numbers.shape[1]):
        places = np.concatenate([places, places ^ numbers[:, at : at + 1]], axis=1)
    words = (places >> np.uint64(32), places & np.uint64(0xFFFFFFFF))
    return np.stack([word.astype(np.uint32) for word in words])
