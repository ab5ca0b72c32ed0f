"""The tables of the training."""

from unscene.run.tables import Column, Table

_CACHED = (
    Column("path", "text", "the photo's file"),
    Column("file_sha256", "text", "the SHA-256 of that file as the pairs name it; null where they name none"),
    Column("pixels_sha256", "text", "the SHA-256 of the array's row"),
    Column("width", "integer", "width of the file's photo", "pixels"),
    Column("height", "integer", "height of the file's photo", "pixels"),
)
PHOTOS = Table("train/photos.parquet", "photo in photos.npy, in the order of its rows", _CACHED)
UNFILTERED_PHOTOS = Table(
    "train/unfiltered_photos.parquet", "photo in unfiltered.npy, in the order of its rows", _CACHED
)
POOL_PHOTOS = Table(
    "train/pool_photos.parquet", "photo in pool.npy, in the order of its rows and of pool.parquet's", _CACHED
)
SHAM_PHOTOS = Table("train/sham_photos.parquet", "sham edit in sham.npy, in the order of its rows", _CACHED)
TARRED = Table(
    "train/pairs.parquet",
    "pair in an exported tar",
    (
        Column("edit_id", "text", "the pair"),
        Column("tar", "text", "the tar's name in train/pairs"),
        Column("sample_sha256", "text", "the SHA-256 of both JPEGs and the JSON, one after the other"),
    ),
)
