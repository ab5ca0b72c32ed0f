"""Realisation: what is left of a tree, as words in a row."""
