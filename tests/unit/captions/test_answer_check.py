"""The check of a caption that a model wrote for an edit, by kinds of fault and of right answers.

The captions were made up for this page, and none comes from the lists of the check.
"""

import random
import time

import pytest

from unscene.captions.answer_check import find_fault
from unscene.captions.checks.texts import get_stem
from unscene.words.coco80 import COCO80

WRONG = {
    "named": [
        ("A spaniel shakes itself dry beside a pond.", "dog", "A spaniel beside a pond."),
        ("A ferry crosses the strait at noon.", "boat", "A boat crosses the strait at noon."),
        ("Two nurses chat near an ambulance ramp.", "person", "Two women near an ambulance ramp."),
        ("A bowl of soup on a stove.", "bowl", "A dish of soup on a stove."),
        ("A nun near a chair in a nave.", "chair", "A nun near a seat in a nave."),
        ("A tuba player with a mug of tea on a stage.", "cup", "A tuba player with a mug on a stage."),
        ("A girl drags a surfboard up a dune.", "surfboard", "A girl drags a board up a dune."),
        ("Figs in a bowl on a loom.", "bowl", "Bowled figs on a loom."),
        # the last part of the object's name
        ("A monk leans a snow board on a mill.", "snowboard", "A monk leans a board on a mill."),
        # people by what they did
        ("A nun with a hood juggles behind a mill.", "person", "A juggler behind a mill."),
    ],
    "left": [
        ("A miner in muddy boots leans on a shovel.", "person", "Muddy boots and a shovel."),
        ("A goose with a bent beak stands by a shed.", "bird", "A bent beak by a shed."),
        ("A pony in a raincoat by a stile.", "horse", "A raincoat by a stile."),
        ("Sailors carry a net along the quay.", "person", "A net carried along the quay."),
        ("A boy juggles lemons while others clap.", "person", "Lemons while others clap."),
        ("A potter holds up a blue jar in her workshop.", "person", "Holding up a blue jar in a workshop."),
        ("A girl wearing a sash waves from a float.", "person", "Her sash on a float."),
        ("A nun walks toward bunches of ripe bananas.", "banana", "A nun walks toward bunches."),
        ("A group of cows standing on a dune.", "cow", "A group standing on a dune."),
        ("A tailor holds a big pair of scissors to a sail.", "scissors", "A tailor holds a pair to a sail."),
        # the clothes of a toy, a deed as a noun, what somebody does whose likeness is left
        ("A teddy bear in a sailor suit on a drum.", "teddy bear", "A sailor suit on a drum."),
        ("A nun gets a manicure in a red tent.", "person", "A manicure in a red tent."),
        ("A monk yells at a goat in a mill.", "person", "A yell in a mill with a goat."),
        ("Outline of a nun who dances.", "person", "A dancing outline."),
        # what is worn on a part of the body
        ("A mule with an ear tag in a pen and a cat with a leg splint.", "cat", "A leg splint in a pen."),
        ("A nun gives a speech in a mill.", "person", "A speech in a mill."),
        ("Nuns on horseback are on a moor, the horses trot.", "horse", "Nuns on horseback are on a moor."),
        # the deed as a noun, a part whose owner is gone
        ("Monks drink near a mill.", "person", "A drink near a mill."),
        ("A nun's head above a dune.", "person", "A head above a dune."),
        ("A nun with a modern hairstyle by a well.", "person", "A modern hairstyle by a well."),
        ("A lion beside a horse whose head is in a barrel.", "horse", "A lion beside a head in a barrel."),
    ],
    "invented": [
        ("A parrot on a rope in a hall.", "bird", "A rope and a ladder in a hall."),
        ("A tractor and a horse in a meadow.", "horse", "A tractor and a goat in a meadow."),
        ("A kettle and a clock on a shelf.", "clock", "A kettle on a shelf in Lisbon."),
        ("A lantern hangs over a bench.", "bench", "A lantern hangs over a snowy path."),
        ("A fiddler and a cat on a roof.", "cat", "A fiddler on a roof, with nothing beside him."),
        ("A fiddler naps on a chair.", "chair", "A fiddler swims."),
        ("A vet works with a cat in a clinic.", "cat", "A vet works with a patient in a clinic."),
        ("A boy with a kite stands on a dune.", "kite", "A boy stands on a dune, admiring the view."),
        ("A drum on a chair.", "chair", "Sorry, I cannot see a picture of a drum."),
        # another word with nearly the same letters, a place though more was told, another than as a rule
        ("A dog on a crate by a loom.", "dog", "A grate by a loom."),
        ("A chair beside a loom.", "chair", "A loom in a room."),
        ("A chair with a carved frame.", "chair", "A photo of a kitchen."),
    ],
    "described": [
        ("A barn beside a cow.", "cow", "A red barn."),
        ("A lane with a dog.", "dog", "A snowy lane."),
        ("A tall mast and a wide tub by a cat.", "cat", "A wide mast and a tub."),
        ("A truck near a shed.", "truck", "A vehicle near a shed."),
        ("A goat near a shed with a bench.", "bench", "A sheep near a shed."),
    ],
    "lost": [
        ("A parrot, a lamp and a suitcase in an attic.", "bird", "A lamp in an attic."),
        ("A camel beside a bus in the desert.", "bus", "A camel."),
        (
            "A bowl of figs, a crate of leeks and a sack of rye by a mill.",
            "bowl",
            "A crate of leeks by a mill.",
        ),
        ("A vase and a framed photo on a piano.", "vase", "A piano."),
        ("A baker with a tray of rolls at a market.", "person", "A market."),
        ("A ladder and a cat under a bridge.", "cat", "A photo."),
        ("A goose that hisses at a vault.", "bird", "A picture."),
        # one of a row that stood together, and one of several people
        ("A nun with a lantern and rope", "person", "A lantern"),
        ("A boy paints a wall while two girls rest on a bench.", "bench", "A boy paints a wall."),
        ("A fencing match on a pier and a cat", "cat", "A pier"),
        ("A monk sings in a valley with llamas.", "person", "A valley."),
        # only general words
        ("A bus rolls by.", "bus", "A place."),
        ("A goat sleeps on a half-open laptop.", "laptop", "An animal somewhere."),
        ("A nun restores a clock tower in a village.", "person", "A structure."),
        ("Two monks feed the three goats.", "person", "Some animals."),
        ("A baker attends the harvest festival", "person", "An event"),
        ("A scout reaches a hut", "person", "Something going on"),
        ("A sketch of a terrier outdoors", "dog", "A picture"),
        ("An image of a bus that is parked on a quay.", "bus", "An image of a place."),
        ("Crowds watched the lighting of lanterns on monday.", "person", "Something on monday."),
        ("Nuns are kayaking near a beach on a rainy day.", "person", "A day outdoors."),
        # what is told with a thing is not told by it, and the other way round
        ("A bus and cars rolling down the road.", "car", "A road."),
        ("A car on a wide road by a mill.", "car", "A mill."),
        ("A nun standing on top of a mossy cliff near a kite.", "person", "A kite."),
        ("A monk plays the violin in the dunes.", "person", "The dunes."),
        # it hangs on what stays, or on no clause of the object's
        ("A goat chasing a horse by a mill.", "horse", "A mill."),
        ("A barn after a storm near a well and a horse.", "horse", "A barn."),
        ("A nun clears rubble from her meadow.", "person", "Rubble."),
        ("A drawing of a harp in the chapel of a nun.", "person", "A drawing of a harp."),
        ("A rug and a cat on a marble floor.", "cat", "A marble floor."),
    ],
    "changed": [
        ("A red barn behind a cow.", "cow", "A white barn."),
        ("A cat on a wet pier.", "cat", "A dry pier."),
        ("A violin under a bench with a cat on it.", "cat", "A violin on a bench."),
        ("A grandmother on a chair by a loom.", "chair", "A grandfather by a loom."),
        ("A scout with a cup walks into a mill.", "cup", "A scout walks out of a mill."),
        ("Two monks walk a dog along a wall.", "dog", "A monk walks along a wall."),
        ("Four tents near a truck.", "truck", "Three tents."),
        ("A monk with a cup goes up a ladder.", "cup", "A monk goes down a ladder."),
        ("A puppy gallops past a cart on a lane.", "dog", "A cart gallops on a lane."),
        ("A nun leads a donkey past a car.", "car", "A donkey leads a nun."),
        # ordinals, years, what came after, another word before a thing, one of many
        ("A monk rings the 2nd bell of the abbey.", "person", "The 3rd bell of the abbey."),
        ("A nun shows another lantern.", "person", "The first lantern."),
        ("A nun with a harp from the 1870s.", "person", "A harp from the 1890s."),
        ("A monk naps during the regatta by a mill.", "person", "A mill after the regatta."),
        ("Soup fresh from the oven with a ladle.", "oven", "Three soups with a ladle."),
        ("A baker dances in a barn after the harvest.", "person", "A barn before the harvest."),
        ("A nun waves at a speeding tram.", "person", "A parked tram."),
        ("A lane with a bus and several tents.", "bus", "A lane with one tent."),
        ("A nun stands on one crate near a cup.", "cup", "A nun stands on both crates."),
        # one is several, one of each is two, what was counted is another thing, inside is outside
        ("A nun by a wicker stool.", "person", "Several wicker stools."),
        ("Wicker stool featuring a nun.", "person", "A pair of wicker stools."),
        ("A nun next to crumbling building.", "person", "Two crumbling buildings."),
        ("A fiddler waves a bat while a nun waits.", "baseball bat", "A fiddler waves while two nuns wait."),
        ("Three striped vases painted with moths.", "vase", "Three moths."),
        ("Nuns eat figs together in a tavern.", "person", "Figs outside a tavern."),
    ],
    "grammar": [
        ("An otter swims in a tank with a ball.", "sports ball", "An otter swims in a tank with."),
        ("A crane lifts a car over a wall.", "car", "A crane lifts over a wall."),
        ("A harp, a bowl and a stool.", "bowl", "A harp, a and a stool."),
        ("A white stove with a pizza inside of it.", "pizza", "A white stove with a inside of it."),
        ("A drone flies near a mast on a misty day.", "airplane", "A mast on a misty."),
        ("A mule and a dog rest under a fig tree.", "dog", "A mule and rest under a fig tree."),
        ("A gull pecks at a pizza on a pier.", "pizza", "A gull pecks at on a pier."),
        ("A kitten sleeps on a drum.", "cat", "On a drum."),
        ("A jet flies low over a reef.", "airplane", "Flies low over a reef."),
        # where it was, with more that stood there
        ("A monk walks down a lane with llamas.", "person", "Down a lane with llamas."),
        # its subject is gone
        ("A monk of an abbey was late.", "person", "Of an abbey was late."),
        ("A nun at the fence carves a flute in a barn.", "person", "At the fence carves a flute in a barn."),
        ("A truck that is parked by a kiln.", "truck", "That is parked by a kiln."),
        ("A dented soccer ball lying on the moss.", "sports ball", "A dented lying on the moss."),
        # the end of the answer is cut off; a phrase has lost its last word
        ("A nun plays a harpsichord", "person", "A harpsi"),
        ("A monk near the monument at midnight", "person", "The monum"),
        ("A print of a tired blond girl.", "person", "A print of a tired blond."),
        ("The old red wooden train stops at a mill.", "train", "Old red wooden at a mill."),
        ("A ferry by a pier with crates lining it.", "boat", "A pier with crates lin"),
        ("A print by a nun called Dusk.", "person", "A print by called Dusk."),
        ("A tram crosses a moor covered in heather.", "train", "A moor covered."),
    ],
    "form": [
        ("A stork over a chimney.", "bird", ""),
        ("A stork over a chimney.", "bird", '{"without": "A chimney."}'),
        ("A stork over a chimney.", "bird", "Ein Schornstein auf einem Dach."),
        ("A stork over a chimney.", "bird", "煙突"),
        ("A stork over a chimney.", "bird", "A chimney. " * 12),
        ("A stork over a chimney.", "bird", "**A chimney.**"),
        ("A stork over a chimney.", "bird", "Done. A chimney."),
        ("A stork over a chimney.", "bird", "Here it is: a chimney."),
    ],
}
RIGHT = [
    # two letters exchanged, and the place that the only thing told is at as a rule
    ("A dog on a carte by a loom.", "dog", "A crate by a loom."),
    ("Three trucks are stacked together side by side.", "truck", "A quiet street."),
    ("A chair with a carved frame.", "chair", "A photo of a room."),
    ("A nun in an embroidered gown.", "person", "A photo of a place."),
    ("A tray with fried and a sandwich by a loom.", "sandwich", "A tray with something fried by a loom."),
    # parts of something else, and words of parts that only tell which thing it is
    ("A nun stands on a camels hump.", "person", "A camel's hump."),
    ("A gold ring on a hog's nose is like a nun.", "person", "A gold ring on a hog's nose."),
    ("A nun models the lion head in clay.", "person", "The lion head in clay."),
    ("A nun digs through shawls in a clothing store.", "person", "Shawls in a clothing store."),
    # nouns that are verbs elsewhere, and deeds that may do without a thing
    ("Monks stirring and drinking cold drink near a mill.", "person", "Cold drink near a mill."),
    ("A pitcher is getting ready to throw the ball.", "sports ball", "A pitcher is getting ready to throw."),
    ("A monk keeps parking his car in a lane.", "car", "A monk keeps parking in a lane."),
    ("A wide quay holding boats overlooked by cliffs.", "boat", "Cliffs overlook a wide quay."),
    # what the object is or is like, what hangs on what goes with it, what a clause tells of it
    ("The cat was a menace beside a loom.", "cat", "A loom."),
    ("A fair with a kite in the form of a whale.", "kite", "A fair."),
    ("A nun wears a robe with a crimson hem beside a loom.", "person", "A loom."),
    ("Two monks dressed as lobsters.", "person", "A photo."),
    ("A hay eating horse by a mill.", "horse", "A mill."),
    ("A barn on the moor after a nun sang near a well.", "person", "A barn on the moor."),
    ("A nun brings a lantern to a fair that was held.", "person", "A lantern at a fair that was held."),
    # words that are no things
    ("A nun sails to a mill dating from approximately", "person", "A mill."),
    ("A nun by a mill, giving each other nothing", "person", "A mill."),
    # a moment that ends it, a place that begins it, `to be` after what goes
    ("Early morning joggers pass a mill.", "person", "A mill in the early morning."),
    ("Sailors down at the wharf.", "person", "Down at the wharf."),
    ("Try not to let your cat be late at a mill.", "cat", "Try not to be late at a mill."),
    # colours behind their thing, and of the picture
    ("Clogs for women all crimson", "person", "All crimson clogs."),
    ("A cart near cars parked at a mill.", "car", "A cart near a mill."),
    (
        "A row of kilns and cars in a lane that is covered.",
        "car",
        "A row of kilns in a lane that is covered.",
    ),
    (
        "Black and white portrait of a nun - travel photography",
        "person",
        "Black and white travel photography.",
    ),
    ("A pair of boots beside a group of cows.", "cow", "A pair of boots."),
    ("Boats in a row beside a row of buses.", "bus", "Boats in a row."),
    ("A pile of figs and carrots on a loom.", "carrot", "A pile of figs on a loom."),
    # a misspelt word is put right, an older thing is old, numbers add up, what each of several had
    (
        "A pilot paints on a tarp beside a blue cat by the wharf.",
        "person",
        "A tarp and a blue cat by the wharf.",
    ),
    ("A nun sells figs from a crat in a lane.", "person", "A crate in a lane with figs."),
    ("An older silo behind a bus.", "bus", "An old silo."),
    ("Two nuns and a monk in a cloister with a kite.", "kite", "Three people in a cloister."),
    ("Four sailors search their laptops at a bar.", "person", "A bar with four laptops."),
    # what was done to a thing that is left, an event for what people were at
    ("A mason is turning a barn into a chapel.", "person", "A barn being turned into a chapel."),
    ("After unloading a crate from the cart, a nun naps", "person", "A crate unloaded from the cart"),
    ("A choir, leader of the choir, outdoors", "person", "An outdoor performance"),
    ("A goalkeeper argues in the third period.", "person", "The third period of a match."),
    ("A rug made with hand made seams by a nun", "person", "A rug made with hand made seams"),
    # what people wait for, play against or meet need not be there
    ("Nuns waiting for the bus in a hail storm", "person", "A hail storm"),
    ("Boys take the court before the match against a college", "person", "The court before the match"),
    ("A drummer hugs a fan at the fair", "person", "The fair"),
    # it begins as the old caption does; a word that ends in s is a thing; a short word of a longer one
    ("Grooming a sheep for the fair in June", "sheep", "Grooming for the fair in June"),
    ("A pier for costly yachts and tourist boats", "person", "A pier for costly yachts and boats"),
    ("A nun near a lighthouse at dawn", "person", "Dawn light"),
    # a couple is two people, a pair of boots is several
    ("A couple is resting on a bench eating figs.", "bench", "A couple is resting and eating figs."),
    ("A pair of green clogs stands beside a cat.", "cat", "A pair of green clogs stands together."),
    # who is gone takes along what they ride and what they have, and what only tells of them
    ("A constable on a motorcycle in a pageant.", "person", "A pageant."),
    ("A constable riding a scooter in a pageant.", "person", "A pageant is going on."),
    ("Hector the parrot by a well.", "bird", "A well."),
    ("A monk, head of an abbey and a school, opens a gate.", "person", "A gate."),
    ("The big tanker plane has its landing gear lowered.", "airplane", "A photo."),
    ("A bench fashioned from skis and two lanterns.", "bench", "Two lanterns."),
    ("The rear end of a train on a viaduct.", "train", "A viaduct."),
    ("A TV with a horse and a nun on it by a harp.", "tv", "A harp."),
    ("A nun faced the telescopes earlier this month.", "person", "The telescopes."),
    # what says what a thing is for, and what goes on by itself
    ("A smith forges blades on an anvil.", "person", "An anvil for forging blades."),
    ("A baker cooking soup on a stove.", "person", "Soup cooking on a stove."),
    ("A farmer got his tractor stuck in a ditch.", "person", "A tractor is stuck in a ditch."),
    # a letter put right, a word that sounds the same, two words in one
    ("A bench by a wooden had on a shelf.", "bench", "A wooden hat on a shelf."),
    ("A dog beside a spagetti stand.", "dog", "A spaghetti stand."),
    ("A cat by a bann;er in a hall.", "cat", "A banner in a hall."),
    ("A cat in a hall with shelving for books.", "cat", "A hall with bookshelves."),
    ("A gull flies through the air past a monk.", "bird", "A monk in midair."),
    # sentences that begin with what is told of the subject, or command
    ("A goat on a crate or chair, looking at the sun.", "chair", "Looking at the sun, a goat is on a crate."),
    ("Mix all the herbs in a deep bowl.", "bowl", "Blend all the herbs."),
    ("It was a foggy day with a bird on a mast.", "bird", "It is a foggy day, and there is a mast."),
    ("An otter near a bus in a t-shirt.", "bus", "An otter with a t-shirt on."),
    # what somebody who is gone has with them, a statue of what is gone
    ("Two goats beside a nurse with a tin jug.", "person", "Two goats."),
    ("A statue resembling a horse in a market square.", "horse", "A market square."),
    # the place stands first; the object of a verb stands before it
    ("Parked in a yard near a dog is a tractor.", "dog", "Parked in a yard is a tractor."),
    ("A nurse sits on a couch using a laptop.", "couch", "A nurse with a laptop that she is using."),
    ("A baker sits on a bench whittling a flute.", "bench", "A baker is sitting and whittling a flute."),
    ("A nun plays badminton.", "person", "A badminton court."),
    ("Two monks play golf.", "person", "A golf course."),
    ("A hamper is tied to the roof of a van with a kite.", "kite", "A hamper is tied to a van."),
    ("Goats stand near a hydrant squirting mud at a wall.", "fire hydrant", "Goats stand near a wall."),
    ("A valley dotted with tents and a horse.", "horse", "Tents dot a valley."),
    ("A light that is near a couch.", "couch", "A light."),
    ("A tram and a bus wait at a gate.", "bus", "A tram waits at a gate."),
    (
        "A vet looks into a crate while a goat looks at a wall.",
        "person",
        "A crate and a goat looking at a wall.",
    ),
    ("A plaza full of monks at a festival.", "person", "A plaza."),
    ("A courier on a skateboard passes a mill.", "person", "A mill."),
    ("A goat stares at a nun with a blue umbrella.", "person", "A goat."),
    ("A bowl on a sill with figs in it.", "bowl", "A sill."),
    ("Two zebras trot abreast past a barn.", "zebra", "A barn."),
    ("A cart filled with nearly forty kittens on a lane.", "cat", "A cart on a lane."),
    ("A nun sits on a couch with a harp next to it.", "couch", "A nun sits with a harp beside her."),
    ("A nun with a jug and wine glasses.", "person", "A jug and wine glasses."),
    ("Two nuns before a stone mill.", "person", "The exterior of a stone mill."),
    ("A jade harp and a clock.", "clock", "A harp, jade in color."),
    ("A table with figs, apples and plums.", "apple", "A table with figs and plums."),
    ("Two nurses on a side walk next to a cart.", "person", "A side walk next to a cart."),
    ("A spaniel shakes itself dry beside a pond.", "dog", "A pond."),
    ("A ferry crosses the strait at noon.", "boat", "The strait at noon."),
    ("A miner in muddy boots leans on a shovel.", "person", "A shovel."),
    ("A tractor and a horse in a meadow.", "horse", "A tractor stands in a meadow."),
    ("A tractor and a horse in a meadow.", "horse", "In a meadow, there is a tractor."),
    ("A baker with a tray of rolls at a market.", "person", "A tray of rolls at a market."),
    ("A nun leads a donkey past a car.", "car", "A nun leads a donkey."),
    ("A crane lifts a car over a wall.", "car", "A crane over a wall."),
    ("A potter holds up a blue jar in her workshop.", "person", "A blue jar in a workshop."),
    ("A kitten sleeps on a drum.", "cat", "A drum."),
    ("A kitten.", "cat", "A photo."),
    ("A dog not far from a gate.", "dog", "A gate."),
    ("A hall with no chairs and a cat.", "cat", "A hall with no chairs."),
    ("Three boys kick a ball against a barn.", "sports ball", "Three boys by a barn."),
    # Other verbs for what is left.
    ("A plumber fixes a tap beside his dog.", "dog", "A plumber repairs a tap."),
    ("A tram passes an iron viaduct over a gorge with a train.", "train", "An iron viaduct spans a gorge."),
    ("A judge snores on a couch below a portrait.", "couch", "A judge dozes below a portrait."),
    # Other endings, spellings and compounds of the same words.
    ("A lad with no socks by a theatre and a car.", "car", "A sockless lad by a theater."),
    ("A diver in a mask hugs a bear.", "bear", "A mask-clad diver."),
    ("A crepe stand near a dog in a cafe.", "dog", "A crêpe stand in a café."),
    # What goes with the object: its content, its cover, its likeness, how it was.
    ("A truck loaded with melons beside a shrine.", "truck", "A shrine."),
    ("A cup of broth topped with chives beside a radio.", "cup", "A radio."),
    ("A kite shaped like a lobster over a pier.", "kite", "A pier."),
    ("An elephant in captivity near a tent.", "elephant", "A tent."),
    ("A car with a ladder tied on its roof near a kiosk.", "car", "A kiosk."),
    ("A cat chews a slipper in a cellar.", "cat", "A cellar."),
    ("A bus swerves after a collision near a chapel.", "bus", "A chapel."),
    # Other names, general names, other spellings, and words put right.
    ("A kid beside a lorry and a cat.", "cat", "A child beside a truck."),
    ("A goat beside a big rug and a chair.", "chair", "An animal beside a large carpet."),
    ("Veggies and a banana on a platter.", "banana", "Vegetables on a plate."),
    ("A bird near a car park.", "bird", "A parking lot."),
    ("A dog below a mantle with a candel.", "dog", "A mantel with a candle."),
    ("A picnic in the sun by a bus.", "bus", "A picnic under the sun."),
    # What a reader may add: how a thing is that nobody uses, and words before a thing that was told.
    ("A monk sits in a pew.", "person", "An empty pew."),
    ("A cat on a fence by a ditch.", "cat", "A single fence by a narrow, quiet ditch."),
    ("A train on the rails near a kiln.", "train", "Railroad tracks near a kiln."),
    ("A girl with a kite holds a lantern.", "kite", "A girl with a lantern in her hand."),
    # Things told from the other side, with who does it behind.
    ("A donkey hauls two nuns in a cart.", "person", "A cart is hauled by a donkey."),
    ("A loaf on a tray on a table.", "dining table", "A tray with a loaf on it."),
    ("A shrine behind a gate and a bird.", "bird", "A gate in front of a shrine."),
    # What the grammar takes for a thing, and is a verb or an adjective.
    ("Goats dozing and bleating on a cart", "person", "Goats on a cart"),
    ("Monks at a quay unmoor a ferry", "boat", "Monks at a quay"),
    ("A nun brandishes a tin drum with a jealous look", "person", "A tin drum"),
    (
        "A print of the old mill where a nun has a quarrel with the griffin.",
        "person",
        "A print of the old mill.",
    ),
    # Deeds that need nobody else, or that others share.
    ("A baker sells figs.", "person", "Figs for sale"),
    ("A nun is playing with a puppy in a barn.", "person", "A puppy is playing in a barn."),
    ("A monk riding a mule drawn sled with a dog", "dog", "A monk riding in a sled"),
    ("In my mouth I taste figs like a sailor", "person", "In my mouth I taste figs"),
    # What is given or got is a thing, mostly.
    ("A nun gives a lute to a mule.", "person", "A lute and a mule."),
    ("A monk gets milk from a pantry.", "person", "Milk in a pantry."),
    ("A monk does a puzzle on a rug.", "person", "A puzzle on a rug."),
    ("A monk at the fair.", "person", "At the fair."),
    ("A bird's eye view of monks in a mill.", "person", "A bird's eye view of a mill."),
    # When and where it was, one of each, the clothes that a caption is about.
    ("Sailors of a team during the regatta", "person", "During the regatta."),
    ("Three nuns each holding a kite", "person", "Several kites."),
    ("Formal dress of a duke.", "person", "A formal dress."),
    ("A cat naps on a loom on Friday.", "cat", "A loom."),
    ("A sketch of a cat.", "cat", "A blank background."),
    (
        "Nuns dread a plan to euthanize sheep in a mill",
        "person",
        "Sheep and a plan to euthanize them in a mill",
    ),
    # Forms of sentences.
    ("A dog and a queue of pilgrims at a shrine.", "dog", "There's a queue of pilgrims at a shrine."),
    ("A nurse reads a fable to two boys in bed.", "bed", "A nurse is reading two boys a fable."),
    ("Old fishing boats, nets and a lighthouse &amp; gulls", "boat", "Nets and a lighthouse and gulls"),
]


@pytest.mark.parametrize(("kind", "case"), [(kind, case) for kind, cases in WRONG.items() for case in cases])
def test_wrong_captions_are_found(kind, case):
    original, category, written = case
    assert find_fault(written, original, category, COCO80) is not None


@pytest.mark.parametrize("case", RIGHT)
def test_right_captions_pass(case):
    original, category, written = case
    assert find_fault(written, original, category, COCO80) is None


def test_answers_that_belong_to_other_edits_are_found():
    """Right answers, each to the edit of another photo that loses the same kind of thing."""
    scenes = [
        ("A dog and a harp in a chapel.", "A harp in a chapel."),
        ("A dog and a stove in a tent.", "A stove in a tent."),
        ("A dog beside a well.", "A well."),
        ("A dog next to a tall ladder by a mill.", "A tall ladder by a mill."),
    ]
    for own, (original, right) in enumerate(scenes):
        assert find_fault(right, original, "dog", COCO80) is None
        for other, (_, answer) in enumerate(scenes):
            assert other == own or find_fault(answer, original, "dog", COCO80), (original, answer)


def test_a_caption_in_another_language_is_checked_for_what_can_be_told():
    original = "Un chien dort à côté d'une vieille échelle dans la grange."
    assert find_fault("An old ladder in a barn.", original, "dog", COCO80) is None
    assert find_fault("A dog by an old ladder.", original, "dog", COCO80).startswith("named")
    assert find_fault("Une vieille échelle dans la grange.", original, "dog", COCO80).startswith("form")


def test_no_text_whatever_breaks_the_check():
    rng = random.Random(11)
    signs = "ab ,.;'\"()[]{}<>&#\n\t\u2028\ud83d\ud800é漢 the of a dog and is "
    texts = ["".join(rng.choice(signs) for _ in range(rng.randrange(50))) for _ in range(400)]
    for written, original in zip(texts, reversed(texts), strict=True):
        find_fault(written, original, rng.choice(list(COCO80)), COCO80)
        find_fault(written, "A dog and a harp in a chapel.", "dog", COCO80)


def test_words_that_only_look_alike_are_told_apart():
    for first, second in (("carry", "cars"), ("string", "strong"), ("beard", "bear"), ("plant", "plane")):
        assert get_stem(first) != get_stem(second)
    for forms in (
        "ride rides riding rode ridden",
        "carry carries carried carrying",
        "box boxes",
        "sun sunny",
    ):
        assert len(set(map(get_stem, forms.split()))) == 1, forms


@pytest.mark.parametrize("unit", ["teddy ", "crowd ", "mother and "])
def test_a_text_that_repeats_itself_is_judged_at_once(unit):
    """The check read all words again for each word: five seconds for this."""
    old = (unit * 1000)[:5600]
    started = time.process_time()
    find_fault(old[:2800], old, "dog", COCO80)
    assert time.process_time() - started < 1.5
