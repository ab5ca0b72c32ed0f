"""The tables of tested pairs, and what a model scores on them by name."""

from unscene.evaluation.columns.shared import PAIR, RUN, WAYS, list_recalls
from unscene.run.tables import Column, Table

# Conditions that a pair fulfils or not; of each a kind of negative caption: the negated one, one
# that does not name the object, a negation that no training caption used.
SCORES = ["text_score", "image_score", "group_score"]
NEGATIVES = {
    "": "negated caption",
    "_without": "caption that does not name the object",
    "_held_out_phrasing": "negation that no training caption used; null where the pair has none",
}
_MEANINGS = {
    "text_score": "each photo prefers its own caption to the",
    "image_score": "each caption prefers its own photo, the second caption being the",
    "group_score": "text score and image score with the",
}
SCORED = (
    *(Column(name, "boolean", f"{_MEANINGS[name]} {NEGATIVES['']}") for name in SCORES),
    Column("presence", "boolean", "the original prefers its caption to the negated one"),
    Column("absence", "boolean", "the edit prefers the negated caption to the original's"),
    Column("cos_original_present", "number", "cosine of original and its caption"),
    Column("cos_original_negated", "number", "cosine of original and negated caption"),
    Column("cos_edited_present", "number", "cosine of edit and original's caption"),
    Column("cos_edited_negated", "number", "cosine of edit and negated caption"),
    Column(
        "interaction", "number", "the part of the cosines that tells which caption belongs to which photo"
    ),
    Column("image_effect", "number", "the part by which the original lies nearer to both captions"),
    Column("text_effect", "number", "the part by which the plain caption lies nearer to both photos"),
    Column(
        "half_truth",
        "boolean",
        "the edit prefers the caption that does not name the object to the original's",
    ),
    *(
        Column(f"{name}{kind}", "boolean", f"{_MEANINGS[name]} {NEGATIVES[kind]}")
        for kind in ("_without", "_held_out_phrasing")
        for name in SCORES
    ),
    *(
        Column(f"{way}_rank", "number", f"rank {of}, from 0; at the first pair of each photo, else null")
        for way, of in WAYS.items()
    ),
)
_SHIFTS = (
    Column(
        "denial_shift",
        "number",
        'what the removal adds to "a photo with no o", o the removed object',
        "cosine",
    ),
    Column(
        "placebo_shift", "number", "the same of objects in neither photo, their mean; wanted: 0", "cosine"
    ),
    Column("placebo_excess", "number", "placebo_shift less half the denial_shift", "cosine"),
    Column("kept_shift", "number", "the same of objects known to be in both photos; wanted: 0", "cosine"),
)
_WORDING = (
    Column(
        "true_negation",
        "boolean",
        "the caption with a true denial of something else prefers its own photo, the original, to the edit",
    ),
    Column(
        "wording_loss", "number", "1 where the plain caption does and that one does not; -1 the other way"
    ),
)
_TRUE = (
    Column(
        "group_score_true",
        "boolean",
        "the group score with the true picture behind the object in the edit's place; null where unknown",
    ),
    Column("true_shortfall", "number", "half the group score less group_score_true"),
)
# What tells a removal from the mark that an edit leaves: measures of a tested pair.
SHIFTS = [column.name for column in _SHIFTS]
WORDING = [column.name for column in _WORDING]
TRUE_SCORES = [column.name for column in _TRUE]
ITEMS = Table(
    "metrics/items.parquet",
    "tested pair of an arm, fold and seed",
    (*RUN, *PAIR, *SCORED, *_SHIFTS, *_WORDING, *_TRUE),
)
TRUE_PICTURES = Table(
    "metrics/true_pictures.parquet",
    "photo and category of which the source knows the true picture without it",
    (
        Column("image_id", "text", "the photo"),
        Column("category", "text", "the word of what is left out"),
        Column("truth_path", "text", "the picture's file"),
        Column("truth_sha256", "text", "the SHA-256 of that file"),
    ),
)
UNSEEN = Table(
    "metrics/unseen_classes.parquet",
    "tested pair of a category that the model has not seen removed",
    (
        RUN[0],
        Column("class_fold", "integer", "the fold of categories that was held out"),
        RUN[2],
        *PAIR,
        *SCORED,
    ),
)


# What a model scores on the pairs of a fold, and on its untouched photos: name -> meaning.
PAIR_METRICS = {
    **{column.name: f"share: {column.meaning}" for column in SCORED if column.kind == "boolean"},
    "interaction": "mean interaction",
    "image_effect_size": "mean size of the image effect",
    "text_effect_size": "mean size of the text effect",
    **list_recalls("pair_"),
    "pair_presence_auc": "mean over classes: originals score above edits on the plain phrase",
    "pair_absence_auc": "mean over classes: edits score above originals on the negated phrase",
    "n_pairs": "tested pairs",
    "n_groups": "their photo groups",
    "n_photos": "their photos",
    "n_classes": "classes with enough pairs",
}
