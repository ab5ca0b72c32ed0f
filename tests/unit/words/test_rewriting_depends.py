"""What depends on an object goes with it: its parts, contents, screen, clothes, and what it does. Each
kind has captions that lose it, and neighbours that look so and keep it.
"""

import pytest

from unscene.words.coco80 import COCO80
from unscene.words.negation import remove_object

# A place is crowded with people; a street is busy with cars, a shelf crowded with jugs.
CROWDS = [
    ("Nuns chant in a crowded crypt by an altar.", "person", "A crypt by an altar."),
    ("A very busy hall filled with nuns.", "person", "A hall."),
    ("A busy road by a mill with a nun.", "person", "A busy road by a mill."),
    ("A crowded shelf of jugs and a vase.", "vase", "A crowded shelf of jugs."),
    ("A headshot of a nun by a kiln.", "person", "A kiln."),
]
# A part goes, of a thing that stays it stays.
PARTS = [
    ("An old toilet with the cistern high above.", "toilet", None),
    ("A bus with nuns waving from the roof.", "bus", "Nuns waving."),
    ("A bus with a big dashboard near a mill.", "bus", "A mill."),
    (
        "A goat looks at a tractor with a broken windshield near a bench.",
        "bench",
        "A goat looks at a tractor with a broken windshield.",
    ),
    ("A broom on the floor of a truck.", "truck", "A broom."),
    ("A broom on the floor of a mill with a truck.", "truck", "A broom on the floor of a mill."),
    ("A mule dozing by the keyboard of a laptop.", "laptop", "A mule."),
    ("A mule dozing by a keyboard and a laptop.", "laptop", "A mule dozing by a keyboard."),
    ("A nun on a bed with a quilt with stars.", "bed", "A nun."),
    ("A nook with a vase with ferns.", "vase", "A nook with ferns."),
    ("Pretty nails for the nuns by a kiln.", "person", "A kiln."),
    ("Two teddy bears with bonnets and bows.", "teddy bear", None),
    ("A teddy bear that has a blue bonnet on.", "teddy bear", None),
    ("The style of the gown of a nun near a kiln.", "person", "A kiln."),
]
# So do what is in food, on a screen, and another name of the object.
CONTENTS = [
    ("A sandwich containing figs and leeks.", "sandwich", None),
    ("A crate containing figs next to a sandwich.", "sandwich", "A crate containing figs."),
    ("A pizza on a tray covered in cheese and herbs.", "pizza", "A tray."),
    ("A pizza on a tray covered with a cloth.", "pizza", "A tray covered with a cloth."),
    ("Somebody in a tv by a vase.", "tv", "A vase."),
    ("A picture of a mule above a tv.", "tv", "A picture of a mule."),
    ("A heap of old bags of luggage on a jetty.", "suitcase", "A jetty."),
    ("A heap of bags of flour by a suitcase.", "suitcase", "A heap of bags of flour."),
    ("A mule or horse in a meadow chewing hay.", "horse", "Hay in a meadow."),
    ("No mule or horse in the meadow.", "horse", "No mule in the meadow."),
    ("A set of cakes.", "cake", None),
    ("A set of jugs by a cake.", "cake", "A set of jugs."),
    ("A clock set to ten by a mill.", "clock", "A mill."),
    ("A table set to perfection by a clock.", "clock", "A table set to perfection."),
]
# What the object does, or is done in it, is not done without it.
DOINGS = [
    ("A nun on a motorcycle riding by a mill.", "motorcycle", "A nun by a mill."),
    ("A monk on a horse gallops through a meadow.", "horse", "A monk in a meadow."),
    ("A monk rides in a wagon next to a motorcycle.", "motorcycle", "A monk rides in a wagon."),
    ("Three hot dogs on a rack grilling over some coals.", "hot dog", "A rack over some coals."),
    ("Luggage on a mat opened to show a lamp.", "suitcase", "A mat."),
    ("A close up of a bowl holding figs and leeks.", "bowl", "A close up of figs and leeks."),
    ("A view from the door a train coming in.", "train", "A view from the door."),
    ("All of the ferns we found on a ridge.", "person", "All of the ferns found on a ridge."),
    ("A raft ride on a moat with nuns.", "person", "A moat."),
    ("A carnival ride by a moat with nuns.", "person", "A carnival ride by a moat."),
    ("Monks doing a magic show on a rug.", "person", "A rug."),
    ("A monk doing dishes in a sink.", "person", "Dishes and a sink."),
    ("A nun greets a guest of honour by a kiln.", "person", "A kiln."),
    ("A nun greets a mule by a kiln.", "person", "A mule by a kiln."),
    ("A nun sings on stage live in a crypt.", "person", "A stage and a crypt."),
    ("A nun lost a silver ring near a kiln.", "person", "A kiln."),
    ("A group of nuns all kneeling by a kiln.", "person", "A kiln."),
    ("A herd of cows, some branded lying in a meadow.", "cow", "A meadow."),
    ("Nothing is as sly as a young cat.", "cat", None),
    ("A nun lifting a box so a mule can drink from it.", "person", "A mule can drink."),
    (
        "Two mules by a nun with something in her hand, one of the mules is reaching for it.",
        "person",
        "Two mules.",
    ),
    ("A boy is making gestures at a camera.", "person", None),
    ("A boy is making gestures at a kiln.", "person", "A kiln."),
]
# In a list that a machine wrote, each item stands alone.
LISTED = [
    (
        "image may contain : mule , sitting on a bench , moat and nature",
        "bench",
        "Image may contain: mule, moat and nature",
    ),
    ("image may contain : mule , moat and bench", "bench", "Image may contain: mule and moat"),
    ("image may contain : mule , moat and nature", "bench", "Image may contain: mule, moat and nature"),
]


@pytest.mark.parametrize(("caption", "category", "wanted"), [*CROWDS, *PARTS, *CONTENTS, *DOINGS, *LISTED])
def test_what_depends_on_the_object_goes_with_it(caption, category, wanted):
    assert remove_object(caption, category, COCO80) == wanted
