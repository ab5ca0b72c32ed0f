"""Bringing intended batches into being at the endpoint, each once: upload, create, and finding out
what an earlier create did.

Every call of `advance` makes one attempt and returns, so that the run goes on collecting meanwhile.
"""

import hashlib
import logging
from pathlib import Path

from unscene.answers.batches.agenda import Asked
from unscene.answers.batches.client import ApiClient, ApiError, NotFound, RateLimited, Unanswered
from unscene.answers.batches.ledger import Intent, Ledger
from unscene.answers.batches.patience import Patience, ServerTime, Stopwatch
from unscene.answers.batches.stops import Stopped
from unscene.answers.batches.terms import Terms
from unscene.answers.batches.witness import Witness
from unscene.answers.endpoints import find_endpoint
from unscene.run.counts import tell_count
from unscene.run.tables import replaced_atomically

APP = "unscene"
# A batch that was created without our hearing of it shows in the list by then (OpenAI says nothing;
# two minutes proved enough, and lists that lag seven were seen elsewhere). The more it may cost the
# longer it is looked for: an hour for five dollars. A reply is rarely lost.
SHOWS_AFTER_S, LONGEST_LOOK_S, LOOKS_EVERY_S = 600, 3600, 60
# A list that lacks a batch which was just created is no proof; a run looks at it for so long.
LIST_BEHIND_S = 3 * 3600
CREATES_AT_MOST = 5
# Of a batch's requests so many stand in its metadata, by so many digits of their names: enough to
# know the batch again by what it asks, whoever sent it (a value has 512 characters).
SAMPLE_SIZE, SAMPLE_DIGITS = 32, 12
DAY_S = 24 * 3600
KEPT_S = 30 * DAY_S
logger = logging.getLogger("unscene")


class Sender:
    """Sends batches, and finds those that were created unseen."""

    def __init__(self, api: ApiClient, ledger: Ledger, terms: Terms, patience: Patience, server: ServerTime):
        self._api, self._ledger, self._patience, self._server = api, ledger, patience, server
        self._clock, self._stage = terms.clock, terms.stage
        self._endpoint, self._deployments = find_endpoint(terms.api["base_url"]), terms.api.get("deployments")
        self._watch = Stopwatch(terms.clock)
        self._file_due_s = terms.outage_seconds
        self._folder = ledger.path.parent
        self._not_before = 0.0
        self._listed: set[str] = set()  # the names in the last list that was read
        self._creates: dict[int, int] = {}
        self._surely_absent: set[int] = set()
        self._witness = Witness(api, self._folder / "uploads")
        self._may_pay_again = bool(terms.api.get("pay_again"))

    @property
    def pause(self) -> float:
        """Seconds until the endpoint wants to be asked again."""
        return max(0.0, self._not_before - self._clock.monotonic())

    def wait(self, seconds: float) -> None:
        """Send nothing for so long."""
        self._not_before = max(self._not_before, self._clock.monotonic() + seconds)

    def intend(self, chosen: list[Asked], model: str, queued: int, first: bool) -> int:
        """Write the file of a batch and record the intent; return its number."""
        tried = self._ledger.list_outcomes(asked.custom_id for asked in chosen)
        names = sorted(f"{asked.custom_id} {len(tried.get(asked.custom_id, ()))}" for asked in chosen)
        shard = hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]
        with replaced_atomically(self.find_upload(shard)) as temporary, open(temporary, "wb") as handle:
            for asked in chosen:
                handle.write(self._endpoint.dress_line(asked.read(), self._deployments))
        members = [(asked.custom_id, asked.items, asked.usd_worst) for asked in chosen]
        tokens = sum(asked.tokens for asked in chosen)
        worst = sum(asked.usd_worst for asked in chosen)
        intent = Intent(self._stage, shard, model, members, tokens, queued + tokens, worst, first)
        return self._ledger.intend(intent, self._server.now() or 0.0)

    def advance(self, number: int) -> bool:
        """Take an intended batch one step further, from wherever it stands; return whether it is at
        the endpoint. Raises Stopped when it has been in vain for long, ApiError when the endpoint
        refuses it: then no batch exists, and the intent is dropped.
        """
        row = self._ledger.find_batch(number)
        if self.pause:
            return False
        if row["state"] == "intended" and not self._upload(row):
            return False
        if row["creates"] and number not in self._surely_absent:
            found = self.look(number)
            if found is not False:
                return bool(found)
        if self._creates.get(number, 0) == CREATES_AT_MOST:
            raise Stopped(
                f"the endpoint took no batch in {CREATES_AT_MOST} tries; nothing is lost: run the same"
                " command again later"
            )
        return self._create(number)

    def look(self, number: int) -> bool | None:
        """Look for the batch that an earlier create made; return whether it is there and adopted,
        None while that cannot be said yet.
        """
        try:
            found = self._find_batches([number]).get(number, [])
        except (Unanswered, RateLimited) as error:
            self.wait(self._patience.bear("the list of batches", error))
            return None
        self._patience.end("the list of batches")
        if found:
            self._adopt(number, found)
            return True
        # Counted from the first look of this process: what the clocks say of earlier ones may be wrong.
        row, passed = self._ledger.find_batch(number), self._watch.passed(number)
        enough = min(LONGEST_LOOK_S, SHOWS_AFTER_S * (1 + row["worst_usd"]))
        if passed < enough:
            self.wait(min(LOOKS_EVERY_S, enough - passed))
            return None
        if not self._is_list_proved(row, passed) or not self._is_file_known(row):
            return None
        self._surely_absent.add(number)
        return False

    def _is_list_proved(self, row, passed: float) -> bool:
        """Return whether a list without a batch means that there is none: it shows a later one. Raises
        Stopped when it does not for hours, unless paying twice is allowed.

        An endpoint that refuses to make that one is believed after an hour.
        """
        try:
            told = self._witness.is_in(self._listed, row)
        except (Unanswered, RateLimited) as error:
            self.wait(self._patience.bear("the test of the list", error))
            return False
        self._patience.end("the test of the list")
        if told or (told is None and passed >= LONGEST_LOOK_S):
            return True
        if told is None or passed < LIST_BEHIND_S:
            self.wait(LOOKS_EVERY_S)
            return False
        if self._may_pay_again:
            return True
        raise Stopped(
            f"the reply to the creation of a batch of {row['requests']} requests was lost, and the endpoint's"
            f" list of batches cannot tell whether it exists: for {passed / 3600:.0f} hours it has lacked"
            " even a batch that was created since. Creating it again could pay"
            f" ${row['worst_usd']:.2f} twice."
            " Nothing is lost: run the same command again later, or allow it: api.pay_again: true"
        )

    def _is_file_known(self, row) -> bool:
        """Return whether the endpoint shows the file of a batch that its list lacks. Raises Stopped when
        it does not: a key of another project sees neither.
        """
        is_kept = (self._server.since(row["tried_at"]) or 0.0) < KEPT_S
        if not is_kept or self._may_pay_again or not self._endpoint.keeps_batches:
            return True
        try:
            self._api.find_file(row["file_id"])
        except (Unanswered, RateLimited) as error:
            self.wait(self._patience.bear("the file of a batch", error))
            return False
        except NotFound as error:
            raise Stopped(
                f"the reply to the creation of a batch of {row['requests']} requests was lost, and the"
                f" endpoint shows neither it nor its file ({error}). Is it the key of the project that sent"
                f" it? Creating it again could pay ${row['worst_usd']:.2f} twice. Nothing is lost: set the"
                " key right and run the same command again, or allow it: api.pay_again: true"
            ) from None
        except ApiError as error:
            logger.info("whether the endpoint has the file cannot be said: %s", error)
        self._patience.end("the file of a batch")
        return True

    def find_strays(self) -> list[str]:
        """Look for batches that a create made after it had seemed to fail, or that a gateway made by
        sending it on twice; record them as copies to be cancelled and booked, and return their names.
        Raises ApiError when the list does not come.
        """
        suspects = [
            row["number"]
            for row in self._ledger.list_batches("submitted", "settled", "dropped")
            if row["creates"] and (self._server.since(row["tried_at"]) or 0.0) < DAY_S
        ]
        strays: list[str] = []
        if not suspects:
            return strays
        now = self._server.now()
        found = self._find_batches(suspects, None if now is None else now - DAY_S - 3600)
        for number, batches in found.items():
            logger.warning("copies of an earlier batch turned up and are cancelled: %d", len(batches))
            self._ledger.record_duplicates(number, batches, self._server.now())
            strays += [batch.id for batch in batches]
        return strays

    def find_upload(self, shard: str) -> Path:
        """Return where the file of a batch lies until the batch is settled."""
        return self._folder / "uploads" / f"{APP}-{shard[:16]}.jsonl"

    def has_upload(self, row) -> bool:
        """Return whether an intended batch can still be sent as it is."""
        return row["state"] == "uploaded" or self.find_upload(row["shard"]).is_file()

    def _upload(self, row) -> bool:
        path = self.find_upload(row["shard"])
        try:
            file_id = self._api.upload(path)
        except (Unanswered, RateLimited) as error:  # a second upload costs nothing
            self.wait(self._patience.bear("upload", error))
            return False
        except ApiError as error:
            self._ledger.drop(row["number"], str(error)[:300])
            raise
        self._patience.end("upload")
        self._ledger.record_upload(row["number"], file_id)
        return True

    def _create(self, number: int) -> bool:
        row = self._ledger.find_batch(number)
        members = sorted(self._ledger.list_members(number))[:SAMPLE_SIZE]
        metadata = {
            "app": APP,
            "run": self._ledger.run,
            "stage": self._stage,
            "shard": row["shard"],
            "intent": str(number),
            "requests": str(row["requests"]),
            "sample": " ".join(shorten(name) for name in members),
        }
        self._ledger.record_try(number, self._server.now())
        try:
            batch = self._api.create_batch(row["file_id"], metadata)
        except (RateLimited, Unanswered) as error:
            if error.took_no_effect:
                self._surely_absent.add(number)
                self.wait(self._patience.bear("create", error))
                return False
            logger.warning("a batch may or may not have been created (%s); looking for it", error)
            self._creates[number] = self._creates.get(number, 0) + 1
            self._surely_absent.discard(number)
            self._watch.forget(number)
            self._watch.passed(number)
            self._witness.forget(number)
            self._patience.bear("create", error)
            return bool(self.look(number))
        except ApiError as error:
            # It says that no batch was made; one that shows all the same is ours.
            if self.look(number):
                return True
            if self._is_file_due(row):
                self._surely_absent.add(number)
                self.wait(LOOKS_EVERY_S)
                return False
            self._ledger.drop(number, str(error)[:300])
            raise
        self._patience.end("create")
        self._server.learn(batch.created_at)
        self._ledger.record_batches(number, [batch], self._server.now())
        logger.info("batch %s: %s sent", batch.id, tell_count(row["requests"], "request"))
        return True

    def _is_file_due(self, row) -> bool:
        """Return whether a create was refused because the endpoint does not know the upload yet. It is
        given as long as any call without an answer: dropped sooner, an upload that takes longer would
        be made anew by each run, and be late each time.
        """
        try:
            self._api.find_file(row["file_id"])
        except NotFound:
            passed = self._watch.passed(("upload", row["number"]))
            if not passed:
                logger.warning(
                    "the endpoint does not know the upload %s yet: batches wait for it, for"
                    " api.outage_minutes (%g) at most",
                    row["file_id"],
                    self._file_due_s / 60,
                )
            return passed < self._file_due_s
        except ApiError:
            return False
        return False

    def _adopt(self, number: int, found: list) -> None:
        self._ledger.record_batches(number, found, self._server.now())
        logger.info(
            "batch %s: found at the endpoint and adopted; copies cancelled: %d",
            found[0].id,
            len(found) - 1,
        )

    def _find_batches(self, numbers: list[int], since: float | None = None) -> dict[int, list]:
        """Return the endpoint's batches of intents that the ledger does not know yet, oldest first; those
        made before `since` may be left out.
        """
        known, run = self._ledger.list_batch_ids(), self._ledger.run
        rows = [self._ledger.find_batch(number) for number in numbers]
        by_file = {row["file_id"]: row["number"] for row in rows if row["file_id"]}
        by_name = {(row["shard"], str(row["number"])): row["number"] for row in rows}
        found: dict[int, dict[str, object]] = {}
        self._listed = set()
        for batch in self._api.list_batches(since):
            told = batch.metadata
            self._listed.add(batch.id)
            number = by_file.get(batch.input_file_id or "")
            if (told.get("app"), told.get("run")) == (APP, run):
                number = by_name.get((told.get("shard", ""), told.get("intent", "")), number)
            if number is not None and batch.id not in known:
                found.setdefault(number, {})[batch.id] = batch
        return {
            number: sorted(batches.values(), key=lambda batch: batch.created_at or 0.0)
            for number, batches in found.items()
        }


def shorten(custom_id: str) -> str:
    """Return what stands of a request's name in a batch's metadata."""
    return custom_id.removeprefix("w-")[:SAMPLE_DIGITS]
