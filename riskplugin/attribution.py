"""Why a number moved between two runs."""
