"""What an endpoint replies, as far as it is used: models that take what real servers send.

Servers differ: statuses in capitals, an empty text for no id, times as text, counts that are null,
new statuses, fields nobody knows. What does not decide anything is read as absent; a reply without
its id is no reply.
"""

import logging
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from unscene.answers.envelopes import read_count

# The API's own (Batch API reference); another is kept as told, and the batch taken to be running.
STATUSES = frozenset(
    ["validating", "failed", "in_progress", "finalizing", "completed", "expired", "cancelling", "cancelled"]
)
UNKNOWN = "unknown"
_SPELLINGS = {"canceled": "cancelled", "canceling": "cancelling", "inprogress": "in_progress"}
_MOST = 10**12  # above this a count is nonsense
_LATEST = 1e11  # seconds; above this a time is in milliseconds
logger = logging.getLogger("unscene")


def read_text(value: object) -> str | None:
    """Return a text that can be stored and printed; None for an empty one and for anything else."""
    if not isinstance(value, str):
        return None
    return value.encode("utf-8", "replace").decode().replace("\0", "").strip() or None


def read_time(value: object) -> float | None:
    """Return a time in seconds since 1970 from a number, its text or an ISO date; None for anything else."""
    if isinstance(value, str):
        text = value.strip()
        try:
            value = float(text)
        except ValueError:
            try:
                value = datetime.fromisoformat(text).timestamp()
            except (ValueError, OverflowError):
                return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 < value < 1000 * _LATEST or not math.isfinite(value):
        return None
    return float(value) / (1000 if value > _LATEST else 1)


def _read_count(value: object) -> int | None:
    return read_count(value, _MOST)


def _read_flag(value: object) -> object:
    return value if isinstance(value, bool) else None


def _read_counts(value: object) -> object:
    names = ("total", "completed", "failed")
    found = {name: _read_count(value.get(name)) for name in names} if isinstance(value, Mapping) else {}
    if found.get("completed") is None and found.get("failed") is None:
        return None
    return {name: found[name] or 0 for name in names}


def _read_usage(value: object) -> object:
    if not isinstance(value, Mapping):
        return None
    read = _read_count(value.get("input_tokens", value.get("prompt_tokens")))
    written = _read_count(value.get("output_tokens", value.get("completion_tokens")))
    if read is None or written is None or not read + written:  # zeros are how a server says nothing
        return None
    return {"input_tokens": read, "output_tokens": written}


def _read_faults(value: object) -> object:
    entries = value.get("data") if isinstance(value, Mapping) else value
    if isinstance(entries, str) and entries.strip():
        entries = [{"message": entries}]
    entries = entries if isinstance(entries, list) else []
    return {"data": [entry if isinstance(entry, Mapping) else {"message": str(entry)} for entry in entries]}


def _read_metadata(value: object) -> object:
    if not isinstance(value, Mapping):
        return {}
    return {str(name): str(text) for name, text in value.items() if isinstance(text, str | int | float)}


OptionalText = Annotated[str | None, BeforeValidator(read_text)]
OptionalTime = Annotated[float | None, BeforeValidator(read_time)]
Count = Annotated[int | None, BeforeValidator(_read_count)]
# A text, as the reference says: a number in its place is no id, and what hangs on it would be lost.
Id = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[!-~]+$", strict=True)]


_NAMES: TypeAdapter[str] = TypeAdapter(Id)


class _Reply(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Counts(_Reply):
    """Requests of a batch."""

    total: int
    completed: int
    failed: int


class Usage(_Reply):
    """Tokens that a batch was billed."""

    input_tokens: int
    output_tokens: int


class Fault(_Reply):
    """A complaint about a batch, or about a line of its file."""

    code: OptionalText = None
    message: OptionalText = None
    line: Count = None
    param: OptionalText = None


class Faults(_Reply):
    """The complaints about a batch."""

    data: list[Fault]


class Batch(_Reply):
    """A batch. `status` is one of the API's or `unknown`; `told_status` is the server's own word.

    An id is no file name: it can hold any visible character.
    """

    id: Id
    status: str = UNKNOWN
    told_status: str = ""
    created_at: OptionalTime = None
    expires_at: OptionalTime = None
    ended_at: OptionalTime = None
    input_file_id: OptionalText = None
    output_file_id: OptionalText = None
    error_file_id: OptionalText = None
    request_counts: Annotated[Counts | None, BeforeValidator(_read_counts)] = None
    usage: Annotated[Usage | None, BeforeValidator(_read_usage)] = None
    errors: Annotated[Faults, BeforeValidator(_read_faults)] = Faults(data=[])
    metadata: Annotated[dict[str, str], BeforeValidator(_read_metadata)] = {}

    @model_validator(mode="before")
    @classmethod
    def _read_state(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        told = read_text(value.get("status")) or ""
        status = re.sub(r"[\s-]+", "_", told.lower())
        status = _SPELLINGS.get(status, status)
        ends = (value.get(f"{end}_at") for end in ("completed", "failed", "expired", "cancelled"))
        return {
            **value,
            "status": status if status in STATUSES else UNKNOWN,
            "told_status": told,
            "ended_at": next((time for time in map(read_time, ends) if time), None),
        }


class File(_Reply):
    """A file at the endpoint."""

    id: Id
    bytes: Count = None
    status: OptionalText = None
    expires_at: OptionalTime = None


class Model(_Reply):
    """A model; `shutdown_date` as the endpoint tells it."""

    id: Id
    shutdown_date: OptionalText = None


def _is_named(entry: object) -> bool:
    try:
        _NAMES.validate_python(entry.get("id") if isinstance(entry, Mapping) else None)
    except ValidationError:
        return False
    return True


def _may_be_batch(entry: object) -> bool:
    return isinstance(entry, Mapping) and not {"status", "input_file_id"}.isdisjoint(entry)


def _pass_over(entries: list[Any]) -> list[Any]:
    """Return the entries that have an id; all of them where one without looks like a batch: it may be
    ours, so such a list shows no absence.
    """
    named = [entry for entry in entries if _is_named(entry)]
    others = [entry for entry in entries if not _is_named(entry)]
    if not others or any(map(_may_be_batch, others)):
        return entries
    junk = others[0]
    logger.warning(
        "%d of %d entries of a list have no id and are passed over: %.100r",
        len(entries) - len(named),
        len(entries),
        junk,
    )
    return named


class Page(_Reply):
    """A page of a list; its entries are read one by one, and those without an id are passed over."""

    data: Annotated[list[Any], AfterValidator(_pass_over)]
    has_more: Annotated[bool | None, BeforeValidator(_read_flag)] = None
