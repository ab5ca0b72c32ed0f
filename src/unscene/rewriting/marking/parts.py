"""What is on an object, in it or of it, and goes with it wherever the caption says so: its parts, prints,
fillings, what it shows.
"""

from itertools import takewhile

from unscene.rewriting.marking.leftovers import list_words
from unscene.rewriting.marking.target import MARKS, Target, is_all_gone, owner_is_gone
from unscene.rewriting.parsing.tree import Clause, Group, Loose, Mod, Phrase, Prep, Verb, list_mods, walk
from unscene.rewriting.scene_lists import (
    EATEN,
    FURNITURE,
    GROUNDS,
    LARGE,
    MORE_BODY,
    NEARNESS,
    PARTS,
    SCENERY,
    SCREENS,
    VEHICLES,
    VESSELS,
)
from unscene.words.caption_words import ADJECTIVES, PICTURES
from unscene.words.verb_lists import LOOKING

# Parts that a caption names without saying of what: `a toilet in a hall with soap on the tank`.
_PORTIONS = frozenset({"slice", "slices", "piece", "pieces", "half", "halves", "crust", "bite", "bites"})
_PORTIONS |= {
    "bun",
    "buns",
    "topping",
    "toppings",
    "glaze",
    "glazes",
    "frosting",
    "icing",
    "layers",
    "filling",
    "fillings",
}
_PEELED = frozenset({"orange", "apple", "banana"})
_PARTS_OF = {
    "toilet": frozenset({"tank", "lid", "seat", "cistern"}),
    "bed": frozenset({"covering", "coverings", "canopy", "headboard", "footboard", "mattress", "bedspread"}),
    "tv": frozenset({"screen"}),
    "laptop": frozenset({"screen", "trackpad", "touchpad"}),
    "cell phone": frozenset({"screen"}),
    "refrigerator": frozenset({"freezer", "door", "doors"}),
    "bicycle": frozenset({"handlebars", "handlebar", "pedals", "saddle"}),
    "motorcycle": frozenset({"handlebars", "handlebar", "sidecar"}),
    **dict.fromkeys(_PEELED, frozenset({"peel", "peels", "rind", "core"})),
    **dict.fromkeys(EATEN, _PORTIONS),
}
# What every vehicle that is glazed has: of the target alone where no other such vehicle is told of.
_IN_FRONT = frozenset({"windshield", "windscreen", "dashboard"})
_GLAZED = VEHICLES - {"bicycle"}
_SIDES = frozenset({"side", "sides", "front", "back", "top", "roof", "rear", "hood", "bed", "tail", "wing"})
_SIDES |= {"wings", "trunk", "seat", "deck", "end", "inside", "fender"}
# What only a surface has: nothing without it.
_FLAWS = MARKS | {"scratch", "scratches", "dent", "dents", "crack", "cracks", "stain", "stains", "rust"}
_FLAWS |= {"symbol", "symbols", "emblem", "insignia", "decal", "decals", "mural", "murals", "signage"}
# What sticks to a thing, and is gone with it.
_STAINS = frozenset({"mud", "dirt", "dust", "rust", "grime", "grease", "soot", "sand", "paint", "blood"})
_STAINS |= {"snow", "frost", "ice", "rain", "water", "dew", "drops", "droplets", "raindrops", "snowflakes"}
_STAINS |= {"soap", "foam", "suds", "flour", "powder", "sawdust", "crumbs", "hay", "straw", "moss", "seaweed"}
# What lies beside food; what else it comes with is on it: `a pizza with mushrooms`.
_SIDE_DISHES = frozenset({"fries", "chips", "salad", "soup", "drinks", "soda", "rice", "beans", "vegetables"})
_LIQUIDS = frozenset({"water", "milk", "juice", "liquid", "coffee", "tea", "beer", "wine", "soda", "soap"})


def mark_parts(clauses: list[Clause], target: Target) -> None:
    """Put the parts, prints, fillings and pictures of the target into the target."""
    noted = len(target.used)
    parts = _PARTS_OF.get(target.category, frozenset())
    if target.category in _GLAZED and not _names_other(clauses, target, _GLAZED, _MORE_VEHICLES):
        parts |= _IN_FRONT
    if target.category in _PEELED and _names_other(clauses, target, _PEELED):
        parts = frozenset()  # whose the peel is
    for clause in clauses:
        beside = {id(node.group) for node in walk(clause) if isinstance(node, Prep) and node.low in NEARNESS}
        for node in walk(clause):
            if isinstance(node, Group):
                _mark_group(node, target, parts, id(node) in beside)
            elif isinstance(node, Verb):
                _mark_shown(node, target)
                _mark_lit(node, target)
    del target.used[noted:]  # nothing is taken out yet


def _names_other(
    clauses: list[Clause], target: Target, words: frozenset[str], heads: frozenset[str] = frozenset()
) -> bool:
    """Whether a caption tells of something besides the target that has such parts as well."""
    phrases = [node for clause in clauses for node in walk(clause) if isinstance(node, Phrase)]
    alike = [phrase for phrase in phrases if phrase.words & words or phrase.head in heads]
    return not all(map(target.is_in, alike))


_MORE_VEHICLES = frozenset(
    {
        *("vehicle", "tractor", "helicopter", "trolley", "ambulance", "rv", "atv", "snowmobile", "forklift"),
        *("crane", "tank", "snowplow", "bulldozer", "excavator", "streetcar"),
    }
)
_MORE_VEHICLES |= {f"{word}s" for word in _MORE_VEHICLES}


def _mark_group(group: Group, target: Target, parts: frozenset[str], is_beside: bool) -> None:
    """Mark what of a group is of the target. parts: what the target has. is_beside: whether the group is
    said to be near something, as no part of that is.
    """
    gone = is_all_gone(group, target)
    if target.category in EATEN and (gone or group.head in _DISHES | _PORTIONS):
        _mark_topping(group, target)
    displayed = target.category in SCREENS and any(
        isinstance(mod, Verb) and mod.stem == "display" and mod.form == "en" and not mod.mods
        for mod in group.mods
    )
    for member in group.members:
        behind = member.mods or (group.mods if member is group.members[-1] else [])
        on_screen = bool(behind) and _is_shown_on(behind[0], member, target)
        if on_screen and member.tokens and not member.words - {"person"}:
            _mark(member, target)  # "an image on a screen", "someone in the tv"
        if not member.tokens or member.words or member.is_animate:
            continue
        named = [token.low for token in member.tokens if token.low not in ADJECTIVES | {"high", "low"}]
        part = bool(named) and named[-1] in parts and not is_beside and not _is_of_another(member, target)
        on_it = any(_is_on_target(mod, target) for mod in (*member.mods, *group.mods))
        borne = _FLAWS | _IN_FRONT | _BORNE.get(target.category, frozenset())
        if part or displayed or (on_it and member.head in borne):
            _mark(member, target)
    mods = [*(mod for member in group.members for mod in member.mods), *group.mods]
    if gone and (target.category in VEHICLES or not target.is_animate):
        _mark_borne(mods, target)
    if gone:
        _mark_stains(mods, target)
    first = next(iter(mods), None)
    topped = gone and target.category in EATEN and isinstance(first, Prep) and first.low == "with"
    for member in first.group.members if topped and first.group is not None else ():
        bare = member.tokens and member.tokens[0].kind == "W" and not (member.words or member.is_animate)
        if bare and member.head not in _SIDE_DISHES | _LIQUIDS:
            _mark(member, target)
    places = [mod for mod in mods if isinstance(mod, Prep) and mod.group is not None]
    if gone and target.category in ("sandwich", "hot dog"):
        for group in (mod.group for mod in places if mod.low in ("on", "in")):
            of = any(isinstance(mod, Prep) and mod.low == "of" for mod in list_mods(group))
            if not of and all(member.head in _BREADS for member in group.members):
                for member in group.members:
                    _mark(member, target)  # "sandwiches on rye bread", not "on rolls of paper"
    if gone and target.category in EATEN:
        for mod in (mod for mod in places if mod.low == "with"):
            if any(isinstance(one, Loose) and one.text == "missing" for one in mod.group.mods):
                for member in mod.group.members:
                    _mark(member, target)  # "a cake with a section missing"
    for place, filling in zip(places, places[1:], strict=False):
        poured = gone and filling.low == "with" and target.category in VESSELS
        poured = poured and place.low == "of" and place.group.head in _LIQUIDS
        poured = poured and not any(isinstance(m, Prep) and _is_wall(m) for m in filling.group.mods)
        for member in filling.group.members if poured else ():
            if member.head in _IN_DRINKS:
                _mark(member, target)  # "a cup of coffee with latte art"
        within = place.low in ("in", "inside") and is_all_gone(place.group, target)
        if within and filling.low == "with" and target.category in VESSELS | {"vase", "bowl", "sink"}:
            for member in filling.group.members:
                if member.head in _LIQUIDS:
                    _mark(member, target)  # "roses in a vase with water"


def _is_wall(mod: Prep) -> bool:
    return mod.group is not None and mod.group.head in ("wall", "walls")


def _is_shown_on(mod: Mod, phrase: Phrase, target: Target) -> bool:
    """Whether what is right behind something says that a screen shows it: `someone in the tv`, `a picture
    on a laptop`. A painting on a tv stands on the set.
    """
    if target.category not in SCREENS or not isinstance(mod, Prep) or mod.group is None:
        return False
    if mod.low != "in" and not (mod.low == "on" and phrase.head in PICTURES - _FRAMED):
        return False
    stands = mod.low == "on" and target.category == "tv" and phrase.head not in _IMAGES
    return is_all_gone(mod.group, target) and not (stands and not mod.group.head.endswith("screen"))


_FRAMED = frozenset({"painting", "drawing", "portrait", "sketch"})
_IMAGES = frozenset({"image", "images", "video"})


def _mark_borne(mods: list[Mod], target: Target) -> None:
    """Mark what a thing that is gone has on it or in it, and what it shows."""
    done = [inner for verb in mods if isinstance(verb, Verb) for inner in verb.mods]
    for mod in [*mods, *done]:
        if isinstance(mod, Prep) and mod.low == "with" and mod.group is not None:
            if target.category in VEHICLES and mod in mods:
                _mark_printed(mod.group, target)
            for member in mod.group.members if mod in mods else ():
                if member.head in _BORNE.get(target.category, ()) and not member.words:
                    _mark(member, target)  # "a bicycle with a basket and an umbrella"
            _mark_stuck(mod.group, target)
        elif isinstance(mod, Verb):
            within = [one.group for one in mod.mods if isinstance(one, Prep) and one.low in ("of", "with")]
            groups = [*mod.objects, *(group for group in within if group is not None)]
            shows = target.category in SCREENS | EATEN and mod.stem in _SHOWING and mod.form != "en"
            loaded = target.category in VEHICLES and any(token.low in _LOADED for token in mod.tokens)
            for member in (member for group in groups for member in group.members):
                if shows or (loaded and member.is_human):
                    _mark(member, target)  # "a phone displays some text", "a boat full of nuns"
            if target.category in EATEN and mod.stem == "contain":
                for member in takewhile(_is_filling, (m for group in mod.objects for m in group.members)):
                    _mark(member, target)
            if mod.stem == "have":
                for group in mod.objects:
                    _mark_stuck(group, target)


def _mark_stuck(group: Group, target: Target) -> None:
    """Mark what is said to be on what is gone, or in it, and has no place without it: `suitcases with
    tags on them`, `a tie with a gnome on it`, `a bus with people inside`. Furniture carries things.
    """
    carries = target.category in FURNITURE | _WITH_TOPS
    for member in group.members:
        nodes = [node for mod in [*member.mods, *group.mods] for node in walk(mod)]
        preps = [node for node in nodes if isinstance(node, Prep) and node.group is not None]
        on_it = any(prep.low in _ON and _is_it_or_its_side(prep.group, target) for prep in preps)
        on_top = target.category in EATEN and any(p.low == "on" and p.group.head == "top" for p in preps)
        inside = target.category in VEHICLES and any(
            isinstance(node, Loose) and node.text.lower() in ("inside", "aboard") for node in nodes
        )
        drawn = any(isinstance(node, Verb) and node.stem in _DRAWING for node in nodes)
        drawn = on_it and (drawn or target.category in SCREENS)
        stuck = on_top or (on_it and (member.head in PARTS | _FLAWS or not carries))
        if inside or drawn or (stuck and not (member.words or member.is_animate)):
            _mark(member, target)
            for side in (p.group.members[0] for p in preps if p.low in _ON and p.group.head in _SIDES):
                _mark(side, target)


def _mark_stains(mods: list[Mod], target: Target) -> None:
    """Mark what sticks to a part of what is gone, and the part: `a tram with mud on its wheels`."""
    first = next((mod for mod in mods if isinstance(mod, Prep)), None)  # not "by a sled with mud on its seat"
    having = [(first.group, [])] if first is not None and first.low == "with" and first.group else []
    verbs = [mod for mod in mods if isinstance(mod, Verb) and mod.stem == "have"]
    having += [(group, verb.mods) for verb in verbs for group in verb.objects]
    for group, behind in having:
        for member in group.members:
            places = [mod for mod in (*member.mods, *group.mods, *behind) if _is_on_part(mod, target)]
            if places and member.head in _STAINS and not member.words:
                _mark(member, target)
                for place in places:
                    _mark(place.group.members[0], target)


def _is_on_part(mod: Mod, target: Target) -> bool:
    """Whether it is on a part of what is gone: `on its wheels`, `all over the wheels`."""
    if not isinstance(mod, Prep) or mod.low not in ("on", "in", "over", "across") or mod.group is None:
        return False
    part = mod.group.members[0]
    owned = bool(part.tokens) and (part.tokens[0].low == "the" or owner_is_gone(part.tokens[0], target))
    return owned and part.head in PARTS | MORE_BODY | _SIDES | _IN_FRONT and not _is_of_another(part, target)


def _is_filling(phrase: Phrase) -> bool:
    """Whether it is something that food has in it: `ham` of `containing ham and a glass of milk`."""
    bare = bool(phrase.tokens) and phrase.tokens[0].kind == "W"
    return bare and not (phrase.words or phrase.is_animate)


_IN_DRINKS = frozenset({"art", "foam", "froth", "cream", "milk", "sugar", "ice", "marshmallows", "steam"})
_BREADS = frozenset({"bread", "breads", "bun", "buns", "roll", "rolls", "croissant", "bagel", "baguette"})
_SHOWING = frozenset({"display", "show", "say", "read"})
_LOADED = frozenset({"full", "filled", "packed", "loaded", "crowded", "carrying", "carries", "carry"})
_DRAWING = frozenset({"draw", "paint", "print", "write", "stencil"})
_WITH_TOPS = frozenset({"book", "keyboard", "laptop", "tv", "oven", "microwave", "truck", "bicycle"})
_ON = frozenset({"on", "around", "across", "on the side of", "on the back of"})


def _is_it_or_its_side(group: Group, target: Target) -> bool:
    """Whether a row is a pronoun that stands for what is gone, or a side of that: `the front of it`."""
    if group.members[0].is_pronoun:
        return is_all_gone(group, target)
    if group.head in ("screen", "screens") and target.category in SCREENS:
        return not any(isinstance(inner, Prep) for inner in (*group.mods, *group.members[0].mods))
    if group.head in _SIDES and group.members[0].tokens[0] in target.lost_owners:
        return True  # "a tram with art on its side"
    of = [inner for node in (group, group.members[0]) for inner in node.mods]
    return group.head in _SIDES and any(_is_on_target(inner, target) for inner in of)


def _mark_printed(group: Group, target: Target) -> None:
    """Mark what a vehicle has on its side or in its back, and the side with it; the side that somebody
    does something from: `a bus with nuns waving from the top`.
    """
    mods = [*group.mods, *(mod for member in group.members for mod in member.mods)]
    for done in (inner for mod in mods if isinstance(mod, Verb) for inner in mod.mods):
        if isinstance(done, Prep) and done.low == "from" and done.group and done.group.head in _SIDES:
            _mark(done.group.members[0], target)
    sides = [
        mod.group.members[0]
        for mod in mods
        if isinstance(mod, Prep)
        and mod.low in ("on", "in", "at", "across")
        and mod.group is not None
        and mod.group.head in _SIDES
        and not any(isinstance(inner, Prep) and not _is_on_target(inner, target) for inner in mod.group.mods)
    ]
    if not sides or group.head in GROUNDS | SCENERY | LARGE:
        return
    for side in sides:
        _mark(side, target)
    for member in group.members:
        if not member.is_animate or any(
            mod.low == "on" and mod.group.head in ("side", "sides") for mod in mods
        ):
            _mark(member, target)


def _mark_shown(verb: Verb, target: Target) -> None:
    """Mark what somebody watches on a screen: `watching a match on TV`."""
    if target.category not in SCREENS or verb.stem not in LOOKING:
        return
    shown = any(_is_on_screen(mod, target) for mod in verb.mods)
    for group in verb.objects:
        if shown or any(_is_on_screen(mod, target) for mod in group.mods):
            for member in group.members:
                _mark(member, target)


def _mark_lit(verb: Verb, target: Target) -> None:
    """Mark the candles that somebody lights on food: `blowing out candles on a cake`."""
    if target.category in EATEN and any(_is_on_target(mod, target) for mod in verb.mods):
        for member in (member for group in verb.objects for member in group.members):
            if member.head in _CANDLES:
                _mark(member, target)


_CANDLES = frozenset({"candle", "candles"})
# What a thing has on it that is said to be with it, or on it, and elsewhere is a thing of its own.
_BORNE = {**dict.fromkeys(EATEN, _CANDLES), "bicycle": frozenset({"basket", "baskets"})}


def _mark_topping(group: Group, target: Target) -> None:
    """Mark what food is topped with that lies in a dish: `a pizza in a pan topped with cheese`."""
    for verb in [*group.mods, *(mod for member in group.members for mod in member.mods)]:
        if not isinstance(verb, Verb) or verb.form != "en" or verb.stem not in _TOPPED | {"cover"}:
            continue
        for mod in verb.mods:
            if isinstance(mod, Prep) and mod.low in ("with", "in") and mod.group is not None:
                if verb.stem == "cover" and not any(m.head in _TOPS for m in mod.group.members):
                    continue  # "a pan covered with a cloth"
                for member in mod.group.members:
                    if not (member.words or member.is_animate):
                        _mark(member, target)


_TOPPED = frozenset({"top", "garnish", "sprinkle", "frost", "smother", "drizzle"})
_TOPS = _PORTIONS | {"cheese", "sauce", "pepperoni", "chocolate", "sprinkles", "cream"}
_DISHES = frozenset({"pan", "plate", "dish", "tray", "platter", "box", "board", "oven", "bowl"})


def _is_on_screen(mod, target: Target) -> bool:
    on = isinstance(mod, Prep) and mod.low == "on" and mod.group is not None
    return on and is_all_gone(mod.group, target) and mod.group.members[0].tokens[0].kind != "D"


def _is_on_target(mod, target: Target) -> bool:
    low = mod.low if isinstance(mod, Prep) and mod.group is not None else ""
    on = low in ("on", "in", "of", "on the side of") or (target.category in EATEN and low == "on top of")
    return on and is_all_gone(mod.group, target)


def _is_of_another(phrase: Phrase, target: Target) -> bool:
    """Whether a part is said to be of something else: `a slice of lemon`."""
    return any(
        isinstance(mod, Prep)
        and mod.low in ("of", "on")
        and mod.group is not None
        and (list_words(mod.group) or mod.low == "of")
        and not is_all_gone(mod.group, target)
        for mod in phrase.mods
    )


def _mark(phrase: Phrase, target: Target) -> None:
    if phrase.tokens:
        target.gone_parts[phrase.tokens[-1]] = phrase.words
