"""Risk measures, their contributions, and forecasts that are put to the test."""
