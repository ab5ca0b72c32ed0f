"""Rows of noun phrases: their links, their article, the number of their verb."""

from unscene.rewriting.parsing.tree import Group, Loose, Mod, Phrase, Prep, Verb
from unscene.rewriting.scene_lists import ACTIVITIES, MASS
from unscene.rewriting.tagging.tokens import Token
from unscene.rewriting.tagging.verb_forms import looks_plural
from unscene.words.caption_words import third_person
from unscene.words.verb_lists import WORN


def join_rows(first: Group, second: Group) -> Group:
    if first.mods:
        first.members[-1].mods += first.mods
    links = [*first.links, "and", *second.links]
    if len(links) > 1 and not first.members[-1].mods:
        links = [*["," for _ in links[:-1]], "and"]
    return Group([*first.members, *second.members], links, second.mods)


def fix_links(links: list[str], gone: int, old: list[str]) -> list[str]:
    """Return the links of a row that has lost members: the last one joins, marks that miss are commas."""
    if not any(old):
        return links
    links = [link or "," for link in links]
    if gone and links:
        last = links[-1].replace(",", "").strip()
        if not last:
            last = next((link.strip(" ,") for link in reversed(old) if link.strip(" ,")), "and")
        links[-1] = last
    elif links and "" in old:
        links[-1] = links[-1].strip(", ") or "and"
    return links


def drop_repeated(group: Group) -> None:
    """Take away what a row names twice: `a horse, horse and outdoor` -> `a horse and outdoor`."""
    seen: set[str] = set()
    members: list[Phrase] = []
    for member in group.members:
        words = " ".join(t.low for t in member.tokens if t.kind != "D")
        another = member.tokens and member.tokens[0].low in ("another", "one", "two", "other")
        does = bool(group.mods) and any(other.mods for other in members)  # "a nun sitting and a nun reading"
        if words and words in seen and not (member.mods or another or does):
            continue
        seen.add(words)
        members.append(member)
    gone = len(group.members) - len(members)
    if gone:
        group.links = group.links[gone:] if len(members) > 1 else []
        group.members = members


# The room of the first is that of the second: `a bathroom sink and mirror`.
_ROOMS_OF = frozenset({"bathroom", "kitchen", "bedroom", "office"})


def takes_article(noun: str) -> bool:
    """Whether a bare noun can have `a` in front: not a plural, and not `food`."""
    return not looks_plural(noun) and noun not in MASS


def pass_article(first: list[Token], heir: Phrase) -> None:
    """Pass the article of the first of a row on: `a laptop, keyboard and mouse` -> `a keyboard and mouse`."""
    tokens = heir.tokens
    has_article = bool(first) and first[0].low in ("a", "an", "the")
    if not has_article or not tokens or tokens[0].kind in ("D", "O", "R"):
        return
    if takes_article(tokens[-1].low):
        room = first[1].text.split(" ")[0] if len(first) == 2 and " " in first[1].text else ""
        shared = room.lower() in _ROOMS_OF and not heir.is_animate
        rest = [Token(room, "W"), *tokens] if shared else tokens
        heir.tokens = [Token(first[0].text, "D"), *rest]


def merge_preps(mods: list[Mod]) -> list[Mod]:
    """Join `with a knife` and `with a plate` to `with a knife and a plate`."""
    merged: list[Mod] = []
    for mod in mods:
        last = merged[-1] if merged else None
        if (
            isinstance(mod, Prep)
            and isinstance(last, Prep)
            and mod.low == last.low
            and mod.low in ("with", "near")
            and mod.group is not None
            and last.group is not None
            and not mod.link
        ):
            merged[-1] = Prep(last.text, join_rows(last.group, mod.group), last.link)
        else:
            merged.append(mod)
    return merged


def make_singular(mods: list[Mod]) -> None:
    """Put the first finite verb of a group into the singular, `are` -> `is`, and take away what
    only several do: `together`, `next to each other`.
    """
    verbs = [mod for mod in mods if isinstance(mod, Verb)]
    finite = next((verb for verb in verbs if verb.is_finite), None)
    if finite is not None:
        first = next(token for token in finite.tokens if token.kind == "V")
        is_plural = first.form == "fin" and first.stem == first.low
        if is_plural or first.low in ("are", "were", "have", "do"):
            place = finite.tokens.index(first)
            finite.tokens[place] = Token(third_person(first.low), "V", form=first.form, stem=first.stem)
    for verb in verbs:
        for group in verb.objects:  # "are having dinner together"
            group.mods[:] = [mod for mod in group.mods if not is_mutual(mod)]
            for member in group.members:
                if len(member.tokens) > 1 and member.tokens[0].low == "both":
                    del member.tokens[0]
                member.mods[:] = [mod for mod in member.mods if not is_mutual(mod)]
        if any(token.low in WORN for token in verb.tokens):
            for member in (member for group in verb.objects for member in group.members):
                if len(member.tokens) == 1 and member.head in _WORN_BY_EACH:
                    one = Token(member.head[:-1], "W")
                    member.tokens = [Token("a", "D"), one]
        verb.tokens[:] = [token for token in verb.tokens if token.low not in _OF_SEVERAL] or verb.tokens
        verb.mods[:] = [mod for mod in verb.mods if not is_mutual(mod)]
        for mod in verb.mods:  # "sleeping on a bed together"
            if isinstance(mod, Prep) and mod.group is not None:
                mod.group.mods[:] = [inner for inner in mod.group.mods if not is_mutual(inner)]
    kept: list[Mod] = []
    for mod in mods:
        if isinstance(mod, Verb) and mod.stem == "share" and mod.objects:
            shared = [group for group in mod.objects if group.head not in ACTIVITIES]
            done = [inner for group in mod.objects if group not in shared for inner in group.mods]
            kept += [*(Prep("with", group) for group in shared), *done, *mod.mods]
        elif not is_mutual(mod):
            kept.append(mod)
    mods[:] = kept


# Of these each of several wears one.
_WORN_BY_EACH = frozenset(
    {
        "hats",
        "helmets",
        "caps",
        "coats",
        "jackets",
        "shirts",
        "suits",
        "vests",
        "hoods",
        "costumes",
        "sweaters",
    }
)
_OF_SEVERAL = frozenset({"together", "both", "side-by-side", "side by side", "jointly", "mutually"})
_OF_SEVERAL |= {"each", "one behind the other", "one after the other"}


_MUTUAL = frozenset({"each other", "one another", "the same direction", "opposite directions"})
_MUTUAL |= {"different directions"}


def is_mutual(mod: Mod) -> bool:
    if isinstance(mod, Loose):
        return mod.text.lower() in _OF_SEVERAL
    return isinstance(mod, Prep) and mod.group is not None and mod.group.members[0].low in _MUTUAL
