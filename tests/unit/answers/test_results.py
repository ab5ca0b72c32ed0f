"""Result lines as they come from outside: each a right answer, or a row with its reason; never an
exception.
"""

import copy
import json
import random

import pytest

from paid_answers import judge_items
from unscene.answers.batch_lines import build_answer, canonical_json, write_lines
from unscene.answers.batches.collecting import enter_answer
from unscene.answers.batches.outcomes import OK, classify
from unscene.answers.envelopes import find_codes, find_model, is_flagged, may_try_again, read_usage
from unscene.answers.prompts import caption_request, keyword_request
from unscene.answers.results import read_result
from unscene.answers.verdicts import judge_answer
from unscene.words.coco80 import COCO80

PRICES = {"models": {"gpt-4o": {"input": 1.25, "output": 5.0}}}
REQUEST = keyword_request("gpt-4o", ["A dog.", "A cat on a bench."], COCO80)
SCHEMA = REQUEST["body"]["response_format"]["json_schema"]["schema"]
WORDS = [{"w": ["dog"]}, {"w": ["bench", "cat"]}]
USAGE = {"prompt_tokens": 900, "completion_tokens": 20}


def make_answer(**usage):
    answer = build_answer(REQUEST, "gpt-4o-2024-08-06", WORDS)
    answer["response"]["body"]["usage"] = USAGE | usage
    return answer


def read(line):
    """Return what every reader of a line makes of it."""
    text = line if isinstance(line, str | bytes) else json.dumps(line)
    result = read_result(text)
    result.text.encode()
    verdict = judge_answer(result.answer, 2, SCHEMA)
    entry = (
        enter_answer(result.answer, result.text, 2, "gpt-4o", PRICES, 1, 0.5) if result.custom_id else None
    )
    return result, verdict, entry


def with_content(content):
    answer = make_answer()
    answer["response"]["body"]["choices"][0]["message"]["content"] = content
    return answer


RIGHT = canonical_json({"r": [{"i": 1, "w": ["dog"]}, {"i": 2, "w": ["bench", "cat"]}]})


def test_a_right_line_is_right_with_or_without_a_byte_order_mark():
    for around in ("{}", "\ufeff{}", "{}\r\n", "\n {} "):
        result, verdict, entry = read(around.format(json.dumps(make_answer())))
        assert result.custom_id == REQUEST["custom_id"] and not result.fault
        assert verdict.status == "ok" and verdict.items[2]["w"] == ["bench", "cat"]
        assert entry[1:4] == (OK, 900, 20) and entry[4] == pytest.approx((900 * 1.25 + 20 * 5) / 1e6)
    assert read(("\ufeff" + json.dumps(make_answer())).encode())[1].status == "ok"


@pytest.mark.parametrize(
    "around", ["data: {}", "{},", "\x1e{}", "{}\x0b", "\N{NO-BREAK SPACE}{}\x85", "\N{ZERO WIDTH SPACE}{}"]
)
def test_an_answer_is_read_with_whatever_stands_around_its_line(around):
    result, verdict, entry = read(around.format(json.dumps(make_answer())).encode())
    assert not result.fault and verdict.status == "ok" and entry[1] == OK
    assert json.loads(result.text)["custom_id"] == REQUEST["custom_id"]


def test_a_name_with_spaces_around_it_is_the_request_s():
    line = make_answer() | {"custom_id": f" {REQUEST['custom_id']}\n"}
    result, verdict, _ = read(line)
    assert result.custom_id == REQUEST["custom_id"] == json.loads(result.text)["custom_id"]
    assert verdict.status == "ok"


@pytest.mark.parametrize("content", ["\ufeff{}", "{}\N{NO-BREAK SPACE}", "\N{ZERO WIDTH SPACE}\n{}\n"])
def test_an_answer_is_read_with_spaces_around_its_content(content):
    assert read(with_content(content.format(RIGHT)))[1].status == "ok"


@pytest.mark.parametrize("finish", ["STOP", "Stop", " stop "])
def test_the_spelling_of_the_end_is_no_matter(finish):
    assert read(change(make_answer(), (*CHOICE, "finish_reason"), finish))[1].status == "ok"


@pytest.mark.parametrize("model", ["gpt-4o\ud83d", "gpt-4o\0", "gpt\n4o", "m" * 100_000])
def test_a_model_s_name_can_stand_in_a_table(model, tmp_path):
    _, verdict, _ = read(change(make_answer(), (*BODY, "model"), model))
    assert verdict.status == "ok" and len(verdict.model.encode()) <= 600
    assert not set("\0\n") & set(verdict.model)


def change(answer, path, value):
    answer = copy.deepcopy(answer)
    inner = answer
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return answer


BODY = ("response", "body")
CHOICE = (*BODY, "choices", 0)


@pytest.mark.parametrize(
    ("path", "value", "status", "reason"),
    [
        ((*CHOICE, "message"), None, "failed", "no chat completion"),
        ((*CHOICE, "message"), "text", "failed", "no chat completion"),
        ((*BODY, "choices"), {}, "failed", "no chat completion"),
        ((*BODY, "choices"), [], "failed", "no chat completion"),
        ((*BODY, "choices"), [7], "failed", "no chat completion"),
        (BODY, "<html>", "failed", "no chat completion"),
        (BODY, None, "failed", "no chat completion"),
        (("response",), "ok", "failed", "status None"),
        (("response",), None, "failed", "status None"),
        (("response", "status_code"), "200", "ok", ""),
        (("response", "status_code"), 200.0, "ok", ""),
        (("response", "status_code"), True, "failed", "status None"),
        (("response", "status_code"), [200], "failed", "status None"),
        (("response", "status_code"), 10**40, "failed", "status None"),
        (("response", "status_code"), 503, "failed", "status 503"),
        (("error",), "server_error", "failed", "server_error"),
        (("error",), {"code": ["x"], "message": {"y": 1}}, "failed", "status 200 list"),
        (("error",), 17, "failed", "17"),
        (("error",), {}, "ok", ""),
        ((*CHOICE, "finish_reason"), None, "failed", "finish_reason"),
        ((*CHOICE, "finish_reason"), ["stop"], "failed", "finish_reason list"),
        ((*CHOICE, "finish_reason"), "length", "failed", "finish_reason length"),
        ((*CHOICE, "finish_reason"), "content_filter", "refused", "content_filter"),
        ((*CHOICE, "message", "refusal"), {"why": "x"}, "refused", "refusal"),
        ((*CHOICE, "message", "refusal"), "no \ud83d\0 way", "refused", "no"),
        ((*CHOICE, "message", "content"), None, "failed", "not JSON"),
        ((*CHOICE, "message", "content"), [{"type": "text"}], "failed", "not JSON"),
        ((*BODY, "model"), None, "ok", ""),
        ((*BODY, "model"), {"name": "x"}, "ok", ""),
        ((*BODY, "usage"), "none", "ok", ""),
        (("id",), [[]], "ok", ""),
    ],
)
def test_odd_values_in_a_line(path, value, status, reason):
    _, verdict, entry = read(change(make_answer(), path, value))
    assert verdict.status == status and reason in verdict.reason
    verdict.reason.encode()
    assert entry[0] == REQUEST["custom_id"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (RIGHT[:-1], "not JSON"),
        ("```json\n" + RIGHT + "\n```", "not JSON"),
        ('{"r":[]}', "0 items for 2"),
        ('{"r":{"1":["dog"]}}', "not JSON of the schema"),
        ('{"r":["dog","cat"]}', "not JSON of the schema"),
        (RIGHT.replace('{"r"', '{"note":"x","r"'), "not JSON of the schema"),
        (RIGHT.replace('"i":1', '"i":"1"'), "indices"),
        (RIGHT.replace('"i":1', '"i":1.0'), "indices"),
        (RIGHT.replace('"i":2', '"i":1'), "indices"),
        (RIGHT.replace('"w":["dog"]', '"w":["cat"],"w":["dog"]'), "a key stands twice"),
        (RIGHT.replace('{"i":1', '{"i":2,"i" :1'), "a key stands twice"),
        ('{"r":[],' + RIGHT[1:], "a key stands twice"),
        (RIGHT.replace("dog", "\ud83d"), "no text can hold"),
        (RIGHT.replace("dog", "\\ud83d"), "no text can hold"),
        (RIGHT.replace("dog", "\\u0000"), "no text can hold"),
        ("[" * 100_000, "nested too deeply"),
        (RIGHT.replace('["dog"]', "[" * 5_000 + "]" * 5_000), "nested too deeply"),
        ("9" * 100_000, "not JSON"),
        ("NaN", "not JSON"),
        ("null", "not JSON"),
    ],
)
def test_contents_that_fail_their_prompt(content, reason):
    _, verdict, entry = read(with_content(content))
    assert verdict.status == "failed" and reason in verdict.reason and not verdict.items
    assert entry[1] == "mismatch" and entry[4] > 0, "it was served, and is paid"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('{"i":1,"w":["unicorn"]}', "'unicorn' is not in the list"),
        ('{"i":1,"w":"dog"}', "w: Input should be a valid list"),
        ('{"i":1}', "w: Field required"),
        ('{"i":1,"w":["dog"],"sure":true}', "sure: Extra inputs"),
        ('{"i":1,"w":[1]}', "1' is not in the list"),
        ('{"i":1,"w":null}', "w: Input should be a valid list"),
        ('{"i":1,"w":[["dog"]]}', "'list' is not in the list"),
    ],
)
def test_an_item_that_is_not_of_the_schema_is_a_row_of_its_own(row, reason):
    answer = with_content(RIGHT.replace('{"i":1,"w":["dog"]}', row))
    verdict = judge_answer(answer, 2, SCHEMA)
    assert verdict.status == "ok" and set(verdict.items) == {2} and reason in verdict.faults[1]
    first, second = judge_items([REQUEST], {REQUEST["custom_id"]: answer}).values()
    assert (first.status, second.status) == ("failed", "ok") and reason in first.reason
    both = with_content(canonical_json({"r": [json.loads(row), json.loads(row) | {"i": 2}]}))
    assert judge_answer(both, 2, SCHEMA).status == "failed"


def test_every_request_s_own_schema_can_be_checked():
    """What a builder asks for is what is checked; another schema is a reason, no pass."""
    edit = caption_request("gpt-4o", ['{"caption":"A dog.","object":"dog"}'])
    parts = edit["body"]["response_format"]["json_schema"]["schema"]["properties"]["r"]["items"]["properties"]
    right = build_answer(edit, "gpt-4o", [{name: "A bench." for name in parts if name != "i"}])
    schema = edit["body"]["response_format"]["json_schema"]["schema"]
    assert judge_answer(right, 1, schema).status == "ok"
    wrong = build_answer(edit, "gpt-4o", [{name: 5 for name in parts if name != "i"}])
    assert judge_answer(wrong, 1, schema).status == "failed"
    unknown = json.loads(json.dumps(SCHEMA).replace('"type": "string"', '"type": "string", "format": "date"'))
    assert "cannot be checked" in judge_answer(make_answer(), 2, unknown).reason


@pytest.mark.parametrize(
    ("usage", "read_as"),
    [
        (USAGE, (900, 20, 0)),
        ({"prompt_tokens": "900", "completion_tokens": 20.0}, (900, 20, 0)),
        (USAGE | {"prompt_tokens_details": {"cache_write_tokens": 400}}, (900, 20, 400)),
        (USAGE | {"prompt_tokens_details": {"cache_write_tokens": 9000}}, (900, 20, 900)),
        (USAGE | {"prompt_tokens_details": "none"}, (900, 20, 0)),
        (USAGE | {"prompt_tokens": -900}, None),
        (USAGE | {"prompt_tokens": 10**30}, None),
        (USAGE | {"prompt_tokens": True}, None),
        (USAGE | {"prompt_tokens": 0}, None),
        (USAGE | {"completion_tokens": None}, None),
        (USAGE | {"completion_tokens": "many"}, None),
        (USAGE | {"completion_tokens": 2.5}, None),
        (USAGE | {"completion_tokens": float("nan")}, None),
        ({}, None),
        (None, None),
        ([900, 20], None),
    ],
)
def test_usage_that_cannot_be_read_costs_the_worst_case(usage, read_as):
    answer = change(make_answer(), (*BODY, "usage"), usage)
    assert read_usage(answer) == read_as
    _, verdict, entry = read(answer)
    assert verdict.status == "ok" and entry[1] == OK, "the answer itself is as good as ever"
    assert (entry[4] == 0.5) is (read_as is None) and entry[4] > 0


def test_who_was_not_served_pays_nothing():
    for line in (
        {"custom_id": REQUEST["custom_id"], "response": None, "error": {"code": "batch_expired"}},
        {
            "custom_id": REQUEST["custom_id"],
            "response": {"status_code": 503, "body": "<html>"},
            "error": None,
        },
        {"custom_id": REQUEST["custom_id"], "response": None, "error": "server_error"},
    ):
        _, verdict, entry = read(line)
        assert verdict.status == "failed" and may_try_again(line) and entry[2:5] == (0, 0, 0.0)


@pytest.mark.parametrize("code", ["invalid_prompt", "content_filter", "content_policy_violation"])
def test_a_filter_s_400_is_a_refusal_of_this_request(code):
    error = {"message": "flagged", "type": "invalid_request_error", "code": code}
    line = {
        "custom_id": REQUEST["custom_id"],
        "response": {"status_code": 400, "body": {"error": error}},
        "error": None,
    }
    _, verdict, entry = read(line)
    assert verdict.status == "refused" and entry[1] == "refused" and is_flagged(line)
    wrong = change(line, (*BODY, "error", "code"), "unknown_parameter")
    assert judge_answer(wrong, 2).status == "failed" and not is_flagged(wrong)


@pytest.mark.parametrize(
    ("line", "name", "fault"),
    [
        ("<!DOCTYPE html>", None, "Expecting value"),
        ("", None, "Expecting value"),
        ("null", None, "no JSON object"),
        ('{"custom_id": 5}', None, "names no request"),
        ('{"custom_id": "w-1", "response"', "w-1", "Expecting"),
        ('{"custom_id": "w-1", "custom_id": "w-2"}', None, "stands twice"),
        ('{"custom_id": "w-1", "error": null, "error": null}', "w-1", "stands twice"),
        ('{"custom_id": "w-1", "a": ' + "[" * 100 + "]" * 100 + "}", "w-1", "too deeply"),
        ('{"custom_id": "w-1", "a": ' + "[" * 100_000, "w-1", "too deeply"),
        (b'{"custom_id": "w-1", "a": "\xff\xfe"}', "w-1", ""),
        (b'\x00\x00{"custom_id": "w-1"}', "w-1", "Expecting value"),
    ],
)
def test_lines_that_cannot_be_read(line, name, fault):
    result = read_result(line)
    assert result.custom_id == name and fault in result.fault and bool(fault) is bool(result.fault)
    if name:
        verdict = judge_answer(result.answer, 2, SCHEMA)
        assert verdict.status == "failed" and fault in verdict.reason
        assert json.loads(result.text)["custom_id"] == name and len(result.text) < 500


def test_half_of_a_surrogate_pair_can_be_written_and_read_again(tmp_path):
    answer = with_content(RIGHT.replace("dog", "\ud83d"))
    write_lines([answer], tmp_path / "raw.jsonl")
    assert json.loads((tmp_path / "raw.jsonl").read_text()) == answer


# --- fuzz


ODD = [
    None, True, False, 0, -1, 2**70, 1e308, float("nan"), float("inf"), "", "0", "200", "stop", "\0",
    "\ud83d",
    "<html>", [], {}, [[]], {"": ""}, {"code": "batch_expired"}, ["dog"], "9" * 5000, "x" * 10_000,
]  # fmt: skip


def list_paths(value, path=()):
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from list_paths(value[key], (*path, key))


def assert_sound(line):
    """The property: no exception; an item is either what the right answer has, or has a reason."""
    result, verdict, entry = read(line)
    assert verdict.status in ("ok", "failed", "refused") and (verdict.reason or verdict.status == "ok")
    verdict.reason.encode()
    assert len(verdict.reason) <= 200 and "\n" not in verdict.reason
    assert set(verdict.items) | set(verdict.faults) == ({1, 2} if verdict.status == "ok" else set())
    for row in verdict.items.values():
        assert set(row) == {"i", "w"} and all(word in COCO80 for word in row["w"])
    assert all(reason for reason in verdict.faults.values())
    find_codes(result.answer), find_model(result.answer), may_try_again(result.answer)
    assert classify(result.answer, 2, SCHEMA)
    if entry is not None:
        assert entry[0] == result.custom_id and entry[2] >= 0 and entry[3] >= 0 and 0 <= entry[4] < 1e4
        entry[5].encode()


@pytest.mark.parametrize("seed", range(4))
def test_any_value_at_any_place_of_a_line(seed):
    """Every place of a right line, in turn, holds every odd value."""
    answer = make_answer(prompt_tokens_details={"cache_write_tokens": 1})
    draw = random.Random(seed)
    places = [path for path in list_paths(answer) if path]
    for path in places:
        for value in draw.sample(ODD, len(ODD) // 4):
            assert_sound(change(answer, path, value))


@pytest.mark.parametrize("examples", [300, pytest.param(5000, marks=pytest.mark.dear)])
def test_any_line_is_a_right_answer_or_a_row_with_a_reason(examples):
    hypothesis = pytest.importorskip("hypothesis")
    from hypothesis import strategies as st

    texts = st.text(st.characters(codec=None), max_size=8) | st.sampled_from(["dog", "stop", "200", "\ud83d"])
    numbers = st.integers() | st.floats() | st.booleans() | st.none()
    values = st.recursive(
        numbers | texts | st.sampled_from(ODD),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=6,
    )
    answer = make_answer()
    places = st.sampled_from([path for path in list_paths(answer) if path])
    words = st.lists(st.sampled_from(["dog", "cat", "unicorn", "\ud83d"]) | texts, max_size=3)
    numbered = [
        st.fixed_dictionaries({"i": st.just(i)}, optional={"w": words | values, "x": values}) for i in (1, 2)
    ]
    row = st.fixed_dictionaries({}, optional={"i": st.integers(0, 3) | values, "w": words, "x": values})
    rows = st.lists(row, max_size=3) | st.tuples(*numbered)
    broken = json.dumps(answer)

    @hypothesis.settings(max_examples=examples, deadline=None, database=None, print_blob=True)
    @hypothesis.given(st.data())
    def fuzz(data):
        kind = data.draw(st.sampled_from(["places", "content", "cut", "bytes", "value", "twice"]))
        if kind == "places":
            line = answer
            for path in data.draw(st.lists(places, min_size=1, max_size=3)):
                try:
                    line = change(line, path, data.draw(values))
                except (TypeError, KeyError, IndexError):  # an earlier change took the place away
                    continue
        elif kind == "content":
            line = with_content(json.dumps({"r": data.draw(rows)}, ensure_ascii=data.draw(st.booleans())))
        elif kind == "cut":
            start = data.draw(st.integers(0, len(broken)))
            line = broken[:start] + data.draw(texts) + broken[data.draw(st.integers(start, len(broken))) :]
        elif kind == "bytes":
            line = data.draw(st.binary(max_size=60)) + broken.encode()[data.draw(st.integers(0, 900)) :]
        elif kind == "value":
            line = data.draw(values)
        else:
            key = data.draw(st.sampled_from(["custom_id", "response", "error", "r", "i", "w", "model"]))
            line = broken.replace(f'"{key}"', f'"{key}": {json.dumps(data.draw(values))}, "{key}"', 1)
            line = (
                line
                if data.draw(st.booleans())
                else line.replace(f'\\"{key}\\"', f'\\"{key}\\": 0, \\"{key}\\"', 1)
            )
        assert_sound(line)

    fuzz()
