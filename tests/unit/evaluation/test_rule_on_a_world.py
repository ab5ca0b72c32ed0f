"""From the files of a fresh world to the verdict: every external figure that the rule asks for is
measured, by photo, with the names that the steps write.
"""

import numpy as np
import pandas as pd
import pytest

from tiny_clip import RUNTIME, make_clip, write_meta
from unscene.evaluation.columns.pairs import SHIFTS
from unscene.evaluation.columns.photos import PHOTO_METRICS
from unscene.evaluation.columns.shams import SHAM_METRICS
from unscene.evaluation.evaluate_set import evaluate_set
from unscene.evaluation.pass_rule import FOLDS, NOT_MEASURED, REQUIREMENTS
from unscene.evaluation.set_comparison import compare_arms_on_sets
from unscene.evaluation.sets.exam import list_exam_sets
from unscene.evaluation.verdict import judge_arm
from unscene.machine.job import Job
from unscene.report.headline import ORDINARY, list_rows, tabulate, take_world
from unscene.run.tables import read_json, write_table
from unscene.scenes.exam import render_exam

WORLD = {"name": "fresh", "photos": 80, "seed": 77}
SETS = {entry["name"].removeprefix("fresh_"): entry for entry in list_exam_sets(WORLD)}
ARMS = ("zero_shot", "originals", "main")


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """(contrasts on the world's sets, metrics of the main arm by set, levels), three arms of tiny models."""
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_table(pd.DataFrame({"phash": pd.Series([], dtype=str)}), "shard.parquet")
        paths = {key: SETS["objects"][key] for key in ("captions", "instances", "images")}
        paths |= {
            name: SETS[name]["path"] for name in ("choices", "negated_retrieval", "removals", "classes")
        }
        paths |= {"removal_images": SETS["removals"]["images"], "counts": "results/exam/fresh/counts.json"}
        settings = {"evaluate": {"world": WORLD}, "folds": {"duplicate_hash_distance": 6}}
        render_exam(Job({"tables": ["shard.parquet"]}, paths, settings))
        clips = [make_clip(folder / name, scale=scale) for name, scale in (("a", 1), ("b", 2), ("c", 3))]
        metrics, items = [], []
        for entry in SETS.values():
            for arm in ARMS:
                order = clips[1:] if arm == "main" else clips[:0:-1]
                models = (
                    [] if arm == "zero_shot" else [write_meta(clip, fold=at) for at, clip in enumerate(order)]
                )
                job = Job(
                    inputs={"models": models},
                    outputs={
                        "metrics": f"{entry['name']}-{arm}.json",
                        "item_table": f"{entry['name']}-{arm}.parquet",
                    },
                    settings={"seed": 7, "words": "coco80"},
                    runtime=RUNTIME,
                    wildcards={"set": entry["name"], "arm": arm},
                    config={
                        "evaluate": {"sets": [entry]},
                        "train": {"clip": str(clips[0]), "arms": {name: {} for name in ARMS}},
                    },
                )
                evaluate_set(job)
                metrics.append(job.outputs.metrics)
                items.append(job.outputs.item_table)
        contrasts = [f"main-{other}" for other in ("zero_shot", "originals", "chance")]
        pd.DataFrame({"contrast": contrasts, "test_to_train": 0.5}).to_csv("arms.csv", index=False)
        compare_arms_on_sets(
            Job(
                inputs={"metrics": metrics, "item_tables": items, "arms": "arms.csv"},
                outputs={"comparison": "sets.csv", "summary": "set_summary.csv"},
                settings={
                    "seed": 7,
                    "evaluate": {"bootstrap_draws": 50, "confidence": 0.95, "sets": list(SETS.values())},
                    "deploy": {"arm": "main"},
                },
            )
        )
        of_main = {found["set"]: found for found in map(read_json, metrics) if found["model"] == "main"}
        return pd.read_csv("sets.csv"), of_main, pd.read_csv("set_summary.csv")


def test_every_external_part_is_measured_on_a_fresh_world(judged):
    sets, *_ = judged
    nothing = pd.DataFrame(columns=[*sets.columns, "is_primary", "holm_p"])
    parts = {part.name: part for part in judge_arm(nothing, sets, "main")}
    external = [part.name for part in REQUIREMENTS if part.sources[0] is not FOLDS]
    assert len(external) == 10
    for name in external:
        assert parts[name].status != NOT_MEASURED, parts[name].found


def test_contrasts_are_by_photo(judged):
    sets, of_main, _ = judged
    assert (sets["photos"] <= sets["n"]).all() and (sets["photos"] > 1).all()
    removal = sets[sets["metric"] == "indecision"].iloc[0]
    assert removal["photos"] < removal["n"], "several questions on a photo"
    captions = sets[
        (sets["set"] == "fresh_retrieval") & (sets["metric"] == "text_to_image_recall_at_1")
    ].iloc[0]
    assert captions["n"] == of_main["fresh_retrieval"]["n_captions"]
    assert captions["photos"] == of_main["fresh_retrieval"]["n_items"]


def test_differences_are_those_of_the_metrics(judged):
    """What is compared by photo is the metric that the set's own file says, area and recall alike."""
    sets, of_main, _ = judged
    chance = sets[sets["contrast"] == "main-chance"]
    assert chance["metric"].tolist() == ["absence_auc_known"]
    found = of_main["fresh_objects"]["absence_auc_known"]
    assert chance["difference"].iloc[0] == pytest.approx(found - 0.5, abs=1e-5)
    assert (sets["models"] == 2).all() and np.isfinite(sets[["low", "high", "corrected_t_low"]]).all(
        axis=None
    )


def test_first_figures_of_a_fresh_world_have_intervals_of_their_levels(judged):
    sets, _, levels = judged
    rows = list_rows(*take_world(levels, sets, "fresh"), ORDINARY, "main")
    assert {"absence_auc_known", "text_to_image_recall_at_1"} <= {row.figure.metric for row in rows}
    for row in rows:
        for arm, level in row.values.items():
            assert 0 <= level["low"] <= level["mean"] <= level["high"] <= 1, (row.figure.metric, arm)
    shown = tabulate(rows, "main").set_index("figure")
    assert shown.loc[ORDINARY[0].name, "main"].count(" to ") == 1


def test_choices_are_asked_with_other_photos_as_well(judged):
    choices = judged[1]["fresh_choices"]
    assert 0 <= choices["swapped_photos_accuracy"] <= 1 and "blind_reader" in choices


def test_figures_of_the_folds_are_metrics_of_the_folds():
    known = {*PHOTO_METRICS, *SHAM_METRICS, *SHIFTS}
    asked = {bound.metric for part in REQUIREMENTS if FOLDS in part.sources for bound in part.bounds}
    assert asked <= known and len(asked) == 6
