"""The cheapest trades that bring losses inside limits: arrays in, arrays out."""
