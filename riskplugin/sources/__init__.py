"""Sources: where the desk's tables come from."""
