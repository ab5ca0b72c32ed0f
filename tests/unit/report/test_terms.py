"""Words and arms, told to a reader."""

import pytest
import yaml

from report_pages import text_of
from unscene.report.terms import describe_arm, explain


def test_words_are_explained_where_they_are_used(built):
    text = text_of(built[2])
    assert "Words of this section" in text and "an interval from drawing the photo groups anew" in text
    assert set(explain("arms", "a placebo")) == {"placebo"} and not explain("nowhere", "placebo")


@pytest.mark.parametrize(
    ("arm", "said"),
    [
        ({}, "the untuned weights"),
        ({"query_weight": 1.9}, "the untuned weights; arithmetic on each query's text, weight 1.9"),
        (
            {
                "images": "both",
                "texts": "negated",
                "batches": "paired",
                "freeze": "image",
                "pool": 64,
                "loss": {"across_bare": 3},
            },
            "original and edited photos; negated captions; each original with its edit; "
            "the image tower is frozen; 64 ordinary photos more in each step; loss terms: across bare 3",
        ),
    ],
)
def test_an_arm_is_told_in_words(arm, said):
    assert describe_arm(arm) == said


def test_no_two_arms_that_differ_are_told_alike(checkout):
    """Each key that an arm can have, but one that only says whose weights are meant."""
    schema = yaml.safe_load((checkout / "workflow/schemas/base.yaml").read_text())["$defs"]["arm"]
    arm = {"images": "both", "texts": "negated", "batches": "paired", "loss": {"rank": 1}}
    values = {"string": "x", "integer": 3, "number": 0.25, "boolean": True, "array": ["tree"]}
    values |= {"object": {"image": 2}}
    further = {
        key: entry["enum"][-1] if "enum" in entry else values[entry["type"]]
        for key, entry in schema["properties"].items()
        if key not in (*arm, "of")
    }
    told = {describe_arm(arm), *(describe_arm(arm | {key: value}) for key, value in further.items())}
    assert len(further) > 15 and len(told) == len(further) + 1
