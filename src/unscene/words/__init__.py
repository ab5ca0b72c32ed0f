"""Words: the vocabulary, the lexicon and the grammar of captions with and without an object."""
