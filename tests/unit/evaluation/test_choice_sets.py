"""Sets of one true caption among several: how they are read and scored, and who solves them blind."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from set_files import FakeEmbedder, embed_all, read, write_coco
from unscene.evaluation.query_arithmetic import find_denied
from unscene.evaluation.set_metrics import score_blind, score_task
from unscene.words.coco80 import COCO80


@pytest.fixture
def mcq(tmp_path):
    rows = [
        (
            0,
            "This image features a dog and a cat.",
            "This image features a car, but not a dog.",
            "This image features a dog and a car.",
            "This image does not feature a dog.",
            "positive",
            "data/coco/1.jpg",
        ),
        (
            0,
            "This image does not feature a bus.",
            "This image features a bus, but not a cup.",
            "This image features a cup and a bus.",
            "This image does not feature a cup.",
            "negative",
            "data/coco/2.jpg",
        ),
        (
            0,
            "This image features a cup, but not a bus.",
            "This image features a bus, but not a cup.",
            "This image features a cup and a bus.",
            "This image does not feature a cup.",
            "hybrid",
            "data/coco/2.jpg",
        ),
    ]
    columns = ["correct_answer", *(f"caption_{i}" for i in range(4)), "correct_answer_template", "image_path"]
    pd.DataFrame(rows, columns=columns).to_csv(tmp_path / "mcq.csv", index=False)
    return read(tmp_path, format="negbench_mcq", path="mcq.csv", images="photos")


def test_mcq_options_are_shuffled_and_keep_their_types(mcq):
    assert [str(path).split("/")[-1] for path in mcq.table["photo"]] == ["1.jpg", "2.jpg", "2.jpg"]
    for row in mcq.table.itertuples():
        assert row.option_kinds[row.answer] == row.kind
        assert sorted(row.option_kinds) == sorted([row.kind, "hybrid", "positive", "negative"])
    assert mcq.table["options"][0][mcq.table["answer"][0]] == "This image features a dog and a cat."
    assert len(set(mcq.table["answer"])) > 1 or mcq.table["answer"][0] != 0


def test_mcq_scores_equal_the_loop_and_ties_are_wrong(mcq):
    photo = embed_all(mcq)
    item, metrics = score_task(mcq, photo, FakeEmbedder())
    for row, scored in zip(mcq.table.itertuples(), item.itertuples(), strict=True):
        cosines = [float(FakeEmbedder().embed_texts([o])[0] @ photo[str(row.photo)]) for o in row.options]
        assert scored.chosen == int(np.argmax(cosines))
        assert scored.correct == all(
            cosines[row.answer] > c for at, c in enumerate(cosines) if at != row.answer
        )
        assert scored.chosen_kind == row.option_kinds[scored.chosen]
    assert metrics["accuracy"] == pytest.approx(item["correct"].mean())
    assert sum(
        metrics.get(f"chosen_{kind}", 0) for kind in ("positive", "negative", "hybrid")
    ) == pytest.approx(1)
    same = FakeEmbedder({text: np.ones(8) for options in mcq.table["options"] for text in options})
    item, metrics = score_task(mcq, photo, same)
    assert metrics["accuracy"] == 0 and metrics["chosen_tie"] == 1 and (item["chosen"] == -1).all()


def test_blind_readers_know_the_format(mcq):
    blind = score_blind(mcq.table)
    assert blind["blind_chance"] == 0.25 and blind["blind_doubled_type"] == pytest.approx(0.5)
    assert blind["blind_reader"] == 1
    assert blind["blind_one_type"] == pytest.approx(1 / 6)


def test_items_without_photo_or_with_a_cut_text_are_counted(mcq):
    photo = embed_all(mcq)
    photo.pop(str(mcq.table["photo"][0]))
    _, metrics = score_task(mcq, photo, FakeEmbedder())
    assert (metrics["n_items"], metrics["n_left_out"]) == (2, 1)


def test_sugarcrepe_folder_and_single_file_agree(tmp_path):
    subsets = {
        name: {"0": {"filename": f"{name}.jpg", "caption": "a dog", "negative_caption": "a cat"}}
        for name in ("add_obj", "swap_att")
    }
    (tmp_path / "all.json").write_text(json.dumps(subsets))
    for name, items in subsets.items():
        (tmp_path / "sets").mkdir(exist_ok=True)
        (tmp_path / "sets" / f"{name}.json").write_text(json.dumps(items))
    one = read(tmp_path, format="sugarcrepe", path="all.json", images=".")
    other = read(tmp_path, format="sugarcrepe", path="sets", images=".")
    pd.testing.assert_frame_equal(one.table, other.table)
    known = FakeEmbedder({"a dog": np.eye(8)[0], "a cat": np.eye(8)[1]})
    photo = {str(tmp_path / "add_obj.jpg"): np.eye(8)[0], str(tmp_path / "swap_att.jpg"): np.eye(8)[1]}
    _, metrics = score_task(one, photo, known)
    assert (metrics["accuracy_add_obj"], metrics["accuracy_swap_att"], metrics["accuracy_macro"]) == (
        1,
        0,
        0.5,
    )


def test_cc_neg_takes_the_last_items_of_either_file(tmp_path):
    names, captions = [f"old/{i}.jpg" for i in range(5)], [f"caption {i}" for i in range(5)]
    annotations = [{"caption": text, "sop_data": {"negative-prompt": f"no {text}"}} for text in captions]
    torch.save({"image_paths": names, "annotations": annotations}, tmp_path / "ccneg.pt")
    frame = pd.DataFrame({"image_path": names, "caption": captions})
    frame.assign(negated_caption="no " + frame["caption"]).to_csv(tmp_path / "ccneg.csv", index=False)
    tables = [
        read(tmp_path, format="cc_neg", path=f"ccneg.{kind}", images="new", last=2).table
        for kind in ("pt", "csv")
    ]
    pd.testing.assert_frame_equal(*tables)
    assert [str(path) for path in tables[0]["photo"]] == [str(tmp_path / f"new/{i}.jpg") for i in (3, 4)]
    assert [row.options[row.answer] for row in tables[0].itertuples()] == ["caption 3", "caption 4"]


def test_choices_rebuilt_from_labels_are_true_and_the_others_false(tmp_path):
    write_coco(tmp_path)
    entry = {
        "format": "coco_mcq",
        "instances": "instances.json",
        "captions": "captions.json",
        "images": "photos",
    }
    task = read(tmp_path, **entry)
    assert len(task) == 5  # the photo without a label is no question
    pd.testing.assert_frame_equal(task.table, read(tmp_path, **entry).table)
    here = {"0": {"dog", "cat"}, "1": {"dog"}, "2": {"car", "cat"}, "3": {"car", "dog", "cat"}, "4": {"car"}}
    for row in task.table.itertuples():
        truths = []
        for text in row.options:
            denied = set(find_denied(text, COCO80))
            affirmed = set(COCO80.find_words(text)) - denied
            assert "bus" not in denied | affirmed  # named in a caption, so not known to be absent
            truths.append(affirmed <= here[row.item] and not denied & here[row.item])
        assert truths == [at == row.answer for at in range(4)]
    assert score_blind(task.table)["blind_reader"] == 1
