"""What stays of the things that hung on something that is taken out of a caption."""

from collections.abc import Callable

from unscene.words.caption_words import ADJECTIVES, NUMBERS, PICTURES
from unscene.words.chunks import is_done_to
from unscene.words.leftovers import (
    Item,
    get_place_prep,
    list_words,
)
from unscene.words.own_places import is_on_stand
from unscene.words.rows import (
    fix_links,
    is_mutual,
)
from unscene.words.scene_lists import (
    ACTIVITIES,
    COLOURS,
    CONDITIONS,
    EATEN,
    EVENTS,
    FURNITURE,
    GREETINGS,
    GROUNDS,
    HERDED,
    LEADING,
    MORE_CLOTHES,
    NEARNESS,
    NO_PLACE,
    PARTS,
    SCENERY,
    SPEECHES,
    STATES,
    VESSELS,
    WAYS,
    WITHIN,
)
from unscene.words.target import MARKS, Target, is_empty, is_on_thing, stands_alone
from unscene.words.tokens import Token
from unscene.words.tree import Group, Loose, Mod, Phrase, Prep, Verb
from unscene.words.verb_forms import ing_form, looks_plural
from unscene.words.verb_lists import (
    LOOKING,
    NAMING,
    PLACING,
    VERBS,
    VISITING,
    WITH_TOOL,
    WORN,
)

Prune = Callable[[Group, Target], tuple[Group | None, list[Item]]]
_LOADED = frozenset({"truck", "train", "car", "book", "person"})
# What somebody is in who is gone, and no place: `a man in thought`.
_MANNERS = frozenset(
    {"line", "top", "day", "person", "motion", "thought", "unison", "silence", "camouflage", "tow", "route"}
)
_LOOKS = frozenset({"color", "colors", "colours", "pattern", "patterns", "size", "sizes", "shapes", "styles"})
_MANNERS |= {"costume", "costumes", "disguise", "contrast", "prayer", "conversation", "concentration"}
# What is on food is gone with it: `a cupcake with icing and sprinkles on it`.
_ON_IT = frozenset({"it", "them", "top"})
_MAKING = frozenset(
    {"fashion", "craft", "make", "compose", "comprise", "consist", "form", "construct", "build", "assemble"}
)
_TOPPING = frozenset({"top", "decorate", "cover", "fill", "coat", "stuff", "garnish", "sprinkle", "frost"})
_TOPPING |= {"drizzled", "smothered"}  # the lists of verbs lack these
# What is done in a crowd of others: `a horse standing in a crowd`.
_AMONG_OTHERS = frozenset({"sit", "stand", "lie", "walk", "wait", "lead", "ride"})
_BECOMING = frozenset({"messy", "muddy", "sleepy", "hungry", "dizzy", "cozy", "rowdy", "icy", "sandy"})
_COATED = VESSELS | {
    "vase",
    "bowl",
    "suitcase",
    "backpack",
    "handbag",
    "potted plant",
    "refrigerator",
    "toilet",
}
# Who does it about a place is there: `people milling about a terminal`.
_ROAMING = frozenset({"mill", "walk", "stand", "wander", "stroll", "run", "scatter", "gather", "sit", "roam"})
# What is done under something is under it, too: `serves figs under a canopy`.
_UNDER = frozenset({"under", "underneath", "beneath"})
_MADE = GREETINGS | {"contact", "gesture", "gestures", "five", "splash"}
_TURNING = frozenset({"convert", "turn", "change", "transform", "make"})
_CUTTING = frozenset({"cut", "slice", "divide", "split", "break", "halve"})
_COATING = frozenset({"cover", "coat", "paint", "decorate", "adorn", "wrap"})


class Gathering:
    """Gathers what stays of what hung on something gone. prune: how a group that hung there is pruned
    itself, as `unscene.words.pruning_groups.prune_group` does.
    """

    def __init__(self, prune: Prune):
        self.prune = prune

    def collect(self, mods: list[Mod], target: Target) -> list[Item]:
        """Return what stays of the things that hung on something gone, in order."""
        items: list[Item] = []
        for mod in mods:
            if isinstance(mod, Prep):
                items += self._collect_prep(mod, target, 0)
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
        self, mod: Prep, target: Target, chain: int, verb: str = "", after_object: bool = False
    ) -> list[Item]:
        if mod.group is None or mod.low == "without":
            return []
        if target.category in EATEN and mod.low in ("with", "of") and _is_on_it(mod.group):
            target.note("looks")
            return []
        group, items = self.prune(mod.group, target)
        if group is None or is_empty(group):
            return items
        low = mod.low
        if low in ("between", "in between") and not group.is_plural:
            low = "near"
        if low in ("toward", "towards", "above") and group.head in ("ground", "floor", "sky", "air"):
            return items
        if low in ("toward", "towards", "into") and group.head in ("sunset", "sunrise", "sun"):
            when = Group([Phrase(list(group.members[0].tokens[-1:]))])
            return [*items, Item("condition", when, "at")]  # "toward the sunset"
        group, inner = self._visible(group, target, low)
        if group is None:
            return inner
        words = list_words(group)
        if low == "on" and target.is_human and words & {"cell phone", "laptop"}:
            return [Item("thing", group), *inner]  # "women on cellphones"
        if low == "in" and group.head in ("background", "foreground", "distance"):
            return inner
        if low == "out of" and group.head in ("frame", "view", "sight", "shot"):
            return inner
        if low == "around" and group.head in ("corner", "bend", "curve", "turn"):
            return inner
        if low in ("at", "to", "up to") and group.members[0].low == "bat":
            return inner  # "a player up to bat"
        if low == "by" and not verb and target.category == "book":
            return inner  # who wrote it
        if low == "for" and verb == "wait":
            return inner  # it is not there yet
        if verb == "come" and group.head in ("stop", "halt", "rest"):
            return inner
        if low == "about" and verb in _ROAMING:
            low = "around"
        if low == "in" and group.head in ("line", "row", "circle", "formation") and not words:
            return inner
        among = target.is_human or (target.category in HERDED and verb not in _AMONG_OTHERS)
        if low == "in" and group.head == "crowd" and among:
            return inner  # "mules running in a crowd"
        first = group.members[0]
        bare = len(group.members) == 1 and len(first.tokens) == 1 and not words and not first.mods
        if bare and low in ("in", "deep in", "at", "on", "by") and first.head in _MANNERS:
            return inner
        if low in ("in", "of") and group.head in _LOOKS and not words:
            return inner  # "in different colors and patterns"
        if low == "from" and group.members[0].low in ("the outside", "the inside"):
            return inner  # "looking in from the outside"
        various = len(group.members) == 1 and first.tokens[0].low in ("different", "various", "opposite")
        if low == "in" and various and not words and looks_plural(first.head) and group.head not in GROUNDS:
            return inner  # "in different positions"
        if low == "for" and verb == "reach" and first.tokens[0].kind == "D":
            low = ""  # "reaching for a lemon"
        good = low in ("in", "on", "at", "during", "under", "after", "before", "by")
        beside = low in NEARNESS and first.tokens[0].low in ("a", "an") and group.head in ("light", "sun")
        lies = group.head == "snow" and (low in ("on", "through", "across", "over") or len(first.tokens) > 2)
        if (
            group.head in CONDITIONS
            and not words
            and not (beside or lies)
            and (good or group.head not in GROUNDS)
        ):
            return [Item("condition", group, low)] if good else []
        if group.head == "birthday":
            return inner
        if group.head in EVENTS and low in ("for", "of", "from", "to"):
            return [Item("ground", group, "at", joins=True, chain=chain), *inner]
        if low in NO_PLACE - {"of"} and (not words or low != "for" or group.is_human):
            return inner
        watery = target.category == "vase" and group.head == "water"
        poured = target.category in VESSELS and not looks_plural(group.head)  # a drink, but "cups of figs"
        if low == "of" and (watery or poured or (not words and group.head in PARTS | ACTIVITIES)):
            return inner
        bare_of = low == "of" and not words and first.tokens[0].kind == "W" and group.head not in GROUNDS
        if bare_of and not group.is_animate and target.category not in FURNITURE | EATEN | _LOADED:
            return inner  # "an aircraft of an airline", "phones of differing quality"
        if low == "into" and verb in _TURNING:
            return inner  # what it is not yet
        if group.head in GROUNDS and low in WITHIN | NEARNESS | set(WAYS) and not words:
            seen = low.removeprefix("out ")  # "looking out at hills"
            if verb in LOOKING and seen in ("at", "over", "toward", "towards", "into", "onto", "across"):
                return [Item("thing", group, low, joins=False, chain=chain), *inner]
            prep = low if low == "along" else get_place_prep(low, group)
            moved = low in WAYS and low != "through" and prep in ("on", "in", "over", "along")
            return [Item("ground", group, prep, joins=True, chain=chain, moved=moved), *inner]
        if low == "of" and group.head in GROUNDS and not words and not verb:
            return [Item("ground", group, get_place_prep("around", group), joins=True, chain=chain), *inner]
        joins = low in NEARNESS | WITHIN | {"with"}
        if after_object and low == "with" and verb in WITH_TOOL:
            target.note("tool")
        if after_object and (
            low in WITHIN - _UNDER
            and verb not in PLACING
            and not (low == "on" and is_on_stand(mod))
            or low == "with"
            and verb in WITH_TOOL
            and group.head not in SCENERY
        ):
            joins = False
        if low == "during":
            return [Item("condition", group, low), *inner]
        if verb and not after_object and low == "at":
            joins = verb in ("sit", "stand")
        return [Item("thing", group, low, joins=joins, chain=chain), *inner]

    def collect_verb(self, verb: Verb, target: Target) -> list[Item]:
        items: list[Item] = []
        worn = any(token.low in WORN for token in verb.tokens)
        stem, chain = verb.stem, id(verb)
        if target.category == "dining table" and stem in ("set", "lay") and verb.form == "en":
            target.note("laid")
            items.append(Item("thing", Group([Phrase([Token("place", "W"), Token("settings", "W")])])))
        if any(t.low in ("not", "n't", "no") for t in verb.tokens):
            return []
        for group in verb.objects:
            left, inner = self.prune(group, target)
            if left is None or is_empty(left):
                items += inner
                continue
            words = list_words(left)
            if stem in ("let", "allow"):  # "letting people on"
                left.mods = [mod for mod in left.mods if not isinstance(mod, Loose)]
            if stem == "be" or (not words and stem in NAMING):
                continue
            only = left.members[0].tokens[0]
            if (
                stem in ("get", "become")
                and left.head == only.low
                and not words
                and (only.low in ADJECTIVES | STATES | _BECOMING or is_done_to(only.low))
            ):
                continue  # "getting messy", not "getting milk"
            if stem in ("say", "read", "spell") and not target.is_animate:
                continue  # what a sign says
            hanging = [*left.mods, *(mod for member in left.members for mod in member.mods)]
            gives = stem in ("make", "give") and left.head in _MADE and not any(map(_is_of, hanging))
            if gives or (stem == "take" and _is_deed(left, verb)):
                items += self.collect(hanging, target)
                continue  # "takes a snooze", "makes eye contact"
            if stem in ("do", "perform") and left.head in EVENTS and not words:
                items += self.collect(hanging, target)
                continue  # "doing a stunt show"
            if stem in _COATING and all(m.tokens[-1].low in COLOURS for m in left.members):
                continue  # "painted orange and yellow"
            if stem in ("give", "deliver", "make") and left.head in SPEECHES:
                continue
            left, inner = self._visible(
                left, target, "worn" if worn else "has" if stem in ("have", "show", "flash") else "verb"
            )
            if left is not None and (
                left.head not in CONDITIONS
                or (left.head == "snow" and stem != "shovel")
                or stem in LOOKING  # "watching the rain"
            ):
                for mod in left.mods:
                    if isinstance(mod, Verb) and mod.form == "inf":  # "watch a plane fly" -> "a plane flying"
                        mod.tokens = [
                            Token(ing_form(mod.stem), "V", form="ing", stem=mod.stem),
                            *mod.tokens[1:],
                        ]
                seen = left.head in GROUNDS and not words and stem in VISITING
                if left.head == "birthday" or (stem == "play" and left.head in ("game", "games", "match")):
                    items += inner + [
                        item for member in left.members for item in self.collect(member.mods, target)
                    ]
                    continue
                items.append(
                    Item(
                        "ground" if seen else "thing",
                        left,
                        get_place_prep("around", left) if seen else "",
                        chain=chain,
                        apart=stem in LOOKING,
                    )
                )
            items += inner
        for mod in verb.mods:
            if isinstance(mod, Prep):
                if (
                    mod.group is not None
                    and (worn or stem == "dress")
                    and (
                        mod.low in ("as", "like", "for", "up")
                        or mod.group.head in MORE_CLOTHES
                        or stem == "dress"
                    )
                    and mod.low in ("in", "up in", "as", "like", "for", "up")
                ):
                    continue
                if target.category == "clock" and stem == "set" and _is_hour(mod):
                    continue  # "a clock set to ten after three"
                if stem in _MAKING and mod.low in ("of", "from", "out of", "with", "by"):
                    target.note("made from")
                    continue  # "an umbrella made of bamboo"
                plain = target.category in EATEN and mod.group is not None and not list_words(mod.group)
                if plain and stem in _TOPPING and mod.low in ("with", "in", "by"):
                    continue  # "a cake decorated with figs"
                if stem in _CUTTING and mod.low in ("into", "in") and target.category in EATEN:
                    continue  # "a pizza cut into eight pieces"
                if (
                    stem in _COATING
                    and mod is verb.mods[0]
                    and mod.low in ("in", "with", "by")
                    and target.category not in (FURNITURE - _COATED) | EATEN
                ):
                    continue
                items += self._collect_prep(mod, target, chain, stem, after_object=bool(verb.objects))
            elif isinstance(mod, Verb):
                items += self.collect_verb(mod, target)
        return items

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
            if member.head in ("display", "displays") and any(_is_of(mod) for mod in member.mods):
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


def _is_deed(group: Group, verb: Verb) -> bool:
    """Whether what is taken is something that is done: `a snooze`, `a short walk`. What is taken from
    a place is a thing: `a brush from a shelf`.
    """
    first = group.members[0]
    deed = first.tokens[0].low in ("a", "an") and first.head in VERBS - {"lift"} and not first.words
    preps = [mod.low for mod in (*group.mods, *first.mods, *verb.mods) if isinstance(mod, Prep)]
    return deed and (first.head == "drink" or not _WHENCE & set(preps))


_WHENCE = frozenset({"from", "off", "off of", "out of"})


def _is_of(mod: Mod) -> bool:
    return isinstance(mod, Prep) and mod.low == "of"


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


def _is_hour(mod: Prep) -> bool:
    """Whether it says to what hour a clock is set: `to twenty`, `after three`."""
    if mod.group is None or mod.low not in ("to", "at", "for", "past", "after", "before"):
        return False
    return mod.group.head in NUMBERS | _HOURS or mod.group.head[:1].isdigit()


_HOURS = frozenset({"twenty", "half", "quarter", "minutes", "noon", "midnight", "o'clock", "am", "pm"})


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
