"""Strategy 5: noises that have to be inferred together, exactly where that can be."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.abduction.composed import Block, Noise
from scm.abduction.inferred import Inferred
from scm.abduction.joint import joint
from scm.abduction.solving import Draws, chances
from scm.abduction.strategy import Unit, agrees, value_at
from scm.abduction.weighted import weighted
from scm.compile.fingerprint import identity
from scm.compile.programs import kept
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
        if block.loops:
            raise ModelError(
                f"abduct: {' and '.join(block.loops[0])} stand on a loop, and their noises are not "
                "found together, for what is behind them is not linear and Gaussian; give values "
                "for all that is on the loop, and for what it reads"
            ) from None
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
    what = (*identity(system), block.names, block.seen, block.exact, units.draws)
    source = units.source(
        [noise.address for noise in block.noises if noise.law.kind != "sampler"]
        + [(block.names[-1], "choice of what was not told")]
        + [_place(noise) for noise in block.noises]
    )
    build = lambda: lambda source: _chance(block, source, units.draws)
    drawn = kept(("chance", what), build)(source)
    chance = {key: np.asarray(x, float) for key, x in drawn.items()}
    arrays = lambda each, names: {name: np.asarray(each[name]) for name in names}
    seen = arrays(low, block.seen), arrays(high, block.seen)
    found = joint(
        dataclasses.replace(block, system=system), arrays(known, block.reads), *seen, chance
    )
    held: dict[Address, tuple[Any, bool]] = {}
    for noise in block.noises:
        if noise.key in found.values:
            held[noise.address] = jnp.asarray(found.values[noise.key], noise.shape.dtype), False
        else:
            array = jnp.asarray(found.scores[noise.key], jnp.result_type(float))
            held[noise.address] = array, noise.declared
    scored = tuple(held[noise.address][1] for noise in block.noises)
    check = kept(("agrees", what, scored), lambda: _check(block, system, scored))
    each = [held[noise.address][0] for noise in block.noises]
    same = check(system.numbers, arrays(known, block.reads), *seen, each)
    fine = np.isfinite(found.log_weight) & np.asarray(same)
    return Inferred(held, found.method, found.log_weight, fine, found.spread)


def _place(noise: Noise) -> Address:
    """Where the uniforms are drawn that say where in its cell a noise is."""
    return noise.address[0], f"place of {noise.address[1]}"


def _chance(block: Block, source: Any, draws: int) -> dict[str, Any]:
    """All that is random in an exact answer, by name, (draws, units, *shape)."""
    scores = chances(block, source, draws)
    found = {"choice": scores.pop("choice").lower}
    for noise in block.noises:
        if noise.key in scores:
            score, (variable, name) = scores[noise.key], _place(noise)
            found[noise.key] = gumbel(score) if noise.law.kind == "gumbel" else score.normal
            place = source.scores((variable, 0, name), noise.law).lower
            found[f"place/{noise.key}"] = place.reshape(draws, -1, *noise.law.shape)
    return found


def _check(block: Block, system: System, scored: tuple[bool, ...]) -> Any:
    """A program that says of every unit whether all its draws give back what was seen."""

    def check(numbers: Any, known: Any, low: Any, high: Any, held: Any) -> Any:
        inside = system.given(numbers)

        def one(known: Any, low: Any, high: Any, held: Any) -> Any:
            pairs = zip(block.noises, scored, held, strict=True)
            values = [value_at(inside, n, x) if score else x for n, score, x in pairs]
            return agrees(block, Unit(numbers, known, low, high, {}), values)

        over_units = jax.vmap(one, (0, 0, 0, 0))
        return jax.vmap(over_units, (None, None, None, 0))(known, low, high, held).all(axis=0)

    return check
