"""The tables of untouched photos, and what a model scores on them by name."""

from unscene.evaluation.columns.shared import QUERY_AT, RUN, WAYS, list_recalls
from unscene.run.tables import Column, Table

PHOTOS = Table(
    "metrics/photos.parquet",
    "untouched photo of a fold",
    (
        Column("image_id", "text", "the photo"),
        Column("group", "text", "its photo group"),
        Column("fold", "integer", "the fold in which it is tested, by the split of training seed 0"),
        Column("path", "text", "its file"),
        Column("captions", "texts", "its captions"),
        Column("objects", "texts", "the words of what is in it"),
        Column("unknown", "texts", "the words of what may be in it: nobody says"),
        Column(
            "objects_from",
            "text",
            "instances: the source's own, and what captions name; captions: these alone",
        ),
    ),
)
# What a model scores on a category of untouched photos, and as the mean over categories.
_ABSENT, _PRESENT = "area: photos without the object score higher", "area: photos with it score higher"
CLASS_METRICS = {
    "absence_auc_known": f"{_ABSENT} on denials by words that a training may know, mean over the probes",
    "absence_auc_unseen_words": f"{_ABSENT} on denials by other words, mean over the probes",
    "absence_auc_two": "area: photos without either of two objects score higher on denials of both",
    "absence_auc_scene": f"{_ABSENT} on a denial beside a caption that does not name it, all photos",
    "absence_own_photo": "mean of own_photo_absent and own_photo_present: 1/2 for a coin or a denier",
    "own_photo_absent": 'share of captions whose photo prefers "S, no o" to "S, with o", photos without o',
    "own_photo_present": "share of captions whose photo prefers the assertion, photos with o",
    "absence_auc_bare": f'{_ABSENT} on "a photo with no ..."',
    "presence_auc": f'{_PRESENT} on "a photo with a ..."',
    "affirmative_auc": f"{_PRESENT} on assertions, mean over the probes",
    "affirmative_auc_tricky": f'{_PRESENT} on assertions with a word that often denies ("nothing but dogs")',
    "affirmative_auc_scene": f"{_PRESENT} on an assertion beside a caption that does not name it",
    "nonsense_auc": f"{_ABSENT} on an invented word in the place of the denial; no knowledge makes it high",
    "contrast_auc": 'area of the difference of "a photo with a ..." and "a photo with no ..."',
}
FREQUENCIES = ("rare", "middle", "frequent")
_SPLITS = {
    "balanced_accuracy": "balanced accuracy of the contrast at 0",
    "absence_auc_plausible": "absence_auc_known where the photos without the object lead one to expect it",
    "absence_auc_implausible": "absence_auc_known where they do not",
    "absence_probe_auc": "area of a linear probe on the image features: a ceiling for what texts can reach",
}
_COUNTS = (
    Column("n_present", "integer", "photos with the object", "photos"),
    Column("n_absent", "integer", "photos that are known to lack it", "photos"),
)
CLASS = (
    Column("category", "text", "the word"),
    *(Column(name, "number", meaning) for name, meaning in (CLASS_METRICS | _SPLITS).items()),
    Column("frequency", "text", f"its third by number of photos: {', '.join(FREQUENCIES)}"),
    Column(
        "never_denied",
        "boolean",
        "the training never denied it; null where it denied nothing or is unknown",
    ),
    *_COUNTS,
    Column("n_unknown", "integer", "photos of which nobody says whether it is there", "photos"),
)
CONSTRUCTION = (
    Column("metric", "text", "the metric whose mean it is part of"),
    Column("construction", "text", "the wording's name; standard: the phrase of the metric's meaning"),
    Column("word", "text", "its word of negation, if it has one"),
    Column("category", "text", "the object's word"),
    Column("second", "text", "the second object's word, where two are denied"),
    Column("area", "number", "the area on this category's photos"),
    Column("n_texts", "integer", "sentences", "texts"),
    *_COUNTS,
    Column("own_photo", "number", "absence_own_photo of this construction in a scene, else null"),
)
CONSTRUCTION_NAMES = [column.name for column in CONSTRUCTION]
CONSTRUCTIONS = Table(
    "metrics/{arm}/fold{fold}-seed{seed}.constructions.parquet",
    "metric, construction and category",
    (*RUN, *CONSTRUCTION),
)
VALUE = (
    Column("metric", "text", "the metric's name"),
    Column("value", "number", "the mean over the photos is the metric, their spread the metric's own"),
)
PHOTO_VALUES = Table(
    "metrics/{arm}/fold{fold}-seed{seed}.photos.parquet",
    "untouched photo and metric of an arm, fold and seed",
    (
        *RUN,
        Column("image_id", "text", "the photo"),
        Column("group", "text", "its photo group"),
        *VALUE,
    ),
)
CLASSES = Table(
    "metrics/classes.parquet", "class that could be scored, of an arm, fold and seed", (*RUN, *CLASS)
)
_AT_K = {
    "average_precision": "of the standard wording: those with X and without o being relevant",
    **{f"violation_at_{k}": f"share of the first {k} photos that show o" for k in QUERY_AT},
    **{f"wanted_at_{k}": f"share of the first {k} that show X and not o" for k in QUERY_AT},
}
QUERY = (
    Column("wanted", "text", "X of the query: a photo with X but no o"),
    Column("unwanted", "text", "o of the query"),
    Column("construction", "text", "the wording's name; standard: a photo with X but no o"),
    Column("word", "text", "its word of negation"),
    Column("n_wanted", "integer", "photos with X and without o", "photos"),
    Column("n_unwanted", "integer", "photos with both", "photos"),
    Column("gallery", "integer", "photos that it is searched among: what is known of X and o", "photos"),
    *(Column(name, "number", meaning) for name, meaning in _AT_K.items()),
)
QUERIES = Table("metrics/queries.parquet", "query and wording of an arm, fold and seed", (*RUN, *QUERY))
RETRIEVAL = Table(
    "metrics/{arm}/fold{fold}-seed{seed}.retrieval.parquet",
    "photo or caption of an untouched photo",
    (
        *RUN,
        Column("image_id", "text", "the photo"),
        Column("way", "text", f"what is ranked: {', '.join(WAYS)}"),
        Column("rank", "integer", "rank of the best match, from 0"),
        Column("gallery", "integer", "how many photos, or captions that differ, are ranked"),
    ),
)
PHOTO_METRICS = {
    **{name: f"mean over categories: {meaning}" for name, meaning in (CLASS_METRICS | _SPLITS).items()},
    **{f"absence_auc_{name}": f"absence_auc_known, categories of the {name} third" for name in FREQUENCIES},
    "absence_auc_never_denied": "absence_auc_known, categories that the training never denied",
    **{name: f"mean over queries: {meaning}" for name, meaning in _AT_K.items()},
    **{
        f"{name}_held_out": f"{name} over the probes' wordings"
        for name in _AT_K
        if name != "average_precision"
    },
    **list_recalls(),
    "gallery_photos": "photos that texts are searched among",
    "gallery_captions": "captions that differ, which photos are searched among",
    "n_untouched_photos": "untouched photos",
    "n_untouched_captions": "their captions",
    "n_untouched_unreadable": "photos that could not be read",
    "n_untouched_classes": "classes with enough photos",
    "n_queries": "queries",
    "n_objects_from_captions": "photos whose objects only captions tell",
}
