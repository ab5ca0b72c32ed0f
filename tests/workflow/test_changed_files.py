"""Files that were moved, touched, changed or deleted: what a finished run does then."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest
import yaml

from changed_runs import FOLLOWERS, ask, follow, make_run
from unscene.run import lineage
from unscene.run.needed_jobs import format_inspection
from workflow_runs import CHECKOUT

pytestmark = [pytest.mark.workflow, pytest.mark.dear]


@pytest.fixture
def copied(finished, tmp_path) -> Path:
    """A copy of the finished run in which every file is newer than the one that was made from it."""
    folder = tmp_path / "run"
    shutil.copytree(finished, folder, copy_function=shutil.copy)
    return folder


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
        "deploy": {"arm": "paired_rank_keep"},
    }


def clear_fingerprints() -> None:
    """Files change under their paths in these tests, and a fingerprint is taken once in a process."""
    lineage.fingerprint.cache_clear()


def test_a_finished_run_has_nothing_to_do(finished):
    found = ask(finished)
    assert (found.rules, found.left_over) == ({}, [])


def test_a_run_that_is_copied_with_new_times_makes_its_record_alone(copied):
    assert ask(copied, is_copy=True).rules == {}
    files = sorted(path for path in (copied / "results").rglob("*") if path.is_file())
    now = time.time()
    for number, path in enumerate(reversed(files)):
        os.utime(path, (now + number, now + number))
    assert ask(copied, is_copy=True).rules == {}


def test_touched_tables_re_run_nothing_and_changed_ones_their_readers(copied):
    table = copied / "results/quality/pairs.parquet"
    os.utime(table)
    assert ask(copied, is_copy=True).rules == {}
    table.write_text("other")
    found = ask(copied, is_copy=True)
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
    found = ask(copied, is_copy=True)
    assert {rule for rule, needed in found.rules.items() if needed.causes} == set(causes.split())
    assert f"missing: {gone}" in format_inspection(found)


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
