"""Export the chosen model as an open_clip folder and check that plain open_clip gives the same embeddings."""

import logging
import shutil
from pathlib import Path

import numpy as np

from unscene.clip.models import (
    CONFIG_NAME,
    META_NAME,
    TOKENIZER_FILES,
    WEIGHTS_NAME,
    embed_photos,
    embed_texts,
    load_clip,
    resize_photo,
)
from unscene.evaluation.checkpoints import find_evaluated
from unscene.machine.batching import prepare_torch
from unscene.machine.job import Job
from unscene.photos.images import read_photo
from unscene.run.folders import replaced_folder
from unscene.run.tables import write_json, write_text
from unscene.training.pairs import CAPTIONS, read_pairs

MAX_DIFFERENCE = 1e-4
SAMPLE_PAIRS = 16

README = """# CLIP, tuned by unscene (arm `{arm}`)

    import open_clip
    model, _, preprocess = open_clip.create_model_and_transforms("local-dir:model")
    tokenizer = open_clip.get_tokenizer("local-dir:model")

`model/` is an open_clip folder; the path is relative to this one. Load it by `local-dir:` only: its
config says which activation the weights need. `parity.json` holds the largest difference between its
embeddings under plain open_clip and those that were evaluated.
"""


def export_clip(job: Job) -> None:
    """Write the self-contained folder: model/, README.md and parity.json; nothing is left when the
    check fails.

    inputs: model (meta.json of the deployed arm, or None for train.clip), pairs. outputs: folder.
    """
    prepare_torch("cpu", job.threads)
    arm, path_to_model = job.settings["deploy"]["arm"], find_evaluated(job)
    with replaced_folder(job.outputs.folder) as folder:
        (folder / "model").mkdir()
        copy_model(path_to_model, folder / "model")
        pair = read_pairs(job.inputs.pairs).head(SAMPLE_PAIRS)
        photos = [read_photo(path) for path in [*pair["original_path"], *pair["edited_path"]]]
        texts = list(dict.fromkeys(pair[CAPTIONS].to_numpy().ravel()))
        batch_size = job.runtime["batch_size"]
        parity = check_parity(path_to_model, folder / "model", photos, texts, batch_size)
        write_json({"arm": arm, **parity}, folder / "parity.json")
        write_text(README.format(arm=arm), folder / "README.md")
    logging.getLogger("unscene").info("exported %s; largest difference %.2g", arm, parity["max_difference"])


def copy_model(path_to_model, path_to_copy):
    """Copy what a model folder needs to be loaded, and its meta.json where it has one."""
    source = Path(path_to_model)
    for pattern in (CONFIG_NAME, WEIGHTS_NAME, META_NAME, *TOKENIZER_FILES):
        for path in sorted(source.glob(pattern)):
            shutil.copyfile(path, Path(path_to_copy) / path.name)


def check_parity(path_to_model, path_to_copy, photos, texts, batch_size):
    """Return the largest differences between the workflow's embeddings and those of plain open_clip
    on the exported folder.

    Raises RuntimeError above MAX_DIFFERENCE. Plain open_clip preprocesses the photos itself and
    reads texts at full length.
    """
    model, preprocess, tokenizer = load_clip(path_to_model)
    pixels = np.stack([resize_photo(preprocess, photo) for photo in photos])
    ours = (
        embed_photos(model, preprocess, pixels, batch_size),
        embed_texts(model, tokenizer, texts, batch_size),
    )
    plain = embed_plainly(path_to_copy, photos, texts)
    image, text = (float(np.abs(one - other).max()) for one, other in zip(ours, plain, strict=True))
    if not max(image, text) <= MAX_DIFFERENCE:  # NaN fails, too
        raise RuntimeError(
            f"{path_to_copy}: plain open_clip embeds photos {image:.2g} and texts {text:.2g} away from the"
            f" evaluated model; at most {MAX_DIFFERENCE} is allowed"
        )
    return {
        "max_difference": max(image, text),
        "max_difference_photos": image,
        "max_difference_texts": text,
        "allowed": MAX_DIFFERENCE,
        "photos": len(photos),
        "texts": len(texts),
    }


def embed_plainly(path_to_folder, photos, texts):
    """Return (photo, text) features from open_clip's own calls alone, as a user of the folder would
    make them.
    """
    from unscene.run.offline import stay_offline

    stay_offline()
    import open_clip
    import torch

    name = f"local-dir:{Path(path_to_folder).resolve()}"
    model, _, preprocess = open_clip.create_model_and_transforms(name)
    tokenizer = open_clip.get_tokenizer(name)
    model.eval()
    with torch.no_grad():
        image = model.encode_image(torch.stack([preprocess(photo) for photo in photos]), normalize=True)
        text = model.encode_text(tokenizer(texts), normalize=True)
    return image.numpy(), text.numpy()
