"""Scores of a model on an evaluation set: per-item rows, and the metrics that are summed up from them.

Ties count as wrong, in fp32, with several models scored on the same items. A photo that cannot be
read, or a text that the model would cut, takes its items out of the scores; `n_left_out` counts
them.
"""

import os
from collections.abc import Sequence
from functools import singledispatch

import numpy as np
import pandas as pd

from unscene.evaluation.absence_questions import ABSENT, PRESENT
from unscene.evaluation.embedders import Embedder
from unscene.evaluation.object_sets import score_objects
from unscene.evaluation.photo_metrics import rank_captions, summarise_recalls
from unscene.evaluation.query_arithmetic import find_denied
from unscene.evaluation.sets.tasks import (
    ChoiceTask,
    ClassTask,
    ObjectTask,
    RemovalTask,
    RetrievalTask,
    SetError,
)
from unscene.words.coco80 import COCO80


@singledispatch
def list_photos(task) -> list[str]:
    """Return the paths of a task's photos, each once; scores take the features in this order."""
    return list(dict.fromkeys(str(path) for path in task.paths))


@list_photos.register
def _(task: ChoiceTask) -> list[str]:
    return list(dict.fromkeys(map(str, task.table["photo"])))


@list_photos.register
def _(task: RemovalTask) -> list[str]:
    every = [*task.table["original"], *task.table["edited"], *task.originals["original"]]
    return list(dict.fromkeys(map(str, every)))


def name_photos(task) -> dict[str, str]:
    """Return path -> name of a task's photos: its path below the folder that holds all of them, so that
    photos of two subfolders with one file name stay two.
    """
    paths = list_photos(task)
    folder = os.path.commonpath([os.path.dirname(path) for path in paths])
    return {path: os.path.relpath(path, folder) for path in paths}


@singledispatch
def score_task(task, photo: dict[str, np.ndarray], embedder: Embedder) -> tuple[pd.DataFrame, dict]:
    """Return (a row an item, metrics by name). photo: path -> normalised features (dim,), of
    readable photos.
    """
    raise TypeError(f"no score for {type(task).__name__}")


@score_task.register
def _(task: ChoiceTask, photo: dict, embedder: Embedder) -> tuple[pd.DataFrame, dict]:
    """Accuracy: the true option scores above every other one. Total, by kind, macro; types of what
    was chosen instead; and the accuracy when each question is asked of another question's photo,
    which tells what the options alone give away.
    """
    table = task.table
    texts = list(dict.fromkeys(text for options in table["options"] for text in options))
    at = {text: position for position, text in enumerate(texts)}
    long = embedder.find_long(texts)
    usable = [
        str(path) in photo and not any(long[at[text]] for text in options)
        for path, options in zip(table["photo"], table["options"], strict=True)
    ]
    kept = table[np.array(usable, bool)]
    features = embedder.embed_texts(texts)
    rows, names = [], name_photos(task)
    for row, other in zip(kept.itertuples(), swap_photos(kept["photo"]), strict=True):
        # Row by row in one order of additions: equal options must have equal scores to the last bit.
        of_option = features[[at[text] for text in row.options]]
        cosine, swapped = ((of_option * photo[str(path)]).sum(axis=1) for path in (row.photo, other))
        best = np.flatnonzero(cosine == cosine.max())
        chosen = int(best[0]) if len(best) == 1 else -1
        kind = None if row.option_kinds is None or chosen < 0 else row.option_kinds[chosen]
        others = np.delete(cosine, row.answer)
        rows.append(
            (
                row.item,
                names[str(row.photo)],
                row.kind,
                chosen == row.answer,
                bool(swapped[row.answer] > np.delete(swapped, row.answer).max()),
                chosen,
                kind,
                float(cosine[row.answer] - others.max()),
                list(row.options),
                row.answer,
            )
        )
    columns = ["item", "photo", "kind", "correct", "correct_swapped", "chosen", "chosen_kind"]
    item = pd.DataFrame(rows, columns=[*columns, "margin", "options", "answer"])
    by_kind = item.groupby("kind")["correct"].mean()
    metrics = {"accuracy": _mean(item["correct"]), "accuracy_macro": _mean(by_kind)}
    metrics["swapped_photos_accuracy"] = _mean(item["correct_swapped"])
    metrics |= {f"accuracy_{kind}": float(value) for kind, value in by_kind.items()}
    metrics |= {f"n_{kind}": int(number) for kind, number in item["kind"].value_counts().items()}
    if kept["option_kinds"].notna().any():
        shares = item["chosen_kind"].fillna("tie").value_counts(normalize=True)
        metrics |= {f"chosen_{kind}": float(share) for kind, share in shares.items()}
    return item, metrics | {"n_items": len(item), "n_left_out": len(table) - len(item)}


@score_task.register
def _(task: RetrievalTask, photo: dict, embedder: Embedder) -> tuple[pd.DataFrame, dict]:
    """Recall at 1, 5 and 10 both ways, with all captions of each photo, and among how many photos and
    captions that differ is searched.
    """
    long = [embedder.find_long(captions) for captions in task.captions]
    kept = [
        (key, str(path), [text for text, cut in zip(captions, too_long, strict=True) if not cut])
        for key, path, captions, too_long in zip(task.ids, task.paths, task.captions, long, strict=True)
        if str(path) in photo
    ]
    kept = [row for row in kept if row[2]]
    if not kept:
        raise SetError("no readable photo has a caption that fits the model's context")
    captions = [row[2] for row in kept]
    texts = embedder.embed_texts([caption for own in captions for caption in own])
    photos = np.stack([photo[path] for _, path, _ in kept])
    image_to_text, text_to_image = rank_captions(photos, texts, captions)
    of_photo = pd.DataFrame(
        {"item": [key for key, _, _ in kept], "way": "image_to_text", "rank": image_to_text}
    )
    of_text = pd.DataFrame(
        {
            "item": [key for key, _, own in kept for _ in own],
            "way": "text_to_image",
            "rank": text_to_image,
            "caption": [caption for own in captions for caption in own],
        }
    )
    item = pd.concat([of_photo, of_text], ignore_index=True)
    of_path = name_photos(task)
    names = [of_path[path] for _, path, _ in kept]  # a photo may stand in two rows, under two ids
    item["photo"] = names + [name for name, (*_, own) in zip(names, kept, strict=True) for _ in own]
    every = sum(len(own) for own in task.captions)
    return item, {
        **summarise_recalls(image_to_text, text_to_image),
        "gallery_photos": len(kept),
        "gallery_captions": len({caption for own in captions for caption in own}),
        "n_items": len(kept),
        "n_captions": len(texts),
        "n_left_out": len(task) - len(kept),
        "n_captions_left_out": every - len(texts),
    }


@score_task.register
def _(task: ObjectTask, photo: dict, embedder: Embedder) -> tuple[pd.DataFrame, dict]:
    """Absence, presence and queries, as of the untouched photos of a fold."""
    return score_objects(task, photo, embedder)


@score_task.register
def _(task: RemovalTask, photo: dict, embedder: Embedder) -> tuple[pd.DataFrame, dict]:
    """BEAF's measures (Ye-Bin et al. 2024) of the answer d = s(photo, "with o") - s(photo, "with no o") > 0.

    Of the removed object, before and after: TU yes, no; IG no, yes; SB+ yes, yes; SB- no, no; they
    sum to 1. ID: of objects that no edit of the photo takes, the share whose answer changes. F1:
    harmonic mean of TU and 1 - ID. A tie is a no.
    """
    categories = sorted(set(task.table["category"]) | set(task.originals["category"]))
    fields = [COCO80.name_object(category) for category in categories]
    texts = [phrase.format(**field) for field in fields for phrase in (PRESENT, ABSENT)]
    features = embedder.embed_texts(texts).reshape(len(categories), 2, -1)
    direction = dict(zip(categories, features[:, 0] - features[:, 1], strict=True))
    table = task.table
    kept = table[
        [str(a) in photo and str(b) in photo for a, b in zip(table["original"], table["edited"], strict=True)]
    ]
    item = kept.drop(columns=["original", "edited"]).reset_index(drop=True)
    item["photo"] = kept["original"].map(name_photos(task)).to_numpy()
    for name, column in (("before", "original"), ("after", "edited")):
        item[f"contrast_{name}"] = [
            float(photo[str(path)] @ direction[category])
            for path, category in zip(kept[column], kept["category"], strict=True)
        ]
        item[name] = item[f"contrast_{name}"] > 0
    removed = item[item["removed"]]
    other = item[~item["removable"]]
    true = float((removed["before"] & ~removed["after"]).mean())
    indecision = float((other["before"] != other["after"]).mean())
    asked = task.originals[[str(path) in photo for path in task.originals["original"]]]
    right = [
        (float(photo[str(row.original)] @ direction[row.category]) > 0) == row.present
        for row in asked.itertuples()
    ]
    right += (item["after"] == item["present"]).tolist()
    return item, {
        "true_understanding": true,
        "ignorance": float((~removed["before"] & removed["after"]).mean()),
        "stubbornness_positive": float((removed["before"] & removed["after"]).mean()),
        "stubbornness_negative": float((~removed["before"] & ~removed["after"]).mean()),
        "indecision": indecision,
        "f1": 2 * true * (1 - indecision) / (true + 1 - indecision) if true + 1 - indecision > 0 else 0.0,
        "accuracy": float(np.mean(right)) if right else float("nan"),
        "n_items": len(item),
        "n_removals": len(removed),
        "n_others": len(other),
        "n_left_out": len(table) - len(item),
    }


@score_task.register
def _(task: ClassTask, photo: dict, embedder: Embedder) -> tuple[pd.DataFrame, dict]:
    """Zero-shot classification: class features are the normalised mean over templates (Radford et
    al. 2021).
    """
    texts = [template.format(name) for name in task.classes for template in task.templates]
    features = embedder.embed_texts(texts).reshape(len(task.classes), len(task.templates), -1).mean(axis=1)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    kept = np.array([str(path) in photo for path in task.paths], bool)
    paths = [str(path) for path, wanted in zip(task.paths, kept, strict=True) if wanted]
    class_at = np.asarray(task.class_at)[kept]
    cosine = np.stack([photo[path] for path in paths]) @ features.T
    own = cosine[np.arange(len(class_at)), class_at][:, None]
    rank = (cosine >= own).sum(axis=1) - 1
    name = np.flatnonzero(kept).astype(str)
    item = pd.DataFrame(
        {"item": name, "photo": name, "class_at": class_at, "rank": rank, "correct": rank < 1}
    )
    return item, {
        "top1": _mean(item["correct"]),
        "top5": float((rank < 5).mean()),
        "class_mean": _mean(item.groupby("class_at")["correct"].mean()),
        "n_items": len(item),
        "n_classes": len(task.classes),
        "n_left_out": int((~kept).sum()),
    }


def swap_photos(photos: pd.Series) -> list:
    """Return for each question the photo of another one: half of all photos further on, so that
    questions of one photo get one other photo; where all have one photo, that.
    """
    each = list(dict.fromkeys(photos))
    other = dict(zip(each, np.roll(np.array(each, dtype=object), len(each) // 2), strict=True))
    return [other[path] for path in photos]


def score_blind(table: pd.DataFrame) -> dict[str, float]:
    """Return what can be reached on choices without looking at a photo, as expected accuracies.

    blind_chance: a fair draw. Where options have types: blind_one_type, always the same type (the
    best one); blind_doubled_type, a fair draw of a type that stands twice, as the right one does in
    NegBench; blind_reader: of these, the option that contradicts the other types' statements most
    and repeats them least, told by the lexicon (ties are shared).
    """
    blind = {"blind_chance": float(np.mean([1 / len(options) for options in table["options"]]))}
    typed = table[table["option_kinds"].notna()]
    if not len(typed):
        return blind
    kinds = sorted({kind for own in typed["option_kinds"] for kind in own if kind})
    rows = list(zip(typed["option_kinds"], typed["answer"], typed["options"], strict=True))
    one_type = [
        _mean([_guess(answer, [kind == wanted for kind in own]) for own, answer, _ in rows])
        for wanted in kinds
    ]
    doubled = [[list(own).count(kind) > 1 for kind in own] for own, _, _ in rows]
    return blind | {
        "blind_one_type": max(one_type),
        "blind_doubled_type": _mean(
            [_guess(row[1], twice) for row, twice in zip(rows, doubled, strict=True)]
        ),
        "blind_reader": _mean(
            [_guess(row[1], _read_blindly(row[2], twice)) for row, twice in zip(rows, doubled, strict=True)]
        ),
    }


def _guess(answer: int, candidates: list[bool]) -> float:
    """Return the chance that a fair draw among the candidates (all options without one) is the answer."""
    number = sum(candidates)
    return 1 / len(candidates) if not number else candidates[answer] / number


def _read_blindly(options: Sequence[str], doubled: list[bool]) -> list[bool]:
    """Return the options of a doubled type that fit best to every other option being wrong."""
    statements = []
    for text in options:
        denied = set(find_denied(text, COCO80))
        statements.append((set(COCO80.find_words(text)) - denied, denied))
    others = [statement for statement, twice in zip(statements, doubled, strict=True) if not twice]
    score = [
        sum(
            len(affirmed & no) + len(denied & yes) - len(affirmed & yes) - len(denied & no)
            for yes, no in others
        )
        if twice
        else -np.inf
        for (affirmed, denied), twice in zip(statements, doubled, strict=True)
    ]
    return [twice and value == max(score) for value, twice in zip(score, doubled, strict=True)]


def _mean(values) -> float:
    values = pd.Series(values, dtype=float)
    return float(values.mean()) if len(values) else float("nan")
