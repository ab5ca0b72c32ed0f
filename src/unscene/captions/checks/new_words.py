"""Closed lists for the checks of a caption: what may be new in it, and what must not."""

from unscene.words.closed_lists import closed_list

# New words that invent nothing: the small words of English, how things stand, and that it is a photo.
# Prepositions that say little are here; `under` or `through` must come from the old caption.
SMALL = closed_list(
    "a an the this these some there it its is are was were be being been has have having and or but that"
    " which while as outside in on at by of with near next to beside alongside along from for into onto one"
    " each both all up down out over around close top front side together nearby also pair though"
)
VAGUE = closed_list(
    "what quality landscape sight scenery surroundings work thing item object patch kind type sort"
    " food setting spot edge space area air background foreground distance way lots lot group number couple"
    " detail details angle bend curve something available"
    " bunch set piece size color colour shape exterior interior setup total"
)
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
EMPTY = closed_list("empty unoccupied vacant lone")
DENIALS = closed_list(
    "no not without nowhere never none nobody nothing neither nor absent missing gone removed lacking lacks"
    " lack devoid free except minus isn aren doesn anymore"
)
# Nouns that only say, behind `a`, that somebody does something for a while.
LIGHT_NOUNS = closed_list(
    "break rest look stroll walk breather seat moment picture photo photos pictures glance"
)
ORDINALS = closed_list(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"
    " fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
LEAKS = closed_list(
    "json caption captions object objects removed remaining sorry cannot assistant ai model answer answers"
    " ignore instruction instructions rewritten rewrite original edited prompt"
)
