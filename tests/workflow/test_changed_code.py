"""Edits of the code: those that decide nothing re-run nothing, and no other is missed."""

import re

import pytest

from changed_runs import ask, check
from unscene.run import code, code_versions, needed_jobs
from unscene.run.needed_jobs import Inspection, format_inspection, inspect_run
from workflow_runs import CHECKOUT

pytestmark = [pytest.mark.workflow, pytest.mark.dear]

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
        "is empty; lower folds.folds",
        "has no edit; lower folds.folds",
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
    "local of tables": ("run/tables.py", r"\bfooter_bytes\b", "footer_length"),
    "local of colours": ("photos/colours.py", r"\bscaled\b", "shares"),
    "local of shards": ("run/shards.py", r"\breasons\b(?=[ }])", "counts"),
    "local of the join": ("machine/joining.py", r"\brows\b(?! of)", "count"),
    "docstring": ("photos/images.py", "Read a mask PNG as a bool array", "Return a mask PNG as a bool array"),
    "comment": ("run/tables.py", "# What a column can hold.", "# The kinds of columns."),
    "log line": ("machine/joining.py", "%s of %s", "%s in %s"),
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
    "parts that tell false alarms": (
        "quality/calibration.py",
        "HELD_OUT = 5",
        "HELD_OUT = 4",
        "calibrate_scores select_pairs",
    ),
    "edits in a bin": (
        "quality/calibration.py",
        "MIN_IN_BIN = 30",
        "MIN_IN_BIN = 20",
        "calibrate_scores select_pairs",
    ),
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
        "photos/colours.py",
        "0, 65535",
        "0, 65536",
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
        "rewriting/parsing/plain_caption.py",
        "MOST_LETTERS = 1500",
        "MOST_LETTERS = 15",
        "build_caption_requests answer_captions parse_captions",
    ),
    "edits in a prompt": (
        "captions/requests.py",
        "EDITS_PER_PROMPT = 10",
        "EDITS_PER_PROMPT = 11",
        "build_caption_requests",
    ),
    "length of a reason": (
        "answers/envelopes.py",
        "LONGEST_REASON = 200",
        "LONGEST_REASON = 20",
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
        "evaluation/gallery.py",
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
        "deploy/parity.py",
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
    another one by that.
    """
    parsed = code.read_module
    scripts = list(code_versions.read_versions())
    as_it_is = {script: code.hash_code(script) for script in scripts}

    def change(module: str, old: str, new: str) -> set[str]:
        path = CHECKOUT / "src/unscene" / module
        before = path.read_text()
        after = before.replace(old, new) if old in before else re.sub(old, new, before)
        assert after != before, f"{module} no longer holds {old!r}: bring this row up to date"
        edited = code.parse_module(after)
        monkeypatch.setattr(code, "read_module", lambda asked: edited if asked == path else parsed(asked))
        forget()
        return {script for script in scripts if code.hash_code(script) != as_it_is[script]}

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
    recorded, waiting = code_versions.read_versions(), ask(finished).undecided
    monkeypatch.setattr(code_versions, "is_untouched", lambda: False)
    other = {**recorded, "remove_objects": {**recorded["remove_objects"], "code": "of an older checkout"}}
    monkeypatch.setattr(code_versions, "read_versions", lambda: other)
    found = ask(finished)
    assert found.rules == {} and set(found.undecided) - set(waiting) == {"remove_objects"}
    assert re.search("WARNING: the code of .*remove_objects", format_inspection(found))
    raised = {
        **other,
        "remove_objects": {"version": recorded["remove_objects"]["version"] + 1, "code": "new"},
    }
    monkeypatch.setattr(code_versions, "read_versions", lambda: raised)
    check(ask(finished), "remove_objects", finished)


def test_a_cheap_rule_with_unrecorded_code_runs_again(finished, monkeypatch):
    recorded, waiting = code_versions.read_versions(), ask(finished).undecided
    monkeypatch.setattr(code_versions, "is_untouched", lambda: False)
    other = {**recorded, "write_report": {**recorded["write_report"], "code": "of an older checkout"}}
    monkeypatch.setattr(code_versions, "read_versions", lambda: other)
    found = ask(finished)
    assert set(found.rules) == {"write_report"} and found.undecided == waiting


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

    original = needed_jobs._inspect
    needed_jobs._inspect = look
    try:
        inspect_run(finished)
    finally:
        needed_jobs._inspect = original
    assert len(frozen["found"]) > 20
    assert [rule for rule in sorted(frozen["found"]) if not frozen[rule]] == []
