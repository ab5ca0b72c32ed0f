"""Batches taken over and ended by hand: a ledger rebuilt from what the endpoint lists, and
`unscene batches cancel` and `forget`.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from unscene.answers.batch_lines import estimate_tokens, read_items
from unscene.answers.batches.client import ApiClient, ApiError
from unscene.answers.batches.collecting import Results
from unscene.answers.batches.ledger import Intent, Ledger
from unscene.answers.batches.outcomes import OK
from unscene.answers.batches.sending import APP, shorten
from unscene.answers.prices import estimate_cost, find_price
from unscene.run.counts import tell_count


def adopt_batches(
    api: ApiClient,
    ledger: Ledger,
    prices: dict,
    stage: str | None = None,
    deployments: Mapping[str, str] | None = None,
    wanted: Collection[str] | None = None,
) -> list[str]:
    """Enter the endpoint's batches of this program that the ledger does not know; return a line of
    text for each. The next run collects their answers, and books them.

    stage: only that one's. deployments: the endpoint's names of models (api.deployments). wanted: ids
    of requests; a batch that tells none of them may be another run directory's, and is only named. What a
    batch asked is read from its input file, which the endpoint keeps for 30 days; without it a batch
    cannot be taken over.
    """
    told, known = [], ledger.list_batch_ids()
    names = None if wanted is None else {shorten(name) for name in wanted}
    models = {deployed: model for model, deployed in (deployments or {}).items()}
    for batch in list(api.list_batches()):
        metadata = batch.metadata
        if metadata.get("app") != APP or batch.id in known or batch.status == "failed":
            continue
        if stage is not None and metadata.get("stage") != stage:
            continue
        if names is not None and names.isdisjoint(metadata.get("sample", "").split()):
            told.append(
                f"{batch.id}: not taken over, since it asks nothing that results/*/requests here asks"
                f" ({metadata.get('requests', '?')} requests of stage {metadata.get('stage', '?')}); --all"
                " takes it all the same"
            )
            continue
        try:
            members, model = _read_input(api, batch, ledger.path.parent / "downloads", prices, models)
        except (ApiError, ValueError) as error:
            told.append(f"{batch.id}: cannot be taken over ({error})")
            continue
        worst = sum(usd for _, _, usd, _ in members)
        tokens = sum(count for *_, count in members)
        intent = Intent(
            metadata.get("stage") or "unknown",
            metadata.get("shard") or batch.id,
            model,
            [(name, items, usd) for name, items, usd, _ in members],
            tokens,
            tokens,
            worst,
        )
        number = ledger.intend(intent, batch.created_at or 0.0)
        ledger.record_batches(number, [batch], batch.created_at)
        told.append(
            f"{batch.id}: {tell_count(len(members), 'request')} of stage {intent.stage}, {batch.status},"
            f" up to ${worst:.4f}"
        )
    return told


def cancel_batch(api: ApiClient, ledger: Ledger, batch_id: str) -> bool:
    """Ask for the end of a batch under way; return whether the ledger has it. What it has done is
    paid and collected by the next run; the rest is asked again.
    """
    for row in ledger.list_batches("submitted"):
        if row["batch_id"] == batch_id:
            ledger.record_cancel(row["number"], api.server_now())
            api.cancel_batch(batch_id)
            return True
    return False


def forget_batch(ledger: Ledger, batch_id: str, prices: dict) -> str | None:
    """End a batch under way whose results do not come; return what was done, None when the ledger does
    not have it. Its lines that lie in `downloads/` are taken, answers and dollars; the rest is booked
    at its worst case, and may be asked anew.
    """
    row = next((row for row in ledger.list_batches("submitted") if row["batch_id"] == batch_id), None)
    if row is None:
        return None
    number, folder = row["number"], ledger.path.parent / "downloads"
    paths = sorted(folder.glob(f"{number}.*.jsonl"))
    results = Results(paths, ledger.list_members(number), ledger.list_worst(number))
    ledger.settle(
        number,
        None,
        results.enter(row["model"], prices, lambda name: None),
        "forgotten by hand",
        lost_usd=lambda: results.find_lost(None, row["model"], prices),
    )
    accepted = ledger.count_outcomes(number)[OK]
    lost = ledger.find_batch(number)["lost_usd"]
    return (
        f"{batch_id}: {accepted} of {row['requests']} requests are answered in {folder},"
        f" ${ledger.sum_by_batch()[number]:.4f} are booked, ${lost:.4f} of them for what no line tells"
    )


def _read_input(
    api: ApiClient, batch, folder: Path, prices: dict, models: Mapping[str, str]
) -> tuple[list[tuple[str, int, float, int]], str]:
    """Return (custom_id, items, dollars at most, tokens) of a batch's requests, and their model."""
    if not batch.input_file_id:
        raise ValueError("it names no input file")
    path = folder / "adopted.jsonl"
    try:
        api.download(batch.input_file_id, path)
        with open(path, "rb") as lines:
            requests = _read_requests(lines)
    finally:
        path.unlink(missing_ok=True)
    if not requests:
        raise ValueError("its input file has no requests")
    members, model = {}, ""
    for request in requests:
        try:
            named = request["body"]["model"]
            model = model or models.get(named, named)
            worst = 0.0
            if find_price(prices, model) is not None:
                worst = estimate_cost([request], prices, model, 0, 0)["usd_worst"]
            name = request["custom_id"]
            members[name] = (name, len(read_items(request)), worst, estimate_tokens(request))
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise ValueError(f"its input file is not of this program ({error!r})") from None
    return list(members.values()), model


def _read_requests(lines: Iterable[bytes]) -> list[dict]:
    """Return the request lines of an uploaded file that can be read."""
    found = []
    for line in lines:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(request, dict) and isinstance(request.get("custom_id"), str):
            found.append(request)
    return found
