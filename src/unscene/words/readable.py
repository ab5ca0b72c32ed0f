"""Whether the offline lexicon can read a caption: its length, its script, its language."""

import re
from collections import Counter

from unscene.words.language_words import ENGLISH, FOREIGN, LOANWORDS
from unscene.words.plain_text import MOST_CHARACTERS, PlainText

# The kinds of obstacle: a reason begins with one of them, then a colon.
OBSTACLES = ("too long", "no words", "not English")
_SCRIPTS = {
    "Chinese or Japanese": r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0002fa1f",
    "Korean": r"\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
    "Cyrillic": r"\u0400-\u052f",
    "Greek": r"\u0370-\u03ff\u1f00-\u1fff",
    "Arabic": r"\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufefc",
    "Hebrew": r"\u0590-\u05ff",
    "Indic": r"\u0900-\u0dff",
    "Thai": r"\u0e00-\u0eff",
    "Georgian or Armenian": r"\u0530-\u058f\u10a0-\u10ff",
}
_SCRIPT = re.compile("|".join(f"([{letters}])" for letters in _SCRIPTS.values()))
_OTHER = re.compile(r"[^\W\d_\u0000-\u036f\u1e00-\u1eff\u2c60-\u2c7f\ua720-\ua7ff\ufb00-\ufb06]")
_LATIN = re.compile(r"[a-z\u00df-\u024f\u1e00-\u1eff]")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_FEWEST, _SHARE = 2, 0.25


def find_obstacle(caption: str) -> str | None:
    """Return why the offline lexicon cannot read a caption, as the reason of a row; None when it can.

    A caption is not English when most of its letters are of another script, or when two words of
    another language stand in it and none of English. An accent counts as a second word (`zwei
    Füße`), but not that of a word which English has taken over (`menu café`). What does not clearly
    speak against English can be read.
    """
    if len(caption) > MOST_CHARACTERS:
        return f"too long: {len(caption)} characters, the lexicon reads {MOST_CHARACTERS}"
    text = PlainText(caption).text
    words = _WORD.findall(text)
    if not words:
        return "no words: nothing but signs, numbers or addresses"
    script = None if text.isascii() else _find_script(text)
    if script:
        return f"not English: {script} script"
    language = _find_language(words)
    return f"not English: looks like {language}" if language else None


def _find_script(text: str) -> str | None:
    """Return the script of most letters when it is not the Latin one."""
    counts = Counter(match.lastindex or 0 for match in _SCRIPT.finditer(text))
    other = len(_OTHER.findall(text))
    # A sign of Chinese or Korean is a syllable or a word.
    weight = other + 2 * (counts[1] + counts[2])
    if weight <= len(_LATIN.findall(text)):
        return None
    (place, _), *_ = counts.most_common(1) or [(0, 0)]
    return list(_SCRIPTS)[place - 1] if place else "another"


def _find_language(words: list[str]) -> str | None:
    """Return the language whose words a caption holds, or those that have them all, when none of English
    is in it.
    """
    if any(word in ENGLISH for word in words):
        return None
    present = set(words)
    hits = {name: len(present & marks) for name, marks in FOREIGN.items()}
    most = max(hits.values())
    names = [name for name in hits if hits[name] == most]
    known = FOREIGN[names[0]] | LOANWORDS
    accents = any(not word.isascii() and word not in known for word in words)
    found = most + (accents and most > 0)
    return " or ".join(names) if found >= _FEWEST and found >= _SHARE * len(present) else None
