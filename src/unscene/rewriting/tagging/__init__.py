"""Tagging: a caption into words with their kinds."""
