"""BEAF (Ye-Bin et al. 2024): photos before and after the removal of an object, with questions on objects.

`beaf_qna.json` is a list of `{id, image, question, orig_img, removed_q, gt}`; an edited photo is
named as its original with `_NN.png` for `.jpg`. Of an edited photo, the removed object is the one
with removed_q and the answer no; removed_q alone marks every object that some edit of this photo
removes.
"""

import re
from pathlib import Path

import pandas as pd

from unscene.evaluation.sets.photos import find_photo
from unscene.evaluation.sets.tasks import RemovalTask, SetError
from unscene.run.tables import read_json

_QUESTION = re.compile(r"\bIs there (?:an?|any) (.+?) in the (?:image|photo|picture)\b", re.IGNORECASE)
_EDIT = re.compile(r"_\d+$")


def read_removals(entry: dict, resolve) -> RemovalTask:
    """Read the questions; `path` is the JSON, `images` the folder with originals and edits."""
    images = Path(resolve(entry["images"]))
    originals, edits = [], []
    for row in read_json(resolve(entry["path"])):
        asked = _QUESTION.search(row["question"])
        if asked is None:
            raise SetError(f"evaluate.sets, {entry['name']!r}: cannot tell the object of {row['question']!r}")
        present = str(row["gt"]).strip().lower() == "yes"
        photo = find_photo(entry, images, row["image"])
        if row["orig_img"]:
            originals.append((str(photo), asked[1], present))
            continue
        original = photo.with_name(f"{_EDIT.sub('', photo.stem)}.jpg")
        removed = bool(row["removed_q"]) and not present
        edits.append(
            (
                str(row["id"]),
                str(original),
                str(photo),
                asked[1],
                removed,
                bool(row["removed_q"]),
                present,
            )
        )
    columns = ["item", "original", "edited", "category", "removed", "removable", "present"]
    table = pd.DataFrame(edits, columns=columns)
    asked_before = pd.DataFrame(originals, columns=["original", "category", "present"])
    known = set(zip(asked_before["original"], asked_before["category"], strict=True))
    lost = [pair for pair in zip(table["original"], table["category"], strict=True) if pair not in known]
    if lost:
        raise SetError(
            f"evaluate.sets, {entry['name']!r}: {lost[0][1]!r} is asked of an edit and not of {lost[0][0]}"
        )
    return RemovalTask(table, asked_before)
