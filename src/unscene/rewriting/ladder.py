"""What is named in a caption, put in a row: the ladder below the rules."""

import re
from collections.abc import Set

from unscene.rewriting.marking.leftovers import Item
from unscene.rewriting.marking.target import MARKS, OF_IT, Target, stands_alone
from unscene.rewriting.parsing.chunks import is_done_to
from unscene.rewriting.parsing.people import means_people
from unscene.rewriting.parsing.tree import Clause, Group, Phrase, Prep, Verb, list_mods, walk
from unscene.rewriting.pruning.cut_phrases import shows
from unscene.rewriting.realisation.composing import compose
from unscene.rewriting.realisation.finishing import finish
from unscene.rewriting.realisation.no_things import tells_how
from unscene.rewriting.realisation.rows import takes_article
from unscene.rewriting.scene_lists import (
    ABSTRACT_NOUNS,
    COLOURS,
    CONDITIONS,
    COUNTING,
    MORE_BODY,
    MORE_CLOTHES,
    PARTS,
    VIEWS,
)
from unscene.rewriting.tagging.tokens import Token
from unscene.rewriting.tagging.verb_forms import ING, THIRD, looks_plural
from unscene.words.caption_words import ADJECTIVES, PICTURES
from unscene.words.verb_lists import WORN
from unscene.words.vocabulary import Vocabulary


def list_things(clauses: list[Clause], target: Target) -> str | None:
    """Return the other things and places that clauses name, in a row."""
    things: list[Group] = []
    seen: set[str] = set()
    nodes = [
        node
        for clause in clauses
        if clause.group is not None and clause.opener.strip(" ,").lower() not in ("if", "how", "that")
        for node in walk(clause)
    ]
    spoken = _find_spoken_of(nodes, target)
    for node in nodes:
        if not isinstance(node, Phrase) or id(node) in spoken or node.head in seen:
            continue
        if node.head in _PART_OF and any(isinstance(mod, Prep) and mod.low == "of" for mod in node.mods):
            continue  # "the corner of the building": the building is a thing of its own
        if node.head in OF_IT.get(target.category, ()) and any(shows(mod, target) for mod in node.mods):
            continue
        node = _as_nobodys(node)
        if _can_be_listed(node, target):
            seen.add(node.head)
            things.append(Group([_give_article(node, target)]))
    group = compose([Item("thing", thing) for thing in things[:6]], target)
    if group is None:
        return None
    return finish([Clause("", group)])


def _find_spoken_of(nodes: list, target: Target) -> set[int]:
    """Return the ids of the nodes that are no things of the photo by themselves."""
    spoken = {  # only spoken of, not there: `for a queen`, `looks like a dog`
        id(n)
        for p in nodes
        if isinstance(p, Prep) and p.low in ("for", "like", "as", "about") and p.group is not None
        for n in (p.group.members if p.low == "like" else walk(p.group))
    }
    spoken |= {  # no thing: `a player up to bat`
        id(n)
        for p in nodes
        if isinstance(p, Prep) and p.low in ("at", "to", "up to") and p.group is not None
        for n in p.group.members
        if n.low == "bat"
    }
    spoken |= {  # who wrote it
        id(n)
        for p in nodes
        if isinstance(p, Prep) and p.low == "by" and p.group is not None and target.category == "book"
        for n in p.group.members
    }
    spoken |= {  # what is gone is that: `figs may be a popular snack`
        id(n)
        for group in nodes
        if isinstance(group, Group) and any(map(target.is_in, group.members))
        for verb in group.mods
        if isinstance(verb, Verb) and verb.stem == "be"
        for said in verb.objects
        for n in said.members[:1]
    }
    spoken |= {  # what only covers what is gone: `a bus covered in art and a sign`
        id(n)
        for group in nodes
        if isinstance(group, Group) and all(map(target.is_in, group.members))
        for verb in list_mods(group)
        if isinstance(verb, Verb) and verb.form == "en"
        for mod in verb.mods[:1]
        if isinstance(mod, Prep) and mod.group is not None and tells_how(mod, verb, target)
        for n in mod.group.members
        if not n.words
    }
    spoken |= {  # only painted
        id(n) for p in nodes if isinstance(p, Phrase) and p.head in PICTURES for m in p.mods for n in walk(m)
    }
    spoken |= {  # what an event is of: `the premiere of a film`
        id(n)
        for p in nodes
        if isinstance(p, Phrase) and target.is_human and means_people(p)
        for m in p.mods
        if isinstance(m, Prep) and m.low in ("of", "for")
        for n in walk(m)
        if isinstance(n, Phrase) and not n.words
    }
    spoken |= {  # worn by what is gone, or by nobody
        id(n)
        for verb in nodes
        if isinstance(verb, Verb) and any(token.low in WORN for token in verb.tokens)
        for group in verb.objects
        for n in group.members
        if not n.words
    }
    return spoken


def _give_article(phrase: Phrase, target: Target) -> Phrase:
    """Return a noun phrase as it stands in a row: without a clause before it, with an article."""
    tokens = list(phrase.tokens)
    if tokens[0].low in ("all", "both") and len(tokens) > 2 and tokens[1].low in ING:
        del tokens[:2]  # "all eating pizza"
    if tokens[0].low in ("that", "this"):
        tokens[0] = Token("a", "D")
    if tokens[0].kind != "D" and takes_article(phrase.head) and not phrase.words & target.vocabulary.mass:
        tokens.insert(0, Token("a", "D"))
    return Phrase(tokens)


_PART_OF = frozenset({"corner", "edge", "side", "end", "top", "bottom", "middle", "back", "front", "inside"})


def _as_nobodys(phrase: Phrase) -> Phrase:
    """Return somebody's place as a place: `their home` -> `a home`."""
    named = phrase.named
    if named and named[0].low in ("his", "her", "their"):
        named = named[1:]
    if not named or len(named) == len(phrase.tokens) or phrase.head not in _HOMES:
        return phrase
    return Phrase([Token("a", "D"), *named], phrase.mods)


_HOMES = frozenset({"home", "house", "yard", "backyard", "garden", "kitchen", "room", "bedroom", "bathroom"})
_HOMES |= {"living room", "office", "apartment", "garage", "farm", "boat", "van"}
_ON_ANIMALS = PARTS | MORE_CLOTHES | MORE_BODY
_ON_PEOPLE = _ON_ANIMALS - {"light", "lights", "window", "windows", "door", "doors", "mirror", "mirrors"}


def _can_be_listed(phrase: Phrase, target: Target) -> bool:
    if not phrase.tokens or target.is_in(phrase) or phrase.is_pronoun:
        return False
    if phrase.low in ("a line", "a row", "a circle") or phrase.low.removeprefix("a ") in VIEWS:
        return False  # "parked in a line"
    if phrase.head.endswith("ed") and is_done_to(phrase.head) and len(phrase.tokens) < 3:
        return False  # "a sliced"
    if phrase.tokens[0].kind == "W" and phrase.tokens[0].low in THIRD and len(phrase.tokens) > 1:
        return False  # a verb that was taken for a noun: `unloads passengers`
    if not phrase.words and (
        (phrase.tokens[0].low not in ("a", "an", "the") and phrase.head not in ("background", "pitch"))
        or len(phrase.tokens) == 1
        or phrase.head
        in ABSTRACT_NOUNS
        | CONDITIONS
        | PICTURES
        | ADJECTIVES
        | COLOURS
        | MARKS
        | COUNTING
        | {
            "design",
            "designs",
            "pattern",
            "patterns",
            "other",
            "photographer",
            "camera",
            "lead",
            "good",
            "far",
            "first",
            "knot",
            "second",
            "third",
            "inside",
            "outside",
            "contents",
        }
        or phrase.head[:1].isdigit()
        or phrase.low in ("the background", "the foreground")
        or phrase.head.endswith(_ABSTRACT_ENDS)
        or (phrase.head in (_ON_PEOPLE if target.is_human else _ON_ANIMALS) and target.is_animate)
        or looks_plural(phrase.head)
        and phrase.tokens[0].low != "the"
    ):
        return False
    return not any(
        token.kind in ("O", "R") or token.low in ("his", "her", "its", "their", "no")
        for token in phrase.tokens
    ) and stands_alone(phrase, target, "")


_ABSTRACT_ENDS = (
    *(
        "tion",
        "sion",
        "ness",
        "ment",
        "ity",
        "ing",
        "ship",
        "ance",
        "ence",
        "ism",
        "mix",
        "way",
        "idea",
        "yle",
    ),
    *("time", "hole", "eline", "age", "ory", "tude", "guy"),
)


# What a thing is like is not there, nor what the caption denies or is waited for: `like an apple`.
_LIKE = re.compile(
    r"(?i)\b(?:(?:like|as) (?:an? |the )?|(?:no|without) (?:\w+ )?"
    r"|\bif .*|wait\w* for (?:an? |the |their )?|about .*)$"
)


_WROTE = re.compile(r"(?i)\bby (?:an? |the )?(?:\w+ )*$")
_READERS = re.compile(r"(?i)\b(?:young|for) $")


def _is_of_book(text: str, is_human: bool) -> bool:
    """Whether what a text ends before wrote a book or is to read it: no cat does."""
    return bool(_READERS.search(text) or (is_human and _WROTE.search(text)))


def write_words(caption: str, category: str, vocabulary: Vocabulary, lost: Set[str]) -> str | None:
    """Return a photo of the other words that the caption mentions, without those that are `lost` with
    the object.
    """
    worn = lost | ({"tie"} if category in vocabulary.people else set())
    words = [
        word
        for word in dict.fromkeys(
            m.word
            for m in vocabulary.find_mentions(caption)
            if not _LIKE.search(caption[: m.start])
            and not (category == "book" and _is_of_book(caption[: m.start], m.word in vocabulary.people))
        )
        if word != category and word not in worn
    ]
    if not words:
        return None
    names = [vocabulary.name_object(word)["a"] for word in words]
    row = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    text = f"A photo of {row}"
    return text if category not in vocabulary.find_words(text) else None
