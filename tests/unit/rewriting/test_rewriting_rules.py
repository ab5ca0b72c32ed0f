"""The table of rules: each does what its caption says, and each that the code notes is in it."""

import pytest

from unscene.rewriting.negation import rewrite_caption
from unscene.rewriting.rewriting_rules import RULES
from unscene.words.coco80 import COCO80

# What these write is no rewriting of the sentence.
LADDER_RULES = {
    "named": "named",
    **dict.fromkeys(("sport", "venue", "sky", "outdoors", "kind of picture"), "scene"),
}


@pytest.mark.parametrize("name", RULES)
def test_every_rule_does_what_its_caption_says(name):
    rule = RULES[name]
    found = rewrite_caption(rule.caption, rule.object, COCO80)
    assert (found.text, found.way) == (rule.without, LADDER_RULES.get(name, "grammar"))
    assert name in found.rules


def test_every_rule_that_the_code_notes_is_in_the_table():
    from pathlib import Path

    from unscene import rewriting

    modules = Path(rewriting.__file__).parent.rglob("*.py")
    code = "".join(module.read_text() for module in modules if module.stem != "rewriting_rules")
    noted = {piece.split('"')[0] for piece in code.split('note("')[1:]} | {"clause alone", "subject"}
    assert noted == set(RULES)
