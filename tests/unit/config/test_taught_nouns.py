"""The overlays whose pool lists every word of COCO: what is left for the text-only teacher, and the rates."""

from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from unscene.training.objectives import list_pool_parts
from unscene.training.pool_batches import list_taught
from unscene.words.coco80 import COCO80


@pytest.fixture(params=["coco30k", "cc3m"])
def train(request, checkout):
    return yaml.safe_load((checkout / "config" / f"{request.param}.yaml").read_text())["train"]


def test_a_teacher_has_nouns_where_every_word_is_labelled(train, checkout):
    loss = yaml.safe_load((checkout / "config/config.yaml").read_text())["train"]["arms"]["absence"]["loss"]
    labelled = SimpleNamespace(vocabulary=COCO80, find_labelled=lambda: np.arange(len(COCO80)))
    nouns = train["arms"]["absence"].get("nouns", ())
    taught = list_taught(labelled, list_pool_parts(loss), nouns)
    assert (
        "text_teacher" in loss and len(taught) >= 5 and taught == nouns
    )  # five of them are told of in a step
    for noun in nouns:
        forms = COCO80.name_object(noun)
        assert COCO80.find_words(f"{forms['a']} and {forms['many']}") == [], noun
        assert not noun.endswith(("f", "fe", "man", "o")), f"{noun}: its plural may be no regular one"


def test_rates_are_those_of_papers(train, checkout):
    page = (checkout / "docs/TRAINING.md").read_text().partition("### Rates of papers")[2]
    published = {float(row.split("|")[3]) for row in page.splitlines()[2:9] if "20" in row}
    rates = {train["learning_rate"], train["arms"]["absence"]["learning_rate"]}
    assert published == {1e-6, 5e-6} and rates <= published
