"""Factors: drivers, loadings, what the drivers leave, and how a core move spreads."""
