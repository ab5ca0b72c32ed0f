"""The tables of the quality stage. The columns of the scores come from their entries in
`unscene.quality.scores`.
"""

from collections.abc import Iterable

from unscene.captions.columns import CAPTIONS
from unscene.edits.columns import EDITS, SHAM_EDITS
from unscene.masks.columns import MASKS
from unscene.quality.scores import CALIBRATED, EXPLAINED, PIXEL_SCORES, SCORES
from unscene.run.tables import Column, Table
from unscene.samples.columns import LICENCES as LICENCE_COLUMNS
from unscene.samples.columns import SAMPLES

PAIR_CAPTIONS = ["caption_original", "caption_without", "caption_negated", "caption_negated_held_out"]
LICENCES = [column.name for column in LICENCE_COLUMNS]

EDIT_ID = Column("edit_id", "text", "the edit (masks.parquet)")
CATEGORY = Column("category", "text", "the word whose object was removed")
REASON = Column("reason", "text", "why the status is not ok; null when it is")


def _take(table: Table, names: Iterable[str]) -> tuple[Column, ...]:
    """Return columns of an earlier table, which are carried along."""
    of = {column.name: column for column in table.columns}
    return tuple(of[name] for name in names)


def _list_scores(names: Iterable[str]) -> tuple[Column, ...]:
    return tuple(Column(name, "number", SCORES[name].doc, SCORES[name].unit) for name in names)


VALUES = (
    *_list_scores(SCORES),
    *(Column(f"{name}_reason", "text", f"why `{name}` is null") for name in EXPLAINED),
)
EDIT_SCORES = Table(
    "quality/scores.parquet",
    "edit",
    (
        EDIT_ID,
        Column("status", "text", "ok, skipped (the edit was not made) or failed (it cannot be read)"),
        REASON,
        *VALUES,
        Column(
            "lost",
            "texts",
            "words of other objects that the judge saw at the mask in the original, and nowhere in the edit",
        ),
        Column(
            "listed_taken",
            "texts",
            "words of other objects that the source lists here, each of them by half or more in the mask",
        ),
        Column("batch_shape", "text", "photos that the device worked on together"),
    ),
)
SHAM_EDIT_SCORES = Table(
    "quality/sham/{shard}.parquet",
    "sham edit",
    (
        Column("edit_id", "text", "the sham edit (edits/sham.parquet)"),
        Column("status", "text", "ok, skipped (the sham edit was not made) or failed (it cannot be read)"),
        REASON,
        *_list_scores(PIXEL_SCORES),
    ),
)
CONTROL_SCORES = Table(
    "quality/control_scores.parquet",
    "control, an edit with a known answer",
    (
        Column("control_id", "text", "the control: the edit whose object it shows, its kind, its ground"),
        Column("kind", "text", "perfect, or the failure that was made"),
        Column("edit_id", "text", "the edit whose mask and object were used"),
        Column("ground_id", "text", "the photo on which the object was put"),
        CATEGORY,
        *_take(MASKS, ["area_fraction"]),
        *VALUES,
    ),
)
STANDARD_SCORES = Table(
    "quality/standard_scores.parquet",
    "edit",
    (
        EDIT_ID,
        Column("size_bin", "text", "the bin of mask size, as shares of the photo"),
        *(
            Column(f"{name}_z", "number", f"`{name}` against the reference edits of its bin", "sd")
            for name in CALIBRATED
        ),
    ),
)

_PAIR = (
    Column("image_id", "text", "the photo (samples.parquet)"),
    CATEGORY,
    *_take(SAMPLES, ["group"]),
    Column("original_path", "text", "the photo, relative to the run directory"),
    Column("edited_path", "text", "the edited photo, relative to the run directory"),
    *_take(CAPTIONS, PAIR_CAPTIONS),
)
_FILES = (
    Column("mask_path", "text", "the mask that was really used"),
    Column("original_sha256", "text", "SHA-256 of the photo's file"),
    Column("edited_sha256", "text", "SHA-256 of the edited photo's file"),
)
_PAIR_COLUMNS = (
    EDIT_ID,
    *_PAIR,
    *_FILES,
    *_take(MASKS, ["area_fraction"]),
    *_take(EDITS, ["attempt"]),
    *_list_scores(SCORES),
    *_take(SAMPLES, LICENCES),
)
PAIRS = Table("quality/pairs.parquet", "accepted pair of photo and edit", _PAIR_COLUMNS)
UNFILTERED = Table(
    "quality/unfiltered.parquet", "edit that has all a pair needs, whatever its scores", _PAIR_COLUMNS
)
REJECTED = Table(
    "quality/rejected.parquet",
    "wanted edit that was refused",
    (
        EDIT_ID,
        Column("image_id", "text", "the photo (samples.parquet)"),
        CATEGORY,
        Column("reason", "text", "the first reason against it, short, made for counting"),
        Column("all_reasons", "texts", "every reason that applies"),
        Column("detail", "text", "the first reason in full, with value and limit"),
        Column("original_path", "text", "the photo; null when its row was dropped"),
        Column("edited_path", "text", "the edited photo; null when none was made"),
        Column("mask_path", "text", "the mask that was really used; null when none was made"),
    ),
)
SHAM_PAIRS = Table(
    "quality/sham.parquet",
    "accepted sham edit",
    (
        Column("edit_id", "text", "the sham edit (edits/sham.parquet)"),
        Column("sham_of", "text", "the edit whose hole it has elsewhere"),
        *_take(SHAM_EDITS, ["sham_kind", "of_attempt"]),
        *_PAIR,
        *_FILES,
        *_take(EDITS, ["attempt"]),
        *_list_scores(PIXEL_SCORES),
    ),
)
HEAD_SCORES = Table(
    "quality/head_scores.parquet",
    "scored edit",
    (
        EDIT_ID,
        Column(
            "accept_probability", "number", "the learned head's chance that people would accept it", "0–1"
        ),
    ),
)
DISAGREEMENTS = Table(
    "quality/disagreements.parquet",
    "edit that raters disagree on and nobody settled",
    (EDIT_ID, Column("answers", "text", "each rater's answers")),
)
DISTANCES = Table(
    "quality/distances.parquet",
    "category of an accepted edit",
    (
        Column("category", "text", "the word"),
        Column("edits", "integer", "accepted edits that were looked at", "edits"),
        Column("photos", "integer", "photos without the category that were looked at", "photos"),
        Column("kid", "number", "kernel distance of the edits to the photos"),
        Column("kid_sd", "number", "its spread over random subsets"),
        Column("cmmd", "number", "squared maximum mean discrepancy of the edits to the photos", "1/1000"),
        Column("kid_original", "number", "kernel distance of the edits' originals to the photos"),
        Column("cmmd_original", "number", "squared maximum mean discrepancy of the originals", "1/1000"),
        Column("status", "text", "ok, or skipped with fewer edits or photos than say anything"),
        REASON,
    ),
)
