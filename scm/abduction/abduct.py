"""Abduction: from what was seen of some units to the noises that may be behind it.

Units that have the same variables, in the same way, form a group. A group has a plan: which noises
have to be found together. Each block of it goes through its strategies, best first; units for
which one does not do go on to the next, and at the end to inference over all that was not seen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.abduction.candidates import candidates
from scm.abduction.composed import Block, Noise, live_noises
from scm.abduction.diagnosis import Diagnosis, Poor
from scm.abduction.evidence import Evidence, Group, evidence_of
from scm.abduction.impossible import impossible, unlike_setting
from scm.abduction.planning import Plan, planned
from scm.abduction.posterior import Posterior
from scm.abduction.shared import inferred
from scm.abduction.solving import Draws, solved
from scm.abduction.strategy import Strategy
from scm.arguments import count
from scm.compile.programs import traced
from scm.core.errors import ModelError
from scm.noise.given import Given
from scm.noise.identity import noise_names
from scm.noise.laws import law_of
from scm.noise.score import NormalScore
from scm.noise.source import Address, Run
from scm.noise.words import fold, stream_of
from scm.solve.draws import drawn_noise, laws_of

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["abduct"]

_ABDUCTION = 0x61626475  # parts the posterior's randomness from the world's, under one key


def abduct(model: SCM, given: Any, key: Any, draws: int) -> Posterior:
    """The posterior of the noises of some units: see `SCM.abduct`."""
    draws = count("draws", draws)
    evidence = evidence_of(model.structure, given)
    model.check_units(evidence.n)
    root = fold(stream_of(key), _ABDUCTION, 0)
    if not isinstance(root, jax.core.Tracer):
        root = np.asarray(root)
    jobs = [_Job(model, evidence, group, root) for group in evidence.groups]
    found = [job.found(1, probe=True) for job in jobs]
    if any(each.open for each in found):
        found = [
            job.found(draws) if part.open else part for job, part in zip(jobs, found, strict=True)
        ]
    if not any(each.open for each in found):
        found = [
            job.found(1) if part.waited else part for job, part in zip(jobs, found, strict=True)
        ]
        draws = 1
    return _together(model, evidence, root, draws, found)


@dataclasses.dataclass(frozen=True, eq=False)
class _Piece:
    """What was found of one noise for some rows: (draws or 1, rows, *shape)."""

    rows: np.ndarray
    array: Any
    scored: bool


@dataclasses.dataclass(frozen=True, eq=False)
class _Group:
    """What was found for one group of units.

    Attributes:
      open: whether draws may differ.
      waited: whether some noises are inferred together, which a probe does not do.
    """

    group: Group
    pieces: dict[Address, list[_Piece]]
    methods: dict[str, str]
    notes: tuple[str, ...]
    figures: tuple[Poor, ...]
    chains: int
    open: bool
    waited: bool


class _Job:
    """The units of one group on their way."""

    def __init__(self, model: SCM, evidence: Evidence, group: Group, root: Any) -> None:
        self.model = model if group.n == evidence.n else model.rows(group.rows)
        self.system = self.model.system
        self.evidence, self.group, self.root = evidence, group, root
        self.plan: Plan = planned(self.system, group.kinds)
        self.ways = [candidates(block) for block in self.plan.blocks]
        self.traced = traced((self.system.numbers, group.low, root))

    def found(self, draws: int, *, probe: bool = False) -> _Group:
        """The noises of the group, so many draws of each unit.

        A probe only finds out whether evidence leaves anything open, and what it does not.
        """
        self.probe, self.waited = probe, False
        pieces: dict[Address, list[_Piece]] = {}
        methods = dict.fromkeys((a[0] for a in self.plan.free), "prior")
        methods |= dict.fromkeys(self.plan.set, "set")
        notes: list[str] = []
        self.figures: list[Poor] = []
        self.chains = 1
        every = np.arange(self.group.n)
        with_way = [b for b, ways in zip(self.plan.blocks, self.ways, strict=True) if ways]
        first = [ways[0] for ways in self.ways if ways]
        results, follows = self._solve(first, every, draws)
        self._check_set(follows)
        self.open = bool(self.plan.free)
        for block, result in zip(with_way, results, strict=True):
            ways = next(w for b, w in zip(self.plan.blocks, self.ways, strict=True) if b is block)
            names = self._block(block, ways, result, follows, draws, pieces, notes)
            methods |= dict.fromkeys(block.names, ", then ".join(dict.fromkeys(names)))
        for block, ways in zip(self.plan.blocks, self.ways, strict=True):
            if not ways:
                name = self._infer(block, every, follows, draws, pieces, notes)
                methods |= dict.fromkeys(block.names, name)
        order = {name: methods[name] for name in self.system.structure.order if name in methods}
        return _Group(
            self.group, pieces, order, tuple(notes), tuple(self.figures), self.chains,
            self.open, self.waited,
        )  # fmt: skip

    def _solve(self, ways: Sequence[Strategy], rows: np.ndarray, draws: int) -> Any:
        low, high = self._bounds(rows)
        units = Draws(self.root, draws, self.group.rows[rows], self.evidence.n)
        whole = len(rows) == self.group.n
        system = self.system if whole else self.model.rows(rows).system
        return solved(system, ways, self.plan.known, low, high, units)

    def _bounds(self, rows: np.ndarray) -> tuple[dict[str, Any], dict[str, Any]]:
        if len(rows) == self.group.n:
            return self.group.low, self.group.high
        low = {name: x[rows] for name, x in self.group.low.items()}
        same = self.group.kinds
        high = {n: low[n] if same[n] == "value" else x[rows] for n, x in self.group.high.items()}
        return low, high

    def _check_set(self, follows: Mapping[str, Any]) -> None:
        for name in self.plan.set:
            setting, low, high = follows[name], self.group.low[name], self.group.high[name]
            if not self.traced:
                unlike_setting(name, setting, low, high, self.group.rows, self.evidence.single)

    def _block(
        self,
        block: Block,
        ways: list[Strategy],
        result: Any,
        follows: Any,
        draws: int,
        pieces: dict[Address, list[_Piece]],
        notes: list[str],
    ) -> list[str]:
        """Put what was found of a block among the pieces; the names of the ways that found it."""
        rows, names = np.arange(self.group.n), []
        for at, way in enumerate(ways):
            if at:
                (result,), _ = self._solve([way], rows, draws)
            if self.traced:
                self._keep(way, rows, result, pieces)
                self.open |= not way.certain
                return [way.method]
            bad = np.asarray(result.trouble).any(axis=0)
            if not bad.all():
                fine = np.flatnonzero(~bad)
                part = (
                    jax.tree.map(lambda x, fine=fine: x[:, fine], result) if bad.any() else result
                )
                self._keep(way, rows[fine], part, pieces)
                names.append(way.method)
                self.open |= bool(np.asarray(part.spread).any())
                notes += [way.note] if way.note else []
            if not bad.any():
                return names
            refused = (~np.asarray(result.fine)).any(axis=0) & bad
            if at == len(ways) - 1 and refused.any() and not way.note:
                unit = int(rows[np.flatnonzero(refused)[0]])
                raise self._impossible(block, unit, follows)
            rows = rows[np.flatnonzero(bad)]
        names.append(self._infer(block, rows, follows, draws, pieces, notes))
        return names

    def _keep(
        self, way: Strategy, rows: np.ndarray, result: Any, pieces: dict[Address, list[_Piece]]
    ) -> None:
        for noise, held in zip(way.block.noises, result.held, strict=True):
            piece = _Piece(rows, held, noise.address in way.scored)
            pieces.setdefault(noise.address, []).append(piece)

    def _infer(
        self,
        block: Block,
        rows: np.ndarray,
        follows: Any,
        draws: int,
        pieces: dict[Address, list[_Piece]],
        notes: list[str],
    ) -> str:
        """What is to be found together: by `scm.abduction.shared`."""
        if self.traced:
            raise ModelError(
                f"abduct: the noises of {', '.join(block.names)} have to be inferred together, "
                "which is not done inside jit, vmap or grad; call abduct outside of it"
            )
        self.waited = True
        if self.probe:
            self.open = True
            return "inferred"
        low, high = self._bounds(rows)
        known = {name: low[name] for name in block.reads if name in low}
        known |= {name: follows[name][rows] for name in block.reads if name in follows}
        units = Draws(self.root, draws, self.group.rows[rows], self.evidence.n)
        answer = inferred(block, self.system, known, low, high, units)
        if not answer.fine.all():
            raise self._impossible(block, int(rows[np.argmin(answer.fine)]), follows)
        for noise in block.noises:
            array, scored = answer.held[noise.address]
            pieces.setdefault(noise.address, []).append(_Piece(rows, array, scored))
        self.open |= answer.spread
        self.figures += answer.figures
        self.chains = max(self.chains, answer.chains)
        return answer.method

    def _impossible(self, block: Block, unit: int, follows: Any) -> Exception:
        where = "" if self.evidence.single else f" (unit {int(self.group.rows[unit])})"
        low, high = self.group.low, self.group.high
        at = lambda each: {name: np.asarray(x[unit]) for name, x in each.items()}
        known = {name: x for name, x in at({**low, **follows}).items() if name in block.reads}
        system = self.model.rows(np.array([unit])).system
        return impossible(block, system, self.root, known, at(low), at(high), where)


def _together(
    model: SCM, evidence: Evidence, root: Any, draws: int, found: Sequence[_Group]
) -> Posterior:
    """The posterior of all groups."""
    laws, names = laws_of(model.system), noise_names(model.structure)
    rest = Run(root, np.zeros(2, np.uint32), draws * evidence.n)
    values: dict[Address, Any] = {}
    scores: dict[Address, Any] = {}
    for address in dict.fromkeys(a for each in found for a in each.pieces):
        law = laws[names[address]]
        parts = [
            dataclasses.replace(piece, rows=each.group.rows[piece.rows])
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
            whole = jnp.broadcast_to(arrays[0], (draws, *arrays[0].shape[1:]))
            flat = whole.reshape(-1, *whole.shape[2:])
        else:
            flat = _scattered(model, evidence, rest, address, draws, parts, arrays)
        (scores if scored else values)[address] = flat
    origin = Given(values, {a: laws[names[a]] for a in values}, draws * evidence.n, scores, rest)
    return Posterior(
        model if draws == 1 else _repeated(model, draws, evidence.n),
        origin,
        draws,
        evidence.n,
        evidence.single,
        _methods(model, found),
        _couplings(model, found),
        Diagnosis(tuple(f for each in found for f in each.figures), max(g.chains for g in found)),
    )


def _valued(piece: _Piece, law: Any) -> Any:
    over = jax.vmap(jax.vmap(law_of(law).value, (None, 0)), (None, 0))
    return over(law, NormalScore(piece.array))


def _scattered(
    model: SCM,
    evidence: Evidence,
    rest: Run,
    address: Address,
    draws: int,
    parts: Sequence[_Piece],
    arrays: Sequence[Any],
) -> Any:
    """One noise of all units, put together from groups; drawn where a group tells nothing of it."""
    covered = sum(len(piece.rows) for piece in parts)
    shape = arrays[0].shape[2:]
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


def _methods(model: SCM, found: Sequence[_Group]) -> dict[str, str]:
    """How the noises of each variable were found; of groups that differ, all ways."""
    methods: dict[str, list[str]] = {}
    for each in found:
        for name, method in each.methods.items():
            methods.setdefault(name, []).append(method)
    order = [name for name in model.structure.order if name in methods]
    return {name: ", or ".join(dict.fromkeys(methods[name])) for name in order}


def _couplings(model: SCM, found: Sequence[_Group]) -> tuple[str, ...]:
    """What no data can tell, and counterfactuals rest on."""
    said = list(dict.fromkeys(note for each in found for note in each.notes))
    system = model.system
    for name in model.structure.order:
        for noise in live_noises(system, name):
            text = _coupling(model, name, noise)
            if text:
                said.append(text)
    return tuple(said)


def _coupling(model: SCM, name: str, noise: Noise) -> str:
    whole = not jnp.issubdtype(model.structure.out(name).dtype, jnp.floating)
    if not noise.declared:
        kinds = {"quantile": "inverse_cdf", "gumbel": "gumbel_max", "score": "normal scores"}
        kind = kinds.get(noise.law.kind, "its sampler")
        return f"{name}: {kind} coupling of its {noise.law.family} law"
    root = model.structure.variables[name].layers[noise.depth].form == "law"
    if whole and not root:
        return f"{name}: the way in which its function lets {noise.address[1]} enter"
    return ""
