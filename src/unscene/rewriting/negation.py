"""Rewrites a caption so that it no longer names an object: what is left of the scene, in words that
a person could write.

`rewrite_caption` is the entry. It reads the caption into a tree, takes the object out by the rules
of `unscene.rewriting.pruning`, and reads what it wrote again (`unscene.rewriting.checks`). A result
with a fault is not used; the ladder of fallbacks keeps what is known to be there: the other things
and places in a row ("A bench and a dog."), the kind of scene ("A tennis scene."), then the words of
the list, then nothing.
"""

import re
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from unscene.rewriting.checks.fault_names import (
    ABSTRACT,
    HEADLESS,
    LOST_PRONOUN,
    NO_SUBJECT,
    STILL_THERE,
    TORN_END,
    TORN_NOUN,
    TORN_START,
)
from unscene.rewriting.checks.faults import find_faults
from unscene.rewriting.checks.torn import is_cut_short, is_torn_out, mend, touches_anew
from unscene.rewriting.ladder import list_things, write_words
from unscene.rewriting.marking.held import mark_held
from unscene.rewriting.marking.parts import mark_parts
from unscene.rewriting.marking.references import mark_references
from unscene.rewriting.marking.target import TangledError, Target
from unscene.rewriting.parsing.caption_tree import read_caption
from unscene.rewriting.parsing.participles import as_participle
from unscene.rewriting.parsing.plain_caption import MOST_LETTERS, write_plainly
from unscene.rewriting.parsing.tree import Clause, Phrase, Verb, walk
from unscene.rewriting.pruning.listed import shorten_list
from unscene.rewriting.pruning.removal import GONE, take_out
from unscene.rewriting.realisation.finishing import finish, give_article, says_something
from unscene.rewriting.realisation.rows import join_rows, takes_article
from unscene.rewriting.realisation.venues import name_venue
from unscene.rewriting.realisation.whole_photo import tell_of_whole
from unscene.rewriting.scene_lists import (
    ACTIVITIES,
    COLOURS,
    CONDITIONS,
    GROUNDS,
    MORE_BODY,
    SINGLE,
    SPORTS,
    STATES,
)
from unscene.rewriting.tagging.tokens import Token
from unscene.rewriting.tagging.verb_forms import looks_plural
from unscene.words.caption_words import ADJECTIVES, PICTURES
from unscene.words.verb_lists import NOUNY, VERBS
from unscene.words.vocabulary import Vocabulary


class Rewriting(NamedTuple):
    """A caption without an object. way: `grammar` for what is left of the caption's own clauses, else
    how the ladder made it: `named` (a row of what is named), `scene` (the kind of scene or picture),
    `things` (a photo of a row), `words` (a photo of words of the list).
    rules: the names of the rules that were used (`unscene.rewriting.rewriting_rules`).
    """

    text: str
    way: str
    rules: tuple[str, ...] = ()

    @property
    def tells_scene(self) -> bool:
        """Whether it tells of the scene as the caption does; a photo of a row tells of things alone."""
        return self.way in ("grammar", "named", "scene")


def remove_object(caption: str, category: str, vocabulary: Vocabulary) -> str | None:
    """Return the caption without any mention of the category, or None when nothing of the scene is left.

    The first letter is a capital, and the caption ends as the old one did (with a full stop or without).
    """
    found = rewrite_caption(caption, category, vocabulary)
    return found.text if found is not None else None


class Seen(NamedTuple):
    """What the photo tells of the other words of a caption. taken: words whose things go along with
    the object, all of them. staying: words whose things stay, whoever is said to hold them.
    """

    taken: frozenset[str] = frozenset()
    staying: frozenset[str] = frozenset()


UNSEEN = Seen()


def rewrite_caption(
    caption: str, category: str, vocabulary: Vocabulary, seen: Seen = UNSEEN
) -> Rewriting | None:
    """Return the caption without the category, and without what goes along with it, and how it was
    made; None when nothing is left.
    """
    found = _take_out_word(caption, category, vocabulary, seen.staying)
    left = seen.taken & set(vocabulary.find_words(found.text)) if found is not None else set()
    if not left:
        return found
    # What goes along comes first: the caption as people wrote it is read best.
    steps = []
    for word in (*vocabulary.sort(left), category):
        found = _take_out_word(caption, word, vocabulary, seen.staying)
        if found is None:
            return None
        caption = found.text
        steps.append(found)
    way = next((step.way for step in steps if step.way != "grammar"), "grammar")
    return Rewriting(caption, way, tuple(rule for step in steps for rule in step.rules))


def find_held(caption: str, category: str, vocabulary: Vocabulary) -> set[str]:
    """Return the words that a caption says the object holds, wears or carries; none of a text of more
    than MOST_LETTERS letters, which gets no tree.
    """
    if len(caption) > MOST_LETTERS:
        return set()
    target = Target(category, vocabulary, category in vocabulary.people, category in vocabulary.animate)
    _mark(_without_frame(read_caption(caption, vocabulary)), target)
    return set().union(*target.held.values())


def _take_out_word(
    caption: str, category: str, vocabulary: Vocabulary, staying: frozenset[str]
) -> Rewriting | None:
    caption = write_plainly(caption, category, vocabulary)
    end = "." if caption.rstrip().endswith((".", "!")) else ""
    lost: set[str] = set()
    if len(caption) <= MOST_LETTERS:
        for write in (_write_by_grammar, _write_things):
            clauses = _without_frame(_without_manner(read_caption(caption, vocabulary)))
            target = Target(
                category, vocabulary, category in vocabulary.people, category in vocabulary.animate, staying
            )
            _mark(clauses, target)
            lost.update(*target.held.values(), *target.gone_parts.values())
            text = shorten_list(caption, target, partial(_rewrite_entry, target=target))
            if text is not None:
                return Rewriting(text + end, "grammar") if text else None
            try:
                left = write(clauses, target, caption)
            except TangledError:
                continue
            if left is not None and category not in vocabulary.find_words(left.text + end):
                text = tell_of_whole(left.text, caption, category, vocabulary)
                return left._replace(text=text + end)
    text = write_words(caption, category, vocabulary, lost)
    return Rewriting(text + end, "words") if text is not None else None


def _rewrite_entry(entry: str, target: Target) -> str | None:
    found = _take_out_word(entry, target.category, target.vocabulary, target.staying)
    return found.text if found is not None and found.tells_scene else None


def _write_by_grammar(clauses: list[Clause], target: Target, caption: str) -> Rewriting | None:
    """Return what the rules leave of a caption. Where that is nothing, or reads badly: what the caption
    names, or its kind of scene; None without either.
    """
    vocabulary, category = target.vocabulary, target.category
    left = _join_clauses(take_out(clauses, target), target)
    if not left or not any(says_something(n) for c in left for n in walk(c) if isinstance(n, Phrase)):
        return _write_named(caption, target)
    if not caption.lower().startswith(_DEGREES):
        _drop_degree(left[0].group.members[0])
    if caption[:2].lower() in ("a ", "an", "th", "tw", "so"):
        give_article(left[0].group.members[0], vocabulary)
    elif len(left) == 1 and not left[0].group.mods and len(left[0].group.members) == 1:
        _give_single_article(left[0].group.members[0], caption)
    text = finish(left)
    if text is not None:
        text = mend(text, caption)
        if not target.is_animate:
            text = _without_its_top(text, caption, target)
    if text is not None and (is_torn_out(text, caption) or touches_anew(text, caption, vocabulary)):
        text = None
    if text is not None and is_cut_short(text, caption, vocabulary):
        text = None
    if text is not None:
        faults = set(find_faults(text, category, vocabulary))
        own = _own_faults(caption, text, vocabulary) - (
            {NO_SUBJECT, TORN_START} if target.is_human else set()
        )
        if not target.is_human and not target.gone_pronouns:
            faults.discard(LOST_PRONOUN)  # it stood for nothing that is gone
        if not faults - own and not _names_more(text, caption, vocabulary):
            return _with_venue(text, clauses, caption, target)
    return _write_named(caption, target)


def _drop_degree(phrase: Phrase) -> None:
    """Drop `very` where no caption begins so: `driving past very tall towers`."""
    tokens = phrase.tokens
    if len(tokens) > 2 and f"{tokens[0].low} " in _DEGREES and looks_plural(tokens[-1].low):
        del tokens[0]


_DEGREES = ("very ", "so ", "too ")


def _without_its_top(text: str, caption: str, target: Target) -> str:
    """Return a text without `on top` or `inside` of the object that a caption is about."""
    mentions = target.vocabulary.find_mentions(caption)
    if not mentions or mentions[0].word != target.category:
        return text
    short = re.sub(r" on top(?! of)\b| inside$", "", text)
    if short != text:
        target.note("part of it")
    return short


def _with_venue(text: str, clauses: list[Clause], caption: str, target: Target) -> Rewriting:
    """Return a text as the grammar's own, but for one that shows nothing, `A picture`, `A scene on a sunny
    day`: the venue is put into it, and it tells but the kind of scene.
    """
    first, _, rest = text.partition(" on a ")
    bare = re.sub("^an? ", "", text.lower())
    way = "scene" if bare in PICTURES else "grammar"
    if first.lower() == "a scene" or (text.lower().removeprefix("a ") in PICTURES and not rest):
        venue = name_venue(clauses, caption, target)
        if venue is not None and first.lower() == "a scene":
            text, way = f"{venue} on a {rest}" if rest else text, "scene"
        elif venue is not None:
            text, way = f"{text} of {venue[:1].lower()}{venue[1:]}", "scene"
    return Rewriting(text, way, tuple(target.used))


def _give_single_article(phrase: Phrase, caption: str) -> None:
    """Put an article before the one noun that is left: `A rabbit`."""
    if len(phrase.tokens) != 1 or phrase.mods:
        return
    noun = phrase.tokens[0]
    plain = noun.kind == "W" and noun.low in caption.split() and noun.low not in _BARE
    plain = plain and noun.low.isalpha() and not noun.low.endswith(("ly", "s", "z"))
    single = phrase.head in SINGLE and takes_article(noun.low)
    if single or (plain and not phrase.words and takes_article(noun.low)):
        phrase.tokens = [Token("a", "D"), replace(noun, text=noun.low)]


_BARE = (
    GROUNDS | CONDITIONS | ACTIVITIES | ADJECTIVES | COLOURS | SPORTS | MORE_BODY | STATES | (VERBS - NOUNY)
)


def _write_named(caption: str, target: Target) -> Rewriting | None:
    """Return the things and places that a caption names, in a row, where its clauses leave no text
    that reads well; without such, its kind of scene.
    """
    clauses = _without_frame(read_caption(caption, target.vocabulary))
    named = Target(target.category, target.vocabulary, target.is_human, target.is_animate, target.staying)
    _mark(clauses, named)
    text = list_things(clauses, named)
    if text is not None:
        bad = _names_more(text, caption, target.vocabulary)
        bad = bad or find_faults(text, target.category, target.vocabulary)
        bad = bad or is_cut_short(text, caption, target.vocabulary)
        named.note("named")
        return None if bad else Rewriting(text, "named", tuple(named.used[-1:]))
    text = name_venue(clauses, caption, named)
    if text is None or _names_more(text, caption, target.vocabulary):
        return None
    return Rewriting(text, "scene", tuple(named.used[-1:]))


def _names_more(text: str, caption: str, vocabulary: Vocabulary) -> bool:
    """Whether a text names a word that the old caption did not: `a banana for a phone` -> `a phone`."""
    new = set(vocabulary.find_words(text)) - set(vocabulary.find_words(caption))
    if new & vocabulary.people:  # "a person crossing" is a sign until the crossing is gone
        new -= {word for part in caption.split() for word in vocabulary.find_words(part)} & vocabulary.people
    return bool(new)


def _own_faults(caption: str, text: str, vocabulary: Vocabulary) -> set[str]:
    """Return the faults that the old caption has itself, and a text that is left of it may have."""
    first = caption.lower().split()[:2]
    begins_so = first[:1] in (["some"], ["many"], ["all"]) and text.lower().split()[:2] == first
    return set(find_faults(caption, "", vocabulary)) - {
        "names the object",
        *(() if begins_so else (HEADLESS,)),
        *(() if text.lower().split()[-2:] == caption.lower().rstrip(" .").split()[-2:] else (TORN_END,)),
        TORN_NOUN,
        ABSTRACT,
        STILL_THERE,
    }


def _mark(clauses: list[Clause], target: Target) -> None:
    """Put into the target what stands for it, its parts, and what it holds."""
    mark_references(clauses, target)
    mark_parts(clauses, target)
    mark_held(clauses, target)
    if target.held:
        mark_references(clauses, target)  # "holds a jar, and a mule looks at it"


def _without_frame(clauses: list[Clause]) -> list[Clause]:
    """Drop `there is`, `this is`, `here are` in front of a noun phrase."""
    first = clauses[0].group if clauses else None
    if first is None or not first.mods or len(first.members) != 1:
        return clauses
    tokens, verb = first.members[0].tokens, first.mods[0]
    empty = not tokens and isinstance(verb, Verb) and verb.tokens[0].low in ("there", "here")
    pointing = len(tokens) == 1 and tokens[0].low in ("this", "it", "these", "here", "that")
    if (empty or pointing) and isinstance(verb, Verb) and verb.stem == "be" and len(verb.objects) == 1:
        group = verb.objects[0]
        group.mods += [*verb.mods, *first.mods[1:]]
        return [Clause("", group), *clauses[1:]]
    return clauses


def _without_manner(clauses: list[Clause]) -> list[Clause]:
    """Drop a manner in front of a sentence, which is no thing in it: `Ad nauseam, a man shouts`."""
    if len(clauses) < 2 or clauses[0].group is None or clauses[1].group is None:
        return clauses
    group, next_clause = clauses[0].group, clauses[1]
    phrase = group.members[0]
    bare = len(group.members) == 1 and not group.mods and all(t.kind in ("W", "A") for t in phrase.tokens)
    finite = any(isinstance(mod, Verb) and mod.is_finite for mod in next_clause.group.mods)
    named = phrase.words or phrase.head in GROUNDS or looks_plural(phrase.head)
    if bare and finite and not named and next_clause.opener == ",":
        return [Clause("", next_clause.group), *clauses[2:]]
    return clauses


def _join_clauses(clauses: list[Clause], target: Target) -> list[Clause]:
    """Make what is left one sentence: a clause without its main clause becomes one, or part of a row."""
    clauses = [clause for clause in clauses if clause.group is not None]
    if not clauses:
        return []
    first = Clause("", clauses[0].group)
    result = [first]
    bare = clauses[0].opener == GONE and not any(
        isinstance(mod, Verb) and mod.is_finite for mod in first.group.mods
    )
    for clause in clauses[1:]:
        opener = clause.opener.strip().lower()
        if bare and all(member.low in ("it", "he", "she", "they") for member in clause.group.members):
            _let_act(result, clause, target)
            continue
        if bare and opener in (
            "while",
            "as",
            "when",
            "and",
            ", and",
            "because",
            "so",
            ", while",
            "with",
            ", as",
        ):
            group = as_participle(clause.group)
            if group is not None:
                target.note("participle")
                last = result[-1]
                result[-1] = Clause(last.opener, join_rows(last.group, group))
                continue
        result.append(clause)
    return result


def _let_act(kept: list[Clause], clause: Clause, target: Target) -> None:
    """Say of the one thing that a text is about what its pronoun does in a clause behind: `as he walks`."""
    group, acting = kept[-1].group, as_participle(clause.group)
    if len(kept) > 1 or len(group.members) > 1 or acting is None or len(clause.group.members) > 1:
        return
    noun, pronoun = group.members[0], clause.group.members[0].low
    fits = {"it": not noun.is_human, "they": True}.get(pronoun, noun.is_animate)
    acts = acting.mods and all(isinstance(mod, Verb) and mod.form == "ing" for mod in acting.mods)
    busy = any(isinstance(node, Verb) for node in group.mods)
    if fits and acts and not busy and (pronoun == "they") == noun.is_plural:
        target.note("pronoun acts")
        for mod in acting.mods[:1]:
            mod.opener = ""
        group.mods += acting.mods


def _write_things(clauses: list[Clause], target: Target, caption: str) -> Rewriting | None:
    """Return a photo of the other things and places, in a row."""
    text = list_things(clauses, target)
    if text is None or is_cut_short(text, caption, target.vocabulary):
        return None
    text = f"A photo of {text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == ' ' else text}"
    bad = find_faults(text, target.category, target.vocabulary)
    return None if bad else Rewriting(text, "things")
