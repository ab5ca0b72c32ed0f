"""Asking an endpoint that has no batches: one call a request, a few at once, each answer into the
ledger as it comes.

The ledger hears of a call before it is made. A call that gave no answer may be billed, whatever its
reply says (a gateway's 503 may stand for an answer that came too late), so it is booked at its worst
case, and `api.attempts` of one request are the end; of a process that is killed these are at most
`api.concurrency`.
"""

import json
import logging
from collections import Counter
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from unscene.answers.batch_lines import canonical_json
from unscene.answers.batches.agenda import Agenda, Asked
from unscene.answers.batches.client import (
    AccessDenied,
    ApiClient,
    ApiError,
    Completion,
    NotFound,
    OutOfCredit,
    RateLimited,
    Unanswered,
)
from unscene.answers.batches.collecting import enter_answer
from unscene.answers.batches.ledger import Ledger, sum_committed
from unscene.answers.batches.outcomes import (
    AWAY,
    FAULTY,
    LENGTH,
    MISMATCH,
    NO_CREDIT,
    OK,
    REFUSED,
    REJECTED,
    UNSERVED,
)
from unscene.answers.batches.patience import tell_patience
from unscene.answers.batches.stops import Stopped
from unscene.answers.batches.terms import Terms
from unscene.answers.endpoints import DEFAULT, find_endpoint
from unscene.answers.envelopes import complains_of_form
from unscene.answers.prices import PRICE_FACTOR
from unscene.run.counts import tell_count

_TOLD_EVERY_S = 30
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 5.0, 60.0
# Calls that may be billed are few, so what stands between them grows faster: 5 s, two minutes, 48.
_LOST_GROWTH = 24
# Statuses by which the API itself says that it did not begin. After any other, a server's error too, it
# may have worked on the request, and bills that.
_NOT_BEGUN = (409, 425)
# So many first requests that come to nothing are no fault of theirs: the others are not sent.
_FIRSTS_AT_MOST = 3
logger = logging.getLogger("unscene")


def ask_each(api: ApiClient, ledger: Ledger, agenda: Agenda, terms: Terms) -> None:
    """Ask every open request; raise Stopped when a person is needed.

    The first one goes alone and is read; only when an answer was of use, several go at once.
    """
    caller = _Caller(api, ledger, agenda, terms)
    with ThreadPoolExecutor(terms.api["concurrency"]) as pool:
        caller.run(pool)
    if caller.halt:
        raise Stopped(f"{caller.halt}. Answers are kept: run the same command again when that is seen to")


def _may_be_billed(came: ApiError) -> bool:
    """Return whether a call that gave no answer may have been worked on, and is booked.

    A page with status 403 is a filter's, which may have read the answer before it forbade it.
    """
    if isinstance(came, AccessDenied):
        return came.status == 403 and not came.by_api
    if not isinstance(came, Unanswered) or came.took_no_effect:
        return False
    return not (came.by_api and came.status in _NOT_BEGUN)


class _Caller:
    """The calls under way, and what the ones before came to."""

    def __init__(self, api: ApiClient, ledger: Ledger, agenda: Agenda, terms: Terms):
        self._api, self._ledger, self._agenda, self._terms = api, ledger, agenda, terms
        self._endpoint = find_endpoint(terms.api["base_url"])
        self._running: dict[Future, Asked] = {}
        self._useful = False  # an answer was of use: the prompt and the model are right
        self._firsts: list[tuple[Asked, tuple]] = []  # entries of no use before that, not yet in the ledger
        self._silent_since: float | None = None
        self._is_told = False  # how long it is borne
        self._lost: dict[str, list[float]] = {}  # dollars booked for the lost replies of each request
        self._lost_in_a_row = 0  # since the last answer; those that went at once are one
        self._pause, self._turn = 0.0, 0
        self._told = terms.clock.monotonic()
        self.halt = ""

    def run(self, pool: ThreadPoolExecutor) -> None:
        """Ask until nothing is open, or until `halt` says why not."""
        while self._running or (self._agenda.open and not self.halt):
            if self._pause and not self._running:
                self._terms.clock.sleep(self._pause)
                self._pause = 0.0
            self._send(pool)
            finished, _ = wait(self._running, return_when=FIRST_COMPLETED)
            for future in finished:
                self._take(self._running.pop(future), future.result())
            self._tell()
        self._enter_firsts(REJECTED)

    def _send(self, pool: ThreadPoolExecutor) -> None:
        """Send as many requests as may be under way together, within the budget."""
        is_sure = self._useful and self._silent_since is None
        room = self._terms.api["concurrency"] if is_sure else 1
        budget_usd = self._terms.limits.budget_usd
        while self._agenda.open and not self.halt and not self._pause and len(self._running) < room:
            asked = next(iter(self._agenda.open.values()))
            committed = sum_committed(self._ledger.path.parent)  # with the calls under way
            worst_usd = PRICE_FACTOR * asked.usd_worst
            if committed + worst_usd > budget_usd:
                if not self._running:
                    self.halt = (
                        f"api.budget_usd ${budget_usd:.2f} is used up (${committed:.4f} are spent or may"
                        f" be); not sent: {tell_count(len(self._agenda.open), 'request')}"
                    )
                return
            stage, model = self._terms.stage, self._agenda.model
            self._ledger.begin_call(stage, asked.custom_id, model, asked.items, worst_usd)
            self._agenda.send([asked.custom_id])
            self._running[pool.submit(self._ask, asked)] = asked

    def _ask(self, asked: Asked) -> Completion | ApiError:
        body = json.loads(asked.read())["body"]
        try:
            return self._api.complete(self._endpoint.dress(body, self._terms.api.get("deployments")))
        except ApiError as error:
            return error

    def _take(self, asked: Asked, came: Completion | ApiError) -> None:
        """Enter what a call came to, and decide what follows."""
        stage, name = self._terms.stage, asked.custom_id
        if isinstance(came, Completion):
            self._enter(asked, came)
            return
        if _may_be_billed(came):
            entry = (name, AWAY, 0, 0, PRICE_FACTOR * asked.usd_worst, None)
            self._ledger.end_call(stage, entry)
            self._lost.setdefault(name, []).append(entry[4])
            self._lost_in_a_row += not self._running
            logger.warning("no answer came, and up to $%.4f are booked for it: %s", entry[4], came)
        else:
            self._ledger.void_call(stage, name)
        self._agenda.revisit([name], self._ledger.list_outcomes([name]))
        if isinstance(came, OutOfCredit):
            self.halt = f"the account has no money left ({came})"
        elif isinstance(came, AccessDenied | NotFound) or not isinstance(came, RateLimited | Unanswered):
            self.halt = f"the endpoint refuses ({came}). See to the key, api.base_url and api.model"
        else:
            self._bear(came)
            losses = max(self._lost_in_a_row, len(self._lost.get(name, ())))
            if _may_be_billed(came) and losses >= self._terms.api["attempts"]:
                self._halt_at_losses(asked, came)

    def _halt_at_losses(self, asked: Asked, came: ApiError) -> None:
        """Stop when calls in a row, or those of one request, give no answer: each may have been billed."""
        booked = [usd for losses in self._lost.values() for usd in losses]
        self.halt = (
            f"{tell_count(len(booked), 'call')} may have been billed (up to ${sum(booked):.4f}, which are"
            f" booked), and gave no answer: api.attempts ({self._terms.api['attempts']}) are used up, the"
            f" last by request {asked.custom_id} ({came}). See whether the server has an outage, or a proxy"
            f" or a time limit cuts the connection to {self._terms.api['base_url'] or DEFAULT.url}"
        )

    def _enter(self, asked: Asked, came: Completion) -> None:
        name = asked.custom_id
        response = {"status_code": came.status, "request_id": None, "body": came.body}
        line = {
            "id": f"sync_{name.removeprefix('w-')}",
            "custom_id": name,
            "response": response,
            "error": None,
        }
        # Half of a surrogate pair is kept as its escape: the ledger's text is UTF-8.
        text = canonical_json(line)
        if text.encode("utf-8", "replace").decode() != text:
            text = json.dumps(line)
        worst_usd = PRICE_FACTOR * asked.usd_worst
        prices, model = self._terms.prices, self._agenda.model
        entry = enter_answer(line, text, asked.items, model, prices, PRICE_FACTOR, worst_usd)
        outcome = entry[1]
        self._silent_since, self._turn, self._lost_in_a_row = None, 0, 0
        if outcome == NO_CREDIT:
            self.halt = "the account has no money left"
        if outcome == REJECTED and self._useful and complains_of_form(line):
            self.halt = f"the endpoint no longer takes requests of this form ({self._api.clean(text)[-300:]})"
        elif outcome == REJECTED and self._useful:
            # A prompt of several is split; a single caption is asked once more before it is given up.
            again = asked.items == 1 and not self._ledger.list_outcomes([name])
            entry = (name, UNSERVED if again else FAULTY, *entry[2:])
        if outcome in (REJECTED, LENGTH, MISMATCH, REFUSED) and not self._useful:
            self._firsts.append((asked, entry))
            if outcome != REJECTED:  # it is paid
                self._ledger.end_call(self._terms.stage, entry)
                self._agenda.revisit([name], self._ledger.list_outcomes([name]))
            self._judge_firsts()
            return
        if outcome == OK:
            self._useful = True
            self._enter_firsts(FAULTY)
        self._ledger.end_call(self._terms.stage, entry)
        self._agenda.revisit([name], self._ledger.list_outcomes([name]))

    def _judge_firsts(self) -> None:
        """Stop when the first requests, each sent alone, all came to nothing."""
        counts = Counter(entry[1] for _, entry in self._firsts)
        if len(self._firsts) < _FIRSTS_AT_MOST and self._agenda.open:
            return
        if self._agenda.open or counts[REJECTED]:
            told = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
            came = self._api.clean(self._firsts[-1][1][5])[-300:]
            self.halt = (
                f"the first {len(self._firsts)} requests, each sent alone, came to nothing ({told}), so the"
                f" others were not sent. What came back: {came}"
            )

    def _enter_firsts(self, outcome: str) -> None:
        """Enter what was held back: the first requests that the endpoint called wrong. They are
        faulty when others are taken; else the endpoint calls all wrong, and asking again is free.
        """
        for asked, entry in self._firsts:
            if entry[1] == REJECTED:
                name = asked.custom_id
                self._ledger.end_call(self._terms.stage, (name, outcome, *entry[2:]))
                self._agenda.revisit([name], self._ledger.list_outcomes([name]) if outcome == FAULTY else {})
        self._firsts = []

    def _bear(self, error: ApiError) -> None:
        """Note a call that was not served: no fault of its request, which may be fine."""
        now = self._terms.clock.monotonic()
        self._silent_since = now if self._silent_since is None else self._silent_since
        wish = getattr(error, "retry_after", None)
        own = min(_LONGEST_PAUSE_S, _SHORTEST_PAUSE_S * 2 ** min(self._turn, 6))
        if _may_be_billed(error):
            own = _SHORTEST_PAUSE_S * _LOST_GROWTH ** max(0, self._lost_in_a_row - 1)
            own = min(own, max(_LONGEST_PAUSE_S, self._terms.outage_seconds))
        self._turn += 1
        self._pause = max(self._pause, own if wish is None else wish)
        logger.warning("not answered: %s", error)
        if not self._is_told:
            self._is_told = True
            logger.warning(tell_patience(self._terms.outage_seconds))
        if now - self._silent_since > self._terms.outage_seconds:
            minutes = (now - self._silent_since) / 60
            self.halt = f"the endpoint has not answered for {tell_count(round(minutes), 'minute')} ({error})"

    def _tell(self) -> None:
        now = self._terms.clock.monotonic()
        if now - self._told > _TOLD_EVERY_S:
            self._told = now
            answered, total = self._agenda.answered, self._agenda.total
            usd = self._ledger.sum_usd()
            logger.info(
                "%s: %d of %d requests answered; $%.4f so far", self._terms.stage, answered, total, usd
            )
