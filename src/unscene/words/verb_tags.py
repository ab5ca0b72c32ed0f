"""Whether a word is a verb where it stands, and in which form."""

from unscene.words.caption_words import (
    ADJECTIVES,
    AUXILIARIES,
    DETERMINERS,
    PREPOSITIONS,
)
from unscene.words.scene_lists import COLOURS, GROUNDS, MASS, MORE_BODY
from unscene.words.tokens import Token
from unscene.words.verb_forms import EN, ING, PAST, THIRD, looks_plural
from unscene.words.verb_lists import (
    ACTS,
    AFTER_ING,
    ALWAYS_ING_NOUNS,
    HOLDING,
    MORE_PARTICIPLES,
    NOT_ING,
    NOT_PARTICIPLES,
    NOUNY,
    SCENE_ADVERBS,
    VERBS,
)
from unscene.words.word_ends import ends_phrase

THINGS_IN_S = frozenset(
    {
        "leaves",
        "flies",
        "saws",
        "ties",
        "plants",
        "rocks",
        "faces",
        "boards",
        "bats",
        "logs",
        "sprinkles",
        "fries",
    }
)
SUBJECT_PRONOUNS = frozenset({"he", "she", "it", "they", "i", "we", "you", "who", "that", "which", "others"})
SUBJECT_PRONOUNS |= {"someone", "somebody", "everyone", "everybody", "nobody"}


_POSES = frozenset({"looks", "sits", "stands", "talks", "waits", "smiles", "poses", "leans", "speaks"})
_CROSSING = frozenset(
    {"cross", "ride", "watch", "enter", "board", "climb", "hold", "eat", "share", "surround"}
)
_STAYING = frozenset({"stand", "sit", "graze", "walk", "lie", "rest", "interact", "gather", "roam", "wander"})
_STAYING |= {"wait"}
_GOING = frozenset({"walk", "ride", "run", "stand", "rest", "march", "play", "travel"})
_PLAIN_ACTS = frozenset({"play", "ride", "watch", "hold", "drink", "talk", "look", "laugh"})
# What is done to who does it: `getting washed`.
_MADE_SO = frozenset({"be", "get", "have", "keep", "look", "seem", "feel", "lie", "lay", "sit", "stand"})
_SHAPED_SO = frozenset({"like", "as", "in", "into", "to", "by", "after", "with", "from", "for"})
# Verbs with a thing behind them, and no deed: `facing blooming trees`.
_TAKING = (HOLDING - {"hand"}) | {"wear", "face", "feed", "pet", "surround"}
_DONE_TO_SOMEBODY = frozenset({"show", "help", "watch", "greet", "join", "visit", "follow", "lead"})


_COUNTERS = frozenset({"many", "several", "some", "various", "different", "few", "these", "those"})


def _is_counted(tagged: list[Token]) -> bool:
    """Whether the noun phrase that is open is of several, and no living thing."""
    for token in reversed(tagged):
        if token.kind == "D":
            return token.low in _COUNTERS
        if token.kind != "W" or looks_plural(token.low):
            return False
    return False


def _makes_one_noun(before: Token, after: Token, later: Token, tagged: list[Token]) -> bool:
    """Whether a word in -ing describes the noun behind it: a describing word stands before it, or it
    says of which kind several are, and an object would have its article: `the local watering hole`,
    `lots of cooking hot dogs`.
    """
    if before.low == "of" and len(tagged) > 1 and tagged[-2].low in _SEVERAL:
        return after.kind == "N" and (looks_plural(after.low) or after.is_animate)
    bare = after.kind in ("", "W", "N") and after.low.isalpha() and not after.is_animate
    if not bare or not ends_phrase(later) or looks_plural(after.low) or after.low in MASS:
        return False
    return before.kind == "W" and before.low in ADJECTIVES | _DESCRIBING


_SEVERAL = frozenset({"lots", "plenty", "dozens", "hundreds", "row", "rows", "variety", "bunch", "pile"})
_DESCRIBING = frozenset({"local", "modern", "public", "private", "nearby", "rural", "common", "regular"})


def _open_row(tagged: list[Token]) -> list[Token]:
    """Return the row of nouns that is open at the end, with the preposition before it."""
    start = next((i for i in reversed(range(len(tagged))) if tagged[i].kind not in ("W", "C", "D")), 0)
    return tagged[start:]


def find_verb_form(
    word: str, before: Token, after: Token, later: Token, tagged: list[Token]
) -> tuple[str, str] | None:
    """Return (form, stem) when a word stands where a verb can stand and looks like one."""
    noun_before = before.kind in ("N", "W", "R")
    ends = ends_phrase(after)
    adverb = after.low in ("only", "just", "also", "even")  # "holds only a bed"
    next_det = (later if adverb else after).low in DETERMINERS
    next_noun = after.kind == "N"
    if word.endswith("ing") and len(word) > 4 and word not in ALWAYS_ING_NOUNS:
        if before.form == "ing" and before.stem in _TAKING and not (ends or next_det):
            return None  # "facing blooming trees"
        described = before.low in ADJECTIVES and len(tagged) > 1 and tagged[-2].kind == "D"
        if next_noun and (described or before.low in ("low", "high")):
            return None  # "a low flying airplane", "an old standing clock"
        if after.low == "of" and before.kind == "W" and before.low in ADJECTIVES:
            return None  # "a small gathering of friends"
        single = before.kind == "W" and len(tagged) > 1 and tagged[-2].kind == "D"
        if word in ("sitting", "rocking") and next_noun and single and not after.is_animate:
            return None  # "a leather sitting bench"
        known = word in ING
        stem = ING.get(word, word[:-3])
        if len(tagged) == 1 and before.low in ADJECTIVES and not (ends or next_det or next_noun):
            return None  # "Large running mower"
        if before.kind in ("D", "O") or (after.low in AFTER_ING and before.kind != "V" and later.low != "of"):
            return None
        if _makes_one_noun(before, after, later, tagged):
            return None
        acts = noun_before and after.low in PREPOSITIONS or (before.is_human and next_noun)
        acts = acts or (before.is_animate and after.low in ("lots", "plenty", "loads", "tons"))
        named = before.kind == "W" and len(tagged) > 1 and tagged[-2].kind == "D" and ends
        if named and not known and before.low not in ADJECTIVES:
            return None  # "from the plastic casing"
        if word in NOT_ING | {"touring"} and not (known and (next_det or acts or before.low in AUXILIARIES)):
            return None
        describes = before.low in ADJECTIVES or before.low.endswith(("ed", "y", "ous", "al", "ic"))
        if word == "looking" and before.kind == "W" and not (ends or next_det) and (next_noun or describes):
            return None  # "a pixilated looking tie"
        if before.kind == "P":
            gerund = (
                next_det
                or next_noun
                or not ends
                or before.low
                in ("of", "for", "from", "by", "after", "before", "without", "about", "like", "as", "in")
            )
            return (
                ("ing", stem)
                if known and gerund and not (after.kind == "" and not next_det and after.low in ("machine",))
                else None
            )
        owned = after.low in ("his", "her", "their", "its")  # "and pursing his lips"
        if before.kind == "C" and (known or owned) and any(t.kind == "V" and t.form == "ing" for t in tagged):
            return "ing", stem
        goes_on = before.low == "and" and stem in HOLDING | {"wear", "eat", "ride", "play", "use", "watch"}
        if goes_on and not ends and any(t.form == "aux" and t.stem == "be" for t in tagged):
            return "ing", stem  # "are seated in a row and holding electric lamps"
        if (
            before.kind in ("X", "C")
            and not (next_det or ends or after.low in SCENE_ADVERBS or next_noun and known)
            and before.low != ","
        ):
            return ("ing", stem) if known and after.low in ("at", "down", "up") else None
        if (
            not tagged
            and next_noun
            and not next_det
            and stem not in ("ride", "hold", "wear", "eat", "watch", "play", "feed")
        ):
            return None  # "Smiling lady"
        return ("ing", stem) if known or noun_before or before.kind == "V" else None
    dessert = word == "split" and before.low == "banana" and before.kind == "W"  # no banana that is split
    if (
        dessert
        or word == "lap"
        or (
            word in NOUNY
            and word in EN.keys() | MORE_PARTICIPLES
            and noun_before
            and after.low in AUXILIARIES
        )
    ):
        return None  # "on her dads lap", "a banana split is"
    part_of_thing = before.kind == "D" or (before.kind in ("P", "X", "C", "O") and not ends)
    if (word.endswith("ed") and len(word) > 3 and word not in NOT_PARTICIPLES) or word in MORE_PARTICIPLES:
        stem = EN.get(word, word)
        if stem in _DONE_TO_SOMEBODY and noun_before and next_noun and after.is_human:
            return "fin", stem  # "arrows on the floor showed guests"
        adverb_next = after.low in SCENE_ADVERBS
        if word == "shaped" and before.kind == "W" and after.low not in _SHAPED_SO:
            return None  # "a cone shaped shrub"
        takes = before.form == "ing" and before.stem not in _MADE_SO
        if takes and not (ends or next_det or adverb_next or after.kind == "R"):
            return None  # "serving baked figs"
        if before.kind in ("V", "A") and before.form != "to":
            return "en", stem
        if (
            word
            in ("left", "set", "open", "cut", "closed", "fed", "spread", "put", "shut", "lit", "hit", "shot")
            and noun_before
            and not (ends or next_det or adverb_next)
        ):
            return None
        if part_of_thing:
            return None
        several = looks_plural(after.low) or looks_plural(later.low)
        several = several and not (ends or after.kind == "R" or later.low in AUXILIARIES)
        if before.is_human and len(tagged) == 1 and several and not looks_plural(before.low):
            return "fin", stem  # "resident erected giant trees"
        if noun_before and (
            ends
            or next_det
            or adverb_next
            or after.low in PREPOSITIONS
            or word == "full"
            or (word in EN and (after.kind == "N" or not after.low.endswith("s")) and before.kind in ("N",))
        ):
            return "en", stem
        if before.kind in ("S", "C", "X") and (ends or next_det):
            return "en", stem
        return None
    if (
        word in PAST
        and (noun_before or before.kind in ("S", "A"))
        and word not in ("saw", "left", "put", "set", "hit", "cut", "lay")
    ):
        return "fin", PAST[word]
    if word == "saw" and noun_before and next_det:
        return "fin", "see"
    if before.kind == "R" and before.low in ("he", "she") and word.endswith("s") and word not in THIRD:
        return "fin", word[:-1]  # a verb that the lists lack: "as he solders"
    if word in THIRD:
        stem = THIRD[word]
        if before.low in _COUNTERS - {"some"}:
            return None  # "figs on various plates"
        if before.kind == "S" and after.low in VERBS - NOUNY:
            return None  # "while waves come in"
        posted = before.low in ("street", "road", "traffic", "neon", "warning")
        if word == "signs" and posted and not next_det:
            return None  # not "a nun near the road signs a jug"
        if word == "skates" and before.low in ("ice", "roller"):
            return None
        if word == "waves" and before.low in ("ocean", "sea", "big", "large", "small"):
            return None
        if word == "drinks" and before.kind == "C" and tagged[-2].word and not tagged[-2].is_animate:
            return None  # "enjoying pizza and drinks"
        if word == "drinks" and before.kind == "C" and looks_plural(tagged[-2].low) and not after.low:
            return None  # "is full of foods and drinks"
        acts = after.low in PREPOSITIONS and before.kind == "N" and any(t.is_animate for t in tagged)
        free = noun_before and next_det and not any(t.kind == "V" for t in tagged)
        if word in THINGS_IN_S and free:
            return "fin", stem  # "a couch faces a window"
        if word in THINGS_IN_S and not before.is_animate and before.kind != "R" and not acts:
            return None
        if word in THINGS_IN_S and acts and not any(t.kind == "V" for t in tagged):
            return "fin", stem
        if (
            before.kind == "V"
            and before.form in ("ing", "en")
            and stem not in NOUNY
            and (after.low in PREPOSITIONS or (next_det and stem in ("contain", "feature")))
        ):
            return "fin", stem  # "a truck with its lights flashing drives down", "a mill not used contains a"
        who = next((i for i, t in enumerate(tagged) if t.kind == "S"), len(tagged))
        loved = before.form == "fin" and len(tagged) - who > 2 and tagged[-2].kind in ("N", "W", "R")
        if loved and after.low in PREPOSITIONS:
            return "fin", stem  # "a cat that my dog loves sleeps on a mat"
        if word in _POSES and noun_before and after.low in PREPOSITIONS:
            return "fin", stem
        dressed = before.low in COLOURS and len(tagged) > 1 and tagged[-2].low == "in"
        if dressed and next_det and any(t.is_animate for t in tagged):
            return "fin", stem  # "a nun in white crosses the lane"
        placed = before.low in GROUNDS and tagged[0].kind == "D" and not any(t.kind == "V" for t in tagged)
        if placed and word in _POSES | {"works"} and (not after.low or after.low in SCENE_ADVERBS | {"hard"}):
            return "fin", stem  # "a nun with a lamp in the yard smiles"
        aside = before.low == "," and len(tagged) > 3 and any(t.low == "," for t in tagged[:-1])
        acts = stem not in NOUNY and not any(t.form in ("fin", "aux") for t in tagged)
        if aside and acts and after.low not in (",", "and"):
            return "fin", stem  # "a monk, wearing a hat, lies on a cot"
        if (
            before.kind in ("S",)
            or before.low in SUBJECT_PRONOUNS
            or (before.kind == "A" and len(tagged) > 1)
        ):
            return "fin", stem
        if (
            before.kind == "C"
            and any(t.kind == "V" and t.form in ("fin", "aux") for t in tagged)
            and after.low != "of"
        ):
            acts = stem not in NOUNY or (stem in ACTS and (after.low in PREPOSITIONS or not after.low))
            return ("fin", stem) if next_det or (ends and acts) else None
        if noun_before and looks_plural(before.low) and before.kind == "W" and next_det:
            with_it = [t.low for t in _open_row(tagged)]
            if (
                not any(t.kind == "V" for t in tagged)
                and tagged[0].low in ("a", "an", "the")
                and "with" in with_it
            ):
                return "fin", stem  # "a man with glasses holds a child"
        herd = before.kind == "N" and before.is_animate and looks_plural(before.low)
        one = herd and tagged[0].low in ("a", "an") and all(t.form not in ("fin", "aux") for t in tagged)
        if one and stem in _GOING and after.low in PREPOSITIONS:
            return "fin", stem  # "a crowd of nuns riding mules walks along a lane"
        if noun_before and looks_plural(before.low) and before.kind != "R":
            seen = any(t.kind == "V" and t.form in ("fin", "aux") for t in tagged)
            return ("fin", stem) if stem not in NOUNY and not seen and (next_det or ends) else None
        if noun_before:
            if stem not in NOUNY:
                return "fin", stem
            described = before.low in ADJECTIVES | {"high"} and before.kind == "W"
            if described and len(tagged) > 1 and tagged[-2].kind in ("D", "P"):
                return None  # "riding the high waves"
            if _is_counted(tagged):
                return None  # "many different food types"
            opened = max((i for i, t in enumerate(tagged) if t.kind == "S"), default=0)
            has_verb = any(t.kind == "V" and t.form in ("fin", "aux") for t in tagged[opened:])
            strong = (
                next_det
                or after.low in ("ashore", "nearby", "away")
                or after.low
                in (
                    "to",
                    "into",
                    "at",
                    "through",
                    "over",
                    "down",
                    "on",
                    "in",
                    "along",
                    "across",
                    "up",
                    "towards",
                    "toward",
                    "as",
                    "for",
                    "by",
                    "past",
                    "around",
                    "next",
                    "near",
                    "out",
                    "together",
                    "while",
                    "off",
                    "about",
                    "from",
                    "onto",
                    "with",
                    "alone",
                    "before",
                    "after",
                    "during",
                )
                or not after.low
                or after.low in (",", "and", "or")
            )
            if before.is_animate and (strong or next_noun or not ends):
                return ("fin", stem) if not (has_verb and before.kind == "W") else None
            alone = (
                len(tagged) == 1 and before.kind == "W" and not looks_plural(before.low)
            )  # "birthday gifts"
            if strong and not (has_verb or alone) and after.low not in ("", "and", ",", "or", "with"):
                return "fin", stem
            if next_det and not has_verb:
                return "fin", stem
            named = after.text[:1].isupper() and not any(t.text[:1].isupper() for t in tagged[1:])
            if named and before.kind == "W" and not (has_verb or alone or looks_plural(before.low)):
                return "fin", stem  # "a tram with a lamp on its roof passes Big Ben"
            bare = before.kind == "N" or after.low in ADJECTIVES | {"different", "various", "assorted"}
            doer = next_noun and stem in HOLDING | {"ride", "eat", "watch", "use"}
            if doer and any(t.is_animate for t in tagged) and not has_verb:
                return "fin", stem  # "a monk in a hood holds apples"
            if word in ("holds", "displays", "features") and bare and not (has_verb or ends):
                return "fin", stem  # "a shelf holds different vases", "a bowl holds soup"
        return None
    if word in VERBS and before.low in ("them", "it", "him") and before.kind == "R" and ends:
        return "fin", word  # "elephants with people on them walk"
    seen = any(t.kind == "V" for t in tagged)
    if before.kind == "N" and before.is_animate and not seen and next_det and word.isalpha():
        plural = looks_plural(before.low)  # a verb that the lists lack: "a nurse deals the cards"
        if not plural and word.endswith("s") and not word.endswith("ss"):
            return "fin", word[:-1]
        if plural and not word.endswith(("s", "ing", "ed")):
            return "fin", word
    if before.kind == "W" and not seen and next_det and word.endswith("s") and not word.endswith("ss"):
        animate = any(t.is_animate for t in tagged) and any(t.kind == "P" for t in tagged)
        if animate and not looks_plural(before.low) and before.low not in DETERMINERS:
            return "fin", word[:-1]  # "a man in a suit adjusts his tie"
    if after.low == "their" and later.low in MORE_BODY and before.kind == "W" and not seen and word.isalpha():
        doers = [t for t in tagged if t.is_animate]
        if doers and looks_plural(doers[0].low) and word not in PREPOSITIONS | DETERMINERS:
            return "fin", word  # "two geese on a lawn crane their necks"
    if before.low in ("someone", "somebody", "everyone", "everybody") and next_det and word.isalpha():
        return "fin", word  # "someone forgot his scarf"
    if word == "train" and before.is_human and looks_plural(before.low) and not seen:
        return "fin", word  # "players train on a pitch"
    links = [t.low for t in tagged if t.kind == "C"]
    live = after.low in ("live", "together") and any(looks_plural(t.low) for t in tagged if t.is_human)
    if word in VERBS - NOUNY and before.kind == "W" and live and not seen:
        return "fin", word  # "nuns of the abbey sing live"
    goes_on = after.low in SCENE_ADVERBS | {"up"} and later.low in PREPOSITIONS
    if word in VERBS - NOUNY and before.kind == "W" and links == ["and"] and goes_on and not seen:
        return "fin", word  # "vehicles and a cart pull up outside"
    clothes = before.kind in ("N", "W") and looks_plural(before.low)
    worn = clothes and word in _CROSSING and (next_det or next_noun)
    worn = worn or (
        clothes and word in _PLAIN_ACTS | _STAYING | {"smile", "pose"} and after.low in PREPOSITIONS
    )
    doers = [t.low for t in tagged if t.is_animate]
    if worn and doers and looks_plural(doers[0]) and all(t.form == "ing" for t in tagged if t.kind == "V"):
        return "fin", word  # "nuns wearing ties cross the street"
    told = any(t.form in ("fin", "aux") for t in tagged)
    if before.kind == "V" and before.stem == "help" and word in VERBS and before.form != "aux":
        return "inf", word  # "helped load sacks"
    first_of = next((i for i, t in enumerate(tagged) if t.kind == "P"), 0)
    several = first_of and tagged[first_of - 1].kind == "N" and looks_plural(tagged[first_of - 1].low)
    several = several and before.kind == "W" and tagged[-2].low not in DETERMINERS and not (seen or told)
    if several and word in ("sit", "lie", "stand", "hang") and after.low in PREPOSITIONS:
        return "fin", word  # "two sandwiches on rye bread sit on a pan"
    if (
        word in ("start", "begin", "stop", "prepare", "attempt", "continue")
        and after.low == "to"
        and later.low in VERBS
        and not told
    ):
        return "fin", word  # "people in a kitchen start to prepare food"
    seen_by = any(t.kind == "V" and t.stem in ("watch", "see", "help", "let") for t in tagged[-7:])
    goes = before.kind == "N" or (before.kind == "W" and (before.low in MASS or looks_plural(before.low)))
    if word in VERBS and seen_by and goes and (next_det or after.low in PREPOSITIONS):
        return "inf", word  # "watch a plane fly over", "watch figs roll off"
    if word in VERBS and word not in ("like", "fish", "open", "close"):
        if before.low in ("they", "who", "others", "we", "you", "i", "which", "that") and before.kind in (
            "R",
            "S",
        ):
            return "fin", word
        if before.kind == "V" and before.low in (
            "can",
            "could",
            "will",
            "would",
            "may",
            "might",
            "do",
            "does",
            "did",
        ):
            return "inf", word
        if before.kind == "A" and before.low in ("not",):
            return "inf", word
        if (
            before.kind == "V"
            and before.low in ("is", "are", "was")
            and after.low in PREPOSITIONS
            and word not in ("open",)
        ):
            return "en", word  # "is show in"
        if before.is_animate and next_det and not any(t.kind == "V" for t in tagged):
            return "fin", word
        earlier_animate = [t for t in tagged if t.is_animate]
        if noun_before and looks_plural(before.low) and before.kind != "O":
            strong = next_det or ends or after.low in SCENE_ADVERBS or after.low in ING or after.kind == "N"
            if before.is_animate:
                return "fin", word
            opener = max((i for i, t in enumerate(tagged) if t.kind == "S"), default=0)
            if (
                word not in NOUNY
                and strong
                and not any(t.kind == "V" and t.form in ("fin", "aux") for t in tagged[opener:])
            ):
                return "fin", word
            if next_det and not any(t.kind == "V" for t in tagged):
                return "fin", word
        if (
            before.kind == "A"
            and earlier_animate
            and looks_plural(earlier_animate[-1].low)
            and (word not in NOUNY or (word in _PLAIN_ACTS and not seen))
        ):
            return "fin", word
        if (
            before.is_animate
            and not looks_plural(before.low)
            and earlier_animate
            and any(t.kind == "C" for t in tagged)
            and (next_det or after.low in PREPOSITIONS or after.low in SCENE_ADVERBS or after.kind == "N")
            and word not in ("light", "park")
        ):
            return "fin", word
        herd = (
            earlier_animate
            and looks_plural(earlier_animate[-1].low)
            and any(t.kind == "P" or t.low == "," for t in tagged)
        )
        if before.low == "," and after.low in PREPOSITIONS and herd and not seen:
            return "fin", word  # "two dogs, one brown and one white, play with a ball"
        if (
            word in _STAYING
            and before.kind == "W"
            and (herd or (earlier_animate and links == ["and"] and after.low in PREPOSITIONS | {"next"}))
            and not told
        ):
            return "fin", word  # "two giraffes inside a fenced area stand together"
        if noun_before and next_det and word not in NOUNY and not any(t.kind == "V" for t in tagged):
            return "fin", word
        same = any(t.form == "fin" and t.low == t.stem for t in tagged)
        doers = [t for t in tagged if t.is_animate]
        alike = same and word in (VERBS - NOUNY) | _PLAIN_ACTS and bool(doers) and looks_plural(doers[0].low)
        if before.low == "and" and alike and after.low.isalpha() and after.low not in AUXILIARIES:
            return "fin", word  # "two nuns sit on chairs and play board games"
        paired = before.low == "and" and len(tagged) > 1 and tagged[-2].form == "fin"
        if paired and tagged[-2].low == tagged[-2].stem and ends:
            return "fin", word  # "while they talk and laugh"
        if (
            before.kind == "C"
            and any(t.kind == "V" and t.form in ("fin", "inf") for t in tagged)
            and (next_det or ends)
            and word not in NOUNY
        ):
            return "fin", word
    return None
