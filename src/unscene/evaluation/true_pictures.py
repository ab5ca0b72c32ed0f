"""True pictures in place of edits: what of a group score is left when nothing was painted.

A drawn scene is known without its object. A model that learned absence tells the true picture as it
tells the edit; one that learned the mark of edits has nothing to go by. Sources that know no such
pictures have none, and their figures are null.
"""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from unscene.evaluation.columns.pairs import TRUE_PICTURES
from unscene.evaluation.embedders import decode_photos
from unscene.evaluation.pair_metrics import score_pairs
from unscene.evaluation.truth import read_truth_paths
from unscene.machine.job import Job
from unscene.run.configuration import list_sources
from unscene.run.shards import check_file
from unscene.run.tables import read_table
from unscene.samples.instances import read_source_instances
from unscene.training.pairs import PairError


def list_true_pictures(job: Job) -> None:
    """Write a row a photo and category of which the source knows the true picture without it.

    inputs: samples. outputs: truth.
    """
    sample = read_table(job.inputs.samples, ["image_id", "source", "source_key"], only=True)
    rows = []
    for source in list_sources(job.config):
        paths = read_truth_paths(source)
        if paths is None:
            continue
        of_file: dict[str, list[tuple]] = {}
        for (file_name, category), (path, sha256) in paths.items():
            of_file.setdefault(file_name, []).append(
                (category, os.path.relpath(path), sha256)  # the run may move
            )
        instances = read_source_instances(source)
        for image_id, name, key in sample[["image_id", "source", "source_key"]].itertuples(index=False):
            if name == source["name"]:
                file_name = instances[str(key)].file_name
                rows += [(image_id, *row) for row in of_file.get(file_name, ())]
    TRUE_PICTURES.write(pd.DataFrame(rows, columns=TRUE_PICTURES.names), job.outputs.truth)


def score_true_pictures(embedder, pairs, features: dict, path_to_truth: str | Path | None, workers: int):
    """Return `group_score_true true_shortfall`, a row a pair of a PairSet; null where no true picture
    is known.

    features: as `embed_pairs` gives them. group_score_true: the group score with the true picture
    in place of the edit. true_shortfall: half the group score less that. Raises PairError when a
    picture cannot be read.
    """
    table = pairs.table
    scored = pd.DataFrame(
        {
            "group_score_true": pd.array([pd.NA] * len(table), dtype="boolean"),
            "true_shortfall": np.full(len(table), np.nan),
        }
    )
    if path_to_truth is None:
        return scored
    truth = TRUE_PICTURES.read(path_to_truth).set_index(["image_id", "category"])
    known = pd.MultiIndex.from_frame(table[["image_id", "category"]]).isin(truth.index)
    if not known.any():
        return scored
    found = truth.loc[list(table.loc[known, ["image_id", "category"]].itertuples(index=False, name=None))]
    for path, sha256 in zip(found["truth_path"], found["truth_sha256"], strict=True):
        check_file(path, sha256)
    pixels, position, reasons = decode_photos(list(found["truth_path"]), embedder.preprocess, workers)
    if (position < 0).any():
        bad = int(np.flatnonzero(position < 0)[0])
        raise PairError(
            f"{found['truth_path'].iloc[bad]}: {reasons[bad]}; delete results/scenes of its source"
        )
    true = embedder.embed_photos(pixels)[position]
    own = [features[name][known] for name in ("original", "edited", "present", "negated")]
    group = score_pairs(*own)["group_score"].to_numpy()
    group_true = score_pairs(own[0], true, *own[2:])["group_score"].to_numpy()
    scored.loc[known, "group_score_true"] = group_true
    scored.loc[known, "true_shortfall"] = group / 2 - group_true
    return scored
