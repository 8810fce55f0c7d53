"""Limits: what can be limited, what a limit is, and what values make of it."""
