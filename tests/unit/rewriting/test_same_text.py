"""A rewriting does not depend on what else a process rewrites: memory that is free again is used again."""

import random

from unscene.rewriting.negation import rewrite_caption
from unscene.rewriting.parsing.tree import Verb
from unscene.rewriting.tagging.tokens import Token
from unscene.words.coco80 import COCO80

ODD = "bowl Two elephants in a field rubbing their trunks on each other. sitting"
OTHERS = [
    ("A nun feeds two goats beside a red barn.", "person"),
    ("Two dogs on a couch chew on their toys and each other.", "dog"),
    ("A man and his horse wait at a gate, holding a rope.", "horse"),
    ("A woman with her umbrella walks past a parked bus.", "umbrella"),
    ("Some cats sit in a row and look at their own tails.", "cat"),
]


def test_a_rewriting_is_the_same_whatever_was_rewritten_before():
    rng = random.Random(1)
    kept: list = []
    texts = set()
    for _ in range(250):
        for _ in range(rng.randrange(4)):
            rewrite_caption(*rng.choice(OTHERS), COCO80)
        kept.append([Token("x") for _ in range(rng.randrange(6))])
        kept.append([Verb([], "") for _ in range(rng.randrange(5))])
        if len(kept) > 200:
            del kept[rng.randrange(len(kept))], kept[rng.randrange(len(kept))]
        texts.add(rewrite_caption(ODD, "elephant", COCO80))
    assert len(texts) == 1


def test_two_tokens_of_one_text_are_two():
    assert Token("the") != Token("the")
    assert len({Token("the"), Token("the")}) == 2
