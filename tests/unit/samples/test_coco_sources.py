"""COCO's files as a source: captions, mentions, licences, the embedded scenes and real photos."""

import json

import pytest

from sample_sources import join_parts, make_photo, read_licences, read_shard, write_coco
from unscene.samples.readers import SourceError, iterate_items


def test_coco_keeps_order_mentions_and_rejects_twins(tmp_path, monkeypatch):
    images = [{"id": i, "file_name": f"{i}.png", "flickr_url": f"http://f/{i}#x"} for i in (7, 3, 7)] + [
        {"id": 9}
    ]
    annotations = [
        {"image_id": 3, "caption": "a\ud800 dog\n"},
        {"image_id": 7, "caption": " ", "mentions": ["cat"]},
        {"image_id": 7, "caption": "a dog", "mentions": ["dog"]},
        {"image_id": 7, "caption": None},
        {"image_id": 44, "caption": "of no photo"},
    ]
    source = write_coco(tmp_path, images, annotations)
    for i in (7, 3):
        make_photo(i).save(tmp_path / "images" / f"{i}.png")
    sample, rejected = read_shard(tmp_path, monkeypatch, source)
    assert sample["image_id"].tolist() == ["coco_7", "coco_3"]
    assert sample["captions"].map(list).tolist() == [["a dog"], ["a? dog"]]
    assert [list(words) for words in sample["mentions"][0]] == [["dog"]]
    assert sample["mentions"][1] is None
    assert sample["url"].tolist() == ["http://f/7", "http://f/3"]
    assert sorted(rejected["reason"]) == ["duplicate_id", "malformed"]


@pytest.mark.parametrize(("one", "other"), [(7, "7"), ("7", 7), (7, 7.0)])
def test_coco_ids_are_one_in_text_and_number(tmp_path, one, other):
    source = write_coco(
        tmp_path, [{"id": one, "file_name": "a.png"}], [{"image_id": other, "caption": "a dog"}]
    )
    (item,) = iterate_items(source, range(10), tmp_path)
    assert (item.key, item.captions) == ("7", ["a dog"])
    twins = [{"id": one, "file_name": "a.png"}, {"id": other, "file_name": "b.png"}]
    items = iterate_items(write_coco(tmp_path, twins, []), range(10), tmp_path)
    assert [item.problem and item.problem[0] for item in items] == [None, "duplicate_id"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"licenses": 5}, "TypeError"),
        ({"licenses": [5]}, "an entry is no object"),
        ({"images": [{"id": 1, "file_name": "a.png", "license": [1]}]}, "`license` holds a list"),
        ({"annotations": [{"image_id": 1, "caption": "a", "mentions": 5}]}, "`mentions` is no list"),
        ({"annotations": [{"image_id": 9, "caption": "a"}]}, "no caption of any of its images.*1, and .* 9"),
    ],
)
def test_coco_of_another_shape_is_named(tmp_path, changes, told):
    source = write_coco(tmp_path, [], [])
    whole = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "annotations": [{"image_id": 1, "caption": "a dog"}],
    }
    (tmp_path / "captions.json").write_text(json.dumps(whole | changes))
    with pytest.raises(SourceError, match=f"'coco', key captions: .*captions.json.*{told}"):
        list(iterate_items(source, range(10), tmp_path))


def test_coco_errors_name_file_and_key(tmp_path):
    source = write_coco(tmp_path, [], [])
    (tmp_path / "captions.json").write_text('{"images": []')
    with pytest.raises(SourceError, match="'coco', key captions.*not in COCO's captions format"):
        list(iterate_items(source, range(10), tmp_path))
    write_coco(tmp_path, [], [])
    with pytest.raises(SourceError, match="'coco', key instances.*is not there"):
        list(iterate_items({**source, "instances": "i.json"}, range(10), tmp_path))


def test_embedded_source_is_read_by_the_coco_reader(tmp_path, monkeypatch):
    folder = tmp_path / "results" / "scenes" / "toy"
    folder.mkdir(parents=True)
    write_coco(
        folder, [{"id": 1, "file_name": "1.png"}], [{"image_id": 1, "caption": "a dog", "mentions": ["dog"]}]
    )
    (folder / "captions.json").rename(folder / "captions_toy.json")
    (folder / "instances_toy.json").write_text(json.dumps({"images": [], "annotations": []}))
    make_photo().save(folder / "images" / "1.png")
    sample, _ = read_shard(
        tmp_path, monkeypatch, {"name": "toy", "format": "embedded", "photos": 1, "seed": 1}
    )
    assert sample.loc[0, ["image_id", "path"]].tolist() == ["toy_1", "results/scenes/toy/images/1.png"]


@pytest.mark.parametrize("where", ["captions", "instances"])
def test_licences_come_from_cocos_files(tmp_path, monkeypatch, where):
    told = [
        {"id": 1, "file_name": "1.png", "license": 4, "flickr_url": "http://f/1", "coco_url": "http://c/1"},
        {"id": 2, "file_name": "2.png", "license": 9, "flickr_url": 3},
        {"id": 3, "file_name": "3.png"},
    ]
    known = [{"id": 4, "name": " Attribution  License", "url": "http://l/4"}]
    bare = [{"id": image["id"], "file_name": image["file_name"]} for image in told]
    source = write_coco(
        tmp_path,
        told if where == "captions" else bare,
        [{"image_id": image["id"], "caption": "a dog"} for image in told],
    )
    files = {
        "captions": json.loads((tmp_path / "captions.json").read_text()),
        "instances": {"images": told, "annotations": []},
    }
    files[where]["licenses"] = known
    for name, document in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(document))
    for number in (1, 2, 3):
        make_photo(number).save(tmp_path / "images" / f"{number}.png")
    sample, _ = read_shard(tmp_path, monkeypatch, source | {"instances": "instances.json"})
    nothing = (None, None, None, None)
    assert read_licences(sample) == {
        "1": ("Attribution License", "http://l/4", "http://f/1", "http://c/1"),
        "2": nothing,
        "3": nothing,
    }
    joined, _ = join_parts(["results/samples/coco-0-of-1"])
    assert read_licences(joined) == read_licences(sample)
    if where == "instances":  # without them nothing is known
        assert set(read_licences(read_shard(tmp_path, monkeypatch, source)[0]).values()) == {nothing}


@pytest.mark.real
def test_real_coco_photos_are_used_in_place_but_for_other_colours(real_data, tmp_path, monkeypatch):
    folder = real_data / "coco_sample"
    source = {"name": "coco", "format": "coco", "photos": 62, "captions": str(folder / "captions.json")}
    source |= {"images": str(folder / "images"), "instances": str(folder / "instances.json")}
    sample, rejected = read_shard(tmp_path, monkeypatch, source)
    assert len(sample) == 62 and len(rejected) == 0
    assert sample["captions"].map(len).sum() == 310
    converted = ~sample["path"].str.startswith("/")
    assert converted.sum() == 11  # Adobe RGB and cameras' own; told by the profiles' descriptions
    assert sample.loc[converted, "path"].str.endswith(".png").all()
