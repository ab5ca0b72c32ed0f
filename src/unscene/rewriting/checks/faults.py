"""Whether a caption that was written without an object reads as one: a second look at the result,
with no regard to how it was made.

The faults are kinds that a close reader marks: a verb without its subject, a preposition at the
end, a pronoun or a part of the body without its owner, `others` where there is said to be nobody.
"""

import re

from unscene.rewriting.checks.fault_names import (
    ABSTRACT,
    HEADLESS,
    LOST_BODY,
    LOST_CLOTHES,
    LOST_OWNER,
    LOST_PRONOUN,
    NO_OBJECT,
    STILL_THERE,
    TORN_PREPOSITION,
    TOUCHING,
)
from unscene.rewriting.checks.torn_edges import find_torn_edges
from unscene.rewriting.marking.leftovers import is_concrete
from unscene.rewriting.marking.pronouns import HE, THEY
from unscene.rewriting.parsing.caption_tree import build_clauses
from unscene.rewriting.parsing.chunks import is_done_to
from unscene.rewriting.parsing.people import is_time_of, means_people
from unscene.rewriting.parsing.tree import Clause, Group, Phrase, Prep, Verb, walk
from unscene.rewriting.scene_lists import (
    ABSTRACT_NOUNS,
    ACTIVITIES,
    COLOURS,
    COUNTING,
    HUMAN_NOUNS,
    MASS,
    MORE_BODY,
    MORE_CLOTHES,
    NO_THINGS,
    PARTS,
    SMALL,
    STATES,
    VIEWS,
)
from unscene.rewriting.tagging.reading import read_tokens
from unscene.rewriting.tagging.third_person_verbs import THINGS_IN_S
from unscene.rewriting.tagging.tokens import Token
from unscene.rewriting.tagging.verb_forms import EN, THIRD
from unscene.words.caption_words import ADJECTIVES
from unscene.words.verb_lists import ALWAYS_ING_NOUNS, NEEDS_OBJECT, NOT_PARTICIPLES, NOUNY, VERBS, WORN
from unscene.words.vocabulary import Vocabulary

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
    faults += find_torn_edges(tokens)
    if _begins_with_no_thing(tokens):
        faults.append(HEADLESS)
    if _is_of_no_thing(clauses):
        faults.append(ABSTRACT)
    faults += _find_torn_parts(clauses)
    faults += _find_lost_owners(clauses, category, vocabulary)
    return faults


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
    if first.low in NO_THINGS or (first.kind == "A" and second.kind in ("P", "X", "C", "")):
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
        if re.sub("^(?:an?|the) ", "", first.low) in VIEWS - {"portrait"} and not (
            clauses[0].group.mods or first.mods
        ):
            return True  # "a closeup" of "a closeup of a mule"
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
                    faults.append(NO_OBJECT)
                if any(t.low in WORN for t in node.tokens) and bare:
                    faults.append(NO_OBJECT)
            if isinstance(node, Prep) and node.group is None:
                faults.append(TORN_PREPOSITION)
            if isinstance(node, Group) and "" in node.links:
                faults.append(TOUCHING)
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
        faults.append(LOST_OWNER)
    if (
        "their" in owner_words
        and category in vocabulary.people
        and not any(p.is_plural and p.is_animate for p in things)
    ):
        faults.append(LOST_OWNER)
    if owner_words & {"their", "its"} and not things[:1]:
        faults.append(LOST_OWNER)
    if (category in vocabulary.animate) and not animate:
        if not any(t.is_animate for p in phrases for t in p.tokens) and any(
            p.head
            in MORE_BODY - {"back", "face", "side", "sides", "fun", "silhouette", "reflection", "shadow"}
            and not p.words
            and not is_concrete(p)
            for p in phrases
        ):
            faults.append(LOST_BODY)
        if (
            category in vocabulary.people
            and any(p.head in MORE_CLOTHES and not p.words for p in phrases[:1])
            and len(phrases) == 1
        ):
            faults.append(LOST_CLOTHES)
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
