"""The driver: sends what is to be asked as batches, each once, and collects what came back.

Order of one batch: intent (synced) -> upload -> file id (synced) -> create, with the intent's name
in the metadata -> batch id (synced) -> poll -> both result files -> answers and end, in one
transaction. Whatever step a process dies at, the next run finds out what exists at the endpoint
before it creates anything. Nothing is ever sent again because it took long.

Each turn of `run` makes one attempt at everything that is due, so that nothing that fails keeps
another thing waiting; docs/BATCHES.md lists the states and how each ends.
"""

import logging
from collections import Counter
from collections.abc import Callable

from unscene.answers.batches.agenda import Agenda, Asked
from unscene.answers.batches.client import (
    AccessDenied,
    ApiClient,
    ApiError,
    OutOfCredit,
    RateLimited,
    Unanswered,
)
from unscene.answers.batches.ledger import Ledger, sum_committed
from unscene.answers.batches.patience import Patience, ServerTime, Stopwatch
from unscene.answers.batches.reviewing import TOKEN_LIMIT
from unscene.answers.batches.sending import Sender
from unscene.answers.batches.settling import Settler
from unscene.answers.batches.stops import ComeBackLater, Stopped
from unscene.answers.batches.terms import Terms
from unscene.answers.batches.waves import TooLarge, cut
from unscene.run.counts import tell_count

# From so many open requests on, the first one of a new prompt goes alone: below, all of them cost
# little more than the one whose failure would have saved them.
FIRST_ALONE_FROM = 100
# Another run's batches leave the account's queue within their 24 hours.
QUEUE_FULL_S = 25 * 3600
_QUEUE_PAUSE_S, _LONGEST_QUEUE_PAUSE_S = 60.0, 1800.0
# Without `api.wait` a run stays so long for what it cannot send at once.
_LONGEST_STAY_S = 300.0
logger = logging.getLogger("unscene")


class Driver:
    """Drives the requests of one stage to their end."""

    def __init__(self, api: ApiClient, ledger: Ledger, agenda: Agenda, terms: Terms):
        self._api, self._ledger, self._agenda = api, ledger, agenda
        self._limits, self._stage, self._clock = terms.limits, terms.stage, terms.clock
        self._poll_seconds = terms.api["poll_seconds"]
        self._server = ServerTime(api, terms.clock)
        self._patience = Patience(terms.clock, terms.outage_seconds, self._poll_seconds)
        self._sender = Sender(api, ledger, terms, self._patience, self._server)
        self._settler = Settler(api, ledger, agenda, terms, self._sender, self._patience, self._server)
        self._watch = Stopwatch(terms.clock)
        self._queue_pause, self._refused = _QUEUE_PAUSE_S, 0
        self._check: Callable[[], None] | None = None
        self._is_check_due = False
        self._halt: Exception | None = None
        self._told = ""

    def run(self, wait: bool, check: Callable[[], None] = lambda: None) -> None:
        """Send and collect until every request is at its end.

        check: called before the first new money is spent, and only then; what it raises ends the
        run after all that is under way has been collected. Raises ComeBackLater when `wait` is
        false and something is under way, Stopped when a person is needed, in each case after
        everything that is under way has been collected as far as it can be.
        """
        self._check = check
        self._cancel_strays()
        self._sort_intents()
        while True:
            self._settler.collect()
            self._take_halts()
            self._send()
            self._tell()
            if self._is_over(wait):
                break
            self._clock.sleep(self._find_pause())
        if self._halt:
            raise self._halt
        if stop := self._settler.explain_aside():
            raise stop
        if self._agenda.open or self._agenda.under_way:
            late = next(iter(self._settler.late.values()), "")
            unsent = sum(row["requests"] for row in self._list_intents())
            raise ComeBackLater(
                f"come back later, nothing is lost: {self._agenda.answered} of {self._agenda.total} requests"
                f" of stage {self._stage} are answered, {len(self._agenda.under_way) - unsent} are under way"
                + (f", {unsent} not sent yet (the endpoint asks to wait, or is silent)" if unsent else "")
                + "; run the same command again to collect them"
                + (f". One batch: {late}" if late else "")
            )

    # --- when it is over

    def _is_over(self, wait: bool) -> bool:
        """Return whether nothing is left that this run should wait for: copies that turn up late are
        cancelled, awaited and booked, too.
        """
        if not self._halt and (self._list_intents() or self._is_check_due):
            return not wait and self._sender.pause > _LONGEST_STAY_S
        if not wait:
            return True
        if self._list_running() or (self._agenda.open and not self._halt):
            return False
        self._cancel_strays()
        return not self._list_running()

    def _list_running(self) -> list:
        """Return the batches of this stage that are waited for."""
        rows = self._ledger.list_batches("submitted")
        return [
            row for row in rows if row["stage"] == self._stage and row["number"] not in self._settler.aside
        ]

    def _list_intents(self) -> list:
        rows = self._ledger.list_batches("intended", "uploaded")
        return [row for row in rows if row["stage"] == self._stage]

    def _find_pause(self) -> float:
        pause = self._sender.pause
        if not pause or not (self._list_intents() or self._is_check_due):
            return self._poll_seconds
        return min(self._poll_seconds, pause) if self._ledger.list_batches("submitted") else pause

    def _take_halts(self) -> None:
        for halt in self._settler.halts:
            self._halt = self._halt or halt
        if self._settler.aside and not self._halt:
            self._halt = self._settler.explain_aside()

    # --- sending

    def _sort_intents(self) -> None:
        """Decide on what an earlier run intended and did not finish: send it, look for its batch, or
        drop it when nobody wants it any more.
        """
        for row in self._ledger.list_batches("intended", "uploaded"):
            number, members = row["number"], self._ledger.list_members(row["number"])
            if row["creates"] and self._look(number):
                self._agenda.send(members)
            elif row["stage"] == self._stage:
                is_wanted = (
                    all(name in self._agenda.open for name in members)
                    and self._sender.has_upload(row)
                    and sum_committed(self._ledger.path.parent) <= self._limits.budget_usd  # with this one
                )
                if is_wanted or row["creates"]:
                    self._agenda.send(members)
                else:
                    self._drop(number, "no longer wanted")

    def _send(self) -> None:
        """Go on with what is intended, then intend more, as far as there is room."""
        for row in self._list_intents():
            if self._halt or self._sender.pause:
                return
            number = row["number"]
            if row["creates"] and self._is_unwanted(row):
                if self._look(number) is False:
                    self._drop(number, "no longer wanted")
                continue
            if not self._may_spend():
                return
            self._advance(number)
        while self._agenda.open and not self._halt and not self._sender.pause and not self._list_intents():
            if not self._may_spend():
                return
            chosen, first, queued = self._choose()
            if not chosen:
                return
            number = self._sender.intend(chosen, self._agenda.model, queued, first)
            self._agenda.send(asked.custom_id for asked in chosen)
            self._advance(number)

    def _is_unwanted(self, row) -> bool:
        """Return whether an intent of an earlier run asks for what is answered or asked otherwise."""
        members = self._ledger.list_members(row["number"])
        wanted = all(name in self._agenda.under_way for name in members)
        over = sum_committed(self._ledger.path.parent) > self._limits.budget_usd  # this intent is in it
        return not wanted or over or not self._sender.has_upload(row)

    def _may_spend(self) -> bool:
        """Ask once, before new money, whether it may be spent."""
        if self._check is not None:
            check, self._check = self._check, None
            try:
                check()
                self._is_check_due = False
            except (Unanswered, RateLimited) as error:
                self._check, self._is_check_due = check, True
                try:
                    self._sender.wait(self._patience.bear("the checks before sending", error))
                except Stopped as stop:
                    self._halt = stop
                return False
            except Exception as error:  # whatever it is, what is under way is collected first
                self._halt = error
        return not self._halt

    def _choose(self) -> tuple[list[Asked], bool, int]:
        """Return the requests of the next file, whether it is the first of its prompt, and the tokens
        under way.
        """
        rows = self._ledger.list_batches("submitted")
        running = [row for row in rows if row["number"] not in self._settler.aside]
        queued = sum(row["tokens"] for row in rows if row["model"] == self._agenda.model)
        committed = sum_committed(self._ledger.path.parent)
        waiting, first = list(self._agenda.open.values()), False
        if any(row["first"] and row["stage"] == self._stage for row in running):
            return [], False, queued
        if len(waiting) >= FIRST_ALONE_FROM and (unproved := self._agenda.find_unproved()):
            waiting, first = [unproved], True
        learned = self._learn_token_limit()
        limits = self._limits._replace(enqueued_tokens=min(self._limits.enqueued_tokens, learned))
        if not queued and waiting[0].tokens <= self._limits.enqueued_tokens:
            # Others may fill the account's queue: one request is tried, whatever was refused before.
            limits = limits._replace(enqueued_tokens=max(limits.enqueued_tokens, waiting[0].tokens))
        try:
            chosen = cut(waiting, limits, queued, committed)
        except TooLarge as error:
            self._halt = Stopped(str(error))
            return [], False, queued
        if not chosen and not running:
            self._halt = self._explain_no_room(committed)
        return chosen, first, queued

    def _advance(self, number: int) -> None:
        try:
            self._sender.advance(number)
        except Stopped as stop:
            self._halt = self._halt or stop
        except ApiError as error:
            # Refused for good: no batch exists, and its requests are free again.
            self._free(number)
            self._halt = self._halt or _explain(error)

    def _look(self, number: int) -> bool | None:
        try:
            return self._sender.look(number)
        except Stopped as stop:
            self._halt = self._halt or stop
        except ApiError as error:
            self._halt = self._halt or _explain(error)
        return None

    def _drop(self, number: int, note: str) -> None:
        self._ledger.drop(number, note)
        self._sender.find_upload(self._ledger.find_batch(number)["shard"]).unlink(missing_ok=True)
        self._free(number)

    def _free(self, number: int) -> None:
        members = self._ledger.list_free(number)
        self._agenda.revisit(members, self._ledger.list_outcomes(members))

    def _cancel_strays(self) -> None:
        try:
            strays = self._sender.find_strays()
        except ApiError as error:
            logger.warning("copies of earlier batches were not looked for: %s", error)
            return
        for row in self._ledger.list_batches("submitted"):
            if row["batch_id"] in strays:
                self._settler.cancel(row)

    # --- the account's queue

    def _learn_token_limit(self) -> int:
        """Return the tokens that may be enqueued by what the endpoint refused: half of that, and twice
        as much again after each batch that it took.

        Where another run fills the queue nothing fits for a while: pauses get longer up to half an
        hour, and after 25 hours of refusals the run stops.
        """
        limit: int | None = None
        refused = 0
        for row in self._ledger.list_batches():
            if row["model"] != self._agenda.model or row["state"] not in ("submitted", "settled"):
                continue
            if row["note"] == TOKEN_LIMIT:
                half = max(1, row["queued_tokens"] // 2)
                limit, refused = half if limit is None else min(limit, half), refused + 1
            elif row["status"] not in (None, "validating", "failed", "unknown"):
                limit, refused = None if limit is None else 2 * limit, 0
        if not refused:
            self._watch.forget("queue")
            self._queue_pause, self._refused = _QUEUE_PAUSE_S, 0
        elif self._watch.passed("queue") > QUEUE_FULL_S:
            self._halt = self._halt or Stopped(
                f"the account's queue for {self._agenda.model} has had no room for a batch in"
                f" {QUEUE_FULL_S // 3600} hours (token_limit_exceeded). Nothing is lost and nothing was"
                " charged: see what else runs in the account, or ask for a higher limit; then run the"
                " same command again"
            )
        elif refused > self._refused:
            self._refused = refused
            self._sender.wait(self._queue_pause)
            self._queue_pause = min(_LONGEST_QUEUE_PAUSE_S, 2 * self._queue_pause)
        return self._limits.enqueued_tokens if limit is None else limit

    # --- words

    def _explain_no_room(self, committed: float) -> Stopped:
        first = next(iter(self._agenda.open.values()))
        if committed + first.usd_worst > self._limits.budget_usd:
            return Stopped(
                f"api.budget_usd ${self._limits.budget_usd:.2f} is used up: ${committed:.4f} are spent or"
                f" under way at worst in this run directory, and not sent:"
                f" {tell_count(len(self._agenda.open), 'request')}."
                " Answers are kept; raise it and run the same command again"
            )
        return Stopped(
            f"request {first.custom_id} has up to {first.tokens} tokens and no more than"
            f" {self._limits.enqueued_tokens} may be enqueued (api.enqueued_tokens); ask fewer captions in"
            " one prompt"
        )

    def _tell(self) -> None:
        """Log progress when there is any."""
        running = self._ledger.list_batches("submitted")
        states = Counter(row["status"] or "unknown" for row in running)
        done = sum(row["completed"] for row in running)
        text = (
            f"{self._stage}: {self._agenda.answered} of {self._agenda.total} requests answered;"
            f" {tell_count(len(running), 'batch', 'batches')} under way"
            + (
                f" ({', '.join(f'{n} {status}' for status, n in sorted(states.items()))}; done:"
                f" {tell_count(done, 'request')})"
                if running
                else ""
            )
            + f"; ${self._ledger.sum_usd():.4f} of ${self._limits.budget_usd:.2f} so far"
        )
        if text != self._told:
            logger.info(text)
            self._told = text


def _explain(error: ApiError) -> Stopped:
    if isinstance(error, OutOfCredit):
        return Stopped(
            f"the account has no money left ({error}); answers are kept. Top it up and run the same command"
            " again"
        )
    hint = "see to the key and its rights." if isinstance(error, AccessDenied) else "is api.base_url right?"
    return Stopped(
        f"the endpoint refuses an upload, a batch or its list: {error}. Answers are kept; {hint} Then run the"
        " same command again"
    )
