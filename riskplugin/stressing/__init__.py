"""Stress: scenarios meet the book."""
