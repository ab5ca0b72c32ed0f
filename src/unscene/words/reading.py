"""Reads a caption into words with their kinds: determiners, nouns, verbs, prepositions. Closed word
lists and what stands next to a word; no model, no guess by learning.

It knows what captions are made of ("A man holding a red kite on the beach while a dog runs by"),
not English at large. A word that it does not know is taken for a noun or an adjective.
"""

import re
from dataclasses import dataclass

from unscene.words.caption_words import (
    AUXILIARIES,
    CLAUSES,
    DETERMINERS,
    LONG_PREPOSITIONS,
    PREPOSITIONS,
)
from unscene.words.scene_lists import (
    ACTS,
    AFTER_ING,
    ALWAYS_ING_NOUNS,
    MORE_PARTICIPLES,
    NOT_ING,
    NOT_PARTICIPLES,
    NOUNY,
    PARTICLE_VERBS,
    SCENE_ADVERBS,
    VERBS,
)
from unscene.words.verb_forms import EN, ING, PAST, THIRD, looks_plural
from unscene.words.vocabulary import Vocabulary

_WORD = re.compile(r"\d+(?:[.,]\d+)+|\w+(?:['\u2019\-]\w+)*|[^\w\s]")
_SPACED_OWNER = re.compile(r"\s+['\u2019]\s?s\b|\s+['\u2019](?=\s|$)|(?<=\w)\s+['\u2019]s\b")
_PRONOUNS = frozenset(
    [
        "he",
        "she",
        "it",
        "they",
        "him",
        "them",
        "himself",
        "herself",
        "itself",
        "themselves",
        "someone",
        "somebody",
        "everyone",
        "everybody",
        "anyone",
        "nobody",
        "others",
        "i",
        "we",
        "you",
        "us",
        "me",
        "who",
        "whom",
        "ones",
    ]
)
_LINKS = frozenset({"and", "or", "but", "&", "plus", "nor"})
_MARKS = frozenset(',;:.!?-()"/')
_SUBJECT_PRONOUNS = frozenset({"he", "she", "it", "they", "i", "we", "you", "who", "that", "which", "others"})


@dataclass
class Token:
    """A word or a mark. A mention of a word of the list is one token, whatever its number of words.

    kind: D determiner, W noun or adjective, N mention, R pronoun, V verb, P preposition, C and/or/but,
    S opener of a clause, A adverb, X mark, O the owner's 's. form, of verbs: fin, ing, en, inf, aux.
    stem: a verb's base form.
    """

    text: str
    kind: str = ""
    word: str | None = None
    form: str = ""
    stem: str = ""
    is_animate: bool = False
    is_human: bool = False
    low: str = ""

    def __post_init__(self) -> None:
        self.low = self.text.lower()


def read_tokens(caption: str, vocabulary: Vocabulary) -> list[Token]:
    """Return a caption's tokens with their kinds, the final full stop left out."""
    return _tag(_split(_join_owners(caption.strip().rstrip(" .!")), vocabulary))


def _join_owners(text: str) -> str:
    """Undo the tokens of web captions: `a nun 's attic` -> `a nun's attic`, `close - up` -> `close-up`."""
    text = re.sub(r"(\w)\s+['\u2019]\s?s\b", r"\1's", text)
    text = re.sub(r"(?<=s)\s+['\u2019](?=\s)", "'", text)
    text = re.sub(r"(\w) n['\u2019]t\b", r"\1n't", text)
    return re.sub(
        r"\b(close|mid|make|t|x|old|semi|multi|self|anti|co|ex|non|pre|pop|stir|well|full) - (\w)",
        r"\1-\2",
        text,
    )


def _split(text: str, vocabulary: Vocabulary) -> list[Token]:
    tokens, end = [], 0
    for mention in vocabulary.find_mentions(text):
        if mention.start < end:
            continue
        tokens += [Token(match.group()) for match in _WORD.finditer(text, end, mention.start)]
        stop, word = mention.end, mention.word
        tokens.append(
            Token(
                text[mention.start : stop],
                "N",
                word,
                is_animate=word in vocabulary.animate,
                is_human=word in vocabulary.people,
            )
        )
        owner = re.match(r"['\u2019]s?(?!\w)", text[stop:])
        if owner and (len(owner.group()) > 1 or text[stop - 1 : stop] == "s"):
            tokens.append(Token(owner.group(), "O"))
            stop += owner.end()
        end = stop
    tokens += [Token(match.group()) for match in _WORD.finditer(text, end)]
    split: list[Token] = []
    for token in tokens:
        owner = re.fullmatch(r"(.*\w)(['\u2019]s?)", token.text)
        if (
            not token.kind
            and owner
            and owner.group(1).lower() not in ("it", "that", "there", "let", "he", "she")
        ):
            split += [Token(owner.group(1)), Token(owner.group(2), "O")]
        else:
            split.append(token)
    return split


def _tag(tokens: list[Token]) -> list[Token]:
    """Give every token its kind, and join prepositions of several words."""
    tagged: list[Token] = []
    place = 0
    nothing = Token("", "X")
    while place < len(tokens):
        token = tokens[place]
        before = tagged[-1] if tagged else nothing
        after = tokens[place + 1] if place + 1 < len(tokens) else nothing
        long = _find_long(tokens, place)
        if long and before.kind == "D":  # "the inside of a refrigerator"
            long = None
        rest = tokens[place + len(long) :] if long else []
        if long and long[-1] == "to" and rest and rest[0].low in VERBS - NOUNY:  # "reaching up to eat"
            long = None
        if token.kind:
            tagged.append(token)
        elif token.low == "close" and after.low == "up" or token.low == "close-up":
            joined = token.low == "close-up"
            tagged.append(Token(token.text if joined else f"{token.text} {after.text}", "W"))
            place += not joined
        elif token.low == "upside" and after.low == "down":
            adverb = before.kind == "V" or place + 2 >= len(tokens) or _ends(tokens[place + 2])
            tagged.append(Token(f"{token.text} {after.text}", "A" if adverb else "W"))
            place += 1
        elif token.low in ("home", "first", "second", "third") and after.low in ("base", "plate"):
            tagged.append(Token(f"{token.text} {after.text}", "W"))
            place += 1
        elif token.low in ("each", "one") and after.low in ("other", "another"):
            tagged.append(Token(f"{token.text} {after.text}", "R"))
            place += 1
        elif long and not (
            long == ("near", "by")
            and place + 2 < len(tokens)
            and tokens[place + 2].kind == ""
            and tokens[place + 2].low in _MARKS
        ):
            text = " ".join(t.text for t in tokens[place : place + len(long)])
            tagged.append(Token(text, "P"))
            place += len(long) - 1
        else:
            _name_kind(token, tagged, after, tokens[place + 1 : place + 8])
            tagged.append(token)
        place += 1
    return tagged


_THINGS_IN_S = frozenset(
    {"leaves", "flies", "saws", "ties", "plants", "rocks", "faces", "boards", "bats", "logs"}
)
_LONG: dict[str, list[tuple[str, ...]]] = {}
for _phrase in (*LONG_PREPOSITIONS, ("such", "as")):
    _LONG.setdefault(_phrase[0], []).append(_phrase)


def _find_long(tokens: list[Token], place: int) -> tuple[str, ...] | None:
    for phrase in _LONG.get(tokens[place].low, ()):
        if all(place + i < len(tokens) and tokens[place + i].low == word for i, word in enumerate(phrase)):
            return phrase
    return None


def _name_kind(token: Token, tagged: list[Token], after: Token, rest: list[Token]) -> None:
    before = tagged[-1] if tagged else Token("", "X")
    kind, form, stem = _kind_of(token.low, before, after, rest, tagged)
    token.kind, token.form, token.stem = kind, form, stem


def _ends(after: Token) -> bool:
    """Whether what follows cannot go on a noun phrase."""
    low = after.low
    return (
        not low
        or low in _MARKS
        or after.kind == "X"
        or low in PREPOSITIONS
        or low in _LINKS
        or low in CLAUSES
        or low in AUXILIARIES
        or low in ("next", "close", "together", "nearby", "outside", "away")
    )


def _kind_of(
    word: str, before: Token, after: Token, rest: list[Token], tagged: list[Token]
) -> tuple[str, str, str]:
    later = rest[1] if len(rest) > 1 else Token("", "X")
    noun_before = before.kind in ("N", "W", "R") or (
        before.kind == "D" and before.low in ("one", "another", "some", "all", "both")
    )
    next_word = after.low
    if word in _LINKS:
        return "C", "", ""
    if before.low == "from" and word in ("above", "below", "behind", "afar"):
        return "W", "", ""
    if before.kind == "D" and before.low in ("a", "an") and word in PREPOSITIONS:
        return "W", "", ""
    if (
        before.kind == "D"
        and before.low not in _PRONOUNS | {"one", "all", "both"}
        and (
            word in ("inside", "outside", "back", "front", "top", "side", "left", "right", "past")
            or (
                word in SCENE_ADVERBS
                and word not in PREPOSITIONS | {"very", "really", "almost", "just", "too", "still", "only"}
            )
        )
    ):
        return "W", "", ""
    if not word[0].isalnum():
        return "X", "", ""
    if word in ("that", "which", "who", "whom", "whose"):
        if word == "that" and not noun_before and before.low not in (",", "and"):
            return (
                ("D", "", "")
                if not (before.kind == "V" and next_word in _SUBJECT_PRONOUNS)
                else ("S", "", "")
            )
        return "S", "", ""
    if word == "another" and (_ends(after) or next_word in THIRD):
        return "R", "", ""
    if word in (
        "one",
        "some",
        "several",
        "many",
        "two",
        "three",
        "both",
        "all",
        "few",
        "any",
        "this",
        "these",
        "those",
    ) and (
        next_word in AUXILIARIES
        or (_ends(after) and next_word != "of")
        or next_word in ING
        and word in ("one",)
    ):
        return (
            ("R", "", "")
            if word in ("one", "some", "many", "several", "two", "three", "both", "all")
            else ("D", "", "")
        )
    if word in ("him", "them", "it", "he", "she", "they"):
        return "R", "", ""
    if word == "her" and (_ends(after) and next_word not in AUXILIARIES):
        return "R", "", ""
    if word in _PRONOUNS:
        return "R", "", ""
    if word == "to":
        base = next_word in VERBS or next_word in ("be", "have")
        nouny = (
            next_word in NOUNY
            and (later.low in ("", ".") or _ends(later))
            and next_word
            in ("work", "school", "bed", "play", "row", "land", "shore", "market", "dinner", "shop", "race")
            and before.low not in ("about", "ready", "trying", "preparing", "attempting", "going", "getting")
        )
        return ("V", "to", "") if base and not after.kind and not nouny else ("P", "", "")
    if before.kind == "V" and before.form == "to":
        return "V", "inf", word
    if word in CLAUSES or word in ("with-as",):
        if word == "as" and next_word in ("a", "an", "well", "part") and not _clause_follows(rest):
            return "P", "", ""
        if word == "so" and next_word in ("many", "much"):
            return "A", "", ""
        if word in ("since", "until") and not _ends(after):
            return "S", "", ""
        return "S", "", ""
    if word in AUXILIARIES:
        return "V", "aux", "be" if word in ("is", "are", "was", "were", "be", "been", "being") else word
    if (
        word in ("out", "down", "up", "over", "off", "around", "along")
        and before.kind == "V"
        and (next_word in PREPOSITIONS or next_word in ("together",) or _ends(after))
    ):
        return "A", "", ""
    if word in ("on", "off", "up", "down") and noun_before and next_word in ING and next_word not in NOT_ING:
        return "A", "", ""
    if word in ("up", "out", "off", "down") and before.stem in PARTICLE_VERBS and not _ends(after):
        return "A", "", ""
    if word in SCENE_ADVERBS and word in PREPOSITIONS:
        if _ends(after) and next_word != "of":
            return "A", "", ""
        return "P", "", ""
    if word in DETERMINERS:
        return "D", "", ""
    if word in SCENE_ADVERBS and word.endswith("ly") and before.kind == "D":
        return "W", "", ""
    if word in SCENE_ADVERBS and word not in (
        "high",
        "back",
        "light",
        "close",
        "hard",
        "live",
        "fast",
        "behind",
        "only",
        "just",
        "very",
        "too",
        "low",
        "forward",
        "open",
        "up",
    ):
        return "A", "", ""
    if word in ("just", "only", "too", "also", "not"):
        return "A", "", ""
    if word == "very" and noun_before is False and before.kind != "D":
        return ("W", "", "") if before.kind in ("X", "P", "C", "D") else ("A", "", "")
    if (
        word in ("high", "back", "close", "hard", "live", "fast", "low", "forward")
        and (before.kind in ("V", "A") and before.form != "aux")
        and _ends(after)
    ):
        return "A", "", ""
    if word in PREPOSITIONS:
        return "P", "", ""
    if (
        word.endswith("ly")
        and len(word) > 4
        and word
        not in (
            "family",
            "fly",
            "butterfly",
            "belly",
            "jelly",
            "italy",
            "lily",
            "supply",
            "reply",
            "lovely",
            "silly",
            "ugly",
            "curly",
            "elderly",
            "friendly",
            "early",
            "hilly",
            "wooly",
            "woolly",
            "bubbly",
            "cuddly",
            "rally",
            "jolly",
            "holy",
            "lonely",
            "assembly",
            "kelly",
            "sally",
            "molly",
            "homely",
            "trolley",
        )
    ):
        verb_near = (
            before.kind in ("V", "A")
            or next_word in ING
            or next_word in THIRD
            or next_word in EN
            or next_word in VERBS
        )
        if before.kind == "D" or (before.kind in ("P", "X", "C") and not verb_near):
            return "W", "", ""
        adverb = before.kind == "V" or (noun_before and (verb_near or _ends(after)))
        return ("A", "", "") if adverb else ("W", "", "")
    verb = _verb_form(word, before, after, later, tagged)
    if verb:
        return "V", *verb
    return "W", "", ""


def _clause_follows(rest: list[Token]) -> bool:
    """Whether a noun phrase and a finite verb stand next."""
    for token in rest[1:6]:
        if token.low in AUXILIARIES or token.low in THIRD:
            return True
        if token.low in _MARKS or token.low in PREPOSITIONS or token.low in _LINKS:
            return False
    return False


def _verb_form(
    word: str, before: Token, after: Token, later: Token, tagged: list[Token]
) -> tuple[str, str] | None:
    """Return (form, stem) when a word stands where a verb can stand and looks like one."""
    noun_before = before.kind in ("N", "W", "R")
    ends = _ends(after)
    next_det = after.low in DETERMINERS
    next_noun = after.kind == "N"
    if word.endswith("ing") and len(word) > 4 and word not in ALWAYS_ING_NOUNS:
        known = word in ING
        stem = ING.get(word, word[:-3])
        if before.kind in ("D", "O") or (after.low in AFTER_ING and before.kind != "V"):
            return None
        if word in NOT_ING and not (
            known and (next_det or (noun_before and after.low in PREPOSITIONS) or before.low in AUXILIARIES)
        ):
            return None
        if before.kind == "P":
            gerund = (
                next_det
                or next_noun
                or not ends
                or before.low
                in ("of", "for", "from", "by", "after", "before", "without", "about", "like", "as", "in")
            )
            return (
                ("ing", stem)
                if known and gerund and not (after.kind == "" and not next_det and after.low in ("machine",))
                else None
            )
        if before.kind == "C" and known and any(t.kind == "V" and t.form == "ing" for t in tagged):
            return "ing", stem
        if (
            before.kind in ("X", "C")
            and not (next_det or ends or after.low in SCENE_ADVERBS or next_noun and known)
            and before.low != ","
        ):
            return ("ing", stem) if known and after.low in ("at", "down", "up") else None
        if (
            not tagged
            and next_noun
            and not next_det
            and stem not in ("ride", "hold", "wear", "eat", "watch", "play", "feed")
        ):
            return None  # "Smiling lady"
        return ("ing", stem) if known or noun_before or before.kind == "V" else None
    part_of_thing = before.kind == "D" or (before.kind in ("P", "X", "C", "O") and not ends)
    if (word.endswith("ed") and len(word) > 3 and word not in NOT_PARTICIPLES) or word in MORE_PARTICIPLES:
        stem = EN.get(word, word)
        adverb_next = after.low in SCENE_ADVERBS
        if before.kind in ("V", "A") and before.form != "to":
            return "en", stem
        if (
            word
            in ("left", "set", "open", "cut", "closed", "fed", "spread", "put", "shut", "lit", "hit", "shot")
            and noun_before
            and not (ends or next_det or adverb_next)
        ):
            return None
        if part_of_thing:
            return None
        if noun_before and (
            ends
            or next_det
            or adverb_next
            or after.low in PREPOSITIONS
            or word == "full"
            or (word in EN and (after.kind == "N" or not after.low.endswith("s")) and before.kind in ("N",))
        ):
            return "en", stem
        if before.kind in ("S", "C", "X") and (ends or next_det):
            return "en", stem
        return None
    if (
        word in PAST
        and (noun_before or before.kind in ("S", "A"))
        and word not in ("saw", "left", "put", "set", "hit", "cut", "lay")
    ):
        return "fin", PAST[word]
    if word == "saw" and noun_before and next_det:
        return "fin", "see"
    if word in THIRD:
        stem = THIRD[word]
        if word in _THINGS_IN_S and not before.is_animate and before.kind != "R":
            return None
        if (
            before.kind == "V"
            and before.form in ("ing", "en")
            and stem not in NOUNY
            and after.low in PREPOSITIONS
        ):
            return "fin", stem  # "a truck with its lights flashing drives down"
        if word in ("looks", "sits", "stands") and noun_before and after.low in PREPOSITIONS:
            return "fin", stem
        if (
            before.kind in ("S",)
            or before.low in _SUBJECT_PRONOUNS
            or (before.kind == "A" and len(tagged) > 1)
        ):
            return "fin", stem
        if (
            before.kind == "C"
            and any(t.kind == "V" and t.form in ("fin", "aux") for t in tagged)
            and after.low != "of"
        ):
            acts = stem not in NOUNY or (stem in ACTS and after.low in PREPOSITIONS)
            return ("fin", stem) if next_det or (ends and acts) else None
        if noun_before and looks_plural(before.low) and before.kind != "R":
            seen = any(t.kind == "V" and t.form in ("fin", "aux") for t in tagged)
            return ("fin", stem) if stem not in NOUNY and not seen and (next_det or ends) else None
        if noun_before:
            if stem not in NOUNY:
                return "fin", stem
            has_verb = any(t.kind == "V" and t.form in ("fin", "aux") for t in tagged)
            strong = (
                next_det
                or after.low
                in (
                    "to",
                    "into",
                    "at",
                    "through",
                    "over",
                    "down",
                    "on",
                    "in",
                    "along",
                    "across",
                    "up",
                    "towards",
                    "toward",
                    "as",
                    "for",
                    "by",
                    "past",
                    "around",
                    "next",
                    "near",
                    "out",
                    "together",
                    "while",
                    "off",
                    "about",
                    "from",
                    "onto",
                    "with",
                    "alone",
                )
                or not after.low
                or after.low in (",", "and", "or")
            )
            if before.is_animate and (strong or next_noun or not ends):
                return ("fin", stem) if not (has_verb and before.kind == "W") else None
            if strong and not has_verb and after.low not in ("", "and", ",", "or", "with"):
                return "fin", stem
            if next_det and not has_verb:
                return "fin", stem
        return None
    if word in VERBS and before.low in ("them", "it", "him") and before.kind == "R" and ends:
        return "fin", word  # "elephants with people on them walk"
    seen = any(t.kind == "V" for t in tagged)
    if before.kind == "N" and before.is_animate and not seen and next_det and word.isalpha():
        plural = looks_plural(before.low)  # a verb that the lists lack: "a nurse deals the cards"
        if not plural and word.endswith("s") and not word.endswith("ss"):
            return "fin", word[:-1]
        if plural and not word.endswith(("s", "ing", "ed")):
            return "fin", word
    if word in VERBS and word not in ("like", "fish", "open", "close"):
        if before.low in ("they", "who", "others", "we", "you", "i", "which", "that") and before.kind in (
            "R",
            "S",
        ):
            return "fin", word
        if before.kind == "V" and before.low in (
            "can",
            "could",
            "will",
            "would",
            "may",
            "might",
            "do",
            "does",
            "did",
        ):
            return "inf", word
        if before.kind == "A" and before.low in ("not",):
            return "inf", word
        if (
            before.kind == "V"
            and before.low in ("is", "are", "was")
            and after.low in PREPOSITIONS
            and word not in ("open",)
        ):
            return "en", word  # "is show in"
        if before.is_animate and next_det and not any(t.kind == "V" for t in tagged):
            return "fin", word
        earlier_animate = [t for t in tagged if t.is_animate]
        if noun_before and looks_plural(before.low) and before.kind != "O":
            strong = next_det or ends or after.low in SCENE_ADVERBS or after.low in ING or after.kind == "N"
            if before.is_animate:
                return "fin", word
            if (
                word not in NOUNY
                and strong
                and not any(t.kind == "V" and t.form in ("fin", "aux") for t in tagged)
            ):
                return "fin", word
            if next_det and not any(t.kind == "V" for t in tagged):
                return "fin", word
        if (
            before.kind == "A"
            and earlier_animate
            and looks_plural(earlier_animate[-1].low)
            and word not in NOUNY
        ):
            return "fin", word
        if (
            before.is_animate
            and not looks_plural(before.low)
            and earlier_animate
            and any(t.kind == "C" for t in tagged)
            and (next_det or after.low in PREPOSITIONS)
            and word not in ("light", "park")
        ):
            return "fin", word
        if noun_before and next_det and word not in NOUNY and not any(t.kind == "V" for t in tagged):
            return "fin", word
        if (
            before.kind == "C"
            and any(t.kind == "V" and t.form in ("fin", "inf") for t in tagged)
            and (next_det or ends)
            and word not in NOUNY
        ):
            return "fin", word
    return None
