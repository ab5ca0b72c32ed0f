"""Tokens word by word are those that open_clip makes of the whole text."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from open_clip import get_tokenizer
from open_clip.tokenizer import SimpleTokenizer

from unscene.clip.tokens import find_long_texts, tokenize

TOKENIZER = get_tokenizer("ViT-B-32")
TEXTS = [
    "A photo of a dog, isn't it?",
    "  No dogs'  toys here -- (none).  ",
    "a dog; a cat: 12 o'clock! it's well-known",
    "a red-and-white cat's bowl . , 3.5",
    "word " * 90,
    "",
]
ODD = ["café &amp; dog", "two\nlines", "naïve " * 60, "<start_of_text> of a dog", "\u200bdog", "ＦＵＬＬ"]


@pytest.mark.parametrize("texts", [TEXTS, ODD, [*TEXTS, *ODD], []])
def test_plain_and_odd_texts_have_the_tokens_of_the_whole_text(texts):
    expected = TOKENIZER(texts) if texts else torch.zeros(0, 77, dtype=torch.int64)
    assert torch.equal(tokenize(TOKENIZER, texts), expected)


@settings(max_examples=300, deadline=None)
@given(st.text("abcdeXYZ019 ,.;:!?'()-", max_size=120))
def test_any_plain_text_has_the_tokens_of_the_whole_text(text):
    assert torch.equal(tokenize(TOKENIZER, [text]), TOKENIZER([text]))


@pytest.mark.parametrize("word", ["dog ", "naïve "])
def test_a_text_is_long_when_its_tokens_do_not_fit(word):
    texts = [word * count for count in (1, 30, 36, 37, 38, 75, 76, 200)]
    counts = [len(TOKENIZER.encode(text)) for text in texts]
    assert find_long_texts(TOKENIZER, texts).tolist() == [count > 75 for count in counts]
    assert any(count > 75 for count in counts) and not all(count > 75 for count in counts)


def test_a_tokenizer_of_another_kind_is_asked_for_the_whole_text(monkeypatch):
    other = SimpleTokenizer(context_length=16, reduction_mask="simple")
    asked = []
    monkeypatch.setattr(SimpleTokenizer, "encode", lambda self, text: asked.append(text) or [1])
    tokenize(other, ["a dog on a mat"])
    assert asked == ["a dog on a mat"]
