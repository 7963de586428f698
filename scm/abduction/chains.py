"""Chains: the noises of a block by NUTS in their normal scores, discrete variables summed out.

Every unit has its own target, so units and chains are mapped over, and one program serves them
all. Hoffman and Gelman (2014), by NumPyro's kernels.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.diagnostics import effective_sample_size, split_gelman_rubin
from numpyro.distributions import Normal
from numpyro.infer.hmc import hmc

from scm.abduction.composed import Block, declared_law, live_noises
from scm.abduction.diagnosis import AbductionWarning, Poor
from scm.abduction.evaluation import Evaluation, evaluation_of
from scm.abduction.solving import Draws
from scm.abduction.strategy import Unit, value_at
from scm.compile.fingerprint import identity
from scm.compile.programs import kept
from scm.core.leaves import unflatten
from scm.core.mechanism import Shape
from scm.core.structure import System
from scm.noise.laws import law_of
from scm.noise.laws.finite import support_of
from scm.noise.score import Score

__all__ = ["chained"]

_CHAINS, _WARMUP, _THIN = 8, 400, 2
_FEWEST = 50  # draws of a chain, for its figures to mean anything
_STARTS, _BEST = 4096, 64
_MOST_COMBINATIONS = 256
_RHAT, _ESS = 1.05, 100.0


def chained(
    block: Block, system: System, data: Any, units: Draws
) -> tuple[dict[str, Any], list[Poor], int] | None:
    """Noises by key, (draws, units, *shape), their figures, and how many chains the draws are of;
    None where the noises are not all continuous, or discrete variables have too many values."""
    summed = _discrete(block)
    if summed is None:
        return None
    names, combinations = summed
    evaluation = evaluation_of(block, names)
    real = all(
        noise.law.kind in ("quantile", "score")
        and (not noise.declared or noise.shape.dtype.kind == "f")
        for noise in evaluation.free
    )
    size = sum(math.prod(noise.law.shape) for noise in evaluation.free)
    if not real or not size or evaluation.judged:
        return None
    draws = max(-(-units.draws // _CHAINS), _FEWEST)
    chance = _chances(evaluation, units, draws * _CHAINS)

    def job(numbers: Any, root: Any, data: Any, chance: Any, rows: Any) -> Any:
        target = _Target(evaluation, system.given(numbers), names, combinations, size)
        one = lambda data, chance, row: _unit(target, root, draws, data, chance, row)
        return jax.vmap(one)(data, chance, rows)

    ways = tuple((name, way.method, way.key) for name, way in evaluation.own.items())
    pivot = evaluation.pivot.key if evaluation.pivot else None
    key = (*identity(system), block.names, block.seen, block.exact, ways, pivot, draws)
    values = tuple(tuple(map(float, each)) for each in combinations)
    program = kept(("chains", key, values), lambda: job)
    rows = jnp.asarray(units.rows, jnp.uint32)
    z, diverged, held = program(system.numbers, units.root, data, chance, rows)
    figures = _figures(evaluation, np.asarray(z), np.asarray(diverged), units)
    flat = lambda x: jnp.swapaxes(x, 0, 1)[: units.draws]
    return {name: flat(x) for name, x in held.items()}, figures, _CHAINS


def _discrete(block: Block) -> tuple[list[str], np.ndarray] | None:
    """The discrete variables that were not seen and have noise, and all combinations of values."""
    names, supports = [], []
    for name in block.names:
        whole = not jnp.issubdtype(block.system.out(name).dtype, jnp.floating)
        if name in block.seen or not whole or not live_noises(block.system, name):
            continue
        support = _support(block.system, name)
        if support is None:
            return None
        names.append(name)
        supports.append(support)
    if math.prod(map(len, supports)) > _MOST_COMBINATIONS:
        return None
    return names, np.array(list(itertools.product(*supports)), float).reshape(
        math.prod(map(len, supports)), len(names)
    )


def _support(system: System, name: str) -> np.ndarray | None:
    """The values of a discrete variable, so far as its law tells."""
    structure = system.structure
    depth = structure.variables[name].live[-1]
    mechanism = structure.mechanisms[name][depth]
    if system.out(name).dtype == jnp.bool_:
        return np.arange(2)
    if mechanism.assignment.form == "law":
        (noise,) = live_noises(system, name)
        return support_of(declared_law(system, noise))
    if mechanism.law is None or mechanism.jaxpr is None:
        return None
    found: list[np.ndarray | None] = []
    shapes = [Shape(v.aval.shape, v.aval.dtype) for v in mechanism.jaxpr.jaxpr.outvars]
    jax.eval_shape(
        lambda leaves: found.append(support_of(unflatten(mechanism.law, leaves))), shapes
    )
    return found[0]


def _chances(evaluation: Evaluation, units: Draws, draws: int) -> dict[str, Score]:
    """Scores for what is random in the noises once the chains are done: (units, draws, *shape)."""
    block = evaluation.block
    wide = Draws(units.root, draws, units.rows, units.units)
    choices = [(name, "choice of what was not told") for name in (*evaluation.own, block.names[-1])]
    noises = [noise for noise in block.noises if noise.law.kind != "sampler"]
    source = wide.source([*(noise.address for noise in noises), *choices])
    plain = law_of(Normal(0.0, 1.0))
    found = {n.key: source.scores((n.address[0], 0, n.address[1]), n.law) for n in noises}
    for name, choice in choices:
        found[f"choice/{name}"] = source.scores((name, 0, choice), plain)
    split = lambda x: jnp.swapaxes(x.reshape(draws, len(units.rows), *x.shape[1:]), 0, 1)
    return {key: jax.tree.map(split, score) for key, score in found.items()}


@dataclasses.dataclass(frozen=True, eq=False)
class _Target:
    """What the chains of a unit walk on: normal scores of the free noises, weighted by fit.

    Attributes:
      names: discrete variables that are summed out, ``combinations`` of their values.
      size: how many scores there are.
    """

    evaluation: Evaluation
    system: System
    names: list[str]
    combinations: np.ndarray
    size: int

    def drawn(self, z: Any) -> dict[str, Any]:
        """The free noises at scores."""
        found, start = {}, 0
        for noise in self.evaluation.free:
            count = math.prod(noise.law.shape)
            part = z[start : start + count].reshape(noise.law.shape)
            found[noise.key] = value_at(self.system, noise, part)
            start += count
        return found

    def taken(self, data: Any, combination: Any, chance: Any) -> Unit:
        """The unit, as if discrete variables had been seen to have these values."""
        known, low, high = data
        more = {
            name: combination[at].astype(self.system.out(name).dtype)
            for at, name in enumerate(self.names)
        }
        return Unit(self.system.numbers, known, {**low, **more}, {**high, **more}, chance)

    def logs(self, z: Any, data: Any, chance: Any) -> Any:
        """The log weight of every combination."""

        def one(combination: Any) -> Any:
            unit = self.taken(data, combination, chance)
            return self.evaluation.fit(unit, self.drawn(z)).log_weight

        found = jax.vmap(one)(jnp.asarray(self.combinations))
        return jnp.where(jnp.isnan(found), -jnp.inf, found)

    def finished(self, z: Any, data: Any, chance: Any) -> dict[str, Any]:
        """All noises at the scores of a draw."""
        at: Any = 0
        if len(self.combinations) > 1:
            uniform = chance[f"choice/{self.evaluation.block.names[-1]}"].lower
            shares = jnp.cumsum(jax.nn.softmax(self.logs(z, data, chance)))
            at = jnp.minimum(jnp.sum(shares < uniform * shares[-1]), len(shares) - 1)
        unit = self.taken(data, jnp.asarray(self.combinations)[at], chance)
        return self.evaluation.fit(unit, self.drawn(z)).held


def _unit(target: _Target, root: Any, draws: int, data: Any, chance: Any, row: Any) -> Any:
    """The chains of one unit: scores (chains, kept, size), divergences, noises (draws, *shape)."""
    first = jax.tree.map(lambda x: x[0], chance)
    fits = lambda z: jax.nn.logsumexp(target.logs(z, data, first))

    def potential(z: Any) -> Any:
        fit = fits(z)
        return jnp.where(jnp.isfinite(fit), -fit, 1e10) + 0.5 * jnp.sum(z**2)

    key = jax.random.fold_in(jax.random.wrap_key_data(jnp.asarray(root, jnp.uint32)), row)
    key, start_key, pick_key = jax.random.split(key, 3)
    starts = jax.random.normal(start_key, (_STARTS, target.size))
    # any of the best, not only the very best: chains in modes apart then disagree, which is seen
    best = jnp.argsort(-jnp.maximum(jax.vmap(fits)(starts), -1e10))[:_BEST]
    chosen = jax.random.choice(pick_key, best, (_CHAINS,), replace=False)
    init, step = hmc(potential, algo="NUTS")

    def one_step(_: Any, held: Any) -> Any:
        state = step(held[0])
        return state, held[1] + state.diverging.astype(int)

    def kept_step(state: Any, at: Any) -> Any:
        # The warm-up is the first of these, so that the step is in the program only once.
        steps = jnp.where(at == 0, _WARMUP, _THIN)
        state, split = jax.lax.fori_loop(0, steps, one_step, (state, 0))
        return state, (state.z, split)

    def chain(z: Any, key: Any) -> Any:
        state = init(z, num_warmup=_WARMUP, rng_key=key, target_accept_prob=0.9)
        kept = jax.lax.scan(kept_step, state, jnp.arange(draws + 1))[1]
        return jax.tree.map(lambda x: x[1:], kept)

    z, diverged = jax.vmap(chain)(starts[chosen], jax.random.split(key, _CHAINS))
    finish = lambda z, chance: target.finished(z, data, chance)
    return z, diverged.sum(), jax.vmap(finish)(z.reshape(-1, target.size), chance)


def _figures(
    evaluation: Evaluation, z: np.ndarray, diverged: np.ndarray, units: Draws
) -> list[Poor]:
    """Effective draws, R-hat and divergences of every noise, the worst over units; warns of poor
    ones. ``z`` is (units, chains, kept, size)."""
    moved = np.moveaxis(z, 0, 2)  # chains, kept, units, size
    ess, rhat = effective_sample_size(moved), split_gelman_rubin(moved)
    figures, start = [], 0
    for noise in evaluation.free:
        count = math.prod(noise.law.shape)
        of = ess[:, start : start + count].min(axis=1)
        worst = rhat[:, start : start + count].max(axis=1)
        start += count
        unit = int(np.argmin(of))
        figure = float(of[unit]), int(units.rows[unit]), float(np.max(worst)), int(diverged.sum())
        figures.append(Poor(noise.key, "nuts", *figure))
        bad = np.flatnonzero((worst > _RHAT) | (of < _ESS))
        if len(bad):
            at = int(bad[0])
            few = f"R-hat {worst[at]:.2f}, {of[at]:.0f} effective draws; {len(bad)} such units"
            warnings.warn(
                f"abduct: the chains of {noise.key} of unit {int(units.rows[at])} have not mixed "
                f"({few}): they are in modes apart, or have hardly moved. Give wider bounds "
                "(Interval, Rounded), or see more of the unit",
                AbductionWarning,
                stacklevel=2,
            )
    return figures
