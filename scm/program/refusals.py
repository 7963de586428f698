"""What a program refuses to condition on, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from scm.abduction.composed import Noise
from scm.compile.programs import traced
from scm.core.errors import ModelError
from scm.core.mechanism import Shape

__all__ = ["check_follows", "check_support", "not_eliminated", "only_sampled", "without_noise"]


def not_eliminated(name: str, out: Shape, noises: Sequence[Noise], why: str) -> ModelError:
    """The error for a variable that was seen, whose noise its value does not tell."""
    said = ", ".join(each.address[1] for each in noises)
    real = jnp.issubdtype(out.dtype, jnp.floating)
    law = "Normal(mean, sd) for mean + sd * u" if real else "Bernoulli(p) for u < p"
    return ModelError(
        f"to_numpyro: {name} is in the data, and its noise {said} cannot be eliminated exactly: "
        f"its function {why}. Let the function return the law of {name} instead, as in "
        f"{name}=lambda ...: {law}, or leave {name} out of the data"
    )


def without_noise(name: str) -> ModelError:
    """The error for a variable that was seen, and is made of what is sampled alone."""
    return ModelError(
        f"to_numpyro: {name} is in the data, has no noise of its own, and depends on what is not "
        f"in the data: NumPyro would meet its values with probability zero. Give {name} a noise, "
        "let its function return a law, or leave it out of the data"
    )


def only_sampled(noise: Noise) -> ModelError:
    """The error for an intervention on top of a law that has no scores."""
    name, family = noise.address[0], noise.law.family
    return ModelError(
        f"to_numpyro: do({name}=...) goes on from a value of {name} that is drawn from {family}, "
        f"which has only a sampler here; take the intervention back, or give {name} its value "
        "before it as a variable of its own"
    )


def check_support(name: str, law: Any, value: Any) -> None:
    """Refuses what no law of this family has as a value, whatever its parameters are."""
    bounds = jax.tree.leaves(law.support)
    if traced(value) or not all(isinstance(each, int | float) for each in bounds):
        return
    inside = law.support(np.asarray(value))
    if not traced(inside) and not np.all(inside):
        unit = int(np.argmin(np.asarray(inside).reshape(len(value), -1).all(axis=1)))
        raise ModelError(
            f"to_numpyro: {name} has the value {np.asarray(value)[unit]} in unit {unit}, which is "
            f"not in the support of {type(law).__name__}"
        )


def check_follows(name: str, log: Any, value: Any) -> None:
    """Refuses data on a variable of which everything says that it is something else."""
    if not np.isfinite(log).all():
        unit = int(np.argmin(np.isfinite(log)))
        raise ModelError(
            f"to_numpyro: {name} has the value {np.asarray(value)[unit]} in unit {unit}, but what "
            f"it was set to, or what it is made of, gives another; leave {name} out of the data"
        )
