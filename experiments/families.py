"""Families in results: the places of their members, joined into one place for those who read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from experiments.family import family_of, number_of
from experiments.measures.families import of_family
from experiments.measures.own import own_truth

if TYPE_CHECKING:
    import pandas as pd

    from experiments.findings import Method
    from experiments.running import Place

__all__ = ["Families", "joined_remarks", "place_of"]


def place_of(place: Place) -> str:
    """What the place is called that a reader sees: for a member, that of its family in its cell."""
    name, label = family_of(place.world), place.cell.label
    return f"{name} [{label}]" if label else name


@dataclass(frozen=True)
class Families:
    """The members of every family's place, by name: and what a note calls each of them."""

    members: Mapping[str, Mapping[str, str]]

    @classmethod
    def of(cls, names: Iterable[tuple[str, str, str]]) -> Families:
        """From each place's name, world, and the name that is shown."""
        found: dict[str, dict[str, str]] = {}
        for name, world, shown in names:
            if (number := number_of(world)) is not None:
                found.setdefault(shown, {})[name] = f"#{number}"
        return cls(found)

    def __bool__(self) -> bool:
        return bool(self.members)

    @property
    def all_members(self) -> set[str]:
        """The names of all members' places."""
        return {name for each in self.members.values() for name in each}

    def shown(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows that are about no single member."""
        return frame[~frame.world.isin(self.all_members)].reset_index(drop=True)

    def single(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows that are about no family as a whole."""
        return frame[~frame.world.isin(list(self.members))]

    def with_summary(self, summary: pd.DataFrame, methods: Sequence[Method]) -> pd.DataFrame:
        """A summary, and behind it the rows of every family."""
        import pandas as pd

        every = (of_family(summary, *each, methods) for each in self.members.items())
        return pd.concat([summary, *every], ignore_index=True)

    def with_truths(self, truths: pd.DataFrame) -> pd.DataFrame:
        """Truths, and behind them the mean truth of every family."""
        import pandas as pd

        rows: list[dict[Any, Any]] = []
        for family, members in self.members.items():
            mine = truths[truths.world.isin(list(members))]
            for estimand, each in mine.groupby("estimand", sort=False):
                least, most = each.value.min(), each.value.max()
                rows.append(
                    {"world": family, "estimand": estimand, "value": float(each.value.mean()),
                     "se": float((each.se**2).sum() ** 0.5 / len(each)),
                     "method": f"the mean of {len(each):,} members, {least:.4g} to {most:.4g}",
                     "n": int(each.n.sum())}
                )  # fmt: skip
        if not rows:
            return truths
        return pd.concat([truths, pd.DataFrame(rows, columns=list(truths.columns))],
                         ignore_index=True)  # fmt: skip

    def as_one(self, estimates: pd.DataFrame, truths: pd.DataFrame) -> pd.DataFrame:
        """A member's estimates as those of its family: each with its member's truth beside it, by
        which it is moved where all are shown about the mean of truths; others as they are."""
        world = str(estimates.world.iloc[0]) if len(estimates) else ""
        for family, members in self.members.items():
            if world in members:
                mine = truths[truths.world == world].set_index("estimand").value
                own = {own_truth(str(name)): value for name, value in mine.items()}
                without = {
                    key: value
                    for key, value in own.items()
                    if key not in estimates or estimates[key].isna().all()
                }
                number = list(members).index(world)
                replicate = estimates.replicate + number * (estimates.replicate.max() + 1)
                return estimates.assign(world=family, replicate=replicate, **without)
        return estimates


def joined_remarks(
    told: Mapping[str, Mapping[tuple[str, str], Sequence[str]]], families: Families
) -> dict[tuple[str, str], tuple[str, ...]]:
    """What is said of each (place, method), once for a family, and of how many members.

    Arguments:
        told: by the name of each place, what its plan says of its world's methods.
    """
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    inside = families.all_members
    for place, remarks in told.items():
        if place not in inside:
            found |= {(place, method): tuple(texts) for (_, method), texts in remarks.items()}
    for family, members in families.members.items():
        counted: dict[tuple[str, str], int] = {}
        for place in members:
            for (_, method), texts in told.get(place, {}).items():
                for text in texts:
                    counted[method, text] = counted.get((method, text), 0) + 1
        for (method, text), count in counted.items():
            where = "" if count == len(members) else f" (in {count:,} of {len(members):,} members)"
            found[family, method] = (*found.get((family, method), ()), f"{text}{where}")
    return found
