"""Tables, shards and devices: nothing half-written, nothing silently wrong."""

import subprocess

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from unscene.machine import devices
from unscene.run.shard_names import get_item_range, list_shards
from unscene.run.shards import ShardWriter, check_failed_share, check_file, file_sha256
from unscene.run.tables import (
    Column,
    Table,
    TableError,
    join_tables,
    read_json,
    read_table,
    write_json,
    write_table,
)


def test_same_frame_same_bytes(tmp_path):
    frame = pd.DataFrame({"edit_id": ["a", "b"], "words": [["dog"], []]}, index=[5, 9])
    for name in ("one.parquet", "two.parquet"):
        write_table(frame, tmp_path / name)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()
    assert list(read_table(tmp_path / "one.parquet")["words"][0]) == ["dog"]


def test_missing_column_is_named_with_the_file(tmp_path):
    path = tmp_path / "t.parquet"
    with pytest.raises(TableError, match="reason"):
        write_table(pd.DataFrame({"status": ["ok"]}), path, columns=["status", "reason"])
    assert not path.exists()
    write_table(pd.DataFrame({"status": ["ok"]}), path)
    with pytest.raises(TableError, match=r"t\.parquet.*reason"):
        read_table(path, columns=["reason"])


def test_broken_table_is_named(tmp_path):
    (tmp_path / "t.parquet").write_bytes(b"no parquet")
    with pytest.raises(TableError, match=r"t\.parquet"):
        read_table(tmp_path / "t.parquet")


def make_scores(rows: int = 400) -> pd.DataFrame:
    """Return a table as steps write it: names, numbers, nulls, texts and lists."""
    rng = np.random.default_rng(3)
    return pd.DataFrame(
        {
            "edit_id": [f"coco_{number:06d}-dog" for number in range(rows)],
            "residual": np.where(rng.random(rows) < 0.1, np.nan, rng.random(rows)),
            "instances": rng.integers(1, 5, rows),
            "reason": [None if number % 3 else "too_small" for number in range(rows)],
            "words": [["dog", "hot dog"][: number % 3] for number in range(rows)],
        }
    )


def test_no_flipped_bit_is_read_as_another_value(tmp_path):
    path = tmp_path / "scores.parquet"
    write_table(make_scores(), path)
    content, written = path.read_bytes(), read_table(path)
    rng = np.random.default_rng(1)
    bits = rng.choice(8 * len(content), 400, replace=False)
    silent = 0
    for bit in bits:
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(bytes(flipped))
        with pytest.raises(TableError, match=r"scores\.parquet"):
            read_table(path)
        with pytest.raises(TableError):
            join_tables([path])
        silent += not is_read_plainly(path, written)
    assert silent, "the flips of this test harm no reader that takes no checksums: it could not fail"
    path.write_bytes(content)
    pd.testing.assert_frame_equal(read_table(path), written)


def is_read_plainly(path, written) -> bool:
    """Tell whether a reader without checksums sees an error or the values as they were written."""
    try:
        return pq.read_table(path).to_pandas().equals(written)
    except Exception:
        return True


def test_a_table_without_a_seal_or_cut_short_is_named(tmp_path):
    path = tmp_path / "t.parquet"
    make_scores(5).to_parquet(path)
    with pytest.raises(TableError, match=r"t\.parquet.*no checksum"):
        read_table(path)
    assert len(read_table(path, sealed=False)) == 5
    write_table(make_scores(5), path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(TableError, match=r"t\.parquet"):
        read_table(path)


def test_a_declared_table_has_its_types_also_when_it_is_empty(tmp_path):
    columns = (
        Column("name", "text", "a name"),
        Column("sizes", "numbers", "sizes", "px"),
        Column("n", "integer", "how many"),
    )
    table = Table("some/table.parquet", "thing", columns)
    for number, rows in enumerate(
        ([], [{"name": "a", "sizes": [1.0], "n": 2}], [{"name": None, "sizes": None, "n": None}])
    ):
        table.write(table.frame(rows), tmp_path / f"{number}.parquet")
    schemas = {str(pq.read_schema(tmp_path / f"{n}.parquet").remove_metadata()) for n in range(3)}
    assert len(schemas) == 1
    assert table.read(tmp_path / "1.parquet", ["n"]).to_dict("list") == {"n": [2]}
    for wrong in (
        pd.DataFrame({"name": ["a"]}),
        table.frame([]).assign(more=1),
        pd.DataFrame({"name": [1.5], "sizes": [[1]], "n": ["x"]}),
    ):
        with pytest.raises(TableError, match=r"w\.parquet"):
            table.write(wrong, tmp_path / "w.parquet")
    assert not (tmp_path / "w.parquet").exists()


def test_joining_an_empty_part_changes_no_type(tmp_path):
    full = pd.DataFrame({"n": [1, 2], "reason": ["x", None]})
    write_table(full, tmp_path / "a.parquet")
    write_table(full.iloc[:0], tmp_path / "b.parquet")
    write_table(pd.DataFrame({"n": [3], "reason": [None]}), tmp_path / "c.parquet")
    joined = join_tables([tmp_path / f"{name}.parquet" for name in "abc"])
    assert list(joined["n"]) == [1, 2, 3]
    assert joined["n"].dtype == "int64"


def test_json_has_no_nan(tmp_path):
    write_json({"b": float("nan"), "a": [float("inf"), 1.5]}, tmp_path / "x.json")
    assert read_json(tmp_path / "x.json") == {"a": [None, 1.5], "b": None}


def test_shards_are_known_without_data_and_cover_all_items():
    shards = list_shards({"name": "coco", "photos": 5}, shard_size=2)
    assert shards == ["coco-0-of-3", "coco-1-of-3", "coco-2-of-3"]
    assert [list(get_item_range(shard, 2)) for shard in shards] == [[0, 1], [2, 3], [4, 5]]


def test_a_failing_job_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), ShardWriter(tmp_path / "s", tmp_path / "s.parquet") as writer:
        (writer.folder / "mask.png").write_bytes(b"x")
        raise RuntimeError("stopped")
    assert list(tmp_path.iterdir()) == []


def test_finish_replaces_an_old_folder_whole(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "old.png").write_bytes(b"old")
    table = Table("s.parquet", "edit", (Column("edit_id", "text", "the edit"),))
    with ShardWriter(tmp_path / "s", tmp_path / "s.parquet") as writer:
        (writer.folder / "new.png").write_bytes(b"new")
        writer.finish(pd.DataFrame({"edit_id": ["a"]}), table)
    assert [path.name for path in (tmp_path / "s").iterdir()] == ["new.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s", "s.parquet"]


def test_a_changed_file_is_noticed(tmp_path):
    path = tmp_path / "m.png"
    path.write_bytes(b"one")
    recorded = file_sha256(path)
    check_file(path, recorded)
    path.write_bytes(b"two")
    with pytest.raises(ValueError, match=r"m\.png"):
        check_file(path, recorded)


@pytest.mark.parametrize(("failed", "total", "stops"), [(11, 20, True), (10, 20, False), (19, 19, False)])
def test_only_systematic_failure_stops(failed, total, stops):
    frame = pd.DataFrame(
        {"status": ["failed"] * failed + ["ok"] * (total - failed), "reason": ["disk full"] * total}
    )
    if stops:
        with pytest.raises(RuntimeError, match="disk full"):
            check_failed_share(frame, 0.5, "masks")
    else:
        check_failed_share(frame, 0.5, "masks")


def test_no_device_means_cpu_or_a_clear_stop(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)

    def no_tool(*args, **kwargs):
        raise FileNotFoundError

    monkeypatch.setattr(subprocess, "run", no_tool)
    assert devices.lease_device({"device": "auto"}) == "cpu"
    with pytest.raises(RuntimeError, match="runtime.device"):
        devices.lease_device({"device": "cuda"})


def test_what_a_killed_job_left_beside_its_folder_is_removed(tmp_path):
    (tmp_path / ".s-1-of-2.0a1b2c3d.tmp").mkdir()
    (tmp_path / ".s-1-of-20.0a1b2c3d.tmp").mkdir()
    with ShardWriter(tmp_path / "s-1-of-2", tmp_path / "s-1-of-2.parquet") as writer:
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
            [".s-1-of-20.0a1b2c3d.tmp", writer.folder.name]
        )
