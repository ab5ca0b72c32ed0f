"""Words that say the same in a caption, and general words for special ones.

Two tables of English, so that a caption that tells the same scene in other words is told from one that
tells another scene. Words are compared by their stems: a group holds one form of each.
A semicolon or a new line ends a group.
"""

import re
from collections.abc import Iterable, Mapping

from unscene.captions.checks.texts import get_stem

_SAME = """\
small little tiny compact miniature mini petite young narrow short
big large huge giant massive enormous sizable gigantic oversized
beautiful gorgeous pretty lovely stunning scenic picturesque attractive
many lots several numerous various lot full multiple few some variety assortment assorted different couple
lit lighted illuminated light lights lighting glowing
woods forest woodland trees tree wooded forested
background back behind distance backdrop rear distant beyond; aerial above overhead; string strung
photograph photo picture image shot snapshot photography
vector illustration drawing sketch drawn cartoon graphic artwork art painting picture image
look watch gaze stare view peer observe glance overlook face admire
sleep asleep nap doze snooze rest slumber; dress costume outfit clad wear
look expression face gaze stare; cluttered messy untidy disorganized clutter
busy crowded bustling packed; old elderly aged senior ancient antique vintage
empty deserted vacant unoccupied bare; happy smile joyful cheerful grin
rocky stony rock stone boulder rugged; wooden wood timber plank log; snowy snow wintry
dirt unpaved soil earth mud ground muddy; ground floor; overcast cloudy cloud gray
colorful multicolored vibrant bright color multicolor; dark dim
sunny sunlit sunlight sunshine sun sunlit; rainy rain wet raining damp; foggy fog mist misty hazy
path trail pathway walkway track lane; street road roadway lane avenue highway motorway driveway
railroad railway rail track; sofa couch settee loveseat; bike bicycle cycle
shore beach seashore coast shoreline seaside waterfront coastline sand; sea ocean water
lake pond water; river stream creek water waterway; waves wave surf water sea
edge rim side bank border shore shoreline waterside; semi truck lorry; adult grown grownup
meadow pasture field grassland plain; lawn grass yard grassy turf; newspaper paper
parked stationary park; hill hillside hilltop slope; slope mountainside hillside side
mountain mountainside mountaintop mountainous peak hills; rug carpet mat
talk speak chat converse conversation discuss; plate dish platter; bowl dish; cup mug
food meal dish foods foodstuff; fries chips french-fries; phone telephone cellphone smartphone
cell mobile cellular; windshield windscreen; sidewalk pavement curb
bathroom restroom washroom lavatory toilet; bathtub tub bath; kitchen kitchenette; cabinet cupboard
counter countertop worktop; shop store market marketplace storefront shopfront
display exhibit exhibition show displayed; baked bakery
bedding covers duvet comforter blanket bedspread quilt; comfy comfortable cozy
child kid youngster children; toddler baby infant child; boy lad kid child; girl kid child
man guy gentleman male fellow; woman lady female; people person persons individual human folks
teenager teen youth; crowd audience spectator onlooker group; group bunch crowd gathering
couple pair two both; item thing object goods product stuff article; kind type sort variety
area zone region space spot place section; town village downtown settlement
city urban town downtown metropolis metropolitan cityscape; countryside rural country
building structure; house home residence; tall high; skyscraper high-rise
under beneath below underneath; trousers pants; sneakers trainers shoes
vegetable veggie greens produce; potato fries; soda drink beverage; glass drink; ketchup catsup
container box tub; box carton; luggage baggage bag suitcase; bag sack; purse handbag
garbage trash rubbish waste litter; can bin; railing fence rail; fence enclosure pen
sign signage signpost; pole post; lamp light; controller remote; game gaming gamer
computer pc desktop; tap faucet; chair seat; stool seat; bench seat; airport terminal
runway tarmac airstrip; plane aircraft airplane; boat ship; harbor marina port dock pier
skateboarder skater; skier ski; steps stairs stairway staircase stair; photo selfie
teddy stuffed plush; chase run follow; motorcycle motorbike; filled crammed packed
graffiti writing written graffitied; writing text lettering words letters
figure figurine statue sculpture; close-up closeup close; film movie; fall autumn; soccer football
clothing clothes attire wear outfit dressed gear; ad advertisement advert commercial
bookcase bookshelf shelf; number many several; match game semifinal final tournament
contest competition championship tournament; winner champion; athlete player; pastry baked
sweet dessert; cookie biscuit; apartment flat; elevator lift; gasoline petrol
fake artificial plastic faux; partially partly half; flag banner; flower blossom bloom floral
wilting drooping wilted droop; plant greenery vegetation foliage leaves shrubbery; bush shrub
jump leap hop; sit seated seat; gather congregate; begin start; gold golden; purple violet
tan beige; cream ivory; metal metallic steel iron; cement concrete; waterfall falls
sunset dusk sundown twilight evening; sunrise dawn; night nighttime; mirror reflection reflected
corner intersection crossroads crossing; junction intersection; stop halt; carry hold holding
prepare make cook; slice piece wedge; piece bit part; half halved; cut sliced chopped
pile stack heap mound; row line lined; bordered border surrounded surround edge
cover covered coating coated blanketed; filled full fill; contain hold; nearby near close
beside next alongside adjacent; middle center central; front before; room indoors interior inside
outside outdoors outdoor exterior; yard garden backyard; park garden; pet animal
cattle cow livestock; horse equestrian; herd flock group; wildlife animal; bird fowl; cage enclosure
zoo enclosure; doctor medic; policeman officer police cop; guard officer security; soldier troops
thoughtful thought pensive; sit lounge recline; bend lean crouch; wash clean; new modern
stylish fashionable elegant; nice pleasant; plain simple blank; shiny gleaming glossy
bright brightly; early morning; winter wintertime wintry; summer summertime; spring springtime
rustic country; fancy elegant ornate; decorated adorned decoration decorative; broken damaged
worn weathered; torn ripped; narrow thin; wide broad; unusual strange odd weird; funny humorous
delicious tasty; fresh freshly; hot steaming; freezing frozen icy ice; lush green verdant
lone single solitary alone only one; audience attendee; stage platform; concert show performance gig
performer artist singer; musician band; singer vocalist; speech talk lecture presentation
presenter speaker host; meeting gathering conference; party celebration birthday; celebrate celebration
office workplace; desk table; laptop notebook computer; monitor screen display; channel station
mall shopping; supermarket grocery store market; restaurant diner eatery cafe; cafe coffeehouse
pub bar; classroom school; hospital clinic; church chapel cathedral; graveyard cemetery
castle palace; bridge overpass viaduct; gate gateway; doorway door entrance
window windows windowpane; roof rooftop; ceiling overhead; wooden hardwood; marble stone
leather hide; cloth fabric textile; towel cloth; curtain drapes; pillow cushion; blanket throw
vase jar pot; bottle flask; pan skillet; pot pan; oven stove cooker; stove cooktop hob range
fridge refrigerator; sink basin washbasin; dryer drier; trash bin; hydrant fireplug; traffic vehicle
vehicle car truck; tire wheel; carriage cart wagon buggy; tractor vehicle; tent canopy
canopy awning cover; umbrella parasol; raincoat coat; hat cap; tie necktie; shirt top; sock stocking
ring band; necklace jewelry; glasses eyeglasses spectacles; sunglasses shades; beard facial
watch wristwatch; racket racquet; pitch field; stadium arena; stands bleachers stadium; track course
slope piste; pool swimming; diver diving; fisherman fishing; fish seafood; meat beef
mix combine blend stir; position pose posture stance; footwear shoe shoes boots sneakers
sausage wurst; bread loaf toast bun roll; sandwich sub; burger hamburger; noodles pasta; rice grain
salad greens; soup broth; sauce dressing; gravy sauce; cake gateau; icing frosting; corn maize
tea drink; coffee drink; beer drink; wine drink; juice drink; sunflower flower; rose flower
tulip flower; grassy green; growth growing; checkered plaid
"""

# A general word may stand for a special one, and not the other way round.
_GENERAL = """\
animal: dog cat horse cow sheep goat bear zebra giraffe elephant bird duck lion tiger monkey deer pig rabbit
vehicle: car truck bus van minibus minivan train motorcycle bike bicycle tractor taxi cab jeep suv lorry
bird: duck goose pigeon parrot eagle owl seagull swan parakeet chicken crow sparrow penguin
fruit: apple banana orange lemon grape berry strawberry pear peach mango melon
vegetable: carrot broccoli potato tomato onion pepper corn bean cabbage lettuce cucumber pea
food: sandwich pizza burger fruit vegetable salad rice noodles pasta bread cake meat sushi fries cookie soup \
    meal cereal donut pastry snack dish dessert
baked: bread cake pastry bun roll muffin bakery
meat: chicken beef pork ham bacon sausage steak
drink: coffee tea beer wine soda juice water milk cocktail
dessert: cake pie cookie ice-cream donut pudding
furniture: sofa couch table chair desk bench bed cabinet dresser shelf
appliance: stove oven refrigerator fridge microwave toaster dishwasher
dishes: plate bowl cup glass
tableware: plate bowl cup fork knife spoon
utensil: fork knife spoon chopsticks spatula
silverware: fork knife spoon
electronics: computer laptop keyboard mouse monitor phone television camera
device: phone camera laptop tablet remote controller computer
computer: laptop macbook
machine: computer tractor engine washer
clothes: shirt dress pants jacket coat suit skirt
clothing: shirt dress pants jacket coat suit skirt costume
footwear: shoes boots sandals heels sneakers
toy: doll lego teddy kite ball
plant: flower tree bush bamboo fern tulip rose sunflower crop vine shrub ivy
flower: tulip rose sunflower daisy lily orchid carnation
building: house skyscraper church tower barn hotel temple castle store shop
structure: building bridge tower shelter pavilion hut
body of water: lake river sea ocean pond
water: lake river sea ocean pond bay pool harbor canal stream wave
screen: tv television laptop computer
landscape: field hill mountain valley meadow desert countryside forest
land: field ground farm shore
instrument: guitar piano violin drum trumpet flute
boat: ship canoe kayak sailboat yacht ferry
person: man woman boy girl child player rider surfer skier kid guy lady baby toddler officer worker chef \
    student teacher singer actor musician athlete
people: men women boys girls children couple family players crowd group kids spectators students tourists
adult: man woman person parent mother father people
child: boy girl baby toddler son daughter
kid: boy girl
player: batter pitcher catcher quarterback goalkeeper
athlete: skier player snowboarder surfer runner
officer: policeman guard
worker: employee waiter chef clerk bartender
customer: patron client guest shopper
patron: customer
container: bowl box basket bucket jar pot cup bottle glass vase bag
room: kitchen bedroom bathroom livingroom office hall
store: supermarket bakery boutique grocery
event: party wedding concert festival ceremony premiere show conference
sport: tennis baseball soccer football basketball
road: highway street track
pastry: donut cake croissant bun
"""

# What a thing is told with, mostly its place: it is no news, though no name of it.
_IMPLIED = """\
court: tennis basketball volleyball badminton
course: golf golfer
field: baseball soccer football frisbee
slope: ski skier skiing snowboard snowboarder
snow: ski skier skiing snowboard snowboarder
sky: cloud airplane plane kite
water: shore beach coast surfboard
screen: game
floor: rug carpet tile
wall: room bedroom kitchen bathroom
glass: beer wine juice milk drink
outdoor: field park street beach
road: car bus truck vehicle traffic sidewalk
"""


def _index(lines: Iterable[str]) -> Mapping[str, frozenset[int]]:
    found: dict[str, set[int]] = {}
    for number, line in enumerate(lines):
        for word in line.split():
            for stem in {get_stem(word), get_stem(f"{word}s")}:
                found.setdefault(stem, set()).add(number)
    return {stem: frozenset(numbers) for stem, numbers in found.items()}


_WORDS = frozenset(re.findall(r"[a-z]{3,}", _SAME + _GENERAL))
_GROUPS = _index(_SAME.replace("\n", ";").split(";"))


def _read_table(text: str) -> Mapping[str, frozenset[str]]:
    lines = (line.partition(":") for line in text.replace("\\\n", " ").splitlines() if line)
    return {get_stem(general): frozenset(map(get_stem, special.split())) for general, _, special in lines}


_SPECIAL, _TOLD_WITH = _read_table(_GENERAL), _read_table(_IMPLIED)


def knows_word(word: str) -> bool:
    """Whether a word stands in the tables, in this form."""
    return word in _WORDS


def names_kind_of(word: str, told: Iterable[str]) -> bool:
    """Whether a word is only a more general one than a word that was told: `animal` for `goat`."""
    return not _SPECIAL.get(get_stem(word), frozenset()).isdisjoint(map(get_stem, told))


def follows_from(word: str, told: Iterable[str]) -> bool:
    """Whether a word is what one of the words told is told with: `road` of `traffic`."""
    return not _TOLD_WITH.get(get_stem(word), frozenset()).isdisjoint(map(get_stem, told))


def says_same(word: str, told: Iterable[str]) -> bool:
    """Whether a word is another name, or a more general one, of one of the words that were told."""
    stem = get_stem(word)
    groups, special = _GROUPS.get(stem, frozenset()), _SPECIAL.get(stem, frozenset())
    if not groups and not special:
        return False
    stems = set(map(get_stem, told))
    return not special.isdisjoint(stems) or any(groups & _GROUPS.get(other, frozenset()) for other in stems)
