"""NegBench's CSV files (Alhamoud et al. 2025): multiple choice and retrieval. Only the files'
layout is used.
"""

import ast
from pathlib import Path

import pandas as pd

from unscene.evaluation.sets.photos import find_photo
from unscene.evaluation.sets.tasks import ChoiceTask, RetrievalTask
from unscene.run.seeds import derive_seed

OPTIONS = 4
# Types of the wrong options by position. In the files on real photos the right answer stands first,
# with its own type.
WRONG_KINDS = {
    "real": {1: "hybrid", 2: "positive", 3: "negative"},
    "synthetic": {0: "positive", 1: "hybrid", 2: "hybrid", 3: "negative"},
}


def read_choices(entry: dict, resolve) -> ChoiceTask:
    """Read `correct_answer,caption_0..caption_3,correct_answer_template,image_path`; photos are
    found by their name.

    `option_types` of the entry: real (default) or synthetic, by which wrong options stand in which place.
    """
    frame = pd.read_csv(resolve(entry["path"]))
    images = resolve(entry["images"])
    kinds = WRONG_KINDS[entry.get("option_types", "real")]
    rows = []
    for item, row in enumerate(frame.itertuples(index=False)):
        answer = int(row.correct_answer)
        options = [str(getattr(row, f"caption_{option}")) for option in range(OPTIONS)]
        of_option = [kinds.get(option) for option in range(OPTIONS)]
        of_option[answer] = str(row.correct_answer_template)
        photo = find_photo(entry, images, Path(row.image_path).name)
        rows.append(shuffle_options(item, photo, options, of_option, answer, entry))
    return ChoiceTask(pd.DataFrame(rows))


def read_retrieval(entry: dict, resolve) -> RetrievalTask:
    """Read `filepath,image_id,captions`, captions being a Python list as text; photos are found by
    their name.
    """
    frame = pd.read_csv(resolve(entry["path"]))
    images = resolve(entry["images"])
    captions = [[str(caption) for caption in ast.literal_eval(text)] for text in frame["captions"]]
    paths = [find_photo(entry, images, Path(path).name) for path in frame["filepath"]]
    return RetrievalTask([str(value) for value in frame["image_id"]], paths, captions)


def shuffle_options(
    item, photo: Path, options: list[str], kinds: list[str | None], answer: int, entry: dict
) -> dict:
    """Return a row of a ChoiceTask with its options in an order that depends on the seed, the set
    and the item.
    """
    order = sorted(
        range(len(options)), key=lambda option: derive_seed(entry["seed"], entry["name"], item, option)
    )
    return {
        "item": str(item),
        "photo": photo,
        "options": [options[option] for option in order],
        "answer": order.index(answer),
        "kind": kinds[answer] or "all",
        "option_kinds": [kinds[option] for option in order],
    }
