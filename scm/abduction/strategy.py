"""What a strategy is: a way to find the noises of a block, exactly, unit by unit."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from scm.abduction.composed import Block, Noise, declared_law
from scm.abduction.rounding import with_scales
from scm.core.structure import Numbers, System
from scm.noise.laws import law_of
from scm.noise.laws.finite import probabilities, support_of
from scm.noise.score import NormalScore, Score

__all__ = [
    "Found",
    "Strategy",
    "Unit",
    "agrees",
    "log_density",
    "log_of",
    "value_at",
    "within",
]


_ROUNDINGS = 64  # how often rounding may have moved an outcome by as much as it can


class Unit(NamedTuple):
    """One unit of a block.

    Attributes:
      numbers: of the model.
      known: the variables that the block reads.
      low, high: bounds of the variables seen, by name.
      chance: scores by noise address as one word, and one by the name of ``choice``: what is random
        in the answer.
    """

    numbers: Numbers
    known: Mapping[str, Any]
    low: Mapping[str, Any]
    high: Mapping[str, Any]
    chance: Mapping[str, Score]


class Found(NamedTuple):
    """The noises of a unit.

    Attributes:
      held: for each noise of the block its value, or its scores: see `Strategy.scored`.
      log_weight: the log of the density, or of the probability, of what was seen.
      fine: whether the noises give back what was seen.
      spread: whether other noises would do so too.
      trouble: what was assumed turned out wrong, or the precision was not enough.
    """

    held: list[Any]
    log_weight: Any
    fine: Any
    spread: Any
    trouble: Any


@dataclasses.dataclass(frozen=True, eq=False)
class Strategy:
    """A way to find the noises of a block.

    Attributes:
      method: its name, as a posterior reports it.
      key: what its program depends on besides the block and the shapes of numbers.
      scored: addresses of declared noises that are found by score instead of by value.
      solve: for one unit; traceable.
      certain: no answer of it is random.
      note: what the answer rests on, if on more than the model.
    """

    block: Block
    method: str
    key: Hashable
    solve: Callable[[Unit], Found]
    scored: frozenset[tuple[str, str]] = frozenset()
    certain: bool = False
    note: str = ""


def within(value: Any, low: Any, high: Any, scale: Any) -> Any:
    """Whether a value is within bounds, up to the rounding of numbers of this scale."""
    if not jnp.issubdtype(jnp.result_type(value), jnp.floating):
        return jnp.all((value >= low) & (value <= high))
    slack = _ROUNDINGS * jnp.finfo(value.dtype).eps * scale
    return jnp.all((value >= low - slack) & (value <= high + slack))


def agrees(block: Block, unit: Unit, held: list[Any]) -> Any:
    """Whether noises, declared ones by value, give back what was seen, up to rounding: a large
    parent that hardly matters excuses nothing."""
    known = {name: unit.known[name] for name in block.reads}
    found, scales = with_scales(block.outputs, block.numbers_of(unit.numbers), known, held)
    fine = jnp.asarray(True)
    for name, value, scale in zip(block.seen, found, scales, strict=True):
        fine &= within(value, unit.low[name], unit.high[name], scale)
    return fine


def value_at(system: System, noise: Noise, z: Any) -> Any:
    """A noise at a normal score: its value if it is declared, else the score itself."""
    if not noise.declared:
        return z
    law = declared_law(system, noise)
    return law_of(law).value(law, NormalScore(z)).astype(noise.shape.dtype)


def log_of(law: Any, value: Any) -> Any:
    """The log density of a value under a law, or its log probability: -inf where that is 0."""
    if law.event_shape == () and support_of(law) is not None:
        return jnp.log(probabilities(law, jnp.asarray(value)[None])[0])
    return jnp.sum(law.log_prob(value))


def log_density(system: System, noise: Noise, held: Any) -> tuple[Any, Any]:
    """The log density of a noise where it is, and whether it can be there."""
    if not noise.declared:
        return jax.scipy.stats.norm.logpdf(held).sum(), jnp.isfinite(held).all()
    law = declared_law(system, noise)
    inside = jnp.all(law.support(held)) if law.support is not None else jnp.asarray(True)
    log = log_of(law, held)
    return log, inside & jnp.isfinite(held).all() & (log > -jnp.inf)
