"""The agenda: every request of a stage, and whether it is answered, under way, to be asked, or at its end."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unscene.answers.batch_lines import canonical_json, estimate_tokens, read_items
from unscene.answers.batches.outcomes import REFUSED, decide, split_request


class AgendaError(ValueError):
    """Request files that cannot be one stage's: two models, or two bodies under one id."""


@dataclass(slots=True, frozen=True)
class Asked:
    """A request: where its line lies, and what it takes. `cause`: why its parent was split, empty
    for an original.

    tokens: input at most (3 characters a token). usd, usd_worst: dollars as expected and at most.
    """

    custom_id: str
    items: int
    size: int
    tokens: int
    usd: float
    usd_worst: float
    cause: str
    place: tuple[Path, int] | bytes

    def read(self) -> bytes:
        """Return the request line as it is uploaded, with its newline."""
        if isinstance(self.place, bytes):
            return self.place
        path, offset = self.place
        with open(path, "rb") as handle:
            handle.seek(offset)
            return handle.read(self.size)


class Agenda:
    """What there is to do, by the outcomes that the ledger holds. Bodies stay on disk; only those
    of split prompts are held.

    price: returns (dollars expected, dollars at most) of a request.
    """

    def __init__(
        self,
        paths_to_requests: Iterable[str | Path],
        outcomes: dict[str, list[str]],
        under_way: Iterable[str],
        attempts: int,
        price: Callable[[dict], tuple[float, float]],
    ):
        self._attempts, self._price = attempts, price
        self._all: dict[str, Asked] = {}
        self.open: dict[str, Asked] = {}
        self.under_way: dict[str, Asked] = {}
        self.ended: dict[str, str] = {}  # custom_id: done, or why it ended
        self.originals: set[str] = set()
        self.model = ""  # that of all requests; empty without any
        away = set(under_way)
        for line, place in _read_places(paths_to_requests):
            asked = self._describe(line, "", place)
            if asked.custom_id not in self._all:
                self.originals.add(asked.custom_id)
                self._visit(asked, outcomes, away)

    @property
    def total(self) -> int:
        """Requests so far, with those of split prompts."""
        return len(self._all)

    @property
    def answered(self) -> int:
        """Requests that need nothing more."""
        return len(self.ended)

    def send(self, batch: Iterable[str]) -> None:
        """Note that requests are under way."""
        for name in batch:
            if name in self.open:
                self.under_way[name] = self.open.pop(name)

    def revisit(self, custom_ids: Iterable[str], outcomes: dict[str, list[str]]) -> None:
        """Decide anew on requests that came back; ids of other stages are passed over."""
        for name in custom_ids:
            if asked := self.under_way.pop(name, None) or self.open.pop(name, None):
                self._visit(asked, outcomes, set())

    def _visit(self, asked: Asked, outcomes: dict[str, list[str]], away: set[str]) -> None:
        name = asked.custom_id
        self._all[name] = asked
        step = decide(outcomes.get(name, []), asked.items, asked.cause, self._attempts)
        if step.do == "ask":
            (self.under_way if name in away else self.open)[name] = asked
            return
        self.ended[name] = step.do if step.do != "end" else step.cause
        if step.do == "split":
            for part in split_request(json.loads(asked.read()), step.sizes):
                if part["custom_id"] not in self._all:
                    place = (canonical_json(part) + "\n").encode()
                    self._visit(self._describe(place, step.cause, place), outcomes, away)

    def _describe(self, line: bytes, cause: str, place: tuple[Path, int] | bytes) -> Asked:
        request = json.loads(line)
        model = request["body"]["model"]
        self.model = self.model or model
        if model != self.model:
            raise AgendaError(
                f"request {request['custom_id']}: a stage has one model, not {self.model} and {model}"
            )
        usd, usd_worst = self._price(request)
        tokens = estimate_tokens(request, at_most=True)
        items = len(read_items(request))
        return Asked(request["custom_id"], items, len(line), tokens, usd, usd_worst, cause, place)


def count_ends(ended: dict[str, str]) -> dict[str, int]:
    """Return how many requests ended how; split ones are not counted, their parts are."""
    counts: dict[str, int] = {}
    for end in ended.values():
        if end != "split":
            counts[end] = counts.get(end, 0) + 1
    return {"done": 0, REFUSED: 0} | counts


def _read_places(paths: Iterable[str | Path]) -> Iterator[tuple[bytes, tuple[Path, int]]]:
    for path in map(Path, paths):
        offset = 0
        with open(path, "rb") as handle:
            for line in handle:
                if line.strip():
                    yield line, (path, offset)
                offset += len(line)
