"""What is read in pieces is what whole tables give: agreement of readers, and the untouched photos."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from in_memory_joins import read_all
from partial_tables import write_some
from unscene.answers.batch_lines import write_lines
from unscene.evaluation.columns.agreement import AGREEMENT
from unscene.evaluation.columns.photos import PHOTOS
from unscene.evaluation.mention_agreement import measure_agreement
from unscene.evaluation.untouched_photos import list_untouched_photos
from unscene.folds.columns import FOLDS
from unscene.keywords.columns import KEYWORDS
from unscene.machine.job import Job
from unscene.run.seeds import derive_seed
from unscene.samples.columns import SAMPLES
from unscene.words.coco80 import COCO80

WORDS = ["dog", "cat", "person", "hot dog"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The tables of a run: photos of two sources, of which one lists objects and one knows mentions, some
    of them lost since the words of their captions were read.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("unscene.run.streaming.ROWS_A_GROUP", 7)
    rng = np.random.default_rng(3)

    def draw() -> list[str]:
        return [word for word in WORDS if rng.random() < 0.3]

    samples, keywords, images, annotations = [], [], [], []
    for number in range(60):
        source = ("listed", "told")[number % 2]
        captions = [f"A {' and a '.join(draw() or ['boat'])}." for _ in range(rng.integers(1, 5))]
        name = f"{source}_{number}"
        mentions = [draw() for _ in captions] if source == "told" else None
        told = {"image_id": name, "source": source, "source_key": str(number), "captions": captions}
        told |= {"shard": f"{source}-0-of-1", "path": f"{name}.png", "group": f"g{number // 3}"}
        if number % 13:
            samples.append(told | {"mentions": mentions})
        if source == "listed" and number % 8:
            images.append({"id": number, "file_name": "a.jpg", "height": 9, "width": 9})
            annotations += [{"image_id": number, "category_id": WORDS.index(word)} for word in draw()]
        for place, caption in enumerate(captions):
            row = {"image_id": name, "caption_id": f"{name}-{place}", "caption": caption, "words": draw()}
            keywords.append(row | {"status": "failed" if rng.random() < 0.1 else "ok", "source": "gpt-4o"})
    rng.shuffle(keywords)  # captions of one photo need not follow each other
    write_some(SAMPLES, pd.DataFrame(samples), "samples.parquet")
    write_some(KEYWORDS, pd.DataFrame(keywords), "keywords.parquet")
    groups = [{"group": f"g{number}", "fold": number % 3} for number in range(20) if number % 7]
    FOLDS.write(FOLDS.frame(groups), "folds.parquet")
    categories = [{"id": place, "name": word} for place, word in enumerate(WORDS)]
    document = {"images": images, "annotations": annotations, "categories": categories}
    (tmp_path / "instances.json").write_text(json.dumps(document))
    line = {"custom_id": "w-1", "response": {"body": {"model": "gpt-4o", "system_fingerprint": None}}}
    write_lines([line], "raw.jsonl")
    return document


def make_job(output: str) -> Job:
    listed = {"name": "listed", "format": "coco", "captions": "c.json", "images": "."}
    told = {"name": "told", "format": "folder", "folder": "."}
    listed["instances"] = str(Path("instances.json").absolute())
    inputs = {name: f"{name}.parquet" for name in ("samples", "keywords", "folds")}
    return Job(
        inputs | {"answers": ["raw.jsonl"]},
        {output: f"{output}.parquet"},
        {"words": "coco80", "seed": 7, "evaluate": {"max_photos": 5}},
        config={"samples": {"sources": [listed, told]}},
    )


def list_objects(document: dict) -> dict[str, set[str]]:
    objects = {f"listed_{image['id']}": set() for image in document["images"]}
    for each in document["annotations"]:
        objects[f"listed_{each['image_id']}"].add(WORDS[each["category_id"]])
    return objects


def test_agreement_is_counted_as_over_whole_tables(run):
    measure_agreement(make_job("agreement"))
    found = AGREEMENT.read("agreement.parquet")
    sample = read_all(["samples.parquet"]).set_index("image_id")
    keyword = read_all(["keywords.parquet"])
    keyword = keyword[keyword["status"] == "ok"]
    names = {
        "lexicon": [set(COCO80.find_words(caption)) for caption in keyword["caption"]],
        "answers": [set(words) for words in keyword["words"]],
    }
    units = {("lexicon", "answers"): list(zip(names["lexicon"], names["answers"], strict=True))}
    objects = {name: told for name, told in list_objects(run).items() if name in sample.index}
    for reader, of_captions in names.items():
        told, by_photo = [], {}
        rows = zip(keyword["image_id"], keyword["caption_id"], of_captions, strict=True)
        for image_id, caption_id, words in rows:
            if image_id in objects:
                by_photo.setdefault(image_id, set()).update(words)
            elif image_id in sample.index and image_id.startswith("told"):
                place = int(caption_id.rsplit("-", 1)[1])
                told.append((words, set(sample["mentions"][image_id][place])))
        units[reader, "mentions"] = told
        units[reader, "instances"] = [(words, objects[one]) for one, words in by_photo.items()]
    expected = {}
    for (reader, against), pairs in units.items():
        for word in (None, *COCO80.words):
            counted = [
                sum(word in each if word else len(each) for each in side)
                for side in (
                    [one for one, _ in pairs],
                    [two for _, two in pairs],
                    [one & two for one, two in pairs],
                )
            ]
            if word is None or any(counted):
                expected[reader, against, word or "all words"] = [len(pairs), *counted]
    assert min(map(len, units.values())) > 9
    keys, counts = ["reader", "against", "word"], ["units", "n_reader", "n_against", "n_both"]
    assert found.set_index(keys)[counts].T.to_dict("list") == expected
    order = list(dict.fromkeys(zip(found["reader"], found["against"], strict=True)))
    assert order == [("lexicon", "answers"), *product(("lexicon", "answers"), ("mentions", "instances"))]


def test_untouched_photos_are_those_that_the_smallest_hashes_choose(run):
    list_untouched_photos(make_job("photos"))
    found = PHOTOS.read("photos.parquet")
    sample = read_all(["samples.parquet"]).merge(read_all(["folds.parquet"]), on="group")
    key = sample["image_id"].map(lambda name: derive_seed(7, "test photo", name))
    sample = sample[key.groupby(sample["fold"]).rank() <= 5].sort_values("image_id", ignore_index=True)
    assert set(sample["fold"].value_counts()) == {5}
    for column in ("image_id", "group", "path", "fold"):
        assert found[column].tolist() == sample[column].tolist()
    assert found["captions"].map(list).tolist() == sample["captions"].map(list).tolist()
    keyword = read_all(["keywords.parquet"])
    objects = list_objects(run)
    for row in found.itertuples():
        named = {
            word for words in keyword.loc[keyword["image_id"] == row.image_id, "words"] for word in words
        }
        assert row.objects_from == ("instances" if row.image_id in objects else "captions")
        assert set(row.objects) >= objects.get(row.image_id, named)
