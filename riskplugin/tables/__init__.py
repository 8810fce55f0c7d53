"""Every question answered as a labelled table: kernels on arrays in, DataFrames out."""
