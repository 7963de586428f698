"""Unmeasured: a column that the analyst does not have."""

from __future__ import annotations

from typing import Any

from numpyro.distributions import Bernoulli

from scm.core.pytree import pytree, static
from simulators.observe.severity import checked
from simulators.observe.view import View

__all__ = ["hide"]


def hide(*columns: str, severity: Any = 1.0) -> Hide:
    """Leave columns out of the data: an unmeasured confounder, say.

    Arguments:
      columns: their names.
      severity: the share of units that it happens to. At 1 the columns are gone; below it their
        values are missing in that share, at random.

    How much a hidden cause matters is a number of the world, not of its observation: sweep the
    world's own parameter for it.

    >>> from numpyro.distributions import Normal
    >>> from scm import SCM
    >>> from simulators.observe import observe
    >>> list(observe(SCM(U=Normal(0, 1), X=lambda U: 2 * U).sample(0, 10), hide("U")))
    ['X']
    """
    if not columns or not all(isinstance(each, str) for each in columns):
        raise ValueError("hide: names of columns are wanted: hide('U')")
    return Hide(checked(severity, "hide"), columns)


@pytree
class Hide:
    """See `hide`."""

    severity: Any
    columns: tuple[str, ...] = static()

    def __call__(self, view: View) -> View:
        view = view.to_records("hide")
        for name in self.columns:
            view.node(name, "hide")
        if isinstance(self.severity, int | float) and self.severity == 1:
            return view.without(self.columns)
        for name in self.columns:
            view, where = view.with_variable(f"{name} hidden", Bernoulli(self.severity))
            view = view.losing(name, where)
        return view
