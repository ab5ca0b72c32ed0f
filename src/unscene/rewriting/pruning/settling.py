"""What is left of a verb of which something is taken out: its object (`lost_objects`), place or means."""

from typing import NamedTuple

from unscene.rewriting.marking.leftovers import (
    Item,
    free_prep,
    has_nothing,
    is_looks_only,
    list_words,
)
from unscene.rewriting.marking.target import Target, is_all_gone, is_by_vehicle
from unscene.rewriting.parsing.tree import Group, Loose, Mod, Prep, Verb
from unscene.rewriting.pruning.lost_objects import DONE_ON, list_preps, without_object, without_purpose
from unscene.rewriting.realisation.gathering import Gathering
from unscene.rewriting.scene_lists import (
    GROUNDS,
    NEARNESS,
    VEHICLES,
    WITHIN,
)
from unscene.words.follower_words import ANIMALS
from unscene.words.verb_lists import (
    ALONE,
    NEEDS_PLACE,
    STILL,
)


class PrunedVerb(NamedTuple):
    """What is left of what hangs on a verb. objects: those that stay. lost: what stays of the others.
    mods: each thing that hangs on it, with what is left of it. object_gone, place_gone: whether one
    of its objects is, or something that hangs on an object that stays. boarded: whether the subject
    is said to be in or on what is gone.
    """

    objects: list[Group]
    lost: list[Item]
    mods: list[tuple[Mod, list[Mod]]]
    object_gone: bool
    place_gone: bool
    boarded: bool = False


def settle_verb(verb: Verb, pruned: PrunedVerb, host, target: Target, gathering: Gathering) -> list[Mod]:
    """Return what is left of a verb whose subject stays, given what is left of what hangs on it.

    host: the subject. gathering: how things are gathered from a second verb.
    """
    objects, lost, mods, object_gone, place_gone, boarded = pruned
    needs_place = verb.stem in NEEDS_PLACE and verb.opener.lower() not in _TIMES
    if place_gone and needs_place and not object_gone:
        target.note("needs its place")
        return _joined_by_with(verb, objects, [], [p for _, pruned in mods for p in pruned])
    if any(isinstance(m, Prep) and not p and is_by_vehicle(m, target) for m, p in mods):
        target.note("by vehicle")
        places = [p for _, pruned in mods for p in pruned if isinstance(p, Prep)]
        return [*(Prep("near", group) for group in objects), *places]
    if (
        verb.stem == "mount"
        and mods
        and isinstance(mods[0][0], Prep)
        and is_all_gone(mods[0][0].group, target)
    ):
        return [free for free in map(free_prep, list_preps([p for _, new in mods for p in new])) if free]
    steered = boarded and host is not None and host.is_human and _is_steering(verb, target)
    if (verb.stem in DONE_ON.get(target.category, ()) or steered) and not verb.objects:
        target.note("done on it")
        new = (p for _, pruned in mods for p in pruned if isinstance(p, Prep) and p.group)
        return [free for free in map(free_prep, new) if free is not None]
    if verb.stem == "ride" and not verb.objects and _is_dismounted(mods, target):
        target.note("done on it")
        places = [(p, free_prep(p)) for _, new in mods for p in new if isinstance(p, Prep) and p.group]
        return [p if p.low in ("on", "in") else free for p, free in places if free is not None]
    same = not object_gone and all(len(p) == 1 and isinstance(p[0], type(m)) for m, p in mods)
    new_mods = [p for _, pruned in mods for p in pruned]
    if same:
        return [Verb(verb.tokens, verb.opener, objects, new_mods)]
    if verb.stem in ("stand", "pose", "walk", "kneel") and any(
        isinstance(m, Prep) and m.low in NEARNESS and not p for m, p in mods
    ):  # "standing by plums on a table"
        new_mods = [Prep("near", m.group, m.link) if _is_on_furniture(m) else m for m in new_mods]
    lost_prep = any(isinstance(m, Prep) and not p for m, p in mods)
    if object_gone and not objects:
        return without_object(verb, lost, new_mods, host, target, gathering)
    if object_gone:  # one of two objects
        return _joined_by_with(verb, objects, lost, new_mods)
    if verb.objects:
        if lost_prep and verb.stem == "have" and all(map(is_looks_only, objects)):
            return [free for free in map(free_prep, list_preps(new_mods)) if free is not None]
        if lost_prep and needs_place and not any(isinstance(m, Prep) for m in new_mods):
            return _joined_by_with(verb, objects, [], new_mods)
        return [Verb(verb.tokens, verb.opener, objects, new_mods)]
    return _without_place(verb, mods, new_mods, host, target)


def _without_place(
    verb: Verb, mods: list[tuple[Mod, list[Mod]]], new_mods: list[Mod], host, target: Target
) -> list[Mod]:
    """Return what is left of a verb that never had an object, where something that hung on it is gone.

    mods: each thing that hung on it, with what is left of it. new_mods: what is left of them all.
    """
    lost_any = any(not p for m, p in mods)
    has_place = any(isinstance(m, Prep | Verb) for m in new_mods)
    stem = verb.stem
    if stem == "be" and not has_place and not [m for m in new_mods if isinstance(m, Loose)]:
        return []
    first = new_mods[0] if new_mods else None
    taken = bool(mods) and isinstance(mods[0][0], Prep) and mods[0][0].low != "with"
    if stem == "be" and taken and isinstance(first, Prep) and first.low == "with":
        return new_mods  # "a nun is in a cart with a lamp"
    if stem == "be" and has_place:
        return [Verb(verb.tokens, verb.opener, [], new_mods)]
    passive = any(t.form == "en" for t in verb.tokens)
    in_line = stem == "line" and any(t.low == "up" for t in verb.tokens)  # "lined up along a table"
    if (
        passive
        and not in_line
        and any(isinstance(m, Prep) and m.low == "by" and not p for m, p in mods)
        and target.is_animate
    ):
        target.note("by whom")
        return [
            free for free in map(free_prep, (m for m in new_mods if isinstance(m, Prep) and m.group)) if free
        ]
    poses = host is None or host.is_animate or "teddy bear" in list_words(host)
    poses = poses or (host.head in ANIMALS and not list_words(host))
    poses = poses or host.head in ("he", "she", "who", "someone", "somebody")  # "as he sleeps on a bench"
    if lost_any and (stem in ALONE or in_line) and (has_place or stem not in STILL or poses):
        target.note("verb stays")
        return [Verb(verb.tokens, verb.opener, [], new_mods)]
    if lost_any and any(t.low == "ready" for t in verb.tokens):
        return [Verb(verb.tokens, verb.opener, [], new_mods)]
    lies = any(t.stem in STILL for t in verb.tokens[:-1]) and verb.tokens[-1].low in _CURLED
    if lost_any and (verb.tokens[-1].low == "inside out" or (lies and poses)):
        target.note("verb stays")
        return [Verb(verb.tokens, verb.opener, [], new_mods)]  # "a cat sits curled in a chair"
    how = verb.tokens[-1].low
    intent = stem in ("stare", "gaze") and how.endswith("ly") and how not in _AT_WHAT
    if lost_any and not has_place and intent and poses:
        return [Verb(verb.tokens, verb.opener, [], new_mods)]  # "staring intently at a screen"
    if lost_any and not has_place:
        own = without_purpose(verb)
        return [own] if own is not None else []
    if lost_any and not mods[0][1]:
        return [
            free for free in map(free_prep, (m for m in new_mods if isinstance(m, Prep) and m.group)) if free
        ]
    return [Verb(verb.tokens, verb.opener, [], new_mods)]


# These say at what somebody stares, and nothing without it.
_AT_WHAT = frozenset({"only", "directly", "mostly", "simply", "merely", "exactly", "solely", "mainly"})
_CURLED = frozenset({"curled", "sprawled", "hunched", "crouched", "slouched", "stretched", "huddled"})
# Behind these a verb says when, and goes on without its place: `after loading sacks onto a cart`.
_TIMES = frozenset({"after", "before", "while", "when"})
# What somebody does in or on a thing alone.
_STEERED = {
    "horse": frozenset({"ride", "gallop"}),
    "bicycle": frozenset({"ride"}),
    "motorcycle": frozenset({"ride", "drive"}),
    **dict.fromkeys(("car", "truck", "bus"), frozenset({"drive"})),
    **dict.fromkeys(("skateboard", "surfboard", "snowboard"), frozenset({"ride"})),
    "boat": frozenset({"sail", "row"}),
}


def _is_steering(verb: Verb, target: Target) -> bool:
    """Whether a verb is done in or on what is gone, not in another thing, or next to it."""
    preps = [mod for mod in verb.mods if isinstance(mod, Prep) and mod.group is not None]
    elsewhere = any(
        is_all_gone(mod.group, target) if mod.low in NEARNESS else _is_in_another(mod, target)
        for mod in preps
    )
    return verb.stem in _STEERED.get(target.category, ()) and not elsewhere


def _is_dismounted(mods: list[tuple[Mod, list[Mod]]], target: Target) -> bool:
    """Whether what somebody rides is gone, and what he sits on stays: `rides on a seat atop a mule`."""
    preps = [(mod, left) for mod, left in mods if isinstance(mod, Prep) and mod.group is not None]
    animal = target.is_animate and target.category not in VEHICLES
    mounted = any(
        is_all_gone(mod.group, target) and (mod.low in _MOUNTED or (animal and mod.low in ("above", "over")))
        for mod, _ in preps
    )
    kept = [mod.group for mod, left in preps if left]
    other = any(list_words(group) & VEHICLES or group.head in _DRAWN for group in kept)
    return mounted and (animal or target.category in VEHICLES) and not other


_MOUNTED = frozenset({"on", "atop", "on top of", "on the back of", "on the backs of", "on the top of"})
# These are ridden themselves.
_DRAWN = frozenset({"carriage", "carriages", "cart", "carts", "wagon", "wagons", "buggy", "sled", "sleigh"})
_DRAWN |= {"scooter", "scooters", "raft", "trailer", "escalator", "carousel", "skateboard", "surfboard"}


def is_aboard(mod: Prep, target: Target) -> bool:
    """Whether it says that somebody is in or on what is gone."""
    within = mod.low in ("in", "on", "inside", "on top of", "aboard") and mod.group is not None
    return within and is_all_gone(mod.group, target)


def _is_in_another(mod: Prep, target: Target) -> bool:
    within = mod.low in WITHIN and not is_all_gone(mod.group, target)
    return within and mod.group.head not in GROUNDS


def _is_on_furniture(mod: Mod) -> bool:
    if not isinstance(mod, Prep) or mod.low not in ("on", "on top of") or mod.group is None:
        return False
    heads = ("table", "counter", "shelf", "desk", "plate", "tray")
    return "dining table" in list_words(mod.group) or mod.group.head in heads


def _joined_by_with(verb: Verb, objects: list[Group], lost: list[Item], mods: list[Mod]) -> list[Mod]:
    link = verb.opener if verb.opener in ("and", ",") else ""
    objects = [group for group in objects if not is_looks_only(group)]  # "sticking its head out of a car"
    mods = [*(m for group in objects if has_nothing(group) for m in group.mods), *mods]
    objects = [group for group in objects if not has_nothing(group)]  # "sharing a ride on a raft"
    return [
        *(Prep("with", group, link if i == 0 else "and") for i, group in enumerate(objects)),
        *(m for m in mods if isinstance(m, Prep)),
    ]
