"""A posterior put together from what was found for groups of units."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.abduction.diagnosis import Diagnosis
from scm.abduction.evidence import Evidence
from scm.abduction.job import Part, Piece
from scm.abduction.posterior import Posterior
from scm.compile.codes import Code
from scm.noise.given import Given
from scm.noise.identity import noise_names
from scm.noise.laws import law_of
from scm.noise.score import NormalScore
from scm.noise.source import Address, Run
from scm.solve.draws import drawn_noise, laws_of

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["together"]


def together(
    model: SCM, evidence: Evidence, root: Any, draws: int, found: Sequence[Part]
) -> Posterior:
    """The posterior of all groups."""
    laws, names = laws_of(model.system), noise_names(model.structure)
    rest = Run(root, np.zeros(2, np.uint32), draws * evidence.n)
    values: dict[Address, Any] = {}
    scores: dict[Address, Any] = {}
    for address in dict.fromkeys(a for each in found for a in each.pieces):
        law = laws[names[address]]
        parts = [
            piece
            if each.group.n == evidence.n
            else dataclasses.replace(piece, rows=each.group.rows[piece.rows])
            for each in found
            for piece in each.pieces.get(address, [])
        ]
        scored = law is not None and all(piece.scored for piece in parts)
        covered = sum(len(piece.rows) for piece in parts)
        if covered < evidence.n and scored:
            scored = False
        arrays = [
            _valued(piece, law) if piece.scored and law is not None and not scored else piece.array
            for piece in parts
        ]
        if len(parts) == 1 and covered == evidence.n:
            flat = _flat(parts[0], arrays[0], draws)
        else:
            flat = _scattered(model, evidence, rest, address, draws, parts, arrays)
        (scores if scored else values)[address] = flat
    code = _code([each.untold for each in found if each.untold is not None])
    given = {address: laws[names[address]] for address in values}
    origin = Given(values, given, draws * evidence.n, scores, rest, code)
    return Posterior(
        model if draws == 1 else _repeated(model, draws, evidence.n),
        origin,
        draws,
        evidence.n,
        evidence.single,
        _methods(model, found),
        tuple(dict.fromkeys(note for each in found for note in each.notes)),
        Diagnosis(tuple(f for each in found for f in each.figures), max(g.chains for g in found)),
    )


def _code(untold: Sequence[Any]) -> Any:
    """What travels with the worlds of a posterior that was made inside a trace."""
    if not untold:
        return 0
    return jnp.where(jnp.stack(untold).any(), Code.UNTOLD_NOISE, Code.OK).astype(jnp.int32)


def _flat(piece: Piece, array: Any, draws: int) -> Any:
    """A row for each draw of each unit."""
    if not piece.certain:
        array = jnp.broadcast_to(array, (draws, *array.shape[1:]))
        return array.reshape(-1, *array.shape[2:])
    return array if draws == 1 else jnp.tile(array, (draws, *[1] * (array.ndim - 1)))


def _valued(piece: Piece, law: Any) -> Any:
    over = jax.vmap(law_of(law).value, (None, 0))
    over = over if piece.certain else jax.vmap(over, (None, 0))
    return over(law, NormalScore(piece.array))


def _scattered(
    model: SCM,
    evidence: Evidence,
    rest: Run,
    address: Address,
    draws: int,
    parts: Sequence[Piece],
    arrays: Sequence[Any],
) -> Any:
    """One noise of all units, put together from groups; drawn where a group tells nothing of it."""
    covered = sum(len(piece.rows) for piece in parts)
    shape = arrays[0].shape[1 if parts[0].certain else 2 :]
    if covered < evidence.n:
        whole = drawn_noise(model.system, rest, address).reshape(draws, evidence.n, *shape)
    else:
        whole = jnp.zeros((draws, evidence.n, *shape), arrays[0].dtype)
    for piece, array in zip(parts, arrays, strict=True):
        whole = whole.at[:, piece.rows].set(array.astype(whole.dtype))
    return whole.reshape(-1, *shape)


def _repeated(model: SCM, draws: int, units: int) -> SCM:
    """The model with every value of a unit's own repeated for each draw."""
    return model.rows(np.tile(np.arange(units), draws))


def _methods(model: SCM, found: Sequence[Part]) -> dict[str, str]:
    """How the noises of each variable were found; of groups that differ, all ways."""
    methods: dict[str, list[str]] = {}
    for each in found:
        for name, method in each.methods.items():
            methods.setdefault(name, []).append(method)
    order = [name for name in model.structure.order if name in methods]
    return {name: ", or ".join(dict.fromkeys(methods[name])) for name in order}
