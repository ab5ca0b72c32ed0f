"""Tokens of texts by open_clip's tokenizers, with a shorter way for plain texts.

CLIP's own tokenizer spends most of its time on cleaning. Its tokens never reach over a space, so
those of a plain text are those of its words, and each word is asked for once: a tenth of the time
for 8,000 captions.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

if TYPE_CHECKING:
    import torch

# Cleaning leaves these as they are; it may change others, across words, too.
_PLAIN = re.compile(r"[A-Za-z0-9 ,.;:!?'()-]*")
# The tokens of each word that was asked for, by tokenizer.
_WORDS: WeakKeyDictionary[Any, dict[str, list[int]]] = WeakKeyDictionary()


def tokenize(tokenizer, texts: Sequence[str]) -> "torch.Tensor":
    """Return the tokens of texts, int64 (texts, context length): those of open_clip's tokenizer."""
    import torch

    texts = list(texts)
    plain = _mark_plain(tokenizer, texts)
    rows = np.zeros((len(texts), tokenizer.context_length), np.int64)
    if not plain.all():
        rows[~plain] = tokenizer([text for text, is_plain in zip(texts, plain, strict=True) if not is_plain])
    for number in np.flatnonzero(plain):
        row = rows[number]
        tokens = [tokenizer.sot_token_id, *_encode(tokenizer, texts[number])][: len(row) - 1]
        row[: len(tokens)] = tokens
        row[len(tokens)] = tokenizer.eot_token_id
    return torch.from_numpy(rows)


def find_long_texts(tokenizer, texts: Sequence[str]) -> np.ndarray:
    """Tell which texts are longer than the model's context, bool (texts,).

    open_clip cuts them silently, and two captions that differ only behind the cut become the same.
    """
    texts = list(texts)
    plain, context = _mark_plain(tokenizer, texts), tokenizer.context_length
    room = context - 2  # for the start and the end
    long = np.zeros(len(texts), bool)
    long[plain] = [len(_encode(tokenizer, texts[number])) > room for number in np.flatnonzero(plain)]
    if not plain.all():
        others = [text for text, is_plain in zip(texts, plain, strict=True) if not is_plain]
        # With twice the room a longer text reaches beyond the context, where an empty one has its padding.
        beyond = tokenizer([*others, ""], context_length=2 * context)[:, context:]
        long[~plain] = (beyond[:-1] != beyond[-1]).any(dim=1).numpy()
    return long


def get_text_lengths(tokens: "torch.Tensor") -> "torch.Tensor":
    """Return the number of tokens up to and with the end-of-text token, int64 (texts,).

    The end-of-text token is the highest number in a row of CLIP's own tokenizer.
    """
    return tokens.argmax(dim=1) + 1


def _mark_plain(tokenizer, texts: list[str]) -> np.ndarray:
    """Tell which texts go word by word, bool (texts,): plain ones, and only by CLIP's own tokenizer."""
    from open_clip.tokenizer import SimpleTokenizer

    is_clips = type(tokenizer) is SimpleTokenizer and tokenizer.reduction_fn is None
    return np.array([is_clips and _PLAIN.fullmatch(text) is not None for text in texts], bool)


def _encode(tokenizer, text: str) -> list[int]:
    words = _WORDS.setdefault(tokenizer, {})
    tokens: list[int] = []
    for word in text.split():
        if word not in words:
            words[word] = tokenizer.encode(word)
        tokens += words[word]
    return tokens
