"""On which of the open groups of a caption a verb hangs: on what does it.

Each rule returns a place in the path, or None where it does not know. The first one that knows decides.
"""

from unscene.rewriting.parsing.open_path import OpenPath
from unscene.rewriting.parsing.tree import Group, Loose, Prep, Verb
from unscene.rewriting.scene_lists import (
    ACTIVITIES,
    DESKS,
    GROUNDS,
    MORE_BODY,
    MORE_CLOTHES,
    NEARNESS,
    PARTS,
)
from unscene.words.caption_words import HERS
from unscene.words.follower_words import ANIMALS
from unscene.words.verb_lists import LOOKING, STILL

_SHOWING = frozenset({"show", "display", "feature", "depict", "contain", "include"})
# What a tower does, and nothing that is on it: `a tower with a clock on it advertising figs`.
_BY_CARRIER = frozenset({"advertising", "selling", "overlooking"})
_BOXES = frozenset({"crate", "crates", "basket", "baskets", "box", "boxes", "bin", "bins", "bucket", "jar"})
# What a part of something does by itself.
_DONE_BY_PARTS = frozenset(
    {"hang", "glow", "dangle", "stick", "shine", "droop", "flap", "flow", "wag", "drip"}
)
_DONE_BY_PARTS |= {"flash", "drag", "trail", "blink", "burn", "spin", "smoke"}
_DONE_BY_SOMEBODY = frozenset(
    {"wear", "hold", "read", "eat", "look", "watch", "drink", "smile", "gaze", "stare"}
)
_CUDDLING = frozenset({"cuddle", "huddle", "snuggle"})  # no bed does that
_DONE_TO_THE_LIVING = _CUDDLING | {"dress", "seat", "gather", "mount", "pose", "clad", "curl"}
_DONE_TO_THINGS = frozenset({"open", "tie", "chain", "lean"})
_FLYING = frozenset({"kite", "airplane"})
# What is done with who is held, and not by him: `riding a mule`.
_LEADING = frozenset({"ride", "hold", "carry", "drive", "pull", "walk"})
_DRIVING = frozenset({"park", "drive", "move", "travel", "come", "pass", "fly", "speed"})


class _Hanging:
    """What a rule looks at. groups: where in the path the groups are on which the verb can hang."""

    def __init__(self, path: OpenPath, verb: Verb, place: int, groups: list[int]):
        self.open, self.path, self.verb, self.place, self.groups = path, path.path, verb, place, groups

    @property
    def first(self) -> int:
        """Where in the path the subject of the clause is."""
        return self.groups[0]

    @property
    def deepest(self) -> int:
        return self.groups[-1]

    @property
    def root(self) -> Group:
        return self.path[self.groups[0]]

    @property
    def node(self) -> Group:
        return self.path[self.groups[-1]]

    @property
    def governor(self):
        """What the deepest group hangs on."""
        return self.path[self.deepest - 1] if self.deepest else None

    def hangs_by(self, *preps: str) -> bool:
        """Whether the deepest group hangs on a preposition, on one of these if any are given."""
        return isinstance(self.governor, Prep) and (not preps or self.governor.low in preps)

    def find_animate(self, default: int) -> int:
        return self.open.find_animate(self.deepest, default)


def find_governor_of_verb(path: OpenPath, verb: Verb, place: int) -> int:
    """Return where in the path a verb hangs. place: of the verb among the chunks."""
    groups = [i for i, node in enumerate(path.path) if isinstance(node, Group)]
    if not groups:
        return 0
    at = _Hanging(path, verb, place, groups)
    if verb.form == "to":
        return _find_governor_of_aim(at)
    _leave_what_is_on_it(at)
    _leave_what_is_missing(at)
    if verb.form == "ing" and (verb.stem in _SHOWING or _is_done_by_part(at)):
        return at.deepest
    if verb.form == "ing":
        _leave_parts(at)
    for rule in _RULES:
        found = rule(at)
        if found is not None:
            return found
    return at.first


def _find_governor_of_aim(at: _Hanging) -> int:
    """Return what `to` hangs on: `for a cake to be served`, `a nun reaching to lift a jug`."""
    if at.hangs_by("for"):
        return at.deepest
    last = next((i for i in range(len(at.path) - 1, -1, -1) if isinstance(at.path[i], Verb)), None)
    return at.find_animate(default=at.deepest) if last is None else last


def _leave_what_is_on_it(at: _Hanging) -> None:
    """Close `a clock on it` of `a tower with a clock on it advertising figs`."""
    if at.verb.form != "ing" or at.verb.tokens[-1].low not in _BY_CARRIER:
        return
    while len(at.groups) > 1 and at.node.members[-1].low == "it" and at.hangs_by("on"):
        at.groups.pop()
        if len(at.groups) > 1 and not at.node.is_animate:
            at.groups.pop()


def _leave_what_is_missing(at: _Hanging) -> None:
    """Close `a slice` of `a cake with a slice missing sitting near a jug`."""
    while len(at.groups) > 1 and any(isinstance(m, Loose) and m.text == "missing" for m in at.node.mods):
        at.groups.pop()


def _leave_parts(at: _Hanging) -> None:
    """Close `a hat` of `a nun in a hat sitting`."""
    while (
        at.deepest != at.first
        and not at.node.is_animate
        and at.node.head in (PARTS | MORE_BODY | MORE_CLOTHES)
        and not at.node.members[-1].words
    ):
        at.groups.pop()


def _is_done_by_part(at: _Hanging) -> bool:
    """Whether a verb tells of a part how that is: `with its screen glowing`."""
    own = at.hangs_by("with") and at.node.members[0].tokens[0].low in HERS
    return at.deepest != at.first and own and at.verb.stem in _DONE_BY_PARTS


def _of_what_is_seen(at: _Hanging) -> int | None:
    """`watch a plane fly`, `watching a boat being raised`"""
    watched = isinstance(at.governor, Verb) and at.governor.stem in LOOKING
    seen = at.verb.form == "inf" or (watched and at.verb.tokens[0].low == "being")
    return at.deepest if seen else None


def _of_some_of_them(at: _Hanging) -> int | None:
    """`with two of them holding a kite`"""
    last = at.node.members[-1]
    return at.deepest if at.hangs_by("with") and " of " in last.low and last.is_pronoun else None


def _of_a_box(at: _Hanging) -> int | None:
    """`a crate on top of a car holding figs`"""
    holds = at.verb.stem in ("hold", "contain") and at.verb.form == "ing" and at.root.head in _BOXES
    return at.first if holds and at.hangs_by("on", "on top of") and not at.node.is_human else None


def _of_a_relative_clause(at: _Hanging) -> int | None:
    """`a cat that my dog loves sleeps`"""
    if not at.verb.is_finite or at.node is not at.open.relative:
        return None
    return at.first if _is_told_of(at.node) else at.deepest


def _of_a_sentence(at: _Hanging) -> int | None:
    """`a nun in a pond flies a kite`, `a nun is standing in a pond is flying a kite`"""
    if not at.verb.is_finite:
        return None
    alive = at.root.is_animate and not at.node.is_animate
    is_doing = at.verb.tokens[-1].form == "ing" and at.verb.tokens[0].form == "aux"
    return at.deepest if _is_told_of(at.root) and not (alive and is_doing) else at.first


def _of_the_only_one(at: _Hanging) -> int | None:
    """`a nun holding a lamp`"""
    return at.deepest if at.deepest == at.first else None


def _of_whom_it_is_done_to(at: _Hanging) -> int | None:
    """`a nun on a bench dressed in blue`, `a crate on the floor opened to show lamps`"""
    stem = at.verb.stem
    if at.verb.form != "en":
        return None
    if stem in _DONE_TO_THE_LIVING and not at.node.is_animate:
        return at.find_animate(at.first if at.root.is_animate or stem in _CUDDLING else at.deepest)
    if stem in ("wrap", "bundle") and at.node.head in GROUNDS:  # "in a yard wrapped in a towel"
        return at.find_animate(default=at.deepest)
    if at.hangs_by("of") and at.deepest >= 2:
        return at.deepest - 2
    return at.first if stem in _DONE_TO_THINGS and at.node.head in GROUNDS else at.deepest


def _of_who_wears(at: _Hanging) -> int | None:
    """`holding a dog wearing a hat`, but `a nun on a bus wearing blue`"""
    if at.verb.stem != "wear" or not at.node.is_animate:
        return None
    is_animal = any(m.head in ANIMALS or m.words & ANIMALS for m in at.node.members)
    return at.deepest if at.node.is_human or not at.root.is_human or is_animal else at.first


def _of_each_other(at: _Hanging) -> int | None:
    """`a cat between two bicycles standing next to each other`"""
    behind = at.open.kind_at(at.place + 1) == "P" and at.open.kind_at(at.place + 2) == "NP"
    if not behind or at.open.chunks[at.place + 2].low not in ("each other", "one another"):
        return None
    if not at.node.is_plural:
        return at.first
    return None if at.root.is_plural else at.deepest


def _of_who_smiles(at: _Hanging) -> int | None:
    """`a nun on a mule smiling`"""
    if at.verb.stem not in ("smile", "laugh", "grin") or at.node.is_human:
        return None
    return next((i for i in reversed(at.groups) if at.path[i].is_human), at.deepest)


def _of_what_flies(at: _Hanging) -> int | None:
    """`kites tied to a fence flying on a hill`, `a nun with a kite flying`"""
    flying = at.root.members[-1].words & (_FLYING | {"bird"})
    if at.verb.stem in ("fly", "soar") and flying and not at.node.is_animate:
        return at.first
    hovers = at.verb.stem in ("fly", "soar", "float", "hover")
    return at.deepest if hovers and at.node.members[-1].words & _FLYING else None


def _of_the_living(at: _Hanging) -> int | None:
    """`near a dog sleeping`, `next to a bus driving on`"""
    stem = at.verb.stem
    led = isinstance(at.governor, Verb) and at.governor.stem in _LEADING and not at.node.is_human
    if not at.node.is_animate or led:
        return None
    tokens = [token for member in at.node.members for token in member.tokens if token.is_animate]
    is_alive = any(token.is_human or token.word in ANIMALS for token in tokens)  # a bus moves, too
    if is_alive or not at.root.is_animate:
        return at.deepest
    drives = stem in _DRIVING and not at.hangs_by("on", "in") and at.open.kind_at(at.place + 1) != "NP"
    return at.deepest if drives else _find_mover(at)


def _of_who_acts(at: _Hanging) -> int | None:
    """`a nun on a bench holding a lamp`"""
    takes_object = at.open.kind_at(at.place + 1) == "NP"
    return _find_mover(at) if takes_object or at.verb.stem not in STILL else None


def _of_who_is_dressed_so(at: _Hanging) -> int | None:
    """`a nun in a gown sitting on a bench`"""
    return at.first if at.root.is_animate and at.hangs_by("with", "in") else None


def _of_a_thing(at: _Hanging) -> int | None:
    """`a jug near a cart standing in a yard`, `a nun near a coat hanging on a nail`"""
    hangs = at.verb.stem in ("hang", "grow", "park", "mount")
    return at.deepest if not at.root.is_animate or hangs else None


def _of_what_is_looked_at(at: _Hanging) -> int | None:
    """`a nun watching a cart standing in a yard`"""
    return at.deepest if isinstance(at.governor, Verb) and at.governor.stem in LOOKING else None


def _of_what_is_on_a_desk(at: _Hanging) -> int | None:
    """`watches a film on a laptop sitting on her desk`"""
    on = at.open.kind_at(at.place + 1) == "P" and at.open.chunks[at.place + 1].low in ("on", "on top of")
    on_desk = on and at.open.kind_at(at.place + 2) == "NP" and at.open.chunks[at.place + 2].head in DESKS
    laid = at.verb.stem in ("sit", "rest", "lie") and at.hangs_by("on")
    return at.deepest if on_desk and at.root.is_human and laid else None


def _of_what_is_near(at: _Hanging) -> int | None:
    """`a nun next to a cart standing in a yard`"""
    near = at.hangs_by(*NEARNESS, "at", "of") and at.node.head not in GROUNDS | ACTIVITIES
    return at.deepest if near else None


_RULES = (
    _of_what_is_seen,
    _of_some_of_them,
    _of_a_box,
    _of_a_relative_clause,
    _of_a_sentence,
    _of_the_only_one,
    _of_whom_it_is_done_to,
    _of_who_wears,
    _of_each_other,
    _of_who_smiles,
    _of_what_flies,
    _of_the_living,
    _of_who_acts,
    # From here on the verb is a pose.
    _of_who_is_dressed_so,
    _of_a_thing,
    _of_what_is_looked_at,
    _of_what_is_on_a_desk,
    _of_what_is_near,
)


def _is_told_of(group: Group) -> bool:
    """Whether a group has its finite verb already."""
    return any(isinstance(mod, Verb) and mod.is_finite for mod in group.mods)


def _find_mover(at: _Hanging) -> int:
    """Return the nearest group that can act; else the first one that is no ground."""
    for i in range(at.deepest - 1, -1, -1):
        if isinstance(at.path[i], Group) and at.path[i].is_animate:
            return i
    if at.verb.stem in _DONE_BY_SOMEBODY:  # "a toy on a bed wearing a hat": not the bed
        return 0
    for i in range(at.deepest, 0, -1):
        node, governor = at.path[i], at.path[i - 1]
        within = isinstance(governor, Prep) and governor.low in ("in", "at")
        if isinstance(node, Group) and node.head not in GROUNDS and not within:
            return i
    return 0
