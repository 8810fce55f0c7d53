"""Risk: what scenarios of P&L say about a loss, and whose loss it is."""
