"""Find the objects that the captions mention and write one mask per wanted edit."""

import logging
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from unscene.checkout import resolve_path
from unscene.engine import (
    BoundedPool,
    cut_batches,
    prepare_torch,
    read_checked_photo,
    run_ahead,
)
from unscene.images import PhotoError, write_png
from unscene.logs import progress
from unscene.mask_shapes import ObjectMask, shape_mask
from unscene.shards import ShardWriter, check_failed_share, file_sha256
from unscene.tables import read_table
from unscene.vocabulary import COCO80, edit_id

COLUMNS = {
    "edit_id": "string",
    "image_id": "string",
    "category": "string",
    "instances": "int64",
    "area_fraction": "float64",
    "confidence": "float64",
    "mask_path": "string",
    "status": "string",
    "reason": "string",
    "score": "float64",
    "caption_position": "int64",
    "sha256": "string",
    "object_path": "string",
    "box_x0": "Int64",
    "box_y0": "Int64",
    "box_x1": "Int64",
    "box_y1": "Int64",
    "dilation_px": "float64",
    "seen_boxes": "object",
    "batch_shape": "string",
}
_NEVER = len(COCO80)


@dataclass
class Photo:
    """A photo of the shard and the words its captions name: `wanted` maps a word to its first caption's position."""

    image_id: str
    path: str
    sha256: str
    wanted: dict[str, int] = field(default_factory=dict)


def segment_objects(
    path_to_samples: str | Path,
    path_to_keywords: str | Path,
    path_to_table: str | Path,
    path_to_folder: str | Path,
    settings: dict,
    runtime: dict,
    threads: int = 1,
) -> None:
    """Write a row per photo and wanted word, and two PNGs per chosen one, of a shard.

    `seen_boxes` lists x0, y0, x1, y1 (pixels) of everything that the detector saw on the photo, of any category.

    `{edit_id}.png` is the mask to repaint; `{edit_id}.object.png` the object as it was found, to measure against labels.
    `settings` is the config's block `masks`, `runtime` its block `runtime`. Raises RuntimeError when more than
    `runtime["max_failed_share"]` of at least 20 rows failed.
    """
    import unscene.offline  # noqa: F401
    from unscene.devices import lease_device

    photos = list_wanted(
        read_table(path_to_samples, ["image_id", "path", "sha256"]),
        read_table(path_to_keywords, ["image_id", "caption_id", "words", "status"]),
    )
    device = lease_device(runtime)
    prepare_torch(device, threads)
    from unscene.detectors import Detector

    detector = Detector(
        resolve_path(settings["weights"]),
        settings["image_size"],
        device,
        runtime["precision"],
        batch_size=runtime["batch_size"],
    )
    with ShardWriter(path_to_folder, path_to_table) as writer:
        rows = segment_photos(photos, detector, settings, runtime, writer)
        frame = pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)
        frame["batch_shape"] = f"{runtime['batch_size']}x3x{settings['image_size']}x{settings['image_size']}"
        check_failed_share(frame, runtime["max_failed_share"], f"masks of {Path(path_to_table).stem}")
        writer.finish(frame, list(COLUMNS))
    counts = frame["status"].str.cat(frame["reason"].fillna(""), sep=" ").value_counts().to_dict()
    logging.getLogger("unscene").info("%d photos with wanted words, rows: %s", len(photos), counts)


def list_wanted(samples: pd.DataFrame, keywords: pd.DataFrame) -> list[Photo]:
    """Return the photos that have a caption naming an object, in the order of `samples`."""
    photos = {row.image_id: Photo(row.image_id, row.path, row.sha256) for row in samples.itertuples()}
    keywords = keywords[keywords["status"] == "ok"]
    for row in keywords.itertuples():
        photo = photos.get(row.image_id)
        if photo is None:
            raise ValueError(
                f"keywords name the photo {row.image_id}, which samples lack: rebuild this shard's keywords"
            )
        position = int(row.caption_id.rsplit("-", 1)[1])
        for word in row.words:
            photo.wanted[word] = min(position, photo.wanted.get(word, position))
    return [photo for photo in photos.values() if photo.wanted]


def segment_photos(
    photos: list[Photo], detector, settings: dict, runtime: dict, writer: ShardWriter
) -> list[dict]:
    """Return the rows of all photos; masks of the chosen edits go to the writer's folder.

    Photos are decoded and masks encoded by `runtime["workers"]` threads while the detector works.
    """
    rows: dict[str, list[dict]] = {}
    writes = []
    known = set(detector.categories)
    batch_size, workers = runtime["batch_size"], runtime["workers"]
    with (
        BoundedPool(workers, 4 * batch_size) as pool,
        progress(total=len(photos), desc="masks", unit="photo") as bar,
    ):
        # What the detector cannot name is skipped before anything is decoded.
        seen = [photo for photo in photos if known.intersection(photo.wanted)]
        for photo in photos:
            rows[photo.image_id] = [_row(photo, word) for word in _in_order(photo)]
        bar.update(len(photos) - len(seen))
        decoded = run_ahead(_read, seen, workers, ahead=2 * batch_size)
        for batch in cut_batches(_mark_broken(decoded, rows, bar), batch_size):
            wanted = [known.intersection(photo.wanted) for photo, _ in batch]
            found = detector.detect(
                [pixels for _, pixels in batch],
                settings["collect_confidence"],
                iou=settings["iou"],
                nms=settings["nms"],
                want_masks=True,
                only=wanted,
            )
            for (photo, _), detections in zip(batch, found, strict=True):
                chosen = judge_photo(photo, rows[photo.image_id], detections, known, settings)
                for row, shaped in chosen:
                    name = row["edit_id"]
                    row["mask_path"] = writer.final_path(f"{name}.png")
                    row["object_path"] = writer.final_path(f"{name}.object.png")
                    writes.append((row, pool.submit(_write_masks, shaped, writer.folder, name)))
                bar.update(1)
        for row, write in writes:
            row["sha256"] = write.result()
    return [row for photo in photos for row in rows[photo.image_id]]


def judge_photo(
    photo: Photo, rows: list[dict], detections, known: set[str], settings: dict
) -> list[tuple[dict, ObjectMask]]:
    """Fill in the rows of one photo; return the (row, masks) of the edits that are wanted of it.

    Of the words that pass all limits the best `edits_per_photo` by confidence x area are kept; the vocabulary's order
    decides ties.
    """
    candidates = []
    for row in rows:
        # What was seen of any category, so that a control edit can keep away from it.
        row["seen_boxes"] = detections.seen_boxes.ravel()
        if row["category"] not in known:
            continue
        shaped = measure_word(row, detections, settings)
        if shaped is not None and row["reason"] is None:
            candidates.append((row, shaped))
    candidates.sort(key=lambda candidate: (-candidate[0]["score"], COCO80.index(candidate[0]["category"])))
    for row, _ in candidates[settings["edits_per_photo"] :]:
        row["reason"] = "not_chosen"
    chosen = candidates[: settings["edits_per_photo"]]
    for row, _ in chosen:
        row["status"] = "ok"
    return chosen


def measure_word(row: dict, detections, settings: dict) -> ObjectMask | None:
    """Enter what was found of a row's word; return its mask, or None when the word was not found well enough."""
    here = np.array([category == row["category"] for category in detections.categories], dtype=bool)
    best = float(detections.confidences[here].max(initial=0.0))
    row["confidence"], row["instances"] = best, int(here.sum())
    if best < settings["target_confidence"]:
        row["reason"] = "not_detected" if not here.any() else "low_confidence"
        return None
    shaped = shape_mask(detections.masks[here], settings)
    row["area_fraction"], row["score"] = shaped.area_fraction, best * shaped.area_fraction
    row["box_x0"], row["box_y0"], row["box_x1"], row["box_y1"] = shaped.box
    row["dilation_px"], row["reason"] = shaped.dilation_px, shaped.reason
    return shaped


def _in_order(photo: Photo) -> list[str]:
    position = {word: index for index, word in enumerate(COCO80)}
    return sorted(photo.wanted, key=lambda word: (photo.wanted[word], position.get(word, _NEVER), word))


def _row(photo: Photo, word: str) -> dict:
    row = dict.fromkeys(COLUMNS)
    row.update(
        edit_id=edit_id(photo.image_id, word),
        image_id=photo.image_id,
        category=word,
        instances=0,
        confidence=0.0,
        status="skipped",
        reason="unknown_to_detector",
        caption_position=photo.wanted[word],
        seen_boxes=np.zeros(0, np.float32),
    )
    return row


def _read(photo: Photo) -> np.ndarray | PhotoError:
    try:
        return read_checked_photo(photo.path, photo.sha256)
    except PhotoError as error:
        return error


def _mark_broken(decoded, rows: dict[str, list[dict]], bar):
    """Pass readable photos on; those of a broken one become rows with status failed."""
    for photo, pixels in decoded:
        if not isinstance(pixels, PhotoError):
            yield photo, pixels
            continue
        logging.getLogger("unscene").warning("%s: %s", photo.image_id, pixels)
        for row in rows[photo.image_id]:
            row["status"], row["reason"] = "failed", pixels.reason
        bar.update(1)


def _write_masks(shaped: ObjectMask, folder: Path, name: str) -> str:
    """Write the object and the final mask of an edit; return the SHA-256 of the latter."""
    write_png(shaped.object_mask, folder / f"{name}.object.png")
    write_png(shaped.mask, folder / f"{name}.png")
    return file_sha256(folder / f"{name}.png")


if __name__ == "__main__":
    from unscene.logs import log_job

    with log_job(snakemake):
        segment_objects(
            path_to_samples=snakemake.input.samples,
            path_to_keywords=snakemake.input.keywords,
            path_to_table=snakemake.output.table,
            path_to_folder=snakemake.output.folder,
            settings=snakemake.params.lineage["settings"]["masks"],
            runtime=snakemake.config["runtime"],
            threads=snakemake.threads,
        )
