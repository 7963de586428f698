"""One group of units on its way from evidence to noises.

A group has a plan: which noises have to be found together. Each block of it goes through its
strategies, best first; units for which one does not do go on to the next, and at the end to
inference over all that was not seen.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.abduction.candidates import Candidates
from scm.abduction.composed import Block
from scm.abduction.diagnosis import Poor
from scm.abduction.evidence import Evidence, Group
from scm.abduction.impossible import impossible, unlike_setting
from scm.abduction.loops import check_coefficients, log_volume
from scm.abduction.preparation import prepared
from scm.abduction.shared import inferred
from scm.abduction.solving import Draws, Solved, solved
from scm.abduction.strategy import Found, Strategy, within
from scm.compile.programs import traced
from scm.core.errors import ModelError
from scm.noise.source import Address

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["Job", "Part", "Piece"]


@dataclasses.dataclass(frozen=True, eq=False)
class Piece:
    """What was found of one noise for some rows of a group.

    Attributes:
      array: (draws, rows, *shape), or (rows, *shape) if it is ``certain``.
      scored: whether it is the normal scores of declared noise, and not its values.
    """

    rows: np.ndarray
    array: Any
    scored: bool
    certain: bool


@dataclasses.dataclass(frozen=True, eq=False)
class Part:
    """What was found for one group of units.

    Attributes:
      methods: by variable, how its noises were found.
      open: whether draws may differ.
      log: of the density or probability of what was seen, by unit; of a job that judges.
      untold: inside a trace, whether some noise was not found; else None.
    """

    group: Group
    pieces: dict[Address, list[Piece]]
    methods: dict[str, str]
    notes: tuple[str, ...]
    figures: tuple[Poor, ...]
    chains: int
    open: bool
    log: Any
    untold: Any

    @property
    def first(self) -> Part:
        """The first draw alone."""

        def one(piece: Piece) -> Piece:
            return piece if piece.certain else dataclasses.replace(piece, array=piece.array[:1])

        pieces = {address: [one(piece) for piece in each] for address, each in self.pieces.items()}
        return dataclasses.replace(self, pieces=pieces)


class Job:
    """The units of one group on their way.

    A job that is ``judging`` only asks how probable the evidence is, which may be not at all.
    """

    def __init__(
        self, model: SCM, evidence: Evidence, group: Group, root: Any, *, judging: bool = False
    ) -> None:
        self.judging = judging
        self.model = model if group.n == evidence.n else model.rows(group.rows)
        self.system = self.model.system
        self.evidence, self.group, self.root = evidence, group, root
        self.every = np.arange(group.n)
        self.plan, self.ways = prepared(self.system, group.kinds)
        self.traced = traced((self.system.numbers, group.low, root))

    @property
    def random(self) -> bool:
        """Whether draws may differ, so far as can be said before anything is found."""
        first = [ways.get(0) for ways in self.ways]
        return bool(self.plan.free) or any(way is None or not way.certain for way in first)

    def found(self, draws: int) -> Part:
        """The noises of the group, so many draws of each unit."""
        self.draws = draws
        self.pieces: dict[Address, list[Piece]] = {}
        self.notes: list[str] = []
        self.figures: list[Poor] = []
        self.chains, self.open = 1, bool(self.plan.free)
        self.log: Any = jnp.zeros(self.group.n) if self.judging else None
        self.untold: Any = jnp.zeros((), bool) if self.traced else None
        methods = dict.fromkeys((a[0] for a in self.plan.free), "prior")
        methods |= dict.fromkeys(self.plan.set, "set")
        first = [ways.get(0) for ways in self.ways]
        answer = self._solve([way for way in first if way is not None], self.every)
        self.follows = answer.follows
        self._check_set()
        flags = answer.flags if self.traced else np.asarray(answer.flags).tolist()
        results = zip(answer.found, flags, strict=True)
        for ways, way in zip(self.ways, first, strict=True):
            if way is None:
                names = [self._infer(ways.block, self.every)]
            elif self.traced:
                names = self._unseen(way, next(results)[0])
            else:
                names = self._block(ways, *next(results))
            methods |= dict.fromkeys(ways.block.names, ", then ".join(dict.fromkeys(names)))
        order = {name: methods[name] for name in self.system.structure.order if name in methods}
        return Part(
            self.group,
            self.pieces,
            order,
            tuple(self.notes),
            tuple(self.figures),
            self.chains,
            self.open,
            self.log,
            self.untold,
        )

    def volume(self) -> Any:
        """What the density of loops that were seen has beside that of their noises, (rows,)."""
        known = {**self.group.low, **self.follows}
        check_coefficients(self.system, self.plan.loops, set(known), judging=True)
        return log_volume(self.system, self.plan.loops, known, self.group.n)

    def _solve(self, ways: Sequence[Strategy], rows: np.ndarray) -> Solved:
        low, high = self._bounds(rows)
        units = Draws(self.root, self.draws, self.group.rows[rows], self.evidence.n)
        whole = len(rows) == self.group.n
        system = self.system if whole else self.model.rows(rows).system
        return solved(system, ways, self.plan.known, low, high, units, self.judging)

    def _bounds(self, rows: np.ndarray) -> tuple[dict[str, Any], dict[str, Any]]:
        if len(rows) == self.group.n:
            return self.group.low, self.group.high
        low = {name: x[rows] for name, x in self.group.low.items()}
        same = self.group.kinds
        high = {n: low[n] if same[n] == "value" else x[rows] for n, x in self.group.high.items()}
        return low, high

    def _check_set(self) -> None:
        """Evidence on what was set, one value for each unit, has to be the setting."""
        for name in self.plan.set:
            setting, low, high = self.follows[name], self.group.low[name], self.group.high[name]
            if self.judging or self.traced:
                same = jax.vmap(lambda x, a, b: within(x, a, b, jnp.max(jnp.abs(x * 1.0))))
                fits = same(setting, low, high)
                self._weigh(self.every, jnp.where(fits, 0.0, -jnp.inf))
                self.untold = None if self.untold is None else self.untold | ~fits.all()
            else:
                unlike_setting(name, setting, low, high, self.group.rows, self.evidence.single)

    def _unseen(self, way: Strategy, result: Found) -> list[str]:
        """Keep what the first strategy found inside a trace, where nothing can be looked at."""
        self._keep(way, self.every, result)
        if self.judging:
            log = jnp.where(_first(way, result.fine), _first(way, result.log_weight), -jnp.inf)
            if way.note:  # what was assumed may be wrong: that it was not found is no proof
                log = jnp.where(_first(way, result.trouble), jnp.nan, log)
            self._weigh(self.every, log)
        self.untold = self.untold | result.trouble.any()
        self.open |= not way.certain
        return [way.method]

    def _block(self, ways: Candidates, result: Found, flags: Sequence[bool]) -> list[str]:
        """Keep what was found of a block; the names of the ways that found it."""
        rows, last = self.every, None
        names: list[str] = []
        for at in itertools.count():
            way = ways.get(at)
            if way is None:
                searched = last is not None and last.method == "search"
                if searched and not names and len(ways.block.noises) == 1:
                    raise self._untold(ways.block, int(rows[0]))
                return [*names, self._infer(ways.block, rows)]
            if at:
                answer = self._solve([way], rows)
                (result,), (flags,) = answer.found, np.asarray(answer.flags).tolist()
            trouble, spread = flags
            if not trouble:
                self._accept(way, rows, result, spread)
                return [*names, way.method]
            bad = _any(way, result.trouble)
            if not bad.all():
                fine = np.flatnonzero(~bad)
                part = jax.tree.map(lambda x, r=fine, w=way: _picked(w, x, r), result)
                self._accept(way, rows[fine], part, bool(np.asarray(part.spread).any()))
                names.append(way.method)
            wrong = np.flatnonzero(_any(way, ~np.asarray(result.fine)) & bad)
            if ways.get(at + 1) is None and len(wrong) and not way.note:
                if not self.judging:
                    raise self._impossible(ways.block, int(rows[wrong[0]]))
                self._weigh(rows[np.flatnonzero(bad)], -jnp.inf)
                return [*names, way.method]
            rows, last = rows[np.flatnonzero(bad)], way
        raise AssertionError

    def _accept(self, way: Strategy, rows: np.ndarray, result: Found, spread: bool) -> None:
        self._keep(way, rows, result)
        self._weigh(rows, _first(way, result.log_weight) if self.judging else None)
        self.open |= spread
        self.notes += [way.note] if way.note else []

    def _keep(self, way: Strategy, rows: np.ndarray, result: Found) -> None:
        for noise, held in zip(way.block.noises, result.held, strict=True):
            piece = Piece(rows, held, noise.address in way.scored, way.certain)
            self.pieces.setdefault(noise.address, []).append(piece)

    def _weigh(self, rows: np.ndarray, log: Any) -> None:
        """Count what was seen of some rows."""
        if self.judging:
            whole = len(rows) == self.group.n
            self.log = self.log + log if whole else self.log.at[rows].add(log)

    def _infer(self, block: Block, rows: np.ndarray) -> str:
        """What is to be found together: by `scm.abduction.shared`."""
        if self.traced:
            raise ModelError(
                f"abduct: the noises of {', '.join(block.names)} have to be inferred together, "
                "which is not done inside jit, vmap or grad; call abduct outside of it"
            )
        low, high = self._bounds(rows)
        known = {name: low[name] for name in block.reads if name in low}
        known |= {name: self.follows[name][rows] for name in block.reads if name in self.follows}
        units = Draws(self.root, self.draws, self.group.rows[rows], self.evidence.n)
        answer = inferred(block, self.system, known, low, high, units, self.judging)
        if not answer.fine.all() and not self.judging:
            raise self._impossible(block, int(rows[np.argmin(answer.fine)]))
        self._weigh(rows, jnp.asarray(answer.log_weight))
        for noise in block.noises:
            array, scored = answer.held[noise.address]
            self.pieces.setdefault(noise.address, []).append(Piece(rows, array, scored, False))
        self.open |= answer.spread
        self.figures += answer.figures
        self.chains = max(self.chains, answer.chains)
        return answer.method

    def _untold(self, block: Block, unit: int) -> Exception:
        """The error about one noise of which no search finds the value."""
        where = "" if self.evidence.single else f" (unit {int(self.group.rows[unit])})"
        (noise,), name = block.noises, block.seen[-1]
        return ModelError(
            f"abduct: the value of {name}{where} does not tell {noise.key}: its function neither "
            f"rises nor falls throughout in {noise.address[1]}, so several values of it may give "
            "what was seen, or none. Declare which: node(..., inverse=...), scm.abduction.rule, or "
            f"a law of {noise.address[1]} that leaves one branch (HalfNormal for Normal)"
        )

    def _impossible(self, block: Block, unit: int) -> Exception:
        where = "" if self.evidence.single else f" (unit {int(self.group.rows[unit])})"
        low, high = self.group.low, self.group.high
        at = lambda each: {name: np.asarray(x[unit]) for name, x in each.items()}
        known = at({**low, **self.follows})
        known = {name: x for name, x in known.items() if name in block.reads}
        system = self.model.rows(np.array([unit])).system
        return impossible(block, system, self.root, known, at(low), at(high), where)


def _any(way: Strategy, flags: Any) -> Any:
    """By unit, whether a flag is up in any draw."""
    array = np.asarray(flags)
    return array if way.certain else array.any(axis=0)


def _first(way: Strategy, array: Any) -> Any:
    """Of the first draw."""
    return array if way.certain else array[0]


def _picked(way: Strategy, array: Any, rows: np.ndarray) -> Any:
    """Of some units."""
    return array[rows] if way.certain else array[:, rows]
