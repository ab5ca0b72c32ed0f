"""Kinds of fault that a close reading of rewritten captions found, each with captions that had it."""

import pytest

from unscene.rewriting.negation import remove_object
from unscene.words.coco80 import COCO80

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
        "Monks looking at a mule on the other side of a moat.",
    ),
    ("Monks feed a dog on the opposite side of the moat.", "dog", "Monks on the opposite side of the moat."),
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
    ("A tennis player poses, racket in his left hand.", "person", "A tennis scene."),
    ("A skier poses while a girl is in the background.", "person", "A skiing scene."),
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
    ("A nun swings a tennis racket.", "person", "A tennis scene."),
    ("A monk with a baseball bat waits for the pitch.", "person", "A baseball scene."),
    ("A nun carries a cake at an outdoor celebration.", "person", "The venue of an outdoor celebration."),
    ("Artist's impression of the abbey on the hill.", "person", "An impression of the abbey on the hill."),
    ("Ice hockey player shoots during a match.", "person", "An ice hockey scene."),
]

# What is true of the whole photo stays, wherever it stands in the caption.
WHOLE = [
    ("A nun sitting on a bench outdoors.", "bench", "A nun sitting outdoors."),
    ("Two monks pose together outside with their mule cart.", "person", "A mule cart outside."),
    ("A mule looks outside.", "bench", "A mule looks outside."),
    ("A cat on a sill looking outside.", "cat", "A sill."),
    ("A dog running outside in a meadow.", "dog", "A meadow."),
    ("A monk strolling past a well in black and white.", "person", "A well in black and white."),
    ("A cow in black and white.", "cow", None),
    ("A horse is seen by a well in a blurry photo.", "horse", "A well in a blurry photo."),
    ("A crypt with umbrellas on a cloudy day.", "umbrella", "A crypt on a cloudy day."),
    ("The train is on the train tracks.", "train", "The train tracks."),
    ("A boat n water next to a mill.", "boat", "Water next to a mill."),
]
# No place is told that the caption does not name, nor a thing that is only waited for.
NOT_TOLD = [
    ("A nun jumps on a snowboard.", "person", "A snowboarding scene."),
    ("A rock band performs live.", "person", None),
    ("A nun on a stool waits for the bus.", "person", "A stool."),
    ("A tram comes to a stop by a well.", "train", "A well."),
    ("A book about mending a bicycle.", "book", None),
    ("A mule rests as a boat is lowered into the sea.", "boat", "A mule rests near the sea."),
]
# A verb goes with its subject, whatever stands between them.
ACTS = [
    ("Two nuns sit on stools and play board games.", "person", "Stools."),
    ("Two nuns are seated in a crypt and holding electric lamps.", "person", "A crypt."),
    ("A monk, wearing sandals, socks and a robe, lies belly-down on a mat.", "person", "A mat."),
    ("A fairly scholarly looking old monk grimaces by a well.", "person", "A well."),
    ("Three monks each holding something and posing by a well.", "person", "A well."),
    ("Nuns try to gain possession of a lamp.", "person", "Possession of a lamp."),
    ("Two monks on a ledge deep in thought.", "person", "A ledge."),
    ("A monk in a hood holds apples by a well.", "apple", "A monk in a hood by a well."),
    ("A nun swinging up to hit tennis balls.", "person", "Tennis balls."),
    ("Brown bears standing around looking at a gate.", "bear", "A gate."),
    ("Two nuns are standing around holding cell phones.", "cell phone", "Two nuns are standing around."),
    (
        "A nun sitting on a bench and a nun standing by a well.",
        "bench",
        "A nun sitting and a nun standing by a well.",
    ),
    ("A nun rides on a lane while waves come in.", "person", "A lane and waves coming in."),
    ("Some mules that are roaming around a lot of birds.", "bird", "Some mules that are roaming."),
    ("A nun sits intently and happy at a loom.", "person", "A loom."),
    ("Two monks in robes smile at a mule.", "person", "A mule."),
    ("A nun holding a remote with a monk looking on.", "remote", "A nun with a monk looking on."),
    ("A banana split is sitting on top of a table.", "dining table", "A banana split."),
    ("Birthday gifts on a table in a crypt.", "dining table", "Birthday gifts in a crypt."),
]
# What is on the object, in it or shown by it goes with it; what its owner wears does not.
ON_IT = [
    ("A nun wearing a tie with the twelve apostles on it.", "tie", "A nun."),
    ("A nun in a hood with a tie that has a gnome on it", "tie", "A nun in a hood"),
    ("A bus with a big billboard on the side of it.", "bus", None),
    ("A bus moving down a lane with nuns inside.", "bus", "A lane."),
    ("A boat full of nuns by a jetty.", "boat", "A jetty."),
    ("A book with a quill on it.", "book", "A quill."),
    ("A cupcake with icing topped with a candy gnome.", "cake", None),
    ("A clock on a mast saying it is 10:20", "clock", "A mast"),
    ("A phone displays some runes.", "cell phone", None),
    ("A mule with a bandana on the trunk of a car", "car", "A mule with a bandana"),
    ("A dog chewing on a tree trunk.", "dog", "A tree trunk."),
    ("An old clock near the U.S. flag.", "clock", "The U.S. flag."),
    ("A few nuns riding bikes next to a dog on a leash.", "bicycle", "A few nuns next to a dog on a leash."),
    ("A monk on ice skates sliding over a ramp.", "person", "A ramp."),
]
# Of a row what is left is told alone; a place is not told of two.
ROWS = [
    ("A bus and a car travelling in the same direction.", "car", "A bus travelling."),
    ("Two giraffes standing one behind the other by a gate.", "giraffe", "A gate."),
    ("Two nuns, one holding a cake, the other holding up a lamp", "cake", "Two nuns and a lamp"),
    (
        "A bike that is parked by a well, and a kite that is high in the sky",
        "kite",
        "A bike that is parked by a well",
    ),
    (
        "Four nuns are swimming in a lake with chairs on the beach.",
        "chair",
        "Four nuns are swimming in a lake.",
    ),
    ("Two nuns on a lane one of which is riding a red bike.", "person", "A lane."),
    (
        "A mule pulling a cart down a lane with nuns on the cart.",
        "person",
        "A mule pulling a cart down a lane.",
    ),
    ("Vines fill a crypt while kites pepper the sky.", "kite", "Vines fill a crypt."),
]

# A describing word or a verb is read as one, and leaves no noun behind.
READINGS = [
    ("A row of used and chipped benches by a kiln.", "bench", "A kiln."),
    ("A boarded up mill near an umbrella.", "umbrella", "A boarded-up mill."),
    ("An inside out umbrella by a kiln.", "umbrella", "A kiln."),
    ("A sliced of pizza is served on a mat.", "pizza", "A mat."),
    ("Beautifully decorated cake with figs.", "cake", None),
    ("Two sheep in a meadow crane their necks.", "sheep", "A meadow."),
    ("A nun in white crosses the moat by a mule.", "person", "The moat by a mule."),
    (
        "A nun with a lamp at a table in the yard smiles.",
        "dining table",
        "A nun with a lamp in the yard smiles.",
    ),
    ("A sign telling drivers that they can't park.", "person", "A sign."),
    ("A bus driving past very tall towers.", "bus", "Tall towers."),
    (
        "A toy is lying face down on a table next to a jug.",
        "dining table",
        "A toy is lying face-down next to a jug.",
    ),
]
# What somebody does goes with him, and is given to no thing; how he is stays.
DEEDS = [
    ("A nun is standing in a moat is flying a kite.", "person", "A kite in a moat."),
    ("A nun standing in a yard wrapped in a towel.", "person", "A yard."),
    ("A nun and protective gear running by a kiln.", "person", "A kiln."),
    ("A nun takes a snooze in a crypt.", "person", "A crypt."),
    ("Two nuns make eye contact by a kiln.", "person", "A kiln."),
    ("Nuns bringing a boat in by a jetty.", "person", "A boat by a jetty."),
    ("A photo of a nun watching a mule near a moat.", "person", "A photo of a mule near a moat."),
    ("A tram with nuns inside is crossing a moat.", "person", "A tram is crossing a moat."),
    ("A mule watches from between parked cats.", "cat", "A mule watches."),
    ("A nun bent over with an umbrella by a kiln.", "umbrella", "A nun bent over by a kiln."),
    ("A nun holds a hair dryer with a grim look.", "hair drier", "A nun with a grim look."),
    ("Boaters and golfers by a jetty.", "person", "A jetty."),
    ("Mother and child horse in a meadow.", "horse", "A meadow."),
]
# Where the object alone was, or went, is told of nothing else.
SPOTS = [
    ("A kitchen with an oven in the corner.", "oven", "A kitchen."),
    ("A kitchen has an oven in the corner.", "oven", "A kitchen."),
    ("A lane with trucks on the side of the road.", "truck", "A lane."),
    ("A room filled with couches on a tiled floor.", "couch", "A room with a tiled floor."),
    ("A monk throws a ball into the air.", "sports ball", "A monk."),
    ("A monk lifts a toilet off the floor.", "toilet", "A monk."),
    ("A nun turns a mill into a home.", "person", "A mill."),
    ("A bin with a pizza on a plate.", "pizza", "A bin with a plate."),
    ("A crate containing apples with hay in the background.", "apple", "A crate with hay in the background."),
    ("Two birds on a beam with ferns and jugs behind them.", "bird", "A beam with ferns and jugs."),
    ("A red sign and a bicycle without wheels.", "bicycle", "A red sign."),
]
# What is seen stays: a ledge that is ridden on, a place that a photo shows, rain, another view.
STAYING = [
    ("A monk rides a bicycle up a ramp.", "bicycle", "A monk on a ramp."),
    ("A monk riding a skateboard on a ledge.", "skateboard", "A monk on a ledge."),
    ("This photo shows a nun reading in a crypt.", "person", "This photo shows a crypt."),
    ("The rear view of an airplane on a runway.", "airplane", "The view of a runway."),
    ("A close up of a cat near a kiln.", "cat", "A photo of a kiln."),
    ("A cat sits on a sill watching the rain.", "cat", "A sill and the rain."),
    ("A nun is on a motorcycle with a lamp.", "motorcycle", "A nun with a lamp."),
]
# A rule for one kind leaves its neighbours alone: other words that look so, other things that lie so.
NEIGHBOURS = [
    ("A nun watches a kite sailing over the sea.", "person", "A kite over the sea."),
    ("A monk parasailing and a nun kite surfing near a jetty.", "person", "A jetty."),
    ("Several women's hiking shoes by a vase.", "vase", "Several women's hiking shoes."),
    ("A monk goes for a run on Monday morning.", "person", "A scene on Monday morning."),
    ("A mule takes a run down to the moat with a dog.", "dog", "A mule takes a run down to the moat."),
    ("A loaf cut in half beside a knife.", "knife", "A loaf cut in half."),
    ("A monk fell face down on a couch.", "couch", "A monk fell face-down."),
    ("Very plump hens near a chair.", "chair", "Very plump hens."),
    ("A front page photo of a nun in a crypt.", "person", "A front page photo of a crypt."),
    ("A left side view of a bus in a lane.", "bus", "A view of a lane."),
    ("A monk sails a boat off the coast.", "boat", "A monk near the coast."),
    ("A monk takes a brush from a shelf.", "person", "A brush and a shelf."),
    ("A monk makes a splash of sauce on a mat.", "person", "A splash of sauce on a mat."),
    ("A nun and a hat lying on the moss.", "person", "A hat lying on the moss."),
    ("Baby and dog on a rug.", "dog", "Baby on a rug."),
    ("Adult and baby elephant by a moat.", "elephant", "A moat."),
    ("A bedroom filled with chairs on the floor.", "chair", "A bedroom."),
    ("A nun rides a horse through a doorway.", "horse", "A nun near a doorway."),
    ("A nun rides a bicycle through a puddle.", "bicycle", "A nun in a puddle."),
    ("The other side of the moat with a nun.", "person", "The other side of the moat."),
    ("A nun is with a mule near a bench.", "bench", "A nun is with a mule."),
    ("A crate topped with a cup placed next to some figs.", "cup", "A crate topped with some figs."),
]
# What hung behind the object stays told: when it was, of what an event is, on what a thing was.
BEHIND = [
    (
        "A well stands in a moat that a nun walks across during golden hour.",
        "person",
        "A well stands in a moat during golden hour.",
    ),
    ("A mule in a meadow with nuns under the sun.", "person", "A mule in a meadow under the sun."),
    (
        "A crypt on the third night of the festival with nuns.",
        "person",
        "A crypt on the third night of the festival.",
    ),
    ("A nun attends the premiere of the new opera.", "person", "The venue of the premiere of the new opera."),
    ("A nun attends the premiere of the king.", "person", "The venue of the premiere."),
    ("A nun cheers at friday night's game.", "person", "The venue of friday night's game."),
    ("A nun cheers at her sister's game.", "person", "The venue of a game."),
    (
        "A monk on rocks near a nun riding a mule on a trail in the woods.",
        "person",
        "Rocks and a mule on a trail in the woods.",
    ),
    ("A nun photographs a bus on a lane in Rome.", "person", "A bus on a lane in Rome."),
    ("A truck on a lane in Rome.", "truck", "A lane in Rome."),
    ("A truck on a lane in a town in the hills.", "truck", "A lane in a town in the hills."),
    ("A train rolls on a track along the shore.", "train", "A track along the shore."),
    ("A nun walks along the shore.", "person", "The shore."),
    ("A bird flying above a boat on a lake.", "boat", "A bird flying above a lake."),
    ("A view over boats on a lake.", "boat", "A view over a lake."),
    ("A nun putting a suitcase onto a conveyor belt.", "suitcase", "A nun near a conveyor belt."),
    ("A nun putting a suitcase onto a belt.", "suitcase", "A nun."),
    ("A mule seen from above on a lane by a nun.", "person", "A mule on a lane seen from above."),
    ("A car seen from above near a kiln.", "car", "A kiln seen from above."),
    ("A car parked above a kiln.", "car", "A kiln."),
    (
        "Black and white portrait of a nun, a well in a garden.",
        "person",
        "A well in a garden in black and white.",
    ),
    ("A mule looks at a nun carving figs.", "person", "A mule looks at figs."),
    ("A mule watching a nun carve some figs.", "person", "A mule watching some figs."),
    ("A wide view of a nun watching a boat.", "person", "A wide view of a boat."),
    ("Two cups of figs on a mat.", "cup", "Figs on a mat."),
    ("Two cups of milk on a mat.", "cup", "A mat."),
    ("A phone in a crocheted phone case.", "cell phone", "A crocheted phone case."),
    ("A wagon with its doors opened as nuns board.", "person", "A wagon with its doors opened."),
    ("A wagon near party goers.", "person", "A wagon."),
    ("A mule next to the camera.", "person", "A mule next to the camera."),
    ("A nun next to the camera.", "person", None),
    ("A nun next to a camera.", "person", "A camera."),
]
# A verb is one beside its noun, and a noun is none behind a word that counts.
BESIDE_NOUNS = [
    ("Figs on various plates on a table.", "dining table", "Figs on various plates."),
    ("One other mule and two cows by a moat.", "cow", "One other mule by a moat."),
    ("A nun with a lamp and long wool socks holds a cake.", "cake", "A nun with a lamp and long wool socks."),
    ("A mule standing next to open suitcases.", "suitcase", "A mule standing."),
    ("A nun reaching over to open a suitcase.", "suitcase", "A nun."),
    ("A dog watching soup cook in a kiln.", "dog", "Soup cooking in a kiln."),
    ("A dog watching waves roll over a jetty.", "dog", "Waves rolling over a jetty."),
    ("Nuns serving baked figs under a canopy.", "person", "Baked figs under a canopy."),
    ("A nun getting washed by a moat.", "person", "A moat."),
    ("A nun sits on a stool facing blooming ferns.", "person", "A stool and blooming ferns."),
    ("The crypt is clean and ready for the nuns.", "person", "The crypt is clean and ready."),
    ("A cone shaped, tall fern near a nun.", "person", "A cone shaped, tall fern."),
    ("A cake shaped like a fern.", "cake", None),
    ("A photo of a banana split in a bowl.", "bowl", "A photo of a banana split."),
    ("A banana split down the middle by a bowl.", "bowl", "A banana split down the middle."),
    ("Nuns lined up by a bench.", "bench", "Nuns lined up."),
    ("A crypt lined with benches.", "bench", "A crypt."),
    ("A rabbit sitting on a bench.", "bench", "A rabbit sitting."),
    ("A batter up to bat with a nun behind him.", "person", "A baseball scene."),
    ("How it would look if a cat was a bird.", "bird", None),
    ("An adult and a juvenile zebra near a moat.", "zebra", "A moat."),
    ("A tower with a clock on it advertising figs.", "clock", "A tower advertising figs."),
]
# A list of what an image may contain keeps the entries that are not the object's.
LISTS = [
    (
        "Image may contain : person , standing , on stage and lamp",
        "person",
        "Image may contain: stage and lamp",
    ),
    ("Image may contain : horse , standing and night", "horse", "Image may contain: night"),
    ("Image may contain : 2 people , people smiling", "person", None),
]


@pytest.mark.parametrize(
    ("caption", "category", "wanted"),
    [
        *BEHIND,
        *BESIDE_NOUNS,
        *LISTS,
        *PLACES,
        *VERBS,
        *BEGINNINGS,
        *WORDS,
        *NO_SCENES,
        *WHOLE,
        *NOT_TOLD,
        *ACTS,
        *ON_IT,
        *ROWS,
        *READINGS,
        *DEEDS,
        *SPOTS,
        *STAYING,
        *NEIGHBOURS,
    ],
)
def test_a_kind_of_fault_is_gone(caption, category, wanted):
    assert remove_object(caption, category, COCO80) == wanted
