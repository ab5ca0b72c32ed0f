"""Items: what stays of something that is taken out of a caption, and what can be asked of them."""

from dataclasses import dataclass

from unscene.rewriting.parsing.tree import Group, Loose, Phrase, Prep, Verb, walk
from unscene.rewriting.scene_lists import (
    ACTIVITIES,
    CONCRETE,
    CONDITIONS,
    GROUNDS,
    LARGE,
    LARGE_WORDS,
    MORE_BODY,
    MORE_CLOTHES,
    NEARNESS,
    NO_PLACE,
    SMALL,
    SURFACES,
    WAYS,
    WITHIN,
)


@dataclass
class Item:
    """What stays of something that is gone. prep: how it was joined, empty for an object. kind:
    thing, ground or condition. joins: whether the preposition is true of the item before, too. chain:
    the verb by which it was met. moved: whether the preposition says where something went. apart:
    whether it need not be at the place where who is gone was.
    """

    kind: str
    group: Group
    prep: str = ""
    joins: bool = False
    chain: Verb | None = None
    moved: bool = False
    apart: bool = False


_FAR = frozenset({"distance", "background", "foreground", "side", "left", "right", "sides"})
_ELSEWHERE = frozenset({"above", "overhead", "nearby", "behind", "below", "beyond", "around"})


def has_own_place(group: Group) -> bool:
    """Whether it is said of things where in the photo they are: `wires above`, `a nun in the foreground`."""
    mods = [mod for node in (group, *group.members) for mod in node.mods]
    return any(
        (isinstance(mod, Prep) and mod.group is not None and mod.group.head in _FAR)
        or (isinstance(mod, Loose) and mod.text.lower() in _ELSEWHERE)
        for mod in mods
    )


def free_prep(mod: Prep) -> Prep | None:
    """Return the preposition of a verb that is gone as it is true of its subject."""
    group = mod.group
    if is_looks_only(group) or mod.low in NO_PLACE or (group.head == "air" and mod.low in ("out of", "from")):
        return None
    if any(m.head in CONDITIONS for m in group.members) or mod.low == "during":
        return Prep("in", group) if mod.low == "through" else mod
    if group.head in SURFACES and mod.low == "over":
        return Prep("on", group)
    if group.head in SURFACES and mod.low in ("on", "on top of") and not is_small(group):
        return mod
    if group.head in GROUNDS and mod.low in WITHIN | NEARNESS | {"with"}:
        return mod
    if group.head in GROUNDS and mod.low in WAYS:
        return Prep(get_place_prep(mod.low, group), group)
    if has_nothing(group):
        return None
    if (
        mod.low in NEARNESS
        or mod.low == "with"
        or (mod.low == "at" and ("dining table" in list_words(group) or group.head == "desk"))
    ):
        return mod
    return Prep("with" if is_small(group) else "near", group)


def get_place_prep(prep: str, group: Group) -> str:
    """Return the preposition with which a ground is a place: `down a street` -> `on a street`."""
    if prep not in WAYS and prep:
        return prep
    if prep == "along" and group.head in (
        "river",
        "canal",
        "stream",
        "creek",
        "coast",
        "coastline",
        "shoreline",
    ):
        return "by"
    if prep not in ("around", "") and WAYS[prep] not in ("on", "in"):
        return WAYS[prep]
    if group.head in SURFACES:
        return "on"
    return "in"


def list_places(items: list[Item]) -> list[Prep]:
    """Return grounds and conditions as the places that they are."""
    return [Prep(get_place_prep(item.prep, item.group), item.group) for item in items]


def is_small(group: Group) -> bool:
    """Return whether things are small enough to stand on, or hang from, another one."""
    words = set().union(*(m.words for m in group.members))
    if not words and group.head not in SMALL:
        return False
    return not words & LARGE_WORDS and group.head not in GROUNDS | LARGE


# what hangs on something that is gone


def is_looks_only(group: Group) -> bool:
    return all(
        m.is_pronoun or (not m.words and m.head in MORE_BODY | MORE_CLOTHES and not is_concrete(m))
        for m in group.members
    )


def is_concrete(phrase: Phrase) -> bool:
    """Whether a noun that is mostly no thing is one by the word before it: `a glass case`."""
    return " ".join(token.low for token in phrase.tokens[-2:]) in CONCRETE


def has_nothing(group: Group) -> bool:
    return all(
        not m.words and ((m.head in ACTIVITIES and not is_concrete(m)) or m.is_pronoun) for m in group.members
    )


# what is left, as one group


def list_words(group: Group | Phrase) -> set[str]:
    if isinstance(group, Phrase):
        return group.words
    return {word for member in group.members for word in member.words}


def add_to_scene(host: Group | Phrase | None, items: list[Item]) -> None:
    """Hang what stays of something that is gone on a group that stays."""
    if host is None:
        return
    taken = any(
        isinstance(node, Prep) and node.group is not None and node.group.head in GROUNDS
        for node in walk(host)
    )
    named = {node.head for node in walk(host) if isinstance(node, Phrase)}
    placed = any(isinstance(node, Prep) and node.low in ("on", "in") for node in walk(host))
    for item in items:
        first = item.group.members[0]
        if first.tokens and first.tokens[0].low == "the" and item.group.head in named:
            continue  # it is told of already
        if placed and item.kind == "ground" and item.group.head in ("floor", "ground"):
            continue  # "a cat lies on a mat and a dog on the floor"
        if item.kind == "thing":
            host.mods.append(Prep("near", item.group))
        elif item.kind == "ground" and not taken or item.kind == "condition" and item.prep in ("in", "at"):
            host.mods.append(Prep("near" if item.moved else item.prep or "in", item.group))
            taken = True
