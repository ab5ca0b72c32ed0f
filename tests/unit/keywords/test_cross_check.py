"""Answers of a prompt, or a file, that cannot be believed though each of them is of the schema."""

import pytest

from unscene.answers.canaries import count_canaries, spread_with_canaries
from unscene.answers.verdicts import Verdict
from unscene.keywords.canaries import list_canaries
from unscene.keywords.cross_check import check_prompts
from unscene.words.coco80 import COCO80

CANARIES = list_canaries(COCO80)
SCENES = [
    f"{COCO80.name_object(word)['A']} in a {place}."
    for word in COCO80
    for place in ("shed", "tent", "chapel")
]


def answer(captions, said, model="gpt-6-luna"):
    items = {i: {"i": i, "w": list(words)} for i, words in enumerate(said, 1)}
    return captions, Verdict("ok", "", model, items)


def read(captions):
    return [COCO80.find_words(caption) for caption in captions]


def judge(*prompts):
    return [verdict.reason for _, verdict in check_prompts(prompts, CANARIES, COCO80)]


def make_prompts(count=6, size=20):
    return [SCENES[n : n + size] for n in range(0, count * size, size)]


def test_right_answers_pass_whatever_the_model():
    prompts = [answer(captions, read(captions)) for captions in make_prompts()]
    assert judge(*prompts) == [""] * 6


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda words: words[1:] + words[:1], "neighbours"),
        (lambda words: words[:12] + words[11:-1], "neighbours"),  # from the thirteenth on, one too late
        (lambda words: [["person"]] * len(words), "same words"),
        (lambda words: [[] for _ in words], "agrees with the lexicon"),
        (lambda words: words[::-1], "agrees with the lexicon"),
    ],
)
def test_one_broken_prompt_fails_alone(spoil, reason):
    captions = [SCENES[n] for n in range(0, 240, 12)]
    good = make_prompts(8)
    reasons = judge(answer(captions, spoil(read(captions))), *(answer(one, read(one)) for one in good))
    assert reason in reasons[0] and reasons[1:] == [""] * 8


def test_a_model_that_agrees_with_nothing_fails_in_the_whole_file():
    good = [answer(one, read(one)) for one in make_prompts(6)]
    bad = [
        answer(one, [words + ["tie"] for words in read(one[::-1])], "gpt-6-other") for one in make_prompts(6)
    ]
    reasons = judge(*good, *bad)
    assert reasons[:6] == [""] * 6 and all(reasons[6:])


def test_a_canary_that_is_answered_otherwise_fails_its_prompt():
    canary, words = next(iter(CANARIES.items()))
    captions = [*SCENES[:9], canary]
    assert judge(answer(captions, read(captions))) == [""]
    reasons = judge(answer(captions, [*read(SCENES[:9]), words[:1]]))
    assert reasons[0].startswith("canary: ") and canary in reasons[0]


def test_captions_in_another_language_are_not_held_against_the_lexicon():
    captions = [f"一只狗在第{n}号房子前面" for n in range(20)]
    assert judge(answer(captions, [["dog"]] * 20)) == [""]


def test_canaries_are_few_in_random_places_and_never_two_in_a_prompt():
    texts = [(f"text {n}", [f"p{n}"]) for n in range(780)]
    prompts = list(spread_with_canaries(texts, 20, list(CANARIES), 39))
    asked = [text for prompt in prompts for text in prompt]
    canaries = [text for text in asked if text in CANARIES]
    assert len(canaries) == count_canaries(780, 39) == 20
    assert sorted(set(asked) - set(canaries)) == sorted(text for text, _ in texts)
    assert max(map(len, prompts)) == 20
    places = [next((i for i, text in enumerate(prompt) if text in CANARIES), None) for prompt in prompts]
    assert all(sum(text in CANARIES for text in prompt) <= 1 for prompt in prompts)
    assert len({place for place in places if place is not None}) > 5
    assert prompts == list(spread_with_canaries(texts, 20, list(CANARIES), 39))


def test_canaries_are_plain_captions_of_many_words():
    assert len(CANARIES) > 60
    assert {word for words in CANARIES.values() for word in words} >= {"dog", "person", "traffic light", "tv"}
