"""Five captions a scene in the manner of people, each with the true list of COCO words that it mentions."""

from unscene.scenes import phrases
from unscene.scenes.phrases import article

CAPTIONS_PER_SCENE = 5


def write_captions(scene, rng):
    """Return five pairs (sentence, mentions) for the scene.

    `mentions` is the sorted list of COCO's words that the sentence names, known from how the sentence was put
    together. Objects may stay unmentioned; no sentence says that something is absent.
    """
    groups = {}
    for thing in scene.objects:
        groups.setdefault(thing.category, []).append(thing)
    captions = []
    for _ in range(CAPTIONS_PER_SCENE):
        sentence, mentions = _write_one(scene, groups, rng)
        sentence = sentence[0].upper() + sentence[1:]
        if rng.random() < 0.8:
            sentence += "."
        captions.append((sentence, sorted(mentions)))
    return captions


def _pick(rng, values):
    return values[int(rng.integers(len(values)))]


def _write_one(scene, groups, rng):
    count = min(int(rng.choice([0, 1, 2, 3], p=[0.06, 0.42, 0.4, 0.12])), len(groups))
    if count == 0:
        return _scene_alone(scene, rng), set()
    # People write of large things first and more often.
    names = sorted(groups)
    weights = [sum(t.height for t in groups[n]) ** 0.7 + (4 if n == "person" else 0) for n in names]
    chosen = rng.choice(len(names), size=count, replace=False, p=[w / sum(weights) for w in weights])
    told = [_Told(names[i], groups[names[i]], scene, rng) for i in chosen]
    told.sort(key=lambda group: not group.alive)
    sentence = _FRAMES[count](scene, told, rng)
    return sentence, set().union(*(group.mentions for group in told))


class _Told:
    """One group of objects as a caption tells it: its noun phrase, way of being and the words it mentions."""

    def __init__(self, category, things, scene, rng):
        self.category, self.things = category, things
        self.alive = category in ("person", "dog", "cat", "bird")
        self.several = len(things) > 1
        self.surface = things[0].surface if things[0].surface != "hand" else "ground"
        self.mentions = {category}
        look = things[0].look
        self.held_word, self._way = None, None
        if category == "person" and not self.several and look.get("holds") and rng.random() < 0.8:
            self.held_word, doings = phrases.HELD[look["holds"]]
            self._way = _pick(rng, doings)
        else:
            key = f"{category} {look.get('pose') or look['kind']}"
            self._way = _pick(rng, phrases.WAYS.get(key) or phrases.WAYS[category])
        self.carried = any(thing.surface == "hand" for thing in things)
        self.phrase = _noun_phrase(category, things, scene, rng)

    @property
    def way(self):
        """What the group does. A sentence that says it mentions what is held, e.g. "eating a hot dog"."""
        if self.held_word:
            self.mentions.add(self.held_word)
        return self._way

    def is_are(self):
        return "are" if self.several else "is"


def _noun_phrase(category, things, scene, rng):
    look = things[0].look
    if category == "person":
        return _people_phrase(things, rng)
    nouns = phrases.bird_nouns(look, scene.place) if category == "bird" else phrases.NOUNS[look["kind"]]
    one, many = _pick(rng, nouns)
    if category == "umbrella" and look.get("held") is None and rng.random() < 0.25:
        one, many = "parasol", "parasols"
    if category == "bench" and scene.place == "park" and rng.random() < 0.4:
        one, many = "park bench", "park benches"
    if category == "potted plant" and scene.place == "room" and rng.random() < 0.3:
        one, many = "houseplant", "houseplants"
    colours = {phrases.colour_words(thing.look) for thing in things}
    colour = colours.pop() if len(colours) == 1 and rng.random() < 0.65 else ""
    size = ""
    if rng.random() < 0.15:
        small = look["kind"] in ("puppy", "kitten") or things[0].height < 14
        size = _pick(rng, ("small", "little")) if small else _pick(rng, ("large", "big"))
    words = " ".join(word for word in (size, colour) if word)
    if len(things) == 1:
        return article(f"{words} {one}".strip()) + _collar(look, rng)
    if len(things) == 2 and not words and rng.random() < 0.4:
        first, second = (phrases.colour_words(thing.look) for thing in things)
        if first and second and first != second:
            return f"{article(first)} {one} and {article(second)} {one}"
    return f"{_how_many(len(things), category, rng)} {words} {many}".replace("  ", " ")


def _collar(look, rng):
    return f" with {article(look['collar'])} collar" if look.get("collar") and rng.random() < 0.4 else ""


def _how_many(count, category, rng):
    options = [phrases.NUMBERS.get(count, "several")] * 4
    if count == 2:
        options += ["a couple of", "a pair of"]
    else:
        options += ["several", "a group of", "some"]
        if category == "bird":
            options += ["a flock of"] * 2
    return _pick(rng, options)


def _people_phrase(things, rng):
    kinds = {thing.look["kind"] for thing in things}
    if len(things) == 1:
        noun = _pick(rng, phrases.NOUNS[kinds.pop()])[0]
        adjective = _pick(rng, ("young ", "", "", "", "", "")) if noun != "kid" else ""
        clothes = ""
        if rng.random() < 0.55:
            verb = _pick(rng, ("in", "in", "wearing"))
            clothes = f" {verb} {article(things[0].look['colour'])} {_pick(rng, phrases.CLOTHES)}"
        return article(adjective + noun) + clothes
    if len(kinds) == 1:
        nouns = phrases.NOUNS[kinds.pop()]
    else:
        nouns = phrases.NOUNS["children" if kinds <= {"boy", "girl"} else "adults"]
        if len(things) == 2 and rng.random() < 0.4:
            if kinds == {"man", "woman"}:
                return _pick(rng, ("a couple", "a man and a woman"))
            return "a boy and a girl"
    phrase = f"{_how_many(len(things), 'person', rng)} {_pick(rng, nouns)[1]}"
    colours = {thing.look["colour"] for thing in things}
    if len(colours) == 1 and rng.random() < 0.5:
        phrase += f" in {colours.pop()} shirts"
    return phrase


def _where(scene, group, rng):
    if scene.landmark and group.surface == "ground" and rng.random() < 0.45:
        return _pick(rng, phrases.LANDMARKS[scene.landmark])
    options = phrases.WHERE[scene.place]
    return _pick(rng, options.get(group.surface) or options["ground"])


def _when(scene, rng, chance=0.28):
    if scene.place in ("room", "courtyard", "street") and scene.light == "day":
        chance *= 0.4
    return (
        " " + _pick(rng, phrases.TIMES[scene.light])
        if scene.place != "room" and rng.random() < chance
        else ""
    )


def _does(group, rng):
    """The way of being as a participle, with is/are, or as a finite verb."""
    way, form = group.way, rng.random()
    if form < 0.2 and way in phrases.FINITE:
        return phrases.FINITE[way][group.several]
    if form < 0.4 and not way.startswith("with"):
        return f"{group.is_are()} {way}"
    return way


def _scene_with(scene, rng):
    """The place as a subject that can go on with "with"."""
    return _pick(rng, [phrase for phrase in phrases.SCENES[scene.place] if " with " not in phrase])


def _scene_alone(scene, rng):
    place = _pick(rng, phrases.SCENES[scene.place])
    frame = _pick(rng, ("{}{}", "{}{}", "a view of {}{}", "a picture of {}{}", "this is {}{}"))
    return frame.format(place, _when(scene, rng, 0.6))


def _tell_one(scene, told, rng):
    (group,) = told
    where, when = _where(scene, group, rng), _when(scene, rng)
    form = rng.random()
    if group.carried and not group.several:
        way = _pick(rng, ("held up ", "opened ", ""))
        return f"{group.phrase} {way}{where}{when}"
    if form < 0.55:
        return f"{group.phrase} {_does(group, rng)} {where}{when}"
    if form < 0.68:
        return f"there {group.is_are()} {group.phrase} {where}{when}"
    if form < 0.78:
        lead = _pick(rng, ("a photo of", "a picture of", "a close up of", "a view of"))
        return f"{lead} {group.phrase} {where}{when}"
    if form < 0.9:
        way = f" {group.way}" if rng.random() < 0.5 else ""
        return f"{_scene_with(scene, rng)} with {group.phrase}{way}{when}"
    return f"{group.phrase} {where}{when}"


def _tell_two(scene, told, rng):
    first, second = told
    where, when = _where(scene, second if first.surface == "sky" else first, rng), _when(scene, rng, 0.2)
    carries = first.category == "person" and second.carried and not (first.several or second.several)
    if carries and first.things[0].look.get("umbrella"):
        link = _pick(rng, ("holding", "with", "carrying", "under"))
        return f"{first.phrase} {link} {second.phrase} {where}{when}"
    near = _pick(rng, ("next to", "near", "beside", "by"))
    if second.surface == "sky":
        near = _pick(rng, ("below", "under", "beneath"))
    elif first.surface == "sky":
        near = _pick(rng, ("above", "over"))
    form = rng.random()
    if form < 0.45:
        return f"{first.phrase} {_does(first, rng)} {near} {second.phrase} {where}{when}"
    if form < 0.62:
        return f"{first.phrase} and {second.phrase} {_pick(rng, phrases.WHERE[scene.place]['ground'])}{when}"
    if form < 0.74:
        return f"there {first.is_are()} {first.phrase} and {second.phrase} {where}{when}"
    if form < 0.86:
        return f"{_scene_with(scene, rng)} with {first.phrase} and {second.phrase}{when}"
    if first.category == "person" and second.category in ("dog", "sports ball", "kite", "umbrella"):
        return f"{first.phrase} with {second.phrase} {where}{when}"
    return f"{first.phrase} {first.way} {_where(scene, first, rng)} and {second.phrase} nearby{when}"


def _tell_three(scene, told, rng):
    names = [group.phrase for group in told]
    where, when = _pick(rng, phrases.WHERE[scene.place]["ground"]), _when(scene, rng, 0.2)
    form = rng.random()
    if form < 0.4:
        return f"{names[0]}, {names[1]} and {names[2]} {where}{when}"
    if form < 0.7:
        return f"{_scene_with(scene, rng)} with {names[0]}, {names[1]} and {names[2]}{when}"
    return f"{names[0]} {told[0].way} near {names[1]} and {names[2]} {where}{when}"


_FRAMES = {1: _tell_one, 2: _tell_two, 3: _tell_three}
