"""Checks of a caption: whether a thing or the place that the old one names is lost."""

import re
from collections.abc import Iterator
from itertools import pairwise

from unscene.captions.checks.deed_words import ACTIVITIES, EVENTS, SPORTS
from unscene.captions.checks.dependents import find_row_start, goes_along
from unscene.captions.checks.frame_words import MOMENTS, SCENES
from unscene.captions.checks.invented import has_lost_letter, is_derived, is_spelt_alike, list_others
from unscene.captions.checks.leftover_words import OTHERS, PARTS
from unscene.captions.checks.lost_words import ABSTRACT, MANNERS, STATE_ENDINGS, STATE_LIKE
from unscene.captions.checks.new_words import DENIALS, SMALL, VAGUE
from unscene.captions.checks.synonyms import names_kind_of, says_same
from unscene.captions.checks.texts import BASE_STEMS, Case, Text, get_last, get_stem, split_words
from unscene.captions.checks.verbs import list_verbs
from unscene.rewriting.negation import find_held, rewrite_caption
from unscene.rewriting.parsing.chunks import Chunk
from unscene.rewriting.parsing.people import means_people
from unscene.rewriting.parsing.tree import Phrase
from unscene.rewriting.scene_lists import GROUNDS, SCENERY
from unscene.rewriting.tagging.verb_forms import EN, THIRD, looks_plural
from unscene.words.caption_words import (
    ADJECTIVES,
    ADVERBS,
    AUXILIARIES,
    BODY,
    CLOTHES,
    DETERMINERS,
    NUMBERS,
    PLACES,
    PRONOUNS,
    QUANTITIES,
    TIMES,
)
from unscene.words.verb_lists import MORE_PARTICIPLES, NOUNY

_LOOKS = frozenset(
    ("small", "little", "tiny", "compact", "big", "large", "huge", "giant", "beautiful", "gorgeous", "pretty")
    + ("lovely", "many", "lots", "several", "numerous", "various", "lot", "full", "lit", "lighted")
    + ("best", "illuminated", "toasted", "baked", "fried", "grilled", "cooked", "sliced")
)
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
    | DENIALS
    | OTHERS
    | {
        "visible",
        "vs",
        "safety",
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
        *("today", "tonight", "tomorrow", "yesterday", "left", "right"),
    }
)
_CLOTHING = (CLOTHES | PARTS["person"]) - BODY - PARTS["dog"] - {"hair", "beard", "mustache", "smile"}
# Words that alone tell no scene, and adverbs that tell where it is.
_VAGUE_ALONE = DETERMINERS | {
    "somewhere",
    "going",
    "moment",
    "activity",
    "occasion",
    "situation",
    "place",
    "time",
}
_UNSAID = frozenset(("something", "somewhere", "anything"))
_BARE = VAGUE | _VAGUE_ALONE | EVENTS | {"someone", "somebody"}
_WHERE = frozenset(("outdoors", "outside", "indoors", "backstage", "onstage", "upstairs", "underwater"))
_GAMES = frozenset(("game", "match", "goal", "team", "championship", "tournament"))
_MODALS = AUXILIARIES | {"should", "must", "shall"}
_BASE_STEMS = BASE_STEMS | {get_stem("build")}
_ADJECTIVE_ENDINGS = ("y", "ed", "ing", "ful", "ous", "al", "ic", "en", "ern", "ish", "ble", "ive", "less")
_ADVERB_ENDINGS = ("ately", "ally", "edly", "ously", "ively", "fully", "ently", "antly", "ingly")
# Who does this to a ball has it at hand.
_AT_BALL = frozenset(map(get_stem, ("serve", "hit", "swing", "return", "kick", "pitch", "throw", "toss")))
_SEEMING = frozenset(map(get_stem, ("look", "seem", "feel", "appear", "be", "become", "get", "turn")))


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
    own = rewrite_caption(case.old.text, case.category, case.vocabulary)
    kept = set(map(get_stem, split_words(own.text))) if own is not None and own.tells_scene else None
    chunks = case.old.chunks
    places = {
        get_stem(chunk.head)
        for at, chunk in enumerate(chunks)
        if _is_place(chunks, at) and not _is_no_thing(chunks, at, chunk.head)
    }
    if kept is not None and places & kept and set(case.new.tokens) <= SMALL | SCENES:
        return "the place is lost"
    for place, head, named in _list_lost(case, kept or set()):
        stays = named or _is_place(chunks, place) if kept is None else get_stem(head) in kept
        if stays or _is_in_kept_row(case, place):
            return f"{head!r} is lost"
    return None


def is_vague(case: Case) -> str | None:
    """Only general words are left, though more was told: `a structure`, `something outdoors`."""
    told = set(case.old.stems)
    words = {word for word in case.new.tokens if word.removesuffix("s") not in SCENES} - SMALL - _VAGUE_ALONE
    general = {word for word in words if get_stem(word) not in told and names_kind_of(word, told)}
    others = list_others(case)
    for word, following in pairwise([*case.new.tokens, ""]):
        describes = following in case.old.tokens and following not in SMALL and not following.endswith("ing")
        if others and word in _UNSAID - set(case.old.tokens) and not describes:
            return f"{word!r} is too general"
    # `A place`: no word of the old caption's; `an image of a place`: none but `image`.
    bare = set(case.new.tokens) - DETERMINERS - (SMALL | SCENES if others else set())
    if bare and bare <= _BARE - told - set(case.old.tokens):
        return f"{min(bare)!r} is too general"
    if words - VAGUE - MOMENTS - _WHERE - general:
        return None
    if general:
        return f"{min(general)!r} is too general"
    if lost := _WHERE & set(case.old.tokens) - set(case.new.tokens):
        return f"{min(lost)!r} is lost"
    return next((f"{head!r} is lost" for _, head, _ in _list_lost(case, told)), None)


def _list_lost(case: Case, kept: set[str]) -> Iterator[tuple[int, str, bool]]:
    """Yield the things of the old caption that the new one lacks and that need not go with the object:
    their place, their noun, and whether a word of the list names them.
    """
    new_stems = set(case.new.stems)
    # Words that the new caption names otherwise than the old one did.
    renamed = {word for word, words in case.new.surfaces if get_stem(words[-1]) not in case.old.stems}
    # Where the lexicon does not see the object, one lost thing is it.
    held = find_held(case.old.text, case.category, case.vocabulary)
    if case.is_person and _AT_BALL & set(case.old.stems):
        held |= {"sports ball"} & case.old.words
    verbs = list_verbs(case.old)
    spare = not any(map(case.names_object, case.old.chunks))
    for place, chunk in enumerate(case.old.chunks):
        if chunk.kind != "NP" or case.names_object(chunk):
            continue
        named = chunk.words - {case.category} - held  # what is held may go along, and may stay
        unnamed = named <= case.vocabulary.people and (
            ({"someone", "somebody"} & set(case.new.tokens) and not chunk.is_plural)
            or _calls_people(case.new)
        )
        if named and (named & renamed or unnamed):
            continue
        head = _find_head(case.old.chunks, place)
        # Without a verb that the grammar took for its last noun: `costumed characters give`.
        nouns = chunk.tokens[: _find_place(chunk, head) + 1]
        if chunk.words and not named:
            continue  # what is held
        owned = case.is_person and chunk.tokens[0].low in ("his", "her", "their")
        if not named and owned and chunk.head not in GROUNDS | SCENERY:
            continue
        before = case.old.chunks[place - 1] if place else None
        if not named and before is not None and before.tokens[-1].kind == "R" and chunk.tokens[0].kind == "W":
            continue  # a verb that nobody knows: `we know`
        if has_lost_letter(head, set(case.new.tokens) - set(case.old.tokens)):
            continue
        if (
            chunk.low == "person"
            or chunk.low.startswith(("no ", "any "))
            or (case.is_person and get_stem(head) not in kept and means_people(Phrase(nouns)))
        ):
            continue
        if case.is_person and _goes_with_people(case.old, place):
            continue
        things = _list_things(chunk, case)
        if (
            head in MOMENTS
            or (not named and _is_name(case, place))
            or (head in ("ground", "floor") and place > 1)
        ):
            continue
        if head in case.old.aside or _is_no_thing(case.old.chunks, place, head):
            continue
        bare = chunk.tokens[0].low == head
        if bare and not named and head.endswith(_ADVERB_ENDINGS):
            continue
        follows = place > 0 and case.old.chunks[place - 1].low == ","
        if not named and _is_deed(case.old.chunks, place):
            continue
        row = {one.low for one in case.old.chunks[max(place - 1, 0) : place + 2]} & {"and", ","}
        if not named and not row and names_kind_of(head, [case.category]):
            continue  # `which animal is the dog for you`
        if bare and not named and head.endswith("ing") and (follows or get_stem(head) in _BASE_STEMS):
            continue  # `a nun, warming up in a hall`
        if not head or chunk.low in DETERMINERS or (not named and head not in things):
            continue
        # `Tom waves at`: the last word may be a verb that nobody knows.
        following = case.old.chunks[place + 1 : place + 2]
        is_verb = head.endswith("s") and len(things) > 1 and bool(following) and following[0].kind == "P"
        stems = {get_stem(word) for word in things[:-1] if not word.endswith(_ADJECTIVE_ENDINGS)}
        whole = case.new.heads & stems or head in VAGUE
        things = (things if (is_verb and not named) or whole else []) or [head]
        if not named and head in verbs:
            things = [word for word in things if word != head]
            if not things:
                continue
            head = things[-1]
        several = chunk.is_animate and bool(named) and looks_plural(head)
        if several and _tells_one(case.new, named):
            yield place, head, True
        if any(get_stem(t) in new_stems or t in case.new.joined or _is_told(t, case.new) for t in things):
            continue
        if goes_along(case, place, bool(named)) and not _is_in_kept_row(case, place):
            continue
        if not named and _is_part_of_rest(case, place):
            continue
        if spare and not named:
            spare = False
            continue
        yield place, head, bool(named)


def _is_deed(chunks: list[Chunk], place: int) -> bool:
    """Whether the grammar took a verb that nobody knows for a noun: something stands behind it that it
    is done with, `one owns a mule`; or it follows another verb, `dozing and lazing`.
    """
    word = chunks[place].tokens[-1].low
    after = chunks[place + 1] if place + 1 < len(chunks) else None
    governs = after is not None and after.kind == "NP" and after.tokens[0].low in DETERMINERS | PRONOUNS
    before = chunks[max(place - 2, 0) : place]
    row = len(before) == 2 and before[1].low in ("and", ",") and before[0].kind in ("V", "A")
    return governs or (row and chunks[place].low == word and word.endswith("ing"))


def _goes_with_people(text: Text, place: int) -> bool:
    """Whether a noun is what people wait for, or the other side of what they play."""
    before = [chunk.low for chunk in text.chunks[max(place - 2, 0) : place]]
    awaited = before[-1:] == ["for"] and before[0].split()[-1] in ("wait", "waits", "waiting")
    plays = before[-1:] == ["against"] and not _GAMES.isdisjoint(text.tokens)
    return awaited or plays or text.chunks[place].head == "fan"


def _tells_one(text: Text, words: set[str]) -> bool:
    """Whether only one of a kind is told: a single noun phrase, which is no plural."""
    same = [chunk for chunk in text.chunks if chunk.kind == "NP" and chunk.words & words]
    return len(same) == 1 and not same[0].is_plural and not set(split_words(same[0].text)) & QUANTITIES


def _is_in_kept_row(case: Case, place: int) -> bool:
    """Whether another thing of the row that a noun phrase stands in is still named: what goes with
    the object goes as a whole.
    """
    chunks = case.old.chunks
    first, last = find_row_start(chunks, place), place
    while last + 2 < len(chunks) and chunks[last + 1].low in ("and", ",") and chunks[last + 2].kind == "NP":
        last += 2
    row = chunks[first : last + 1 : 2]
    follows = chunks[last + 1 : last + 2]
    # Not `made of skis and two lanterns`, nor `in a mill, and a baker sings`.
    counted = [one.tokens[0].low in DETERMINERS | NUMBERS for one in row]
    if counted != sorted(counted, reverse=True) or (follows and follows[0].kind != "P"):
        return False
    others = [one for one in row if one is not chunks[place]]
    is_free = not any(map(case.names_object, others))
    return is_free and any(get_stem(get_last(one)) in case.new.stems for one in others)


def _is_name(case: Case, place: int) -> bool:
    """Whether a noun phrase only tells who or what the object is: `Rex the dog`, `a nun, head of an
    abbey, sings`.
    """
    chunks = case.old.chunks
    after = chunks[place + 1] if place + 1 < len(chunks) else None
    if after is not None and case.names_object(after) and after.tokens[0].low == "the":
        return True
    commas = [at for at, chunk in enumerate(chunks) if chunk.low == ","]
    opened = any(at < place and case.names_object(chunks[at - 1]) for at in commas[:1] if at)
    following = [chunks[at + 1] for at in commas[1:2] if place < at < len(chunks) - 1]
    acts = any(one.kind == "V" or one.low in THIRD or re.match(r"\w+s \w", one.low) for one in following)
    return opened and acts


def _calls_people(text: Text) -> bool:
    """Whether people are in a text by what they do alone: `two gamers`."""
    phrases = [chunk for chunk in text.chunks if chunk.kind == "NP"]
    return not any(one.is_human for one in phrases) and any(means_people(Phrase(p.tokens)) for p in phrases)


def _find_place(chunk: Chunk, head: str) -> int:
    return next((i for i, token in enumerate(chunk.tokens) if token.low == head), len(chunk.tokens) - 1)


def _is_part_of_rest(case: Case, place: int) -> bool:
    """Whether a noun is a part or a measure of what is still named: `the roof of a van`."""
    whole = case.old.chunks[place + 1 : place + 3]
    return len(whole) == 2 and whole[0].low == "of" and get_stem(get_last(whole[1])) in case.new.stems


def _is_no_thing(chunks: list[Chunk], place: int, head: str) -> bool:
    """Whether a noun names nothing that one would see: a state, a manner, what something is like."""
    before = chunks[place - 1] if place else None
    if before is None:
        return False
    dressed = place > 1 and chunks[place - 2].kind == "V" and chunks[place - 2].tokens[-1].form == "en"
    if before.low.endswith("like") or (before.low == "as" and (before.kind == "P" or dressed)):
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
    if not case.is_person:
        gone = gone - EVENTS  # who is there is left
    if "framed" in words:
        gone = gone - SCENES
    return [w for w in words if w not in gone | DETERMINERS | SMALL and not w.endswith("shot")]  # a headshot


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
    describes = words[-2:][0] in DETERMINERS | ADJECTIVES | SMALL or words[-2:][0].endswith("ous")
    if (acts or touches) and len(words) > 1 and not describes:
        return words[-2]
    return words[-1]


def _is_place(chunks: list[Chunk], place: int) -> bool:
    return (
        place > 0
        and chunks[place - 1].kind == "P"
        and chunks[place - 1].low in PLACES - {"with", "during"}
        and chunks[place].head not in TIMES
    )
