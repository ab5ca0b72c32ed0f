"""The batch-size study: how many captions fit in one prompt."""
