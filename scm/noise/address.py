"""Where a noise lives: (key, 64-bit hash of "variable/noise", index tuple, unit)."""

from __future__ import annotations

import functools
import hashlib

import jax
import jax.numpy as jnp
import numpy as np

from scm.noise.words import Stream, fold

__all__ = ["component_streams", "indexed", "name_words"]

# High words that part the streams of indices and of components from each other.
_INDEX, _COMPONENT = 0x696E6478, 0x636F6D70


@functools.lru_cache(maxsize=1 << 16)
def name_words(variable: str, noise: str) -> tuple[int, int]:
    """The two words of the hash of ``"variable/noise"``: BLAKE2b of its UTF-8, 64 bits.

    >>> name_words("education", "u") == name_words("education", "u")
    True
    """
    digest = hashlib.blake2b(f"{variable}/{noise}".encode(), digest_size=8).digest()
    return int.from_bytes(digest[:4], "big"), int.from_bytes(digest[4:], "big")


def indexed(stream: Stream, index: tuple) -> Stream:
    """The stream of one time, reaction or jump of a noise that unrolls; () is the noise itself."""
    for each in index:
        stream = fold(stream, np.uint32(_INDEX), each)
    return stream


def component_streams(stream: Stream, size: int) -> Stream:
    """A stream for each component of a vector noise: uint32 of shape (2, size)."""
    components = jax.lax.iota(jnp.uint32, size)
    return fold(stream, jnp.full_like(components, _COMPONENT), components)
