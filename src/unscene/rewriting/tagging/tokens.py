"""The words and marks of a caption, with the mentions that the lexicon finds."""

import re
from dataclasses import dataclass

from unscene.rewriting.tagging.verb_forms import EN, ING
from unscene.words.vocabulary import Vocabulary

_WORD = re.compile(r"(?:\b[A-Z]\.){2,}|\d+(?:[.,]\d+)+|\w+(?:['\u2019\-]\w+)*|[^\w\s]")

# Second parts of words with a hyphen, which web captions write with spaces: `an award - winning bakery`.
_SECOND_PARTS = (
    "winning|style|shaped|based|powered|wrapped|made|drawn|free|themed|looking|sized|format|haired|eyed"
    "|filled|covered|class|century|type|level|like|lined|colored|coloured|story|wheel|wheeled|minute|foot"
)
# Web captions have lost the number of `a 3-bedroom cottage`, `a 5-year-old`: `the - bedroom cottage`.
_NUMBERLESS = re.compile(
    r"(?i)\b(a|an|the|this|his|her|their) - (?:bedroom|story|storey|year|month|week|day|hour|minute|piece"
    r"|foot|inch|mile|acre|seat|door|room|level|lane|star|metre|meter|car)(?: - old)?\b"
)


# A deed, no bridegroom.
_GROOMING = re.compile(r"(?i)grooms? (?:itself|its|themselves|their|another|each)\b")


@dataclass(eq=False)
class Token:
    """A word or a mark. A mention of a word of the list is one token, whatever its number of words. Two
    tokens of one text are two: what is marked of a caption is kept by token.

    kind: D determiner, W noun or adjective, N mention, R pronoun, V verb, P preposition, C and/or/but,
    S opener of a clause, A adverb, X mark, O the owner's 's. form, of verbs: fin, ing, en, inf, aux.
    stem: a verb's base form.
    """

    text: str
    kind: str = ""
    word: str | None = None
    form: str = ""
    stem: str = ""
    is_animate: bool = False
    is_human: bool = False
    low: str = ""

    def __post_init__(self) -> None:
        self.low = self.text.lower()


def join_owners(text: str) -> str:
    """Undo the tokens of web captions: `a nun 's attic` -> `a nun's attic`, `close - up` -> `close-up`."""
    text = re.sub(r"(\w)\s+['\u2019]\s?s\b", r"\1's", text)
    text = re.sub(r"(?<=s)\s+['\u2019](?=\s)", "'", text)
    text = re.sub(r"(\w) n['\u2019]t\b", r"\1n't", text)
    text = re.sub(r"(\w) (['\u2019])(ll|re|ve|d|m)\b", r"\1\2\3", text)
    text = re.sub(rf"(\w) - ({_SECOND_PARTS})\b", r"\1-\2", text)
    text = _NUMBERLESS.sub(r"\1", text)
    return re.sub(
        r"\b(close|mid|make|t|x|old|semi|multi|self|anti|co|ex|non|pre|pop|stir|well|full) - (\w)",
        r"\1-\2",
        text,
    )


def split_tokens(text: str, vocabulary: Vocabulary) -> list[Token]:
    tokens, end = [], 0
    for mention in vocabulary.find_mentions(text):
        if mention.start < end or _GROOMING.match(text, mention.start):
            continue
        tokens += [Token(match.group()) for match in _WORD.finditer(text, end, mention.start)]
        start, stop, word = mention.start, mention.end, mention.word
        doing = re.match(r"(?i)(?:reading|drinking|serving) ", text[start:stop])
        if doing and tokens and tokens[-1].is_human:  # "a girl reading books"
            tokens.append(Token(doing.group().strip()))
            start += doing.end()
        tokens.append(
            Token(
                text[start:stop],
                "N",
                word,
                is_animate=word in vocabulary.animate,
                is_human=word in vocabulary.people,
            )
        )
        owner = re.match(r"['\u2019]s?(?!\w)", text[stop:])
        acts = re.match(r"['\u2019]s (\w+(?:ing|ed))\b", text[stop:])  # "three giraffe's leaning over"
        if acts and acts[1].lower() in ING | EN and word in vocabulary.animate - vocabulary.people:
            stop += 2
        elif owner and (len(owner.group()) > 1 or text[stop - 1 : stop] == "s"):
            tokens.append(Token(owner.group(), "O"))
            stop += owner.end()
        end = stop
    tokens += [Token(match.group()) for match in _WORD.finditer(text, end)]
    split: list[Token] = []
    for token in tokens:
        owner = re.fullmatch(r"(.*\w)(['\u2019]s?)", token.text)
        if (
            not token.kind
            and owner
            and owner.group(1).lower() not in ("it", "that", "there", "let", "he", "she")
        ):
            split += [Token(owner.group(1)), Token(owner.group(2), "O")]
        else:
            split.append(token)
    return split
