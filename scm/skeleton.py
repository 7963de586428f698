"""A model without its numbers: what JAX compares when a model goes through jit, vmap or grad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scm.compile.fingerprint import fingerprint

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["Skeleton"]


class Skeleton:
    """A model without its numbers: equal when two models compute the same thing."""

    def __init__(self, model: SCM) -> None:
        self.structures, self.coupling = model._structures, model.coupling
        roles = tuple((name, v.role) for name, v in model.structure.variables.items())
        # strictly: what jax.jit keeps for a model may be differentiated
        self._identity = (fingerprint(model.structure, strict=True), model.coupling, roles)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Skeleton) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)
