"""Whether every runtime gives the same answers to the same texts."""
