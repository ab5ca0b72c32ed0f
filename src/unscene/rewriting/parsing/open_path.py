"""The open nodes of a caption that is read, and which of them a new chunk hangs on."""

from unscene.rewriting.parsing.chunks import Chunk
from unscene.rewriting.parsing.tree import Group, Phrase, Prep, Verb
from unscene.rewriting.scene_lists import (
    ANIMATE_VEHICLES,
    GROUNDS,
    LEADING,
    MORE_BODY,
    MORE_CLOTHES,
    NEARNESS,
    VEHICLES,
    WITHIN,
)
from unscene.words.caption_words import PICTURES
from unscene.words.verb_lists import PLACING, WITH_TOOL

_OF_HOUSES = frozenset(
    {"door", "doors", "window", "windows", "roof", "chimney", "porch", "columns", "shutters"}
)
_CHURCHES = frozenset({"church", "cathedral", "chapel", "abbey", "monastery", "castle", "mosque", "temple"})
_OF_CHURCHES = _OF_HOUSES | {"tower", "towers", "clock tower", "clock towers", "bell tower", "steeple"}
_OF_CHURCHES |= {"spire", "spires", "dome", "domes", "turret", "turrets", "belfry"}
_STILL_VEHICLES = VEHICLES - ANIMATE_VEHICLES
_HUNG = frozenset({"graffiti", "writing", "mural", "pictures", "posters", "paintings", "signs"})
# What stands for something before.
SAME_AGAIN = frozenset(
    {"each other", "one another", "it", "them", "him", "her", "itself", "himself", "themselves"}
)


# Where something is on a thing that need not be named.
SIDES = frozenset({"side", "left", "right", "front", "back", "top", "bottom", "end", "middle", "center"})


def _is_bare_plural(phrase: Phrase) -> bool:
    return phrase.is_plural and bool(phrase.tokens) and phrase.tokens[0].kind != "D"


class OpenPath:
    """Where the next chunk of a caption can hang.

    chunks: the caption's. path: the open nodes, from the group of the clause to the last group; a chunk
    hangs on one of them, and what stands below that one is closed. relative: the subject of an open
    relative clause.
    """

    def __init__(self, chunks: list[Chunk]):
        self.chunks = chunks
        self.path: list = []
        self.relative: Group | None = None

    def kind_at(self, place: int) -> str:
        """Return the kind of the chunk at a place; empty outside the caption."""
        return self.chunks[place].kind if 0 <= place < len(self.chunks) else ""

    def is_finite_at(self, place: int) -> bool:
        """Whether a verb stands at a place that can be the verb of a sentence."""
        return self.kind_at(place) == "V" and Verb(self.chunks[place].tokens).is_finite

    def skip_phrase(self, place: int) -> int:
        """Return the place after a noun phrase with its prepositions."""
        place += 1
        while self.kind_at(place) == "P" and self.kind_at(place + 1) == "NP":
            place += 2
        return place

    def row_goes_on(self, place: int) -> bool:
        """Whether an `and` closes the row that a comma has opened."""
        place += 1
        while self.kind_at(place) in ("NP", "P", "A", "V") or (
            self.kind_at(place) == "C" and self.chunks[place].low == ","
        ):
            if self.kind_at(place) == "V" and self.is_finite_at(place):
                return False
            place += 1
        return self.kind_at(place) == "C" and self.kind_at(place + 1) == "NP"

    def find_row(self, phrase: Phrase, finite: bool, singular: bool) -> int:
        """Return where in the path the row is that a noun phrase goes on.

        finite, singular: of the verb behind the phrase.
        """
        groups = [i for i, node in enumerate(self.path) if isinstance(node, Group)]
        root = self.path[groups[0]]
        if phrase.is_pronoun or (finite and (phrase.is_animate or not (root.is_animate or singular))):
            return groups[0]
        groups = [i for i in groups if not self.path[i].members[-1].is_pronoun] or groups
        clothes = self.find_clothes(phrase)
        if clothes is not None:
            return clothes
        before = self.path[groups[-1] - 1] if groups[-1] else None
        if (
            phrase.head in MORE_BODY
            and phrase.tokens[0].kind == "W"
            and self.path[groups[-1]].head in MORE_BODY
        ):
            return groups[-1]  # "a photo of a mule's neck and face"
        within = isinstance(before, Prep) and before.low in ("between", "in between")
        bare_too = _is_bare_plural(phrase) and _is_bare_plural(self.path[groups[-1]].members[-1])
        if within and (bare_too or not self.path[groups[-1]].is_plural):
            return groups[-1]  # "between a woman and a dog", "between buses and cars"

        last = self.path[groups[-1]].members[-1]
        with_it = isinstance(before, Prep) and before.low == "with" and _is_bare_plural(last)
        if with_it and last.is_animate and phrase.tokens[0].kind == "W" and not finite:
            return groups[-1]  # "a hill with giraffes and antelope"

        def fits(i: int) -> bool:
            group = self.path[i]
            if phrase.is_human:
                return group.is_human
            if phrase.words & ANIMATE_VEHICLES and group.members[-1].words & _STILL_VEHICLES:
                return True  # "by a plane and a car"
            if phrase.is_animate:
                return group.is_animate
            return not group.is_animate

        fitting = [i for i in reversed(groups) if fits(i)]
        if phrase.head not in SIDES:  # "a tub on the side and a sink"
            fitting = [i for i in fitting if self.path[i].members[-1].head not in SIDES] or fitting
        if phrase.is_animate:  # "a man on a horse and a dog"
            fitting = [i for i in fitting if not i or not self._is_within(i)] or fitting
        if phrase.is_animate and not phrase.is_human:
            carried = [
                i
                for i in reversed(groups)
                if i and isinstance(self.path[i - 1], Prep) and self.path[i - 1].low == "with"
            ]
            fitting = [i for i in carried if not self.path[i].is_human] or fitting
        opened = [
            i for i in fitting if self.path[i].links and all(link == "," for link in self.path[i].links)
        ]
        if opened:  # "with a globe, mugs on a nail and two lamps"
            return opened[0]
        if not fitting:
            return groups[-1] if not phrase.is_animate or len(groups) == 1 else groups[-1]
        best = fitting[0]
        governor = self.path[best - 1] if best else None
        has_article = phrase.tokens[0].kind == "D"
        if (
            isinstance(governor, Prep)
            and governor.low == "of"
            and has_article
            and self.path[best].members[0].tokens[0].kind != "D"
            and len(fitting) > 1
        ):
            return fitting[1]
        bare = phrase.is_plural and not has_article and isinstance(governor, Prep) and governor.low in WITHIN
        if bare and self.path[best].members[0].tokens[:1] and not self.path[best].is_plural:
            alike = [i for i in fitting[1:] if _is_bare_plural(self.path[i].members[-1])]
            if alike:  # "with tulips on the table and plants by the window"
                return alike[0]
        return best

    def find_clothes(self, phrase: Phrase) -> int | None:
        """Return where in the path the clothes are that a phrase goes on: `in a white shirt, a hat`."""
        if phrase.head not in MORE_CLOTHES or phrase.words:
            return None
        for i in range(len(self.path) - 1, 0, -1):
            node, governor = self.path[i], self.path[i - 1]
            worn = isinstance(governor, Prep) and governor.low in ("in", "with")
            if isinstance(node, Group) and worn and node.members[-1].head in MORE_CLOTHES:
                return i
        return None

    def _is_within(self, index: int) -> bool:
        governor = self.path[index - 1]
        return isinstance(governor, Prep) and governor.low in WITHIN

    def find_governor_of_prep(self, prep: Prep, place: int) -> int:
        """Return where in the path a preposition hangs."""
        top = len(self.path) - 1
        node = self.path[top]
        if not isinstance(node, Group) or top == 0 or prep.low == "of":
            return top
        follower = self.chunks[place + 1]
        if follower.low in SAME_AGAIN and prep.low != "with":
            return top
        if follower.tokens[-1].low in ("background", "foreground", "distance"):
            return top
        if prep.low in ("to", "into") and node.head in LEADING:
            return top
        if follower.low == "captivity" and node.is_animate:
            return top  # "feeding figs to a mule in captivity"
        named_again = (
            self.kind_at(place + 2) == "P"
            and self.kind_at(place + 3) == "NP"
            and self.chunks[place + 3].low in ("it", "them")
        )
        if prep.low == "with" and named_again and not node.is_animate:
            return top  # "next to a building with a clock on it"
        above = self.path[top - 1]
        standing = [self.kind_at(place + i) for i in range(2, 5)] == ["V", "P", "NP"]
        if prep.low == "with" and standing and follower.is_human and not node.is_animate:
            beside = isinstance(above, Prep) and above.low in NEARNESS
            if beside and self.chunks[place + 3].low == "on" and self.chunks[place + 4].low == "it":
                return top  # "next to a platform with nuns standing on it"
        return self._governor_above(prep, place, top)

    def _governor_above(self, prep: Prep, place: int, top: int) -> int:
        """Return where a preposition hangs that may hang on the group at `top` of the path or above."""
        if top <= 0 or not isinstance(self.path[top], Group):
            return max(top, 0)
        node, governor = self.path[top], self.path[top - 1]
        mentions = any(token.word for token in self.chunks[place + 1].tokens)
        if node.is_human and mentions and prep.low in ("on", "in", "with"):
            return top  # "past a man on a bicycle"
        noun = self.chunks[place + 1].tokens[-1].low
        looks = noun in MORE_CLOTHES | MORE_BODY | {"look"}
        if prep.low == "on" and noun in ("leash", "leashes") and node.is_animate and not node.is_human:
            return top  # "next to a dog on a leash"
        if prep.low == "on" and noun in ("wall", "walls") and node.head in _HUNG:
            return top  # "near graffiti on a wall"
        if noun in ("tracks", "rails") and node.members[-1].words & {"train"}:
            return top  # "beside a train on the tracks"
        if isinstance(governor, Prep):
            if governor.low == "of":
                held = self.path[top - 2] if top >= 2 else None
                if isinstance(held, Group) and held.head in PICTURES | {"close up", "close-up"}:
                    return top
                if looks:
                    return top
                return self._governor_above(prep, place, top - 2)
            tool = isinstance(self.path[top - 2], Verb) and bool(self.path[top - 2].objects)
            if (
                governor.low == "with"
                and (prep.low in WITHIN or noun in MORE_BODY)
                and not tool
                and (noun not in GROUNDS or noun in ("air", "sky"))
            ):
                return top  # "with a bat in his hand", "with a dog in the back"
            if (
                governor.low == "at"
                and prep.low in WITHIN
                and noun not in GROUNDS
                and not self._is_seat(node)
            ):
                return top  # "at a ball on a tee"
            if looks and prep.low in ("with", "in"):
                return self.find_animate(top, default=top)
            return self._above(top, prep, place)
        if isinstance(governor, Verb):
            stem = governor.stem
            if stem in PLACING and prep.low in WITHIN | {"near", "next to"}:
                return top
            if prep.low == "with" and not looks and stem not in WITH_TOOL:
                return top
            if noun in MORE_BODY and prep.low != "with":
                return top  # "a phone in her hand"
            if looks and prep.low in ("with", "in", "on"):
                return top if node.is_animate else self.find_animate(top, default=top - 1)
            return top - 1
        return top

    def _is_seat(self, group: Group) -> bool:
        return group.head in GROUNDS or any(
            member.words & {"dining table", "bench"} for member in group.members
        )

    def _above(self, top: int, prep: Prep, place: int) -> int:
        """Return the node that the preposition before hangs on: both tell of the same thing."""
        upper = top - 2
        if upper < 0:
            return top
        node = self.path[top]
        if prep.low == "with" and node.head in _CHURCHES:
            last = self.chunks[place + 1].tokens[-1].low
            return top if last in _OF_CHURCHES else upper  # "in front of a church with a tower"
        if (
            prep.low == "with"
            and not node.is_animate
            and node.head
            in ("table", "room", "kitchen", "bathroom", "bedroom", "building", "house", "desk", "tower")
            and (self.path[0].is_animate is False or self.chunks[place + 1].tokens[-1].low in _OF_HOUSES)
        ):
            return top
        return upper

    def find_animate(self, top: int, default: int) -> int:
        """Return where in the path the last living group up to a place is."""
        return next(
            (i for i in range(top, -1, -1) if isinstance(self.path[i], Group) and self.path[i].is_animate),
            default,
        )

    def find_governor_of_linked(self, verb: Verb) -> int:
        """Return what a second verb tells of: the same as the last one of its form."""
        for i in range(len(self.path) - 1, -1, -1):
            node = self.path[i]
            if isinstance(node, Group) and any(
                isinstance(m, Verb) and (m.form == verb.form or (m.is_finite and verb.form in ("ing", "en")))
                for m in node.mods
            ):
                return i
        return 0

    def has_finite_soon(self, place: int) -> bool:
        """Whether a noun phrase, with what hangs on it, has a finite verb."""
        while self.kind_at(place) in ("NP", "P", "A", "C"):
            place += 1
        return self.kind_at(place) == "V"

    def find_last_group(self) -> int:
        """Return where in the path the last group is."""
        return max(i for i, node in enumerate(self.path) if isinstance(node, Group))
