"""Closed lists for the checks of a caption: nouns that name no thing, and so may be lost."""

from unscene.words.caption_words import PICTURES, QUANTITIES
from unscene.words.closed_lists import closed_list

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
# Nouns that name how something is done or looks; and endings of nouns of that kind.
MANNERS = closed_list(
    "force color colors colour colours style fashion shape pattern patterns silence peace love luxury full"
    " need danger form use service action progress detail details flight unison formation message total turn"
    " profile bloom rest charge public private focus fun duty wind breeze chains file single"
    " accident incident direction directions sides bottom person"
)
STATE_ENDINGS = ("ity", "tude", "ness", "ment", "ance", "ence", "ism", "ship", "hood", "cy", "tion", "sion")
# Things and places that end so.
STATE_LIKE = closed_list(
    "city cities community university facility apartment basement monument equipment ornament entrance"
    " fence ambulance ship neighborhood neighbourhood hood station intersection vegetation plantation"
    " exhibition convention reception construction competition audience residence conference pavement"
    " appliance department environment tournament battleship spaceship location section junction"
    " reflection mansion television celebration destination playground demonstration procession government"
)
