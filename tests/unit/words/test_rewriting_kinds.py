"""Kinds of fault that a close reading of rewritten captions found, each with captions that had it."""

import pytest

from unscene.words.coco80 import COCO80
from unscene.words.negation import remove_object

# A place is whose it was: of the row, of the thing that stays, or of what is gone.
PLACES = [
    ("A cat lies on a mat and the dog lies on the floor.", "dog", "A cat lies on a mat."),
    ("Nuns sit on a bench looking out at hills.", "person", "A bench and hills."),
    ("Nuns crossing a lane between buses and cars.", "bus", "Nuns crossing a lane between cars."),
    ("A nun riding a motorcycle through the rain.", "motorcycle", "A nun in the rain."),
    ("Flowers sit in a vase, on a sill, beside a well.", "vase", "Flowers sit on a sill, beside a well."),
    ("Teddy bears lie in a bed cuddled together.", "teddy bear", "A bed."),
    ("A mule dozing in a cart with a dog lying on the floor.", "dog", "A mule dozing in a cart."),
    ("A monk flying a kite above a building.", "kite", "A monk near a building."),
    ("A brass harp with a knife on top of a counter.", "knife", "A brass harp on top of a counter."),
    (
        "Nuns are wading in the ocean with two jugs on the beach.",
        "person",
        "The ocean and two jugs on the beach.",
    ),
    ("A tall stand holding bananas for sale.", "banana", "A tall stand."),
    ("Two jugs of cider and a banana on a counter.", "banana", "Two jugs of cider on a counter."),
    ("A mule dozing in a cart with a dog on the ground.", "dog", "A mule dozing in a cart."),
    ("A kitchen that has a bowl of figs on the sill.", "bowl", "A kitchen that has figs on the sill."),
    ("A monk reads a book on a bench.", "book", "A monk on a bench."),
    ("A crate holding a donut on a red mat.", "donut", "A crate on a red mat."),
    ("A nun fries some figs on a stove.", "person", "Some figs on a stove."),
    ("A nun using a laptop on a wooden desk.", "person", "A laptop on a wooden desk."),
    ("A monk riding a surfboard on a big wave.", "surfboard", "A monk on a big wave."),
    ("A monk riding a skateboard on a steep ramp.", "skateboard", "A monk on a steep ramp."),
    ("A monk grinning while running to get his kite in the air", "kite", "A monk grinning while running"),
    (
        "A pattern with small carrots on the grey background stock image",
        "carrot",
        "A pattern on the grey background stock image",
    ),
    ("A tram parked in a lot.", "train", "A parking lot."),
    ("A monk that is dozing on a bench is grinning at a mule.", "person", "A bench and a mule."),
    (
        "Monks looking at a mule and a dog on the other side of a moat.",
        "dog",
        "Monks looking at a mule on the side of a moat.",
    ),
    ("Monks feed a dog on the opposite side of the moat.", "dog", "Monks on the side of the moat."),
    (
        "A monk in a robe standing on front of an oven with pans.",
        "oven",
        "A monk in a robe standing with pans.",
    ),
    ("A nun sits behind a display of ferns.", "person", "A display of ferns."),
    ("A monk is swinging a baseball bat outside", "baseball bat", "A monk outside"),
    ("Old refrigerators in front of an open door.", "refrigerator", "An open door."),
]
# A verb keeps what it needs, and goes with it.
VERBS = [
    ("A teddy bear sits on a carved chair.", "chair", "A teddy bear sits."),
    ("A nun is holding a donut with her mouth.", "donut", "A nun."),
    ("A nun is holding and looking at his toothbrush.", "toothbrush", "A nun."),
    ("A tennis player poses, racket in his left hand.", "person", "A tennis court."),
    ("A skier poses while a girl is in the background.", "person", "Snow."),
    ("A bowl holds soup with figs.", "bowl", "Soup with figs."),
    ("A nun has lots of vases for sale.", "vase", "A nun."),
    ("Two nuns stand by a kiln while they talk and laugh.", "person", "A kiln."),
    ("A nun holding and dancing with an umbrella.", "umbrella", "A nun dancing."),
    ("After loading hay onto the truck, a nun rests.", "truck", "After loading hay, a nun rests."),
    ("Someone forgot his backpack on a bench.", "backpack", "Someone near a bench."),
    ("Gardener erected giant ferns in his yard.", "person", "Giant ferns in a yard."),
    ("Nuns of the band perform live in a crypt.", "person", "A crypt."),
    (
        "Two nuns are in a cart and a third is on a scooter.",
        "motorcycle",
        "Two nuns are in a cart with a third.",
    ),
]
# What a caption begins with is told behind its subject.
BEGINNINGS = [
    ("With a knife in the hand, the cook cuts a carrot", "carrot", "The cook with a knife in the hand"),
    ("While a cat sleeps on a couch, a nun reads.", "couch", "A nun reads while a cat sleeps."),
    ("On the mat sleeps a mule that my dog loves", "dog", "A mule sleeps on the mat"),
    ("On the sofa sleeps a bird that my cat sees", "couch", "A bird that my cat sees sleeps"),
]
# Words that are one, and people who are called in two.
WORDS = [
    ("Three honey and cheese sandwiches on a tray.", "sandwich", "A tray."),
    ("A nun by a kiln as two others work in a crypt.", "person", "A kiln and a crypt."),
    (
        "A mule rests by a well while someone else flies a kite.",
        "kite",
        "A mule rests by a well with someone else.",
    ),
    ("A nun on a a mule by a kiln.", "person", "A mule by a kiln."),
    ("A cat by a kiln/", "cat", "A kiln"),
]
# Clothes are one row, whatever stands between them; a manner and a year are no scene.
NO_SCENES = [
    ("Drawings of the same nun in a white robe, black shoes and a hat.", "person", "Drawings."),
    ("A nun with a hat, tie and striped wimple praying.", "person", None),
    ("A monk on a stool in a grey robe, boots and holding a lamp", "person", "A stool"),
    ("Two zebras standing in different positions.", "zebra", None),
    ("Nuns in the 1950s.", "person", None),
    ("Nun in white and gold", "person", None),
    ("A stop sign is hung upside-down on a mast.", "stop sign", "A mast."),
    ("A nun on ski's that is in the air.", "person", None),
    ("A nun celebrates her birthday with a cupcake.", "person", "A cupcake."),
    ("The backsides of nuns near a well.", "person", "A well."),
    ("Four bananas in a bunch with brown dots", "banana", None),
    ("The remains of a cake are on a mat.", "cake", "A mat."),
    ("A nun with a receding hairline and a lamp by a kiln.", "person", "A lamp by a kiln."),
    ("A nun swings a tennis racket.", "person", "A tennis court."),
    ("A monk with a baseball bat waits for the pitch.", "person", "A baseball field."),
    ("A nun carries a cake at an outdoor celebration.", "person", "The venue of an outdoor celebration."),
    ("Artist's impression of the abbey on the hill.", "person", "An impression of the abbey on the hill."),
    ("Ice hockey player shoots during a match.", "person", "An ice hockey rink."),
]


@pytest.mark.parametrize(
    ("caption", "category", "wanted"), [*PLACES, *VERBS, *BEGINNINGS, *WORDS, *NO_SCENES]
)
def test_a_kind_of_fault_is_gone(caption, category, wanted):
    assert remove_object(caption, category, COCO80) == wanted
