"""What the models are asked: the system prompts, the schemas of the answers and the room for them."""

import json
from functools import lru_cache

from unscene.answers.batch_lines import build_request, canonical_json, flatten
from unscene.words.vocabulary import Vocabulary

# Tokens of an answer: what an item needs as a rule, and the room it gets at most. Keywords: counted
# with o200k. Captions: the offline rewriting of 310 COCO captions has 89 characters of text (4.3 a
# token) and 35 of JSON (2.3 a token).
KEYWORD_TOKENS, KEYWORD_TOKENS_CAP = 12.5, 40
CAPTION_TOKENS, CAPTION_TOKENS_CAP = 36, 160
ANSWER_TOKENS = 4.5

_CAPTION_SYSTEM = """\
An object was removed from photos. Each line is a JSON object: the removed object, the photo's old \
caption, and a phrasing.
Rewrite each caption twice, in natural English, one sentence each:
- "without": tells the scene as it is now and names neither the object nor any synonym, part or \
activity of it. Take away what \
only belongs to the object; keep all other words.
- "negated": says that the object is not there, in the given phrasing, where SCENE stands for "without".
Add nothing that the caption does not say. If nothing is left, write a photo.
Example: {"caption":"A dog runs after a red ball on the beach.","object":"dog","phrasing":"SCENE \
without a dog."}
{"i":1,"negated":"A red ball on the beach without a dog.","without":"A red ball on the beach."}
Answer every line by its number i, once each."""


def keyword_request(model: str, captions: list[str], vocabulary: Vocabulary, replicate: int = 0) -> dict:
    """Return the request line that asks which words of a list each caption mentions. replicate: see
    `hash_body`.
    """
    schema = {"w": {"type": "array", "items": {"type": "string", "enum": list(vocabulary)}}}
    system = keyword_system(vocabulary)
    return build_request(model, system, captions, "caption_words", schema, KEYWORD_TOKENS_CAP, replicate)


@lru_cache(maxsize=8)
def keyword_system(vocabulary: Vocabulary) -> str:
    """Return the system prompt of keyword requests: the words first, then the policy and examples."""
    examples = list(enumerate(vocabulary.reader.examples, 1))
    asked = "\n".join(f"{i}. {caption}" for i, (caption, _) in examples)
    answered = canonical_json({"r": [{"i": i, "w": words} for i, (_, words) in examples]})
    return (
        f"Words: {', '.join(vocabulary)}.\nList the words that each numbered caption mentions; often none.\n"
        + "".join(f"- {rule}\n" for rule in vocabulary.rules)
        + f"Example:\n{asked}\n"
        + f"{answered}\n"
        + "Answer every caption by its number i, once each."
    )


def caption_request(model: str, items: list[str]) -> dict:
    """Return the request line that asks for the two captions of each edit; items come from `caption_item`."""
    schema = {"negated": {"type": "string"}, "without": {"type": "string"}}
    return build_request(model, _CAPTION_SYSTEM, items, "edit_captions", schema, CAPTION_TOKENS_CAP)


def caption_item(caption: str, category: str, phrasing: str) -> str:
    """Return one edit as it stands in a prompt: JSON on one line."""
    fields = {"caption": flatten(caption), "object": category, "phrasing": phrasing}
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
