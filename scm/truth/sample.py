"""The answer to a question for the units of one sample, instead of the population."""

from __future__ import annotations

from typing import Any

import jax

from scm.compile.programs import traced
from scm.solve.draws import Origin, source_for
from scm.truth.batches import asked
from scm.truth.links import columns_of
from scm.truth.monte_carlo import batch_statistic
from scm.truth.question import Question

__all__ = ["sample_value"]


def sample_value(question: Question, origin: Origin, n: int) -> Any:
    """The formula of the statistics of these units. Traceable; an array."""
    ready = asked(question)
    source = lambda system: source_for(system, origin)
    columns, lawful = columns_of(ready.systems, ready.links, ready.read, source)
    values, events = ready.evaluated(columns, n)
    each = zip(ready.statistics, values, events, strict=True)
    statistics = [batch_statistic(*one) for one in each]
    if not traced((statistics, lawful)):
        ready.check(jax.device_get(statistics), bool(lawful))
    return question.combine(*statistics)
