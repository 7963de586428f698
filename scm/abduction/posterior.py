"""Posteriors: the noises of some units given what was seen of them, and the worlds they make."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from scm.abduction.couplings import couplings_of
from scm.abduction.diagnosis import Diagnosis
from scm.abduction.effects import UnitEffects, unit_effects
from scm.abduction.imagined import Imagined, arrayed, flattened
from scm.arguments import count
from scm.core.errors import ModelError
from scm.core.intervention import merged
from scm.noise.given import Given
from scm.world import World, solved

if TYPE_CHECKING:
    import arviz

    from scm.model import SCM

__all__ = ["Posterior"]


@dataclasses.dataclass(frozen=True, eq=False)
class Posterior:
    """What the noises of some units may be, given what was seen of them: `SCM.abduct` makes it.

    ``draws`` draws of the noises of each of ``units`` units; where evidence leaves nothing open
    there is one. ``do`` and ``undo`` change the model and keep the draws, so worlds made from one
    posterior are coupled: draw d of unit i is the same in all of them.

    ``methods`` says of each variable how its noises were found, and ``couplings`` on which
    couplings counterfactuals rest: they are part of the model, and no data can tell them.

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> model = SCM(
    ...     X=Normal(0, 1),
    ...     H=lambda X, u=Normal(0, 1): 0.5 * X + u,
    ...     Y=lambda X, H, u=Normal(0, 1): 0.7 * X + 0.4 * H + u,
    ... )
    >>> joe = model.abduct({"X": 0.5, "H": 1.0, "Y": 1.5}, key=0)
    >>> joe
    Posterior of 1 unit, a point: X inverse, H inverse, Y inverse
    >>> round(float(joe.do(H=2.0).sample()["Y"][0]), 4)
    1.9
    """

    model: SCM
    origin: Given
    draws: int
    units: int
    single: bool
    methods: Mapping[str, str]
    notes: tuple[str, ...]
    diagnosis: Diagnosis

    @property
    def couplings(self) -> tuple[str, ...]:
        """What counterfactuals of this posterior rest on and no data can tell, a line each."""
        return (*self.notes, *couplings_of(self.model))

    @property
    def method(self) -> Mapping[str, str]:
        """By variable, how its noises were found: another name of ``methods``."""
        return self.methods

    def do(self, interventions: Mapping[str, Any] | None = None, /, **rhs: Any) -> Posterior:
        """The same draws in the model under an intervention.

        Takes what `SCM.do` takes. An array may have a leading axis of units, or axes of draws and
        units: values of another world of this posterior, for nested counterfactuals:

        >>> from numpyro.distributions import Normal
        >>> from scm import SCM
        >>> model = SCM(X=Normal(0, 1), M=lambda X, u=Normal(0, 1): X + u, Y=lambda X, M: X + 2 * M)
        >>> posterior = model.abduct({"X": 1.0, "M": 1.5}, key=0)
        >>> without = posterior.do(X=0.0).sample()
        >>> posterior.do(X=1.0, M=without["M"]).sample()["Y"]  # 1 + 2 * 0.5
        Array([2.], dtype=float32)
        """
        named = merged("do", interventions, rhs)
        shaped = {name: self._by_row(name, value) for name, value in named.items()}
        return dataclasses.replace(self, model=self.model.do(shaped))

    def undo(self, *names: str) -> Posterior:
        """The same draws with all interventions on the named variables taken back."""
        return dataclasses.replace(self, model=self.model.undo(*names))

    def sample(self, n: int | None = None) -> World | Imagined:
        """The worlds that the draws make in the model as it stands.

        Arguments:
          n: the first so many draws; all of them by default.

        Returns, for one unit given by scalars, a `World` whose units are the draws: ``world["Y"]``
        has shape (n, *shape). For several an `Imagined` world: (n, units, *shape).

        Raises `ModelError` if n is above the number of draws, and `NonFiniteError` or
        `UndefinedLawError` as `SCM.sample` does.
        """
        n = self.draws if n is None else count("n", n)
        if n > self.draws:
            raise ModelError(self._too_many(n))
        whole = n == self.draws
        origin = self.origin if whole else self.origin.rows(np.arange(n * self.units))
        model = self.model if whole else self.model.rows(slice(0, n * self.units))
        model.check_units(origin.n)
        world = solved(model, origin, {})
        return world if self.single else Imagined(world, n, self.units)

    def effects(
        self, treatment: str, outcome: str, *, levels: tuple[Any, Any] = (0, 1), level: float = 0.95
    ) -> UnitEffects:
        """The effect of the treatment on each unit, Y_t1(u) - Y_t0(u), with its uncertainty.

        Arguments:
          treatment, outcome: variables; the outcome a scalar.
          levels: the treatment's values t0 and t1.
          level: with what probability the effect is between ``low`` and ``high``.

        Returns a `scm.abduction.effects.UnitEffects`: mean, sd, low, high of each unit, over the
        posterior's draws. Of a point posterior the sd is zero.

        Raises `ModelError` for other names, numbers of levels or shapes.

        >>> from numpyro.distributions import Bernoulli, Normal
        >>> from scm import SCM
        >>> model = SCM(T=Bernoulli(0.5), Y=lambda T, u=Normal(0, 1): u + T * (1 + u))
        >>> print(model.abduct({"T": 1, "Y": 2.0}, key=0).effects("T", "Y"))
        Y[T=1] - Y[T=0] = 1.5 (sd 0; 1.5 to 1.5)
        """
        return unit_effects(self, treatment, outcome, levels, level)

    def _too_many(self, n: int) -> str:
        if self.draws == 1:
            return (
                f"sample: n={n}, but the evidence leaves nothing open: this posterior is a point "
                "and has one draw; write .sample()"
            )
        return f"sample: n={n}, but there are {self.draws} draws; write abduct(..., draws={n})"

    def _by_row(self, name: str, value: Any) -> Any:
        """An array of (units,) or (draws, units) with one value for each draw of each unit."""
        known = self.model.structure.variables
        if not arrayed(value) or name not in known:
            return value
        return flattened(value, self.model.structure.out(name).shape, self.draws, self.units)

    def diagnostics(self) -> Any:
        """A data frame with a row for each noise that was drawn by approximation: effective sample
        size, R-hat and divergences, the worst over units; empty where all is exact."""
        return self.diagnosis.frame()

    def to_arviz(self) -> arviz.InferenceData:
        """The draws of all noises as ArviZ has them: chains, draws, units."""
        from scm.abduction.report import inference_data

        return inference_data(self)

    def __repr__(self) -> str:
        of = "1 unit" if self.units == 1 else f"{self.units:,} units"
        many = "a point" if self.draws == 1 else f"{self.draws:,} draws"
        found = [f"{name} {method}" for name, method in self.methods.items() if method != "prior"]
        shown = ", ".join(found[:8]) + (", ..." if len(found) > 8 else "")
        return f"Posterior of {of}, {many}: {shown or 'all prior'}"
