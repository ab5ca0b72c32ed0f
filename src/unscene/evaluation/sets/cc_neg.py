"""CC-Neg (Singh et al. 2024, CoN-CLIP): a photo, its caption and the negated caption; the last
40,000 are the test part.

A penalty on negation words alone scores near 100 here, so it is a legacy set.
"""

from pathlib import Path

import pandas as pd

from unscene.evaluation.sets.negbench import shuffle_options
from unscene.evaluation.sets.photos import find_photo
from unscene.evaluation.sets.tasks import ChoiceTask

TEST_ITEMS = 40_000


def read_choices(entry: dict, resolve) -> ChoiceTask:
    """Read `ccneg_preprocessed.pt` as published, or a CSV `image_path,caption,negated_caption`;
    `last` items of it.
    """
    path, images = Path(resolve(entry["path"])), Path(resolve(entry["images"]))
    triples = _read_published(path) if path.suffix == ".pt" else _read_csv(path)
    first = max(0, len(triples) - entry.get("last", TEST_ITEMS))
    rows = []
    for item, (name, caption, negated) in enumerate(triples[first:], first):
        if not (caption and negated):
            continue
        photo = find_photo(entry, images, Path(name).name)
        row = shuffle_options(item, photo, [caption.strip(), negated.strip()], [None, None], 0, entry)
        rows.append(row | {"option_kinds": None})
    return ChoiceTask(pd.DataFrame(rows))


def _read_csv(path: Path) -> list[tuple]:
    frame = pd.read_csv(path, keep_default_na=False)
    return list(frame[["image_path", "caption", "negated_caption"]].itertuples(index=False, name=None))


def _read_published(path: Path) -> list[tuple]:
    import torch

    data = torch.load(path, map_location="cpu", weights_only=True)
    return [
        (name, entry.get("caption"), entry.get("sop_data", {}).get("negative-prompt"))
        for name, entry in zip(data["image_paths"], data["annotations"], strict=True)
    ]
