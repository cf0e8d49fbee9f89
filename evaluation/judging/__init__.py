"""judging: ."""
