"""The Excel door: functions for cells, and the files around them."""
