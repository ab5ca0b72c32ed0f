"""Takes an object out of the clauses of a caption.

What is gone takes along what hangs on it: what it does, wears and has of itself. What it met stays
(`items`): things in its place or in a row, grounds ("on the beach") as the place of what is left.
"""

from unscene.rewriting.marking.leftovers import Item, add_to_scene
from unscene.rewriting.marking.target import Target, is_empty
from unscene.rewriting.parsing.tree import Clause, Group, Phrase, Prep, Verb, list_mods, walk
from unscene.rewriting.pruning.cut_phrases import empty_places
from unscene.rewriting.pruning.pruning_groups import GATHERING, prune_group
from unscene.rewriting.realisation.composing import compose
from unscene.rewriting.scene_lists import VIEWS

GONE = "gone"


def take_out(clauses: list[Clause], target: Target) -> list[Clause]:
    """Return the clauses without the target; an empty list when nothing is left.

    When the first clause, or all that it does, is gone, the first one returned has the opener `gone`.
    """
    if target.is_human:
        empty_places(clauses)
    kept: list[Clause] = []
    loose: list[Item] = []
    main_gone = False
    for place, clause in enumerate(clauses):
        if clause.group is None:
            continue
        if place and _is_instead(clause) and _names(clauses[place - 1].group, target):
            target.note("instead")
            continue
        if place and _counts_all(clause) and _names(clauses[place - 1].group, target):
            continue  # "all three of which are ..."
        if place and main_gone and _is_view(clause.group):
            target.note("view")
            loose += GATHERING.collect(list_mods(clause.group), target)
            continue  # "a brown mule, portrait against a dark wall"
        had_verb = _has_finite(clause.group)
        group, items = prune_group(clause.group, target)
        if group is not None and not is_empty(group):
            if kept and had_verb and _is_told_of(group, kept):
                continue
            ends = place == len(clauses) - 1
            if kept and ends and _has_verb(clause.group) and _is_idle_one(group):
                continue  # ", one holding an umbrella"
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
            rest = compose(items, target)
            if rest is not None:
                kept.append(Clause(clause.opener, rest))
    if not main_gone:
        return kept
    head = compose(loose, target)
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


def _counts_all(clause: Clause) -> bool:
    """Whether a clause tells of all that the one before names: `, both of which are red`."""
    first = clause.group.members[0]
    counted = first.tokens and all(token.kind in ("D", "R") for token in first.tokens)
    return bool(counted) and any(
        isinstance(mod, Verb) and mod.opener.lower() in ("which", "whom") for mod in clause.group.mods
    )


def _is_view(group: Group) -> bool:
    """Whether it says in a word how what stands before it is seen: `portrait`, `close up`."""
    first = group.members[0]
    of = any(isinstance(mod, Prep) and mod.low == "of" for mod in list_mods(group))
    return len(group.members) == 1 and first.low in VIEWS and not of


def _names(group: Group | None, target: Target) -> bool:
    return group is not None and any(isinstance(n, Phrase) and target.is_in(n) for n in walk(group))


def _has_finite(group: Group) -> bool:
    return any(isinstance(mod, Verb) and mod.is_finite for mod in group.mods)


def _has_verb(group: Group) -> bool:
    return any(isinstance(mod, Verb) for mod in list_mods(group))


def _is_told_of(group: Group, kept: list[Clause]) -> bool:
    """Whether it is one of the things that were told of before, and nothing more is said of it: `two
    mules, one of the mules is reaching for it`.
    """
    first = group.members[0]
    told = {node.head for clause in kept for node in walk(clause) if isinstance(node, Phrase)}
    counted = bool(first.tokens) and first.low.startswith(("one of ", "some of ", "both "))
    return counted and len(group.members) == 1 and not (group.mods or first.mods) and first.head in told


_SOMEBODY = frozenset({"someone", "somebody", "someone else", "somebody else"})


def _is_bare(group: Group) -> bool:
    """Whether it is one thing of which nothing more is said: `a third` of `a third is on a scooter`."""
    first = group.members[0]
    alone = len(group.members) == 1 and not (group.mods or first.mods)
    return alone and bool(first.tokens) and first.tokens[0].kind == "D"


def _is_idle_one(group: Group) -> bool:
    """Whether it is one or some of those that are told of, of whom nothing more is said."""
    first = group.members[0]
    alone = len(group.members) == 1 and not (group.mods or first.mods)
    return alone and first.is_pronoun and first.low in ("one", "another", "some", "two", "three", "both")


def _add_verbless(kept: list[Clause], opener: str, group: Group) -> None:
    """Hang a second subject that has lost its verb on the first clause: with it, or its place alone."""
    if all(member.is_pronoun and member.low not in _SOMEBODY for member in group.members):
        add_to_scene(kept[0].group, GATHERING.collect(group.mods, Target("", None)))
    elif opener.strip(" ,").lower() in ("and", "but", "or", "") and not (
        opener.strip(" ,") and _is_bare(group)
    ):
        kept.append(Clause(opener, group))
    else:
        kept[-1].group.mods.append(Prep("with", group))
