"""What kind of scene is left where a caption tells of nothing else: a sport's, an event's, the sky.

A caption of people alone often tells no more of its scene than what they do: `Two girls are playing
badminton`, `An actor arrives at the premiere`. It is a badminton scene, or the venue of the premiere,
without them. No place is named that the caption does not name: the court may lie outside the photo.
"""

import re

from unscene.rewriting.marking.target import Target, is_about
from unscene.rewriting.parsing.tree import Clause, Group, Phrase, Prep, Verb, walk
from unscene.rewriting.realisation.whole_photo import LOOKING_OUT, OUTSIDE, STYLES
from unscene.rewriting.scene_lists import CONDITIONS, HELD_EVENTS, SPORTS
from unscene.words.caption_words import NUMBERS
from unscene.words.vocabulary import choose_article

_SPORTS = "|".join(("ice hockey", *sorted(SPORTS)))
# What is named by a sport, and is no game of it that goes on.
_OF_A_SPORT = frozenset(
    {
        *("jersey", "jerseys", "shirt", "shirts", "cap", "hat", "uniform", "uniforms", "outfit", "outfits"),
        *("clothes", "gear", "shoes", "fan", "fans", "star", "stars", "legend", "coach", "card", "cards"),
        *("racket", "rackets", "racquet", "racquets", "ball", "balls", "net", "bat", "bats", "glove", "mitt"),
        *("academy", "school", "club", "awards", "themed", "player", "players"),
    }
)
_PLAYED = re.compile(rf"\b(?:{_SPORTS})\b")
_GAME_OF = re.compile(rf"\b(?:game|match|round) of (?:[\w-]+ ){{0,2}}({_SPORTS})\b")
# A player in a game: `a tennis player swings`, not `a tennis player in a cafe`.
_PLAYER = re.compile(rf"\b({_SPORTS}) (?:players?|teams?|pitcher|catcher|batter|uniforms?)\b(.*)")
_AT_PLAY = re.compile(
    r"\b(?:swing\w*|hit\w*|serv(?:e|es|ing)|pitch(?:es|ing)?|throw\w*|toss\w*|catch\w*|play(?:s|ing)?|shots?"
    r"|during|games?|match|uniformed|tag|(?:in|into) the air|dunk\w*|dribbl\w+"
    r"|kick\w*|slid(?:e|es|ing)|bases?|racke?t|racquet|bat)\b"
)
_BASEBALL = re.compile(
    r"\b(?:batters?|pitchers?|umpires?|catchers?|home plate|(?:first|second|third) base)\b"
)
_AT_BASEBALL = re.compile(r"\b(?:swing\w*|swung|pitch\w*|plate|base|bases|ball|bat|baseball|game)\b")
_TENNIS = re.compile(r"\b(?:swing\w*|serv\w+|hit\w*|match|game)\b.*\btennis (?:racket|racquet|ball)s?\b")
_BAT = re.compile(r"\bbaseball bats?\b.*\b(?:the|a) pitch\b")
# What is done with a board or on skis.
_RIDES = (
    (
        "skiing",
        re.compile(
            r"\b(?:(?<!water )skiers?|(?<!water )skiing"
            r"|(?:on|riding|rides) (?:an? |his |her |their |some )?(?:pair of )?(?<!water )skis)\b"
        ),
    ),
    (
        "snowboarding",
        re.compile(
            r"\b(?:snow ?boarders?|snow ?boarding|snow ?board (?:trick|jump)s?"
            r"|(?:on|riding|rides) (?:an? |his |her |their )?snow ?boards?)\b"
        ),
    ),
    ("surfing", re.compile(r"\b(?:surfing|surfers? (?:\w+ ){0,5}(?:rid\w+|catch\w*))\b")),
)
_IN_THE_AIR = re.compile(r"\b(?:in|through|into) the air\b")
_FLYING = frozenset({"airplane", "bird", "kite"})
_STYLED = re.compile(
    rf"(?:^|\b(?:in|of|an?|this|the) )((?:(?:{STYLES}),? )+)"
    r"(photo|photograph|picture|image|painting|drawing|portrait)\b"
)
# Where one is who does it.
_ATTENDING = frozenset({"attend", "arrive", "leave", "await", "enter", "host", "watch", "join"})
_WHEN = frozenset({"before", "after", "for"})
_AROUND = frozenset({"pose", "celebrate", "arrive", "smile", "warm", "train", "walk", "wait", "cheer"})


def name_venue(clauses: list[Clause], caption: str, target: Target) -> str | None:
    """Return where what is gone was, when nothing else is named: `A tennis court`; None when the
    caption does not tell.

    target: what is gone; the rule that was used is noted there.
    """
    low = caption.lower()
    if target.category in _FLYING and _IN_THE_AIR.search(low):
        target.note("sky")
        return "The sky"
    found = _name_where_people_are(clauses, low, target) if target.is_human else None
    return found or _name_surroundings(low, target)


def _name_where_people_are(clauses: list[Clause], low: str, target: Target) -> str | None:
    """Return the scene of what only people do."""
    sport = _find_sport(low)
    if sport is not None:
        target.note("sport")
        return f"{choose_article(sport).capitalize()} {sport} scene"
    held = _find_event(clauses, target)
    if held is None:
        return None
    target.note("venue")
    held = held if " 's" in low else held.replace(" 's", "'s")
    return f"The {'site' if held.endswith(('protest', 'rally')) else 'venue'} of {held}"


def _name_surroundings(low: str, target: Target) -> str | None:
    """Return what a caption tells of a scene and names no place of: that it is outside, that the photo
    is an old one.
    """
    if OUTSIDE.search(low) and not LOOKING_OUT.search(low):
        target.note("outdoors")
        return "An outdoor scene"
    picture = _STYLED.search(low)
    if picture is None:
        return None
    target.note("kind of picture")
    kind = "photo" if picture[2] == "portrait" else picture[2]  # a portrait shows somebody
    return f"{'An' if picture[1][0] in 'aeiou' else 'A'} {picture[1]}{kind}"


def _find_sport(low: str) -> str | None:
    """Return the sport that goes on by a caption in lower case."""
    game = _GAME_OF.search(low)
    if game is not None:
        return game[1]
    for found in _PLAYED.finditer(low):
        before, after = low[: found.start()].split(), re.findall("[a-z]+", low[found.end() :])
        done = before and re.match(r"(?:play(?:s|ed|ing)?|in|at|an?|professional|best)$", before[-1])
        done = done or (after and after[0] in ("match", "game"))
        if done and not (after and after[0] in _OF_A_SPORT):
            return found[0]
    player = _PLAYER.search(low)
    if player is not None and _AT_PLAY.search(low.replace(player[1], "")) and " said " not in low:
        return player[1]
    at_bat = _BASEBALL.search(low) and _AT_BASEBALL.search(low.replace("pitcher", ""))
    if at_bat or _BAT.search(low):
        return "baseball"
    if _TENNIS.search(low):
        return "tennis"
    return next((sport for sport, ridden in _RIDES if ridden.search(low)), None)


def _find_event(clauses: list[Clause], target: Target) -> str | None:
    """Return the event that somebody is at, as a noun phrase: `the premiere`, `a concert`."""
    if len(clauses) > 1 and any(clause.opener in (":", "?", "!") for clause in clauses):
        return None
    for clause in clauses:
        for node in walk(clause) if clause.group is not None else ():
            if isinstance(node, Verb):
                held = [group for group in node.objects if node.stem in _ATTENDING]
                held += [
                    mod.group
                    for mod in node.mods
                    if isinstance(mod, Prep)
                    and mod.group is not None
                    and (mod.low in ("at", "during") or (mod.low in _WHEN and node.stem in _AROUND))
                ]
            elif isinstance(node, Prep) and node.group is not None and node.low in ("at", "during"):
                held = [node.group]
            else:
                continue
            for group in held:
                phrase = _skip_part(group)
                if phrase.head in HELD_EVENTS:
                    return " ".join([_write_event(phrase), *_write_subject(phrase, target)])
    return None


def _skip_part(group: Group) -> Phrase:
    """Return the event of which a part is told: `the start of the graduation`."""
    phrase = group.members[0]
    of = next((mod for mod in [*phrase.mods, *group.mods] if isinstance(mod, Prep) and mod.low == "of"), None)
    part = phrase.head in ("start", "end", "opening", "beginning", "day", "evening", "night", "middle")
    return of.group.members[0] if part and of is not None and of.group is not None else phrase


def _write_subject(phrase: Phrase, target: Target) -> list[str]:
    """Return of what an event is, where that is no person: `of the series`."""
    about = next((mod for mod in phrase.mods if is_about(mod)), None)
    if about is None or any(isinstance(n, Phrase) and target.is_in(n) for n in walk(about.group)):
        return []
    if len(about.group.members) > 1:
        return []
    return [about.low, *(token.text for token in about.group.members[0].tokens)]


def _write_event(phrase: Phrase) -> str:
    """Return an event without whose it is: `their match` -> `a match`."""
    tokens = [token for token in phrase.tokens if token.kind != "X"]
    owned = next((i for i, token in enumerate(tokens) if token.kind == "O"), None)
    words = [token.low for token in (tokens if owned is None else tokens[owned + 1 :])]
    if owned and tokens[owned - (tokens[owned].low == "'s")].low.removesuffix("'s") in CONDITIONS:
        words = [token.low for token in tokens]
        return " ".join(words)  # "thursday night 's game"
    if words[0] in ("the", "a", "an"):
        return " ".join(words)
    if words[0] in ("his", "her", "its", "their", "this", "that", "our", "my") or words[0] in NUMBERS:
        words = words[1:]
    article = "an" if words[0][0] in "aeiou" and not words[0].startswith("uk") else "a"
    return " ".join([article, *words])
