"""What a published dataset holds. Paths of this machine are in none of it."""

from unscene.edits.columns import EDITS
from unscene.folds.columns import FOLDS
from unscene.quality.columns import PAIRS, REJECTED
from unscene.run.tables import Column, Table
from unscene.samples.columns import LICENCES

# Pictures of a pair, as PNG.
PICTURES = {
    "original": "the photo; null where its licence allows no edits to be shared",
    "edited": "the photo without the object; null as above",
    "mask": "255 where the photo was repainted, else 0; null as above",
}
_PATHS = ("original_path", "edited_path", "mask_path", "original_sha256", "edited_sha256")
_OF_EDITS = {column.name: column for column in EDITS.columns}
# The values beside the pictures, in order.
VALUES: tuple[Column, ...] = (
    *(column for column in PAIRS.columns if column.name not in _PATHS),
    next(column for column in FOLDS.columns if column.name == "fold"),
    _OF_EDITS["seed"],
    Column("remover", "text", _OF_EDITS["model"].meaning),
    Column("withheld", "text", "why the row has no pictures; null when it has"),
)
REFUSED = Table(
    "publish/rejected.parquet",
    "wanted edit that was refused",
    (
        *(column for column in REJECTED.columns if not column.name.endswith("_path")),
        *LICENCES,
    ),
)
