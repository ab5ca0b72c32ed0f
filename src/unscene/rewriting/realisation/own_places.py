"""Whose a place in a caption is: of one thing of a row, or of all that it tells of."""

from unscene.rewriting.marking.leftovers import Item, list_words
from unscene.rewriting.marking.target import is_on_ground, is_on_thing
from unscene.rewriting.parsing.tree import Group, Loose, Mod, Phrase, Prep, Verb
from unscene.rewriting.scene_lists import GROUNDS, ROOMS, WITHIN

_STANDS = frozenset(
    {"table", "counter", "desk", "shelf", "countertop", "tray", "stove", "plate", "plates", "platter", "dish"}
)


def is_stand(item: Item) -> bool:
    """Whether it is what a whole row stands on: `a plate and a cup on a table`."""
    stand = list_words(item.group) & {"dining table", "bench"} or item.group.head in _STANDS
    return bool(stand) and item.kind == "thing" and item.prep in ("on", "on top of", "in")


def is_within_ground(mod: Prep) -> bool:
    return is_on_ground(mod) and mod.low in WITHIN


def is_on_floor(mod: Mod) -> bool:
    """Whether it says that something is on the floor, where what is on a thing cannot be."""
    return is_on_ground(mod) and mod.low in WITHIN and mod.group.head in ("floor", "ground")


def is_spot(mod: Mod, host: Group | Phrase | None) -> bool:
    """Whether it is a spot within a room or ground, where only what is gone was: `a kitchen with an oven
    in the corner`, `a road with trucks on the side of the street`.
    """
    if not isinstance(mod, Prep) or mod.group is None or host is None or host.head not in GROUNDS | ROOMS:
        return False
    if mod.low in _AT_SIDES:
        return mod.group.head in GROUNDS
    of = any(isinstance(inner, Prep) and inner.low == "of" for inner in mod.group.mods)
    return mod.low in ("in", "on", "at", "to") and mod.group.head in _SPOTS and not of


_AT_SIDES = frozenset({"on the side of", "on the other side of", "on the edge of", "at the edge of"})
_SPOTS = frozenset({"corner", "middle", "center", "centre", "side", "sides", "left", "right", "end", "edge"})


def is_placed(phrase: Phrase) -> bool:
    """Whether it is said on what something is: `a dog lying on a couch`."""
    mods = [*phrase.mods, *(inner for mod in phrase.mods if isinstance(mod, Verb) for inner in mod.mods)]
    return any(is_on_thing(mod) for mod in mods)


def is_outside(mod: Mod) -> bool:
    """Whether it says in a word where all of it happens."""
    return isinstance(mod, Loose) and mod.text.lower() in ("outside", "outdoors", "indoors")


def is_told_where(phrase: Phrase) -> bool:
    """Whether more is said of a thing than what it is of: `cats sitting near a tree`."""
    return any(not (isinstance(mod, Prep) and mod.low == "of") for mod in phrase.mods)


def has_place(mods: list[Mod]) -> bool:
    """Whether what does something is at a place already: `passes by a station with people`."""
    return any(is_on_ground(mod) for mod in mods) or any(
        is_on_ground(inner) for mod in mods if isinstance(mod, Verb) for inner in mod.mods
    )


def is_on_stand(mod: Prep) -> bool:
    return mod.group is not None and is_stand(Item("thing", mod.group, mod.low))
