"""A local server that behaves as OpenAI's Batch API does, for tests and for a first try without a key."""
