"""A posterior as ArviZ has it: the one file that knows ArviZ, whose versions differ."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from scm.noise.identity import noise_names

if TYPE_CHECKING:
    from scm.abduction.posterior import Posterior

__all__ = ["arviz_of", "inference_data"]


def inference_data(posterior: Posterior) -> Any:
    """The draws of all noises, by "variable:noise": chains, draws, units, components.

    Draws that no chain made are one chain. One unit that was given by scalars has no axis of units.
    """
    world = posterior.sample()
    chains = posterior.diagnosis.chains
    chains = chains if posterior.draws % chains == 0 else 1
    held = {}
    for variable, noise in noise_names(posterior.model.structure):
        draws = np.asarray(world.noise[variable, noise])
        held[f"{variable}:{noise}".replace("/", "|")] = draws.reshape(chains, -1, *draws.shape[1:])
    return arviz_of(held)


def arviz_of(
    held: Mapping[str, np.ndarray],
    *,
    dims: Mapping[str, Sequence[str]] | None = None,
    coords: Mapping[str, Any] | None = None,
) -> Any:
    """Draws of a posterior by variable, (chains, draws, ...), as ArviZ has them.

    Arguments:
        dims: by variable, the names of its dimensions after chains and draws.
        coords: by dimension, what its places are called.
    """
    with warnings.catch_warnings():  # it announces its own next version
        warnings.simplefilter("ignore", FutureWarning)
        import arviz

    named: dict[str, Any] = {
        "dims": {name: list(each) for name, each in (dims or {}).items()},
        "coords": dict(coords or {}),
    }
    if int(arviz.__version__.split(".")[0]) < 1:
        return arviz.from_dict(posterior=dict(held), **named)
    return arviz.from_dict({"posterior": dict(held)}, **named)
