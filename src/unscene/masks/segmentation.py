"""Find the objects that the captions mention and write one mask per wanted edit."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from unscene.keywords.columns import KEYWORDS
from unscene.machine.batching import read_checked_photo
from unscene.machine.engine import Batch, DeviceStage
from unscene.machine.job import Job
from unscene.machine.shard_work import ShardWork, open_shard
from unscene.masks.along import Finds, tell_fate
from unscene.masks.carried import find_carried
from unscene.masks.columns import MASKS
from unscene.masks.wanted_objects import Photo, attach_instances, list_wanted
from unscene.photos.coco_instances import InstancesError
from unscene.photos.images import write_png
from unscene.photos.mask_shapes import ObjectMask, shape_mask
from unscene.run.shards import file_sha256
from unscene.run.tables import read_table
from unscene.words.vocabulary import edit_id
from unscene.words.word_lists import find_vocabulary

# What people marked is there: in the ranking by confidence x area a word with instances of the
# source counts with this confidence.
INSTANCES_CONFIDENCE = 1.0
# Of the surest find's confidence: on 34 masks of COCO photos one half joined as much of the objects
# as a floor of .3 would, without its loss of precision (docs/QUALITY.md).
JOINING = 0.5
# Share of a found object's pixels in the mask from which on it counts as covered.
MIN_COVERED = 0.5
# The columns of a row that hold lists of numbers.
BOXES = ("instance_boxes", "instance_confidences", "instance_joined", "seen_boxes")


def segment_objects(job: Job) -> None:
    """Write a row per photo and wanted word, and two PNGs per chosen one, of a shard.

    `{edit_id}.png` is the mask to repaint; `{edit_id}.object.png` the object as it was found, to
    measure against the source's instances. These are read when masks.truth is `union` and never
    otherwise.
    """
    settings = job.settings["masks"]
    samples = read_table(job.inputs.samples, ["image_id", "path", "sha256", "width", "height"])
    keywords = KEYWORDS.read(job.inputs.keywords, ["image_id", "caption_id", "words", "status"])
    vocabulary = find_vocabulary(job.settings)
    photos = list_wanted(samples, keywords, vocabulary)
    if settings["truth"] == "union":
        attach_instances(photos, samples, job.entry("source"))
    with open_shard(job, MASKS) as shard:
        from unscene.masks.detectors import load_detector

        guard = job.look_up("masks.sha256")
        detector = load_detector(job.find("masks.weights"), settings["image_size"], shard.setup, guard)
        if settings["truth"] != "union" and not any(name in vocabulary for name in detector.categories):
            raise ValueError(
                f"masks.weights: {job.look_up('masks.weights')} knows none of {vocabulary.title} "
                f"(words: {vocabulary.name})"
            )
        shard.finish(segment_photos(photos, shard, detector, settings))


def segment_photos(photos: list[Photo], shard: ShardWork, detector, settings: dict) -> pd.DataFrame:
    """Return the rows of all photos, in order; one of which neither detector nor instances can name
    anything is never decoded.
    """
    known = set(detector.categories)
    results = shard.run(
        Segmentation(detector, settings, shard.final_path),
        [photo for photo in photos if any(photo.can_be_judged(word, known) for word in photo.wanted)],
    )
    unseen = format_batch_shape(shard.job.runtime["batch_size"], settings)
    rows = []
    for photo in photos:
        result = results.get(photo.image_id, {})
        made = result.get("rows") or list_rows(photo)
        for row in made:
            for name in BOXES:
                row[name] = np.asarray(row[name], np.float32)
            row["batch_shape"] = row["batch_shape"] or unseen
            if result.get("status") == "failed":
                row["status"], row["reason"] = "failed", result["reason"]
        rows += made
    return MASKS.frame(rows)


class Segmentation(DeviceStage):
    """The masks stage for the engine: an item is a Photo, its result the list of its rows."""

    name, unit = "masks", "photo"

    def __init__(self, detector, settings: dict, final_path: Callable[[str], str]):
        self._detector, self._settings, self._final_path = detector, settings, final_path
        self._known = set(detector.categories)

    def key(self, item: Photo) -> str:
        return item.image_id

    def count_bytes(self, item: Photo) -> int:
        return 3 * item.pixels

    def read(self, item: Photo) -> np.ndarray:
        return read_checked_photo(item.path, item.sha256)

    def work(self, items: list[Photo], inputs: list[np.ndarray], batch_size: int) -> list:
        self._detector.batch_size = batch_size
        found = self._detector.detect(
            inputs,
            self._settings["collect_confidence"],
            iou=self._settings["iou"],
            nms=self._settings["nms"],
            want_masks=True,
            only=[self._known.intersection(photo.wanted) for photo in items],
        )
        # A bit a pixel, since the engine keeps what the device made until it is encoded.
        return [replace(each, masks=np.packbits(each.masks, axis=-1)) for each in found]

    def keep(self, item: Photo, value, output, batch: Batch, folder: Path) -> tuple[dict, list[str]]:
        masks = np.unpackbits(output.masks, axis=-1, count=value.shape[1]).astype(bool)
        output, rows, names = replace(output, masks=masks), list_rows(item), []
        try:
            chosen = judge_photo(item, rows, output, self._known, self._settings)
        except InstancesError as error:
            logging.getLogger("unscene").warning("%s: instances not used: %s", item.image_id, error)
            item = replace(item, instances=None, instances_state="broken")
            rows = list_rows(item)
            chosen = judge_photo(item, rows, output, self._known, self._settings)
        for row, shaped in chosen:
            name = row["edit_id"]
            row["mask_sha256"] = write_masks(shaped, folder, name)
            row["mask_path"] = self._final_path(f"{name}.png")
            row["object_path"] = self._final_path(f"{name}.object.png")
            names += [f"{name}.png", f"{name}.object.png"]
        for row in rows:
            row["batch_shape"] = format_batch_shape(batch.size, self._settings)
        return {"status": "ok", "rows": rows}, names


def format_batch_shape(batch_size: int, settings: dict) -> str:
    """Return the shape of a batch as the table records it: photos x channels x height x width."""
    return f"{batch_size}x3x{settings['image_size']}x{settings['image_size']}"


def list_rows(photo: Photo) -> list[dict]:
    """Return a fresh row for each wanted word of a photo, in the order of the captions that name them."""
    return [_row(photo, word) for word in photo.wanted]


def judge_photo(
    photo: Photo, rows: list[dict], detections, known: set[str], settings: dict
) -> list[tuple[dict, ObjectMask]]:
    """Fill in the rows of one photo; return the (row, masks) of the edits that are wanted of it.

    Of the words that pass all limits the best `edits_per_photo` by confidence x area are kept, one
    that the source marks with INSTANCES_CONFIDENCE; the word list's order decides ties.
    """
    candidates = []
    seen = detections.seen_boxes
    if photo.instances is not None:
        seen = np.concatenate([seen, photo.instances.list_boxes()])
    for row in rows:
        word = row["category"]
        # What was seen of any category, so that a sham edit can keep away from it.
        row["seen_boxes"] = seen.ravel()
        if not photo.can_be_judged(word, known):
            continue
        shaped = measure_word(photo, row, detections, settings)
        if shaped is not None and row["reason"] is None and settings["carriers"] == "refuse":
            carried = find_carried(shaped.object_mask, word, detections)
            row["reason"] = carried and f"carries: {carried}"
        if shaped is not None and row["reason"] is None:
            candidates.append((row, shaped))
            enter_fates(photo, row, shaped.mask, detections, settings)
    candidates.sort(
        key=lambda candidate: (-candidate[0]["score"], photo.places.get(candidate[0]["category"], 0))
    )
    for row, _ in candidates[settings["edits_per_photo"] :]:
        row["reason"] = "not_chosen"
    chosen = candidates[: settings["edits_per_photo"]]
    for row, _ in chosen:
        row["status"] = "ok"
    return chosen


def enter_fates(photo: Photo, row: dict, mask: np.ndarray, detections, settings: dict) -> None:
    """Enter which other words of the photo's captions the mask takes along, and which are seen to stay."""
    fates: dict[str, list[str]] = {"taken": [], "staying": []}
    for word in photo.wanted:
        if word == row["category"]:
            continue
        here = np.array([category == word for category in detections.categories], dtype=bool)
        masks, confidences = detections.masks[here], detections.confidences[here]
        if photo.count_instances(word) or photo.has_crowd(word):
            listed = np.stack(photo.instances.list_masks(word))
            masks = np.concatenate([masks, listed])
            confidences = np.concatenate([confidences, np.full(len(listed), INSTANCES_CONFIDENCE)])
        fate = tell_fate(mask, Finds(masks, confidences), settings["target_confidence"])
        if fate is not None:
            fates[fate].append(word)
    row.update(fates)


def measure_word(photo: Photo, row: dict, detections, settings: dict) -> ObjectMask | None:
    """Enter what was found of a row's word; return its mask, or None when the word was not found well enough.

    The mask joins what the detector found at masks.target_confidence, weaker finds that are at least
    JOINING times as sure as the surest, and the source's instances: on real photos still weaker
    finds are often something else. A word
    with a crowd is given up: a group whose members nobody told apart cannot be removed whole.
    """
    word = row["category"]
    here = np.array([category == word for category in detections.categories], dtype=bool)
    best = float(detections.confidences[here].max(initial=0.0))
    row["confidence"], row["instances"] = best, int(here.sum())
    row["instance_boxes"] = detections.boxes[here].ravel()
    row["instance_confidences"] = detections.confidences[here]
    row["instance_joined"] = np.zeros(int(here.sum()), np.float32)
    is_detected, is_listed = best >= settings["target_confidence"], photo.count_instances(word) > 0
    row["found_by"] = {(True, True): "both", (True, False): "detector", (False, True): "instances"}.get(
        (is_detected, is_listed)
    )
    if photo.has_crowd(word):
        row["reason"] = "crowd"
        return None
    if not is_detected and not is_listed:
        row["reason"] = "not_detected" if not here.any() else "low_confidence"
        return None
    found = detections.masks[here]
    confidences = detections.confidences[here]
    joined = confidences >= min(settings["target_confidence"], JOINING * best)
    instances = found[joined & is_detected]
    if is_listed:
        instances = np.concatenate([instances, photo.instances.draw_objects(word)[None]])
    shaped = shape_mask(instances, settings)
    covered = [float((shaped.mask & each).sum() >= MIN_COVERED * each.sum()) for each in found]
    row["instance_joined"] = np.array(covered, np.float32)
    row["area_fraction"] = shaped.area_fraction
    row["score"] = (INSTANCES_CONFIDENCE if is_listed else best) * shaped.area_fraction
    row["box_x0"], row["box_y0"], row["box_x1"], row["box_y1"] = shaped.box
    row["dilation_px"], row["reason"] = shaped.dilation_px, shaped.reason
    return shaped


def _row(photo: Photo, word: str) -> dict:
    row = dict.fromkeys(MASKS.names)
    row.update(
        edit_id=edit_id(photo.image_id, word),
        image_id=photo.image_id,
        category=word,
        instances=0,
        confidence=0.0,
        status="skipped",
        reason="unknown_to_detector",
        caption_position=photo.wanted[word],
        instances_state=photo.instances_state,
        listed_instances=photo.count_instances(word) if photo.instances else None,
        taken=[],
        staying=[],
        **{name: np.zeros(0, np.float32) for name in BOXES},
    )
    return row


def write_masks(shaped: ObjectMask, folder: Path, name: str) -> str:
    """Write the object and the final mask of an edit; return the SHA-256 of the latter."""
    write_png(shaped.object_mask, folder / f"{name}.object.png")
    write_png(shaped.mask, folder / f"{name}.png")
    return file_sha256(folder / f"{name}.png")
