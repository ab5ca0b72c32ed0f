"""The state of a local server: clock, files, batches in their order, faults and the bill. Files lie
in a temporary folder; nothing in it waits.
"""

import hashlib
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

from batch_server import fates
from batch_server.answerers import Answerer
from batch_server.bill import Bill
from batch_server.clock import Clock
from batch_server.faults import Faults
from batch_server.models import MODELS, find_model
from batch_server.objects import StoredBatch, StoredFile
from batch_server.settings import DAY, Settings


class Store:
    """All that a server knows."""

    def __init__(self, settings: Settings | None = None, answerer: Answerer | None = None):
        self.settings = settings or Settings()
        self.answerer = answerer or Answerer()
        self.clock, self.bill, self.faults = Clock(), Bill(), Faults()
        self.files: dict[str, StoredFile] = {}
        self.batches: dict[str, StoredBatch] = {}
        self.created: dict[str, str] = {}  # batches by the idempotency key of their creation
        self._folder = tempfile.TemporaryDirectory(prefix="batch-server-")
        self._ids = 0
        self._salt = secrets.token_hex(8)  # a client may remember the ids of a server that ran before
        self.set_clock()

    def set_clock(self) -> None:
        """Give the clock what the settings say about it."""
        self.clock.offset_s, self.clock.rate = self.settings.clock_offset_s, self.settings.clock_rate
        self.clock.running = self.settings.running_clock

    def make_id(self, prefix: str) -> str:
        """Return a new id, which no other server gave."""
        self._ids += 1
        return prefix + hashlib.sha256(f"{self._salt}{self._ids}".encode()).hexdigest()[:24]

    def add_file(
        self, filename: str, purpose: str, lifetime: float | None, elapsed: float | None = None
    ) -> StoredFile:
        """Register a file whose bytes the caller writes to its `path`; lifetime in seconds (None:
        for ever), elapsed: when it was made (None: now).
        """
        made = self.clock.elapsed if elapsed is None else elapsed
        file_id, created_at = self.make_id("file-"), int(self.clock.read(made))
        stored = StoredFile(
            file_id,
            filename,
            purpose,
            created_at,
            None if lifetime is None else int(created_at + lifetime),
            Path(self._folder.name) / file_id,
            None if lifetime is None else made + lifetime,
            made,
        )
        stored.path.touch()
        self.files[file_id] = stored
        return stored

    def find_file(self, file_id: str) -> StoredFile | None:
        """Return a file that exists and has not expired."""
        stored = self.files.get(file_id)
        now = self.clock.elapsed
        if stored is not None and stored.ends is not None and stored.ends <= now:
            del self.files[file_id]  # its bytes stay for a batch that still reads them
            for charge in stored.charges:
                charge.lost = charge.lost or (None if charge.delivered else "expired")
            return None
        is_ready = (
            stored is None or stored.purpose != "batch" or now >= stored.made + self.settings.file_ready_s
        )
        return stored if is_ready else None

    def list_files(self) -> Iterator[StoredFile]:
        """Yield the files that exist, newest first."""
        return (stored for file_id in reversed(list(self.files)) if (stored := self.find_file(file_id)))

    def add_batch(
        self, endpoint: str, file: StoredFile, window: str, metadata: dict | None, output_seconds: int | None
    ) -> StoredBatch:
        """Create a batch, to be validated later."""
        number, settings, clock = len(self.batches) + 1, self.settings, self.clock
        calm = settings.troubled_batches is not None and number > settings.troubled_batches
        created_at, length = int(clock.read()), settings.window_s
        batch = StoredBatch(
            self.make_id("batch_"),
            number,
            endpoint,
            file,
            window,
            created=clock.elapsed,
            created_at=created_at,
            ends=float("inf") if length is None else clock.elapsed + length,
            expires_at=None if length is None else created_at + length,
            metadata=metadata,
            output_seconds=output_seconds or settings.output_days * DAY,
            stall_share=None if calm else settings.stall_share,
            line_errors=0.0 if calm else settings.line_errors,
            line_error=settings.line_error,
            entered=clock.elapsed,
        )
        for fault in self.faults.strike("fate", None, clock.elapsed):
            fates.FATES[fault.kind].act(batch, fault)
        self.batches[batch.id] = batch
        return batch

    def list_foreign(self) -> Iterator[StoredBatch]:
        """Yield the batches that others of the project have made by now; they only stand in lists."""
        for second in range(min(self.settings.foreign_batches, int(self.clock.elapsed) + 1)):
            moment = int(self.clock.read(second))
            file = StoredFile(f"file-foreign{second}", "", "batch", moment, None, Path(self._folder.name))
            yield StoredBatch(
                f"batch_foreign{second}", 0, "/v1/chat/completions", file, "24h", float(second), moment,
                second + DAY, moment + DAY, None, 30 * DAY, status="completed",
            )  # fmt: skip

    def find_model(self, name: object) -> dict | None:
        """Return the model object of a name, None for none."""
        settings = self.settings
        return find_model(str(name), self.clock.read(), settings.other_models, settings.withdrawn_models)

    def list_models(self) -> list[dict]:
        """Return all model objects."""
        names = (*MODELS, *self.settings.other_models)
        return [model for name in names if (model := self.find_model(name)) is not None]

    def close(self) -> None:
        """Delete all bytes."""
        self._folder.cleanup()
