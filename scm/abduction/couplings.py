"""What counterfactuals rest on and no data can tell: how noise enters what is discrete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax.numpy as jnp

from scm.abduction.composed import Noise, live_noises

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["couplings_of"]

_NAMES = {"quantile": "inverse_cdf", "gumbel": "gumbel_max", "score": "normal scores"}


def couplings_of(model: SCM) -> tuple[str, ...]:
    """A line for each variable whose counterfactuals depend on a coupling."""
    system, said = model.system, []
    for name in model.structure.order:
        said += [_coupling(model, name, noise) for noise in live_noises(system, name)]
    return tuple(text for text in said if text)


def _coupling(model: SCM, name: str, noise: Noise) -> str:
    if not noise.declared:
        kind = _NAMES.get(noise.law.kind, "its sampler")
        return f"{name}: {kind} coupling of its {noise.law.family} law"
    whole = not jnp.issubdtype(model.structure.out(name).dtype, jnp.floating)
    root = model.structure.variables[name].layers[noise.depth].form == "law"
    if whole and not root:
        return f"{name}: the way in which its function lets {noise.address[1]} enter"
    return ""
