"""Made answers of models on external sets, as `evaluate_set` writes them, and their comparison."""

import numpy as np
import pandas as pd

from unscene.evaluation.columns.sets import SET_ITEMS
from unscene.evaluation.set_comparison import compare_arms_on_sets, list_values
from unscene.evaluation.sets.formats import FORMATS
from unscene.machine.job import Job
from unscene.run.tables import write_json

SETTINGS = {"bootstrap_draws": 300, "confidence": 0.95}
SETS = [
    {"name": "mcq", "format": "coco_mcq"},
    {"name": "neg", "format": "negbench_retrieval"},
    {"name": "coco", "format": "coco_retrieval"},
    {"name": "imagenet", "format": "class_folders"},
    {"name": "beaf", "format": "beaf"},
]
GOOD = {
    "mcq": {"a": 0.8, "b": 0.8},
    "neg": 0.9,
    "coco": 0.95,
    "imagenet": 0.95,
    "understood": 0.9,
    "changed": 0.0,
}


def make_choices(model, rates, models=3, items=240):
    """Item rows of a choice set: kind k is right with probability rates[k], by every model alike
    but for one item in ten.
    """
    rng = np.random.default_rng(5)
    kind = rng.choice(list(rates), items)
    base = rng.random(items) < np.array([rates[name] for name in kind])
    rows = [
        pd.DataFrame(
            {
                "model": model,
                "fold": fold if models > 1 else None,
                "seed": 0,
                "item": [f"q{i}" for i in range(items)],
                "photo": [f"p{i}" for i in range(items)],
                "kind": kind,
                "correct": base ^ (rng.random(items) < 0.1),
            }
        )
        for fold in range(models)
    ]
    return pd.concat(rows, ignore_index=True)


def make_ranks(model, share, models=3, photos=80):
    """Item rows of a retrieval set: a share of the photos is found first."""
    rng = np.random.default_rng(6)
    rows = []
    for fold in range(models):
        for way in ("image_to_text", "text_to_image"):
            rank = np.where(rng.random(photos) < share, 0, 20)
            rows.append(
                pd.DataFrame(
                    {"model": model, "fold": fold, "seed": 0, "item": range(photos), "way": way, "rank": rank}
                ).assign(photo=[f"p{i}" for i in range(photos)])
            )
    return pd.concat(rows, ignore_index=True)


def make_removals(model, understood, changed, models=3, items=240):
    """Item rows of a removal set: shares of the removals understood, and of other answers changed."""
    rng = np.random.default_rng(7)
    rows = []
    for fold in range(models):
        removed = np.arange(items) % 2 == 0
        after = np.where(removed, rng.random(items) >= understood, rng.random(items) >= changed)
        rows.append(
            pd.DataFrame(
                {
                    "model": model,
                    "fold": fold,
                    "seed": 0,
                    "item": range(items),
                    "photo": [f"p{i}" for i in range(items)],
                    "removed": removed,
                    "removable": removed,
                    "before": True,
                    "after": after,
                }
            )
        )
    return pd.concat(rows, ignore_index=True)


def make_all(main):
    """Every set, with `main` = dict of shares for the main arm; the others know little."""
    low, tables = {"a": 0.3, "b": 0.3}, {}
    for arm in ("zero_shot", "originals"):
        models = 1 if arm == "zero_shot" else 3
        tables["mcq", arm] = make_choices(arm, low, models=models)
        tables |= {(name, arm): make_ranks(arm, 0.4, models=models) for name in ("neg", "coco")}
        tables["imagenet", arm] = make_choices(arm, {"a": 0.5}).drop(columns="kind")
        tables["beaf", arm] = make_removals(arm, 0.2, 0.0, models=models)
    tables["mcq", "main"] = make_choices("main", main["mcq"])
    tables |= {(name, "main"): make_ranks("main", main[name]) for name in ("neg", "coco")}
    tables["imagenet", "main"] = make_choices("main", {"a": main["imagenet"]}).drop(columns="kind")
    tables["beaf", "main"] = make_removals("main", main["understood"], main["changed"])
    return tables


def write_sets(folder, tables):
    """Write {(set, model): item rows} as evaluate_set does; return the paths of metrics and items."""
    formats = {entry["name"]: entry["format"] for entry in SETS}
    paths = []
    for (name, model), item in tables.items():
        stem = folder / f"{name}-{model}"
        task = FORMATS[formats[name]].task
        means = list_values(task, item).groupby("metric")["value"].mean().to_dict() | {"n_items": len(item)}
        write_json({"set": name, "format": formats[name], "model": model, **means}, f"{stem}.json")
        table = SET_ITEMS[task]
        whole = item.astype({"item": str}).reindex(columns=table.names).astype(object)
        table.write(whole.where(whole.notna(), None), f"{stem}.items.parquet")
        paths.append((f"{stem}.json", f"{stem}.items.parquet"))
    return [one for one, _ in paths], [other for _, other in paths]


def compare(folder, tables, ratio=0.5):
    """Compare the main arm with the others on sets; return sets.csv."""
    metrics, items = write_sets(folder, tables)
    settings = {"seed": 7, "evaluate": {**SETTINGS, "sets": SETS}, "deploy": {"arm": "main"}}
    arms = pd.DataFrame({"contrast": ["main-zero_shot", "main-originals"], "test_to_train": ratio})
    arms.to_csv(folder / "arms.csv", index=False)
    inputs = {"metrics": metrics, "item_tables": items, "arms": folder / "arms.csv"}
    outputs = {"comparison": folder / "sets.csv", "summary": folder / "set_summary.csv"}
    compare_arms_on_sets(Job(inputs, outputs, settings))
    return pd.read_csv(folder / "sets.csv")
