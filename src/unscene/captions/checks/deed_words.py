"""Closed lists for the checks of a caption: what is done and with what; how things stand and move."""

from unscene.rewriting.scene_lists import GREETINGS, SPEECHES
from unscene.words.closed_lists import closed_list

POSTURES = closed_list(
    "stand sit lie lay lean rest remain stay place placed position positioned locate located see seen show"
    " shown visible set isolate isolated"
)
MOTIONS = closed_list("go come move head walk run travel pass wait climb slide glide step")
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
