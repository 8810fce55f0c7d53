"""What a desk could trade to be inside its limits: proposals, never orders."""
