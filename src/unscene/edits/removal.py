"""Removal of a shard's objects: attempts, cheap checks, and what is kept; whatever the masks are for."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from unscene.edits.columns import EDITS
from unscene.edits.removers.base import Remover
from unscene.machine.batching import read_checked_photo
from unscene.machine.engine import Batch, DeviceStage
from unscene.machine.shard_work import ShardWork
from unscene.photos.images import PhotoError, read_mask, read_photo, write_png
from unscene.photos.mask_shapes import dilate
from unscene.run.seeds import derive_seed
from unscene.run.shards import check_file, file_sha256

# Below this mean absolute change (0-255) inside the mask a removal did nothing; the grain and rounding of an
# autoencoder alone change 1 to 2.
MIN_CHANGE = 2.0
# A hole in one flat colour is an error of the model, unless what surrounds it is as flat (standard
# deviation, 0-255).
MAX_FLAT = 2.0


@dataclass
class Edit:
    """An edit to make; `mask_path` and `mask_sha256` are the masks stage's, `dilation_px` the
    radius its mask was grown by.
    """

    edit_id: str
    image_id: str
    category: str
    photo_path: str
    photo_sha256: str
    mask_path: str
    mask_sha256: str
    dilation_px: float
    pixels: int = 0


def list_edits(samples: pd.DataFrame, masks: pd.DataFrame) -> list[Edit]:
    """Return the edits whose mask is ok, in the order of `masks`."""
    photos = samples.set_index("image_id")
    edits = []
    for row in masks[masks["status"] == "ok"].itertuples():
        if row.image_id not in photos.index:
            raise ValueError(
                f"masks name the photo {row.image_id}, which samples lack: rebuild this shard's masks"
            )
        photo = photos.loc[row.image_id]
        edits.append(
            Edit(
                row.edit_id,
                row.image_id,
                row.category,
                photo["path"],
                photo["sha256"],
                row.mask_path,
                row.mask_sha256,
                row.dilation_px,
                int(photo["width"] * photo["height"]),
            )
        )
    return edits


def remove_all(shard: ShardWork, stage: "Removal", edits: list[Edit]) -> list[dict]:
    """Return a row per edit, in order; the files are in the scratch, to be handed over by `finish`.

    Attempt n has the seed derive_seed(seed, edit_id, n) and a mask grown to `retry_dilation` ** (n
    - 1) times its dilation.
    """
    results = shard.run(stage, [(edit, 1) for edit in edits])
    return [collect_attempts(edit, results, stage) for edit in edits]


class Removal(DeviceStage):
    """The edits stage for the engine: an item is (Edit, attempt), its result the columns that the
    attempt decides.

    final_path: of a file's name, as the table records it. min_change: the least mean absolute
    change (0-255) inside the mask; a removal that changed less did nothing.
    """

    name, unit = "edits", "edit"

    def __init__(
        self,
        remover: Remover,
        settings: dict,
        seed: int,
        final_path: Callable[[str], str],
        min_change: float = MIN_CHANGE,
    ):
        self.remover, self._settings, self._seed = remover, settings, seed
        self._final_path, self._min_change = final_path, min_change

    def key(self, item: tuple[Edit, int]) -> str:
        edit, attempt = item
        return f"{edit.edit_id}#{attempt}"

    def count_bytes(self, item: tuple[Edit, int]) -> int:
        return 8 * item[0].pixels  # the photo, the edited photo and two masks

    def read(self, item: tuple[Edit, int]) -> tuple:
        edit, attempt = item
        photo, mask = _read(edit, self._settings["retry_dilation"] ** (attempt - 1))
        return photo, mask, self.remover.prepare(photo, mask)

    def work(self, items: list[tuple[Edit, int]], inputs: list[tuple], batch_size: int) -> list:
        seeds = [derive_seed(self._seed, edit.edit_id, attempt) for edit, attempt in items]
        return self.remover.paint([prepared for _, _, prepared in inputs], seeds, batch_size)

    def keep(self, item, value, output, batch: Batch, folder: Path) -> tuple[dict, list[str]]:
        edit, attempt = item
        photo, mask, prepared = value
        edited = self.remover.finish(photo, mask, prepared, output)
        result = {
            "attempt": attempt,
            "seed": derive_seed(self._seed, edit.edit_id, attempt),
            "batch_shape": self.remover.get_batch_shape(batch.size),
            "seconds": batch.seconds,
        }
        fault = find_fault(photo, mask, edited, self._min_change)
        image = folder / f"{edit.edit_id}.png"
        if fault is None:
            write_png(edited, image)
            # Read back: a file that does not decode to what was painted is a fault like any other.
            if not np.array_equal(np.asarray(read_photo(image)), edited):
                fault = "file_differs"
                image.unlink()
        if fault is not None:
            return result | {"status": "refused", "reason": fault}, []
        result |= {
            "status": "ok",
            "reason": None,
            "image_path": self._final_path(image.name),
            "edited_sha256": file_sha256(image),
        }
        if self._settings["retry_dilation"] ** (attempt - 1) == 1:
            return result, [image.name]
        widened = folder / f"{edit.edit_id}.mask.png"
        write_png(mask, widened)
        result |= {"mask_path": self._final_path(widened.name), "mask_sha256": file_sha256(widened)}
        return result, [image.name, widened.name]

    def follow(self, item: tuple[Edit, int], result: dict) -> tuple[Edit, int] | None:
        edit, attempt = item
        is_last = attempt == self._settings["attempts"]
        return None if result["status"] != "refused" or is_last else (edit, attempt + 1)


def collect_attempts(edit: Edit, results: dict[str, dict], stage: Removal) -> dict:
    """Return the row of an edit: what its last attempt decided, and the seconds of all of them."""
    row, item = _row(edit, stage.remover), (edit, 1)
    while item is not None:
        result = results[stage.key(item)]
        seconds = row["seconds"] + result.get("seconds", 0.0)
        row.update(result, seconds=seconds)
        item = stage.follow(item, result)
    return row


def find_fault(
    photo: np.ndarray, mask: np.ndarray, edited: np.ndarray | None, min_change: float = MIN_CHANGE
) -> str | None:
    """Return why an edited photo cannot be right, or None: the cheap checks, which need no model.

    `not_finite`: the remover gave no numbers; `background_changed`: a pixel outside the mask
    differs; `unchanged`: the mean absolute change inside the mask is below `min_change`; `flat`:
    the hole has one colour and its surroundings have not.
    """
    if edited is None:
        return "not_finite"
    # OpenCV compares in place: 0.4 ms a photo, where indexing by the mask takes 23.
    inside, outside = mask.view(np.uint8), (~mask).view(np.uint8)
    if edited.shape != photo.shape or cv2.norm(edited, photo, cv2.NORM_INF, outside) > 0:
        return "background_changed"
    if cv2.norm(edited, photo, cv2.NORM_L1, inside) < min_change * 3 * np.count_nonzero(mask):
        return "unchanged"
    ring = dilate(mask, max(3.0, 0.02 * max(mask.shape))) & ~mask
    if edited[mask].std(axis=0).max() == 0 and ring.any() and photo[ring].std(axis=0).max() > MAX_FLAT:
        return "flat"
    return None


def _read(edit: Edit, factor: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the photo and the mask of an attempt. Raises PhotoError when one of them is not what
    it should be.
    """
    photo = read_checked_photo(edit.photo_path, edit.photo_sha256)
    try:
        check_file(edit.mask_path, edit.mask_sha256)
        mask = read_mask(edit.mask_path)
    except (OSError, ValueError) as error:
        raise PhotoError("mask_unreadable", str(error)) from error
    if mask.shape != photo.shape[:2] or not mask.any():
        raise PhotoError(
            "mask_unfit", f"{edit.mask_path} has shape {mask.shape}, the photo {photo.shape[:2]}"
        )
    return photo, dilate(mask, (factor - 1) * max(edit.dilation_px, 1.0)) if factor > 1 else mask


def _row(edit: Edit, remover: Remover) -> dict:
    row = dict.fromkeys(EDITS.names)
    row.update(
        edit_id=edit.edit_id,
        image_id=edit.image_id,
        category=edit.category,
        mask_path=edit.mask_path,
        mask_sha256=edit.mask_sha256,
        attempt=0,
        seed=0,
        model=remover.name,
        batch_shape=remover.batch_shape,
        seconds=0.0,
    )
    return row
