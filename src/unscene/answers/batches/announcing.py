"""Second payments: before new money is spent, whether somebody has paid for the same already, where
the answers are, and what asking again costs.

`state/` was deleted or copied, `api.base_url` is another one, or the prompts are: none of these is an
error, and each of them pays again.
"""

import logging
import re
from collections.abc import Iterable
from pathlib import Path

from unscene.answers.batches.agenda import Agenda, Asked
from unscene.answers.batches.client import ApiClient
from unscene.answers.batches.hosts import write_command
from unscene.answers.batches.ledger import Ledger
from unscene.answers.batches.outcomes import OK
from unscene.answers.batches.sending import APP, shorten
from unscene.answers.batches.terms import Terms
from unscene.answers.endpoints import find_endpoint
from unscene.run.counts import tell_count
from unscene.run.stops import KnownStop

_NAME = re.compile(r'"custom_id"\s*:\s*"([A-Za-z0-9_-]{1,64})"')
logger = logging.getLogger("unscene")


class SecondPayment(KnownStop, RuntimeError):
    """Paid answers to what is about to be asked exist elsewhere; nothing was sent."""


def announce_second_payment(
    api: ApiClient | None,
    ledger: Ledger,
    agenda: Agenda,
    terms: Terms,
    paths_to_requests: Iterable[str | Path],
) -> None:
    """Raise SecondPayment when open requests were paid for already, as far as that can be seen; with
    `api.pay_again` only say so.

    api: None for an endpoint without batches, where no list can be asked.
    """
    unpaid = _list_unpaid(ledger, agenda)
    found = [
        *_find_raw_answers(ledger, unpaid, paths_to_requests),
        *_find_other_ledgers(ledger, unpaid),
        *_find_other_prompts(ledger, agenda, terms),
        *(_find_batches(api, ledger, unpaid) if api else ()),
    ]
    if not found:
        return
    usd = sum(asked.usd for asked in unpaid.values())
    text = f"{'; '.join(found)}. Asking {tell_count(len(unpaid), 'request')} costs about ${usd:.2f}"
    if terms.api.get("pay_again"):
        logger.warning("%s: api.pay_again allows it", text)
        return
    raise SecondPayment(
        f"{text} a second time. Nothing was sent. Take the answers that are there (the way is named with"
        " each), or allow it: api.pay_again: true"
    )


def _list_unpaid(ledger: Ledger, agenda: Agenda) -> dict[str, Asked]:
    """Return the requests that are about to be paid: the open ones, and those of batches that an earlier
    run intended and never tried to create. `state/` may have been put back to that.
    """
    untried = [row["number"] for row in ledger.list_batches("intended", "uploaded") if not row["creates"]]
    names = {name for number in untried for name in ledger.list_members(number)}
    return agenda.open | {name: asked for name, asked in agenda.under_way.items() if name in names}


def _find_raw_answers(ledger: Ledger, unpaid: dict[str, Asked], paths: Iterable[str | Path]) -> list[str]:
    """Look for answers to open requests in the stage's folder of raw answers."""
    found = 0
    places: set[Path] = set()
    for folder in sorted({Path(path).parent.parent / "raw" for path in paths}):
        for path in sorted(folder.glob("*.jsonl")):
            with open(path, encoding="utf-8", errors="replace") as lines:
                names = [
                    match[1]
                    for line in lines
                    if '"status_code":200' in line and (match := _NAME.search(line))
                ]
            count = len(unpaid.keys() & set(names) - ledger.list_outcomes(names).keys())
            found, places = found + count, places | ({folder} if count else set())
    if not found:
        return []
    return [
        f"{found} of them are answered in {', '.join(map(str, sorted(places)))}, and {ledger.path} knows"
        " nothing of it: was state/ deleted? Restore it from a copy, or get back what the endpoint keeps"
        " for 30"
        " days: " + write_command(ledger.path.parent, "adopt")
    ]


def _find_other_ledgers(ledger: Ledger, unpaid: dict[str, Asked]) -> list[str]:
    """Look for accepted answers to open requests from other endpoints that were paid."""
    told = []
    own = ledger.path.resolve()
    for path in sorted(own.parent.parent.glob("*/ledger.sqlite")):
        host = path.parent.name
        if path == own or not find_endpoint(f"https://{host}/v1").is_paid:
            continue
        other = Ledger(path.parent)
        many = sum(OK in outcomes for outcomes in other.list_outcomes(unpaid).values())
        other.close()
        if many:
            told.append(
                f"{many} of them were answered by {host} ({path}); answers of one endpoint never stand in"
                " for those of another: set api.base_url back to use them"
            )
    return told


def _find_other_prompts(ledger: Ledger, agenda: Agenda, terms: Terms) -> list[str]:
    """Look for a stage's accepted answers when none of them is to a request of now."""
    if (
        not find_endpoint(terms.api["base_url"]).is_paid
        or "done" in agenda.ended.values()
        or agenda.under_way
    ):
        return []
    many, usd = ledger.find_accepted(terms.stage)
    if not many:
        return []
    return [
        f"stage {terms.stage} has {tell_count(many, 'paid answer')} (${usd:.2f}, {ledger.path}) to other"
        " prompts: another captions_per_prompt, model, prompt or set of photos. Set that back to use them"
    ]


def _find_batches(api: ApiClient, ledger: Ledger, unpaid: dict[str, Asked]) -> list[str]:
    """Look in the endpoint's list for batches that ask what is open, and that no ledger here knows."""
    known, open_names = ledger.list_batch_ids(), {shorten(name) for name in unpaid}
    found = [
        batch
        for batch in api.list_batches()
        if batch.metadata.get("app") == APP
        and batch.id not in known
        and batch.status != "failed"
        and not open_names.isdisjoint(batch.metadata.get("sample", "").split())
    ]
    if not found:
        return []
    requests = sum(int(text) for batch in found if (text := batch.metadata.get("requests", "")).isdecimal())
    names = ", ".join(batch.id for batch in found[:3]) + (" ..." if len(found) > 3 else "")
    return [
        f"the endpoint has {tell_count(len(found), 'batch', 'batches')}"
        f" ({tell_count(requests, 'request')}: {names}), not known to"
        f" {ledger.path}, for the same; was state/ deleted or copied? Get the answers: "
        + write_command(ledger.path.parent, "adopt")
    ]
