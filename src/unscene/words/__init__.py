"""Words: the vocabulary, the lexicon that finds its words in captions, closed lists, and denials."""
