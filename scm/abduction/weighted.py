"""Inference by weighted draws, and by chains where too few of the draws have weight."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.distributions import Normal

from scm.abduction.chains import chained
from scm.abduction.composed import Block
from scm.abduction.diagnosis import AbductionWarning, Poor
from scm.abduction.evaluation import Evaluation, evaluation_of
from scm.abduction.impossible import prior_values
from scm.abduction.inferred import Inferred
from scm.abduction.solving import Draws
from scm.abduction.strategy import Unit
from scm.compile.fingerprint import identity
from scm.compile.programs import kept
from scm.core.errors import ModelError
from scm.core.structure import System
from scm.noise.laws import law_of
from scm.noise.score import Score
from scm.noise.source import Drawn, Picked

__all__ = ["weighted"]

_PROPOSED = 1 << 13
_MOST = 1 << 17
_FLOOR = 50.0  # effective draws, below which there is no answer
_POOR = 200.0  # below which it is warned of
_PLAIN = law_of(Normal(0.0, 1.0))
_AT_ONCE = 1 << 21  # draws of all units that are held together


def weighted(
    block: Block,
    system: System,
    known: Mapping[str, Any],
    low: Mapping[str, Any],
    high: Mapping[str, Any],
    units: Draws,
) -> Inferred:
    """The noises of a block by importance sampling: free noises from their laws, weighted by the
    density of what was seen, and drawn again by weight."""
    evaluation = evaluation_of(block)
    seen = lambda each: {name: jnp.asarray(each[name]) for name in block.seen}
    data = {name: jnp.asarray(known[name]) for name in block.reads}, seen(low), seen(high)
    held, ess, fine = _resampled(evaluation, system, data, units, _PROPOSED)
    figures: list[Poor] = []
    names, chains = ["importance"], 1
    promising = (
        2 * _POOR * _PROPOSED / _MOST
    )  # effective draws, of which more proposals make enough
    for attempt in ("more", "chains", "most"):
        poor = (ess < _POOR) | ~fine
        rows = np.flatnonzero(poor & (ess > promising) if attempt == "more" else poor)
        if not len(rows):
            continue
        padded = _padded(rows, len(ess))
        part = jax.tree.map(lambda x, rows=padded: x[rows], data)
        few = Draws(units.root, units.draws, units.rows[padded], units.units)
        if attempt == "chains":
            found = chained(block, system, part, few)
            if found is None:
                continue
            more, figures_of, chains = found
            figures += figures_of
            names = ["nuts"] if len(rows) == len(ess) else [*names, "nuts"]
            ess_of, fine_of = np.full(len(padded), np.inf), np.ones(len(padded), bool)
        else:
            more, ess_of, fine_of = _resampled(evaluation, system, part, few, _MOST)
        count = len(rows)
        held = {key: x.at[:, rows].set(more[key][:, :count]) for key, x in held.items()}
        ess, fine = ess.copy(), fine.copy()
        ess[rows], fine[rows] = ess_of[:count], fine_of[:count]
    _judge(evaluation, ess, fine, units)
    if (np.isfinite(ess) & fine).any():
        worst = int(np.argmin(np.where(fine, ess, np.inf)))
        figures += [
            Poor(noise.key, "importance", float(ess[worst]), int(units.rows[worst]))
            for noise in evaluation.free
        ]
    nothing_known = np.full(len(ess), np.nan)
    held_by = {noise.address: (held[noise.key], False) for noise in block.noises}
    return Inferred(held_by, " and ".join(names), nothing_known, fine, True, tuple(figures), chains)


def _padded(rows: np.ndarray, most: int) -> np.ndarray:
    """Rows, the last of them repeated, so that programs meet few numbers of units."""
    size = most if 4 * len(rows) > most else max(8, 1 << (len(rows) - 1).bit_length())
    return np.pad(rows, (0, min(size, most) - len(rows)), mode="edge")


def _judge(evaluation: Evaluation, ess: np.ndarray, fine: np.ndarray, units: Draws) -> None:
    """Refuse or warn where too few draws have weight."""
    worst = int(np.argmin(np.where(fine, ess, np.inf)))
    unit, noises = int(units.rows[worst]), ", ".join(noise.key for noise in evaluation.free)
    nothing = np.flatnonzero(~fine)
    if evaluation.judged and (len(nothing) or ess[worst] < _FLOOR):
        unit = int(units.rows[nothing[0]]) if len(nothing) else unit
        shown = ", ".join(evaluation.judged)
        raise ModelError(
            f"abduct: {shown} was seen, and the noises behind it ({noises}) have to be inferred "
            f"together; {shown} has no noise that can be solved for, and of {_MOST:,} draws hardly "
            f"one meets what was seen of unit {unit}. Give bounds instead of the value, "
            f"Interval(...) or Rounded(...), or add a noise of measurement to {shown}"
        )
    if len(nothing):
        raise ModelError(
            f"abduct: none of {_MOST:,} draws of {noises} fits what was seen of unit "
            f"{int(units.rows[nothing[0]])}: it is impossible, or too rare to be found so. Look at "
            "what the model makes of such units, model.do(...).sample(key, n), or widen bounds"
        )
    if ess[worst] < _FLOOR:
        raise ModelError(
            f"abduct: of {_MOST:,} draws of {noises} hardly {ess[worst]:.1f} fit what was seen of "
            f"unit {unit}: the answer would be a guess. See more of the unit, give bounds instead "
            "of values, or take out a variable that is almost impossible"
        )
    if ess[worst] < _POOR:
        warnings.warn(
            f"abduct: {noises} of unit {unit} rest on {ess[worst]:.0f} effective draws",
            AbductionWarning,
            stacklevel=2,
        )


def _resampled(
    evaluation: Evaluation, system: System, data: Any, units: Draws, count: int
) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    """Noises (draws, units, *shape) by key, the effective number of draws and whether there is any,
    by unit."""
    block = evaluation.block
    addresses = [noise.address for noise in block.noises]
    addresses += [(name, "choice of what was not told") for name in evaluation.own]
    addresses.append((block.names[-1], "which draw"))
    source = Draws(units.root, 1, units.rows, units.units).source(addresses)
    streams = source.streams
    draws = units.draws

    def job(numbers: Any, streams: Any, data: Any, rows: Any) -> Any:
        run = lambda each: _one(evaluation, system, numbers, streams, count, draws, *each)
        return jax.lax.map(run, (*data, rows), batch_size=max(1, _AT_ONCE // count // 8))

    what = (*identity(system), block.names, block.seen, block.exact, count, draws)
    ways = tuple((name, way.method, way.key) for name, way in evaluation.own.items())
    pivot = evaluation.pivot.key if evaluation.pivot else None
    rows = jnp.asarray(units.rows, jnp.uint32)
    held, ess, fine = kept(("weighted", what, ways, pivot), lambda: job)(
        system.numbers, streams, data, rows
    )
    return (
        {key: jnp.swapaxes(x, 0, 1) for key, x in held.items()},
        np.asarray(ess, float),
        np.asarray(fine),
    )


def _one(
    evaluation: Evaluation,
    system: System,
    numbers: Any,
    streams: Any,
    count: int,
    draws: int,
    known: Any,
    low: Any,
    high: Any,
    row: Any,
) -> Any:
    """One unit: draws by weight."""
    block, inside = evaluation.block, system.given(numbers)
    numbered = jnp.arange(count, dtype=jnp.uint32)
    # the high word is the unit (from 1: draws elsewhere have 0), the low word the proposal
    proposals = Picked(jnp.zeros(2, jnp.uint32), jnp.full_like(numbered, row + 1), numbered)
    source = Drawn(streams, proposals)
    drawn = {n.key: prior_values(block, n, inside, source) for n in evaluation.free}
    chance: dict[str, Score] = {}
    for noise in block.noises:
        if noise.law.kind != "sampler":
            chance[noise.key] = source.scores((noise.address[0], 0, noise.address[1]), noise.law)
    for name in evaluation.own:
        place = (name, 0, "choice of what was not told")
        chance[f"choice/{name}"] = source.scores(place, _PLAIN)

    def fit(drawn: Any, chance: Any) -> Any:
        unit = Unit(numbers, known, low, high, chance)
        found = evaluation.fit(unit, drawn)
        good = evaluation.checked(unit, found)
        return found.held, jnp.where(good, found.log_weight, -jnp.inf)

    held, log = jax.vmap(fit)(drawn, chance)
    log = jnp.where(jnp.isnan(log), -jnp.inf, log)
    top = log.max()
    weight = jnp.exp(log - jnp.where(jnp.isfinite(top), top, 0.0))
    total = weight.sum()
    ess = jnp.where(total > 0, total**2 / jnp.maximum((weight**2).sum(), 1e-30), 0.0)
    first = source.scores((block.names[-1], 0, "which draw"), _PLAIN).lower[0]
    places = (jnp.arange(draws) + first) / draws  # systematic: as often as the weight says
    running = jnp.cumsum(weight) / jnp.where(total > 0, total, 1.0)
    at = jnp.clip(jnp.searchsorted(running, places * running[-1]), 0, count - 1)
    order = _shuffled(source, at, block.names[-1])
    return jax.tree.map(lambda x: x[order], held), ess, jnp.isfinite(top)


def _shuffled(source: Any, at: Any, name: str) -> Any:
    """Draws in no order: the first few of them are draws too."""
    keys = source.scores((name, 0, "which draw"), _PLAIN).lower
    size = at.shape[0]
    wide = jnp.resize(keys, (size,))
    return at[jnp.argsort(wide)]
