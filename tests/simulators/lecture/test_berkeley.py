"""Berkeley: published rates, the four adjusted answers, and two stories of one table."""

from fractions import Fraction

import numpy as np
import pytest

from scm.estimands import ATE
from simulators import get
from simulators.datasets.berkeley import berkeley

# R's UCBAdmissions, typed again: admitted, rejected.
MEN = [(512, 313), (353, 207), (120, 205), (138, 279), (53, 138), (22, 351)]
WOMEN = [(89, 19), (17, 8), (202, 391), (131, 244), (94, 299), (24, 317)]
STORIES = ("mediator", "confounder")


def standardised(shares):
    total = sum(shares)
    return sum(
        Fraction(share, total) * (Fraction(w, w + v) - Fraction(m, m + n))
        for share, (w, v), (m, n) in zip(shares, WOMEN, MEN, strict=True)
    )


def test_the_data_are_the_published_counts():
    frame = berkeley()
    assert list(frame.columns) == ["female", "dept", "admitted"]
    assert len(frame) == 4526
    for female, counts in enumerate((MEN, WOMEN)):
        rows = frame[frame["female"] == female].groupby("dept")["admitted"].agg(["sum", "count"])
        assert rows["sum"].tolist() == [yes for yes, _ in counts]
        assert rows["count"].tolist() == [yes + no for yes, no in counts]
    # Bickel, Hammel and O'Connell: 44.5 % of the men and 30.4 % of the women of these six.
    rates = frame.groupby("female")["admitted"].mean()
    assert (round(rates[0], 3), round(rates[1], 3)) == (0.445, 0.304)


def test_the_four_adjusted_answers():
    known = get("berkeley").known()
    men, women = ([yes + no for yes, no in counts] for counts in (MEN, WOMEN))
    weights = {
        "as among the women": women,
        "by m f / (m + f)": [Fraction(m * f, m + f) for m, f in zip(men, women, strict=True)],
        "as among all": [m + f for m, f in zip(men, women, strict=True)],
        "as among the men": men,
    }
    for (how, shares), printed in zip(
        weights.items(), (0.0011, 0.0184, 0.0426, 0.0710), strict=True
    ):
        answer = known[f"women less men, departments weighted {how}"].value
        assert answer == standardised(shares)
        assert float(answer) == pytest.approx(printed, abs=5e-5)


def test_the_second_is_least_squares_with_a_constant_for_each_department():
    frame = berkeley()
    columns = np.column_stack([frame["female"], *(frame["dept"] == d for d in range(6))])
    slope = np.linalg.lstsq(columns.astype(float), frame["admitted"].to_numpy(float))[0][0]
    answer = get("berkeley").known()["women less men, departments weighted by m f / (m + f)"]
    assert float(answer.value) == pytest.approx(slope, abs=1e-10)


def test_effects_are_published_numbers_and_add_up():
    known = {name: each.value for name, each in get("berkeley").known(story="mediator").items()}
    for kind, printed in {
        "NDE": 0.070969, "TIE": -0.212615, "NIE": -0.142733, "TDE": 0.001088,
    }.items():  # fmt: skip
        assert float(known[f"{kind}(female -> admitted; dept)"]) == pytest.approx(printed, abs=5e-7)
    total = known["ATE(female -> admitted)"]
    assert total == Fraction(557, 1835) - Fraction(1198, 2691)
    for direct, indirect in (("NDE", "TIE"), ("TDE", "NIE")):
        parts = (known[f"{kind}(female -> admitted; dept)"] for kind in (direct, indirect))
        assert sum(parts) == total


def test_both_stories_have_the_tables_law(law, x64):
    rows, shares = [], []
    for female, counts in enumerate((MEN, WOMEN)):
        for dept, pair in enumerate(counts):
            for admitted, count in zip((1, 0), pair, strict=True):
                rows.append((female, dept, admitted))
                shares.append(count / 4526)
    for story in STORIES:
        found = law(get("berkeley").build(story=story), ["female", "dept", "admitted"], rows)
        np.testing.assert_allclose(found, shares, atol=1e-12)


def test_identical_data_have_opposite_answers(x64):
    ate = ATE("female", "admitted")
    truths = [ate.truth(get("berkeley").build(story=story)).value for story in STORIES]
    assert truths == [pytest.approx(-0.1416454, abs=1e-7), pytest.approx(0.0426368, abs=1e-7)]
