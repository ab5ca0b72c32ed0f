"""Changes of more than one value: sources, arms, backends, worlds. What they decide runs, and
nothing else.
"""

import shutil

import pytest
import yaml

from changed_runs import EDITS, PLANNED, ask, make_run
from unscene.run.needed_jobs import format_inspection
from workflow_runs import CHECKOUT

pytestmark = [pytest.mark.workflow, pytest.mark.dear]

# Changes of more than one value: the overlay, the rules that change of themselves, and how many
# jobs would run.
SOURCE = {"name": "scenes", "format": "embedded", "photos": 800, "seed": 7}
POOL = {"name": "pool", "format": "embedded", "photos": 1000, "seed": 4243, "pool": True}
MORE = {"name": "more", "format": "embedded", "photos": 20, "seed": 9}
ASKED = {"name": "own", "format": "table", "photos": 20, "table": "own.csv", "pool": True}
WORLD = {"name": "fresh", "photos": 60, "seed": 977}
# The model's card names the sources by name, format and number of photos, and the fresh world.
CARD = "export_clip"
# Two joins of the arms' tables, three comparisons, paper, report and plan, and the model's card, which
# says how the deployed arm did beside the others.
AFTER_ARMS = 9
OVERLAYS = {
    "another source": (
        {"samples": {"sources": [SOURCE, POOL, MORE]}},
        (
            "render_scenes join_samples price_keywords price_captions join_shards join_scores find_leaks"
            " list_untouched_photos list_true_pictures score_against_truth measure_agreement"
            f" {CARD} {PLANNED}"
        ),
        None,
    ),
    "a source's seed": (
        {"samples": {"sources": [SOURCE | {"seed": 8}, POOL]}},
        (
            "render_scenes read_samples list_untouched_photos list_true_pictures score_against_truth"
            f" measure_agreement {PLANNED}"
        ),
        None,
    ),
    "another pool": (
        {"samples": {"sources": [SOURCE, POOL, MORE | {"pool": True}]}},
        f"render_pool list_pool {CARD} {PLANNED}",
        None,
    ),
    "a pool whose photos nobody labelled": (
        {"samples": {"sources": [SOURCE, POOL, ASKED]}},
        f"read_samples list_pool price_keywords {CARD} {PLANNED}",
        None,
    ),
    "a fresh world": (
        {"evaluate": {"world": WORLD}},
        f"render_exam compare_arms compare_arms_on_sets {CARD} {PLANNED}",
        None,
    ),
    "a training seed more": (
        {"train": {"seeds": [0, 1]}},
        # The split of seed 1 is checked as well; nothing is trained for seed 0.
        f"split_repeat check_folds {PLANNED}",
        21,
    ),
    "the batch-size study": ({"batchsize": {"run": True}}, "build_batchsize_requests estimate_run", 6),
    "an arm dropped": (
        {"train": {"arms": {"paired": None}}},
        f"join_evaluations compare_arms {PLANNED}",
        AFTER_ARMS,
    ),
    "an arm added": (
        {
            "train": {
                "arms": {
                    "mask": {"images": "both", "texts": "negated", "batches": "paired", "loss": {"mask": 1}}
                }
            }
        },
        f"train_clip join_evaluations compare_arms {PLANNED}",
        2 + AFTER_ARMS,
    ),
    "an arm changed": (
        {"train": {"arms": {"paired": {"loss": {"infonce": 2}}}}},
        f"train_clip evaluate_clip {PLANNED}",
        2 + AFTER_ARMS,
    ),
    "an arm of arithmetic added": (
        {"train": {"arms": {"arithmetic": {"query_weight": 1.9}}}},
        f"evaluate_clip join_evaluations compare_arms {PLANNED}",
        1 + AFTER_ARMS,
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
        f"train_clip train_final sweep_alphas compare_arms compare_arms_on_sets {PLANNED}",
        None,
    ),
    "sham edits": (
        {"edits": {"sham": True}},
        f"make_sham_edits calibrate_scores check_folds {PLANNED}",
        # Six make and choose them, six test models on them, and nine cheap ones read what these found.
        21,
    ),
    "all of runtime": (
        {"runtime": {"workers": 4, "batch_size": 2, "device": "cpu", "folds_together": False}},
        "",
        0,
    ),
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
    after = {"compare_arms", "compare_arms_on_sets", "apply_pass_rule", "write_paper", "write_report", CARD}
    assert found - {"render_exam", "evaluate_set"} <= after


def test_what_another_config_made_is_named(finished):
    found = ask(finished, {"train": {"arms": {"paired": None}}})
    assert found.left_over == [str(finished / "results" / kind / "paired") for kind in ("metrics", "models")]
    assert f"rm -r {finished / 'results/models/paired'}" in format_inspection(found)


def test_why_tells_the_old_and_the_new_value_and_causes_first(finished):
    told = format_inspection(ask(finished, {"train": {"steps": 101}}))
    assert "train_clip (4 jobs):\n    train.steps: 100 -> 101\n" in told
    assert told.index("train_clip") < told.index("what follows: evaluate_clip (4)")
