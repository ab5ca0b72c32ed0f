"""Takes an object out of the tree of a caption.

What is gone takes along what hangs on it: what it does, wears and has of itself. What it met stays
(`items`): things in its place or in a row, grounds ("on the beach") as the place of what is left.
"""

from dataclasses import dataclass, field, replace

from unscene.words.caption_words import HERS, PICTURES
from unscene.words.leftovers import (
    Item,
    add_to_scene,
    compose,
    free_prep,
    get_place_prep,
    is_concrete,
    is_looks_only,
    is_small,
    list_words,
)
from unscene.words.people import means_people
from unscene.words.rows import (
    drop_repeated,
    fix_links,
    is_mutual,
    make_singular,
    merge_preps,
    pass_article,
    takes_article,
)
from unscene.words.scene_lists import (
    ABSTRACT_NOUNS,
    ACTIVITIES,
    COLOURS,
    CONDITIONS,
    EATEN,
    EVENTS,
    FURNITURE,
    GROUNDS,
    HUMAN_NOUNS,
    KIN,
    MADE_OF_ANIMALS,
    MORE_BODY,
    MORE_CLOTHES,
    NEARNESS,
    NO_PLACE,
    PAGES,
    PARTS,
    ROOMS,
    SCENERY,
    SCULPTURES,
    SEATS,
    TIMES,
    VESSELS,
    WAYS,
    WITHIN,
    WORN_THINGS,
)
from unscene.words.tokens import Token
from unscene.words.tree import Clause, Group, Loose, Mod, Phrase, Prep, Verb, list_mods, walk
from unscene.words.verb_forms import ing_form
from unscene.words.verb_lists import (
    ALONE,
    LOOKING,
    NAMING,
    NEEDS_PLACE,
    PLACING,
    STILL,
    VISITING,
    WITH_TOOL,
    WORN,
)
from unscene.words.vocabulary import Vocabulary

GONE = "gone"
_MOST_STEPS = 3000


class TangledError(ValueError):
    """A caption whose phrases hang on each other so deep that taking one out would not end."""


@dataclass
class Target:
    """What is removed: a word of the list; of people, all that stands for people."""

    category: str
    vocabulary: Vocabulary | None
    is_human: bool = False
    is_animate: bool = False
    gone_pronouns: set[int] = field(default_factory=set)
    lost_owners: set[int] = field(default_factory=set)
    steps: int = 0
    used: list[str] = field(default_factory=list)

    def note(self, rule: str) -> None:
        """Note that a rule of `unscene.words.rewriting_rules` was used."""
        self.used.append(rule)

    def is_in(self, phrase: Phrase) -> bool:
        if not phrase.tokens:
            return False
        if self.category in phrase.words:
            return True
        if any(id(token) in self.gone_pronouns for token in phrase.tokens):
            return True
        if self.category == "horse" and phrase.head == "horseback":
            return True
        if self.is_human and not phrase.is_human and means_people(phrase):
            self.note("needs people")
            return True
        return self.is_human and phrase.is_human


def take_out(clauses: list[Clause], target: Target) -> list[Clause]:
    """Return the clauses without the target; an empty list when nothing is left.

    When the first clause, or all that it does, is gone, the first one returned has the opener `gone`.
    """
    kept: list[Clause] = []
    loose: list[Item] = []
    main_gone = False
    for place, clause in enumerate(clauses):
        if clause.group is None:
            continue
        if place and _is_instead(clause) and _names(clauses[place - 1].group, target):
            target.note("instead")
            continue
        had_verb = _has_finite(clause.group)
        group, items = prune_group(clause.group, target)
        if group is not None and not _is_empty(group):
            if kept and had_verb and not _has_finite(group):
                target.note("verbless")
                _add_verbless(kept, clause.opener, group)
            else:
                idle = place == 0 and _has_verb(clause.group) and not _has_verb(group)
                kept.append(Clause(GONE if idle else clause.opener, group))
            continue
        if place == 0 or not kept:
            main_gone = True
            loose += items
        elif clause.opener.strip(" ,").lower() in _JOINERS:
            target.note("second clause")
            add_to_scene(kept[0].group, items)
        else:
            rest = compose(items)
            if rest is not None:
                kept.append(Clause(clause.opener, rest))
    if not main_gone:
        return kept
    head = compose(loose)
    target.note("subject" if head is not None else "clause alone")
    if head is None:
        return [Clause(GONE, kept[0].group), *kept[1:]] if kept else []
    return [Clause(GONE, head), *kept]


_JOINERS = frozenset(
    {"while", "as", "when", "and", "but", "because", "so", "where", "and while", "and as", ""}
)


def _is_instead(clause: Clause) -> bool:
    """Whether a clause says what should be in a thing's place: `where the handle should be`."""
    tokens = [
        token for node in walk(clause) for token in (node.tokens if isinstance(node, Phrase | Verb) else ())
    ]
    return clause.opener.strip(" ,").lower() == "where" and any(
        token.low in ("should", "would", "ought", "used", "usually", "normally") for token in tokens
    )


def _names(group: Group | None, target: Target) -> bool:
    return group is not None and any(isinstance(n, Phrase) and target.is_in(n) for n in walk(group))


def _has_finite(group: Group) -> bool:
    return any(isinstance(mod, Verb) and mod.is_finite for mod in group.mods)


def _has_verb(group: Group) -> bool:
    return any(isinstance(mod, Verb) for mod in list_mods(group))


def _add_verbless(kept: list[Clause], opener: str, group: Group) -> None:
    """Hang a second subject that has lost its verb on the first clause: with it, or its place alone."""
    if all(member.is_pronoun for member in group.members):
        add_to_scene(kept[0].group, collect(group.mods, Target("", None)))
    elif opener.strip(" ,").lower() in ("and", "but", "or", ""):
        kept.append(Clause(opener, group))
    else:
        kept[-1].group.mods.append(Prep("with", group))


def _is_empty(group: Group) -> bool:
    return not any(member.tokens for member in group.members) and not group.mods


# groups


def prune_group(group: Group, target: Target) -> tuple[Group | None, list[Item]]:
    """Return (what is left of a group, what stays of it when nothing is)."""
    target.steps += 1
    if target.steps > _MOST_STEPS:
        raise TangledError
    if len(group.members) > 1 and target.is_in(group.members[-1]) and group.mods:
        first = group.mods[0]
        if isinstance(first, Prep) and first.low == "in" and first.group and first.group.head == "air":
            group.mods = group.mods[1:]  # "two players and a ball in the air"
        elif _is_on_thing(first) and any(member.mods for member in group.members[:-1]):
            group.mods = group.mods[1:]  # "cats sitting near a tree and a bird on a post"
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
    if gone and not target.is_in(group.members[-1]) and phrase is None and all(map(_is_bare_part, members)):
        members = []  # "on the head and neck of a sheep"
    if not members:
        return None, items + collect(group.mods, target)
    result = Group(members, fix_links(links, gone, group.links), [])
    if gone:
        target.note("row")
    if gone and len(members) == 1 and not members[0].is_plural:
        make_singular(group.mods)
        if not members[0].is_human:
            _own_alone(group.mods)
        target.note("of several")
    if gone and target.is_in(group.members[0]) and members[0] in group.members:
        pass_article(group.members[0].tokens, members[0])
    result.mods = prune_mods(_without_its_verb(group, target), result, target)
    drop_repeated(result)
    if gone:
        for item in shared:
            add_to_scene(result, [item])
    return result, []


_MOVING = frozenset({"park", "ride", "fly", "run", "walk", "drive", "eat", "play", "sleep"})


def _is_on_thing(mod: Mod) -> bool:
    """Whether it is a place on a thing, not the ground of the scene."""
    within = isinstance(mod, Prep) and mod.low in WITHIN and mod.group is not None
    return within and mod.group.head not in GROUNDS


def _loses_last(mod: Prep, target: Target) -> bool:
    row = mod.group.members if mod.group is not None else []
    return len(row) > 1 and target.is_in(row[-1]) and not target.is_in(row[0])


def _is_bare_part(phrase: Phrase) -> bool:
    part = phrase.head in MORE_BODY | PARTS and not phrase.mods
    return part and phrase.tokens[0].low not in HERS


def _own_alone(mods: list[Mod]) -> None:
    """Say `its` for `their` of one thing that is left of several: `a tram makes its way`."""
    for verb in (mod for mod in mods if isinstance(mod, Verb)):
        for phrase in (member for group in verb.objects for member in group.members):
            if phrase.tokens and phrase.tokens[0].low == "their":
                phrase.tokens[0] = replace(phrase.tokens[0], text="its", low="its")


def _without_its_verb(group: Group, target: Target) -> list[Mod]:
    """Return what hangs on a picture of the target, its verbs as what the picture is of instead: `a photo
    of a boat parked next to the dock` is one of the dock; `some birds are flying` leaves nothing.
    """
    of = [mod for member in group.members for mod in member.mods if isinstance(mod, Prep) and mod.low == "of"]
    lost = _is_picture(group) and any(mod.group is not None and _is_all_gone(mod.group, target) for mod in of)
    if not lost:
        return group.mods
    mods: list[Mod] = []
    for mod in group.mods:
        several = (
            not group.is_plural and isinstance(mod, Verb) and mod.tokens[0].low in ("are", "were", "have")
        )
        if not several and not (isinstance(mod, Verb) and mod.stem in _MOVING):
            mods.append(mod)
        elif any(isinstance(member_mod, Prep) for member_mod in mod.mods):
            shown = compose([item for item in _collect_verb(mod, target) if item.kind != "condition"])
            if shown is not None and shown.head not in ("air", "background"):
                target.note("picture")
                mods.append(Prep("of", shown))
    return mods


def prune_phrase(phrase: Phrase, target: Target) -> tuple[Phrase | None, list[Item]]:
    """Return (the phrase without what is gone, None when it is gone itself; what stays of that)."""
    named = phrase.named
    owners = [t for t in phrase.tokens if t not in named]
    if owners and any(
        t.word == target.category or (target.is_human and t.low in HUMAN_NOUNS) for t in owners
    ):
        if named and _is_own(named, target):
            target.note("own")
            return None, collect(phrase.mods, target)
        target.note("owner")
        phrase = Phrase(list(named), phrase.mods)
        if named and takes_article(named[-1].low) and named[0].kind != "D":
            phrase.tokens.insert(0, Token("a", "D"))
    if target.is_in(phrase):
        whole = target.is_human and means_people(phrase)  # of a premiere of a film the film is not there
        mods = [mod for mod in phrase.mods if not (whole and _is_about(mod))]
        return None, collect(mods, target)
    tokens = phrase.tokens
    if tokens and tokens[0].low in HERS and _owner_is_gone(tokens[0], target):
        if _is_own(tokens, target):
            target.note("own")
            return None, []
        target.note("owner")
        rest = tokens[1:]
        if rest:
            tokens = [Token("a", "D"), *rest] if takes_article(rest[-1].low) else rest
    result = Phrase(_without_modifier(tokens, target))
    result.mods = prune_mods(phrase.mods, result, target)
    if phrase.mods and result.tokens and _needs_its_of(phrase, result):
        target.note("part of it")
        return None, collect(phrase.mods, target)
    return result, []


def _is_about(mod: Mod) -> bool:
    """Whether it says of what an event is: `of the film`."""
    about = isinstance(mod, Prep) and mod.low in ("of", "for") and mod.group is not None
    return about and not list_words(mod.group)


def _without_modifier(tokens: list[Token], target: Target) -> list[Token]:
    """Return a noun's words without the target as a word before it: `sheep wool`, `microwave oven`."""
    kept = list(tokens)
    if tokens and target.is_animate and tokens[-1].low in MADE_OF_ANIMALS:
        place = next(
            (i for i, t in enumerate(tokens) if t.low in (target.category, f"{target.category}s")), 0
        )
        if place:
            target.note("made of it")
            worn = 1 if tokens[place - 1].low.endswith(("ed", "orn")) else 0
            del kept[place - worn : place + 1]
    for place, token in enumerate(kept):
        rest = token.low.removesuffix(f" {target.category}")
        if token.word and rest != token.low and target.vocabulary.find_words(rest) == [token.word]:
            target.note("made of it")
            kept[place] = replace(token, text=token.text[: len(rest)])
    return kept


def _needs_its_of(old: Phrase, new: Phrase) -> bool:
    """Whether a noun means nothing without the `of ...` that is gone: `the back of a truck`."""
    lost = any(isinstance(m, Prep) and m.low == "of" for m in old.mods) and not any(
        isinstance(m, Prep) and m.low == "of" for m in new.mods
    )
    return (
        lost
        and not new.words
        and (
            old.head
            in PARTS
            | MORE_BODY
            | ACTIVITIES
            | {"inside", "interior", "rest", "corner", "edge", "outside", "half", "state"}
            and old.head not in ("shelf", "shelves", "rack")
            and (old.head not in PICTURES or old.head in ("side", "front", "back", "top"))
        )
    )


def _is_own(tokens: list[Token], target: Target) -> bool:
    """Whether a noun is part of what owns it: `its engines`, `the man's arm`."""
    head = tokens[-1].low
    if target.is_animate and not target.is_human and head in KIN:
        return True  # "an elephant with its mother"
    if tokens[-1].word:
        return tokens[-1].word == "tie"
    return head in MORE_BODY | MORE_CLOTHES | ACTIVITIES | PARTS


def _owner_is_gone(owner: Token, target: Target) -> bool:
    return (target.is_human and owner.low in ("his", "her")) or id(owner) in target.lost_owners


# what hangs on something that stays


def prune_mods(mods: list[Mod], host: Group | Phrase, target: Target) -> list[Mod]:
    """Return what is left of the things that hang on a group or phrase that stays."""
    left: list[Mod] = []
    emptied = last_gone = False
    helper: Token | None = None
    for mod in mods:
        if isinstance(mod, Prep):
            own_place = last_gone and _is_on_thing(mod)
            last_gone = _loses_last(mod, target)
            if own_place:
                continue  # "a teapot on the stove and books on a shelf"
            pruned = prune_prep(mod, host, target)
            if emptied and mod.low in NEARNESS and pruned and isinstance(pruned[0], Prep):
                target.note("room")  # "a kitchen with an oven next to a cabinet"
                pruned[0] = Prep("with", pruned[0].group, pruned[0].link)
            gone_with = mod.low == "with" and mod.group is not None and _is_all_gone(mod.group, target)
            if gone_with and _has_place(mods):
                pruned = [p for p in pruned if not (_is_on_ground(p) and p.low in WITHIN)]
            emptied = mod.low == "with" and not pruned and host.head in ROOMS
            left += pruned
        elif isinstance(mod, Verb):
            pruned = prune_verb(mod, host, target)
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
        else:
            left.append(mod)
    return merge_preps(left)


def prune_prep(mod: Prep, host, target: Target) -> list[Mod]:
    """Return what is left of a preposition: with its group, with what takes the group's place, or
    only the grounds behind it.
    """
    if mod.group is None:
        return [mod]
    if mod.low in ("instead of", "in place of", "rather than"):
        return []  # it is only spoken of
    row = mod.group
    apart = len(row.members) > 1 and target.is_in(row.members[-1]) and not row.is_animate
    if apart and row.mods and isinstance(row.mods[0], Verb) and row.mods[0].form == "en":
        row.members[-1].mods += row.mods  # "with chairs and a tv mounted above a stove"
        row.mods = []
    group, items = prune_group(mod.group, target)
    if group is not None:
        if _is_empty(group):
            return []
        if mod.low in ("between", "in between") and not group.is_plural and mod.group.is_plural:
            target.note("between")
            return [Prep("by", group, mod.link)]
        first_gone = len(mod.group.members) > 1 and target.is_in(mod.group.members[0])
        if first_gone and mod.low in ("above", "over", "under", "below", "beneath", "underneath"):
            return [Prep("near", group, mod.link)]  # "above a stove and a refrigerator"
        return [Prep(mod.text, group, mod.link)]
    if mod.low == "of" and host is not None and host.head in SCULPTURES:
        target.note("sculpture")
        return [Prep(item.prep or "with", item.group) for item in items if item.kind != "condition"]
    carried = [
        item for item in items if item.kind == "thing" and item.prep == "with" and mod.low in WITHIN - {"at"}
    ]
    beside = [
        item
        for item in items
        if item.kind == "thing"
        and mod.low == "with"
        and item.prep in WITHIN
        and not item.group.mods
        and list_words(item.group) & SEATS
        and _can_act(host)
    ]
    if mod.low == "with" and host is not None and list_words(host) & _SERVED:  # "cake with a fork on a plate"
        beside += [i for i in items if i.kind == "thing" and i.prep == "on" and i.group.head in _SERVING]
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
    places = [item for item in items if item.kind != "thing"]
    mods: list[Mod] = [Prep(item.prep, item.group) for item in [*carried, *beside]]
    if (
        not things
        and mod.low == "of"
        and places
        and _is_picture(host)
        and (places[0].kind == "ground" and places[0].group.head != "background")
    ):
        composed = compose(places)
        target.note("picture")
        return [Prep("of", composed)] if composed is not None else []
    if things and mod.low not in NO_PLACE - {"of"} and not (mod.low == "of" and not _is_picture(host)):
        composed = compose(things)
        target.note("heir")
        text = mod.text
        if mod.low in ("of", "by", "as"):
            text = mod.text if mod.low == "of" else "near"
        true_there = all(
            item.joins and item.prep in ("on", "in", "inside", "on top of", "") for item in things
        )
        at_it = mod.low == "at" and (true_there or not (composed is None or _is_loose(composed)))
        if composed is not None and (mod.low not in WITHIN or at_it or (true_there and mod.low != "at")):
            mods.append(Prep(text, composed, mod.link))
        elif composed is not None:
            mods.append(Prep("near" if mod.low not in ("with",) else "with", composed, mod.link))
    if not things:
        target.note("preposition")
    settled = (
        mod.low == "with"
        and host is not None
        and (
            host.head in GROUNDS
            or any(
                isinstance(m, Prep) and m.group is not None and m.group.head in GROUNDS for m in walk(host)
            )
        )
    )
    return mods + ([] if settled else _as_places(places, host))


def _is_loose(group: Group) -> bool:
    """Whether one is near it, not at it: `at a table with a jar`, but `at a table with a laptop`."""
    return group.is_animate or (is_small(group) and not list_words(group) & {"laptop", "tv", "keyboard"})


_SERVED = EATEN | {"broccoli", "carrot", "banana", "apple", "orange"}
_SERVING = frozenset({"plate", "plates", "tray", "platter", "dish", "board", "table"})


def _is_all_gone(group: Group, target: Target) -> bool:
    return all(target.is_in(member) for member in group.members)


def _has_place(mods: list[Mod]) -> bool:
    """Whether what does something is at a place already: `passes by a station with people`."""
    return any(_is_on_ground(mod) for mod in mods) or any(
        _is_on_ground(inner) for mod in mods if isinstance(mod, Verb) for inner in mod.mods
    )


def _is_on_ground(mod: Mod) -> bool:
    return isinstance(mod, Prep) and mod.group is not None and mod.group.head in GROUNDS


def _is_picture(host) -> bool:
    if host is None or host.head in ("side", "front", "back", "top"):
        return False
    return host.head in PICTURES or host.head in ("close up", "close-up")


def _as_places(places: list[Item], host) -> list[Mod]:
    return [Prep(get_place_prep(item.prep, item.group), item.group) for item in places]


def prune_verb(verb: Verb, host, target: Target) -> list[Mod]:
    """Return what is left of a verb whose subject stays."""
    objects: list[Group] = []
    lost: list[Item] = []
    object_gone = False
    place_gone = False
    for group in verb.objects:
        left, items = prune_group(group, target)
        if left is not None and not _is_empty(left):
            objects.append(left)
            place_gone = place_gone or len(left.mods) < len(group.mods)
        else:
            object_gone = True
            lost += items
    mods = []
    last_gone = False
    for mod in verb.mods:
        if isinstance(mod, Prep):
            own_place = last_gone and _is_on_thing(mod)
            last_gone = _loses_last(mod, target)
            if own_place:
                continue  # "near a tree and a bird on a fence post"
            pruned = prune_prep(mod, host, target)
            if verb.stem in _FILLING and mod.low == "with" and mod.group and _is_all_gone(mod.group, target):
                pruned = []  # "decorated with bottles hanging from the ceiling"
            if mod.low == "with" and mod.group and _is_all_gone(mod.group, target) and _has_place(verb.mods):
                pruned = [p for p in pruned if not (_is_on_ground(p) and p.low in WITHIN)]
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
    if place_gone and verb.stem in NEEDS_PLACE and not object_gone:
        target.note("needs its place")
        return _joined_by_with(verb, objects, [], [p for _, pruned in mods for p in pruned])
    if any(isinstance(m, Prep) and not p and _is_by_vehicle(m, target) for m, p in mods):
        target.note("by vehicle")
        places = [p for _, pruned in mods for p in pruned if isinstance(p, Prep)]
        return [*(Prep("near", group) for group in objects), *places]
    if verb.stem in _DONE_ON.get(target.category, ()) and not verb.objects:
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
    lost_any = any(not p for m, p in mods)
    if object_gone and not objects:
        return _without_object(verb, lost, new_mods, host, target)
    if object_gone:  # one of two objects
        return _joined_by_with(verb, objects, lost, new_mods)
    if verb.objects:
        if lost_prep and verb.stem in NEEDS_PLACE and not any(isinstance(m, Prep) for m in new_mods):
            return _joined_by_with(verb, objects, [], new_mods)
        return [Verb(verb.tokens, verb.opener, objects, new_mods)]
    has_place = any(isinstance(m, Prep | Verb) for m in new_mods)
    stem = verb.stem
    if stem == "be" and not has_place and not [m for m in new_mods if isinstance(m, Loose)]:
        return []
    if stem == "be" and has_place:
        return [Verb(verb.tokens, verb.opener, [], new_mods)]
    passive = any(t.form == "en" for t in verb.tokens)
    if (
        passive
        and any(isinstance(m, Prep) and m.low == "by" and not p for m, p in mods)
        and target.is_animate
    ):
        target.note("by whom")
        return [
            free for free in map(free_prep, (m for m in new_mods if isinstance(m, Prep) and m.group)) if free
        ]
    if lost_any and stem in ALONE and (has_place or stem not in STILL or host is None or _can_act(host)):
        target.note("verb stays")
        return [Verb(verb.tokens, verb.opener, [], new_mods)]
    if lost_any and any(t.low == "ready" for t in verb.tokens):
        return [Verb(verb.tokens, verb.opener, [], new_mods)]
    if lost_any and not has_place:
        return []
    if lost_any and not mods[0][1]:
        return [
            free for free in map(free_prep, (m for m in new_mods if isinstance(m, Prep) and m.group)) if free
        ]
    return [Verb(verb.tokens, verb.opener, [], new_mods)]


# What is done on a thing alone.
_DONE_ON = {
    "skis": frozenset({"ski"}),
    "snowboard": frozenset({"snowboard"}),
    "skateboard": frozenset({"skateboard", "skate"}),
    "surfboard": frozenset({"surf"}),
    "bicycle": frozenset({"bike", "cycle", "pedal"}),
}


def _is_on_furniture(mod: Mod) -> bool:
    if not isinstance(mod, Prep) or mod.low not in ("on", "on top of") or mod.group is None:
        return False
    heads = ("table", "counter", "shelf", "desk", "plate", "tray")
    return "dining table" in list_words(mod.group) or mod.group.head in heads


def _is_by_vehicle(mod: Prep, target: Target) -> bool:
    """Whether it says how somebody travelled: `by rowing boat`, without an article."""
    group = mod.group
    return (
        mod.low == "by"
        and group is not None
        and target.category in ("boat", "train", "bus", "car", "truck", "bicycle", "motorcycle", "airplane")
        and _is_all_gone(group, target)
        and group.members[0].tokens[0].kind != "D"
        and not group.is_plural
    )


def _can_act(host: Group | Phrase) -> bool:
    return host.is_animate


def _joined_by_with(verb: Verb, objects: list[Group], lost: list[Item], mods: list[Mod]) -> list[Mod]:
    link = verb.opener if verb.opener in ("and", ",") else ""
    return [
        *(Prep("with", group, link if i == 0 else "and") for i, group in enumerate(objects)),
        *(m for m in mods if isinstance(m, Prep)),
    ]


def _without_object(verb: Verb, lost: list[Item], mods: list[Mod], host, target: Target) -> list[Mod]:
    """Return what stays of a verb with its object gone: what looked at it looks at what stood there;
    else the verb goes, and places stay.
    """
    things = [item for item in lost if item.kind == "thing"]
    places = [item for item in lost if item.kind != "thing"]
    stem = verb.stem
    if stem in ("show", "feature", "have", "depict"):
        things = [item for item in things if item.group.head not in PAGES or list_words(item.group)]
    kept = _room_without(verb, mods, host, target)
    if kept is not None:
        return kept
    held = [
        item for item in things if item.prep in ("on", "in", "inside", "inside of", "on top of", "of", "with")
    ]
    if stem in LOOKING:
        held = [item for item in held if item.prep != "with"]  # "watching tv with their dog"
    if held and (
        stem in LOOKING | {"hold", "carry", "show", "contain", "have", "feature", "serve", "see"}
        and stem != "look"
    ):
        composed = compose(held)
        target.note("look")
        if composed is not None:
            return [Verb(verb.tokens, verb.opener, [composed], [*mods, *_as_places(places, host)])]
    target.note("verb")
    result: list[Mod] = []
    for item in things:
        free = free_prep(Prep(item.prep or "with", item.group))
        prep = free.text if free is not None else "near"
        result.append(Prep(prep, item.group))
    for mod in mods:
        if isinstance(mod, Loose):
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
                    for i in _collect_verb(mod, target)
                    if i.kind == "thing"
                ]
            continue
        if isinstance(mod, Prep) and mod.group is not None:
            mod = (
                mod
                if stem in ("have", "contain", "feature", "show")
                and not is_looks_only(mod.group)
                or (
                    stem in _DONE_SEATED
                    and mod.low in ("in", "on", "inside")
                    and list_words(mod.group) & _SAT_IN
                )
                else free_prep(mod)
            )
            if mod is not None:
                result.append(mod)
    return result + _as_places(places, host)


# What one does where one sits: `using a laptop on a couch`, `holds a phone in a car`.
_DONE_SEATED = frozenset({"use", "operate", "read", "eat", "drink", "watch", "hold", "play", "type", "work"})
_SAT_IN = SEATS | {"car", "bus", "train", "boat", "airplane", "truck"}


def _room_without(verb: Verb, mods: list[Mod], host, target: Target) -> list[Mod] | None:
    """Return `has a shelf beside the window` for what is left of `has a toaster on the shelf beside
    the window`; None where it is no room that has it, or no thing that it was on.
    """
    if host is None or host.is_animate or host.head not in ROOMS | GROUNDS or verb.stem not in _HAVING:
        return None
    preps = [mod for mod in mods if isinstance(mod, Prep) and mod.group is not None]
    if not preps or is_looks_only(preps[0].group) or preps[0].group.head in GROUNDS - ROOMS:
        return None
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


def collect(mods: list[Mod], target: Target) -> list[Item]:
    """Return what stays of the things that hung on something gone, in order."""
    items: list[Item] = []
    for mod in mods:
        if isinstance(mod, Prep):
            items += _collect_prep(mod, target, 0)
        elif isinstance(mod, Verb):
            items += _collect_verb(mod, target)
    for item in items:
        mods = [mod for mod in item.group.mods if not is_mutual(mod)]
        item.group.mods[:] = [_as_place(mod) if isinstance(mod, Prep) else mod for mod in mods]
    return items


def _as_place(mod: Prep) -> Prep:
    """Return a way that something moved as the place that it is without it: `through the snow` -> `in`."""
    if mod.group is None or mod.low not in WAYS or mod.group.head not in GROUNDS or mod.low in NEARNESS:
        return mod
    return Prep(get_place_prep(mod.low, mod.group), mod.group, mod.link)


def _collect_prep(
    mod: Prep, target: Target, chain: int, verb: str = "", after_object: bool = False
) -> list[Item]:
    if mod.group is None or mod.low == "without":
        return []
    group, items = prune_group(mod.group, target)
    if group is None or _is_empty(group):
        return items
    low = mod.low
    if low in ("between", "in between") and not group.is_plural:
        low = "near"
    if low in ("toward", "towards") and group.head in ("ground", "floor", "sky", "air"):
        return items
    group, inner = _visible(group, target, low)
    if group is None:
        return inner
    words = list_words(group)
    if low == "in" and group.head in ("background", "foreground", "distance"):
        return inner
    if low == "in" and group.head in ("line", "row", "circle", "formation") and not words:
        return inner
    first = group.members[0]
    bare = len(group.members) == 1 and len(first.tokens) == 1 and not words and not first.mods
    if bare and low in ("in", "at", "on", "by") and first.head in ("line", "top", "person", "motion"):
        return inner
    good = low in ("in", "on", "at", "during", "under", "after", "before", "by")
    if group.head in CONDITIONS and not words and (good or group.head not in GROUNDS):
        return [Item("condition", group, low)] if good else []
    if group.head in EVENTS and low in ("for", "of", "from", "to"):
        return [Item("ground", group, "at", joins=True, chain=chain), *inner]
    if low in NO_PLACE - {"of"} and (not words or low != "for" or group.is_human):
        return inner
    if low == "of" and (target.category in VESSELS or (not words and group.head in PARTS | ACTIVITIES)):
        return inner
    bare_of = low == "of" and not words and first.tokens[0].kind == "W" and group.head not in GROUNDS
    if bare_of and not group.is_animate and target.category not in FURNITURE | EATEN | _LOADED:
        return inner  # "an aircraft of an airline", "phones of differing quality"
    if group.head in GROUNDS and low in WITHIN | NEARNESS | set(WAYS) and not words:
        if verb in LOOKING and low in ("at", "over", "toward", "towards", "into", "onto", "across"):
            return [Item("thing", group, low, joins=False, chain=chain), *inner]
        return [Item("ground", group, get_place_prep(low, group), joins=True, chain=chain), *inner]
    joins = low in NEARNESS | WITHIN | {"with"}
    if after_object and low == "with" and verb in WITH_TOOL:
        target.note("tool")
    if after_object and (
        low in WITHIN
        and verb not in PLACING
        or low == "with"
        and verb in WITH_TOOL
        and group.head not in SCENERY
    ):
        joins = False
    if low == "during":
        return [Item("condition", group, low), *inner]
    if verb and not after_object and low == "at":
        joins = verb in ("sit", "stand")
    return [Item("thing", group, low, joins=joins, chain=chain), *inner]


def _collect_verb(verb: Verb, target: Target) -> list[Item]:
    items: list[Item] = []
    worn = any(token.low in WORN for token in verb.tokens)
    stem, chain = verb.stem, id(verb)
    if target.category == "dining table" and stem in ("set", "lay") and verb.form == "en":
        target.note("laid")
        items.append(Item("thing", Group([Phrase([Token("place", "W"), Token("settings", "W")])])))
    if any(t.low in ("not", "n't", "no") for t in verb.tokens):
        return []
    for group in verb.objects:
        left, inner = prune_group(group, target)
        if left is None or _is_empty(left):
            items += inner
            continue
        words = list_words(left)
        if stem == "be" or (not words and stem in NAMING):
            continue
        if stem in ("say", "read", "spell") and not target.is_animate:
            continue  # what a sign says
        if stem in _COATING and all(m.tokens[-1].low in COLOURS for m in left.members):
            continue  # "painted orange and yellow"
        if stem in ("give", "deliver", "make") and left.head in ("presentation", "speech", "lecture", "talk"):
            continue
        left, inner = _visible(
            left, target, "worn" if worn else "has" if stem in ("have", "show", "flash") else "verb"
        )
        if left is not None and (left.head not in CONDITIONS or (left.head == "snow" and stem != "shovel")):
            for mod in left.mods:
                if isinstance(mod, Verb) and mod.form == "inf":  # "watch a plane fly" -> "a plane flying"
                    mod.tokens = [Token(ing_form(mod.stem), "V", form="ing", stem=mod.stem), *mod.tokens[1:]]
            seen = left.head in GROUNDS and not words and stem in VISITING
            if stem == "play" and left.head in ("game", "games", "match"):
                items += inner + [item for member in left.members for item in collect(member.mods, target)]
                continue
            items.append(
                Item(
                    "ground" if seen else "thing",
                    left,
                    get_place_prep("around", left) if seen else "",
                    chain=chain,
                )
            )
        items += inner
    for mod in verb.mods:
        if isinstance(mod, Prep):
            if (
                mod.group is not None
                and (worn or stem == "dress")
                and (
                    mod.low in ("as", "like", "for", "up")
                    or mod.group.head in MORE_CLOTHES
                    or stem == "dress"
                )
                and mod.low in ("in", "as", "like", "for", "up")
            ):
                continue
            if stem == "make" and verb.form == "en" and mod.low in ("of", "from", "out of", "with"):
                continue  # "an umbrella made of bamboo"
            if (
                stem in _COATING
                and mod.low in ("in", "with", "by")
                and target.category not in FURNITURE | EATEN
            ):
                continue
            items += _collect_prep(mod, target, chain, stem, after_object=bool(verb.objects))
        elif isinstance(mod, Verb):
            items += _collect_verb(mod, target)
    return items


_FILLING = frozenset({"decorate", "adorn", "fill", "cover", "top", "line", "stock", "strew"})
_LOADED = frozenset({"truck", "train", "car", "book", "person"})
_COATING = frozenset({"cover", "coat", "paint", "decorate", "adorn", "wrap"})


def _visible(group: Group, target: Target, how: str) -> tuple[Group | None, list[Item]]:
    """Return (a group without what is no thing of its own in the photo: clothes, body, activities;
    what hung on those).
    """
    members, links, items = [], [], []
    for place, member in enumerate(group.members):
        in_row = member.head == "glasses" and bool(members)  # "wine bottles and glasses"
        if not in_row and not stands_alone(member, target, how):
            target.note("looks")
            if (
                how != "worn"
                and member.head not in (PICTURES if how == "with" else ())
                and member.head not in ("shape", "form", "style")
            ):
                shown = member.head in PICTURES  # "a photo of herself in the mirror"
                items += collect([_as_shown(mod) if shown else mod for mod in member.mods], target)
            continue
        if members:
            links.append(group.links[place - 1] if place else "and")
        members.append(member)
    if not members:
        if how != "worn":
            items += collect(group.mods, target)
        return None, items
    return Group(members, fix_links(links, len(group.members) - len(members), group.links), group.mods), items


_OF_FURNITURE = frozenset({"frame", "frames", "leg", "legs", "base", "headboard", "footboard", "texture"})
_OF_FURNITURE |= {"door", "doors", "drawer", "drawers", "handle", "handles", "lid", "dispenser", "freezer"}
_OF_FOOD = frozenset({"frosting", "icing", "topping", "toppings", "crust", "sprinkles", "filling", "glaze"})
_OF_FOOD |= {"cheese", "sauce", "pepperoni", "candle", "candles", "bun", "buns"}


def _as_shown(mod: Mod) -> Mod:
    """Return what a picture is of as what stands near who takes it."""
    return Prep("near", mod.group) if isinstance(mod, Prep) and mod.low == "of" else mod


def stands_alone(phrase: Phrase, target: Target, how: str) -> bool:
    if not phrase.tokens or phrase.is_pronoun or phrase.tokens[0].low == "no":
        return False
    words, head = phrase.words, phrase.head
    if head in _OF_FURNITURE and target.category in FURNITURE:
        return False
    abstract = head in ABSTRACT_NOUNS - CONDITIONS - TIMES and not is_concrete(phrase)
    if not words and (abstract or head.endswith(("ism", "ward", "wards"))):
        return False
    if how == "worn":
        return bool(words & WORN_THINGS)
    if "tie" in words and target.is_human:
        return False
    if words or any(t.is_human for t in phrase.tokens if not target.is_human):
        return True
    if all(t.kind == "D" for t in phrase.tokens) or head in MORE_BODY | ACTIVITIES:
        return False
    worn = how in ("in", "with", "has", "of", "") or (how == "verb" and target.is_human)
    if head in MORE_CLOTHES and target.is_animate and worn:
        return False
    if head in ("camera", "cameras") and how in ("for", "at", "to", "toward", "towards", "into"):
        return False
    if target.category in EATEN and head in _OF_FOOD and how in ("with", "of", "has"):
        return False
    holds = target.category in FURNITURE | EATEN
    if how in ("with", "of", "has", "verb") and not target.is_animate and not holds:
        return head not in PARTS
    if how in ("with", "of", "has") and target.is_animate and not target.is_human and head in PARTS:
        return False
    return not (how == "in" and head in COLOURS)
