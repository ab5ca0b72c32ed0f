"""Closed lists of verbs, and of words that look like some: how captions are read and rewritten by them."""

from unscene.words.caption_words import ADVERBS, BASES, ING_NOUNS, PARTICIPLES
from unscene.words.closed_lists import closed_list

# Verbs that captions use, in the base form. NOUNY ones are nouns as often: they are verbs only
# where a verb must stand.
VERBS = BASES | closed_list(
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
    "respond miss fashion craft let allow shield wind install "
    "span fit cause direct decide pretend adjust fasten straighten inflate polish wrestle"
)
NOUNY = closed_list(
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
    "present own can hold kneel rank switch ground exit signal guide sprint shield wind"
)
# Verbs of which the past form is also the participle of a thing: `parked`, `filled`.
WORN = closed_list("wear wearing wears wore dressed clad sporting sports donning dons outfitted costumed")
MORE_PARTICIPLES = PARTICIPLES | closed_list(
    "clad strewn lain bent broken worn woven shown seen flown shot thrown hidden eaten bitten written "
    "known frozen stood lined dug spread shut fed led lost found bought sold stuck swept wound bound "
    "overgrown overrun upholstered snowed beaten given chosen gotten sewn spun swung won begun risen "
    "fallen sunk split spilt burnt slid gone"
)
NOT_PARTICIPLES = closed_list(
    "red bed shed sled weed seed reed bread need speed hundred naked feed breed wicked rugged shaded "
    "colored haired crowded wooded bearded armed legged unidentified aged tired excited embed skilled "
    "talented detailed assorted stuffed paved tiled carpeted bald cupped moped biped infrared kindred "
    "indeed ed med zed led fled sacred ragged jagged"
)
NOT_ING = (
    ING_NOUNS
    | closed_list(
        "outing cunning darling herring inning lightning nursing plumbing viking wing king zing bling "
        "during shilling wedding tubing piping outstanding interesting exciting stunning amazing charming "
        "corresponding interlocking underlying upcoming everlasting engraving marking moulding molding "
        "trimming setting scaffolding upbringing hearing bearing listing rating earring"
    )
) - closed_list(
    "swimming dining skiing surfing snowboarding skateboarding living gathering filling clearing "
    "opening drawing swing crossing landing parking meeting lighting dressing being blessing housing "
    "ironing"
)
ALWAYS_ING_NOUNS = closed_list(
    "building ceiling evening morning wedding painting clothing railing string ring spring king wing "
    "thing awning pudding icing netting topping frosting sling bedding sibling offspring anything "
    "screening engineering nothing something everything duckling dumpling sterling fencing "
    "wiring siding flooring during detailing signage lettering stitching edging gaming"
)
# A noun after an -ing word that makes the two one noun: `swimming pool`.
AFTER_ING = closed_list(
    "pool area machine room lot lots station board game court table bag gear suit boat pole rod meter "
    "sign equipment wall track stand pad strip car cart cage post line dish pan desk chair light "
    "lights hall shoes boots boards class school ground grounds center competition event tournament "
    "cap cloth material container facility spot spots space spaces garage"
)
SCENE_ADVERBS = ADVERBS | closed_list(
    "alongside together abroad again already always away backward backwards beautifully behind "
    "carefully casually comfortably directly eagerly easily elegantly intently peacefully proudly "
    "rapidly safely simultaneously straight upright upstairs downstairs overhead ahead aimlessly "
    "below beneath asleep awake aboard ashore afar live well fast hard smoothly gracefully high"
)
# Words in -ly that are no adverbs.
NOT_ADVERBS = closed_list(
    "family fly butterfly belly jelly italy lily supply reply lovely silly ugly curly elderly friendly early "
    "hilly wooly woolly bubbly cuddly rally jolly holy lonely assembly kelly sally molly homely"
)
# What stands behind a verb in the third person more often than behind a noun in the plural.
BEHIND_VERBS = closed_list(
    "to into at through over down on in along across up towards toward as for by past around next near out "
    "together while off about from onto with alone before after during ashore nearby away"
)
# Verbs that set a thing in its place: what follows the object tells where that is.
PLACING = closed_list(
    "put place set lay pour insert load stack pile arrange hang mount cook prepare cut make see find "
    "show watch view observe look photograph spot display depict feature admire inspect examine park "
    "plant keep store bake write draw paint spray sell fix repair build film check read eat"
)
NEEDS_PLACE = closed_list("put place set lay insert load pour stick mount prop lean rest")
LOOKING = closed_list("look watch view observe photograph stare gaze peer glance inspect examine admire see")
WITH_TOOL = closed_list(
    "cut hit eat brush play feed slice clean wash chop poke catch throw swing fix repair paint draw "
    "write stir strike kick chase fight scoop stab spread dig film photograph greet sit stand walk "
    "travel steer push row paddle carve"
)
# Verbs that make no sense without an object.
NEEDS_OBJECT = closed_list(
    "hold carry wear use put place contain show feature make take have get give cut throw catch hit pet feed "
    "chase surround brush grab kick enjoy prepare see bring receive operate touch hug kiss lick"
)
# Of two of these with `and` between them the second one's object is the first one's, too.
SHARING = NEEDS_OBJECT | closed_list(
    "carve slice serve bake chop peel wash clean lift pull push open decorate mix pour"
)
# Verbs that make sense without what followed them.
ALONE = closed_list(
    "sit stand lie lay walk run rest sleep play swim float fly drift graze wait lounge relax pose "
    "travel eat stroll gather hover wade soar glide gallop grow hang perch sail cruise jump smile "
    "laugh talk read cook dance sing perform drink surf ski skateboard snowboard skate work kneel "
    "crouch squat bend swing bathe park drive compete race practice march hike jog trot roll slide "
    "fall move fight parade bark yawn nap huddle snuggle celebrate cheer chat converse socialize "
    "mingle shop dine fish sunbathe bask stretch recline crawl climb hop leap bounce shine burn bloom "
    "speak type text pitch serve bat wander roam watch wave"
)
STILL = closed_list(
    "sit stand lie lay rest hang lean perch float grow park sleep lounge seat mount stack pile"
)
# What somebody has in their hands or arms while they do it, or has just let go.
HOLDING = closed_list(
    "hold carry clutch clasp grip grasp cradle wield brandish raise lift hoist swing throw toss hurl fling "
    "pitch catch juggle hand smoke"
)
# Verbs of two objects, who gets it and what.
GIVING = closed_list("give feed throw show offer hand bring serve pass toss teach")
# What is done to reach a thing that nobody holds yet: `jumps to catch a ball`.
REACHING = closed_list("reach jump leap try attempt stretch run dive lunge go prepare wait")
NAMING = closed_list("become resemble need want like love expect call name")
VISITING = closed_list("visit enter leave cross attend walk roam explore fill line crowd")
# Verbs that take a particle: `holds up her phone`.
PARTICLE_VERBS = closed_list("pick hold put take blow clean chop cut eat set lift fill dress carry open hang")
# Nouny verbs that are verbs after `and`: `sits at a desk and types on a laptop`.
ACTS = closed_list("cook type look smile talk walk run ride play wave watch reach jump stand sit work drink")
