"""Checks of a caption: whether the object is named, by the lexicon or by other words for it."""

from unscene.captions.checks.leftover_words import ALIASES, PLACES_NAMED_SO
from unscene.captions.checks.texts import Case, Text, get_last, get_stem


def names_object(case: Case) -> str | None:
    """The object is named: by the lexicon, or by the words that named it before."""
    if case.category in case.new.words:
        return "it names the object"
    surfaces = [words for word, words in case.old.surfaces if word == case.category]
    if case.category.endswith("board") and {"board", "boards"} & set(case.new.tokens) - set(case.old.tokens):
        return "it names the object: 'board'"
    names = {get_stem(words[-1]) for words in surfaces}
    for token, stem in zip(case.new.tokens, case.new.stems, strict=True):
        if stem in names and token.endswith("ed") and token not in case.old.tokens:
            return f"it names the object: {token!r}"  # `bottled beer`
    for token in ALIASES.get(case.category, frozenset()) & set(case.new.tokens):
        if get_stem(token) not in case.old.stems:
            return f"it names the object: {token!r}"
    if doer := _find_doer(case):
        return f"it names the object: {doer!r}"
    for words in surfaces:
        if case.category not in case.new.words and _is_first_part(case.new, words):
            continue  # `train tracks`
        if case.new.count(words) > case.old.count(words) - surfaces.count(words):
            return f"it names the object: {' '.join(words)!r}"
    if word := _find_last_part(case, surfaces):
        return f"it names the object: {word!r}"
    if not surfaces and set(case.new.stems) >= set(case.old.stems):
        return "nothing is taken out"
    return None


def _find_doer(case: Case) -> str | None:
    """Return a new word for the people by what they did: `a defender` of `a player defends`."""
    chunks = case.old.chunks
    for place, chunk in enumerate(chunks) if case.is_person else ():
        doer = case.old.find_governor(place) if chunk.kind == "V" else None
        if doer is None or not case.names_object(chunks[doer]):
            continue
        for token in {get_last(one) for one in case.new.chunks if one.kind == "NP"} - set(case.old.tokens):
            base = token.removesuffix("s")
            stems = {get_stem(base[:-2]), get_stem(base[:-1])}
            if base.endswith(("er", "or")) and get_stem(chunk.head) in stems:
                return token
    return None


def _find_last_part(case: Case, surfaces: list[list[str]]) -> str | None:
    """Return the last word of the object's name where it is left alone: `a board` of `a surf board`."""
    for words in surfaces:
        last = get_stem(words[-1])
        mine = sum(get_stem(one[-1]) == last for one in surfaces)
        if words[-1] in PLACES_NAMED_SO:
            continue  # `a clock tower`
        left = case.new.stems.count(last) > case.old.stems.count(last) - mine
        if len(words) > 1 and left and last in case.new.heads:
            return words[-1]
    return None


def _is_first_part(text: Text, words: list[str]) -> bool:
    """Whether words stand in a text only as the first part of a place's name."""
    at = [i for i in range(len(text.tokens)) if text.tokens[i : i + len(words)] == words]
    behind = [text.tokens[i + len(words) : i + len(words) + 1] for i in at]
    return bool(behind) and all(after and after[0] in PLACES_NAMED_SO for after in behind)
