"""The outcome under any intervention at all, and means of any function of worlds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from scm.core.errors import ModelError
from scm.estimands.contrast import Contrast
from scm.estimands.estimand import Estimand, checked, mean_of, scalar
from scm.truth.links import Links
from scm.truth.question import Mean, Question

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["Expectation", "ModifiedTreatment", "PolicyValue"]


@dataclasses.dataclass(frozen=True, eq=False)
class PolicyValue(Estimand):
    """The mean outcome under a policy: ``E[Y | do(T := policy)]``.

    ``policy`` is what `SCM.do` takes: ``{"T": lambda X: X > 0}`` gives the treatment by covariates,
    ``{"T": Bernoulli(0.3)}`` at random. With ``against`` another one, the difference of values.

    Source: Manski (2004), "Statistical treatment rules for heterogeneous populations".

    >>> from numpyro.distributions import Bernoulli
    >>> from scm import SCM
    >>> model = SCM(X=Bernoulli(0.3), T=Bernoulli(0.5), Y=lambda X, T: T * (2 * X - 1))
    >>> round(PolicyValue("Y", {"T": lambda X: X}).truth(model).value, 6)  # treat those who gain
    0.3
    """

    outcome: str
    policy: Mapping[str, Any]
    against: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        for each in (self.policy, self.against):
            if each is not None and not isinstance(each, Mapping):
                raise ModelError(
                    f"PolicyValue: a policy is a dict of interventions, such as "
                    f"{{'T': lambda X: X > 0}}; given {each!r}"
                )

    @property
    def definition(self) -> str:
        value = f"E[{self.outcome} | do({', '.join(f'{t} := policy' for t in self.policy)})]"
        if self.against is None:
            return value
        other = ", ".join(f"{t} := other" for t in self.against)
        return f"{value} - E[{self.outcome}{f' | do({other})' if other else ''}]"

    def question(self, model: SCM) -> Question:
        y = self.outcome
        name = f"PolicyValue({y!r}, {sorted(self.policy)})"
        arms: dict[str, Mapping[str, Any]] = {"policy": self.policy}
        if self.against is not None:
            arms["against"] = self.against
        worlds = checked(name, model, (y,), arms)
        scalar(name, model, y)
        means = [mean_of(arm, y) for arm in arms]
        return Question(name, worlds, means, lambda value, other=0.0: value - other)


@dataclasses.dataclass(frozen=True, eq=False)
class ModifiedTreatment(Contrast):
    """The effect of a modified treatment policy: ``E[Y | do(T := d(T, X))] - E[Y]``.

    ``policy`` is a function that names the treatment, whose natural value it then receives, and any
    non-descendants: ``lambda dose, age: jnp.where(age > 60, dose / 2, dose)``.

    Source: Haneuse and Rotnitzky (2013), "Estimation of the effect of interventions that modify
    the received treatment"; Diaz and van der Laan (2012).

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> model = SCM(T=Normal(10, 1), Y=lambda T, u=Normal(0, 1): 3 * T + u)
    >>> ModifiedTreatment("T", "Y", policy=lambda T: 0.9 * T).truth(model).value
    -3.0
    """

    policy: Callable[..., Any] = dataclasses.field(kw_only=True)

    @property
    def arms(self) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        return {self.treatment: self.policy}, {}

    @property
    def definition(self) -> str:
        y, t = self.outcome, self.treatment
        return f"E[{y} | do({t} := policy({t}))] - E[{y}]"


@dataclasses.dataclass(frozen=True, eq=False)
class Expectation(Estimand):
    """The mean of any function of one unit in any worlds: ``E[fn(units)]``.

    ``worlds`` are sets of interventions by name; ``fn(units)`` sees the same unit in each of them,
    ``units["sent"]["Y"]``, and returns a number or an array. Without ``worlds`` there is one,
    called "natural", nothing being done. ``links[world][child] = {parent: other}`` makes ``child``
    read ``parent`` as it is in another world, which stands earlier among ``worlds``: nested
    counterfactuals, and interventions on single arrows.

    >>> from numpyro.distributions import Bernoulli
    >>> from scm import SCM
    >>> model = SCM(T=Bernoulli(0.5), U=Bernoulli(0.2), Y=lambda T, U: T * U)
    >>> helped = Expectation(
    ...     lambda units: units["with"]["Y"] > units["without"]["Y"],
    ...     {"with": {"T": 1}, "without": {"T": 0}},
    ... )
    >>> bool(abs(helped.truth(model, budget=1 << 16).value - 0.2) < 0.01)
    True
    >>> model = SCM(T=Bernoulli(0.5), M=lambda T: 3 * T, Y=lambda T, M: 10 * T + M)
    >>> nested = Expectation(  # Y(1, M(0))
    ...     lambda units: units["on"]["Y"],
    ...     {"off": {"T": 0}, "on": {"T": 1}},
    ...     links={"on": {"Y": {"M": "off"}}},
    ... )
    >>> nested.truth(model).value
    10.0
    """

    fn: Callable[[Mapping[str, Mapping[str, Any]]], Any]
    worlds: Mapping[str, Mapping[str, Any]] = dataclasses.field(
        default_factory=lambda: {"natural": {}}
    )
    links: Links = dataclasses.field(default_factory=dict)

    @property
    def definition(self) -> str:
        return f"E[fn(units)] over the worlds {', '.join(self.worlds)}"

    def question(self, model: SCM) -> Question:
        worlds = checked("Expectation", model, (), self.worlds)
        identity = lambda value: value
        return Question("Expectation", worlds, (Mean(self.fn),), identity, self.links)
