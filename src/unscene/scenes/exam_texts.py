"""NegBench's two CSV files (Alhamoud et al. 2025) of a drawn world.

Columns, order and the place of each kind of answer are those of the published files and of
`synthetic_datasets/evaluation/create_mcq.py` in https://github.com/m1k2zoo/negbench. The wording is that of
its templates, before a language model rephrased them, with articles.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from unscene.run.seeds import derive_seed
from unscene.run.tables import replaced_atomically
from unscene.words.coco80 import COCO80

if TYPE_CHECKING:
    from unscene.scenes.exam import Examined

KINDS = ("positive", "negative", "hybrid")
CHOICE_COLUMNS = [
    "correct_answer",
    "caption_0",
    "caption_1",
    "caption_2",
    "caption_3",
    "correct_answer_template",
    "image_path",
]
RETRIEVAL_COLUMNS = ["positive_objects", "negative_objects", "filepath", "image_id", "captions"]


def write_choices(scenes: Sequence["Examined"], path: str | Path) -> int:
    """Write a question of four answers on each scene with two categories; return how many there are.

    A and B can be seen, N can't, and fits the place where anything does. The right answer stands
    first, and its kinds take turns: "features A and B", "does not feature N", "features B, but not
    N". The wrong ones are a hybrid, a positive and a negative: "features N, but not B", "features
    N", "does not feature A".
    """
    rows: list[tuple] = []
    for one in scenes:
        absent = one.plausible or one.absent
        if len(one.present) < 2 or not absent:
            continue
        rng = _draw(one, "choice")
        first, second = (_name(word) for word in rng.permutation(one.present)[:2])
        none = _name(rng.choice(absent))
        kind = KINDS[len(rows) % len(KINDS)]
        right = {
            "positive": f"This image features {first} and {second}",
            "negative": f"This image does not feature {none}",
            "hybrid": f"This image features {second}, but not {none}",
        }[kind]
        wrong = (
            f"This image features {none}, but not {second}",
            f"This image features {none}",
            f"This image does not feature {first}",
        )
        rows.append((0, right, *wrong, kind, f"images/{one.file_name}"))
    _write_csv(rows, CHOICE_COLUMNS, path)
    return len(rows)


def write_negated_retrieval(scenes: Sequence["Examined"], path: str | Path) -> int:
    """Write each scene's captions with a denial before or behind each; return the number of captions.

    One absent object is denied in all captions of a photo, as "There is no N in the image."
    """
    rows: list[tuple] = []
    for one in scenes:
        rng = _draw(one, "retrieval")
        none = str(rng.choice(one.plausible or one.absent))
        fields = COCO80.name_object(none)
        denial = f"There {fields['is']} no {fields['no']} in the image."
        captions = []
        for caption in one.captions:
            told = caption if caption.endswith(".") else f"{caption}."
            captions.append(f"{denial} {told}" if rng.random() < 0.5 else f"{told} {denial}")
        lists = (repr(one.present), repr([none]))
        rows.append((*lists, f"images/{one.file_name}", one.number, repr(captions)))
    _write_csv(rows, RETRIEVAL_COLUMNS, path)
    return sum(len(one.captions) for one in scenes)


def _draw(one: "Examined", what: str) -> np.random.Generator:
    return np.random.default_rng(derive_seed(one.scene.seed, what, str(one.scene.index)))


def _name(word: str) -> str:
    return COCO80.name_object(str(word))["a"]


def _write_csv(rows: list[tuple], columns: list[str], path: str | Path) -> None:
    with replaced_atomically(path) as temporary:
        pd.DataFrame(rows, columns=columns).to_csv(temporary, index=False)
