"""The tables of arms and of the contrasts between them."""

from unscene.run.tables import Column, Table

CONTRAST = Column("contrast", "text", "two arms, armA-armB, or armA-chance")
ESTIMATE = (
    Column("difference", "number", "first arm minus second"),
    Column("low", "number", "lower limit by the bootstrap of photos"),
    Column("high", "number", "upper limit"),
)
SUMMARY = Table(
    "metrics/summary.csv",
    "arm and metric",
    (
        Column("arm", "text", "the arm"),
        Column("metric", "text", "the metric's name"),
        Column("mean", "number", "mean over tested parts"),
        Column("low", "number", "lower limit by Nadeau and Bengio's corrected t of the parts' means"),
        Column("high", "number", "upper limit"),
        Column("n", "integer", "tested parts that have a value: folds, or folds of every split", "parts"),
        Column("reason", "text", "why there are no limits, where there are none"),
    ),
)
COMPARISON = Table(
    "metrics/comparison.csv",
    "contrast and metric",
    (
        CONTRAST,
        Column("metric", "text", "the metric's name"),
        *ESTIMATE,
        Column("p", "number", "two-sided p of the cluster bootstrap"),
        Column("n", "integer", "pairs, photos or sham edits that both have a value for", "items"),
        Column("groups", "integer", "their photo groups", "groups"),
        Column("folds", "integer", "tested parts: folds, or folds of every split", "parts"),
        Column("test_to_train", "number", "photo groups tested / trained on; 0 of untuned arms"),
        Column("corrected_t_low", "number", "lower limit by Nadeau and Bengio's corrected t"),
        Column("corrected_t_high", "number", "upper limit"),
        Column("corrected_t_p", "number", "its two-sided p"),
        Column("reason", "text", "why there is no corrected t, where there is none"),
        Column("mcnemar_p", "number", "McNemar's exact p of one training seed; null for a continuous metric"),
        Column("is_primary", "boolean", "of the primary family"),
        Column("holm_p", "number", "Holm's adjusted corrected_t_p within that family, else null"),
        Column("detectable", "number", "the true difference that the corrected t finds with power .8"),
    ),
)
UNSEEN_SUMMARY = Table(
    "metrics/unseen_classes.csv",
    "arm and metric",
    (
        Column("arm", "text", "the arm"),
        Column("metric", "text", "the metric's name"),
        Column("unseen", "number", "mean of models that have not seen the category removed"),
        Column("seen", "number", "of the arm's models of the photo folds, on the same pairs"),
        Column("zero_shot", "number", "of the untuned model, on the same pairs"),
        *(
            Column(f"minus_{other}{end}", "number", f"unseen minus {other}{what}")
            for other in ("seen", "zero_shot")
            for end, what in (("", ""), ("_low", ", lower limit"), ("_high", ", upper limit"))
        ),
        Column("n", "integer", "pairs", "pairs"),
        Column("classes", "integer", "categories", "categories"),
    ),
)
