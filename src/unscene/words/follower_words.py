"""Lists of the words that follow a noun in captions, by what they make of it: a verb or an adjective
leaves it a thing of its own, most nouns make it a description. They hold for every word list.
"""

from unscene.words.caption_words import (
    ADJECTIVES,
    ADVERBS,
    AUXILIARIES,
    CLAUSES,
    DETERMINERS,
    LINKS,
    NUMBERS,
    PARTICIPLES,
    POSITIONS,
    PREPOSITIONS,
    PRONOUNS,
    third_person,
)
from unscene.words.closed_lists import closed_list
from unscene.words.verb_lists import VERBS as SCENE_VERBS

# Verbs beyond those that the rewriting knows, in their base form.
_MORE_VERBS = closed_list(
    "ache achieve adjust advance agree allow announce apply arch avoid await awake bare battle beam"
    " belch belong blend bless bob bother brave breathe breed browse burst cage calm camp caress cause"
    " caution challenge charm chill circle claim clear clog collapse comfort compare concentrate"
    " confront conquer consume contemplate contend cool cope cozy crane create cringe curl dash debark"
    " decide delight describe deserve design destroy detain devour die direct disembark douse drain"
    " dream drool dump dwarf earn echo edge elude embark emit encounter encourage engage escape excite"
    " execute exercise exist expand explode expose express fade fail fasten feel fence figure file"
    " filter fit flash flaunt flee flick flirt flood focus force forget form frolic gawk gesture giggle"
    " glare gleam glimpse glitter hail hatch head highlight hunch hurdle ignore imitate improve indicate"
    " inhale inform inspire install instruct intend intersect invade invite joke joust kid kill knock"
    " know lack lather let linger link loaf loom lurk maintain man manipulate mark marry match meander"
    " mend merge miss moan mourn negotiate nestle nip note nurse obscure obtain occupy orbit oversee"
    " pant partake participate pay pierce pin pivot plead plow plunge pop pound pray preen prefer"
    " pretend probe proceed process produce promise promote propose prove prowl pucker pump purse pursue"
    " quench ram react realize recover refuse reign rejoice rely remind rescue respond restrain retrieve"
    " reveal root ruin rule salute save scan scare scrape screech secure seek shape shield shred signal"
    " simmer skim slam sled smirk snap snarl sneak snowplow span spar spend spit splay stage star"
    " startle stoop straddle strain strive struggle stun succeed suckle suggest suppose surprise survey"
    " survive swirl swoop tangle tease tempt tend texting thank thread thrive thrust track trail train"
    " transport trap trudge trust tuck tug tumble unfold unpack unveil urinate utter vacuum venture"
    " video waddle warn wed welcome whip whiz wind wish witness wonder wreck defeat beat gain reel"
    " surpass sprout chomp chug hoof peddle round rally rattle sink kayak whisk moo bleat hum rumble"
    " neigh bray buzz chirp crow cluck quack purr meow hiss creak squeak tick toll chime beep boil"
    " bubble burp cackle cater chatter cheat clatter clench coil command comply conceal concoct confer"
    " congregate consult converge cower crumble decline deflect depress devise dictate differ diffuse"
    " dim disappear dispense disrupt distribute doodle droop ease eject elect emphasize employ enforce"
    " erect erupt exclaim exhale fan fidget flatten flop flourish fumble gamble gobble gossip groan"
    " growl grunt gulp heat hesitate hinge hurtle inflate insert interview invent itch jam jiggle jostle"
    " knead lag lament lash lasso lecture lurch mash massage mediate memorize mimic mumble murmur"
    " narrate nudge obey object oppose outline overtake paste pave persuade plummet poach ponder praise"
    " prick puff pulse quarrel quote reap rebound recite recycle refuel rehearse reload remark resist"
    " retreat reunite revolve rot rouse rust sag salvage scold scrawl scribble scuttle shiver shrug"
    " shuffle sizzle smear smother sniffle snore snort soothe sow sponsor squash squawk squirm squirt"
    " stagger stain stammer stitch straighten strut stuff stutter subside supervise surge surrender"
    " suspect swap swerve swipe swoon tailor tame tantalize tattoo taunt thaw thrash throb thump tighten"
    " tinker toil topple trample translate traverse tread tremble trickle trundle tutor twinkle twitch"
    " umpire uncover undergo unfurl unplug unroll update urge vanish vibrate volunteer vote warm wheeze"
    " whirl whistle widen wiggle wilt wobble worship wrinkle zigzag boat honk hoot coo croak flush"
    " flicker thunder brood"
)
VERBS = SCENE_VERBS | _MORE_VERBS
THIRD_VERBS = frozenset(third_person(verb) for verb in VERBS)
# Nouns that end like a past form.
ED_NOUNS = closed_list("shed sled seed weed reed speed")
# What looks like a plural and is none.
NO_PLURALS = closed_list(
    "series species canvas gas bus tennis news lens atlas pancreas christmas atlas alias swiss iris bias"
    " chaos corps always perhaps towards besides sometimes"
)
# Verbs that are as often the head of a compound (bus stop, dog walk, air show): they count as verbs
# only where the words around them leave no other reading.
NOUN_VERBS = closed_list(
    "crumble whip roast toast drizzle wrap dip mix roll blend brew grill melt fry rub squash spread"
    " crunch swirl bat bath battle block board bow box brush cage call camp cast change charge chase"
    " climb coat collar comb control cook count crash cruise cut dance deal design dive dream dress dump"
    " edge exercise exit face feast fence fight figure file film filter fire flash flood flow fold force"
    " form frame gear group guard guide hand handle harvest head herd hike host house hunt land lap"
    " launch light line link litter load lock mark market march match milk model mount nap note order"
    " pack parade party pass patrol perch pet pitch place plant plate plow point pop pound press print"
    " process produce pump punch race rack ramp record rescue ride ring rise rock root row run sample"
    " scale scan score screen search seat sculpture set shade shape shelter shield ship shop show sign"
    " signal sink ski skip slam sled slide smell smoke snow span speed spin spot spray stack stage stamp"
    " star start steam step stick stop strap string study suit surf swing tag tail talk tap tape test"
    " text tie tilt tip top tour tow toy track trail train trap treat trick trim trip turn twist type"
    " video view visit walk wall wash water wave wind wing wreck zip post pin plan display cover drink"
    " stand dock anchor bike object fan season store stitch stroke stuff tattoo umpire heat wheel snack"
    " jam cry outline quote tutor whistle sketch interview lecture massage repair review boat cycle"
    " kayak sail border brake buck bump button chain color dot drill duck fish fork frost fuel gift"
    " hammer harness honor ice iron leash mail nail nest pile power rain rake saddle saw screw shower"
    " sort sport sun tan tower trade volley care flap shed park cross"
)
PAST_VERBS = PARTICIPLES | closed_list(
    "ate became began bent bit blew bore bought broke brought came chose clung dealt drank drew drove"
    " dug fed fell felt fled flew fought found froze gave gone got grew had heard hid hung kept knelt"
    " knew lain lay leapt learnt left lent lost made meant met paid ran rang read rode rose said sang"
    " sank sat sent shook shone shot slept slid sold spent spoke spread sprang stole stood struck stuck"
    " swam swept swung threw told took tore went woke won wore wound written eaten bitten beaten broken"
    " chosen fallen flown forgotten given hidden known ridden risen seen shown spoken stolen sung sunk"
    " sworn torn woven bound built cast dressed frozen parked spun sprawled tucked used"
)
# Adjectives and adverbs that stand behind their noun.
AFTER_NOUNS = ADVERBS | closed_list(
    "abroad aboard afloat aground ahead airborne alike alive alone aloft anyway apart asleep available"
    " awake awaiting aside backwards barefoot bareback below capable cross-legged curled dead downward"
    " double downwards due else empty enough eastward forever forward free full half hard homeless"
    " indoor indoors inside instead intact isolated left less mid midair mid-air mixed more most naked"
    " nude online onstage only opposite outdoor overall overnight past present proud prone ready right"
    " safe shirtless similar sideways so soon straight suitable then today together tomorrow tonight"
    " topless typical underway unable underwater unaware unattended uphill upright upstairs upside"
    " upward upwards visible well next close westward whole wide worth yesterday able yet again already"
    " always never now often once sometimes twice maybe perhaps even ever how why not n't first second"
    " third far daily last number nowhere anywhere absent missing gone lacking halfway partway midway"
    " inches feet upstream ashore airside outward onward heavenward skyward"
)
# What ends a noun phrase: after it a noun stands for itself.
CLOSED = (
    DETERMINERS
    | PREPOSITIONS
    | LINKS
    | CLAUSES
    | AUXILIARIES
    | PRONOUNS
    | AFTER_NOUNS
    | closed_list(
        "n w wit ina amidst aboard except including per vs versus via since than nor yet his hers theirs must"
        " shall should cannot can't won't didn't doesn't wasn't weren't isn't let what whose such wearing"
        ' featuring using having being going getting trying ; : . , ! ? ( ) / " | & + = * # @ < > [ ] { } ~'
    )
)
# A closed word, or the end of the caption.
ENDS = CLOSED | {""}
# Adjectives are no heads: "a cat black and white". Few: most adjectives stand before a noun, and the
# noun before them describes it, too ("penguin blue lamp").
COLOURS = ADJECTIVES - closed_list("metal stone silver gold orange light old young little")
# Endings that make an adjective of a noun: clock-shaped, bear-themed, zebra print.
ADJECTIVE_MAKERS = closed_list(
    "shaped themed sized style styled inspired flavored flavoured scented patterned printed print"
    " prints motif coloured colored friendly powered proof related type esque skin hide"
)
# ... unless what they are like follows: a cake shaped like a train.
LIKENESS = closed_list("like as into in with by on for to from at around")
# The thing is there with these: a horse-drawn carriage, a car-lined street.
AGENT_MAKERS = closed_list("drawn pulled driven lined filled laden packed covered led pushed populated")
# Parts that no animal has.
PARTS_OF_THINGS = closed_list(
    "window windows windshield windscreen wheel wheels tire tires tyre tyres hood bumper roof engine"
    " engines hull mast cockpit cabin fender headlight headlights bonnet dashboard propeller handlebars"
    " handlebar tailgate mirror handle handles lid lids tank screen screens keypad button buttons spout"
    " faucet faucets drawer drawers shelf cushion cushions armrest armrests frame frames pedestal crust"
    " blade blades page pages deck door doors panel keys lights roofs burner burners cab strap straps"
    " zipper canopy headboard compartment compartments carriage carriages structure structures"
)
# Parts of a thing, animal or body: they name their whole.
PARTS = PARTS_OF_THINGS | closed_list(
    "interior exterior wing wings head heads face faces ear ears eye eyes nose noses mouth beak beaks"
    " neck necks tail tails leg legs foot feet paw paws hoof hooves horn horns trunk trunks tusk tusks"
    " mane coat body bodies back backs torso belly snout muzzle tongue teeth tooth claw claws hand hands"
    " arm arms finger fingers shoulder shoulders knee knees lap chest hips portion section sections edge"
    " edges tip tips corner corners end ends bottom middle center half halves slice slices piece pieces"
    " wedge wedges chunk chunks segment segments bite bites crumbs floret florets stalk stalks spear"
    " spears crown crowns stem stems core spine side sides front rear top surface base peel peels rind"
)
# Groups of a thing, and its young, by which it is named.
GROUPS = closed_list(
    "herd herds flock flocks pack packs fleet fleets group groups family families pair pairs couple"
    " couples trio duo team crowd collection row rows pile piles stack stacks bunch bunches set sets"
    " cluster line swarm gaggle pride litter colony assortment array variety varieties selection breed"
    " breeds species kind type types cub cubs calf calves foal foals pup pups baby babies mother mothers"
    " mom mama mate mates adult adults hybrid combination combo chick chicks hatchling hatchlings"
)
# Pictures and likenesses: what they show is mentioned.
DEPICTIONS = closed_list(
    "statue statues sculpture sculptures figurine figurines figure figures painting paintings drawing"
    " drawings sketch sketches picture pictures photo photos photograph photographs image images"
    " illustration illustrations silhouette silhouettes icon icons vector vectors clipart cartoon"
    " cartoons portrait portraits puppet puppets carving carvings stock mural graphic graphics emoji"
    " sculpted replica replicas model models view views royalty"
)
# Nouns in -ing (a noun before them describes them, unless an object follows).
ING_HEADS = closed_list(
    "building buildings ceiling evening morning wedding painting clothing railing string ring spring"
    " king wing thing swing crossing awning pudding icing netting topping toppings frosting lighting"
    " dining living bedding drawing dressing stuffing meeting landing ironing housing filling siding"
    " flooring dumpling seating fencing clearing opening wiring parking training binding print"
)
# Heads that even a plural describes: ladies room, farmers market.
PLACES_OF_PEOPLE = closed_list(
    "room rooms restroom restrooms bathroom bathrooms toilet toilets washroom lounge locker lockers"
    " closet closets department section centre center market markets school schools playground hospital"
    " museum store shop club home house hall library ward dormitory hostel shelter church cemetery"
    " clothes clothing wear shoes hat hats uniform uniforms dress jersey costume costumes boots bike"
    " food bikes bed beds bedroom toy toys book books birthday party championship tournament league cup race"
    " day game meal menu parking crossing bench entrance quarters box fund union association"
)
# Heads that a role describes with an 's: the pitcher's mound.
PLACES_OF_ROLES = closed_list(
    "office offices mound box boxes seat license licence plate stand day pie wharf hut wheel table"
    " guide notebook lane area nest choice block pride residence palace barracks station surgery"
    " workshop studio breath mantle button buttons"
)
# Contests of a kind of people: the women's final.
EVENTS = closed_list(
    "final finals draw singles doubles basketball tennis soccer football hockey volleyball cricket"
    " rugby golf race event match team downhill slalom marathon relay national world olympic title"
    " competition semifinal cycling swimming gymnastics snowboard ski halfpipe giant super round tour"
    " open league cup"
)
# Nouns that end like a verb in s, or are one, and stand last in compounds.
HEADS = closed_list(
    "building buildings ceiling evening morning wedding painting clothing railing string ring spring"
    " king wing thing swing crossing awning pudding icing netting topping toppings frosting lighting"
    " dining living bedding dressing stuffing housing siding flooring dumpling seating fencing wiring"
    " parking training shoes boots gloves hats socks pants clothes toys tracks treats tags signs lights"
    " seats tickets stations stops ties bags cards games stickers earrings accessories costumes masks"
    " dolls decals posters prints cases clips pajamas leggings shorts jeans headbands supplies gifts"
    " rooms market markets bench box house hat shop school motorcycle bike car cars uniform park board"
    " home club suit suits ladies league birthday quarters services names works doll care"
    " overalls trousers sandals stockings tights pyjamas wigs crowns capes robes caps badges"
)
# After a subject, an object: what follows makes the form a verb.
OBJECTS = closed_list(
    "a an the his her their its my our your this that these those him them it us me himself herself"
    " itself themselves each every some any no two three four five several many another"
)
MODALS = closed_list(
    "to will can could would must may might should cannot can't won't don't didn't doesn't couldn't"
    " they we you"
)
RELATIVES = closed_list("he she it who which")
SUBJECTS = closed_list("they we you")
OBJECT_PRONOUNS = closed_list("it them him us me")
DIRECTIONS = closed_list("over through past into across toward towards out around along down up off from")
LESSONS = closed_list(
    "lesson lessons school club competition show course trail trails gear helmet boots track event trip"
    " class arena instructor contest centre center shoes clothes area sign license game equipment room"
    " pool tour"
)
# What teaches or sells an activity, and what warns of one.
CLASSES = closed_list("lesson lessons school club class classes service services courses instructor business")
SIGNS = closed_list("sign signs signal signals")
SIZES = closed_list("small tiny little smaller")
# What grows on what is named: banana leaves.
PLANT_PARTS = closed_list("leaves")
# People who hardly describe another noun: what follows them is an unknown verb rather than a thing.
CORE_PEOPLE = closed_list(
    "man woman boy girl person guy lady gentleman dude skier surfer snowboarder skateboarder skater player"
    " batter cyclist golfer child kid"
)
# Those who have a body in captions: a baby hand.
BODIES = CORE_PEOPLE | {"baby", "infant", "toddler"}
# People whose word is an adjective, too: the official images, two adult hands.
ADJECTIVE_PEOPLE = closed_list(
    "official executive patient human male female adult criminal principal chief local marine native"
    " juvenile individual elderly blonde brunette redhead blond senior expert youth middle aged"
)
# What stands in kitchens and bathrooms, and in lists of them without commas.
ROOM_THINGS = closed_list("shower tub bathtub mirror dishwasher")
# Insects and plants that are called by people's words: a lady beetle, an old man cactus.
CREATURES = closed_list(
    "bug bugs beetle beetles butterfly butterflies moth moths dragonfly dragonflies bee bees wasp wasps ant"
    " ants spider spiders fern ferns cactus cacti orchid orchids slipper slippers"
)
# Animals, with what captions call their young: a mother before them is no person.
ANIMALS = closed_list(
    "animal animals bear bears bird birds bison buffalo bull bulls calf calves cat cats cattle cheetah"
    " cheetahs chick chicks chicken chickens chimp chimps chimpanzee cow cows coyote crocodile cub cubs"
    " deer dog dogs dolphin dolphins donkey donkeys duck ducks duckling ducklings elk elephant elephants"
    " ewe fawn foal foals fox foxes frog frogs geese giraffe giraffes goat goats goose gorilla gorillas"
    " gull hamster hare hen hens hippo hippos hippopotamus horse horses kangaroo kangaroos kitten"
    " kittens koala koalas lamb lambs leopard leopards lion lions lioness lizard llama llamas mallard"
    " mallards mare meerkat meerkats mice monkey monkeys moose mouse mule orangutan orangutans ostrich"
    " otter otters owl owls ox oxen panda pandas parrot peacock penguin penguins pig piglet piglets pigs"
    " pony ponies puppies puppy rabbit rabbits raccoon raccoons rat rats reindeer rhino rhinoceros"
    " rhinos seal seals sheep skunk snake snakes squirrel squirrels stallion swan swans tiger tigers"
    " turkey turkeys turtle turtles walrus whale whales wolf wolves zebra zebras alligator alligators"
    " antelope antelopes ape apes badger beaver boar camel camels gazelle gazelles hedgehog hedgehogs"
    " bunny bunnies shark sharks fish dinosaur dinosaurs robin robins eagle eagles pigeon pigeons"
    " grizzly grizzlies polar wildebeest hyena hyenas jaguar lemur lemurs lynx puma sloth sloths pup"
    " pups joey kitty kitties peacocks capybara capybaras chipmunk chipmunks"
)
# Words of kin, which the young and old of animals are called by, too.
FAMILY_WORDS = closed_list(
    "baby babies mother mothers father fathers mom moms mommy mama dad daddy parent parents adult"
    " adults child children sibling siblings family families male males female females newborn newborns"
    " infant infants son daughter kid kids mate mates youngster youngsters"
)
# Plurals without an s, or whose singular is no word of its own.
IRREGULAR_PLURALS = closed_list(
    "men women people children grandchildren schoolchildren geese mice oxen calves knives wives folk"
    " passersby skis scissors shears elderly basemen personnel"
)
# What `a couple` counts without being a plural of a thing.
AMOUNTS = closed_list("dozen hundred thousand more different other extra inches feet")
# What is seen of somebody, beside the body.
SEEN_OF_PEOPLE = closed_list("shadow silhouette smile grin gaze skin wrist thumb back")
# Nouns that count, or stand for, what follows their `of`: couples, kin and crowds.
COUNTS = closed_list("couple couples")
KIN_GROUPS = closed_list("family families")
CROWDS = closed_list("crowd crowds team teams audience audiences gang gangs mob troupe squad congregation")
COLLECTIVES = COUNTS | KIN_GROUPS | CROWDS
# Where things crowd: vines crowd around.
CROWDING = frozenset(("around", "into", "onto", "together"))
# Determiners of one thing, and of several.
SINGULAR_ARTICLES = closed_list("a an one another each every")
PLURAL_DETERMINERS = NUMBERS | closed_list("several many few both these those some all")
ARTICLES = closed_list("a an the his her their its")
# Colours, of which a noun can name a shade: canary yellow.
COLOUR_NAMES = closed_list("black white red green blue yellow brown gray grey pink purple")
# Parts of animals that people wear.
WORN_PARTS = closed_list("ears tail head horns wings nose mask antlers hooves")
# Verbs of what is watched, beside those of position.
MOVES = POSITIONS | closed_list("go come move fall get")
# Parents of animals, and young of them that have a name of their own.
PARENTS = closed_list("mother mothers father fathers mom mama mommy parent parents adult adults")
YOUNG = closed_list(
    "calf calves cub cubs foal foals pup pups joey fawn fawns duckling ducklings cygnets goslings piglets"
    " hatchling hatchlings"
)
# Young that are human beside an animal, unless it owns them; and animals that live with people's babies.
HUMAN_YOUNG = closed_list("child children kid kids son daughter boy girl infant infants newborn")
PETS = closed_list(
    "dog dogs puppy puppies cat cats kitten kittens bird birds duck ducks rabbit rabbits bunny"
)
