"""Nouns that are people, or cannot be without them, and that no word of the list counts: `the staff`,
`a meeting`. A photo that is said to have no people has none of them.
"""

from unscene.rewriting.parsing.tree import Group, Mod, Phrase, Prep
from unscene.rewriting.scene_lists import CONDITIONS, EVENTS, HELD_EVENTS, HUMAN_NOUNS, SPORTS, TIMES
from unscene.words.closed_lists import closed_list
from unscene.words.verb_lists import VERBS

_CALLED = HUMAN_NOUNS | closed_list(
    "community communities authority authorities disciple disciples apostle apostles band bands choir "
    "orchestra squad squads troupe ensemble congregation committee council jury parliament government "
    "army troops infantry militia police personnel workforce management delegation delegates populace "
    "population society public mob clergy faculty media press royals royalty celebrities celebrity "
    "descendants descendant descent homeless elderly wounded acrobat acrobats emperor empress grandson "
    "granddaughter mascot mascots rivals rival champion champions chief chiefs villain villains hero "
    "heroes heroine prophet prophets saint saints actor actors duo trio quartet lookalike newlyweds "
    "honeymooners artist artists leader leaders novelist novelists executive executives president "
    "presidents minister ministers queen king prince princess princes character characters alike "
    "lookalikes guard humans humanity mankind "
)
_DONE_BY_PEOPLE = closed_list(
    "match game games meeting meetings ceremony ceremonies performance performances interview "
    "interviews wedding weddings concert concerts premiere premieres reception protest protests rally "
    "rallies tournament tournaments marathon graduation conference conferences lesson lessons lecture "
    "lectures rehearsal workshop seminar banquet party parties festival festivals celebration "
    "celebrations session class classes speech speeches debate press-conference appointment arrival "
    "arrivals departure anthem marriage engagement gig recital audition contest competition "
    "championship playoff playoffs semifinal semifinals semi-final final finals clash training "
    "headshot headshots mugshot mugshots "
    "gala galas convention conventions launch screening screenings practice operation surgery birth "
    "trip trips tour tours hike hikes "
    "handshake hugs parade parades protest strike portrait portraits selfie selfies"
)
_WITHOUT_PEOPLE = closed_list(
    "video board card computer arcade console wrecking landing paper rubber watch hair wrist head arm"
)
# Who rides on these is seen, `a bike ride`; a ride of a park, or in a balloon, is a thing.
_RIDDEN = closed_list(
    "bike bicycle cycle motorcycle motorbike scooter moped horse horseback pony donkey mule camel elephant "
    "boat canoe kayak raft gondola ferry sleigh sled toboggan carriage wagon buggy cart tractor car bus "
    "train tram taxi cab"
)
_NOT_PEOPLE = closed_list(
    "lists fists wrists mists twists wrist fist mist list twist waists artists' meridians"
)
_THINGS_IN_ERS = closed_list(
    "doors "
    "containers holders cutters mixers coolers heaters dryers blenders burners peelers printers counters "
    "posters stickers drawers planters rollers trailers shutters strollers cruisers markers mowers "
    "tankers sliders propellers speakers toasters openers flowers towers showers covers steamers washers "
    "letters letter rulers boilers lighters hangers fasteners sharpeners shakers strainers sprinklers "
    "freezers fillers binders folders rubbers bumpers tillers boosters boarders gliders skewers pokers "
    "controllers monitors reactors tractors rotors motors sectors liners loaders scooters choppers clippers "
    "pointers fenders buzzers feeders breakers spinners diners dampers slippers sweepers sneakers "
    "jumpers loafers rafters crackers suckers floaters waters wipers graters starters stoppers stretchers "
    "runners hammers beavers plovers warblers woodpeckers retrievers setters terriers"
)


def means_people(phrase: Phrase) -> bool:
    """Whether a phrase is people, or what only people do, though no word of the list says so."""
    if not phrase.tokens or phrase.tokens[-1].word or phrase.tokens[-1].kind in ("R", "D"):
        return False
    if any(t.is_animate and not t.is_human for t in phrase.tokens):
        return False  # "a crowd of birds"
    head = phrase.head
    if any(t.low in _WITHOUT_PEOPLE for t in phrase.tokens[:-1]):
        return False  # "a video game", "a rubber band"
    ridden = head in ("ride", "rides") and len(phrase.tokens) > 1 and phrase.tokens[-2].low in _RIDDEN
    return ridden or head in _DONE_BY_PEOPLE | _CALLED or _ends_as_people(head)


def is_time_of(mod: Mod, host: Group | Phrase | None) -> bool:
    """Whether it says of what event a time is: `the second day of the festival`."""
    of = isinstance(mod, Prep) and mod.low == "of" and mod.group is not None and host is not None
    return of and host.head in TIMES | CONDITIONS and mod.group.members[0].head in EVENTS | HELD_EVENTS


def _ends_as_people(noun: str) -> bool:
    """Whether a plural is called by what people do or believe: `weavers`, `violinists`."""
    if noun in _NOT_PEOPLE | _THINGS_IN_ERS:
        return False
    if noun.endswith(("ists", "icians", "arians", "ologist", "ician", "smen", "smiths")):
        return True
    stem = noun[:-3] if noun.endswith(("ers", "ors")) else ""
    doubled = len(stem) > 2 and stem[-1] == stem[-2]
    return bool(stem) and (
        stem in VERBS | SPORTS | {"boat", "kayak", "canoe", "raft", "camp"}
        or f"{stem}e" in VERBS
        or (doubled and stem[:-1] in VERBS)
    )
