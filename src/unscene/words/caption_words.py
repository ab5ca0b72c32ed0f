"""Closed lists of the words that captions are made of, for the small grammar and the rewriting."""

from unscene.words.closed_lists import closed_list

POSSESSIVES = closed_list("his her their its my our your")
NUMBERS = closed_list(
    "two three four five six seven eight nine ten eleven twelve dozen dozens 2 3 4 5 6 7 8 9 10"
)
DETERMINERS = (
    closed_list("a an the this these those some any no each every several many few another both one all")
    | POSSESSIVES
    | NUMBERS
)
PRONOUNS = closed_list(
    "he she it they him them himself herself itself themselves something someone everyone others i we you"
)
# What stands for somebody or something by itself.
LONE_PRONOUNS = closed_list(
    "he she it they him them himself herself itself themselves someone somebody everyone everybody anyone"
    " nobody others i we you us me ones"
)
# What is the subject of a verb wherever it stands.
SUBJECT_PRONOUNS = closed_list(
    "he she it they i we you who that which others someone somebody everyone everybody nobody"
)
PREPOSITIONS = closed_list(
    "in on at near by with without of over under above below beneath beside besides behind between through"
    " across along around inside outside onto into from toward towards against among past to for off during"
    " after before about like within underneath atop amid upon via down up alongside amongst out beyond"
)
_LONG = (
    "in the middle of, in the center of, on the side of, on the edge of, at the edge of, on the back "
    "of, in the back of, at the end of, in front of, on top of, close to, next to, out of, in between, "
    "inside of, outside of, across from, away from, because of, along side, front of, side of, near by,"
    " on side of,"
    " deep in, on board,"
    " up to, down on, out on, up on, up in, out in, down at, up at, out at, up against, off of, along "
    "with, together with, over to, from behind, from under, from between, onto the top of, instead of, "
    "as well as, on either side of, on both sides of, on each side of"
)
LONG_PREPOSITIONS = tuple(tuple(phrase.split()) for phrase in _LONG.split(", "))
LINKS = closed_list("and or but & plus , ;")
CLAUSES = closed_list(
    "while as when where that which who whose whom because so if though although since until whilst"
)
AUXILIARIES = closed_list(
    "is are was were be been being has have had can could will would may might do does did isn't aren't"
)
ADVERBS = closed_list(
    "together away out outside inside indoors outdoors nearby back forward there here just very too also"
    " still alone ready over up down around not only almost about by close apart upside sideways side-by-side"
    " overhead downhill uphill outdoors high low near slowly quickly happily quietly closely neatly partially"
    " currently really each everywhere somewhere off past along through"
)
ING_NOUNS = closed_list(
    "building ceiling evening morning wedding painting clothing railing string ring spring king wing thing"
    " swing crossing awning pudding icing netting topping frosting lighting sling dining living swimming"
    " parking bedding drawing sibling offspring dressing stuffing meeting landing ironing housing being"
    " filling siding flooring paving anything nothing something everything gathering blessing duckling"
    " dumpling sterling seating fencing string clearing opening skiing surfing snowboarding skateboarding"
    " wiring"
)
PARTICIPLES = closed_list(
    "made held seen set shown taken placed hung left lit worn ridden driven laid built full stuck surrounded"
    " sat kept put grown drawn thrown caught cut tied open closed opened"
)
BASES = closed_list(
    "sit stand lie lay walk run ride hold fly play eat look watch jump swim rest sleep wait wear carry drive"
    " throw catch hit swing kick pull push lean hang float travel cross pose smile talk use cut cook prepare"
    " serve read write feed pet drink stare face point perform do make take get give show have go come move"
    " stop park perch graze gather surround contain feature fill cover display depict include ski surf"
    " skateboard skate snowboard climb chase bite lick sniff stroll wade sail paddle row work sell buy hug"
    " kiss wave cheer celebrate balance inspect reach turn enter leave pass attempt try begin start want"
    " appear seem gallop soar drift glide lounge relax bend squat kneel crouch dance sing laugh enjoy check"
    " open close touch grab place put keep follow lead race compete brush clean wash paint fix grow bloom"
    " shine ring tell stretch roll slide land race plan return fall hike flip blow peek poke share gaze"
    " snuggle nap doze approach receive offer bring see observe view prep grind tow haul hover hurl tackle"
    " toss pitch bat"
)
PLURALS = closed_list(
    "men women people children kids feet teeth mice geese oxen cattle sheep fish wolves knives folk police"
    " buffalo deer skis scissors"
)
QUANTITIES = closed_list(
    "group couple bunch pair lot lots number herd flock pack pile stack row line fleet set variety piece"
    " slice school team crowd assortment collection cluster bushel handful series array pairs groups rows"
    " stacks piles slices pieces bunches dozens crate family swarm litter selection trio range heap knot"
)


ADJECTIVES = closed_list(
    "black white red green blue yellow orange brown gray grey pink purple tan silver gold golden beige large"
    " small big little tall short old young long wide narrow tiny huge empty dark light bright colorful"
    " wooden metal stone clean dirty wet dry fluffy furry happy cute older younger fresh striped sunny lush"
    " open closed"
)


PICTURES = closed_list(
    "picture photo image view close-up closeup painting drawing photograph portrait shot silhouette snapshot "
    "pictures photos images sketch scene illustration display video side front back top impression"
)
TIMES = closed_list(
    "night day evening sunset dusk dawn air daytime morning afternoon sun rain background foreground distance"
    " sunlight dark motion time white front game action middle line position pitch pitches camera picture"
    " photo each other another"
)
CLOTHES = closed_list(
    "shirt jacket suit coat hat dress uniform top shorts sweater hoodie helmet pants jeans clothes outfit"
    " attire skirt vest cap glasses sunglasses shirts jackets suits coats hats dresses uniforms helmets gear"
    " wetsuit costume costumes swimsuit bikini scarf boots gloves sneakers shoes apron t-shirt tee clothing"
    " collar leash harness hair beard mustache goggles wool stripes spots fur tops"
)
# Those of the clothes above that nobody puts on.
NO_GARMENTS = closed_list("collar leash harness hair beard mustache wool stripes spots fur")
BODY = closed_list(
    "hand hands head face mouth arm arms lap back shoulder shoulders leg legs foot feet nose neck tail tongue"
    " eyes paw paws ears finger fingers reflection body knees chest fun"
)
# Verbs that say nothing without what follows them, and ones that can stand alone.
POSITIONS = closed_list(
    "sit stand lie lay walk run rest sleep park play swim float fly drift graze wait lounge relax pose travel"
    " drive eat stroll gather hover wade soar glide gallop grow hang perch ride sail cruise jump set"
)
PLACES = frozenset(
    (
        "in",
        "on",
        "at",
        "near",
        "by",
        "along",
        "over",
        "above",
        "across",
        "around",
        "through",
        "behind",
        "beside",
    )
)
PLACES |= frozenset(
    (
        "under",
        "between",
        "inside",
        "outside",
        "below",
        "beneath",
        "within",
        "against",
        "next to",
        "in front of",
    )
)
PLACES |= frozenset(
    (
        "on top of",
        "in the middle of",
        "on the side of",
        "close to",
        "down",
        "up",
        "past",
        "among",
        "with",
        "during",
    )
)
HERS = POSSESSIVES - {"my", "our", "your"}


def third_person(base: str) -> str:
    """Return the form of a verb that goes with he, she or it."""
    irregular = {"are": "is", "were": "was", "have": "has", "do": "does", "go": "goes"}
    if base in irregular:
        return irregular[base]
    if base.endswith(("s", "x", "z", "ch", "sh")):
        return base + "es"
    if base.endswith("y") and base[-2:-1] not in set("aeiou"):
        return base[:-1] + "ies"
    return base + "s"
