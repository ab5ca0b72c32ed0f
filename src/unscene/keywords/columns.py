"""The table of the keywords."""

from unscene.run.tables import Column, Table

KEYWORDS = Table(
    "keywords/{shard}.parquet",
    "caption",
    (
        Column("image_id", "text", "the photo"),
        Column("caption_id", "text", "the photo and the caption's place in its list, from 0"),
        Column("caption", "text", "the caption as its source has it"),
        Column("words", "texts", "the words that it mentions, in the order of the word list"),
        Column("source", "text", "the model that answered, or the offline backend"),
        Column("status", "text", "ok, skipped (the offline backend cannot read it), refused or failed"),
        Column("reason", "text", "why the words are not known; empty when they are"),
        Column(
            "obstacle",
            "text",
            "why the lexicon cannot read the caption (`not English: …`), whoever answers; else empty",
        ),
    ),
)
