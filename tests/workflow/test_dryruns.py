"""Every config that can be planned here is planned: the same rules, whatever the data."""

import re

import pytest

from workflow_runs import CHECKOUT, run_snakemake

pytestmark = pytest.mark.workflow

STAGES = {
    "estimate_run",
    "read_samples",
    "join_samples",
    "build_keyword_requests",
    "answer_keywords",
    "parse_keywords",
    "price_keywords",
    "price_captions",
    "segment_objects",
    "remove_objects",
    "build_caption_requests",
    "answer_captions",
    "parse_captions",
    "score_edits",
    "join_shards",
    "join_scores",
    "select_pairs",
    "draw_contact_sheet",
    "split_folds",
    "train_clip",
    "train_final",
    "evaluate_clip",
    "compare_arms",
    "score_against_truth",
    "measure_agreement",
    "list_untouched_photos",
    "find_leaks",
    "check_folds",
    "cache_pairs",
    "join_evaluations",
    "compare_arms_on_sets",
    "apply_pass_rule",
    "draw_retrieval",
    "write_paper",
    "write_report",
    "export_clip",
    "write_provenance",
    "all",
    "score_controls",
    "calibrate_scores",
}

# Of the drawn scenes, and of the pool of the embedded default.
POOL_RULES = {"list_pool", "cache_pool", "embed_pool"}
EMBEDDED = STAGES | {"render_scenes", "list_true_pictures", "render_pool"} | POOL_RULES
SHAM = {"make_sham_edits", "join_sham_edits", "score_sham_edits", "select_sham_edits", "evaluate_sham"}


def list_planned_rules(tmp_path, *arguments, **options) -> set[str]:
    """Return the rules that a dry run in an empty directory plans."""
    finished = run_snakemake(tmp_path, "-n", "--quiet", "rules", *arguments, **options)
    assert finished.returncode == 0, finished.stderr[-4000:]
    rows = (finished.stdout + finished.stderr).splitlines()
    words = [row.split() for row in rows]
    return {row[0] for row in words if len(row) == 2 and row[1].isdigit()} - {"total"}


@pytest.mark.parametrize("overlay", [None, "tests/config/tiny.yaml"])
def test_embedded(tmp_path, overlay):
    configfiles = (CHECKOUT / overlay,) if overlay else ()
    assert list_planned_rules(tmp_path, configfiles=configfiles) == EMBEDDED | (SHAM if overlay else set())


STUDY = {"build_batchsize_requests", "answer_batchsize", "measure_batchsize", "write_batchsize"}


def test_the_study_is_part_of_a_run_that_wants_it(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("batchsize: {run: true}\n")
    assert list_planned_rules(tmp_path / "a", configfiles=(overlay,)) == EMBEDDED | STUDY
    overlay.write_text(
        "keywords: {backend: openai, captions_per_prompt: auto}\nbatchsize: {captions: 4000}\n"
    )
    paid = {"submit_batchsize", "submit_keywords"}
    assert list_planned_rules(tmp_path / "b", configfiles=(overlay,)) == EMBEDDED | STUDY | paid


@pytest.mark.real
@pytest.mark.parametrize("overlays", [("real_photos",), ("real_photos", "real_photos_diffusion")])
def test_real_photos(tmp_path, real_data, overlays):
    configfiles = tuple(CHECKOUT / f"tests/config/{name}.yaml" for name in overlays)
    assert list_planned_rules(tmp_path, configfiles=configfiles) == STAGES


def test_sham_edits_are_planned_when_asked_for(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("edits: {sham: true}\n")
    planned = list_planned_rules(tmp_path / "run", configfiles=(overlay,))
    assert planned == EMBEDDED | SHAM


def test_an_arm_on_unfiltered_pairs_adds_its_cache_alone(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    arm = "{images: both, texts: negated, batches: paired, loss: {mask: 1}, pairs: unfiltered}"
    overlay.write_text(f"train: {{arms: {{unfiltered: {arm}}}}}\n")
    planned = list_planned_rules(tmp_path / "run", configfiles=(overlay,))
    assert planned == EMBEDDED | {"cache_unfiltered"}


def test_query_arithmetic_on_a_tuned_arm_tests_that_arms_models(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("train: {arms: {tested: {query_weight: 1.9, of: paired}}}\n")
    finished = run_snakemake(tmp_path / "run", "-n", configfiles=(overlay,))
    assert finished.returncode == 0, finished.stderr[-4000:]
    (told,) = re.findall("Evaluating arm tested, seed 0, .*\nReason: .*", finished.stdout + finished.stderr)
    assert "results/models/paired/fold0/seed0" in told
    assert "results/models/tested" not in finished.stdout + finished.stderr


def test_slurm_profile(tmp_path):
    arguments = ("--profile", str(CHECKOUT / "profiles/slurm"))
    assert list_planned_rules(tmp_path, *arguments) == EMBEDDED


def test_a_missing_checkpoint_stops_at_once_and_names_the_key(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("masks: {weights: models/absent.pt}\n")
    finished = run_snakemake(tmp_path / "run", "-n", configfiles=(overlay,))
    assert finished.returncode != 0
    assert "masks.weights" in finished.stdout + finished.stderr


POOL = "{name: own, format: table, photos: 80, table: own.csv, pool: true}"
SCENES = "{name: scenes, format: embedded, photos: 40, seed: 7}"


def test_a_pool_without_listed_objects_is_keyworded_and_looked_at_and_never_edited(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(f"samples: {{sources: [{SCENES}, {POOL}]}}\n")
    planned = list_planned_rules(tmp_path / "run", configfiles=(overlay,))
    assert planned == EMBEDDED - {"render_pool"} | {"detect_objects"}
    finished = run_snakemake(tmp_path / "run", "-n", configfiles=(overlay,))
    told = finished.stdout + finished.stderr
    outputs = set(re.findall(r"results/(\w+(?:/\w+)*)/own-0-of-1[\w.]*", told))
    assert outputs == {
        "samples",
        "keywords",
        "keywords/requests",
        "keywords/raw",
        "keywords/followups",
        "masks/seen",
    }


def test_a_run_without_a_pool_lists_none(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    rest = "train: {arms: {absence: null}}\ndeploy: {arm: paired_rank_keep}\n"
    overlay.write_text(f"samples: {{sources: [{SCENES}]}}\n{rest}")
    planned = list_planned_rules(tmp_path / "run", configfiles=(overlay,))
    assert planned == EMBEDDED - {"render_pool"} - POOL_RULES


def test_a_fresh_world_is_drawn_once_and_every_arm_is_asked_on_its_six_sets(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("evaluate: {world: {name: fresh, photos: 60, seed: 977}}\n")
    assert list_planned_rules(tmp_path / "run", configfiles=(overlay,)) == EMBEDDED | {
        "render_exam",
        "evaluate_set",
    }


def test_a_world_with_the_seed_of_a_source_stops_at_once_and_names_the_key(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("evaluate: {world: {name: fresh, photos: 60, seed: 7}}\n")
    finished = run_snakemake(tmp_path / "run", "-n", configfiles=(overlay,))
    assert finished.returncode != 0
    assert "evaluate.world: the source 'scenes' has the seed 7" in finished.stdout + finished.stderr


def test_without_a_clip_nothing_is_trained_and_without_controls_none_are_made(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    quality = "quality: {controls: 0, thresholds: {max_residual: 0.35}}\n"
    overlay.write_text("train: {clip: null}\n" + quality)
    planned = list_planned_rules(tmp_path / "run", configfiles=(overlay,))
    assert {"select_pairs", "draw_contact_sheet", "write_report"} <= planned <= EMBEDDED
    later = {"train_clip", "train_final", "evaluate_clip", "export_clip", "cache_pairs", "list_pool"}
    assert not planned & (later | {"score_controls", "calibrate_scores", "compare_arms", "write_paper"})
