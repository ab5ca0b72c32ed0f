"""A large instances file is parsed once a run, and says of each photo what the whole file says."""

import json
import random

import pytest

from unscene.photos import instances_index
from unscene.photos.coco_instances import read_categories, read_instances
from unscene.run import cuts
from unscene.run.tables import TableError
from unscene.samples.readers import iterate_items


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A run directory in which every instances file is a large one; returns the files that were parsed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cuts, "SMALL_BYTES", 0)
    monkeypatch.setattr(instances_index, "_PHOTOS_A_GROUP", 7)
    parsed, read_json = [], instances_index.read_json
    monkeypatch.setattr(
        instances_index, "read_json", lambda path: parsed.append(str(path)) or read_json(path)
    )
    return parsed


def write_file(path, photos: int, seed: int = 0):
    """Write an instances file as COCO has them: ids in no order, photos without an object, crowds."""
    rng = random.Random(seed)
    ids = rng.sample(range(1, 600_000), photos)
    words = {1: "person", 17: "cat", 18: "dog", 67: "dining table"}
    document = {
        "info": {"year": 2017},
        "licenses": [{"id": 4, "name": "BY", "url": "https://by"}],
        "images": [
            {"id": one, "file_name": f"{one:012}.jpg", "width": 9, "height": 8, "license": 4} for one in ids
        ],
        "annotations": [
            {
                "id": number,
                "image_id": rng.choice([*ids[photos // 4 :], 700_000]),
                "category_id": rng.choice(list(words)),
                "iscrowd": int(rng.random() < 0.1),
                "segmentation": [[0, 0, 4, 0, 4, round(rng.random() * 8, 2)]] if rng.random() < 0.9 else [],
            }
            for number in range(3 * photos)
        ],
        "categories": [{"id": one, "name": word} for one, word in words.items()],
    }
    path.write_text(json.dumps(document))
    return [str(one) for one in ids]


def test_a_file_whose_ids_do_not_meet_is_refused_and_one_with_numbers_as_text_is_read(tmp_path, run):
    path = tmp_path / "instances.json"
    keys = write_file(path, photos=20)
    document = json.loads(path.read_text())
    before = {key: photo.objects for key, photo in read_instances(path, keys).items()}
    for annotation in document["annotations"]:
        annotation["image_id"] = float(annotation["image_id"])
    path.write_text(json.dumps(document))
    assert {key: photo.objects for key, photo in read_instances(path, keys).items()} == before
    for annotation in document["annotations"]:
        annotation["image_id"] = f"0{annotation['image_id']}"
    path.write_text(json.dumps(document))
    with pytest.raises(TableError, match="says nothing of any photo that it lists"):
        read_instances(path, keys)


def test_shards_read_what_the_whole_file_says_and_it_is_parsed_once(tmp_path, run):
    keys = write_file(tmp_path / "instances.json", photos=100)
    whole = read_instances(tmp_path / "instances.json")  # all photos: not cut
    rng, of_file = random.Random(1), str(tmp_path / "instances.json")
    assert run == [of_file]
    for _ in range(5):
        some = {*rng.sample(keys, 30), "12345678"}
        assert read_instances(of_file, some) == {key: whole[key] for key in whole if key in some}
    assert read_instances(of_file, set()) == {}
    assert read_categories(of_file) == {"person", "cat", "dog", "dining table"}
    assert run.count(of_file) == 2


def test_another_file_under_the_name_is_another_file(tmp_path, run):
    path = tmp_path / "instances.json"
    for seed in (0, 1):
        keys = set(write_file(path, photos=20, seed=seed)[:9])
        found = read_instances(path, keys)
        assert set(found) == keys and found == {k: v for k, v in read_instances(path).items() if k in keys}


def test_a_cut_that_was_cut_short_is_made_again_and_a_damaged_one_is_named(tmp_path, run):
    keys = set(write_file(tmp_path / "instances.json", photos=20))
    read_instances("instances.json", keys)
    (table,) = (tmp_path / "state/instances").glob("*.parquet")
    content = bytearray(table.read_bytes())
    table.unlink()
    assert set(read_instances("instances.json", keys)) == keys
    content[50] ^= 1
    table.write_bytes(content)
    with pytest.raises(TableError, match=table.name):
        read_instances("instances.json", keys)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "as JSON"),
        ('{"images": [], "categories": []}', "lacks the key 'annotations'"),
        ('{"images": [{}], "annotations": [], "categories": []}', "lacks the key 'id'"),
        ("[]", "TypeError"),
    ],
)
def test_a_broken_file_is_named_and_nothing_is_kept(tmp_path, run, text, message):
    (tmp_path / "instances.json").write_text(text)
    with pytest.raises(TableError, match=rf"instances\.json.*{message}"):
        read_instances("instances.json", {"1"})
    assert not list(tmp_path.glob("state/instances/*.parquet"))


def test_licences_of_a_shard_come_from_the_same_cut(tmp_path, run):
    keys = write_file(tmp_path / "instances.json", photos=30)
    images = [{"id": int(key), "file_name": f"{key}.jpg"} for key in keys]
    told = [{"image_id": int(key), "caption": "a dog"} for key in keys]
    (tmp_path / "captions.json").write_text(json.dumps({"images": images, "annotations": told}))
    source = {"name": "c", "format": "coco", "photos": 30, "images": ".", "captions": "captions.json"}
    source["instances"] = "instances.json"
    for start in (0, 10, 20):
        items = list(iterate_items(source, range(start, start + 10), tmp_path))
        assert [item.licence["license"] for item in items] == ["BY"] * 10
    assert run.count(str(tmp_path / "instances.json")) == 1
