"""COCO's instances: what is known of a photo, and what is wrong with a broken file."""

import json

import pytest

from unscene.photos.coco_instances import InstancesError, list_objects, read_instances
from unscene.run.tables import TableError
from unscene.samples.instances import read_source_instances
from unscene.samples.readers import READERS, find_instances, has_instances

DOCUMENT = {
    "images": [{"id": i, "file_name": f"{i}.jpg", "width": 8, "height": 8} for i in (1, 2, 3)],
    "categories": [{"id": 18, "name": "dog"}, {"id": 17, "name": "cat"}],
    "annotations": [
        {"image_id": 1, "category_id": 18, "iscrowd": 0, "segmentation": [[0, 0, 4, 0, 4, 4]]},
        {"image_id": 1, "category_id": 17, "iscrowd": 1, "segmentation": [[0, 0, 4, 0, 4, 4]]},
        {"image_id": 3, "category_id": 17, "iscrowd": 0, "bbox": [0, 0, 4, 4]},
        {"image_id": 9, "category_id": 17, "iscrowd": 0, "segmentation": [[0, 0, 4, 0, 4, 4]]},
    ],
}


def write(path, **changes):
    document = {key: value for key, value in (DOCUMENT | changes).items() if value is not None}
    path.write_text(json.dumps(document))
    return path


def test_a_listed_photo_is_known_completely_and_another_one_not_at_all(tmp_path):
    instances = read_instances(write(tmp_path / "i.json"))
    assert list_objects(instances, "1") == {"dog", "cat"}  # a crowd is an object, too
    assert list_objects(instances, 2) == set()
    assert list_objects(instances, "3") == {"cat"}  # named, though it cannot be drawn
    assert list_objects(instances, "9") is None and list_objects(instances, "4") is None
    assert list_objects(None, "1") is None
    assert instances["3"].segmentations == {} and set(instances["1"].crowds) == {"cat"}
    assert set(read_instances(tmp_path / "i.json", {"2", "9"})) == {"2"}


@pytest.mark.parametrize("of", [str, float, int])
def test_an_id_is_one_id_however_it_is_written(tmp_path, of):
    dog, *_ = DOCUMENT["annotations"]
    for changes in (
        {"image_id": of(1)},
        {"category_id": of(18)},
        {"iscrowd": str(of(0))},
        {"iscrowd": str(bool(0))},
    ):
        photo = read_instances(write(tmp_path / "i.json", annotations=[dog | changes]))["1"]
        assert photo.draw_objects("dog").any() and not photo.draw_crowds("dog").any(), changes


def test_an_object_without_a_segmentation_is_in_its_box(tmp_path):
    photo = read_instances(write(tmp_path / "i.json"))["3"]
    (region,) = photo.list_regions("cat")
    assert region[:4, :4].all() and region.sum() == 16
    assert (photo.draw_boxes("cat") == region).all()
    assert not photo.draw_objects("cat").any() and photo.list_masks("cat") == []  # no pixel is sure
    assert photo.list_boxes().tolist() == [[0, 0, 4, 4]]
    whole = read_instances(tmp_path / "i.json")["1"]
    assert whole.boxes == {} and len(whole.list_regions("cat")) == 1


@pytest.mark.parametrize("box", [[0, 0, float("nan"), 4], [0, 0, 4], ["a", 0, 4, 4], 7, [0, 0, 1e12, 4]])
def test_a_box_that_is_none_is_an_error_of_its_photo(tmp_path, box):
    annotation = {"image_id": 1, "category_id": 18, "bbox": box}
    photo = read_instances(write(tmp_path / "i.json", annotations=[annotation]))["1"]
    with pytest.raises(InstancesError, match=r"1\.jpg"):
        photo.list_regions("dog")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"categories": None}, "lacks the key 'categories'"),
        ({"images": None}, "lacks the key 'images'"),
        ({"annotations": None}, "lacks the key 'annotations'"),
        ({"images": [{"id": 1}]}, "lacks the key 'file_name'"),
        ({"annotations": [{"image_id": 1, "category_id": 5}]}, "lacks the key '5'"),
        ({"images": 3}, "TypeError"),
        ({"categories": [{"id": 18, "name": None}]}, "ValueError"),
        (
            {"images": [{"id": "01", "file_name": "1.jpg", "width": 8, "height": 8}]},
            "nothing of any photo that it lists: the first `id` is '01', and the first `image_id` is 1",
        ),
    ],
)
def test_a_broken_file_is_named_with_the_key(tmp_path, changes, message):
    source = {"name": "c", "format": "coco", "instances": str(write(tmp_path / "broken.json", **changes))}
    with pytest.raises(TableError, match=rf"broken\.json: .*{message}"):
        read_source_instances(source)


def test_a_piece_of_an_object_may_lie_in_the_first_pixel(tmp_path):
    pieces = [[0, 0, 0.9, 0, 0.9, 0.9], [2, 2, 6, 2, 6, 6]]
    annotation = DOCUMENT["annotations"][0] | {"segmentation": pieces}
    assert read_instances(write(tmp_path / "i.json", annotations=[annotation]))["1"].draw_objects("dog").any()


@pytest.mark.parametrize(
    "segmentation",
    [
        {"size": [6, 8], "counts": [4, 4, 40]},
        {"size": [8, 6], "counts": [4, 4, 41]},
        {"size": [8, 6], "counts": [4, -4, 48]},
        [[0, 0, float("nan"), 0, 4, 4]],
        [[0, 0, float("inf"), 0, 4, 4]],
        [[0, 0, 1e12, 0, 4, 4]],
        [[0, 0, 4, 4]],
        [[0, 0, 4, 0, 4]],
        [[0.1, 0.1, 0.5, 0.1, 0.5, 0.5]],
        [["a", "b", "c", "d", "e", "f"]],
        "4_",
    ],
)
def test_a_segmentation_that_cannot_be_right_is_an_error_of_its_photo(tmp_path, segmentation):
    image = {"id": 1, "file_name": "1.jpg", "width": 6, "height": 8}
    annotation = {"image_id": 1, "category_id": 18, "segmentation": segmentation}
    photo = read_instances(write(tmp_path / "i.json", images=[image], annotations=[annotation]))["1"]
    with pytest.raises(InstancesError, match=r"1\.jpg"):
        photo.draw_objects("dog")


@pytest.mark.parametrize("side", ["8", None, float("nan"), -8, 0, 8.5, 10**9, [8]])
def test_a_size_that_is_none_is_that_of_no_photo(tmp_path, side):
    images = [{"id": 1, "file_name": "1.jpg", "width": 6, "height": side}]
    images.append({"id": 2, "file_name": "2.jpg", "width": 6.0, "height": 8.0})
    square = {"category_id": 18, "segmentation": [[0, 0, 4, 0, 4, 4, 0, 4]]}
    annotations = [{"image_id": number} | square for number in (1, 2)]
    photos = read_instances(write(tmp_path / "i.json", images=images, annotations=annotations))
    assert photos["1"].height == 0 and photos["2"].draw_objects("dog").sum() == 16


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("tvmonitor", "tv"),
        ("sofa", "couch"),
        ("Dining_Table", "dining table"),
        ("dog", "dog"),
        ("gnome", "gnome"),
    ],
)
def test_names_of_other_lists_mean_the_words(tmp_path, name, word):
    categories = [{"id": 18, "name": name}, {"id": 17, "name": "cat"}]
    photo = read_instances(write(tmp_path / "i.json", categories=categories))["1"]
    assert word in photo.objects and photo.draw_objects(word).any()
    assert len(photo.list_masks(word)) == 1


def test_which_sources_know_instances_is_told_by_their_format(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert {name for name, reader in READERS.items() if reader.instances} == {"embedded", "coco"}
    assert (
        find_instances({"name": "s", "format": "embedded"}) == tmp_path / "results/scenes/s/instances_s.json"
    )
    assert has_instances({"name": "c", "format": "coco", "instances": "i.json"})
    assert not has_instances({"name": "c", "format": "coco"})
    assert not has_instances({"name": "t", "format": "table", "instances": "i.json"})


@pytest.mark.real
def test_of_the_real_sample_28_of_62_photos_are_listed(real_data):
    folder = real_data / "coco_sample"
    photos = json.loads((folder / "captions.json").read_text())["images"]
    instances = read_instances(folder / "instances.json")
    known = [list_objects(instances, photo["id"]) is not None for photo in photos]
    assert (len(known), sum(known)) == (62, 28)
