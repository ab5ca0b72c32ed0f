"""Pruning: the object out of the tree, with what hangs on it."""
