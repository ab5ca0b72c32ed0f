"""Takes an object out of rows and noun phrases."""

from dataclasses import replace
from typing import NamedTuple

from unscene.rewriting.marking.held import holds_alone
from unscene.rewriting.marking.leftovers import Item, add_to_scene, list_words
from unscene.rewriting.marking.target import (
    MOST_STEPS,
    OF_IT,
    TangledError,
    Target,
    is_about,
    is_all_gone,
    is_bare_part,
    is_on_thing,
    is_own,
    is_picture,
    needs_its_of,
    owner_is_gone,
    without_modifier,
)
from unscene.rewriting.parsing.people import means_people
from unscene.rewriting.parsing.tree import Group, Loose, Mod, Phrase, Prep, Verb, list_mods
from unscene.rewriting.pruning.cut_phrases import cut_words, own_alone, shows
from unscene.rewriting.pruning.heirs import see_it_whole
from unscene.rewriting.pruning.pruning_mods import prune_mods
from unscene.rewriting.realisation.composing import compose
from unscene.rewriting.realisation.gathering import Gathering
from unscene.rewriting.realisation.own_places import is_on_floor, is_placed, is_stand, is_told_where
from unscene.rewriting.realisation.rows import (
    drop_repeated,
    fix_links,
    join_rows,
    make_singular,
    pass_article,
    takes_article,
)
from unscene.rewriting.scene_lists import HUMAN_NOUNS, MORE_CLOTHES, NEARNESS, SCULPTURES, VEHICLES
from unscene.rewriting.tagging.tokens import Token
from unscene.words.caption_words import HERS


def prune_group(group: Group, target: Target) -> tuple[Group | None, list[Item]]:
    """Return (what is left of a group, what stays of it when nothing is)."""
    target.steps += 1
    if target.steps > MOST_STEPS:
        raise TangledError
    if len(group.members) > 1:
        _give_to_last(group, target)
    row = _prune_row(group, target)
    if not row.members:
        return None, row.items + GATHERING.collect(group.mods, target)
    if row.gone and _are_clothes_of(row.members, group, target):
        target.note("looks")
        return None, row.items + GATHERING.collect(group.mods, target)  # "a nun and protective gear running"
    if row.gone:
        target.note("row")
        _fit_to_rest(group, row.members, target)
    result = Group(row.members, fix_links(row.links, row.gone, group.links), [])
    result.mods = prune_mods(_without_its_verb(group, result, target), result, target, GATHERING)
    drop_repeated(result)
    for item in row.shared:
        add_to_scene(result, [item])
    return result, []


def _give_to_last(group: Group, target: Target) -> None:
    """Take from a row what tells of its last member alone, where that is the target. What it does goes
    over to it, since what it met stays; where it is goes.
    """
    last = group.members[-1]
    if holds_alone(group, target):
        last.mods += group.mods
        group.mods = []
    if not target.is_in(last) or not group.mods:
        return
    if isinstance(group.mods[0], Loose) and group.mods[0].text.lower() == "around":
        group.mods = group.mods[1:]  # "with jugs and no people around"
        return
    first = group.mods[0]
    if isinstance(first, Prep) and first.low == "in" and first.group and first.group.head == "air":
        group.mods = group.mods[1:]  # "two players and a ball in the air"
    elif isinstance(first, Verb) and not (group.links[-1] or last.is_pronoun):
        last.mods.append(first)  # "from the window a plane landing"
        group.mods = group.mods[1:]
    elif _is_done_by_last(first, group):
        last.mods.append(first)
        group.mods = group.mods[1:]  # "monks flying kites and a dog chasing a cat"
    elif target.is_human and _is_ridden_by_last(first, group):
        last.mods.append(first)
        group.mods = group.mods[1:]  # "a bus and nuns on a motorcycle"
    elif is_on_thing(first) and any(map(is_told_where, group.members[:-1])):
        group.mods = group.mods[1:]  # "cats sitting near a tree and a bird on a post"
    elif _is_told_of_last(first, group):
        group.mods = group.mods[1:]
    elif is_on_floor(first) and is_placed(group.members[0]):
        group.mods = group.mods[1:]  # "a dog lying on a couch and a cat on the floor"


def _is_done_by_last(mod: Mod, group: Group) -> bool:
    """Whether a participle tells of the last of a row alone: the others have one of their own."""
    doing = isinstance(mod, Verb) and mod.form == "ing" and not mod.is_finite
    return doing and any(isinstance(own, Verb) for member in group.members[:-1] for own in member.mods)


def _is_ridden_by_last(first: Mod, group: Group) -> bool:
    """Whether somebody rides it, and no vehicle before him."""
    ridden = isinstance(first, Prep) and first.low == "on" and first.group is not None
    vehicles = all(member.words & VEHICLES for member in group.members[:-1])
    return ridden and vehicles and bool(list_words(first.group) & _RIDDEN)


# No vehicle is on these.
_RIDDEN = frozenset({"bicycle", "motorcycle", "horse", "bench", "chair", "couch"})


def _is_told_of_last(first: Mod, group: Group) -> bool:
    """Whether a verb tells of the last of a row alone: `a well and a kite that is in the sky`, `a well
    and a car parked beside it`.
    """
    if not isinstance(first, Verb):
        return False
    told = first.opener.lower() in ("that", "which", "who") and first.tokens[0].low in ("is", "has", "was")
    parked = first.stem == "park" and not any(member.words & VEHICLES for member in group.members[:-1])
    return told or (parked and not first.is_finite)


class _Row(NamedTuple):
    """What is left of a row. items: what stays of the members that are gone. shared: those of them that
    are no things, and so belong to all of the row. gone: the number of members that are.
    """

    members: list[Phrase]
    links: list[str]
    items: list[Item]
    shared: list[Item]
    gone: int


def _prune_row(group: Group, target: Target) -> _Row:
    members: list[Phrase] = []
    links: list[str] = []
    items: list[Item] = []
    shared: list[Item] = []
    gone = 0
    for place, member in enumerate(group.members):
        link = group.links[place - 1] if place else ""
        phrase, left = prune_phrase(member, target)
        if phrase is not None:
            if members:
                links.append(link)
            members.append(phrase)
            continue
        gone += 1
        if members and place == len(group.members) - 1:
            left = [replace(item, kind="ground") if is_stand(item) else item for item in left]
        items += left
        shared += [item for item in left if item.kind != "thing"]
        stays = len(group.members) > 1 and any(not target.is_in(other) for other in group.members)
        things = [item for item in left if item.kind == "thing" and not _is_on_wall(item)]
        heirs = compose(things, target) if stays else None
        if heirs is not None:
            target.note("heir in the row")
            for other in heirs.members:
                if members:
                    links.append(link or ",")
                members.append(other)
            members[-1].mods += heirs.mods
    if gone and phrase is None and not target.is_in(group.members[-1]) and all(map(is_bare_part, members)):
        members = []  # "on the head and neck of a sheep"
    return _Row(members, links, items, shared, gone)


def _is_on_wall(item: Item) -> bool:
    """Whether it is the wall that only what is gone hung on: `a room with a bed and a clock on the wall`."""
    first, *more = item.group.members
    return item.prep in ("on", "against") and first.low in ("the wall", "the walls") and not more


def _fit_to_rest(group: Group, members: list[Phrase], target: Target) -> None:
    """Make number and article of a row fit the members that are left of it."""
    first = members[0]
    if len(members) == 1 and first.low.startswith("both "):
        first.tokens = first.tokens[1:]
    if len(members) == 1 and not first.is_plural:
        make_singular(group.mods)
        if not first.is_human:
            own_alone(group.mods)
        target.note("of several")
    if not target.is_in(group.members[0]):
        return
    if first.is_plural and first.tokens[0].low == "other":
        first.tokens = first.tokens[1:] or first.tokens  # "a bus and other cars"
    if first in group.members:
        pass_article(group.members[0].tokens, first)


def _are_clothes_of(members: list[Phrase], group: Group, target: Target) -> bool:
    """Whether what is left of a row is only worn, and does what who is gone did."""
    verb = group.mods[0] if group.mods else None
    if not target.is_human or not isinstance(verb, Verb) or verb.stem in _LYING:
        return False
    worn = all(member.head in MORE_CLOTHES and not member.words for member in members)
    return worn and "en" not in {token.form for token in verb.tokens}


# What clothes do that nobody wears.
_LYING = frozenset({"lie", "lay", "sit", "hang", "rest", "be"})


def _is_deed_of(verb: Verb, target: Target) -> bool:
    """Whether no picture does it, but the living one that it shows: `a photo of a nun watching a mule`."""
    doing = verb.form == "ing" or (verb.form == "en" and verb.stem == "stop")
    return target.is_animate and doing and verb.stem not in _SHOWING


def _is_filled(verb: Verb) -> bool:
    """Whether no picture does it, but the thing that it shows: `a photo of a jar holding figs`."""
    return verb.form == "ing" and verb.stem == "hold"


_PLACED = frozenset(
    {"place", "sit", "stand", "lie", "lay", "rest", "pose", "perch", "serve", "surround", "seat", "line"}
)
_MOVING = frozenset({"park", "ride", "fly", "run", "walk", "drive", "eat", "play", "sleep"})
_SHOWING = frozenset({"show", "feature", "depict", "include", "contain", "hang", "be", "display", "have"})


def _without_its_verb(group: Group, left: Group, target: Target) -> list[Mod]:
    """Return what hangs on a picture of the target, its verbs as what the picture is of instead: `a photo
    of a boat parked next to the dock` is one of the dock; `some birds are flying` leaves nothing. left: what
    is left of the group so far: a picture of what was in a bowl that held a spoon is one with a spoon.
    """
    of = [mod for member in group.members for mod in member.mods if isinstance(mod, Prep) and mod.low == "of"]
    lost = is_picture(group) and any(mod.group is not None and is_all_gone(mod.group, target) for mod in of)
    if not lost:
        return group.mods
    mods: list[Mod] = []
    told = any(isinstance(mod, Prep) and mod.low == "of" for mod in list_mods(left))
    for mod in group.mods:
        several = (
            not group.is_plural and isinstance(mod, Verb) and mod.tokens[0].low in ("are", "were", "have")
        )
        placed = isinstance(mod, Verb) and not mod.is_finite and mod.stem in _PLACED
        placed = placed or (isinstance(mod, Verb) and (_is_deed_of(mod, target) or _is_filled(mod)))
        if not several and not placed and not (isinstance(mod, Verb) and mod.stem in _MOVING):
            mods.append(mod)
        elif mod.objects or any(isinstance(member_mod, Prep) for member_mod in mod.mods):
            seen = [item for item in GATHERING.collect_verb(mod, target) if item.kind != "condition"]
            shown = compose(seen, target)
            if shown is not None and shown.head not in ("air", "background"):
                target.note("picture")
                if any(item.kind == "ground" or item.prep in NEARNESS for item in seen):
                    see_it_whole(left)  # but "a close up of a bowl holding figs"
                before = mods.pop() if mods and isinstance(mods[-1], Prep) and mods[-1].low == "of" else None
                shown = shown if before is None else join_rows(before.group, shown)
                mods.append(Prep("with" if told else "of", shown))
    return mods


def prune_phrase(phrase: Phrase, target: Target) -> tuple[Phrase | None, list[Item]]:
    """Return (the phrase without what is gone, None when it is gone itself; what stays of that)."""
    named = phrase.named
    owners = [t for t in phrase.tokens if t not in named]
    if owners and any(
        t.word == target.category or (target.is_human and t.low in HUMAN_NOUNS) for t in owners
    ):
        if named and is_own(named, target):
            target.note("own")
            return None, GATHERING.collect(phrase.mods, target)
        target.note("owner")
        phrase = Phrase(list(named), phrase.mods)
        if named and takes_article(named[-1].low) and named[0].kind != "D":
            phrase.tokens.insert(0, Token("a", "D"))
    phrase = cut_words(phrase, target)
    if target.is_in(phrase):
        whole = target.is_human and means_people(phrase)  # of a premiere of a film the film is not there
        mods = [mod for mod in phrase.mods if not (whole and is_about(mod))]
        return None, GATHERING.collect(mods, target)
    if phrase.head in OF_IT.get(target.category, ()) and any(shows(mod, target) for mod in phrase.mods):
        target.note("part of it")
        return None, GATHERING.collect(phrase.mods, target)
    if phrase.head in SCULPTURES and any(shows(mod, target) for mod in phrase.mods):
        target.note("sculpture")
        return None, GATHERING.collect(phrase.mods, target)
    tokens = phrase.tokens
    if tokens and tokens[0].low in HERS and owner_is_gone(tokens[0], target):
        if is_own(tokens, target):
            target.note("own")
            return None, []
        target.note("owner")
        rest = tokens[1:]
        if rest:
            tokens = [Token("a", "D"), *rest] if takes_article(rest[-1].low) else rest
    result = Phrase(without_modifier(tokens, target))
    result.mods = prune_mods(phrase.mods, result, target, GATHERING)
    if phrase.mods and result.tokens and needs_its_of(phrase, result):
        target.note("part of it")
        return None, GATHERING.collect(phrase.mods, target)
    return result, []


GATHERING = Gathering(prune_group)
