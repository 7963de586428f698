"""Formulas of probabilities as values: made shorter, printed, and evaluated on tables."""
