"""The drug table: 244 patients, a drug, blood clots, and Simpson's paradox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.datasets.registry import dataset

if TYPE_CHECKING:
    import pandas as pd

# (female, drug A): (with a blood clot, without one)
COUNTS = {(1, 1): (24, 56), (0, 1): (3, 39), (1, 0): (17, 25), (0, 0): (6, 74)}


@dataset(
    "simpson_drug",
    title="A drug and blood clots, 244 patients",
    source="Molak (2023), Causal Inference and Discovery in Python, chapter 1: the table of drugs "
    "A and B, retyped",
)
def simpson_drug() -> pd.DataFrame:
    """244 patients, one row each; columns `female`, `drug_a` (0: drug B) and `clot`, all 0 or 1.

    >>> simpson_drug().groupby("drug_a")["clot"].mean().round(4).to_dict()
    {0: 0.1885, 1: 0.2213}
    """
    import pandas as pd

    rows = [
        (female, drug_a, clot)
        for (female, drug_a), counts in COUNTS.items()
        for clot, count in zip((1, 0), counts, strict=True)
        for _ in range(count)
    ]
    return pd.DataFrame(rows, columns=["female", "drug_a", "clot"])
