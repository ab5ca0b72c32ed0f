"""A model's tokenizer as one tokenizer.json that gives the tokens of open_clip.

open_clip cleans a text in Python before it splits it: curled quotes become straight, ligatures two
letters, HTML signs characters. A tokenizer.json as it is usually made for CLIP leaves that out, and
a query that was copied from a web page gets other tokens. Here the cleaning is in the file.
"""

import re
import string
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tokenizers import Tokenizer

# How open_clip splits a cleaned text into words, before byte pairs are merged.
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
START, END = "<|startoftext|>", "<|endoftext|>"
# `&amp;` first: open_clip reads HTML signs twice.
HTML_SIGNS = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&nbsp;": " "}


def make_tokenizer(tokenizer: Any, context: int) -> "Tokenizer":
    """Return the `tokenizers.Tokenizer` of an open_clip tokenizer: it cleans, cuts to `context`
    tokens and pads to them.

    Raises ValueError on a tokenizer that has no such form.
    """
    from open_clip.tokenizer import HFTokenizer, SimpleTokenizer

    if type(tokenizer) is SimpleTokenizer and tokenizer.reduction_fn is None:
        made, pad = _make_byte_pairs(tokenizer), (0, "!")
    elif type(tokenizer) is HFTokenizer and not (tokenizer.tokenizer_mode or tokenizer.strip_sep_token):
        made, pad = _copy_fast(tokenizer.tokenizer)
    else:
        raise ValueError(f"{type(tokenizer).__name__} cuts or strips texts as no tokenizer.json does")
    made.normalizer = _join([*_list_cleaning(_get_cleaning(tokenizer)), made.normalizer])
    made.enable_truncation(context)
    made.enable_padding(length=context, pad_id=pad[0], pad_token=pad[1])
    return made


def _make_byte_pairs(tokenizer: Any) -> "Tokenizer":
    from tokenizers import Regex, Tokenizer, decoders, pre_tokenizers, processors
    from tokenizers.models import BPE

    names = {tokenizer.sot_token_id: START, tokenizer.eot_token_id: END}
    vocabulary = {names.get(number, text): number for text, number in tokenizer.encoder.items()}
    merges = sorted(tokenizer.bpe_ranks, key=tokenizer.bpe_ranks.get)
    made = Tokenizer(BPE(vocabulary, merges, end_of_word_suffix="</w>", unk_token=END))
    split = pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True)
    made.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False)])
    made.decoder = decoders.ByteLevel()
    ends = (END, tokenizer.eot_token_id), (START, tokenizer.sot_token_id)
    made.post_processor = processors.RobertaProcessing(*ends, trim_offsets=False, add_prefix_space=False)
    return made


def _copy_fast(tokenizer: Any) -> tuple["Tokenizer", tuple[int, str]]:
    from tokenizers import Tokenizer

    if not tokenizer.is_fast:
        raise ValueError(f"{type(tokenizer).__name__} is no fast tokenizer")
    made = Tokenizer.from_str(tokenizer.backend_tokenizer.to_str())
    return made, (tokenizer.pad_token_id, tokenizer.pad_token)


def _get_cleaning(tokenizer: Any) -> str:
    """Return the name of an open_clip tokenizer's cleaning: lower, whitespace or canonicalize."""
    return tokenizer.clean_fn.__name__.removeprefix("_clean_")


def _list_cleaning(name: str) -> list:
    from ftfy.chardata import DOUBLE_QUOTE_RE, LIGATURES, SINGLE_QUOTE_RE, WIDTH_MAP
    from tokenizers import Regex, normalizers

    characters = {chr(code): text for table in (LIGATURES, WIDTH_MAP) for code, text in table.items()}
    steps = [
        normalizers.NFC(),
        *(normalizers.Replace(sign, text) for sign, text in (characters | HTML_SIGNS).items()),
        normalizers.Replace(Regex(SINGLE_QUOTE_RE.pattern), "'"),
        normalizers.Replace(Regex(DOUBLE_QUOTE_RE.pattern), '"'),
    ]
    if name == "canonicalize":
        steps.append(normalizers.Replace(Regex(f"[{re.escape(string.punctuation)}]"), ""))
    if name in ("canonicalize", "lower"):
        steps.append(normalizers.Lowercase())
    return [*steps, normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]


def _join(steps: list) -> Any:
    from tokenizers import normalizers

    return normalizers.Sequence([step for step in steps if step is not None])
