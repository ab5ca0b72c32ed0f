"""Closed lists for reading captions and for rewriting them: places, parts, things, activities."""

from unscene.words.caption_words import BODY, CLOTHES, PICTURES, QUANTITIES
from unscene.words.closed_lists import closed_list

# Ground or surroundings that hold the whole scene: what stood there before still has the place
# around it.
GROUNDS = closed_list(
    "beach street road field park grass snow sand water ocean sea lake river pond forest woods jungle "
    "desert meadow pasture farm zoo city town village downtown mountain mountains hill hills hillside "
    "slope slopes mountainside valley island shore shoreline coast coastline harbor harbour marina "
    "port dock pier bay sidewalk pavement parking lot lots runway tarmac airport airfield highway "
    "freeway intersection crosswalk alley lane path trail trails track tracks railroad station "
    "platform court courtyard yard backyard garden lawn patio deck porch balcony driveway garage barn "
    "stable stables stall ranch corral enclosure pen paddock kitchen bathroom bedroom room hall "
    "hallway office classroom restaurant cafe bar store shop market bakery library museum church "
    "chapel school gym stadium arena ballpark rink pool house home apartment building hotel hospital "
    "theater theatre studio warehouse mall plaza square neighborhood countryside wilderness savanna "
    "savannah plain plains prairie outback swamp marsh stream creek canal waterway moat sky skies "
    "clouds air space skatepark playground campground campsite ground floor dirt mud gravel concrete "
    "asphalt cement terrain area surf waves ice course clearing corner country region bathtub "
    "conference convention fair festival parade event ceremony stage backdrop background foreground "
    "surface location place world environment setting scene backstop diamond infield outfield mound "
    "sandlot rocks brush foliage shade sunshine greenery land territory premises grounds facility "
    "center mansion castle palace temple bridge tunnel caves cave canyon cliff waters shallows game "
    "match race competition tournament show concert party wedding picnic gathering reception premiere "
    "meeting protest rally presentation exhibition lobby plantation vineyard orchard rain fog mist "
    "sunset dusk storm snowstorm weather lounge den cockpit cabin basement attic cellar shelter wild "
    "hilltop mountaintop terminal dugout bullpen outdoors roadside curb countertop walkway boardwalk "
    "promenade stop habitat lab laboratory factory pub diner cemetery sanctuary aquarium circus dunes wharf "
    "quay jetty esplanade"
)
GROUNDS |= {"home plate", "home base", "first base", "second base", "third base"}
# Places that captions write as two words.
SPLIT_PLACES = frozenset(
    f"{first} {last}"
    for first, last in (
        *((first, "side") for first in ("mountain", "hill", "ocean", "lake", "road", "river", "street")),
        *(
            ("side", "walk"),
            ("side", "walks"),
            ("cross", "walk"),
            ("cross", "walks"),
            ("run", "way"),
            ("store", "front"),
            ("back", "yard"),
        ),
        *(
            ("hall", "way"),
            ("road", "way"),
            ("drive", "way"),
            ("trail", "way"),
            ("walk", "way"),
            ("park", "way"),
            ("country", "side"),
        ),
    )
)
GROUNDS |= SPLIT_PLACES
GROUNDS |= {f"{word}s" for word in GROUNDS if not word.endswith(("s", "y", "ch", "sh"))} | closed_list(
    "beaches churches"
)
# Where people are, and no other things in such numbers: a place is crowded with them.
THRONGED = closed_list(
    "airport arena stadium auditorium theater theatre hall hallway corridor lobby terminal station hub "
    "platform subway classroom museum restaurant cafe bar pub club mall market marketplace bazaar square "
    "plaza beach park sidewalk crosswalk boardwalk promenade church chapel cathedral temple crypt fair "
    "festival concert event"
)
THRONGED |= {f"{word}s" for word in THRONGED} | {"beaches", "churches"}
# Places that vehicles crowd as people do.
STREETS = closed_list("street streets road roads lane avenue alley intersection")
# Times, lights and manners: true of the photo, no things in it.
CONDITIONS = closed_list(
    "night day days evening daytime nighttime morning afternoon noon midday sunset sunrise dusk dawn "
    "sun sunlight daylight light dark darkness rain snow fog mist weather winter summer spring autumn "
    "fall season summertime wintertime time hour week year month monday tuesday wednesday thursday "
    "friday saturday sunday january february march april may june july august september october "
    "november december shade moonlight storm snowstorm sunshine twilight halloween christmas weekend"
)
# What people give each other, and no thing: `gives a hug`. What they give to an audience.
GREETINGS = closed_list("fives hug kiss wave")
SPEECHES = closed_list("speech lecture talk presentation")
# Nouns that are no things in the photo, or nothing without who does or has it.
ACTIVITIES = closed_list(
    "tennis baseball soccer football basketball volleyball golf polo cricket rugby hockey softball "
    "badminton lacrosse trick tricks jump jumps stunt stunts ride rides walk walks swim bath nap rest "
    "break look looks pose poses turn turns performance conversation selfie swing swings way ways "
    "volley pitch pitches catch throw shot shots hit kick serve dive flip flips spin twist twists "
    "grind ollie air midair action motion mid race fun time times position attention lead speed "
    "balance control care advantage use part ready manner fashion direction directions order style "
    "fall falls run runs practice training work job task business speech lecture talk discussion "
    "dance song music win victory celebration sport sports stroll hike trip tour sip bite bites kiss "
    "hug stance glance gaze smile smiles surprise expression front back side sides edge end top "
    "bottom middle center centre left right distance unison formation progress awe row rows pairs "
    "pair groups group bunch picture pictures photo photos photograph photographs pic "
    "pics snapshot life love history past future world loss lesson lessons play plays breath touch "
    "return aim ease help mood need needs view views visit vacation exercise exercises moves move "
    "step steps difference sight others lunchtime dinnertime bedtime exam study studies effort "
    "efforts attempt attempts chance chances try tries surfing skiing skating skateboarding "
    "snowboarding swimming dining living graduation thing things something anything nothing "
    "everything what it honour problems damage information question questions name names type types "
    "kind kinds sort sorts variety number numbers plenty much many most some more shape form "
    "foreground backs fronts reins tee strike jersey captivity above below behind afar meditation "
    "solitude flight stock bloom display place horseback half base bases sleep slumber wait interest "
    "midst fours amazement astonishment disgust fight fights wheelie wheelies "
    "call calls shock curiosity piss dump "
    "laugh laughs laughter conversations discussions chat delight "
    "joy excitement happiness wonder pleasure readiness preparation anticipation hopes hope pursuit search "
    "memory honor disbelief thumbs-up prowess amusement"
)
PARTS = closed_list(
    "wheel wheels engine engines wing wings propeller propellers window windows door doors headlight "
    "headlights taillight taillights tire tires lid handle handles cover covers screen screens button "
    "buttons drawer drawers shelf shelves roof hood trunk mane fur beak bill horn horns tusk tusks "
    "antler antlers spot spots stripe stripes feather feathers hoof hooves claw claws whiskers snout "
    "muzzle fins fin tag tags bow ribbon ribbons bell leash collar harness saddle saddles bridle "
    "reins rope sail sails mast masts oar oars motor hull cockpit cab cabin cargo passengers load "
    "bumper fender mirror mirrors seat seats pedals handlebars frame design designs pattern patterns "
    "print logo logos writing words lettering letters number numbers graffiti paint colors color "
    "decoration decorations stickers sticker face faces hands dial sheets sheet headboard footboard "
    "bows crust topping toppings sauce filling icing frosting sprinkles slice slices missing hole holes "
    "beaks bills snouts manes fuselage numeral numerals sidecar sidecars "
    "gears cord antenna string strings tail tails gear smoke exhaust steam vapor vapour stem stems trim "
    "finish texture base legs leg arms back backs cap label labels hat hats eyes advertisement "
    "advertisements ad ads body markings patches patch coat coats wool top tops nose ear ears head "
    "heads lights light case cable license"
)
MORE_CLOTHES = CLOTHES | closed_list(
    "blouse sweatshirt cardigan tuxedo tux gown robe robes kimono sari sarong tunic overalls vests "
    "stockings socks sock sandals sandal flip-flops heels cleats slippers mittens glove mitts "
    "headband bandana bandanna beanie bonnet turban veil hood headphones earphones earbuds headset "
    "watch bracelet necklace earrings earring ring jewelry piercing piercings tattoo tattoos makeup "
    "lipstick wig tiara crown mask masks kneepads pads padding shirtless tie-dye raincoat poncho "
    "trousers leggings tights underwear bra boxers trunks bikini bikinis swimsuits wetsuits wet-suit "
    "sunglass shades smock aprons belt belts buckle bowtie bow-tie suspenders blazer jersey jerseys "
    "tank leotard tutu cape cloak camo camouflage uniform spandex khakis dresses skirts blouses "
    "sweaters jean outfits mustaches moustache goatee ponytail pigtails braid braids bangs curls "
    "dreadlocks dreads mohawk beards afro bun sideburns cleat sneaker shoe boot gear facepaint helmet "
    "headgear headdress fedora fedoras beret sombrero "
    "turbans lanyard badge pants short collared bandage cast knee-pads wristband "
    "bathrobe bathrobes overcoat waistcoat parka parkas anorak tracksuit jumpsuit pajamas pyjamas "
    "onesie windbreaker fleece "
    "lapel lapels hoody hoodies garb attire bib crowns "
    "sweatband visor pocket pockets sleeve sleeves neckline collar collars cuffs hem"
)
MORE_BODY = BODY | closed_list(
    "eye knee toes toe elbow elbows hip hips waist stomach belly cheek cheeks chin forehead lip lips teeth "
    "tooth wrist wrists palm palms thumb thumbs ankle ankles thigh thighs torso skin shoulder breast "
    "breasts bottom butt rear buttocks muscle muscles throat ear heads mouths faces noses necks tails "
    "bodies body trunk trunks tusk tusks beak claws hooves hoof wing wings fur mane expression "
    "expressions smile grin frown gesture posture reflection reflections shadow shadows silhouette "
    "silhouettes "
    "laps tongues bellies hairline backside backsides side sides hind hair fist nape "
    "hairstyle hairstyles haircut hairdo fingernails toenails"
)
HUMAN_NOUNS = closed_list(
    "others someone somebody anyone anybody everyone everybody nobody team teams crowd crowds "
    "audience onlooker onlookers passerby passersby spectator spectators bystander bystanders family "
    "families couple couples staff crew public guests guest group gang"
)
MORE_CLOTHES |= {f"{word}s" for word in MORE_CLOTHES if not word.endswith(("s", "less", "ing", "es"))}
# A noun that carries others: `a bench with a dog` stays true when who sat there is gone.
HOLDERS = (
    closed_list(
        "table tables desk desks bench benches couch couches sofa chair chairs bed beds counter counters "
        "shelf shelves plate plates bowl bowls basket baskets tray trays box boxes bag bags cart carts "
        "trailer truck building buildings house wall walls fence tree trees window windows door room "
        "rooms kitchen bathroom bedroom container dish pan pot vase platter stand cabinet cabinets "
        "dresser nightstand fireplace cake pizza sandwich donut salad meal food drink coffee rug sign "
        "signs car cars suitcase oven sink refrigerator fridge toilet bathtub cup glass store shop market "
        "boat restaurant street field park beach"
    )
    | GROUNDS
)
# Nearness goes over from who stood there to what was held or met.
NEARNESS = frozenset(
    {
        "near",
        "next to",
        "beside",
        "by",
        "in front of",
        "behind",
        "close to",
        "alongside",
        "near by",
        "around",
        "amongst",
        "among",
        "outside",
        "outside of",
        "across from",
        "nearby",
        "on either side of",
        "on both sides of",
        "on each side of",
    }
)
WITHIN = frozenset(
    {
        "in",
        "on",
        "at",
        "inside",
        "inside of",
        "on top of",
        "under",
        "underneath",
        "beneath",
        "within",
        "deep in",
        "on board",
        "in the middle of",
        "in the center of",
        "on the side of",
        "on the other side of",
        "on the far side of",
        "on the opposite side of",
        "on the edge of",
        "at the edge of",
        "by the side of",
        "in between",
        "between",
        "above",
        "over",
        "against",
        "below",
        "atop",
        "amid",
        "upon",
        "on the back of",
        "in the back of",
        "at the end of",
        "off",
        "off of",
    }
)
# Ways that something moved: without it they are places.
WAYS = {
    "down": "on",
    "up": "on",
    "along": "on",
    "across": "on",
    "through": "in",
    "into": "in",
    "onto": "on",
    "over": "over",
    "past": "near",
    "toward": "near",
    "towards": "near",
    "to": "near",
    "from": "near",
    "off": "near",
    "off of": "near",
    "out of": "near",
    "away from": "near",
    "up to": "near",
    "over to": "near",
    "out on": "on",
    "out in": "in",
    "out at": "at",
    "up on": "on",
    "up in": "in",
    "up at": "at",
    "up against": "against",
    "down on": "on",
    "down at": "at",
    "around": "near",
    "outside": "outside",
    "outside of": "outside",
}
NO_PLACE = frozenset(
    {
        "such as",
        "for",
        "like",
        "as",
        "about",
        "because of",
        "without",
        "instead of",
        "than",
        "except",
        "despite",
        "via",
        "of",
        "per",
        "since",
    }
)
QUANTITY_HEADS = QUANTITIES | closed_list(
    "plenty majority half dozen hundreds thousands tons ton flocks herds packs crowds teams sets "
    "heaps lines clusters gaggle pride bouquet loaf mob troop party gang class band fleet couple "
    "bundles bundle mound mass load loads chunk chunks kind kinds type types sort sorts parade convoy "
    "grouping groupings square squares slab slabs wedge wedges cube cubes "
    "trio duo host multitude handfuls assortments strip strips bit bits amount portion portions "
    "plateful bowlful pieces halves quarter quarters gathering army circle body bodies"
)
# What somebody has at them who is said to be with it: held or worn, mostly.
CARRIED_WORDS = closed_list(
    "skateboard surfboard snowboard backpack handbag umbrella tie skis toothbrush frisbee"
) | {
    "cell phone",
    "tennis racket",
    "baseball bat",
    "baseball glove",
}
SEATS = closed_list("couch bench chair bed")
# Words of the list that have sides with prints, and room for a load.
VEHICLES = closed_list("car bus truck train motorcycle bicycle boat airplane")
# Those that move by themselves, by the word list as well.
ANIMATE_VEHICLES = closed_list("car bus train boat")
SAT_IN = VEHICLES - {"motorcycle", "bicycle"}
SCREENS = frozenset({"tv", "laptop", "cell phone"})
VESSELS = frozenset({"cup", "wine glass", "bottle"})
FURNITURE = frozenset(
    {
        "dining table",
        "bed",
        "couch",
        "chair",
        "bench",
        "bowl",
        "vase",
        "refrigerator",
        "oven",
        "sink",
        "suitcase",
        "backpack",
        "handbag",
        "boat",
        "toilet",
        "potted plant",
        "cup",
    }
)
EATEN = frozenset({"cake", "pizza", "sandwich", "hot dog", "donut"})
MASS = closed_list(
    "rice meat water food bread cheese coffee tea milk wine beer juice broccoli fruit sauce salad "
    "soup pasta ice butter sugar furniture luggage equipment grass sand snow wood paper corn chicken "
    "beef pork bacon lettuce hay feed prey lunch dinner breakfast laundry mail money mud sunlight smoke "
    "graffiti traffic wool cash homework fur clothing jewelry art popcorn yarn"
)
# What things stand on, and nobody sits on.
DESKS = closed_list("desk counter countertop shelf dresser nightstand stove stand")
SURFACES = closed_list(
    "beach street road sidewalk pavement runway tarmac highway freeway lane path trail trails track "
    "tracks hill hills hillside slope slopes mountain mountains mountainside shore coast court pier "
    "dock bridge floor ground dirt sand mud gravel concrete asphalt cement ice river lake stage deck "
    "patio porch roadside curb walkway boardwalk field platform course ramp plain plains crosswalk "
    "driveway railroad countertop surface plate mound island wave waves quay wharf jetty esplanade"
)
SURFACES |= SPLIT_PLACES - {"store front", "back yard", "hall way", "country side"}
SPORTS = closed_list(
    "tennis baseball soccer football basketball volleyball golf polo cricket rugby hockey softball badminton"
)
SMALL = closed_list(
    "plate plates ribbon stick sticks food drink drinks bag bags glass glasses tray trays pan pot box "
    "boxes paper papers bread purse camera flower flowers candle candles fruit racket racquet pole "
    "poles hose rope toy toys balloon balloons helmet meal vegetables fish leaves leaf twig branch "
    "basket baskets peeler controller case"
)
COLOURS = closed_list(
    "black white red blue green yellow pink orange brown gray grey purple magenta teal turquoise maroon"
)
# What leads into or onto something, and belongs to it: `a door to a house`.
LEADING = closed_list(
    "door doors doorway entrance entry entryway gate gateway exit steps stairs staircase path driveway "
    "passage ladder"
)
FIXED = closed_list("window windows fence wall building door tree trees mirror house tower pole")
# What does not move: it need not stand where something moves that passes it.
LANDMARKS = closed_list(
    "building house church castle cathedral temple tower skyscraper stadium station terminal hangar factory "
    "warehouse barn bridge overpass tunnel lighthouse mansion palace hotel store shop restaurant area "
    "mountain hill hillside mountainside cliff gorge canyon valley island forest village town city skyline "
    "platform storefront street sidewalk tree wall fence window light signal smoke steam"
)
LANDMARKS |= {f"{word}s" for word in LANDMARKS} | {"woods", "churches", "cities", "factories"}
# Where things move or float, and nothing is built.
TRAVELLED = closed_list(
    "track tracks rails railroad railway runway tarmac highway freeway path trail sidewalk walkway pavement "
    "crosswalk water ocean sea lake river pond wave waves"
)
ROOMS = closed_list("kitchen bathroom room bedroom office garage restaurant store shop studio")
SCENERY = closed_list(
    "tree trees mountain mountains building buildings hill hills cloud clouds grass flowers house "
    "houses fence rocks animals water waves plants bushes shrubs sand snow lights sky skyline "
    "cityscape background backdrop leaves shore shores traffic"
)
# How something is seen, and nothing without it.
VIEWS = frozenset({"close up", "close-up", "closeup", "portrait", "close up view", "close up portrait"})
VIEWS |= {"close-up view", "closeup view", "side view", "profile", "side profile", "front view", "rear view"}
VIEWS |= {"top view", "back view", "closeup portrait", "close-up portrait", "close up shot", "closeup shot"}
# Works that stand where what they are of would stand, so that a detector sees that in them.
SCULPTURES = closed_list(
    "statue statues sculpture sculptures figurine figurines bust mannequin mannequins carving"
)
# What is made of an animal, and is there without it: `sheep wool`.
MADE_OF_ANIMALS = closed_list(
    "wool meat skull skulls hide hides skin skins fur feathers milk dung manure hair bone bones cheese "
    "horn horns antlers grease fat leather egg eggs"
)
# Places and things that do not stand alone without an article: `A stage`.
SINGLE = ((GROUNDS | HOLDERS | PICTURES) - MASS - CONDITIONS) | closed_list("magazine book newspaper statue")
SINGLE -= closed_list(
    "home ground sky air space surf foliage brush dirt gravel concrete asphalt cement terrain land downtown "
    "countryside greenery outdoors food wild weather infield outfield shallows video sea ocean country "
    "nature tarmac"
)
SINGLE -= {"home plate", "home base", "first base", "second base", "third base"}
# How somebody is; no thing or place.
STATES = closed_list(
    "loose alert sad happy proud barefoot longer calm bored tired ready angry upset shirtless naked busy "
    "lost lonely better available ill sick dead alive aware afraid worried excited formerly "
    "sentimental "
)
# Whose the herd or crowd is that they are said to be in.
HERDED = frozenset({"cow", "sheep", "horse", "elephant", "zebra", "giraffe", "bird"})
# Of whose kin an animal is.
KIN = closed_list("mother mom father parent parents mate baby babies young owner owners")
KIN |= closed_list("cub cubs calf calves foal foals lamb lambs chick chicks kid kids")
# The pages and faces of a picture that say nothing without it: `a magazine with an actor on the cover`.
PAGES = closed_list("cover page pages screen side front label poster sides package packaging box")
# What people hold somewhere: the place of it is there without them.
HELD_EVENTS = closed_list(
    "premiere screening launch concert ceremony wedding reception rally protest festival gala graduation "
    "tournament match game conference convention gig recital parade marathon regatta "
    "carnival competition championship party session celebration exhibition fair race"
)
# What goes on around the people of a photo, and can be named without them.
EVENTS = closed_list(
    "festival premiere ceremony concert wedding party parade conference convention fair exhibition show "
    "game match race tournament marathon rally protest reception celebration graduation event carnival "
    "birthday regatta gala picnic"
)
# What cannot begin a caption: no thing, and no word before one.
NO_THINGS = closed_list(
    "how why what when where who whose which if because ad finally next often once ever never far rather "
    "then thus please ll ve re"
)
# What cannot end a caption, nor stand without the clause behind it.
ENDLESS = closed_list(
    "that which who how why whether if because either although than whose should would could shall "
    "is are was were be been am do does has have had and or but while instead"
)
# What a caption can be about and a photo cannot show.
ABSTRACT_NOUNS = closed_list(
    "highlight highlights mind minds production company companies study studies effect effects "
    "architecture result results question questions idea ideas history introduction concept "
    "process life lifestyle special project research skill recipe launch programme marriage benefit "
    "benefits law politics economy business industry success failure future past solidarity beauty "
    "weeks months ago "
    "title genre beginning start round hours year years day days week believe case attraction fun "
    "drama information arrivals period organisation organization technology education development "
    "strategy policy crisis love freedom peace happiness service compliment sorry experience "
    "opportunity moment moments tradition culture theory method appointment announcement atmosphere "
    "disease illness force thoughts series holiday album cause"
)
CONCRETE = frozenset({"display case", "glass case", "pillow case", "tourist attraction", "tree trunk"})
CONCRETE |= {
    "parking spot",
    "parking spots",
    "window display",
    "store display",
    "glass display",
    "stand display",
    "tree trunks",
    "a step",
}
CONCRETE |= {"conveyer belt", "conveyor belt", "rock formation", "rock formations", "ice formation"}
CONCRETE |= {f"{kind} case" for kind in ("phone", "carrying", "guitar", "violin", "trophy", "pencil")}
CONCRETE |= {f"{kind} step" for kind in ("stone", "concrete", "cement", "front", "brick", "wooden")}
CONCRETE |= {f"{kind} steps" for kind in ("stone", "concrete", "front", "brick", "wooden", "marble", "the")}
CONCRETE |= {
    "entertainment center",
    "chicken wings",
    "waters edge",
    "'s edge",
    "framed picture",
    "framed pictures",
    "framed photo",
    "framed photos",
}
# Of these a photo can be said to be: `on a day`.
TIMES = closed_list("weeks months ago day days week year years hours start period")
# What counts things, and is nothing without them.
COUNTING = closed_list("set bunch pair number variety assortment array couple")
# What stands by itself and carries others: heads of phrases, and words of COCO's list.
LARGE = closed_list(
    "fence wall building buildings tree trees ramp rail railing window door stairs steps net counter "
    "desk shelf sofa roof pole post rock log ledge gate table"
)
LARGE_WORDS = closed_list(
    "couch chair bench bed toilet sink oven refrigerator car bus train truck boat airplane motorcycle "
    "bicycle person dog cat horse cow sheep elephant bear zebra giraffe bird tv"
) | {"dining table", "traffic light", "stop sign", "fire hydrant", "parking meter"}
