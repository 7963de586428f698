"""What was seen of a variable, given what it reads: its density, or its probability.

Three ways, all exact: a law that the assignment returns is asked; declared noise is solved for,
and its density changed by one Jacobian at the solution; of a finite noise all values are tried.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
from numpyro.distributions import Distribution, constraints

from scm.abduction.composed import Block, Noise, noise_range
from scm.abduction.enumeration import by_enumeration
from scm.abduction.inverse import by_declaration, by_inversion
from scm.abduction.inverses import NotInvertibleError
from scm.abduction.ranges import EVERYWHERE
from scm.abduction.strategy import Found, Strategy
from scm.core.mechanism import Shape, noise_shape
from scm.noise.laws.domain import valid

__all__ = ["Elimination", "Likelihood", "elimination", "seen_under", "weighed"]

_TRIES = 64


class Likelihood(Distribution):
    """The law of a variable that was seen; minus infinity wherever it cannot be what it was.

    NumPyro's own laws leave it to the caller that parameters are in their domain and values in the
    support, and give a finite number for some that are not.
    """

    arg_constraints: dict[str, Any] = {}  # noqa: RUF012
    pytree_aux_fields = ("log_density", "out")

    def __init__(
        self, log_density: Callable[[Any], Any], out: Shape, batch: tuple[int, ...]
    ) -> None:
        self.log_density, self.out = log_density, out
        super().__init__(batch, out.shape)

    @property
    def support(self) -> Any:
        """Numbers of the variable's dtype."""
        if jnp.issubdtype(self.out.dtype, jnp.floating):
            kind: Any = constraints.real
        elif self.out.dtype == jnp.bool_:
            kind = constraints.boolean
        else:
            kind = constraints.integer_greater_than(jnp.iinfo(self.out.dtype).min)
        return constraints.independent(kind, len(self.out.shape)) if self.out.shape else kind

    def log_prob(self, value: Any, intermediates: Any = None) -> Any:
        """Of each unit's value."""
        return self.log_density(value)

    def sample(self, key: Any, sample_shape: tuple[int, ...] = ()) -> Any:
        """Refused: what was seen is not drawn."""
        raise NotImplementedError(
            "a variable that is in the data is not drawn: run the program without it, program(n=..)"
        )


def seen_under(law: Any, value: Any) -> Any:
    """The log density of a value under the law of one unit."""
    inside = jnp.isfinite(value).all() if law.support is None else jnp.all(law.support(value))
    log = jnp.sum(law.log_prob(value.astype(noise_shape(law).dtype)))
    return jnp.where(inside & valid(law), log, -jnp.inf)


def weighed(found: Found) -> Any:
    """The log density of what was seen, from what a strategy found."""
    return jnp.where(found.fine, found.log_weight, -jnp.inf)


@dataclasses.dataclass(frozen=True, eq=False)
class Elimination:
    """How a variable's value tells of its noises.

    Attributes:
      way: how noises are found, and the density of the value.
      told: those that are; none, if the way sums over them.
      free: those that have to be given first.
    """

    way: Strategy
    told: tuple[Noise, ...]
    free: tuple[Noise, ...]


def elimination(block: Block) -> Elimination | str:
    """How the one variable of a block is eliminated, exactly; or why it is not.

    As many noises as can be are solved for, the more of them the better; the others are given.
    """
    declared = by_declaration(block)
    if declared is not None:
        return Elimination(declared, block.noises, ())
    reason = ""
    # first those that may be anything: whatever the others are, there is a solution
    ranged = sorted(block.noises, key=lambda each: noise_range(block.system, each) != EVERYWHERE)
    sets = (itertools.combinations(ranged, size) for size in range(len(ranged), 0, -1))
    for chosen in itertools.islice(itertools.chain.from_iterable(sets), _TRIES):
        told = tuple(each for each in block.noises if each in chosen)
        try:
            way = by_inversion(block, told)
        except NotInvertibleError as error:
            reason = reason or str(error)
            continue
        except (NotImplementedError, TypeError, ValueError):  # no density on the values
            reason = reason or "noise and value have not the same number of real components"
            continue
        return Elimination(way, told, tuple(n for n in block.noises if n not in told))
    summed = by_enumeration(block)
    return reason if summed is None else Elimination(summed, (), ())
