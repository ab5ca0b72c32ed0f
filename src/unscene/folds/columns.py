"""The tables of the folds."""

from unscene.run.tables import Column, Table

_FOLD = (
    Column("group", "text", "the photo group (samples.parquet)"),
    Column("fold", "integer", "the fold in which the group is tested, from 0"),
)
FOLDS = Table("folds/folds.parquet", "photo group with a wanted edit, split for training seed 0", _FOLD)
REPEATS = Table(
    "folds/repeats.parquet",
    "photo group with a wanted edit, and further training seed",
    (Column("repeat", "integer", "the training seed, above 0, whose split it is"), *_FOLD),
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
GUARDED = Table(
    "folds/guards/{guard}.parquet",
    "photo in the folder of a leak guard",
    (
        Column("name", "text", "its path below the guard's folder"),
        Column("phash", "text", "its perceptual hash, 16 hex digits; null when it cannot be read"),
    ),
)
LEAKS = Table(
    "folds/leaks.parquet",
    "photo and guard that says it is in an evaluation set",
    (
        Column("image_id", "text", "the photo (samples.parquet)"),
        Column("group", "text", "its photo group, which is kept out of training as a whole"),
        Column("guard", "text", "the guard's name in folds.leak_guards"),
        Column("reason", "text", "what tells: id or hash"),
        Column("detail", "text", "the id that was found, or by how many bits the hashes differ"),
    ),
)
