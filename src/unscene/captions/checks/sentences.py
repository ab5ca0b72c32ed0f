"""Checks of a caption: signs that it is no sentence."""

import re
from collections import Counter
from itertools import pairwise

from unscene.captions.checks.dependents import CONTENT_STEMS
from unscene.captions.checks.frame_words import MOMENTS, WHEN
from unscene.captions.checks.new_words import LEFT_ALONE, SALIENT, SMALL
from unscene.captions.checks.synonyms import knows_word, says_same
from unscene.captions.checks.texts import (
    BASE_STEMS,
    MOTION_STEMS,
    POSTURE_STEMS,
    Case,
    Text,
    get_last,
    get_stem,
    has_plural,
    split_words,
)
from unscene.captions.checks.verbs import list_verbs
from unscene.rewriting.marking.pronouns import find_lost_pronouns
from unscene.rewriting.parsing.chunks import Chunk
from unscene.rewriting.tagging.verb_forms import THIRD
from unscene.words.caption_words import (
    ADJECTIVES,
    AUXILIARIES,
    BASES,
    CLAUSES,
    CLOTHES,
    DETERMINERS,
    LINKS,
    NUMBERS,
    POSSESSIVES,
    PREPOSITIONS,
    QUANTITIES,
)
from unscene.words.closed_lists import closed_list
from unscene.words.verb_lists import VERBS

# What a word may have behind it: `a farm` of `farmers`.
_ENDINGS = closed_list("s es ed d r er ers rs ing y ly n en al ful ist ists ic ship like less")
_NEVER_LAST = closed_list(
    "a an the of with and or in on at by to from for into onto under behind between near is are was were has"
    " have that which who while as his her their its very being next"
)
_BOTH = frozenset(("past", "down", "off", "inside", "outside"))
# Where it was: `At the fair.` tells a scene if nothing else does, as `After the regatta.` does.
_TELLS_WHERE = frozenset(("at", "outside", "inside", "down"))
_PARTICLES = frozenset(("out", "up", "down", "over", "around", "along"))
_SIDES = ("above", "below", "behind", "under", "inside", "outside")
_WHENCE = {("from", side) for side in (*_SIDES, "around")} | {(side, "of") for side in _SIDES}
_GOVERNED = {"a", "his", "her", "their", "its", "several", "many"} | NUMBERS - {"one", "another"}
_OPEN = DETERMINERS | ADJECTIVES | PREPOSITIONS - {"past", "by", "through", "inside", "off"} - _PARTICLES
_ARTICLES = frozenset(("a", "an", "the"))
_CLOSING = PREPOSITIONS | LINKS | CLAUSES | AUXILIARIES | {"", "next"}
# Verbs that have somebody and something behind them: `reads two children a storybook`.
_GIVING = frozenset(
    map(
        get_stem,
        [
            "give",
            "show",
            "read",
            "tell",
            "bring",
            "hand",
            "serve",
            "offer",
            "teach",
            "feed",
            "buy",
            "make",
            "pass",
            "throw",
            "send",
        ],
    )
)
# `A pan with a pizza on it`: the thing that holds another is told first.
_HOLDING = re.compile(
    r"(?i)^\W*(?:[\w-]+ ){1,9}[\w-]+,? with .* "
    r"(?:on|in|inside|behind|beside|over|above|to|near|around) (?:it|them)\b"
)
_MONEY = ("£", "$", "€")


def begins_badly(case: Case) -> str | None:
    """It begins with what stands in the middle of a sentence: `sitting on a bench`, `on a bench`."""
    new, old = case.new, case.old
    first, following = new.chunks[0], new.chunks[1] if len(new.chunks) > 1 else None
    begins_as_before = new.tokens[0] == old.tokens[0] and first.kind != "P"
    begins_as_before = begins_as_before or (
        old.chunks and old.chunks[0].low == first.low and not case.names_object(old.chunks[0])
    )
    if not begins_as_before:
        describes = following is not None and following.kind == "NP" and _is_bare(following)
        describes = describes or first.tokens[0].low in ("there", "here") or _is_inverted(new)
        if first.kind == "V" and not (describes or _is_told_later(new)):
            return "a verb without a subject"
        if (first.kind in ("C", "X") and first.low not in _MONEY) or (
            first.kind == "S" and not any(c.low == "," for c in new.chunks)
        ):
            return "it begins in the middle"
        stands = bool(POSTURE_STEMS & set(new.stems))  # `Against a gate stand two mules`
        alone = len(new.chunks) == 2 and new.tokens[0] in _TELLS_WHERE
        stands = stands or alone or first.tokens[0].low in WHEN
        if first.kind == "P" and not stands and not any(c.kind in ("V", "C") for c in new.chunks):
            return "it begins in the middle"
        # `behind the stall sells lemons`: the place stands, and who does it is gone.
        acts = [c.kind for c in new.chunks[:3]] == ["P", "NP", "V"] and _is_deed_of_object(case)
        if acts or new.tokens[0] == "of":
            return "it begins in the middle"
    word, stem = new.tokens[0], new.stems[0]
    # `that is parked in a lane`: the clause tells of what is gone.
    if word in ("that", "which", "who") and word != old.tokens[0] and old.count(new.tokens[:2]):
        return "it begins in the middle"
    behind = [(*words, word) for name, words in old.surfaces if name == case.category]
    if word in THIRD and any(old.count([*words]) for words in behind):
        return "a verb without a subject"
    if not word.endswith("ing"):
        return None
    if _is_told_later(new):
        return None
    alone = stem in BASE_STEMS and (len(new.tokens) == 1 or new.tokens[1] in PREPOSITIONS)
    if (stem in old.stems and word not in old.tokens) or (alone and not begins_as_before):
        return "a verb without a subject"
    return None


def _is_deed_of_object(case: Case) -> bool:
    """Whether the first verb of the new caption is what the object did, and no posture: that may stand
    before its subject, as in `Against a gate stand two mules`.
    """
    verb = next(get_stem(chunk.tokens[-1].low) for chunk in case.new.chunks if chunk.kind == "V")
    old = case.old
    for place, chunk in enumerate(old.chunks):
        doer = old.find_governor(place) if chunk.kind == "V" else None
        if doer is not None and case.names_object(old.chunks[doer]) and get_stem(chunk.head) == verb:
            return verb not in POSTURE_STEMS | MOTION_STEMS
    return False


def _is_inverted(text: Text) -> bool:
    """Whether the place stands before the verb: `Parked in a lane is a tractor`."""
    kinds = [chunk.kind for chunk in text.chunks[:5]]
    inverted = kinds == ["V", "P", "NP", "V", "NP"] and text.chunks[3].low in ("is", "are")
    return inverted and text.chunks[0].tokens[-1].form == "en"


def _is_told_later(text: Text) -> bool:
    """Whether the subject stands behind a comma: `Looking up, a goat is standing on a cart`."""
    later = [at for at, chunk in enumerate(text.chunks[:-1]) if chunk.low == ","]
    return any(text.chunks[at + 1].kind == "NP" and has_kind(text, at + 2, "V") for at in later)


def has_kind(text: Text, place: int, kind: str) -> bool:
    """Whether a chunk of a kind stands at a place of a text, or behind it."""
    return any(chunk.kind == kind for chunk in text.chunks[place:])


def ends_badly(case: Case) -> str | None:
    """It ends with a word that something must follow, or that speaks of several."""
    new, old = case.new, case.old
    word, last = new.tokens[-1], new.chunks[-1]
    both = word == "together" or new.tokens[-2:] in (["each", "other"], ["one", "another"])
    if both and not has_plural(new) and "and" not in new.tokens:
        return f"{word!r} of one thing"
    stands_by = word == "by" and get_stem(new.tokens[-2:][0]) in POSTURE_STEMS | MOTION_STEMS
    stands_by = stands_by or new.tokens[-2:] in (["look", "on"], ["looks", "on"], ["looking", "on"])
    if _is_cut(case):
        return f"{word!r} is cut"
    told = tuple(new.tokens[-2:]) in set(pairwise(old.tokens))  # `in front of her`
    by_her = word == "her" and (told or new.is_animate and new.tokens[-2:][0] in ("beside", "behind"))
    by_her = by_her or (new.is_animate and new.tokens[-3:] == ["front", "of", "her"])
    by_her = by_her or (word == "behind" and "background" in old.tokens)
    by_her = by_her or (word == "on" and new.tokens[-2:][0] in CLOTHES | {"going"})  # `with a hat on`
    if word in _NEVER_LAST and word != old.tokens[-1] and not stands_by and not by_her:
        return "it ends in the middle"
    shines = len(last.tokens) > 2 and last.tokens[-2].low in THIRD  # `a light flashes green`
    describes = word in ADJECTIVES - set(old.tokens[-1:]) and get_stem(word) not in old.heads
    owned = last.tokens[0].low in POSSESSIVES | {"a", "an"}  # not `in all black`, `in the dark`
    if last.kind == "NP" and owned and describes and not shines:
        return f"{word!r} of nothing"
    filled = get_stem(word) in CONTENT_STEMS or word in ("located", "surrounded", "projected")
    filled = filled and (word == "full" or word.endswith("ed"))
    behind = [two for one, two in pairwise([*old.tokens, ""]) if one == word]
    if filled and behind and set(behind) <= PREPOSITIONS:
        return f"{word!r} of nothing"  # `a meadow covered`
    opened = new.tokens[-2:][0] in PREPOSITIONS | DETERMINERS - {"all", "both"} or word.endswith("ing")
    if opened and _describes_only(old, word) and told:
        return f"{word!r} of nothing"
    return None


def _is_cut(case: Case) -> bool:
    """Whether the last word is the beginning of one of the old caption, and no word by itself."""
    word, old = case.new.tokens[-1], case.old
    if word in old.tokens or case.new.raw.rstrip()[-1:] in ".!?" or knows_word(word):
        return False
    rests = [other[len(word) :] for other in old.tokens if other.startswith(word)]
    ends = _ENDINGS if word in VERBS | BASES else _ENDINGS - {"ing"}  # `trees lin` of `lining`
    return bool(rests) and not any(rest in ends or (len(rest) > 3 and knows_word(rest)) for rest in rests)


def _describes_only(old: Text, word: str) -> bool:
    """Whether a word stands in the old caption only before the noun that it describes: `cloudy` of `on a
    cloudy day`.
    """
    # Colours and stuffs are nouns, too: `a pattern on white`.
    if word in MOMENTS or not (
        word in ADJECTIVES - SALIENT
        or word.endswith(("ing", "ly"))
        or (word in SALIENT and word.endswith("y"))
    ):
        return False
    phrases = [split_words(chunk.text) for chunk in old.chunks if chunk.kind == "NP"]
    inside = any(word in words[:-1] for words in phrases)
    return inside and old.tokens.count(word) == sum(words[:-1].count(word) for words in phrases)


def lacks_a_word(case: Case) -> str | None:
    """A noun, a subject or what a pronoun stands for is not there."""
    new, old = case.new.chunks, case.old.chunks
    if not any(chunk.kind == "NP" for chunk in new):
        return "it names nothing"
    if pronoun := _find_stand_in(case):
        return f"{pronoun!r} stands for the object"
    if noun := _find_other_name(case):
        return f"{noun!r} stands for the object"
    if torso := _find_torso(case):
        return f"{torso!r} of nothing"
    if orphan := _find_orphan(case):
        return f"{orphan!r} without a subject"
    if gap := _find_gap(case):
        return f"nothing stands behind {gap!r}"
    lost = set(find_lost_pronouns(new)) - set(find_lost_pronouns(old)) - {"one"}
    if case.new.is_animate:
        lost -= {"them", "they"}  # `a person in a field with trees behind them`
    if re.match(r"(?i)\W*it (?:is|was) ", case.new.text):
        lost.discard("it")  # `it is a cloudy day`
    if _HOLDING.search(case.new.text):
        lost.discard("it")
    if lost:
        return "a pronoun without what it stands for"
    return None


def _find_stand_in(case: Case) -> str | None:
    """Return a pronoun that stands where the object stood: `waiting for it`."""
    tokens = case.old.tokens
    new = set(pairwise(case.new.tokens)) - set(pairwise(tokens))
    if _HOLDING.search(case.new.text):
        return None
    by = next((two for one, two in new if one == "by" and two in ("it", "them", "him", "her")), None)
    if by is not None:
        return by
    for words in (words for word, words in case.old.surfaces if word == case.category):
        for place in range(1, len(tokens)):
            at = place
            if tokens[place : place + len(words)] == words:
                while at > 0 and tokens[at - 1] in DETERMINERS | ADJECTIVES:
                    at -= 1
                for pronoun in ("it", "them"):
                    if at and (tokens[at - 1], pronoun) in new:
                        return pronoun
    return None


def _find_other_name(case: Case) -> str | None:
    """Return a noun that the old caption lacks, described as the object was: `an old set`."""
    mine = {word for c in case.old.chunks if case.names_object(c) for word in split_words(c.text)}
    others = {word for c in case.old.chunks if not case.names_object(c) for word in split_words(c.text)}
    for chunk in case.new.chunks:
        *described, noun = split_words(chunk.text) or [""]
        is_new = chunk.kind == "NP" and get_stem(noun) not in case.old.stems and noun not in ADJECTIVES
        as_before = (set(described) & ADJECTIVES & mine) - others
        if is_new and as_before and not chunk.tokens[-1].word:
            return noun
    return None


def _find_torso(case: Case) -> str | None:
    """Return a phrase that is one of the object without its last word: `a small round`."""
    for old in filter(case.names_object, case.old.chunks):
        *described, _ = split_words(old.text) or [""]
        described = [word for word in described if word not in _ARTICLES]
        for new in case.new.chunks if len(split_words(old.text)) > 3 and len(described) > 1 else ():
            if [word for word in split_words(new.text) if word not in _ARTICLES] == described:
                return new.low
    return None


def _find_orphan(case: Case) -> str | None:
    """Return a verb that stood behind the object, and now behind nothing that could do it."""
    verbs = case.deeds
    known = set(pairwise(["", *case.old.tokens]))
    tokens = ["", *case.new.tokens]
    for place, (before, token) in enumerate(pairwise(tokens)):
        # `sitting up and using`
        goes_on = before == "and" and token.endswith("ing") and any(t.endswith("ing") for t in tokens[:place])
        goes_on = goes_on or (before == "" and _is_told_later(case.new))
        after = tokens[place + 2 : place + 3]
        goes_on = goes_on or (
            token.endswith("ed") and bool(after) and after[0] not in _CLOSING
        )  # `a lit cart`
        if goes_on or token in QUANTITIES | {"lots"}:
            continue
        if token in verbs and before in DETERMINERS - {"one"} | {"", "and"} and (before, token) not in known:
            return token
    return None


def _is_bare(chunk: Chunk) -> bool:
    return chunk.tokens[0].kind != "D"


def has_odd_neighbours(case: Case) -> str | None:
    """Neighbours that cannot be: `the of`, `and is`, two nouns, a word twice."""
    return _find_odd_words(case) or _find_odd_phrases(case)


def _find_odd_words(case: Case) -> str | None:
    known = set(pairwise(_plain(case.old.tokens)))
    pairs = [pair for pair in pairwise(_plain(case.new.tokens)) if pair not in known]
    # Of an article that is left of a noun: `a inside of it`.
    vowels = {
        pair for pair in set(pairwise(case.new.tokens)) - set(pairwise(case.old.tokens)) if _gapes(*pair)
    }
    for first, second in pairs:
        if first == second and not re.search(rf"\b{first}\W*[,;.:]\W*{second}\b", case.new.text.lower()):
            return f"{first!r} twice"
        if (first, second) in vowels and _gapes(first, second):
            return f"{first!r} before {second!r}"
        if first in _GOVERNED and (
            second in AUXILIARIES | LINKS
            or second in (PREPOSITIONS - _BOTH) | DETERMINERS - NUMBERS - {"few", "many", "other"}
        ):
            return f"{first!r} before {second!r}"
    twice = _find_doubled(case)
    return f"{twice!r} twice" if twice else None


def _find_odd_phrases(case: Case) -> str | None:
    text, verbs = " ".join(case.old.tokens), list_verbs(case.new)
    for place, (one, two) in enumerate(pairwise(case.new.chunks)):
        joint = f"{get_last(one)} {(split_words(two.text) or [''])[0]}"
        if joint in text:
            continue
        # The grammar takes many a verb for a noun: `reads a book`.
        told = one.head.endswith(("s", "ed")) and get_stem(get_last(one)) in case.old.stems
        acts = told or one.head.endswith("ing")
        gives = place > 0 and get_stem(case.new.chunks[place - 1].head) in _GIVING and one.is_animate
        acts = acts or get_stem(get_last(one)) in _get_deed_stems(case)
        acts = (acts or get_last(one) in verbs) and not _is_bare(two)
        if two.low == "one" or {get_last(one), (split_words(two.text) or [""])[0]} & LEFT_ALONE:
            continue  # `an empty no parking area`
        if two.low in ("them", "him", "me", "us") or _is_moment(two):
            continue  # `a plan to count them`, `seen online this week`
        # `in this image a nun sings`, `mix all the ingredients`
        opens = place == 1 and case.new.chunks[0].kind == "P"
        commands = len(one.tokens) == 1 and two.tokens[0].low in DETERMINERS - NUMBERS
        opens = opens or (place == 0 and commands)
        if (
            one.kind == "NP" == two.kind
            and one.low not in ("there", "it", "them")
            and not (gives or acts or opens)
        ):
            return f"two nouns touch: {joint!r}"
        if one.kind == "C" and two.kind == "P" and one.low not in (",", ";", "but"):
            return f"{joint!r} is no English"
        is_particle = one.low in _PARTICLES or (place > 0 and case.new.chunks[place - 1].kind == "V")
        whence = (one.low, two.low) in _WHENCE or (place > 0 and case.new.chunks[place - 1].low == "from")
        if two.low in ("which", "whom") or two.low in _MONEY:
            continue  # `in which`, `for £ 10`
        if one.kind == "P" and two.kind in ("P", "C", "S", "X") and not is_particle and not whence:
            return f"{joint!r} is no English"
    return None


def _is_moment(chunk: Chunk) -> bool:
    """Whether a noun phrase only tells when it was: `this week`, `every morning`."""
    return chunk.tokens[0].low in ("this", "last", "next", "every") and chunk.head in MOMENTS


def _get_deed_stems(case: Case) -> set[str]:
    """Return the stems of verbs in -ing of the old caption, and of `show`."""
    return {get_stem(word) for word in case.old.tokens if word.endswith("ing")} | {"show"}


def _gapes(article: str, word: str) -> bool:
    return article == "a" and word[0] in "aei" and word[:2] not in ("eu", "ew") and word in PREPOSITIONS


def _find_doubled(case: Case) -> str | None:
    """Return a word that stands in the new caption more often than in the old one."""
    known = Counter(case.old.tokens)
    for token, count in Counter(case.new.tokens).items():
        if count == 1 or token in SMALL:
            continue
        # `fake snow on a fake sled`: `artificial`
        before = max((many for one, many in known.items() if says_same(token, [one])), default=0)
        if count > max(before, case.old.stems.count(get_stem(token)), 1):
            return token
    return None


def _find_gap(case: Case) -> str | None:
    """Return the word before the object that now stands before what was behind it: `with in the hall`."""
    tokens = [*case.old.tokens, ""]
    known, new = set(pairwise(tokens)), set(pairwise([*case.new.tokens, ""]))
    for words in (words for word, words in case.old.surfaces if word == case.category):
        for place in range(1, len(tokens) - len(words)):
            if tokens[place : place + len(words)] != words:
                continue
            after, at = tokens[place + len(words)], place - 1
            closes = after.endswith("ing") or after in _CLOSING or after in case.deeds
            while at >= 0:
                # `a print by called "Dusk"`, and not `near parked cars`
                hangs = tokens[at] in PREPOSITIONS or tokens[at].endswith("ed")
                rest = filter(None, tokens[place + len(words) : place + len(words) + 2])
                if hangs and after.endswith("ed") and case.new.count([tokens[at], *rest]):
                    return tokens[at]
                opens = tokens[at] in _OPEN or (at == place - 1 and tokens[at].endswith("ed"))
                goes_on = (tokens[at], after) in (("to", "be"), ("to", "have"))  # `not to be late`
                if opens and closes and not goes_on and (tokens[at], after) in new - known:
                    return tokens[at]
                acts = tokens[at].endswith(("s", "ing", "ed")) or tokens[at] in BASES
                listed = re.search(rf"\b{re.escape(tokens[at])}, ", case.old.text.lower())
                acts = acts and listed is None  # `apples, oranges and bananas`
                if at == place - 1 and after in ("and", "or") and acts and (tokens[at], after) in new - known:
                    return tokens[at]
                if tokens[at] in PREPOSITIONS | LINKS | CLAUSES | AUXILIARIES or at < place - 4:
                    break
                at -= 1
    return None


def _plain(tokens: list[str]) -> list[str]:
    return ["a" if token in ("an", "the") else token for token in tokens]
