"""Each key of the config with another value: the rules that read it run, and nothing else."""

import pytest
import yaml

from changed_runs import EDITS, MASKS, PLANNED, ask, check
from unscene.run.needed_jobs import inspect_run
from workflow_runs import CHECKOUT

pytestmark = [pytest.mark.workflow, pytest.mark.dear]

THRESHOLD, TRAINING = f"select_pairs {PLANNED}", f"train_clip train_final {PLANNED}"
SAMPLES, JUDGE = f"read_samples {PLANNED}", f"score_edits score_controls {PLANNED}"
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
    "api.model": ("gpt-4o-mini", "estimate_run price_keywords price_captions write_paper"),
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
    "runtime.allow_toy": (True, ""),
    "runtime.max_failed_share": (0.4, ""),
    "runtime.devices": (2, ""),
    "runtime.chunk_pairs": (1, ""),
    "runtime.checkpoint_activations": (True, ""),
    "runtime.save_seconds": (61, ""),
    "runtime.folds_together": (False, ""),
    # A finished run has loose files of the shards; both forms may lie in one run.
    "storage.pack": (True, ""),
    "part": ("1/2", ""),
    "samples.sources": ...,
    "samples.take": (400, ""),  # it leaves no drawn scene out
    "samples.shard_size": (401, SAMPLES),
    "samples.captions_per_photo": (1, SAMPLES),
    "samples.min_side": (33, SAMPLES),
    "samples.max_pixels": (100_000_001, SAMPLES),
    "samples.duplicate_hash_distance": (5, f"join_samples list_pool {PLANNED}"),
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
    "captions.choose": ("clearest", f"build_caption_requests parse_captions {PLANNED}"),
    "captions.held_out_share": (
        0.2,
        f"parse_captions train_clip train_final {PLANNED}",
    ),
    "quality.judge": ("resources/embedded/detector.pt", "score_edits score_controls write_report"),
    "quality.judge_sha256": ("b" * 64, ""),
    "quality.judge_image_size": (96, JUDGE),
    "quality.dino": ...,
    "quality.controls": (41, f"score_controls {PLANNED}"),
    "quality.control_percentile": (0.98, f"calibrate_scores select_pairs {PLANNED}"),
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
    "folds.folds": (4, f"split_folds check_folds train_clip evaluate_clip {PLANNED}"),
    "folds.duplicate_hash_distance": (
        7,
        f"split_folds find_leaks list_pool check_folds {PLANNED}",
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
    "train.class_folds": (["paired"], f"train_clip_classes {PLANNED}"),
    "evaluate.bootstrap_draws": (2001, "compare_arms compare_arms_on_sets write_paper write_report"),
    "evaluate.confidence": (0.9, "compare_arms compare_arms_on_sets write_paper write_report export_clip"),
    "evaluate.max_photos": (
        1999,
        "estimate_run list_untouched_photos compare_arms compare_arms_on_sets write_paper write_report",
    ),
    "evaluate.alphas": ...,
    "evaluate.set_arms": (["zero_shot"], f"compare_arms compare_arms_on_sets {PLANNED}"),
    "evaluate.sets": ...,
    "evaluate.world": ...,
    "evaluate.models": ...,
    "report.title": ("another title", "write_report"),
    "report.examples": (9, "write_report"),
    "deploy.arm": (
        "paired",
        (
            "train_final draw_retrieval compare_arms compare_arms_on_sets apply_pass_rule export_clip"
            f" {PLANNED}"
        ),
    ),
    "deploy.forms": (["open_clip"], "export_clip"),
    "deploy.base_model": ("openai/clip-vit-base-patch32", "export_clip"),
    "deploy.datasets": (["HuggingFaceM4/COCO"], "export_clip"),
    "publish.further_licences": ...,
    "plan.prices": ...,
}
SINGLE = {key: row for key, row in KEYS.items() if row is not ...}


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


def test_a_further_licence_is_written_into_the_record_alone(finished):
    """The dataset that may be shared is made when it is asked for, and is no part of a finished run."""
    found = inspect_run(finished, {"publish": {"further_licences": ["not stated"]}})
    assert set(found.rules) == {"write_provenance"}
