"""What one compiled program of an estimator serves: all data of a kind, not of one length and name.

A plain call, with no tracer in it, is made ready in NumPy and answered by one program. For an
estimator that is ``shared`` absent rows are added up to the next of few lengths, and programs are
kept by how many columns play each part, so that another data frame mostly finds one that is there.
Under ``jit``, ``vmap`` and ``grad`` the same is traced at the length that is given.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax

from scm.estimate.roles import Roles
from scm.estimate.sample import Columns, Sample, arranged, traced_sample

__all__ = ["Question", "program", "rows_kept"]


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of a sample, as a static argument: equal where one program answers both.

    Names of columns are no part of ``key`` if an estimator is ``shared``, and still the function
    that is traced sees those of its call: an error comes while tracing, is not kept, and so always
    speaks of the columns of whoever made it.
    """

    roles: Roles
    level: float
    options: Mapping[str, Any]
    key: Hashable

    @classmethod
    def of(
        cls,
        roles: Roles,
        level: float,
        options: Mapping[str, Any],
        *,
        choices: Mapping[str, tuple[Any, ...]],
        shared: bool,
    ) -> Question:
        """The question of a call, its options read; ``choices`` lists those that are no names."""
        if not shared:
            told = tuple((name, type(value), value) for name, value in options.items())
            return cls(roles, level, options, (roles, level, told))
        parts = (roles.adjust, roles.instruments, roles.mediators)
        columns = (roles.treatment, roles.outcome, *(name for part in parts for name in part))
        told = tuple(
            (name, type(value), _by_place(value, columns)) for name, value in options.items()
        )
        nameless = all(_nameless(told_, choices.get(name, ())) for name, _, told_ in told)
        sizes = tuple(map(len, parts))
        return cls(roles, level, options, (sizes, level, told, None if nameless else roles))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Question) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def _by_place(value: Any, columns: tuple[str, ...]) -> Any:
    """The value of an option with the names of columns that it lists as their places."""
    if not isinstance(value, tuple):
        return value
    return tuple(columns.index(each) if each in columns else each for each in value)


def _nameless(value: Any, choices: tuple[Any, ...]) -> bool:
    """Whether no name of a column can be in the value of an option: it is picked, or numbers."""
    listed = value if isinstance(value, tuple) else (value,)
    return value in choices or all(
        each is None or isinstance(each, (int, float)) for each in listed
    )


def program(fn: Callable[..., Any], *, shared: bool) -> Callable[[Columns, Question], Any]:
    """The function of a sample as one of columns and a question, compiled and kept."""

    def answer(sample: Sample, question: Question) -> Any:
        return fn(sample, roles=question.roles, level=question.level, **question.options)

    answer.__name__ = fn.__name__
    kept = jax.jit(answer, static_argnums=1)

    def answered(columns: Columns, question: Question) -> Any:
        if columns.plain:
            rows = rows_kept(len(columns.outcome)) if shared else len(columns.outcome)
            sample = arranged(columns, rows, copies=shared)
        else:
            sample = traced_sample(columns, copies=shared)
        try:
            hash(question)
        except TypeError:  # an option that cannot be looked up: operation by operation, then
            return answer(sample, question)
        return kept(sample, question)

    return answered


def rows_kept(n: int) -> int:
    """The length that n rows are brought to.

    >>> [rows_kept(n) for n in (0, 3, 64, 65, 1_000)]
    [64, 64, 64, 128, 1024]
    """
    size = max(n - 1, 63).bit_length()
    return 1 << size
