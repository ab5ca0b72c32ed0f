"""Result files of a batch: whether they are its own and whole, and their lines as entries of the
ledger.
"""

import hashlib
import json
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from unscene.answers.batches.outcomes import AWAY, MISMATCH, REJECTED, classify
from unscene.answers.envelopes import find_codes, find_model, read_usage, was_served
from unscene.answers.prices import find_price, price_usage
from unscene.answers.results import Result, make_unreadable, read_result

# A file is a batch's own when so large a part of its lines belongs to it.
_OWN_SHARE = 0.9
# A request has one line; a second one is kept, since it may be billed, a flood of them is not.
_LINES_A_REQUEST = 3
_LONGEST_LINE = 64_000_000
# A batch's own usage is not believed when it is so many times what its lines can cost.
_ABSURD = 10
logger = logging.getLogger("unscene")


class Results:
    """The result files of one batch, on disk. members: items of each request. worst: dollars of each
    at most. `seen`: lines of each request that say something. `named`: requests that have a line, if only
    one that says nothing; all of them where there is a line each and some do not tell whose they are.
    `is_foreign`: a file holds requests of others, and none of the batch. `is_damaged`: a file has zeros,
    which no text has. `is_lone`: a batch of one request has one line.
    """

    def __init__(self, paths: list[Path], members: dict[str, int], worst: dict[str, float]):
        self.paths, self.members, self.worst = paths, members, worst
        self.seen: Counter = Counter()
        self.named: set[str] = set()
        self.is_foreign = self.is_damaged = self.is_lone = False
        self._told_usd = self._guessed_usd = 0.0

    def find_fault(self) -> str:
        """Return why a file is no result of this batch, or nothing."""
        self.seen.clear()
        self.named.clear()
        self.is_foreign = self.is_damaged = False
        empty, lines, strangers, faults = 0, 0, 0, []
        for path in self.paths:
            own = others = total = torn = 0
            first, is_cut = b"", False
            for line in _read_lines(path):
                total, first = total + 1, first or line[:60]
                self.is_damaged |= b"\0" in line
                result = self._read(line)
                name = result.custom_id
                is_cut = name in self.members and bool(result.fault)
                if name not in self.members:
                    others += name is not None
                    continue
                self.named.add(name)
                torn += bool(result.fault)
                if not _says_nothing(result.answer):
                    own += 1
                    self.seen[name] += 1
            empty, lines, strangers = empty + (total == 0), lines + total, strangers + others
            self.is_foreign |= bool(others and not own)
            if is_cut and not _ends_in_a_line(path):
                faults.append(f"{path.name}: the last line is cut")
            if total and (own == 0 or own < _OWN_SHARE * total or self.is_damaged):
                shown = first.decode("utf-8", "replace")
                faults.append(f"{path.name}: {own} of {total} lines are the batch's; it begins {shown!r}")
            elif torn > (1 - _OWN_SHARE) * total:
                faults.append(f"{path.name}: {torn} of {total} lines cannot be read")
        self.is_lone = lines == len(self.members) == 1 and not self.is_foreign
        if self.is_lone or (self.named and not strangers and lines == len(self.members)):
            self.named.update(self.members)
        return "the files are empty" if empty == len(self.paths) else "; ".join(faults)

    def hash_files(self) -> str:
        """Return a hash of all files."""
        total = hashlib.sha256()
        for path in self.paths:
            with open(path, "rb") as handle:
                total.update(hashlib.file_digest(handle, "sha256").digest())
        return total.hexdigest()

    def enter(self, model: str, prices: dict, find_schema: Callable[[str], dict | None]) -> Iterator[tuple]:
        """Yield an entry of the ledger for each line, then for each request without one.

        Nothing that a line holds can raise: one that cannot be read is its request's own outcome.
        """
        entered: Counter = Counter()
        copies: dict[str, set] = {}
        for path in self.paths:
            for line in _read_lines(path):
                result = self._read(line)
                if result.custom_id is None and self.is_lone:
                    result = make_unreadable(next(iter(self.members)), result.fault)
                name = result.custom_id
                if name in self.members and _is_copy(result, copies.setdefault(name, set())):
                    continue  # the same answer, told twice: it was paid once
                if name not in self.members or entered[name] == _LINES_A_REQUEST:
                    logger.warning(
                        "%s: a line is passed over (%s)", path.name, result.fault or "of another request"
                    )
                    continue
                entered[name] += 1
                outcome = classify(result.answer, self.members[name], find_schema(name))
                says_nothing = _says_nothing(result.answer)
                if says_nothing:  # neither an answer nor an error: it may well have been worked on
                    outcome = MISMATCH
                entry = _enter(result.answer, result.text, outcome, model, prices, 1, self.worst[name])
                if read_usage(result.answer) is None:
                    self._guessed_usd += self.worst[name] if says_nothing else entry[4]
                    entry = (*entry[:4], 0.0, entry[5])
                self._told_usd += entry[4]
                yield entry
        self.seen = entered
        for name in self.members.keys() - entered.keys():
            yield (name, AWAY, 0, 0, 0.0, None)

    def _read(self, line: bytes) -> Result:
        """Return a line; of one whose custom_id stands twice, the reading that names a request of the
        batch; of one with an answer in an odd envelope, the answer.
        """
        result = _unwrap(read_result(line))
        if result.custom_id is None and "twice" in result.fault:
            with suppress(ValueError, RecursionError, TypeError):
                answer = json.loads(line)
                if answer["custom_id"] in self.members:
                    return _unwrap(read_result(json.dumps(answer)))
        return result

    def find_lost(self, batch, model: str, prices: dict) -> float:
        """Return the dollars that no line tells, when all have been entered.

        Lines that never came, or do not tell their tokens, cost what the batch's own `usage` leaves
        over; without one, their worst case. Of missing lines only so many can be billed as the batch
        counts beyond those that came. Without a batch (None) all of it is the worst case.
        """
        missing = [self.worst[name] for name in self.members.keys() - self.seen.keys()]
        if batch is None:
            return self._guessed_usd + sum(missing)
        price = find_price(prices, model)
        if batch.usage and price:
            told = (
                batch.usage.input_tokens * price["input"] + batch.usage.output_tokens * price["output"]
            ) / 1e6
            most = _ABSURD * sum(self.worst.values())
            if 0.999 * self._told_usd <= told <= self._told_usd + most:
                return max(0.0, told - self._told_usd)
        unseen = len(missing)
        if batch.request_counts and batch.status != "completed":
            done = batch.request_counts.completed + batch.request_counts.failed
            unseen = min(unseen, max(0, done - len(self.seen)))
        return self._guessed_usd + sum(sorted(missing, reverse=True)[:unseen])


def enter_answer(
    answer: dict,
    text: str,
    items: int,
    model: str,
    prices: dict,
    factor: float = 1,
    worst_usd: float = 0.0,
) -> tuple:
    """Return the ledger's entry of an answer line: (custom_id, outcome, input tokens, output
    tokens, dollars, line). Never raises.

    An answering model without a price has that of the model asked. factor: on the prices of the
    table, which are those of batches. worst_usd: what it costs when that cannot be read.
    """
    return _enter(answer, text, classify(answer, items), model, prices, factor, worst_usd)


def _enter(
    answer: dict, text: str, outcome: str, model: str, prices: dict, factor: float, worst_usd: float
) -> tuple:
    price = find_price(prices, find_model(answer)) or find_price(prices, model)
    usage = read_usage(answer)
    if usage is not None and price is not None:
        usd = factor * price_usage(usage, price)
    else:
        usd = worst_usd if was_served(answer) else 0.0
    read, written = (usage.input_tokens, usage.output_tokens) if usage else (0, 0)
    if outcome == REJECTED:
        logger.warning("request %s is called wrong: %.300s", answer["custom_id"], text)
    return (answer["custom_id"], outcome, read, written, usd, text)


def _unwrap(result: Result) -> Result:
    """Return a line whose body holds an answer and its usage as an answer, whatever stands around it:
    it was billed. What stood there is kept in `envelope`.
    """
    response = result.answer.get("response")
    body = response.get("body") if isinstance(response, dict) else None
    if not isinstance(response, dict) or not isinstance(body, dict):
        return result
    if not isinstance(body.get("choices"), list) or not isinstance(body.get("usage"), dict):
        return result
    told = {"status_code": response.get("status_code"), "error": result.answer.get("error")}
    if was_served(result.answer) and not told["error"]:
        return result
    answer = {**result.answer, "response": {**response, "status_code": 200}, "error": None, "envelope": told}
    return result._replace(answer=answer, text=json.dumps(answer))


def _says_nothing(answer: dict) -> bool:
    """Return whether a line is neither an answer nor an error."""
    response, error = answer.get("response"), answer.get("error")
    has_status = isinstance(response, dict) and response.get("status_code") is not None
    return not has_status and not (isinstance(error, dict) and error) and not find_codes(answer)


def _is_copy(result: Result, known: set) -> bool:
    """Return whether a request's line has been read, by its bytes or by the id that the endpoint gave
    it; note it.
    """
    told = result.answer.get("id")
    marks = {hash(result.text), told if isinstance(told, str) and told else None} - {None}
    is_copy = bool(marks & known)
    known |= marks
    return is_copy


def commonest_errors(batch) -> str:
    """Return the commonest complaint of a batch that failed as a whole, with its line and how often
    it came.
    """
    if not batch.errors.data:
        return ""
    counts = Counter((error.code, error.message) for error in batch.errors.data)
    (code, message), count = counts.most_common(1)[0]
    first = next(error for error in batch.errors.data if (error.code, error.message) == (code, message))
    place = f", line {first.line}" if first.line else ""
    return f"{code}: {message} ({count} of {len(batch.errors.data)} complaints{place})"[:400]


def _ends_in_a_line(path: Path) -> bool:
    with open(path, "rb") as handle:
        handle.seek(-1, os.SEEK_END)
        return handle.read() in (b"\n", b"\r")


def _read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file that hold something, without a byte order mark."""
    with open(path, "rb") as handle:
        while piece := handle.readline(_LONGEST_LINE):
            for line in piece.split(b"\r"):  # no JSON has a bare one within
                if line := line.strip(b"\xef\xbb\xbf \t\n"):
                    yield line
