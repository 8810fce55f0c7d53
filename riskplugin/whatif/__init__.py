"""What trades would do: to exposures, stress, measures and cost; and which do most."""
