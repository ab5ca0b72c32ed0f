"""Make sham edits that keep the object: paint a hole of each removal's shape elsewhere in the same
photo, the way that removals are painted.

A sham edit shares all of a removal but its object: remover, settings, the hole's shape and size (the
wider one where the removal needed a second attempt), and what holes lie on. Removals lie on ground
of any kind, and cut through what stands behind the object; so do sham edits.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from unscene.edits.columns import EDITS, SHAM_EDITS
from unscene.edits.removal import Edit, Removal, list_edits, remove_all
from unscene.edits.removing import open_remover
from unscene.machine.batching import read_checked_photo, run_ahead
from unscene.machine.job import Job
from unscene.machine.shard_work import open_shard
from unscene.photos.images import PhotoError, read_mask, write_png
from unscene.photos.moved_masks import Places, draw_boxes
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
BUSIEST = 0.1  # share of the free places, those with the most edges under the hole, that count as busy
# Over another object's edge: at least so much of the hole lies on its box, and as much beside it; so
# much of the box, at most, is painted over, and the object is still there.
LEAST_ON, MOST_OF_BOX = 0.1, 1 / 3


@dataclass
class Sham:
    """The sham edit of an edit, which holds the mask that was really used.

    attempt: the removal's last. taken: the final masks of the photo's edits and their hashes.
    seen_boxes: (n, 4).
    """

    of: Edit
    attempt: int
    seen_boxes: np.ndarray
    taken: list[tuple[str, str]]


@dataclass(frozen=True)
class Ground:
    """What is known of a photo where a hole is to lie: pixels; the masks of its edits, joined; the
    boxes of what was seen, as whole numbers of pixels (n, 4).
    """

    photo: np.ndarray
    own: np.ndarray
    boxes: np.ndarray

    @property
    def taken(self) -> np.ndarray:
        """Where anything was seen, bool (height, width)."""
        return self.own | draw_boxes(self.boxes, self.own.shape)


def make_sham_edits(job: Job) -> None:
    """Write an edited photo, its mask and a row for the sham edit of each removal of a shard that is ok.

    The hole has the shape of the mask that the removal used, a widened one after a second attempt,
    and lies on one kind of ground (GROUNDS); the same remover with the same settings paints it. A
    photo without such a place is a row `skipped`, `no_room`. inputs: samples, masks, edits.
    """
    samples = read_table(job.inputs.samples, ["image_id", "path", "sha256", "width", "height"])
    shams = list_shams(samples, read_table(job.inputs.masks, MASK_COLUMNS), EDITS.read(job.inputs.edits))
    seed = job.settings["seed"]
    # Of what the cheap checks refuse, a sham edit draws anew and keeps its hole: a wider one could
    # reach an object. On even ground a faultless fill changes next to nothing.
    settings = {**job.settings["edits"], "retry_dilation": 1.0}
    with open_shard(job, SHAM_EDITS) as shard:
        remover = open_remover(job)
        rows, edits = place_all(shams, seed, job.runtime, shard.folder)
        stage = Removal(remover, settings, seed, shard.final_path, 0.0)
        for row in remove_all(shard, stage, list(edits.values())):
            own = rows[row["edit_id"]]
            own.update(row, mask_path=shard.final_path(Path(row["mask_path"]).name))
        frame = SHAM_EDITS.frame(rows[sham.of.edit_id + SUFFIX] for sham in shams)
        frame["model"] = remover.name
        frame["batch_shape"] = frame["batch_shape"].fillna(remover.batch_shape)
        shard.finish(frame)


def list_shams(samples: pd.DataFrame, masks: pd.DataFrame, edits: pd.DataFrame) -> list[Sham]:
    """Return a sham edit for each edit that is ok, in the order of `masks`.

    Its hole is the mask that the removal really used (`edits`).
    """
    made = edits[edits["status"] == "ok"].set_index("edit_id")
    chosen = masks[masks["edit_id"].isin(made.index)].reset_index(drop=True)
    used = made.loc[chosen["edit_id"]]
    chosen = chosen.assign(mask_path=list(used["mask_path"]), mask_sha256=list(used["mask_sha256"]))
    of_photo: dict[str, list[tuple[str, str]]] = {}
    for row in chosen.itertuples(index=False):
        of_photo.setdefault(row.image_id, []).append((row.mask_path, row.mask_sha256))
    attempts = used["attempt"].astype(int)
    return [
        Sham(edit, attempt, np.asarray(boxes, dtype=np.float32), of_photo[edit.image_id])
        for edit, attempt, boxes in zip(
            list_edits(samples, chosen), attempts, chosen["seen_boxes"], strict=True
        )
    ]


def place_all(
    shams: list[Sham], seed: int, runtime: dict, folder: Path
) -> tuple[dict[str, dict], dict[str, Edit]]:
    """Write each sham edit's mask as `{edit_id}-sham.mask.png`; return (a row of each, the edits to
    paint), by edit_id.
    """
    rows, edits = {}, {}
    placed = run_ahead(
        lambda sham: place_sham(sham, seed, folder), shams, runtime["workers"], 4 * runtime["workers"]
    )
    for sham, (kind, result) in placed:
        name = sham.of.edit_id + SUFFIX
        row = rows[name] = dict.fromkeys(SHAM_EDITS.names)
        row.update(edit_id=name, image_id=sham.of.image_id, category=sham.of.category)
        row.update(sham_of=sham.of.edit_id, sham_kind=kind, of_attempt=sham.attempt)
        if isinstance(result, Edit):
            edits[name] = result
            continue
        status, reason = result
        row.update(attempt=0, seed=0, seconds=0.0, status=status, reason=reason)
    return rows, edits


def place_sham(sham: Sham, seed: int, folder: Path) -> tuple[str | None, Edit | tuple[str, str]]:
    """Write a sham edit's mask to `folder`; return (its kind, the edit to paint), or (None, (status,
    reason)) when there is none.

    The kinds are tried in an order drawn by seed and edit; the first that has room is taken.
    """
    name = sham.of.edit_id + SUFFIX
    try:
        for path, sha256 in sham.taken:
            check_file(path, sha256)
        mask = read_mask(sham.of.mask_path)
        own = np.zeros_like(mask)
        for path, _ in sham.taken:
            own |= read_mask(path)
    except (OSError, ValueError) as error:
        logging.getLogger("unscene").warning("%s: %s", name, error)
        return None, ("failed", "mask_unreadable")
    try:
        photo = read_checked_photo(sham.of.photo_path, sham.of.photo_sha256)
    except PhotoError as error:
        logging.getLogger("unscene").warning("%s: %s", name, error)
        return None, ("failed", error.reason)
    ground = Ground(photo, own, sham.seen_boxes.reshape(-1, 4))
    drawn = np.random.default_rng(derive_seed(seed, name, "kind")).permutation(list(GROUNDS))
    for kind in drawn:
        moved = GROUNDS[kind](mask, ground, derive_seed(seed, name, "place"))
        if moved is not None:
            path = folder / f"{name}.mask.png"
            write_png(moved, path)
            hole = {"mask_path": str(path), "mask_sha256": file_sha256(path)}
            return str(kind), replace(sham.of, edit_id=name, **hole)
    return None, ("skipped", "no_room")


def place_free(mask: np.ndarray, ground: Ground, seed: int) -> np.ndarray | None:
    """Return the mask where nothing was seen: any such place."""
    return Places.of(mask, ground.taken).draw(seed)


def place_busy(mask: np.ndarray, ground: Ground, seed: int) -> np.ndarray | None:
    """Return the mask where nothing was seen, at one of the places with the most edges under it."""
    places = Places.of(mask, ground.taken)
    gray = np.pad(cv2.cvtColor(ground.photo, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 1), "edge")
    edges = np.abs(np.diff(gray, axis=0))[:, :-1] + np.abs(np.diff(gray, axis=1))[:-1]
    under = places.sum_under(edges)
    found = np.concatenate([values[free] for values, free in zip(under, places.free, strict=True)])
    if not found.size:
        return None
    least = np.quantile(found, 1 - BUSIEST)
    return places.keep([values >= least for values in under]).draw(seed)


def place_over_edge(mask: np.ndarray, ground: Ground, seed: int) -> np.ndarray | None:
    """Return the mask over the edge of one other object, which is seen and stays: most of its box
    is not painted over.

    Another object is a box that meets no mask of the photo's edits; which one is drawn.
    """
    boxes = [draw_boxes(box[None], mask.shape) for box in ground.boxes]
    others = [number for number, box in enumerate(boxes) if not (box & ground.own).any()]
    for number in np.random.default_rng(seed).permutation(np.array(others, int)):
        rest = [box for other, box in enumerate(boxes) if other != number and not _covers(box, boxes[number])]
        places = Places.of(mask, np.any([ground.own, *rest], axis=0))
        hole, on = places.count_cells(), places.sum_under(boxes[number])
        most = MOST_OF_BOX * boxes[number].sum() / places.cell**2
        least, most = LEAST_ON * hole, min(most, (1 - LEAST_ON) * hole)
        moved = places.keep([(values >= least) & (values <= most) for values in on]).draw(seed)
        if moved is not None:
            return moved
    return None


def _covers(box: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two boxes are mostly the same: detectors see an object twice."""
    return (box & other).sum() > 0.5 * (box | other).sum()


# What a sham edit's hole lies on; by name: (mask, ground, seed) -> the mask there, or None without room.
GROUNDS: dict[str, Callable[[np.ndarray, Ground, int], np.ndarray | None]] = {
    "free": place_free,
    "busy": place_busy,
    "edge": place_over_edge,
}
