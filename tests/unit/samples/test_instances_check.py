"""A source's instances file that tells nothing of its photos is named before the first job."""

import json

import pytest

from unscene.photos import instances_look
from unscene.plan import preflight
from unscene.run.configuration import ConfigError
from unscene.samples.counting import complete_sources
from unscene.samples.readers import SourceError

CAPTIONS = {
    "images": [{"id": 10 + n, "file_name": f"{n}.jpg"} for n in range(3)],
    "annotations": [{"image_id": 10, "caption": "a dog", "id": 1}],
}
INSTANCES = {
    "info": {"description": "three photos, of which one has a dog"},
    "images": [{"id": 10 + n, "file_name": f"{n}.jpg", "height": 9, "width": 9} for n in range(2)],
    "annotations": [{"id": 5, "image_id": 10, "category_id": 18, "segmentation": [[0, 0, 4, 0, 4, 4]]}],
    "categories": [{"id": 18, "name": "dog"}, {"id": 19, "name": "gnu"}],
}


@pytest.fixture(params=["small", "large"])
def place(request, tmp_path, monkeypatch):
    """A folder with captions, and what says how a file counts."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(instances_look, "is_large", lambda path: request.param == "large")
    (tmp_path / "captions.json").write_text(json.dumps(CAPTIONS))
    return tmp_path


def plan(place, **keys):
    source = {"name": "own", "format": "coco", "captions": "captions.json", "images": ".", **keys}
    config = {"seed": 7, "words": "coco80", "samples": {"sources": [source | {"instances": "i.json"}]}}
    complete_sources(config, place, is_plan=True)
    source = config["samples"]["sources"][0]
    return preflight.look_at_instances(config, source | {key: str(place / source[key]) for key in PATHS})


PATHS = ("captions", "images", "instances")


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("order", [list(INSTANCES), ["categories", "annotations", "images", "info"]])
def test_what_a_file_tells_is_said(place, indent, order):
    text = json.dumps({name: INSTANCES[name] for name in order}, indent=indent)
    (place / "i.json").write_text(text + "\n")
    assert plan(place) == "instances list 2 of 3 photos and 1 of 80 words"


def test_a_photo_may_have_no_objects(place):
    (place / "i.json").write_text(json.dumps(INSTANCES | {"annotations": []}))
    assert plan(place).startswith("instances list 2 of 3")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not in COCO's instances format"),
        ("version https://git-lfs.github.com/spec/v1\n", "it was cut, or is another file"),
        (json.dumps(INSTANCES)[:-30], "it was cut, or is another file"),
        (
            json.dumps(INSTANCES)[: json.dumps(INSTANCES).index('"categories"') - 3],
            "lacks the list `categories`",
        ),
        (json.dumps(INSTANCES)[:-40] + "\0" * 40, "it was cut, or is another file"),
        (json.dumps(CAPTIONS), "it is a captions file, which belongs to `captions`"),
        (json.dumps(CAPTIONS | {"categories": []}), "it is a captions file, which belongs to `captions`"),
        ("{}", "lacks the list `annotations`"),
        (json.dumps(INSTANCES | {"images": {}}), "lacks the list `images`"),
        (json.dumps(INSTANCES | {"images": [7]}), "not in COCO's instances format"),
        (json.dumps(INSTANCES | {"images": [{"name": "0.jpg"}]}), "an entry lacks 'id'"),
        (json.dumps(INSTANCES | {"categories": [{"id": 18, "name": 18}]}), "a text in quotes is needed"),
        (
            json.dumps(INSTANCES | {"images": [INSTANCES["images"][0] | {"id": 77}], "annotations": []}),
            "lists none of the 3 photos of .*captions.json .whose first is 10; a file of another split",
        ),
        (
            json.dumps(INSTANCES | {"categories": [{"id": 18, "name": "hound"}]}),
            "knows none of COCO's 80 words .its categories are hound.",
        ),
    ],
)
def test_a_file_that_tells_nothing_is_named_with_the_way_out(place, text, message):
    (place / "i.json").write_text(text)
    with pytest.raises(ConfigError, match=message) as error:
        plan(place)
    told = str(error.value)
    assert told.startswith("samples.sources, source 'own', key instances: ")
    assert str(place / "i.json") in told and "or leave `instances` out" in told


def test_a_plan_needs_no_file_of_a_source_that_is_not_there_yet_and_a_run_names_it(place):
    (place / "captions.json").unlink()
    with pytest.raises(SourceError, match="key instances: .*i.json is not there"):
        plan(place, photos=3)  # a SourceError is the preflight's; the plan itself would raise ConfigError


def test_a_plan_names_instances_that_are_missing_beside_their_captions(place):
    with pytest.raises(ConfigError, match="source 'own', key instances: .*i.json is not there.* leave `inst"):
        plan(place)
