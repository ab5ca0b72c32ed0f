"""Keywords: which words of the vocabulary each caption mentions."""
