"""A run directory as the stages would leave it, made of random numbers: for the tests of the report.

`PYTHONPATH=src python tests/helpers/fake_run.py FOLDER` writes one and its report, to be looked at.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from unscene.machine.job import Job
from unscene.report.sections import FILES

CHECKOUT = Path(__file__).resolve().parents[2]
CATEGORIES = ("dog", "sports ball", "umbrella", "car")
SCORES = ("change", "outside_difference", "seam", "blur_ratio", "residual", "new_object", "clip_drop")
ARMS = ("zero_shot", "originals", "random", "paired", "paired_rank", "paired_rank_keep")
PAIR_MEANS = {
    "zero_shot": 0.2,
    "originals": 0.22,
    "random": 0.45,
    "paired": 0.55,
    "paired_rank": 0.6,
    "paired_rank_keep": 0.62,
}


def make_run(
    folder: Path, photos: int = 30, side: int = 64, arms=ARMS, accept: float = 0.7, seed: int = 1
) -> dict:
    """Write every table that the report reads below `folder`; return name -> path relative to it."""
    from unscene.run.tables import write_json, write_table

    generator = np.random.default_rng(seed)
    results = folder / "results"
    frames = _make_frames(generator, photos, accept)
    for row in frames["edits"].to_dict("records"):
        _draw_edit(folder, row, side, generator)
    frames["tested"] = _make_items(generator, frames["pairs"], frames["folds"], arms)
    frames["classes"] = _make_classes(generator, arms)
    for name, frame in frames.items():
        path, table = results / FILES[name].path, FILES[name].table
        if table:
            # What the report does not read is null; an empty column of pandas' own choice is no number.
            table.write(table.frame(frame.astype(object).to_dict("records")).astype(object), path)
        else:
            write_table(frame, path)
    (results / "metrics").mkdir(exist_ok=True)
    tested = len(frames["pairs"])
    _make_summary(generator, arms, tested).to_csv(results / "metrics/summary.csv", index=False)
    _make_comparison(generator, arms, tested).to_csv(results / "metrics/comparison.csv", index=False)
    for name in ("sets", "set_summary"):
        pd.DataFrame(columns=FILES[name].columns).to_csv(results / FILES[name].path, index=False)
    estimate = {"mean": 16.31, "low": 16.0, "high": 16.6, "median": 16.2, "n": 28}
    truth = {
        "scenes": {
            "keywords": {
                "precision": 0.981,
                "recall": 0.942,
                "right": 150,
                "by_class": {"dog": {"precision": 0.9, "n": 4}, "car": {"precision": None, "n": 0}},
            },
            "masks": {"iou": estimate | {"mean": 0.912, "low": 0.9, "high": 0.92}, "by_class": {}},
            "edits": {
                "psnr_db": {
                    "edit": estimate,
                    "mean_fill": estimate,
                    "telea": estimate | {"mean": None, "n": 0},
                }
            },
            "acceptance": {
                "precision": None,
                "precision_reason": "no true backgrounds",
                "accepted_of_masks": {"share": 0.62, "low": 0.55, "high": 0.7, "n": 40},
            },
        }
    }
    cost = {
        "estimated_usd": 3.61,
        "billed_usd": None,
        "billed_usd_reason": "the lexicon bills nothing",
        "tokens": {"prompt": 1_250_000, "answer": 310_000},
        "price_date": "2025-01-01",
    }
    plan = {
        "items": {"photos": 960, "captions": 4800, "edits": 864, "pairs": 432},
        "api": {"usd": 0.0, "usd_worst": 0.0},
        "devices": {"hours": {"cpu": 0.31, "a100": 0.02}},
        "storage": {"bytes": {"photos": 12_000_000, "total": 12_345_678}, "files": {"total": 4321}},
        "weights": [
            {"key": "edits.weights", "path": "models/x", "licence": "MIT", "note": "by README.md beside it"}
        ],
        "comparison": {
            "folds": 3,
            "figures": {"group_score": {"items": 40, "detectable": {"1": 1.5, "2": 0.2}}},
        },
        "rule": {
            "power": 0.8,
            "parts": {
                "group score": {
                    "items": 40,
                    "what": "pairs",
                    "effects": {"group_score": 0.2},
                    "reason": None,
                }
            },
        },
        "assumptions": {
            "date": "2025-01-01",
            "speed.edit": {"s": 0.07, "kind": "measured", "source": "a 2-core machine"},
            "bytes.row": {"value": {"embedded": 5, "coco": 7}, "kind": "assumed", "source": "a guess"},
        },
    }
    part = {"name": "group score", "asks": "better than all", "status": "holds", "found": "+40 points"}
    verdict = {
        "verdict": "not decided",
        "sentence": "The pass rule is not decided: no measured part fails.",
        "parts": [part],
        "lines": [{"name": "group score on unfiltered test pairs", "found": "paired 40.0 %"}],
    }
    write_json(
        {"arm": ARMS[-1], **verdict, "alarms": [], "alarms_not_decided": ""}, results / "metrics/verdict.json"
    )
    from unscene.quality.calibration import calibrate

    write_json(calibrate(frames["control_scores"], 0.99, [0.02, 0.08]), results / "quality/calibration.json")
    write_json(truth, results / "metrics/truth.json")
    write_json(cost, results / "keywords/cost.json")
    write_json(plan, results / "plan.json")
    _write_benchmarks(folder, generator)
    made = [
        *frames,
        "summary",
        "comparison",
        "sets",
        "set_summary",
        "truth",
        "verdict",
        "cost",
        "plan",
        "calibration",
    ]
    return {name: f"results/{FILES[name].path}" for name in made}


def add_optional(folder: Path, paths: dict, arms=ARMS, seed: int = 2) -> dict:
    """Write what only some runs have, the batch-size study and the certificate left out; return all paths."""
    from unscene.evaluation.columns.agreement import AGREEMENT
    from unscene.evaluation.columns.sweeps import SWEEPS

    generator = np.random.default_rng(seed)
    rows = [
        ("lexicon", "mentions", "caption", word, 30, 12, 10, 9, 0.75, 0.9, 0.82, 0.7, False)
        for word in ("all words", *CATEGORIES)
    ]
    agreement = pd.DataFrame(rows, columns=AGREEMENT.names)
    swept = [
        {"arm": arm, "fold": fold, "seed": 0, "alpha": alpha, "chosen": alpha == 0.5}
        | {"group_score": generator.random(), "text_to_image_recall_at_1": generator.random()}
        for arm in arms
        for fold in range(3)
        for alpha in (0, 0.5, 1)
    ]
    differences = {
        f"minus_{other}{end}": value
        for other in ("seen", "zero_shot")
        for end, value in (("", -0.1), ("_low", -0.2), ("_high", 0.0))
    }
    unseen = {"arm": arms[-1], "metric": "group_score", "unseen": 0.4, "seen": 0.5, "zero_shot": 0.5}
    files = {
        name: folder / "results" / FILES[name].path for name in ("agreement", "sweeps", "unseen", "retrieval")
    }
    AGREEMENT.write(agreement, files["agreement"])
    SWEEPS.write(SWEEPS.frame(swept).astype(object), files["sweeps"])
    pd.DataFrame([unseen | differences | {"n": 30, "classes": 4}]).to_csv(files["unseen"], index=False)
    Image.new("RGB", (8, 8)).save(files["retrieval"])
    return paths | {name: str(path.relative_to(folder)) for name, path in files.items()}


def make_lineage(source: dict | None = None) -> dict:
    """Return a lineage as the rule would hand it over, from the embedded default."""
    import yaml

    config = yaml.safe_load((CHECKOUT / "config" / "config.yaml").read_text(encoding="utf-8"))
    config["deploy"]["arm"] = ARMS[-1]
    if source:
        config["samples"]["sources"] = [source]
    settings = {
        key: value
        for key, value in config.items()
        if key not in ("api", "runtime", "storage", "plan", "batchsize")
    }
    weights = {"masks.weights": "0123456789abcdef", "quality.judge": None}
    return {"rule": "write_report", "settings": settings, "code": "c0de", "weights": weights, "parents": {}}


def make_job(paths: dict, page: str = "results/report.html", lineage: dict | None = None) -> Job:
    """Return the job of the report over a run's files."""
    lineage = lineage or make_lineage()
    return Job(inputs=paths, outputs={"page": page}, settings=lineage["settings"], lineage=lineage)


def _make_frames(generator, photos: int, accept: float) -> dict[str, pd.DataFrame]:
    image_ids = [f"scenes_{number:06d}" for number in range(photos)]
    category = [CATEGORIES[number % len(CATEGORIES)] for number in range(photos)]
    edit_ids = [
        f"{image_id}-{word.replace(' ', '_')}" for image_id, word in zip(image_ids, category, strict=True)
    ]
    samples = pd.DataFrame(
        {
            "image_id": image_ids,
            "path": [f"results/scenes/{image_id}.png" for image_id in image_ids],
            "width": 64,
            "height": 64,
            "captions": [[f"A {word} on the grass."] * 5 for word in category],
            "group": image_ids,
            "shard": "scenes-0-of-1",
            "sha256": "",
        }
    )
    rejected_samples = pd.DataFrame(
        {"source": ["scenes"] * 3, "reason": ["broken", "duplicate", "duplicate"], "detail": ["", "", ""]}
    )
    keywords = pd.DataFrame(
        [
            {
                "image_id": image_id,
                "caption_id": f"{image_id}-{position}",
                "caption": "",
                "source": "lexicon",
                "status": "ok",
                "words": [word] if position < 4 else [],
                "reason": None,
                "obstacle": "",
            }
            for image_id, word in zip(image_ids, category, strict=True)
            for position in range(5)
        ],
        columns=["image_id", "caption_id", "caption", "source", "status", "words", "reason", "obstacle"],
    )
    masked = generator.random(photos) < 0.9
    masks = pd.DataFrame(
        {
            "edit_id": edit_ids,
            "image_id": image_ids,
            "category": category,
            "area_fraction": generator.uniform(0.01, 0.2, photos),
            "mask_path": [f"results/masks/{edit_id}.png" for edit_id in edit_ids],
            "status": np.where(masked, "ok", "skipped"),
            "reason": np.where(masked, None, "too_small"),
        }
    )
    edits = masks[masked].assign(
        image_path=lambda frame: "results/edits/" + frame["edit_id"] + ".png",
        model="embedded inpainter",
        batch_shape="16x64x64",
        seconds=generator.random(int(masked.sum())),
        attempt=0,
    )
    captions = edits[["edit_id"]].assign(
        caption_original=[f"A {word} on the <green> grass." for word in edits["category"]],
        caption_without="Green grass under a clear sky.",
        caption_negated=[f"Green grass, and no {word}." for word in edits["category"]],
        source="template",
        status="ok",
    )
    scores = edits[["edit_id"]].assign(status="ok", reason=None)
    for name in SCORES:
        scores[name] = generator.gamma(2.0, 0.2, len(scores))
    scores["clip_drop"], scores["clip_drop_reason"] = np.nan, "no real CLIP weights"
    taken = (generator.random(len(edits)) < accept).astype(bool)
    pairs = edits[taken].rename(columns={"image_path": "edited_path"})
    pairs = pairs.assign(
        group=pairs["image_id"], original_path="results/scenes/" + pairs["image_id"] + ".png"
    )
    refused = edits[~taken]["edit_id"].to_frame().assign(reason="quality: max_seam")
    refused["all_reasons"] = [["quality: max_seam", "quality: max_residual"] for _ in range(len(refused))]
    refused["detail"] = "quality: max_seam: 9.1, limit 4"
    small = masks[~masked][["edit_id"]].assign(reason="mask: too_small", detail="mask: too_small")
    small["all_reasons"] = [["mask: too_small"] for _ in range(len(small))]
    folds = pd.DataFrame({"group": image_ids, "fold": [number % 3 for number in range(photos)]}).astype(
        {"fold": int}
    )
    return {
        "samples": samples,
        "rejected_samples": rejected_samples,
        "keywords": keywords,
        "masks": masks,
        "edits": edits.drop(columns="category"),
        "captions": captions,
        "scores": scores,
        "control_scores": _make_controls(generator),
        "pairs": pairs,
        "rejected_edits": pd.concat([refused, small], ignore_index=True),
        "folds": folds,
    }


def _make_controls(generator, count: int = 50) -> pd.DataFrame:
    """Controls of which `residual` tells the untouched ones; the other scores are noise or null."""
    from unscene.quality.controls import KINDS
    from unscene.quality.scores import SCORES as ALL_SCORES

    rows = [(f"{kind}-{n}", kind, 0.01 + 0.003 * n) for kind in KINDS for n in range(count)]
    frame = pd.DataFrame(rows, columns=["control_id", "kind", "area_fraction"])
    frame = frame.assign(**dict.fromkeys(ALL_SCORES, np.nan), rc_s_reason="no DINOv2 (quality.dino is null)")
    frame["residual"] = generator.uniform(0, 0.3, len(frame)) + 0.6 * (frame["kind"] == "untouched")
    frame["seam"] = generator.gamma(2.0, 0.2, len(frame))
    return frame


def _make_items(generator, pairs: pd.DataFrame, folds: pd.DataFrame, arms) -> pd.DataFrame:
    fold_of = folds.set_index("group")["fold"]
    rows = []
    for arm in arms:
        for edit_id, group in zip(pairs["edit_id"], pairs["group"], strict=True):
            hit = bool(generator.random() < PAIR_MEANS[arm])
            rows.append((arm, int(fold_of[group]), 0, edit_id, hit, hit, hit))
    columns = ["arm", "fold", "seed", "edit_id", "text_score", "image_score", "group_score"]
    return pd.DataFrame(rows, columns=columns)


def _make_classes(generator, arms) -> pd.DataFrame:
    rows = [
        (arm, fold, 0, word, generator.random()) for arm in arms for fold in range(3) for word in CATEGORIES
    ]
    return pd.DataFrame(rows, columns=["arm", "fold", "seed", "category", "absence_auc_bare"])


def _make_summary(generator, arms, tested: int) -> pd.DataFrame:
    rows = []
    metrics = ["text_score", "image_score", "group_score", "group_score_without", "presence_auc"]
    metrics += ["absence_auc_known", "affirmative_auc", "wanted_at_10", "violation_at_10"]
    metrics += [f"{way}_recall_at_{k}" for way in ("image_to_text", "text_to_image") for k in (10, 1, 5)]
    for arm in arms if tested else ():
        for metric in metrics:
            mean = PAIR_MEANS[arm] + 0.1 * generator.random() + (0.1 if metric != "group_score" else 0)
            rows.append((arm, metric, mean, mean - 0.06, mean + 0.06, 3))
    return pd.DataFrame(rows, columns=["arm", "metric", "mean", "low", "high", "n"])


def _make_comparison(generator, arms, tested: int) -> pd.DataFrame:
    rows = []
    for reference in ("zero_shot", "originals"):
        for arm in arms if tested and reference in arms else ():
            if arm in ("zero_shot", reference):
                continue
            for metric in ("group_score", "text_score", "image_score", "presence", "absence_auc_known"):
                middle = PAIR_MEANS[arm] - PAIR_MEANS[reference]
                spread = 0.04 + 0.04 * generator.random()
                rows.append(
                    (
                        f"{arm}-{reference}",
                        metric,
                        middle,
                        middle - spread,
                        middle + spread,
                        0.0005,
                        tested,
                        middle - 2 * spread,
                        middle + 2 * spread,
                        0.03,
                        metric == "group_score",
                    )
                )
    columns = ["contrast", "metric", "difference", "low", "high", "p", "n"]
    corrected = ["corrected_t_low", "corrected_t_high", "corrected_t_p"]
    return pd.DataFrame(rows, columns=[*columns, *corrected, "is_primary"])


def _draw_edit(folder: Path, row: dict, side: int, generator) -> None:
    colours = generator.integers(60, 220, (2, 3))
    photo = Image.new("RGB", (side, side), tuple(int(c) for c in colours[0]))
    photo.paste(tuple(int(c) for c in colours[0] * 0.7), (0, side // 2, side, side))
    box = [side // 4, side // 3, side // 2, 3 * side // 4]
    mask, before = Image.new("L", photo.size), photo.copy()
    ImageDraw.Draw(mask).ellipse(box, fill=255)
    ImageDraw.Draw(before).ellipse(box, fill=tuple(int(c) for c in colours[1]))
    files = {
        f"results/scenes/{row['image_id']}.png": before,
        row["mask_path"]: mask,
        row["image_path"]: photo,
    }
    for path, image in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        image.save(folder / path)


def _write_benchmarks(folder: Path, generator) -> None:
    columns = [
        "s",
        "h:m:s",
        "max_rss",
        "max_vms",
        "max_uss",
        "max_pss",
        "io_in",
        "io_out",
        "mean_load",
        "cpu_time",
    ]
    rules = {
        "read_samples": 8,
        "segment_objects": 60,
        "remove_objects": 140,
        "train_clip": 220,
        "compare_arms": 3,
    }
    for rule, seconds in rules.items():
        path = folder / "benchmarks" / rule / "scenes-0-of-1.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        memory = "-" if rule == "compare_arms" else f"{generator.integers(200, 3000)}"
        values = [f"{seconds}", "0:00:01", memory, *["1"] * 6, f"{1.5 * seconds}"]
        path.write_text("\t".join(columns) + "\n" + "\t".join(values) + "\n", encoding="utf-8")
    for rule, device in (
        ("segment_objects", "CPU"),
        ("make_sham_edits", "CPU"),
        ("remove_objects", "NVIDIA A100"),
    ):
        for shard, items in enumerate((30, 10)):
            timing = {
                "items": items,
                "resumed": 2 * shard,
                "batches": 3,
                "batch_size": 16,
                "wall_s": 10.0,
                "device_s": 9.0 - shard,
                "busy_share": 0.9 - 0.1 * shard,
                "items_per_s": items / 10,
                "device": device,
            }
            path = folder / "benchmarks" / rule / f"scenes-{shard}-of-2.device.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(timing), encoding="utf-8")
    log = folder / "logs" / "train_clip" / "job.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(
        "rule train_clip (wildcards: none)\nsettings: {}\nweights: {}\n"
        "python 3.11.2, process 41, torch 2.8.0, open_clip_torch 3.1.0, openai absent\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    import os

    from unscene.report.write_report import write_report

    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    given = make_run(target, photos=int(sys.argv[2]) if len(sys.argv) > 2 else 30, side=64)
    os.chdir(target)
    write_report(make_job(given))
