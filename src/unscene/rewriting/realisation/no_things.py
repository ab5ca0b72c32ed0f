"""What hangs on something in a caption, and is no place and no thing of its own: `in a row`, `takes a
snooze`, `made of bamboo`.
"""

from unscene.rewriting.marking.leftovers import list_words
from unscene.rewriting.marking.target import Target
from unscene.rewriting.parsing.chunks import is_done_to
from unscene.rewriting.parsing.tree import Group, Mod, Prep, Verb, list_mods
from unscene.rewriting.scene_lists import (
    ACTIVITIES,
    COLOURS,
    EATEN,
    EVENTS,
    FURNITURE,
    GREETINGS,
    GROUNDS,
    HERDED,
    MORE_CLOTHES,
    NO_PLACE,
    PARTS,
    SPEECHES,
    STATES,
    VESSELS,
)
from unscene.rewriting.tagging.verb_forms import looks_plural
from unscene.words.caption_words import ADJECTIVES, NUMBERS
from unscene.words.verb_lists import NAMING, VERBS, WORN

_LOADED = frozenset({"truck", "train", "car", "book", "person"})
# What somebody is in who is gone, and no place: `a man in thought`.
_MANNERS = frozenset(
    {"line", "top", "day", "person", "motion", "thought", "unison", "silence", "camouflage", "tow", "route"}
)
_MANNERS |= {"costume", "costumes", "disguise", "contrast", "prayer", "conversation", "concentration"}
_LOOKS = frozenset({"color", "colors", "colours", "pattern", "patterns", "size", "sizes", "shapes", "styles"})
_MAKING = frozenset(
    {"fashion", "craft", "make", "compose", "comprise", "consist", "form", "construct", "build", "assemble"}
)
_TOPPING = frozenset({"top", "decorate", "cover", "fill", "coat", "stuff", "garnish", "sprinkle", "frost"})
_TOPPING |= {"drizzled", "smothered"}  # the lists of verbs lack these
# What is done in a crowd of others: `a horse standing in a crowd`.
_AMONG_OTHERS = frozenset({"sit", "stand", "lie", "walk", "wait", "lead", "ride"})
_BECOMING = frozenset({"messy", "muddy", "sleepy", "hungry", "dizzy", "cozy", "rowdy", "icy", "sandy"})
_COATED = VESSELS | {
    "vase",
    "bowl",
    "suitcase",
    "backpack",
    "handbag",
    "potted plant",
    "refrigerator",
    "toilet",
}
_MADE = GREETINGS | {"contact", "gesture", "gestures", "five", "splash"}
_RESTING = frozenset({"lie", "sit", "stand", "remain", "stay", "kneel", "sleep"})
_LAID_SO = frozenset({"flat", "still", "awake", "asleep", "limp", "sideways", "diagonal", "sprawled"})
_TURNING = frozenset({"convert", "turn", "change", "transform", "make"})
_CUTTING = frozenset({"cut", "slice", "divide", "split", "break", "halve"})
_COATING = frozenset({"cover", "coat", "paint", "decorate", "adorn", "wrap"})
_WHENCE = frozenset({"from", "off", "off of", "out of"})
_HOURS = frozenset({"twenty", "half", "quarter", "minutes", "noon", "midnight", "o'clock", "am", "pm"})
_AS_WHAT = frozenset({"as", "like", "for", "up"})
# What a preposition and the last word behind it say of who is gone, and of no place.
_SAYINGS = {
    "in": {"background", "foreground", "distance"},
    "out of": {"frame", "view", "sight", "shot"},
    "around": {"corner", "bend", "curve", "turn"},
}


class Hung:
    """A preposition with its group that hung on something gone, or on its verb. low: the preposition.
    verb: the base form of the verb; empty for what hung on the thing itself.
    """

    def __init__(self, low: str, group: Group, verb: str, target: Target):
        self.low, self.group, self.verb, self.target = low, group, verb, target
        self.head, self.first, self.words = group.head, group.members[0], list_words(group)

    @property
    def is_no_place(self) -> bool:
        """Whether it says how or where who is gone was, and names no place: `in a row`, `up to bat`."""
        return any(holds(self) for holds in (_is_saying, _is_with_the_verb, _is_order, _is_manner, _is_look))

    @property
    def is_no_thing(self) -> bool:
        """Whether it says of what kind it was, or what for, and names no thing: `for a birthday`."""
        return any(holds(self) for holds in (_is_purpose, _is_content, _is_kind))


def _is_saying(hung: Hung) -> bool:
    """`in the background`, `out of sight`, `up to bat`, `looking in from the outside`"""
    low, first = hung.low, hung.first.low
    if hung.head in _SAYINGS.get(low, ()) or (low in ("at", "to", "up to") and first == "bat"):
        return True
    return low == "from" and first in ("the outside", "the inside")


def _is_with_the_verb(hung: Hung) -> bool:
    """`waiting for a bus`, `comes to a halt`, `a book by a nun`"""
    if hung.low == "by" and not hung.verb and hung.target.category == "book":
        return True  # who wrote it
    if hung.low == "for" and hung.verb == "wait":
        return True  # it is not there yet
    return hung.verb == "come" and hung.head in ("stop", "halt", "rest")


def _is_order(hung: Hung) -> bool:
    """`in a row`, `mules running in a crowd`"""
    if hung.low != "in":
        return False
    if hung.head in ("line", "row", "circle", "formation") and not hung.words:
        return True
    herded = hung.target.category in HERDED and hung.verb not in _AMONG_OTHERS
    return hung.head == "crowd" and (hung.target.is_human or herded)


def _is_manner(hung: Hung) -> bool:
    """`in thought`, `on top`"""
    alone = len(hung.group.members) == 1 and len(hung.first.tokens) == 1 and not hung.first.mods
    if not alone or hung.words:
        return False
    return hung.low in ("in", "deep in", "at", "on", "by") and hung.first.head in _MANNERS


def _is_look(hung: Hung) -> bool:
    """`in different colors and patterns`, `in different positions`"""
    if hung.words:
        return False
    if hung.low in ("in", "of") and hung.head in _LOOKS:
        return True
    first = hung.first
    various = len(hung.group.members) == 1 and first.tokens[0].low in ("different", "various", "opposite")
    return hung.low == "in" and various and looks_plural(first.head) and hung.head not in GROUNDS


def _is_purpose(hung: Hung) -> bool:
    """`for a birthday`, `as a toy`, `turned into a home`"""
    if hung.head == "birthday":
        return True
    if hung.low in NO_PLACE - {"of"}:
        return not hung.words or hung.low != "for" or hung.group.is_human
    return hung.low == "into" and hung.verb in _TURNING  # what it is not yet


def _is_content(hung: Hung) -> bool:
    """`a cup of milk`, `a vase of water`, `a game of chess`; but `cups of figs`"""
    category = hung.target.category
    watery = category == "vase" and hung.head == "water"
    poured = category in VESSELS and not looks_plural(hung.head)
    parts = not hung.words and hung.head in PARTS | ACTIVITIES
    return hung.low == "of" and (watery or poured or parts)


def _is_kind(hung: Hung) -> bool:
    """`an aircraft of an airline`, `phones of differing quality`"""
    bare = hung.low == "of" and not hung.words and hung.first.tokens[0].kind == "W"
    if not bare or hung.head in GROUNDS or hung.group.is_animate:
        return False
    return hung.target.category not in FURNITURE | EATEN | _LOADED


def tells_how(mod: Prep, verb: Verb, target: Target) -> bool:
    """Whether a preposition says of a verb how it is done, and of no thing: `made of bamboo`."""
    stem, low = verb.stem, mod.low
    if mod.group is not None and _is_dress(mod, verb):
        return True
    if target.category == "clock" and stem == "set" and _is_hour(mod):
        return True  # "a clock set to ten after three"
    if stem in _MAKING and low in ("of", "from", "out of", "with", "by"):
        target.note("made from")
        return True  # "an umbrella made of bamboo"
    if target.category in EATEN:
        plain = mod.group is not None and not list_words(mod.group)
        if plain and stem in _TOPPING and low in ("with", "in", "by"):
            return True  # "a cake decorated with figs"
        if stem in _CUTTING and low in ("into", "in"):
            return True  # "a pizza cut into eight pieces"
    coated = target.category not in (FURNITURE - _COATED) | EATEN
    return stem in _COATING and mod is verb.mods[0] and low in ("in", "with", "by") and coated


def _is_dress(mod: Prep, verb: Verb) -> bool:
    """Whether it says as what somebody is dressed: `dressed in blue`, `wearing a hat as a joke`."""
    if verb.stem == "dress":
        return mod.low in _AS_WHAT | {"in", "up in"}
    worn = any(token.low in WORN for token in verb.tokens)
    clothes = mod.low in ("in", "up in") and mod.group is not None and mod.group.head in MORE_CLOTHES
    return worn and (mod.low in _AS_WHAT or clothes)


def _is_hour(mod: Prep) -> bool:
    """Whether it says to what hour a clock is set: `to twenty`, `after three`."""
    if mod.group is None or mod.low not in ("to", "at", "for", "past", "after", "before"):
        return False
    return mod.group.head in NUMBERS | _HOURS or mod.group.head[:1].isdigit()


def is_no_object(group: Group, verb: Verb, target: Target) -> bool:
    """Whether what stands in an object's place says something of who is gone: `getting messy`."""
    stem, words, only = verb.stem, list_words(group), group.members[0].tokens[0]
    if stem == "be" or (not words and stem in NAMING):
        return True
    laid = any(token.low in ("lay", "lays", "laying", "laid") for token in verb.tokens)
    rests = only.low in _LAID_SO if laid else stem in _RESTING  # not "laying carpet"
    bare = group.head == only.low and not (words or looks_plural(only.low) or group.is_animate)
    bare = bare and not any(map(is_of, list_mods(group)))  # "sitting top of a plate"
    if rests and bare:
        target.note("quality")
        return True  # "laying flat on a raft"
    becomes = stem in ("get", "become") and group.head == only.low and not words
    if becomes and (only.low in ADJECTIVES | STATES | _BECOMING or is_done_to(only.low)):
        return True  # "getting messy", not "getting milk"
    if stem in ("say", "read", "spell") and not target.is_animate:
        return True  # what a sign says
    if stem in _COATING and all(member.tokens[-1].low in COLOURS for member in group.members):
        return True  # "painted orange and yellow"
    return stem in ("give", "deliver", "make") and group.head in SPEECHES


def is_only_done(group: Group, verb: Verb) -> bool:
    """Whether an object is a deed, and what hangs on it is all that was there: `makes eye contact`,
    `takes a snooze`, `doing a stunt show`.
    """
    stem = verb.stem
    if stem in ("make", "give") and group.head in _MADE:
        return not any(map(is_of, list_mods(group)))
    if stem == "take":
        return _is_deed(group, verb)
    return stem in ("do", "perform") and group.head in EVENTS and not list_words(group)


def _is_deed(group: Group, verb: Verb) -> bool:
    """Whether what is taken is something that is done: `a snooze`, `a short walk`. What is taken from
    a place is a thing: `a brush from a shelf`.
    """
    first = group.members[0]
    deed = first.tokens[0].low in ("a", "an") and first.head in VERBS - {"lift"} and not first.words
    preps = [mod.low for mod in (*group.mods, *first.mods, *verb.mods) if isinstance(mod, Prep)]
    return deed and (first.head == "drink" or not _WHENCE & set(preps))


def is_of(mod: Mod) -> bool:
    return isinstance(mod, Prep) and mod.low == "of"
