"""Rewriting: what is left of a caption without an object, and the ladder below the grammar."""

import json
import random

import pytest

from processor_time import measure
from unscene.rewriting.checks.faults import find_faults
from unscene.rewriting.negation import remove_object, rewrite_caption
from unscene.rewriting.parsing.plain_caption import OBJECT_SPELLINGS, SPELLINGS
from unscene.rewriting.rewriting_rules import RULES
from unscene.words.coco80 import COCO80

REWRITTEN = [
    ("A herd of cows laying on dry grass.", "cow", "Dry grass."),
    ("A nun flying a kite in the sky.", "kite", "A nun."),
    ("Some apples pears and figs on a crate.", "apple", "Some pears and figs on a crate."),
    ("A monk on a motorcycle smoking a pipe.", "person", "A motorcycle."),
    ("A bus beside a mill with red trimming.", "bus", "A mill with red trimming."),
    # who stands under an umbrella, what each holds, what is denied
    ("Two nuns under an umbrella standing in a lane.", "person", "A lane."),
    ("A horse pulling a cart down a lane with monks on the cart.", "horse", "A cart on a lane with monks."),
    # what it flew over, what is at a place, what is at a body
    ("An airplane flying in the sky over some elms.", "airplane", "The sky and some elms."),
    ("Nuns in a pool at a lodge with elms around it.", "person", "A pool at a lodge with elms around it."),
    ("Figs by a blue and raspberry topped cake.", "cake", "Figs."),
    ("An old standing clock surrounded by tall grass.", "clock", "Tall grass."),
    ("A nun on a court about to strafe the ball.", "person", "The ball on a court."),
    ("A monk holding a cell phone with both hands.", "cell phone", "A monk."),
    ("A monk has his face up to a TV.", "tv", "A monk."),
    ("A bear on all fours, facing the camera by a kiln.", "bear", "A kiln."),
    ("Two giraffes stand next to a tree trunk.", "giraffe", "A tree trunk."),
    # a list without commas, a word before a noun
    ("A hall with a white sink oven and kettle.", "sink", "A hall with an oven and kettle."),
    ("A hall displaying family photos and a harp.", "person", "A hall displaying photos and a harp."),
    ("Figs on white plates near a vase.", "vase", "Figs on white plates."),
    ("A monk stands by a fruit stand.", "person", "A fruit stand."),
    ("A newly wed couple smiles as they slice the cake.", "person", "The cake."),
    ("A woman holding a tennis racket.", "person", None),
    ("Surfers riding the high waves on their boards.", "person", "The high waves."),
    ("A nun eating from a dish on her lap by a kiln.", "person", "A kiln."),
    ("A loaf of rye on a table and a glass of milk.", "dining table", "A loaf of rye with a glass of milk."),
    # a place first, with the verb before its subject
    ("To the left of the car is a gate.", "car", "A gate."),
    ("Behind the mill stand two horses.", "horse", "The mill."),
    ("Next to the well are a jug and a cat.", "cat", "A jug is next to the well."),
    ("There stand two mules by a bench.", "bench", "Two mules."),
    ("On my anvil there is a clock and a jug.", "clock", "A jug on my anvil."),
    ("In front of the mill there is a car and a well.", "car", "A well in front of the mill."),
    ("On the sill there are a cup, a jug and a spoon.", "cup", "A jug and a spoon on the sill."),
    ("In the sky fly two kites and a bird.", "bird", "Two kites fly in the sky."),
    ("Both the jug and the cat are brown.", "cat", "The jug is brown."),
    # whose a deed is
    ("Monks hauling nets and a dog chasing a goat.", "dog", "Monks hauling nets and a goat."),
    ("A nun holds a pizza over a gate.", "pizza", "A nun near a gate."),
    ("A goat sticking its head out of a bus.", "bus", "A goat."),
    # what is reached for is not held; what is ridden, bitten or in a hand is
    ("A nun leaps to catch a frisbee near a well.", "person", "A frisbee near a well."),
    ("A monk on a skateboard near a well.", "person", "A well."),
    ("A monk in a barn eating a slice of bread.", "person", "A barn."),
    ("A nun sits in front of a mirror with a camera.", "person", "A mirror."),
    # what is named by its looks alone, and what is of the same kind
    ("Two mules, one brown and one white, and a cow.", "cow", "Two mules, one brown and one white."),
    ("Two dogs, one brown and one white, lie on a sack.", "dog", "A sack."),
    ("An adult and a baby zebra walk along a ditch.", "zebra", "A ditch."),
    ("A bus and other wagons are parked in a yard.", "bus", "Wagons are parked in a yard."),
    ("A bear and her cub by a gate.", "bear", "A gate."),
    # verbs behind nouns, between two nouns and behind a pronoun
    ("A group of nuns in a kitchen start to prepare soup.", "person", "Soup in a kitchen."),
    ("Jugs and a horse drawn cart pull up near a mill.", "horse", "Jugs and a cart pull up near a mill."),
    ("A monk wears clogs as he solders a toilet.", "toilet", "A monk wears clogs."),
    ("A cat leaves as a crowd of monks look on.", "cat", "A crowd of monks look on."),
    ("A man teaching a girl how to ride a bicycle.", "bicycle", "A man teaching a girl."),
    ("A nun on a lawn about to hit the gong.", "person", "The gong on a lawn."),
    # rows of colours, numbers behind a describing word, what is in a vessel
    ("An orange, blue, and yellow bus beside a mill.", "bus", "A mill."),
    ("Large four sided clock hangs on the corner of the mill.", "clock", "The corner of the mill."),
    ("A vase of tulips is standing on a crate.", "vase", "Tulips on a crate."),
    ("A pizza in a pan topped with cheese.", "pizza", "A pan."),
    ("A monk strolls next to a train on the tracks.", "train", "A monk strolls next to the tracks."),
    ("A canary and a cat sleeping on a sack together.", "cat", "A canary sleeping on a sack."),
    ("A nun sits on a crate. Dogs play in the yard.", "dog", "A nun sits on a crate. The yard."),
    # what only people do, or is people
    ("A referee and two teams during a match at a stadium.", "person", "A stadium."),
    ("The community gathers at a barn.", "person", "A barn."),
    ("Authorities inspect a bridge.", "person", "A bridge."),
    ("Violinists and weavers near a loom.", "person", "A loom."),
    ("A ribbon at a ceremony.", "person", "A ribbon."),
    ("A video game on a shelf.", "person", "A video game on a shelf."),
    ("A flock of birds in a barn.", "person", "A flock of birds in a barn."),
    ("A nurse with a box of matches.", "person", "A box of matches."),
    ("A rubber band beside a girl.", "person", "A rubber band."),
    ("A trio of boats near a pier with a man.", "person", "A trio of boats near a pier."),
    ("Finally back in the country, sorry to all who wait.", "person", "The country."),
    ("A tall tennis player in shorts is playing tennis.", "person", "A tennis scene."),
    ("A man in a football jersey smiles.", "person", None),
    # a word in -ing before a noun, a row of describing words, a picture of what lies somewhere
    ("A zebra rests by the local watering trough.", "zebra", "The local watering trough."),
    ("Two trapped, captive zebras beside a trough.", "zebra", "A trough."),
    ("A close up of a pizza placed in a crate.", "pizza", "A close up of a crate."),
    ("A knot of sheep are huddled by a gate.", "sheep", "A gate."),
    # what a clause, a row and a verb in its place say of what stays
    ("In the crypt, there is a sink, loom and vase.", "sink", "A loom and vase in the crypt."),
    ("A man and woman are sitting on a bench.", "bench", "A man and woman are sitting."),
    ("A nun has headphones on and is holding a book.", "book", "A nun has headphones on."),
    ("A nun with an umbrella and a dog walking in the snow.", "dog", "A nun with an umbrella in the snow."),
    ("Nuns wearing ties cross the lane.", "tie", "Nuns cross the lane."),
    ("A monk holding a remote and pursing his lips.", "remote", "A monk pursing his lips."),
    # where it is and where it is not
    ("A boy standing in a hall next to a loom.", "person", "A loom in a hall."),
    ("A man dressed as Elvis sitting on a crate.", "person", "A crate."),
    ("An oven with a jug and kettle on top", "oven", "A jug and kettle"),
    ("Nuns milling about a bus terminal.", "person", "A bus terminal."),
    ("A monk riding a motorcycle around a corner.", "person", "A motorcycle."),
    # no noun touches another one anew, and no verb, share or describing word begins or ends it
    ("Two mules plow a field as a nun directs them.", "person", "Two mules plow a field."),
    ("A giraffe beside a gate with a mill far behind it.", "giraffe", "A gate with a mill."),
    ("Two laptops and a gramophone stand on a crate.", "laptop", "A gramophone stands on a crate."),
    ("A monk behind a stand with many oranges.", "orange", "A monk behind a stand."),
    # a place said first
    ("In a dim crypt a loom stands beside an oven.", "oven", "A loom in a dim crypt."),
    # what is on a thing, in a bed, around an animal
    ("A bench with graffiti beside a well.", "bench", "A well."),
    ("A monk holding a cake with icing and silver balls on it.", "cake", "A monk."),
    ("Clogs on a bed with a tartan quilt by a loom.", "bed", "Clogs by a loom."),
    ("A lizard and two crows perched on a fence.", "bird", "A lizard perched on a fence."),
    ("A clock shaped like a banana on a stove.", "clock", "A stove."),
    ("A rock band performs live.", "person", None),
    # where people were, when nothing else is told
    ("A soprano performs during her recital.", "person", "The venue of a recital."),
    ("Reporters await the premiere of a film.", "person", "The venue of the premiere of a film."),
    ("Guards detain a man during a protest.", "person", "The site of a protest."),
    ("Four men in the middle of a game of volleyball.", "person", "A volleyball scene."),
    ("A rugby player in a cafe.", "person", "A cafe."),
    ("A rugby player smiles.", "person", None),
    ("An umpire and a batter at home plate.", "person", "Home plate."),
    ("A picture of a woman in a tennis match.", "person", "A picture of a tennis scene."),
    ("A chef in front of the stove talks of a match.", "person", "The stove."),
    ("A gull soars through the air.", "bird", "The sky."),
    ("A man jumps through the air.", "person", None),
    # parts, fillings and words of what is gone
    ("A plum cake with icing on a tray.", "cake", "A tray."),
    ("A chair with wooden legs on a porch.", "chair", "A porch."),
    ("A fridge with two doors in a barn.", "refrigerator", "A barn."),
    ("A stop sign that says halt near a well.", "stop sign", "A well."),
    ("A wooden bench painted green and white.", "bench", None),
    ("A hall decorated with clocks hanging from a beam.", "clock", "A hall."),
    ("A vase made of glass in a niche.", "vase", "A niche."),
    ("A truck with a goat in it's cabin.", "truck", "A goat."),
    ("A mule in it's stall beside a nun.", "person", "A mule in its stall."),
    ("A monk puts his hands on the head and neck of a horse.", "horse", "A monk."),
    # what several did, or what hung on the last of a row
    ("A goat and a horse make their way through a ford.", "horse", "A goat makes its way through a ford."),
    ("A goat sitting near a well and a bird on a beam.", "bird", "A goat sitting near a well and a beam."),
    ("A hall with roses on a table and ferns by it.", "dining table", "A hall with roses and ferns."),
    ("One nun with a cup and another nun in a hall.", "cup", "One nun and another nun in a hall."),
    ("Two goats standing on a hill with a kite flying above.", "kite", "Two goats standing on a hill."),
    ("A girl reading books near a well.", "book", "A girl near a well."),
    # places in two words, pictures in a mirror, seats
    ("A goat on a side walk.", "person", "A goat on a side walk."),
    ("A nurse on a hill side.", "person", "A hill side."),
    ("A nun taking a photo of herself in a mirror.", "person", "A mirror."),
    ("A monk using a laptop on a bench.", "laptop", "A monk on a bench."),
    ("Parents of a boy, stand beside a globe.", "person", "A globe."),
    ("The - bedroom cottage has a bench.", "bench", "The cottage."),
    ("A lovely meadow with cows <3", "cow", "A lovely meadow"),
    ("In this photo we can see that a nun is feeding a goat.", "person", "A goat."),
    ("Some are waiting near a mill with dogs.", "dog", "Some are waiting near a mill."),
    ("A nun next to a can of paint and a horse.", "horse", "A nun next to a can of paint."),
    # what is torn, abstract or somebody's own
    ("Image result for how to draw a cat", "cat", None),
    ("A spoon on the back of an it's mirror.", "spoon", None),
    ("A student learns how a boat floats in the hall.", "boat", "A student and the hall."),
    ("A dog in font of a bush.", "dog", "A bush."),
    ("The highlight of the boat.", "boat", None),
    ("A monk in long sleeves.", "person", None),
    ("A young beautiful nurse on a sofa.", "person", "A sofa."),
    ("A nurse sits on a bench with a goat next to her.", "bench", "A nurse sits with a goat next to her."),
    # of two, one is left
    ("A goat and a dog are both sleeping on a rug.", "dog", "A goat is sleeping on a rug."),
    ("A parrot and a dog sharing a bowl of nuts.", "dog", "A parrot with a bowl of nuts."),
    # what is only spoken of, or was true through the object
    ("The lamp has a carrot instead of its bulb.", "carrot", "The lamp."),
    ("Pilgrims crossing the river by rowing boat.", "boat", "Pilgrims near the river."),
    ("A nurse standing by bananas on a table.", "banana", "A nurse standing near a table."),
    ("A man in the stands is watching a kite.", "kite", "A man in the stands."),
    ("A dog and a red ball on the sand.", "dog", "A red ball on the sand."),
    ("A red ball and a dog on the sand", "dog", "A red ball on the sand"),
    ("A dog runs on the beach.", "dog", "The beach."),
    ("A man holding a kite on the beach.", "kite", "A man on the beach."),
    ("A man standing next to a dog on a beach.", "dog", "A man standing on a beach."),
    ("A dog and a cat are sleeping on a bed.", "dog", "A cat is sleeping on a bed."),
    ("A dog, a cat and a bird on the grass.", "cat", "A dog and a bird on the grass."),
    ("A dog, a cat and a bird on the grass.", "bird", "A dog and a cat on the grass."),
    ("There is a dog near a bench in the park.", "dog", "A bench in the park."),
    ("A photo of a dog on a beach.", "dog", "A photo of a beach."),
    ("A white bowl filled with green apples.", "apple", "A white bowl."),
    ("A woman in a red shirt is walking her dog in a park.", "person", "A dog in a park."),
    ("A red and white umbrella and two dogs on a street.", "dog", "A red and white umbrella on a street."),
    ("A bathroom with no toilets and a red bucket.", "toilet", "A bathroom with a red bucket."),
    ("A cat lying on an old couch next to a pillow.", "couch", "A cat lying next to a pillow."),
    ("A big red stop sign in the parking lot", "stop sign", "The parking lot"),
    ("A puppy and another dog near a bench.", "dog", "A bench."),
    ("A brown dog.", "dog", None),
    # what a subject takes along
    ("A waitress is skating past a fountain.", "person", "A fountain."),
    ("A nurse rests on a crate with one hand up.", "person", "A crate."),
    ("A plane with smoke coming from its wings.", "airplane", None),
    ("A parrot has a curved beak.", "bird", None),
    ("Two nurses on a wall reading from their phones.", "person", "A wall."),
    ("A girl on a snowboard crossing a low hill.", "person", "A low hill."),
    ("A woman cutting a rope with a knife in a barn.", "person", "A rope and a knife in a barn."),
    ("A man lying in the grass under an umbrella.", "person", "An umbrella in the grass."),
    # what is held, worn or carried goes along, and what lies or stands somewhere does not
    ("A nun talking on a phone by a gate.", "person", "A gate."),
    ("Clerks throw frisbees over a hedge in a park.", "person", "A hedge in a park."),
    ("A boy with a kite in his hand and a nun by a well.", "person", "A well."),
    ("A nurse walking under an umbrella past a kiosk.", "person", "A kiosk."),
    ("A dog carrying a glove in its mouth near a shed.", "dog", "A shed."),
    ("A monk wearing a backpack feeds a goat.", "person", "A goat."),
    ("A cook holding a bowl of plums next to a stove.", "person", "A stove."),
    ("A nurse holding a dog by a gate.", "person", "A dog by a gate."),
    ("A monk with a purse on the ground by a cart.", "person", "A purse on the ground by a cart."),
    ("A surfer catching a wave near a pier.", "person", "A wave near a pier."),
    ("A lantern held by a monk near a well.", "person", "A well."),
    ("A lantern in a monk's hand near a well.", "person", "A well."),
    ("A goat looks at a lantern that a monk is holding.", "person", "A goat."),
    ("A barrow and a monk holding a lantern.", "person", "A barrow."),
    ("A nun takes a picture of a well with her phone.", "person", "A well."),
    ("A statue of a nun with an umbrella in a park.", "person", "A park."),
    # people who are named by no noun
    ("Man flying a kite on the beach while others run along the sand.", "person", "A kite on the beach."),
    ("A nurse deals cards while others wait.", "person", "Cards."),
    ("Two men smile as they ride horses on the beach.", "person", "Horses on the beach."),
    ("Two men smile as they ride horses on the beach.", "horse", "Two men smile on the beach."),
    ("A woman smiling as she walks toward bananas.", "banana", "A woman smiling as she walks."),
    ("A woman smiling as she walks toward bananas.", "person", "Bananas."),
    # what stands for the object goes with it
    ("A man stands near a table with a cake on it.", "person", "A table with a cake on it."),
    ("A wooden bowl that has four pears in it", "bowl", "Four pears"),
    ("Two dogs sleep on a bench next to each other.", "dog", "A bench."),
    ("Children standing next to each other.", "person", None),
    ("A man holding a picture of himself.", "person", None),
    ("A person on skis makes her way through the snow.", "skis", "A person makes her way through the snow."),
    ("A white cup with a skull on it next to a knife.", "knife", "A white cup with a skull on it."),
    ("A white cup with a skull on it next to a knife.", "cup", "A skull next to a knife."),
    # nothing is glued to what it was not on
    ("A boy is holding two bananas on a tray at a fair.", "banana", "A boy with a tray at a fair."),
    ("A man hanging a coat by a clock on a couch.", "clock", "A man hanging a coat on a couch."),
    ("A nurse is about to put a pie in the oven.", "oven", "A nurse with a pie."),
    ("Three cows are chewing a thorny branch together.", "cow", "A thorny branch."),
    ("A hut with a bell, cups hanging on a hook and a map", "cup", "A hut with a bell, a hook and a map"),
    # words that look like others
    ("An old bus is parked in a lot.", "bus", "A parking lot."),
    ("a cabin with a sink a stove and a lamp", "sink", "A cabin with a stove and a lamp"),
    ("a crate in the nun 's attic .", "person", "A crate in an attic."),
    (
        "Three people with cups on the couch and one with a remote",
        "couch",
        "Three people with cups and one with a remote",
    ),
    # what is left begins with a thing or a place
    ("Ad nauseam, a nurse shouts in a hall.", "person", "A hall."),
    ("Once upon a time, a girl sat by a pond.", "person", "A pond."),
    ("How to feed a dog", "dog", None),
    ("A goalie crouches in preparation to stop a puck.", "person", "A puck."),
    # quantities, rows and pairs
    ("A lots of canoes and a goat in a harbor.", "goat", "Lots of canoes and a goat in a harbor."),
    ("A puppy sleeps behind a big heap of logs.", "dog", "A big heap of logs."),
    ("The room holds only a bed, a lamp and a stool.", "bed", "The room holds only a lamp and a stool."),
    ("A monk sitting on a bench between a nun and a dog.", "dog", "A monk sitting on a bench by a nun."),
    ("A crate with two nurses and a ball in the air.", "sports ball", "A crate with two nurses."),
    ("image of: person riding a horse, horse and sky", "person", "Image of: a horse and sky"),
    # whose it is
    ("The parrot is eating its food by the cage.", "bird", "Food by the cage."),
    ("An elephant standing next to its mother in a meadow.", "elephant", "A meadow."),
    ("A plush bear on a cot wearing a hat.", "teddy bear", "A cot."),
    ("A monk in a hood adjusts his tie near a mirror.", "tie", "A monk in a hood near a mirror."),
    ("The nurse is wearing a tie and sitting on a crate.", "tie", "The nurse is sitting on a crate."),
    # pictures and rooms
    ("Magazine showing actor on the cover.", "person", "A magazine."),
    ("A kitchen with an oven next to a cabinet.", "oven", "A kitchen with a cabinet."),
    ("A kitchen has a microwave oven and an oven.", "oven", "A kitchen has a microwave."),
    ("A loft with chairs and a tv mounted above a stove.", "tv", "A loft with chairs and a stove."),
    ("A train passes by a station with men waiting on the dock.", "person", "A train passes by a station."),
    ("A sofa and two chairs face a window.", "couch", "Two chairs face a window."),
    ("A bucket next to a trash can and a toilet.", "toilet", "A bucket next to a trash can."),
    ("Two nurses watch a plane fly over a barn.", "person", "A plane flying over a barn."),
    ("A gnome smiles as he sits near a dog on the grass.", "dog", "A gnome smiles as he sits on the grass."),
    # nothing is glued to what it was not on: what is watched, what has its place, where one went
    ("A puppy lying on a porch watching a boat.", "dog", "A porch and a boat."),
    ("A train on a lane with a monk in the foreground.", "train", "A lane with a monk in the foreground."),
    ("A tram on a lane with cranes overhead.", "train", "A lane with cranes overhead."),
    ("Three cows walk over a lane onto a pasture.", "cow", "A lane and a pasture."),
    ("A kitten asleep in front of a door to a chapel.", "cat", "A door to a chapel."),
    ("Canoes on a lake with a stone backdrop.", "boat", "A lake with a stone backdrop."),
    ("A parrot between two canoes lying next to each other.", "boat", "A parrot."),
    ("A parrot between two canoes lying next to each other.", "bird", "Two canoes lying next to each other."),
    ("Mules in a roped off meadow with a nun.", "person", "Mules in a roped-off meadow."),
    # another place or thing is not lost with it
    (
        "A loft with a stool on the left and an oven under a brass lantern.",
        "oven",
        "A loft with a stool on the left and a brass lantern.",
    ),
    ("Swans along the water's edge with willows.", "bird", "The water's edge with willows."),
    ("A bed below a picture.", "bed", "A picture."),
    ("The laptop has a framed photo beside it.", "laptop", "A framed photo."),
    ("A nun peels an apple as she sits beside a kiln.", "apple", "A nun sitting beside a kiln."),
    ("A meadow with canoes in it next to a barn.", "boat", "A meadow next to a barn."),
    ("A monk under what appears to be an iron arch.", "person", "An iron arch."),
    ("A parrot atop of an iron gate.", "bird", "An iron gate."),
    ("A clock tower behind a chapel.", "clock", "A tower behind a chapel."),
    ("A giraffe reaching for a fig over a wall.", "giraffe", "A fig over a wall."),
    ("Jam, two figs and bananas on a plate.", "banana", "Jam and two figs on a plate."),
    ("A red bus parked near stone steps.", "bus", "Stone steps."),
    ("In a chapel nuns read while actors rest.", "person", "A chapel."),
    ("Vans coated in snow on a lane in a hamlet.", "car", "A lane and a hamlet."),
    # pieces of it are not left: parts, prints, fillings, what it shows
    ("A plane with a crest and red lettering sits on gravel.", "airplane", "Gravel."),
    ("A bus with a painted swan on its side near a kiln.", "bus", "A kiln."),
    ("A truck with turnips in the back on a lane.", "truck", "A lane."),
    ("A truck with a dog in the back on a lane.", "truck", "A dog on a lane."),
    ("A laptop on a crate with an email displayed.", "laptop", "A crate."),
    ("A puppy watching a goalkeeper on TV.", "tv", "A puppy."),
    ("Lilies in a vase with water by a jug.", "vase", "Lilies by a jug."),
    ("A pizza with mushrooms on a tin tray.", "pizza", "A tin tray."),
    ("A pizza with salad on a tin tray.", "pizza", "Salad on a tin tray."),
    ("A pizza sliced into six pieces on a board.", "pizza", "A board."),
    ("A suitcase with tags on it beside a kiln.", "suitcase", "A kiln."),
    ("A crack in a sink beside a jug.", "sink", "A jug."),
    ("A nun holding hot dogs in buns near a kiln.", "hot dog", "A nun near a kiln."),
    ("A zebra with its mouth wide open near a kiln.", "zebra", "A kiln."),
    ("A puppy on a leash resting near a kiln.", "dog", "A kiln."),
    # nor what it did, how many there were, and what stands for it
    ("A surfer on a wave alone.", "person", "A wave."),
    ("A nun giving a thumbs up sign beside a kiln.", "person", "A kiln."),
    ("A hydrant between two crates, both of which are red.", "fire hydrant", "Two crates."),
    ("Jam on a table with three spoons on it.", "dining table", "Jam with three spoons."),
    ("Jugs sit around a well and nurses rest by the well.", "person", "Jugs sit around a well."),
    ("A shed of adult zebras and a baby one.", "zebra", "A shed."),
    ("A green and two red buses.", "bus", None),
    ("Two teddy bears and a gnome wearing hats.", "teddy bear", "A gnome wearing a hat."),
    # two places or things, of which the caption says no relation
    ("A plane seen over a bay with many swans.", "airplane", "A bay with many swans."),
    ("Nuns at a port waiting on a quay.", "person", "A port and a quay."),
    ("A mule lying on a lawn and a car on the street.", "car", "A mule lying on a lawn."),
    ("A dog lying on a couch and a cat on the floor.", "cat", "A dog lying on a couch."),
    ("Two jars with donuts in them next to a jug.", "donut", "Two jars next to a jug."),
    ("Ferns in a vase covered in shells on a lawn.", "vase", "Ferns on a lawn."),
    # no torn verb, link or look
    ("A monk stands above a sink and next to a door.", "sink", "A monk stands next to a door."),
    ("A herd of cows crossing the lane while mules wait behind them.", "cow", "The lane and mules waiting."),
    ("Nuns stand beside a huge kiln prior to the arrival of a king.", "person", "A huge kiln."),
    ("A duchess looked stunning in a gown.", "person", None),
    ("A bed covered in blankets and cushions near a stove.", "bed", "Blankets and cushions near a stove."),
    ("A kitten on a rug with a rubber boot.", "cat", "A rug with a rubber boot."),
    ("A nun holding a donut over a stone floor.", "donut", "A nun on a stone floor."),
    (
        "A view of a car on a country road with a wide canal on the left.",
        "car",
        "A view of a country road with a wide canal on the left.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("caption", "category", "wanted"), REWRITTEN)
def test_remove_object(caption, category, wanted):
    assert remove_object(caption, category, COCO80) == wanted


@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda spelling: spelling.caption)
def test_every_spelling_changes_the_caption_that_it_exists_for(spelling):
    assert spelling.pattern.search(spelling.caption)
    assert not spelling.pattern.search(spelling.pattern.sub(spelling.instead, spelling.caption))


@pytest.mark.parametrize("spelling", OBJECT_SPELLINGS, ids=lambda spelling: spelling.caption)
def test_a_spelling_of_an_object_changes_captions_of_that_object_alone(spelling):
    assert not spelling.pattern.search(spelling.write(spelling.caption, spelling.object, COCO80))
    assert spelling.write(spelling.caption, "zebra", COCO80) == spelling.caption


@pytest.mark.parametrize("name", RULES)
def test_every_rule_does_what_its_caption_says(name):
    rule = RULES[name]
    found = rewrite_caption(rule.caption, rule.object, COCO80)
    assert (found.text, found.way) == (rule.without, LADDER_RULES.get(name, "grammar"))
    assert name in found.rules


# What these write is no rewriting of the sentence.
LADDER_RULES = {
    "named": "named",
    **dict.fromkeys(("sport", "venue", "sky", "outdoors", "kind of picture"), "scene"),
}


@pytest.mark.parametrize(
    ("caption", "category", "wanted", "way"),
    [
        ("How to walk a dog by the fountain.", "dog", "The fountain.", "named"),
        ("images from the girls basketball game .", "person", "Images of a basketball scene.", "scene"),
        ("Two girls are playing badminton on a sunny day.", "person", None, "scene"),
        ("An illustration of an old man.", "person", "An illustration.", "scene"),
        ("A photo of a strawberry cake", "cake", "A photo", "scene"),
        ("A nurse in the snow.", "person", "A scene in the snow.", "grammar"),
        ("A painting of a horse in a meadow.", "horse", "A painting of a meadow.", "grammar"),
    ],
)
def test_only_what_is_left_of_the_sentence_is_the_grammar_s(caption, category, wanted, way):
    found = rewrite_caption(caption, category, COCO80)
    assert found.way == way and wanted in (None, found.text)


def test_every_rule_that_the_code_notes_is_in_the_table():
    from pathlib import Path

    from unscene import rewriting

    modules = Path(rewriting.__file__).parent.rglob("*.py")
    code = "".join(module.read_text() for module in modules if module.stem != "rewriting_rules")
    noted = {piece.split('"')[0] for piece in code.split('note("')[1:]} | {"clause alone", "subject"}
    assert noted == set(RULES)


@pytest.mark.parametrize(
    ("good", "way", "wanted"),
    [
        ("A bench in a park", "grammar", "A bench in a park."),
        ("A photo of a bench and a park", "things", "A photo of a bench and a park."),
        ("", "words", "A photo of a bench."),
    ],
)
def test_the_ladder_keeps_what_is_known(monkeypatch, good, way, wanted):
    faults = {good: [], "": []}
    monkeypatch.setattr("unscene.rewriting.negation.find_faults", lambda text, *_: faults.get(text, [text]))
    found = rewrite_caption("A dog on a bench in a park.", "dog", COCO80)
    assert (found.way, found.text) == (way, wanted)


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


def test_real_captions_lose_the_object_and_keep_their_words(real_data):
    captions = json.loads((real_data / "coco_sample" / "captions.json").read_text())["annotations"]
    ways = {}
    for row in captions:
        words = COCO80.find_words(row["caption"])
        for word in words:
            found = rewrite_caption(row["caption"], word, COCO80)
            way = found.way if found is not None else "none"
            ways[way] = ways.get(way, 0) + 1
            if found is not None:
                kept = set(COCO80.find_words(found.text))
                assert word not in kept and kept <= set(words)
    assert ways["grammar"] > 0.9 * sum(ways.values())


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ('A "happy" dog runs on the beach.', "The beach."),
        ("A \u201cguard\u201d dog near a bench", "A bench"),
        ('A dog near a "stop" sign', "A stop sign"),
        ("A dog (brown) near a bench.", "A bench."),
        ("A bench [2009] beside a dog", "A bench"),
        ("A dog &amp; a bench", "A bench"),
    ],
)
def test_marks_around_words_leave_nothing_behind(caption, expected):
    assert remove_object(caption, "dog", COCO80) == expected
