"""Scores of edits, controls with a known answer, and the cuts and labels that decide."""
