"""SugarCrepe (Hsieh et al. 2023): JSON files `{id: {filename, caption, negative_caption}}`, one a subset."""

from pathlib import Path

import pandas as pd

from unscene.evaluation.sets.negbench import shuffle_options
from unscene.evaluation.sets.photos import find_photo
from unscene.evaluation.sets.tasks import ChoiceTask
from unscene.run.tables import read_json


def read_choices(entry: dict, resolve) -> ChoiceTask:
    """Read a folder with a JSON file a subset, or one JSON file with the subsets as keys."""
    path, images = Path(resolve(entry["path"])), Path(resolve(entry["images"]))
    subsets = (
        {file.stem: read_json(file) for file in sorted(path.glob("*.json"))}
        if path.is_dir()
        else read_json(path)
    )
    rows = []
    for subset in sorted(subsets):
        for item, value in subsets[subset].items():
            row = shuffle_options(
                f"{subset}-{item}",
                find_photo(entry, images, value["filename"]),
                [value["caption"], value["negative_caption"]],
                [None, None],
                0,
                entry,
            )
            rows.append(row | {"kind": subset, "option_kinds": None})
    return ChoiceTask(pd.DataFrame(rows))
