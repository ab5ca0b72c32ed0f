"""Whether a caption that was written without an object reads as one: a second look at the result,
with no regard to how it was made.

The faults are kinds that a close reader marks: a verb without its subject, a preposition at the
end, a pronoun or a part of the body without its owner, `others` where there is said to be nobody.
"""

from unscene.words.caption_tree import build_clauses
from unscene.words.caption_words import ADJECTIVES, DETERMINERS
from unscene.words.chunks import is_done_to
from unscene.words.leftovers import is_concrete
from unscene.words.people import is_time_of, means_people
from unscene.words.pronouns import HE, THEY
from unscene.words.reading import read_tokens
from unscene.words.scene_lists import (
    ABSTRACT_NOUNS,
    ACTIVITIES,
    COLOURS,
    COUNTING,
    ENDLESS,
    HUMAN_NOUNS,
    MASS,
    MORE_BODY,
    MORE_CLOTHES,
    PARTS,
    SMALL,
    STATES,
)
from unscene.words.third_person_verbs import THINGS_IN_S
from unscene.words.tokens import Token
from unscene.words.tree import Clause, Group, Phrase, Prep, Verb, walk
from unscene.words.verb_forms import EN, ING, THIRD, looks_plural
from unscene.words.verb_lists import ALWAYS_ING_NOUNS, NEEDS_OBJECT, NOT_PARTICIPLES, NOUNY, VERBS, WORN
from unscene.words.vocabulary import Vocabulary

HEADLESS = "its head is no thing"
TORN_START = "begins in the middle"
TORN_END = "ends in the middle"
NO_SUBJECT = "a verb without its subject"
ABSTRACT = "nothing that can be seen"
TORN_NOUN = "an article without its noun"
STILL_THERE = "somebody is still there"
LOST_PRONOUN = "a pronoun without its noun"
_ORDINALS = frozenset({"the other", "a third", "the third", "the second", "the first", "a second"})
_MANIES = THEY | {"others", "another", "one"}


def find_faults(caption: str, category: str, vocabulary: Vocabulary) -> list[str]:
    """Return the kinds of fault of a caption that must not name a category, in words; empty when it
    reads well.

    It judges the text alone: whether what it says was in the old caption is another question.
    """
    text = caption.strip().rstrip(" .")
    if not text:
        return ["nothing is left"]
    faults = []
    if category in vocabulary.find_words(text):
        faults.append("names the object")
    tokens = read_tokens(text, vocabulary)
    clauses = build_clauses(tokens)
    faults += _find_torn_edges(tokens)
    if _begins_with_no_thing(tokens):
        faults.append(HEADLESS)
    if _is_of_no_thing(clauses):
        faults.append(ABSTRACT)
    faults += _find_torn_parts(clauses)
    faults += _find_lost_owners(clauses, category, vocabulary)
    return faults


_NO_THINGS = frozenset({"how", "why", "what", "when", "where", "who", "whose", "which", "if", "because"})
_NO_THINGS |= frozenset(
    {
        "ad",
        "finally",
        "next",
        "often",
        "once",
        "ever",
        "never",
        "far",
        "rather",
        "then",
        "thus",
        "please",
        "ll",
        "ve",
        "re",
    }
)
# What web captions put in a name's place says nothing alone.
_NAMELESS = frozenset({"country", "airline", "company", "organization", "organisation", "team", "location"})
_LOOKING_SO = frozenset(
    {"stunning", "amazing", "gorgeous", "beautiful", "glamorous", "elegant", "chic", "stylish"}
)
_PAINTS = COLOURS | {"and", "gold", "silver"}
_ORDERS = VERBS - NOUNY - MASS - ADJECTIVES
_THINGS = THINGS_IN_S | SMALL | PARTS
_SHARES = frozenset({"each", "both", "all", "some", "many", "one", "another", "any", "every"})


def _begins_with_no_thing(tokens: list[Token]) -> bool:
    """Whether a caption begins with what names no thing or place: `how`, `often`, `choose`, `each with`,
    `strides along`, `attended the`.
    """
    first, second = tokens[0], tokens[1] if len(tokens) > 1 else Token("", "X")
    if first.kind == "N" or first.word:
        return False
    if len(tokens) == 2 and first.low in ("these", "those") and second.kind == "V":
        return True  # "those look" of "those look like remotes"
    if first.low in ("we", "i", "you", "he", "she", "they") and second.kind not in ("V", "A"):
        return True
    if first.low in _LOOKING_SO and second.kind in ("P", "X", "C", "S", ""):
        return True
    if first.low in STATES and second.kind in ("P", "X", "C", "S", ""):
        return True
    if first.low in _ORDERS and (len(tokens) <= 2 or second.low == "sure"):
        return True
    if len(tokens) == 1 and first.low in VERBS & ACTIVITIES:
        return True  # "play"
    if len(tokens) == 1 and (first.low == "whole" or first.low.removesuffix("ly") in ADJECTIVES | {"nice"}):
        return True  # "nicely" of "a nicely decorated cake"
    if len(tokens) == 1 and first.low.endswith("ing") and first.low not in ALWAYS_ING_NOUNS:
        return True  # "interlocking"
    if len(tokens) == 1 and first.low in _NAMELESS:
        return True
    if first.low in _NO_THINGS or (first.kind == "A" and second.kind in ("P", "X", "C", "")):
        return True
    if first.low in _SHARES and second.kind in ("P", "X", "C", "V") and second.low != "of":
        return True
    if first.kind != "W" or second.kind not in ("D", "P", "X", "C", "R", "N"):
        return False
    if second.kind == "P" and second.low == "of":
        return False
    if first.low in _ORDERS:
        return True
    if first.low in _THINGS:
        return False
    acts = first.low in THIRD and THIRD[first.low] not in NOUNY and second.kind in ("D", "P", "R")
    done = first.low in EN and first.low not in NOT_PARTICIPLES and second.kind in ("D", "P", "R")
    return acts or done or (first.low in THIRD and second.kind == "D")


def _is_of_no_thing(clauses: list[Clause]) -> bool:
    """Whether what a caption is about cannot be seen: `the highlight`, `a history of ...`."""
    if not clauses or clauses[0].group is None:
        return False
    members = clauses[0].group.members
    first = members[0]
    if first.tokens and first.tokens[0].kind != "R" and not any(map(str.isalpha, first.low)):
        return True  # "81; lost battle"
    if len(members) == 1 and first.tokens and not first.words:
        if first.low in ("the inside", "the outside", "the end", "the way") and not (
            clauses[0].group.mods or first.mods
        ):
            return True
        be = any(isinstance(mod, Verb) and mod.stem == "be" for mod in clauses[0].group.mods)
        if be and first.head in ("place", "way", "time", "reason") and first.tokens[0].low == "the":
            return True  # "the best place is on the beach"
        if first.head in COUNTING and not (clauses[0].group.mods or first.mods):
            return True  # "a set" of "a set of cakes"
        if first.head[:1].isdigit() and first.tokens[0].kind != "R" and len(first.tokens) < 3:
            return True  # "22", "the 1950s"
        named = [token.low for token in first.tokens if token.kind != "D"]
        if named and all(low.endswith("ed") and is_done_to(low) for low in named):
            return True  # "a sliced" of "a sliced of pizza", "a made"
        if first.head != "orange" and all(low in _PAINTS for low in named):
            return not first.mods  # "a green" of "a green and two red buses", "white and gold"
        if all(
            t.kind == "A" or (t.kind == "W" and t.low in (ADJECTIVES | _LOOKING_SO) - COLOURS)
            for t in first.tokens
        ):
            return True  # "young beautiful on a sofa"
    return any(
        member.tokens
        and not any(t.word for t in member.tokens)
        and member.head in ABSTRACT_NOUNS
        and not is_concrete(member)
        for member in members
    )


def _find_torn_edges(tokens) -> list[str]:
    faults = []
    first, last = tokens[0], tokens[-1]
    if (
        last.low in DETERMINERS - {"her", "one", "another", "both", "all", "some"}
        or last.kind in ("C", "S")
        or (
            last.kind == "P"
            and not (last.low in ("on", "in") and tokens[-2:-1] and tokens[-2].kind == "V")  # "looking on"
            and not (last.low == "on" and tokens[-2:-1] and tokens[-2].low in MORE_CLOTHES)  # "has a hat on"
            and last.low
            not in (
                "by",
                "near by",
                "together",
                "up",
                "down",
                "out",
                "off",
                "over",
                "around",
                "past",
                "along",
                "through",
                "in front of",
            )
        )
    ):
        faults.append(TORN_END)
    if first.kind == "D" and [token.low for token in tokens[1:]] in (["other"], ["same"]):
        faults.append(TORN_START)
    if not first.text[:1].isalnum() and first.text not in ("$", "#"):
        faults.append(TORN_START)  # "'s how to manage it"
    if [token.low for token in tokens[-2:]] == ["and", "one"]:
        faults.append(TORN_END)  # "two nuns and one" of "one has a phone"
    if last.kind == "A" and last.low.endswith("ly") and tokens[-2:-1] and tokens[-2].kind in ("N", "W"):
        faults.append(TORN_END)  # "a nun gently" of "a nun gently placed on a bed"
    if [token.low for token in tokens[-2:-1]] == ["as"]:
        faults.append(TORN_END)  # "nothing is as soft"
    if last.low in ("far", "able", "what") or (last.kind == "W" and last.low in ("high", "close", "loose")):
        faults.append(TORN_END)  # "a building far", "a high"
    if last.kind == "V" and last.form in ("aux", "to") or last.low in ENDLESS:
        faults.append(TORN_END)
    pairs = list(zip(tokens, tokens[1:], strict=False))
    if any(one.kind == "P" and two.low in ("he", "she", "they", "i", "we") for one, two in pairs):
        faults.append(TORN_NOUN)  # "from behind she has been reading"
    if first.kind == "O" or first.low in ("very", "too", "so", "quite"):
        faults.append(TORN_START)
    second = tokens[1] if len(tokens) > 1 else Token("", "X")
    if first.low == "the" and second.low in ("left", "right") and (len(tokens) < 3 or tokens[2].low == "of"):
        faults.append(TORN_START)  # "the left of the car is a bus"
    doing = second.form in ("ing", "en") or (second.kind == "W" and second.low in ING)
    shares = first.low in ("all", "both", "each") and (doing or second.kind == "D")
    if (shares and second.low != "the") or (first.low == "other" and len(tokens) == 2):
        faults.append(TORN_START)  # "all eating pizza", "other units"
    if first.kind in ("C", "P") or (first.kind == "S" and first.low not in ("while",)) and len(tokens) < 4:
        faults.append(TORN_START)
    if first.kind == "V" and (first.form in ("aux", "fin", "inf", "to", "en")):
        faults.append(NO_SUBJECT)
    if first.kind == "V" and first.form == "ing" and first.low not in ("looking",):
        faults.append(NO_SUBJECT)
    nouns = [token.low for token in tokens if token.kind == "N"]
    if first.low == "both" and "and" not in {t.low for t in tokens} and not any(map(looks_plural, nouns)):
        faults.append(TORN_START)  # "both the cat are asleep on the couch"
    for before, after in zip(tokens, tokens[1:], strict=False):
        if (before.low, after.low) in (("neither", "nor"), ("either", "or")):
            faults.append(TORN_NOUN)
        if before.kind == "P" and after.kind == "D" and after.text.istitle():
            faults.append("a preposition without its noun")  # "a beach with A cat"
        if before.low == after.low and before.low not in ("very", "that", "had", "-", "!", "?", "."):
            faults.append("a word twice")
        if (
            before.kind == "P"
            and after.kind in ("C", "S")
            and after.low not in ("where", "which", "who", "what", "whom")
            and before.low in ("with", "of", "at", "in", "on", "next to", "in front of", "from", "to", "into")
        ):
            faults.append("a preposition without its noun")
        if before.low == "able" and after.low != "to":
            faults.append(TORN_END)  # "you will be able in the car park"
        if before.low in _NO_THINGS & ENDLESS and after.kind == "P":
            faults.append(TORN_END)  # "learns how in the hall"
        if before.low in ("a", "an") and after.low in ("a", "an", "the"):
            faults.append("a word twice")
        if after.low in ("ll", "ve", "re") and before.kind != "X":
            faults.append(NO_SUBJECT)
        if before.kind == "P" and before.low in ("from", "with", "of") and after.low in ("with", "of", "to"):
            faults.append("a preposition without its noun")
        if before.low in ("a", "an") and looks_plural(after.low) and after.kind == "N":
            faults.append("an article with a plural")
        if (
            before.kind == "D"
            and before.low in ("a", "an", "the", "his", "its", "their", "my", "your", "our")
            and (
                after.kind in ("P", "C", "S", "X", "R")
                or after.low in ("it's", "its", "his", "their", "my", "your", "our", "a", "an", "the")
                or (after.kind == "V" and after.form in ("aux", "fin", "to"))
            )
        ):
            faults.append(TORN_NOUN)
    return faults


def _find_torn_parts(clauses: list[Clause]) -> list[str]:
    faults = []
    for clause in clauses:
        if clause.group is None:
            continue
        for node in walk(clause):
            if isinstance(node, Verb):
                bare = not node.objects and not node.mods
                if (
                    node.stem in NEEDS_OBJECT
                    and not node.objects
                    and all(t.low != "ready" for t in node.tokens)
                    and node.form in ("ing", "fin")
                    and (bare or isinstance(node.mods[0], Prep))
                    and not any(t.form == "en" for t in node.tokens)
                ):
                    faults.append("a verb without its object")
                if any(t.low in WORN for t in node.tokens) and bare:
                    faults.append("a verb without its object")
            if isinstance(node, Prep) and node.group is None:
                faults.append("a preposition without its noun")
            if isinstance(node, Group) and "" in node.links:
                faults.append("two nouns that touch")
    return faults


def _find_lost_owners(clauses: list[Clause], category: str, vocabulary: Vocabulary) -> list[str]:
    faults = []
    phrases = [n for c in clauses if c.group for n in walk(c) if isinstance(n, Phrase) and n.tokens]
    lows = [p.head for p in phrases]
    animate = any(p.is_animate or p.head in HUMAN_NOUNS for p in phrases if not p.is_pronoun)
    whens = {id(mod.group.members[0]) for p in phrases for mod in p.mods if is_time_of(mod, p)}
    rows = any(isinstance(n, Group) and len(n.members) > 1 for c in clauses if c.group for n in walk(c))
    human = any(p.is_human for p in phrases)
    owner_words = {t.low for p in phrases for t in p.tokens}
    things = [p for p in phrases if not p.is_pronoun]
    of = any(isinstance(n, Prep) and n.low.split()[-1] == "of" for c in clauses if c.group for n in walk(c))
    for place, phrase in enumerate(phrases):
        if phrase.head in HE and not animate:
            faults.append(LOST_PRONOUN)
        if phrase.tokens[-1].kind == "R" and phrase.head in _MANIES:
            before = [p for p in phrases[:place] if not p.is_pronoun]
            if not any(p.is_plural for p in before) and not rows:
                faults.append(LOST_PRONOUN)
        if (
            phrase.tokens[-1].kind == "R"
            and phrase.head in ("it", "itself")
            and not any(not p.is_human for p in phrases[:place] if not p.is_pronoun)
        ):
            faults.append(LOST_PRONOUN)
        counted = rows or any(p.is_plural or p.tokens[0].low == "one" for p in phrases[:place])
        if phrase.low in _ORDINALS and not counted and not of:
            faults.append(HEADLESS)  # "the other laughing" of "two nuns, one asleep and the other ..."
    if owner_words & {"his", "her"} and not (human if category in vocabulary.people else animate):
        faults.append("an owner that is gone")
    if (
        "their" in owner_words
        and category in vocabulary.people
        and not any(p.is_plural and p.is_animate for p in things)
    ):
        faults.append("an owner that is gone")
    if owner_words & {"their", "its"} and not things[:1]:
        faults.append("an owner that is gone")
    if (category in vocabulary.animate) and not animate:
        if not any(t.is_animate for p in phrases for t in p.tokens) and any(
            p.head
            in MORE_BODY - {"back", "face", "side", "sides", "fun", "silhouette", "reflection", "shadow"}
            and not p.words
            and not is_concrete(p)
            for p in phrases
        ):
            faults.append("a part of the body without its owner")
        if (
            category in vocabulary.people
            and any(p.head in MORE_CLOTHES and not p.words for p in phrases[:1])
            and len(phrases) == 1
        ):
            faults.append("clothes without their owner")
    if category in vocabulary.people and any({t.low for t in p.tokens} >= {"of", "them"} for p in phrases):
        faults.append(LOST_PRONOUN)
    if category in vocabulary.people and any(low.startswith(("he'", "she'", "they'")) for low in owner_words):
        faults.append(LOST_PRONOUN)
    if category in vocabulary.people and (
        {"others", "someone", "somebody", "everyone", "everybody", "anyone", "nobody", "he", "she", "him"}
        & set(lows)
        or any(
            (
                p.head in HUMAN_NOUNS
                and not any(t.is_animate and not t.is_human for t in p.tokens)
                and not p.words
            )
            or (means_people(p) and id(p) not in whens)
            for p in phrases
        )
    ):
        faults.append(STILL_THERE)
    return faults
