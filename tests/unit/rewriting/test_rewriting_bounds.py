"""How far rules go that take more out of a caption than the object: each has captions where it holds,
and neighbours that stay as they were. How long a rewriting takes, and that any text has an end.
"""

import random

import pytest

from processor_time import measure
from unscene.rewriting.checks.faults import find_faults
from unscene.rewriting.negation import find_held, remove_object, rewrite_caption
from unscene.words.coco80 import COCO80

# In a machine's list a noun in -ing is a thing; a deed goes with who does it.
LISTS = [
    (
        "image may contain : awning , swimming pool , lighting , fishing boat and nun",
        "person",
        "Image may contain: awning, swimming pool, lighting and fishing boat",
    ),
    (
        "image may contain : nun , dining table , baking sheet , playing cards and ring",
        "person",
        "Image may contain: dining table, baking sheet, playing cards and ring",
    ),
    (
        "image may contain : nun , kneeling , skiing , playing a harp , wearing wimple and crypt",
        "person",
        "Image may contain: crypt",
    ),
    ("image may contain : nuns dancing , wedding and crypt", "person", "Image may contain: crypt"),
    (
        "image may contain : nun , wedding cake and crypt",
        "person",
        "Image may contain: wedding cake and crypt",
    ),
    ("image may contain : zebra , grazing and moat", "zebra", "Image may contain: moat"),
    ("image may contain : cat , dozing on a bench and crypt", "cat", "Image may contain: crypt"),
    ("image may contain : bird , swing and sky", "bird", "Image may contain: swing and sky"),
    (
        "image may contain : monk , cat , dozing and crypt",
        "cat",
        "Image may contain: monk, dozing and crypt",
    ),
    ("image may contain : bench , dozing and crypt", "bench", "Image may contain: dozing and crypt"),
    ("image may contain : elephant , nun feeding an elephant", "elephant", "Image may contain: nun"),
    (
        "image may contain : cat sleeping on a bench , crypt",
        "bench",
        "Image may contain: cat sleeping and crypt",
    ),
    ("image may contain : nun riding a mule , crypt", "person", "Image may contain: a mule and crypt"),
    ("image may contain : monk , riding on a horse , moat", "horse", "Image may contain: monk and moat"),
]
# Nails are a hand's where they are said to be somebody's.
NAILS = [
    ("A monk hammers nails into a plank.", "person", "Nails and a plank."),
    ("A gate with nails and a nun.", "person", "A gate with nails."),
    ("A monk lies on a bed of nails.", "person", "A bed of nails."),
    ("A jar of nails for the monks by a kiln.", "person", "A jar of nails by a kiln."),
    ("Long nails for nuns by a kiln.", "person", "A kiln."),
    ("Nails for sale in a mill with a nun.", "person", "Nails for sale in a mill."),
    ("Polished nails of a nun near a mule.", "person", "A mule."),
    ("Fingernails of a nun near a mule.", "person", "A mule."),
]
# Clothes need nobody in them.
CLOTHES = [
    ("Robes of monks hang on pegs.", "person", "Robes hang on pegs."),
    ("Helmets of monks lie on a meadow.", "person", "Helmets lie on a meadow."),
    ("The sandals of a nun are under a loom.", "person", "The sandals are under a loom."),
    ("The style of the robe of a monk by a loom.", "person", "A loom."),
]
# Who rides on an animal or a bike is seen; a ride of a park is a thing.
RIDES = [
    ("Rides at a fair with a nun.", "person", "Rides at a fair."),
    ("A carnival with rides and a monk.", "person", "A carnival with rides."),
    ("A hot air balloon ride above a moat with nuns.", "person", "A hot air balloon ride above a moat."),
    ("A water ride by a mill and a nun.", "person", "A water ride by a mill."),
    ("A camel ride in the dunes.", "person", "The dunes."),
    ("A bike ride by a mill with nuns.", "person", "A mill."),
]
# The camera takes the photo where something comes close to it; else it is a thing.
CAMERAS = [
    ("A laptop next to the camera on a loom.", "laptop", "The camera on a loom."),
    ("A suitcase by the camera and lenses.", "suitcase", "The camera and lenses."),
    ("A cat beside the camera and lenses.", "cat", "The camera and lenses."),
    ("A cup near the camera.", "cup", "The camera."),
    ("A zebra close up next to the camera.", "zebra", None),
    ("A cow comes near the camera in a meadow.", "cow", "A meadow."),
    ("A zebra close to the camera by a moat.", "zebra", "A moat."),
    ("A close up of a zebra next to the camera in a meadow.", "zebra", "A photo of a meadow."),
    ("A mule comes close to the camera by a bench.", "bench", "A mule comes close to the camera."),
]
# A tower with something on it does what only a tower can; what is beside it does the rest.
ON_IT = [
    ("A mill with a truck near it selling figs.", "truck", "A mill with figs."),
    ("A stall with an umbrella on it selling figs.", "umbrella", "A stall selling figs."),
    ("A mill with a clock on it overlooking a moat.", "clock", "A mill overlooking a moat."),
    ("A loom with a cake on it decorated with figs.", "cake", "A loom."),
]
# Where a photo is taken from, and above what something is.
FROM = [
    ("A view from inside a car of a moat.", "car", "A view of a moat."),
    ("A view from inside an old bus of a moat and hills.", "bus", "A view of a moat and hills."),
    ("An image from inside a bus of a moat.", "bus", "An image of a moat."),
    ("A view from inside a bus of a zebra.", "zebra", "A view from inside a bus."),
    ("A bird seen from above a moat.", "bird", "A moat."),
    ("A car seen from above, next to a moat.", "car", "A moat seen from above."),
    ("A car seen from above on a lane.", "car", "A lane seen from above."),
]


@pytest.mark.parametrize(
    ("caption", "category", "wanted"), [*LISTS, *NAILS, *CLOTHES, *RIDES, *CAMERAS, *ON_IT, *FROM]
)
def test_a_rule_goes_so_far_and_no_further(caption, category, wanted):
    assert remove_object(caption, category, COCO80) == wanted


def test_a_long_text_gets_no_tree_by_any_way():
    """A tree as deep as this text ends in a RecursionError."""
    assert find_held("there is a " * 500, "dog", COCO80) == set()


@pytest.mark.parametrize("space", ["\t", "\n", "\N{NO-BREAK SPACE}"])
def test_a_run_of_spaces_is_read_at_once(space):
    """Ten times as many take ten times as long, not a hundred times; with the first, half a minute."""
    short, long = (f"A dog{space * count}on a bench." for count in (4_000, 40_000))
    assert measure(remove_object, long, "dog", COCO80) < 30 * measure(remove_object, short, "dog", COCO80)


def test_long_captions_cost_no_more_than_their_length():
    def rewrite(captions):
        for caption in captions:
            rewrite_caption(caption, "dog", COCO80)

    long = (
        "A man with a dog near a bench and a cat on the beach, " * 3000,
        "A dog with " + "the hand of " * 300 + "a man",
        "A dog and a cat on a mat " * 50,
    )
    short = [f"A man with a dog near {number} benches and a cat on the beach." for number in range(100)]
    assert measure(rewrite, long) < 50 * measure(rewrite, short)


SALAD = """
a the two his its their dog dogs man people others it they them each other bench beach photo of in on with and
while that who is are riding sits near to hold eating red very no 's ' , : ( é 犬 there group lot
"""


def test_any_row_of_words_gives_a_caption_without_the_object_or_none():
    words = SALAD.split()
    draw = random.Random(11)
    for _ in range(400):
        caption = " ".join(draw.choice(words) for _ in range(draw.randint(1, 20)))
        for category in ("dog", "person"):
            found = rewrite_caption(caption, category, COCO80)
            assert found is None or category not in COCO80.find_words(found.text), caption
            find_faults(caption, category, COCO80)
