"""Tables as people have them: separators, marks, heads, names of columns, JSON Lines, lists in parquet."""

import csv
import json
import subprocess
import time

import pandas as pd
import pytest

from unscene.samples.readers import SourceError, count_items, iterate_items
from unscene.samples.readers.text_files import guess_encoding

ROWS = [
    ("a.jpg", "A dog; on a beach, at noon."),
    ("sub/b.JPG", 'A "cat"\twith, a hat'),
    ("c.png", "Zwei Hunde spielen, 狗"),
    ("a.jpg", "The same dog."),
]
CAPTIONS = {
    "a": [ROWS[0][1], ROWS[3][1]],
    "b": [ROWS[1][1]],
    "c": [ROWS[2][1]],
}


def read(folder, **source):
    source = {"name": "own", "format": "table", "photos": 100, **source}
    assert count_items({key: source[key] for key in source if key != "photos"}, folder) == len(
        items := list(iterate_items(source, range(100), folder))
    )
    return {item.key: item.captions for item in items}


def write(path, rows, separator, encoding="utf-8", newline="\r\n"):
    with open(path, "w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=separator, lineterminator=newline).writerows(rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("head", [("path", "caption"), ("File_Name", "TEXT"), ("Title", "filepath"), None])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separator_mark_and_head_are_found(tmp_path, separator, head, encoding):
    turned = head == ("Title", "filepath")
    rows = [row[::-1] if turned else row for row in ROWS]
    write(tmp_path / "t.csv", [head, *rows] if head else rows, separator, encoding)
    assert read(tmp_path, table="t.csv") == CAPTIONS


@pytest.mark.parametrize("name", ["t.tsv", "t.txt", "t.tab", "t.csv"])
def test_the_ending_of_a_text_table_decides_nothing(tmp_path, name):
    for separator in (",", ";", "\t"):
        write(tmp_path / name, [("image", "caption"), *ROWS], separator, newline="\n")
        assert read(tmp_path, table=name) == CAPTIONS


def test_what_pandas_writes_is_read(tmp_path):
    frame = pd.DataFrame(ROWS, columns=["file", "caption"])
    frame["id"] = range(len(frame))
    frame.to_csv(tmp_path / "index.csv")
    frame.to_csv(tmp_path / "tab.tsv", sep="\t", index=False)
    frame.to_json(tmp_path / "t.jsonl", orient="records", lines=True, force_ascii=False)
    frame.to_json(tmp_path / "list.json", orient="records")
    frame.to_parquet(tmp_path / "t.parquet")
    frame.astype({"file": "category"}).to_parquet(tmp_path / "category.parquet")
    for name in ("index.csv", "tab.tsv", "t.jsonl", "list.json", "t.parquet", "category.parquet"):
        assert read(tmp_path, table=name) == CAPTIONS, name


def test_a_list_of_captions_in_one_row(tmp_path):
    frame = pd.DataFrame({"image": ["a.jpg", "b.jpg"], "captions": [["A dog.", "Dogs."], []]})
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_json(tmp_path / "t.jsonl", orient="records", lines=True)
    for name in ("t.parquet", "t.jsonl"):
        assert read(tmp_path, table=name) == {"a": ["A dog.", "Dogs."], "b": []}


def test_what_datasets_calls_an_image_folder(tmp_path):
    lines = [{"file_name": "x/1.png", "text": "One."}, {"file_name": "x/2.png", "text": None, "label": 3}]
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    assert read(tmp_path, table="metadata.jsonl") == {"1": ["One."], "2": []}


def test_names_that_the_config_tells_go_first(tmp_path):
    write(
        tmp_path / "t.csv",
        [("path", "photo_file", "text", "words")] + [("no", *row, "w") for row in ROWS],
        ",",
    )
    columns = {"path": "photo_file", "caption": "words"}
    assert read(tmp_path, table="t.csv", columns=columns) == {"a": ["w", "w"], "b": ["w"], "c": ["w"]}
    with pytest.raises(SourceError, match="key columns.*no column 'foto' .there are: path, photo_file"):
        read(tmp_path, table="t.csv", columns={"path": "foto"})


def test_a_separator_that_the_config_tells(tmp_path):
    (tmp_path / "t.csv").write_text("path;caption,x\na.jpg;A dog, a cat\n")
    assert read(tmp_path, table="t.csv", separator=";", columns={"caption": "caption,x"}) == {
        "a": ["A dog, a cat"]
    }


def test_further_columns_without_a_head(tmp_path):
    write(tmp_path / "t.csv", [("17", "a.jpg", "en", "A dog on a beach"), ("18", "b.jpg", "en", "A")], ",")
    assert read(tmp_path, table="t.csv") == {"a": ["A dog on a beach"], "b": ["A"]}


def test_lines_that_are_no_objects_are_items_with_a_problem(tmp_path):
    lines = ['{"path": "a.jpg", "caption": "A dog."}', "{", "3", "", '{"path": 4, "caption": "x"}']
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    source = {"name": "own", "format": "table", "photos": 4, "table": "t.jsonl"}
    items = list(iterate_items(source, range(9), tmp_path))
    assert [item.problem and item.problem[0] for item in items] == [None, *["malformed"] * 3]
    assert "line 2 is no object" in items[1].problem[1] and "line 5" in items[3].problem[1]


SPREADSHEET = b"PK\x03\x04" + b"\x00" * 60
GBK = "path,caption\na.jpg,一只狗在沙滩上奔跑，远处有一个女人。\n"


@pytest.mark.parametrize(
    ("text", "encoding", "name"),
    [
        ("path,caption\n" + "a.jpg,a dog in front of a café\n" * 12, "latin-1", "cp1252"),
        ("path,caption\na.jpg,un chien à côté d’une fenêtre\n", "cp1252", "cp1252"),
        ("path,caption\na.jpg,Zwei Vögel über der Straße\n", "cp1252", "cp1252"),
        ("path,caption\na.jpg,Собака бежит по улице\nb.jpg,Жёлтая машина стоит у дома\n", "cp1251", "cp1251"),
        ("path,caption\na.jpg,犬が道を走っている\nb.jpg,黄色い車が家の前にある\n", "shift_jis", "shift-jis"),
        ("path,caption\na.jpg,개가 길을 달린다\nb.jpg,노란 자동차가 집 앞에 있다\n", "euc_kr", "euc-kr"),
        ("path,caption\na.jpg,Żółty samochód stoi na łące\n", "cp1250", "cp1250"),
        ("path,caption\na.jpg,Pies śpi na łóżku\n", "cp1250", "cp1250"),
        ("path,caption\na.jpg,Mężczyzna jedzie na rowerze\n", "cp1250", "cp1250"),
        ("path,caption\na.jpg,Собака спит на кровати\n", "cp1251", "cp1251"),
        ("path,caption\na.jpg,穿T恤的人和一只dog\n", "gb18030", "GB18030"),
        ("path,caption\na.jpg,¿Dónde está el niño con 5 m³ de agua?\n", "cp1252", "cp1252"),
        ("path,caption\na.jpg,mały pies na ulicy\n", "cp1250", "cp1250"),
        ("path,caption\n" + "a.jpg,mały pies na ulicy\n" * 20, "cp1250", "cp1250"),
        ("path,caption\na.jpg,płot\n", "cp1250", "cp1250"),
        ("path,caption\n" + "1.jpg,l’été\n" * 20, "cp1252", "cp1252"),
        ("path,caption\na.jpg,КОШКА НА СТОЛЕ\n", "cp1251", "cp1251"),
        ("path,caption\na.jpg,貓坐在桌子上\n", "big5", "big5"),
        ("path,caption\na.jpg,テーブルの上の猫\n", "euc_jp", "euc-jp"),
    ],
)
def test_a_guessed_encoding_has_a_name_that_iconv_knows(text, encoding, name):
    content = text.encode(encoding)
    assert guess_encoding(content) == name
    done = subprocess.run(["iconv", "-f", name, "-t", "UTF-8"], input=content, capture_output=True)
    assert done.stdout.decode() == text


def test_a_long_word_does_not_keep_the_guess_busy():
    content = "Zażółć gęślą jaźń ".encode("cp1250") + b"QUJD" * 8000
    start = time.process_time()
    assert guess_encoding(content) == "cp1250"
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.tsv", "path\tcaption\na.jpg\ta dog\n".encode("utf-16"), r"looks like UTF-16\).*CSV UTF-8.*iconv"),
        ("t.csv", "path,caption\na.jpg,a dog\n".encode("utf-16-le"), "looks like UTF-16"),
        ("t.csv", GBK.encode("gbk"), "looks like GB18030, a guess: look at the result.*iconv -f GB18030"),
        ("t.csv", "path,caption\na.jpg,un café brûlé à l'été\n".encode("latin-1"), "looks like cp1252"),
        ("t.csv", b"path,caption\n" + b"a.jpg,a dog\n" * 20000 + b"b.jpg,caf\xe9\n", "is not UTF-8 text"),
        ("t.csv", SPREADSHEET, "is a spreadsheet, not text; save it as CSV"),
        ("t.XLSX", SPREADSHEET, "is a spreadsheet; save it as CSV in UTF-8"),
        (
            "t.csv",
            b"path,caption\nsub\\a.jpg,a dog\n",
            r"path 'sub\\\\a.jpg', with backslashes.*replace each",
        ),
        ("t.csv", b"path,caption\nC:\\a.jpg,a dog\n", "leave the drive out"),
        ("t.csv", b"", "t.csv is empty"),
        ("t.csv", b"285,a dog\n286,a cat\n", "no column path and no column caption.*first line with names"),
        ("t.json", b'{"images": [], "annotations": []}', "looks like COCO's: format: coco"),
        ("t.json", b"{", "is no JSON .*is it cut off"),
        ("t.json", '[{"path": "\u00e9"}]'.encode("latin-1"), "save it as UTF-8, or: iconv"),
        ("t.csv", b"path,caption\n" + b"a.jpg,a dog\n" * 9 + b"b.jpg,a\0dog\n", "holds a zero byte at 128"),
        (
            "t.csv",
            b"path,caption\n" + b"a.jpg,a dog\n" * 25000 + "b.jpg,\u00e9t\u00e9\n".encode("latin-1"),
            "looks like cp125",
        ),
        (
            "t.csv",
            b'path,caption\na.jpg,"a dog\nb.jpg,a cat\nc.jpg,a "cow"\n',
            "the caption of 'a.jpg' opens a quote and holds the 2 rows behind it; close the quote",
        ),
        ("t.csv", b"path,caption,caption\na.jpg,a dog,a cat\n", "has 2 columns 'caption'"),
        ("t.parquet", b"PAR1", "cannot be read as a .parquet file"),
        ("t.csv", b"sep=;\npath;caption\na.jpg;a dog\n", "named further down: take out the line above"),
        ("t.csv", b"# mine\n,,\npath,caption\na.jpg,a dog\n", "take out the 2 lines above"),
        ("t.csv", b"\x1f\x8b\x08\0\0\0", "is compressed; unpack it"),
        ("t.csv", b"PAR1\0\0", "is parquet; give it the ending"),
        ("t.csv", b"version https://git-lfs.github.com/spec/v1\nsize 3\n", "run git lfs pull"),
        ("t.jsonl", b"\n<!doctype html>", "is a web page"),
        ("t.jsonl", b"", "has no object with a path and a caption"),
        ("t.jsonl", b'{\n"path": "a.jpg",\n"caption": "a dog"\n}\n', "has no object .*line 1"),
        ("t.json", b'{"a.jpg": "a dog"}', 'is no list of objects; write .{"path"'),
        ("t.csv", b'path, caption\na.jpg, "a dog, a cat"\nb.jpg, "a cow"\n', "take the spaces behind"),
        ("t.csv", b"path,caption\na.jpg,\"['a dog', 'a pup']\"\n", "lists written as text.*JSON Lines"),
        ("t.csv", b'path,caption\na.jpg,"a dog\n' + b"b.jpg,a cat\n" * 200_000, "line 2 .*never closed"),
        ("t.csv", b"path,caption\nhttps://x.org/a.jpg,a dog\n", "an address; .*name its column `url`"),
    ],
)
def test_what_cannot_be_read_says_how_to_save_it(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    source = {"name": "own", "format": "table", "photos": 50000, "table": name}
    with pytest.raises(SourceError, match=f"source 'own', key table: .*{message}") as caught:
        list(iterate_items(source, range(10), tmp_path))
    assert len(str(caught.value).splitlines()) == 1 and name in str(caught.value)


def test_a_caption_that_is_quoted_behind_a_space_stops_no_table(tmp_path):
    (tmp_path / "t.tsv").write_text('path\tcaption\na.jpg\ta dog\nb.jpg\t "Sunset"\nc.jpg\ta cat\n')
    assert list(read(tmp_path, table="t.tsv")) == ["a", "b", "c"]


def test_signs_of_no_width_and_spaces_around_names_do_not_count(tmp_path):
    (tmp_path / "t.csv").write_text("\ufeff\ufeffpath,\u200bcaption\n a.jpg ,a dog\nb.jpg,a cat\n")
    assert read(tmp_path, table="t.csv") == {"a": ["a dog"], "b": ["a cat"]}


def test_one_column_cannot_be_both(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\na.jpg,a dog\n")
    with pytest.raises(SourceError, match="key columns: caption and path are both 'a'"):
        read(tmp_path, table="t.csv", columns={"path": "a", "caption": "a"})


def test_a_separator_of_the_config_that_is_not_the_tables_is_told(tmp_path):
    (tmp_path / "t.csv").write_text("path,caption\na.jpg,a dog\n")
    with pytest.raises(SourceError, match="look at the separator, too: it is given as ';'"):
        read(tmp_path, table="t.csv", separator=";")


def test_a_pointer_is_no_line_of_conceptual_captions(tmp_path):
    (tmp_path / "t.tsv").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    source = {"name": "cc", "format": "cc_tsv", "photos": 2, "table": "t.tsv", "images": "."}
    with pytest.raises(SourceError, match="key table: .*t.tsv is a pointer of Git LFS"):
        list(iterate_items(source, range(2), tmp_path))


def test_a_backslash_may_be_a_part_of_a_name(tmp_path):
    (tmp_path / "a\\b.jpg").write_bytes(b"")
    (tmp_path / "t.csv").write_text("path,caption\na\\b.jpg,a dog\n")
    assert len(read(tmp_path, table="t.csv")) == 1


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        ({"path": [["a.jpg"]], "caption": ["x"]}, "column of the path holds list<.*must be a text"),
        ({"image": [{"bytes": b"", "path": "a"}], "text": ["x"]}, "holds the pictures themselves"),
        (
            {"path": ["a.jpg"], "caption": [[{"raw": "x"}]]},
            "column of the caption holds list<.*list of texts",
        ),
    ],
)
def test_cells_that_are_no_text_are_refused(tmp_path, frame, message):
    pd.DataFrame(frame).to_parquet(tmp_path / "t.parquet")
    source = {"name": "own", "format": "table", "photos": 1, "table": "t.parquet"}
    with pytest.raises(SourceError, match=message):
        list(iterate_items(source, range(1), tmp_path))


def test_instances_given_as_captions_are_told(tmp_path):
    document = {"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [{"image_id": 1, "bbox": []}]}
    (tmp_path / "i.json").write_text(json.dumps(document))
    source = {"name": "coco", "format": "coco", "photos": 1, "captions": "i.json", "images": "."}
    with pytest.raises(SourceError, match="key captions.*an instances file, which belongs to `instances`"):
        list(iterate_items(source, range(1), tmp_path))
