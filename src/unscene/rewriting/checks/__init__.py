"""Checks: a second look at what was written."""
