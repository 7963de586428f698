"""The answer to a question for the units of one sample, instead of the population."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from scm.compile.programs import traced
from scm.solve.acyclic import all_lawful
from scm.solve.draws import Origin, source_for
from scm.solve.run import inline
from scm.truth.batches import asked
from scm.truth.monte_carlo import batch_statistic
from scm.truth.question import Question

__all__ = ["sample_value"]


def sample_value(question: Question, origin: Origin, n: int) -> Any:
    """The formula of the statistics of these units. Traceable; an array."""
    ready = asked(question)
    columns: dict[tuple[str, str], Any] = {}
    lawful = jnp.asarray(True)
    for world, names in ready.wanted.items():
        system = ready.systems[world]
        found, fine = inline(system, source_for(system, origin), {}, names)
        columns |= {(world, name): value for name, value in found.items()}
        lawful = lawful & all_lawful(fine)
    values, events = ready.evaluated(columns, n)
    each = zip(ready.statistics, values, events, strict=True)
    statistics = [batch_statistic(*one) for one in each]
    if not traced((statistics, lawful)):
        ready.check(jax.device_get(statistics), bool(lawful))
    return question.combine(*statistics)
