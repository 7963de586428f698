"""Graduate admissions at Berkeley, 1973: the six largest departments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulators.datasets.registry import dataset

if TYPE_CHECKING:
    import pandas as pd

# By department, A to F: (men admitted, men rejected, women admitted, women rejected).
COUNTS = (
    (512, 313, 89, 19),
    (353, 207, 17, 8),
    (120, 205, 202, 391),
    (138, 279, 131, 244),
    (53, 138, 94, 299),
    (22, 351, 24, 317),
)


@dataset(
    "berkeley",
    title="Admissions at Berkeley in 1973, 4,526 applicants to six departments",
    source="Bickel, Hammel and O'Connell (1975), Sex bias in graduate admissions; the six largest "
    "departments as in R's UCBAdmissions, retyped",
)
def berkeley() -> pd.DataFrame:
    """4,526 applicants, one row each; columns `female` (0, 1), `dept` and `admitted` (0, 1).

    `dept` is 0 to 5 for the departments A to F. The year's all departments together had 8,442 men
    and 4,321 women. Lectures print 4,351 women, and 272 men for department F; the paper has 4,321,
    and the data 373 (with 272 the men's rate would be 46.0 % and not 44.5 %).

    >>> berkeley().groupby("female")["admitted"].mean().round(3).to_dict()
    {0: 0.445, 1: 0.304}
    """
    import pandas as pd

    rows = [
        (female, dept, admitted)
        for dept, counts in enumerate(COUNTS)
        for (female, admitted), count in zip(((0, 1), (0, 0), (1, 1), (1, 0)), counts, strict=True)
        for _ in range(count)
    ]
    return pd.DataFrame(rows, columns=["female", "dept", "admitted"])
