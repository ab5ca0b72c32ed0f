"""The workflow as a user runs it: once whole, then never again what need not run."""

import hashlib
import json
import os
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from unscene.provenance.packing import convert_run
from unscene.provenance.record import PROVENANCE, read_record
from unscene.provenance.tracing import UnknownName, trace
from unscene.provenance.verifying import verify_run
from unscene.run.lineage import fingerprint
from unscene.run.needed_jobs import list_needed_jobs
from unscene.run.packs import list_stored, read_stored
from unscene.scenes.rendering import draw_dataset
from unscene.serving.copying import list_server_files
from workflow_runs import CHECKOUT, copy_checkout, run_snakemake

pytestmark = pytest.mark.workflow
TINY = CHECKOUT / "tests/config/tiny.yaml"
MEASURED = {"seconds"}  # columns that hold measured times

AFTER_COMPARISON = {
    *("compare_arms", "compare_arms_on_sets", "apply_pass_rule", "write_paper", "write_report"),
    "export_clip",  # the model's card has the scores
}
AFTER_TRAINING = AFTER_COMPARISON | {
    "evaluate_clip",
    "evaluate_sham",
    "join_evaluations",
    "draw_retrieval",
}
AFTER_SELECTION = AFTER_TRAINING | {
    "select_pairs",
    "draw_contact_sheet",
    "cache_pairs",
    "check_folds",
    "train_clip",
    "train_final",
    "score_against_truth",
}
SHAM = {"make_sham_edits", "join_sham_edits", "score_sham_edits", "select_sham_edits"}
AFTER_EDITS = AFTER_SELECTION | SHAM | {"score_edits", "join_scores", "calibrate_scores"}


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory) -> Path:
    """The directory of a finished run of the tiny config."""
    directory = tmp_path_factory.mktemp("run")
    finished = run_snakemake(directory, configfiles=(TINY,))
    assert finished.returncode == 0, finished.stderr[-6000:]
    return directory


def list_rules(directory: Path, overlay: dict | None, tmp_path: Path, checkout: Path = CHECKOUT) -> set[str]:
    """Return the names of the rules that would run with an overlay on top of the tiny config, without
    the one that records all results: it is due when any is.
    """
    path = tmp_path / "overlay.yaml"
    path.write_text(yaml.safe_dump(overlay or {}))
    configfiles = [str(checkout / "tests/config/tiny.yaml"), *([str(path)] if overlay else [])]
    needed = list_needed_jobs(directory, configfiles=configfiles, snakefile=checkout / "Snakefile")
    found = set(needed) - {"all", "write_provenance"}
    assert bool(found) == ("write_provenance" in needed)
    return found


def test_a_second_run_has_nothing_to_do(finished_run):
    finished = run_snakemake(finished_run, configfiles=(TINY,))
    assert finished.returncode == 0
    assert "Nothing to be done" in finished.stdout + finished.stderr


def test_the_run_wrote_what_others_rely_on(finished_run):
    results = finished_run / "results"
    wanted = {
        "samples/samples.parquet": "image_id path width height captions group shard sha256",
        "samples/rejected.parquet": "source reason detail",
        "keywords/keywords.parquet": "image_id caption_id caption words source status",
        "masks/masks.parquet": (
            "edit_id image_id category instances area_fraction confidence mask_path status reason"
        ),
        "edits/edits.parquet": (
            "edit_id image_id category image_path mask_path attempt seed model batch_shape seconds "
            "status reason"
        ),
        "captions/captions.parquet": "edit_id caption_original caption_without caption_negated source status",
        "quality/scores.parquet": "edit_id",
        "quality/pairs.parquet": (
            "edit_id image_id category group original_path edited_path caption_original "
            "caption_without caption_negated"
        ),
        "quality/rejected.parquet": "edit_id reason",
        "folds/folds.parquet": "group fold",
        "folds/classes.parquet": "category fold",
        "edits/sham.parquet": "edit_id sham_of sham_kind of_attempt status reason",
        "quality/sham.parquet": "edit_id sham_of sham_kind of_attempt original_path edited_path mask_path",
        "metrics/shams.parquet": "arm fold seed edit_id sham_kind sham_flip sham_pull edit_pull carried_pull",
        "metrics/items.parquet": (
            "arm fold seed edit_id text_score image_score group_score cos_original_present "
            "cos_original_negated cos_edited_present cos_edited_negated"
        ),
    }
    for name, columns in wanted.items():
        missing = set(columns.split()) - set(pd.read_parquet(results / name).columns)
        assert not missing, f"{name} lacks {missing}"
    comparison = pd.read_csv(results / "metrics/comparison.csv")
    assert {"contrast", "metric", "difference", "low", "high", "p", "n"} <= set(comparison.columns)
    of_shams = json.loads((results / "metrics/zero_shot/fold0-seed0.shams.json").read_text())
    assert of_shams["n_shams"] > 0 and of_shams["sham_pull"] is not None
    assert "alarms" in json.loads((results / "metrics/verdict.json").read_text())
    for name in (
        "keywords/cost.json",
        "plan.json",
        "metrics/truth.json",
        "metrics/zero_shot/fold0-seed0.json",
    ):
        assert json.loads((results / name).read_text())
    page = (results / "report.html").read_text()
    assert "<svg" in page and 'src="data:' in page
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)|url\((?!["']?(?:data:|#))|@import""", page)
    for folder in ("models/paired_rank_keep/fold1/seed0", "models/absence/all"):
        names = {path.name for path in (results / folder).iterdir()}
        assert {"open_clip_config.json", "open_clip_model.safetensors", "meta.json"} <= names


def test_the_run_is_as_its_record_says(finished_run):
    record = read_record(finished_run / PROVENANCE)
    assert list(verify_run(record, finished_run)) == []
    made = {entry["path"]: entry["rule"] for entry in record["results"]}
    assert made["results/report.html"] == "write_report" and made["results/deploy"] == "export_clip"
    assert {entry["key"] for entry in record["weights"]} >= {"masks.weights", "edits.weights", "train.clip"}
    assert set(record["circumstances"]["shards"]) == {"scenes-0-of-2", "scenes-1-of-2", "more-0-of-1"}


def test_every_edit_and_photo_has_a_story_that_agrees_with_the_tables(finished_run):
    results = finished_run / "results"
    quality = read_record(finished_run / PROVENANCE)["config"]["quality"]
    pairs, refused, edits, items, folds = (
        pd.read_parquet(results / name)
        for name in (
            *("quality/pairs.parquet", "quality/rejected.parquet", "edits/edits.parquet"),
            *("metrics/items.parquet", "folds/folds.parquet"),
        )
    )

    def tell(name: str) -> dict[str, list[tuple[str, str]]]:
        return {section.title: section.facts for section in trace(name, finished_run, quality)}

    pair = pairs.iloc[0]
    story = tell(pair["edit_id"])
    facts = dict(story[f"edit {pair['edit_id']}"])
    assert facts["seed"] == str(edits.set_index("edit_id").loc[pair["edit_id"], "seed"])
    captions = dict(story[f"captions of {pair['edit_id']}"])
    assert captions["caption_without"] == pair["caption_without"] and "answered" in captions
    assert pair["category"] in str([facts for title, facts in story.items() if title.startswith("words of")])
    assert dict(story[f"decision on {pair['edit_id']}"])["accepted"]
    fold = folds.set_index("group").loc[pair["group"], "fold"]
    assert ("tested in fold", f"{fold} (training seed 0)") in story[f"folds of {pair['edit_id']}"]
    assert len(story[f"tests of {pair['edit_id']}"]) == (items["edit_id"] == pair["edit_id"]).sum()
    # The cuts that a story shows as failed are the reasons that the selection gave.
    for row in refused[refused["reason"].str.startswith("quality: m")].head(5).to_dict("records"):
        story = tell(row["edit_id"])
        failed = {
            text.split()[0]
            for _, told in story[f"scores of {row['edit_id']}"]
            for text in told.split("; ")
            if text.endswith("FAILS")
        }
        assert {reason.removeprefix("quality: ") for reason in row["all_reasons"]} >= failed > set()
    assert f"edit {pair['edit_id']}" in tell(pair["image_id"])
    with pytest.raises(UnknownName, match="no such wanted edit"):
        tell(f"{pair['image_id']}-unicorn")
    with pytest.raises(UnknownName, match="no photo and no edit"):
        tell("nobody_1")


def test_every_wanted_edit_ends_accepted_or_rejected(finished_run):
    results = finished_run / "results"
    wanted = pd.read_parquet(results / "masks/masks.parquet")["edit_id"]
    ended = pd.concat(
        pd.read_parquet(results / f"quality/{name}.parquet")["edit_id"] for name in ("pairs", "rejected")
    )
    assert sorted(wanted) == sorted(ended)
    assert wanted.is_unique


def test_every_job_left_a_log_and_a_benchmark(finished_run):
    logs, benchmarks = (
        {
            path.relative_to(finished_run / folder).with_suffix("")
            for path in (finished_run / folder).rglob(kind)
        }
        for folder, kind in (("logs", "*.log"), ("benchmarks", "*.tsv"))
    )
    busy = {path.parent.name for path in (finished_run / "benchmarks").rglob("*.device.json")}
    assert busy == {"segment_objects", "remove_objects", "make_sham_edits", "score_edits"}
    assert logs == benchmarks
    assert {
        Path("write_report"),
        Path("remove_objects/scenes-0-of-2"),
        Path("train_final/absence"),
    } <= logs
    for path in (finished_run / "logs").rglob("*.log"):
        assert "peak memory" in path.read_text(), f"{path} does not end as a finished job's log does"


@pytest.mark.parametrize(
    ("overlay", "expected"),
    [
        ({"runtime": {"batch_size": 4, "workers": 1}}, set()),
        ({"masks": {"sha256": "0" * 64}, "quality": {"judge_sha256": "0" * 64}}, set()),
        ({"api": {"wait": False, "base_url": "http://127.0.0.1:1"}}, set()),
        ({"quality": {"thresholds": {"max_residual": 0.2}}}, AFTER_SELECTION | {"select_sham_edits"}),
        ({"quality": {"policy": "calibrated"}}, AFTER_SELECTION),
        ({"quality": {"control_percentile": 0.9}}, {"calibrate_scores"} | AFTER_SELECTION),
        ({"edits": {"steps": 3}}, AFTER_EDITS | {"remove_objects", "join_shards"}),
        ({"train": {"steps": 4}}, AFTER_TRAINING | {"train_clip", "train_final"}),
        ({"evaluate": {"bootstrap_draws": 150}}, AFTER_COMPARISON),
        ({"report": {"examples": 2}}, {"write_report"}),
    ],
    ids=[
        "runtime",
        "checksums",
        "endpoint",
        "threshold",
        "policy",
        "percentile",
        "edit steps",
        "train steps",
        "bootstrap",
        "report",
    ],
)
def test_a_change_runs_what_it_touches(finished_run, tmp_path, overlay, expected):
    assert list_rules(finished_run, overlay, tmp_path) - {"estimate_run"} == expected


def test_masks_change_invalidates_all_below_and_nothing_above(finished_run, tmp_path):
    rules = list_rules(finished_run, {"masks": {"dilation_px": 4}}, tmp_path)
    assert {
        "segment_objects",
        "remove_objects",
        "score_edits",
        "split_folds",
        "build_caption_requests",
    } <= rules
    assert not rules & {"read_samples", "parse_keywords", "build_keyword_requests", "render_scenes"}


def test_a_new_source_runs_its_own_shards_only(finished_run, tmp_path):
    sources = yaml.safe_load(TINY.read_text())["samples"]["sources"]
    sources.append({"name": "third", "format": "embedded", "photos": 8, "seed": 2110})
    path = tmp_path / "overlay.yaml"
    path.write_text(yaml.safe_dump({"samples": {"sources": sources}}))
    needed = list_needed_jobs(
        finished_run, configfiles=[str(TINY), str(path)], snakefile=CHECKOUT / "Snakefile"
    )
    for rule in ("render_scenes", "read_samples", "segment_objects", "remove_objects", "score_edits"):
        assert needed[rule] == 1, rule


@pytest.mark.parametrize(("truth", "expected"), [("union", 1), ("ignore", 0)])
def test_changed_instances_run_the_masks_of_their_source_when_they_count(tmp_path, truth, expected):
    sources = []
    for name, seed in (("one", 1), ("two", 2)):
        draw_dataset(tmp_path / name, name, photos=4, seed=seed)
        files = {kind: str(tmp_path / name / f"{kind}_{name}.json") for kind in ("captions", "instances")}
        images = str(tmp_path / name / "images")
        sources.append({"name": name, "format": "coco", "photos": 4, "images": images, **files})
    path = tmp_path / "overlay.yaml"
    changed = {
        "runtime": {"allow_toy": True},
        "samples": {"sources": sources},
        "masks": {"truth": truth},
        "train": {"arms": {"absence": None}},
        "deploy": {"arm": "paired_rank_keep"},
    }
    path.write_text(yaml.safe_dump(changed))
    configfiles, directory = (TINY, path), tmp_path / "run"
    finished = run_snakemake(directory, "--", "results/masks/masks.parquet", configfiles=configfiles)
    assert finished.returncode == 0, finished.stderr[-4000:]
    masks = pd.read_parquet(directory / "results/masks/masks.parquet")
    state = masks["instances_state"]
    assert (state == "used").all() if truth == "union" else state.isna().all()

    def list_masks():
        fingerprint.cache_clear()  # which lasts as long as a process, so it does not see a change within one
        needed = list_needed_jobs(
            directory, configfiles=[str(each) for each in configfiles], snakefile=CHECKOUT / "Snakefile"
        )
        return needed.get("segment_objects", 0)

    assert list_masks() == 0
    instances = tmp_path / "two/instances_two.json"
    instances.write_text(instances.read_text().replace('"iscrowd": 0', '"iscrowd": 1', 1) + " ")
    assert list_masks() == expected


def test_a_fresh_clone_and_comments_run_nothing(finished_run, tmp_path):
    copy = copy_checkout(tmp_path / "clone")
    assert list_rules(finished_run, None, tmp_path, copy) == set()
    copied = {copy / path for path in list_server_files()}  # by an export, comments and all
    for script in [*(copy / "src").rglob("*.py"), *(copy / "workflow/scripts").glob("*.py")]:
        if script not in copied:
            script.write_text("# a comment\n" + script.read_text())
    for module in ("lineage", "shards"):
        assert (copy / f"src/unscene/run/{module}.py").read_text().startswith("# a comment")
    finished = run_snakemake(
        finished_run, "-n", checkout=copy, configfiles=(copy / "tests/config/tiny.yaml",)
    )
    assert "Nothing to be done" in finished.stdout + finished.stderr


def test_a_job_that_fails_once_never_leaves_a_stale_result(finished_run, tmp_path):
    directory, copy = tmp_path / "run", copy_checkout(tmp_path / "clone")
    shutil.copytree(finished_run, directory, symlinks=True)
    changed = tmp_path / "changed.yaml"
    changed.write_text("train: {steps: 4}\n")
    configfiles = (copy / "tests/config/tiny.yaml", changed)
    script = copy / "workflow/scripts/train_clip.py"
    sound = script.read_text()
    script.write_text('raise SystemExit("planted failure")\n' + sound)
    failed = run_snakemake(directory, "--keep-going", checkout=copy, configfiles=configfiles)
    assert failed.returncode != 0
    script.write_text(sound)
    repaired = run_snakemake(directory, checkout=copy, configfiles=configfiles)
    assert repaired.returncode == 0, repaired.stderr[-4000:]
    assert "Nothing to be done" not in repaired.stdout + repaired.stderr
    for fold in (0, 1):
        loss = pd.read_csv(directory / f"results/models/paired_rank_keep/fold{fold}/seed0/loss.csv")
        assert len(loss) == 4


def test_same_run_elsewhere_with_packed_shards_gives_the_same_bytes(finished_run, tmp_path):
    overlay, copy = tmp_path / "packed.yaml", tmp_path / "copy"
    overlay.write_text("storage: {pack: true}\n")
    finished = run_snakemake(tmp_path / "run", configfiles=(TINY, overlay))
    assert finished.returncode == 0, finished.stderr[-4000:]
    first, second = finished_run / "results", tmp_path / "run/results"
    names = list_compared(first)
    assert names == list_compared(second)
    assert len([name for name in names if name.endswith(".png")]) > 100
    different = [name for name in names if content_of(first / name) != content_of(second / name)]
    assert different == []
    # The loose run, packed afterwards, has the very same packs; by neither key has either form a job.
    shutil.copytree(finished_run, copy)
    assert not any(outcome.left for outcome in convert_run(copy, packs=True))
    packs = sorted(str(path.relative_to(second)) for path in second.rglob("*.tar"))
    assert len(packs) == 9  # masks, edits and sham edits of three shards: no photo was converted
    assert packs == sorted(str(path.relative_to(copy / "results")) for path in copy.rglob("*.tar"))
    assert all((copy / "results" / name).read_bytes() == (second / name).read_bytes() for name in packs)
    assert all(len(os.listdir((second / name).parent)) == 2 for name in packs)  # and Snakemake's time stamp
    for run in (finished_run, tmp_path / "run", copy):
        for files in ((TINY,), (TINY, overlay)):
            assert list_needed_jobs(run, configfiles=[str(file) for file in files]) == {}, (run, files)
    assert list(verify_run(read_record(copy / PROVENANCE), copy)) == []


def list_compared(results: Path) -> list[str]:
    """The report shows measured times; hidden files are Snakemake's own. Packed files are named like
    loose ones.
    """
    names = (name for name, _ in list_stored(results))
    return [name for name in names if Path(name).name[0] != "." and name != "report.html"]


def content_of(path: Path) -> object:
    """Return what must be equal: a table without its measured columns, a record without what tells of
    the machine and its times, any other file's bytes.
    """
    if path.name == "provenance.json":
        record = json.loads(path.read_text())
        return {key: record[key] for key in record.keys() - {"circumstances", "seal"}}
    if "records" in path.parts:
        return json.loads(path.read_text())["lineage"]
    if path.suffix == ".parquet":
        frame = pd.read_parquet(path)
        return frame.drop(columns=[name for name in frame if name in MEASURED]).to_json()
    return hashlib.sha256(read_stored(path)).hexdigest()


@pytest.mark.dear
def test_what_only_a_study_asks_for_runs_too(finished_run, tmp_path):
    directory, guard, overlay = tmp_path / "run", tmp_path / "guard", tmp_path / "overlay.yaml"
    shutil.copytree(finished_run, directory, symlinks=True)
    guard.mkdir()
    pairs = pd.read_parquet(directory / "results/quality/pairs.parquet")
    leaked = pairs.drop_duplicates("image_id").iloc[0]
    shutil.copy(directory / leaked["original_path"], guard)
    main = yaml.safe_load((CHECKOUT / "config/config.yaml").read_text())["train"]["arms"]["paired_rank_keep"]
    train = {
        "inner_share": 0.2,
        "class_folds": ["paired_rank_keep"],
        "arms": {"half": {**main, "fraction": 0.5}, "unfiltered": {**main, "pairs": "unfiltered"}},
    }
    asked = {
        "folds": {"leak_guards": [{"name": "elsewhere", "images": str(guard)}]},
        "edits": {"sham": True},
        "train": train,
        "evaluate": {"alphas": [0, 0.5, 1]},
    }
    overlay.write_text(yaml.safe_dump(asked))
    finished = run_snakemake(directory, configfiles=(TINY, overlay))
    assert finished.returncode == 0, finished.stderr[-6000:]
    results = directory / "results"
    leaks = pd.read_parquet(results / "folds/leaks.parquet")
    assert leaked["image_id"] in set(leaks["image_id"])
    assert json.loads((results / "folds/check.json").read_text())["pairs_kept_out_of_training"] >= 1
    sweep = pd.read_parquet(results / "metrics/sweeps.parquet")
    assert set(sweep["arm"]) == {"originals", "paired_rank_keep", "half", "unfiltered"}
    assert (sweep.groupby(["arm", "fold", "seed"])["chosen"].sum() == 1).all()
    unfiltered = pd.read_parquet(results / "quality/unfiltered.parquet")
    assert set(pairs["edit_id"]) < set(unfiltered["edit_id"])
    trained_on = {
        arm: json.loads((results / f"models/{arm}/fold0/seed0/meta.json").read_text())["pairs"]
        for arm in ("paired_rank_keep", "unfiltered")
    }
    assert trained_on["paired_rank_keep"] < trained_on["unfiltered"] <= len(unfiltered)
    unseen = pd.read_csv(results / "metrics/unseen_classes.csv").set_index("metric")
    assert unseen.loc["group_score", "n"] == len(pairs)
    page = (results / "report.html").read_text()
    for caption in ("WiSE-FT by arm", "Unseen categories", "Controls for shortcuts", "Dose and response"):
        assert caption in page, caption
    paper = {path.name for path in (results / "metrics/paper").iterdir()}
    assert {
        "wise_ft.tex",
        "unseen_classes.tex",
        "shortcuts.tex",
        "wise-ft.pdf",
        "dose.pdf",
        "retrieval.png",
    } <= paper
    again = run_snakemake(directory, configfiles=(TINY, overlay))
    assert "Nothing to be done" in again.stdout + again.stderr
