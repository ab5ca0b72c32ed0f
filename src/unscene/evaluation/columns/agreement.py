"""The table of what two readers of captions agree on."""

from unscene.run.tables import Column, Table

AGREEMENT = Table(
    "keywords/agreement.parquet",
    "two readers and a word, first over all words",
    (
        Column("reader", "text", "lexicon, or answers of the API"),
        Column("against", "text", "what it is held against: answers, mentions or instances"),
        Column("unit", "text", "caption or photo"),
        Column("word", "text", "the word, or all words"),
        Column("units", "integer", "captions or photos"),
        Column("n_reader", "integer", "units in which the reader has the word"),
        Column("n_against", "integer", "units in which the other has it"),
        Column("n_both", "integer", "units in which both have it"),
        Column("precision", "number", "n_both of n_reader"),
        Column("recall", "number", "n_both of n_against"),
        Column("f1", "number", "harmonic mean of the two"),
        Column("kappa", "number", "Cohen's kappa"),
        Column("simulated", "boolean", "the answers came from the lexicon itself"),
    ),
)
