"""Takes an object out of what hangs on a thing that stays: prepositions, verbs, clauses."""

from unscene.rewriting.marking.leftovers import Item, is_small, list_words
from unscene.rewriting.marking.target import (
    BEDDING,
    Target,
    is_all_gone,
    is_empty,
    is_on_ground,
    is_on_thing,
    loses_last,
    stands_alone,
)
from unscene.rewriting.parsing.people import is_time_of
from unscene.rewriting.parsing.tree import Clause, Group, Loose, Mod, Phrase, Prep, Verb
from unscene.rewriting.pruning.cut_phrases import is_by_hand
from unscene.rewriting.pruning.heirs import pass_over, settle_prep
from unscene.rewriting.pruning.settling import PrunedVerb, is_aboard, settle_verb
from unscene.rewriting.realisation.gathering import Gathering
from unscene.rewriting.realisation.own_places import (
    has_place,
    is_on_floor,
    is_outside,
    is_spot,
    is_within_ground,
)
from unscene.rewriting.realisation.rows import join_rows, merge_preps
from unscene.rewriting.scene_lists import CONDITIONS, GROUNDS, MORE_BODY, NEARNESS, ROOMS, VEHICLES, WITHIN
from unscene.rewriting.tagging.tokens import Token
from unscene.words.caption_words import HERS
from unscene.words.verb_lists import ALONE, SHARING


def prune_mods(mods: list[Mod], host: Group | Phrase, target: Target, gathering: Gathering) -> list[Mod]:
    """Return what is left of the things that hang on a group or phrase that stays.

    gathering: how the groups below are pruned themselves, and what stays of those that go.
    """
    left: list[Mod] = []
    mods = pass_over(_share_objects(mods, target), target)
    emptied = last_gone = on_lawn = gone_with = others_gone = gone_part = boarded = False
    helper: Token | None = None
    for mod in mods:
        if isinstance(mod, Prep):
            own_place = last_gone and _is_other_place(mod, on_lawn)
            last_gone = loses_last(mod, target)
            on_lawn = mod.group is not None and mod.group.members[0].head in GROUNDS
            if own_place:
                _add_to_row(left, mod, target, gathering)
                continue  # "a teapot on the stove and books on a shelf"
            pruned = (
                [_as_time_of(mod)] if is_time_of(mod, host) else _prune_prep(mod, host, target, gathering)
            )
            beside = emptied and mod.low in NEARNESS and mod.group is not None
            if beside and mod.group.head not in ROOMS and pruned and isinstance(pruned[0], Prep):
                target.note("room")  # "a kitchen with an oven next to a cabinet"
                pruned[0] = Prep("with", pruned[0].group, pruned[0].link)
            if gone_part and mod.low == "with" and mod.group is not None and not list_words(mod.group):
                continue  # "in a bed with a quilt with flowers"
            if gone_with and is_spot(mod, host):
                continue  # "a kitchen with an oven in the corner"
            gone_with = mod.low == "with" and mod.group is not None and is_all_gone(mod.group, target)
            others_gone = gone_with and mod.group.members[-1].is_pronoun
            boarded = boarded or is_aboard(mod, target)
            gone_part = mod.low == "with" and mod.group is not None and _is_part(mod.group, target)
            if gone_with and (has_place(mods) or host.head in ("sea", "ocean", "water", "lake", "river")):
                pruned = [p for p in pruned if not (is_on_ground(p) and p.low in WITHIN)]
            emptied = mod.low == "with" and not pruned and host.head in ROOMS
            left += pruned
        elif isinstance(mod, Verb):
            if gone_with and len(mod.tokens) > 1 and mod.tokens[0].low in _ABOARD:
                mod.tokens = mod.tokens[1:]  # "two nuns with ties on smiling", "a tram with nuns inside is"
            if others_gone and mod.form == "ing" and not (mod.opener or mod.is_finite):
                continue  # "a goat and a mule in a pen with others grazing"
            pruned = _prune_verb(mod, host, target, gathering, boarded)
            boarded = boarded or any(isinstance(one, Prep) and is_aboard(one, target) for one in mod.mods)
            if pruned and isinstance(pruned[0], Verb):
                _link_verb(pruned[0], left, helper)
            if mod.is_finite and not any(isinstance(m, Verb) for m in pruned):
                helper = next((t for t in mod.tokens if t.form == "aux" and t.stem == "be"), None)
            left += pruned
        elif isinstance(mod, Clause):
            left += _prune_clause(mod, target, gathering)
        elif not (gone_with and isinstance(mod, Loose) and mod.text.lower() in _ABOARD):
            left.append(mod)  # but "a tram with nuns inside"
    if any(isinstance(mod, Verb) for mod in mods) and not any(isinstance(mod, Verb) for mod in left):
        left = [mod for mod in left if not is_by_hand(mod)]
    return merge_preps(left)


def _link_verb(verb: Verb, left: list[Mod], helper: Token | None) -> None:
    """Make a verb fit what is left before it: the first one needs no link, but the `is` of one that is
    gone (helper); a second one needs `and`.
    """
    before = next((mod for mod in reversed(left) if isinstance(mod, Verb)), None)
    if before is None:
        if verb.opener.lower() in ("while", "and", "as", ", and"):
            verb.opener = ""
            if helper is not None and verb.form == "ing":
                verb.tokens = [helper, *verb.tokens]
        return
    bare = left[-1] is before and not (before.mods or before.objects)
    if bare and not verb.opener and before.tokens[-1].form == verb.form == "ing":
        verb.opener = "and"


def _prune_clause(clause: Clause, target: Target, gathering: Gathering) -> list[Mod]:
    if clause.group is None:
        return []
    group, items = gathering.prune(clause.group, target)
    left: list[Mod] = [Clause(clause.opener, group)] if group is not None and group.mods else []
    return left + [Prep(item.prep, item.group) for item in items if item.kind == "condition"]


def _is_part(group: Group, target: Target) -> bool:
    """Whether it is a part of what is gone, so that what it has goes too: `a bed with a quilt with stars`."""
    last = group.members[-1]
    bedding = target.category == "bed" and last.head in BEDDING
    return bedding or bool(last.tokens and last.tokens[-1] in target.gone_parts)


def _as_time_of(mod: Prep) -> Prep:
    """Return the event that a time is of, without what is said of it."""
    return Prep(mod.text, Group([Phrase(mod.group.members[0].tokens)]), mod.link)


_ABOARD = frozenset({"inside", "aboard", "on board", "in", "on"})


def _share_objects(mods: list[Mod], target: Target) -> list[Mod]:
    """Return what hangs on a noun, without verbs that have the object of the next one when that is gone."""
    kept: list[Mod] = []
    for mod, after in zip(mods, [*mods[1:], None], strict=False):
        shares = (
            isinstance(mod, Verb)
            and isinstance(after, Verb)
            and after.opener.strip(" ,").lower() in ("and", "or")
            and not (mod.objects or mod.mods)
            and mod.stem in SHARING
            and _is_without(after, target)
        )
        if shares:
            target.note("shared object")
        else:
            kept.append(mod)
    return kept


def _is_without(verb: Verb, target: Target) -> bool:
    """Whether what a verb is done to, or done with, is gone: `holding and dancing with an umbrella`."""
    if verb.objects:
        return all(is_all_gone(group, target) for group in verb.objects)
    first = verb.mods[0] if verb.mods else None
    by = isinstance(first, Prep) and first.low in ("with", "at") and first.group is not None
    return by and is_all_gone(first.group, target)


def _is_other_place(mod: Prep, on_lawn: bool) -> bool:
    """Whether it says where something else is than what the phrase before it says, a lawn or a thing."""
    return (is_on_thing(mod) and mod.low != "at") or (on_lawn and is_on_ground(mod) and mod.low in WITHIN)


def _add_to_row(left: list[Mod], mod: Prep, target: Target, gathering: Gathering) -> None:
    """Put what the last of a row was on into its place in the row, where that is a row of things
    that are only near: `beside a tree and a bird on a post` -> `beside a tree and a post`.
    """
    row = left[-1] if left else None
    if not isinstance(row, Prep) or row.group is None or row.low not in NEARNESS | {"with"}:
        return
    group, _ = gathering.prune(mod.group, target)
    if group is None or is_empty(group) or not all(stands_alone(m, target, mod.low) for m in group.members):
        return
    if len(row.group.members) == 1 and not row.group.mods:
        target.note("place in the row")
        left[-1] = Prep(row.text, join_rows(row.group, group), row.link)


def _prune_prep(mod: Prep, host, target: Target, gathering: Gathering) -> list[Mod]:
    """Return what is left of a preposition: with its group, with what takes the group's place, or
    only the grounds behind it.
    """
    if mod.group is None:
        return [mod]
    if mod.low in ("instead of", "in place of", "rather than"):
        return []  # it is only spoken of
    if target.category == "bed" and mod.low == "with" and mod.group.head in BEDDING:
        target.note("part of it")
        return []  # "sneakers on a bed with a bedspread"
    row = mod.group
    apart = len(row.members) > 1 and target.is_in(row.members[-1]) and not row.is_animate
    if apart and row.mods and isinstance(row.mods[0], Verb) and row.mods[0].form == "en":
        row.members[-1].mods += row.mods  # "with chairs and a tv mounted above a stove"
        row.mods = []
    group, items = gathering.prune(mod.group, target)
    if group is not None:
        if is_empty(group):
            return []
        last = group.members[-1]
        if mod.low == "with" and group.members[0].low == "focus" and mod.group.mods and not group.mods:
            return []  # "with focus on two cots"
        if mod.low == "with" and mod.group.mods and not group.mods and " of " in last.low and last.is_pronoun:
            return []  # "with two of them holding a kite"
        own = group.members[0].tokens[:1] and group.members[0].tokens[0].low in HERS
        if mod.low == "with" and mod.group.mods and not group.mods and own and group.head in MORE_BODY:
            return []  # "with his feet hanging off a boat"
        if mod.low in ("between", "in between") and not group.is_plural and mod.group.is_plural:
            target.note("between")
            return [Prep("by", group, mod.link)]
        first_gone = len(mod.group.members) > 1 and target.is_in(mod.group.members[0])
        if first_gone and mod.low in ("above", "over", "under", "below", "beneath", "underneath"):
            return [Prep("near", group, mod.link)]  # "above a stove and a refrigerator"
        by_phone = bool(list_words(group) & {"cell phone", "laptop"})  # "is on laptop and phone"
        ridden = target.is_animate and not target.is_human and target.category not in VEHICLES
        ridden = ridden and not group.is_animate and group.head not in _WATERS
        beside = is_small(group) or (ridden and group.head in GROUNDS)  # "on a mule and some snow"
        if first_gone and mod.low in ("on", "on top of") and beside and not by_phone:
            return [Prep("with", group, mod.link)]  # "a plate on a table and a glass of milk"
        return [Prep(mod.text, group, mod.link)]
    # "on a bench outside"
    outside = [one for one in mod.group.mods if is_outside(one) or _is_barefoot(one, host)]
    if mod.low == "of" or (mod.low == "with" and not (host is not None and host.is_animate)):
        outside = []  # "a cafe with tables outside"
    return [*settle_prep(mod, items, host, target), *outside]


# Nothing is there with these: `on an elephant and a river`.
_WATERS = frozenset({"water", "river", "lake", "sea", "ocean", "pond", "creek", "stream"})


def _is_barefoot(mod: Mod, host) -> bool:
    bare = isinstance(mod, Loose) and mod.text.lower() in ("barefoot", "barefooted")
    return bare and host is not None and host.is_human


def _prune_verb(verb: Verb, host, target: Target, gathering: Gathering, boarded: bool = False) -> list[Mod]:
    """Return what is left of a verb whose subject stays. boarded: whether that is said to be in or on
    what is gone.
    """
    boarded = boarded or any(isinstance(mod, Prep) and is_aboard(mod, target) for mod in verb.mods)
    objects: list[Group] = []
    lost: list[Item] = []
    object_gone = False
    place_gone = False
    outside: list[tuple[Mod, list[Mod]]] = []  # "swinging a bat outside"
    for group in verb.objects:
        left, items = gathering.prune(group, target)
        if left is not None and not is_empty(left):
            objects.append(left)
            place_gone = place_gone or len(left.mods) < len(group.mods)
        else:
            object_gone = True
            lost += items
            outside += [(mod, [mod]) for mod in group.mods if is_outside(mod)]
    mods: list[tuple[Mod, list[Mod]]] = []
    last_gone = on_lawn = alone_gone = False
    for mod in pass_over(verb.mods, target):
        if isinstance(mod, Prep):
            if alone_gone and is_on_floor(mod) and any(is_on_thing(other) for other, _ in mods):
                continue  # "sitting on a couch with a dog on the floor"
            if alone_gone and is_on_floor(mod) and host is not None and host.head in ROOMS:
                told = mod.group.members[0].tokens[0].low != "the"  # "on a wooden floor"
                mods.append((mod, [Prep("with", mod.group)] if told else []))
                continue  # "a room filled with chairs on the floor"
            if alone_gone and is_within_ground(mod) and any(map(_is_other_ground, (m for m, _ in mods))):
                continue  # "swimming in the sea with chairs on the beach"
            alone_gone = mod.low == "with" and mod.group is not None and is_all_gone(mod.group, target)
            own_place = last_gone and _is_other_place(mod, on_lawn)
            last_gone = loses_last(mod, target)
            on_lawn = mod.group is not None and mod.group.members[0].head in GROUNDS
            if own_place:
                before = mods[-1][1] if mods else []
                _add_to_row(before, mod, target, gathering)
                continue  # "near a tree and a bird on a fence post"
            pruned = _prune_place(mod, verb, host, target, gathering)
        elif isinstance(mod, Verb):
            pruned = _prune_verb(mod, host, target, gathering)
            purpose_gone = mod.form == "to" and not (pruned and isinstance(pruned[0], Verb))
            object_gone = object_gone or (purpose_gone and _needs_purpose(verb))
        else:
            pruned = prune_mods([mod], host, target, gathering)
        mods.append((mod, pruned))
    if mods and not mods[0][1] and not objects:
        new = next((p[0] for _, p in mods if p), None)
        if isinstance(new, Prep) and new.link.strip(" ,") in ("and", "or", ""):
            new.link = ""  # "sits above a sink and next to a door"
    left_over = PrunedVerb(objects, lost, mods + outside, object_gone, place_gone, boarded)
    return settle_verb(verb, left_over, host, target, gathering)


def _needs_purpose(verb: Verb) -> bool:
    """Whether a verb means nothing without the infinitive behind it: `tries to`, not `is ready to`."""
    ready = any(token.low in ("ready", "up") for token in verb.tokens)
    return not (ready or verb.objects or verb.stem in ALONE | {"wait", "prepare"})


def _prune_place(mod: Prep, verb: Verb, host, target: Target, gathering: Gathering) -> list[Mod]:
    """Return what is left of a preposition behind a verb. Of what was done with something that is gone,
    the place is not told twice, and what only filled something leaves nothing.
    """
    pruned = _prune_prep(mod, host, target, gathering)
    if mod.low != "with" or mod.group is None or not is_all_gone(mod.group, target):
        return pruned
    if verb.stem in _FILLING:
        near = [p for p in pruned if isinstance(p, Prep) and p.low in NEARNESS and p.group]
        pruned = []  # "decorated with bottles hanging from ..."
        if verb.stem == "top":  # "topped with a cake placed next to some figs"
            pruned = [Prep("with", p.group) for p in near if not p.group.is_animate]
    if has_place(verb.mods):
        return [p for p in pruned if not (is_on_ground(p) and p.low in WITHIN)]
    if any(is_on_thing(other) for other in verb.mods):
        return [p for p in pruned if not is_on_floor(p)]
    return pruned


def _is_other_ground(mod: Mod) -> bool:
    return isinstance(mod, Prep) and is_within_ground(mod) and mod.group.head not in CONDITIONS


_FILLING = frozenset({"decorate", "adorn", "fill", "cover", "top", "line", "stock", "strew"})
