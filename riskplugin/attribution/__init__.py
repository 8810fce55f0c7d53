"""Why a number moved between two runs, and what came of yesterday's."""
