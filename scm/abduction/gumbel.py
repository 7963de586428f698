"""Strategy 4: the Gumbel noises behind a category that was seen, drawn from the top down.

The largest of scores plus Gumbel noise is itself Gumbel, whichever category it is; given it, the
others are Gumbel cut at it (Maddison, Tarlow and Minka 2014; Oberst and Sontag 2019). For laws
coupled by ``gumbel_max``, and for assignments written as ``argmax(scores + g)``.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Literal, jaxpr_as_fun
from numpyro import distributions as dist

from scm.abduction.composed import Block, Noise, declared_law, returned_by
from scm.abduction.strategy import Found, Strategy, Unit, agrees
from scm.noise.laws.discrete import gumbel
from scm.noise.laws.domain import valid
from scm.noise.laws.finite import probabilities, support_of

__all__ = ["by_gumbel"]


def by_gumbel(block: Block) -> Strategy | None:
    """The strategy, if the block is one variable whose only noise is Gumbel noise for each of its
    categories."""
    if len(block.names) != 1 or len(block.noises) != 1:
        return None
    (name,), (noise,) = block.names, block.noises
    if len(block.system.structure.variables[name].live) != 1:
        return None
    if not noise.declared:
        return _returned(block, name, noise) if noise.law.kind == "gumbel" else None
    return _written(block, name, noise)


def _returned(block: Block, name: str, noise: Noise) -> Strategy:
    def solve(unit: Unit) -> Found:
        law = returned_by(block.system.given(unit.numbers), name, noise.depth, {}, unit.known)
        if isinstance(law, dist.CategoricalProbs | dist.CategoricalLogits):
            values: Any = np.arange(noise.law.shape[-1])
            by_chance = isinstance(law, dist.CategoricalProbs)
            scores = jnp.log(law.probs) if by_chance else law.logits
        else:
            values = support_of(law)
            scores = jnp.log(probabilities(law, values))
        held, log = _top_down(block, noise, name, unit, jnp.asarray(scores), jnp.asarray(values))
        fine = agrees(block, unit, [held]) & valid(law) & (log > -jnp.inf)
        return Found([held], log, fine, jnp.ones((), bool), ~fine)

    return Strategy(block, "gumbel_max", None, solve)


def _written(block: Block, name: str, noise: Noise) -> Strategy | None:
    """An assignment written as the largest of scores plus noise."""
    law = declared_law(block.system, noise)
    while isinstance(law, dist.Independent | dist.ExpandedDistribution | dist.MaskedDistribution):
        law = law.base_dist
    if not isinstance(law, dist.Gumbel) or len(noise.shape.shape) != 1:
        return None
    closed, before = block.traced(block.numbers_of(block.system.numbers))
    if not _is_argmax(closed.jaxpr, closed.jaxpr.invars[before]):
        return None
    size = noise.shape.shape[0]

    def solve(unit: Unit) -> Found:
        system = block.system.given(unit.numbers)
        law: Any = declared_law(system, noise)
        while isinstance(law, dist.Independent | dist.ExpandedDistribution):
            law = law.base_dist
        loc, scale = jnp.broadcast_to(law.loc, (size,)), jnp.broadcast_to(law.scale, (size,))
        sums = _sums(closed, before, block, unit)
        scores = (sums(jnp.zeros(size)) + loc) / scale
        held, log = _top_down(block, noise, name, unit, scores, jnp.arange(size))
        held = (loc + scale * held).astype(noise.shape.dtype)
        same = jnp.all(scale == scale[0])
        fine = agrees(block, unit, [held]) & (log > -jnp.inf)
        return Found([held], log, fine, jnp.ones((), bool), ~fine | ~same)

    return Strategy(block, "gumbel_max", "argmax", solve)


def _is_argmax(jaxpr: Any, noise: Any) -> bool:
    """Whether what is returned is the place of the largest of (something known + noise)."""
    argmax = _argmax(jaxpr)
    made = {v: e for e in jaxpr.eqns for v in e.outvars}
    added = made.get(argmax.invars[0]) if argmax is not None else None
    if added is None or added.primitive.name not in ("add", "add_any"):
        return False
    uses = [e for e in jaxpr.eqns if any(v is noise for v in e.invars)]
    return uses == [added] and sum(v is noise for v in added.invars) == 1


def _argmax(jaxpr: Any) -> Any:
    made = {v: e for e in jaxpr.eqns for v in e.outvars}
    variable = jaxpr.outvars[0]
    while not isinstance(variable, Literal) and variable in made:
        equation = made[variable]
        if equation.primitive.name == "argmax":
            return equation
        if equation.primitive.name not in ("convert_element_type", "reshape", "squeeze", "copy"):
            return None
        variable = equation.invars[0]
    return None


def _sums(closed: Any, before: int, block: Block, unit: Unit) -> Any:
    """What the largest is taken of, as a function of the noise."""
    argmax = _argmax(closed.jaxpr)
    inner = closed.jaxpr.replace(outvars=[argmax.invars[0]])
    leaves = jax.tree.leaves(
        ({name: unit.known[name] for name in block.reads}, block.numbers_of(unit.numbers))
    )
    typed = [
        jnp.asarray(x).astype(v.aval.dtype)
        for x, v in zip(leaves, closed.jaxpr.invars[:before], strict=True)
    ]
    run = jaxpr_as_fun(ClosedJaxpr(inner, closed.consts))
    dtype = closed.jaxpr.invars[before].aval.dtype
    return lambda noise: run(*typed, noise.astype(dtype))[0]


def _top_down(
    block: Block, noise: Noise, name: str, unit: Unit, scores: Any, values: Any
) -> tuple[Any, Any]:
    """Standard Gumbel values for which the category is one that was seen, and its probability."""
    real = jnp.result_type(float)
    scores = scores.astype(real)
    low, high = unit.low[name], unit.high[name]
    allowed = (values >= low) & (values <= high)
    fresh = gumbel(unit.chance[noise.key]).astype(real)
    whole = jax.nn.logsumexp(scores)
    log = jax.nn.logsumexp(jnp.where(allowed, scores, -jnp.inf)) - whole
    choice = unit.chance["choice"].lower
    shares = jnp.cumsum(jnp.where(allowed, jnp.exp(scores - whole - log), 0.0))
    at = jnp.minimum(jnp.sum(shares < choice * shares[-1]), len(scores) - 1)
    at = jnp.where(name in block.exact, jnp.argmax(allowed), at)
    top = whole + fresh[at]
    possible = scores > -jnp.inf
    safe = jnp.where(possible, scores, 0.0)
    cut = -jnp.logaddexp(-top, -(safe + fresh))  # those below the top
    held = jnp.where(possible, cut - safe, fresh)
    held = held.at[at].set(top - safe[at])
    # rounding may leave a tie with the top, which another category would win
    largest = jnp.where(jnp.arange(len(scores)) == at, -jnp.inf, scores + held).max()
    slack = 4 * jnp.finfo(real).eps * (jnp.abs(largest) + jnp.abs(safe[at]) + jnp.abs(top))
    lifted = jnp.maximum(held[at], largest - safe[at] + slack)
    tied = scores[at] + held[at] <= largest
    return held.at[at].set(jnp.where(tied, lifted, held[at])), log
