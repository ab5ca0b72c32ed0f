"""Whether a text denies an object that it names: words of denial before and behind it, counted, since
a denial of a denial ("no lack of dogs", "not without a dog") wants the object.

An exported folder has a copy of this file, so that its server reads queries as a run does: it imports
nothing of the package.
"""

import re
from collections.abc import Sequence

# What reads like a denial and is none.
_ASSERTED = re.compile(
    r"\b(?:no|not|nothing|\w+n't)\s+(?:fewer|less|more|\w+er)\s+than\b"
    r"|\b(?:no|without(?:\s+a)?|beyond)\s+(?:doubt|question|wonder|surprise|fail)\b"
    r"|\b(?:not|\w+n't)\s+(?:only|just|merely|simply|solely|all|every|enough|unlike|to\s+mention)\b"
    r"|\bno\s+(?:end|shortage|scarcity|dearth|escape)\b|\bno\s+(?:matter|problem)\b"
    r"|\b(?:no\s+such\s+thing\s+as|never|not|\w+n't(?:\s+have)?)\s+(?:too|enough)\b(?:\s+(?:many|much))?"
    r"|\b(?:not|never|cannot|\w+n't)\s+(?:be\s+)?miss(?:ed)?\b",
    re.IGNORECASE,
)
# "But" is an exception behind these, and else the start of another clause.
_EXCEPTION = re.compile(
    r"\b((?:all|none|every|any|no)(?:thing|body|one|where|\s+one|\s+\w+)?)\s+but\b", re.IGNORECASE
)
_NOT_WITH = re.compile(r"\b(?:not|never|\w+n't)\s+with\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[.;:,!?()]|\bbut\b(?!\s+(?:no|not|without)\b)|\bwith\b", re.IGNORECASE)

_EXCEPT = r"without|w/o|sans|except(?:ing)?(?:\s+for)?|other\s+than|(?:apart|aside)\s+from"
_DENIAL = (
    rf"(?:\b(?:{_EXCEPT}|no\s+one|no|not|never|neither|nor|none|nobody|nothing|nowhere|cannot|zero"
    r"|lack(?:s|ed|ing)?(?:\s+(?:of|in))?|minus|missing|exclud(?:es?|ed|ing)|omit(?:s|ted|ting)?"
    r"|avoid(?:s|ed|ing)?|instead\s+of|rather\s+than|(?:free|devoid|void|empty|bare|rid|absence)\s+of"
    r"|free\s+from)|n't)"
)
# Words that may stand between a denial and what it denies.
_BETWEEN = (
    r"(?:an?|any|the|this|that|single|one|of|trace|sign|sight|hint|glimpse|evidence|such|even|ever|really"
    r"|actually|longer|yet|anything|anyone|here|there|is|are|was|were|be|been|being|do|does|did|can|could"
    r"|will|i|we|you|it|seem(?:s|ed)?|to"
    r"|(?:photo|photograph|picture|image|shot|view)s?|in\s+(?:it|this|the\s+(?:photo|picture|image))"
    r"|(?:show|includ|contain|featur|depict|captur|display|find|spot|hold|want|need)\w*|ha(?:ve|s|d|ving)"
    r"|s(?:ee|aw|een|eeing)|look(?:s|ed|ing)?\s+(?:like|at)|resembl\w+|like|ma[dk]e\s+out)"
)
_PLACED = r"(?:of|on|in|at|by|near|behind|beside|under|over|from|like|unlike|to|and|or|than|for|about)\b"
_BEFORE = re.compile(
    rf"{_DENIAL}(?:\s+{_BETWEEN})*(?:\s+(?!{_PLACED}|{_DENIAL}\b)[\w-]+)?\s+$", re.IGNORECASE
)
_LINKED = re.compile(rf"{_DENIAL}(?:\s+{_BETWEEN})*\s+$", re.IGNORECASE)
# "No animals except dogs": an exception takes back what is denied a few words before.
_EXCEPTED = re.compile(
    rf"{_DENIAL}(?:\s+(?!{_PLACED}|where\b|which\b|who\b)[\w-]+){{0,3}}\s+$", re.IGNORECASE
)
_IS_EXCEPTION = re.compile(rf"\b(?:{_EXCEPT})\b", re.IGNORECASE)

_END = r"(?=\s*(?:$|[.,;:!?)]|(?:from|here|in|on|at|and|but|or|today)\b))"
_SEEN = (
    r"(?:here|there|visible|present|seen|shown|pictured|depicted|featured|included|found|around|anywhere"
    r"|at\s+all|in\s+(?:it|view|sight|frame|(?:the|this|that)\s+(?:photo|photograph|picture|image|shot"
    r"|scene|frame|view))|part\s+of|among|allowed|wanted|appear|show|feature|exist|what)\b"
)
_BE = r"(?:is|are|was|were|do|does|did|can|could|will|has|have)"
_ABSENT = rf"(?:(?:absent|nowhere|none|zero)\b|(?:missing|lacking|excluded|gone|left\s+out){_END})"
_ADVERB = r"(?:(?:entirely|completely|totally|simply|clearly|nowhere|just|all)\s+)?"
# What parts an object from the word on it, as in a list: "dogs: none", "dog (none)", "cars = 0".
_MARK = r"\s*(?:[:?,(\[=\u2013\u2014\u2026]+|\.{2,})\s*"
# Each with how many denials it is.
_BEHIND = (
    (
        re.compile(
            rf"\s+{_BE}(?:n't|\s+not)\s+{_ADVERB}{_ABSENT}|\s+never\s+{_ABSENT}"
            rf"|(?:{_MARK}|\s+)none\s+(?:is\s+|are\s+)?{_ABSENT}",
            re.IGNORECASE,
        ),
        2,
    ),
    (
        re.compile(
            rf"-?less\b|-free\b|(?:{_MARK}|\s*[-.]*\s+)(?:{_BE}\s+|there\s+{_BE}\s+)?{_ADVERB}{_ABSENT}"
            rf"|(?:{_MARK}|\s+-+\s+)(?:no(?:pe|t\s+any)?|0)\b(?=\s*(?:$|[.,;!)\]](?!\d)))"
            rf"|(?:{_MARK}|\s+)(?:{_BE}(?:n't|\s+not)|cannot|can't|won't|not|{_BE}\s+never|never)"
            rf"(?:\s+(?:to|be|been|clearly|even|ever))*(?:\s+{_SEEN}|s?{_END}(?!\s*(?:on|at|in|from)\b))",
            re.IGNORECASE,
        ),
        1,
    ),
)
_ALTERNATIVE = re.compile(
    rf"\s*(?:,\s*)?(?:or|nor)\s+(?:(?:an?|any|the|even|with|of)\s+)*(?:(?!{_PLACED})[\w-]+\s+)?$",
    re.IGNORECASE,
)
_LISTED = re.compile(r"\s*,\s*$")
# So many letters before and behind an object are looked at.
_REACH = 300


def find_denials(text: str, spans: Sequence[tuple[int, int]]) -> list[bool]:
    """Tell of each place, from left to right, whether the text denies what stands there."""
    text = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    counts: list[int] = []
    for is_listed, (start, stop) in zip(_find_listed(text, spans), spans, strict=True):
        if counts and counts[-1] and is_listed:
            counts.append(counts[-1])
        else:
            before, behind = text[max(start - _REACH, 0) : start], text[stop : stop + _REACH]
            counts.append(_count_before(before) + _count_behind(behind))
    return [count % 2 == 1 for count in counts]


def _find_listed(text: str, spans: Sequence[tuple[int, int]]) -> list[bool]:
    """Tell of each place whether it goes on a list that ends in "or" or "nor": what is true of the place
    before it is true of it.
    """
    listed = [False] * (len(spans) + 1)
    for place in range(len(spans) - 1, 0, -1):  # the end of a list decides
        between = text[spans[place - 1][1] : spans[place][0]]
        goes_on = listed[place + 1] and _LISTED.match(between)
        listed[place] = bool(goes_on or _ALTERNATIVE.match(between))
    return listed[:-1]


def _count_before(text: str) -> int:
    text = _NOT_WITH.sub("without", _EXCEPTION.sub(r"\1 except", _ASSERTED.sub(" so ", text)))
    clause = _CLAUSE.split(text)[-1]
    count, pattern = 0, _BEFORE
    while found := pattern.search(clause):
        count += 1
        pattern = _EXCEPTED if _IS_EXCEPTION.match(clause, found.start()) else _LINKED
        clause = clause[: found.start()]
    return count


def _count_behind(text: str) -> int:
    return next((count for pattern, count in _BEHIND if pattern.match(text)), 0)
