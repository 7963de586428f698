"""How draws are compared with what they should be."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def near():
    """Refuses draws, along the first axis, whose mean is not as expected."""

    def check(values, expected, *, errors=5.0):
        """To so many standard errors; draws that are all the same have to be the very number."""
        values, expected = np.asarray(values, float), np.asarray(expected, float)
        error = values.std(axis=0, ddof=1) / len(values) ** 0.5 if len(values) > 1 else 0.0
        off = np.abs(values.mean(axis=0) - expected)
        assert (off <= errors * error + 1e-5 * (1 + np.abs(expected))).all(), (
            f"mean {values.mean(axis=0)} +- {error}, expected {expected}"
        )

    return check
