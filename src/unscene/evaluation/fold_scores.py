"""Scores of a model on a held-out fold: its pairs, and its untouched photos."""

import numpy as np
import pandas as pd

from unscene.evaluation.columns.pairs import SCORES, SHIFTS
from unscene.evaluation.columns.photos import PHOTO_VALUES
from unscene.evaluation.columns.shared import RECALL_AT
from unscene.evaluation.embedders import decode_photos
from unscene.evaluation.gallery import Gallery
from unscene.evaluation.object_scores import Answers, ask_objects
from unscene.evaluation.pair_metrics import (
    list_phrases,
    rank_retrieval,
    score_classes,
    score_pairs,
    summarise_effects,
    summarise_pairs,
    summarise_ranks,
)
from unscene.evaluation.photo_metrics import rank_captions, summarise_recalls
from unscene.evaluation.shortcuts import describe_pictures, measure_shifts, probe_features, probe_pairs
from unscene.evaluation.statistics import spread_ratio
from unscene.training.pairs import HELD_OUT_CAPTION, TooFewPairs, find_long_pairs, load_pairs
from unscene.words.vocabulary import Vocabulary


def load_fold(embedder, pair, workers):
    """Return the PairSet of pairs: photos decoded once, without the pairs that the model's context would cut.

    Raises TooFewPairs when there is none, or none is left.
    """
    if pair.empty:
        raise TooFewPairs("the fold has no pairs; lower folds.folds")
    fitting = pair[~find_long_pairs(pair, embedder.tokenizer)]
    if fitting.empty:
        raise TooFewPairs(
            f"each of the {len(pair)} pairs to test, {pair['edit_id'].iloc[0]!r} for one, has a "
            "caption longer than the model's "
            "context; lower folds.folds or shorten the captions"
        )
    return load_pairs(fitting, embedder.preprocess, workers)


def score_fold(pairs, features):
    """Return (a row a tested pair, metrics) of a PairSet and its features, as embed_pairs gives them."""
    item = score_items(pairs.table, features)
    classes = score_classes(
        pairs.table["category"].to_numpy(), features["original"], features["edited"], features["phrases"]
    )
    return item, {
        **summarise_items(item),
        "pair_presence_auc": float(classes["presence_auc"].mean()),
        "pair_absence_auc": float(classes["absence_auc"].mean()),
        "n_pairs": len(item),
        "n_groups": int(item["group"].nunique()),
        "n_photos": int(item["image_to_text_rank"].notna().sum()),
        "n_classes": len(classes),
    }


def score_unfiltered(embedder, pair, item, workers):
    """Return group_score_unfiltered and n_unfiltered_pairs: the group score on the tested pairs and on
    those that the quality gates refused, which no threshold has chosen.

    pair: the fold's edits that have all a pair needs, whatever their scores. item: the tested pairs
    among them. Edits with a caption longer than the context are left out.
    """
    refused = pair[~pair["edit_id"].isin(item["edit_id"])]
    refused = refused[~find_long_pairs(refused, embedder.tokenizer)] if len(refused) else refused
    held = item["group_score"].astype(float)
    if len(refused):
        pairs = load_pairs(refused.reset_index(drop=True), embedder.preprocess, workers)
        photos = embedder.embed_photos(pairs.photos)
        texts = [embedder.embed_texts(pairs.table[name]) for name in ("caption_original", "caption_negated")]
        score = score_pairs(photos[pairs.original_at], photos[pairs.edited_at], *texts)
        held = pd.concat([held, score["group_score"].astype(float)])
    return {"group_score_unfiltered": float(held.mean()), "n_unfiltered_pairs": len(held)}


def score_shortcuts(pairs, features, objects, unknown, vocabulary: Vocabulary):
    """Return (SHIFTS, a row a pair; metrics): what an edit changes beside its object, and what
    features, simple numbers and captions alone give away.

    objects: image_id -> words known to be in that photo; of other photos, and beside these, what
    the pair's captions name. unknown: image_id -> words that may be in it or not. All other words
    are known to be absent; of a photo without such an entry nothing is.
    """
    table, categories = pairs.table, list(features["phrases"])
    group = table["group"].to_numpy()
    named, lacks = np.zeros((2, len(table), len(categories)), bool)
    columns = ["image_id", "caption_original", "caption_without"]
    for row, (image_id, *captions) in enumerate(table[columns].itertuples(index=False)):
        words = {word for caption in captions for word in vocabulary.find_words(caption)} | set(
            objects.get(image_id, ())
        )
        named[row] = [category in words for category in categories]
        if image_id in unknown:
            possible = words | set(unknown[image_id])
            lacks[row] = [category not in possible for category in categories]
    shifts = measure_shifts(
        features["original"],
        features["edited"],
        np.stack([features["phrases"][category][1] for category in categories]),
        named,
        lacks,
        np.array([categories.index(category) for category in table["category"]]),
    )
    simple = describe_pictures(pairs.photos)
    of_sides = simple[pairs.original_at], simple[pairs.edited_at]
    return shifts, {
        "probe_auc": probe_features(features["original"], features["edited"], group),
        "paired_probe_auc": probe_pairs(features["original"], features["edited"], group),
        "simple_probe_auc": probe_features(*of_sides, group),
        "paired_simple_probe_auc": probe_pairs(*of_sides, group),
        "caption_probe_auc": probe_features(features["present"], features["negated"], group),
        **{name: float(shifts[name].mean()) for name in SHIFTS},
    }


def load_untouched(embedder, photo, workers):
    """Return (readable photos as list_untouched_photos lists them, their pixels, how many could not
    be read).
    """
    pixels, position, _ = decode_photos(list(photo["path"]), embedder.preprocess, workers)
    return photo[position >= 0].reset_index(drop=True), pixels, int((position < 0).sum())


def score_untouched(embedder, photo, pixels, unreadable) -> tuple[Answers, pd.DataFrame]:
    """Return (what a model answers on untouched photos, as load_untouched gives them; retrieval ranks).

    The answers' metrics have the recalls, too.
    """
    features = embedder.embed_photos(pixels)
    answers = ask_objects(features, Gallery.of_table(photo, embedder.vocabulary), embedder)
    ranks, recalls = score_retrieval(embedder, photo, features)
    answers.values = pd.concat([answers.values, list_recall_values(photo, ranks)], ignore_index=True)
    answers.metrics |= recalls | {
        "n_untouched_photos": len(photo),
        "n_untouched_captions": int((ranks["way"] == "text_to_image").sum()),
        "n_untouched_unreadable": unreadable,
        "n_untouched_classes": len(answers.classes),
        "n_queries": len(answers.queries.drop_duplicates(["wanted", "unwanted"])),
        "n_objects_from_captions": int((photo["objects_from"] == "captions").sum()),
    }
    return answers, ranks


def score_retrieval(embedder, photo, features) -> tuple[pd.DataFrame, dict[str, float]]:
    """Return (a row a photo and a row a caption with its rank and the size of its gallery; recalls
    and the galleries' sizes) of untouched photos and their features (photos, dim).
    """
    captions = [[str(caption) for caption in own] for own in photo["captions"]]
    flat = [caption for own in captions for caption in own]
    texts = embedder.embed_texts(flat)
    image_to_text, text_to_image = rank_captions(features, texts, captions)
    owner = np.repeat(photo["image_id"].to_numpy(), [len(own) for own in captions])
    sizes = {"image_to_text": len(set(flat)), "text_to_image": len(photo)}
    ranks = pd.DataFrame(
        {
            "image_id": np.concatenate([photo["image_id"].to_numpy(), owner]),
            "way": ["image_to_text"] * len(photo) + ["text_to_image"] * len(owner),
            "rank": np.concatenate([image_to_text, text_to_image]),
        }
    )
    return ranks.assign(gallery=ranks["way"].map(sizes).astype(int)), {
        **summarise_recalls(image_to_text, text_to_image),
        "gallery_photos": sizes["text_to_image"],
        "gallery_captions": sizes["image_to_text"],
    }


def list_recall_values(photo, ranks) -> pd.DataFrame:
    """Return `image_id group metric value`, a row a photo and recall: the mean over photos is the recall."""
    frames = []
    for way, own in ranks.groupby("way", sort=False):
        asked = own.groupby("image_id")["rank"].size().reindex(photo["image_id"], fill_value=0)
        for k in RECALL_AT:
            found = (own["rank"] < k).groupby(own["image_id"]).sum().reindex(asked.index, fill_value=0)
            frame = photo[["image_id", "group"]].reset_index(drop=True)
            value = spread_ratio(found.to_numpy(), asked.to_numpy())
            frames.append(frame.assign(metric=f"{way}_recall_at_{k}", value=value))
    return (
        pd.concat(frames, ignore_index=True)
        if frames
        else PHOTO_VALUES.frame([])[["image_id", "group", "metric", "value"]]
    )


def embed_pairs(embedder, pairs):
    """Return normalised features: `original`, `edited`, `present`, `without`, `negated`, `held_out`
    (None when the pairs have no such caption) (pairs, dim), and `phrases`: category -> (present,
    absent) (dim,).
    """
    table = pairs.table
    photos = embedder.embed_photos(pairs.photos)
    columns = {"present": "caption_original", "without": "caption_without", "negated": "caption_negated"}
    if HELD_OUT_CAPTION in table:
        columns["held_out"] = HELD_OUT_CAPTION
    categories = list(pd.unique(table["category"]))
    phrases = [phrase for category in categories for phrase in list_phrases(category)]
    captions = [table[column].fillna("").astype(str) for column in columns.values()]
    texts = embedder.embed_texts([*pd.concat(captions), *phrases])
    parts = np.split(texts, [len(table) * (position + 1) for position in range(len(columns))])
    phrase = parts.pop()
    return {
        "original": photos[pairs.original_at],
        "edited": photos[pairs.edited_at],
        "held_out": None,
        **dict(zip(columns, parts, strict=True)),
        "phrases": {name: (phrase[2 * at], phrase[2 * at + 1]) for at, name in enumerate(categories)},
    }


def score_items(table, features):
    """Return one row a tested pair: ids, scores with each kind of negative caption, cosines, retrieval ranks.

    The columns ending in `_without` take the caption that does not name the object for the negated
    one, those ending in `_held_out_phrasing` a negation that no training caption used. half_truth:
    s(J,b) > s(J,a). Ranks stand at the first pair of each photo: retrieval is over the fold's
    untouched originals and their captions.
    """
    original, edited, present = features["original"], features["edited"], features["present"]
    item = pd.concat(
        [
            table[["edit_id", "image_id", "category", "group"]].reset_index(drop=True),
            score_pairs(original, edited, present, features["negated"]),
        ],
        axis=1,
    )
    without = score_pairs(original, edited, present, features["without"])
    item["half_truth"] = without["absence"]
    for name in SCORES:
        item[f"{name}_without"] = without[name]
    if features["held_out"] is not None:
        held_out = score_pairs(original, edited, present, features["held_out"])
        given = table[HELD_OUT_CAPTION].fillna("").astype(str).ne("").to_numpy()
        for name in SCORES:
            item[f"{name}_held_out_phrasing"] = held_out[name].astype("boolean").where(given)
    else:
        for name in SCORES:
            item[f"{name}_held_out_phrasing"] = pd.array([pd.NA] * len(item), dtype="boolean")
    first = (~table["image_id"].duplicated()).to_numpy()
    captions = table["caption_original"].to_numpy().astype(str)
    ranks = rank_retrieval(original[first], present[first], captions[first])
    for name, rank in zip(("image_to_text_rank", "text_to_image_rank"), ranks, strict=True):
        item[name] = np.nan
        item.loc[first, name] = rank
    return item


def summarise_items(item):
    """Return every metric of a model that is a mean over its tested pairs, by name."""
    shares = [
        *SCORES,
        "presence",
        "absence",
        "half_truth",
        *(f"{name}_without" for name in SCORES),
        *(f"{name}_held_out_phrasing" for name in SCORES),
    ]
    return {**summarise_pairs(item, shares), **summarise_effects(item), **summarise_ranks(item)}
