"""Runs side by side, by language: what each way to distil is worth where there are labels, and where not."""
