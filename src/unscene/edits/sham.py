"""Make sham edits that keep the object: paint a hole of each object's shape on free background of
the same photo.
"""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from unscene.edits.columns import EDITS, SHAM_EDITS
from unscene.edits.removal import Edit, Removal, list_edits, remove_all
from unscene.edits.removing import open_remover
from unscene.machine.batching import run_ahead
from unscene.machine.job import Job
from unscene.machine.shard_work import open_shard
from unscene.photos.images import read_mask, write_png
from unscene.photos.moved_masks import draw_boxes, move_mask
from unscene.run.seeds import derive_seed
from unscene.run.shards import check_file, file_sha256
from unscene.run.tables import read_table

SUFFIX = "-sham"
MASK_COLUMNS = [
    "edit_id",
    "image_id",
    "category",
    "mask_path",
    "mask_sha256",
    "status",
    "dilation_px",
    "seen_boxes",
]


@dataclass
class Sham:
    """The sham edit of an edit; `taken` lists the final masks of the photo's edits and their hashes."""

    of: Edit
    seen_boxes: np.ndarray
    taken: list[tuple[str, str]]


def make_sham_edits(job: Job) -> None:
    """Write an edited photo, its mask and a row for the sham edit of each mask of a shard that is ok.

    The hole has the shape of the edit's mask and lies where the detector saw nothing of any
    category; the same remover with the same settings paints it. A photo without such a place is a
    row `skipped`, `no_room`.
    """
    samples = read_table(job.inputs.samples, ["image_id", "path", "sha256", "width", "height"])
    shams = list_shams(samples, read_table(job.inputs.masks, MASK_COLUMNS))
    seed = job.settings["seed"]
    # A wider hole could reach an object, and on even background a faultless fill changes next to nothing.
    settings = {**job.settings["edits"], "retry_dilation": 1.0}
    with open_shard(job, SHAM_EDITS) as shard:
        remover = open_remover(job)
        rows, edits = place_all(shams, seed, job.runtime, shard.folder)
        for row in remove_all(shard, Removal(remover, settings, seed, shard.final_path, 0.0), edits):
            rows[row["edit_id"]] = {**row, "mask_path": shard.final_path(Path(row["mask_path"]).name)}
        frame = SHAM_EDITS.frame(
            {**rows[sham.of.edit_id + SUFFIX], "sham_of": sham.of.edit_id} for sham in shams
        )
        frame["model"] = remover.name
        frame["batch_shape"] = frame["batch_shape"].fillna(remover.batch_shape)
        shard.finish(frame)


def list_shams(samples: pd.DataFrame, masks: pd.DataFrame) -> list[Sham]:
    """Return a sham edit for each edit whose mask is ok, in the order of `masks`."""
    chosen = masks[masks["status"] == "ok"]
    by_photo = (
        chosen.groupby("image_id")[["mask_path", "mask_sha256"]].apply(
            lambda rows: list(rows.itertuples(index=False, name=None)), include_groups=False
        )
        if len(chosen)
        else {}
    )
    edits = list_edits(samples, masks)
    return [
        Sham(edit, np.asarray(boxes, dtype=np.float32), by_photo[edit.image_id])
        for edit, boxes in zip(edits, chosen["seen_boxes"], strict=True)
    ]


def place_all(
    shams: list[Sham], seed: int, runtime: dict, folder: Path
) -> tuple[dict[str, dict], list[Edit]]:
    """Write each sham edit's mask as `{edit_id}-sham.mask.png`; return (the rows of those without
    one, the edits to paint).
    """
    rows, edits = {}, []
    placed = run_ahead(
        lambda sham: place_sham(sham, seed, folder), shams, runtime["workers"], 4 * runtime["workers"]
    )
    for sham, result in placed:
        if isinstance(result, Edit):
            edits.append(result)
            continue
        status, reason = result
        row = dict.fromkeys(EDITS.names)
        row.update(edit_id=sham.of.edit_id + SUFFIX, image_id=sham.of.image_id, category=sham.of.category)
        row.update(attempt=0, seed=0, seconds=0.0, status=status, reason=reason)
        rows[row["edit_id"]] = row
    return rows, edits


def place_sham(sham: Sham, seed: int, folder: Path) -> Edit | tuple[str, str]:
    """Write a sham edit's mask to `folder` and return the edit to paint, or (status, reason) when
    there is none.
    """
    name = sham.of.edit_id + SUFFIX
    try:
        for path, sha256 in sham.taken:
            check_file(path, sha256)
        mask = read_mask(sham.of.mask_path)
        taken = draw_boxes(sham.seen_boxes, mask.shape)
        for path, _ in sham.taken:
            taken |= read_mask(path)
    except (OSError, ValueError) as error:
        logging.getLogger("unscene").warning("%s: %s", name, error)
        return "failed", "mask_unreadable"
    moved = move_mask(mask, taken, derive_seed(seed, name, "place"))
    if moved is None:
        return "skipped", "no_room"
    path = folder / f"{name}.mask.png"
    write_png(moved, path)
    return replace(sham.of, edit_id=name, mask_path=str(path), mask_sha256=file_sha256(path))
