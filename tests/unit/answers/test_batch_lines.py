"""Batch lines: bodies, ids, prompts and the verdict on every kind of broken answer."""

import json
import random

import pytest

from paid_answers import judge_items
from unscene.answers import batch_lines
from unscene.answers.batch_lines import (
    BatchLineError,
    build_answer,
    canonical_json,
    estimate_tokens,
    hash_body,
    model_profile,
    read_items,
    read_lines,
    spread,
    write_lines,
)
from unscene.answers.prompts import caption_item, caption_request, keyword_request, quote, read_captions
from unscene.answers.verdicts import judge_answer
from unscene.words.coco80 import COCO80


def make_request(captions=("A dog.", "A cat."), model="gpt-4o"):
    return keyword_request(model, list(captions), COCO80)


def make_answer(content, status=200, finish="stop", refusal=None):
    message = {"role": "assistant", "content": content, "refusal": refusal}
    body = {
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }
    return {
        "id": "b",
        "custom_id": "w-1",
        "response": {"status_code": status, "request_id": "r", "body": body},
        "error": None,
    }


def test_request_is_a_strict_schema_line_named_by_its_body():
    request, again = make_request(), make_request()
    assert request == again and request["custom_id"] == hash_body(request["body"])
    assert request["custom_id"][:2] == "w-" and len(request["custom_id"]) == 34
    assert make_request(["A dog.", "A cow."])["custom_id"] != request["custom_id"]
    assert (request["method"], request["url"]) == ("POST", "/v1/chat/completions")
    schema = request["body"]["response_format"]["json_schema"]
    items = schema["schema"]["properties"]["r"]
    assert schema["strict"] and items["minItems"] == items["maxItems"] == 2
    assert (
        items["items"]["required"] == ["i", "w"]
        and len(items["items"]["properties"]["w"]["items"]["enum"]) == 80
    )
    assert make_request(["x"] * 20)["body"]["max_completion_tokens"] == 864
    assert estimate_tokens(request, 3) > estimate_tokens(request) > 500


@pytest.mark.parametrize(
    ("model", "has", "lacks"),
    [
        ("gpt-4o", {"temperature"}, {"reasoning_effort", "prompt_cache_options"}),
        ("gpt-4.1-mini", {"temperature"}, {"reasoning_effort", "prompt_cache_options"}),
        ("gpt-5-mini", {"reasoning_effort"}, {"temperature", "prompt_cache_options"}),
        ("gpt-5.4-mini", {"reasoning_effort"}, {"temperature", "prompt_cache_options"}),
        ("gpt-5.6-luna", {"reasoning_effort", "prompt_cache_options"}, {"temperature"}),
        ("gpt-6-luna", {"reasoning_effort", "prompt_cache_options"}, {"temperature"}),
        ("qwen3-8b", {"temperature"}, {"reasoning_effort"}),
    ],
)
def test_profiles(model, has, lacks):
    profile = set(model_profile(model))
    assert has <= profile and not lacks & profile


# Tokens of o200k (counted with the package quicktok-v1 0.4.0, which is no dependency).
COUNTED = [
    ("A dog on a bench by the lake.", 9),
    ("Three people in blue jackets are skiing down a steep, snow-covered mountain slope.", 16),
    ("Stock photo of 2 VINTAGE bicycles & a red Telephone Booth, London (1965)", 20),
    ("一只猫在窗边睡觉，旁边有一盏红色的灯和一本旧书", 23),
    ("แมวตัวหนึ่งนอนหลับอยู่ข้างหน้าต่าง", 14),
    ("🐈🪟💤🛋️📚🕯️🌙", 19),
    ("ድመቷ በመስኮቱ አጠገብ ተኝታለች", 37),
    ("Кошка спит у окна рядом с красной лампой", 14),
    ("xqzjk wvbnm plokij qazwsx", 14),
    ("!@#$%^&*()_+{}|:<>?", 14),
    ("𠀀𠀁𠀂𠀃", 12),
    ("1 2 3 4 5 6 7 8 9", 17),
]


@pytest.mark.parametrize(("caption", "tokens"), COUNTED)
def test_a_caption_has_no_more_tokens_than_at_most(caption, tokens):
    """In any script, and for texts that no vocabulary knows: what twenty of them add to a prompt."""
    empty, full = make_request([""] * 20), make_request([caption] * 20)
    assert estimate_tokens(full, at_most=True) - estimate_tokens(empty, at_most=True) >= 20 * tokens
    assert estimate_tokens(full) < estimate_tokens(full, at_most=True)


@pytest.mark.parametrize(("caption", "tokens"), COUNTED[:8])
def test_a_caption_has_about_the_tokens_expected(caption, tokens):
    empty, full = make_request([""] * 20), make_request([caption] * 20)
    assert (estimate_tokens(full) - estimate_tokens(empty)) / 20 == pytest.approx(tokens, rel=0.3)


# Twenty captions as COCO has them. Below: the tokens of whole prompts of n captions, counted likewise in each
# message and in the schema's canonical JSON. Whoever changes the prompts' rules counts anew.
CAPTIONS = [
    "A man riding a wave on top of a surfboard.",
    "Two giraffes standing next to each other in a field.",
    "A kitchen with a stove, a microwave and a refrigerator.",
    "A young boy is holding a baseball bat during a game.",
    "A black and white photo of a train at the station.",
    "Several people sitting around a table with plates of food",
    "a close up of a pizza with cheese and pepperoni",
    "A woman walking down a street while talking on her cell phone.",
    "A cat laying on a bed next to a laptop computer.",
    "An old red truck parked in front of a wooden barn.",
    "A bathroom with a toilet, sink, and bathtub in it.",
    "People are flying kites on the beach on a cloudy day.",
    "The zebra is eating grass near some trees.",
    "A group of skiers posing for a picture at the top of a mountain.",
    "A large clock tower towering over a city.",
    "A dog jumping in the air to catch a frisbee.",
    "Three boats are docked in the calm harbor at sunset.",
    "A tennis player swings his racket at the ball.",
    "A vase filled with purple flowers sitting on a window sill.",
    "A double-decker bus drives past a stop sign in London.",
]
WHOLE = [
    ("words", CAPTIONS, {1: 923, 20: 1207, 100: 2403}),
    ("edits", CAPTIONS, {1: 299, 20: 697, 100: 2373}),
    ("words", [COUNTED[3][0]], {1: 935, 20: 1448, 100: 3608}),
    ("edits", [COUNTED[3][0]], {1: 311, 20: 938, 100: 3578}),
    ("words", [COUNTED[5][0]], {1: 931, 20: 1368, 100: 3208}),
    ("edits", [COUNTED[5][0]], {1: 307, 20: 858, 100: 3178}),
]


@pytest.mark.parametrize(
    ("kind", "captions", "n", "tokens"),
    [(kind, captions, n, tokens) for kind, captions, counts in WHOLE for n, tokens in counts.items()],
)
def test_a_prompt_has_about_the_tokens_expected_and_no_more_than_at_most(kind, captions, n, tokens):
    captions = [captions[place % len(captions)] for place in range(n)]
    if kind == "words":
        request = keyword_request("gpt-4o", captions, COCO80)
    else:
        request = caption_request("gpt-4o", [caption_item(caption, "dog") for caption in captions])
    assert estimate_tokens(request) == pytest.approx(tokens, rel=0.05)
    assert tokens <= estimate_tokens(request, at_most=True)


def test_a_schema_is_measured_once_for_all_requests_that_share_it(monkeypatch):
    """With 200 batches it was written as text 60,000 times."""
    written = []
    monkeypatch.setattr(
        batch_lines, "canonical_json", lambda value: written.append(1) or canonical_json(value)
    )
    monkeypatch.setattr(batch_lines, "_measured", [])
    requests = [json.loads(json.dumps(make_request([f"Dog {n}.", "A cat."]))) for n in range(50)]
    assert len({estimate_tokens(request) for request in requests}) <= 2
    assert len(written) <= 1 + 50, "building 50 requests hashes each once"
    written.clear()
    for request in requests:
        estimate_tokens(request, at_most=True)
    assert not written
    other = json.loads(json.dumps(requests[0]))
    other["body"]["response_format"]["json_schema"]["schema"]["properties"]["r"]["items"]["properties"][
        "x"
    ] = {}
    assert estimate_tokens(other) > estimate_tokens(requests[0]) and written, (
        "another schema is another length"
    )


def test_items_are_read_back_and_broken_prompts_are_named():
    request = make_request(["A dog. 2. A trap", "two\n lines"])
    assert read_items(request) == ['"A dog. 2. A trap"', '"two lines"']
    assert read_captions(request) == ["A dog. 2. A trap", "two lines"]
    request["body"]["messages"][-1]["content"] = "1. a\n3. b"
    with pytest.raises(BatchLineError, match="line 2"):
        read_items(request)


def test_spread_never_puts_two_captions_of_a_photo_together():
    texts = [(f"p{photo} c{position}", [f"p{photo}"]) for position in range(5) for photo in range(7)]
    texts.append(("shared", ["p0", "p1"]))
    prompts = list(spread(texts, 4))
    assert sorted(t for prompt in prompts for t in prompt) == sorted(t for t, _ in texts)
    photos = dict(texts)
    for prompt in prompts:
        named = [p for text in prompt for p in photos[text]]
        assert len(prompt) <= 4 and len(named) == len(set(named))


def spread_naively(texts, size):
    prompts = []
    for text, photos in texts:
        for prompt in prompts:
            if len(prompt) < size and not any(photos & other for _, other in prompt):
                prompt.append((text, photos))
                break
        else:
            prompts.append([(text, photos)])
    return [[text for text, _ in prompt] for prompt in prompts]


@pytest.mark.parametrize("seed", range(40))
def test_spread_equals_trying_every_prompt(seed):
    draw = random.Random(seed)
    photos, size = draw.randint(1, 12), draw.randint(1, 6)
    texts = [
        (f"t{i}", {draw.randrange(photos) for _ in range(draw.choice([0, 1, 1, 1, 2, 4]))})
        for i in range(draw.randint(0, 60))
    ]
    assert list(spread(texts, size)) == spread_naively(texts, size)


def test_spread_hands_out_prompts_while_texts_still_come():
    seen = []
    texts = ((f"t{i}", seen.append(i) or [i]) for i in range(1000))
    assert next(spread(texts, 20)) == [f"t{i}" for i in range(20)] and len(seen) == 20


GOOD = '{"r":[{"i":1,"w":["dog"]},{"i":2,"w":[]}]}'


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (make_answer(GOOD), "ok", ""),
        (None, "failed", "no answer"),
        (make_answer(GOOD, status=500), "failed", "status 500"),
        (make_answer(GOOD, finish="length"), "failed", "finish_reason length"),
        (make_answer(None, finish="content_filter"), "refused", "content_filter"),
        (make_answer(None, refusal="I can't"), "refused", "refusal: I can't"),
        (make_answer(GOOD[:-3]), "failed", "not JSON"),
        (make_answer('{"r":[{"i":1,"w":[]}]}'), "failed", "1 items for 2"),
        (make_answer(GOOD[:-2] + ',{"i":3,"w":[]}]}'), "failed", "3 items for 2"),
        (make_answer('{"r":[{"i":1,"w":[]},{"i":1,"w":[]}]}'), "failed", "indices"),
        (make_answer('{"r":[{"i":1,"w":[]},{"i":3,"w":[]}]}'), "failed", "indices"),
        (make_answer('{"r":[{"i":true,"w":[]},{"i":2,"w":[]}]}'), "failed", "indices"),
        (
            {"custom_id": "w-1", "response": {"status_code": 200, "body": {}}, "error": None},
            "failed",
            "no chat completion",
        ),
        (
            {"custom_id": "w-1", "response": None, "error": {"code": "batch_expired"}},
            "failed",
            "batch_expired",
        ),
    ],
)
def test_verdicts(answer, status, reason):
    verdict = judge_answer(answer, 2)
    assert verdict.status == status and reason in verdict.reason
    assert set(verdict.items) == ({1, 2} if status == "ok" else set())


def test_a_text_in_two_prompts_gets_the_ok_verdict():
    first, second = make_request(["A dog.", "A cat."]), make_request(["A cat.", "A cow."])
    answers = {second["custom_id"]: build_answer(second, "m", [{"w": ["cat"]}, {"w": ["cow"]}])}
    verdicts = judge_items([first, second], answers)
    assert {text: v.status for text, v in verdicts.items()} == {
        '"A dog."': "failed",
        '"A cat."': "ok",
        '"A cow."': "ok",
    }
    assert verdicts[quote("A cat.")].items == {1: {"i": 1, "w": ["cat"]}}


def test_lines_are_written_once_and_errors_name_the_line(tmp_path):
    request = make_request()
    assert write_lines([request, request], tmp_path / "a.jsonl") == 1
    assert list(read_lines(tmp_path / "a.jsonl")) == [request]
    (tmp_path / "b.jsonl").write_text(json.dumps(request) + "\n{broken\n")
    with pytest.raises(BatchLineError, match=r"b\.jsonl, line 2"):
        list(read_lines(tmp_path / "b.jsonl"))


def test_a_replicate_has_an_id_of_its_own():
    body = make_request()["body"]
    assert len({hash_body(body), hash_body(body, 1), hash_body(body, 2)}) == 3
    assert hash_body(body) == hash_body(body, 0)
