"""The report of an experiment: `write` makes one HTML file that needs nothing but itself."""

from experiments.report.page import page, write

__all__ = ["page", "write"]
