"""Where memory stands in its cycle: four signals, a phase, and how they have fared."""
