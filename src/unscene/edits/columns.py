"""The tables of the edits."""

from unscene.run.tables import Column, Table

_EDIT = (
    Column("edit_id", "text", "the name of the edit: image_id-category, spaces as _"),
    Column("image_id", "text", "the photo (samples.parquet)"),
    Column("category", "text", "the word whose object is removed"),
    Column("image_path", "text", "the edited photo; null unless the status is ok"),
    Column("mask_path", "text", "the mask that was repainted: a widened one after a retry"),
    Column("attempt", "integer", "the last attempt, from 1; 0 when none was made"),
    Column("seed", "integer", "the seed of the last attempt"),
    Column("model", "text", "the remover and, of its weights, the first digits of their fingerprint"),
    Column("batch_shape", "text", "photos x channels x height x width of the device's batch"),
    Column("seconds", "number", "device time of all attempts", "s"),
    Column("status", "text", "ok, skipped, failed or refused"),
    Column("reason", "text", "why there is no edited photo"),
    Column("edited_sha256", "text", "SHA-256 of the edited photo's file"),
    Column("mask_sha256", "text", "SHA-256 of the mask's file"),
)
EDITS = Table("edits/{shard}.parquet", "edit: a wanted edit whose mask is ok", _EDIT)
SHAM_EDITS = Table(
    "edits/sham/{shard}.parquet",
    "sham edit: the object kept, a hole of the removal's shape on other ground",
    (
        *_EDIT,
        Column("sham_of", "text", "the edit that it stands beside"),
        Column(
            "sham_kind",
            "text",
            "what the hole lies on: free or busy ground, or another object's edge; null without a hole",
        ),
        Column(
            "of_attempt",
            "integer",
            "that edit's last attempt; above 1 its hole was widened, and so is this",
        ),
    ),
)
