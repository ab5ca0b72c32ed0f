"""What depends on an object goes with it: its parts, contents, screen, clothes, and what it does. Each
kind has captions that lose it, and neighbours that look so and keep it.
"""

import pytest

from unscene.rewriting.negation import remove_object
from unscene.words.coco80 import COCO80

# A place is crowded with people; a street is busy with cars, a shelf crowded with jugs.
CROWDS = [
    ("Nuns chant in a crowded crypt by an altar.", "person", "A crypt by an altar."),
    ("A very busy hall filled with nuns.", "person", "A hall."),
    ("A busy road by a mill with a nun.", "person", "A busy road by a mill."),
    ("A crowded shelf of jugs and a vase.", "vase", "A crowded shelf of jugs."),
    ("A headshot of a nun by a kiln.", "person", "A kiln."),
    ("A crowded shelf with jugs and a nun dozing.", "person", "A crowded shelf with jugs."),
    ("A busy quilt pattern behind a nun.", "person", "A busy quilt pattern."),
    ("A busy marina with lots of boats and a monk.", "person", "A busy marina with lots of boats."),
    ("A nun in a crowded room with furniture.", "person", "A crowded room with furniture."),
    ("A monk sweeps a crowded lane.", "person", "A lane."),
    ("A monk sweeps a crowded lane with trucks.", "person", "A crowded lane with trucks."),
    ("A monk sweeps a large, busy hall.", "person", "A large hall."),
    ("A monk sweeps a noisy, crowded hall.", "person", "A noisy, crowded hall."),
    ("A nun dozing in a crowded bus.", "person", "A bus."),
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
    ("A bus next to a truck with a dusty windshield.", "bus", "A truck with a dusty windshield."),
    ("A boat near a tractor with a dusty windshield.", "boat", "A tractor with a dusty windshield."),
    ("A bus with a reflection of ferns on the windshield.", "bus", None),
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
    ("A mat with a sandwich containing figs and a jug of milk.", "sandwich", "A mat with a jug of milk."),
    ("A cake including ferns and a knife.", "cake", "Ferns and a knife."),
    ("A pizza on a tray covered in cheese and herbs.", "pizza", "A tray."),
    ("A pizza on a tray covered with a cloth.", "pizza", "A tray covered with a cloth."),
    ("Somebody in a tv by a vase.", "tv", "A vase."),
    ("A picture of a mule above a tv.", "tv", "A picture of a mule."),
    ("Monks look at a picture on a laptop.", "laptop", "Monks."),
    ("Monks look at an image on a tv.", "tv", "Monks."),
    ("Monks look at a picture on a tv.", "tv", "Monks look at a picture."),
    ("A painting on a laptop by a kiln.", "laptop", "A painting by a kiln."),
    ("A picture and a jug on a laptop.", "laptop", "A picture and a jug."),
    ("A picture on a door and a picture on a laptop.", "laptop", "A picture on a door and a picture."),
    ("A heap of old bags of luggage on a jetty.", "suitcase", "A jetty."),
    ("A heap of bags of flour by a suitcase.", "suitcase", "A heap of bags of flour."),
    ("A mule or horse in a meadow chewing hay.", "horse", "Hay in a meadow."),
    ("No mule or horse in the meadow.", "horse", "No mule in the meadow."),
    ("A mule or a horse in a meadow.", "horse", "A mule in a meadow."),
    ("A monk or a gnome near a moat.", "person", "A gnome near a moat."),
    ("A set of cakes.", "cake", None),
    ("A set of jugs by a cake.", "cake", "A set of jugs."),
    ("A clock set to ten by a mill.", "clock", "A mill."),
    ("A clock set to twenty after three on a mast.", "clock", "A mast."),
    ("A clock set at the top of a mast.", "clock", "A mast."),
    ("A clock set between two ferns.", "clock", "Two ferns."),
    ("A clock set on a mast in front of a mill.", "clock", "A mast in front of a mill."),
    ("A table set to perfection by a clock.", "clock", "A table set to perfection."),
]
# What the object does, or is done in it, is not done without it.
DOINGS = [
    ("A nun on a motorcycle riding by a mill.", "motorcycle", "A nun by a mill."),
    ("A monk on a horse gallops through a meadow.", "horse", "A monk in a meadow."),
    ("A monk rides in a wagon next to a motorcycle.", "motorcycle", "A monk rides in a wagon."),
    ("A monk driving on a lane with trucks.", "truck", "A monk driving on a lane."),
    ("A monk driving in a truck on a lane.", "truck", "A monk on a lane."),
    ("A monk on a horse riding through a meadow.", "horse", "A monk in a meadow."),
    ("Three hot dogs on a rack grilling over some coals.", "hot dog", "A rack over some coals."),
    ("A hot dog next to leeks grilling over some coals.", "hot dog", "Leeks grilling over some coals."),
    ("A pizza on bread toasting on a grate.", "pizza", "Bread toasting on a grate."),
    ("Luggage on a mat opened to show a lamp.", "suitcase", "A mat."),
    ("Luggage on a mat opened to show a lamp by a jug.", "suitcase", "A mat by a jug."),
    ("A laptop on a mat opened to a map next to a jug.", "laptop", "A mat next to a jug."),
    ("Luggage next to a crate opened on a mat.", "suitcase", "A crate opened on a mat."),
    ("A cup on a crate opened by a nun.", "cup", "A crate opened by a nun."),
    ("A close up of a bowl holding figs and leeks.", "bowl", "A close up of figs and leeks."),
    ("A picture of a bowl of soup holding a spoon.", "bowl", "A picture of soup with a spoon."),
    ("A view from the door a train coming in.", "train", "A view from the door."),
    ("All of the ferns we found on a ridge.", "person", "All of the ferns found on a ridge."),
    ("A raft ride on a moat with nuns.", "person", "A moat."),
    ("A carnival ride by a moat with nuns.", "person", "A carnival ride by a moat."),
    ("Monks doing a magic show on a rug.", "person", "A rug."),
    ("A monk doing dishes in a sink.", "person", "Dishes and a sink."),
    ("A nun greets a guest of honour by a kiln.", "person", "A kiln."),
    ("A nun greets a mule by a kiln.", "person", "A mule by a kiln."),
    ("A nun greets a fan by a kiln.", "person", "A kiln."),
    ("A monk salutes a flag.", "person", "A flag."),
    ("A nun interviews a gnome in a hall.", "person", "A gnome in a hall."),
    ("A nun sings on stage live in a crypt.", "person", "A stage and a crypt."),
    ("A nun lost a silver ring near a kiln.", "person", "A kiln."),
    ("A nun loses a lantern that floats over a kiln.", "person", "A lantern that floats over a kiln."),
    ("A nun who lost a frisbee in a fern.", "person", "A frisbee and a fern."),
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

# What sticks to a part of the object; not what lies on something else.
STAINS = [
    ("A truck with mud on its wheels", "truck", None),
    ("A truck with mud on its wheels parked in a quarry.", "truck", "A quarry."),
    ("A bus with dirt on the windows.", "bus", None),
    ("A dog with snow on its nose.", "dog", None),
    ("A car with frost on its windshield.", "car", None),
    ("A boat has rust on its hull.", "boat", None),
    ("An elephant with dirt on its back by a well.", "elephant", "A well."),
    ("A bench with snow on the back and a mule.", "bench", "A mule."),
    ("A dog with a bird on its back.", "dog", "A bird."),
    ("A dog near a sled with snow on its seat.", "dog", "A sled with snow."),
    ("A car with snow on the roof of a barn behind it.", "car", "Snow on the roof of a barn."),
    ("A monk by a cart with mud on its wheels.", "person", "A cart with mud on its wheels."),
    ("A truck with mud on the lane behind it.", "truck", "Mud on the lane."),
]
# What others do who are gone with it; not what others do who stay.
OTHERS = [
    ("A tiger and a horse in a ring with others watching.", "horse", "A tiger in a ring."),
    ("A goat and a sheep in a pen with others grazing.", "sheep", "A goat in a pen."),
    ("A nun and a mule in a ring with others watching.", "person", "A mule in a ring."),
    ("A tiger and a horse in a ring with another watching.", "horse", "A tiger in a ring."),
    ("A nun and a mule in a pit with one yawning.", "person", "A mule in a pit."),
    ("A nun and a horse in a ring with others watching.", "horse", "A nun in a ring with others watching."),
    ("A nun and a horse in a yard with a mule grazing.", "horse", "A nun in a yard with a mule grazing."),
]
# Who rides is only there when what is ridden is gone, though he sits on something; not where that rides.
RIDES = [
    ("Children ride on benches above two elephants.", "elephant", "Children on benches."),
    ("Monks ride in a basket on top of an elephant.", "elephant", "Monks in a basket."),
    ("Nuns riding on seats on top of elephants.", "elephant", "Nuns on seats."),
    ("A nun riding on a sack over a cow.", "cow", "A nun on a sack."),
    ("A monk riding on the back of a horse walking across a field.", "horse", "A monk on a field."),
    ("A dog rides in a basket on a motorcycle.", "motorcycle", "A dog in a basket."),
    ("Monks ride on crates on top of a truck.", "truck", "Monks on crates."),
    ("Nuns riding on toy cars in an orchard in action.", "car", "Nuns in an orchard."),
    ("A monk rides in a cart behind an elephant.", "elephant", "A monk rides in a cart."),
    ("A nun riding in a carriage on a horse.", "horse", "A nun riding in a carriage."),
    ("Nuns ride on an escalator above a train.", "train", "Nuns ride on an escalator."),
    ("A monk rides a mule above two elephants.", "elephant", "A monk rides a mule."),
]


KINDS = [*CROWDS, *PARTS, *CONTENTS, *DOINGS, *LISTED, *STAINS, *OTHERS, *RIDES]


@pytest.mark.parametrize(("caption", "category", "wanted"), KINDS)
def test_what_depends_on_the_object_goes_with_it(caption, category, wanted):
    assert remove_object(caption, category, COCO80) == wanted
