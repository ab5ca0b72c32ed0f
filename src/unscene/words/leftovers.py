"""What stays of something that is taken out of a caption, put together as a noun phrase."""

from dataclasses import dataclass, replace

from unscene.words.rows import join_rows
from unscene.words.scene_lists import (
    ACTIVITIES,
    CONCRETE,
    CONDITIONS,
    FIXED,
    GROUNDS,
    HOLDERS,
    LARGE,
    LARGE_WORDS,
    MORE_BODY,
    MORE_CLOTHES,
    NEARNESS,
    NO_PLACE,
    ROOMS,
    SCENERY,
    SMALL,
    SURFACES,
    WAYS,
    WITHIN,
)
from unscene.words.tokens import Token
from unscene.words.tree import Group, Loose, Phrase, Prep, walk


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
    chain: int = 0
    moved: bool = False
    apart: bool = False


def compose(items: list[Item]) -> Group | None:
    """Return items as one noun phrase: things in a row, what is near its thing joined by its
    preposition, the ground behind.
    """
    heads: list[Group] = []
    grounds: list[Item] = []
    last: Group | None = None
    placed: list[tuple[str, str]] = []
    chain = 0
    content = False
    conditions: list[Item] = []
    named: set[str] = set()
    for item in items:
        if item.kind == "ground" and item.prep == "along":
            if last is not None and last.head in _LINES:
                last.mods.append(Prep("along", item.group))  # "a track along the beach"
                continue
            item = replace(item, prep=get_place_prep("along", item.group))
        first = item.group.members[0]
        again = item.kind == "thing" and first.low == f"the {item.group.head}" and item.group.head in named
        named.add(item.group.head)
        if again and len(items) > 1:
            continue  # "with nuns on the cart" behind a cart
        if item.kind == "condition":
            if all(item.group.head != other.group.head for other in conditions):
                conditions.append(item)
        elif (
            last is not None
            and item.kind == "ground"
            and grounds
            and last is grounds[-1].group
            and (
                item.moved
                or (item.chain != chain and item.prep in ("on", "at", "in"))
                or (item.prep == grounds[-1].prep and item.prep in NEARNESS)
            )
        ):
            heads += [ground.group for ground in grounds]  # "over a street onto a field"
            heads.append(item.group)
            grounds, last = [], item.group
        elif last is not None and item.kind == "ground" and item.prep:
            first = (
                bool(grounds) and last is grounds[-1].group and len(placed) == 1
            )  # "grass in the mountains"
            first = (
                first and item.group.head not in ("background", "foreground") and item.prep in ("in", "on")
            )
            if (
                last.head in ("sky", "skies")
                and item.prep in ("in", "on", "at")
                and item.group.head != "background"
            ):
                heads.append(item.group)  # "looks up at the sky in a pen"
                continue
            within = [prep for prep, _ in placed[-2:]] == ["in", "in"]
            first = first or (item.prep == "in" == placed[-1][0] and not within if placed else False)
            if (item.prep, item.group.head) not in placed and all(
                prep != item.prep or prep == "near" or first for prep, _ in placed
            ):
                last.mods.append(Prep(item.prep, item.group))
            placed.append((item.prep, item.group.head))
        elif (
            last is not None
            and item.prep
            and item.joins
            and (item.chain == chain or (content and item.prep in WITHIN))
            and _can_join(last, item, grounds)
        ):
            last.mods.append(Prep(item.prep, item.group))
        elif item.kind == "ground" and last is None and not heads:
            last = item.group
            grounds.append(item)
            placed.append((item.prep, item.group.head))
        else:
            if grounds and last is grounds[-1].group:
                if item.apart or has_own_place(item.group) or _may_hold(item):  # "on a mat watching a bird"
                    heads += [ground.group for ground in grounds]
                    grounds = []
                last = None
            if item.chain != chain:
                placed = []  # another one is elsewhere: "rocks and a mule on a trail"
            heads.append(item.group)
            last = item.group
        chain = item.chain
        content = item.prep == "of"  # "a vase of tulips stands on a desk"
    for ground in grounds:
        if heads and ground.group.head in ("sky", "skies"):
            heads.insert(0, ground.group)  # "flying in the sky over some trees"
            continue
        if heads and heads[-1].head in FIXED and ground.group.head in ("floor", "ground"):
            heads.insert(0, ground.group)  # a mirror that somebody on the floor looks into
            continue
        if heads and _is_on_ground(heads[-1]):
            heads.insert(0, ground.group)  # "swimming in a bay with two chairs on the beach"
        elif heads:
            heads[-1].mods.append(Prep(ground.prep or "in", ground.group))
        else:
            heads.append(ground.group)
    if not heads:
        if not conditions:
            return None
        if conditions[0].prep == "during":
            return conditions[0].group
        scene = Group([Phrase([Token("a", "D"), Token("scene", "W")])])
        scene.mods += [Prep(item.prep, item.group) for item in conditions]
        return scene
    result = heads[0]
    for head in heads[1:]:
        result = join_rows(result, head)
    result.mods += [Prep(item.prep, item.group) for item in conditions]
    return result


# What runs along something.
_LINES = frozenset({"track", "tracks", "rails", "railroad", "road", "street", "path", "trail", "lane"})
_LINES |= {"highway", "freeway", "sidewalk", "walkway", "boardwalk", "promenade", "canal", "driveway"}


def _is_on_ground(group: Group) -> bool:
    """Whether it is said on what ground things are."""
    return any(
        isinstance(mod, Prep)
        and mod.low in ("on", "in")
        and mod.group is not None
        and mod.group.head in GROUNDS - {"floor", "ground"}
        for node in (group, group.members[-1])
        for mod in node.mods
    )


def _can_join(last: Group, item: Item, grounds: list[Item]) -> bool:
    """Whether what stood there leaves its relation to what is left: not `a window on a table`."""
    if item.prep == "at" and last.head in GROUNDS and not list_words(item.group):
        return True  # "in a pool at a resort"
    name = item.group.members[0].tokens[-1].text
    if item.prep == "in" and last.head in GROUNDS and name.istitle():
        return True  # "on a street in Seattle"
    if grounds and last is grounds[-1].group and item.prep == "with":
        if has_own_place(item.group) or grounds[-1].prep in _OFF_IT:
            return True
        return item.group.head in SCENERY or last.head in ROOMS
    if last.head in GROUNDS and not list_words(last) and item.prep in WITHIN:
        return False
    if (
        grounds
        and last is grounds[-1].group
        and grounds[-1].prep in ("in", "inside")
        and last.head in _INDOORS
    ):
        return item.prep not in NEARNESS or item.group.head in GROUNDS  # what is next to who is in a room
    return not (item.prep in WITHIN and not is_small(last) and last.head in FIXED)


_INDOORS = ROOMS | {
    "living room",
    "dining room",
    "hall",
    "hallway",
    "lobby",
    "lounge",
    "classroom",
    "basement",
}
_INDOORS |= {"cafe", "bar", "bakery", "library", "museum", "church", "gym"}
_FAR = frozenset({"distance", "background", "foreground", "side", "left", "right", "sides"})
# Who is there is not at the place itself.
_OFF_IT = frozenset({"above", "over", "below", "behind", "beyond"})
_ELSEWHERE = frozenset({"above", "overhead", "nearby", "behind", "below", "beyond", "around"})


def _may_hold(item: Item) -> bool:
    """Whether a thing that no list knows may be where the place before is: `on a lane in a hamlet`."""
    known = SMALL | LARGE | HOLDERS | SCENERY
    return item.prep in ("in", "on") and not list_words(item.group) and item.group.head not in known


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
