"""Markov equivalence: classes of graphs that no independence tells apart."""
