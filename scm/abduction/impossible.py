"""Errors about evidence that cannot be: which variable, what was seen, what it could have been."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.abduction.composed import Block, Noise, declared_law
from scm.abduction.solving import Draws
from scm.core.errors import ModelError
from scm.core.structure import System
from scm.noise.coupling import exposed
from scm.noise.laws import law_of

__all__ = ["ImpossibleEvidenceError", "impossible", "prior_values", "unlike_setting"]

_TRIED = 2048


class ImpossibleEvidenceError(ModelError):
    """Evidence of probability zero: the message says of which variable, and what it can be."""


def prior_values(block: Block, noise: Noise, system: System, source: Any) -> Any:
    """A noise of a block as its law has it: its values if it is declared, else its scores."""
    score = source.scores((noise.address[0], 0, noise.address[1]), noise.law)
    if not noise.declared:
        return exposed(noise.law, score)
    law = declared_law(system, noise)
    made = jax.vmap(law_of(law).value, (None, 0))(law, score)
    return made.astype(noise.shape.dtype)


def impossible(
    block: Block,
    system: System,
    root: Any,
    known: Mapping[str, Any],
    low: Mapping[str, Any],
    high: Mapping[str, Any],
    where: str,
) -> ImpossibleEvidenceError:
    """The error about one unit, of which all this is given without an axis of units."""
    can = _reachable(block, system, root, known)
    culprit, text = block.seen[-1], ""
    for name, values in zip(block.seen, can, strict=True):
        if not _inside(values, low[name], high[name]):
            culprit, text = name, _listed(values)
            break
    parents = [p for p in system.structure.variables[culprit].parents if p in known]
    given = ", ".join(f"{p} = {_number(known[p])}" for p in parents)
    said = f" given {given}" if given else ""
    if not text:
        seen = " and ".join(f"{name} = {_bounds(low[name], high[name])}" for name in block.seen)
        return ImpossibleEvidenceError(
            f"abduct: {seen}{where} has probability zero in this model{said}: no value of "
            f"{', '.join(noise.key for noise in block.noises)} gives all of it"
        )
    return ImpossibleEvidenceError(
        f"abduct: {culprit} = {_bounds(low[culprit], high[culprit])}{where} has probability zero "
        f"in this model: it could have been {text}{said}"
    )


def _reachable(
    block: Block, system: System, root: Any, known: Mapping[str, Any]
) -> list[np.ndarray]:
    """Values of the variables seen that the model makes for a unit like this one."""
    known = {name: jnp.asarray(value) for name, value in known.items()}
    if not block.noises:
        return [np.asarray(x)[None] for x in block.outputs(system.numbers, known, [])]
    source = Draws(root, _TRIED, np.zeros(1, np.uint32), 1).source(
        [noise.address for noise in block.noises]
    )
    held = [prior_values(block, noise, system, source) for noise in block.noises]
    run = lambda *held: block.outputs(system.numbers, known, list(held))
    return [np.asarray(x) for x in jax.vmap(run)(*held)]


def _inside(values: np.ndarray, low: Any, high: Any) -> bool:
    """Whether bounds are among values, or for real numbers between the least and the greatest."""
    low, high = np.asarray(low, float), np.asarray(high, float)
    if values.dtype.kind != "f" or len(np.unique(values, axis=0)) <= 20:
        inside = (values >= low) & (values <= high)
        return bool(inside.reshape(len(values), -1).all(axis=1).any())
    return bool(((high >= values.min(axis=0)) & (low <= values.max(axis=0))).all())


def _listed(values: np.ndarray) -> str:
    distinct = np.unique(values, axis=0)
    if values.ndim == 1 and len(distinct) <= 20:
        shown = [_number(x) for x in distinct]
        return " or ".join(shown) if len(shown) < 3 else f"{', '.join(shown[:-1])} or {shown[-1]}"
    return f"between {_number(values.min(axis=0))} and {_number(values.max(axis=0))}, or thereabout"


def _bounds(low: Any, high: Any) -> str:
    if np.array_equal(low, high):
        return _number(low)
    return f"{_number(low)} to {_number(high)}"


def _number(value: Any) -> str:
    array = np.asarray(value)
    if array.ndim:
        return np.array2string(array, precision=4, threshold=6)
    return f"{array.item():.6g}" if array.dtype.kind == "f" else str(array.item())


def unlike_setting(
    name: str, setting: Any, low: Any, high: Any, rows: np.ndarray, single: bool
) -> None:
    """Refuse evidence on a variable that was set, one value for each unit, to something else."""
    setting, low, high = (np.asarray(each) for each in (setting, low, high))
    slack = 4096 * np.finfo(setting.dtype).eps * np.abs(setting) if setting.dtype.kind == "f" else 0
    off = (setting < low - slack) | (setting > high + slack)
    off = off.reshape(len(off), -1).any(axis=1)
    if off.any():
        at = int(np.argmax(off))
        where = "" if single else f" (unit {rows[at]})"
        raise ImpossibleEvidenceError(
            f"abduct: {name} was seen as {_bounds(low[at], high[at])}{where}, but do({name}=...) "
            f"set it to {_number(setting[at])}; leave {name} out of the evidence, or abduct from "
            "the model without that intervention"
        )
