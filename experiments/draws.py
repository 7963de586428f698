"""Posteriors: an estimator's draws of its effect, kept, judged, and given back for ArviZ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FILE", "DrawsError", "inference_data", "pit_column", "read_draws",
           "share_below", "summarised"]  # fmt: skip

FILE = "draws.parquet"
"""In a run's folder: ``world, method, replicate, draws``, where some method gives draws."""

_LEVEL = 0.95


class DrawsError(ValueError):
    """Draws that there are none of, or that are no array; the message says what there is."""


def summarised(draws: Any) -> dict[str, Any]:
    """What the draws of a posterior say as an estimate: mean, deviation and central interval.

    Raises TypeError for what is no row of two numbers or more.

    >>> found = summarised([0.0, 1.0, 2.0, 3.0, 4.0])
    >>> found["value"], round(found["se"], 6), round(found["low"], 6)
    (2.0, 1.581139, 0.1)
    """
    x = np.asarray(draws, float)
    if x.ndim != 1 or x.size < 2:
        raise TypeError(f"draws: a row of two numbers or more is wanted, given shape {x.shape}")
    low, high = np.quantile(x, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return {"value": float(x.mean()), "se": float(x.std(ddof=1)), "low": float(low),
            "high": float(high), "draws": x}  # fmt: skip


def pit_column(estimand: str) -> str:
    """The column of estimates that holds the share of a posterior below an estimand's truth."""
    return f"pit_{estimand}"


def share_below(draws: Any, truth: float) -> float:
    """``(1 + draws below the truth) / (1 + draws)``; NaN where there are no draws, or no truth."""
    if draws is None or np.isnan(truth):
        return float("nan")
    return float((1 + np.count_nonzero(np.asarray(draws) < truth)) / (1 + len(draws)))


def read_draws(run: Path, world: str, method: str) -> pd.DataFrame:
    """The draws of a method in a world of a run: ``replicate, draws``, failures left out.

    Arguments:
        run: its folder.
        world: as frames name it: with its cell, and its member, where it has them.

    Raises `DrawsError` where there are none.
    """
    import pandas as pd

    path = run / FILE
    if not path.exists():
        raise DrawsError(f"{run}: {FILE} is not there: no method of this run gives draws")
    only = [("world", "==", world), ("method", "==", method)]
    frame = pd.read_parquet(path, filters=only)
    if frame.empty:
        there = pd.read_parquet(path, columns=["world", "method"]).drop_duplicates()
        listed = "; ".join(f"{w}, {m}" for w, m in there.itertuples(index=False))
        raise DrawsError(f"{path}: no draws of {method!r} in {world!r}; there are: {listed}")
    return frame[["replicate", "draws"]]


def inference_data(run: Path, world: str, method: str, *, draws: int | None = None) -> Any:
    """The posteriors of all replicates of a method as one ArviZ object.

    Its variable ``effect`` has the dimensions ``chain`` (one), ``draw`` and ``replicate``, and the
    numbers of the replicates as coordinates.

    Arguments:
        draws: how many of each replicate are taken, spread evenly; all, if left out.

    Raises `DrawsError` where there are none, or not as many of every replicate.
    """
    from scm.abduction.report import arviz_of

    frame = read_draws(run, world, method)
    sizes = frame.draws.map(len)
    least, most = int(sizes.min()), int(sizes.max())
    if draws is None and least != most:
        raise DrawsError(
            f"{method} in {world}: replicates have {least:,} to {most:,} draws, and ArviZ wants "
            f"one number of all; take draws={least}"
        )
    count = most if draws is None else draws
    if not 1 <= count <= least:
        raise DrawsError(f"draws={draws}: from 1 to {least:,} are there of every replicate")
    every = np.stack([_spread(each, count) for each in frame.draws], axis=-1)
    return arviz_of(
        {"effect": every[None]},
        dims={"effect": ["replicate"]},
        coords={"replicate": frame.replicate.to_numpy()},
    )


def _spread(draws: Sequence[float], count: int) -> np.ndarray:
    x = np.asarray(draws, float)
    return x[np.linspace(0, len(x) - 1, count).round().astype(int)] if count < len(x) else x
