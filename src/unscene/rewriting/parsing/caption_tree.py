"""Puts the chunks of a caption into its tree: where each hangs."""

from unscene.rewriting.parsing.chunks import Chunk, make_chunks
from unscene.rewriting.parsing.open_path import SAME_AGAIN, OpenPath
from unscene.rewriting.parsing.tree import Clause, Group, Loose, Mod, Phrase, Prep, Verb, list_mods
from unscene.rewriting.parsing.verb_governors import find_governor_of_verb
from unscene.rewriting.scene_lists import (
    CONDITIONS,
    STATES,
    WITHIN,
)
from unscene.rewriting.tagging.reading import read_tokens
from unscene.rewriting.tagging.tokens import Token
from unscene.words.verb_lists import GIVING
from unscene.words.vocabulary import Vocabulary

_POSING = frozenset({"dress", "disguise", "costume"})
_SEPARATORS = frozenset({":", "-", ".", "!", "?", "\u2013", "\u2014", "...", "|"})


def read_caption(caption: str, vocabulary: Vocabulary) -> list[Clause]:
    """Return the clauses of a caption."""
    return build_clauses(read_tokens(caption, vocabulary))


def build_clauses(tokens: list[Token]) -> list[Clause]:
    """Return the clauses that a caption's tokens make."""
    return _Reader(make_chunks(tokens)).read()


class _Reader(OpenPath):
    """Puts the chunks of a caption into a tree, from left to right.

    Where each hangs is found by `OpenPath`.
    """

    def __init__(self, chunks: list[Chunk]):
        super().__init__(chunks)
        self.clauses = [Clause()]
        self.opener = ""
        self.of_last = False
        self.to_pronoun = False
        self.of_row = False

    def read(self) -> list[Clause]:
        place = 0
        while place < len(self.chunks):
            step = getattr(self, f"_read_{self.chunks[place].kind.lower()}")
            place = step(place)
        if self.opener:
            self._hang_loose(self.opener)
        return [clause for clause in self.clauses if clause.group is not None or clause.opener]

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
        if (
            chunk.low in ("it", "he", "she", "they", "we", "i", "you")
            and isinstance(top, Group)
            and self.is_finite_at(place + 1)
        ):
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
            and (not top.objects or (len(top.objects) == 1 and top.stem in GIVING))
        ):
            top.objects.append(group)
            self.path.append(group)
        elif (
            isinstance(top, Group)
            and len(self.path) > 1
            and isinstance(self.path[-2], Verb)
            and self.path[-2].stem in GIVING
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
        after = self.skip_phrase(place)
        subject = self.path[0] if self.path and isinstance(self.path[0], Group) else None
        has_verb = subject is not None and any(
            isinstance(mod, Verb) and mod.is_finite for mod in list_mods(subject)
        )
        singular = (
            self.is_finite_at(after)
            and self.chunks[after].tokens[0].low not in ("are", "were", "have")
            and not (
                self.chunks[after].tokens[0].form == "fin"
                and not self.chunks[after].tokens[0].low.endswith("s")
            )
        )
        agrees = singular != phrase.is_plural
        fresh = self.is_finite_at(after) and agrees and (has_verb or (singular and phrase.is_animate))
        ends_row = link in (",", ";", "") and not self.row_goes_on(place)
        dressed = not fresh and self.find_clothes(phrase) is not None
        if fresh or (ends_row and link != "" and not dressed) or not self.path:
            self._open_clause(link)
            self._open_group(Group([phrase]))
            return
        index = self.find_row(phrase, finite=self.is_finite_at(after), singular=singular)
        group = self.path[index]
        if group.mods:
            group.members[-1].mods += group.mods
            group.mods = []
        group.members.append(phrase)
        group.links.append(link)
        del self.path[index + 1 :]

    def _read_p(self, place: int) -> int:
        chunk = self.chunks[place]
        prep = Prep(chunk.text, link=self.opener)
        self.opener = ""
        if self.kind_at(place + 1) != "NP" and self.kind_at(place + 1) != "V":
            self._hang_loose(chunk.text, prep.link)
            return place + 1
        if self.kind_at(place + 1) == "V":
            if not self.path:
                self._open_group(Group([Phrase([])]))
            gerund = self.chunks[place + 1]
            verb = Verb(gerund.tokens, opener=f"{prep.link} {chunk.text}".strip())
            self._hang(find_governor_of_verb(self, verb, place + 1), verb)
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
        self.to_pronoun = self.chunks[place + 1].low in SAME_AGAIN
        self.of_row = self.chunks[place + 1].head in ("background", "foreground", "distance")
        self.of_last = self.to_pronoun and isinstance(top, Group) and not (carried and prep.low in WITHIN)
        self._hang(self.find_governor_of_prep(prep, place), prep)
        self.of_last = self.of_row = False
        return place + 1

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
        index = self.find_governor_of_linked(verb) if linked else find_governor_of_verb(self, verb, place)
        self._hang(index, verb)
        return place + 1

    def _read_c(self, place: int) -> int:
        link = self.chunks[place].text
        kind = self.kind_at(place + 1)
        if kind in ("", "C", "X") or kind == "S" and link in (",", ";") or not self.path:
            self._hang_loose(link)
        else:
            following = self.chunks[place + 1]
            if len(following.tokens) == 1 and following.low in STATES and kind == "NP":
                self._hang_loose(f"{link} {following.text}")  # "sits still and happy"
                return place + 2
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
        after = self.kind_at(place + 1)
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
                    matching = [
                        i
                        for i in reversed(groups)
                        if self.path[i].is_plural != singular
                        or (singular and not self.path[i].members[-1].is_plural)  # "a cot and a kite that is"
                    ]
                    index = matching[0] if matching else groups[-1]
            self._hang(index, verb)
            return place + 2
        if after == "NP" and relative and self.kind_at(place + 2) in ("V", "NP") and low != "where":
            clause = Clause(opener, Group([Phrase(list(self.chunks[place + 1].tokens))]))
            self._hang(
                len(self.path) - 1 if isinstance(self.path[-1], Group) else self.find_last_group(), clause
            )
            self.path.append(clause.group)
            self.relative = clause.group
            return place + 2
        posing = bool(self.path) and isinstance(self.path[-1], Verb) and self.path[-1].stem in _POSING
        if low == "as" and after == "NP" and (posing or not self.has_finite_soon(place + 1)) and self.path:
            self._hang(
                self.find_last_group(), Prep(self.chunks[place].text, link=opener.removesuffix("as").strip())
            )
            return place + 1
        self._open_clause(opener)
        return place + 1

    def _read_a(self, place: int) -> int:
        text = self.chunks[place].text
        after = self.kind_at(place + 1)
        fresh = self.opener.startswith(",") and text.lower() in ("only", "just")  # ", only red is in color"
        if after == "NP" and (not self.path or fresh):
            self.chunks[place + 1].tokens[:0] = self.chunks[place].tokens
            if not fresh:
                return place + 1
            self._join_group(Phrase(list(self.chunks[place + 1].tokens)), self.opener, place + 1)
            self.opener = ""
            return place + 2
        link = self.opener if self.opener in ("and", "or") and after not in ("NP", "V") else ""
        self.opener = "" if link else self.opener
        self._hang_loose(text, link)  # "clean and ready for a feast"
        return place + 1

    def _read_x(self, place: int) -> int:
        mark = self.chunks[place].text
        if mark in _SEPARATORS and self.kind_at(place + 1):
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
            of_all = self.to_pronoun or (self.of_row and not any(member.mods for member in host.members))
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
                    or (
                        row
                        and not host.mods
                        and (node.low in ("with", "without") or (carried and not of_all))
                    )
                )
                or (
                    isinstance(node, Verb)
                    and row
                    and not host.mods
                    and not node.is_finite
                    and (
                        carried
                        or (
                            node.stem not in ("sit", "stand", "lie", "rest", "perch")
                            and host.members[-1].is_animate
                            and not any(m.is_animate for m in host.members[:-1])
                        )
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
