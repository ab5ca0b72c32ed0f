"""What is left of a verb whose object is taken out of a caption: `a nun holding a cup on a bench`."""

from dataclasses import dataclass

from unscene.rewriting.marking.leftovers import (
    Item,
    free_prep,
    is_looks_only,
    is_small,
    list_places,
    list_words,
)
from unscene.rewriting.marking.target import Target
from unscene.rewriting.parsing.tree import Group, Loose, Mod, Phrase, Prep, Verb
from unscene.rewriting.realisation.composing import compose
from unscene.rewriting.realisation.gathering import Gathering
from unscene.rewriting.realisation.own_places import is_outside, is_spot
from unscene.rewriting.realisation.rows import takes_article
from unscene.rewriting.scene_lists import GROUNDS, MORE_BODY, NEARNESS, PAGES, ROOMS, SAT_IN, SEATS, WITHIN
from unscene.rewriting.tagging.tokens import Token
from unscene.rewriting.tagging.verb_forms import ing_form
from unscene.words.verb_lists import ALONE, HOLDING, LOOKING

# What is done on a thing alone.
DONE_ON = {
    "skis": frozenset({"ski"}),
    "snowboard": frozenset({"snowboard"}),
    "skateboard": frozenset({"skateboard", "skate"}),
    "surfboard": frozenset({"surf"}),
    "bicycle": frozenset({"bike", "cycle", "pedal"}),
}
_CARRYING = frozenset({"hold", "contain"})
_TOSSING = frozenset({"throw", "toss", "hit", "kick", "hurl", "fling", "bounce"})
_FACES = frozenset({"look", "expression", "grin", "frown"})
# What somebody is in who rides through it; `a gate` or `a hoop` he is near.
_ENTERED = frozenset({"puddle", "puddles", "traffic", "fog", "mist", "smoke", "dust", "bushes", "weeds"})
_BUILT = frozenset({"ramp", "ramps", "bridge", "bump", "steps", "stairs", "staircase", "rail", "railing"})
_TOWARDS = frozenset({"to", "at", "against", "toward", "towards"})
# What one does where one sits: `using a laptop on a couch`, `holds a phone in a car`.
_DONE_SEATED = frozenset(
    {"use", "operate", "read", "eat", "drink", "watch", "hold", "play", "type", "work", "flip"}
)
_SEATED_IN = SEATS | SAT_IN
_HAVING = frozenset({"have", "contain", "feature", "hold", "show", "include"})
# What is left of the object is what is looked at, held or shown in its place.
_LOOKED_AT = (LOOKING - {"look"}) | {"hold", "carry", "show", "contain", "have", "feature", "serve", "see"}
_HELD_BY = frozenset({"on", "in", "inside", "inside of", "on top of", "of", "with"})
_SKIES = frozenset({"sky", "air"})


@dataclass
class _Deed:
    """A verb whose object is gone. host: who does it, or None. gathering: how things are gathered from
    a second verb.
    """

    verb: Verb
    host: Group | Phrase | None
    target: Target
    gathering: Gathering

    def __post_init__(self) -> None:
        self.stem = self.verb.stem
        self.is_by_people = self.host is not None and self.host.is_human
        self.is_by_the_living = self.host is not None and self.host.is_animate

    def with_object(self, group: Group | None, mods: list[Mod]) -> list[Mod]:
        """Return the verb with another object, or with none."""
        return [Verb(self.verb.tokens, self.verb.opener, [group] if group is not None else [], mods)]


def without_object(
    verb: Verb, lost: list[Item], mods: list[Mod], host, target: Target, gathering: Gathering
) -> list[Mod]:
    """Return what stays of a verb with its object gone: what looked at it looks at what stood there;
    else the verb goes, and places stay.

    lost: what stays of the object. mods: what is left of what hangs on the verb. host: the subject.
    """
    deed = _Deed(verb, host, target, gathering)
    if target.category == "sports ball" and deed.stem == "serve" and deed.is_by_people:
        target.note("verb stays")
        behind = [Prep("with", item.group) for item in lost if item.prep == "with"]
        return deed.with_object(None, [*behind, *list_preps(mods)])  # "serves a tennis ball"
    own = without_purpose(verb)
    if own is not None:
        target.note("purpose")
        places = [mod for mod in list_preps(mods) if mod.group.head not in _SKIES]
        return [own, *(free for free in map(free_prep, places) if free is not None)]
    things = [item for item in lost if item.kind == "thing"]
    places = [item for item in lost if item.kind != "thing"]
    if deed.stem in ("show", "feature", "have", "depict"):
        things = [item for item in things if item.group.head not in PAGES or list_words(item.group)]
    filled = any(item.prep == "of" for item in things)  # "has a bowl of plums on the table"
    kept = None if filled else _room_without(verb, mods, host, target)
    if kept is not None:
        return kept
    if deed.stem in ("put", "place") and target.category == "boat" and not things:
        target.note("verb")
        return []  # "put their boat in the water"
    looked = _look_at_what_is_left(deed, things, places, mods)
    if looked is not None:
        return looked
    if _is_picture_of_place(deed, things, places):
        target.note("picture")
        return deed.with_object(compose(places, target), mods)  # "a photo shows a nun in a hall"
    target.note("verb")
    freed = [free for mod in mods for free in _free_mod(mod, deed)]
    return [*(_place_thing(item, deed) for item in things), *freed, *list_places(places)]


def _look_at_what_is_left(
    deed: _Deed, things: list[Item], places: list[Item], mods: list[Mod]
) -> list[Mod] | None:
    """Return the verb with what was in or on the object, or done by it, as its object: `watching a nun
    carve a fig`; None where nothing was, or the verb says nothing of that.
    """
    stem = deed.stem
    held = [item for item in things if item.prep in _HELD_BY]
    if stem in LOOKING:
        held += [item for item in things if not item.prep]
    if stem in HOLDING:
        held = [item for item in held if not (item.prep == "with" and item.group.is_animate)]
    if stem in LOOKING or stem == "contain":
        held = [item for item in held if item.prep != "with"]  # "watching tv with their dog"
    if not held or stem not in _LOOKED_AT:
        return None
    composed = compose(held, deed.target)
    deed.target.note("look")
    if composed is None:
        return None
    return deed.with_object(composed, [*mods, *list_places(places)])


def _is_picture_of_place(deed: _Deed, things: list[Item], places: list[Item]) -> bool:
    """Whether a picture shows what is gone in a place, and nothing else."""
    shown = bool(places) and all(item.prep in WITHIN for item in places) and not things
    is_picture = deed.host is not None and not deed.host.is_animate
    return shown and deed.stem in ("show", "depict", "feature") and is_picture


def _place_thing(item: Item, deed: _Deed) -> Prep:
    """Return a thing that hung on the object as what is near the subject."""
    if _keeps_place(item, deed.stem, deed.host):
        return Prep(item.prep, item.group)
    free = free_prep(Prep(item.prep or "with", item.group))
    return Prep(free.text if free is not None else "near", item.group)


def _free_mod(mod: Mod, deed: _Deed) -> list[Mod]:
    """Return what is left of something that hung on the verb, now that it hangs on the subject."""
    if isinstance(mod, Loose):
        return [mod] if is_outside(mod) else []
    if isinstance(mod, Verb):
        return _free_verb(mod, deed)
    if isinstance(mod, Prep) and mod.group is not None:
        place = _free_place(mod, deed)
        return [place] if place is not None else []
    return []


def _free_verb(verb: Verb, deed: _Deed) -> list[Mod]:
    """Return a second deed, or the things of one: `using a knife to cut figs` leaves `cutting figs`."""
    if verb.form == "ing" and verb.opener:
        return [verb]
    if deed.stem == "use" and verb.form == "to" and verb.objects:
        deed.target.note("use")
        word = Token(ing_form(verb.stem), "V", form="ing", stem=verb.stem)
        return [Verb([word], "", verb.objects, verb.mods)]
    return [
        Prep("with" if is_small(item.group) else "near", item.group)
        for item in deed.gathering.collect_verb(verb, deed.target)
        if item.kind == "thing"
    ]


def _free_place(mod: Prep, deed: _Deed) -> Prep | None:
    """Return where the deed was as where the subject is; None where only the object was there."""
    if _is_only_of_object(mod, deed):
        return None
    way = _find_way(mod, deed.stem, deed.host, deed.target)
    if way is not None:
        return Prep(way, mod.group, mod.link)
    if mod.low == "with" and deed.is_by_the_living and mod.group.head in _FACES:
        return mod  # "holds a lamp with a grim look"
    turned = _turn(mod, deed)
    if turned is not None:
        mod = Prep(turned, mod.group, mod.link)
    return mod if _is_of_subject(mod, deed) else free_prep(mod)


def _is_only_of_object(mod: Prep, deed: _Deed) -> bool:
    """Whether what is gone was there alone: `flying a kite in the sky`, `throws a ball into the air`,
    `a kitchen has an oven in the corner`, `lifts a crate off the floor`.
    """
    head = mod.group.head
    if head in _SKIES and ((deed.stem == "fly" and deed.is_by_people) or deed.stem in _TOSSING):
        return True
    if deed.stem in _HAVING and is_spot(mod, deed.host):
        return True
    return mod.low in ("off", "off of") and head in ("floor", "ground")


def _turn(mod: Prep, deed: _Deed) -> str | None:
    """Return the preposition that tells of the subject what another one tells of the object; None
    where it is the same.
    """
    if mod.low in ("off", "off of") and mod.group.head in GROUNDS:
        return "near"  # "sails a boat off the coast"
    if mod.low in ("above", "over") and deed.stem == "fly" and deed.is_by_people:
        return "near"  # "flying a kite above a tower"
    if mod.low in _TOWARDS and mod.group.is_human and deed.is_by_people:
        return "with"  # "returning a ball to his opponent"
    if mod.low == "for" and list_words(mod.group) and mod.group.is_animate:
        deed.target.note("for whom")
        return "near"
    return None


def _is_of_subject(mod: Prep, deed: _Deed) -> bool:
    """Whether a place of the deed is the subject's own: `a plate holds a bun on a mat`, `using a laptop
    on a couch`.
    """
    if mod.low in ("on", "in") and deed.stem in _CARRYING and deed.host is not None and _can_carry(deed.host):
        return True
    if deed.stem in ("have", "contain", "feature", "show"):
        return mod.low != "for" and not is_looks_only(mod.group)
    seated = deed.stem in _DONE_SEATED and mod.low in ("in", "on", "inside")
    return seated and bool(list_words(mod.group) & _SEATED_IN)


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


def _find_way(mod: Prep, stem: str, host, target: Target) -> str | None:
    """Return where somebody is who rode what is gone, on a thing or through things: `rides a mule up a
    ramp`, `skates on a bench`; None where a list of places knows it, or nobody rode.
    """
    rides = stem == "ride" and host is not None and host.is_human and mod.group is not None
    if not rides or is_small(mod.group) or mod.group.head in GROUNDS or mod.group.is_animate:
        return None
    on_it = target.category in DONE_ON and mod.low in ("on", "on top of", "atop")
    if on_it or (mod.low in ("down", "up", "over", "across") and mod.group.head in _BUILT):
        return mod.text if on_it else "on"
    return "in" if mod.low == "through" and mod.group.head in _ENTERED else None


def without_purpose(verb: Verb) -> Verb | None:
    """Return a verb without the infinitive behind it, or the second of two, where it makes sense
    alone: `jumping to catch`, `standing around holding`.
    """
    doing = [i for i, token in enumerate(verb.tokens) if token.form == "ing"]
    at = next(
        (i for i, token in enumerate(verb.tokens) if i and token.form == "to"), doing[-1] if doing else 0
    )
    before = [token.stem for token in verb.tokens[:at] if token.kind == "V" and token.form in ("ing", "fin")]
    return Verb(verb.tokens[:at], verb.opener) if before and before[-1] in ALONE else None


def list_preps(mods: list[Mod]) -> list[Prep]:
    return [mod for mod in mods if isinstance(mod, Prep) and mod.group is not None]


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


def _make_indefinite(phrase: Phrase) -> None:
    if phrase.tokens[0].low == "the" and len(phrase.tokens) > 1:
        rest = phrase.tokens[1:]
        phrase.tokens = [Token("a", "D"), *rest] if takes_article(rest[-1].low) else rest
