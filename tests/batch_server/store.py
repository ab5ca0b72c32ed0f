"""What the local server keeps: the clock, files, batches in their order, and the bill. Files lie in
a temporary folder.
"""

import hashlib
import secrets
import tempfile
import time
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from batch_server.answerers import Answerer
from batch_server.settings import DAY, Settings
from unscene.answers.prices import find_price, read_prices
from unscene.run.checkout import CHECKOUT

ACTIVE = ("validating", "in_progress", "finalizing", "cancelling")
MOMENTS = ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")


@dataclass
class StoredFile:
    """A file object and where its bytes lie."""

    id: str
    filename: str
    purpose: str
    created_at: int
    expires_at: int | None
    path: Path
    downloads: int = 0

    def to_json(self) -> dict:
        """Return the file object of the API."""
        return {
            "id": self.id,
            "object": "file",
            "bytes": self.path.stat().st_size,
            "created_at": self.created_at,
            "expires_at": self.expires_at,
            "filename": self.filename,
            "purpose": self.purpose,
            "status": "processed",
            "status_details": None,
        }


@dataclass
class StoredBatch:
    """A batch: its request, its state, and where its lines stand in the input file."""

    id: str
    number: int  # from 1, in the order of creation
    endpoint: str
    input: StoredFile
    completion_window: str
    created_at: int
    expires_at: int
    metadata: dict | None
    output_seconds: int
    stall_share: float | None
    line_errors: float
    line_error: str
    status: str = "validating"
    moments: dict[str, int] = field(default_factory=dict)
    errors: list[dict] | None = None
    model: str | None = None
    tokens: int = 0  # estimated input tokens
    order: array = field(
        default_factory=lambda: array("Q")
    )  # offsets of the lines, in the order they are worked on
    fails: bytes = b""  # for each of them, whether it is to fail
    done: int = 0  # lines worked on when cancelling began
    failed: int = 0
    completed: int = 0
    usage: tuple[int, int] | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None
    retrieves: int = 0

    def to_json(self) -> dict:
        """Return the batch object of the API."""
        tokens_in, tokens_out = self.usage or (0, 0)
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "model": self.model,
            "errors": None if self.errors is None else {"object": "list", "data": self.errors},
            "input_file_id": self.input.id,
            "completion_window": self.completion_window,
            "status": self.status,
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": self.created_at,
            "expires_at": self.expires_at,
            **{f"{moment}_at": self.moments.get(moment) for moment in MOMENTS},
            "request_counts": {"total": len(self.order), "completed": self.completed, "failed": self.failed},
            "usage": None
            if self.usage is None
            else {
                "input_tokens": tokens_in,
                "input_tokens_details": {"cached_tokens": 0},
                "output_tokens": tokens_out,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": tokens_in + tokens_out,
            },
            "metadata": self.metadata,
        }


class Bill:
    """What was charged, by custom_id and hash of the body: the same pair charged again is money
    spent twice.
    """

    def __init__(self, prices: dict):
        self._prices = prices
        self._charges: dict[tuple[str, str], list] = {}

    def charge(self, custom_id: str, body_hash: str, body: dict, batch_id: str | None) -> None:
        """Book an answer; batch_id None is a synchronous one, at twice the price."""
        usage, price = body["usage"], find_price(self._prices, body["model"]) or {"input": 0, "output": 0}
        usd = (usage["prompt_tokens"] * price["input"] + usage["completion_tokens"] * price["output"]) / 1e6
        entry = self._charges.setdefault((custom_id, body_hash), [0, 0, 0, 0.0])
        entry[0] += 1
        entry[1] += usage["prompt_tokens"]
        entry[2] += usage["completion_tokens"]
        entry[3] += usd if batch_id else 2 * usd

    @property
    def usd(self) -> float:
        """Dollars so far."""
        return sum(entry[3] for entry in self._charges.values())

    def to_json(self, items: bool = True) -> dict:
        """Return the totals, how many requests were charged more than once, and (items) each
        request's part.
        """
        entries = self._charges.values()
        total = {
            "requests": len(self._charges),
            "charges": sum(entry[0] for entry in entries),
            "double_billed": sum(entry[0] > 1 for entry in entries),
            "input_tokens": sum(entry[1] for entry in entries),
            "output_tokens": sum(entry[2] for entry in entries),
            "usd": round(self.usd, 9),
        }
        names = ("charges", "input_tokens", "output_tokens", "usd")
        if items:
            total["items"] = [
                {"custom_id": key[0], "body_hash": key[1], **dict(zip(names, entry, strict=True))}
                for key, entry in sorted(self._charges.items())
            ]
        return total


class Store:
    """The state of a server. Nothing in it waits: time is what `now` says."""

    def __init__(self, settings: Settings | None = None, answerer: Answerer | None = None):
        self.settings = settings or Settings()
        self.answerer = answerer or Answerer()
        self.prices = read_prices(CHECKOUT / "src/unscene/resources/prices.yaml")
        self.bill = Bill(self.prices)
        self.files: dict[str, StoredFile] = {}
        self.batches: dict[str, StoredBatch] = {}
        self._folder = tempfile.TemporaryDirectory(prefix="batch-server-")
        self._started = float(int(time.time()))  # whole seconds, as the moments of the API are
        self._advanced = 0.0
        self._ids = 0
        self._salt = secrets.token_hex(8)  # a client may remember the ids of a server that ran before

    @property
    def now(self) -> float:
        """The virtual time in Unix seconds."""
        return (time.time() if self.settings.running_clock else self._started) + self._advanced

    def advance(self, seconds: float) -> None:
        """Let virtual time pass; ValueError when it would run backwards."""
        if seconds < 0:
            raise ValueError("time does not run backwards")
        self._advanced += seconds

    def make_id(self, prefix: str) -> str:
        """Return a new id, which no other server gave."""
        self._ids += 1
        return prefix + hashlib.sha256(f"{self._salt}{self._ids}".encode()).hexdigest()[:24]

    def add_file(self, filename: str, purpose: str, created_at: float, lifetime: float | None) -> StoredFile:
        """Register a file whose bytes the caller writes to its `path`; lifetime in seconds (None:
        for ever).
        """
        file_id = self.make_id("file-")
        expires_at = None if lifetime is None else int(created_at + lifetime)
        stored = StoredFile(
            file_id, filename, purpose, int(created_at), expires_at, Path(self._folder.name) / file_id
        )
        stored.path.touch()
        self.files[file_id] = stored
        return stored

    def find_file(self, file_id: str) -> StoredFile | None:
        """Return a file that exists and has not expired."""
        stored = self.files.get(file_id)
        if stored is not None and stored.expires_at is not None and stored.expires_at <= self.now:
            del self.files[file_id]  # its bytes stay for a batch that still reads them
            return None
        return stored

    def list_files(self) -> Iterator[StoredFile]:
        """Yield the files that exist, newest first."""
        return (stored for file_id in reversed(list(self.files)) if (stored := self.find_file(file_id)))

    def add_batch(
        self, endpoint: str, file: StoredFile, window: str, metadata: dict | None, output_seconds: int | None
    ) -> StoredBatch:
        """Create a batch, to be validated later."""
        created, number, settings = int(self.now), len(self.batches) + 1, self.settings
        calm = settings.troubled_batches is not None and number > settings.troubled_batches
        batch = StoredBatch(
            self.make_id("batch_"),
            number,
            endpoint,
            file,
            window,
            created,
            created + settings.window_s,
            metadata,
            output_seconds or settings.output_days * DAY,
            stall_share=None if calm else settings.stall_share,
            line_errors=0.0 if calm else settings.line_errors,
            line_error=settings.line_error,
        )
        self.batches[batch.id] = batch
        return batch

    def close(self) -> None:
        """Delete all bytes."""
        self._folder.cleanup()
