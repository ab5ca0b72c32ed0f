"""What the pronouns of a caption stand for: he, it, they, others, its, their."""

from collections.abc import Iterator

from unscene.rewriting.marking.pronouns import HE, IT, THEY
from unscene.rewriting.marking.target import Target
from unscene.rewriting.parsing.tree import Clause, Group, Phrase, Prep, Verb, walk
from unscene.rewriting.scene_lists import (
    COLOURS,
    GROUNDS,
    HERDED,
    HUMAN_NOUNS,
    MORE_BODY,
    MORE_CLOTHES,
    VEHICLES,
)
from unscene.rewriting.tagging.verb_forms import looks_plural
from unscene.words.caption_words import ADJECTIVES, PICTURES, QUANTITIES

_PERSONAL = HE | {"her", "who", "whom"}
_SOME = frozenset(
    {"others", "another", "one", "ones", "some", "many", "several", "two", "three", "both", "all", "few"}
)
_SOMEBODY = frozenset(
    {
        "someone",
        "somebody",
        "everyone",
        "everybody",
        "anyone",
        "nobody",
        "anybody",
        "i",
        "we",
        "you",
        "us",
        "me",
    }
)


def mark_references(clauses: list[Clause], target: Target) -> None:
    """Put the pronouns that stand for the target, or for several things with it, into the target."""
    on_it = {
        id(member)
        for clause in clauses
        for node in walk(clause)
        if isinstance(node, Prep) and node.low in ("on", "on top of") and node.group is not None
        for member in node.group.members
    }
    for clause in clauses:
        for node in walk(clause):
            if isinstance(node, Group) and not target.is_human and any(map(target.is_in, node.members)):
                target.gone_pronouns.update(
                    member.tokens[-1] for member in node.members if _is_of_its_kind(member, node, target)
                )
            if isinstance(node, Group) and _is_one_thing(node) and any(map(target.is_in, node.members)):
                target.gone_parts.update({m.tokens[-1]: m.words for m in node.members})
            if isinstance(node, Verb) and target.is_human and node.stem in _GREETING:
                met = [member for group in node.objects for member in group.members if member.tokens]
                met = [member for member in met if member.head in _GREETED]
                target.gone_parts.update({m.tokens[-1]: m.words for m in met})
    borne = {key: host for clause in clauses for key, host in _find_borne(clause)}
    order = [found for clause in clauses if clause.group for found in _phrases(clause.group, None, False)]
    subjects = [clause.group for clause in clauses if clause.group]
    main = len(list(_phrases(subjects[0], None, False))) if subjects else 0
    for place, (phrase, host, of_noun) in enumerate(order):
        first, last = (
            phrase.tokens[0] if phrase.tokens else None,
            phrase.tokens[-1] if phrase.tokens else None,
        )
        if first is None:
            continue
        earlier = [(p, h) for p, h, _ in order[:place]]
        if last.low in THEY and host is not None:
            host = _find_row(host, clauses)  # "geese on a beam with ferns and jugs behind them"
        if phrase.head in _HERDS and _is_herd_of(phrase, earlier, target):
            target.gone_pronouns.add(last)
        if _is_short(phrase):
            many = [p for p, _ in earlier if p.words and _is_many(p)]
            if many and target.is_in(many[-1]):
                target.gone_pronouns.add(last)
        carrier = borne.get(id(phrase)) if last.low == "it" else None
        if carrier is None and id(phrase) in on_it and last.low == "it":
            carrier = _find_carrier(earlier)
        if carrier is not None and not target.is_in(carrier):
            continue
        if carrier is not None or (
            last.kind == "R"
            and _stands_for_target(last.low, phrase, host, earlier, subjects, target, place >= main)
        ):
            target.gone_pronouns.add(last)
        for token in phrase.tokens:
            moving = [p for p, _ in earlier if p.tokens and p.tokens[-1].is_animate]
            animals = [p for p in moving if not p.words & VEHICLES]
            own = host is not None and all(m.tokens and m.tokens[-1].is_animate for m in host.members)
            if token.low == "their":  # "two sheep near a dog with their heads down"
                animals = [p for p in animals if p.is_plural] or animals
                own = own and (host.is_plural or not any(p.is_plural for p in animals))
            if phrase.head in _OF_ANIMALS:
                own = own and not any(member.words & VEHICLES for member in host.members)
            part = (phrase.head in _OF_ANIMALS and animals) or (own and phrase.head in _OF_HOST)
            part = part and phrase.head not in _OF_THINGS.get(target.category, ())
            if token.low in ("its", "their") and part:
                if any(map(target.is_in, host.members if own else animals[-1:])):
                    target.lost_owners.add(token)
            elif token.low in ("its", "their") and _owner_is_target(
                token.low,
                [
                    (p, h)
                    for p, h in earlier
                    if host is None
                    or not of_noun
                    or all(p is not m for m in host.members)
                    or len(earlier) == 1
                    or (len(host.members) > 1 and host.is_human)
                ],
                target,
            ):
                target.lost_owners.add(token)
            elif (
                token.low in ("his", "her")
                and not target.is_human
                and not any(p.is_human for p, _ in earlier)
            ):
                near = next((p for p, _ in reversed(earlier) if p.is_animate), None)
                if near is not None and target.is_in(near):
                    target.lost_owners.add(token)


def _find_borne(clause: Clause) -> Iterator[tuple[int, Phrase]]:
    """Yield the `it` of `a platform with nuns standing on it`, and what that stands for."""
    for node in walk(clause):
        if not isinstance(node, Group) or len(node.members) > 1 or node.members[0].is_pronoun:
            continue
        for mod in (*node.mods, *node.members[0].mods):
            if not (isinstance(mod, Prep) and mod.low == "with" and mod.group is not None):
                continue
            for verb in (one for one in mod.group.mods if isinstance(one, Verb)):
                for place in verb.mods:
                    if isinstance(place, Prep) and place.low == "on" and place.group is not None:
                        yield id(place.group.members[0]), node.members[0]


# What no thing has: `a dog on a cot with its tongue out`.
_OF_ANIMALS = frozenset(
    {"tongue", "tongues", "mouth", "mouths", "head", "heads", "ear", "ears", "eyes", "eye"}
)
_OF_ANIMALS |= {"paw", "paws", "nose", "neck", "necks", "beak", "teeth", "fur", "feathers", "belly", "snout"}
# What a thing has as well, and an animal that is said to have it has itself.
_OF_HOST = frozenset({"tail", "tails", "leg", "legs", "wings", "trunk", "trunks", "horns"})
# What some things have as well: `a dog near a bottle with its neck broken`.
_OF_THINGS = {
    "teddy bear": _OF_ANIMALS | _OF_HOST,
    **dict.fromkeys(("bottle", "vase"), frozenset({"neck", "mouth"})),
    "kite": frozenset({"tail", "tails"}),
    "airplane": frozenset({"tail", "nose", "belly"}),
    **dict.fromkeys(("chair", "bench", "couch", "bed", "dining table"), frozenset({"leg", "legs"})),
    **dict.fromkeys(("train", "bus", "boat", "car", "truck"), frozenset({"nose"})),
    **dict.fromkeys(("toothbrush", "tennis racket"), frozenset({"head"})),
}
_HERDS = frozenset({"herd", "flock"})


def _is_herd_of(phrase: Phrase, earlier, target: Target) -> bool:
    """Whether a herd of which no more is said is of the target: `two cows in front of the herd`."""
    animals = [p for p, _ in earlier if p.is_animate and not p.is_human]
    of = any(isinstance(mod, Prep) and mod.low == "of" for mod in phrase.mods)
    return target.category in HERDED and bool(animals) and all(map(target.is_in, animals)) and not of


def _find_row(host: Group, clauses: list[Clause]) -> Group:
    """Return the row that a member of one is of, which no pronoun that hangs on it stands for."""
    rows = (node for clause in clauses for node in walk(clause) if isinstance(node, Group))
    return next((row for row in rows if any(m is host.members[0] for m in row.members)), host)


def _is_of_its_kind(phrase: Phrase, row: Group, target: Target) -> bool:
    """Whether a phrase has no noun but that of its row: `an adult and a baby mule`."""
    tokens = phrase.tokens
    named = tokens[1:] if tokens and tokens[0].kind == "D" else tokens  # "mother and child mule"
    if not named or any(token.low not in _KINDS for token in named):
        return False
    # But `baby and dog`: that baby is a child.
    return len(named) < len(tokens) or any(
        _AGES & set(member.low.split()) for member in row.members if target.is_in(member)
    )


def _is_one_thing(row: Group) -> bool:
    """Whether a row calls one thing by two names, with one article for both: `a mule or donkey`."""
    named = len(row.members) > 1 and all(link.lower() == "or" for link in row.links)
    article = named and row.members[0].tokens and row.members[0].tokens[0].low in ("a", "an", "the")
    if not article or any(m.is_plural or m.is_pronoun or not m.tokens for m in row.members):
        return False
    return all(m.tokens[0].kind in ("N", "W") for m in row.members[1:])


def _is_short(phrase: Phrase) -> bool:
    """Whether a phrase is one of several that are told of before: `two mules, one brown`."""
    first, *rest = phrase.tokens
    looks = [token.low in _LOOKS or token.low.endswith("ed") for token in rest]
    return first.low in _SOME and bool(rest) and all(looks)


# What is done to people, and who is a person where that is done to him: `greets a fan`.
_GREETING = frozenset({"greet", "interview", "congratulate", "marry", "thank", "salute"})
_GREETED = frozenset({"fan", "star", "stars", "model", "models"})
_KINDS = frozenset({"large", "larger", "big", "bigger", "small", "smaller", "little", "tall", "taller"})
_KINDS |= {"adult", "baby", "young", "youth", "juvenile", "mother", "momma", "mama", "father", "parent"}
_AGES = frozenset({"adult", "baby", "child", "young", "juvenile", "foal", "calf", "lamb", "cub", "cubs"})
_LOOKS = ADJECTIVES | COLOURS | {"baby", "adult", "grown"}


def _find_carrier(earlier) -> Phrase | None:
    """Return the last thing with a top that stands before `on it`; None where there is none."""
    return next((p for p, _ in reversed(earlier) if p.words & _TOPS and not p.is_plural), None)


_TOPS = frozenset({"dining table", "bed", "couch", "bench", "chair"})


def _phrases(group: Group, host, of_noun: bool) -> Iterator[tuple[Phrase, Group | None, bool]]:
    """Yield the phrases under a group in order, each with the group that it hangs on, and whether
    only a preposition is between them, no verb.
    """
    for member in group.members:
        yield member, host, of_noun
        yield from _under(member.mods, Group([member]), True)
    yield from _under(group.mods, group, True)


def _under(mods, group, of_noun: bool) -> Iterator[tuple[Phrase, Group | None, bool]]:
    for mod in mods:
        if isinstance(mod, Prep) and mod.group is not None:
            yield from _phrases(mod.group, group, of_noun)
        elif isinstance(mod, Verb):
            for obj in mod.objects:
                yield from _phrases(obj, group, False)
            yield from _under(mod.mods, group, False)
        elif isinstance(mod, Clause) and mod.group is not None:
            yield from _phrases(mod.group, None, False)


def _stands_for_target(low, phrase, host, earlier, subjects, target: Target, start: bool) -> bool:
    if low in _SOMEBODY:
        return target.is_human
    partners = set(map(id, host.members)) if host is not None else set()
    free = [p for p, _ in earlier if p.tokens and not p.is_pronoun]
    apart = [p for p in free if id(p) not in partners]
    if low in _PERSONAL:
        human = [p for p in free if p.is_human] or [p for p in free if p.is_animate]
        return (
            target.is_human
            if not human
            else target.is_in(human[-1]) or (target.is_human and human[-1].is_human)
        )
    if low in IT:
        if start:
            first = earlier[0][0]
            if first.tokens and not first.is_human and not first.is_plural and not first.is_pronoun:
                return target.is_in(first)
        single = [
            p
            for p in apart
            if not p.is_human
            and not p.is_plural
            and p.head not in PICTURES | MORE_CLOTHES | MORE_BODY | {"close up", "close-up", "closeup"}
        ]
        solid = [p for p in single if p.tokens[0].kind == "D" and p.head not in GROUNDS] or [
            p for p in single if p.words
        ]
        things = (
            solid or single or [p for p in apart if not p.is_human] or [p for p in free if not p.is_human]
        )
        return bool(things) and target.is_in(things[0])
    if low in THEY:
        pool = free if low in ("each other", "one another", "they", "themselves") else apart
        many = [
            p
            for p in pool
            if _is_many(p) and (p.is_animate or low not in ("they", "themselves", "each other"))
        ]
        many = many or [p for p in pool if _is_many(p)]
        if many:
            return target.is_in(many[-1])
        several = [g for g in subjects if len(g.members) > 1]
        if low == "they" and target.is_human and not several:
            return any(map(target.is_in, free))  # "a nun as they ride on a track"
        return bool(several) and any(target.is_in(m) for m in several[-1].members)
    if low in _SOME:
        if target.is_human and low == "others":
            return True
        first = next((p for p in free if p.is_animate or p.words), None)
        near = next((p for p in reversed(free) if p.words and p.is_plural), first)
        chosen = first if first is not None and (first.is_animate or near is None) else near
        return chosen is not None and target.is_in(chosen)
    return False


def _is_many(phrase: Phrase) -> bool:
    """Whether a phrase is of several, or of a herd."""
    herd = any(token.low in QUANTITIES for token in phrase.tokens[:-1]) and looks_plural(phrase.head)
    return phrase.is_plural or herd or phrase.head in HUMAN_NOUNS


def _owner_is_target(low: str, earlier, target: Target) -> bool:
    somebody = next((i for i, (p, _) in enumerate(earlier) if p.low in _SOMEBODY), None)
    if low == "their" and somebody is not None and not any(p.is_plural for p, _ in earlier[somebody + 1 :]):
        return target.is_human  # "someone on their bed looking at their laptop"
    free = [p for p, _ in earlier if p.tokens and not p.is_pronoun]
    if low == "its":
        fitting = [p for p in free if not p.is_human and not p.is_plural]
        animals = [p for p in fitting if p.is_animate] or [p for p in fitting if p.words]
        fitting = animals or fitting
        return (
            bool(fitting)
            and target.is_in(fitting[-1])
            or (not fitting and bool(free) and target.is_in(free[-1]))
        )
    fitting = (
        [p for p in free if p.is_animate and (p.is_plural or p.is_human)]
        or [p for p in free if p.is_plural]
        or free
    )
    return bool(fitting) and target.is_in(fitting[-1])
