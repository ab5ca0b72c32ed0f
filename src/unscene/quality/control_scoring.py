"""Make controls, edits whose answer is known, from the run's photos and masks, and score them like
any edit.
"""

import logging
from collections.abc import Iterator, Sequence

import numpy as np

from unscene.machine.batching import cut_batches
from unscene.machine.job import Job
from unscene.photos.images import read_mask
from unscene.quality.calibration import SIZE_BINS
from unscene.quality.columns import CONTROL_SCORES
from unscene.quality.control_source import Source
from unscene.quality.controls import KINDS, Cutout, cut_out, make_controls, place
from unscene.quality.edit_scores import Judge, Views, ask_models, load_models, measure_pixels
from unscene.quality.image_scores import get_mask_box, get_share_inside
from unscene.run.logs import progress
from unscene.run.seeds import derive_seed
from unscene.run.shards import check_file

LEAST_OBJECTS = 4  # are scored at once, ten controls each: a kill costs minutes on a CPU, not the job
ROUNDS = 4  # a run with few objects puts each on several grounds: a cut at 99 % of forty is a maximum


def score_controls(job: Job) -> None:
    """Write one row of raw scores a control: up to `quality.controls` of each kind, the bins of
    mask size taking turns.

    A ground on which the judge sees the object's class anyway is left out: its perfect removal
    would not be one. What is scored waits in scratch, batch by batch: a run after a kill goes on
    from there. inputs: samples, masks; outputs: table.
    """
    quality, batch_size = job.settings["quality"], job.runtime["batch_size"]
    models = load_models(job)
    source = Source(job.inputs.samples, job.inputs.masks, job.settings["seed"])
    rows: list[dict] = []
    made, wanted = 0, quality["controls"]
    size = max(LEAST_OBJECTS, batch_size // len(KINDS))
    batches = cut_batches(list_placed(source, SIZE_BINS) if wanted else (), size)
    with job.open_scratch() as scratch, progress(total=wanted, desc="controls", unit="object") as bar:
        for number, batch in enumerate(batches):
            # Objects come in the same order in every run, so a batch is known by its number.
            key = f"{number} of {size}"
            if key not in scratch.results:
                usable = drop_occupied(batch, models["judge"])[: wanted - made]
                scratch.record(
                    key, {"objects": len(usable), "rows": score_objects(usable, models, batch_size)}, []
                )
            done = scratch.results[key]
            made += done["objects"]
            rows += done["rows"]
            bar.update(done["objects"])
            if made >= wanted:
                break
        table = CONTROL_SCORES.frame(rows)
        logging.getLogger("unscene").info("controls: %s", table["kind"].value_counts().to_dict())
        CONTROL_SCORES.write(table, job.outputs.table)
        scratch.discard()


def score_objects(objects: Sequence[tuple], models: dict, batch_size: int) -> list[dict]:
    """Return the rows of the controls of objects as `list_placed` yields them."""
    usable = [(row, views, measure_pixels(views)) for each in objects for row, views in list_controls(*each)]
    for part in cut_batches(usable, batch_size):
        ask_models(part, models)
    return [row | values for row, _, values in usable]


def list_placed(source: Source, bins: Sequence[float]) -> Iterator[tuple]:
    """Yield (mask row, untouched views, ground's id, placed object, another object, the ground's
    own object's mask).

    The last two are None where there is none, and the untouched views from the second round on: all
    objects have their turn on a ground before one has a second.
    """
    before: dict[str, Cutout] = {}  # the last object of each category, to be pasted into the holes of others
    for turn, row in ((turn, row) for turn in range(ROUNDS) for row in source.iterate_masks(bins)):
        check_file(row["mask_path"], row["mask_sha256"])
        photo = source.read_photo(row["image_id"])
        if photo is None:
            continue
        mask, object_mask = read_mask(row["mask_path"]), read_mask(row["object_path"])
        if mask.shape != photo.shape[:2] or not (object_mask & mask).any():
            continue
        cutout = cut_out(photo, mask, object_mask, row["category"])
        other = next((before[name] for name in reversed(before) if name != row["category"]), None)
        untouched = Views(photo, photo, mask, get_mask_box(object_mask)) if turn == 0 else None
        for name in source.list_grounds(row["category"], row["image_id"], turn):
            ground = source.read_photo(name)
            if ground is None:
                continue
            boxes = source.read_boxes(name)
            seed = derive_seed(source.seed, row["edit_id"], name)
            placed = place(cutout, ground, boxes, seed)
            if placed is not None:
                yield row, untouched, name, placed, other, source.read_neighbour(name)
                break
        before.pop(row["category"], None)
        before[row["category"]] = cutout


def drop_occupied(batch: list[tuple], judge: Judge | None) -> list[tuple]:
    """Drop the placed objects whose ground shows their class elsewhere, by the judge's eyes."""
    if judge is None:
        return batch
    kept = []
    seen_on = judge.detect([placed.ground for _, _, _, placed, _, _ in batch])
    for each, seen in zip(batch, seen_on, strict=True):
        row, _, _, placed, _, _ = each
        same = np.array([name == row["category"] for name in seen.categories], dtype=bool)
        boxes = np.asarray(seen.boxes, float).reshape(-1, 4)[same]
        if not (get_share_inside(boxes, placed.mask) < 0.5).any():
            kept.append(each)
    return kept


def list_controls(
    row: dict, untouched: Views | None, ground_id: str, placed, other, neighbour
) -> Iterator[tuple[dict, Views]]:
    """Yield (row of the table, views) of the controls of one object."""
    common = {"edit_id": row["edit_id"], "category": row["category"], "image_id": row["image_id"]}
    controls = [*make_controls(placed, other, neighbour)]
    controls += [("untouched", untouched)] if untouched else []
    for kind, views in sorted(controls, key=lambda control: KINDS.index(control[0])):
        is_real = kind == "untouched"
        yield (
            {
                **common,
                "control_id": f"{row['edit_id']}-{kind}" + ("" if is_real else f"-{ground_id}"),
                "kind": kind,
                "ground_id": row["image_id"] if is_real else ground_id,
                "area_fraction": row["area_fraction"] if is_real else float(placed.object_mask.mean()),
                "original_id": row["image_id"] if is_real else f"{row['edit_id']} on {ground_id}",
            },
            views,
        )
