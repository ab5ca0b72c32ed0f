"""The objects that the local server keeps, and their published form."""

from array import array
from dataclasses import dataclass, field
from pathlib import Path

from batch_server.bill import Charge

ACTIVE = ("validating", "in_progress", "finalizing", "cancelling")
MOMENTS = ("in_progress", "finalizing", "completed", "failed", "expired", "cancelling", "cancelled")


FOR_EVER = float("inf")


@dataclass
class Fate:
    """What is to become of a batch (fates.py plants it, lifecycle.py asks for it). Durations in elapsed
    seconds.
    """

    stuck: str | None = None  # the status that it does not leave
    until: float = FOR_EVER  # for so long
    expires_in: float | None = None
    error: dict | None = None  # validation ends in `failed` with this error
    silent: bool = False  # ... and names no error
    fails_after: float | None = None  # so many seconds of work end in `failed`, with what was done
    cancelled: bool = False  # the provider cancels it


@dataclass
class StoredFile:
    """A file: its object, where its bytes lie, and until what elapsed time (None: for ever)."""

    id: str
    filename: str
    purpose: str
    created_at: int
    expires_at: int | None
    path: Path
    ends: float | None = None
    made: float = 0.0  # elapsed seconds
    charges: list[Charge] = field(default_factory=list)  # what was paid for its lines

    def to_json(self) -> dict:
        """Return the file object."""
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
    """A batch: what was asked, its state, and where its lines stand in the input file.

    `created` and `entered` are elapsed seconds, `created_at` and `moments` readings of the clock.
    """

    id: str
    number: int  # from 1, in the order of creation
    endpoint: str
    input: StoredFile
    completion_window: str
    created: float
    created_at: int
    ends: float  # when it expires, FOR_EVER for one that never does
    expires_at: int | None
    metadata: dict | None
    output_seconds: int
    # What it is to suffer.
    stall_share: float | None = None
    line_errors: float = 0.0
    line_error: str = "status_500"
    fate: Fate = field(default_factory=Fate)  # fates.py
    is_unheard: bool = False  # a gateway made it, beside the one whose creation was replied to
    # Its state.
    status: str = "validating"
    entered: float = 0.0
    moments: dict[str, int] = field(default_factory=dict)
    errors: list[dict] | None = None
    model: str | None = None
    tokens: int = 0  # input tokens, as they count against the queue
    order: array = field(default_factory=lambda: array("Q"))  # offsets of its lines, as worked on
    fails: bytes = b""  # for each of them, whether it is to fail
    done: int = 0  # lines worked on when cancelling began
    completed: int = 0
    failed: int = 0
    usage: tuple[int, int] | None = None
    output_file_id: str | None = None
    error_file_id: str | None = None

    def to_json(self) -> dict:
        """Return the batch object."""
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
            "usage": self.usage
            and {
                "input_tokens": tokens_in,
                "input_tokens_details": {"cached_tokens": 0},
                "output_tokens": tokens_out,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": tokens_in + tokens_out,
            },
            "metadata": self.metadata,
        }
