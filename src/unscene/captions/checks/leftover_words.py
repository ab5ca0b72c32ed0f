"""Closed lists for the checks of a caption: what goes with the object: its parts, its other names, its
measures.
"""

from unscene.words.closed_lists import closed_list


def _each(words: str, meaning: frozenset[str]) -> dict[str, frozenset[str]]:
    return dict.fromkeys(words.split(), meaning)


# Measures that are no thing by themselves, as a bowl is, or a field.
BARE_MEASURES = closed_list(
    "bit bits bunch bunches bushel cluster couple dozens flock group groups handful herd herds lot lots"
    " number pair pairs piece pieces pile piles row rows slice slices stack stacks variety"
)
# Words of somebody who is not named: wrong where all people are gone.
OTHERS = closed_list(
    "others other's someone somebody everyone everybody anyone anybody nobody he she him her his hers they"
    " them their theirs himself herself themselves who whom whose someone's people"
)
# Parts of things, by the words of the list.
_ANIMAL = closed_list(
    "tail tails paw paws fur ear ears beak beaks feather feathers wing wings horn horns hoof hooves mane"
    " trunk trunks tusk tusks whiskers snout muzzle leash collar harness saddle claws talons tongue neck"
    " nose eyes mouth head heads face legs leg feet foot back belly comb crest antlers antler plumage fangs"
    " stripes spots reflection shadow flock herd pack swarm"
)
_HUMAN = closed_list(
    "hand hands arm arms face faces mouth leg legs feet foot lap shoulder shoulders finger fingers eyes eye"
    " hair beard mustache moustache chest knee knees head heads smile smiles nose neck elbow elbows wrist"
    " shirt shirts t-shirt jacket jackets coat coats dress dresses pants jeans shorts sweater hoodie helmet"
    " helmets uniform uniforms sunglasses goggles wetsuit wetsuits apron skirt vest sneakers shoes boots"
    " gloves scarf costume costumes outfit outfits clothes clothing attire gear swimsuit bikini hat hats cap"
    " caps suit suits glasses raincoat robe gown tuxedo blouse cloak cape crown wig veil mask headphones"
    " bracelet necklace belt socks sandals slippers pajamas pyjamas overalls leggings tights earrings kimono"
    " sari turban bandana hood jersey ponytail dreadlocks tattoo tattoos tutu poncho cardigan blazer"
    " tracksuit pullover trousers stockings heels bowtie beret fedora sombrero armor armour nightgown"
    " bathrobe wrinkles freckles makeup eyebrows lips forehead cheeks chin thumb thumbs toes braids"
    " curls pigtails hairstyle hairstyles haircut hairdo neckline earring reflection shadow"
)
_VEHICLE = closed_list(
    "engine engines wheel wheels windshield headlight headlights hood tire tires bumper cab cockpit propeller"
    " propellers rotor fuselage tail wing wings handlebars handlebar pedals saddle sidecar doors door trunk"
    " windows license mirror mirrors exhaust sail sails mast hull deck oar oars caboose carriage carriages"
    " roof"
)
_FOOD = closed_list(
    "bread roll toast crust slices slice toppings topping cheese frosting icing filling peel bun sprinkles"
    " candle candles"
)
_ANIMALS = "bird cat dog horse sheep cow elephant bear zebra giraffe"
LIVING = frozenset((*_ANIMALS.split(), "person"))
_ON_WHEELS = ("bicycle", "car", "motorcycle", "bus", "train", "truck", "boat")
PARTS = {
    "person": _HUMAN | {f"{word}s" for word in _HUMAN},
    **_each(_ANIMALS, _ANIMAL),
    "teddy bear": _ANIMAL,
    **_each(" ".join((*_ON_WHEELS, "airplane")), _VEHICLE),
    **_each("pizza donut cake sandwich banana orange apple", _FOOD),
    "hot dog": _FOOD,
    "clock": closed_list("hands hand face numerals dial"),
    "umbrella": closed_list("handle canopy"),
    "traffic light": closed_list("arrow arrows signal signals"),
    "vase": closed_list("base stem stems"),
    "knife": closed_list("blade handle"),
    "bed": closed_list("headboard mattress sheet sheets comforter bedspread"),
    "tv": closed_list("screen window"),
    "laptop": closed_list("screen keyboard lid window windows"),
    "cell phone": closed_list("screen window"),
    "toilet": closed_list("lid tank"),
    "potted plant": closed_list("leaves pot"),
}
EVERY_PART = frozenset().union(*PARTS.values())
# Nouns before a part that have one, too: a chair arm, the clock face.
OWNERS = closed_list("chair chairs couch sofa clock bed table bench statue")
# Second parts of the names of places: their first part is no thing of its own.
PLACES_NAMED_SO = closed_list("tracks track rails station stop lane depot yard terminal shelter tower")
# Other names of the object: new in a caption, they name it again.
ALIASES = {
    **_each("chair bench couch", closed_list("seat seats")),
    "bowl": closed_list("dish dishes"),
    "tv": closed_list("screen screens monitor monitors"),
    "dining table": closed_list("tabletop tabletops"),
    "car": closed_list("vehicle vehicles automobile automobiles"),
}
