"""Takes an object out of rows, noun phrases, and what hangs on what stays."""

from dataclasses import replace

from unscene.words.caption_words import HERS
from unscene.words.cut_phrases import cut_words, is_by_hand, is_of_last, own_alone, shows
from unscene.words.gathering import Gathering
from unscene.words.heirs import pass_over, settle_prep
from unscene.words.held import holds_alone
from unscene.words.leftovers import (
    Item,
    add_to_scene,
    compose,
    is_small,
    list_words,
)
from unscene.words.own_places import (
    has_place,
    is_on_floor,
    is_outside,
    is_placed,
    is_spot,
    is_stand,
    is_told_where,
    is_within_ground,
)
from unscene.words.people import is_time_of, means_people
from unscene.words.rows import (
    drop_repeated,
    fix_links,
    join_rows,
    make_singular,
    merge_preps,
    pass_article,
    takes_article,
)
from unscene.words.scene_lists import (
    CONDITIONS,
    GROUNDS,
    HUMAN_NOUNS,
    MORE_CLOTHES,
    NEARNESS,
    ROOMS,
    SCULPTURES,
    VEHICLES,
    WITHIN,
)
from unscene.words.settling import PrunedVerb, is_aboard, settle_verb
from unscene.words.target import (
    BEDDING,
    MOST_STEPS,
    OF_IT,
    TangledError,
    Target,
    is_about,
    is_all_gone,
    is_bare_part,
    is_empty,
    is_on_ground,
    is_on_thing,
    is_own,
    is_picture,
    loses_last,
    needs_its_of,
    owner_is_gone,
    stands_alone,
    without_modifier,
)
from unscene.words.tokens import Token
from unscene.words.tree import Clause, Group, Loose, Mod, Phrase, Prep, Verb, list_mods
from unscene.words.verb_lists import ALONE, SHARING

# groups


def prune_group(group: Group, target: Target) -> tuple[Group | None, list[Item]]:
    """Return (what is left of a group, what stays of it when nothing is)."""
    target.steps += 1
    if target.steps > MOST_STEPS:
        raise TangledError
    if len(group.members) > 1 and holds_alone(group, target):
        group.members[-1].mods += group.mods
        group.mods = []
    if len(group.members) > 1 and target.is_in(group.members[-1]) and group.mods:
        first = group.mods[0]
        if isinstance(first, Prep) and first.low == "in" and first.group and first.group.head == "air":
            group.mods = group.mods[1:]  # "two players and a ball in the air"
        elif isinstance(first, Verb) and not (group.links[-1] or group.members[-1].is_pronoun):
            group.members[-1].mods.append(first)  # "from the window a plane landing"
            group.mods = group.mods[1:]
        elif is_of_last(first, group):
            group.members[-1].mods.append(first)
            group.mods = group.mods[1:]  # "monks flying kites and a dog chasing a cat"
        elif is_on_thing(first) and any(map(is_told_where, group.members[:-1])):
            group.mods = group.mods[1:]  # "cats sitting near a tree and a bird on a post"
        elif _is_of_the_last(first, group):
            group.mods = group.mods[1:]
        elif is_on_floor(first) and is_placed(group.members[0]):
            group.mods = group.mods[1:]  # "a dog lying on a couch and a cat on the floor"
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
        heirs = compose([item for item in left if item.kind == "thing"]) if stays else None
        if heirs is not None:
            target.note("heir in the row")
            for other in heirs.members:
                if members:
                    links.append(link or ",")
                members.append(other)
            members[-1].mods += heirs.mods
    if gone and not target.is_in(group.members[-1]) and phrase is None and all(map(is_bare_part, members)):
        members = []  # "on the head and neck of a sheep"
    if not members:
        return None, items + GATHERING.collect(group.mods, target)
    result = Group(members, fix_links(links, gone, group.links), [])
    if gone and _are_clothes_of(members, group, target):
        target.note("looks")
        return None, items + GATHERING.collect(group.mods, target)  # "a nun and protective gear running"
    if gone:
        target.note("row")
    if gone and len(members) == 1 and members[0].low.startswith("both "):
        members[0].tokens = members[0].tokens[1:]
    if gone and len(members) == 1 and not members[0].is_plural:
        make_singular(group.mods)
        if not members[0].is_human:
            own_alone(group.mods)
        target.note("of several")
    if (
        gone
        and target.is_in(group.members[0])
        and members[0].is_plural
        and members[0].tokens[0].low == "other"
    ):
        members[0].tokens = members[0].tokens[1:] or members[0].tokens  # "a bus and other cars"
    if gone and target.is_in(group.members[0]) and members[0] in group.members:
        pass_article(group.members[0].tokens, members[0])
    result.mods = prune_mods(_without_its_verb(group, result, target), result, target)
    drop_repeated(result)
    if gone:
        for item in shared:
            add_to_scene(result, [item])
    return result, []


def _are_clothes_of(members: list[Phrase], group: Group, target: Target) -> bool:
    """Whether what is left of a row is only worn, and does what who is gone did."""
    verb = group.mods[0] if group.mods else None
    if not target.is_human or not isinstance(verb, Verb) or verb.stem in _LYING:
        return False
    worn = all(member.head in MORE_CLOTHES and not member.words for member in members)
    return worn and "en" not in {token.form for token in verb.tokens}


# What clothes do that nobody wears.
_LYING = frozenset({"lie", "lay", "sit", "hang", "rest", "be"})


def _is_of_the_last(first: Mod, group: Group) -> bool:
    """Whether a verb tells of the last of a row alone: `a well and a kite that is in the sky`, `a well
    and a car parked beside it`.
    """
    if not isinstance(first, Verb):
        return False
    told = first.opener.lower() in ("that", "which", "who") and first.tokens[0].low in ("is", "has", "was")
    parked = first.stem == "park" and not any(member.words & VEHICLES for member in group.members[:-1])
    return told or (parked and not first.is_finite)


_PLACED = frozenset(
    {"place", "sit", "stand", "lie", "lay", "rest", "pose", "perch", "serve", "surround", "seat"}
)
_MOVING = frozenset({"park", "ride", "fly", "run", "walk", "drive", "eat", "play", "sleep"})


def _is_deed_of(verb: Verb, target: Target) -> bool:
    """Whether no picture does it, but the living one that it shows: `a photo of a nun watching a mule`."""
    doing = verb.form == "ing" or (verb.form == "en" and verb.stem == "stop")
    return target.is_animate and doing and verb.stem not in _SHOWING


def _is_filled(verb: Verb) -> bool:
    """Whether no picture does it, but the thing that it shows: `a photo of a jar holding figs`."""
    return verb.form == "ing" and verb.stem == "hold"


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
            shown = compose(
                [item for item in GATHERING.collect_verb(mod, target) if item.kind != "condition"]
            )
            if shown is not None and shown.head not in ("air", "background"):
                target.note("picture")
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
    result.mods = prune_mods(phrase.mods, result, target)
    if phrase.mods and result.tokens and needs_its_of(phrase, result):
        target.note("part of it")
        return None, GATHERING.collect(phrase.mods, target)
    return result, []


# what hangs on something that stays


def prune_mods(mods: list[Mod], host: Group | Phrase, target: Target) -> list[Mod]:
    """Return what is left of the things that hang on a group or phrase that stays."""
    left: list[Mod] = []
    mods = pass_over(_share_objects(mods, target), target)
    emptied = last_gone = on_lawn = gone_with = gone_part = boarded = False
    helper: Token | None = None
    for mod in mods:
        if isinstance(mod, Prep):
            own_place = last_gone and _is_other_place(mod, on_lawn)
            last_gone = loses_last(mod, target)
            on_lawn = mod.group is not None and mod.group.members[0].head in GROUNDS
            if own_place:
                _add_to_row(left, mod, target)
                continue  # "a teapot on the stove and books on a shelf"
            pruned = [_as_time_of(mod)] if is_time_of(mod, host) else prune_prep(mod, host, target)
            beside = emptied and mod.low in NEARNESS and mod.group is not None
            if beside and mod.group.head not in ROOMS and pruned and isinstance(pruned[0], Prep):
                target.note("room")  # "a kitchen with an oven next to a cabinet"
                pruned[0] = Prep("with", pruned[0].group, pruned[0].link)
            if gone_part and mod.low == "with" and mod.group is not None and not list_words(mod.group):
                continue  # "in a bed with a quilt with flowers"
            if gone_with and is_spot(mod, host):
                continue  # "a kitchen with an oven in the corner"
            gone_with = mod.low == "with" and mod.group is not None and is_all_gone(mod.group, target)
            boarded = boarded or is_aboard(mod, target)
            gone_part = mod.low == "with" and mod.group is not None and _is_part(mod.group, target)
            if gone_with and (has_place(mods) or host.head in ("sea", "ocean", "water", "lake", "river")):
                pruned = [p for p in pruned if not (is_on_ground(p) and p.low in WITHIN)]
            emptied = mod.low == "with" and not pruned and host.head in ROOMS
            left += pruned
        elif isinstance(mod, Verb):
            if gone_with and len(mod.tokens) > 1 and mod.tokens[0].low in _ABOARD:
                mod.tokens = mod.tokens[1:]  # "two nuns with ties on smiling", "a tram with nuns inside is"
            pruned = prune_verb(mod, host, target, boarded)
            boarded = boarded or any(isinstance(one, Prep) and is_aboard(one, target) for one in mod.mods)
            before = next((m for m in reversed(left) if isinstance(m, Verb)), None)
            if pruned and isinstance(pruned[0], Verb):
                if before is None and pruned[0].opener.lower() in ("while", "and", "as", ", and"):
                    pruned[0].opener = ""
                    if helper is not None and pruned[0].form == "ing":
                        pruned[0].tokens = [helper, *pruned[0].tokens]
                elif (
                    left
                    and left[-1] is before
                    and not pruned[0].opener
                    and not before.mods
                    and not before.objects
                    and (before.tokens[-1].form == pruned[0].form == "ing")
                ):
                    pruned[0].opener = "and"
            if mod.is_finite and not any(isinstance(m, Verb) for m in pruned):
                helper = next((t for t in mod.tokens if t.form == "aux" and t.stem == "be"), None)
            left += pruned
        elif isinstance(mod, Clause):
            group, items = prune_group(mod.group, target) if mod.group is not None else (None, [])
            if group is not None and group.mods:
                left.append(Clause(mod.opener, group))
            left += [Prep(item.prep, item.group) for item in items if item.kind == "condition"]
        elif not (gone_with and isinstance(mod, Loose) and mod.text.lower() in _ABOARD):
            left.append(mod)  # but "a tram with nuns inside"
    if any(isinstance(mod, Verb) for mod in mods) and not any(isinstance(mod, Verb) for mod in left):
        left = [mod for mod in left if not is_by_hand(mod)]
    return merge_preps(left)


def _is_part(group: Group, target: Target) -> bool:
    """Whether it is a part of what is gone, so that what it has goes too: `a bed with a quilt with stars`."""
    last = group.members[-1]
    bedding = target.category == "bed" and last.head in BEDDING
    return bedding or bool(last.tokens and id(last.tokens[-1]) in target.gone_parts)


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


def _add_to_row(left: list[Mod], mod: Prep, target: Target) -> None:
    """Put what the last of a row was on into its place in the row, where that is a row of things
    that are only near: `beside a tree and a bird on a post` -> `beside a tree and a post`.
    """
    row = left[-1] if left else None
    if not isinstance(row, Prep) or row.group is None or row.low not in NEARNESS | {"with"}:
        return
    group, _ = prune_group(mod.group, target)
    if group is None or is_empty(group) or not all(stands_alone(m, target, mod.low) for m in group.members):
        return
    if len(row.group.members) == 1 and not row.group.mods:
        target.note("place in the row")
        left[-1] = Prep(row.text, join_rows(row.group, group), row.link)


def prune_prep(mod: Prep, host, target: Target) -> list[Mod]:
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
    group, items = prune_group(mod.group, target)
    if group is not None:
        if is_empty(group):
            return []
        if mod.low in ("between", "in between") and not group.is_plural and mod.group.is_plural:
            target.note("between")
            return [Prep("by", group, mod.link)]
        first_gone = len(mod.group.members) > 1 and target.is_in(mod.group.members[0])
        if first_gone and mod.low in ("above", "over", "under", "below", "beneath", "underneath"):
            return [Prep("near", group, mod.link)]  # "above a stove and a refrigerator"
        by_phone = bool(list_words(group) & {"cell phone", "laptop"})  # "is on laptop and phone"
        if first_gone and mod.low in ("on", "on top of") and is_small(group) and not by_phone:
            return [Prep("with", group, mod.link)]  # "a plate on a table and a glass of milk"
        return [Prep(mod.text, group, mod.link)]
    return settle_prep(mod, items, host, target)


def prune_verb(verb: Verb, host, target: Target, boarded: bool = False) -> list[Mod]:
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
        left, items = prune_group(group, target)
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
                _add_to_row(before, mod, target)
                continue  # "near a tree and a bird on a fence post"
            pruned = prune_prep(mod, host, target)
            if verb.stem in _FILLING and mod.low == "with" and mod.group and is_all_gone(mod.group, target):
                near = [p for p in pruned if isinstance(p, Prep) and p.low in NEARNESS and p.group]
                pruned = []  # "decorated with bottles hanging from ..."
                if verb.stem == "top":  # "topped with a cake placed next to some figs"
                    pruned = [Prep("with", p.group) for p in near if not p.group.is_animate]
            if mod.low == "with" and mod.group and is_all_gone(mod.group, target):
                if has_place(verb.mods):
                    pruned = [p for p in pruned if not (is_on_ground(p) and p.low in WITHIN)]
                elif any(is_on_thing(other) for other in verb.mods):
                    pruned = [p for p in pruned if not is_on_floor(p)]
        elif isinstance(mod, Verb):
            pruned = prune_verb(mod, host, target)
            if (not pruned or not isinstance(pruned[0], Verb)) and mod.form == "to":
                ready = any(t.low in ("ready", "up") for t in verb.tokens)
                object_gone = object_gone or not (
                    ready or verb.objects or verb.stem in ALONE | {"wait", "prepare"}
                )
        else:
            pruned = prune_mods([mod], host, target)
        mods.append((mod, pruned))
    if mods and not mods[0][1] and not objects:
        new = next((p[0] for _, p in mods if p), None)
        if isinstance(new, Prep) and new.link.strip(" ,") in ("and", "or", ""):
            new.link = ""  # "sits above a sink and next to a door"
    left_over = PrunedVerb(objects, lost, mods + outside, object_gone, place_gone, boarded)
    return settle_verb(verb, left_over, host, target, GATHERING)


def _is_other_ground(mod: Mod) -> bool:
    return isinstance(mod, Prep) and is_within_ground(mod) and mod.group.head not in CONDITIONS


_FILLING = frozenset({"decorate", "adorn", "fill", "cover", "top", "line", "stock", "strew"})


GATHERING = Gathering(prune_group)
