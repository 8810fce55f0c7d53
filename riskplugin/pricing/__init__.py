"""What a position is worth, and what a shock makes of it."""
