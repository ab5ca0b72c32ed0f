"""The tables of models between the untuned and the tuned one."""

from unscene.evaluation.columns.pairs import PAIR_METRICS, SCORED
from unscene.evaluation.columns.photos import PHOTO_METRICS
from unscene.evaluation.columns.shared import PAIR, RUN, list_columns
from unscene.run.tables import Column, Table

SWEPT_ITEMS = Table(
    "metrics/sweeps/{arm}/fold{fold}-seed{seed}.items.parquet",
    "tested pair at the chosen alpha",
    (*RUN, Column("alpha", "number", "weight of the tuned model"), *PAIR, *SCORED),
)
SWEEPS = Table(
    "metrics/sweeps.parquet",
    "alpha of an arm, fold and seed",
    (
        *RUN,
        Column("alpha", "number", "weight of the tuned model, 0 is the untuned one"),
        Column("chosen", "boolean", "whether the inner validation chose it"),
        Column("inner_group_score", "number", "group score on the inner validation"),
        Column("inner_general", "number", "mean recall at 1, both ways, on its untouched photos"),
        Column("n_inner_pairs", "integer", "pairs of the inner validation", "pairs"),
        Column("n_inner_photos", "integer", "its untouched photos", "photos"),
        *list_columns(PAIR_METRICS | PHOTO_METRICS),
    ),
)
