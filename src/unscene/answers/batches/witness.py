"""Whether the endpoint's list of batches is up to date: does it show one that was created just now?

A batch whose creation got no reply, and that the list lacks, may not exist, or the list may lag; to
create it again would pay twice. So a batch that costs nothing is created after it, whose reply is
heard: its one line asks for no model that there is, at another address than the batch's, so its file
is refused. A list that shows it would show the earlier one.
"""

import json
import logging
from collections.abc import Collection
from pathlib import Path

from unscene.answers.batches.client import ApiClient, ApiError, RateLimited, Unanswered

APP = "unscene-test-of-the-list"
LINE = {"custom_id": "none", "method": "POST", "url": "/v1/none", "body": {"model": "none"}}
logger = logging.getLogger("unscene")


class Witness:
    """The batches that were created to see whether the list shows them, by the intents they are for."""

    def __init__(self, api: ApiClient, folder: Path):
        self._api, self._path = api, folder / "test-of-the-list.jsonl"
        self._names: dict[int, str | None] = {}

    def is_in(self, listed: Collection[str], row) -> bool | None:
        """Return whether a list shows the batch that was created after that of an intent (a row of the
        ledger); None when the endpoint refuses to create one. Raises Unanswered or RateLimited.
        """
        number = row["number"]
        if number not in self._names:
            try:
                self._names[number] = self._create(row)
            except (Unanswered, RateLimited):
                raise
            except ApiError as error:
                logger.info("whether the list is up to date cannot be tried: %s", error)
                self._names[number] = None
            else:
                logger.info("batch %s asks nothing: is it listed?", self._names[number])
        name = self._names[number]
        return None if name is None else name in listed

    def forget(self, number: int) -> None:
        """Forget the one of an intent, after another attempt to create its batch."""
        self._names.pop(number, None)

    def _create(self, row) -> str:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(json.dumps(LINE) + "\n", encoding="utf-8")
        try:
            file_id = self._api.upload(self._path)
        finally:
            self._path.unlink()
        metadata = {
            "app": APP,
            "shard": f"test-{row['shard'][:16]}-{row['creates']}",
            "intent": str(row["number"]),
        }
        return self._api.create_batch(file_id, metadata).id
