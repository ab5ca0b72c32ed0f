"""The tables of the folds."""

from unscene.run.tables import Column, Table

FOLDS = Table(
    "folds/folds.parquet",
    "photo group with a wanted edit",
    (
        Column("group", "text", "the photo group (samples.parquet)"),
        Column("fold", "integer", "the fold in which the group is tested, from 0"),
    ),
)
CLASSES = Table(
    "folds/classes.parquet",
    "category of a wanted edit",
    (
        Column("category", "text", "the word"),
        Column("edits", "integer", "wanted edits of the category", "edits"),
        Column("fold", "integer", "the fold of categories in which it is held out, from 0"),
    ),
)
