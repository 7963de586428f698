"""The real data: their sizes, published moments, and what holds in every row."""

import numpy as np
import pytest

from simulators import DATASETS
from simulators.datasets.card import card
from simulators.datasets.simpson_drug import simpson_drug


def test_card_is_the_published_sample():
    frame = card()
    assert frame.shape == (3010, 35)
    # Card (1995), table 1, and Wooldridge's CARD.DES: means of the 3,010 men.
    assert frame["lwage"].mean() == pytest.approx(6.2618, abs=5e-5)
    assert frame["lwage"].std() == pytest.approx(0.4438, abs=5e-5)
    assert frame["educ"].mean() == pytest.approx(13.2635, abs=5e-5)
    assert frame["nearc4"].mean() == pytest.approx(0.68206, abs=5e-6)
    assert (frame["exper"] == frame["age"] - frame["educ"] - 6).all()
    assert (frame["expersq"] == frame["exper"] ** 2).all()
    assert (frame["agesq"] == frame["age"] ** 2).all()
    regions = frame[[f"reg66{i}" for i in range(1, 10)]]
    assert (regions.sum(axis=1) == 1).all()


def test_card_agrees_with_another_package():
    from linearmodels.datasets import card as other

    # The same men in another order, with wages rounded differently.
    columns = ["educ", "age", "wage", "nearc4", "black", "south", "smsa", "smsa66"]
    columns += [f"reg66{i}" for i in range(1, 10)] + ["exper", "expersq", "lwage"]
    theirs, ours = (
        frame[columns].sort_values(columns).to_numpy(dtype=float)
        for frame in (other.load(), card())
    )
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_the_drug_table_counts():
    frame = simpson_drug()
    assert list(frame.columns) == ["female", "drug_a", "clot"]
    assert len(frame) == 244
    # The table: with a clot, of how many.
    cells = frame.groupby(["female", "drug_a"])["clot"].agg(["sum", "count"])
    assert cells.loc[(1, 1)].tolist() == [24, 80]
    assert cells.loc[(0, 1)].tolist() == [3, 42]
    assert cells.loc[(1, 0)].tolist() == [17, 42]
    assert cells.loc[(0, 0)].tolist() == [6, 80]
    totals = frame.groupby("drug_a")["clot"].agg(["sum", "count"])
    assert totals.loc[1].tolist() == [27, 122]
    assert totals.loc[0].tolist() == [23, 122]
    assert set(np.unique(frame)) == {0, 1}


def test_datasets_by_name():
    assert list(DATASETS) == ["berkeley", "card", "simpson_drug"]
    assert DATASETS["card"].load().equals(card())
    for entry in DATASETS.values():
        assert entry.title
        assert entry.source
        assert entry.description
    with pytest.raises(KeyError, match=r"no dataset is called 'cards'; did you mean 'card'\?"):
        DATASETS["cards"]


def test_a_loaded_frame_is_the_callers_own():
    frame = card()
    frame["educ"] = 0
    assert card()["educ"].mean() > 13
