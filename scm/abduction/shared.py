"""Strategy 5: noises that have to be inferred together, exactly where that can be."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.abduction.composed import Block
from scm.abduction.inferred import Inferred
from scm.abduction.joint import joint
from scm.abduction.solving import Draws, chances
from scm.abduction.strategy import Unit, agrees, value_at
from scm.abduction.weighted import weighted
from scm.core.errors import ModelError
from scm.core.structure import System
from scm.exact.values import NotExactError
from scm.noise.laws.discrete import gumbel
from scm.noise.source import Address

__all__ = ["inferred"]


def inferred(
    block: Block,
    system: System,
    known: Mapping[str, Any],
    low: Mapping[str, Any],
    high: Mapping[str, Any],
    units: Draws,
    exactly: bool,
) -> Inferred:
    """The noises of a block given bounds of what was seen, for all units.

    Raises `ModelError` where the noises cannot be inferred, saying what to give; and where they
    cannot be ``exactly``, if that is asked.
    """
    try:
        return _exactly(block, system, known, low, high, units)
    except NotExactError:
        if exactly:
            raise ModelError(
                f"log_prob: the density of {' and '.join(block.seen)} is an integral over "
                f"{', '.join(noise.key for noise in block.noises)} that is not known exactly: what "
                "was not seen, or seen within bounds, is neither finite nor linear and Gaussian. "
                "Give values for more variables, latent ones too if they are known"
            ) from None
        return weighted(block, system, known, low, high, units)


def _exactly(
    block: Block, system: System, known: Any, low: Any, high: Any, units: Draws
) -> Inferred:
    source = units.source(
        [n.address for n in block.noises if n.law.kind != "sampler"]
        + [(block.names[-1], "choice of what was not told")]
        + [(n.address[0], f"place of {n.address[1]}") for n in block.noises]
    )
    scores = chances(block, source, units.draws)
    chance = {"choice": np.asarray(scores.pop("choice").lower, float)}
    for noise in block.noises:
        if noise.key in scores:
            score = scores[noise.key]
            made = gumbel(score) if noise.law.kind == "gumbel" else score.normal
            chance[noise.key] = np.asarray(made, float)
            at = (noise.address[0], 0, f"place of {noise.address[1]}")
            place = source.scores(at, dataclasses.replace(noise.law, shape=noise.law.shape))
            shape = (units.draws, len(units.rows), *noise.law.shape)
            chance[f"place/{noise.key}"] = np.asarray(place.lower, float).reshape(shape)
    arrays = lambda each: {name: np.asarray(x) for name, x in each.items()}
    seen = lambda each: {name: np.asarray(each[name]) for name in block.seen}
    found = joint(
        dataclasses.replace(block, system=system), arrays(known), seen(low), seen(high), chance
    )
    held: dict[Address, tuple[Any, bool]] = {}
    values = []
    for noise in block.noises:
        if noise.key in found.values:
            array = jnp.asarray(found.values[noise.key], noise.shape.dtype)
            held[noise.address] = (array, False)
            values.append(array)
        else:
            array = jnp.asarray(found.scores[noise.key], jnp.result_type(float))
            held[noise.address] = (array, noise.declared)
            over = jax.vmap(jax.vmap(lambda z, noise=noise: value_at(system, noise, z)))
            values.append(over(array) if noise.declared else array)
    fine = np.isfinite(found.log_weight)

    def check(known: Any, low: Any, high: Any, held: Any) -> Any:
        return agrees(block, Unit(system.numbers, known, low, high, {}), held)

    checked = jax.vmap(jax.vmap(check, (0, 0, 0, 0)), (None, None, None, 0))
    least, most = ({name: each[name] for name in block.seen} for each in (low, high))
    same = np.asarray(checked(dict(known), least, most, values)).all(axis=0)
    return Inferred(held, found.method, found.log_weight, fine & same, found.spread)
