"""The tables of the pool."""

from unscene.run.tables import Column, Table

POOL = Table(
    "train/pool.parquet",
    "pool photo that may be trained on",
    (
        Column("image_id", "text", "the photo's name, as in the table of its shard"),
        Column("source", "text", "the source, an entry of samples.sources with `pool: true`"),
        Column("path", "text", "the photo's file, relative to the run directory"),
        Column("sha256", "text", "SHA-256 of the photo's file"),
        Column("phash", "text", "perceptual hash of the photo, 16 hex digits"),
        Column("captions", "texts", "all its captions"),
        Column("named", "texts", "the words that its captions name, in the order of the word list"),
        Column("present", "texts", "the words of what is known to be there"),
        Column("unknown", "texts", "the words that are neither known to be there nor known not to be"),
        Column(
            "objects_from", "text", "what says so: instances, detector (with captions), or captions alone"
        ),
    ),
)
POOL_DROPPED = Table(
    "train/pool_dropped.parquet",
    "item of a pool source that is not trained on",
    (
        Column("source", "text", "the source, an entry of samples.sources with `pool: true`"),
        Column("source_key", "text", "the item's name in its source"),
        Column("image_id", "text", "the photo; null for an item that could not be read"),
        Column("reason", "text", "one word that says why it is left out"),
        Column("detail", "text", "what was found"),
    ),
)
