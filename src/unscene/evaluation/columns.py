"""The tables of the evaluation, and the metrics of a model by name."""

from unscene.run.tables import Column, Table

RECALL_AT = QUERY_AT = (1, 5, 10)
WAYS = {"image_to_text": "of a photo's captions", "text_to_image": "of a caption's photo"}
# Conditions that a pair fulfils or not; of each a kind of negative caption: the negated one, one
# that does not name the object, a negation that no training caption used.
SCORES = ["text_score", "image_score", "group_score"]
NEGATIVES = {
    "": "negated caption",
    "_without": "caption that does not name the object",
    "_held_out_phrasing": "negation that no training caption used; null where the pair has none",
}

_RUN = (
    Column("arm", "text", "the arm, of train.arms"),
    Column("fold", "integer", "the fold that was held out"),
    Column("seed", "integer", "the training seed"),
)
_PAIR = (
    Column("edit_id", "text", "the pair"),
    Column("image_id", "text", "its photo"),
    Column("category", "text", "the removed object's word"),
    Column("group", "text", "its photo group"),
)
_MEANINGS = {
    "text_score": "each photo prefers its own caption to the",
    "image_score": "each caption prefers its own photo, the second caption being the",
    "group_score": "text score and image score with the",
}
_SCORED = (
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
    Column("placebo_surplus", "number", "placebo_shift less three quarters of the denial_shift", "cosine"),
    Column("kept_shift", "number", "the same of objects known to be in both photos; wanted: 0", "cosine"),
    Column("kept_surplus", "number", "kept_shift less three quarters of the denial_shift", "cosine"),
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
    (*_RUN, *_PAIR, *_SCORED, *_SHIFTS, *_WORDING, *_TRUE),
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
        _RUN[0],
        Column("class_fold", "integer", "the fold of categories that was held out"),
        _RUN[2],
        *_PAIR,
        *_SCORED,
    ),
)
SWEPT_ITEMS = Table(
    "metrics/sweeps/{arm}/fold{fold}-seed{seed}.items.parquet",
    "tested pair at the chosen alpha",
    (*_RUN, Column("alpha", "number", "weight of the tuned model"), *_PAIR, *_SCORED),
)
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
_CLASS = (
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
_CONSTRUCTION = (
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
CONSTRUCTION_NAMES = [column.name for column in _CONSTRUCTION]
CONSTRUCTIONS = Table(
    "metrics/{arm}/fold{fold}-seed{seed}.constructions.parquet",
    "metric, construction and category",
    (*_RUN, *_CONSTRUCTION),
)
_VALUE = (
    Column("metric", "text", "the metric's name"),
    Column("value", "number", "the mean over the photos is the metric, their spread the metric's own"),
)
PHOTO_VALUES = Table(
    "metrics/{arm}/fold{fold}-seed{seed}.photos.parquet",
    "untouched photo and metric of an arm, fold and seed",
    (
        *_RUN,
        Column("image_id", "text", "the photo"),
        Column("group", "text", "its photo group"),
        *_VALUE,
    ),
)
CLASSES = Table(
    "metrics/classes.parquet", "class that could be scored, of an arm, fold and seed", (*_RUN, *_CLASS)
)
_AT_K = {
    "average_precision": "of the standard wording: those with X and without o being relevant",
    **{f"violation_at_{k}": f"share of the first {k} photos that show o" for k in QUERY_AT},
    **{f"wanted_at_{k}": f"share of the first {k} that show X and not o" for k in QUERY_AT},
}
_QUERY = (
    Column("wanted", "text", "X of the query: a photo with X but no o"),
    Column("unwanted", "text", "o of the query"),
    Column("construction", "text", "the wording's name; standard: a photo with X but no o"),
    Column("word", "text", "its word of negation"),
    Column("n_wanted", "integer", "photos with X and without o", "photos"),
    Column("n_unwanted", "integer", "photos with both", "photos"),
    Column("gallery", "integer", "photos that it is searched among: what is known of X and o", "photos"),
    *(Column(name, "number", meaning) for name, meaning in _AT_K.items()),
)
QUERIES = Table("metrics/queries.parquet", "query and wording of an arm, fold and seed", (*_RUN, *_QUERY))
RETRIEVAL = Table(
    "metrics/{arm}/fold{fold}-seed{seed}.retrieval.parquet",
    "photo or caption of an untouched photo",
    (
        *_RUN,
        Column("image_id", "text", "the photo"),
        Column("way", "text", f"what is ranked: {', '.join(WAYS)}"),
        Column("rank", "integer", "rank of the best match, from 0"),
        Column("gallery", "integer", "how many photos, or captions that differ, are ranked"),
    ),
)
SHAMS = Table(
    "metrics/shams.parquet",
    "sham edit of an arm, fold and seed",
    (
        *_RUN,
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


def _merge(*parts: tuple[Column, ...]) -> tuple[Column, ...]:
    """Return the columns of several kinds of rows, each name once."""
    return tuple({column.name: column for part in parts for column in part}.values())


def _recalls(prefix: str = "") -> dict[str, str]:
    return {
        f"{prefix}{way}_recall_at_{k}": f"share {of} among the first {k}"
        for way, of in WAYS.items()
        for k in RECALL_AT
    }


# What a model scores on the pairs of a fold, and on its untouched photos: name -> meaning.
PAIR_METRICS = {
    **{column.name: f"share: {column.meaning}" for column in _SCORED if column.kind == "boolean"},
    "interaction": "mean interaction",
    "image_effect_size": "mean size of the image effect",
    "text_effect_size": "mean size of the text effect",
    **_recalls("pair_"),
    "pair_presence_auc": "mean over classes: originals score above edits on the plain phrase",
    "pair_absence_auc": "mean over classes: edits score above originals on the negated phrase",
    "n_pairs": "tested pairs",
    "n_groups": "their photo groups",
    "n_photos": "their photos",
    "n_classes": "classes with enough pairs",
}
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
    **_recalls(),
    "gallery_photos": "photos that texts are searched among",
    "gallery_captions": "captions that differ, which photos are searched among",
    "n_untouched_photos": "untouched photos",
    "n_untouched_captions": "their captions",
    "n_untouched_unreadable": "photos that could not be read",
    "n_untouched_classes": "classes with enough photos",
    "n_queries": "queries",
    "n_objects_from_captions": "photos whose objects only captions tell",
}
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


def _measure(metrics: dict[str, str]) -> tuple[Column, ...]:
    return tuple(
        Column(name, "integer" if name.startswith("n_") else "number", meaning)
        for name, meaning in metrics.items()
    )


SWEEPS = Table(
    "metrics/sweeps.parquet",
    "alpha of an arm, fold and seed",
    (
        *_RUN,
        Column("alpha", "number", "weight of the tuned model, 0 is the untuned one"),
        Column("chosen", "boolean", "whether the inner validation chose it"),
        Column("inner_group_score", "number", "group score on the inner validation"),
        Column("inner_general", "number", "mean recall at 1, both ways, on its untouched photos"),
        Column("n_inner_pairs", "integer", "pairs of the inner validation", "pairs"),
        Column("n_inner_photos", "integer", "its untouched photos", "photos"),
        *_measure(PAIR_METRICS | PHOTO_METRICS),
    ),
)
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
            *_merge(_VALUE, _CLASS, _CONSTRUCTION, _QUERY),
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
_CONTRAST = Column("contrast", "text", "two arms, armA-armB, or armA-chance")
_ESTIMATE = (
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
        _CONTRAST,
        Column("metric", "text", "the metric's name"),
        *_ESTIMATE,
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
SETS = Table(
    "metrics/sets.csv",
    "set, contrast and metric",
    (
        Column("set", "text", "the set's name in evaluate.sets"),
        Column("format", "text", "its format"),
        Column("role", "text", "what the pass rule takes it as"),
        _CONTRAST,
        Column("metric", "text", "the metric's name"),
        *_ESTIMATE,
        Column("n", "integer", "items", "items"),
        Column("photos", "integer", "their photos", "photos"),
        Column("models", "integer", "models of the first arm", "models"),
        Column("models_reference", "integer", "models of the second", "models"),
        Column("corrected_t_low", "number", "lower limit by the corrected t over the models' means"),
        Column("corrected_t_high", "number", "upper limit"),
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
AGREEMENT = Table(
    "keywords/agreement.parquet",
    "two readers and a word, first over all words",
    (
        Column("reader", "text", "lexicon, or answers of the API"),
        Column("against", "text", "what it is held against: answers, mentions or instances"),
        Column("unit", "text", "caption or photo"),
        Column("word", "text", "the word, or all words"),
        Column("units", "integer", "captions or photos"),
        Column("n_reader", "integer", "units in which the reader has the word"),
        Column("n_against", "integer", "units in which the other has it"),
        Column("n_both", "integer", "units in which both have it"),
        Column("precision", "number", "n_both of n_reader"),
        Column("recall", "number", "n_both of n_against"),
        Column("f1", "number", "harmonic mean of the two"),
        Column("kappa", "number", "Cohen's kappa"),
        Column("simulated", "boolean", "the answers came from the lexicon itself"),
    ),
)
