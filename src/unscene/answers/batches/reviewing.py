"""What a batch that came back means for the others: whose fault a failure is, and whether to send more."""

import json
import logging
from collections import Counter

from unscene.answers.batches.client import ApiClient
from unscene.answers.batches.collecting import commonest_errors
from unscene.answers.batches.ledger import Ledger
from unscene.answers.batches.outcomes import (
    AWAY,
    FAULTY,
    LENGTH,
    MISMATCH,
    NO_CREDIT,
    NO_CREDIT_CODES,
    OK,
    REFUSED,
    REJECTED,
    UNSERVED,
)
from unscene.answers.batches.sending import Sender
from unscene.answers.batches.stops import Stopped
from unscene.answers.envelopes import complains_of_form, is_of_form

TOKEN_LIMIT = "token_limit_exceeded"
# Batches in a row in which nothing was served, and first requests in a row that were refused.
BARREN_AT_MOST = 8
FIRSTS_AT_MOST = 3
# A share of a batch up to which requests that are called wrong are wrong each by itself.
FAULTY_SHARE, FAULTY_AT_LEAST = 0.2, 3
logger = logging.getLogger("unscene")


class Review:
    """Looks at batches as they end; counts those in a row that came to nothing."""

    def __init__(self, api: ApiClient, ledger: Ledger, sender: Sender):
        self._api, self._ledger, self._sender = api, ledger, sender
        self._barren = self._refused_firsts = 0

    def find_faulty(self, row, batch) -> list[tuple]:
        """Return entries for the lines that a failed batch complains of, when they are few, and are not
        all of a stage in which nothing was taken yet; the others are free to be sent again.
        """
        told = [error for error in batch.errors.data if not is_of_form(error.code, error.param)]
        lines = {error.line for error in told if error.line}
        path = self._sender.find_upload(row["shard"])
        if (
            batch.status != "failed"
            or not lines
            or (len(lines) >= row["requests"] and not self._ledger.find_accepted(row["stage"])[0])
            or not path.is_file()
            or not _are_few(len(lines), row["requests"])
        ):
            return []
        entries, members = [], self._ledger.list_members(row["number"])
        with open(path, "rb") as handle:
            for position, line in enumerate(handle, 1):
                name = (
                    next((name for name in members if name.encode() in line), None)
                    if position in lines
                    else None
                )
                if name:
                    logger.warning("request %s is called wrong: %s", name, commonest_errors(batch))
                    entries.append((name, FAULTY, 0, 0, 0.0, None))
        return entries

    def rename(self, row, counts: Counter) -> dict[str, str]:
        """Return the outcomes that are others in the light of the whole batch."""
        renamed = {}
        if 2 * counts[UNSERVED] >= row["requests"] and not self._are_to_blame(row):
            renamed[UNSERVED] = AWAY  # the endpoint failed, not the requests
        taken = counts[OK] or self._ledger.find_accepted(row["stage"])[0]
        if counts[REJECTED] and taken and not row["first"] and _are_few(counts[REJECTED], row["requests"]):
            renamed.update({} if self._is_form_refused(row) else {REJECTED: FAULTY})
        return renamed

    def _is_form_refused(self, row) -> bool:
        """Return whether the endpoint takes a field no longer that all requests share: whoever is refused
        for it is asked again when that is seen to.
        """
        lines = map(self._ledger.find_answer, self._ledger.list_named(row["number"], [REJECTED]))
        return any(complains_of_form(json.loads(line)) for line in lines if line)

    def _are_to_blame(self, row) -> bool:
        """Return whether the requests that failed at the server are few, and each failed while others
        of its stage were served: then it fails by itself, alone or not.
        """
        failed = self._ledger.list_named(row["number"], [UNSERVED])
        served = self._ledger.find_accepted(row["stage"])[0]
        return _are_few(len(failed), served) and all(
            self._ledger.was_passed_over(row["stage"], name) for name in failed
        )

    def find_halt(self, row, batch, note: str, has_faulty: bool) -> Stopped | None:
        """Return why nothing more should be sent, where another batch would fare no better."""
        codes = {error.code for error in batch.errors.data}
        counts = self._ledger.count_outcomes(row["number"])
        stop = None
        if codes & NO_CREDIT_CODES or counts[NO_CREDIT]:
            stop = (
                f"the account has no money left (batch {batch.id}: {note or 'insufficient_quota'});"
                " answers are kept"
                ". Top it up and run the same command again"
            )
        elif batch.status == "failed" and note == TOKEN_LIMIT:
            logger.warning(
                "batch %s did not fit into the account's queue (%d tokens with what was there)",
                batch.id,
                row["queued_tokens"],
            )
        elif batch.status == "failed" and not has_faulty:
            stop = (
                f"batch {batch.id} was refused as a whole: {note or 'no reason given'}; nothing was charged"
            )
        elif counts[REJECTED]:
            stop = (
                f"batch {batch.id}: the endpoint calls {counts[REJECTED]} of {row['requests']} requests wrong"
                " (the log above says why); answers to the others are kept. Correct the cause before you run"
                " again"
            )
        elif batch.status == "cancelled" and row["cancel_at"] is None:
            stop = (
                f"batch {batch.id} was cancelled by somebody; its answers are kept. Run the same command"
                " again to ask the rest"
            )
        elif row["first"]:
            stop = self._judge_first(row, counts)
        if stop is None:
            stop = self._count_barren(row, batch, counts)
        return Stopped(stop) if stop else None

    def _judge_first(self, row, counts: Counter) -> str | None:
        """Read what the first request of a prompt came to, before the others are sent."""
        if counts[LENGTH] or counts[MISMATCH]:
            (name,) = self._ledger.list_members(row["number"])
            came = self._api.clean(self._ledger.find_answer(name) or "")
            return (
                "the first request of this prompt was sent alone, and its answer cannot be used, so the"
                f" others were not sent. What came back: {came[-600:]} (api.model, or a fault of this"
                " program?). Running the same command again tries the next one"
            )
        self._refused_firsts = self._refused_firsts + 1 if counts[REFUSED] else 0
        if self._refused_firsts >= FIRSTS_AT_MOST:
            return (
                f"the first {FIRSTS_AT_MOST} requests of this prompt were refused by the model, each"
                " sent alone; the"
                " others were not sent. See the answers in the ledger; another api.model may do"
            )
        return None

    def _count_barren(self, row, batch, counts: Counter) -> str | None:
        if row["duplicate_of"] or batch.status == "failed":
            return None
        if sum(counts.values()) > counts[AWAY] + counts[UNSERVED]:
            self._barren = 0
            return None
        self._barren += 1
        if batch.usage:
            return (
                f"batch {batch.id} came back without one answer, and the endpoint says that it used"
                f" {batch.usage.output_tokens} tokens for them: asking again would pay again. Ask the"
                " provider; the next run asks them anew"
            )
        if self._barren < BARREN_AT_MOST:
            if batch.status == "completed":
                self._sender.wait(min(1800.0, 60.0 * 2 ** (self._barren - 1)))
            logger.warning("batch %s came back without an answer (%d in a row)", batch.id, self._barren)
            return None
        answered = self._ledger.find_accepted(row["stage"])[0]
        return (
            f"{self._barren} batches in a row came back without an answer (the last one, {batch.id}, is"
            f" {batch.status}){self._name_failure(row)}. {answered} requests"
            f" of stage {row['stage']} are answered, and nothing is lost: run the same command again later"
        )

    def _name_failure(self, row) -> str:
        """Return which request of a batch came to nothing, what came for it, and where that is kept."""
        failed = self._ledger.list_named(row["number"], [AWAY, UNSERVED])
        if not failed:
            return ""
        more = f" and {len(failed) - 1} more" if len(failed) > 1 else ""
        line = self._api.clean(self._ledger.find_answer(failed[0]) or "no line at all")
        return f": request {failed[0]}{more}; what came: {line[:400]} (kept in {self._ledger.path})"


def _are_few(count: int, requests: int) -> bool:
    return count <= max(FAULTY_AT_LEAST, FAULTY_SHARE * requests)
