"""What a change re-runs of a finished run: keys of the config, files, and code. What it decides
runs, and nothing else.

The run is made by instant steps (`instant_run.py`) of the real workflow, so only names, times,
checksums and lineages count.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from unscene.run import code, code_versions
from unscene.run.code_versions import list_changed
from unscene.run.needed_jobs import Inspection, format_inspection, inspect_run

CHECKOUT = Path(__file__).resolve().parents[2]
INSTANT = CHECKOUT / "tests" / "helpers" / "instant_run.py"

pytestmark = [pytest.mark.workflow, pytest.mark.dear]

# Who reads what a rule makes, written by hand: what is needed is the causes and all that follows them.
# The joined tables are rules of their own here; Snakemake has one rule for four of them.
FOLLOWERS = {
    "estimate_run": "write_report",
    "render_scenes": (
        "read_samples score_edits list_untouched_photos list_true_pictures score_against_truth"
        " measure_agreement"
    ),
    "render_pool": "read_samples list_pool",
    "read_samples": (
        "list_pool join_samples build_keyword_requests parse_keywords segment_objects remove_objects"
        " make_sham_edits build_caption_requests parse_captions score_edits score_sham_edits"
        " build_batchsize_requests"
    ),
    "join_samples": (
        "list_pool score_controls select_pairs select_sham_edits split_folds find_leaks check_folds"
        " list_untouched_photos list_true_pictures score_against_truth measure_agreement"
        " measure_distances write_report"
    ),
    "build_keyword_requests": "answer_keywords parse_keywords price_keywords",
    "answer_keywords": "parse_keywords price_keywords measure_agreement",
    "parse_keywords": "segment_objects build_caption_requests parse_captions join_keywords",
    "join_keywords": (
        "list_untouched_photos score_against_truth measure_agreement measure_distances write_report"
    ),
    "price_keywords": "write_report",
    "segment_objects": (
        "remove_objects make_sham_edits build_caption_requests parse_captions join_masks score_edits"
    ),
    "join_masks": (
        "score_controls calibrate_scores select_pairs split_folds score_against_truth measure_distances"
        " write_report"
    ),
    "remove_objects": "join_edits score_edits make_sham_edits",
    "join_edits": "select_pairs draw_contact_sheet score_against_truth write_report",
    "make_sham_edits": "join_sham_edits score_sham_edits",
    "join_sham_edits": "calibrate_scores select_sham_edits",
    "score_sham_edits": "calibrate_scores select_sham_edits",
    "build_caption_requests": "answer_captions parse_captions price_captions",
    "answer_captions": "parse_captions price_captions",
    "price_captions": "write_report",
    "parse_captions": "join_captions",
    "join_captions": "select_pairs select_sham_edits write_paper write_report",
    "score_edits": "join_scores",
    "join_scores": "calibrate_scores select_pairs score_against_truth write_report",
    "score_controls": "calibrate_scores write_report",
    "calibrate_scores": "select_pairs write_report",
    "select_pairs": (
        "draw_contact_sheet check_folds cache_pairs train_clip train_clip_classes train_final evaluate_clip "
        "draw_retrieval write_paper score_against_truth measure_distances write_report export_clip"
    ),
    "split_folds": (
        "list_pool check_folds train_clip train_clip_classes list_untouched_photos evaluate_clip"
        " draw_retrieval write_report"
    ),
    "split_repeat": "join_repeats train_clip evaluate_clip",
    "join_repeats": "check_folds",
    "list_pool": "check_folds cache_pool train_clip train_clip_classes train_final",
    "cache_pool": "embed_pool train_clip train_clip_classes train_final",
    "embed_pool": "train_clip train_clip_classes train_final",
    "find_leaks": "list_pool check_folds train_clip train_clip_classes train_final",
    "check_folds": "write_paper",
    "cache_pairs": "train_clip train_clip_classes train_final",
    "train_clip": "evaluate_clip draw_retrieval",
    "train_clip_classes": "evaluate_unseen_classes",
    "train_final": "export_clip",
    "list_untouched_photos": "evaluate_clip",
    "list_true_pictures": "evaluate_clip",
    "evaluate_clip": "join_evaluations compare_arms",
    "evaluate_unseen_classes": "compare_unseen_classes",
    "compare_unseen_classes": "write_paper write_report",
    "join_evaluations": "write_paper write_report",
    "compare_arms": "compare_arms_on_sets apply_pass_rule write_paper write_report compare_unseen_classes",
    "draw_retrieval": "write_paper write_report",
    "compare_arms_on_sets": "apply_pass_rule",
    "apply_pass_rule": "write_paper write_report",
    "measure_distances": "",
    "score_against_truth": "write_report",
    "measure_agreement": "write_report",
}
JOINS = ("join_keywords", "join_masks", "join_edits", "join_captions")
PLANNED = "estimate_run write_report"  # the plan and the report's methods section read whole blocks
MASKS, EDITS = f"segment_objects {PLANNED}", f"remove_objects {PLANNED}"
THRESHOLD, TRAINING = f"select_pairs {PLANNED}", f"train_clip train_final write_paper {PLANNED}"
SAMPLES, JUDGE = f"read_samples write_paper {PLANNED}", f"score_edits score_controls {PLANNED}"
# Each key of the config: another value, and the rules that read it. (`...`: rows of their own stand below.)
KEYS = {
    "seed": (
        8,
        (
            "compare_arms compare_arms_on_sets draw_retrieval list_untouched_photos"
            " parse_captions remove_objects score_controls split_folds train_clip train_final write_report"
        ),
    ),
    "words": ...,
    "api.model": ("gpt-4o-mini", "estimate_run price_keywords price_captions"),
    "api.base_url": ("http://127.0.0.1:9", ""),
    "api.wait": (False, ""),
    "api.budget_usd": (11, "estimate_run"),
    "api.mode": ("requests", ""),
    "api.deployments": ({"gpt-4o": "mine"}, ""),
    "api.requests_per_file": (49_000, "estimate_run"),
    "api.bytes_per_file": (190_000_000, "estimate_run"),
    "api.enqueued_tokens": (5_000_001, "estimate_run"),
    "api.attempts": (5, ""),
    "api.poll_seconds": (31, ""),
    "api.outage_minutes": (61, ""),
    "api.concurrency": (9, ""),
    "api.pay_again": (True, ""),
    "runtime.device": ("cpu", ""),
    "runtime.batch_size": (17, ""),
    "runtime.workers": (2, ""),
    "runtime.precision": ("bfloat16", ""),
    "runtime.compile": (True, ""),
    "runtime.max_failed_share": (0.4, ""),
    "runtime.devices": (2, ""),
    "runtime.chunk_pairs": (1, ""),
    "runtime.checkpoint_activations": (True, ""),
    "runtime.save_seconds": (61, ""),
    "runtime.folds_together": (False, ""),
    "samples.sources": ...,
    "samples.shard_size": (401, SAMPLES),
    "samples.captions_per_photo": (1, SAMPLES),
    "samples.min_side": (33, SAMPLES),
    "samples.max_pixels": (100_000_001, SAMPLES),
    "samples.duplicate_hash_distance": (5, f"join_samples list_pool write_paper {PLANNED}"),
    "keywords.backend": ...,
    "keywords.captions_per_prompt": (10, f"build_keyword_requests {PLANNED}"),
    "batchsize.run": ...,
    "batchsize.captions": (2001, "estimate_run"),
    "batchsize.sizes": ([5, 10], "estimate_run"),
    "batchsize.permutations": (4, "estimate_run"),
    "batchsize.margin": (0.02, "estimate_run"),
    "batchsize.labels": ...,
    "masks.weights": ("resources/embedded/judge.pt", "segment_objects write_report"),
    "masks.sha256": ("a" * 64, ""),
    "masks.truth": ("union", MASKS),
    "masks.image_size": (96, MASKS),
    "masks.target_confidence": (0.6, MASKS),
    "masks.collect_confidence": (0.2, MASKS),
    "masks.iou": (0.6, MASKS),
    "masks.nms": (False, MASKS),
    "masks.min_area": (0.02, MASKS),
    "masks.max_area": (0.3, MASKS),
    "masks.dilation_px": (4, MASKS),
    "masks.edits_per_photo": (2, MASKS),
    "masks.carriers": ("keep", MASKS),
    "edits.backend": ...,
    "edits.weights": ...,
    "edits.lora": ...,
    "edits.tiny_vae": ...,
    "edits.scheduler": ("ddim", EDITS),
    "edits.size": (72, EDITS),
    "edits.context": (0.3, EDITS),
    "edits.smallest_crop": (32, EDITS),
    "edits.steps": (9, EDITS),
    "edits.guidance": (1.5, EDITS),
    "edits.strength": (0.9, EDITS),
    "edits.prompt": ("an empty place", EDITS),
    "edits.negative_prompt": ("a thing", EDITS),
    "edits.feather_px": (2, EDITS),
    "edits.attempts": (3, EDITS),
    "edits.retry_dilation": (1.4, EDITS),
    "edits.sham": ...,
    "captions.backend": ...,
    "captions.held_out_share": (
        0.2,
        f"parse_captions train_clip train_final {PLANNED}",
    ),
    "quality.judge": ("resources/embedded/detector.pt", "score_edits score_controls write_report"),
    "quality.judge_sha256": ("b" * 64, ""),
    "quality.judge_image_size": (96, JUDGE),
    "quality.dino": ...,
    "quality.controls": (41, f"score_controls {PLANNED}"),
    "quality.control_percentile": (0.98, f"calibrate_scores {PLANNED}"),
    "quality.policy": ("calibrated", THRESHOLD),
    "quality.labels": ...,
    "quality.max_defect_rate": (0.04, PLANNED),
    "quality.unjudged": ("accept", THRESHOLD),
    "quality.distances": (True, f"measure_distances {PLANNED}"),
    "quality.thresholds.min_change": (3, THRESHOLD),
    "quality.thresholds.max_ssim": (0.6, THRESHOLD),
    "quality.thresholds.max_outside_difference": (1, THRESHOLD),
    "quality.thresholds.max_seam": (3, THRESHOLD),
    "quality.thresholds.min_blur_ratio": (0.1, THRESHOLD),
    "quality.thresholds.max_blur_ratio": (3, THRESHOLD),
    "quality.thresholds.max_residual": (0.3, THRESHOLD),
    "quality.thresholds.max_left_confidence": (0.5, THRESHOLD),
    "quality.thresholds.max_listed_left": (1, THRESHOLD),
    "quality.thresholds.min_listed_share": (0.6, THRESHOLD),
    "quality.thresholds.max_residual_frame": (0.5, THRESHOLD),
    "quality.thresholds.max_new_object": (0.4, THRESHOLD),
    "quality.thresholds.min_collateral": (0.5, THRESHOLD),
    "quality.thresholds.min_clip_drop": (0.5, THRESHOLD),
    "quality.thresholds.max_clip_present": (0.5, THRESHOLD),
    "quality.thresholds.min_rc_s": (0.5, THRESHOLD),
    "folds.folds": (4, f"split_folds check_folds train_clip evaluate_clip write_paper {PLANNED}"),
    "folds.duplicate_hash_distance": (
        7,
        f"split_folds find_leaks list_pool check_folds write_paper {PLANNED}",
    ),
    "folds.leak_guards": ...,
    "train.clip": ...,
    "train.arms": ...,
    "train.seeds": ...,
    "train.inner_share": (0.1, TRAINING),
    "train.steps": (101, TRAINING),
    "train.batch_pairs": (17, TRAINING),
    "train.learning_rate": (0.0009, TRAINING),
    "train.warmup_steps": (11, TRAINING),
    "train.weight_decay": (0.09, TRAINING),
    "train.temperature": ("trained", TRAINING),
    "train.true_negations": (0.2, TRAINING),
    "train.crop_scale": (0.8, TRAINING),
    "train.reader": ...,
    "train.class_folds": (["paired"], f"train_clip_classes write_paper {PLANNED}"),
    "evaluate.bootstrap_draws": (2001, "compare_arms compare_arms_on_sets write_paper write_report"),
    "evaluate.confidence": (0.9, "compare_arms compare_arms_on_sets write_paper write_report"),
    "evaluate.max_photos": (
        1999,
        "estimate_run list_untouched_photos compare_arms compare_arms_on_sets write_paper write_report",
    ),
    "evaluate.alphas": ...,
    "evaluate.set_arms": (["zero_shot"], "compare_arms compare_arms_on_sets write_paper write_report"),
    "evaluate.sets": ...,
    "evaluate.world": ...,
    "evaluate.models": ...,
    "report.title": ("another title", "write_report"),
    "report.examples": (9, "write_report"),
    "deploy.arm": (
        "paired",
        (
            "train_final draw_retrieval compare_arms compare_arms_on_sets apply_pass_rule write_paper"
            " write_report export_clip"
        ),
    ),
    "plan.prices": ...,
}
SINGLE = {key: row for key, row in KEYS.items() if row is not ...}
# Changes of more than one value: the overlay, the rules that change of themselves, and how many
# jobs would run of 85.
SOURCE = {"name": "scenes", "format": "embedded", "photos": 800, "seed": 7}
POOL = {"name": "pool", "format": "embedded", "photos": 1000, "seed": 4243, "pool": True}
MORE = {"name": "more", "format": "embedded", "photos": 20, "seed": 9}
ASKED = {"name": "own", "format": "table", "photos": 20, "table": "own.csv", "pool": True}
WORLD = {"name": "fresh", "photos": 60, "seed": 977}
OVERLAYS = {
    "another source": (
        {"samples": {"sources": [SOURCE, POOL, MORE]}},
        (
            "render_scenes join_samples price_keywords price_captions join_shards join_scores find_leaks"
            " list_untouched_photos list_true_pictures score_against_truth measure_agreement"
            f" write_paper {PLANNED}"
        ),
        None,
    ),
    "a source's seed": (
        {"samples": {"sources": [SOURCE | {"seed": 8}, POOL]}},
        (
            "render_scenes read_samples list_untouched_photos list_true_pictures score_against_truth"
            f" measure_agreement write_paper {PLANNED}"
        ),
        None,
    ),
    "another pool": (
        {"samples": {"sources": [SOURCE, POOL, MORE | {"pool": True}]}},
        f"render_pool list_pool write_paper {PLANNED}",
        None,
    ),
    "a pool whose photos nobody labelled": (
        {"samples": {"sources": [SOURCE, POOL, ASKED]}},
        f"read_samples list_pool price_keywords write_paper {PLANNED}",
        None,
    ),
    "a fresh world": (
        {"evaluate": {"world": WORLD}},
        "render_exam compare_arms compare_arms_on_sets write_paper write_report",
        None,
    ),
    "a training seed more": (
        {"train": {"seeds": [0, 1]}},
        # The split of seed 1 is checked as well; nothing is trained for seed 0.
        f"split_repeat check_folds write_paper {PLANNED}",
        21,
    ),
    "the batch-size study": ({"batchsize": {"run": True}}, "build_batchsize_requests estimate_run", 6),
    "an arm dropped": (
        {"train": {"arms": {"paired": None}}},
        f"join_evaluations compare_arms write_paper {PLANNED}",
        7,
    ),
    "an arm added": (
        {
            "train": {
                "arms": {
                    "mask": {"images": "both", "texts": "negated", "batches": "paired", "loss": {"mask": 1}}
                }
            }
        },
        f"train_clip join_evaluations compare_arms write_paper {PLANNED}",
        9,
    ),
    "an arm changed": (
        {"train": {"arms": {"paired": {"loss": {"infonce": 2}}}}},
        f"train_clip evaluate_clip write_paper {PLANNED}",
        9,
    ),
    "an arm of arithmetic added": (
        {"train": {"arms": {"arithmetic": {"query_weight": 1.9}}}},
        f"evaluate_clip join_evaluations compare_arms write_paper {PLANNED}",
        8,
    ),
    "Telea in place of diffusion": ({"edits": {"backend": "telea", "weights": None}}, EDITS, None),
    "captions by the API": (
        {"captions": {"backend": "openai"}},
        f"build_caption_requests submit_captions answer_captions price_captions {PLANNED}",
        None,
    ),
    "words by the API": (
        {"keywords": {"backend": "openai"}},
        f"build_keyword_requests submit_keywords answer_keywords price_keywords {PLANNED}",
        None,
    ),
    "alphas": (
        {"train": {"inner_share": 0.1}, "evaluate": {"alphas": [0, 1]}},
        f"train_clip train_final sweep_alphas compare_arms compare_arms_on_sets write_paper {PLANNED}",
        None,
    ),
    "sham edits": (
        {"edits": {"sham": True}},
        f"make_sham_edits calibrate_scores check_folds {PLANNED}",
        # Six make and choose them, six test models on them, and eight cheap ones read what these found.
        20,
    ),
    "all of runtime": (
        {"runtime": {"workers": 4, "batch_size": 2, "device": "cpu", "folds_together": False}},
        "",
        0,
    ),
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A finished run of the embedded default, whose larger tables are above Snakemake's own limit
    for checksums.
    """
    return make_run(tmp_path_factory.mktemp("finished"))


def make_run(folder: Path, *arguments: str) -> Path:
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "src")}
    command = [sys.executable, str(INSTANT), "--directory", str(folder), *arguments]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def ask(run: Path, overlay: dict | None = None) -> Inspection:
    """Return what a run would do under the embedded default with an overlay, without the record of
    all results: that is due when anything is.
    """
    path = run.parent / f"{run.name}.yaml"
    path.write_text(yaml.safe_dump(overlay or {}))
    found = inspect_run(run, configfiles=[str(path)] if overlay else [])
    record = found.rules.pop("write_provenance", None)
    assert bool(found.rules) == (record is not None), format_inspection(found)
    return found


def follow(causes: set[str], known: set[str]) -> set[str]:
    """Return the causes and all rules that read what they make, by the table above."""
    found: set[str] = set()
    waiting = [name for cause in causes for name in (JOINS if cause == "join_shards" else [cause])]
    while waiting:
        name = waiting.pop()
        if name not in found and (name in JOINS or name in known | causes):
            found.add(name)
            waiting += FOLLOWERS.get(name, "").split()
    return {"join_shards" if name in JOINS else name for name in found}


def check(found: Inspection, causes: str, run: Path) -> None:
    """Check the rules that change of themselves, and that these and what follows them are all that
    would run.
    """
    wanted = set(causes.split())
    known = {path.name.removesuffix(".tsv") for path in (run / "benchmarks").iterdir()} | {
        "join_scores",
        "join_sham_edits",
    }
    told = {rule for rule, needed in found.rules.items() if needed.causes}
    assert told == wanted, format_inspection(found)
    # A rule that is new in this config follows as well, though the finished run has not seen it.
    new = set(found.rules) - known
    assert set(found.rules) == follow(wanted, known | new), format_inspection(found)


def test_a_finished_run_has_nothing_to_do(finished):
    found = ask(finished)
    assert (found.rules, found.left_over) == ({}, [])


def test_every_key_of_the_config_is_asked():
    config = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())

    def list_keys(block, prefix=""):
        for name, value in block.items():
            key = f"{prefix}{name}"
            yield from (
                [key]
                if key == "train.arms" or not value or not isinstance(value, dict)
                else list_keys(value, f"{key}.")
            )

    assert set(list_keys(config)) == set(KEYS)


@pytest.mark.parametrize("key", SINGLE)
def test_a_key_re_runs_the_rules_that_read_it(finished, key):
    value, causes = SINGLE[key]
    overlay = value
    for name in reversed(key.split(".")):
        overlay = {name: overlay}
    check(ask(finished, overlay), causes, finished)


@pytest.mark.parametrize("name", OVERLAYS)
def test_an_overlay_re_runs_the_rules_that_read_it(finished, name):
    overlay, causes, jobs = OVERLAYS[name]
    found = ask(finished, overlay)
    told = {rule for rule, needed in found.rules.items() if needed.causes}
    assert told == set(causes.split()), format_inspection(found)
    if jobs is not None:
        assert sum(needed.jobs for needed in found.rules.values()) == jobs, format_inspection(found)


def test_sham_edits_train_and_score_nothing_anew(finished):
    rules = set(ask(finished, {"edits": {"sham": True}}).rules)
    assert not rules & {
        "remove_objects",
        "score_edits",
        "select_pairs",
        "cache_pairs",
        "train_clip",
        "train_final",
        "evaluate_clip",
    }


NEVER_FOR_A_POOL = {
    "join_samples",
    "segment_objects",
    "remove_objects",
    "score_edits",
    "select_pairs",
    "split_folds",
    "find_leaks",
    "cache_pairs",
    "list_untouched_photos",
    "score_against_truth",
    "measure_agreement",
}


@pytest.mark.parametrize("source", [MORE | {"pool": True}, ASKED])
def test_a_pool_edits_and_scores_nothing_anew_and_trains_its_own_arms_alone(finished, source):
    found = ask(finished, {"samples": {"sources": [SOURCE, POOL, source]}})
    assert not set(found.rules) & NEVER_FOR_A_POOL
    arms = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())["train"]["arms"]
    pooled = sum("pool" in arm for arm in arms.values())
    # A job trains all folds of an arm and seed.
    assert (found.rules["train_clip"].jobs, found.rules["evaluate_clip"].jobs) == (pooled, pooled)


def test_another_seed_of_the_world_re_runs_its_sets_and_trains_nothing(finished, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished, run, copy_function=shutil.copy)
    path = tmp_path / "world.yaml"
    path.write_text(yaml.safe_dump({"evaluate": {"world": WORLD}}))
    make_run(run, "--configfile", str(path))
    assert ask(run, {"evaluate": {"world": WORLD}}).rules == {}
    found = set(ask(run, {"evaluate": {"world": WORLD | {"seed": 978}}}).rules)
    assert {"render_exam", "evaluate_set"} <= found
    after = {"compare_arms", "compare_arms_on_sets", "apply_pass_rule", "write_paper", "write_report"}
    assert found - {"render_exam", "evaluate_set"} <= after


def test_what_another_config_made_is_named(finished):
    found = ask(finished, {"train": {"arms": {"paired": None}}})
    assert found.left_over == [str(finished / "results" / kind / "paired") for kind in ("metrics", "models")]
    assert f"rm -r {finished / 'results/models/paired'}" in format_inspection(found)


def test_why_tells_the_old_and_the_new_value_and_causes_first(finished):
    told = format_inspection(ask(finished, {"train": {"steps": 101}}))
    assert "train_clip (5 jobs):\n    train.steps: 100 -> 101\n" in told
    assert told.index("train_clip") < told.index("what follows: evaluate_clip (5)")


@pytest.fixture
def copied(finished, tmp_path) -> Path:
    """A copy of the finished run in which every file is newer than the one that was made from it."""
    folder = tmp_path / "run"
    shutil.copytree(finished, folder, copy_function=shutil.copy)
    return folder


def test_a_run_that_is_copied_with_new_times_has_nothing_to_do(copied):
    assert ask(copied).rules == {}
    files = sorted(path for path in (copied / "results").rglob("*") if path.is_file())
    now = time.time()
    for number, path in enumerate(reversed(files)):
        os.utime(path, (now + number, now + number))
    assert ask(copied).rules == {}


def test_touched_tables_re_run_nothing_and_changed_ones_their_readers(copied):
    table = copied / "results/quality/pairs.parquet"
    os.utime(table)
    assert ask(copied).rules == {}
    table.write_text("other")
    found = ask(copied)
    told = {rule for rule, needed in found.rules.items() if needed.causes}
    # train_clip waits for cache_pairs, which comes before it: what Snakemake finds due, it does not
    # look behind.
    assert (
        {"draw_contact_sheet", "cache_pairs", "check_folds"} <= told <= set(FOLLOWERS["select_pairs"].split())
    )
    assert set(found.rules) == told | follow(told, set(found.rules)) - {"select_pairs"}


@pytest.mark.parametrize(
    ("gone", "causes"),
    [
        ("results/keywords/requests/scenes-0-of-2.jsonl", "build_keyword_requests"),
        ("results/captions/raw/scenes-1-of-2.jsonl", "answer_captions"),
        ("results/samples/scenes-0-of-2", "read_samples"),
        ("results/masks/scenes-0-of-2", "segment_objects"),
        ("results/edits/scenes-0-of-2", "remove_objects"),
        ("results/scenes/scenes/images", "render_scenes"),
        ("results/train/photos.npy", "cache_pairs"),
        ("results/models/paired/fold0/seed0/open_clip_model.safetensors", "train_clip"),
        ("results/metrics/paper", "write_paper"),
        ("results/report.html", "write_report"),
    ],
)
def test_what_is_deleted_is_made_again(copied, gone, causes):
    path = copied / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    found = ask(copied)
    assert {rule for rule, needed in found.rules.items() if needed.causes} == set(causes.split())
    assert f"missing: {gone}" in format_inspection(found)


@pytest.fixture(scope="module")
def own_photos(tmp_path_factory) -> tuple[Path, dict, Path]:
    """A finished run on a COCO source with weights of its own: the run, its overlay and the folder
    with both.
    """
    folder = tmp_path_factory.mktemp("own")
    shutil.copytree(CHECKOUT / "resources/embedded", folder / "weights")
    (folder / "photos").mkdir()
    for kind in ("captions", "instances"):
        (folder / f"{kind}.json").write_text(json.dumps({"kind": kind}))
    source = {"name": "own", "format": "coco", "photos": 30, "images": "photos", "captions": "captions.json"}
    source |= {"instances": "instances.json"}
    overlay = place(folder, source)
    path = folder / "own.yaml"
    path.write_text(yaml.safe_dump(overlay))
    return make_run(folder / "run", "--configfile", str(path)), source, folder


def place(folder: Path, source: dict, weights: str = "weights") -> dict:
    """Return the overlay of a source and of weights below a folder."""
    paths = {key: str(folder / source[key]) for key in ("images", "captions", "instances")}
    return {
        "runtime": {"allow_toy": True},
        "samples": {"sources": [source | paths]},
        "masks": {"weights": str(folder / weights / "detector.pt")},
        "edits": {"weights": str(folder / weights / "inpainter")},
        "quality": {"judge": str(folder / weights / "judge.pt")},
        "train": {"clip": str(folder / weights / "clip"), "arms": {"absence": None}},  # there is no pool
    }


def test_the_same_photos_and_weights_elsewhere_re_run_nothing(own_photos, tmp_path):
    run, source, folder = own_photos
    assert ask(run, place(folder, source)).rules == {}
    shutil.copytree(folder, tmp_path / "moved", ignore=shutil.ignore_patterns("run"))
    assert ask(run, place(tmp_path / "moved", source)).rules == {}


def test_pages_beside_weights_re_run_nothing_and_other_weights_do(own_photos, tmp_path):
    run, source, folder = own_photos
    moved = tmp_path / "moved"
    shutil.copytree(folder, moved, ignore=shutil.ignore_patterns("run"))
    for name in ("README.md", ".DS_Store", "inpainter/README.md", "clip/.gitattributes", "clip/LICENSE"):
        (moved / "weights" / name).write_text("a page")
    clear_fingerprints()
    assert ask(run, place(moved, source)).rules == {}
    config = moved / "weights/inpainter/unet/config.json"
    config.write_text(config.read_text() + "\n")
    clear_fingerprints()
    found = ask(run, place(moved, source))
    told = {rule for rule, needed in found.rules.items() if needed.causes}
    assert told == {"remove_objects", "write_report"}, format_inspection(found)


def test_other_captions_read_the_source_anew_and_other_instances_what_reads_them(own_photos, tmp_path):
    run, source, folder = own_photos
    for kind, causes in (
        ("captions", "estimate_run read_samples"),
        (
            "instances",
            "estimate_run score_edits list_untouched_photos measure_agreement score_against_truth",
        ),
    ):
        moved = tmp_path / kind
        shutil.copytree(folder, moved, ignore=shutil.ignore_patterns("run"))
        (moved / f"{kind}.json").write_text("{}")
        clear_fingerprints()
        found = ask(run, place(moved, source))
        told = {rule for rule, needed in found.rules.items() if needed.causes}
        assert set(causes.split()) <= told, format_inspection(found)
        assert ("read_samples" in found.rules) == (kind == "captions")


def clear_fingerprints() -> None:
    """Files change under their paths in these tests, and a fingerprint is taken once in a process."""
    from unscene.run import lineage

    lineage.fingerprint.cache_clear()


# Edits of the code. Each: a module below src/unscene, what stands there, and what would.
DECIDES_NOTHING = {
    "message of tables": (
        "run/tables.py",
        "holds no checksum, so this version did not write it",
        "has no checksum",
    ),
    "message of shards": (
        "run/shards.py",
        "its content changed since its table was written",
        "it is another file",
    ),
    "message of the failed share": ("run/shards.py", "commonest reasons: {reasons}", "mostly {reasons}"),
    "message of the config": (
        "config/checks/sources.py",
        "is used twice; each source needs its own",
        "stands twice",
    ),
    "message of the engine": (
        "machine/engine.py",
        "items in a row fail on the device",
        "items failed, one after the other",
    ),
    "message of folds": (
        "folds/splitting.py",
        "ask for fewer folds or add photos",
        "fewer folds, or more photos",
    ),
    "hint in tables": (
        "run/tables.py",
        "def _find_seal(content: bytes) -> int | None:",
        "def _find_seal(content):",
    ),
    "hint in images": (
        "photos/images.py",
        "def read_mask(path: str | Path) -> np.ndarray:",
        "def read_mask(path):",
    ),
    "hint in shards": (
        "run/shards.py",
        "def file_sha256(path: str | Path) -> str:",
        "def file_sha256(path: Path):",
    ),
    "local of tables": ("run/tables.py", r"\bschema\b(?=[, ])", "arrow_schema"),
    "local of images": ("photos/images.py", r"\bwhite\b(?! =.*#)", "ground"),
    "local of shards": ("run/shards.py", r"\breasons\b(?=[ }])", "counts"),
    "local of the join": ("machine/joining.py", r"\bframe\b", "rows"),
    "docstring": ("photos/images.py", "Read a mask PNG as a bool array", "Return a mask PNG as a bool array"),
    "comment": ("run/tables.py", "# What a column can hold.", "# The kinds of columns."),
    "log line": ("machine/joining.py", "%d rows of %d shards", "%d rows, %d shards"),
    "what a column means": (
        "folds/columns.py",
        "the fold in which the group is tested, from 0",
        "the group's fold",
    ),
    "a module that no step uses": ("cli/command.py", "def main(", "X = 1\n\n\ndef main("),
}
# With the scripts whose outputs it changes: each must count as changed, so it runs again or fails
# the test of the record.
DECIDES = {
    "a reader that is loaded by name": (
        "samples/readers/table.py",
        r"\bif\b",
        "if not",
        "read_samples",
    ),
    "a set that is loaded by name": (
        "evaluation/sets/negbench.py",
        "OPTIONS = 4",
        "OPTIONS = 5",
        "evaluate_set",
    ),
    "grain of scores": (
        "quality/image_scores.py",
        "GRAY_STEP = 2.0",
        "GRAY_STEP = 3.0",
        "score_edits score_controls score_sham_edits",
    ),
    "least AUC": ("quality/calibration.py", "LEAST_AUC = 0.6", "LEAST_AUC = 0.7", "calibrate_scores"),
    "edits in a bin": ("quality/calibration.py", "MIN_IN_BIN = 30", "MIN_IN_BIN = 20", "calibrate_scores"),
    "stride of RC-S": ("quality/rcs.py", "STRIDE = 4", "STRIDE = 5", "score_edits score_controls"),
    "prompt of scores": (
        "quality/edit_scores.py",
        "a photo of an empty place",
        "an empty place",
        "score_edits score_controls",
    ),
    "confidence of the certificate": (
        "quality/certification.py",
        "CONFIDENCE = 0.95",
        "CONFIDENCE = 0.9",
        "calibrate_thresholds",
    ),
    "a removal's least change": (
        "edits/removal.py",
        "MIN_CHANGE = 2.0",
        "MIN_CHANGE = 3.0",
        "remove_objects make_sham_edits",
    ),
    "a flat fill": ("edits/removal.py", "MAX_FLAT = 2.0", "MAX_FLAT = 3.0", "remove_objects make_sham_edits"),
    "Telea's radius": (
        "edits/removers/telea.py",
        "RADIUS_PX = 5",
        "RADIUS_PX = 3",
        "remove_objects make_sham_edits",
    ),
    "most detections": (
        "masks/detectors/base.py",
        "MAX_DETECTIONS = 300",
        "MAX_DETECTIONS = 100",
        "segment_objects score_edits",
    ),
    "cut of a mask's gray": (
        "photos/images.py",
        "> 127",
        "> 128",
        "remove_objects score_edits score_against_truth",
    ),
    "range of 16 bits": (
        "photos/images.py",
        "65535.0",
        "65536.0",
        "read_samples segment_objects remove_objects score_edits",
    ),
    "seeds": ("run/seeds.py", ">> 1", ">> 2", "remove_objects split_folds train_clip"),
    "failures in 20": (
        "run/shards.py",
        "len(frame) >= 20",
        "len(frame) >= 30",
        "read_samples segment_objects remove_objects",
    ),
    "failures in a row": (
        "machine/engine.py",
        "MAX_FAILURES_IN_A_ROW = 8",
        "MAX_FAILURES_IN_A_ROW = 9",
        "segment_objects remove_objects score_edits",
    ),
    "type of a join": (
        "run/tables.py",
        'promote_options="permissive"',
        'promote_options="default"',
        "join_shards",
    ),
    "kind of a column": (
        "run/tables.py",
        '"number": pa.float64()',
        '"number": pa.float32()',
        "segment_objects score_edits split_folds",
    ),
    "a column's kind": ("folds/columns.py", '"fold", "integer"', '"fold", "number"', "split_folds"),
    "length of a caption that the grammar reads": (
        "words/negation.py",
        "_MOST_LETTERS = 1500",
        "_MOST_LETTERS = 15",
        "answer_captions parse_captions",
    ),
    "edits in a prompt": (
        "captions/requests.py",
        "EDITS_PER_PROMPT = 10",
        "EDITS_PER_PROMPT = 11",
        "build_caption_requests",
    ),
    "length of a reason": (
        "answers/results.py",
        "_LONGEST_REASON = 200",
        "_LONGEST_REASON = 20",
        "parse_keywords parse_captions",
    ),
    "packs of clusters": ("folds/splitting.py", "MOST_PACKS = 10_000", "MOST_PACKS = 100", "split_folds"),
    "pairs of a class": (
        "evaluation/pair_metrics.py",
        "MIN_CLASS_PAIRS = 5",
        "MIN_CLASS_PAIRS = 6",
        "evaluate_clip",
    ),
    "photos of a class": (
        "evaluation/photo_metrics.py",
        "MIN_CLASS_PHOTOS = 5",
        "MIN_CLASS_PHOTOS = 6",
        "evaluate_clip",
    ),
    "level of the pass rule": ("evaluation/pass_rule.py", "ALPHA = 0.05", "ALPHA = 0.1", "apply_pass_rule"),
    "cut of the truth": (
        "evaluation/edit_truth.py",
        "MAIN_CUT = 0.75",
        "MAIN_CUT = 0.6",
        "score_against_truth",
    ),
    "loss that WiSE-FT may cost": (
        "evaluation/wise_ft.py",
        "MAX_LOSS = 0.01",
        "MAX_LOSS = 0.02",
        "sweep_alphas",
    ),
    "highest temperature": (
        "training/loop.py",
        "HIGHEST_TEMPERATURE = 100.0",
        "HIGHEST_TEMPERATURE = 50.0",
        "train_clip train_final",
    ),
    "cover of drawn masks": (
        "scenes/render.py",
        "MASK_COVERAGE = 0.5",
        "MASK_COVERAGE = 0.6",
        "render_scenes",
    ),
    "harm of a shift": (
        "batchsize/choice.py",
        "HARM_OF_SHIFT = 0.5",
        "HARM_OF_SHIFT = 0.4",
        "measure_batchsize",
    ),
    "exported difference": (
        "deploy/export.py",
        "MAX_DIFFERENCE = 1e-4",
        "MAX_DIFFERENCE = 1e-3",
        "export_clip",
    ),
    "another name of a category": (
        "words/vocabulary.py",
        ".replace(' ', '_')",
        ".replace(' ', '-')",
        "segment_objects",
    ),
}


@pytest.fixture
def edit(monkeypatch):
    """Return a function that edits a module, in memory alone, and returns the scripts whose code is
    no longer as recorded.
    """
    parsed = code.read_module

    def change(module: str, old: str, new: str) -> set[str]:
        path = CHECKOUT / "src/unscene" / module
        before = path.read_text()
        after = before.replace(old, new) if old in before else re.sub(old, new, before)
        assert after != before, f"{module} no longer holds {old!r}: bring this row up to date"
        edited = code.parse_module(after)
        monkeypatch.setattr(code, "read_module", lambda asked: edited if asked == path else parsed(asked))
        forget()
        return set(list_changed())

    def forget():
        code.hash_code.cache_clear()
        code.list_code.cache_clear()

    yield change
    monkeypatch.setattr(code, "read_module", parsed)
    forget()


@pytest.mark.parametrize("name", DECIDES_NOTHING)
def test_an_edit_that_decides_nothing_re_runs_nothing(edit, name):
    assert edit(*DECIDES_NOTHING[name]) == set()


@pytest.mark.parametrize("name", DECIDES)
def test_an_edit_that_changes_numbers_is_never_missed(edit, name):
    module, old, new, scripts = DECIDES[name]
    assert set(scripts.split()) <= edit(module, old, new)


def test_a_frozen_rule_waits_for_a_decision_and_why_says_so(finished, monkeypatch):
    recorded = code_versions.read_versions()
    monkeypatch.setattr(code_versions, "is_untouched", lambda: False)
    other = {**recorded, "remove_objects": {**recorded["remove_objects"], "code": "of an older checkout"}}
    monkeypatch.setattr(code_versions, "read_versions", lambda: other)
    found = ask(finished)
    assert found.rules == {} and found.undecided == ["remove_objects"]
    assert "WARNING: the code of remove_objects" in format_inspection(found)
    raised = {
        **other,
        "remove_objects": {"version": recorded["remove_objects"]["version"] + 1, "code": "new"},
    }
    monkeypatch.setattr(code_versions, "read_versions", lambda: raised)
    check(ask(finished), "remove_objects", finished)


def test_a_cheap_rule_with_unrecorded_code_runs_again(finished, monkeypatch):
    recorded = code_versions.read_versions()
    monkeypatch.setattr(code_versions, "is_untouched", lambda: False)
    other = {**recorded, "write_report": {**recorded["write_report"], "code": "of an older checkout"}}
    monkeypatch.setattr(code_versions, "read_versions", lambda: other)
    found = ask(finished)
    assert set(found.rules) == {"write_report"} and found.undecided == []


def test_every_rule_that_feeds_a_dear_one_is_frozen(finished):
    """A dear rule holds a device or trains; no unrecorded code of a cheap one may reach it."""
    frozen: dict[str, bool] = {}

    def look(workflow):
        lineage = workflow.globals["LINEAGE"]
        frozen.update({rule: is_frozen for rule, (_, is_frozen) in lineage.list_scripts().items()})
        waiting = [
            ("train_clip", {"arm": "paired", "seed": "1"}),
            ("train_final", {"arm": "paired_rank_keep"}),
        ]
        waiting += [("score_edits", {"shard": "scenes-0-of-2"}), ("score_controls", {})]
        found = set()
        while waiting:
            rule, wildcards = waiting.pop()
            found.add(rule)
            waiting += lineage._find_parents(rule, wildcards)
        frozen.update({rule: frozen[rule] for rule in found})
        frozen["found"] = found
        return Inspection({}, [], [])

    from unscene.run import needed_jobs

    original = needed_jobs._inspect
    needed_jobs._inspect = look
    try:
        inspect_run(finished)
    finally:
        needed_jobs._inspect = original
    assert len(frozen["found"]) > 20
    assert [rule for rule in sorted(frozen["found"]) if not frozen[rule]] == []
