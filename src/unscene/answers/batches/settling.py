"""Bringing batches that were sent to their end: polls, result files, and what is borne until they
come. Nothing is booked as lost because a call failed.
"""

import logging

from unscene.answers.batches.agenda import Agenda
from unscene.answers.batches.client import (
    AccessDenied,
    ApiClient,
    ApiError,
    NotFound,
    OutOfCredit,
    RateLimited,
    Rejected,
    Unanswered,
)
from unscene.answers.batches.collecting import Results, commonest_errors
from unscene.answers.batches.hosts import write_command
from unscene.answers.batches.ledger import Ledger
from unscene.answers.batches.patience import Patience, ServerTime, Stopwatch
from unscene.answers.batches.reviewing import TOKEN_LIMIT, Review
from unscene.answers.batches.sending import KEPT_S, Sender
from unscene.answers.batches.stops import Stopped
from unscene.answers.batches.terms import Terms
from unscene.answers.endpoints import find_endpoint

ENDED = ("completed", "failed", "expired", "cancelled")
STUCK_AFTER_S = 3600
# Without an end of its own, or without a time of the endpoint, a batch is waited for so long in one run.
NO_END_S = 72 * 3600
UNKNOWN_BATCH_S = 600
DENIED_S = 600
RESULTS_LATE_S, WHOLE_AFTER_S = 1800, 600
EMPTY_S = 60
LOST_AFTER_S = 3600
# From so many batches on, one list tells more than a question each.
LISTED_FROM = 4
logger = logging.getLogger("unscene")


class Settler:
    """Collects the batches under way, of all stages. `aside`: batches that this run waits for no
    longer, and why. `halts`: reasons to send nothing more.
    """

    def __init__(
        self,
        api: ApiClient,
        ledger: Ledger,
        agenda: Agenda,
        terms: Terms,
        sender: Sender,
        patience: Patience,
        server: ServerTime,
    ):
        self._api, self._ledger, self._agenda, self._sender = api, ledger, agenda, sender
        self._patience, self._server, self._prices, self._stage = patience, server, terms.prices, terms.stage
        self._endpoint = find_endpoint(terms.api["base_url"])
        self._watch = Stopwatch(terms.clock)
        self._deadline = max(RESULTS_LATE_S, terms.outage_seconds)
        self._folder = ledger.path.parent
        self._has_list = True
        self._review = Review(api, ledger, sender)
        self.aside: dict[int, str] = {}
        self.halts: list[Exception] = []
        self.late: dict[int, str] = {}
        self._fetch_at: dict[int, float] = {}
        self._came: dict[int, str] = {}  # hashes of the files that came last and were not taken

    def collect(self) -> None:
        """Look once at all batches under way; settle those that ended."""
        rows = [row for row in self._ledger.list_batches("submitted") if row["number"] not in self.aside]
        listed = self._list(rows)
        for row in rows:
            try:
                self._look_at(row, listed.get(row["batch_id"]))
            except (Unanswered, RateLimited) as error:
                self._bear(row, error)
            except NotFound as error:
                self._miss(row, error)
            except OutOfCredit as error:
                self._put_aside(row, f"the account has no money left ({error})")
            except (AccessDenied, Rejected) as error:
                self._deny(row, error)

    def cancel(self, row) -> None:
        """Ask for the end of a batch; one that has ended cannot be cancelled, the next look tells."""
        try:
            self._api.cancel_batch(row["batch_id"])
        except ApiError as error:
            logger.info("batch %s was not cancelled: %s", row["batch_id"], error)

    def explain_aside(self) -> Stopped | None:
        """Return why this run ends with batches under way."""
        if not self.aside:
            return None
        reasons = list(dict.fromkeys(self.aside.values()))
        more = f" (and {len(reasons) - 2} more)" if len(reasons) > 2 else ""
        return Stopped("; ".join(reasons[:2]) + more)

    # --- looking

    def _list(self, rows: list) -> dict:
        """Return the batches as one list tells them, when there are many; absent ones are asked for."""
        wanted = {row["batch_id"] for row in rows}
        found: dict = {}
        if len(wanted) < LISTED_FROM or not self._has_list:
            return found
        times = [row["created_at"] for row in rows]
        since = None if None in times else min(times) - 3600
        try:
            for batch in self._api.list_batches(since):
                if batch.id in wanted:
                    found[batch.id] = batch
                if len(found) == len(wanted):
                    break
        except (Unanswered, RateLimited) as error:
            logger.warning("the list of batches did not come (%s); asking for each", error)
        except ApiError:
            self._has_list = False
        return found

    def _look_at(self, row, batch) -> None:
        if row["cancel_at"] is not None and row["status"] not in (*ENDED, "cancelling"):
            self.cancel(row)
        if batch is None or batch.status in ENDED:  # of an end, the newest there is
            batch = self._api.retrieve_batch(row["batch_id"])
        self._patience.end(f"batch {row['batch_id']}")
        self._watch.forget(("batch", row["number"]))
        self._watch.forget(("unknown", row["number"]))
        self._ledger.record_status(row["number"], batch)
        if batch.status in ENDED:
            self._settle(row, batch)
            return
        if row["missing_since"] is not None:
            self._ledger.record_missing(row["number"], None)
        self._cancel_if_stuck(row, batch)

    def _bear(self, row, error: ApiError) -> None:
        try:
            self._patience.bear(f"batch {row['batch_id']}", error)
        except Stopped as stop:
            self._put_aside(row, str(stop))

    def _deny(self, row, error: ApiError, what: str = "batch") -> None:
        """Bear a call that the endpoint, or something before it, refuses."""
        self._tell_late(row, f"refused: {error}")
        if self._watch.passed((what, row["number"])) >= DENIED_S:
            self._put_aside(
                row,
                f"the endpoint does not show batch {row['batch_id']} or its results: {error}. Nothing is"
                " booked as lost. Is it the key of the project that sent it, may it read files? Then run"
                " the same command again. If its answers are gone for good: "
                + write_command(self._folder, f"forget {row['batch_id']}"),
            )

    def _miss(self, row, error: ApiError) -> None:
        """Bear a batch that the endpoint does not know: for a moment it may not yet, later somebody
        has to say why.
        """
        self._tell_late(row, f"unknown: {error}")
        if self._find_age(row, "unknown") < UNKNOWN_BATCH_S:
            return
        if not self._endpoint.keeps_batches and not self._is_listed(row["batch_id"]):
            logger.warning(
                "batch %s went with a local server that ran before: its requests are asked anew",
                row["batch_id"],
            )
            self._ledger.settle(row["number"], None, [], "the local server does not know it")
            self._free(row)
            return
        self._put_aside(
            row,
            f"the endpoint does not know batch {row['batch_id']}: {error}. Is it the key of the project"
            " that sent it, and api.base_url that endpoint? Nothing is booked as lost. If its answers are"
            " gone for good,"
            f" book it so: " + write_command(self._folder, f"forget {row['batch_id']}"),
        )

    def _is_listed(self, batch_id: str) -> bool:
        try:
            return any(batch.id == batch_id for batch in self._api.list_batches())
        except ApiError:
            return True  # not known to be gone

    def _find_age(self, row, trouble: str) -> float:
        """Return for how many seconds a batch has been in trouble, by this run or by the endpoint's time
        since an earlier one saw it.
        """
        here = self._watch.passed((trouble, row["number"]))
        if row["missing_since"] is None:
            self._ledger.record_missing(row["number"], self._server.now())
        return max(here, self._server.since(row["missing_since"]) or 0.0)

    def _put_aside(self, row, reason: str) -> None:
        logger.warning("batch %s is waited for no longer: %s", row["batch_id"], reason)
        self.aside[row["number"]] = reason

    def _tell_late(self, row, text: str) -> None:
        if self.late.get(row["number"]) != text:
            logger.warning("batch %s: %s", row["batch_id"], text)
            self.late[row["number"]] = text

    # --- settling

    def _settle(self, row, batch) -> None:
        """Take over all lines of a batch that ended, whatever its end: partial results are paid for."""
        results = self._fetch(row, batch)
        if results is None:
            return
        note, extra = commonest_errors(batch), self._review.find_faulty(row, batch)
        if TOKEN_LIMIT in {error.code for error in batch.errors.data}:
            note = TOKEN_LIMIT
        if results.paths or batch.status != "failed":
            entries = results.enter(row["model"], self._prices, self._agenda.find_schema)
        else:
            entries = iter(extra)
        self._ledger.settle(
            row["number"],
            batch,
            entries,
            note,
            lost_usd=lambda: results.find_lost(batch, row["model"], self._prices),
            rename=lambda counts: self._review.rename(row, counts),
        )
        self._sender.find_upload(row["shard"]).unlink(missing_ok=True)
        for path in results.paths:
            path.unlink(missing_ok=True)
        self.late.pop(row["number"], None)
        self._free(row)
        if stop := self._review.find_halt(row, batch, note, bool(extra)):
            self.halts.append(stop)

    def _fetch(self, row, batch) -> Results | None:
        """Return the result files when they are whole and the batch's own; None when they are still to
        be waited for. Files are kept until then.
        """
        number = row["number"]
        if self._watch.passed(("late", number)) < self._fetch_at.get(number, 0.0):
            return None
        members, counts = self._ledger.list_members(number), batch.request_counts
        done = counts.completed + counts.failed if counts else None
        ids = {"output": batch.output_file_id, "error": batch.error_file_id}
        results = Results([], members, self._ledger.list_worst(number))
        if not any(ids.values()):
            if batch.status == "failed" and not done:
                results.members = {}
                return results
            if batch.status in ("expired", "cancelled") and done == 0:
                if self._find_age(row, "empty") >= EMPTY_S:
                    return results
                return None
            told = "" if done is None else f", though {done} requests are done"
            self._delay(row, f"it is {batch.status} and names no result file{told}")
            return None
        needed = max(done or 0, len(members) if batch.status == "completed" else 0)
        try:
            absent = self._download(number, ids, results)
            fault = results.find_fault()
            if absent and (fault or len(results.seen) < len(members)):
                raise absent
            if not fault and len(results.seen) < min(needed, len(members)):
                fault = f"{len(results.seen)} of {needed} lines came"
            if (
                fault
                and self._is_all(row, results, min(needed, len(members)))
                and self._are_whole(ids, results)
            ):
                logger.warning("batch %s: taken as it is: %s", batch.id, fault)
                fault = ""
        except NotFound as error:
            if self._is_lost(row, batch, ids):
                self._lose(row, batch, error)
            else:
                self._delay(row, f"its results are not found ({error})")
            return None
        except AccessDenied as error:
            self._deny(row, error, "results")
            return None
        except (Unanswered, RateLimited, Rejected) as error:
            self._delay(row, f"its results do not come ({error})")
            return None
        if fault:
            self._delay(row, f"what came is not its results: {fault}")
            return None
        return results

    def _download(self, number: int, ids: dict, results: Results) -> NotFound | None:
        """Download the result files. Return that one of two is not found: where each request has its line
        in the other, it is a name without a file.
        """
        absent = None
        for kind, file_id in ids.items():
            if not file_id:
                continue
            path = self._folder / "downloads" / f"{number}.{kind}.jsonl"
            try:
                self._api.download(file_id, path)
            except NotFound as error:
                absent = error
            else:
                results.paths.append(path)
        if absent and not results.paths:
            raise absent
        return absent

    def _is_all(self, row, results: Results, needed: int) -> bool:
        """Return whether odd results are all that will come, if the endpoint calls them whole: for a
        while they have answered most of what was asked; or, at the deadline, they have a line for most
        of it, though one that says nothing, and are the same at two looks.
        """
        if results.is_foreign or results.is_damaged:
            return False
        number, age, most = row["number"], self._find_age(row, "late"), max(1, needed)
        came = results.hash_files()
        is_same, self._came[number] = self._came.get(number) == came, came
        if 2 * len(results.seen) >= most and age >= WHOLE_AFTER_S:
            return True
        return 2 * len(results.named) >= most and age >= self._deadline and is_same

    def _are_whole(self, ids: dict, results: Results) -> bool:
        """Return whether the endpoint itself says that its files are as short as what came."""
        named = [file_id for file_id in ids.values() if file_id]
        return all(
            self._api.find_file(file_id).bytes == path.stat().st_size
            for file_id, path in zip(named, results.paths, strict=True)
        )

    def _delay(self, row, problem: str) -> None:
        """Bear that results are not there yet: each wait is as long as all before it. After the deadline
        this run goes on without them.
        """
        self._tell_late(row, problem)
        self._find_age(row, "late")
        passed = self._watch.passed(("late", row["number"]))
        if passed < self._deadline:
            self._fetch_at[row["number"]] = min(2 * passed, self._deadline)
            return
        self._put_aside(
            row,
            f"batch {row['batch_id']}: {problem}, for {self._deadline / 60:.0f} minutes. Nothing is"
            " booked as lost"
            f" and nothing is asked again: what it did of its {row['requests']} requests is paid for, and the"
            " endpoint keeps the answers for"
            f" about 30 days. Whatever came lies in {self._folder / 'downloads'}. Run the same command again"
            " later; if"
            f" they are gone for good: " + write_command(self._folder, f"forget {row['batch_id']}"),
        )

    def _is_lost(self, row, batch, ids: dict) -> bool:
        """Return whether results are gone: the endpoint, asked anew, does not know the files, has said
        so for an hour, and the time for which it keeps them is known to be over.
        """
        for file_id in filter(None, ids.values()):
            try:
                self._api.find_file(file_id)
            except NotFound:
                continue
            except ApiError:
                return False
            return False
        now, ended = self._server.now(), batch.ended_at or batch.expires_at or batch.created_at
        if now is None or ended is None or now < ended + KEPT_S:
            return False
        here = self._watch.passed(("lost", row["number"]))
        return here >= EMPTY_S and self._find_age(row, "late") >= LOST_AFTER_S

    def _lose(self, row, batch, error: ApiError) -> None:
        results = Results(
            [], self._ledger.list_members(row["number"]), self._ledger.list_worst(row["number"])
        )
        lost = results.find_lost(batch, row["model"], self._prices)
        self._ledger.settle(row["number"], batch, [], f"lost: {error}"[:300], lost_usd=lost)
        self._free(row)
        self.halts.append(
            Stopped(
                f"the results of batch {batch.id} can no longer be fetched ({error}): the endpoint kept"
                f" them for 30 days. Up to ${lost:.4f} are booked for it. Run the same command again to"
                f" ask its {row['requests']} requests anew"
            )
        )

    def _free(self, row) -> None:
        """Decide anew on the requests of a batch that ended, but for those that another batch still holds."""
        members = self._ledger.list_free(row["number"])
        self._agenda.revisit(members, self._ledger.list_outcomes(members))

    def _cancel_if_stuck(self, row, batch) -> None:
        number, ends = row["number"], batch.expires_at if self._endpoint.ends_on_time else None
        late = self._server.since(ends)
        here = self._watch.passed(("running", number))
        if row["cancel_at"] is not None:
            told = self._server.since(max(row["cancel_at"], ends or 0.0) or None)
            here = self._watch.passed(("cancelled", number))
            if (here if told is None else max(told, here)) > 2 * STUCK_AFTER_S and here > EMPTY_S:
                self._put_aside(
                    row,
                    f"batch {batch.id} neither ends nor can be cancelled (status {batch.status}); ask"
                    " the provider."
                    " Nothing is lost: run the same command again later",
                )
        elif late is not None and late > STUCK_AFTER_S:
            logger.warning("batch %s is %s an hour after its end: cancelling it", batch.id, batch.status)
            self._ledger.record_cancel(number, self._server.now())
            self.cancel(row)
        elif here > NO_END_S:
            self._put_aside(
                row,
                f"batch {batch.id} has been {batch.status} for {NO_END_S // 3600} hours of this run, and"
                " its end is not"
                f" known. Run the same command again to wait on, or end it: "
                + write_command(self._folder, f"cancel {batch.id}"),
            )
