"""Benchmarks: ratios against hand-written code in the same run, never absolute promises.

``make bench`` or ``python -m benchmarks`` runs them all and prints medians of several runs.
"""
