"""Kept programs: one compiled program for each thing computed, found again by its fingerprint."""

from __future__ import annotations

import collections
import threading
from collections.abc import Callable, Hashable
from typing import Any

import jax

__all__ = ["forget", "kept", "traced"]

_LIMIT = 1024
_KEPT: collections.OrderedDict[Hashable, Any] = collections.OrderedDict()
_LOCK = threading.Lock()


def kept(key: Hashable, build: Callable[[], Callable]) -> Any:
    """The jitted program under ``key``; built by ``build()`` where there is none yet.

    ``key`` must say all that the program computes save for the shapes and dtypes of its inputs,
    for each of which `jax.jit` compiles once. The least recently used are forgotten beyond 1,024.
    """
    with _LOCK:
        if key in _KEPT:
            _KEPT.move_to_end(key)
        else:
            _KEPT[key] = jax.jit(build())
            if len(_KEPT) > _LIMIT:
                _KEPT.popitem(last=False)
        return _KEPT[key]


def forget() -> None:
    """Forget every program, to free their memory."""
    with _LOCK:
        _KEPT.clear()


def traced(tree: Any) -> bool:
    """Whether a pytree holds a value that is being traced by jit, vmap or grad."""
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(tree))
