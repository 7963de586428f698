"""What a world shows when asked: its noises, and its natural values, made at that moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

from scm.core.errors import UnknownNameError, suggestion
from scm.noise.given import Given
from scm.noise.identity import noise_names
from scm.solve.acyclic import varies
from scm.solve.draws import drawn_noise, laws_of, source_for
from scm.solve.run import natural

if TYPE_CHECKING:
    from scm.world import World

__all__ = ["NaturalView", "NoiseView"]


class NoiseView(Mapping[tuple[str, str], jax.Array]):
    """Noise, looked up by (variable, noise name)."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._places = noise_names(world.model.structure)

    def __getitem__(self, address: tuple[str, str]) -> jax.Array:
        if address not in self._places:
            shown = "/".join(map(str, address)) if isinstance(address, tuple) else str(address)
            raise UnknownNameError(
                f"the world has no noise {shown!r}"
                f"{suggestion(shown, ['/'.join(each) for each in self._places])}; "
                'write world.noise["variable", "noise"]'
            )
        world = self._world
        origin: Any = world.origin
        if isinstance(origin, Given):
            if address in origin.values:
                return origin.values[address]
            if address in origin.scores:
                place = self._places[address]
                law = laws_of(world.model.system)[place]
                return origin.source({place: law}).held[place]
            if origin.rest is None:
                raise UnknownNameError(f"this world was made without the noise {address}")
            origin = origin.rest
        return drawn_noise(world.model.system, origin, address)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class NaturalView(Mapping[str, jax.Array]):
    """Natural values, looked up by variable."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getitem__(self, name: str) -> jax.Array:
        world, structure = self._world, self._world.model.structure
        if len(structure.variables[name].layers if name in world else ()) < 2:
            return world[name]
        base = structure.variables[name].layers[0]
        moved = structure.descendants(frozenset({name}))
        if base.equilibrium and not moved.isdisjoint(base.parents):
            return world.undo(name)[name]  # its parents would have been others, too
        system = world.model.system
        value = natural(system, source_for(system, world.origin), world.columns, name)
        shape = structure.out(name).shape
        return value if varies(value, shape) else jnp.broadcast_to(value, (world.n, *shape))

    def __iter__(self) -> Iterator[str]:
        return iter(self._world.columns)

    def __len__(self) -> int:
        return len(self._world.columns)
