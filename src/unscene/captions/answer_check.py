"""Checks the caption that somebody wrote for an edit against the caption that the photo had.

A right one is the old caption without the object and what hangs on it: its words come from there, the
other things are still named and told as before, and it reads like a sentence. Whoever wrote it, and
however, is no matter: nothing is compared with a rewriting of our own but what that one keeps.
"""

from collections.abc import Callable
from functools import lru_cache

from unscene.captions.checks.changes import changes_description, changes_relation
from unscene.captions.checks.deeds import keeps_activity
from unscene.captions.checks.form import is_foreign, is_odd
from unscene.captions.checks.invented import invents
from unscene.captions.checks.leftovers import keeps_measure, keeps_others, keeps_parts
from unscene.captions.checks.lost import is_vague, loses
from unscene.captions.checks.named import names_object
from unscene.captions.checks.sentences import (
    begins_badly,
    ends_badly,
    has_odd_neighbours,
    lacks_a_word,
)
from unscene.captions.checks.texts import Case, Text
from unscene.words.readable import find_obstacle
from unscene.words.vocabulary import Vocabulary

Rules = tuple[tuple[str, Callable[[Case], str | None]], ...]
# Kinds of fault, each with what finds it; the first that fits is told.
RULES: Rules = (
    ("form", is_odd),
    ("named", names_object),
    ("left", keeps_others),
    ("invented", invents),
    ("left", keeps_parts),
    ("left", keeps_measure),
    ("left", keeps_activity),
    ("lost", loses),
    ("lost", is_vague),
    ("changed", changes_description),
    ("changed", changes_relation),
    ("grammar", begins_badly),
    ("grammar", ends_badly),
    ("grammar", lacks_a_word),
    ("grammar", has_odd_neighbours),
)
# What can be told without the old caption.
RULES_ALONE: Rules = (("form", is_foreign), ("named", names_object), ("left", keeps_others))


@lru_cache(maxsize=1 << 16)
def find_fault(without: str, original: str, category: str, vocabulary: Vocabulary) -> str | None:
    """Return what is wrong with a caption written for an edit, its kind first; None when it will do.

    without: what was written. original: the photo's caption. category: the word of the object that
    was removed. Where the old caption is in another language, only what can be told without it is
    looked at.
    """
    if not without.strip():
        return "form: empty"
    case = Case(Text(original, vocabulary), Text(without, vocabulary), category, vocabulary)
    rules = RULES if find_obstacle(original) is None else RULES_ALONE
    return next((f"{kind}: {fault}" for kind, rule in rules if (fault := rule(case))), None)
