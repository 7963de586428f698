"""What an estimator is: a pure function of data and roles that says what it aims at.

``estimator(data, roles, *, weights=None, level=0.95, **options) -> Estimate``, with the estimator's
target, assumptions and options on the estimator itself, and every one of them in ``ESTIMATORS``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array

from scm.estimate.failures import failure_named, failure_of
from scm.estimate.options import read_options
from scm.estimate.programs import Question, program
from scm.estimate.roles import Roles
from scm.estimate.sample import Columns, Sample, read_columns

__all__ = ["ESTIMATORS", "Criterion", "Estimate", "Estimator", "Roles", "conclude", "estimator"]


Criterion = Literal["backdoor", "frontdoor", "instrument", "mediation"]


class Estimate(eqx.Module):
    """A number, how sure it is, and whether it is one at all.

    A failed estimate has NaN for ``value``, ``se``, ``low`` and ``high``, and its ``code``. All
    fields are arrays, so estimates pass through ``jit`` and ``vmap``, where they gain leading axes.
    """

    value: Array
    """the estimate, in units of the outcome (per unit of the treatment, for a slope)"""
    se: Array
    """its standard error; NaN with code 0 means that the method has none"""
    low: Array
    """lower end of the interval, or -inf"""
    high: Array
    """upper end of the interval, or inf"""
    n: Array
    """how many rows it rests on: the sum of the weights"""
    code: Array
    """int32: 0 for success, else the code of a failure in ``scm.estimate.FAILURES``"""
    diagnostics: dict[str, Array]
    """what else the method found out; its floating-point entries are NaN after a failure"""

    @property
    def failure(self) -> str | None:
        """The name of what went wrong, or None. For one concrete estimate only.

        Errors: ValueError for a batch, or under ``jit``: ask for ``code`` there.
        """
        if isinstance(self.code, jax.core.Tracer) or jnp.ndim(self.code):
            raise ValueError(
                "failure: one concrete estimate has a failure, and this is a batch or is being "
                "traced; use estimate.code, and scm.estimate.FAILURES to name it"
            )
        found = failure_of(int(self.code))
        return found.name if found else None

    def __repr__(self) -> str:
        if not isinstance(self.code, jax.Array) or isinstance(self.code, jax.core.Tracer):
            return f"Estimate(value={self.value}, code={self.code})"
        if self.code.ndim:
            failed = int(jnp.sum(self.code != 0))
            return f"Estimate({self.code.size} of shape {self.code.shape}, {failed} failed)"
        found = failure_of(int(self.code))
        if found:
            return f"Estimate(failed, {found.name}: {found.sentence})"
        return (
            f"Estimate({self.value:.6g}, se {self.se:.4g}, "
            f"interval {self.low:.6g} to {self.high:.6g}, n {self.n:.10g})"
        )


def conclude(
    sample: Sample,
    value: Array,
    se: Array,
    interval: tuple[Array, Array],
    *,
    failures: Mapping[str, Array],
    diagnostics: Mapping[str, Array],
    has_se: bool = True,
) -> Estimate:
    """The estimate that a computation ends in: the one place where failures silence numbers.

    Arguments:
        failures: for each name in ``FAILURES`` that may apply, whether it does. Bad weights and
            non-finite data are in the sample and need no mention. The first that applies, in the
            order of the table, is the estimate's.
        has_se: False for methods that give an interval but no standard error.
    """
    low, high = interval
    overflowed = ~jnp.isfinite(value) | jnp.isnan(low) | jnp.isnan(high)
    if has_se:
        overflowed |= ~jnp.isfinite(se)
    flags = {
        "bad_weights": sample.bad_weights,
        "non_finite": sample.non_finite,
        **failures,
        "overflow": overflowed,
    }
    code = jnp.int32(0)
    for name in sorted(flags, key=lambda name: failure_named(name).code, reverse=True):
        code = jnp.where(flags[name], jnp.int32(failure_named(name).code), code)

    def silenced(number: Array) -> Array:
        if not jnp.issubdtype(number.dtype, jnp.floating):
            return number
        return jnp.where(code == 0, number, jnp.nan)

    return Estimate(
        value=silenced(value),
        se=silenced(se),
        low=silenced(low),
        high=silenced(high),
        n=sample.n,
        code=code,
        diagnostics={name: silenced(jnp.asarray(found)) for name, found in diagnostics.items()},
    )


@dataclass(frozen=True, eq=False)
class Estimator:
    """An estimator: call it with data and roles; read off what it aims at and what it assumes.

    Made by the decorator ``estimator``. A call is pure, and traces under ``jit`` (roles, level and
    options static), ``vmap`` and ``lax.map``. A plain call compiles one program, which those of
    this library share among data frames of other names and lengths. Over replicated data sets on a
    CPU ``lax.map`` is some four times faster than ``vmap``.
    """

    name: str
    target: str
    """what the number converges to; the default of an option ``target`` or ``effect``, if any"""
    assumes: tuple[str, ...]
    """what must hold for the target to be a causal effect"""
    criterion: Criterion | None
    """what its roles have to meet in the causal graph for the target to be an effect"""
    options: Mapping[str, Any]
    """names and defaults"""
    needs: tuple[str, ...]
    """of "adjust", "instruments" and "mediators", the roles it reads besides the first two"""
    reads: tuple[str, ...]
    """of the same, those that it reads if they are there"""
    choices: Mapping[str, tuple[Any, ...]]
    """the values that an option may take, for those that are picked from a list"""
    shared: bool
    """whether its programs serve data of other lengths and names"""
    _compute: Callable[[Columns, Question], Estimate] = field(repr=False)
    _moments: Callable[..., float] = field(repr=False)

    def __call__(
        self,
        data: Mapping[str, Any],
        roles: Roles,
        *,
        weights: Any = None,
        level: float = 0.95,
        **options: Any,
    ) -> Estimate:
        """The estimate from one data set.

        Arguments:
            data: columns by name, each of shape (n,): NumPy or JAX arrays (or a frame) of bools,
                integers or reals. Computed in JAX's default floating-point type.
            roles: which column is what.
            weights: how many identical rows each row stands for, shape (n,), not negative; a row of
                weight 0 is absent, whatever it holds. None: one each.
            level: probability of the interval, in (0, 1); a plain number.
            options: see ``options``; all static.

        Errors: ValueError or TypeError for a wrong call. Bad data end in a failed ``Estimate``.
        Randomness: none.
        """
        settings = self._settings(options)
        if not isinstance(roles, Roles):
            raise TypeError(
                f"{self.name}: roles: Roles are wanted, given {type(roles).__name__}; "
                "write Roles(treatment='...', outcome='...')"
            )
        if isinstance(level, jax.core.Tracer) or not 0 < float(level) < 1:
            raise ValueError(
                f"{self.name}: level: a plain number between 0 and 1 is wanted, given {level!r}; "
                "write level=0.95"
            )
        columns = read_columns(
            data, roles, weights, needs=self.needs, who=self.name, reads=self.reads
        )
        asked = Question.of(roles, float(level), settings, choices=self.choices, shared=self.shared)
        return self._compute(columns, asked)

    def moments(self, roles: Roles, **options: Any) -> float:
        """How many moments the sampling distribution of the value has: a whole number or ``inf``.

        Where it is 0 the estimates of replicated data have no mean, where it is below 2 no
        variance: compare medians.
        """
        return self._moments(roles, **self._settings(options))

    def target_of(self, **options: Any) -> str:
        """What the number converges to under these options."""
        settings = self._settings(options)
        return settings.get("target", settings.get("effect", self.target))

    def _settings(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return read_options(given, self.options, self.choices, self.name)


ESTIMATORS: dict[str, Estimator] = {}
"""Every estimator by name; the decorator ``estimator`` enters them."""


def estimator(
    *,
    target: str,
    assumes: tuple[str, ...],
    criterion: Criterion | None = None,
    needs: tuple[str, ...] = (),
    reads: tuple[str, ...] = (),
    choices: Mapping[str, tuple[Any, ...]] | None = None,
    shared: bool = False,
    moments: Callable[..., float] = lambda roles, **options: float("inf"),
) -> Callable[[Callable[..., Estimate]], Estimator]:
    """Make an estimator of ``(sample, roles, level, *, option=default, ...) -> Estimate``.

    Arguments:
        target, assumes, criterion, needs, reads, choices: see ``Estimator``; yes-or-no options need
            no choices.
        shared: whether one program may answer for data of other lengths and names. It promises that
            a row of weight 0 changes nothing, whatever finite numbers it holds (such rows are then
            added), and that names of columns come into messages of errors and into options (tuples
            or text) only. False: programs are kept by the roles and the number of rows.
        moments: ``(roles, **options) ->`` the number of finite moments of the value.

    Errors: ValueError where another function has taken the name.

    >>> import numpy as np
    >>> from scm.estimate.sample import Sample
    >>> @estimator(target="the mean of the outcome", assumes=())
    ... def outcome_mean(sample: Sample, roles: Roles, level: float) -> Estimate:
    ...     "The mean of the outcome, and no error bar at all."
    ...     mean = sample.weights @ sample.outcome / sample.n
    ...     failures = {"too_few_rows": sample.n < 1}
    ...     return conclude(sample, mean, mean * 0, (mean, mean), failures=failures, diagnostics={})
    >>> outcome_mean({"t": np.ones(3), "y": np.arange(3)}, Roles("t", "y"))
    Estimate(1, se 0, interval 1 to 1, n 3)
    >>> del ESTIMATORS["outcome_mean"]
    """

    def decorate(fn: Callable[..., Estimate]) -> Estimator:
        signature = inspect.signature(fn)
        options = {
            name: parameter.default
            for name, parameter in signature.parameters.items()
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY
        }
        yes_or_no = {name: (True, False) for name, v in options.items() if isinstance(v, bool)}
        name = fn.__name__
        held = ESTIMATORS.get(name)
        if held is not None and _origin(held) != _origin(fn):
            raise ValueError(
                f"an estimator is already called {name!r} (in {_origin(held)}); rename this one"
            )
        made = Estimator(
            name=name,
            target=target,
            assumes=tuple(assumes),
            criterion=criterion,
            options=MappingProxyType(options),
            needs=tuple(needs),
            reads=tuple(reads),
            choices=MappingProxyType({**yes_or_no, **(choices or {})}),
            shared=shared,
            _compute=program(fn, shared=shared),
            _moments=moments,
        )
        for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
            object.__setattr__(made, attribute, getattr(fn, attribute))
        object.__setattr__(made, "__wrapped__", fn)  # by this doctest finds the function's examples
        object.__setattr__(made, "__signature__", _public(signature))
        ESTIMATORS[name] = made
        return made

    return decorate


def _origin(fn: Any) -> str:
    return f"{fn.__module__}.{fn.__qualname__}"


def _public(signature: inspect.Signature) -> inspect.Signature:
    """The signature of the call, with the options of this estimator spelt out."""
    call = inspect.signature(Estimator.__call__).parameters
    kept = [call[name] for name in ("data", "roles", "weights", "level")]
    options = [p for p in signature.parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY]
    return inspect.Signature([*kept, *options], return_annotation=Estimate)
