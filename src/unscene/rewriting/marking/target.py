"""What is taken out of a caption, and which words of it are that, or nothing without it."""

from dataclasses import dataclass, field, replace

from unscene.rewriting.marking.leftovers import (
    is_concrete,
    list_words,
)
from unscene.rewriting.parsing.people import means_people
from unscene.rewriting.parsing.tree import Group, Mod, Phrase, Prep
from unscene.rewriting.scene_lists import (
    ABSTRACT_NOUNS,
    ACTIVITIES,
    COLOURS,
    CONDITIONS,
    EATEN,
    FURNITURE,
    GROUNDS,
    KIN,
    MADE_OF_ANIMALS,
    MORE_BODY,
    MORE_CLOTHES,
    NEARNESS,
    PARTS,
    SAT_IN,
    STATES,
    TIMES,
    VEHICLES,
    WITHIN,
)
from unscene.rewriting.tagging.tokens import Token
from unscene.words.caption_words import HERS, PICTURES
from unscene.words.vocabulary import Vocabulary

MOST_STEPS = 3000


class TangledError(ValueError):
    """A caption whose phrases hang on each other so deep that taking one out would not end."""


@dataclass
class Target:
    """What is removed: a word of the list; of people, all that stands for people.

    staying: words whose things are seen to stay, whoever holds them. held: what it holds, wears or
    carries (`unscene.rewriting.marking.held`): a phrase's last token, and the words that the phrase names.
    """

    category: str
    vocabulary: Vocabulary | None
    is_human: bool = False
    is_animate: bool = False
    staying: frozenset[str] = frozenset()
    gone_pronouns: set[Token] = field(default_factory=set)
    lost_owners: set[Token] = field(default_factory=set)
    held: dict[Token, set[str]] = field(default_factory=dict)
    gone_parts: dict[Token, set[str]] = field(default_factory=dict)
    steps: int = 0
    used: list[str] = field(default_factory=list)

    def note(self, rule: str) -> None:
        """Note that a rule of `unscene.rewriting.rewriting_rules` was used."""
        self.used.append(rule)

    def holds(self, phrase: Phrase) -> bool:
        """Whether a phrase is held, worn or carried, whatever was cut from its front since."""
        return bool(phrase.tokens) and phrase.tokens[-1] in self.held

    def is_in(self, phrase: Phrase) -> bool:
        if not phrase.tokens:
            return False
        if self.category in phrase.words:
            return True
        if self.holds(phrase):
            self.note("held")
            return True
        if any(token in self.gone_pronouns for token in phrase.tokens):
            return True
        if self.gone_parts and phrase.tokens[-1] in self.gone_parts:
            self.note("part anywhere")
            return True
        if self.category == "horse" and phrase.head == "horseback":
            return True
        if self.is_human and not phrase.is_human and means_people(phrase):
            self.note("needs people")
            return True
        return self.is_human and phrase.is_human


def is_own(tokens: list[Token], target: Target) -> bool:
    """Whether a noun is part of what owns it: `its engines`, `the man's arm`."""
    named = [token for token in tokens if token.low not in _HELD_SO] or tokens
    head = named[-1].low
    if target.is_animate and not target.is_human and head in KIN:
        return True  # "an elephant with its mother"
    if tokens[-1].word:
        return tokens[-1].word == "tie"
    return head in MORE_BODY | MORE_CLOTHES | ACTIVITIES | PARTS | {"nails"}


# How a part of the body is held: `its mouth wide open`.
_HELD_SO = frozenset({"wide", "open", "closed", "shut", "outstretched", "extended", "raised", "up", "down"})


def owner_is_gone(owner: Token, target: Target) -> bool:
    return (target.is_human and owner.low in ("his", "her")) or owner in target.lost_owners


def is_about(mod: Mod) -> bool:
    """Whether it says of what an event is: `of the film`."""
    about = isinstance(mod, Prep) and mod.low in ("of", "for") and mod.group is not None
    return about and not list_words(mod.group)


def is_all_gone(group: Group, target: Target) -> bool:
    return all(target.is_in(member) for member in group.members)


def loses_last(mod: Prep, target: Target) -> bool:
    row = mod.group.members if mod.group is not None else []
    return len(row) > 1 and target.is_in(row[-1]) and not target.is_in(row[0])


def is_by_vehicle(mod: Prep, target: Target) -> bool:
    """Whether it says how somebody travelled: `by rowing boat`, without an article."""
    group = mod.group
    return (
        mod.low == "by"
        and group is not None
        and target.category in VEHICLES
        and is_all_gone(group, target)
        and group.members[0].tokens[0].kind != "D"
        and not group.is_plural
    )


def without_modifier(tokens: list[Token], target: Target) -> list[Token]:
    """Return a noun's words without the target as a word before it: `sheep wool`, `microwave oven`."""
    kept = list(tokens)
    if tokens and target.is_animate and tokens[-1].low in MADE_OF_ANIMALS:
        place = next(
            (i for i, t in enumerate(tokens) if t.low in (target.category, f"{target.category}s")), 0
        )
        if place:
            target.note("made of it")
            worn = 1 if tokens[place - 1].low.endswith(("ed", "orn")) else 0
            del kept[place - worn : place + 1]
    for place, token in enumerate(kept):
        if token.word and token.low in (f"{target.category} rider", f"{target.category} riders"):
            target.note("made of it")
            kept[place] = replace(token, text=token.text.split(" ")[-1])
            continue
        rest = token.low.removesuffix(f" {target.category}")
        if token.word and rest != token.low and target.vocabulary.find_words(rest) == [token.word]:
            target.note("made of it")
            kept[place] = replace(token, text=token.text[: len(rest)])
    return kept


def needs_its_of(old: Phrase, new: Phrase) -> bool:
    """Whether a noun means nothing without the `of ...` or `by ...` that is gone: `the back of a truck`."""
    lost = _tells(old, "of", "by") and not _tells(new, "of", "by")
    if old.head == "style" and not lost:  # "the style of the gown of a nun"
        lost = any(_tells(clothes, "of") for clothes in _list_clothes(old)) and not any(
            _tells(clothes, "of") for clothes in _list_clothes(new)
        )
    return (
        lost
        and not new.words
        and (
            old.head in PARTS | MORE_BODY | ACTIVITIES | _OF_SOMETHING
            and old.head not in ("shelf", "shelves", "rack")
            and (old.head not in PICTURES or old.head in _SEEN_OF_IT)
        )
    )


# Pictures by name, and nothing but the thing itself.
_SEEN_OF_IT = frozenset({"side", "front", "back", "top", "silhouette", "silhouettes"})
_OF_SOMETHING = frozenset(
    {"inside", "style", "interior", "interiors", "contents", "rest", "corner", "edge", "outside", "half"}
)
_OF_SOMETHING |= {"state", "remains", "nails"}


def _tells(phrase: Phrase, *ways: str) -> bool:
    return any(isinstance(mod, Prep) and mod.low in ways for mod in phrase.mods)


def _list_clothes(phrase: Phrase) -> list[Phrase]:
    """Return the clothes that something is said to be of."""
    groups = [mod.group for mod in phrase.mods if isinstance(mod, Prep) and mod.low == "of" and mod.group]
    return [member for group in groups for member in group.members if member.head in MORE_CLOTHES]


def stands_alone(phrase: Phrase, target: Target, how: str) -> bool:
    if not phrase.tokens or phrase.is_pronoun or phrase.tokens[0].low == "no":
        return False
    if target.holds(phrase):
        target.note("held")
        return False
    words, head = phrase.words, phrase.head
    if head in _OF_FURNITURE and target.category in FURNITURE and how not in NEARNESS:
        return False
    if head in ("magnet", "magnets") and target.category == "refrigerator":
        return False
    abstract = head in ABSTRACT_NOUNS - CONDITIONS - TIMES and not is_concrete(phrase)
    if not words and (abstract or head.endswith(("ism", "ward", "wards"))):
        return False
    if not words and len(phrase.tokens) == 1 and _is_quality(head):
        target.note("quality")
        return False
    if how == "worn":
        return bool(words & target.staying)
    if phrase.tokens[0].low in HERS and head in PARTS and not words:
        return False
    if head in ("sign", "signs") and any(token.low == "thumbs-up" for token in phrase.tokens):
        return False
    if head in _LEADS and target.is_animate:
        return False
    beside = how in ("in front of", "close to") or (target.is_human and how in NEARNESS)
    if head == "camera" and beside and phrase.tokens[0].low == "the":
        return False
    if head in _WATCHING and (how in _TOWARDS or (how == "verb" and not target.is_human)):
        return False
    if head in MARKS and how in ("with", "of", "has"):
        return False
    if target.category == "bed" and head in BEDDING and how in ("with", "of", "has", "in"):
        return False
    if "tie" in words and target.is_human:
        return False
    if words or any(t.is_human for t in phrase.tokens if not target.is_human):
        return True
    if all(t.kind == "D" for t in phrase.tokens):
        return False
    if head in MORE_BODY | ACTIVITIES and not (
        is_concrete(phrase)
        or (head in _HUNG and how in _BENEATH)
        or (head == "pitch" and how == "on" and phrase.tokens[0].kind == "D")
        or (head == "steps" and how in WITHIN | NEARNESS | {"up", "down"})
    ):
        return False
    if head in MORE_CLOTHES and target.category == "teddy bear" and how in ("in", "with", "has", "verb", ""):
        return False
    worn = how in ("in", "with", "has", "of", "") or (how == "verb" and target.is_human)
    if head in MORE_CLOTHES and target.is_animate and worn and (target.is_human or head not in _FOOTWEAR):
        return False
    if target.category in EATEN and head in _OF_FOOD and how in ("with", "of", "has", "in"):
        return False
    holds = target.category in FURNITURE | EATEN
    if how in ("with", "of", "has", "verb") and not target.is_animate and not holds:
        return head not in PARTS
    if how in ("with", "of", "has") and target.is_animate and not target.is_human and head in PARTS:
        return is_concrete(phrase)
    if how == "on" and head in _RIDDEN and target.is_human and not words:
        return False
    return not (how == "in" and head in COLOURS)


def _is_quality(head: str) -> bool:
    """Whether it is how somebody is: `lies motionless`."""
    return head in STATES or head.endswith(("less", "ous", "ful"))


# What is nothing but the object, or a part of it, where it is said to be of it: `bags of luggage`.
OF_IT = {
    "suitcase": frozenset({"bag", "bags", "piece", "pieces"}),
    "laptop": frozenset({"keyboard", "keyboards"}),
    **dict.fromkeys(SAT_IN, frozenset({"floor", "ceiling", "wall", "walls"})),
}
# No animal wears these.
_FOOTWEAR = frozenset(
    {"shoe", "shoes", "sandal", "sandals", "slippers", "boot", "boots", "sneaker", "sneakers"}
)
_RIDDEN = frozenset({"skates", "rollerblades", "stilts"})
_LEADS = frozenset({"leash", "leashes", "lead"})
# What hangs above a thing that is said to be under it.
_HUNG = frozenset({"picture", "pictures", "photo", "photos", "photograph", "photographs"})
_BENEATH = frozenset({"in front of", "under", "underneath", "beneath", "below", "next to", "beside"})
# Who takes the photo is in none.
_TOWARDS = frozenset({"for", "at", "to", "toward", "towards", "into"})
_WATCHING = frozenset({"camera", "cameras", "photographer", "cameraman", "viewer", "lens"})
MARKS = frozenset({"graffiti", "writing", "sticker", "stickers", "logo", "logos", "lettering", "paint"})
MARKS |= {
    "dot",
    "dots",
    "advertising",
    "crest",
    "crests",
    "signage",
    "detailing",
    "accents",
    "decals",
    "insignia",
    "symbol",
    "symbols",
}
MARKS |= {"advertisement", "advertisements", "ad", "ads", "print", "stripe", "stripes", "carvings"}
BEDDING = frozenset({"sheet", "sheets", "bedding", "comforter", "duvet", "bedspread", "mattress", "quilt"})
BEDDING |= {"linens", "covers", "blanket", "blankets", "head board", "headboard"}
_OF_FURNITURE = frozenset({"frame", "frames", "leg", "legs", "base", "headboard", "footboard", "texture"})


_OF_FURNITURE |= {"door", "doors", "drawer", "drawers", "handle", "handles", "lid", "dispenser", "freezer"}


_OF_FOOD = frozenset({"frosting", "icing", "topping", "toppings", "crust", "sprinkles", "filling", "glaze"})


_OF_FOOD |= {"cheese", "sauce", "pepperoni", "candle", "candles", "bun", "buns"}


def is_picture(host) -> bool:
    if host is None or host.head in ("side", "front", "back", "top"):
        return False
    return host.head in PICTURES or host.head in ("close up", "close-up")


def is_empty(group: Group) -> bool:
    return not any(member.tokens for member in group.members) and not group.mods


def is_on_thing(mod: Mod) -> bool:
    """Whether it is a place on a thing, not the ground of the scene."""
    within = isinstance(mod, Prep) and mod.low in WITHIN and mod.group is not None
    return within and mod.group.head not in GROUNDS


def is_on_ground(mod: Mod) -> bool:
    return isinstance(mod, Prep) and mod.group is not None and mod.group.head in GROUNDS


def is_bare_part(phrase: Phrase) -> bool:
    part = phrase.head in MORE_BODY | PARTS and not phrase.mods
    return part and phrase.tokens[0].low not in HERS
