"""Whether an edit of a photo may be shared, by what the photo's source says of its licence."""

import re

NOT_STATED = "not stated"
# What a licence is told by: its address first, which is exact, then its name. Flickr's and COCO's
# names are spelt out, those of tables often short.
_ADDRESS = re.compile(r"creativecommons\.org/(?:licenses/(?P<terms>by(?:-[a-z]{2})*)|publicdomain/)", re.I)
_NO_DERIVATIVES = re.compile(r"no[- ]?deriv|\bnd\b", re.I)
_OPEN = re.compile(
    r"\bcc[- ]?(?:by|0|zero)\b|^attribution\b|creative commons|public domain|no known copyright"
    r"|united states government work",
    re.I,
)


def why_not_shared(name: str | None, url: str | None, further: frozenset[str] = frozenset()) -> str | None:
    """Return why an edit of a photo with this licence may not be shared, in a few words; None when
    it may.

    A licence that nobody recognises is no permission. further: names whose photos may be shared
    all the same, as their owner says; `not stated` stands for photos without any.
    """
    told = name or (None if url else NOT_STATED)
    if told in further:
        return None
    address = _ADDRESS.search(url or "")
    if address:
        forbidden = "nd" in (address["terms"] or "").lower().split("-")
        return "its licence allows no edits to be shared" if forbidden else None
    if told == NOT_STATED:
        return "its source states no licence"
    if _NO_DERIVATIVES.search(told or ""):
        return "its licence allows no edits to be shared"
    return None if _OPEN.search(told or "") else "its licence is not known to allow sharing edits"
