"""The 80 object words of COCO, as a word list."""

from unscene.words.vocabulary import Vocabulary

_WORDS = """
person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light,
fire hydrant, stop sign, parking meter, bench, bird, cat, dog, horse, sheep, cow,
elephant, bear, zebra, giraffe, backpack, umbrella, handbag, tie, suitcase, frisbee,
skis, snowboard, sports ball, kite, baseball bat, baseball glove, skateboard, surfboard,
tennis racket, bottle, wine glass, cup, fork, knife, spoon, bowl, banana, apple, sandwich, orange,
broccoli, carrot, hot dog, pizza, donut, cake, chair, couch, potted plant, bed,
dining table, toilet, tv, laptop, mouse, remote, keyboard, cell phone, microwave, oven,
toaster, sink, refrigerator, book, clock, vase, scissors, teddy bear, hair drier, toothbrush
"""
_NAMES = {
    "person": ("person", "people"),
    "dining table": ("table", "tables"),
    "sports ball": ("ball", "balls"),
    "tv": ("TV", "TVs"),
    "mouse": ("computer mouse", "computer mice"),
    "remote": ("remote control", "remote controls"),
    "hair drier": ("hair dryer", "hair dryers"),
    "orange": ("orange", "oranges"),
    "skis": ("skis", "skis"),
    "scissors": ("scissors", "scissors"),
    "sheep": ("sheep", "sheep"),
    "broccoli": ("broccoli", "broccoli"),
    "knife": ("knife", "knives"),
}
COCO80 = Vocabulary(
    name="coco80",
    title="COCO's 80 words",
    words=tuple(_WORDS.replace("\n", " ").strip().split(", ")),
    lexicon="lexicon.yaml",
    names=_NAMES,
    plural_only=frozenset({"person", "skis", "scissors"}),
    mass=frozenset({"broccoli"}),
    people=frozenset({"person"}),
    # What moves by itself: a verb after it may be its own.
    animate=frozenset(
        [
            "person",
            "bird",
            "cat",
            "dog",
            "horse",
            "sheep",
            "cow",
            "elephant",
            "bear",
            "zebra",
            "giraffe",
            "car",
            "bus",
            "train",
            "boat",
        ]
    ),
)
# COCO numbers its categories 1..90 and left ten numbers unused.
_UNUSED_IDS = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}
COCO_IDS = dict(zip(COCO80, (i for i in range(1, 91) if i not in _UNUSED_IDS), strict=True))
