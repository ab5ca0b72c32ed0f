"""What the local server answers: right answers from the offline lexicon and grammar, with errors
planted at known rates.

An answer depends on the seed and the request's `custom_id` alone, so a study can be run again and
its truth is known.
"""

import json
import random
from collections import Counter
from dataclasses import dataclass, fields
from functools import lru_cache

from batch_server.prompts import CHARACTERS_PER_TOKEN, Task, UnknownTask, count_input, count_tokens, read_task
from unscene.rewriting.negation import remove_object
from unscene.words.coco80 import COCO80
from unscene.words.phrasings import fill_phrasing
from unscene.words.vocabulary import Vocabulary

OFF_LIST = "unicorn"
REFUSAL = "I'm sorry, but I can't help with that."
PLAIN_SCENE = "A photo."


@dataclass(frozen=True)
class ErrorModel:
    """Which errors are planted, and how often. All rates are shares from 0 to 1.

    Shares of prompts: `dropped_item` (one item is missing), `duplicate_index` (an item has the
    index of the one before), `shift` (from a random item on, each index carries a neighbour's
    content; prompts of `shift_from_size` items or more), `cut` (JSON cut in the middle,
    finish_reason length), `refusal`, `content_filter`. Shares of items: `off_list` (words: one that
    is not listed; captions: the object is still named), `noise` (words: one too many or one
    missing; captions: the plain scene). `decay`: the chance that a word at position p >
    `decay_beyond` of its prompt is missed is decay * (p - decay_beyond). `refused_texts`: a prompt
    with an item that contains one of these texts is refused, always. `cut_above`: prompts of more
    items are cut, always.
    """

    dropped_item: float = 0.0
    duplicate_index: float = 0.0
    shift: float = 0.0
    shift_from_size: int = 2
    cut: float = 0.0
    refusal: float = 0.0
    content_filter: float = 0.0
    off_list: float = 0.0
    noise: float = 0.0
    decay: float = 0.0
    decay_beyond: int = 33
    refused_texts: tuple[str, ...] = ()
    cut_above: int | None = None

    @classmethod
    def from_dict(cls, values: dict) -> "ErrorModel":
        """Return the model of JSON fields; ValueError names an unknown one."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"unknown errors: {', '.join(sorted(unknown))}")
        return cls(**{**values, "refused_texts": tuple(values.get("refused_texts", ()))})


class Answerer:
    """Answers request lines. `planted` counts the errors by name, for those who must find them."""

    def __init__(self, errors: ErrorModel | None = None, seed: int = 0, vocabulary: Vocabulary = COCO80):
        self.errors = errors or ErrorModel()
        self.seed, self.vocabulary = seed, vocabulary
        self.planted: Counter[str] = Counter()

    def answer(self, request: dict) -> dict:
        """Return the chat completion body that answers a request line; UnknownTask when it asks for
        something else.
        """
        draw = random.Random(f"{self.seed}:{request['custom_id']}")
        task = read_task(request["body"])
        errors, size = self.errors, len(task.items)
        message = {"role": "assistant", "content": None, "refusal": None}
        if self._plant("refused_text", _names_any(task, errors.refused_texts)):
            return _body(request, {**message, "refusal": REFUSAL}, "stop")
        if self._strike(draw, "refusal"):
            return _body(request, {**message, "refusal": REFUSAL}, "stop")
        if self._strike(draw, "content_filter"):
            return _body(request, message, "content_filter")
        rows = self._shift(draw, self._write_items(draw, task))
        numbered = [{"i": i, **row} for i, row in enumerate(rows, 1)]
        if size > 1 and self._strike(draw, "duplicate_index"):
            at = draw.randrange(1, size)
            numbered[at]["i"] = numbered[at - 1]["i"]
        if self._strike(draw, "dropped_item"):
            del numbered[draw.randrange(size)]
        content = _to_json({"r": numbered})
        too_long = errors.cut_above is not None and size > errors.cut_above
        if self._plant("cut_above", too_long) or self._strike(draw, "cut"):
            message["content"] = content[: draw.randrange(len(content) // 4, len(content) - 2)]
            return _body(request, message, "length")
        room = request["body"].get("max_completion_tokens")
        if room is not None and count_tokens(content) > room:
            message["content"] = content[: room * CHARACTERS_PER_TOKEN]
            return _body(request, message, "length")
        message["content"] = content
        return _body(request, message, "stop")

    def _write_items(self, draw: random.Random, task: Task) -> list[dict]:
        if task.fields == {"w"}:
            return [self._write_words(draw, str(item), place) for place, item in enumerate(task.items, 1)]
        if "without" in task.fields and task.fields <= {"without", "negated"}:
            return [self._write_captions(draw, item, task.fields) for item in task.items]
        raise UnknownTask(f"the local server cannot answer items of {sorted(task.fields)}")

    def _write_words(self, draw: random.Random, caption: str, position: int) -> dict:
        words = list(_right_words(caption, self.vocabulary))
        chance = self.errors.decay * (position - self.errors.decay_beyond)
        if chance > 0 and words:
            kept = [word for word in words if draw.random() >= chance]
            self.planted["decay"] += len(words) - len(kept)
            words = kept
        if self._strike(draw, "noise"):
            if words and draw.random() < 0.5:
                words.remove(draw.choice(words))
            else:
                others = [word for word in self.vocabulary if word not in words]
                words = self.vocabulary.sort([*words, draw.choice(others)])
        if self._strike(draw, "off_list"):
            words.append(OFF_LIST)
        return {"w": words}

    def _write_captions(self, draw: random.Random, item: dict, asked: frozenset[str]) -> dict:
        without = _right_rewriting(item["caption"], item["object"], self.vocabulary)
        if self._strike(draw, "noise"):
            without = PLAIN_SCENE
        if self._strike(draw, "off_list"):
            without = item["caption"]
        row = {"without": without}
        if "negated" in asked:
            row["negated"] = fill_phrasing(item["phrasing"], without)
        return row

    def _shift(self, draw: random.Random, rows: list[dict]) -> list[dict]:
        """Return the rows with right indices and, where planted, contents moved by one: an item
        skipped, or said twice.
        """
        if len(rows) < max(2, self.errors.shift_from_size) or not self._strike(draw, "shift"):
            return rows
        start = draw.randrange(len(rows) - 1)
        if draw.random() < 0.5:
            return rows[:start] + rows[start + 1 :] + [dict(rows[-1])]
        return rows[: start + 1] + [dict(row) for row in rows[start:-1]]

    def _strike(self, draw: random.Random, name: str) -> bool:
        """Return whether an error of a rate happens now; a rate of 0 draws nothing, so other errors
        stay where they are.
        """
        rate = getattr(self.errors, name)
        return self._plant(name, rate > 0 and draw.random() < rate)

    def _plant(self, name: str, happens: bool) -> bool:
        if happens:
            self.planted[name] += 1
        return happens


def _names_any(task: Task, texts: tuple[str, ...]) -> bool:
    return any(text in json.dumps(item, ensure_ascii=False) for text in texts for item in task.items)


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _body(request: dict, message: dict, finish: str) -> dict:
    key = request["custom_id"].removeprefix("w-")
    tokens_in = count_input(request["body"])
    tokens_out = count_tokens(message["content"] or message["refusal"] or "")
    return {
        "id": f"chatcmpl-{key}",
        "object": "chat.completion",
        "created": 0,
        "model": request["body"]["model"],
        "system_fingerprint": "unscene-lexicon",  # by this, results made here are headed `simulated`
        "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
        "usage": {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
            "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }


@lru_cache(maxsize=200_000)
def _right_words(caption: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    return tuple(vocabulary.find_words(caption))


@lru_cache(maxsize=50_000)
def _right_rewriting(caption: str, category: str, vocabulary: Vocabulary) -> str:
    return remove_object(caption, category, vocabulary) or PLAIN_SCENE
