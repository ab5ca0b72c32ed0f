"""The kind of a word by itself and by its neighbours: closed lists, no model."""

from itertools import pairwise

from unscene.words.caption_words import (
    AUXILIARIES,
    CLAUSES,
    DETERMINERS,
    PREPOSITIONS,
    SUBJECT_PRONOUNS,
)
from unscene.words.spots import Spot
from unscene.words.tokens import Token
from unscene.words.verb_forms import EN, ING, THIRD, looks_plural
from unscene.words.verb_lists import NOT_ING, NOUNY, PARTICLE_VERBS, SCENE_ADVERBS, VERBS
from unscene.words.verb_tags import find_verb_form
from unscene.words.word_ends import LINKS, MARKS, ends_phrase

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


_AIMING = frozenset({"try", "attempt", "want", "plan", "hope", "prepare", "begin", "start"})
_POSES = frozenset({"position", "positions", "stance", "pose"})


def find_kind(
    word: str, before: Token, after: Token, rest: list[Token], tagged: list[Token]
) -> tuple[str, str, str]:
    later = rest[1] if len(rest) > 1 else Token("", "X")
    noun_before = before.kind in ("N", "W", "R") or (
        before.kind == "D" and before.low in ("one", "another", "some", "all", "both")
    )
    next_word = after.low
    if word in LINKS:
        return "C", "", ""
    if word in ("drawing", "painting", "rendering", "engraving") and before.kind == "W" and next_word == "of":
        return "W", "", ""  # "a pencil drawing of a cow"
    if (
        before.low == "from"
        and word in ("above", "below", "behind", "afar")
        and (ends_phrase(after) or next_word in ING)
    ):
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
    if (
        word in ("inside", "outside")
        and before.kind == "P"
        and not (ends_phrase(after) or next_word in DETERMINERS)
    ):
        return "W", "", ""  # "at outside tables"
    if word == "almost" and before.low in ("a", "an", "the"):
        return "W", "", ""
    if not word[0].isalnum():
        return "X", "", ""
    if word in ("that", "which", "who", "whom", "whose"):
        if word == "that" and not noun_before and before.low not in (",", "and"):
            return (
                ("D", "", "") if not (before.kind == "V" and next_word in SUBJECT_PRONOUNS) else ("S", "", "")
            )
        return "S", "", ""
    if word == "how" and next_word == "to" and noun_before:
        return "A", "", ""  # "teaches a boy how to ride"
    if word == "another" and (
        ends_phrase(after)
        or next_word in THIRD
        or next_word in ("looking", "watching")
        or (next_word in ING and later.low in {"to"} | DETERMINERS)
    ):
        return "R", "", ""  # "another trying to climb a gate"
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
        or (ends_phrase(after) and next_word != "of")
        or next_word in ING
        and (word == "one" or (before.low == "," and word in ("two", "three", "some")))
    ):
        return (
            ("R", "", "")
            if word in ("one", "some", "many", "several", "two", "three", "both", "all")
            else ("D", "", "")
        )
    if word == "like" and before.kind == "W" and next_word in ("area", "setting", "structure", "object"):
        return "W", "", ""  # "a desert like area"
    if word == "each" and next_word in ING and noun_before:
        return "A", "", ""  # "three nuns each holding a lamp"
    if word == "all" and next_word in ("lined", "parked", "dressed") and looks_plural(before.low):
        return "A", "", ""  # "old jugs all lined up"
    alone = ends_phrase(after) or next_word in PREPOSITIONS or next_word in ING
    if word == "missing" and noun_before and alone and next_word not in DETERMINERS:
        return "A", "", ""  # "with a wheel missing"
    behind = before.kind in ("N", "W", "V") and (ends_phrase(after) or next_word in PREPOSITIONS)
    if word in ("barefoot", "barefooted", "solo") and behind:
        return "A", "", ""  # "flying solo above a gate"
    if word == "one" and next_word in THIRD and THIRD[next_word] not in NOUNY:
        return "R", "", ""
    if word in ("him", "them", "it", "he", "she", "they"):
        return "R", "", ""
    if word == "her" and (ends_phrase(after) and next_word not in AUXILIARIES):
        return "R", "", ""
    if word in _PRONOUNS:
        return "R", "", ""
    if word == "to":
        base = next_word in VERBS or next_word in ("be", "have") or before.low == "about"
        nouny = (
            next_word in NOUNY
            and (later.low in ("", ".") or ends_phrase(later))
            and next_word
            in ("work", "school", "bed", "play", "row", "shore", "market", "dinner", "shop", "race")
            and before.low not in ("about", "ready", "trying", "preparing", "attempting", "going", "getting")
        )
        base = base or (before.kind == "V" and before.stem in _AIMING and not ends_phrase(after))
        base = base and next_word not in DETERMINERS
        return ("V", "to", "") if base and not after.kind and not nouny else ("P", "", "")
    if before.kind == "V" and before.form == "to":
        return "V", "inf", word
    if word in CLAUSES or word in ("with-as",):
        if word == "as" and next_word in ("a", "an", "well", "part") and not _clause_follows(rest):
            return "P", "", ""
        if word == "so" and next_word in ("many", "much"):
            return "A", "", ""
        if word in ("since", "until") and not ends_phrase(after):
            return "S", "", ""
        return "S", "", ""
    if (
        word == "can"
        and (before.kind == "W" or before.low in ("a", "the", "one"))
        and ends_phrase(after)
        and next_word != "be"
    ):
        return "W", "", ""  # "a trash can", "a can of paint"
    if word in ("can't", "cannot", "don't", "doesn't", "won't", "couldn't", "wasn't", "weren't"):
        return "V", "aux", "be" if word.startswith("w") and word != "won't" else word
    if word in AUXILIARIES:
        return "V", "aux", "be" if word in ("is", "are", "was", "were", "be", "been", "being") else word
    if (
        word in ("out", "down", "up", "over", "off", "around", "along")
        and before.kind == "V"
        and (next_word in PREPOSITIONS or next_word in ("together",) or ends_phrase(after))
    ):
        return "A", "", ""
    aside = word in ("on", "off", "up", "down", "outside", "inside")
    if aside and noun_before and next_word in ING and next_word not in NOT_ING:
        return "A", "", ""
    if word in ("up", "out", "off", "down") and before.stem in PARTICLE_VERBS and not ends_phrase(after):
        return "A", "", ""
    if word == "around" and before.kind == "V" and next_word in ING and next_word not in NOT_ING:
        return "A", "", ""  # "sitting around looking at a fire"
    if word == "near" and next_word in ING and later.kind == "N":
        return "P", "", ""  # "near passing trucks"
    if word in SCENE_ADVERBS and word in PREPOSITIONS:
        if ends_phrase(after) and next_word != "of" and not (next_word == "ready" and later.low in _POSES):
            return "A", "", ""
        return "P", "", ""
    if word in DETERMINERS:
        return "D", "", ""
    if word == "overhead" and before.kind == "C" and not ends_phrase(after):
        return "W", "", ""  # "cubicles and overhead lights"
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
    if (
        word in ING
        and before.kind == "P"
        and before.low in ("near", "past", "between", "behind", "beside", "next to", "in front of", "among")
        and after.kind == "N"
    ):
        return "W", "", ""  # "near passing trucks"
    if word.endswith(("-down", "-up")) and before.kind == "V":
        return "A", "", ""  # "lies belly-down"
    if word == "very" and noun_before is False and before.kind != "D":
        return ("W", "", "") if before.kind in ("X", "P", "C", "D") else ("A", "", "")
    if (
        word in ("high", "back", "close", "hard", "live", "fast", "low", "forward")
        and (before.kind in ("V", "A") and before.form != "aux")
        and ends_phrase(after)
    ):
        return "A", "", ""
    if word == "over" and before.low == "bent":
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
        very = before.kind == "W" and (
            before.low.endswith("ly") or before.low in ("very", "so")
        )  # "a fairly scholarly looking nun"
        if before.kind == "D" or very or (before.kind in ("P", "X", "C") and not verb_near):
            return "W", "", ""
        adverb = before.kind == "V" or (noun_before and (verb_near or ends_phrase(after)))
        return ("A", "", "") if adverb else ("W", "", "")
    if word == "shot" and next_word == "of":
        return "W", "", ""  # "a panoramic shot of a pier"
    verb = find_verb_form(Spot(word, tagged, rest))
    if verb:
        return "V", *verb
    return "W", "", ""


def _clause_follows(rest: list[Token]) -> bool:
    """Whether a noun phrase and a finite verb stand next."""
    for before, token in pairwise(rest[:8]):
        if token.low in AUXILIARIES or token.low in THIRD:
            return True
        if token.low in VERBS and before.kind == "N" and looks_plural(before.low):
            return True  # "as people look on"
        if token.low in MARKS | LINKS | CLAUSES:
            return False
    return False
