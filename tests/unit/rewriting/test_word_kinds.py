"""The rules that say of which kind a word is: each decides the captions of its own docstring."""

import re

import pytest

from unscene.rewriting.tagging import (
    adverb_kinds,
    ing_verbs,
    participle_verbs,
    plain_verbs,
    pronoun_kinds,
    third_person_verbs,
)
from unscene.rewriting.tagging.reading import read_tokens
from unscene.rewriting.tagging.spots import Rules, Spot
from unscene.rewriting.tagging.tokens import Token
from unscene.words.coco80 import COCO80

TABLES = [
    pronoun_kinds.RULES,
    adverb_kinds.RULES,
    ing_verbs.RULES,
    participle_verbs.RULES,
    third_person_verbs.RULES,
    plain_verbs.PAST_RULES,
    plain_verbs.UNLISTED_RULES,
    plain_verbs.RULES,
]
NAMED = [rule for table in TABLES for rule in table.rules if rule.holds.__name__ != "<lambda>"]


def name_rule(rule):
    return f"{rule.holds.__module__.rpartition('.')[2]}-{rule.holds.__name__}"


@pytest.mark.parametrize("rule", NAMED, ids=name_rule)
def test_a_rule_decides_its_own_examples(rule, monkeypatch):
    decided = []
    find = Rules.find
    monkeypatch.setattr(Rules, "find", lambda self, at: decided.append(find(self, at)) or decided[-1])
    examples = re.findall(r"(but |not )?`([^`]+)`", rule.holds.__doc__)
    assert examples
    for other, caption in examples:
        decided.clear()
        read_tokens(caption, COCO80)
        assert (rule in decided) != bool(other), caption


def test_the_first_rule_that_holds_decides_and_others_are_not_asked():
    rules = Rules()
    asked = []

    @rules.add("never", {"jug"})
    def of_jugs(at):
        asked.append(at.word)
        return True

    @rules.add("first", str.isalpha)
    def of_letters(at):
        return at.before.low == "a"

    rules.add_always("last", {"lamp", "12"})

    def decide(word, *before):
        return rules.decide(Spot(word, [Token(text, "D") for text in before], []))

    assert [decide("lamp", "a"), decide("lamp"), decide("12", "a"), decide("fig")] == [
        "first",
        "last",
        "last",
        None,
    ]
    assert not asked
    assert decide("jug", "a") == "never"


def test_a_caption_may_begin_with_a_link_and_drinks():
    assert [token.kind for token in read_tokens("And drinks on a tray", COCO80)] == ["C", "W", "P", "D", "W"]
