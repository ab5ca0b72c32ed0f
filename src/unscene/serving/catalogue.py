"""What a run tells the server, as one JSON file: photos by reference, pairs and refused edits with
their scores, the ways to say each word, and queries to begin with.
"""

import os
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

import pandas as pd

from unscene.evaluation.columns.pairs import ITEMS
from unscene.evaluation.columns.photos import PHOTOS
from unscene.evaluation.pass_rule import UNTUNED
from unscene.quality.columns import LICENCES, PAIRS, REJECTED
from unscene.quality.scores import SCORES as MEASURES
from unscene.run.left_out import read_left_out
from unscene.run.tables import read_json, write_json
from unscene.samples.columns import SAMPLES
from unscene.serving.server.sources import CATALOGUE
from unscene.words.follower_words import CLOSED, DEPICTIONS, GROUPS
from unscene.words.lexicon import expand_form, read_definition
from unscene.words.places import is_plural_form
from unscene.words.word_lists import WORD_LISTS

CAPTIONS = {"original": "caption_original", "without": "caption_without", "negated": "caption_negated"}
COSINES = ["cos_original_present", "cos_original_negated", "cos_edited_present", "cos_edited_negated"]
SCORES = ["text_score", "image_score", "group_score"]
MEASURED = ["residual", "change", "clip_drop", "seam", "left_confidence"]
# The words that may follow a thing which a query names; behind it another one is a noun that it describes.
FOLLOWERS = {word for word in CLOSED | DEPICTIONS | GROUPS if word.isalpha()}
EXAMPLES = 6
FEWEST_WANTED, FEWEST_UNWANTED = 10, 5


class RunError(ValueError):
    """The folder is no run that can be served; the message says what lacks and the way out."""


def write_catalogue(run: Path, folder: Path) -> Path:
    """Write the catalogue of a finished run into the index's folder; return its path.

    Raises RunError when the run has no untouched photos yet, TableError when a table cannot be read.
    """
    results = run / "results"
    if not (results / "metrics/photos.parquet").is_file():
        raise RunError(
            f"{run.resolve()}: there is no results/metrics/photos.parquet, so no photos to search: run the"
            " workflow first, name its directory, or give --photos DIR"
        )
    arm = (
        read_json(results / "deploy/parity.json")["arm"] if (results / "deploy/parity.json").is_file() else ""
    )
    photo = PHOTOS.read(results / "metrics/photos.parquet")
    pair = PAIRS.read(results / "quality/pairs.parquet")
    words = sorted({word for words in photo["objects"] for word in words} | set(pair["category"]))
    path = folder / CATALOGUE
    write_json(
        {
            "root": os.path.relpath(run.resolve(), folder.resolve()),
            "about": {
                "arm": arm,
                "tested_as": "held out",
                "photos": len(photo),
                "pairs": len(pair),
                "meanings": {name: one.doc for name, one in MEASURES.items()},
            },
            "forms": list_forms(words),
            "plurals": list_plurals(words),
            "followers": sorted(FOLLOWERS),
            "examples": list_examples(photo),
            "photos": list_photos(
                photo, SAMPLES.read(results / "samples/samples.parquet", ["image_id", *LICENCES])
            ),
            "pairs": list_pairs(pair, read_scores(results / "metrics/items.parquet", arm)),
            "refused": list_refused(REJECTED.read(results / "quality/rejected.parquet")),
        },
        path,
    )
    return path


def list_photos(photo: pd.DataFrame, sample: pd.DataFrame) -> list[dict]:
    """Return the untouched photos with what is on them and whom they are by."""
    credit = sample.set_index("image_id").apply(_name_credit, axis=1).to_dict() if len(sample) else {}
    return [
        {
            "image_id": row["image_id"],
            "path": row["path"],
            "objects": list(row["objects"]),
            "unknown": list(row["unknown"]),
            "captions": list(row["captions"]),
            "credit": credit.get(row["image_id"], ""),
        }
        for row in photo.to_dict("records")
    ]


def read_scores(path: Path, arm: str) -> dict[str, dict[str, dict]]:
    """Return, by pair, the four cosines and the pair scores of the untuned model and of the deployed
    arm, both by models that had the pair held out; of several training seeds the mean cosine, and
    what most say.
    """
    if not path.is_file() or read_left_out(path):
        return {}
    item = ITEMS.read(path, ["arm", "edit_id", "seed", *COSINES, *SCORES, "interaction"])
    told: dict[str, dict[str, dict]] = {}
    for name, of in (("base", UNTUNED), ("tuned", arm)):
        own = item[item["arm"] == of].groupby("edit_id")[[*COSINES, "interaction", *SCORES]].mean()
        for edit_id, row in own.iterrows():
            cosines = {column: round(float(row[column]), 4) for column in [*COSINES, "interaction"]}
            told.setdefault(str(edit_id), {})[name] = cosines | {
                score: bool(row[score] > 0.5) for score in SCORES
            }
    return told


def list_pairs(pair: pd.DataFrame, scores: dict[str, dict[str, dict]]) -> list[dict]:
    """Return the accepted pairs: names, captions, paths, what was measured, scores where tested."""
    return [
        {
            **{
                name: row[name]
                for name in ("edit_id", "image_id", "category", "original_path", "edited_path")
            },
            "mask_path": row["mask_path"],
            "area_fraction": row["area_fraction"],
            "captions": {
                kind: row[column] for kind, column in CAPTIONS.items() if isinstance(row[column], str)
            },
            "measured": {name: row[name] for name in MEASURED},
            "scores": scores.get(row["edit_id"]),
            "credit": _name_credit(row),
        }
        for row in pair.to_dict("records")
    ]


def list_refused(rejected: pd.DataFrame) -> list[dict]:
    """Return the refused edits with their reasons; those that were painted come first."""
    columns = [
        "edit_id",
        "image_id",
        "category",
        "reason",
        "detail",
        "original_path",
        "edited_path",
        "mask_path",
    ]
    order = rejected.assign(unpainted=rejected["edited_path"].isna()).sort_values(["unpainted", "edit_id"])
    return [
        {name: None if pd.isna(row[name]) else row[name] for name in columns}
        for row in order.to_dict("records")
    ]


def list_forms(words: Iterable[str]) -> dict[str, str | None]:
    """Return the ways to say each word, in lower case: its names, and what the lexicon of its list has.

    All words of the list are told, and with None what mentions nothing: else a hot dog, or a corn dog,
    would be a dog where no photo of the run has it.
    """
    words = tuple(words)
    lists = [vocabulary for vocabulary in WORD_LISTS.values() if any(word in vocabulary for word in words)]
    forms: dict[str, str | None] = {}
    for vocabulary in lists:
        definition = read_definition(files("unscene.resources") / vocabulary.lexicon)
        for word in vocabulary:
            name, entry = vocabulary.name_object(word), definition["words"][word]
            said = [phrase for form in entry.get("forms", ()) for phrase in expand_form(form)]
            for form in (word, f"{word}s", name["one"], name["many"], *said):
                forms.setdefault(form.lower(), word)
        for form in definition.get("blocks", ()):
            forms |= {phrase.lower(): None for phrase in expand_form(form) if phrase.lower() not in forms}
    for word in words:
        if not any(word in vocabulary for vocabulary in lists):
            forms |= {form.lower(): word for form in (word, f"{word}s") if form.lower() not in forms}
    return forms


def list_plurals(words: Iterable[str]) -> list[str]:
    """Return the last words of all forms that name several of a word (dogs, men, sheep): they describe no
    other noun.
    """
    by_word: dict[str, set[str]] = {}
    for form, word in list_forms(words).items():
        if word is not None:
            by_word.setdefault(word, set()).add(form)
    plurals = {form for forms in by_word.values() for form in forms if is_plural_form(form, forms)}
    return sorted({form.split()[-1] for form in plurals})


def list_examples(photo: pd.DataFrame) -> list[str]:
    """Return queries that ask for one word without another, of words that often stand together: there
    a model that passes over a "no" shows it at once.
    """
    rows = [set(words) for words in photo["objects"]]
    words = sorted({word for row in rows for word in row})
    found = []
    for wanted in words:
        for unwanted in words:
            both = sum(wanted in row and unwanted in row for row in rows) if wanted != unwanted else 0
            alone = sum(wanted in row and unwanted not in row for row in rows)
            if both >= FEWEST_UNWANTED and alone >= FEWEST_WANTED:
                found.append((both, wanted, unwanted))
    chosen: list[tuple[str, str]] = []
    for _, wanted, unwanted in sorted(found, key=lambda row: (-row[0], row[1], row[2])):
        if all(wanted != one and unwanted != other for one, other in chosen):
            chosen.append((wanted, unwanted))
    return [
        f"{wanted} -{_quote(unwanted)}" if place % 3 == 2 else f"{_name(wanted)}, no {_name(unwanted, 'no')}"
        for place, (wanted, unwanted) in enumerate(chosen[:EXAMPLES])
    ]


def _name(word: str, form: str = "a") -> str:
    vocabulary = next((known for known in WORD_LISTS.values() if word in known), None)
    return vocabulary.name_object(word)[form] if vocabulary else word


def _quote(term: str) -> str:
    return f'"{term}"' if " " in term else term


def _name_credit(row: dict | pd.Series) -> str:
    parts = [row[name] for name in ("license", "author_url") if isinstance(row[name], str) and row[name]]
    return ", ".join(parts)
