"""A shard of embedded scenes and its device stages, run in a folder of its own with the embedded models."""

import functools
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from unscene.machine.job import Job
from unscene.photos.images import write_png
from unscene.run.shard_names import get_source_name
from unscene.run.shards import file_sha256
from unscene.run.tables import read_table, write_table
from unscene.scenes import compose_scene, render_scene, write_captions

CHECKOUT = Path(__file__).resolve().parents[2]
CONFIG = yaml.safe_load((CHECKOUT / "config" / "config.yaml").read_text())
RUNTIME = CONFIG["runtime"] | {"device": "cpu", "batch_size": 4, "workers": 1, "max_failed_share": 1.0}
STAGES = ("segment_objects", "remove_objects", "score_edits", "make_sham_edits")
FOLDER = {
    "segment_objects": "masks",
    "remove_objects": "edits",
    "score_edits": "quality",
    "make_sham_edits": "edits/sham",
}
SHARD = "scenes-0-of-1"


def make_shard(photos: int, seed: int = 4242, size: int = 64) -> None:
    """Write scenes and their tables of samples and keywords below the current folder."""
    samples, keywords = [], []
    for index in range(photos):
        scene = compose_scene(seed, index)
        path, name = f"photos/{index}.png", f"scenes_{index}"
        Path("photos").mkdir(exist_ok=True)
        write_png(render_scene(scene, size).rgb, path)
        sample = {"image_id": name, "source_key": str(index), "path": path, "sha256": file_sha256(path)}
        samples.append({**sample, "width": size, "height": size})
        for position, (_, words) in enumerate(write_captions(scene, np.random.default_rng([seed, index]))):
            keywords.append(
                {"image_id": name, "caption_id": f"{name}-{position}", "words": list(words), "status": "ok"}
            )
    write_table(pd.DataFrame(samples), f"results/samples/{SHARD}.parquet")
    write_table(pd.DataFrame(keywords), f"results/keywords/{SHARD}.parquet")


def run_stage(
    stage: str,
    runtime: dict = RUNTIME,
    settings: dict | None = None,
    shard: str = SHARD,
    keeps: bool = False,
) -> pd.DataFrame:
    """Run one of STAGES as its rule does, on the tables below the current folder; return its table.

    settings: what differs from the block `masks`, `edits` or `quality` of the default config.
    keeps: what is finished stays in the scratch of the current folder when the stage is killed, and
    the next run continues from there.
    """
    stem, room = f"results/{FOLDER[stage]}/{shard}", FOLDER[stage].split("/")[0]
    block = CONFIG[room] | (settings or {})
    source = {"name": get_source_name(shard), "format": "table"}  # these scenes list no instances
    job = Job(
        inputs={
            name: f"results/{name}/{shard}.parquet" for name in ("samples", "keywords", "masks", "edits")
        },
        outputs={"table": f"{stem}.parquet", "folder": "" if stage == "score_edits" else stem},
        settings={room: block, "seed": CONFIG["seed"], "words": CONFIG["words"]},
        runtime=runtime,
        wildcards={"shard": shard} if keeps else {"source": get_source_name(shard)},
        rule=stage,
        lineage={"weights": {"edits.weights": "0" * 16}},
        config=CONFIG | {room: block, "samples": {"sources": [source]}},
    )
    if stage == "segment_objects":
        from unscene.masks.segmentation import segment_objects

        segment_objects(job)
    elif stage == "remove_objects":
        from unscene.edits.removing import remove_objects

        remove_objects(job)
    elif stage == "make_sham_edits":
        from unscene.edits.sham import make_sham_edits

        make_sham_edits(job)
    else:
        from unscene.quality.scoring import score_edits

        score_edits(job)
    return read_table(job.outputs.table)


def delete_outputs(stage: str, shard: str = SHARD) -> None:
    """Delete a stage's outputs, as Snakemake does with those of a failed job."""
    Path(f"results/{FOLDER[stage]}/{shard}.parquet").unlink(missing_ok=True)
    shutil.rmtree(f"results/{FOLDER[stage]}/{shard}", ignore_errors=True)


def read_outputs(stage: str, shard: str = SHARD) -> dict[str, bytes]:
    """Return the bytes of a stage's outputs by name, measured times aside."""
    table, folder = Path(f"results/{FOLDER[stage]}/{shard}.parquet"), Path(f"results/{FOLDER[stage]}/{shard}")
    frame = read_table(table)
    if "seconds" in frame:
        write_table(frame.drop(columns="seconds"), "without_times.parquet")
        table = Path("without_times.parquet")
    files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())} if folder.is_dir() else {}
    return {"table": table.read_bytes(), **files}


def load_models_once() -> None:
    """Let this process load each model a single time, and its children, forked, not at all."""
    import torch
    from tqdm import tqdm

    import unscene.edits.removing
    import unscene.masks.detectors
    import unscene.quality.edit_scores

    tqdm.monitor_interval = 0  # a thread of its own would not survive a fork
    torch.set_num_threads(1)
    loaded: dict = {}
    load_remover = unscene.edits.removing.load_remover

    def load_remover_once(settings, weights, setup):
        key = str((settings, weights, setup))
        if key not in loaded:
            loaded[key] = load_remover(settings, weights, setup)
        return loaded[key]

    unscene.edits.removing.load_remover = load_remover_once
    unscene.masks.detectors.load_detector = functools.cache(unscene.masks.detectors.load_detector)
    unscene.quality.edit_scores.load_clip_scorer = functools.cache(
        unscene.quality.edit_scores.load_clip_scorer
    )
