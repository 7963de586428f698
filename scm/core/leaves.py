"""The numbers of a distribution in one order, whichever process asks.

numpyro gathers the fields of a distribution in a Python set, whose order changes with the salt of
the process (``PYTHONHASHSEED``), and JAX's leaves come in that order: loc before scale in one
process, after it in the next. Programs that take their numbers so are never the same text twice,
and no compiler's cache knows them again. Here the fields come by their names.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import jax
from numpyro.distributions import Distribution

__all__ = ["flatten", "unflatten"]


def flatten(tree: Any) -> tuple[list[Any], Any]:
    """The leaves of a pytree of distributions, every field by its name, and JAX's structure of it.

    >>> from numpyro.distributions import Normal
    >>> flatten({"u": Normal(0.5, 2.0)})[0]
    [0.5, 2.0]
    """
    leaves, structure = jax.tree.flatten(tree)
    return [leaves[at] for at in _order(structure)], structure


def unflatten(structure: Any, numbers: Sequence[Any]) -> Any:
    """The pytree that `flatten` gave these numbers of, or another of the same structure.

    >>> from numpyro.distributions import Normal
    >>> numbers, structure = flatten(Normal(0.5, 2.0))
    >>> unflatten(structure, numbers).scale
    2.0
    """
    placed = dict(zip(_order(structure), numbers, strict=True))
    return jax.tree.unflatten(structure, [placed[at] for at in range(len(placed))])


def _order(structure: Any, start: int = 0) -> list[int]:
    """Where JAX has each leaf, the first of them at ``start``."""
    node, children = structure.node_data(), structure.children()
    if node is None or not children:
        return list(range(start, start + structure.num_leaves))
    starts = itertools.accumulate((each.num_leaves for each in children[:-1]), initial=start)
    parts = list(zip(children, starts, strict=True))
    if issubclass(node[0], Distribution):
        names = node[0].gather_pytree_data_fields()
        if len(names) == len(parts):
            parts = [part for _, part in sorted(zip(names, parts, strict=True), key=_name)]
    return [at for child, first in parts for at in _order(child, first)]


def _name(field: tuple[str, Any]) -> str:
    return field[0]
