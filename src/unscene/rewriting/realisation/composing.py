"""Puts what stays of something that is taken out of a caption together as a noun phrase."""

from dataclasses import replace

from unscene.rewriting.marking.leftovers import Item, get_place_prep, has_own_place, is_small, list_words
from unscene.rewriting.marking.target import Target
from unscene.rewriting.parsing.tree import Group, Phrase, Prep, Verb
from unscene.rewriting.realisation.rows import join_rows
from unscene.rewriting.scene_lists import (
    FIXED,
    GROUNDS,
    HOLDERS,
    LANDMARKS,
    LARGE,
    NEARNESS,
    ROOMS,
    SCENERY,
    SMALL,
    TRAVELLED,
    WITHIN,
)
from unscene.rewriting.tagging.tokens import Token

# What runs along something.
_LINES = frozenset({"track", "tracks", "rails", "railroad", "road", "street", "path", "trail", "lane"})
_LINES |= {"highway", "freeway", "sidewalk", "walkway", "boardwalk", "promenade", "canal", "driveway"}
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
# What a building has, and nobody who stands by it: `next to a house with white trim`.
_OF_BUILDINGS = frozenset(
    {"trim", "trims", "trimming", "tower", "towers", "steeple", "roof", "columns", "pillars", "balcony"}
)
_OF_BUILDINGS |= {"balconies", "shutters", "awning", "awnings", "chimney", "chimneys", "dome", "domes"}
# Who is there is not at the place itself.
_OFF_IT = frozenset({"above", "over", "below", "behind", "beyond"})
_SKIES = frozenset({"sky", "skies"})


def compose(items: list[Item], target: Target) -> Group | None:
    """Return items as one noun phrase: things in a row, what is near its thing joined by its
    preposition, the ground behind.
    """
    row = _Row(target)
    for item in items:
        row.add(item, is_only=len(items) == 1)
    return row.finish()


class _Row:
    """The row of things that is being put together.

    heads: its things. grounds: places that hang on no thing yet. last: what the next item can hang on.
    placed: the prepositions and places that hang on the last thing. chain: the verb of the last item.
    is_content: whether the last item is what is in a thing: `a vase of tulips`.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.heads: list[Group] = []
        self.grounds: list[Item] = []
        self.conditions: list[Item] = []
        self.last: Group | None = None
        self.placed: list[tuple[str, str]] = []
        self.chain: Verb | None = None
        self.is_content = False
        self.named: set[str] = set()

    def add(self, item: Item, is_only: bool) -> None:
        """Hang an item on the last one, or put it into the row."""
        if item.kind == "ground" and item.prep == "along":
            if self.last is not None and self.last.head in _LINES:
                self.last.mods.append(Prep("along", item.group))  # "a track along the beach"
                return
            item = replace(item, prep=get_place_prep("along", item.group))
        if self._is_told_of(item) and not is_only:
            return  # "with nuns on the cart" behind a cart
        if self._is_under_sky(item):
            self.heads.append(item.group)  # "looks up at the sky in a pen"
            return
        if item.kind == "condition":
            if all(item.group.head != other.group.head for other in self.conditions):
                self.conditions.append(item)
        elif self._leads_on(item) or self._stands_off(item):
            self._close_grounds()  # "over a street onto a field"
            self.heads.append(item.group)
            self.last = item.group
        elif item.kind == "ground" and item.prep and self.last is not None:
            if self._takes_place(item):
                self.last.mods.append(Prep(item.prep, item.group))
            self.placed.append((item.prep, item.group.head))
        elif self.last is not None and self._joins_last(item):
            self.last.mods.append(Prep(item.prep, item.group))
        elif item.kind == "ground" and self.last is None and not self.heads:
            self.last = item.group
            self.grounds.append(item)
            self.placed.append((item.prep, item.group.head))
        else:
            self._add_head(item)
        self.chain = item.chain
        self.is_content = item.prep == "of"  # "a vase of tulips stands on a desk"

    def finish(self) -> Group | None:
        """Return the row with its places behind; None when it is empty."""
        for ground in self.grounds:
            self._place(ground)
        if not self.heads:
            return self._make_scene()
        result = self.heads[0]
        for head in self.heads[1:]:
            result = join_rows(result, head)
        result.mods += [Prep(item.prep, item.group) for item in self.conditions]
        return result

    @property
    def _is_on_last_ground(self) -> bool:
        """Whether the next item would hang on a place."""
        return bool(self.grounds) and self.last is self.grounds[-1].group

    def _is_told_of(self, item: Item) -> bool:
        """Whether a thing is named again with its article."""
        head = item.group.head
        again = item.kind == "thing" and item.group.members[0].low == f"the {head}" and head in self.named
        self.named.add(head)
        return again

    def _is_under_sky(self, item: Item) -> bool:
        """Whether it is said in what place somebody looked at the sky."""
        under = self.last is not None and self.last.head in _SKIES and item.prep in ("in", "on", "at")
        place = item.kind == "ground" and item.group.head != "background"
        return under and place and not self._leads_on(item)

    def _leads_on(self, item: Item) -> bool:
        """Whether a place is another one than the place before, and not in that."""
        if item.kind != "ground" or not self._is_on_last_ground:
            return False
        if item.moved or (item.chain is not self.chain and item.prep in ("on", "at", "in")):
            return True
        return item.prep == self.grounds[-1].prep and item.prep in NEARNESS

    def _close_grounds(self) -> None:
        """Make things of the places that hang on none."""
        self.heads += [ground.group for ground in self.grounds]
        self.grounds = []

    def _takes_place(self, item: Item) -> bool:
        """Whether what came last is said to be at a place that is not said of it yet."""
        if (item.prep, item.group.head) in self.placed:
            return False
        preps = [prep for prep, _ in self.placed]
        inner = self._is_on_last_ground and len(preps) == 1 and item.prep in ("in", "on")
        inner = inner and item.group.head not in ("background", "foreground")  # "grass in the mountains"
        inner = inner or (item.prep == "in" and preps[-1:] == ["in"] and preps[-2:] != ["in", "in"])
        return inner or all(prep != item.prep or prep == "near" for prep in preps)

    def _joins_last(self, item: Item) -> bool:
        """Whether a thing hangs on the last one by its preposition."""
        if not item.prep or not item.joins or self.last is None:
            return False
        of_same = item.chain is self.chain or (self.is_content and item.prep in WITHIN)
        return of_same and _can_join(self.last, item, self.grounds)

    def _stands_off(self, ground: Item, last: Group | None = None) -> bool:
        """Whether the last thing does not stand where what is gone moved: no tower is on the runway on which
        a plane passes it.
        """
        last = last or self.last
        if ground.kind != "ground" or last is None or last.head not in LANDMARKS or list_words(last):
            return False
        amid = ground.prep in _MIDST and ground.group.head not in _WIDE
        if not amid and not (ground.prep in _UPON and ground.group.head in TRAVELLED):
            return False
        self.target.note("landmark")
        return True

    def _add_head(self, item: Item) -> None:
        """Put a thing into the row."""
        apart = item.apart or has_own_place(item.group) or _may_hold(item)
        if self._is_on_last_ground and apart:
            self._close_grounds()  # "on a mat watching a bird"
        if item.chain is not self.chain:
            self.placed = []  # another one is elsewhere: "rocks and a mule on a trail"
        self.heads.append(item.group)
        self.last = item.group

    def _place(self, ground: Item) -> None:
        """Hang a place on the last thing; or put it before the things that need not be there."""
        if not self.heads:
            self.heads.append(ground.group)
            return
        head, last = ground.group.head, self.heads[-1]
        # "flying in the sky over some trees"; a mirror that somebody on the floor looks into
        apart = head in _SKIES or (last.head in FIXED and head in ("floor", "ground"))
        on_ground = _is_on_ground(last)  # "swimming in a bay with two chairs on the beach"
        if apart or on_ground or self._stands_off(ground, last):
            self.heads.insert(0, ground.group)
        else:
            last.mods.append(Prep(ground.prep or "in", ground.group))

    def _make_scene(self) -> Group | None:
        """Return `a scene at night` for conditions alone."""
        if not self.conditions:
            return None
        if self.conditions[0].prep == "during":
            return self.conditions[0].group
        scene = Group([Phrase([Token("a", "D"), Token("scene", "W")])])
        scene.mods += [Prep(item.prep, item.group) for item in self.conditions]
        return scene


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


_UPON = frozenset({"on", "in", "on top of", "at", "inside", "upon", "atop"})
_MIDST = frozenset({"in the middle of", "in the center of"})
# In the midst of these there are landmarks.
_WIDE = frozenset({"city", "town", "village", "downtown", "desert", "forest", "woods", "mountains"})


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
        part = item.group.head.split()[-1] in _OF_BUILDINGS  # "a building with a clock tower"
        return part or item.group.head in SCENERY or last.head in ROOMS
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


def _may_hold(item: Item) -> bool:
    """Whether a thing that no list knows may be where the place before is: `on a lane in a hamlet`."""
    known = SMALL | LARGE | HOLDERS | SCENERY
    return item.prep in ("in", "on") and not list_words(item.group) and item.group.head not in known
