"""Data that ship with the package: the lexicon, prices, throughputs and the report's templates."""
