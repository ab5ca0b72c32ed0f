"""Arms to compare: a tiny CLIP evaluated as one, and arms whose scores are made up."""

import numpy as np
import pandas as pd

from tiny_clip import make_evaluation
from unscene.evaluation.columns.pairs import ITEMS, SCORES
from unscene.evaluation.comparison import compare_arms
from unscene.evaluation.evaluate_fold import evaluate_clip
from unscene.machine.job import Job
from unscene.run.tables import write_json

SETTINGS = {"bootstrap_draws": 500, "confidence": 0.95}


def evaluate(world, folder, arm="zero_shot", fold=1, query_weight=None, **inputs):
    """Evaluate the tiny CLIP as an arm and return the files that it wrote."""
    job = make_evaluation(folder, world[0], world[1] | inputs, arm, fold, query_weight)
    evaluate_clip(job)
    return job.outputs


def write_arm(folder, arm, hits, seed=0, folds=3):
    """Write metrics and items of an arm whose pair i has a group score of hits[i]."""
    paths = []
    for fold in range(folds):
        rows = np.arange(fold, len(hits), folds)
        hit = np.asarray(hits, bool)[rows]
        item = pd.DataFrame({"edit_id": [f"e{i:03d}" for i in rows]}).assign(arm=arm, fold=fold, seed=seed)
        item = item.reindex(columns=ITEMS.names).assign(interaction=0.1)
        item["group"] = [f"g{i // 6}-{fold}" for i in rows]
        for name in (*SCORES, "presence", "absence", "half_truth", "group_score_without"):
            item[name] = hit
        item["image_to_text_rank"] = item["text_to_image_rank"] = np.where(hit, 0.0, 7.0)
        stem = folder / f"{arm}-fold{fold}-seed{seed}"
        ITEMS.write(item, f"{stem}.items.parquet")
        metrics = {
            "group_score": float(item["group_score"].mean()),
            "absence_auc_bare": None,
            "n_pairs": len(rows),
            "n_groups": item["group"].nunique(),
            "n_training_groups": 0 if arm == "zero_shot" else 2 * item["group"].nunique(),
        }
        write_json({"arm": arm, "fold": fold, "seed": seed, **metrics}, f"{stem}.json")
        paths.append((f"{stem}.json", f"{stem}.items.parquet"))
    return paths


def compare(folder, paths, sham_metrics=None, **tables):
    """Return (items, summary, comparison) of the arms in these files of metrics and items."""
    outputs = {name: folder / f"{name}.csv" for name in ("summary", "comparison")}
    job = Job(
        inputs={
            "metrics": [path for path, _ in paths],
            "item_tables": [path for _, path in paths],
            "sham_metrics": sham_metrics,
            **{"sham_tables": None, "photo_tables": None, **tables},
        },
        outputs={"item_table": folder / "items.parquet", **outputs},
        settings={"seed": 7, "evaluate": SETTINGS, "deploy": {"arm": "paired"}},
    )
    compare_arms(job)
    return ITEMS.read(job.outputs.item_table), *(pd.read_csv(path) for path in outputs.values())
