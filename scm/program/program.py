"""A model as a function that NumPyro can run: what `SCM.to_numpyro` gives."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpyro

from scm.abduction.evidence import evidence_of
from scm.arguments import count
from scm.core.errors import ModelError
from scm.program.sites import Sites

if TYPE_CHECKING:
    from scm.model import SCM

__all__ = ["Program"]


@dataclasses.dataclass(frozen=True, eq=False)
class Program:
    """A model as a NumPyro model function: see `SCM.to_numpyro`."""

    model: SCM
    plate: str = "units"

    def __call__(self, data: Any = None, *, n: int | None = None) -> dict[str, Any]:
        """Make the sites of the units of ``data``, or of ``n`` units.

        Arguments:
          data: a dict of arrays, a data frame or a `World`: columns of observed variables, (units,
            *shape) each; scalars of one unit. Latents may be among them; what is left out is
            sampled. Every cell has to be there.
          n: the number of units, where there are no data.

        Returns every variable's value by name, each (n, *shape).
        """
        for loop in self.model.structure.loops.values():
            raise ModelError(
                f"to_numpyro: {' and '.join(loop)} stand on a loop, and a program has one site "
                f"after the other; cut it, model.do({loop[0]}=...), or use model.log_prob as the "
                "likelihood: numpyro.factor('data', model.do(...).log_prob(data).sum())"
            )
        seen, n = _read(self.model, data, n)
        self.model.check_units(n)
        try:
            plate = numpyro.plate(self.plate, n, dim=-1)
        except AssertionError:
            raise ModelError(
                "to_numpyro: the units have the last axis, dim=-1, which a plate around the "
                "program has taken; write numpyro.plate(name, size, dim=-2) there"
            ) from None
        with plate:
            return Sites(self.model.system, seen, n).made()


def _read(model: SCM, data: Any, n: int | None) -> tuple[dict[str, Any], int]:
    """The columns in each variable's dtype, and the number of units."""
    if data is None or (isinstance(data, Mapping) and not data):
        if n is None:
            raise ModelError(
                "to_numpyro: of how many units? write program(n=100), or program(data=...)"
            )
        return {}, count("n", n)
    try:
        evidence = evidence_of(model.structure, data)
    except ModelError as error:
        raise type(error)(str(error).replace("abduct:", "to_numpyro:")) from None
    for name, seen in evidence.seen.items():
        if seen is not None:
            raise ModelError(
                f"to_numpyro: {name} is missing in {int((~seen).sum())} of {evidence.n} units; "
                f"drop these, leave the whole column out, or use model.abduct, which takes holes"
            )
        if evidence.low[name] is not evidence.high[name]:
            raise ModelError(
                f"to_numpyro: {name} is given by bounds, and values are wanted; "
                "model.abduct takes bounds"
            )
    if n is not None and count("n", n) != evidence.n:
        raise ModelError(f"to_numpyro: n={n}, but the data have {evidence.n} units; leave n out")
    return dict(evidence.low), evidence.n
