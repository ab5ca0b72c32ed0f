"""Removal of a shard's objects: attempts, cheap checks, and what is kept; whatever the masks are for."""

import logging
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from unscene.engine import BoundedPool, cut_batches, read_checked_photo, run_ahead
from unscene.images import PhotoError, read_mask, read_photo, write_png
from unscene.logs import progress
from unscene.mask_shapes import dilate
from unscene.seeds import derive_seed
from unscene.shards import ShardWriter, check_file, file_sha256

COLUMNS = {
    "edit_id": "string",
    "image_id": "string",
    "category": "string",
    "image_path": "string",
    "mask_path": "string",
    "attempt": "int64",
    "seed": "int64",
    "model": "string",
    "batch_shape": "string",
    "seconds": "float64",
    "status": "string",
    "reason": "string",
    "sha256": "string",
    "mask_sha256": "string",
}
# Below this mean absolute change (0-255) inside the mask a removal did nothing; the grain and rounding of an
# autoencoder alone change 1 to 2.
MIN_CHANGE = 2.0
# A hole in one flat colour is an error of the model, unless what surrounds it is as flat (standard deviation, 0-255).
MAX_FLAT = 2.0


@dataclass
class Edit:
    """An edit to make; `mask_path` and `mask_sha256` are the masks stage's, `dilation_px` the radius its mask was grown by."""

    edit_id: str
    image_id: str
    category: str
    photo_path: str
    photo_sha256: str
    mask_path: str
    mask_sha256: str
    dilation_px: float


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
                row.sha256,
                row.dilation_px,
            )
        )
    return edits


def remove_all(
    edits: list[Edit],
    remover,
    settings: dict,
    seed: int,
    runtime: dict,
    writer: ShardWriter,
    min_change: float = MIN_CHANGE,
) -> list[dict]:
    """Return a row per edit, in order; edited photos (and masks that a retry widened) go to the writer's folder.

    Attempt n has the seed derive_seed(seed, edit_id, n) and a mask grown to `retry_dilation` ** (n - 1) times its dilation.
    min_change: the least mean absolute change (0-255) inside the mask; a removal that changed less did nothing.
    Photos are read and results checked and encoded by `runtime["workers"]` threads while the remover works.
    """
    rows = {edit.edit_id: _row(edit, remover) for edit in edits}
    batch_size, workers = runtime["batch_size"], runtime["workers"]
    waiting = edits
    with (
        BoundedPool(workers, 4 * batch_size) as pool,
        progress(total=len(edits), desc="edits", unit="edit") as bar,
    ):
        for attempt in range(1, settings["attempts"] + 1):
            is_last = attempt == settings["attempts"]
            factor = settings["retry_dilation"] ** (attempt - 1)
            inputs = run_ahead(
                lambda edit, factor=factor: _read(edit, factor), waiting, workers, 2 * batch_size
            )
            checks = []
            for batch in cut_batches(_mark_broken(inputs, rows, bar), batch_size):
                seeds = [derive_seed(seed, edit.edit_id, attempt) for edit, _ in batch]
                started = time.monotonic()
                filled = remover.fill(
                    [photo for _, (photo, _) in batch], [mask for _, (_, mask) in batch], seeds
                )
                seconds = (time.monotonic() - started) / len(batch)
                for (edit, (photo, mask)), own_seed, edited in zip(batch, seeds, filled, strict=True):
                    row = rows[edit.edit_id]
                    row.update(attempt=attempt, seed=own_seed, seconds=row["seconds"] + seconds)
                    widened = mask if factor > 1 else None
                    checks.append(
                        (
                            edit,
                            pool.submit(
                                _check_and_keep, edit, photo, mask, edited, widened, writer, min_change
                            ),
                        )
                    )
                bar.update(0 if not is_last else len(batch))
            waiting = []
            for edit, check in checks:
                result = check.result()
                rows[edit.edit_id].update(result)
                if result["status"] == "refused" and not is_last:
                    waiting.append(edit)
            bar.update(0 if is_last else len(checks) - len(waiting))
            if not waiting:
                break
    return [rows[edit.edit_id] for edit in edits]


def find_fault(
    photo: np.ndarray, mask: np.ndarray, edited: np.ndarray | None, min_change: float = MIN_CHANGE
) -> str | None:
    """Return why an edited photo cannot be right, or None: the cheap checks, which need no model.

    `not_finite`: the remover gave no numbers; `background_changed`: a pixel outside the mask differs; `unchanged`: the mean
    absolute change inside the mask is below `min_change`; `flat`: the hole has one colour and its surroundings have not.
    """
    if edited is None:
        return "not_finite"
    if edited.shape != photo.shape or (edited[~mask] != photo[~mask]).any():
        return "background_changed"
    if np.abs(edited[mask].astype(np.int16) - photo[mask]).mean() < min_change:
        return "unchanged"
    ring = dilate(mask, max(3.0, 0.02 * max(mask.shape))) & ~mask
    if edited[mask].std(axis=0).max() == 0 and ring.any() and photo[ring].std(axis=0).max() > MAX_FLAT:
        return "flat"
    return None


def _read(edit: Edit, factor: float) -> tuple[np.ndarray, np.ndarray] | PhotoError:
    """Return the photo and the mask of an attempt, or what is wrong with them."""
    try:
        photo = read_checked_photo(edit.photo_path, edit.photo_sha256)
        check_file(edit.mask_path, edit.mask_sha256)
        mask = read_mask(edit.mask_path)
    except PhotoError as error:
        return error
    except (OSError, ValueError) as error:
        return PhotoError("mask_unreadable", str(error))
    if mask.shape != photo.shape[:2] or not mask.any():
        return PhotoError(
            "mask_unfit", f"{edit.mask_path} has shape {mask.shape}, the photo {photo.shape[:2]}"
        )
    return photo, dilate(mask, (factor - 1) * max(edit.dilation_px, 1.0)) if factor > 1 else mask


def _mark_broken(inputs, rows: dict[str, dict], bar):
    """Pass readable inputs on; an edit whose photo or mask is broken becomes a row with status failed."""
    for edit, value in inputs:
        if not isinstance(value, PhotoError):
            yield edit, value
            continue
        logging.getLogger("unscene").warning("%s: %s", edit.edit_id, value)
        rows[edit.edit_id].update(status="failed", reason=value.reason)
        bar.update(1)


def _check_and_keep(
    edit: Edit,
    photo: np.ndarray,
    mask: np.ndarray,
    edited: np.ndarray | None,
    widened: np.ndarray | None,
    writer: ShardWriter,
    min_change: float,
) -> dict:
    """Check an attempt and write its files when it passes; return the columns it decides.

    The PNG is read back: a file that does not decode to what was painted is a fault like any other.
    """
    fault = find_fault(photo, mask, edited, min_change)
    if fault is None:
        path = writer.folder / f"{edit.edit_id}.png"
        write_png(edited, path)
        if not np.array_equal(np.asarray(read_photo(path)), edited):
            fault = "file_differs"
            path.unlink()
    if fault is not None:
        return {"status": "refused", "reason": fault}
    result = {
        "status": "ok",
        "reason": None,
        "image_path": writer.final_path(path.name),
        "sha256": file_sha256(path),
        "mask_path": edit.mask_path,
        "mask_sha256": edit.mask_sha256,
    }
    if widened is not None:
        path = writer.folder / f"{edit.edit_id}.mask.png"
        write_png(widened, path)
        result |= {"mask_path": writer.final_path(path.name), "mask_sha256": file_sha256(path)}
    return result


def _row(edit: Edit, remover) -> dict:
    row = dict.fromkeys(COLUMNS)
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
