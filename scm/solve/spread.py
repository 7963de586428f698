"""Spreading the axis of units over devices."""

from __future__ import annotations

from typing import Any

import jax

from scm.core.errors import ModelError

__all__ = ["check_block", "fitting", "spread"]


def check_block(sharding: Any, block: int) -> None:
    """Refuse a block of units that the devices of a sharding do not divide evenly."""
    if fitting(sharding, block) is not sharding:
        count = len(sharding.device_set)
        raise ModelError(
            f"block = {block}: the sharding spreads every block over {count} devices, which do "
            f"not divide it evenly; write block={max(block // count, 1) * count}"
        )


def fitting(sharding: Any, size: int) -> Any:
    """The sharding, or None where it does not divide ``size`` units evenly."""
    if sharding is None:
        return None
    try:
        sharding.shard_shape((size,))
    except ValueError:
        return None
    return sharding


def spread(value: Any, sharding: Any) -> Any:
    """Inside a program: a value with an axis of units, spread as the sharding says."""
    return value if sharding is None else jax.lax.with_sharding_constraint(value, sharding)
