"""The table of sham edits, and what a model scores on them by name."""

from unscene.evaluation.columns.shared import RUN
from unscene.run.tables import Column, Table

SHAMS = Table(
    "metrics/shams.parquet",
    "sham edit of an arm, fold and seed",
    (
        *RUN,
        Column("edit_id", "text", "the sham edit"),
        Column("sham_of", "text", "the edit whose hole was moved"),
        Column("category", "text", "the word of the object, which is still there"),
        Column("group", "text", "the photo group"),
        Column("presence", "boolean", "the original prefers its caption to the negated one"),
        Column("sham_presence", "boolean", "so does the sham edit"),
        Column("sham_kind", "text", "what its hole lies on (edits/sham.parquet)"),
        Column("of_attempt", "integer", "that edit's last attempt; above 1 the holes were widened"),
        Column(
            "sham_flip", "boolean", "right on the original, wrong on the sham edit; null where wrong already"
        ),
        Column("sham_pull", "number", "what filling a hole adds to the negated caption's lead", "cosine"),
        Column("edit_pull", "number", "what the edit itself adds; null where it is no pair", "cosine"),
        Column("sham_excess", "number", "sham_pull less half the edit_pull", "cosine"),
        Column(
            "carried_flip",
            "boolean",
            "as sham_flip, with the edit's own fill in the sham edit's hole; null where it is no pair",
        ),
        Column("carried_pull", "number", "what that carried fill adds", "cosine"),
        Column("carried_excess", "number", "carried_pull less half the edit_pull", "cosine"),
    ),
)
SHAM_KINDS = {
    "free": "on free ground",
    "busy": "on busy ground",
    "edge": "over another object's edge",
    "retried": "of removals that needed a second attempt",
}
# Measures of a sham edit that arms are compared on.
SHAM_PULLS = ["sham_pull", "edit_pull", "sham_excess", "carried_pull", "carried_excess"]
SHAM_METRICS = {
    "sham_flip_rate": "share of the originals told rightly whose sham edit is told wrongly",
    **{f"sham_flip_rate_{kind}": f"the same, sham edits {where}" for kind, where in SHAM_KINDS.items()},
    "carried_flip_rate": "the same, where the edit's own fill lies in the sham edit's hole",
    "artefact_gap": "presence on originals less presence on sham edits",
    "sham_pull": "mean of what filling a hole adds to the negated caption's lead",
    "carried_pull": "mean of what the edit's own fill adds in the sham edit's hole",
    "edit_pull": "mean of what the edit itself adds",
    "sham_probe_auc": "area of a linear probe that tells sham edits from originals",
    "paired_sham_probe_auc": "share of sham edits that such a probe tells from their own originals",
    "paired_simple_sham_probe_auc": "the same by six simple numbers of a picture",
    "n_shams": "sham edits",
    "n_carried": "of these, those whose edit is a pair, so that its fill could be carried",
}
