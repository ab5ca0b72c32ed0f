"""The tables of the samples."""

from unscene.run.tables import Column, Table

LICENCES = (
    Column("license", "text", "the licence of the photo, as its source names it"),
    Column("license_url", "text", "where the licence can be read"),
    Column("author_url", "text", "the photo at its author's host (COCO: flickr_url)"),
    Column("source_url", "text", "the photo at the host of its source (COCO: coco_url)"),
)
_SAMPLE = (
    Column("image_id", "text", "the photo's name: its source's name, _ and its key there, of [A-Za-z0-9_]"),
    Column("source", "text", "the source, an entry of samples.sources"),
    Column("shard", "text", "the shard that read the photo"),
    Column("source_key", "text", "the photo's name in its source"),
    Column("path", "text", "the photo that all later stages read, relative to the run directory"),
    Column("width", "integer", "width of the upright photo", "px"),
    Column("height", "integer", "height of the upright photo", "px"),
    Column("captions", "texts", "the captions"),
    Column("mentions", "lists of texts", "the true words of each caption, where the source tells them"),
    Column("sha256", "text", "SHA-256 of the photo's file"),
    Column("phash", "text", "perceptual hash of the photo, 16 hex digits"),
    Column("url", "text", "the address that the photo was taken from, without its fragment"),
    *LICENCES,
)
SHARD_SAMPLES = Table(
    "samples/{shard}.parquet",
    "photo",
    (*_SAMPLE, Column("group_key", "text", "photos of a source with an equal key belong together")),
)
SAMPLES = Table(
    "samples/samples.parquet",
    "photo",
    (*_SAMPLE, Column("group", "text", "image_id of the first photo that shows the same thing")),
)
_REJECTED = (
    Column("source", "text", "the source, an entry of samples.sources"),
    Column("reason", "text", "one word that says why the item cannot be used"),
    Column("detail", "text", "what was found"),
    Column("source_key", "text", "the item's name in its source"),
    Column("shard", "text", "the shard that read the item"),
)
SHARD_REJECTED = Table("samples/{shard}.rejected.parquet", "source item that cannot be used", _REJECTED)
REJECTED = Table("samples/rejected.parquet", "source item that cannot be used", _REJECTED)
