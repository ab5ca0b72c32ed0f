"""Writes clauses as a caption: articles, marks, words that stand twice."""

import re
from dataclasses import replace

from unscene.rewriting.parsing.tree import Clause, Group, Phrase, Prep, Verb, walk, write_clauses
from unscene.rewriting.realisation.rows import takes_article
from unscene.rewriting.scene_lists import SINGLE
from unscene.rewriting.tagging.tokens import Token
from unscene.rewriting.tagging.verb_forms import looks_plural
from unscene.words.caption_words import DETERMINERS, PRONOUNS
from unscene.words.vocabulary import Vocabulary


def give_article(phrase: Phrase, vocabulary: Vocabulary) -> None:
    """Put an article in front of a bare thing that has become the first word: `frisbee` -> `a frisbee`."""
    tokens = phrase.tokens
    if (
        tokens
        and (tokens[-1].word or (phrase.head in SINGLE and len(tokens) == 1))
        and tokens[0].kind not in ("D", "O", "R")
        and takes_article(phrase.head)
        and not looks_plural(tokens[0].low)
        and not phrase.words & (vocabulary.mass | vocabulary.plural_only)
    ):
        first = tokens[0]
        small = replace(first, text=first.low) if first.text.istitle() and not first.word else first
        phrase.tokens = [Token("a", "D"), small, *tokens[1:]]


def finish(clauses: list[Clause]) -> str | None:
    """Return clauses as a caption; None when they say nothing."""
    if not clauses:
        return None
    first = clauses[0].group
    if [token.low for token in first.members[0].tokens[:2]] == ["so", "many"]:
        del first.members[0].tokens[0]  # "There so many boats"
    lead = first.members[0].tokens
    if len(lead) > 1 and lead[0].low == "other" and looks_plural(lead[-1].low):
        del lead[0]  # "parked next to other vehicles"
    if (
        not first.members[0].tokens
        and first.mods
        and isinstance(first.mods[0], Prep)
        and first.mods[0].group is not None
        and not _goes_on(clauses)
    ):
        group = first.mods[0].group
        clauses = [
            Clause("", Group(group.members, group.links, [*group.mods, *first.mods[1:]])),
            *clauses[1:],
        ]
    for clause in clauses:
        for node in walk(clause):
            if isinstance(node, Phrase) and node.tokens:
                _mend_article(node)
    if not any(says_something(n) for c in clauses for n in walk(c) if isinstance(n, Phrase)):
        return None
    return _spell(write_clauses(clauses))


def _goes_on(clauses: list[Clause]) -> bool:
    """Whether a sentence stands behind the place that a caption begins with: `In a hall, a nun sings`,
    `In a hall, there is a loom`.
    """
    mods = clauses[0].group.mods
    second = mods[1] if len(mods) > 1 else None
    if isinstance(second, Verb) and second.opener == "," and second.tokens[0].low == "there":
        return bool(second.objects)
    second = clauses[1].group if len(clauses) > 1 and clauses[1].opener == "," else None
    return second is not None and any(isinstance(mod, Verb) and mod.is_finite for mod in second.mods)


def _mend_article(phrase: Phrase) -> None:
    tokens = phrase.tokens
    if len(tokens) > 2 and tokens[0].low in ("a", "an") and tokens[1].low in _MANY and tokens[2].low == "of":
        del tokens[0]  # "a lots of boats"
    spelled = len(tokens) > 1 and tokens[1].text.isupper() and tokens[0].text != "A"  # "an SUV"
    if len(tokens) > 1 and tokens[0].low in ("a", "an") and not spelled:
        follower = tokens[1].low
        vowel = (
            follower[0] in "aeiou8"
            and tokens[1].text != "US"
            and not follower.startswith(("uni", "use", "eu", "one", "ute", "uri"))
        )
        wrong = tokens[0].low != ("an" if vowel else "a")
        if wrong and not follower.startswith("h") and (follower[0].isalpha() or follower[0] == "8"):
            tokens[0] = Token("an" if vowel else "a", "D")


_MANY = frozenset({"lots", "hundreds", "dozens", "thousands", "plenty", "tons", "loads", "piles", "rows"})


def says_something(phrase: Phrase) -> bool:
    if not phrase.tokens:
        return False
    if phrase.words:
        return True
    head = phrase.head
    return head in ("someone", "somebody") or (head not in DETERMINERS | PRONOUNS and not phrase.is_pronoun)


def _spell(text: str) -> str | None:
    words = text.split()
    text = " ".join(
        word
        for before, word in zip(["", *words], words, strict=False)
        if word.lower() != before.lower() or len(word) == 1
    )
    for mark in (",", ";", ":", ")", "!", "?", "."):
        text = text.replace(f" {mark}", mark)
    text = re.sub(r"\b(only|just|also),", r"\1", text)
    text = re.sub(r" (on|in|at) it (?=\1 )", " ", text)  # "cars on it on a bridge"
    text = (
        text.replace(" 's", "'s")
        .replace(" \u2019s", "\u2019s")
        .replace(" ' ", "' ")
        .replace(" / ", "/")
        .replace("( ", "(")
        .strip(" ,;:-&")
    )
    while text.lower().endswith((" and", " or", ",", " with", " while", " as", " and some", " prior")):
        text = text.rsplit(" ", 1)[0].rstrip(",")
    text = re.sub(r"(?<=[a-z0-9][.!?] )[a-z]", lambda start: start[0].upper(), text)
    return text[:1].upper() + text[1:] if text else None
