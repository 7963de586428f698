"""Effects among those whom an instrument moves; who they are, and how many.

Coupled worlds show for every unit which treatment it would take under either level of the
instrument: the principal strata of Frangakis and Rubin (2002) are facts here, not assumptions.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from scm.core.errors import ModelError
from scm.estimands.conditional import share_weighted
from scm.estimands.estimand import Estimand, checked, quotient, scalar
from scm.estimands.levels import seen, several_levels, two_levels
from scm.estimands.values import support
from scm.truth.question import Mean, Question

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["ACR", "LATE", "PrincipalStrata"]


@dataclasses.dataclass(frozen=True)
class LATE(Estimand):
    """The local average treatment effect: of those who take more of it because of the instrument.

    ``E[Y(t1) - Y(t0) | T(z1) > T(z0)]``, with ``levels=(t0, t1)`` of the treatment and
    ``instrument_levels=(z0, z1)``. Where there are defiers two-stage least squares estimates
    another number; `PrincipalStrata` counts them.

    Source: Imbens and Angrist (1994), "Identification and estimation of local average treatment
    effects".

    >>> from numpyro.distributions import Bernoulli, Uniform
    >>> from scm import SCM
    >>> model = SCM(  # 0.3 always take it, 0.4 comply, 0.3 never do
    ...     Z=Bernoulli(0.5),
    ...     U=Uniform(0, 1),
    ...     T=lambda Z, U: (U < 0.3 + 0.4 * Z).astype(int),
    ...     Y=lambda T, U: T * (1 + U),
    ... )
    >>> found = LATE("T", "Y", instrument="Z").truth(model, budget=1 << 16)  # 1 + E[U | complier]
    >>> bool(abs(found.value - 1.5) < 0.02)
    True
    """

    treatment: str
    outcome: str
    instrument: str
    levels: tuple[Any, Any] = (0, 1)
    instrument_levels: tuple[Any, Any] = (0, 1)

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", two_levels("LATE", self.levels))
        levels = two_levels("LATE: instrument", self.instrument_levels)
        object.__setattr__(self, "instrument_levels", levels)

    @property
    def definition(self) -> str:
        (t0, t1), (z0, z1) = self.levels, self.instrument_levels
        t, y = self.treatment, self.outcome
        return (
            f"E[{y}({t1}) - {y}({t0}) | {t}({self.instrument}={z1}) > {t}({self.instrument}={z0})]"
        )

    def question(self, model: SCM) -> Question:
        t, y, z = self.treatment, self.outcome, self.instrument
        name = f"LATE({t!r}, {y!r}, instrument={z!r})"
        (t0, t1), (z0, z1) = self.levels, self.instrument_levels
        arms = {"high": {t: t1}, "low": {t: t0}, "sent": {z: z1}, "held": {z: z0}}
        worlds = checked(name, model, (t, y, z), arms)
        scalar(name, model, y)
        scalar(name, model, t, "treatment")
        check_instrument(name, model, z, t, y)
        return share_weighted(
            name,
            worlds,
            lambda units: units["high"][y] * 1.0 - units["low"][y],
            lambda units: units["sent"][t] > units["held"][t],
        )


@dataclasses.dataclass(frozen=True)
class PrincipalStrata(Estimand):
    """The shares of compliers, always-takers, never-takers and defiers, in this order.

    By what a unit's treatment would be under either level of the instrument: (0, 1), (1, 1),
    (0, 0), (1, 0) for compliers and so on, ``levels=(t0, t1)`` standing for 0 and 1. The truth's
    value is an array of four; they sum to 1 if the treatment takes no other level.

    Source: Frangakis and Rubin (2002), "Principal stratification in causal inference".
    """

    instrument: str
    treatment: str
    levels: tuple[Any, Any] = (0, 1)
    instrument_levels: tuple[Any, Any] = (0, 1)

    labels = ("compliers", "always-takers", "never-takers", "defiers")

    def __post_init__(self) -> None:
        object.__setattr__(self, "levels", two_levels("PrincipalStrata", self.levels))
        levels = two_levels("PrincipalStrata: instrument", self.instrument_levels)
        object.__setattr__(self, "instrument_levels", levels)

    @property
    def definition(self) -> str:
        (z0, z1), t, z = self.instrument_levels, self.treatment, self.instrument
        return f"P({t}({z}={z0}), {t}({z}={z1}))"

    def question(self, model: SCM) -> Question:
        t, z = self.treatment, self.instrument
        name = f"PrincipalStrata({z!r}, {t!r})"
        (t0, t1), (z0, z1) = self.levels, self.instrument_levels
        worlds = checked(name, model, (t, z), {"held": {z: z0}, "sent": {z: z1}})
        scalar(name, model, t, "treatment")

        def share(held: Any, sent: Any) -> Mean:
            return Mean(
                lambda units: jnp.where(
                    (units["held"][t] == held) & (units["sent"][t] == sent), 1.0, 0.0
                )
            )

        strata = [share(t0, t1), share(t1, t1), share(t0, t0), share(t1, t0)]
        return Question(name, worlds, strata, lambda *shares: jnp.stack(list(shares)))


@dataclasses.dataclass(frozen=True)
class ACR(Estimand):
    """The average causal response of a treatment of several levels to an instrument.

    ``sum_j w_j E[Y(t_j) - Y(t_j-1) | T(z1) >= t_j > T(z0)]``, the weights ``w_j`` in proportion to
    ``P(T(z1) >= t_j > T(z0))``, over the ordered ``levels``: the effect of one level more, averaged
    over the steps that the instrument makes people take. With two levels it is the `LATE`. The
    ``levels`` are all that are taken under either level of the instrument.

    Source: Angrist and Imbens (1995), "Two-stage least squares estimation of average causal effects
    in models with variable treatment intensity", theorem 1.
    """

    treatment: str
    outcome: str
    instrument: str
    levels: tuple[Any, ...] = (0, 1)
    instrument_levels: tuple[Any, Any] = (0, 1)

    def __post_init__(self) -> None:
        levels = several_levels("ACR", self.levels)
        if list(levels) != sorted(levels):
            raise ModelError(f"ACR: levels={levels}: levels in increasing order are wanted")
        object.__setattr__(self, "levels", levels)
        found = two_levels("ACR: instrument", self.instrument_levels)
        object.__setattr__(self, "instrument_levels", found)

    @property
    def definition(self) -> str:
        t, y, z = self.treatment, self.outcome, self.instrument
        z0, z1 = self.instrument_levels
        return f"sum_j w_j E[{y}(j) - {y}(j-1) | {t}({z}={z1}) >= j > {t}({z}={z0})]"

    def question(self, model: SCM) -> Question:
        t, y, z = self.treatment, self.outcome, self.instrument
        name = f"ACR({t!r}, {y!r}, instrument={z!r})"
        z0, z1 = self.instrument_levels
        arms = {f"level {at}": {t: level} for at, level in enumerate(self.levels)}
        worlds = checked(name, model, (t, y, z), {**arms, "sent": {z: z1}, "held": {z: z0}})
        scalar(name, model, y)
        scalar(name, model, t, "treatment")
        check_instrument(name, model, z, t, y)
        for arm in ("sent", "held"):
            self._check_levels(name, worlds[arm])
        steps = range(1, len(self.levels))
        responses = [Mean(self._response(at)) for at in steps]
        shares = [Mean(self._share(at)) for at in steps]

        def combine(*values: Any) -> Any:
            return quotient(sum(values[: len(steps)]), sum(values[len(steps) :]))

        return Question(name, worlds, [*responses, *shares], combine)

    def _check_levels(self, name: str, model: SCM) -> None:
        """Refuse a list without a level that units take: its steps would go uncounted."""
        values = support(model, self.treatment)
        values = seen(model, self.treatment) if values is None else values
        if values is None:
            return
        others = values[~np.isin(values, self.levels)]
        if others.size:
            raise ModelError(
                f"{name}: levels={self.levels} leaves out {others.min()}, which {self.treatment} "
                "takes under the instrument; list every level that is taken, in increasing order"
            )

    def _crosses(self, units: Any, at: int) -> Any:
        level, t = self.levels[at], self.treatment
        return (units["sent"][t] >= level) & (units["held"][t] < level)

    def _share(self, at: int) -> Callable[[Any], Any]:
        return lambda units: jnp.where(self._crosses(units, at), 1.0, 0.0)

    def _response(self, at: int) -> Callable[[Any], Any]:
        y, above, below = self.outcome, f"level {at}", f"level {at - 1}"

        def response(units: Any) -> Any:
            step = units[above][y] * 1.0 - units[below][y]
            return jnp.where(self._crosses(units, at), step, 0.0)

        return response


def check_instrument(name: str, model: SCM, instrument: str, treatment: str, outcome: str) -> None:
    """Refuse an instrument that moves no treatment, or the outcome by another way than it."""
    parents = model.parents
    children: dict[str, list[str]] = {each: [] for each in parents}
    for child, each in parents.items():
        for parent in each:
            children[parent].append(child)

    def path(to: str, around: str | None) -> list[str] | None:
        waiting = [[instrument]]
        while waiting:
            way = waiting.pop()
            if way[-1] == to:
                return way
            waiting += [[*way, n] for n in children[way[-1]] if n != around and n not in way]
        return None

    if path(treatment, None) is None:
        raise ModelError(f"{name}: no path of arrows leads from {instrument} to {treatment}")
    other = path(outcome, treatment)
    if other is not None:
        raise ModelError(
            f"{name}: {instrument} moves {outcome} by another way than {treatment}: "
            f"{' -> '.join(other)}; it is no instrument (exclusion)"
        )
