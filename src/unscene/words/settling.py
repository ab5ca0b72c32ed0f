"""What is left of a verb whose object, place or means is taken out of a caption."""

from typing import NamedTuple

from unscene.words.follower_words import ANIMALS
from unscene.words.gathering import Gathering
from unscene.words.leftovers import (
    Item,
    compose,
    free_prep,
    has_nothing,
    is_looks_only,
    is_small,
    list_places,
    list_words,
)
from unscene.words.own_places import is_outside, is_spot
from unscene.words.rows import (
    takes_article,
)
from unscene.words.scene_lists import (
    GROUNDS,
    MORE_BODY,
    NEARNESS,
    PAGES,
    ROOMS,
    SAT_IN,
    SEATS,
    WITHIN,
)
from unscene.words.target import Target, is_all_gone, is_by_vehicle
from unscene.words.tokens import Token
from unscene.words.tree import Group, Loose, Mod, Phrase, Prep, Verb
from unscene.words.verb_forms import ing_form
from unscene.words.verb_lists import (
    ALONE,
    HOLDING,
    LOOKING,
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
        return [free for free in map(free_prep, _list_preps([p for _, new in mods for p in new])) if free]
    steered = boarded and host is not None and host.is_human and _is_steering(verb, target)
    if (verb.stem in _DONE_ON.get(target.category, ()) or steered) and not verb.objects:
        target.note("done on it")
        new = (p for _, pruned in mods for p in pruned if isinstance(p, Prep) and p.group)
        return [free for free in map(free_prep, new) if free is not None]
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
        return _without_object(verb, lost, new_mods, host, target, gathering)
    if object_gone:  # one of two objects
        return _joined_by_with(verb, objects, lost, new_mods)
    if verb.objects:
        if lost_prep and verb.stem == "have" and all(map(is_looks_only, objects)):
            return [free for free in map(free_prep, _list_preps(new_mods)) if free is not None]
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
        own = _without_purpose(verb)
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
# What is done on a thing alone.
_DONE_ON = {
    "skis": frozenset({"ski"}),
    "snowboard": frozenset({"snowboard"}),
    "skateboard": frozenset({"skateboard", "skate"}),
    "surfboard": frozenset({"surf"}),
    "bicycle": frozenset({"bike", "cycle", "pedal"}),
}


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


def _without_object(
    verb: Verb, lost: list[Item], mods: list[Mod], host, target: Target, gathering: Gathering
) -> list[Mod]:
    """Return what stays of a verb with its object gone: what looked at it looks at what stood there;
    else the verb goes, and places stay.
    """
    if target.category == "sports ball" and verb.stem == "serve" and host is not None and host.is_human:
        target.note("verb stays")
        behind = [Prep("with", item.group) for item in lost if item.prep == "with"]
        return [Verb(verb.tokens, verb.opener, [], [*behind, *_list_preps(mods)])]  # "serves a tennis ball"
    own = _without_purpose(verb)
    if own is not None:
        target.note("purpose")
        places = [mod for mod in _list_preps(mods) if mod.group.head not in ("sky", "air")]
        return [own, *(free for free in map(free_prep, places) if free is not None)]
    things = [item for item in lost if item.kind == "thing"]
    places = [item for item in lost if item.kind != "thing"]
    stem = verb.stem
    if stem in ("show", "feature", "have", "depict"):
        things = [item for item in things if item.group.head not in PAGES or list_words(item.group)]
    filled = any(item.prep == "of" for item in things)  # "has a bowl of plums on the table"
    kept = None if filled else _room_without(verb, mods, host, target)
    if kept is not None:
        return kept
    if stem in ("put", "place") and target.category == "boat" and not things:
        target.note("verb")
        return []  # "put their boat in the water"
    held = [
        item for item in things if item.prep in ("on", "in", "inside", "inside of", "on top of", "of", "with")
    ]
    if stem in LOOKING:  # "watching a nun carve a fig"
        held += [item for item in things if not item.prep]
    if stem in HOLDING:
        held = [item for item in held if not (item.prep == "with" and item.group.is_animate)]
    if stem in LOOKING | {"contain"}:
        held = [item for item in held if item.prep != "with"]  # "watching tv with their dog"
    if held and (
        stem in LOOKING | {"hold", "carry", "show", "contain", "have", "feature", "serve", "see"}
        and stem != "look"
    ):
        composed = compose(held)
        target.note("look")
        if composed is not None:
            return [Verb(verb.tokens, verb.opener, [composed], [*mods, *list_places(places)])]
    shown = bool(places) and all(item.prep in WITHIN for item in places) and not things
    if shown and stem in ("show", "depict", "feature") and host is not None and not host.is_animate:
        target.note("picture")
        return [Verb(verb.tokens, verb.opener, [compose(places)], mods)]  # "a photo shows a nun in a hall"
    target.note("verb")
    result: list[Mod] = []
    for item in things:
        if _keeps_place(item, stem, host):
            result.append(Prep(item.prep, item.group))
            continue
        free = free_prep(Prep(item.prep or "with", item.group))
        prep = free.text if free is not None else "near"
        result.append(Prep(prep, item.group))
    for mod in mods:
        if isinstance(mod, Loose):
            if is_outside(mod):
                result.append(mod)
            continue
        if isinstance(mod, Verb):
            if mod.form == "ing" and mod.opener:
                result.append(mod)
            elif stem == "use" and mod.form == "to" and mod.objects:
                target.note("use")
                word = Token(ing_form(mod.stem), "V", form="ing", stem=mod.stem)
                result.append(Verb([word], "", mod.objects, mod.mods))
            else:
                result += [
                    Prep("with" if is_small(i.group) else "near", i.group)
                    for i in gathering.collect_verb(mod, target)
                    if i.kind == "thing"
                ]
            continue
        if isinstance(mod, Prep) and mod.group is not None:
            if mod.group.head in ("sky", "air") and stem == "fly" and host is not None and host.is_human:
                continue  # "flying a kite in the sky"
            if mod.group.head in ("sky", "air") and stem in _TOSSING:
                continue  # "throws a ball into the air"
            if stem in _HAVING and is_spot(mod, host):
                continue  # "a kitchen has an oven in the corner"
            if mod.low in ("off", "off of") and mod.group.head in GROUNDS:
                if mod.group.head in ("floor", "ground"):
                    continue  # "lifts a crate off the floor"
                mod = Prep("near", mod.group, mod.link)  # "sails a boat off the coast"
            way = _find_way(mod, stem, host, target)
            if way is not None:
                result.append(Prep(way, mod.group, mod.link))
                continue
            if mod.low == "with" and host is not None and host.is_animate and mod.group.head in _FACES:
                result.append(mod)  # "holds a lamp with a grim look"
                continue
            if mod.low in ("above", "over") and stem == "fly" and host is not None and host.is_human:
                mod = Prep("near", mod.group, mod.link)  # "flying a kite above a tower"
            if mod.low in _TOWARDS and mod.group.is_human and host is not None and host.is_human:
                mod = Prep("with", mod.group, mod.link)  # "returning a ball to his opponent"
            if mod.low == "for" and list_words(mod.group) and mod.group.is_animate:
                target.note("for whom")
                mod = Prep("near", mod.group, mod.link)
            carries = host is not None and _can_carry(host) and stem in _CARRYING
            mod = (
                mod
                if (carries and mod.low in ("on", "in"))
                or stem in ("have", "contain", "feature", "show")
                and mod.low != "for"
                and not is_looks_only(mod.group)
                or (
                    stem in _DONE_SEATED
                    and mod.low in ("in", "on", "inside")
                    and list_words(mod.group) & _SEATED_IN
                )
                else free_prep(mod)
            )
            if mod is not None:
                result.append(mod)
    return result + list_places(places)


def _keeps_place(item: Item, stem: str, host) -> bool:
    """Whether where the object was is where its subject is: `reads a book on a bench`, `a plate holding
    a bun on a mat`.
    """
    if host is None or item.prep not in ("on", "in"):
        return False
    if host.is_human:
        return stem in _DONE_SEATED | HOLDING and bool(list_words(item.group) & _SEATED_IN)
    return _can_carry(host) and stem in _CARRYING


def _can_carry(host) -> bool:
    return not host.is_animate and host.head not in MORE_BODY


_CARRYING = frozenset({"hold", "contain"})


_TOSSING = frozenset({"throw", "toss", "hit", "kick", "hurl", "fling", "bounce"})
_FACES = frozenset({"look", "expression", "grin", "frown"})


def _find_way(mod: Prep, stem: str, host, target: Target) -> str | None:
    """Return where somebody is who rode what is gone, on a thing or through things: `rides a mule up a
    ramp`, `skates on a bench`; None where a list of places knows it, or nobody rode.
    """
    rides = stem == "ride" and host is not None and host.is_human and mod.group is not None
    if not rides or is_small(mod.group) or mod.group.head in GROUNDS or mod.group.is_animate:
        return None
    on_it = target.category in _DONE_ON and mod.low in ("on", "on top of", "atop")
    if on_it or (mod.low in ("down", "up", "over", "across") and mod.group.head in _BUILT):
        return mod.text if on_it else "on"
    return "in" if mod.low == "through" and mod.group.head in _ENTERED else None


# What somebody is in who rides through it; `a gate` or `a hoop` he is near.
_ENTERED = frozenset({"puddle", "puddles", "traffic", "fog", "mist", "smoke", "dust", "bushes", "weeds"})
_BUILT = frozenset({"ramp", "ramps", "bridge", "bump", "steps", "stairs", "staircase", "rail", "railing"})


_TOWARDS = frozenset({"to", "at", "against", "toward", "towards"})


def _without_purpose(verb: Verb) -> Verb | None:
    """Return a verb without the infinitive behind it, or the second of two, where it makes sense
    alone: `jumping to catch`, `standing around holding`.
    """
    doing = [i for i, token in enumerate(verb.tokens) if token.form == "ing"]
    at = next(
        (i for i, token in enumerate(verb.tokens) if i and token.form == "to"), doing[-1] if doing else 0
    )
    before = [token.stem for token in verb.tokens[:at] if token.kind == "V" and token.form in ("ing", "fin")]
    return Verb(verb.tokens[:at], verb.opener) if before and before[-1] in ALONE else None


def _list_preps(mods: list[Mod]) -> list[Prep]:
    return [mod for mod in mods if isinstance(mod, Prep) and mod.group is not None]


# What one does where one sits: `using a laptop on a couch`, `holds a phone in a car`.
_DONE_SEATED = frozenset(
    {"use", "operate", "read", "eat", "drink", "watch", "hold", "play", "type", "work", "flip"}
)
_SEATED_IN = SEATS | SAT_IN


def _room_without(verb: Verb, mods: list[Mod], host, target: Target) -> list[Mod] | None:
    """Return `has a shelf beside the window` for what is left of `has a toaster on the shelf beside
    the window`; None where it is no room that has it, or no thing that it was on.
    """
    if host is None or host.is_animate or host.head not in ROOMS | GROUNDS or verb.stem not in _HAVING:
        return None
    preps = [mod for mod in mods if isinstance(mod, Prep) and mod.group is not None]
    if not preps or is_looks_only(preps[0].group) or preps[0].group.head in GROUNDS - ROOMS:
        return None
    on_wall = preps[0].group.members[0].low in ("the wall", "the walls")
    if on_wall and len(preps) == len(preps[0].group.members) == 1:
        return []  # "has a clock on the wall"
    if preps[0].low not in WITHIN | NEARNESS or preps[0].group.members[0].is_pronoun:
        return None
    target.note("room")
    thing = preps[0].group
    _make_indefinite(thing.members[0])
    thing.mods += [mod for mod in mods if mod is not preps[0]]
    return [Verb(verb.tokens, verb.opener, [thing], [])]


_HAVING = frozenset({"have", "contain", "feature", "hold", "show", "include"})


def _make_indefinite(phrase: Phrase) -> None:
    if phrase.tokens[0].low == "the" and len(phrase.tokens) > 1:
        rest = phrase.tokens[1:]
        phrase.tokens = [Token("a", "D"), *rest] if takes_article(rest[-1].low) else rest
