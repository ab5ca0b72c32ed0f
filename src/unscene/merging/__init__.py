"""Merging: one run from the parts of machines that share nothing."""
