"""A tiny random CLIP folder and a few made-up pairs, for the tests of training and evaluation."""

import json

import numpy as np
import pandas as pd
from PIL import Image

from unscene.clip.folders import HASHED
from unscene.machine.job import Job
from unscene.run.shards import file_sha256
from unscene.run.tables import write_json, write_table
from unscene.training.caching import cache_pairs, cache_sham
from unscene.words.coco80 import COCO80

RUNTIME = {
    "device": "cpu",
    "devices": 1,
    "batch_size": 8,
    "workers": 1,
    "precision": "float32",
    "max_failed_share": 0.5,
    "chunk_pairs": 0,
    "checkpoint_activations": False,
    "save_seconds": 60,
}
SETTINGS = {
    "steps": 4,
    "batch_pairs": 4,
    "learning_rate": 1e-3,
    "warmup_steps": 1,
    "weight_decay": 0.1,
    "crop_scale": 0.9,
    "true_negations": 0.25,
    "temperature": "frozen",
    "reader": "cache",
}
PAIRED = {"images": "both", "texts": "negated", "batches": "paired"}
MAIN_LOSS = {"mask": 1, "rank": 0.5, "keep": 1}
ARMS = {
    "zero_shot": {},
    "originals": {"images": "originals", "texts": "plain", "batches": "random", "loss": {"infonce": 1}},
    "random": {**PAIRED, "batches": "random", "loss": {"infonce": 1}},
    "paired": {**PAIRED, "loss": {"infonce": 1}},
    "paired_rank": {**PAIRED, "loss": {"mask": 1, "rank": 0.5}},
    "paired_rank_keep": {**PAIRED, "loss": MAIN_LOSS},
}


def make_clip(folder, quick_gelu=True, side=32, width=32, layers=2, patch=16, scale=3):
    """Write an open_clip folder with random weights, seeded, and return its path."""
    import torch
    from open_clip.model import CLIP
    from safetensors.torch import save_file

    config = {
        "embed_dim": width,
        "quick_gelu": quick_gelu,
        "vision_cfg": {
            "image_size": side,
            "layers": layers,
            "width": width,
            "patch_size": patch,
            "head_width": 16,
        },
        "text_cfg": {
            "context_length": 77,
            "vocab_size": 49408,
            "width": width,
            "heads": width // 16,
            "layers": layers,
        },
    }
    torch.set_num_threads(1)  # more threads than free cores make a tiny model slower
    torch.manual_seed(0)
    model = CLIP(**json.loads(json.dumps(config)))
    for parameter in model.parameters():  # far from linear, so that the activation matters
        if parameter.ndim > 1:
            parameter.data.mul_(scale)
    folder.mkdir(parents=True)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    preprocess = {
        "mean": [0.5, 0.4, 0.3],
        "std": [0.2, 0.25, 0.3],
        "interpolation": "bicubic",
        "resize_mode": "shortest",
    }
    (folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": config, "preprocess_cfg": preprocess})
    )
    return folder


def write_meta(folder, **meta):
    """Write the meta.json of a model's folder, as a training does, and return its path."""
    hashes = {key: file_sha256(folder / name) for key, name in HASHED.items()}
    write_json({"fold": 0, "training_seed": 0, "groups": 8, **meta, **hashes}, folder / "meta.json")
    return folder / "meta.json"


def make_pairs(folder, count=24, folds=3, side=40, per_group=1):
    """Write photos, pairs.parquet and folds.parquet and return (path of the pairs, path of the folds).

    The original has a bright square of its category's colour, the edit does not.
    """
    rng = np.random.default_rng(0)
    mask = np.zeros((side, side + 8), np.uint8)
    mask[8:24, 12:28] = 255
    colours = {"dog": (250, 40, 40), "cat": (40, 250, 40), "car": (40, 40, 250)}
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask).save(folder / "mask.png")
    rows = []
    for index in range(count):
        category = list(colours)[index % 3]
        edited = rng.integers(60, 120, (side, side + 8, 3), dtype=np.uint8)
        original = edited.copy()
        original[8:24, 12:28] = colours[category]
        for name, pixels in (("original", original), ("edited", edited)):
            Image.fromarray(pixels).save(folder / f"{name}{index}.png")
        photo = index // per_group
        rows.append(
            {
                "edit_id": f"s_{index:03d}-{category}",
                "mask_path": str(folder / "mask.png"),
                "image_id": f"s_{photo:03d}",
                "category": category,
                "group": f"g{photo:03d}",
                "original_path": str(folder / f"original{index}.png"),
                "edited_path": str(folder / f"edited{index}.png"),
                "caption_original": f"a {category} on field {index}",
                "caption_without": f"an empty field {index}",
                "caption_negated": f"field {index} with no {category}",
                "caption_negated_held_out": f"field {index} free of any {category}" if index % 2 else None,
            }
        )
    pair = pd.DataFrame(rows)
    write_table(pair, folder / "pairs.parquet")
    groups = pd.unique(pair["group"])
    write_table(
        pd.DataFrame({"group": groups, "fold": np.arange(len(groups)) % folds}), folder / "folds.parquet"
    )
    return folder / "pairs.parquet", folder / "folds.parquet"


def make_photos(folder, path_to_pairs, path_to_folds):
    """Write photos.parquet of the pairs' originals, with two captions and the pair's object each,
    and return its path.
    """
    pair = pd.read_parquet(path_to_pairs).drop_duplicates("image_id")
    fold = pd.read_parquet(path_to_folds).set_index("group")["fold"]
    photo = pd.DataFrame(
        {
            "image_id": pair["image_id"],
            "group": pair["group"],
            "fold": pair["group"].map(fold),
            "path": pair["original_path"],
            "objects_from": "captions",
            "captions": [[text, f"{text}, seen from afar"] for text in pair["caption_original"]],
            "objects": [[category] for category in pair["category"]],
            "unknown": [[word for word in COCO80 if word != category] for category in pair["category"]],
        }
    )
    write_table(photo, folder / "photos.parquet")
    return folder / "photos.parquet"


def make_shams(folder, path_to_pairs):
    """Write sham.parquet: of every pair a sham with a grey hole, a pair's own shape, in the corner
    below; return its path.
    """
    pair = pd.read_parquet(path_to_pairs)
    mask = np.zeros_like(np.asarray(Image.open(pair["mask_path"][0])))
    mask[24:40, :16] = 255
    Image.fromarray(mask).save(folder / "sham-mask.png")
    kinds = {"sham_kind": "free", "of_attempt": 1, "mask_path": str(folder / "sham-mask.png")}
    rows = []
    for row in pair.to_dict("records"):
        pixels = np.asarray(Image.open(row["original_path"])).copy()
        pixels[mask > 0] = 128
        path = folder / f"sham-{row['edit_id']}.png"
        Image.fromarray(pixels).save(path)
        rows.append(
            row
            | {"sham_of": row["edit_id"], "edit_id": f"{row['edit_id']}-sham", "edited_path": str(path)}
            | kinds
        )
    write_table(pd.DataFrame(rows), folder / "sham.parquet")
    return folder / "sham.parquet"


def make_caches(folder, path_to_clip, path_to_pairs, path_to_sham=None):
    """Write the photo caches of pairs and of sham edits and return the inputs of a training that
    name them.
    """
    inputs = {"photos": folder / "photos.npy", "index": folder / "photos_index.parquet"}
    clip = {"train": {"clip": str(path_to_clip)}}
    cache_pairs(Job(inputs={"pairs": path_to_pairs}, outputs=inputs, config=clip, threads=2))
    if path_to_sham is None:
        return inputs
    sham = {"sham_photos": folder / "sham.npy", "sham_index": folder / "sham_index.parquet"}
    outputs = {"photos": sham["sham_photos"], "index": sham["sham_index"]}
    cache_sham(Job(inputs={"sham": path_to_sham}, outputs=outputs, config=clip, threads=2))
    return {**inputs, "sham": path_to_sham, **sham}


def make_training(arm, folder, path_to_clip, inputs, **changes):
    """Return the job of a training (an arm's name, or its entry) that writes the model `folder`.

    changes: wildcards `fold` and `seed`, `runtime`, and settings of `train`.
    """
    entry, name = (ARMS[arm], arm) if isinstance(arm, str) else (arm, "own")
    wildcards = {"arm": name, "fold": str(changes.pop("fold", 0)), "seed": str(changes.pop("seed", 0))}
    runtime = {**RUNTIME, **changes.pop("runtime", {})}
    return Job(
        inputs=inputs,
        outputs={"meta": folder / "meta.json"},
        settings={
            "seed": 7,
            "words": "coco80",
            "arm": entry,
            "captions": {"held_out_share": 0.0},
            "train": {"clip": "x", **SETTINGS, **changes},
        },
        runtime=runtime,
        wildcards=wildcards,
        config={"train": {"clip": str(path_to_clip)}},
        lineage={"arm": name},
    )


def make_evaluation(folder, path_to_clip, inputs, arm="zero_shot", fold=1, query_weight=None):
    """Return the job of an evaluation (of pairs or of sham edits) that writes into `folder`;
    without `model` of the clip itself.
    """
    kinds = ("item", "class", "construction", "query", "photo", "retrieval", "sham")
    names = [f"{kind}_table" for kind in kinds]
    outputs = {name: folder / f"{arm}{fold}.{name}.parquet" for name in names}
    entry = {} if query_weight is None else {"query_weight": query_weight}
    return Job(
        inputs={"model": None, "truth": None, "unfiltered": inputs.get("pairs"), **inputs},
        outputs={**outputs, "metrics": folder / f"{arm}{fold}.json"},
        settings={"words": "coco80"},
        runtime=RUNTIME,
        wildcards={"arm": arm, "fold": str(fold), "seed": "0"},
        config={"train": {"clip": str(path_to_clip), "arms": {arm: entry}}},
    )
