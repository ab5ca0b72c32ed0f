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
        Column("phrasing", "text", "the phrasing of caption_negated"),
        Column("phrasing_held_out", "text", "the phrasing of caption_negated_held_out"),
        Column("words", "texts", "the words of the list that caption_without names, as the lexicon reads it"),
        Column("held_out", "boolean", "whether caption_negated uses a held-out phrasing; it never should"),
        Column(
            "source",
            "text",
            "who wrote caption_without: the model that answered, or the offline grammar (backend `template`);"
            " `grammar_fallback`: the grammar, since the model's answer failed its check; `ladder_fallback`:"
            " no rewriting of the sentence, but a list of what else it names, or its kind of scene (`reason`"
            " has the way: `named`, `scene`, `things` or `words`); `template_fallback`: the plain template,"
            " since nothing is known",
        ),
        Column(
            "status",
            "text",
            "ok; skipped when no model wrote a caption that the grammar cannot read; failed when no caption"
            " names the object",
        ),
        Column(
            "reason", "text", "why it failed, or what was wrong with the answer that is not used; else empty"
        ),
    ),
)
