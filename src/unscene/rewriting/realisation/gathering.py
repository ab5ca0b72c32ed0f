"""What stays of the things that hung on something that is taken out of a caption."""

from collections.abc import Callable

from unscene.rewriting.marking.leftovers import (
    Item,
    get_place_prep,
    list_words,
)
from unscene.rewriting.marking.target import MARKS, Target, is_empty, is_on_thing, stands_alone
from unscene.rewriting.parsing.tree import Group, Loose, Mod, Phrase, Prep, Verb, list_mods
from unscene.rewriting.realisation.no_things import Hung, is_no_object, is_of, is_only_done, tells_how
from unscene.rewriting.realisation.own_places import is_on_stand
from unscene.rewriting.realisation.rows import (
    fix_links,
    is_mutual,
)
from unscene.rewriting.scene_lists import (
    CONDITIONS,
    EATEN,
    EVENTS,
    GROUNDS,
    LEADING,
    MORE_CLOTHES,
    NEARNESS,
    SCENERY,
    WAYS,
    WITHIN,
)
from unscene.rewriting.tagging.tokens import Token
from unscene.rewriting.tagging.verb_forms import ing_form
from unscene.words.caption_words import PICTURES
from unscene.words.verb_lists import (
    LOOKING,
    PLACING,
    VISITING,
    WITH_TOOL,
    WORN,
)

Prune = Callable[[Group, Target], tuple[Group | None, list[Item]]]
# What is on food is gone with it: `a cupcake with icing and sprinkles on it`.
_ON_IT = frozenset({"it", "them", "top"})
# Who does it about a place is there: `people milling about a terminal`.
_ROAMING = frozenset({"mill", "walk", "stand", "wander", "stroll", "run", "scatter", "gather", "sit", "roam"})
# What is done under something is under it, too: `serves figs under a canopy`.
_UNDER = frozenset({"under", "underneath", "beneath"})
# When something is done, or in what weather: `at night`, `in the rain`.
_WHEN = frozenset({"in", "on", "at", "during", "under", "after", "before", "by"})
_LOOKED_AT = frozenset({"at", "over", "toward", "towards", "into", "onto", "across"})


class Gathering:
    """Gathers what stays of what hung on something gone. prune: how a group that hung there is pruned
    itself, as `unscene.rewriting.pruning.pruning_groups.prune_group` does.
    """

    def __init__(self, prune: Prune):
        self.prune = prune

    def collect(self, mods: list[Mod], target: Target) -> list[Item]:
        """Return what stays of the things that hung on something gone, in order."""
        items: list[Item] = []
        for mod in mods:
            if isinstance(mod, Prep):
                items += self._collect_prep(mod, target, None)
            elif isinstance(mod, Verb):
                items += self.collect_verb(mod, target)
        for item in items:
            mods = [mod for mod in item.group.mods if not (is_mutual(mod) or _is_of_doer(mod, item.prep))]
            if not item.group.is_animate and not list_words(item.group):
                mods = [kept for mod in mods for kept in _without_doing(mod, item, target)]
            if item.group.head not in LEADING:
                mods = [_as_place(mod) if isinstance(mod, Prep) else mod for mod in mods]
            item.group.mods[:] = mods
        return items

    def _collect_prep(
        self, mod: Prep, target: Target, chain: Verb | None, verb: str = "", after_object: bool = False
    ) -> list[Item]:
        """Return what stays of a preposition that hung on something gone, or on its verb.

        chain: the verb by which it was met. after_object: whether an object stood before it.
        """
        if mod.group is None or mod.low == "without":
            return []
        if target.category in EATEN and mod.low in ("with", "of") and _is_on_it(mod.group):
            target.note("looks")
            return []
        group, items = self.prune(mod.group, target)
        if group is None or is_empty(group):
            return items
        if mod.low in ("toward", "towards", "above") and group.head in ("ground", "floor", "sky", "air"):
            return items
        if mod.low in ("toward", "towards", "into") and group.head in ("sunset", "sunrise", "sun"):
            when = Group([Phrase(list(group.members[0].tokens[-1:]))])
            return [*items, Item("condition", when, "at")]  # "toward the sunset"
        low = "near" if mod.low in ("between", "in between") and not group.is_plural else mod.low
        group, inner = self._visible(group, target, low)
        if group is None:
            return inner
        hung = Hung(low, group, verb, target)
        if low == "on" and target.is_human and hung.words & {"cell phone", "laptop"}:
            return [Item("thing", group), *inner]  # "women on cellphones"
        if hung.is_no_place:
            return inner
        hung.low = _find_way(hung)
        if _is_condition(hung):
            return [Item("condition", group, hung.low)] if hung.low in _WHEN else []
        if group.head in EVENTS - {"birthday"} and hung.low in ("for", "of", "from", "to"):
            return [Item("ground", group, "at", joins=True, chain=chain), *inner]
        if hung.is_no_thing:
            return inner
        return [_find_ground(hung, chain) or _find_thing(hung, chain, mod, after_object), *inner]

    def collect_verb(self, verb: Verb, target: Target) -> list[Item]:
        """Return what stays of a verb whose subject is gone."""
        items: list[Item] = []
        if target.category == "dining table" and verb.stem in ("set", "lay") and verb.form == "en":
            target.note("laid")
            items.append(Item("thing", Group([Phrase([Token("place", "W"), Token("settings", "W")])])))
        if any(token.low in ("not", "n't", "no") for token in verb.tokens):
            return []
        for group in verb.objects:
            items += self._collect_object(group, verb, target)
        for mod in verb.mods:
            if isinstance(mod, Prep) and not tells_how(mod, verb, target):
                items += self._collect_prep(mod, target, verb, verb.stem, after_object=bool(verb.objects))
            elif isinstance(mod, Verb):
                items += self.collect_verb(mod, target)
        return items

    def _collect_object(self, group: Group, verb: Verb, target: Target) -> list[Item]:
        """Return what stays of an object of a verb whose subject is gone."""
        stem = verb.stem
        left, inner = self.prune(group, target)
        if left is None or is_empty(left):
            return inner
        if stem in ("let", "allow"):  # "letting people on"
            left.mods = [mod for mod in left.mods if not isinstance(mod, Loose)]
        if is_no_object(left, verb, target):
            return []
        if is_only_done(left, verb):
            return self.collect(list_mods(left), target)
        words = list_words(left)
        left, inner = self._visible(left, target, _find_how(verb))
        if left is None or not _can_be_seen(left, stem):
            return inner
        for mod in left.mods:
            if isinstance(mod, Verb) and mod.form == "inf":  # "watch a plane fly" -> "a plane flying"
                mod.tokens = [Token(ing_form(mod.stem), "V", form="ing", stem=mod.stem), *mod.tokens[1:]]
        if left.head == "birthday" or (stem == "play" and left.head in ("game", "games", "match")):
            return inner + [item for member in left.members for item in self.collect(member.mods, target)]
        apart = stem in LOOKING
        if left.head in GROUNDS and not words and stem in VISITING:
            place = get_place_prep("around", left)
            return [Item("ground", left, place, chain=verb, apart=apart), *inner]
        return [Item("thing", left, chain=verb, apart=apart), *inner]

    def _visible(self, group: Group, target: Target, how: str) -> tuple[Group | None, list[Item]]:
        """Return (a group without what is no thing of its own in the photo: clothes, body, activities;
        what hung on those).
        """
        members, links, items = [], [], []
        for place, member in enumerate(group.members):
            in_row = member.head == "glasses" and bool(members)  # "wine bottles and glasses"
            if member.head in ("blanket", "blankets"):  # "a bed covered in blankets and pillows"
                in_row = any(
                    other is not member and stands_alone(other, target, how) for other in group.members
                )
            if member.head in ("display", "displays") and any(is_of(mod) for mod in member.mods):
                in_row = True  # "a large display of ferns"
            if target.is_human and _is_among_clothes(member, group) and how in ("with", "in"):
                continue  # "with a hat, tie and striped halter"
            if not in_row and not stands_alone(member, target, how):
                if not target.holds(member):
                    target.note("looks")
                if (
                    how != "worn"
                    and member.head not in (PICTURES if how == "with" else ())
                    and member.head not in MARKS | {"shape", "form", "style"}
                ):
                    shown = member.head in PICTURES  # "a photo of herself in the mirror"
                    items += self.collect([_as_shown(mod) if shown else mod for mod in member.mods], target)
                elif how == "with":  # "with a mouse and a photo on a desk"
                    items += self.collect([mod for mod in member.mods if is_on_thing(mod)], target)
                continue
            if members:
                links.append(group.links[place - 1] if place else "and")
            members.append(member)
        if not members:
            if how != "worn":
                items += self.collect(group.mods, target)
            return None, items
        return Group(
            members, fix_links(links, len(group.members) - len(members), group.links), group.mods
        ), items


def _find_way(hung: Hung) -> str:
    """Return the preposition as it is true without its verb: `milling about`, `reaching for a lemon`."""
    if hung.low == "about" and hung.verb in _ROAMING:
        return "around"
    for_it = hung.low == "for" and hung.verb == "reach" and hung.first.tokens[0].kind == "D"
    return "" if for_it else hung.low


def _is_condition(hung: Hung) -> bool:
    """Whether it tells of the weather or the time, and of no thing: `in the rain`, `at night`."""
    head, low, first = hung.group.head, hung.low, hung.first
    if head not in CONDITIONS or hung.words or (low not in _WHEN and head in GROUNDS):
        return False
    beside = low in NEARNESS and first.tokens[0].low in ("a", "an") and head in ("light", "sun")
    lies = head == "snow" and (low in ("on", "through", "across", "over") or len(first.tokens) > 2)
    return not (beside or lies)


def _find_ground(hung: Hung, chain: Verb | None) -> Item | None:
    """Return the place where something was; None where it is none."""
    group, low = hung.group, hung.low
    if group.head not in GROUNDS or hung.words:
        return None
    if low in WITHIN | NEARNESS | set(WAYS):
        seen = low.removeprefix("out ")  # "looking out at hills"
        if hung.verb in LOOKING and seen in _LOOKED_AT:
            return Item("thing", group, low, joins=False, chain=chain)
        prep = low if low == "along" else get_place_prep(low, group)
        moved = low in WAYS and low != "through" and prep in ("on", "in", "over", "along")
        return Item("ground", group, prep, joins=True, chain=chain, moved=moved)
    if low == "of" and not hung.verb:
        return Item("ground", group, get_place_prep("around", group), joins=True, chain=chain)
    return None


def _find_thing(hung: Hung, chain: Verb | None, mod: Prep, after_object: bool) -> Item:
    """Return a thing that was there, with what it hung by."""
    low, verb = hung.low, hung.verb
    if after_object and low == "with" and verb in WITH_TOOL:
        hung.target.note("tool")
    if low == "during":
        return Item("condition", hung.group, low)
    if verb and not after_object and low == "at":
        return Item("thing", hung.group, low, joins=verb in ("sit", "stand"), chain=chain)
    placed = low in WITHIN - _UNDER and verb not in PLACING and not (low == "on" and is_on_stand(mod))
    tool = low == "with" and verb in WITH_TOOL and hung.group.head not in SCENERY
    joins = low in NEARNESS | WITHIN | {"with"} and not (after_object and (placed or tool))
    return Item("thing", hung.group, low, joins=joins, chain=chain)


def _find_how(verb: Verb) -> str:
    """Return how an object hangs on a verb, as `stands_alone` names it."""
    if any(token.low in WORN for token in verb.tokens):
        return "worn"
    return "has" if verb.stem in ("have", "show", "flash") else "verb"


def _can_be_seen(group: Group, stem: str) -> bool:
    """Whether an object is there without its subject: `shoveling snow` is not, `watching the rain` is."""
    snow = group.head == "snow" and stem != "shovel"
    return group.head not in CONDITIONS or snow or stem in LOOKING


def _is_among_clothes(phrase: Phrase, group: Group) -> bool:
    """Whether a noun without an article ends a row of clothes, so that it is one."""
    bare = phrase.tokens and phrase.tokens[0].kind == "W" and not phrase.words and not phrase.mods
    others = [member for member in group.members if member is not phrase]
    dressed = [other.head in MORE_CLOTHES - {"glasses"} or "tie" in other.words for other in others]
    return bool(bare and dressed) and all(dressed)


def _is_of_doer(mod: Mod, prep: str) -> bool:
    """Whether a word behind a thing tells of who is gone, `on a wave alone`, or of what he did to it,
    `shakes water off`.
    """
    word = mod.text.lower() if isinstance(mod, Loose) else ""
    moved = ("off", "away", "up", "in", "out", "down", "over", "along", "back")
    return word in ("alone", "around", "live") or (not prep and word in moved)


def _without_doing(mod: Mod, item: Item, target: Target) -> list[Mod]:
    """Return what hangs on a place without what that does not do, but what lay on it: no rack roasts, and
    no mat that a suitcase was on is opened. `figs on a rack roasting over a fire` leaves a rack over a fire.
    """
    if not isinstance(mod, Verb) or mod.is_finite or mod.opener or item.prep not in ("on", "in", "on top of"):
        return [mod]
    if mod.stem in _COOKED and mod.form == "ing" and item.group.head in _COOKED_ON:
        return [inner for inner in mod.mods if isinstance(inner, Prep)]
    if mod.tokens[0].low == "opened" and target.category in _OPENED:
        return [inner for inner in mod.mods if isinstance(inner, Prep) and inner.low in NEARNESS]
    return [mod]


_OPENED = frozenset({"suitcase", "backpack", "handbag", "laptop", "book", "umbrella", "cell phone"})
_COOKED_ON = frozenset({"skewer", "stick", "rack", "spit", "fork", "grate", "grill", "pan", "pot", "tray"})
_COOKED_ON |= {f"{word}s" for word in _COOKED_ON}
_COOKED = frozenset({"cook", "roast", "bake", "grill", "fry", "boil", "toast", "steam", "simmer", "heat"})


def _is_on_it(group: Group) -> bool:
    """Whether a row is said to be on what is gone."""
    mods = [mod for one in (group, *group.members) for mod in one.mods]
    return any(
        isinstance(mod, Prep) and mod.low == "on" and mod.group is not None and mod.group.head in _ON_IT
        for mod in mods
    )


def _as_place(mod: Prep) -> Prep:
    """Return a way that something moved as the place that it is without it: `through the snow` -> `in`."""
    if mod.group is None or mod.low not in WAYS or mod.group.head not in GROUNDS or mod.low in NEARNESS:
        return mod
    return Prep(get_place_prep(mod.low, mod.group), mod.group, mod.link)


def _as_shown(mod: Mod) -> Mod:
    """Return what a picture is of as what stands near who takes it."""
    return Prep("near", mod.group) if isinstance(mod, Prep) and mod.low == "of" else mod
