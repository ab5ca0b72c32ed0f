"""Answers of a model against what is known of their captions: canaries, and the words of the lexicon.

Each answer of a prompt can look right and the prompt be wrong: the words of the caption before, the
same words for all, words of nothing. The lexicon is no truth for one caption. For a prompt, or a
file, an answerer that agrees with it less than half is broken, whichever of the two is better.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from unscene.answers.backends import is_offline
from unscene.answers.verdicts import Verdict
from unscene.run.agreement import count_words
from unscene.words.vocabulary import Vocabulary

# Of a prompt, of a file: the lowest F1 against the lexicon, and the mentions by the lexicon that it
# is judged by. Readers of COCO captions agree to .9 and more; answers of other captions to about .2.
PROMPT_F1, PROMPT_MENTIONS = 0.3, 8
FILE_F1, FILE_MENTIONS = 0.5, 40
SAME_ANSWERS = 5
# A shift: so many more answers in a row fit the neighbour's caption than fit their own.
SHIFTED_ANSWERS = 3


class Prompt(NamedTuple):
    """An answered prompt: its captions, the verdict, and for each caption the words answered and the
    lexicon's.

    answered, expected: empty when the verdict is not ok.
    """

    captions: list[str]
    verdict: Verdict
    answered: list[frozenset]
    expected: list[frozenset]


def check_prompts(
    prompts: Iterable[tuple[list[str], Verdict]],
    canaries: dict[str, list[str]],
    vocabulary: Vocabulary,
) -> Iterator[tuple[list[str], Verdict]]:
    """Yield prompts of a file (captions and verdict) with `failed` for the answers that cannot be
    believed: of one prompt, or all of a model.
    """
    read = [_read(captions, verdict, vocabulary) for captions, verdict in prompts]
    faults = {
        model: find_file_fault([prompt for prompt in read if prompt.verdict.model == model])
        for model in {prompt.verdict.model for prompt in read}
    }
    for prompt in read:
        fault = faults[prompt.verdict.model] or find_prompt_fault(prompt, canaries)
        verdict = prompt.verdict
        if fault and verdict.status == "ok":
            verdict = Verdict("failed", fault, verdict.model, {})
        yield prompt.captions, verdict


def find_prompt_fault(prompt: Prompt, canaries: dict[str, list[str]]) -> str | None:
    """Return why none of a prompt's answers can be believed, None when they can."""
    for caption, words in zip(prompt.captions, prompt.answered, strict=False):
        if caption in canaries and words != frozenset(canaries[caption]):
            return f"canary: {caption!r} was answered with {', '.join(sorted(map(str, words))) or 'nothing'}"
    if _is_shifted(prompt):
        return "answers stand at their neighbours' captions"
    told = [words for words in prompt.answered if words]
    is_same = len(told) == len(prompt.answered) >= SAME_ANSWERS and len(set(told)) == 1
    if is_same and len(set(prompt.expected)) > 1:
        return "the same words for all captions"
    return _disagrees([prompt], PROMPT_F1, PROMPT_MENTIONS)


def find_file_fault(prompts: list[Prompt]) -> str | None:
    """Return why none of a model's answers in a file can be believed, None when they can."""
    return _disagrees(prompts, FILE_F1, FILE_MENTIONS)


def _read(captions: list[str], verdict: Verdict, vocabulary: Vocabulary) -> Prompt:
    if verdict.status != "ok" or is_offline(verdict.model):
        return Prompt(captions, verdict, [], [])
    # An item that is a fault of its own has no words here.
    told = [verdict.items.get(i, {"w": []})["w"] for i in range(1, len(captions) + 1)]
    expected = [frozenset(vocabulary.find_words(text)) for text in captions]
    return Prompt(captions, verdict, [frozenset(words) for words in told], expected)


def _disagrees(prompts: list[Prompt], lowest: float, mentions: int) -> str | None:
    """Return that answers agree too little with the lexicon; where it finds nothing (another
    language) it says nothing.
    """
    pairs = [
        (answered, expected)
        for prompt in prompts
        for answered, expected in zip(prompt.answered, prompt.expected, strict=True)
        if expected
    ]
    count = count_words(pairs)
    if count["right"] + count["missed"] >= mentions and count["f1"] < lowest:
        return f"agrees with the lexicon by F1 {count['f1']:.2f}, {lowest} is the least"
    return None


def _is_shifted(prompt: Prompt) -> bool:
    """Whether a run of answers fits the captions before, or after, better than their own: the
    largest sum of a run, by Kadane.
    """
    answered, expected = prompt.answered, prompt.expected
    for step in (-1, 1):
        run = 0
        for place, words in enumerate(answered):
            other = place + step
            if not 0 <= other < len(expected) or expected[place] == expected[other]:
                continue
            gain = int(words == expected[other]) - int(words == expected[place])
            run = max(0, run + gain)
            if run >= SHIFTED_ANSWERS:
                return True
    return False
