"""The table of the rendered scenes."""

from unscene.run.tables import Column, Table

TRUTH = Table(
    "scenes/{source}/truth.parquet",
    "photo and category drawn on it",
    (
        Column("file_name", "text", "the photo's file in images/"),
        Column("category", "text", "the word"),
        Column(
            "truth_path", "text", "the same scene without any object of the category, relative to this folder"
        ),
        Column("truth_sha256", "text", "SHA-256 of that scene's file"),
    ),
)
