"""The summary with a row per method: the form for spreadsheets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from experiments.measures.summary import COUNTS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["widen"]


def widen(summary: pd.DataFrame) -> pd.DataFrame:
    """One row per place, estimand and method: each measure, its ``_mcse``, and all notes.

    Returns the columns that tell places apart, ``estimand, method, bias, bias_mcse, ..., notes``;
    what was flagged is named in the notes.
    """
    import pandas as pd

    rows = []
    keys = list(summary.columns[: summary.columns.get_loc("measure")])
    for place, group in summary.groupby(keys, sort=False):
        row: dict[str, Any] = dict(zip(keys, place, strict=True))
        notes = []
        for one in group.to_dict("records"):
            measure = one["measure"]
            row[measure] = one["value"]
            if measure not in COUNTS:
                row[f"{measure}_mcse"] = one["mcse"]
            said = [one["note"]] * bool(one["note"]) + ["beyond 3 mcse"] * bool(one["flagged"])
            notes += [f"{measure}: {', '.join(said)}"] * bool(said)
        rows.append({**row, "notes": "; ".join(notes)})
    return pd.DataFrame(rows)
