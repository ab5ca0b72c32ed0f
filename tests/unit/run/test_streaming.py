"""Tables in pieces: what is joined and looked up is what plain pandas makes of whole tables."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from in_memory_joins import read_all
from unscene.run.streaming import Lookup, Positions, iterate_rows, join_to, take_rows
from unscene.run.tables import Column, Table, TableError, read_table, write_table
from unscene.words.coco80 import COCO80

THINGS = Table(
    "things.parquet",
    "thing",
    (
        Column("edit_id", "text", "a name"),
        Column("words", "texts", "words"),
        Column("count", "integer", "a number or null"),
        Column("size", "number", "a number or null"),
        Column("ok", "boolean", "true, false or null"),
        Column("reason", "text", "often null"),
    ),
)


def make_things(rows: int, seed: int, first: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return THINGS.frame(
        {
            "edit_id": f"coco_{first + row:06d}-dog",
            "words": ["dog", "hot dog"][: row % 3],
            "count": None if rng.random() < 0.2 else int(rng.integers(9)),
            "size": None if rng.random() < 0.1 else rng.random(),
            "ok": None if rng.random() < 0.1 else bool(rng.random() < 0.5),
            "reason": None if rng.random() < 0.9 else "mask: too_small: ü",
        }
        for row in range(rows)
    )


def write_parts(folder, sizes) -> list[str]:
    paths, first = [], 0
    for seed, size in enumerate(sizes):
        paths.append(str(folder / f"part-{seed}.parquet"))
        THINGS.write(make_things(size, seed, first), paths[-1])
        first += size
    return paths


def test_a_join_is_the_file_that_pandas_writes(tmp_path):
    """So joined tables of earlier versions, made again, are the same files."""
    paths = write_parts(tmp_path, [7, 0, 300, 1, 40])
    assert join_to(paths, tmp_path / "all.parquet") == 348
    pd.testing.assert_frame_equal(read_table(tmp_path / "all.parquet"), read_all(paths))
    write_table(read_all(paths), tmp_path / "pandas.parquet")
    assert (tmp_path / "all.parquet").read_bytes() == (tmp_path / "pandas.parquet").read_bytes()


def test_how_the_rows_are_cut_is_no_difference(tmp_path, monkeypatch):
    cut, whole = write_parts(tmp_path, [70, 0, 30, 1, 99]), tmp_path / "whole.parquet"
    monkeypatch.setattr("unscene.run.tables.ROWS_A_GROUP", 64)
    THINGS.write(read_all(cut), whole)
    join_to(cut, tmp_path / "one.parquet")
    join_to([whole], tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


@pytest.mark.parametrize("cut", [16_384, 5_000])
def test_large_nested_columns_have_the_same_bytes_however_their_rows_are_cut(tmp_path, cut):
    table = Table("t.parquet", "row", (Column("words", "texts", "words"),))
    rng = np.random.default_rng(1)
    words = [list(COCO80.words[: rng.integers(60, 80)]) for _ in range(40_000)]
    frame = pd.DataFrame({"words": words})
    table.write(frame, tmp_path / "whole.parquet")
    with table.open(tmp_path / "cut.parquet") as writer:
        for start in range(0, len(frame), cut):
            writer.write_frame(frame[start : start + cut])
    assert (tmp_path / "cut.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_parts_that_know_no_type_take_that_of_the_others(tmp_path):
    write_table(pd.DataFrame({"name": ["a", "b"], "seen": [None, None]}), tmp_path / "1.parquet")
    write_table(pd.DataFrame({"name": ["c"], "seen": ["x"]}), tmp_path / "2.parquet")
    write_table(pd.DataFrame({"name": ["d"], "later": [0.5]}), tmp_path / "3.parquet")
    paths = [tmp_path / f"{number}.parquet" for number in (1, 2, 3)]
    join_to(paths, tmp_path / "all.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "all.parquet"), read_all(paths))


def test_a_damaged_or_missing_part_is_named_and_leaves_nothing(tmp_path):
    paths = write_parts(tmp_path, [7, 300])
    content = bytearray(Path(paths[1]).read_bytes())
    content[len(content) // 3] ^= 1
    Path(paths[1]).write_bytes(content)
    with pytest.raises(TableError, match=r"part-1\.parquet.*not what was written"):
        join_to(paths, tmp_path / "all.parquet")
    with pytest.raises(TableError, match=r"none\.parquet"):
        join_to([paths[0], tmp_path / "none.parquet"], tmp_path / "all.parquet")
    with pytest.raises(TableError, match="no table to join"):
        join_to([], tmp_path / "all.parquet")
    with pytest.raises(TableError, match=r"part-0\.parquet: column colour is missing"):
        list(iterate_rows(paths, ["colour"]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["part-0.parquet", "part-1.parquet"]


def test_a_longer_join_takes_no_more_memory(tmp_path):
    paths = write_parts(tmp_path, [5000])

    def measure(times: int) -> int:
        pool = pa.proxy_memory_pool(pa.system_memory_pool())
        before = pa.default_memory_pool()
        pa.set_memory_pool(pool)
        try:
            join_to(paths * times, tmp_path / "all.parquet")
        finally:
            pa.set_memory_pool(before)
        return pool.max_memory()

    few, many = measure(15), measure(120)
    assert 0 < many < 1.2 * few


@pytest.mark.parametrize("rows_a_group", [3, 64, 2**16])
def test_a_lookup_is_a_left_join(tmp_path, rows_a_group):
    frame = make_things(200, seed=1)
    with THINGS.open(tmp_path / "t.parquet", rows_a_group) as writer:
        writer.write_frame(frame)
    columns = [name for name in THINGS.names if name != "edit_id"]
    lookup = Lookup([tmp_path / "t.parquet"], "edit_id", columns)
    rng = np.random.default_rng(2)
    names = [*frame["edit_id"], *(f"none_{number}" for number in range(40))]
    asked = pd.Series(rng.permutation(names), index=rng.permutation(len(names)))
    for piece in (asked[:100], asked[100:], asked[:0]):
        expected = piece.rename("edit_id").to_frame().merge(read_all([tmp_path / "t.parquet"]), how="left")
        found = lookup.find(piece)
        assert list(found.index) == list(piece.index)
        one, two = (frame.reset_index(drop=True).astype(object) for frame in (found, expected[columns]))
        pd.testing.assert_frame_equal(one.where(one.notna(), None), two.where(two.notna(), None))
    assert lookup.find_twice() == [] and len(lookup) == 200
    for positions in (rng.permutation(200), np.array([3, 199, 3]), np.empty(0, np.int64)):
        found = lookup.read(positions)
        assert found["edit_id"].tolist() == frame["edit_id"].iloc[positions].tolist()
        assert found["count"].fillna(-1).tolist() == frame["count"].iloc[positions].fillna(-1).tolist()


def test_a_lookup_in_several_tables_and_in_none(tmp_path):
    paths = write_parts(tmp_path, [0, 5, 6])
    lookup = Lookup(paths, "edit_id", ["size"])
    expected = read_all(paths).set_index("edit_id")["size"]
    np.testing.assert_array_equal(lookup.find(pd.Series(expected.index[::-1]))["size"], expected[::-1])
    empty = Lookup(paths[:1], "edit_id", ["size"])
    assert empty.find(pd.Series(["coco_000001-dog"]))["size"].isna().all()


def test_a_key_that_stands_twice_is_told(tmp_path):
    paths = write_parts(tmp_path, [5, 6])
    twice = Lookup([*paths, paths[0]], "edit_id", [])
    assert twice.find_twice() == list(read_all(paths[:1])["edit_id"])


def test_positions_are_those_of_pandas():
    rng = np.random.default_rng(3)
    numbers, asked = (rng.integers(0, 60, count).astype(np.uint64) for count in (100, 80))
    positions, all_of = Positions(numbers), pd.Series(numbers)
    first = all_of.drop_duplicates()
    expected = pd.Series(first.index, index=first).reindex(asked).fillna(-1).astype(int)
    assert positions.find(asked).tolist() == expected.tolist()
    assert positions.find_all(asked).tolist() == np.flatnonzero(all_of.isin(asked)).tolist()
    assert positions.find_twice().tolist() == sorted(all_of[all_of.duplicated()].unique())
    none = Positions(numbers[:0])
    assert none.find(asked).tolist() == [-1] * 80 and not len(none.find_all(asked))


def test_rows_are_taken_by_place_and_all_rows_of_a_key_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr("unscene.run.streaming.ROWS_A_GROUP", 4)
    frame = pd.DataFrame({"key": [f"k{row % 7}" for row in range(30)], "row": range(30)})
    paths = [tmp_path / "0.parquet", tmp_path / "1.parquet", tmp_path / "2.parquet"]
    for path, rows in zip(paths, (slice(0, 9), slice(9, 9), slice(9, 30)), strict=True):
        write_table(frame[rows], path)
    at = np.array([0, 3, 4, 8, 9, 29])
    assert take_rows(paths, ["row"], at)["row"].to_pylist() == at.tolist()
    assert take_rows(paths, ["row"], at[:0]).num_rows == 0
    found = Lookup(paths, "key", ["row"]).find_all(pd.Series(["k5", "k1", "none", "k5"]))
    assert found["row"].tolist() == frame[frame["key"].isin(["k1", "k5"])]["row"].tolist()
