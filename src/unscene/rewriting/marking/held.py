"""What goes along with somebody who is taken out of a caption: what they hold, wear or carry.

Its pixels touch theirs, so the mask takes it, or half of it. It stays where the photo shows that it
does (`Target.staying`).
"""

from collections.abc import Iterator

from unscene.rewriting.marking.target import Target, is_all_gone, owner_is_gone
from unscene.rewriting.parsing.tree import Clause, Group, Mod, Phrase, Prep, Verb, list_mods, walk
from unscene.rewriting.scene_lists import (
    ANIMATE_VEHICLES,
    CARRIED_WORDS,
    GROUNDS,
    LARGE,
    LARGE_WORDS,
    MORE_BODY,
    MORE_CLOTHES,
    SCENERY,
    SEATS,
)
from unscene.words.caption_words import HERS
from unscene.words.follower_words import ANIMALS
from unscene.words.verb_lists import HOLDING, REACHING, WORN

_AT_BODY = frozenset({"in", "on", "around", "across", "between", "inside"})
_USING = frozenset({"on", "with", "at", "from", "into", "to"})
_UNDER = frozenset({"under", "underneath", "beneath", "below"})
# Who moves under an umbrella holds it; who lies there does not.
_GOING = frozenset({"walk", "ride", "run", "stroll", "stand", "cross", "go", "move", "hurry", "wait", "step"})
# Where a thing lies that is with somebody and not in their hands.
_LAID = frozenset({"sky", "ground", "floor", "grass", "counter", "desk", "shelf", "table", "rack"})
# What is in somebody's hand whatever they do with it.
_CHAINS = frozenset({"chain", "chains", "wallet", "wallets"})
_IN_HAND = frozenset(
    {"remote", "cell phone", "toothbrush", "tennis racket", "baseball bat", "baseball glove"}
)

# Words of what moves by itself, and has no hands.
# What is under the feet of who rides it.
_BOARDS = frozenset({"skateboard", "surfboard", "snowboard", "skis"})
_RIDING = frozenset(
    {"ride", "jump", "flip", "grind", "maneuver", "maneuvere", "balance", "steer", "skate", "surf"}
)
_ON_BOARD = frozenset({"on", "on top of", "atop", "upon", "off", "off of"})
# What is eaten out of the hand.
_BITTEN = frozenset({"sandwich", "hot dog", "donut", "banana", "apple", "carrot", "orange"})
_BITES = frozenset({"piece", "slice", "bite"})
# What people who are said to be with it have at them, though no word of the list names it.
_GEAR = frozenset({"equipment", "gear", "camera", "cameras", "controller", "controllers"})
_GEAR |= {"cigarette", "cigarettes", "cigar"}


def mark_held(clauses: list[Clause], target: Target) -> None:
    """Put what the target is said to hold, wear or carry into the target, where it is a living one."""
    if not target.is_animate:
        return
    noted = len(target.used)
    for clause in clauses:
        for node in walk(clause):
            if isinstance(node, Group):
                for member in node.members:
                    if target.is_in(member):
                        _mark_mods(member.mods, target)
                if is_all_gone(node, target) or holds_alone(node, target):
                    _mark_mods(node.mods, target)
                elif target.category not in ANIMATE_VEHICLES and any(
                    _is_had(mod, target) for mod in list_mods(node)
                ):
                    _mark(node, target)
    del target.used[noted:]  # nothing is taken out yet


def holds_alone(group: Group, target: Target) -> bool:
    """Whether what a row does is done by its last member, the target: `a bus and a man holding a bag`."""
    verb = group.mods[0] if group.mods else None
    if not isinstance(verb, Verb) or not target.is_animate or not target.is_in(group.members[-1]):
        return False
    active = verb.stem in HOLDING and all(token.form != "en" for token in verb.tokens)
    alone = all(not member.is_animate or member.words & ANIMATE_VEHICLES for member in group.members[:-1])
    return alone and (active or any(token.low in WORN for token in verb.tokens))


def _is_had(mod: Mod, target: Target) -> bool:
    """Whether it says that a thing is held by the target: `held by a man`, `in a man's hand`, `that a
    man is holding`.
    """
    if isinstance(mod, Clause):
        verbs = [] if mod.group is None else [one for one in mod.group.mods if isinstance(one, Verb)]
        held = any(verb.stem in HOLDING and not verb.objects for verb in verbs)
        return held and is_all_gone(mod.group, target)
    if isinstance(mod, Verb):
        passive = mod.stem in HOLDING and any(token.form == "en" for token in mod.tokens)
        return passive and any(_is_by(one, target) or _is_had(one, target) for one in mod.mods)
    return _is_at_body(mod) and any(_is_of(member, target) for member in mod.group.members)


def _is_by(mod: Mod, target: Target) -> bool:
    by = isinstance(mod, Prep) and mod.low == "by" and mod.group is not None
    return by and is_all_gone(mod.group, target)


def _is_of(part: Phrase, target: Target) -> bool:
    """Whether a part of a body is the target's: `a man's hand`, `the hand of a man`."""
    owners = [token for token in part.tokens if token not in part.named]
    named = any(t.word == target.category or (target.is_human and t.is_human) for t in owners)
    if target.is_human and part.tokens and part.tokens[0].low in HERS:
        named = named or owner_is_gone(part.tokens[0], target)
    of = [mod for mod in part.mods if isinstance(mod, Prep) and mod.low == "of" and mod.group is not None]
    return named or any(is_all_gone(mod.group, target) for mod in of)


def _mark_mods(mods: list[Mod], target: Target) -> None:
    for place, mod in enumerate(mods):
        if isinstance(mod, Prep):
            after = mods[place + 1 : place + 2]
            stem = after[0].stem if after and isinstance(after[0], Verb) else ""
            _mark_prep(mod, after, stem if mod.low in _UNDER else "", target)
        elif isinstance(mod, Verb):
            _mark_verb(mod, target)


def _mark_verb(verb: Verb, target: Target) -> None:
    worn = any(token.low in WORN for token in verb.tokens)
    for group in verb.objects if not _is_reached_for(verb) else ():
        in_hand = target.is_human and (_list_words(group) <= _IN_HAND or _is_used_up(verb, group))
        if worn or verb.stem in HOLDING or in_hand or any(map(_is_at_body, [*verb.mods, *list_mods(group)])):
            _mark(group, target)
        if verb.stem == "lose" and all(member.head in MORE_CLOTHES | _CHAINS for member in group.members):
            _mark(group, target)  # "lost a ring", but "lost a kite in a tree"
        for node in walk(group):  # "takes a picture of a well with her phone"
            if isinstance(node, Prep) and node.group is not None and _list_words(node.group) <= _IN_HAND:
                _mark_prep(node, [], verb.stem, target)
    for place, mod in enumerate(verb.mods):
        if isinstance(mod, Prep):
            _mark_prep(mod, verb.mods[place + 1 : place + 2], verb.stem, target)
        elif isinstance(mod, Verb):
            _mark_verb(mod, target)


def _is_reached_for(verb: Verb) -> bool:
    """Whether its object is not held yet: `reaching up to grab a frisbee`."""
    stems = [token.stem for token in verb.tokens if token.kind == "V"]
    aim = next((place for place, token in enumerate(verb.tokens) if place and token.form == "to"), None)
    return aim is not None and stems[-1] in _GETTING and bool(REACHING & set(stems[:aim]))


_GETTING = frozenset({"catch", "grab", "get", "hit", "kick", "retrieve", "reach"})


def _is_used_up(verb: Verb, group: Group) -> bool:
    """Whether somebody eats it out of the hand, or rides on it: a piece of toast, a surfboard."""
    if verb.stem in _RIDING:
        return _list_words(group) <= _BOARDS
    bitten = _list_words(group) <= _BITTEN or bool(_BITES & {token.low for token in group.members[0].tokens})
    board = [token.low for token in group.members[0].tokens]
    if len(board) == 2 and board[0] in HERS and board[1] in ("board", "boards"):
        return True  # "turning his board"
    return verb.stem in ("eat", "bite") and bitten and not group.is_plural


def _mark_prep(mod: Prep, following: list[Mod], verb: str, target: Target) -> None:
    """Mark what stands behind a preposition: with it, what is in a hand or commonly worn."""
    if mod.group is None:
        return
    words = _list_words(mod.group)
    own = list_mods(mod.group)
    carried = words <= CARRIED_WORDS and not (verb == "play" and words <= {"frisbee"})
    carried = carried and not any(map(_is_laid, [*following, *own]))
    in_lap = any(
        _is_at_body(one) and one.group.members[0].tokens[0].low in HERS for one in [*following, *own]
    )
    own_board = mod.group.head in ("board", "boards") and mod.group.members[0].tokens[0].low in HERS
    with_it = mod.low == "with" and (carried or any(map(_is_at_body, [*following, *own])))
    used = target.is_human and (
        (mod.low in _USING and words <= _IN_HAND)
        or (mod.low in _ON_BOARD and words <= _BOARDS)
        or (mod.low == "with" and mod.group.head in _GEAR and not mod.group.members[0].words)
    )
    under = mod.low in _UNDER and words <= {"umbrella"} and verb in _GOING
    if with_it or used or under or (target.is_human and (in_lap or own_board)):
        _mark(mod.group, target)


def _list_words(group: Group) -> set[str]:
    """Return the words of a row; one that is nothing else when a member has none."""
    return {word for member in group.members for word in member.words or {""}}


def _is_at_body(mod: Mod) -> bool:
    """Whether it says that a thing is at somebody's body: `in his hand`."""
    at = isinstance(mod, Prep) and mod.low in _AT_BODY and mod.group is not None
    return at and any(member.head in MORE_BODY and not member.words for member in mod.group.members)


def _is_laid(mod: Mod) -> bool:
    """Whether it says that a thing lies somewhere by itself: `on the ground`."""
    laid = isinstance(mod, Prep) and mod.low in ("on", "in", "under") and mod.group is not None
    return laid and (mod.group.head in _LAID or bool(_list_words(mod.group) & (SEATS | {"dining table"})))


def _mark(group: Group, target: Target) -> None:
    """Mark the members of a row that can be held, and what is in, on or of each with it."""
    for member in group.members:
        if not member.tokens or not _can_be_held(member, target):
            continue
        target.held[member.tokens[-1]] = member.words
        for inner in _list_contents(member.mods):
            _mark(inner, target)
    if all(target.holds(member) for member in group.members):
        for inner in _list_contents(group.mods):
            _mark(inner, target)


def _can_be_held(phrase: Phrase, target: Target) -> bool:
    """Whether somebody can have it at them: no living thing or part of one, no ground or large
    thing, and none that stays.
    """
    fixed = phrase.head in GROUNDS | LARGE | SCENERY | MORE_BODY | {"wave"} and not phrase.words
    return not (
        fixed or phrase.is_animate or phrase.head in ANIMALS or phrase.words & (LARGE_WORDS | target.staying)
    )


def _list_contents(mods: list[Mod]) -> Iterator[Group]:
    """Yield what a held thing is said to have in it: `a box with cakes`, `a bowl filled with rice`."""
    for mod in mods:
        if isinstance(mod, Prep) and mod.low in ("with", "of") and mod.group is not None:
            yield mod.group
        elif isinstance(mod, Verb):
            yield from mod.objects
            yield from (m.group for m in mod.mods if isinstance(m, Prep) and m.low == "with" and m.group)
