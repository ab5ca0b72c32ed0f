"""A run taken from loose pictures to packs and back: nothing else of it changes, nothing is lost."""

import errno
import os
import random
from hashlib import sha256
from pathlib import Path

import pytest

from unscene.cli.command import main
from unscene.edits.columns import EDITS, SHAM_EDITS
from unscene.masks.columns import MASKS
from unscene.provenance.packing import convert_run
from unscene.run.packs import find_pack, list_stored, read_stored
from unscene.run.records import find_damage, hash_content
from unscene.run.shards import ShardWriter

FOLDERS = [
    *("results/edits/s-0-of-2", "results/edits/s-1-of-2", "results/edits/sham/s-0-of-2"),
    *("results/masks/s-0-of-2", "results/masks/s-1-of-2"),
]
OF_STAGE = {"masks": MASKS, "edits": EDITS, "sham": SHAM_EDITS}


def fill(table, rows: list[dict]):
    frame = table.frame(rows).astype(object)
    return frame.where(frame.notna(), None)


@pytest.fixture
def run(tmp_path, monkeypatch) -> Path:
    """A run whose two shards have masks and edits, and one sham edits, with an old time of each."""
    monkeypatch.chdir(tmp_path)
    chance = random.Random(5)
    for folder in FOLDERS:
        stage, shard = Path(folder).parent.name, Path(folder).name
        with ShardWriter(folder, f"{folder}.parquet") as writer:
            rows = []
            for number in range(3):
                edit_id = f"{shard[:3]}_{number}-dog"
                names = {"image_path": f"{edit_id}.png", "mask_path": f"{edit_id}.mask.png"}
                if stage == "masks":
                    names = {"mask_path": f"{edit_id}.png"}
                    (writer.folder / f"{edit_id}.object.png").write_bytes(chance.randbytes(600))
                row = {"edit_id": edit_id, "image_id": edit_id[:-4], "status": "ok"}
                for column, name in names.items():
                    content = chance.randbytes(700)
                    (writer.folder / name).write_bytes(content)
                    digest = "edited_sha256" if column == "image_path" else "mask_sha256"
                    row |= {column: writer.final_path(name), digest: sha256(content).hexdigest()}
                rows.append(row)
            writer.finish(fill(OF_STAGE[stage], rows), OF_STAGE[stage])
        Path(folder, ".snakemake_timestamp").touch()
        for path in (*Path(folder).iterdir(), Path(folder), Path(f"{folder}.parquet")):
            os.utime(path, (1_000_000, 1_000_000))
    return tmp_path


def look() -> dict[str, object]:
    """Return all that Snakemake, records and readers see of the run."""
    seen: dict[str, object] = {f"{folder} content": hash_content(folder) for folder in FOLDERS}
    for folder in FOLDERS:
        seen[folder] = {name: read_stored(Path(folder, name)) for name, _ in list_stored(Path(folder))}
        for path in (folder, f"{folder}.parquet", f"{folder}/.snakemake_timestamp"):
            seen[f"{path} time"] = Path(path).stat().st_mtime_ns
        seen[f"{folder} table"] = Path(f"{folder}.parquet").read_bytes()
    return seen


def count_files() -> int:
    return sum(path.is_file() for path in Path("results").rglob("*"))


def test_a_run_there_and_back(run, capsys):
    before, files = look(), count_files()
    assert main(["pack", str(run)]) == 0
    assert "packed: 30 files into 5 tars" in capsys.readouterr().out
    assert look() == before and count_files() == files - 25
    assert main(["pack", "--directory", str(run)]) == 0
    assert "packed: 0 files into 0 tars\n5 folders of shards had nothing to pack" in capsys.readouterr().out
    assert main(["pack", str(run), "--undo"]) == 0
    assert "unpacked: 30 files from 5 tars" in capsys.readouterr().out
    assert look() == before and count_files() == files


def test_a_run_of_both_forms_is_read_whole_and_packed_whole(run):
    before = look()
    other = Path(FOLDERS[1])
    Path("aside").mkdir()
    Path(f"{other}.parquet").rename("aside/table")
    other.rename("aside/folder")
    assert [outcome.files for outcome in convert_run(run, packs=True)] == [6, 6, 6, 6]
    Path("aside/folder").rename(other)
    Path("aside/table").rename(f"{other}.parquet")
    assert look() == before
    assert sum(outcome.files for outcome in convert_run(run, packs=True)) == 6
    assert look() == before


def test_what_is_damaged_or_unfinished_is_left_as_it_is(run, capsys):
    damaged, unfinished = Path(FOLDERS[0]), Path(FOLDERS[3])
    picture = next(damaged.glob("*-dog.png"))
    picture.write_bytes(b"other")
    Path(f"{unfinished}.parquet").unlink()
    files = {folder: sorted(os.listdir(folder)) for folder in (damaged, unfinished)}
    assert main(["pack", str(run)]) == 1
    told = capsys.readouterr().out
    assert f"{picture}: it is not what its table tells" in told
    assert f"{unfinished}: its job has not ended" in told and "packed: 18 files into 3 tars" in told
    assert files == {folder: sorted(os.listdir(folder)) for folder in (damaged, unfinished)}


def test_a_pack_that_was_cut_is_no_source(run, capsys):
    records = {folder: hash_content(folder) for folder in FOLDERS}
    convert_run(run, packs=True)
    pack = find_pack(FOLDERS[2])
    pack.write_bytes(pack.read_bytes()[:-9000])
    assert "cut or changed" in find_damage(Path(FOLDERS[2]), records[FOLDERS[2]])
    assert main(["pack", str(run), "--undo"]) == 1
    assert "cut or changed" in capsys.readouterr().out and pack.exists()


def test_a_place_without_a_run_is_told(tmp_path, capsys):
    assert main(["pack", str(tmp_path)]) == 1
    assert "no run is here" in capsys.readouterr().err


def test_a_full_disk_loses_nothing_and_says_the_way_out(run, monkeypatch, capsys):
    before = look()

    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("unscene.run.packs._write_member", refuse)
        assert main(["pack", str(run)]) == 1
    assert "the disk is full" in capsys.readouterr().err
    assert look() == before and not list(Path("results").rglob("*.t*"))
