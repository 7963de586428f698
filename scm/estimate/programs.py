"""What one compiled program of an estimator serves: all data of a kind, not of one length and name.

A plain call, with no tracer in it, is made ready in NumPy and answered by one program. For an
estimator that is ``shared`` absent rows are added up to the next of few lengths, and programs are
kept by how many columns play each part, so that another data frame mostly finds one that is there.
Under ``jit``, ``vmap`` and ``grad`` the same is traced at the length that is given.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import jax

from scm.estimate.roles import Roles
from scm.estimate.sample import Columns, Sample, arranged, traced_sample

__all__ = ["Question", "program", "rows_kept", "unoptimised"]


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

    @functools.cache
    def quickly() -> Callable[[Sample, Question], Any]:
        return jax.jit(answer, static_argnums=1, compiler_options=unoptimised())

    def answered(columns: Columns, question: Question) -> Any:
        run: Callable[[Sample, Question], Any] = kept
        try:
            hash(question)
        except TypeError:  # an option by which no program can be found: operation by operation
            run = answer
        if not columns.plain:
            return run(traced_sample(columns, copies=shared), question)
        n = len(columns.outcome)
        sample = arranged(columns, rows_kept(n) if shared else n, copies=shared)
        if run is kept and len(sample.weights) <= _FEW and _unoptimised_will_do():
            run = quickly()
        return run(sample, question)

    return answered


_FEW = 4096
"""Up to so many rows the optimiser costs more than it gives: a second or two for each program, and
without it a run is longer by some tenths of a millisecond to two."""


def _unoptimised_will_do() -> bool:
    """Whether a program called now runs on its own, and on a CPU: such a one knows the options."""
    return jax.default_backend() == "cpu" and not isinstance(_anything(), jax.core.Tracer)


_anything = jax.jit(lambda: 0)
"""A number, or a tracer where a program is being traced in which this call is a part."""


@functools.cache
def unoptimised() -> dict[str, Any]:
    """How a program is compiled in a fifth of the time, if this version of XLA knows of it.

    The parts of a program are compiled at once, unoptimised, and by the emitter of plain LLVM.
    """
    options = {
        "xla_backend_optimization_level": 0,
        "xla_cpu_use_fusion_emitters": False,
        "xla_cpu_parallel_codegen_split_count": 1,
    }
    try:
        jax.jit(lambda: 0, compiler_options=options).lower().compile()
    except jax.errors.JaxRuntimeError:  # names of XLA's options are no promise
        return {}
    return options


def rows_kept(n: int) -> int:
    """The length that n rows are brought to: at most four times as many, and a quarter when many.

    Powers of 4 from 64 to 1,024, of 2 to 65,536, and four lengths to each doubling from there.

    >>> [rows_kept(n) for n in (0, 64, 65, 300, 1_025, 3_010, 100_000, 10**6)]
    [64, 64, 256, 1024, 2048, 4096, 114688, 1048576]
    """
    doublings = max(n - 1, 1).bit_length()
    if doublings <= 10:
        return 1 << max(6, doublings + doublings % 2)
    step = 1 << (doublings if doublings <= 16 else doublings - 3)
    return -(-n // step) * step
