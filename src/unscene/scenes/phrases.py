"""Words of the captions: nouns, verbs and places as people write them."""

from unscene.scenes.vocabulary import BRIGHT

# kind -> nouns (one, several); the first is the usual one.
NOUNS = {
    "man": (("man", "men"), ("man", "men"), ("guy", "guys"), ("person", "people")),
    "woman": (("woman", "women"), ("woman", "women"), ("lady", "ladies"), ("person", "people")),
    "boy": (("boy", "boys"), ("boy", "boys"), ("child", "children"), ("kid", "kids")),
    "girl": (("girl", "girls"), ("girl", "girls"), ("child", "children"), ("kid", "kids")),
    "adults": (("person", "people"), ("person", "people"), ("person", "adults")),
    "children": (("child", "children"), ("kid", "kids")),
    "people": (("person", "people"),),
    "dog": (("dog", "dogs"),),
    "puppy": (("puppy", "puppies"), ("dog", "dogs"), ("pup", "pups")),
    "cat": (("cat", "cats"),),
    "kitten": (("kitten", "kittens"), ("cat", "cats")),
    "car": (
        ("car", "cars"),
        ("car", "cars"),
        ("car", "cars"),
        ("automobile", "automobiles"),
        ("sedan", "sedans"),
    ),
    "van": (("van", "vans"), ("car", "cars")),
    "sailboat": (("sailboat", "sailboats"), ("boat", "boats"), ("sailing boat", "sailing boats")),
    "motorboat": (("boat", "boats"), ("motorboat", "motorboats")),
    "rowboat": (("rowboat", "rowboats"), ("boat", "boats")),
    "bird": (("bird", "birds"),),
    "umbrella": (("umbrella", "umbrellas"),),
    "bench": (("bench", "benches"),),
    "kite": (("kite", "kites"),),
    "potted plant": (
        ("potted plant", "potted plants"),
        ("potted plant", "potted plants"),
        ("plant in a pot", "plants in pots"),
    ),
    "stop sign": (("stop sign", "stop signs"),),
    "soccer ball": (("soccer ball", "soccer balls"), ("soccer ball", "soccer balls"), ("ball", "balls")),
    "basketball": (("basketball", "basketballs"), ("ball", "balls")),
    "beach ball": (("beach ball", "beach balls"), ("ball", "balls")),
    "ball": (("ball", "balls"),),
}

# What people do with what they hold, and the word of COCO's 80 that this mentions.
HELD = {
    "hot dog": ("hot dog", ("eating a hot dog", "holding a hot dog", "about to eat a hot dog")),
    "lemonade": (
        "cup",
        ("drinking a glass of lemonade", "holding a glass of lemonade", "with a glass of lemonade"),
    ),
    "teddy bear": ("teddy bear", ("holding a teddy bear", "carrying a teddy bear", "hugging a teddy bear")),
}

# Ways of being, as participles; the finite forms follow from FINITE.
WAYS = {
    "person standing": ("standing", "standing", "posing", "waiting"),
    "person walking": ("walking", "walking", "strolling"),
    "person playing": ("playing", "waving", "having fun", "jumping"),
    "dog standing": ("standing", "waiting", "looking around"),
    "dog running": ("running", "playing", "running around"),
    "dog sitting": ("sitting", "sitting", "resting"),
    "cat sitting": ("sitting", "sitting", "looking around"),
    "cat lying": ("lying", "resting", "lounging"),
    "car": ("parked", "parked", "stopped", "driving"),
    "boat sailboat": ("sailing", "floating", "drifting"),
    "boat": ("floating", "drifting", "cruising"),
    "bird standing": ("standing", "walking", "sitting"),
    "bird flying": ("flying", "soaring", "gliding"),
    "bird swimming": ("swimming", "floating", "paddling"),
    "umbrella": ("standing", "set up", "opened"),
    "bench": ("standing",),
    "kite": ("flying", "soaring", "floating"),
    "potted plant": ("standing", "sitting", "growing"),
    "stop sign": ("standing", "posted"),
    "sports ball": ("lying", "sitting", "resting"),
}

FINITE = {
    "standing": ("stands", "stand"),
    "waiting": ("waits", "wait"),
    "walking": ("walks", "walk"),
    "strolling": ("strolls", "stroll"),
    "playing": ("plays", "play"),
    "waving": ("waves", "wave"),
    "jumping": ("jumps", "jump"),
    "running": ("runs", "run"),
    "running around": ("runs around", "run around"),
    "sitting": ("sits", "sit"),
    "resting": ("rests", "rest"),
    "lying": ("lies", "lie"),
    "driving": ("drives", "drive"),
    "sailing": ("sails", "sail"),
    "floating": ("floats", "float"),
    "drifting": ("drifts", "drift"),
    "flying": ("flies", "fly"),
    "soaring": ("soars", "soar"),
    "swimming": ("swims", "swim"),
}

# Where, by what the thing is on; and the place as the subject of a sentence.
WHERE = {
    "beach": {
        "ground": ("on the beach", "on the sand", "at the beach", "by the sea"),
        "water": ("on the sea", "near the beach", "in the ocean"),
        "sky": ("over the beach", "above the sea", "in the sky over the sand"),
    },
    "park": {
        "ground": ("in the park", "on the grass", "in a green park"),
        "sky": ("over the park", "above the trees"),
    },
    "street": {"ground": ("on the street", "on the road", "in the city", "on a city street")},
    "room": {"ground": ("in the living room", "on the wooden floor", "in a room", "at home", "indoors")},
    "lake": {
        "ground": ("by the lake", "on the shore", "near the water"),
        "water": ("on the lake", "on the water", "in the lake"),
        "sky": ("over the lake", "above the water"),
    },
    "snow": {
        "ground": ("in the snow", "on the snow", "on a snowy hill"),
        "sky": ("over the snow", "above the snowy hills"),
    },
    "courtyard": {"ground": ("in the courtyard", "in front of a brick wall", "on the stone tiles")},
    "desert": {
        "ground": ("in the desert", "on the sand", "in the middle of the desert"),
        "sky": ("over the desert", "in the desert sky"),
    },
    "harbour": {
        "ground": ("on the pier", "at the harbor", "on the wooden pier"),
        "water": ("in the harbor", "on the water"),
        "sky": ("over the harbor", "above the water"),
    },
    "garden": {
        "ground": ("in the garden", "on the lawn", "in the yard", "by the fence"),
        "sky": ("over the garden", "above the fence"),
    },
    "parking lot": {
        "ground": ("in the parking lot", "in a parking lot", "on the asphalt"),
        "sky": ("over the parking lot",),
    },
    "field": {
        "ground": ("in the field", "in a meadow", "in a grassy field", "on a field"),
        "sky": ("over the field", "above the meadow"),
    },
}

SCENES = {
    "beach": ("a sandy beach", "a beach", "a beach by the blue sea"),
    "park": ("a green park", "a park", "a grassy park with trees"),
    "street": ("a city street", "a street with tall buildings", "a road in town"),
    "room": ("a living room", "a room with a wooden floor", "a cozy room"),
    "lake": ("a lake", "a lake with mountains behind it", "a calm lake"),
    "snow": ("a snowy landscape", "a snowy hill with pine trees", "a field of snow"),
    "courtyard": ("a courtyard", "a courtyard with a brick wall", "a paved courtyard"),
    "desert": ("a desert", "a sandy desert with red rocks", "a dry desert"),
    "harbour": ("a harbor", "a wooden pier", "a harbor near the city"),
    "garden": ("a garden", "a garden with a fence", "a yard with flowers"),
    "parking lot": ("a parking lot", "an asphalt parking lot", "a large parking lot"),
    "field": ("a field", "a meadow with hills behind it", "an open field"),
}

TIMES = {
    "day": ("on a sunny day", "on a clear day", "in the daytime", "on a nice day"),
    "overcast": ("on a cloudy day", "under a gray sky", "on an overcast day"),
    "dusk": ("at dusk", "at sunset", "in the evening", "under a purple sky"),
}

# A word of COCO's list as the modifier of a place: no mention of it.
LANDMARKS = {
    "bus stop": ("by the bus stop", "near a bus stop", "next to the bus stop"),
    "bird bath": ("near a bird bath", "by the bird bath", "next to a bird bath"),
    "train station": ("next to a train station", "in front of the train station", "near the train station"),
    "boat dock": ("by the boat dock", "near a boat dock"),
}

CLOTHES = ("shirt", "shirt", "top", "jacket")
NUMBERS = {2: "two", 3: "three", 4: "four"}


def article(phrase):
    """The phrase with "a" or "an" before it."""
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def bird_nouns(look, place):
    """A bird's kinds by its colour and where it is."""
    nouns = [("bird", "birds")] * 3
    if look["pose"] == "swimming":
        nouns += [("duck", "ducks")] * 2
    elif look["colour"] in ("white", "gray") and place in ("beach", "lake", "harbour"):
        nouns += [("seagull", "seagulls"), ("gull", "gulls")]
    elif look["colour"] == "gray":
        nouns.append(("pigeon", "pigeons"))
    elif look["colour"] == "black":
        nouns.append(("crow", "crows"))
    return nouns


def colour_words(look):
    """The colours of one thing as an adjective, e.g. `red` or `red and white`."""
    if look["kind"] in ("soccer ball", "basketball", "beach ball", "stop sign"):
        return {"beach ball": "colorful", "stop sign": "red"}.get(look["kind"], "")
    if look["kind"] in ("kite", "umbrella") and look.get("second") and look["second"] != look["colour"]:
        return f"{look['colour']} and {look['second']}"
    if look["kind"] == "potted plant":
        return "flowering" if look.get("flower") in BRIGHT else "green"
    return look["colour"]
