"""Rewrites a caption so that it no longer names an object: what is left of the scene, in words that
a person could write.

One function, `remove_object`. It reads the caption into a tree, takes the object out by the rules
of `unscene.words.removal`, and reads what it wrote again (`unscene.words.faults`). A result with a
fault is not used; the ladder of fallbacks keeps what is known to be there: the other things and
places ("A photo of a bench and a dog."), then the other words of the list, then nothing.
"""

import re
from typing import NamedTuple

from unscene.words.caption_tree import read_caption
from unscene.words.caption_words import DETERMINERS, PRONOUNS
from unscene.words.faults import LOST_PRONOUN, find_faults
from unscene.words.leftovers import Item, compose
from unscene.words.participles import as_participle
from unscene.words.references import mark_references
from unscene.words.removal import GONE, TangledError, Target, stands_alone, take_out
from unscene.words.rows import join_rows
from unscene.words.scene_lists import GROUNDS, SPORTS
from unscene.words.tokens import Token
from unscene.words.tree import Clause, Group, Phrase, Prep, Verb, walk, write_clauses
from unscene.words.verb_forms import looks_plural
from unscene.words.vocabulary import Vocabulary

# A longer text is no caption of one photo; the ladder begins below the grammar.
_MOST_LETTERS = 1500


class Rewriting(NamedTuple):
    """A caption without an object. way: `grammar`, or how the ladder made it: `things`, `words`.
    rules: the names of the rules that the grammar used (`unscene.words.rewriting_rules`).
    """

    text: str
    way: str
    rules: tuple[str, ...] = ()


def remove_object(caption: str, category: str, vocabulary: Vocabulary) -> str | None:
    """Return the caption without any mention of the category, or None when nothing of the scene is left.

    The first letter is a capital, and the caption ends as the old one did (with a full stop or without).
    """
    found = rewrite_caption(caption, category, vocabulary)
    return found.text if found is not None else None


def rewrite_caption(caption: str, category: str, vocabulary: Vocabulary) -> Rewriting | None:
    """Return the caption without the category, and how it was made; None when nothing is left."""
    end = "." if caption.rstrip().endswith((".", "!")) else ""
    if len(caption) <= _MOST_LETTERS:
        for way, write in (("grammar", _write_by_grammar), ("things", _write_things)):
            clauses = _without_frame(read_caption(caption, vocabulary))
            target = _find_target(clauses, category, vocabulary)
            try:
                text = write(clauses, target, caption)
            except TangledError:
                continue
            if text is not None:
                return Rewriting(text + end, way, tuple(target.used) if way == "grammar" else ())
    text = _write_words(caption, category, vocabulary)
    return Rewriting(text + end, "words") if text is not None else None


def _write_by_grammar(clauses: list[Clause], target: Target, caption: str) -> str | None:
    """Return what the rules leave of a caption; None when that is nothing, or reads badly."""
    vocabulary, category = target.vocabulary, target.category
    left = _join_clauses(take_out(clauses, target), target) or _name_sport(caption, target)
    if left and caption[:2].lower() in ("a ", "an", "th", "tw", "so"):
        _give_article(left[0].group.members[0], vocabulary)
    text = _finish(left)
    if text is None:
        return None
    faults = set(find_faults(text, category, vocabulary))
    if not target.is_human and not target.gone_pronouns:
        faults.discard(LOST_PRONOUN)  # it stood for nothing that is gone
    return None if faults and faults - _own_faults(caption, vocabulary) else text


def _give_article(phrase: Phrase, vocabulary: Vocabulary) -> None:
    """Put an article in front of a bare thing that has become the first word: `frisbee` -> `a frisbee`."""
    tokens = phrase.tokens
    if (
        tokens
        and tokens[-1].word
        and tokens[0].kind not in ("D", "O", "R")
        and not looks_plural(phrase.head)
        and not phrase.words & (vocabulary.mass | vocabulary.plural_only)
    ):
        phrase.tokens = [Token("a", "D"), *tokens]


def _name_sport(caption: str, target: Target) -> list[Clause]:
    """Return what stays of people at a sport and nothing else: `a tennis scene`."""
    sport = next((word for word in re.findall(r"[a-z]+", caption.lower()) if word in SPORTS), None)
    if sport is None or not target.is_human:
        return []
    target.note("sport")
    return [Clause("", Group([Phrase([Token("a", "D"), Token(sport, "W"), Token("scene", "W")])]))]


def _own_faults(caption: str, vocabulary: Vocabulary) -> set[str]:
    """Return the faults that the old caption has itself."""
    return set(find_faults(caption, "", vocabulary)) - {"names the object"}


def _find_target(clauses: list[Clause], category: str, vocabulary: Vocabulary) -> Target:
    target = Target(category, vocabulary, category in vocabulary.people, category in vocabulary.animate)
    mark_references(clauses, target)
    return target


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


def _finish(clauses: list[Clause]) -> str | None:
    """Return clauses as a caption; None when they say nothing."""
    if not clauses:
        return None
    first = clauses[0].group
    if (
        not first.members[0].tokens
        and first.mods
        and isinstance(first.mods[0], Prep)
        and first.mods[0].group is not None
    ):
        group = first.mods[0].group
        clauses = [
            Clause("", Group(group.members, group.links, [*group.mods, *first.mods[1:]])),
            *clauses[1:],
        ]
    for clause in clauses:
        for node in walk(clause):
            if isinstance(node, Phrase) and node.tokens:
                _mend_article(node)
    if not any(_says_something(n) for c in clauses for n in walk(c) if isinstance(n, Phrase)):
        return None
    return _spell(write_clauses(clauses))


def _mend_article(phrase: Phrase) -> None:
    tokens = phrase.tokens
    if len(tokens) > 1 and tokens[0].low in ("a", "an"):
        follower = tokens[1].low
        vowel = follower[0] in "aeiou" and not follower.startswith(("uni", "use", "eu", "one", "ute"))
        if not follower.startswith("h") and follower[0].isalpha():
            tokens[0] = Token("an" if vowel else "a", "D")


def _says_something(phrase: Phrase) -> bool:
    if not phrase.tokens:
        return False
    if phrase.words:
        return True
    head = phrase.head
    return head not in DETERMINERS | PRONOUNS and not phrase.is_pronoun


def _spell(text: str) -> str | None:
    words = text.split()
    text = " ".join(
        word
        for before, word in zip(["", *words], words, strict=False)
        if word.lower() != before.lower() or len(word) == 1
    )
    for mark in (",", ";", ":", ")", "!", "?", "."):
        text = text.replace(f" {mark}", mark)
    text = (
        text.replace(" 's", "'s")
        .replace(" \u2019s", "\u2019s")
        .replace(" ' ", "' ")
        .replace("( ", "(")
        .strip(" ,;:-&")
    )
    while text.lower().endswith((" and", " or", ",", " with", " while", " as")):
        text = text.rsplit(" ", 1)[0].rstrip(",")
    return text[:1].upper() + text[1:] if text else None


def _write_things(clauses: list[Clause], target: Target, caption: str) -> str | None:
    """Return a photo of the other things and places, in a row."""
    vocabulary, category = target.vocabulary, target.category
    things: list[Group] = []
    seen: set[str] = set()
    for clause in clauses:
        if clause.group is None:
            continue
        for node in walk(clause):
            if isinstance(node, Phrase) and _can_be_listed(node, target) and node.head not in seen:
                seen.add(node.head)
                tokens = list(node.tokens)
                if (
                    tokens[0].kind != "D"
                    and node.words
                    and not looks_plural(node.head)
                    and not node.words & vocabulary.mass
                ):
                    tokens.insert(0, Token("a", "D"))
                things.append(Group([Phrase(tokens)]))
    group = compose([Item("thing", thing) for thing in things[:6]])
    if group is None:
        return None
    text = _finish([Clause("", group)])
    if text is None:
        return None
    text = f"A photo of {text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == ' ' else text}"
    return None if find_faults(text, category, vocabulary) else text


def _can_be_listed(phrase: Phrase, target: Target) -> bool:
    if not phrase.tokens or target.is_in(phrase) or phrase.is_pronoun:
        return False
    if not phrase.words and not (phrase.head in GROUNDS and phrase.tokens[0].kind == "D"):
        return False
    return not any(
        token.kind in ("O", "R") or token.low in ("his", "her", "its", "their", "no")
        for token in phrase.tokens
    ) and stands_alone(phrase, target, "")


def _write_words(caption: str, category: str, vocabulary: Vocabulary) -> str | None:
    """Return a photo of the other words that the caption mentions."""
    worn = {"tie"} if category in vocabulary.people else set()
    words = [
        word
        for word in dict.fromkeys(m.word for m in vocabulary.find_mentions(caption))
        if word != category and word not in worn
    ]
    if not words:
        return None
    names = [vocabulary.name_object(word)["a"] for word in words]
    row = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    text = f"A photo of {row}"
    return text if category not in vocabulary.find_words(text) else None
