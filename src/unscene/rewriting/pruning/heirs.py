"""What takes the place of something that is gone behind a preposition that stays."""

from dataclasses import replace
from itertools import pairwise

from unscene.rewriting.marking.leftovers import Item, is_concrete, is_small, list_places, list_words
from unscene.rewriting.marking.target import Target, is_all_gone, is_picture
from unscene.rewriting.parsing.tree import Group, Mod, Prep, list_mods, walk
from unscene.rewriting.realisation.composing import compose
from unscene.rewriting.realisation.own_places import is_stand
from unscene.rewriting.scene_lists import (
    DESKS,
    EATEN,
    GROUNDS,
    NEARNESS,
    NO_PLACE,
    PARTS,
    ROOMS,
    SEATS,
    WITHIN,
)
from unscene.rewriting.tagging.tokens import Token


def settle_prep(mod: Prep, items: list[Item], host, target: Target) -> list[Mod]:
    """Return what is left of a preposition whose group is gone. items: what stays of that group.
    host: what the preposition hangs on.
    """
    carried = [
        item for item in items if item.kind == "thing" and item.prep == "with" and mod.low in WITHIN - {"at"}
    ]
    beside = _list_beside(mod, items, host)
    things = [
        item
        for item in items
        if item.kind == "thing"
        and item not in carried
        and item not in beside
        and not (
            mod.low == "with"
            and item.group.head in PARTS
            and not is_concrete(item.group.members[-1])
            and not list_words(item.group)
            and (host is None or host.head not in ROOMS)
        )
    ]
    if mod.low == "with" and host is not None and host.head in ROOMS:
        things = [item for item in things if item.group.members[0].low not in ("the wall", "the walls")]
    if mod.low in NEARNESS | _OVER:
        items = [_as_near(item, mod.low) for item in items]
    places = [item for item in items if item.kind != "thing" and not (host and item.group.head == host.head)]
    mods: list[Mod] = [Prep(item.prep, item.group) for item in [*carried, *beside]]
    if mod.low == "of" and any(item.prep != "with" for item in [*things, *places]):
        see_it_whole(host)
    if (
        not things
        and mod.low == "of"
        and places
        and is_picture(host)
        and (places[0].kind == "ground" and places[0].group.head != "background")
    ):
        composed = compose(places, target)
        target.note("picture")
        return [Prep("of", composed)] if composed is not None else []
    if things and places and mod.low == "of" and is_picture(host) and all(item.group.mods for item in things):
        things, places = [*places, *things], []  # "a view of a road and a river beside it"
    if things and mod.low not in NO_PLACE - {"of"} and not (mod.low == "of" and not is_picture(host)):
        target.note("heir")
        mods += _pass_on(mod, things, host, target)
    if not things:
        target.note("preposition")
    return mods + _settle_places(mod, places, host)


def _list_beside(mod: Prep, items: list[Item], host) -> list[Item]:
    """Return what the thing that stays has beside it: where somebody sat with it, what it was served on."""
    if mod.low != "with" or host is None:
        return []
    things = [item for item in items if item.kind == "thing"]
    beside = [
        item
        for item in things
        if item.prep in WITHIN and not item.group.mods and list_words(item.group) & SEATS and host.is_animate
    ]
    if list_words(host) & _SERVED or host.head in _MEALS:  # "cake with a fork on a plate"
        beside += [item for item in things if item.prep in ("on", "in") and item.group.head in _SERVING]
    elif not host.is_animate and host.head not in ROOMS | GROUNDS:
        beside += [
            item
            for item in items
            if is_stand(item)
            and not item.group.mods
            and item.group.head not in _TRAYS  # "a bin with a bun on a plate"
        ]
    return beside


_WATCHED = frozenset({"movie", "film", "show", "video"})


def _pass_on(mod: Prep, things: list[Item], host, target: Target) -> list[Mod]:
    """Return the preposition with the things that take the place of what is gone behind it."""
    composed = compose(things, target)
    if composed is None:
        return []
    text = mod.text
    beside = host is not None and host.head not in ROOMS | GROUNDS and not host.is_animate
    if mod.low == "with" and beside and all(item.prep in NEARNESS for item in things):
        text = things[0].prep  # "plates with figs next to a jug"
    if mod.low == "with" and len(things) == 1 and _is_backdrop(things[0].group):
        text = things[0].prep or text  # "a pattern with figs on a white background"
    if mod.low in ("by", "as"):
        text = "near"
    works = host is None or host.is_human or host.head in _WATCHED
    works = works or (target.category != "laptop" and host.head in ("game", "match", "text", "message"))
    shown = mod.low == "on" and target.category in ("laptop", "tv", "cell phone") and works
    if shown and composed.head in DESKS:  # "works on a laptop on her desk", "a film on a tv on a shelf"
        at_desk = target.category == "laptop" and composed.head in ("desk", "counter")
        return [Prep("at" if at_desk else "near", composed, mod.link)]
    true_there = all(item.joins and item.prep in ("on", "in", "inside", "on top of", "") for item in things)
    at_it = mod.low == "at" and (true_there or not _is_loose(composed, things))
    if mod.low not in WITHIN or at_it or (true_there and mod.low != "at"):
        return [Prep(text, composed, mod.link)]
    return [Prep("near", composed, mod.link)]


def _settle_places(mod: Prep, places: list[Item], host) -> list[Mod]:
    """Return the places that stay behind a preposition: one that only what is gone was in is near a thing
    that has a place of its own.
    """
    settled = (
        mod.low in NEARNESS | {"with"}
        and host is not None
        and (
            host.head in GROUNDS
            or any(
                isinstance(m, Prep) and m.group is not None and m.group.head in GROUNDS for m in walk(host)
            )
        )
    )
    near = [item for item in places if not settled or item.prep in NEARNESS or item.kind == "condition"]
    if near or not settled or mod.low not in NEARNESS:
        return list_places(near)
    apart = [item for item in places if item.kind == "ground" and not _is_floor(item)]
    return list_places([replace(item, prep="near") for item in apart])


def pass_over(mods: list[Mod], target: Target) -> list[Mod]:
    """Return what hangs on something with the water or tracks that it is above, where what is on them
    goes: `flying above a boat on a lake` -> `flying above a lake`.
    """
    passed = list(mods)
    for place, (above, on) in enumerate(pairwise(mods)):
        if not (isinstance(above, Prep) and isinstance(on, Prep) and above.low in _OVER):
            continue
        if above.group is None or on.group is None or not is_all_gone(above.group, target):
            continue
        if on.low in ("on", "in") and on.group.head in _APART and not list_mods(above.group):
            passed[place + 1] = Prep(above.text, on.group, on.link)
    return passed


def see_it_whole(host) -> None:
    """Say of a picture of what is left neither how close nor from which side it was: `a close up of a mule
    near a gate`, `the back view of a bus on a lane`.
    """
    phrase = host.members[-1] if isinstance(host, Group) else host
    if phrase is None or not is_picture(phrase):
        return
    if phrase.head in _CLOSE:
        phrase.tokens[-1] = Token("photo", "W")
    while len(phrase.tokens) > 1 and phrase.tokens[-2].low in _SIDED | _CLOSE:
        del phrase.tokens[-2]  # but `a front page photo`


_CLOSE = frozenset({"close up", "close-up", "closeup"})
_SIDED = frozenset({"back", "side", "front", "rear", "left", "right"})


def _is_floor(item: Item) -> bool:
    return item.group.head in ("floor", "ground", "background", "foreground", "sky", "air")


def _is_backdrop(group: Group) -> bool:
    """Whether it is what something is drawn on: `a white background stock vector`."""
    return any(token.low == "background" for token in group.members[0].tokens)


def _as_near(item: Item, prep: str) -> Item:
    """Return a ground that only what is gone was on as one that is near: `next to a train on the tracks`."""
    apart = item.kind == "ground" and item.prep in ("on", "in") and item.group.head in _APART
    return replace(item, prep=prep) if apart else item


# Who looks or flies over what is on a ground, does so over the ground.
_OVER = frozenset({"above", "over"})
_APART = frozenset({"tracks", "track", "rails", "water", "lake", "river", "ocean", "sea"})


def _is_loose(group: Group, things: list[Item]) -> bool:
    """Whether one is near it, not at it: `at a table with a jar`, but `at a table with a laptop`."""
    if list_words(group) & {"laptop", "tv", "keyboard"}:
        return False
    with_it = all(item.prep == "with" for item in things) and group.head not in _DESKS
    return group.is_animate or is_small(group) or with_it


_MEALS = frozenset(
    {"food", "meal", "split", "entree", "dinner", "lunch", "breakfast", "pasta", "salad", "rice"}
)
_DESKS = frozenset({"desk", "counter", "bar", "table", "computer", "monitor", "window"})
_SERVED = EATEN | {"broccoli", "carrot", "banana", "apple", "orange"}
_TRAYS = frozenset({"plate", "plates", "platter", "dish", "tray"})
_SERVING = frozenset(
    {"plate", "plates", "tray", "platter", "dish", "board", "table", "bowl", "basket", "pan"}
)
