"""Four machines that share nothing: parts under four paths, copied without times and without Snakemake's
notes, one shard missing, one of other settings, one with a flipped bit, two of them with packed shards;
merged, they are the single run.
"""

import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from unscene.machine.scratch import Scratch
from unscene.merging.merge import merge_parts
from unscene.merging.unfinished import Unfinished
from unscene.run.checkout import CHECKOUT
from unscene.run.lineage import digest
from unscene.run.needed_jobs import list_needed_jobs
from unscene.run.packs import find_pack, list_stored, pack_folder, read_stored
from unscene.run.tables import read_json

SHARED = """
samples:
  sources:
    - {name: scenes, format: embedded, photos: 26, seed: 2107}
    - {name: more, format: embedded, photos: 14, seed: 2108}
    - {name: pool, format: embedded, photos: 8, seed: 2109, pool: true}
  shard_size: 4
keywords: {backend: openai}   # with what joins the shards' paid answers
captions: {backend: openai}
train: {arms: {absence: {pool: 8, steps: 3}}}
"""
PER_SHARD = ("read_samples", "segment_objects", "remove_objects", "score_edits", "parse_captions")
ASKED = ("answer_keywords", "parse_keywords")


def run_instantly(directory: Path, files: list[Path], *arguments: str) -> None:
    command = [sys.executable, str(CHECKOUT / "tests/helpers/recorded_run.py"), "--directory", str(directory)]
    command += ["--configfile", *map(str, files), *arguments]
    known = os.environ | {"PYTHONPATH": str(CHECKOUT / "src"), "OPENAI_API_KEY": "sk-no-step-asks"}
    done = subprocess.run(command, cwd=CHECKOUT, env=known, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def read_results(run: Path) -> dict[str, bytes]:
    """Return the content of all results by name, of packed files as of loose ones."""
    names = (name for name, _ in list_stored(run / "results"))
    return {name: read_stored(run / "results" / name) for name in names if Path(name).name[0] != "."}


def list_tables(run: Path) -> list[Path]:
    """Return the tables of a run's shards that stand beside a folder."""
    tables = sorted((run / "results").rglob("*-of-*.parquet"))
    return [path for path in tables if path.with_suffix("").is_dir()]


@pytest.fixture(scope="module")
def parts(tmp_path_factory) -> tuple[Path, list[Path], Path]:
    """Return (config, the copies of the four parts, the single run)."""
    base = tmp_path_factory.mktemp("parts")
    config, other = base / "run.yaml", base / "other.yaml"
    config.write_text(SHARED)
    other.write_text("masks: {target_confidence: 0.61}\n")
    copies = []
    for number in range(1, 5):
        run = base / f"machine {number}" / "deep" / f"run{number}"
        run_instantly(run, [config, *([other] if number == 3 else [])], "--config", f"part={number}/4")
        copy = base / f"copy{number}"
        shutil.copytree(run / "results", copy / "results", copy_function=shutil.copyfile)
        copies.append(copy)
    run_instantly(base / "single", [config])
    return config, copies, base / "single"


def test_parts_become_the_single_run(parts, tmp_path):
    config, copies, single = parts
    whole = tmp_path / "whole"
    of_part = {
        number: {path.stem for path in (copy / "results/masks").glob("*-of-*.parquet")}
        for number, copy in enumerate(copies, 1)
    }
    assert sum(map(len, of_part.values())) == 11 and all(of_part.values())
    lost, flipped = sorted(of_part[2])[0], sorted(of_part[1])[0]
    for path in list((copies[1] / "results").rglob(f"{lost}*")):
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    packed = [pack_folder(path.with_suffix("")) for n in (0, 3) for path in list_tables(copies[n])]
    # Samples, masks and edits, and the samples of the pool.
    assert all(packed) and len(packed) >= 3 * (len(of_part[1]) + len(of_part[4]))
    picture = copies[0] / f"results/masks/{flipped}/item"
    pack = find_pack(picture.parent)
    content = bytearray(pack.read_bytes())
    content[content.rindex(read_stored(picture)) + 2] ^= 4
    pack.write_bytes(content)

    found = merge_parts(copies, whole, [str(config)], CHECKOUT / "Snakefile")

    assert list(found.missing) == [lost] and "read_samples" in found.missing[lost]
    (damage,) = found.damaged
    assert str(picture) in damage
    ((part, cause),) = found.other
    assert part == str(copies[2]) and "masks.target_confidence: 0.61 -> 0.5" in cause
    others = len(of_part[3])
    assert found.other[part, cause] == [f"segment_objects of {shard}" for shard in sorted(of_part[3])]
    needed = Counter(list_needed_jobs(whole, configfiles=[str(config)]))
    # The flipped mask is made anew, and by Snakemake's rules what follows it.
    assert {rule: needed[rule] for rule in PER_SHARD} == {
        "read_samples": 1,
        **dict.fromkeys(PER_SHARD[1:], 2 + others),
    }
    # The list of batches is in no part. That it is made does not make anew what was answered.
    assert needed["submit_keywords"] == needed["submit_captions"] == 1
    assert {rule: needed[rule] for rule in ASKED} == dict.fromkeys(ASKED, 1)
    again = merge_parts(copies, whole, [str(config)], CHECKOUT / "Snakefile")
    assert again.adopted.total() == 0

    run_instantly(whole, [config])
    assert list_needed_jobs(whole, configfiles=[str(config)]) == {}
    assert read_results(whole) == read_results(single)


def test_a_run_that_lost_snakemakes_notes_is_judged_by_its_records(parts, tmp_path):
    config, _, single = parts
    copy = tmp_path / "copy"
    shutil.copytree(single / "results", copy / "results", copy_function=shutil.copyfile)
    (copy / "results/quality/pairs.parquet").write_text("changed\n")
    found = merge_parts([single], copy, [str(config)], CHECKOUT / "Snakefile")
    assert not found.missing and not found.left
    assert (copy / "results/quality/pairs.parquet").read_bytes() != b"changed\n"
    assert list_needed_jobs(copy, configfiles=[str(config)]) == {}


def push_half_done(run: Path, copy: Path, shard: str) -> None:
    """Let a machine finish three edits of a shard and push them."""
    record = read_json(copy / f"results/records/remove_objects/{shard}.json")
    with Scratch(run / "state/scratch/remove_objects" / shard, digest(record["lineage"])) as scratch:
        for name in ("0.png", "1.png", "2.png"):
            (scratch.files / name).write_text(name)
            scratch.record(name, {"status": "ok"}, [name])
    Unfinished(run, copy).push(is_last=True)


def test_a_part_is_taken_back_on_a_fresh_machine(parts, tmp_path):
    config, copies, _ = parts
    copy, part = tmp_path / "copy", tmp_path / "part"
    shutil.copytree(copies[3], copy, copy_function=shutil.copyfile)
    shards = sorted(path.stem for path in (copy / "results/edits").glob("*-of-*.parquet"))
    (copy / f"results/edits/{shards[0]}.parquet").write_bytes(b"cut")
    for shard in shards[:2]:  # what the lost machine had done of them; the second has come whole since
        push_half_done(tmp_path / "lost", copy, shard)
    found = merge_parts([copy], part, [str(config)], CHECKOUT / "Snakefile", part="4/4")
    assert found.taken_back == {f"remove_objects of {shards[0]}": 3}
    scratch = part / "state/scratch/remove_objects"
    assert [path.name for path in scratch.iterdir()] == [shards[0]]
    assert (scratch / shards[0] / "files/1.png").read_text() == "1.png"
    assert not found.missing and [text.split(":")[0] for text in found.damaged] == [
        f"remove_objects of {shards[0]}"
    ]
    needed = list_needed_jobs(part, {"part": "4/4"}, [str(config)])
    # The flipped edits are made anew and what reads them; nothing of the part's other shards is.
    assert needed["remove_objects"] == 1 and "segment_objects" not in needed
    assert set(needed.values()) == {1}
