"""Samples: photos and captions of every source, as tables."""
