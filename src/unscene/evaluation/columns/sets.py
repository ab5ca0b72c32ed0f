"""The tables of external sets, by what is asked on them."""

from unscene.evaluation.columns.contrasts import CONTRAST, ESTIMATE
from unscene.evaluation.columns.photos import CLASS, CONSTRUCTION, QUERY, VALUE
from unscene.evaluation.columns.shared import WAYS
from unscene.run.tables import Column, Table


def _merge(*parts: tuple[Column, ...]) -> tuple[Column, ...]:
    """Return the columns of several kinds of rows, each name once."""
    return tuple({column.name: column for part in parts for column in part}.values())


_TESTED = (
    Column("model", "text", "the arm, or the name in evaluate.models"),
    Column("fold", "integer", "the fold that the model has not seen; null for a model without"),
    Column("seed", "integer", "its training seed; null for a model without"),
)
_ITEM = Column("item", "text", "the item in the set")
_PHOTO = Column("photo", "text", "the photo that it is asked of: its items are no independent trials")
# By what a model is asked on a set (`unscene.evaluation.sets.formats`): its items.
_SET_ITEMS = "metrics/sets/{set}/{model}.items.parquet"
SET_ITEMS = {
    "choices": Table(
        _SET_ITEMS,
        "question and model",
        (
            *_TESTED,
            _ITEM,
            _PHOTO,
            Column("kind", "text", "what is reported apart: a subset, or the type of the right answer"),
            Column("correct", "boolean", "the true option scores above every other one"),
            Column("correct_swapped", "boolean", "so it does on another question's photo"),
            Column("chosen", "integer", "position of the best option; -1 for a tie"),
            Column("chosen_kind", "text", "its type, where options have types"),
            Column("margin", "number", "the true option's lead over the best other one", "cosine"),
            Column("options", "texts", "the options as they were shown"),
            Column("answer", "integer", "position of the true one"),
        ),
    ),
    "retrieval": Table(
        _SET_ITEMS,
        "photo or caption, and model",
        (
            *_TESTED,
            _ITEM,
            _PHOTO,
            Column("way", "text", f"what is ranked: {', '.join(WAYS)}"),
            Column("rank", "integer", "rank of the best match, from 0"),
            Column("caption", "text", "the caption, where it is one that is ranked"),
        ),
    ),
    "objects": Table(
        _SET_ITEMS,
        "photo and metric, or category, construction or query, and model",
        (
            *_TESTED,
            Column("kind", "text", "photo, class, construction or query"),
            Column("item", "text", "the photo's item in the set; null of another kind"),
            *_merge(VALUE, CLASS, CONSTRUCTION, QUERY),
        ),
    ),
    "removals": Table(
        _SET_ITEMS,
        "question on an edited photo, and model",
        (
            *_TESTED,
            _ITEM,
            _PHOTO,
            Column("category", "text", "the object that is asked for"),
            Column("removed", "boolean", "the edit took this object"),
            Column("removable", "boolean", "some edit of the photo takes it"),
            Column("present", "boolean", "the object is in the edited photo"),
            Column("contrast_before", "number", "score of the object's presence in the original", "cosine"),
            Column("before", "boolean", "the answer on the original"),
            Column("contrast_after", "number", "the same in the edited photo", "cosine"),
            Column("after", "boolean", "the answer on the edited photo"),
        ),
    ),
    "classes": Table(
        _SET_ITEMS,
        "photo and model",
        (
            *_TESTED,
            _ITEM,
            _PHOTO,
            Column("class_at", "integer", "position of its class"),
            Column("rank", "integer", "rank of its class, from 0"),
            Column("correct", "boolean", "rank 0"),
        ),
    ),
}
SETS = Table(
    "metrics/sets.csv",
    "set, contrast and metric",
    (
        Column("set", "text", "the set's name in evaluate.sets"),
        Column("format", "text", "its format"),
        Column("role", "text", "what the pass rule takes it as"),
        CONTRAST,
        Column("metric", "text", "the metric's name"),
        *ESTIMATE,
        Column("n", "integer", "items", "items"),
        Column("photos", "integer", "their photos", "photos"),
        Column("models", "integer", "models of the first arm", "models"),
        Column("models_reference", "integer", "models of the second", "models"),
        Column("corrected_t_low", "number", "lower limit by the corrected t over the models' means"),
        Column("corrected_t_high", "number", "upper limit"),
        Column("reason", "text", "why limits are missing, where they are"),
    ),
)
SET_SUMMARY = Table(
    "metrics/set_summary.csv",
    "set, model and metric",
    (
        Column("set", "text", "the set's name in evaluate.sets"),
        Column("model", "text", "the arm"),
        Column("metric", "text", "the metric's name"),
        Column("mean", "number", "mean over the arm's models"),
        Column("low", "number", "lower limit by the bootstrap of photos and of the models' trainings"),
        Column("high", "number", "upper limit"),
        Column("reason", "text", "why limits are missing or know photos alone, where it is so"),
    ),
)
