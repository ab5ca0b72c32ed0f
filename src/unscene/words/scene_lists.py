"""Closed lists for reading captions and for rewriting them: verbs, places, parts, activities."""

from unscene.words.caption_words import (
    ADVERBS,
    BASES,
    BODY,
    CLOTHES,
    ING_NOUNS,
    PARTICIPLES,
    PICTURES,
    QUANTITIES,
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Verbs that captions use, in the base form. NOUNY ones are nouns as often: they are verbs only
# where a verb must stand.
VERBS = BASES | _words(
    "skydive bathe yawn sneeze bark howl roar splash dive paddle surf ski compete practice practise "
    "juggle demonstrate present deliver arrive attend speak address greet congratulate protest march "
    "parade patrol fight defend attack win lose lift raise lower load unload fill empty pour mix stir "
    "bake fry grill roast peel chop dice slice arrange decorate adorn assemble build construct repair "
    "fix tie untie button zip comb shave wipe scrub rinse dry fold iron sew knit type text dial call "
    "photograph film record shoot aim fire explore examine study review discuss argue explain teach "
    "learn listen hear smell taste swallow chew nibble munch sip gnaw dig bury plant water mow rake "
    "sweep shovel trim prune pick gather collect harvest guide herd shear milk saddle mount dismount "
    "trot gallop canter buck graze forage hunt stalk pounce peer glance stare squint wink blink frown "
    "grin grimace scream shout yell whisper chat converse interact mingle socialize meet visit tour "
    "wander roam hike trek jog sprint crawl creep tiptoe skip hop leap bounce somersault flip spin "
    "twist twirl rotate turn tilt tip drop dangle suspend swing sway rock roll slide slip trip "
    "stumble crash collide bump smash break crack tear rip cut saw drill hammer nail screw weld paint "
    "draw sketch color write sign print stamp mail send ship receive accept hand pass return exchange "
    "share split divide combine connect attach detach lock unlock block guard protect shade shelter "
    "house store stack pile line border surround frame overlook tower dominate illuminate light glow "
    "glisten sparkle reflect cast dock anchor moor land taxi depart approach exit board descend "
    "ascend climb scale navigate steer pedal accelerate brake speed zoom rush hurry pause halt idle "
    "remain stay live dwell nest roost huddle cuddle cling clutch grip grasp grab seize snatch steal "
    "squeeze press tap poke stroke rub scratch pat pet tickle groom clean wash shower soak sunbathe "
    "tan enter emerge peek hide search find discover locate spot notice admire appreciate love like "
    "hate want need help assist support carry bear hoist haul drag tow pull push shove heave order "
    "request choose select try attempt plan prepare start begin continue finish complete end stop "
    "work operate control use handle manage run serve own keep hold wear sport model don drape wrap "
    "bundle strap harness leash tether chain bind separate dress undress change transform celebrate "
    "commemorate honor toast cheer clap applaud dance sing perform act entertain play strum blow "
    "conduct compose party lounge recline relax rest nap snooze doze sleep wake rise set sit stand "
    "squat kneel crouch bend bow lean lie lay hang perch pose smile laugh cry weep sob hug embrace "
    "kiss snuggle nuzzle lick bite sniff wag flap soar glide hover flutter fly float drift sail row "
    "cruise ride drive travel commute walk stroll stride step pace wade swim snorkel fish feed eat "
    "drink dine snack cook appear seem look resemble depict show display feature include contain "
    "consist comprise offer provide give make do take get put place come go leave move fall become "
    "grow bloom blossom stretch extend reach cover coat top overflow stick point face lead follow "
    "chase race bring fetch watch see view observe inspect check read tell say talk ask answer think "
    "consider wait hope expect happen occur sell buy shop purchase vend trade charge spray sprinkle "
    "clear splatter drip leak flow rain snow shine burn smoke steam melt freeze kick hit strike punch slap "
    "swat bat throw toss hurl pitch catch tackle dribble score volley lob bunt balance grind skate "
    "skateboard snowboard rollerblade cycle bike vault dodge duck wave nod shake beg jump lunge skid "
    "spill release launch fling wheel rear feast dunk jut protrude wrestle tussle flex enjoy "
    "experience sample test attract gift scatter spread strew litter dot crowd pack flank accompany "
    "join unite sort host replace remove unwrap open close shut measure weigh count carve spoon fork "
    "scoop dip frost ice garnish season plate treat vaccinate weave sun bask wallow rummage scavenge "
    "lap slurp suck maneuver manoeuvre ready gear suit propel power fuel park convert convey tag deal "
    "span cause decide pretend adjust fasten straighten inflate polish wrestle"
)
NOUNY = _words(
    "clear fry park place surf ski row work point ring grip race play drink wave show cover hand face "
    "land set cut fall walk run ride look swing hit catch throw pitch bat train fish water plant light line "
    "top frame house store stack pile border tower shade block nail screw hammer saw drill color sign "
    "print stamp mail ship board scale speed brake spot love order plan help support control use "
    "handle model sport wrap strap harness leash chain change honor toast dress party act bow step "
    "march pace snack cook feature end start shop trade charge spray rain snow smoke steam kick "
    "strike punch score volley slide balance skate skateboard snowboard cycle bike vault duck shake "
    "jump spill launch wheel rear test host crowd pack spoon fork scoop dip frost ice season plate "
    "suit gear power fuel sun nest shower tan shelter guard flow burn film record shoot fire study "
    "review picture mount buck hunt tour hike trek hop leap bounce flip spin twist turn tip rock roll "
    "slip trip crash bump crack tear rip dock anchor trot gallop bear mix button comb iron text type "
    "call fight win lift load milk saddle blow bark roar splash dive paddle pause share split lock "
    "view sort litter dot gift feed rake shovel pick position stick stuff circle cross stand rest "
    "sleep lead grasp pass reach move sample dance lap feast value curve taxi glow kiss hug smile "
    "laugh talk stop return attempt try display pose watch climb lounge check stare wash stretch pet "
    "need want cast paint fold dish brush drift slice float plow peel bend post coat drop arch form "
    "name note like bore tie field meet team bus dye serve bowl rise squash match bite tap pedal "
    "present own can hold kneel rank switch ground exit signal guide sprint"
)
# Verbs of which the past form is also the participle of a thing: `parked`, `filled`.
WORN = _words("wear wearing wears wore dressed clad sporting sports donning dons outfitted costumed")
MORE_PARTICIPLES = PARTICIPLES | _words(
    "clad strewn lain bent broken worn woven shown seen flown shot thrown hidden eaten bitten written "
    "known frozen stood lined dug spread shut fed led lost found bought sold stuck swept wound bound "
    "overgrown overrun upholstered snowed beaten given chosen gotten sewn spun swung won begun risen "
    "fallen sunk split spilt burnt"
)
NOT_PARTICIPLES = _words(
    "red bed shed sled weed seed reed bread need speed hundred naked feed breed wicked rugged shaded "
    "colored haired crowded wooded bearded armed legged unidentified aged tired excited embed skilled "
    "talented detailed assorted stuffed paved tiled carpeted bald cupped moped biped infrared kindred "
    "indeed ed med zed led fled sacred ragged jagged"
)
NOT_ING = (
    ING_NOUNS
    | _words(
        "outing cunning darling herring inning lightning nursing plumbing viking wing king zing bling "
        "during shilling wedding tubing piping outstanding interesting exciting stunning amazing charming "
        "corresponding interlocking underlying upcoming everlasting engraving marking moulding molding "
        "scaffolding upbringing hearing bearing listing rating earring"
    )
) - _words(
    "swimming dining skiing surfing snowboarding skateboarding living gathering filling clearing "
    "opening drawing swing crossing landing parking meeting lighting dressing being blessing housing "
    "ironing"
)
ALWAYS_ING_NOUNS = _words(
    "building ceiling evening morning wedding painting clothing railing string ring spring king wing "
    "thing awning pudding icing netting topping frosting sling bedding sibling offspring anything "
    "screening engineering nothing something everything duckling dumpling sterling fencing "
    "wiring siding flooring during"
)
# A noun after an -ing word that makes the two one noun: `swimming pool`.
AFTER_ING = _words(
    "pool area machine room lot lots station board game court table bag gear suit boat pole rod meter "
    "sign equipment wall track stand pad strip car cart cage post line dish pan desk chair light "
    "lights hall shoes boots boards class school ground grounds center competition event tournament "
    "cap cloth material container facility spot spots space spaces garage"
)
SCENE_ADVERBS = ADVERBS | _words(
    "alongside together abroad again already always away backward backwards beautifully behind "
    "carefully casually comfortably directly eagerly easily elegantly intently peacefully proudly "
    "rapidly safely simultaneously straight upright upstairs downstairs overhead ahead aimlessly "
    "below beneath asleep awake aboard ashore afar live well fast hard smoothly gracefully high"
)
# Ground or surroundings that hold the whole scene: what stood there before still has the place
# around it.
GROUNDS = _words(
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
    "terminal dugout bullpen outdoors roadside curb countertop walkway boardwalk promenade stop"
)
GROUNDS |= {"home plate", "home base", "first base", "second base", "third base"}
# Places that captions write as two words.
SPLIT_PLACES = frozenset(
    f"{first} {last}"
    for first, last in (
        *((first, "side") for first in ("mountain", "hill", "ocean", "lake", "road", "river", "street")),
        *(("side", "walk"), ("side", "walks"), ("run", "way"), ("store", "front"), ("back", "yard")),
    )
)
GROUNDS |= SPLIT_PLACES
GROUNDS |= {f"{word}s" for word in GROUNDS if not word.endswith(("s", "y", "ch", "sh"))} | _words(
    "beaches churches"
)
# Times, lights and manners: true of the photo, no things in it.
CONDITIONS = _words(
    "night day days evening daytime nighttime morning afternoon noon midday sunset sunrise dusk dawn "
    "sun sunlight daylight light dark darkness rain snow fog mist weather winter summer spring autumn "
    "fall season summertime wintertime time hour week year month monday tuesday wednesday thursday "
    "friday saturday sunday january february march april may june july august september october "
    "november december shade moonlight storm snowstorm sunshine twilight halloween christmas weekend"
)
# Nouns that are no things in the photo, or nothing without who does or has it.
ACTIVITIES = _words(
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
    "joy excitement happiness wonder pleasure readiness preparation anticipation hopes hope pursuit search "
    "memory honor disbelief"
)
PARTS = _words(
    "wheel wheels engine engines wing wings propeller propellers window windows door doors headlight "
    "headlights taillight taillights tire tires lid handle handles cover covers screen screens button "
    "buttons drawer drawers shelf shelves roof hood trunk mane fur beak bill horn horns tusk tusks "
    "antler antlers spot spots stripe stripes feather feathers hoof hooves claw claws whiskers snout "
    "muzzle fins fin tag tags bow ribbon ribbons bell leash collar harness saddle saddles bridle "
    "reins rope sail sails mast masts oar oars motor hull cockpit cab cabin cargo passengers load "
    "bumper fender mirror mirrors seat seats pedals handlebars frame design designs pattern patterns "
    "print logo logos writing words lettering letters number numbers graffiti paint colors color "
    "decoration decorations stickers sticker face faces hands dial sheets sheet headboard footboard "
    "crust topping toppings sauce filling icing frosting sprinkles slice slices missing hole holes "
    "beaks bills snouts manes fuselage numeral numerals sidecar sidecars "
    "cord antenna string strings tail tails gear smoke exhaust steam vapor vapour stem stems trim "
    "finish texture base legs leg arms back backs cap label labels hat hats eyes advertisement "
    "advertisements ad ads body markings patches patch coat coats wool top tops nose ear ears head "
    "heads lights light case cable license"
)
MORE_CLOTHES = CLOTHES | _words(
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
    "sweatband visor pocket pockets sleeve sleeves neckline collar collars cuffs hem"
)
MORE_BODY = BODY | _words(
    "knee toes toe elbow elbows hip hips waist stomach belly cheek cheeks chin forehead lip lips teeth "
    "tooth wrist wrists palm palms thumb thumbs ankle ankles thigh thighs torso skin shoulder breast "
    "breasts bottom butt rear buttocks muscle muscles throat ear heads mouths faces noses necks tails "
    "bodies body trunk trunks tusk tusks beak claws hooves hoof wing wings fur mane expression "
    "expressions smile grin frown gesture posture reflection reflections shadow shadows silhouette "
    "laps tongues bellies side sides hind hair fist nape hairstyle hairstyles haircut hairdo"
)
HUMAN_NOUNS = _words(
    "others someone somebody anyone anybody everyone everybody nobody team teams crowd crowds "
    "audience onlooker onlookers passerby passersby spectator spectators bystander bystanders family "
    "families couple couples staff crew public guests guest group gang"
)
# A noun that carries others: `a bench with a dog` stays true when who sat there is gone.
HOLDERS = (
    _words(
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
        "in the middle of",
        "in the center of",
        "on the side of",
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
# Verbs that set a thing in its place: what follows the object tells where that is.
PLACING = _words(
    "put place set lay pour insert load stack pile arrange hang mount cook prepare cut make see find "
    "show watch view observe look photograph spot display depict feature admire inspect examine park "
    "plant keep store bake write draw paint spray sell fix repair build film check read eat"
)
NEEDS_PLACE = _words("put place set lay insert load pour stick mount prop lean rest")
LOOKING = _words("look watch view observe photograph stare gaze peer glance inspect examine admire see")
WITH_TOOL = _words(
    "cut hit eat brush play feed slice clean wash chop poke catch throw swing fix repair paint draw "
    "write stir strike kick chase fight scoop stab spread dig film photograph greet sit stand walk "
    "travel"
)
# Verbs that make sense without what followed them.
ALONE = _words(
    "sit stand lie lay walk run rest sleep play swim float fly drift graze wait lounge relax pose "
    "travel eat stroll gather hover wade soar glide gallop grow hang perch sail cruise jump smile "
    "laugh talk read cook dance sing perform drink surf ski skateboard snowboard skate work kneel "
    "crouch squat bend swing bathe park drive compete race practice march hike jog trot roll slide "
    "fall move fight parade bark yawn nap huddle snuggle celebrate cheer chat converse socialize "
    "mingle shop dine fish sunbathe bask stretch recline crawl climb hop leap bounce shine burn bloom "
    "speak type text pitch serve bat"
)
STILL = _words("sit stand lie lay rest hang lean perch float grow park sleep lounge seat mount stack pile")
QUANTITY_HEADS = QUANTITIES | _words(
    "plenty majority half dozen hundreds thousands tons ton flocks herds packs crowds teams sets "
    "heaps lines clusters gaggle pride bouquet loaf mob troop party gang class band fleet couple "
    "bundles bundle mound mass load loads chunk chunks kind kinds type types sort sorts parade convoy "
    "trio duo host multitude handfuls assortments strip strips bit bits amount portion portions "
    "plateful bowlful pieces halves quarter quarters gathering army circle body bodies"
)
WORN_THINGS = _words("backpack handbag umbrella skis snowboard")
SEATS = _words("couch bench chair bed")
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
MASS = _words(
    "rice meat water food bread cheese coffee tea milk wine beer juice broccoli fruit sauce salad "
    "soup pasta ice butter sugar furniture luggage equipment grass sand snow wood paper corn chicken "
    "beef pork bacon lettuce hay feed prey lunch dinner breakfast laundry mail money mud sunlight smoke "
    "graffiti traffic wool cash homework fur clothing jewelry art popcorn yarn"
)
SURFACES = _words(
    "beach street road sidewalk pavement runway tarmac highway freeway lane path trail trails track "
    "tracks hill hills hillside slope slopes mountain mountains mountainside shore coast court pier "
    "dock bridge floor ground dirt sand mud gravel concrete asphalt cement ice river lake stage deck "
    "patio porch roadside curb walkway boardwalk field platform course ramp plain plains crosswalk "
    "driveway railroad countertop surface plate mound island"
)
SURFACES |= SPLIT_PLACES - {"store front", "back yard"}
SPORTS = _words(
    "tennis baseball soccer football basketball volleyball golf polo cricket rugby hockey softball badminton"
)
SMALL = _words(
    "plate plates ribbon stick sticks food drink drinks bag bags glass glasses tray trays pan pot box "
    "boxes paper papers bread purse camera flower flowers candle candles fruit racket racquet pole "
    "poles hose rope toy toys balloon balloons helmet meal vegetables fish leaves leaf twig branch "
    "basket baskets peeler controller case"
)
NAMING = _words("become resemble need want like love expect call name")
VISITING = _words("visit enter leave cross attend walk roam explore fill line crowd")
COLOURS = _words("black white red blue green yellow pink orange brown gray grey purple")
FIXED = _words("window windows fence wall building door tree trees mirror house tower pole")
ROOMS = _words("kitchen bathroom room bedroom office garage restaurant store shop studio")
SCENERY = _words(
    "tree trees mountain mountains building buildings hill hills cloud clouds grass flowers house "
    "houses fence rocks animals water waves plants bushes shrubs sand snow lights sky skyline "
    "cityscape background leaves shore shores"
)
# Verbs that take a particle: `holds up her phone`.
PARTICLE_VERBS = _words("pick hold put take blow clean chop cut eat set lift fill dress carry open hang")
# Nouny verbs that are verbs after `and`: `sits at a desk and types on a laptop`.
ACTS = _words("type look smile talk walk run ride play wave watch reach jump stand sit work drink")
# Works that stand where what they are of would stand: `a statue of two men on a bench`.
SCULPTURES = _words(
    "statue statues sculpture sculptures figurine figurines bust mannequin mannequins carving"
)
# What is made of an animal, and is there without it: `sheep wool`.
MADE_OF_ANIMALS = _words(
    "wool meat skull skulls hide hides skin skins fur feathers milk dung manure hair bone bones cheese "
    "horn horns antlers grease fat leather egg eggs"
)
# Places and things that do not stand alone without an article: `A stage`.
SINGLE = ((GROUNDS | HOLDERS | PICTURES) - MASS - CONDITIONS) | _words("magazine book newspaper statue")
SINGLE -= _words(
    "home ground sky air space surf foliage dirt gravel concrete asphalt cement terrain land downtown "
    "countryside greenery outdoors food wild weather infield outfield shallows video sea ocean country nature"
)
SINGLE -= {"home plate", "home base", "first base", "second base", "third base"}
# How somebody is; no thing or place.
STATES = _words(
    "alert sad happy proud barefoot longer calm bored tired ready angry upset shirtless naked busy "
    "lost lonely better available ill sick dead alive aware afraid worried excited formerly "
    "sentimental "
)
# Of whose kin an animal is.
KIN = _words("mother mom father parent parents mate baby babies young owner owners")
# The pages and faces of a picture that say nothing without it: `a magazine with an actor on the cover`.
PAGES = _words("cover page pages screen side front label poster sides package packaging box")
# What people hold somewhere: the place of it is there without them.
HELD_EVENTS = _words(
    "premiere screening launch concert ceremony wedding reception rally protest festival gala graduation "
    "tournament match game conference convention gig recital competition championship party session"
)
# What goes on around the people of a photo, and can be named without them.
EVENTS = _words(
    "festival premiere ceremony concert wedding party parade conference convention fair exhibition show "
    "game match race tournament marathon rally protest reception celebration graduation event carnival "
    "birthday regatta gala picnic"
)
# What cannot end a caption, nor stand without the clause behind it.
ENDLESS = _words(
    "how why whether if because either although than whose should would could shall "
    "is are was were be been am do does has have had and or but while instead"
)
# What a caption can be about and a photo cannot show.
ABSTRACT_NOUNS = _words(
    "highlight highlights mind minds production company companies study studies effect effects "
    "architecture result results question questions idea ideas history introduction impression concept "
    "process life lifestyle special project research skill recipe launch programme marriage benefit "
    "benefits law politics economy business industry success failure future past solidarity beauty "
    "weeks months ago "
    "title genre beginning start round hours year years day days week believe case attraction fun "
    "drama information arrivals period organisation organization technology education development "
    "strategy policy crisis love freedom peace happiness service compliment sorry experience "
    "opportunity moment moments tradition culture theory method appointment announcement atmosphere "
    "disease illness force thoughts series holiday album"
)
CONCRETE = frozenset({"display case", "glass case", "pillow case", "tourist attraction"})
# Where a sport is done.
SPORT_PLACES = {
    **dict.fromkeys(("tennis", "basketball", "volleyball", "badminton", "squash"), "court"),
    **dict.fromkeys(("baseball", "softball", "soccer", "football", "rugby", "cricket", "polo"), "field"),
    "golf": "course",
}
# Of these a photo can be said to be: `on a day`.
TIMES = _words("weeks months ago day days week year years hours start period")

# What stands by itself and carries others: heads of phrases, and words of COCO's list.
LARGE = _words(
    "fence wall building buildings tree trees ramp rail railing window door stairs steps net counter "
    "desk shelf sofa roof pole post rock log ledge gate table"
)
LARGE_WORDS = _words(
    "couch chair bench bed toilet sink oven refrigerator car bus train truck boat airplane motorcycle "
    "bicycle person dog cat horse cow sheep elephant bear zebra giraffe bird tv"
) | {"dining table", "traffic light", "stop sign", "fire hydrant", "parking meter"}
