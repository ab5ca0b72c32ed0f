"""The agenda: every request of a stage, and whether it is answered, under way, to be asked, or at its end."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unscene.answers.batch_lines import canonical_json, estimate_tokens, read_items
from unscene.answers.batches.outcomes import OK, REFUSED, decide, split_request
from unscene.run.stops import KnownStop

# Where a request line lies: file, offset and size; or the line itself.
Place = tuple[Path, int, int] | bytes


class AgendaError(KnownStop, ValueError):
    """Request files that cannot be one stage's: two models, or two bodies under one id."""


@dataclass(slots=True, frozen=True)
class Asked:
    """A request: where its line lies, and what it takes. `cause`: why its parent was split, empty
    for an original.

    tokens: input, with a margin. usd, usd_worst: dollars as expected and at most. form: see `describe_form`.
    """

    custom_id: str
    items: int
    size: int
    tokens: int
    usd: float
    usd_worst: float
    cause: str
    place: Place
    form: str = ""

    def read(self) -> bytes:
        """Return the request line, with its newline."""
        return _read(self.place)


class Agenda:
    """What there is to do, by the outcomes that the ledger holds. Bodies stay on disk; only those
    of split prompts are held, and only what is still to be answered is priced.

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
        self._places: dict[str, tuple[Place, str]] = {}  # with the cause of its parent's split
        self.open: dict[str, Asked] = {}
        self.under_way: dict[str, Asked] = {}
        self.ended: dict[str, str] = {}  # custom_id: done, or why it ended
        self.originals: set[str] = set()
        self.model = ""  # that of all requests; empty without any
        self._proved: set[str] | None = None
        away = set(under_way)
        for line, place in _read_places(paths_to_requests):
            request = json.loads(line)
            if request["custom_id"] not in self._places:
                self.originals.add(request["custom_id"])
                self._visit(request, place, "", outcomes, away)

    @property
    def total(self) -> int:
        """Requests so far, with those of split prompts."""
        return len(self._places)

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
            if self.under_way.pop(name, None) or self.open.pop(name, None):
                place, cause = self._places[name]
                self._visit(_load(place), place, cause, outcomes, set())

    def find_schema(self, custom_id: str) -> dict | None:
        """Return the schema that a request asks for; None for a request of another stage."""
        if custom_id not in self._places:
            return None
        request = _load(self._places[custom_id][0])
        return request["body"]["response_format"]["json_schema"]["schema"]

    def find_unproved(self) -> Asked | None:
        """Return the first open request of a form that has no accepted answer yet; None when all
        forms have one. A form is a prompt without its items: model, system text, schema.
        """
        if self._proved is None:
            done = (self._places[name][0] for name, end in self.ended.items() if end == "done")
            self._proved = {describe_form(_load(place)) for place in done}
        for asked in self.open.values():
            if asked.form not in self._proved:
                return asked
        return None

    def _visit(
        self, request: dict, place: Place, cause: str, outcomes: dict[str, list[str]], away: set[str]
    ) -> None:
        name, model = request["custom_id"], request["body"]["model"]
        self._places[name] = place, cause
        self.model = self.model or model
        if model != self.model:
            raise AgendaError(f"request {name}: a stage has one model, not {self.model} and {model}")
        past = outcomes.get(name, [])
        # Of what is answered nothing else has to be known.
        items = 0 if OK in past else len(read_items(request))
        step = decide(past, items, cause, self._attempts)
        if step.do == "ask":
            (self.under_way if name in away else self.open)[name] = self._describe(request, place, cause)
            return
        self.ended[name] = step.do if step.do != "end" else step.cause
        if step.do == "done" and self._proved is not None:
            self._proved.add(describe_form(request))
        if step.do == "split":
            for part in split_request(request, step.sizes):
                if part["custom_id"] not in self._places:
                    line = (canonical_json(part) + "\n").encode()
                    self._visit(part, line, step.cause, outcomes, away)

    def _describe(self, request: dict, place: Place, cause: str) -> Asked:
        usd, usd_worst = self._price(request)
        size = len(place) if isinstance(place, bytes) else place[2]
        tokens = math.ceil(_QUEUE_MARGIN * estimate_tokens(request))
        items = len(read_items(request))
        form = describe_form(request)
        return Asked(request["custom_id"], items, size, tokens, usd, usd_worst, cause, place, form)


def describe_form(request: dict) -> str:
    """Return a request without its items and what depends on their number, as a short text."""
    body = request["body"]
    schema = body["response_format"]["json_schema"]["schema"]
    rows = {**schema["properties"].get("r", {}), "minItems": None, "maxItems": None}
    key = (
        body["model"],
        body["messages"][:-1],
        {**schema, "properties": {**schema["properties"], "r": rows}},
        {name: value for name, value in body.items() if name not in _NOT_OF_THE_FORM},
    )
    for known, form in _forms:
        if known == key:
            return form
    form = hashlib.sha256(canonical_json(key).encode()).hexdigest()[:16]
    _forms.append((key, form))
    del _forms[:-_FORMS_KEPT]
    return form


# The last forms: to compare one is far cheaper than to write it as text.
_forms: list[tuple[tuple, str]] = []
_FORMS_KEPT = 8
# Above what is expected, a queue that is counted too full costs waves; below, a refused batch.
_QUEUE_MARGIN = 1.1
_NOT_OF_THE_FORM = ("model", "messages", "response_format", "max_completion_tokens")


def count_ends(ended: dict[str, str]) -> dict[str, int]:
    """Return how many requests ended how; split ones are not counted, their parts are."""
    counts: dict[str, int] = {}
    for end in ended.values():
        if end != "split":
            counts[end] = counts.get(end, 0) + 1
    return {"done": 0, REFUSED: 0} | counts


def _load(place: Place) -> dict:
    return json.loads(_read(place))


def _read(place: Place) -> bytes:
    if isinstance(place, bytes):
        return place
    path, offset, size = place
    with open(path, "rb") as handle:
        handle.seek(offset)
        return handle.read(size)


def _read_places(paths: Iterable[str | Path]) -> Iterator[tuple[bytes, Place]]:
    for path in map(Path, paths):
        offset = 0
        with open(path, "rb") as handle:
            for line in handle:
                if line.strip():
                    yield line, (path, offset, len(line))
                offset += len(line)
