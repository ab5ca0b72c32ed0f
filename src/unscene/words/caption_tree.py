"""Puts the chunks of a caption into its tree: where each hangs."""

from unscene.words.caption_words import PICTURES
from unscene.words.chunks import Chunk, make_chunks
from unscene.words.follower_words import ANIMALS
from unscene.words.reading import read_tokens
from unscene.words.scene_lists import (
    ACTIVITIES,
    CONDITIONS,
    GROUNDS,
    MORE_BODY,
    MORE_CLOTHES,
    NEARNESS,
    PARTS,
    WITHIN,
)
from unscene.words.tokens import Token
from unscene.words.tree import Clause, Group, Loose, Mod, Phrase, Prep, Verb, list_mods
from unscene.words.verb_lists import LOOKING, PLACING, STILL, WITH_TOOL
from unscene.words.vocabulary import Vocabulary

_GIVING = frozenset(
    {"give", "feed", "throw", "show", "offer", "hand", "bring", "serve", "pass", "toss", "teach"}
)
_DONE_BY_SOMEBODY = frozenset(
    {"wear", "hold", "read", "eat", "look", "watch", "drink", "smile", "gaze", "stare"}
)
_OF_HOUSES = frozenset(
    {"door", "doors", "window", "windows", "roof", "chimney", "porch", "columns", "shutters"}
)
_NEAR = frozenset(
    {"each other", "one another", "it", "them", "him", "her", "itself", "himself", "themselves"}
)
_SEPARATORS = frozenset({":", "-", ".", "!", "?", "\u2013", "\u2014", "...", "|"})


def read_caption(caption: str, vocabulary: Vocabulary) -> list[Clause]:
    """Return the clauses of a caption."""
    return build_clauses(read_tokens(caption, vocabulary))


def build_clauses(tokens: list[Token]) -> list[Clause]:
    """Return the clauses that a caption's tokens make."""
    return _Reader(make_chunks(tokens)).read()


def _is_bare_plural(phrase: Phrase) -> bool:
    return phrase.is_plural and bool(phrase.tokens) and phrase.tokens[0].kind != "D"


class _Reader:
    """Puts the chunks of a caption into a tree, from left to right.

    path: the open nodes, from the group of the clause to the last group; a chunk hangs on one of
    them, and what stands below that one is closed.
    """

    def __init__(self, chunks: list[Chunk]):
        self.chunks = chunks
        self.clauses = [Clause()]
        self.path: list = []
        self.opener = ""
        self.of_last = False
        self.to_pronoun = False
        self.relative: Group | None = None

    def read(self) -> list[Clause]:
        place = 0
        while place < len(self.chunks):
            step = getattr(self, f"_read_{self.chunks[place].kind.lower()}")
            place = step(place)
        if self.opener:
            self._hang_loose(self.opener)
        return [clause for clause in self.clauses if clause.group is not None or clause.opener]

    # what stands at a place

    def _kind(self, place: int) -> str:
        return self.chunks[place].kind if 0 <= place < len(self.chunks) else ""

    def _is_finite(self, place: int) -> bool:
        return self._kind(place) == "V" and Verb(self.chunks[place].tokens).is_finite

    def _skip_phrase(self, place: int) -> int:
        """Return the place after a noun phrase with its prepositions."""
        place += 1
        while self._kind(place) == "P" and self._kind(place + 1) == "NP":
            place += 2
        return place

    # chunks

    def _read_np(self, place: int) -> int:
        chunk = self.chunks[place]
        phrase = Phrase(list(chunk.tokens))
        top = self.path[-1] if self.path else None
        when = chunk.tokens[0].low in ("this", "last", "next", "every") and phrase.head in CONDITIONS
        if when and isinstance(top, Group) and not self.opener:
            self._hang_loose(chunk.text)  # "on a street this week"
            return place + 1
        group = Group([phrase])
        if chunk.low in ("it", "he", "she", "they") and isinstance(top, Group) and self._is_finite(place + 1):
            self._hang(len(self.path) - 1, Clause("", group))  # "a bird it has caught"
            self.path.append(group)
            self.relative = group
        elif top is None:
            self._open_group(group)
        elif isinstance(top, Prep) and top.group is None:
            top.group = group
            self.path.append(group)
        elif (
            isinstance(top, Verb)
            and not top.mods
            and (not top.objects or (len(top.objects) == 1 and top.stem in _GIVING))
        ):
            top.objects.append(group)
            self.path.append(group)
        elif (
            isinstance(top, Group)
            and len(self.path) > 1
            and isinstance(self.path[-2], Verb)
            and self.path[-2].stem in _GIVING
            and len(self.path[-2].objects) == 1
            and not self.path[-2].mods
        ):
            self.path[-2].objects.append(group)
            self.path[-1] = group
        else:
            self._join_group(phrase, self.opener, place)
            self.opener = ""
        return place + 1

    def _open_group(self, group: Group) -> None:
        clause = self.clauses[-1]
        clause.group = group
        self.path = [group]

    def _open_clause(self, opener: str) -> None:
        if self.clauses[-1].group is None and not self.clauses[-1].opener:
            self.clauses[-1].opener = opener
        else:
            self.clauses.append(Clause(opener))
        self.path = []

    def _join_group(self, phrase: Phrase, link: str, place: int) -> None:
        """Make a noun phrase one of a row, or the start of a new clause."""
        after = self._skip_phrase(place)
        subject = self.path[0] if self.path and isinstance(self.path[0], Group) else None
        has_verb = subject is not None and any(
            isinstance(mod, Verb) and mod.is_finite for mod in list_mods(subject)
        )
        singular = (
            self._is_finite(after)
            and self.chunks[after].tokens[0].low not in ("are", "were", "have")
            and not (
                self.chunks[after].tokens[0].form == "fin"
                and not self.chunks[after].tokens[0].low.endswith("s")
            )
        )
        agrees = singular != phrase.is_plural
        fresh = self._is_finite(after) and agrees and (has_verb or (singular and phrase.is_animate))
        ends_row = link in (",", ";", "") and not self._row_goes_on(place)
        if fresh or (ends_row and link != "") or not self.path:
            self._open_clause(link)
            self._open_group(Group([phrase]))
            return
        index = self._find_row(phrase, finite=self._is_finite(after), singular=singular)
        group = self.path[index]
        if group.mods:
            group.members[-1].mods += group.mods
            group.mods = []
        group.members.append(phrase)
        group.links.append(link)
        del self.path[index + 1 :]

    def _row_goes_on(self, place: int) -> bool:
        """Whether an `and` closes the row that a comma has opened."""
        place += 1
        while self._kind(place) in ("NP", "P", "A", "V") or (
            self._kind(place) == "C" and self.chunks[place].low == ","
        ):
            if self._kind(place) == "V" and self._is_finite(place):
                return False
            place += 1
        return self._kind(place) == "C" and self._kind(place + 1) == "NP"

    def _find_row(self, phrase: Phrase, finite: bool, singular: bool) -> int:
        groups = [i for i, node in enumerate(self.path) if isinstance(node, Group)]
        root = self.path[groups[0]]
        if phrase.is_pronoun or (finite and (phrase.is_animate or not (root.is_animate or singular))):
            return groups[0]
        groups = [i for i in groups if not self.path[i].members[-1].is_pronoun] or groups
        before = self.path[groups[-1] - 1] if groups[-1] else None
        within = isinstance(before, Prep) and before.low in ("between", "in between")
        if within and not self.path[groups[-1]].is_plural:
            return groups[-1]  # "between a woman and a dog"

        def fits(i: int) -> bool:
            group = self.path[i]
            if phrase.is_human:
                return group.is_human
            if phrase.is_animate:
                return group.is_animate
            return not group.is_animate

        fitting = [i for i in reversed(groups) if fits(i)]
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

    def _is_within(self, index: int) -> bool:
        governor = self.path[index - 1]
        return isinstance(governor, Prep) and governor.low in WITHIN

    def _read_p(self, place: int) -> int:
        chunk = self.chunks[place]
        prep = Prep(chunk.text, link=self.opener)
        self.opener = ""
        if self._kind(place + 1) != "NP" and self._kind(place + 1) != "V":
            self._hang_loose(chunk.text, prep.link)
            return place + 1
        if self._kind(place + 1) == "V":
            if not self.path:
                self._open_group(Group([Phrase([])]))
            gerund = self.chunks[place + 1]
            verb = Verb(gerund.tokens, opener=f"{prep.link} {chunk.text}".strip())
            self._hang(self._governor_of_verb(verb, place + 1), verb)
            return place + 2
        if not self.path:
            group = Group([Phrase([])])
            self._open_group(group)
            group.mods.append(prep)
            self.path = [group, prep]
            return place + 1
        top = self.path[-1]
        governor = self.path[-2] if len(self.path) > 1 else None
        carried = isinstance(governor, Prep) or (
            isinstance(governor, Verb) and governor.stem in ("have", "contain", "feature")
        )
        self.to_pronoun = self.chunks[place + 1].low in _NEAR
        self.of_last = self.to_pronoun and isinstance(top, Group) and not (carried and prep.low in WITHIN)
        self._hang(self._governor_of_prep(prep, place), prep)
        self.of_last = False
        return place + 1

    def _governor_of_prep(self, prep: Prep, place: int) -> int:
        """Return where in the path a preposition hangs."""
        top = len(self.path) - 1
        node = self.path[top]
        if not isinstance(node, Group) or top == 0 or prep.low == "of":
            return top
        follower = self.chunks[place + 1]
        if follower.low in _NEAR and prep.low != "with":
            return top
        if follower.tokens[-1].low in ("background", "foreground", "distance"):
            return top
        named_again = (
            self._kind(place + 2) == "P"
            and self._kind(place + 3) == "NP"
            and self.chunks[place + 3].low in ("it", "them")
        )
        if prep.low == "with" and named_again and not node.is_animate:
            return top  # "next to a building with a clock on it"
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
        looks = noun in MORE_CLOTHES | MORE_BODY
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
                return self._find_animate(top, default=top)
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
                return top if node.is_animate else self._find_animate(top, default=top - 1)
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
        if (
            prep.low == "with"
            and not node.is_animate
            and node.head
            in ("table", "room", "kitchen", "bathroom", "bedroom", "building", "house", "desk", "tower")
            and (self.path[0].is_animate is False or self.chunks[place + 1].tokens[-1].low in _OF_HOUSES)
        ):
            return top
        return upper

    def _find_animate(self, top: int, default: int) -> int:
        return next(
            (i for i in range(top, -1, -1) if isinstance(self.path[i], Group) and self.path[i].is_animate),
            default,
        )

    def _read_v(self, place: int) -> int:
        chunk = self.chunks[place]
        verb = Verb(chunk.tokens, opener=self.opener)
        linked, self.opener = bool(self.opener), ""
        if not self.path:
            group = Group([Phrase([])])
            self._open_group(group)
            group.mods.append(verb)
            self.path = [group, verb]
            return place + 1
        if isinstance(self.path[-1], Verb) and not self.path[-1].objects and verb.form == "to":
            self.path[-1].mods.append(verb)
            self.path.append(verb)
            return place + 1
        index = self._governor_of_linked(verb) if linked else self._governor_of_verb(verb, place)
        self._hang(index, verb)
        return place + 1

    def _governor_of_linked(self, verb: Verb) -> int:
        """Return what a second verb tells of: the same as the last one of its form."""
        for i in range(len(self.path) - 1, -1, -1):
            node = self.path[i]
            if isinstance(node, Group) and any(
                isinstance(m, Verb) and (m.form == verb.form or (m.is_finite and verb.form in ("ing", "en")))
                for m in node.mods
            ):
                return i
        return 0

    def _governor_of_verb(self, verb: Verb, place: int) -> int:
        groups = [i for i, node in enumerate(self.path) if isinstance(node, Group)]
        if not groups:
            return 0
        if verb.form == "to":
            before = self.path[groups[-1] - 1] if groups[-1] else None
            if isinstance(before, Prep) and before.low == "for":  # "for a cake to be served"
                return groups[-1]
            last = next(
                (i for i in range(len(self.path) - 1, -1, -1) if isinstance(self.path[i], Verb)), None
            )
            return groups[-1] if last is None else last
        deepest = groups[-1]
        if verb.stem in ("show", "display", "feature", "depict", "contain", "include") and verb.form == "ing":
            return deepest
        while (
            verb.form == "ing"
            and deepest != groups[0]
            and not self.path[deepest].is_animate
            and self.path[deepest].head in (PARTS | MORE_BODY | MORE_CLOTHES)
            and not self.path[deepest].members[-1].words
        ):
            groups.pop()
            deepest = groups[-1]
        if verb.form == "inf":  # "watch a plane fly"
            return deepest
        if verb.is_finite and self.path[groups[-1]] is self.relative:
            return groups[-1]
        if verb.is_finite:
            subject = self.path[groups[0]]
            taken = any(isinstance(m, Verb) and m.is_finite for m in subject.mods)
            return deepest if taken else groups[0]
        node = self.path[deepest]
        governor = self.path[deepest - 1] if deepest else None
        root = self.path[groups[0]]
        if deepest == groups[0]:
            return deepest
        if verb.form == "en":
            if (
                verb.stem
                in ("dress", "seat", "gather", "mount", "pose", "clad", "cuddle", "huddle", "snuggle", "curl")
                and not node.is_animate
            ):
                return self._find_animate(deepest, default=groups[0] if root.is_animate else deepest)
            if isinstance(governor, Prep) and governor.low == "of" and deepest >= 2:
                return deepest - 2
            return deepest
        if verb.stem == "wear" and node.is_animate:
            return deepest  # "holding a dog wearing a hat"
        mutual = self._kind(place + 1) == "P" and self._kind(place + 2) == "NP"
        if mutual and self.chunks[place + 2].low in ("each other", "one another") and not node.is_plural:
            return groups[0]
        if verb.stem in ("smile", "laugh", "grin") and not node.is_human:
            return next((i for i in reversed(groups) if self.path[i].is_human), deepest)
        if verb.stem in ("fly", "soar") and node.members[-1].words & {"kite", "airplane"}:
            return deepest
        if node.is_animate and not (
            isinstance(governor, Verb)
            and governor.stem in ("ride", "hold", "carry", "drive", "pull", "walk")
            and not node.is_human
        ):
            tokens = [t for m in node.members for t in m.tokens if t.is_animate]
            is_alive = any(t.is_human or t.word in ANIMALS for t in tokens)  # a bus moves, too
            if is_alive or not root.is_animate:
                return deepest
            return (
                deepest
                if verb.stem in ("park", "drive", "move", "travel", "come", "pass", "fly", "speed")
                and not (isinstance(governor, Prep) and governor.low in ("on", "in"))
                and self._kind(place + 1) != "NP"
                else self._find_mover(deepest, verb.stem)
            )
        takes_object = self._kind(place + 1) == "NP"
        if takes_object or verb.stem not in STILL:
            return self._find_mover(deepest, verb.stem)
        if root.is_animate and isinstance(governor, Prep) and governor.low in ("with", "in"):
            return groups[0]
        if not root.is_animate or verb.stem in ("hang", "grow", "park", "mount"):
            return deepest
        if isinstance(governor, Verb):
            return deepest if governor.stem in LOOKING else groups[0]
        if not isinstance(governor, Prep):
            return groups[0]
        held = governor.low in NEARNESS | {"at", "of"} and node.head not in GROUNDS | ACTIVITIES
        return deepest if held else groups[0]

    def _find_mover(self, deepest: int, stem: str) -> int:
        """Return the nearest group that can act; else the first one that is no ground."""
        for i in range(deepest, -1, -1):
            node = self.path[i]
            if isinstance(node, Group) and node.is_animate and i < deepest:
                return i
        if stem in _DONE_BY_SOMEBODY:  # "a toy on a bed wearing a hat": not the bed
            return 0
        for i in range(deepest, 0, -1):
            node = self.path[i]
            if (
                isinstance(node, Group)
                and node.head not in GROUNDS
                and not (isinstance(self.path[i - 1], Prep) and self.path[i - 1].low in ("in", "at"))
            ):
                return i
        return 0

    def _read_c(self, place: int) -> int:
        link = self.chunks[place].text
        kind = self._kind(place + 1)
        if kind in ("", "C", "X") or kind == "S" and link in (",", ";") or not self.path:
            self._hang_loose(link)
        else:
            if kind == "NP" and not (isinstance(self.path[-1], Prep) and self.path[-1].group is None):
                phrase = Phrase(list(self.chunks[place + 1].tokens))
                self._join_group(phrase, link, place + 1)
                return place + 2
            self.opener = link
        return place + 1

    def _read_s(self, place: int) -> int:
        opener = f"{self.opener} {self.chunks[place].text}".strip()
        low = self.chunks[place].low
        self.opener = ""
        after = self._kind(place + 1)
        relative = low in ("that", "which", "who", "whom", "whose", "where") and bool(self.path)
        if after == "V":
            verb = Verb(self.chunks[place + 1].tokens, opener=opener)
            if not self.path:
                self._open_clause(opener)
                self._open_group(Group([Phrase([])]))
                verb.opener = ""
            groups = [i for i, node in enumerate(self.path) if isinstance(node, Group)]
            index = groups[0]
            if relative:
                index = groups[-1]
                if low == "who":
                    index = next((i for i in reversed(groups) if self.path[i].is_human), groups[0])
                elif verb.is_finite:
                    singular = verb.tokens[0].low in ("is", "has", "was") or (
                        verb.form == "fin" and verb.tokens[0].low.endswith("s")
                    )
                    matching = [i for i in reversed(groups) if self.path[i].is_plural != singular]
                    index = matching[0] if matching else groups[-1]
            self._hang(index, verb)
            return place + 2
        if after == "NP" and relative and self._kind(place + 2) in ("V", "NP") and low != "where":
            clause = Clause(opener, Group([Phrase(list(self.chunks[place + 1].tokens))]))
            self._hang(len(self.path) - 1 if isinstance(self.path[-1], Group) else self._last_group(), clause)
            self.path.append(clause.group)
            self.relative = clause.group
            return place + 2
        if low == "as" and after == "NP" and not self._has_finite_soon(place + 1) and self.path:
            self._hang(
                self._last_group(), Prep(self.chunks[place].text, link=opener.removesuffix("as").strip())
            )
            return place + 1
        self._open_clause(opener)
        return place + 1

    def _has_finite_soon(self, place: int) -> bool:
        """Whether a noun phrase, with what hangs on it, has a finite verb."""
        while self._kind(place) in ("NP", "P", "A", "C"):
            place += 1
        return self._kind(place) == "V"

    def _last_group(self) -> int:
        return max(i for i, node in enumerate(self.path) if isinstance(node, Group))

    def _read_a(self, place: int) -> int:
        text = self.chunks[place].text
        after = self._kind(place + 1)
        if after == "NP" and not self.path:
            self.chunks[place + 1].tokens[:0] = self.chunks[place].tokens
            return place + 1
        self._hang_loose(text)
        return place + 1

    def _read_x(self, place: int) -> int:
        mark = self.chunks[place].text
        if mark in _SEPARATORS and self._kind(place + 1):
            self._open_clause(mark)
        else:
            self._hang_loose(mark)
        return place + 1

    # where it goes

    def _hang(self, index: int, node: Mod) -> None:
        host = self.path[index]
        if isinstance(host, Group):
            row = len(host.members) > 1
            governor = self.path[index - 1] if index else None
            carried = (
                isinstance(governor, Prep)
                and governor.low == "with"
                or isinstance(governor, Verb)
                and governor.stem == "have"
            )
            last_only = (
                isinstance(node, Prep)
                and (
                    node.low == "of"
                    or (row and not host.mods and (node.low == "with" or (carried and not self.to_pronoun)))
                )
                or (
                    isinstance(node, Verb)
                    and row
                    and not host.mods
                    and not node.is_finite
                    and (
                        carried
                        or (host.members[-1].is_animate and not any(m.is_animate for m in host.members[:-1]))
                    )
                )
            )
            if last_only or self.of_last:
                host.members[-1].mods.extend(host.mods)
                host.mods = []
                host.members[-1].mods.append(node)
            else:
                host.mods.append(node)
        elif isinstance(host, Prep):
            host.group = host.group or Group([Phrase([])])
            host.group.mods.append(node)
        else:
            host.mods.append(node)
        del self.path[index + 1 :]
        if isinstance(node, Prep | Verb):
            self.path.append(node)

    def _hang_loose(self, text: str, link: str = "") -> None:
        node = Loose(f"{link} {text}".strip())
        if not self.path:
            if self.clauses[-1].group is None and not self.clauses[-1].opener:
                self.clauses[-1].opener = node.text
            else:
                self.clauses.append(Clause(node.text))
            return
        top = len(self.path) - 1
        if isinstance(self.path[top], Prep) and self.path[top].group is None:
            self.path[top].text += f" {node.text}"
            return
        host = self.path[top]
        host.mods.append(node)
