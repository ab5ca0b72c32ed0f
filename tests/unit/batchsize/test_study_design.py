"""The design of the batch-size study: which captions are asked, in which prompts and orders."""

import numpy as np
import pandas as pd

from unscene.answers.prompts import read_captions
from unscene.batchsize.design import allocate, build_study, draw_captions, list_captions, list_trials
from unscene.words.coco80 import COCO80


def test_design_keeps_its_promises():
    samples = pd.DataFrame(
        {
            "image_id": [f"p{i}" for i in range(40)],
            "captions": [[f"A dog {i}.", f"A cat {i}.", "A view."] for i in range(40)],
        }
    )
    captions = list_captions([samples[:25], samples[25:]])
    assert len(captions) == 81 and captions["mentions"].isna().all()
    drawn = draw_captions(captions, 60, 1, COCO80)
    assert len(drawn) == 60 and not drawn["caption"].duplicated().any()
    assert drawn.equals(draw_captions(captions.sample(frac=1, random_state=0), 60, 1, COCO80))
    trials = list_trials({"sizes": [20, 5], "permutations": 3})
    assert [(trial.name, trial.permutations) for trial in trials] == [
        ("1", 1),
        ("1 again", 1),
        ("5", 1),
        ("20", 3),
    ]
    requests, design = build_study(drawn, trials, "gpt-4o", 1, COCO80)
    photos = dict(zip(drawn["caption_id"], drawn["image_ids"], strict=True))
    for _, prompt in design.groupby(["trial", "permutation", "custom_id"]):
        named = [photo for caption_id in prompt["caption_id"] for photo in photos[caption_id]]
        assert len(named) == len(set(named))
    for (trial, _), part in design.groupby(["trial", "permutation"]):
        assert sorted(part["caption_id"]) == sorted(drawn["caption_id"]), trial
    orders = [tuple(part["caption_id"]) for _, part in design[design["trial"] == "20"].groupby("permutation")]
    assert len(set(orders)) == 3
    by_id = {request["custom_id"]: request for request in requests}
    texts = dict(zip(drawn["caption_id"], drawn["caption"], strict=True))
    for row in design.itertuples():
        assert read_captions(by_id[row.custom_id])[row.position] == texts[row.caption_id]
    first, again = (
        design[design["trial"] == name].set_index("caption_id")["custom_id"] for name in ("1", "1 again")
    )
    assert not set(first) & set(again)
    assert all(by_id[first[c]]["body"] == by_id[again[c]]["body"] for c in texts)


def test_strata_keep_their_shares():
    assert allocate(np.array([70, 20, 10]), 10) == [7, 2, 1]
    assert sum(allocate(np.array([5, 3, 3]), 7)) == 7
    texts = [f"A dog {i}." for i in range(80)] + [f"An orange on plate number {i}." for i in range(20)]
    captions = pd.DataFrame(
        {"caption_id": texts, "caption": texts, "image_ids": [[t] for t in texts], "mentions": None}
    )
    drawn = draw_captions(captions, 50, 3, COCO80)
    assert drawn["stratum"].value_counts().to_dict() == {"1 plain": 40, "1 ambiguous": 10}
    reader = COCO80.reader
    assert reader.is_ambiguous("An orange couch") and not reader.is_ambiguous("A dog")
