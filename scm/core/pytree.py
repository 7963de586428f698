"""Frozen dataclasses that are pytrees.

What `equinox.Module` would be used for here; importing equinox costs more than all the rest of
this package, and a model that has no equinox module in it does not need it.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar, dataclass_transform

import jax

__all__ = ["pytree", "static"]

T = TypeVar("T")


def static() -> Any:
    """A field that is part of the structure, not a leaf: hashable, and compared by equality."""
    return dataclasses.field(metadata={"static": True})


@dataclass_transform(frozen_default=True, field_specifiers=(static,))
def pytree(cls: type[T]) -> type[T]:
    """Make a class a frozen dataclass and a pytree of its fields.

    >>> @pytree
    ... class Pair:
    ...     left: float
    ...     name: str = static()
    >>> jax.tree.leaves(Pair(1.0, "one"))
    [1.0]
    """
    made = dataclasses.dataclass(frozen=True, eq=False)(cls)
    fields = dataclasses.fields(made)  # type: ignore[arg-type]
    meta = [each.name for each in fields if each.metadata.get("static")]
    data = [each.name for each in fields if each.name not in meta]
    return jax.tree_util.register_dataclass(made, data_fields=data, meta_fields=meta)
