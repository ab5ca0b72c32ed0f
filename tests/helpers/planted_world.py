"""Drawn scenes as pairs whose edits are known to be what they are: a removal, or a plant that
removes nothing and marks the hole.

No pipeline, no detector: scenes give the objects' masks and the true pictures behind them.
"""

import contextlib
import functools
import itertools
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from fake_run import make_job, make_run
from tiny_clip import RUNTIME, make_evaluation
from unscene.captions.caption_edits import write_from_template
from unscene.edits.removers.telea import TeleaRemover
from unscene.evaluation.columns.sets import SETS
from unscene.evaluation.comparison import compare_arms
from unscene.evaluation.evaluate_fold import evaluate_clip
from unscene.evaluation.evaluate_sham import evaluate_sham
from unscene.evaluation.verdict import apply_pass_rule
from unscene.machine.job import Job
from unscene.photos.images import write_png
from unscene.photos.mask_shapes import bounding_box, dilate
from unscene.photos.moved_masks import move_mask
from unscene.pool.columns import POOL
from unscene.report.write_report import write_report
from unscene.run.seeds import derive_seed
from unscene.run.shards import file_sha256
from unscene.run.tables import read_json, write_json, write_table
from unscene.scenes import compose_scene, render_scene, write_captions
from unscene.training.pairs import CAPTIONS
from unscene.training.pool_cache import cache_pool, embed_pool
from unscene.words.coco80 import COCO80

SEED, SIZE, DILATION_PX = 7, 64, 3


def remove_object(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Fill the hole: an honest removal, with the marks that fills leave."""
    return TeleaRemover(context=0.33, feather_px=0).fill([photo], [mask], [0])[0]


def stamp_hole(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Put a small board of bright squares into the middle of the hole; the object stays."""
    marked = photo.copy()
    x0, y0, x1, y1 = bounding_box(mask)
    rows, columns = np.ogrid[: mask.shape[0], : mask.shape[1]]
    near = (abs(rows - (y0 + y1) // 2) <= 6) & (abs(columns - (x0 + x1) // 2) <= 6)
    odd = (rows // 3 + columns // 3) % 2 == 1
    marked[near & mask] = (255, 240, 0)
    marked[near & odd & mask] = (200, 0, 220)
    return marked


def grid_hole(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Draw a grid of four pixels over the hole, as an autoencoder's upsampling leaves it."""
    lines = np.zeros_like(mask)
    lines[::4] = lines[:, ::4] = True
    marked = photo.astype(np.int16)
    marked[lines & mask] += 60
    return np.clip(marked, 0, 255).astype(np.uint8)


def blur_hole(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Blur what lies in the hole; the object is still plain to see."""
    return np.where(mask[..., None], cv2.GaussianBlur(photo, (0, 0), 1.5), photo)


PLANTS = {"honest": remove_object, "stamp": stamp_hole, "grid": grid_hole, "blur": blur_hole}


@functools.lru_cache(maxsize=2)
def draw_scenes(count: int, seed: int) -> list[dict]:
    """Return `count` scenes with an object to remove, as rows with their pictures and masks; hole is
    None where the object's shape fits nowhere else.
    """
    rows: list[dict] = []
    for index in itertools.count():
        if len(rows) == count:
            return rows
        scene = compose_scene(seed, index)
        rendered = render_scene(scene, SIZE)
        captions = write_captions(scene, np.random.default_rng([seed, index, 1]))
        found = choose_object(rendered, captions)
        if found is None:
            continue
        category, caption, mask = found
        taken = np.any([dilate(each, 1) for each in rendered.masks], axis=0) | mask
        edit_id = f"w_{index}-{category}".replace(" ", "_")
        without, negated = write_from_template(edit_id, category, caption, 0.25, SEED, COCO80)
        rows.append(
            {
                "edit_id": edit_id,
                "image_id": f"w_{index}",
                "group": f"g{index}",
                "category": category,
                "caption_original": caption,
                "caption_without": without,
                "caption_negated": negated,
                "captions": [sentence for sentence, _ in captions],
                "objects": sorted({thing.category for thing in scene.objects}),
                "photo": rendered.rgb,
                "truth": render_scene(scene, SIZE, without=category).rgb,
                "mask": mask,
                "hole": move_mask(mask, taken, derive_seed(seed, edit_id)),
            }
        )
    raise AssertionError("there is no end of scenes")


def make_world(folder: Path, count: int, plant: str, seed: int = 20) -> dict[str, Path]:
    """Write `count` pairs, a third in each of three folds, with clean sham edits and true pictures;
    return the tables' paths: pairs, folds, photos, sham, truth.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tables: dict[str, list[dict]] = {name: [] for name in ("pairs", "folds", "photos", "sham", "truth")}
    for number, scene in enumerate(draw_scenes(count, seed)):
        photo, mask, hole = scene["photo"], scene["mask"], scene["hole"]
        pictures = {"original": photo, "edited": PLANTS[plant](photo, mask), "truth": scene["truth"]}
        pictures["mask"] = mask
        if hole is not None:
            pictures |= {"sham": remove_object(photo, hole), "hole": hole}
        path = {name: str(folder / f"{number}.{name}.png") for name in pictures}
        for name, pixels in pictures.items():
            write_png(pixels, path[name])
        told = ("edit_id", "image_id", "category", "group", *CAPTIONS)
        pair = {name: scene[name] for name in told}
        pair |= {"original_path": path["original"], "edited_path": path["edited"], "mask_path": path["mask"]}
        own = {name: scene[name] for name in ("image_id", "group", "captions", "objects")}
        own |= {"fold": number % 3, "path": path["original"], "objects_from": "instances", "unknown": []}
        tables["pairs"].append(pair)
        tables["photos"].append(own)
        tables["folds"].append({"group": scene["group"], "fold": number % 3})
        truth = {"truth_path": path["truth"], "truth_sha256": file_sha256(path["truth"])}
        tables["truth"].append({"image_id": scene["image_id"], "category": scene["category"], **truth})
        if hole is not None:
            changed = {"edit_id": f"{scene['edit_id']}-sham", "sham_of": scene["edit_id"]}
            changed |= {"edited_path": path["sham"], "mask_path": path["hole"]}
            tables["sham"].append({**pair, **changed, "sham_kind": "free", "of_attempt": 1})
    paths = {name: folder / f"{name}.parquet" for name in tables}
    for name, rows in tables.items():
        write_table(pd.DataFrame(rows), paths[name])
    return paths


def make_pool(folder: Path, count: int, clip: Path, seed: int = 21) -> dict[str, Path]:
    """Write `count` ordinary scenes with their captions and objects, and their features by a CLIP;
    return the inputs of a training that name them.
    """
    folder.mkdir(parents=True)
    rows = []
    for index in range(count):
        scene = compose_scene(seed, index)
        captions = write_captions(scene, np.random.default_rng([seed, index, 1]))
        path = folder / f"{index}.png"
        write_png(render_scene(scene, SIZE).rgb, path)
        present = COCO80.sort({thing.category for thing in scene.objects})
        row = {"image_id": f"p_{index}", "source": "pool", "path": str(path), "sha256": file_sha256(path)}
        row |= {"phash": "0" * 16, "present": present, "unknown": [], "objects_from": "instances"}
        named = COCO80.sort({word for _, words in captions for word in words})
        rows.append({**row, "captions": [sentence for sentence, _ in captions], "named": named})
    inputs = {"pool": folder / "pool.parquet", "pool_index": folder / "photos.parquet"}
    POOL.write(POOL.frame(rows), inputs["pool"])
    config, photos = {"train": {"clip": str(clip)}}, folder / "photos.npy"
    cache_pool(
        Job({"pool": inputs["pool"]}, {"photos": photos, "index": inputs["pool_index"]}, config=config)
    )
    inputs["pool_photos"] = folder / "features.npy"
    embed_pool(Job({"photos": photos}, {"features": inputs["pool_photos"]}, {}, RUNTIME, config=config))
    return inputs


def choose_object(rendered, captions) -> tuple[str, str, np.ndarray] | None:
    """Return (category, its first caption, its hole) of a scene's largest object that a caption
    names and that leaves ground around it; None without one.
    """
    areas: dict[str, np.ndarray] = {}
    for thing, mask in zip(rendered.objects, rendered.masks, strict=True):
        areas[thing.category] = areas.get(thing.category, np.zeros_like(mask)) | mask
    for category in sorted(areas, key=lambda name: -areas[name].sum()):
        named = [sentence for sentence, words in captions if category in words]
        if named and 0.02 < areas[category].mean() < 0.3:
            return category, named[0], dilate(areas[category], DILATION_PX)
    return None


def score_arms(
    folder: Path, tables: dict[str, Path], models: dict[str, tuple[Path, Path | None]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Evaluate models as arms on fold 0, as the workflow does; return (comparison, summary).

    models: arm -> (path of its CLIP, or meta.json of a tuned one).
    """
    names = ("metrics", "item_tables", "photo_tables", "sham_metrics", "sham_tables")
    inputs: dict[str, list] = {name: [] for name in names}
    for arm, (path_to_clip, path_to_meta) in models.items():
        path_to_clip.mkdir(exist_ok=True)
        job = make_evaluation(folder, path_to_clip, tables | {"model": path_to_meta}, arm, 0)
        evaluate_clip(job)
        metrics = read_json(job.outputs.metrics)
        write_json(metrics | {"n_training_groups": 2 * metrics["n_groups"]}, folder / f"{arm}.metrics.json")
        inputs["metrics"].append(folder / f"{arm}.metrics.json")
        inputs["item_tables"].append(job.outputs.item_table)
        evaluate_sham(job)
        inputs["sham_metrics"].append(job.outputs.metrics)
        inputs["sham_tables"].append(job.outputs.sham_table)
    outputs = {name: folder / f"{name}.csv" for name in ("summary", "comparison")}
    settings = {"bootstrap_draws": 1000, "confidence": 0.95}
    compare_arms(
        Job(
            inputs,
            {"item_table": folder / "items.parquet", **outputs},
            {"seed": 7, "evaluate": settings, "deploy": {"arm": "main"}},
        )
    )
    return pd.read_csv(outputs["comparison"]), pd.read_csv(outputs["summary"])


def tell_alarms(folder: Path) -> list[str]:
    """Let the pass rule and the report tell of what `score_arms` wrote into `folder`; return the names
    of the alarms in verdict.json, each of which stands on the page, and no other.
    """
    pd.DataFrame(columns=SETS.names).to_csv(folder / "sets.csv", index=False)
    inputs = {name: folder / f"{name}.csv" for name in ("comparison", "summary", "sets")}
    inputs["set_metrics"] = None
    apply_pass_rule(Job(inputs, {"verdict": folder / "verdict.json"}, {"deploy": {"arm": "main"}}))
    told = read_json(folder / "verdict.json")["alarms"]
    # The page of another run, with this verdict: it takes its alarms from there alone.
    with contextlib.chdir(folder):
        paths = make_run(folder, photos=6)
        write_json(read_json(paths["verdict"]) | {"alarms": told}, paths["verdict"])
        write_report(make_job(paths))
    page = (folder / "results/report.html").read_text(encoding="utf-8")
    assert page.count("<strong>Alarm, ") == len(told)
    assert all(f"<strong>Alarm, {alarm['name']}:</strong>" in page for alarm in told)
    return [alarm["name"] for alarm in told]


def describe_world(comparison: pd.DataFrame, summary: pd.DataFrame) -> str:
    """Return what an arm named main gained, and by what, as cells of a table."""
    mean = summary.set_index(["arm", "metric"])["mean"]
    rise = comparison.set_index(["contrast", "metric"])["difference"]["main-zero_shot"]
    shares = (
        " → ".join(f"{100 * mean.get((arm, name), np.nan):.0f}" for arm in ("zero_shot", "main")) + " %"
        for name in ("group_score", "group_score_true", "sham_flip_rate")
    )
    shifts, pulls = (
        ", ".join(f"{rise.get(name, np.nan):+.3f}" for name in names)
        for names in (
            ("denial_shift", "placebo_shift", "kept_shift"),
            ("edit_pull", "sham_pull", "carried_pull"),
        )
    )
    return " | ".join([*shares, shifts, pulls, f"{100 * rise.get('wording_loss', np.nan):+.0f}"])
