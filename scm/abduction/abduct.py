"""Abduction: from what was seen of some units to the noises that may be behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.abduction.assembly import together
from scm.abduction.evidence import evidence_of
from scm.abduction.job import Job
from scm.arguments import count
from scm.core.errors import ModelError
from scm.noise.words import stream_of, threefry

if TYPE_CHECKING:
    from scm.abduction.posterior import Posterior
    from scm.model import SCM

__all__ = ["abduct", "log_density"]

_MOST = 1 << 31  # numbers that are held at once
_ABDUCTION = np.array([0x61626475], np.uint32)
"""Parts the posterior's randomness from the world's, under one key."""


def abduct(model: SCM, given: Any, key: Any, draws: int) -> Posterior:
    """The posterior of the noises of some units: see `SCM.abduct`."""
    draws = count("draws", draws)
    evidence = evidence_of(model.structure, given)
    model.check_units(evidence.n)
    root = _apart(stream_of(key))
    jobs = [Job(model, evidence, group, root) for group in evidence.groups]
    _refuse_more_than_fits(jobs, draws, evidence.n)
    parts = [job.found(draws) for job in jobs]
    if not any(part.open for part in parts):  # one draw says it all
        parts, draws = [part.first for part in parts], 1
    return together(model, evidence, root, draws, parts)


def log_density(model: SCM, given: Any) -> Any:
    """The log density of what was seen of each unit, (units,): see `SCM.log_prob`."""
    evidence = evidence_of(model.structure, given)
    model.check_units(evidence.n)
    total = jnp.zeros(evidence.n)
    for group in evidence.groups:
        job = Job(model, evidence, group, stream_of(0), judging=True)
        log = job.found(1).log
        if job.plan.loops:
            log = log + job.volume()
        total = log if group.n == evidence.n else total.at[group.rows].set(log)
    return total[0] if evidence.single else total


def _refuse_more_than_fits(jobs: list[Job], draws: int, n: int) -> None:
    """Draws of all units are held at once; refuse what no memory holds, before it is tried."""
    noises = max(len(job.plan.free) + sum(len(b.noises) for b in job.plan.blocks) for job in jobs)
    if any(job.random for job in jobs) and draws * n * noises > _MOST:
        raise ModelError(
            f"abduct: {draws:,} draws of {noises} noises of {n:,} units are {draws * n * noises:,} "
            f"numbers; write abduct(..., draws={max(_MOST // (n * noises), 1)}), or fewer units "
            "at a time"
        )


def _apart(stream: Any) -> Any:
    """The root stream of the posterior under a key; in NumPy where the key is concrete."""
    words = threefry(stream, _ABDUCTION, np.zeros(1, np.uint32))
    if isinstance(stream, jax.core.Tracer):
        return jnp.concatenate(words)
    return np.concatenate([np.asarray(word) for word in words])
