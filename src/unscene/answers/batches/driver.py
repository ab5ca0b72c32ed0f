"""The driver: sends what is to be asked as batches, each once, and collects what came back.

Order of one batch: intent (synced) -> upload -> file id (synced) -> create, with the intent's name
in the metadata -> batch id (synced) -> poll -> both result files -> answers and end, in one
transaction. Whatever step a process dies at, the next run finds out what exists at the endpoint
before it creates anything. Nothing is ever sent again because it took long.
"""

import hashlib
import logging
from collections import Counter
from pathlib import Path

from unscene.answers.batches.agenda import Agenda, Asked
from unscene.answers.batches.client import ApiClient, ApiError, OutOfCredit, RateLimited, Rejected, Unanswered
from unscene.answers.batches.collecting import commonest_errors, fetch_answers, read_answers
from unscene.answers.batches.ledger import Intent, Ledger
from unscene.answers.batches.outcomes import NO_CREDIT, NO_CREDIT_CODES, REJECTED
from unscene.answers.batches.terms import Limits, Terms
from unscene.answers.batches.waves import cut
from unscene.answers.endpoints import find_endpoint
from unscene.run.tables import replaced_atomically

APP = "unscene"
ENDED = ("completed", "failed", "expired", "cancelled")
TOKEN_LIMIT = "token_limit_exceeded"
# A batch that was created without our hearing of it shows in the list by then (OpenAI says nothing;
# two minutes proved enough).
SHOWS_AFTER_S = 120
CREATES_AT_MOST = 5
STUCK_AFTER_S = 3600
LIMIT_REMEMBERED_S = 24 * 3600
UNKNOWN_BATCH_S = 600
logger = logging.getLogger("unscene")


class Stopped(RuntimeError):
    """Submitting stopped for a reason that somebody has to see to; what is paid is kept."""


class ComeBackLater(RuntimeError):
    """Batches are under way and the run does not wait for them."""


class Driver:
    """Drives the requests of one stage to their end."""

    def __init__(self, api: ApiClient, ledger: Ledger, agenda: Agenda, terms: Terms):
        self._api, self._ledger, self._agenda = api, ledger, agenda
        self._prices, self._limits, self._stage, self._clock = (
            terms.prices,
            terms.limits,
            terms.stage,
            terms.clock,
        )
        self._poll_seconds, self._outage_seconds = terms.api["poll_seconds"], terms.outage_seconds
        self._keeps_batches = find_endpoint(terms.api["base_url"]).keeps_batches
        self._folder = ledger.path.parent
        self._halt: Exception | None = None
        self._silent_since: float | None = None
        self._told = ""

    def run(self, wait: bool) -> None:
        """Send and collect until every request is at its end.

        Raises ComeBackLater when `wait` is false and something is under way, Stopped when a person
        is needed, after everything that is under way has been collected as far as it can be.
        """
        try:
            self._recover()
            while True:
                self._collect()
                if not self._halt:
                    self._submit()
                self._tell()
                if not wait or self._is_over():
                    break
                self._clock.sleep(self._poll_seconds)
        except (Rejected, OutOfCredit) as error:
            raise _explain(error) from None
        if self._halt:
            raise self._halt
        if self._agenda.open or self._agenda.under_way:
            raise ComeBackLater(
                f"come back later, nothing is lost: {self._agenda.answered} of {self._agenda.total} requests"
                f" of stage {self._stage} are answered, {len(self._agenda.under_way)} are under way; run the"
                " same command again to collect them"
            )

    def _is_over(self) -> bool:
        """Return whether nothing is left to wait for: copies that turn up late are cancelled,
        awaited and booked, too.
        """
        if self._agenda.under_way or (self._agenda.open and not self._halt):
            return False
        self._find_strays()
        return not any(row["stage"] == self._stage for row in self._ledger.list_batches("submitted"))

    # --- sending
    # ---------------------------------------------------------------------------------------------------

    def _submit(self) -> None:
        while self._agenda.open and not self._halt:
            queued = sum(row["tokens"] for row in self._ledger.list_batches("submitted"))
            committed = self._ledger.sum_usd() + self._ledger.sum_worst_usd()
            limits = self._limits._replace(enqueued_tokens=self._learn_token_limit())
            chosen = cut(self._agenda.open.values(), limits, queued, committed)
            if not chosen:
                if not queued:
                    self._halt = self._explain_no_room(committed, limits)
                return
            self._send(self._intend(chosen, queued))

    def _intend(self, chosen: list[Asked], queued: int) -> int:
        tried = self._ledger.list_outcomes(asked.custom_id for asked in chosen)
        names = sorted(f"{asked.custom_id} {len(tried.get(asked.custom_id, ()))}" for asked in chosen)
        shard = hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]
        with replaced_atomically(self._path_to_upload(shard)) as temporary, open(temporary, "wb") as handle:
            for asked in chosen:
                handle.write(asked.read())
        members = [(asked.custom_id, asked.items) for asked in chosen]
        tokens = sum(asked.tokens for asked in chosen)
        worst = sum(asked.usd_worst for asked in chosen)
        intent = Intent(self._stage, shard, self._agenda.model, members, tokens, queued + tokens, worst)
        number = self._ledger.intend(intent, self._clock.now())
        self._agenda.send(asked.custom_id for asked in chosen)
        return number

    def _send(self, number: int) -> None:
        """Upload and create an intended batch, from wherever it stands."""
        row = self._ledger.find_batch(number)
        try:
            if row["state"] == "intended":
                path = self._path_to_upload(row["shard"])
                file_id = self._retry(lambda: self._api.upload(path))
                self._ledger.record_upload(number, file_id)
            self._create(number)
        except Stopped as stop:
            self._halt = self._halt or stop
        except ApiError as error:
            # Refused for good: no batch exists, and its requests are free again.
            self._ledger.drop(number, str(error)[:300])
            self._free(number)
            self._halt = self._halt or _explain(error)

    def _create(self, number: int) -> None:
        row = self._ledger.find_batch(number)
        metadata = {
            "app": APP,
            "run": self._ledger.run,
            "stage": self._stage,
            "shard": row["shard"],
            "intent": str(number),
            "requests": str(row["requests"]),
        }

        def create():
            self._ledger.record_try(number, self._clock.now())
            return self._api.create_batch(row["file_id"], metadata)

        for _ in range(CREATES_AT_MOST):
            try:
                batch = self._retry(create, RateLimited)
            except Unanswered as error:
                logger.warning("a batch may or may not have been created (%s); looking for it", error)
                if self._adopt(number):
                    return
            else:
                self._ledger.record_batches(number, [batch], self._clock.now())
                self._path_to_upload(row["shard"]).unlink(missing_ok=True)
                logger.info("batch %s: %d requests sent", batch.id, row["requests"])
                return
        raise Stopped(
            f"the endpoint took no batch in {CREATES_AT_MOST} tries; nothing is lost: run the same command"
            " again later"
        )

    def _free(self, number: int) -> None:
        """Decide anew on the requests of a batch that ended, but for those that another batch still holds."""
        members = set(self._ledger.list_members(number))
        for row in self._ledger.list_batches("submitted"):
            members -= self._ledger.list_members(row["number"]).keys()
        self._agenda.revisit(members, self._ledger.list_outcomes(members))

    # --- finding out what exists
    # -----------------------------------------------------------------------------------

    def _recover(self) -> None:
        """Bring every intent without a batch to an end: adopt its batch, send it, or drop it when
        nobody wants it any more.
        """
        self._find_strays()
        for row in self._ledger.list_batches("intended", "uploaded"):
            number, own = row["number"], row["stage"] == self._stage
            members = self._ledger.list_members(number)
            if row["creates"] and self._adopt(number, settled_wait=own):
                self._agenda.send(members)
            elif own and all(name in self._agenda.open for name in members) and self._can_send(row):
                logger.info(
                    "an earlier run ended before its batch of %d requests was created: sending it",
                    len(members),
                )
                self._agenda.send(members)
                self._send(number)
            elif own:
                self._ledger.drop(number, "no longer wanted")
                self._path_to_upload(row["shard"]).unlink(missing_ok=True)

    def _can_send(self, row) -> bool:
        committed = self._ledger.sum_usd() + self._ledger.sum_worst_usd()  # this intent is in it
        has_file = row["state"] == "uploaded" or self._path_to_upload(row["shard"]).is_file()
        return has_file and committed <= self._limits.budget_usd

    def _adopt(self, number: int, settled_wait: bool = True) -> bool:
        """Record the batch that an earlier create made, if it did; its copies are cancelled and booked."""
        found = self._find_batches(number)
        if not found and settled_wait:
            passed = self._clock.now() - self._ledger.find_batch(number)["tried_at"]
            if passed < SHOWS_AFTER_S:
                self._clock.sleep(SHOWS_AFTER_S - passed)
                found = self._find_batches(number)
        if not found:
            return False
        self._ledger.record_batches(number, found, self._clock.now())
        logger.info(
            "batch %s: found at the endpoint and adopted; %d copies are cancelled",
            found[0].id,
            len(found) - 1,
        )
        self._path_to_upload(self._ledger.find_batch(number)["shard"]).unlink(missing_ok=True)
        return True

    def _find_strays(self) -> None:
        """Look for batches that a second create of one intent made after the first had taken effect
        unseen.
        """
        for row in self._ledger.list_batches("submitted", "settled", "dropped"):
            recent = row["tried_at"] and row["tried_at"] > self._clock.now() - LIMIT_REMEMBERED_S
            if row["creates"] > 1 and recent and (found := self._find_batches(row["number"])):
                logger.warning(
                    "%d copies of batch %s turned up; they are cancelled", len(found), row["batch_id"]
                )
                self._ledger.record_duplicates(row["number"], found, self._clock.now())
                for copy in self._ledger.list_batches("submitted"):
                    if copy["duplicate_of"] == row["number"]:
                        self._cancel(copy)

    def _find_batches(self, number: int) -> list:
        """Return the endpoint's batches of an intent that the ledger does not know yet, oldest first."""
        row = self._ledger.find_batch(number)
        known = {other["batch_id"] for other in self._ledger.list_batches()}
        wanted = {"app": APP, "run": self._ledger.run, "shard": row["shard"], "intent": str(number)}

        def search() -> list:
            return [
                batch
                for batch in self._api.list_batches(row["intended_at"] - 3600)
                if batch.id not in known
                and (
                    batch.input_file_id == row["file_id"] or wanted.items() <= (batch.metadata or {}).items()
                )
            ]

        return sorted(self._retry(search), key=lambda batch: batch.created_at)

    # --- collecting
    # ------------------------------------------------------------------------------------------------

    def _collect(self) -> None:
        for row in self._ledger.list_batches("submitted"):
            if row["cancel_at"] and row["status"] not in (*ENDED, "cancelling"):
                self._cancel(row)
            try:
                batch = self._api.retrieve_batch(row["batch_id"])
            except (Unanswered, RateLimited) as error:
                self._bear(error)
                continue
            except Rejected as error:
                self._miss(row, error)
                continue
            self._silent_since = None
            self._ledger.record_status(row["number"], batch)
            if batch.status in ENDED:
                self._settle(row, batch)
            else:
                self._cancel_if_stuck(row, batch)

    def _miss(self, row, error: Rejected) -> None:
        """Bear a batch that the endpoint does not know: for a moment it may not yet, later somebody
        has to say why.
        """
        if error.status == 404 and self._clock.now() - (row["created_at"] or 0) < UNKNOWN_BATCH_S:
            return
        if error.status == 404 and not self._keeps_batches:
            logger.warning(
                "batch %s went with a local server that ran before: its requests are asked anew",
                row["batch_id"],
            )
            self._ledger.forget(row["number"], "the local server does not know it", 0)
            self._free(row["number"])
            return
        raise Stopped(
            f"the endpoint does not show batch {row['batch_id']}: {error}. Is the key of the project that"
            " sent it? If its answers are gone for good, book it as lost: unscene batches forget"
            f" {row['batch_id']}"
        )

    def _settle(self, row, batch) -> None:
        """Take over all lines of a batch that ended, whatever its end: partial results are paid for."""
        number, members = row["number"], self._ledger.list_members(row["number"])
        codes = {error.code for error in batch.errors.data or []} if batch.errors else set()
        note = commonest_errors(batch)
        if batch.status == "failed":
            note = TOKEN_LIMIT if TOKEN_LIMIT in codes else note
            self._ledger.settle(number, batch, [], note)
        else:
            try:
                paths = fetch_answers(self._api, batch, self._folder / "downloads", self._clock)
            except Rejected as error:
                self._ledger.settle(number, batch, [], f"lost: {error}"[:300], lost_usd=row["worst_usd"])
                self._free(number)
                self._halt = self._halt or Stopped(
                    f"the results of batch {batch.id} can no longer be fetched ({error}); up to"
                    f" ${row['worst_usd']:.4f} are booked for it. Run the same command again to ask its"
                    f" {row['requests']} requests anew"
                )
                return
            except (Unanswered, RateLimited) as error:
                self._bear(error)
                return
            entries = read_answers(paths, members, row["model"], self._prices, self._api.clean)
            self._ledger.settle(number, batch, entries, note)
            for path in paths:
                path.unlink(missing_ok=True)
        self._path_to_upload(row["shard"]).unlink(missing_ok=True)
        self._free(number)
        self._look_for_halt(row, batch, codes, note, self._ledger.count_outcomes(number))

    def _look_for_halt(self, row, batch, codes: set, note: str, last: Counter) -> None:
        """Stop submitting where another batch would fare no better."""
        stop = None
        if codes & NO_CREDIT_CODES or last[NO_CREDIT]:
            stop = _explain(OutOfCredit(f"batch {batch.id}: {note or 'insufficient_quota'}"))
        elif batch.status == "failed" and note == TOKEN_LIMIT:
            logger.warning(
                "batch %s did not fit into the account's queue (%d tokens with what was there): sending less"
                " at a time",
                batch.id,
                row["queued_tokens"],
            )
        elif batch.status == "failed":
            stop = Stopped(
                f"batch {batch.id} was refused as a whole: {note or 'no reason given'}; nothing was charged"
            )
        elif last[REJECTED]:
            stop = Stopped(
                f"batch {batch.id}: the endpoint calls {last[REJECTED]} of {row['requests']} requests wrong"
                " (the log above says why); answers to the others are kept. Correct the cause before you run"
                " again"
            )
        elif batch.status == "cancelled" and not row["cancel_at"]:
            stop = Stopped(
                f"batch {batch.id} was cancelled by somebody; its answers are kept. Run the same command"
                " again to ask the rest"
            )
        self._halt = self._halt or stop

    def _cancel(self, row) -> None:
        try:
            self._api.cancel_batch(row["batch_id"])
        except ApiError as error:  # an ended batch cannot be cancelled; the next look tells
            logger.info("batch %s was not cancelled: %s", row["batch_id"], error)

    def _cancel_if_stuck(self, row, batch) -> None:
        now = self._clock.now()
        if row["cancel_at"]:
            if now > max(row["cancel_at"], row["expires_at"] or 0) + 2 * STUCK_AFTER_S:
                raise Stopped(
                    f"batch {batch.id} neither ends nor can be cancelled (status {batch.status}); ask the"
                    " provider"
                )
        elif batch.expires_at and now > batch.expires_at + STUCK_AFTER_S:
            logger.warning("batch %s is %s an hour after its end: cancelling it", batch.id, batch.status)
            self._ledger.record_cancel(row["number"], now)
            self._cancel(row)

    # --- patience
    # --------------------------------------------------------------------------------------------------

    def _retry(self, function, errors=(RateLimited, Unanswered)):
        """Call until it is answered. Only what may be called twice (an upload, a list) is retried
        on Unanswered.
        """
        turn = 0
        while True:
            try:
                value = function()
            except errors as error:
                self._bear(error)
                wait = getattr(error, "retry_after", None)
                self._clock.sleep(min(60.0, self._poll_seconds * 2**turn) if wait is None else wait)
            else:
                self._silent_since = None
                return value
            turn += 1

    def _bear(self, error: ApiError) -> None:
        """Log a call that was not answered; after too long a silence raise Stopped."""
        now = self._clock.now()
        self._silent_since = now if self._silent_since is None else self._silent_since
        logger.warning("not answered: %s", error)
        if now - self._silent_since > self._outage_seconds:
            raise Stopped(
                f"the endpoint has not answered for {(now - self._silent_since) / 60:.0f} minutes ({error}); "
                "nothing is lost: run the same command again later"
            )

    def _learn_token_limit(self) -> int:
        """Return the configured limit of enqueued tokens, or half of what the endpoint refused today."""
        since = self._clock.now() - LIMIT_REMEMBERED_S
        refused = [
            row["queued_tokens"] // 2
            for row in self._ledger.list_batches("settled")
            if row["note"] == TOKEN_LIMIT
            and row["intended_at"] > since
            and row["model"] == self._agenda.model
        ]
        return min([self._limits.enqueued_tokens, *refused])

    # --- words
    # -----------------------------------------------------------------------------------------------------

    def _explain_no_room(self, committed: float, limits: Limits) -> Stopped:
        first = next(iter(self._agenda.open.values()))
        if committed + first.usd_worst > limits.budget_usd:
            return Stopped(
                f"api.budget_usd ${limits.budget_usd:.2f} is used up: ${committed:.4f} are spent or under way"
                f" at worst, and {len(self._agenda.open)} requests wait. Answers are kept; raise it and run"
                " the same command again"
            )
        return Stopped(
            f"request {first.custom_id} has up to {first.tokens} tokens and no more than"
            f" {limits.enqueued_tokens} may be enqueued (api.enqueued_tokens, or what the endpoint refused"
            " today); ask fewer captions in one prompt"
        )

    def _tell(self) -> None:
        """Log progress when there is any."""
        running = self._ledger.list_batches("submitted")
        states = Counter(row["status"] for row in running)
        done = sum(row["completed"] for row in running)
        text = (
            f"{self._stage}: {self._agenda.answered} of {self._agenda.total} requests answered;"
            f" {len(running)} batches under way"
            + (
                f" ({', '.join(f'{n} {status}' for status, n in sorted(states.items()))}; {done} requests"
                " done)"
                if running
                else ""
            )
            + f"; ${self._ledger.sum_usd():.4f} of ${self._limits.budget_usd:.2f} so far"
        )
        if text != self._told:
            logger.info(text)
            self._told = text

    def _path_to_upload(self, shard: str) -> Path:
        return self._folder / "uploads" / f"{APP}-{shard[:16]}.jsonl"


def _explain(error: ApiError) -> Stopped:
    if isinstance(error, OutOfCredit):
        return Stopped(
            f"the account has no money left ({error}); answers are kept. Top it up and run the same command"
            " again"
        )
    return Stopped(f"the endpoint refuses: {error}")
