"""Statistics of batches of units: what quadrature, quasi-Monte Carlo and Monte Carlo share."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats

from scm.compile.fingerprint import identity, jaxpr_text
from scm.compile.programs import kept
from scm.core.errors import NonFiniteError, UndefinedLawError
from scm.core.structure import System
from scm.noise.identity import noise_names
from scm.noise.source import Address, Source
from scm.solve.acyclic import varies
from scm.truth.links import At, Links, columns_of, needed
from scm.truth.question import Integrand, Mean, Quantile, Question, Statistic, integrand

__all__ = ["Asked", "asked", "estimate", "gathered"]

_FEWEST = 8  # batches, for their spread to be an error


@dataclasses.dataclass(frozen=True, eq=False)
class Asked:
    """A question in the present precision: systems, and its statistics' functions traced.

    Attributes:
      systems: by world.
      statistics: as in the question.
      values: the function of each statistic.
      events: the condition of each statistic; None where there is none.
    """

    question: Question
    systems: Mapping[str, System]
    statistics: tuple[Statistic, ...]
    values: tuple[Integrand, ...]
    events: tuple[Integrand | None, ...]

    @property
    def links(self) -> Links:
        """Which worlds read which, as in the question."""
        return self.question.links

    @property
    def read(self) -> list[At]:
        """The (world, variable) pairs that the functions read."""
        functions = [each for each in (*self.values, *self.events) if each]
        return list(dict.fromkeys(at for each in functions for at in each.reads))

    @property
    def needed(self) -> dict[str, tuple[str, ...]]:
        """The variables behind what is read, by world, causes first; idle worlds left out."""
        return needed(self.systems, self.links, self.read)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Every noise of every world."""
        systems = self.systems.values()
        return tuple(dict.fromkeys(a for each in systems for a in noise_names(each.structure)))

    @property
    def key(self) -> tuple[Any, ...]:
        """What the statistics compute, numbers apart: for keeping programs."""
        parts = [
            "" if each is None else "\n".join((str(each.reads), *jaxpr_text(each.jaxpr)))
            for each in (*self.values, *self.events)
        ]
        kinds = [each.level if isinstance(each, Quantile) else None for each in self.statistics]
        worlds = tuple((world, *identity(system)) for world, system in self.systems.items())
        links = tuple(
            (world, child, parent, other)
            for world, children in sorted(self.links.items())
            for child, parents in sorted(children.items())
            for parent, other in sorted(parents.items())
        )
        return tuple(parts), tuple(kinds), worlds, links

    @property
    def inputs(self) -> Any:
        """The numbers of every world, and the arrays that the functions closed over."""
        numbers = {world: system.numbers for world, system in self.systems.items()}
        closed = [each.consts if each else () for each in (*self.values, *self.events)]
        return numbers, closed

    def per_unit(self, inputs: Any, source: Source, n: int) -> tuple[list[Any], list[Any], Any]:
        """Each statistic's function, (n, *shape), and condition (None or (n,)), for every unit;
        and whether all laws were defined. Traceable."""
        numbers, closed = inputs
        systems = {world: each.given(numbers[world]) for world, each in self.systems.items()}
        columns, lawful = columns_of(systems, self.links, self.read, lambda _: source)
        return *self.evaluated(columns, n, closed), lawful

    def evaluated(
        self, columns: Mapping[At, Any], n: int, closed: Any = None
    ) -> tuple[list[Any], list[Any]]:
        """Each statistic's function and condition for every unit, from columns by (world, name)."""
        closed = self.inputs[1] if closed is None else closed

        def evaluated(each: Integrand | None, consts: Any) -> Any:
            if each is None:
                return None
            read = [columns[at] for at in each.reads]
            shapes = [self.systems[world].out(name).shape for world, name in each.reads]
            axes = [0 if varies(v, shape) else None for v, shape in zip(read, shapes, strict=True)]
            if 0 not in axes:
                value = each(consts, read)
                return jnp.broadcast_to(value, (n, *value.shape))
            return jax.vmap(lambda *values: each(consts, values), axes)(*read)

        count = len(self.values)
        values = [evaluated(*each) for each in zip(self.values, closed[:count], strict=True)]
        events = [evaluated(*each) for each in zip(self.events, closed[count:], strict=True)]
        real = jnp.result_type(float)
        return [each.astype(real) for each in values], events

    def program(self, purpose: str, build: Callable[[], Callable]) -> Any:
        """The kept program for one purpose on this question."""
        return kept((purpose, self.key), build)

    def check(self, values: Any, lawful: Any) -> None:
        """Raise `UndefinedLawError` or `NonFiniteError` for what a batch came to."""
        self.judge(all(np.isfinite(each).all() for each in jax.tree.leaves(values)), lawful)

    def judge(self, finite: Any, lawful: Any) -> None:
        """Raise `UndefinedLawError` or `NonFiniteError` for what was found of a batch."""
        name = self.question.name
        if not lawful:
            raise UndefinedLawError(
                f"{name}: in some intervened world a law is given a parameter outside its "
                "domain; find it with model.do(...).sample(key, n), which names variable and unit"
            )
        if not finite:
            raise NonFiniteError(
                f"{name} is not finite in some unit of an intervened world; find it with "
                "model.do(...).sample(key, n), which names the variable and the unit"
            )


def asked(question: Question) -> Asked:
    """A question made ready in the present precision."""
    systems = {world: model.system for world, model in question.worlds.items()}
    trace = lambda fn: integrand(question.name, systems, fn)
    return Asked(
        question,
        systems,
        tuple(question.statistics),
        tuple(trace(each.fn) for each in question.statistics),
        tuple(
            trace(each.given) if isinstance(each, Quantile) and each.given is not None else None
            for each in question.statistics
        ),
    )


def gathered(asked: Asked, values: Sequence[Any], events: Sequence[Any]) -> tuple[list[Any], Any]:
    """What is kept of a batch of units, and whether it is finite: of a mean the batch's own, of a
    quantile every unit's value, NaN where its condition does not hold. Traceable."""
    held, finite = [], jnp.asarray(True)
    for statistic, value, event in zip(asked.statistics, values, events, strict=True):
        fine = jnp.isfinite(value)
        if isinstance(statistic, Quantile):
            held.append(value if event is None else jnp.where(event, value, jnp.nan))
            finite &= (fine if event is None else fine | ~event).all()
        else:
            held.append(value.mean(axis=0))
            finite &= fine.all()
    return held, finite


def estimate(
    question: Question, batches: Sequence[Sequence[Any]], *, pooled: bool
) -> tuple[Any, Any]:
    """Value and standard error, from what is kept of independent batches of one size.

    The value is the formula of the statistics. Its error is the spread over batches of the
    formula's linearisation there, so that what cancels within a batch cancels in the error, and a
    batch without a single treated unit does no harm. As batches are few, it is enlarged by the
    ratio of Student's to the normal quantile: 1.96 of it cover at 95%.

    Arguments:
      batches: for each batch what `gathered` keeps for each statistic.
      pooled: whether a quantile is that of all units together, which is least biased where they
        are drawn by chance, or the mean of the batches', which is most precise where each of them
        is spread evenly.

    Raises `NonFiniteError` where too few units are under the condition of a quantile.
    """
    columns = [np.stack(each) for each in zip(*batches, strict=True)]
    pairs = list(zip(question.statistics, columns, strict=True))
    groups = len(batches)
    while True:
        each = [_by_group(*pair, groups) for pair in pairs]
        if not any(np.isnan(values).any() for values in each):
            break
        if groups % 2 or groups < 2 * _FEWEST:
            raise NonFiniteError(
                f"{question.name}: hardly any unit is under the condition that it puts; raise "
                "budget=, or ask about a condition that holds more often"
            )
        groups //= 2  # so that each has units under the condition
    whole = [_by_group(*pair, 1)[0] if pooled else None for pair in pairs]
    means = tuple(
        jnp.asarray(values.mean(axis=0) if at is None else at)
        for at, values in zip(whole, each, strict=True)
    )
    deviations = tuple(jnp.asarray(values - values.mean(axis=0)) for values in each)
    linear = lambda deviation: jax.jvp(question.combine, means, deviation)[1]
    spread = np.asarray(jax.vmap(linear)(deviations), float).std(axis=0, ddof=1)
    few = stats.t.ppf(0.975, groups - 1) / stats.norm.ppf(0.975)
    return np.asarray(question.combine(*means), float), few * spread / np.sqrt(groups)


def _by_group(statistic: Statistic, column: np.ndarray, groups: int) -> np.ndarray:
    """A statistic of groups of batches, from what is kept of every batch."""
    grouped = column.reshape(groups, -1, *column.shape[1:])
    if isinstance(statistic, Mean):
        return grouped.mean(axis=1)
    held = [part[~np.isnan(part)] for part in grouped]
    level = statistic.level
    return np.array([
        np.quantile(part, level, method="hazen") if part.size else np.nan for part in held
    ])  # fmt: skip
