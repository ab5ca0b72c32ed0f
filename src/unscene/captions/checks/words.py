"""Closed lists for the checks of a caption: what may be new, what may go, what goes along."""

from unscene.rewriting.scene_lists import GREETINGS, SPEECHES
from unscene.words.caption_words import PICTURES, QUANTITIES
from unscene.words.closed_lists import closed_list


def _each(words: str, meaning: frozenset[str]) -> dict[str, frozenset[str]]:
    return dict.fromkeys(words.split(), meaning)


# New words that invent nothing: the small words of English, how things stand, and that it is a photo.
# Prepositions that say little are here; `under` or `through` must come from the old caption.
SMALL = closed_list(
    "a an the this these some there it its is are was were be being been has have having and or but that"
    " which while as outside in on at by of with near next to beside alongside along from for into onto one"
    " each both all up down out over around close top front side together nearby also pair though"
)
POSTURES = closed_list(
    "stand sit lie lay lean rest remain stay place placed position positioned locate located see seen show"
    " shown visible set isolate isolated"
)
MOTIONS = closed_list("go come move head walk run travel pass wait climb slide glide step")
VAGUE = closed_list(
    "what quality landscape sight scenery surroundings work thing item object patch kind type sort"
    " food setting spot edge space area air background foreground distance way lots lot group number couple"
    " detail details angle bend curve something available"
    " bunch set piece size color colour shape exterior interior setup total"
)
# Phrases of several words, and the one name that they are compared by.
SAME_PHRASES = {
    "car park": "parking lot",
    "car parks": "parking lots",
    "french fries": "fries",
    "french fried": "fried",
    "make up": "makeup",
    "make-up": "makeup",
    "as well as": "and",
}
# Where nothing but the object was told, the place that it is at as a rule.
USUAL_PLACES = {
    **dict.fromkeys(
        (
            "chair",
            "couch",
            "bed",
            "dining table",
            "toilet",
            "tv",
            "microwave",
            "oven",
            "sink",
            "refrigerator",
        ),
        closed_list("room"),
    ),
    **dict.fromkeys(
        ("car", "motorcycle", "bus", "truck", "traffic light", "fire hydrant", "stop sign", "parking meter"),
        closed_list("street road"),
    ),
}
# New describing words that a reader would see to be untrue: colours, stuffs, patterns, ages, weather, time
# of day, damage, origin. Any other word before a noun that was told invents nothing.
SALIENT = closed_list(
    "black white red green blue yellow orange brown gray grey pink purple violet silver gold golden beige tan"
    " turquoise teal maroon crimson scarlet navy"
    " wooden metal stone brick glass plastic leather marble concrete iron steel paper rubber straw wicker"
    " bamboo ceramic porcelain silk velvet denim"
    " striped checkered plaid floral spotted dotted patterned polka"
    " old young elderly ancient medieval modern baby"
    " snowy snow-covered frozen icy rainy stormy foggy misty cloudy windy sandy muddy flooded dusty"
    " night sunset sunrise dawn dusk evening morning midnight winter summer autumn spring christmas halloween"
    " broken burning ruined damaged rusty torn abandoned haunted collapsed"
    " american british french german italian spanish chinese japanese indian african mexican european russian"
    " tropical rural urban desert mountain alpine underwater indoor outdoor"
    " round square oval triangular curved"
    " one-eyed barefoot naked nude bearded blond blonde bald tattooed pregnant injured dead"
)
# Words that say how a thing is with nobody or nothing at it: true where the object is gone.
LEFT_ALONE = closed_list(
    "empty unoccupied vacant lone open bare single plain clear quiet still calm wet dry bright further"
)
# Before `of` and a thing that was told: how much of it, how it lies.
MEASURES = closed_list(
    "sheet piece pieces slice slices stack heap pile bit bits bunch group set row rows pair surface body"
    " stretch expanse patch strip layer selection assortment variety array collection line cluster handful"
    " field bundle crowd herd flock length block lump mound"
)
# Measures that are no thing by themselves, as a bowl is, or a field.
BARE_MEASURES = closed_list(
    "bit bits bunch bunches bushel cluster couple dozens flock group groups handful herd herds lot lots"
    " number pair pairs piece pieces pile piles row rows slice slices stack stacks variety"
)
# Words that say the opposite.
OPPOSITES = tuple(
    map(
        str.split,
        (
            "inside outside",
            "up down",
            "into out",
            "asleep awake",
            "noon night",
            "before after",
            "first last",
            "morning evening",
            "sunrise sunset",
            "summer winter",
            "north south",
            "east west",
            "hot cold",
            "long short",
            "wide narrow",
            "clean dirty",
            "happy sad",
            "indoor outdoor",
            "indoors outdoors",
            "left right",
            "open closed",
            "old young",
            "day night",
            "empty full",
            "wet dry",
            "small large",
            "small big",
            "short tall",
            "old new",
            "older new",
            "children adults",
        ),
    )
)
MALE = closed_list(
    "man men guy guys boy boys gentleman gentlemen father groom husband businessman he his him himself"
    " grandfather grandpa grandad uncle brother son nephew king prince monk dad"
)
FEMALE = closed_list(
    "woman women lady ladies girl girls mother bride wife businesswoman she her hers herself"
    " grandmother grandma granny aunt sister daughter niece queen princess nun mom"
)
SCENES = closed_list("photo photograph picture image view scene snapshot")
EMPTY = closed_list("empty unoccupied vacant lone")
DENIALS = closed_list(
    "no not without nowhere never none nobody nothing neither nor absent missing gone removed lacking lacks"
    " lack devoid free except minus isn aren doesn anymore"
)
# Words of somebody who is not named: wrong where all people are gone.
OTHERS = closed_list(
    "others other's someone somebody everyone everybody anyone anybody nobody he she him her his hers they"
    " them their theirs himself herself themselves who whom whose someone's people"
)
# Nouns that go with whatever did or had them.
ABSTRACT = (
    PICTURES
    | QUANTITIES
    | closed_list(
        "reins reigns camera way ride walk game trick tricks time fun break position action motion front"
        " top selfie photo photos middle back nap jump turn wave pose face look work job trip day meal lunch"
        " dinner breakfast bite swing hit throw attempt catch pitch serve shot match practice air place part"
        " kind kinds type sort pair end view moment head care attention swim stroll rest sleep"
        " conversation call hand hands speech name event style attire distance background foreground"
        " direction other others another something each piece pieces bunch company presence preparation"
        " middle line order row process mouth body posing competition tournament times rim lid handle"
        " stance stances route title win victory season shoot lecture presentation performance talk show"
        " concert baseball tennis football soccer thanks"
    )
)
# Nouns that only say, behind `a`, that somebody does something for a while.
LIGHT_NOUNS = closed_list(
    "break rest look stroll walk breather seat moment picture photo photos pictures glance"
)
# Nouns that name how something is done or looks; and endings of nouns of that kind.
MANNERS = closed_list(
    "force color colors colour colours style fashion shape pattern patterns silence peace love luxury full"
    " need danger form use service action progress detail details flight unison formation message total turn"
    " profile bloom rest charge public private focus fun duty wind breeze chains file single"
    " accident incident direction directions sides bottom person"
)
# What a word may have behind it: `a farm` of `farmers`.
ENDINGS = closed_list("s es ed d r er ers rs ing y ly n en al ful ist ists ic ship like less")
STATE_ENDINGS = ("ity", "tude", "ness", "ment", "ance", "ence", "ism", "ship", "hood", "cy", "tion", "sion")
# Things and places that end so.
STATE_LIKE = closed_list(
    "city cities community university facility apartment basement monument equipment ornament entrance"
    " fence ambulance ship neighborhood neighbourhood hood station intersection vegetation plantation"
    " exhibition convention reception construction competition audience residence conference pavement"
    " appliance department environment tournament battleship spaceship location section junction"
    " reflection mansion television celebration destination playground demonstration procession government"
)
# Parts of things, by the words of the list.
_ANIMAL = closed_list(
    "tail tails paw paws fur ear ears beak beaks feather feathers wing wings horn horns hoof hooves mane"
    " trunk trunks tusk tusks whiskers snout muzzle leash collar harness saddle claws talons tongue neck"
    " nose eyes mouth head heads face legs leg feet foot back belly comb crest antlers antler plumage fangs"
    " stripes spots reflection shadow flock herd pack swarm"
)
_HUMAN = closed_list(
    "hand hands arm arms face faces mouth leg legs feet foot lap shoulder shoulders finger fingers eyes eye"
    " hair beard mustache moustache chest knee knees head heads smile smiles nose neck elbow elbows wrist"
    " shirt shirts t-shirt jacket jackets coat coats dress dresses pants jeans shorts sweater hoodie helmet"
    " helmets uniform uniforms sunglasses goggles wetsuit wetsuits apron skirt vest sneakers shoes boots"
    " gloves scarf costume costumes outfit outfits clothes clothing attire gear swimsuit bikini hat hats cap"
    " caps suit suits glasses raincoat robe gown tuxedo blouse cloak cape crown wig veil mask headphones"
    " bracelet necklace belt socks sandals slippers pajamas pyjamas overalls leggings tights earrings kimono"
    " sari turban bandana hood jersey ponytail dreadlocks tattoo tattoos tutu poncho cardigan blazer"
    " tracksuit pullover trousers stockings heels bowtie beret fedora sombrero armor armour nightgown"
    " bathrobe wrinkles freckles makeup eyebrows lips forehead cheeks chin thumb thumbs toes braids"
    " curls pigtails hairstyle hairstyles haircut hairdo neckline earring reflection shadow"
)
_VEHICLE = closed_list(
    "engine engines wheel wheels windshield headlight headlights hood tire tires bumper cab cockpit propeller"
    " propellers rotor fuselage tail wing wings handlebars handlebar pedals saddle sidecar doors door trunk"
    " windows license mirror mirrors exhaust sail sails mast hull deck oar oars caboose carriage carriages"
    " roof"
)
_FOOD = closed_list(
    "bread roll toast crust slices slice toppings topping cheese frosting icing filling peel bun sprinkles"
    " candle candles"
)
_ANIMALS = "bird cat dog horse sheep cow elephant bear zebra giraffe"
LIVING = frozenset((*_ANIMALS.split(), "person"))
ON_WHEELS = ("bicycle", "car", "motorcycle", "bus", "train", "truck", "boat")
PARTS = {
    "person": _HUMAN | {f"{word}s" for word in _HUMAN},
    **_each(_ANIMALS, _ANIMAL),
    "teddy bear": _ANIMAL,
    **_each(" ".join((*ON_WHEELS, "airplane")), _VEHICLE),
    **_each("pizza donut cake sandwich banana orange apple", _FOOD),
    "hot dog": _FOOD,
    "clock": closed_list("hands hand face numerals dial"),
    "umbrella": closed_list("handle canopy"),
    "traffic light": closed_list("arrow arrows signal signals"),
    "vase": closed_list("base stem stems"),
    "knife": closed_list("blade handle"),
    "bed": closed_list("headboard mattress sheet sheets comforter bedspread"),
    "tv": closed_list("screen window"),
    "laptop": closed_list("screen keyboard lid window windows"),
    "cell phone": closed_list("screen window"),
    "toilet": closed_list("lid tank"),
    "potted plant": closed_list("leaves pot"),
}
EVERY_PART = frozenset().union(*PARTS.values())
# Nouns before a part that have one, too: a chair arm, the clock face.
OWNERS = closed_list("chair chairs couch sofa clock bed table bench statue")
# Second parts of the names of places: their first part is no thing of its own.
PLACES_NAMED_SO = closed_list("tracks track rails station stop lane depot yard terminal shelter tower")
# Other names of the object: new in a caption, they name it again.
ALIASES = {
    **_each("chair bench couch", closed_list("seat seats")),
    "bowl": closed_list("dish dishes"),
    "tv": closed_list("screen screens monitor monitors"),
    "dining table": closed_list("tabletop tabletops"),
    "car": closed_list("vehicle vehicles automobile automobiles"),
}
# What is done with the object alone, and so goes with it.
ACTIVITIES = {
    "skis": closed_list("ski skiing skis skied"),
    "snowboard": closed_list("snowboard snowboarding snowboards"),
    "skateboard": closed_list("skateboard skateboarding skateboards skating"),
    "surfboard": closed_list("surf surfing surfs surfed"),
    "bicycle": closed_list("bike biking bikes cycle cycling cycles pedal pedaling pedals bicycling"),
    "horse": closed_list("horseback gallop galloping gallops"),
    "kite": closed_list("fly flies flying flew flown kiting kiteboarding"),
    "toothbrush": closed_list("brush brushes brushing"),
    "person": closed_list("yoga exercise exercises workout"),
}
# Activities of people, as they stand without a subject.
SPORTS = closed_list(
    "skiing surfing snowboarding skateboarding swimming riding jogging hiking cycling biking fishing skating"
    " walking running dancing cooking eating shopping playing reading texting smiling posing holding talking"
)
# When it was: a caption that leaves it out shows the same.
MOMENTS = closed_list(
    "night day evening morning afternoon daytime dusk dawn sunset days week weeks weekend month months year"
    " years hour hours minute minutes century decade"
    " monday tuesday wednesday thursday friday saturday sunday"
)
# What people give, get or do, and no thing.
DEEDS = (
    GREETINGS
    | SPEECHES
    | closed_list(
        "handshake massage manicure pedicure haircut shave checkup interview lesson dance performance"
        " handstand cartwheel flip trick stunt"
    )
)
# Deeds that a person would see: one of them is new only where another of its line was told.
SEEN_DEEDS = (
    "sleep snore doze nap asleep snooze slumber bed curl rest lie lay",
    "eat feed bite chew nibble munch lunch dinner breakfast meal dine snack graze lick enjoy share"
    " cereal spoon fork food soup sandwich pizza picnic bowl plate cake noodles rice salad",
    "drink sip drinking coffee tea beer wine",
    "sing song perform concert microphone karaoke",
    "dance dancing dancer ballet",
    "swim dive bathe surf paddle pool water lake sea ocean river pond wave",
    "cook fry grill bake prepare make chef boil roast barbecue stove oven pan",
    "read study book newspaper magazine",
    "write draw paint sketch sign",
    "fight box wrestle punch attack",
    "cry weep scream shout yell roar bark howl growl",
    "kiss hug embrace cuddle hold spoon snuggle huddle nestle",
    "play game toy toys perform violinist guitarist pianist drummer musician band music kick throw"
    " ball catch toss frisbee tennis baseball soccer football instrument concert song fun",
    "wash clean wipe scrub bathe rinse shower sweep",
    "smoke cigarette",
    "burn crash explode collapse",
    "sell buy shop market store vendor",
    "jump leap hop trick skip",
    "graze field pasture meadow grass",
    "knit sew crochet",
    "dig rake plant mow garden",
    "fish angle",
    "juggle",
    "gallop ride horseback motorbike motorcycle bike bicycle scooter",
    "run jog race sprint chase marathon",
    "skate ski snowboard",
    "pray",
    "wake awake",
)
WHEN = closed_list("before during after")
ORDINALS = closed_list(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"
    " fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
# What people come together for: a new word for what the removed ones were at.
EVENTS = closed_list("event game match performance concert")
# Verbs of people alone: nobody is left to do it.
HUMAN_VERBS = closed_list(
    "ride hold carry wear play read talk smile pose ski surf skate snowboard skateboard write type pet"
    " serve drive cut prepare cook throw pitch bat swing text cheer celebrate shop dance jog dine gather"
    " listen perform present use wave work practice compete attempt eat drink look watch wait walk watch"
    " laugh chat speak point cross push pull pick feed hit kick catch try enjoy race fish"
)
# Verbs that say nothing, or something else, without the object that they had.
TRANSITIVE = closed_list(
    "hold carry wear throw catch hit swing ride kick push pull use cut drive toss pet open hug kiss lift"
    " grab pick touch put bring give take make have hold chase follow herd watch"
    " lasso decorate offer balance smear carve peel inspect examine polish shear haul drag wield brandish"
    " swat juggle share sell tow unload load pour repair mend raise row"
)
NEVER_LAST = closed_list(
    "a an the of with and or in on at by to from for into onto under behind between near is are was were has"
    " have that which who while as his her their its very being next"
)
LEAKS = closed_list(
    "json caption captions object objects removed remaining sorry cannot assistant ai model answer answers"
    " ignore instruction instructions rewritten rewrite original edited prompt"
)
# Irregular forms behind their base.
IRREGULAR = {
    form: base
    for base, *forms in map(
        str.split,
        """\
go goes went going
think thought thinking
use uses used using
sleep slept
speak spoke spoken
drink drank drunk
build built
bend bent
bind bound
break broke broken
buy bought
bring brought
sell sold sale sales
teach taught
tell told
send sent
read reads reading
lead led
leap leapt
light lit lighted
lose lost
meet met
sing sang sung
sink sank sunk
spread spreads
stick stuck
sweep swept
swing swung
grow grew grown
blow blew blown
begin began begun
hide hid hidden
shake shook shaken
steal stole stolen
wind wound
weave wove woven
tie tying
die dying
firefighter firefighters fireman firemen
dad father daddy
mom mother mum mommy
tv television
grey gray
pajama pajamas pyjamas
tire tires tyre tyres
mustache moustache
jewelry jewellery
curb kerb
center centre
theater theatre
color colour
colors colours
harbor harbour
neighbor neighbour
favor favour
harbors harbours
colorful colourful
do does did done doing
come came
hold held
ride ridden rode
fly flown flew
eat eaten ate
sit sat
stand stood
lie lain lying
wear worn wore
throw thrown threw
catch caught
drive driven drove
take taken took
make made
give given gave
write written
run ran
swim swum swam
draw drawn
see seen saw
show shown
keep kept
feed fed
lay laid
hang hung
leaf leaves
man men
woman women
person people
child children
foot feet
tooth teeth
goose geese
mouse mice
knife knives
shelf shelves
loaf loaves
wolf wolves
bus buses
bench benches
dish dishes
couch couches
glasses glasses
be is are was were been being
have has had having
a an""".splitlines(),
    )
    for form in forms
}
