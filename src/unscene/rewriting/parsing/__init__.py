"""Parsing: words with their kinds into a tree of noun phrases, verbs and prepositions."""
