"""Checks of a caption: which of its new words are verbs, and whether such a verb may be new.

A verb that was not there invents no thing. A right caption often tells with another verb what is left
to tell, most of all where the old verb went with the object.
"""

from functools import lru_cache
from itertools import pairwise

from unscene.captions.checks.deed_words import SEEN_DEEDS
from unscene.captions.checks.texts import Case, Text, get_stem, split_words
from unscene.rewriting.tagging.reading import read_tokens
from unscene.rewriting.tagging.verb_forms import EN, ING, THIRD, looks_plural
from unscene.words.caption_words import CLAUSES, DETERMINERS, LINKS, PREPOSITIONS
from unscene.words.verb_lists import MORE_PARTICIPLES, NOUNY, VERBS


def _group(text: str) -> frozenset[str]:
    return frozenset(map(get_stem, text.split()))


_SEEN = tuple(map(_group, SEEN_DEEDS))
_SMALL = (
    DETERMINERS | LINKS | CLAUSES | {"is", "have", "with", "in", "on", "at", "of", "by", "to", "near", "next"}
)
_SMALL_STEMS = frozenset(map(get_stem, _SMALL))


@lru_cache(maxsize=64)
def list_verbs(text: Text) -> frozenset[str]:
    """Return the words of a text that are verbs where they stand. Each text is read once."""
    verbs = {token.low for token in read_tokens(text.text, text.vocabulary) if token.kind == "V"}
    verbs |= {word for chunk in text.chunks if chunk.kind == "V" for word in split_words(chunk.text)}
    people = {words[-1] for word, words in text.surfaces if word in text.vocabulary.people}
    tokens = ["", *text.tokens, ""]
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if before in DETERMINERS | PREPOSITIONS | {"", "and"}:
            continue
        acts = token in VERBS or token.endswith(("s", "ed", "ing"))
        governs = after in DETERMINERS and acts  # `a bridge spans the canyon`
        several = looks_plural(before) and not token.endswith("s")  # `skyscrapers loom above a street`
        governs = governs or (several and after in DETERMINERS | PREPOSITIONS)
        is_form = token in THIRD or token in ING or token in EN or token in MORE_PARTICIPLES | {"strung"}
        is_form = is_form or token in VERBS
        if governs or (is_form and token not in NOUNY and (after == "" or after in PREPOSITIONS)):
            verbs.add(token)
        if before in people and (token.endswith("s") or token in VERBS):
            verbs.add(token)  # `a woman practices yoga`
    return frozenset(verbs)


def may_be_new(case: Case, token: str) -> bool:
    """Whether a new word is a verb that says in other words what was there.

    It is where a verb of the old caption, or of the removed object, is gone; a deed that everybody
    sees must be told by some word of the old caption.
    """
    if token not in list_verbs(case.new):
        return False
    stem = get_stem(token)
    if stem == "play" and not _governs(case.new, token):
        return True
    deeds = [group for group in _SEEN if stem in group]
    if deeds:
        return any(group & set(case.old.stems) for group in deeds)
    gone = {get_stem(word) for words in _list_names(case) for word in words}
    lost = set(case.old.stems) - set(case.new.stems) - gone - _SMALL_STEMS
    return bool(lost)


def _governs(text: Text, token: str) -> bool:
    """Whether something is done with a thing: `plays a piano`, not `plays in a garden`."""
    following = [after for before, after in pairwise([*text.tokens, ""]) if before == token]
    return any(after and after not in PREPOSITIONS | LINKS | CLAUSES for after in following)


def _list_names(case: Case) -> list[list[str]]:
    """Return the words that name the object, mention by mention."""
    return [words for word, words in case.old.surfaces if word == case.category]
