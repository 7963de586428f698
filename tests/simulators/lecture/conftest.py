"""What the tests of the lecture share: linear algebra that knows no world, and laws of tables."""

import jax.numpy as jnp
import numpy as np
import pytest

from scm.estimands import Expectation


class Linear:
    """x := B x + u, written as {child: {parent: weight}}, with the variances of the noises."""

    def __init__(self, equations, variances):
        self.names = list(variances)
        weights = np.zeros((len(self.names), len(self.names)))
        for child, parents in equations.items():
            for parent, weight in parents.items():
                weights[self.names.index(child), self.names.index(parent)] = weight
        paths = np.linalg.inv(np.eye(len(self.names)) - weights)
        self.paths = paths
        self.covariance = paths @ np.diag([variances[name] for name in self.names]) @ paths.T

    def _at(self, *names):
        return [self.names.index(name) for name in names]

    def cov(self, x, y):
        (i, j) = self._at(x, y)
        return self.covariance[i, j]

    def effect(self, x, y):
        (i, j) = self._at(x, y)
        return self.paths[j, i]

    def ols(self, y, *regressors):
        """The coefficient of the first of the regressors."""
        (i, *given), (out,) = self._at(*regressors), self._at(y)
        x = [i, *given]
        return np.linalg.solve(self.covariance[np.ix_(x, x)], self.covariance[x, out])[0]

    def left(self, y, *given):
        """The variance of y that a regression on the others leaves."""
        (out,), x = self._at(y), self._at(*given)
        square, cross = self.covariance[np.ix_(x, x)], self.covariance[x, out]
        return self.covariance[out, out] - cross @ np.linalg.solve(square, cross)

    def corr(self, x, y, *given):
        """Their correlation, or partial correlation."""
        precision = np.linalg.inv(self.covariance[np.ix_(*[self._at(x, y, *given)] * 2)])
        return -precision[0, 1] / np.sqrt(precision[0, 0] * precision[1, 1])


def chances(model, columns, cells):
    """The exact probability of each cell, a tuple of values of the columns, in a model."""
    cells = jnp.asarray(cells)

    def inside(units):
        unit = jnp.stack([jnp.asarray(units["natural"][name]) for name in columns])
        return (unit == cells).all(axis=1) * 1.0

    truth = Expectation(inside).truth(model)
    assert truth.method == "exact"
    return truth.value


@pytest.fixture
def law():
    """The function that asks a model for the chances of cells."""
    return chances


@pytest.fixture
def linear():
    """The class of linear systems."""
    return Linear
