"""The nouns that two or more steps of the workflow share."""
