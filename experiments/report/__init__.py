"""The report of an experiment: one HTML file that needs nothing but itself, and its figures.

`report` makes them, `write` writes them.
"""

from experiments.report.page import Report, page, report, write

__all__ = ["Report", "page", "report", "write"]
