"""The data doctor's kernels: what is wrong with prices, seen from the prices alone."""
