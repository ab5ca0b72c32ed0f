"""What tables of the evaluation have in common: keys of a run and of a pair, recalls, metrics as columns."""

from unscene.run.tables import Column

RECALL_AT = QUERY_AT = (1, 5, 10)
WAYS = {"image_to_text": "of a photo's captions", "text_to_image": "of a caption's photo"}

RUN = (
    Column("arm", "text", "the arm, of train.arms"),
    Column("fold", "integer", "the fold that was held out"),
    Column("seed", "integer", "the training seed"),
)
PAIR = (
    Column("edit_id", "text", "the pair"),
    Column("image_id", "text", "its photo"),
    Column("category", "text", "the removed object's word"),
    Column("group", "text", "its photo group"),
)


def list_recalls(prefix: str = "") -> dict[str, str]:
    return {
        f"{prefix}{way}_recall_at_{k}": f"share {of} among the first {k}"
        for way, of in WAYS.items()
        for k in RECALL_AT
    }


def list_columns(metrics: dict[str, str]) -> tuple[Column, ...]:
    return tuple(
        Column(name, "integer" if name.startswith("n_") else "number", meaning)
        for name, meaning in metrics.items()
    )
