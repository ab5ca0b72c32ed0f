"""What a change re-runs of a finished run: the run, by instant steps of the real workflow
(`instant_run.py`), what it would do, and what it has to do. Only names, times, checksums and lineages
count.
"""

import os
import subprocess
import sys
from pathlib import Path

import yaml

from unscene.run.needed_jobs import Inspection, format_inspection, inspect_run
from workflow_runs import CHECKOUT

INSTANT = CHECKOUT / "tests" / "helpers" / "instant_run.py"

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
    # A fixed threshold that says `controls` takes its cut from the controls themselves.
    "score_controls": "calibrate_scores select_pairs write_report",
    "calibrate_scores": "write_report",
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
    # The model's card, which the export writes, says how the deployed arm did.
    "compare_arms": (
        "compare_arms_on_sets apply_pass_rule write_paper write_report compare_unseen_classes export_clip"
    ),
    "draw_retrieval": "write_paper write_report",
    "compare_arms_on_sets": "apply_pass_rule write_paper write_report export_clip",
    "apply_pass_rule": "write_paper write_report export_clip",
    "measure_distances": "",
    "score_against_truth": "write_report",
    "measure_agreement": "write_report",
}
JOINS = ("join_keywords", "join_masks", "join_edits", "join_captions")
# The plan and the methods sections of report and paper read whole blocks of the config.
PLANNED = "estimate_run write_paper write_report"
MASKS, EDITS = f"segment_objects {PLANNED}", f"remove_objects {PLANNED}"


def make_run(folder: Path, *arguments: str) -> Path:
    """Make a run of instant steps in a folder, with more arguments to Snakemake; return the folder."""
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT / "src")}
    command = [sys.executable, str(INSTANT), "--directory", str(folder), *arguments]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=1200
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


def ask(run: Path, overlay: dict | None = None, is_copy: bool = False) -> Inspection:
    """Return what a run would do under the embedded default with an overlay, without the record of
    all results: that is due when anything is, and in a copy with new times always, since it reads
    folders, which have no checksum (docs/LINEAGE.md).
    """
    path = run.parent / f"{run.name}.yaml"
    path.write_text(yaml.safe_dump(overlay or {}))
    found = inspect_run(run, configfiles=[str(path)] if overlay else [])
    record = found.rules.pop("write_provenance", None)
    assert (record is not None) == (is_copy or bool(found.rules)), format_inspection(found)
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
