"""Names that lead out of a source's folder: a list from elsewhere chooses no file of this machine."""

from pathlib import Path

import pytest

from sample_sources import encode, make_photo, read_shard, write_coco, write_table_source, write_tar
from unscene.fetching.photo_lists import iterate_missing
from unscene.samples.readers import SourceError, iterate_items

OUTSIDE = ("../secret.png", "a/../../secret.png", "../images2/b.png")


@pytest.fixture
def names(tmp_path):
    """Names of photos that lie outside of images/, each there, and of two that lie in it."""
    for path in ("secret.png", "images2/b.png", "images/own.png", "images/a/deep.png"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        make_photo(len(path)).save(tmp_path / path)
    return [*OUTSIDE, str(tmp_path / "secret.png")], ["own.png", "a/../a/deep.png"]


def write_lists(folder, names):
    """A COCO file and a TSV that name these photos; their sources by format."""
    images = [{"id": number, "file_name": name} for number, name in enumerate(names)]
    coco = write_coco(folder, images, [{"image_id": one["id"], "caption": "a dog"} for one in images])
    (folder / "cc.tsv").write_text("\n".join(f"a dog\thttp://a/{name}\t{name}" for name in names))
    cc = {"name": "cc", "format": "cc_tsv", "table": "cc.tsv", "images": "images", "photos": len(names)}
    return {"coco": coco, "cc_tsv": cc}


@pytest.mark.parametrize("form", ["coco", "cc_tsv"])
def test_such_a_photo_is_a_row_with_its_reason(tmp_path, monkeypatch, names, form):
    outside, inside = names
    sample, rejected = read_shard(tmp_path, monkeypatch, write_lists(tmp_path, outside + inside)[form])
    assert [Path(path).name for path in sample["path"]] == ["own.png", "deep.png"]
    assert rejected["reason"].tolist() == ["outside"] * 4
    assert rejected["detail"][0] == f"../secret.png lies outside of {tmp_path}/images, the source's `images`"


def test_a_source_of_such_names_alone_tells_the_way_out(tmp_path, monkeypatch, names):
    source = write_lists(tmp_path, names[0])["coco"]
    with pytest.raises(SourceError, match=r"outside 4\).*name the folder in which all of its photos lie"):
        read_shard(tmp_path, monkeypatch, source)
    # Seen from the folder itself, it does not lead out: the way out is one.
    source["images"] = "images2"
    assert [item.problem is None for item in iterate_items(source, range(4), tmp_path)] == [
        False,
        False,
        True,
        False,
    ]


def test_links_of_the_owner_are_followed(tmp_path, names):
    (tmp_path / "images/linked").symlink_to(tmp_path / "images2")
    source = write_lists(tmp_path, ["linked/b.png"])["coco"]
    assert [item.problem for item in iterate_items(source, range(1), tmp_path)] == [None]


def test_up_from_a_link_is_beside_what_it_points_to(tmp_path, names):
    (tmp_path / "images/linked").symlink_to(tmp_path / "images2")
    (tmp_path / "images/near").symlink_to(tmp_path / "images/a")
    photos = ["linked/../secret.png", "linked/../new.png", "near/../own.png", "new/../own.png", "a/../\0.png"]
    source = write_lists(tmp_path, photos)["coco"]
    problems = [item.problem and item.problem[0] for item in iterate_items(source, range(5), tmp_path)]
    assert problems == ["outside", "outside", None, None, "outside"]
    assert "new.png" not in [photo.path.name for photo in iterate_missing(source, tmp_path)]


def test_a_fetch_writes_nothing_outside(tmp_path):
    source = write_lists(tmp_path, ["../evil.png", "good.png"])["coco"] | {"photos": 2}
    assert [photo.path.name for photo in iterate_missing(source, tmp_path)] == ["good.png"]


def test_members_of_a_tar_stay_in_the_shard(tmp_path, monkeypatch):
    (tmp_path / "tars").mkdir()
    photo = encode(make_photo())
    write_tar(tmp_path / "tars/0.tar", {"../../x.jpg": photo, "../../x.txt": b"a dog"})
    source = {"name": "web", "format": "webdataset", "photos": 1, "tars": "tars"}
    sample, _ = read_shard(tmp_path, monkeypatch, source)
    assert [Path(path).parent for path in sample["path"]] == [Path("results/samples/web-0-of-1")]
    assert [path.name for path in tmp_path.rglob("*.jpg")] == [Path(sample["path"][0]).name]


def test_a_table_of_ones_own_may_name_photos_anywhere(tmp_path, monkeypatch, names):
    (tmp_path / "lists").mkdir()
    rows = [("../images/own.png", "a dog"), (str(tmp_path / "images2/b.png"), "a dog")]
    source = write_table_source(tmp_path / "lists", rows) | {"table": "lists/photos.csv"}
    sample, rejected = read_shard(tmp_path, monkeypatch, source)
    assert len(sample) == 2 and rejected.empty
