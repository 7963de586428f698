"""Random words: two for every (key, path, unit), asked for in any order, in any amount.

Threefry-2x32 with 20 rounds is a keyed permutation of 64-bit counters that passes every known
statistical test (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3").
A *stream* is one key of it, two words; folding a number into a stream gives another stream. The
counter is the unit's number, so each unit's words are a pure function of the stream and of that
number alone: not of how many units are asked for, nor together with which, nor on which device.

The permutation is written out here rather than bound as JAX's own primitive because on CPUs that
one is lowered to loops that cannot be fused with what uses the words: 11 ns a word, against 0.8.
"""

from __future__ import annotations

import operator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["Stream", "Units", "fold", "span", "stream_of", "threefry", "words"]

Stream = Any
"""The key of one stream: uint32 of shape (2,)."""

Units = tuple[jax.Array, jax.Array]
"""The numbers of units, below 2**64, as their high and low uint32 words, each of shape (n,)."""

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


def threefry(stream: Stream, high: Any, low: Any) -> tuple[jax.Array, jax.Array]:
    """Both words of the permutation at the counters ``(high, low)``, uint32 of any one shape."""
    key = (stream[0], stream[1], stream[0] ^ stream[1] ^ np.uint32(_PARITY))
    first, second = high + key[0], low + key[1]
    for group in range(5):
        for bits in _ROTATIONS[group % 2]:
            first = first + second
            second = first ^ ((second << np.uint32(bits)) | (second >> np.uint32(32 - bits)))
        first = first + key[(group + 1) % 3]
        second = second + key[(group + 2) % 3] + np.uint32(group + 1)
    return first, second


def stream_of(key: Any) -> Stream:
    """The root stream of a key: an int from 0 to 2**64 - 1, or a typed JAX key of any kind.

    ``key=7`` and ``key=jax.random.key(7)`` are the same stream.

    >>> stream_of(7)
    array([0, 7], dtype=uint32)
    >>> stream_of(jax.random.key(7))
    Array([0, 7], dtype=uint32)
    """
    if isinstance(key, jax.Array):
        return _stream_of_array(key)
    try:
        if isinstance(key, bool):
            raise TypeError
        number = operator.index(key)
    except TypeError:
        raise TypeError(
            f"key: an int or a typed JAX key is wanted, given {key!r} of type "
            f"{type(key).__name__}; write key=0 or key=jax.random.key(0)"
        ) from None
    if not 0 <= number < 2**64:
        raise ValueError(f"key: an int from 0 to 2**64 - 1 is wanted, given {number}")
    return np.array([number >> 32, number & 0xFFFFFFFF], np.uint32)


def _stream_of_array(key: jax.Array) -> Stream:
    if key.shape != ():
        raise ValueError(
            f"key: one key is wanted, given an array of shape {key.shape} and dtype {key.dtype}; "
            "pass jax.random.key(0), or one key of an array of keys"
        )
    if jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        data = jax.random.key_data(key)
        stream = data[:2]
        for at in range(2, data.shape[0], 2):  # rbg keys have four words
            stream = fold(stream, data[at], data[at + 1])
        return stream
    if not jnp.issubdtype(key.dtype, jnp.integer):
        raise TypeError(f"key: an int or a typed JAX key is wanted, given an array of {key.dtype}")
    if not isinstance(key, jax.core.Tracer):
        return stream_of(int(key))
    wide = key.dtype.itemsize == 8
    high = (key >> 32).astype(jnp.uint32) if wide else jnp.uint32(0)
    return jnp.stack([high, key.astype(jnp.uint32)])


def fold(stream: Stream, high: Any, low: Any) -> Stream:
    """The stream reached from ``stream`` by the 64-bit number ``high * 2**32 + low``."""
    return jnp.stack(threefry(stream, jnp.asarray(high, jnp.uint32), jnp.asarray(low, jnp.uint32)))


def span(start: Any, n: int) -> Units:
    """The units ``start, ..., start + n - 1``; ``start`` is an int or two words, ``n`` static."""
    if isinstance(start, int):
        high, low = jnp.uint32(start >> 32), jnp.uint32(start & 0xFFFFFFFF)
    else:
        high, low = start[0], start[1]
    lows = low + jax.lax.iota(jnp.uint32, n)
    return high + (lows < low).astype(jnp.uint32), lows  # the sum may carry into the high word


def words(stream: Stream, units: Units) -> tuple[jax.Array, jax.Array]:
    """The two words of each unit: uint32 of shape (n,), twice."""
    return threefry(stream, *units)
