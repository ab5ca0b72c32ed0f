"""Checks of a caption: whether a thing or the place that the old one names is lost."""

import re

from unscene.captions.checks.invented import is_derived, is_spelt_alike
from unscene.captions.checks.synonyms import says_same
from unscene.captions.checks.texts import (
    Case,
    Text,
    get_last,
    get_stem,
    split_words,
)
from unscene.captions.checks.verbs import list_verbs
from unscene.captions.checks.words import (
    ABSTRACT,
    ACTIVITIES,
    LIVING,
    MANNERS,
    PARTS,
    SCENES,
    SMALL,
    SPORTS,
    STATE_ENDINGS,
    STATE_LIKE,
    VAGUE,
)
from unscene.words.caption_words import (
    ADJECTIVES,
    ADVERBS,
    AUXILIARIES,
    BASES,
    BODY,
    CLOTHES,
    DETERMINERS,
    PLACES,
    PRONOUNS,
    TIMES,
)
from unscene.words.chunks import Chunk
from unscene.words.negation import find_held, rewrite_caption
from unscene.words.people import means_people
from unscene.words.scene_lists import PARTS as PARTS_OF_THINGS
from unscene.words.tree import Phrase
from unscene.words.verb_forms import EN, THIRD
from unscene.words.verb_lists import MORE_PARTICIPLES, NOUNY

# Verbs whose object is no thing: nothing is left of it when nobody does it.
_DOING = frozenset(
    map(get_stem, ("play", "do", "perform", "deliver", "give", "take", "make", "enjoy", "throw", "keep"))
)
_LOOKS = frozenset(
    ("small", "little", "tiny", "compact", "big", "large", "huge", "giant", "beautiful", "gorgeous", "pretty")
    + ("lovely", "many", "lots", "several", "numerous", "various", "lot", "full", "lit", "lighted")
    + ("illuminated", "toasted", "baked", "fried", "grilled", "cooked", "sliced")
)
# What goes with people, though it is a word of a list.
_WORN = frozenset(("tie", "cell phone"))
# What people stand on, so that it may go with them: nobody knows from the caption alone. What they hold
# is found by `find_held`.
_BOARDS = frozenset(("skis", "snowboard", "skateboard", "surfboard"))
_NO_THINGS = (
    PRONOUNS
    | ABSTRACT
    | BODY
    | CLOTHES
    | ADJECTIVES
    | SPORTS
    | PARTS["person"]
    | PARTS["dog"]
    | _LOOKS
    | ADVERBS
    | {
        "visible",
        "available",
        "what",
        "own",
        "far",
        "teeth",
        "either",
        "perfect",
        "abreast",
        "photography",
        "stock",
        "horseback",
    }
)
_CLOTHING = (CLOTHES | PARTS["person"]) - BODY - PARTS["dog"] - {"hair", "beard", "mustache", "smile"}
_MODALS = AUXILIARIES | {"should", "must", "shall"}
_BASE_STEMS = frozenset(map(get_stem, (*BASES, "build")))
_ADJECTIVE_ENDINGS = ("y", "ed", "ing", "ful", "ous", "al", "ic", "en", "ern", "ish", "ble", "ive", "less")
# What an animal does to a thing that nothing else holds.
_TAKING = frozenset(map(get_stem, ("eat", "chew", "catch", "bite", "nibble", "munch", "drink", "lick")))
_HAULING = frozenset(map(get_stem, ("carry", "haul", "pull", "tow", "transport")))
_WHEN = frozenset(("night", "day", "evening", "morning", "afternoon", "daytime", "dusk", "dawn", "sunset"))
_SEEMING = frozenset(map(get_stem, ("look", "seem", "feel", "appear", "be", "become", "get", "turn")))
_CONTENT = frozenset(
    map(
        get_stem,
        (
            "full",
            "fill",
            "cover",
            "top",
            "decorate",
            "load",
            "paint",
            "stuff",
            "pack",
            "wrap",
            "dress",
            "comprise",
            "compose",
        ),
    )
)
_PARTS = frozenset().union(*PARTS.values())


def _is_told(word: str, text: Text) -> bool:
    """Whether a text says a word with another ending, as a part of itself, or by a word like it."""
    return (
        is_spelt_alike(word, text.tokens)
        or says_same(word, text.tokens)
        or any(says_same(token, [word]) for token in text.tokens)
        or any(
            is_derived(word, [token])
            or is_derived(token, [word])
            or (len(word) > 4 and token.startswith(word.removesuffix("s")))
            or (len(token) > 4 and word.endswith(token))
            for token in text.tokens
        )
    )


def loses(case: Case) -> str | None:
    """Another thing, or the place, that the old caption names is lost."""
    new_stems = set(case.new.stems)
    # Words that the new caption names otherwise than the old one did.
    renamed = {word for word, words in case.new.surfaces if get_stem(words[-1]) not in case.old.stems}
    own = rewrite_caption(case.old.text, case.category, case.vocabulary)
    kept = set(map(get_stem, split_words(own.text))) if own is not None and own.way == "grammar" else None
    # `A skiing scene.` names no thing either.
    is_bare = own is not None and set(split_words(own.text)) <= SMALL | SCENES | SPORTS
    if kept is not None and not is_bare and set(case.new.tokens) <= SMALL | SCENES:
        return "all that is left is lost"
    # Where the lexicon does not see the object, one lost thing is it.
    held = find_held(case.old.text, case.category, case.vocabulary)
    verbs = list_verbs(case.old)
    spare = not any(map(case.names_object, case.old.chunks))
    for place, chunk in enumerate(case.old.chunks):
        if chunk.kind != "NP" or case.names_object(chunk):
            continue
        named = chunk.words - {case.category} - held  # what is held may go along, and may stay
        unnamed = named <= case.vocabulary.people and (
            {"someone", "somebody"} & set(case.new.tokens) or _calls_people(case.new)
        )
        if named and (named & renamed or unnamed):
            continue
        head = _find_head(case.old.chunks, place)
        # Without a verb that the grammar took for its last noun: `costumed characters give`.
        nouns = chunk.tokens[: _find_place(chunk, head) + 1]
        if chunk.low.startswith(("no ", "any ")) or (case.is_person and means_people(Phrase(nouns))):
            continue
        things = _list_things(chunk, case)
        if head in _WHEN or (head in ("ground", "floor") and place > 1):
            continue
        if head.endswith("ly") and not named and chunk.tokens[-1].low == head and len(chunk.tokens) == 1:
            continue  # `filled with nearly thirty puppies`
        if head in case.old.aside or _is_no_thing(case.old.chunks, place, head):
            continue
        if not head or chunk.low in DETERMINERS or (not named and head not in things):
            continue
        # `Tom waves at`: the last word may be a verb that nobody knows.
        following = case.old.chunks[place + 1 : place + 2]
        is_verb = head.endswith("s") and len(things) > 1 and bool(following) and following[0].kind == "P"
        stems = {get_stem(word) for word in things[:-1] if not word.endswith(_ADJECTIVE_ENDINGS)}
        whole = case.new.heads & stems or head in VAGUE
        things = things if (is_verb and not named) or whole else [head]
        if not named and head in verbs:
            things = [word for word in things if word != head]
            if not things:
                continue
            head = things[-1]
        if any(get_stem(t) in new_stems or t in case.new.joined or _is_told(t, case.new) for t in things):
            continue
        if _goes_along(case, place, bool(named)) or (not named and _is_part_of_rest(case, place)):
            continue
        if spare and not named:
            spare = False
            continue
        if named or kept is None or get_stem(head) in kept or _is_place(case.old.chunks, place):
            return f"{head!r} is lost"
    return None


def _calls_people(text: Text) -> bool:
    """Whether people are in a text by what they do alone: `two gamers`."""
    phrases = [chunk for chunk in text.chunks if chunk.kind == "NP"]
    return not any(one.is_human for one in phrases) and any(means_people(Phrase(p.tokens)) for p in phrases)


def _find_place(chunk: Chunk, head: str) -> int:
    return next((i for i, token in enumerate(chunk.tokens) if token.low == head), len(chunk.tokens) - 1)


def _is_part_of_rest(case: Case, place: int) -> bool:
    """Whether a noun is a part of what is still named: `the roof of a van`."""
    chunks = case.old.chunks
    if chunks[place].head not in _PARTS | PARTS_OF_THINGS or len(chunks) < place + 3:
        return False
    whole = chunks[place + 2]
    return chunks[place + 1].low == "of" and get_stem(get_last(whole)) in case.new.stems


def _is_no_thing(chunks: list[Chunk], place: int, head: str) -> bool:
    """Whether a noun names nothing that one would see: a state, a manner, what something is like."""
    before = chunks[place - 1] if place else None
    if before is None:
        return False
    if before.low.endswith("like") or (before.kind == "P" and before.low == "as"):
        return True
    if chunks[place].words:
        return False
    if head in MANNERS or before.low in ("after", "during"):
        return True
    bare = chunks[place].tokens[0].low == head
    if before.kind == "V" and bare and get_stem(before.head) in _SEEMING:
        return True  # `a dog looking proud`
    return before.kind == "P" and head.endswith(STATE_ENDINGS) and head not in STATE_LIKE


def _list_things(chunk: Chunk, case: Case) -> list[str]:
    """Return the nouns of a phrase that are things of their own."""
    gone = _NO_THINGS | PARTS.get(case.category, frozenset()) | ACTIVITIES.get(case.category, frozenset())
    if case.category not in case.vocabulary.animate:
        gone = gone - _CLOTHING
    words = split_words(chunk.text)
    if "framed" in words:
        gone = gone - SCENES
    return [word for word in words if word not in gone | DETERMINERS | SMALL]


def _find_head(chunks: list[Chunk], place: int) -> str:
    """Return the noun of a phrase; empty where a verb stands, which the grammar took for one."""
    words, before = split_words(chunks[place].text), chunks[place - 1] if place else None
    if not words:
        return ""
    while words and words[-1] in _MODALS:
        words.pop()
    if not words:
        return ""
    named = [token for token in chunks[place].tokens if token.word]
    if named:
        return split_words(named[-1].text)[-1]
    participle = words[-1].endswith(("ed", "en"))
    if participle and (words[0] not in DETERMINERS or words[-1] in EN or words[-1] in MORE_PARTICIPLES):
        return ""
    acts = get_stem(words[-1]) in _BASE_STEMS and not chunks[place].tokens[-1].word
    if acts and before is not None and before.kind == "V" and set(split_words(before.text)) <= AUXILIARIES:
        return ""
    after = chunks[place + 1] if place + 1 < len(chunks) else None
    touches = after is not None and after.kind in ("NP", "P") and words[-1].endswith("s")
    alone = after is not None and (after.kind == "NP" or (place > 0 and chunks[place - 1].kind == "X"))
    if touches and alone and len(words) == 1:
        return ""
    if len(words) == 1 and words[0] in THIRD and words[0] not in NOUNY and before and before.kind == "C":
        return ""  # `, passes by a building`
    if (acts or touches) and len(words) > 1 and words[-2] not in DETERMINERS | ADJECTIVES | SMALL:
        return words[-2]
    return words[-1]


def _goes_along(case: Case, place: int, is_named: bool) -> bool:
    """Whether a noun phrase of the old caption may go with the object: it is worn, it is its whole or
    its content, or a clause tells it of the object alone.
    """
    chunks = case.old.chunks
    after = chunks[place + 1] if place + 1 < len(chunks) else None
    if _carries(case, place) or (not is_named and _belongs(case, place)):
        return True
    start = place  # of the list that it ends
    while start > 1 and chunks[start - 1].low in ("and", ",") and chunks[start - 2].kind == "NP":
        if chunks[start].tokens[0].kind == "D":
            break
        start -= 2
    verb_chunk = chunks[start - 1] if start else None
    # The grammar may take the verb for a noun: `a cat chews`.
    takes = verb_chunk is not None and case.names_object(verb_chunk) and not is_named and not case.is_person
    if takes and get_stem(verb_chunk.head) in _TAKING:
        return True
    if verb_chunk is not None and verb_chunk.kind == "V":
        verb, doer = get_stem(verb_chunk.head), case.old.find_governor(start - 1)
        is_mine = doer is not None and case.names_object(chunks[doer])
        if start > 1 and verb_chunk.tokens[0].form == "ing":  # `next to a hydrant spraying water`
            is_mine = is_mine or case.names_object(chunks[start - 2])
        if (
            is_mine
            and not is_named
            and verb in _HAULING
            and case.category in ("train", "truck", "car", "boat")
        ):
            return True  # `a train carrying crates`
        if is_mine and (verb == "wear" or verb in _DOING):
            return True
        if is_mine and not is_named and not case.is_person and verb in _TAKING:
            return True
        if is_mine and not is_named and case.category not in case.vocabulary.animate:
            return True
    if _owns(case, chunks[place]):
        return True
    if case.is_person and (chunks[place].words & _WORN or _stands_on(case, place)):
        return True
    if is_named:
        return False
    if chunks[place].head in ("sky", "air") and place > 1 and case.names_object(chunks[place - 2]):
        return True
    if (
        after is not None
        and after.low == "of"
        and place + 2 < len(chunks)
        and case.names_object(chunks[place + 2])
    ):
        return True
    if after is not None and after.low == "of" and chunks[place].head in _PARTS | {"water", "waters"}:
        return True
    if _has(case, place) or _lies_in_it(case, place):
        return True
    opener = next((at for at in range(place - 1, 0, -1) if chunks[at].kind == "S"), None)
    if opener is None:
        return False
    subject = (
        chunks[opener - 1]
        if chunks[opener].low in ("that", "which", "who", "whose", "where")
        else chunks[opener + 1]
    )
    return case.names_object(subject) or (case.is_person and subject.low in PRONOUNS)


def _belongs(case: Case, place: int) -> bool:
    """Whether a noun phrase hangs on the object by words of content, over one or several steps: a
    basket full of sunflowers on a bicycle, a cup of cocoa topped with marshmallows; or is its own part.
    """
    chunks = case.old.chunks
    place = _find_row_start(chunks, place)
    mine = case.category not in LIVING
    if mine and chunks[place].tokens[0].low == "its":
        owner = next((one for one in chunks[:place] if one.kind == "NP"), None)
        return owner is not None and case.names_object(owner)
    if place > 1 and chunks[place - 1].kind == "P" and chunks[place - 2].kind == "V":
        doer = case.old.find_governor(place - 2)
        filled = {get_stem(word) for word in split_words(chunks[place - 2].text)} & _CONTENT
        if filled and doer is not None and case.names_object(chunks[doer]):
            return True
    at = place - 1
    while at >= 0 and (chunks[at].kind != "NP" or case.names_object(chunks[at])):
        if case.names_object(chunks[at]):
            links = chunks[at + 1 : place]
            filled = any({get_stem(w) for w in split_words(c.text)} & _CONTENT for c in links)
            return filled and all(c.kind in "VPA" for c in links)
        if chunks[at].kind not in "VPA":
            return False
        at -= 1
    if at < 0:
        return False
    words = {get_stem(word) for chunk in chunks[at + 1 : place] for word in split_words(chunk.text)}
    words |= {get_stem(word) for word in split_words(chunks[at].text)[-1:]}
    linked = words & (_CONTENT | {"of", "with"})
    return mine and bool(linked) and not chunks[at].words and (_has(case, at) or _belongs(case, at))


def _stands_on(case: Case, place: int) -> bool:
    """Whether a noun phrase is the board that the removed people are on: `a boy riding a skateboard`,
    `a man with skis`.
    """
    chunks = case.old.chunks
    if not chunks[place].words or not chunks[place].words <= _BOARDS:
        return False
    before = _find_row_start(chunks, place) - 1
    if before < 1:
        return False
    if chunks[before].low in ("with", "on") and case.names_object(chunks[before - 1]):
        return True
    verb = before - 1 if chunks[before].low == "on" else before
    doer = case.old.find_governor(verb) if chunks[verb].kind == "V" else None
    return doer is not None and case.names_object(chunks[doer])


def _find_row_start(chunks: list[Chunk], place: int) -> int:
    """Return the place of the first of the row that a noun phrase ends. An article begins a thing of its
    own behind nouns without one: `a bottle of milk, a basket`.
    """
    while place > 1 and chunks[place - 1].low in ("and", ",") and chunks[place - 2].kind == "NP":
        if chunks[place].tokens[0].kind == "D" and chunks[place - 2].tokens[0].kind != "D":
            break
        place -= 2
    return place


def _carries(case: Case, place: int) -> bool:
    """Whether a noun phrase is shown on the object, or is the wall that it hangs on."""
    after = case.old.chunks[place + 1 : place + 3]
    if len(after) == 2 and after[0].low == "on" and case.names_object(after[1]):
        return case.category in ("cell phone", "tv", "laptop", "stop sign", "book")
    before = case.old.chunks[max(place - 2, 0) : place]
    on_wall = len(before) == 2 and before[1].low == "on" and case.names_object(before[0])
    return on_wall and case.old.chunks[place].head in ("wall", "walls", "ceiling")


def _owns(case: Case, chunk: Chunk) -> bool:
    """Whether the object is said to be somebody's: `a lady's handbag`."""
    names = [" ".join(words) for word, words in case.old.surfaces if word == case.category]
    owner = re.escape(_find_owner(chunk))
    return any(
        re.search(rf"{owner}\s?['’]s?\s(?:\w+\s){{0,2}}{re.escape(name)}", case.old.text.lower())
        for name in names
    )


def _find_owner(chunk: Chunk) -> str:
    return chunk.head.removesuffix("'s").removesuffix("’s")


def _has(case: Case, place: int) -> bool:
    """Whether a noun phrase, or the list that it ends, hangs on the object: `a mug with a lid and bones`."""
    chunks = case.old.chunks
    if len(chunks) > place + 2 and chunks[place + 2].head in ("background", "distance"):
        return False  # `a kite with trees in the background`
    place = _find_row_start(chunks, place)
    return (
        place > 1
        and chunks[place - 1].low in ("of", "with", "as", "like")
        and case.names_object(chunks[place - 2])
    )


def _lies_in_it(case: Case, place: int) -> bool:
    """Whether a noun phrase is the object's content: `a vase on a table with flowers in it`."""
    around = [chunk.low for chunk in case.old.chunks[max(place - 1, 0) : place + 3]]
    first = next((one for one in case.old.chunks if one.kind == "NP"), None)
    mine = first is not None and case.names_object(first)
    return mine and len(around) == 4 and around[0] == "with" and around[2:] == ["in", "it"]


def _is_place(chunks: list[Chunk], place: int) -> bool:
    return (
        place > 0
        and chunks[place - 1].kind == "P"
        and chunks[place - 1].low in PLACES - {"with", "during"}
        and chunks[place].head not in TIMES
    )
