"""How the local server behaves: limits, durations on its virtual clock, and the troubles that it is
told to make.
"""

from dataclasses import dataclass, fields

DAY = 24 * 3600


@dataclass
class Settings:
    """All knobs; each can be changed while the server runs. Durations are virtual seconds.

    Troubles (`line_errors`, `line_error`, `stall_share`) hit the first `troubled_batches` batches
    only (None: all).
    """

    api_key: str | None = "unscene-local-server"  # None takes any key
    # Time.
    running_clock: bool = (
        False  # real time passes as well; otherwise only `advance` and `advance_per_poll` move it
    )
    advance_per_poll: float = 0.0
    validation_s: float = 5.0
    lines_per_s: float = 20.0
    finalizing_s: float = 5.0
    cancelling_s: float = 60.0
    window_s: int = DAY
    expires: bool = True  # False: a batch that is stuck stays so
    output_days: int = 30
    # Limits.
    max_requests: int = 50_000
    max_bytes: int = 200_000_000
    enqueued_tokens: int | None = None  # per model, input tokens of all batches that have not ended
    hard_limit_usd: float | None = None  # from this bill on, batches fail with billing_hard_limit_reached
    # Oddities of the real service.
    empty_error_file_id: str | None = None  # None or "": what a batch without failed lines says
    forbidden_downloads: int = 0  # answer 403 to so many first downloads of each result file
    missing_retrieves: int = 0  # answer 404 to so many first retrieves of each new batch
    batches: bool = True  # False: no /v1/batches and no /v1/files, as with vLLM
    other_models: tuple[str, ...] = ()  # known beside those of the price table
    # Troubles.
    line_errors: float = 0.0  # share of lines that fail
    line_error: str = "status_500"  # or status_429, status_400, status_0, request_timeout
    stall_share: float | None = None  # work stops at this share of the lines, until expiry or cancelling
    troubled_batches: int | None = None

    def update(self, values: dict) -> None:
        """Set some knobs; ValueError names those that do not exist."""
        unknown = set(values) - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        for name, value in values.items():
            setattr(self, name, value)
