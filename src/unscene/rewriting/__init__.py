"""Rewriting: captions without an object, by rules of grammar, and with the denial that fits them."""
