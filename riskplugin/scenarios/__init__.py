"""Scenarios: named, sourced sets of shocks."""
