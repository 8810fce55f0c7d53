"""Inputs: the desk's tables and settings, checked, into domain objects."""
