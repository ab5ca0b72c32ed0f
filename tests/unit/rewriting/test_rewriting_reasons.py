"""Rules of the rewriting from both sides: a caption that each changes, and near ones that it leaves alone.

The kinds of fault that readers found, without near ones, are in `test_rewriting_kinds.py`.
"""

import pytest

from unscene.rewriting.negation import remove_object
from unscene.words.coco80 import COCO80

VERBS = [
    # what a part does by itself, what who has it does
    ("A mule by a laptop with its screen glowing.", "laptop", "A mule."),
    ("A dog near a truck with its tail wagging.", "truck", "A dog with its tail wagging."),
    ("A horse with its bell ringing on a hill.", "horse", "A hill."),
    # a name behind a verb that is a noun as often
    ("A bus with a lamp on its side passes Big Ben.", "bus", "Big Ben."),
    ("A bus near a kiln with ski passes.", "bus", "A kiln with ski passes."),
    # a plural that does what one does who rides it
    ("A band of nuns riding horses walks along a lane.", "person", "Horses on a lane."),
    ("A band of nuns riding horses walks along a lane.", "horse", "A band of nuns walks along a lane."),
    ("Nuns on a ledge prepare to lift a jug.", "person", "A ledge."),
    ("Nuns helped load sacks into a van.", "person", "Sacks and a van."),
    ("A nun helped a load of mules.", "person", "A load of mules."),
    ("Two sandwiches on a hat stand on a tray.", "sandwich", "A hat stand on a tray."),
    ("A stop sign and street signs near a gate.", "stop sign", "Street signs near a gate."),
    ("A yellow BMW touring motorcycle by a gate.", "motorcycle", "A gate."),
    # who is held, and who is watched
    ("Nuns watching a small boat being raised up.", "person", "A small boat being raised up."),
    ("A nun near a boat being fed figs.", "boat", "A nun being fed figs."),
    ("Nuns on a ledge with two of them holding a kite.", "kite", "Nuns on a ledge."),
    ("Nuns on a ledge with two of them.", "kite", "Nuns on a ledge with two of them."),
    ("Some nuns standing in the rain, one holding a kite.", "kite", "Some nuns standing in the rain."),
    ("Two nuns, one holding a cake, the other holding up a lamp", "cake", "Two nuns and a lamp"),
    (
        "A nun throws a kite and another trying to climb a gate.",
        "kite",
        "A nun and another trying to climb a gate.",
    ),
    ("A nun with a kite and another swimming pool.", "kite", "A nun with another swimming pool."),
    ("A crate on top of a car holding figs.", "car", "A crate holding figs."),
    ("A gate on top of a car holding figs.", "car", "A gate."),
    # what stays of what somebody does
    ("A monk serving a tennis ball on a clay court.", "sports ball", "A monk serving on a clay court."),
    ("A monk hitting a tennis ball on a clay court.", "sports ball", "A monk on a clay court."),
    ("A monk staring intently at a computer screen.", "tv", "A monk staring intently."),
    ("A monk staring at a computer screen.", "tv", "A monk."),
    ("A mule sits curled in a wing chair.", "chair", "A mule sits curled."),
    ("A hat pointed inside out over a picnic table.", "dining table", "A hat pointed inside out."),
    ("A monk on a skateboard riding by a kiln.", "skateboard", "A monk by a kiln."),
    ("A monk on a skateboard riding a mule.", "skateboard", "A monk riding a mule."),
]

PLACES = [
    # whose a tower is
    ("A bus in front of a church with a clock tower.", "bus", "A church with a clock tower."),
    ("A bus in front of a church with a lamp.", "bus", "A lamp in front of a church."),
    ("A train next to a pier with nuns standing on it.", "train", "A pier with nuns standing on it."),
    (
        "A train next to a pier with nuns standing on a crate.",
        "train",
        "Nuns standing on a crate next to a pier.",
    ),
    # a formation of stone, and one that is flown in
    ("a close up of a bear on a rock formation", "bear", "A photo of a rock formation"),
    ("Planes flying in formation over a hill.", "airplane", "A hill."),
    # the other side stays the other one
    ("A jug on the other side of a gate from a bench.", "bench", "A jug on the other side of a gate."),
    ("A mule on the other side of a bus.", "bus", "A mule."),
    ("A mule on the left side of a gate near a bus.", "bus", "A mule on the side of a gate."),
    # where it is outside, barefoot; what it is a picture of
    ("A monk on a bench outside.", "bench", "A monk outside."),
    (
        "A lady is sitting on a bench barefooted while reading.",
        "bench",
        "A lady is sitting barefooted while reading.",
    ),
    ("A portrait of a dog outdoors", "dog", "A portrait of an outdoor scene"),
    ("A monk sits on the bench of the park.", "bench", "A monk sits in the park."),
    ("A train next to a forest next to a tall building.", "train", "A forest and a tall building."),
    ("A train next to a forest near a tall building.", "train", "A forest near a tall building."),
    ("A dog with long hair standing on steps.", "dog", "Steps."),
    ("A dog takes some steps on a mat.", "dog", "A mat."),
    ("A nun skiing down a hill following a trail way.", "person", "A trail way on a hill."),
    ("A nun on a mule as they ride on a track.", "person", "A mule on a track."),
    ("A nun feeding figs to an elephant in captivity.", "elephant", "A nun feeding figs."),
    ("A nun feeding figs to an elephant in a barn.", "elephant", "A nun feeding figs in a barn."),
    ("A nun on a mule and some snow on some hills.", "person", "A mule and some snow on some hills."),
    ("A nun on a horse and some snow.", "horse", "A nun with some snow."),
    ("A nun on a horse and a mule.", "horse", "A nun on a mule."),
    ("A jug on a gate instead of on the mat near a bus.", "bus", "A jug on a gate."),
    ("A nun works on a laptop sitting on her desk.", "laptop", "A nun works at her desk."),
    ("the best place to ride a horse is on the beach", "horse", "The beach"),
]

PARTS = [
    # whose a part of a body is
    ("A dog on a couch with its tongue hanging out.", "couch", "A dog with its tongue hanging out."),
    ("A dog on a couch with its tongue hanging out.", "dog", "A couch."),
    ("A zebra next to a giraffe with its head down.", "giraffe", "A zebra."),
    ("A zebra next to a giraffe with its head down.", "zebra", "A giraffe with its head down."),
    ("A cat on a couch with its tail hanging down.", "couch", "A cat with its tail hanging down."),
    # what is on it, in it or of it
    ("cup of hot coffee with latte art on a wooden tray", "cup", "A wooden tray"),
    ("A cup of tea with a spoon on a crate.", "cup", "A spoon on a crate."),
    ("A cup of figs with cream by a gate.", "cup", "Figs with cream by a gate."),
    ("Two sandwiches on rye bread sit on a tray.", "sandwich", "A tray."),
    ("Two sandwiches next to bread on a tray.", "sandwich", "Bread on a tray."),
    ("a cake with a section missing sitting next to a candle", "cake", "A candle"),
    ("An orange that has a green peel near a jug.", "orange", "A jug."),
    ("A television with a politician on the screen near a jug.", "tv", "A jug."),
    ("A television near a politician.", "tv", "A politician."),
    ("A train car with art painted on its side by a gate.", "train", "A gate."),
    ("A train car by art painted on a gate.", "train", "Art painted on a gate."),
    ("interiors of a subway train", "train", None),
    ("black silhouette of the car on a white background.", "car", "A white background."),
    ("A baby and a young elephant walk in front of the herd on a hill.", "elephant", "A hill."),
    ("An elephant walks in front of the herd of mules.", "elephant", "The herd of mules."),
    ("A hall with focus on the two beds.", "bed", "A hall."),
    ("A hall with focus on the two jugs.", "bed", "A hall with focus on the two jugs."),
    ("A guy is showing his prowess while surfing the waves.", "person", "The waves."),
    ("A horse rider near a gate.", "horse", "A rider near a gate."),
    ("A picture of old urinals all lined up.", "toilet", "A picture."),
    ("Three jugs all lined up by a cat.", "cat", "Three jugs all lined up."),
]

SIGHTS = [
    # a wall that only what is gone hung on, and one that more hangs on
    ("A counter with a jug and a clock on the wall.", "clock", "A counter with a jug."),
    ("A counter with a jug and a clock on a wall shelf.", "clock", "A counter with a jug on a wall shelf."),
    ("A hall has a television on the wall.", "tv", "A hall."),
    ("A kitchen has a clock on the shelf by the window.", "clock", "A kitchen has a shelf by the window."),
    # what is far behind what is gone
    ("A zebra in a meadow with a mill far behind it.", "zebra", "A meadow with a mill."),
    ("A nun bending over to pick up a frisbee.", "frisbee", "A nun bending over."),
    ("A nun walks over to pick a fig near a bus.", "bus", "A nun walks over to pick a fig."),
    ("An old bus is painted yellow and magenta near a kiln.", "bus", "A kiln."),
    ("A cat grooms itself on a bed.", "cat", "A bed."),
    ("A groom on a bed.", "person", "A bed."),
    ("A leather sitting bench is in a dim hall.", "bench", "A dim hall."),
    ("A nun sitting beside a jug.", "bench", "A nun sitting beside a jug."),
    ("Zebras doze on some rocks in a habitat.", "zebra", "Some rocks in a habitat."),
    ("A mill not being used contains a toilet and a jug.", "toilet", "A mill not being used contains a jug."),
    ("Sailors carry a net along the quay.", "person", "A net on the quay."),
    ("A plain, white hall with a sink and a jug.", "sink", "A plain, white hall with a jug."),
    ("The contents of a refrigerator near a jug.", "refrigerator", "A jug."),
    ("Horses on a lane adjacent to a gate.", "horse", "A lane next to a gate."),
    ("Nuns are getting on a bus wearing blue.", "person", "A bus."),
    ("A nun holding a dog wearing a hat.", "person", "A dog wearing a hat."),
    ("A nun looks on in amusement by a gate.", "person", "A gate."),
    ("Someone on their bed looking at their jug.", "bed", "Someone looking at their jug."),
    ("Rows of suitcases of various size by a gate.", "suitcase", "A gate."),
    ("A cat looking in a door from the outside", "cat", "A door"),
    ("A nun is getting messy by a gate.", "person", "A gate."),
    ("A nun is getting milk by a gate.", "person", "Milk by a gate."),
    ("A hall with jugs and no people around.", "person", "A hall with jugs."),
    ("A hall with jugs and people around.", "person", "A hall with jugs."),
    ("A nun smiles as she sleeps on a bench.", "bench", "A nun smiles as she sleeps."),
    ("A nun smiles as it lies on a bench.", "bench", "A nun smiles."),
]

NOUNS = [
    # a noun that two describing words share, and two nouns
    ("Several plaid and red umbrellas on a mat.", "umbrella", "A mat."),
    ("Several jugs and red umbrellas on a mat.", "umbrella", "Several jugs on a mat."),
    ("The chocolate and glazed donuts are stacked on a tray.", "donut", "A tray."),
    ("The jug and glazed donuts on a tray.", "donut", "The jug on a tray."),
    ("A very ornate, three layered wedding cake in a hall.", "cake", "A hall."),
    ("Garbage and police trucks on a lane.", "truck", "A lane."),
    ("Sand and police trucks on a lane.", "truck", "Sand on a lane."),
    ("Two benches, back to back, near a gate.", "bench", "A gate."),
    ("An airplane flying solo above a gate.", "airplane", "A gate."),
    ("A bathroom sink and mirror by a jug.", "sink", "A bathroom mirror by a jug."),
    ("A sink and mirror by a jug.", "sink", "A mirror by a jug."),
    ("A hot dog is on a plate with macaroni and cheese.", "hot dog", "A plate with macaroni and cheese."),
    ("Some nuns, some in old US army hats, sit at tables.", "person", "Tables."),
]


MOVES = [
    # what does not move is not where something moved that passed it
    ("A train passing an old church on the tracks.", "train", "An old church and the tracks."),
    ("A train on a track passing a station.", "train", "A track and a station."),
    ("A truck driving under a stone bridge on a highway.", "truck", "A stone bridge and a highway."),
    ("A boat floating past some mountains on a lake.", "boat", "Some mountains and a lake."),
    ("A train under some signal lights on top of tracks.", "train", "Some signal lights and tracks."),
    ("A train blowing smoke is coming down the tracks.", "train", "Smoke and the tracks."),
    (
        "A bus in the middle of a picnic area on the side of a gorge.",
        "bus",
        "A picnic area and a gorge.",
    ),
    ("A train passing cows on the tracks.", "train", "Cows on the tracks."),
    ("A train passing a car on a road.", "train", "A car on a road."),
    ("A nun walking past a mule on a path.", "person", "A mule on a path."),
    ("A bus passing a large stadium on a busy street.", "bus", "A large stadium on a busy street."),
    ("A nun standing by a fence in a field.", "person", "A fence in a field."),
    ("A nun walking past towers in a city.", "person", "Towers in a city."),
    # what a building has is no thing beside it
    ("A bus parked next to a mill with red trimming.", "bus", "A mill with red trimming."),
    ("A bus parked next to a building with red trimming.", "bus", "A building with red trimming."),
    ("A nun stands by a building with a clock tower.", "person", "A building with a clock tower."),
    ("A bus parked next to a building with luggage.", "bus", "Luggage next to a building."),
]

VIEWS = [
    # how the object is seen is not how something else is
    ("a close up of a motorcycle parked near a kiln", "motorcycle", "A photo of a kiln"),
    ("A close-up of a bus parked on a lane.", "bus", "A photo of a lane."),
    ("Close up photo of a dog standing behind a gate.", "dog", "Photo of a gate."),
    ("A brown dog, close up on a white background", "dog", "A white background"),
    ("A close up of a bowl holding figs.", "bowl", "A close up of figs."),
    ("A close up of a saddle on a horse.", "horse", "A close up of a saddle."),
    ("A brown dog, a portrait of a king and a gate.", "dog", "A portrait of a king and a gate."),
    # how somebody is
    ("A nun lying unconscious by a gate.", "person", "A gate."),
    ("A nun laying flat on a raft.", "person", "A raft."),
    ("A nun looking nervous near a mule.", "person", "A mule."),
    ("A dog lies helpless beside a gate.", "dog", "A gate."),
    ("A wireless lamp by a bowl.", "bowl", "A wireless lamp."),
    ("A nun laying brick by a kiln.", "person", "Brick by a kiln."),
    ("A slice of cake sitting top of a white plate.", "cake", "A white plate."),
]

BORNE = [
    # what is on it by the caption's own words, and what is a thing of its own
    ("A nun blowing out candles on a cake.", "cake", "A nun."),
    ("Two nuns light candles on top of a cake.", "cake", "Two nuns."),
    ("A nun lighting candles near a cake.", "cake", "A nun lighting candles."),
    ("A cake and candles on a sill.", "cake", "Candles on a sill."),
    ("A bicycle with a basket and a mule.", "bicycle", "A mule."),
    ("A cat in the basket of a bicycle near a gate.", "bicycle", "A cat near a gate."),
    ("A bicycle next to a basket of figs.", "bicycle", "A basket of figs."),
    ("A basket and a bicycle on a ledge.", "bicycle", "A basket on a ledge."),
    ("A truck covered in art and a flag by a kiln.", "truck", "A kiln."),
    ("A truck and a gate covered in art.", "truck", "A gate covered in art."),
    # a bed that is made up
    ("A made up bed with a heap of lamps on it.", "bed", "A heap of lamps."),
]

NEAR = [
    # the same words in another role, and the thing that has such a part as well
    ("A monk with his feet dangling off a boat.", "boat", "A monk."),
    ("A nun on the lane signs a jug.", "person", "A jug on the lane."),
    ("A nun near the road signs a jug.", "person", "A jug near the road."),
    ("A mule staring only at a cake.", "cake", "A mule."),
    ("A mule staring hungrily at a cake.", "cake", "A mule staring hungrily."),
    ("A nun on an elephant and a pond.", "elephant", "A nun on a pond."),
    ("A nun on a boat and the sea.", "boat", "A nun on the sea."),
    (
        "A jug on a gate instead of on the mat while a dog by a bus naps.",
        "bus",
        "A jug on a gate while a dog naps.",
    ),
    ("A nun watches a film on a tv sitting on a dresser.", "tv", "A nun watches a film near a dresser."),
    ("A mule by a bottle with its neck broken.", "bottle", "A mule."),
    ("A dog by a teddy bear with its ears chewed.", "teddy bear", "A dog."),
    ("A dog by a kite with its tail tangled.", "kite", "A dog."),
    ("A dog in a boat with its ears flapping.", "boat", "A dog."),
    ("Two sheep by a dog with their heads down.", "sheep", "A dog."),
    ("Two sheep by a dog with their heads down.", "dog", "Two sheep."),
    ("A dog by two sheep with their heads down.", "dog", "Two sheep with their heads down."),
    ("Cups of coffee with art on the wall behind.", "cup", "Art on the wall behind."),
    ("A nun cuts a sandwich on rolls of paper.", "sandwich", "A nun near rolls of paper."),
    ("Sandwiches on a tray and bread in a jar.", "sandwich", "A tray and bread in a jar."),
    ("Apples that have red peels near a banana.", "banana", "Apples that have red peels."),
    ("A dog watches the herd.", "dog", "The herd."),
    ("A cow watches the herd by a gate.", "cow", "A gate."),
    ("Someone watching dogs eat their food.", "dog", None),
    ("A nun is getting candy by a gate.", "person", "Candy by a gate."),
    ("A nun is getting feed by a gate.", "person", "Feed by a gate."),
    ("Some rice and cooked carrots on a tray.", "carrot", "Some rice on a tray."),
    ("Sugar and small cakes on a tray.", "cake", "Sugar on a tray."),
    ("Hot chocolate and glazed donuts on a tray.", "donut", "Hot chocolate on a tray."),
    ("A bathroom sink and dog by a jug.", "sink", "A dog by a jug."),
    ("A US flag above people by a gate.", "person", "A US flag by a gate."),
    ("Birds that look at US from a gate.", "bird", "A gate."),
    ("A stack of books by a cat.", "book", "A photo of a cat."),
    ("A dog sitting in a crowd near a gate.", "dog", "A crowd near a gate."),
    ("Horses running in a crowd near a gate.", "horse", "A gate."),
    ("Sheep running past a gate together in a crowd.", "sheep", "A gate."),
    ("A horse standing in a crowd near a gate.", "horse", "A crowd near a gate."),
    (
        "A lobby with a jug and a tv on the wall and a fern.",
        "tv",
        "A lobby with a jug and the wall and a fern.",
    ),
    ("A hall has a bed against the wall with a lamp.", "bed", "A hall has a wall with a lamp."),
    ("Kites of all shapes and sizes fly over a lane.", "kite", "A lane."),
]


@pytest.mark.parametrize(
    ("caption", "category", "wanted"),
    [*VERBS, *PLACES, *PARTS, *SIGHTS, *NOUNS, *NEAR, *MOVES, *VIEWS, *BORNE],
)
def test_a_reason_holds_on_both_of_its_sides(caption, category, wanted):
    assert remove_object(caption, category, COCO80) == wanted


@pytest.mark.parametrize("caption", ["Young adult book by novelist.", "Cover of the book by a monk."])
def test_who_wrote_a_book_is_not_in_its_photo(caption):
    assert remove_object(caption, "book", COCO80) is None


@pytest.mark.parametrize(
    ("caption", "category"),
    [
        ("Closeup of a decorative clock.", "clock"),
        ("A close up of a rusty fire hydrant.", "fire hydrant"),
        ("Side view of a zebra.", "zebra"),
        ("A school bus covered in art and a flag.", "bus"),
        ("A weather-worn, old boat.", "boat"),
        ("A silver high-performance, two door car.", "car"),
        ("A nun lying unconscious.", "person"),
    ],
)
def test_a_view_or_a_look_alone_is_no_scene(caption, category):
    assert remove_object(caption, category, COCO80) is None
