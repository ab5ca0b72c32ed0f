"""The table of the edits' captions."""

from unscene.run.tables import Column, Table

CAPTIONS = Table(
    "captions/{shard}.parquet",
    "wanted edit",
    (
        Column("edit_id", "text", "the edit"),
        Column("caption_original", "text", "the photo's caption that names the object"),
        Column("caption_without", "text", "the scene without the object, which it does not name"),
        Column("caption_negated", "text", "the scene with the statement that the object is not there"),
        Column(
            "caption_negated_held_out",
            "text",
            "the same statement in a phrasing that training never uses; null when none is held out",
        ),
        Column("phrasing", "text", "the phrasing of caption_negated; `free` when it is none of ours"),
        Column("phrasing_held_out", "text", "the phrasing of caption_negated_held_out"),
        Column("held_out", "boolean", "whether caption_negated uses a held-out phrasing; it never should"),
        Column("source", "text", "the model that answered, `template`, or `template_fallback`"),
        Column("status", "text", "ok, or failed when no caption names the object"),
        Column("reason", "text", "why it failed, or why the plain template stands in; else empty"),
    ),
)
