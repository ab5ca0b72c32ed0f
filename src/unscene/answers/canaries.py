"""Canaries: items with a known answer among those that are asked, to see whether an answerer works.

They share prompts with the items, stand at a random place of them, and count in every price.
"""

from collections.abc import Iterable, Iterator, Sequence

from unscene.answers.batch_lines import spread
from unscene.run.seeds import derive_seed

_TOGETHER = "a canary"  # the photo that all canaries are said to belong to: a prompt holds one at most


def spread_with_canaries(
    texts: Iterable[tuple[str, Iterable[str]]], size: int, canaries: Sequence[str], every: int
) -> Iterator[list[str]]:
    """Cut texts into prompts as `spread` does, with a canary for every so many texts; without any
    canaries, as `spread` does.

    No prompt holds two, nor more than `size` items. Which canary it is and where it stands follow
    from the texts alone.
    """
    if not canaries:
        yield from spread(texts, size)
        return
    known = set(canaries)
    for prompt in spread(_mix(texts, canaries, every), size):
        place = next((place for place, text in enumerate(prompt) if text in known), None)
        if place is not None:
            canary, rest = prompt[place], prompt[:place] + prompt[place + 1 :]
            at = derive_seed("place of the canary", *rest) % len(prompt)
            prompt = [*rest[:at], canary, *rest[at:]]
        yield prompt


def count_canaries(items: int, every: int) -> int:
    """Return how many canaries are asked beside so many items."""
    return items // every


def _mix(
    texts: Iterable[tuple[str, Iterable[str]]], canaries: Sequence[str], every: int
) -> Iterator[tuple[str, Iterable[str]]]:
    for number, (text, photos) in enumerate(texts, 1):
        yield text, photos
        if number % every == 0:
            yield canaries[derive_seed("canary", text) % len(canaries)], [_TOGETHER]
