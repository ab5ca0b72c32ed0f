"""How the local server behaves when no fault is planted: its account, limits, pace and profile."""

from dataclasses import dataclass, field, fields

DAY = 24 * 3600


@dataclass
class Settings:
    """All knobs; each can be changed while the server runs. Durations are elapsed seconds.

    `line_errors`, `line_error` and `stall_share` trouble the first `troubled_batches` batches only
    (None: all).
    """

    api_key: str | None = "unscene-local-server"  # None takes any key
    # The clock.
    running_clock: bool = False  # real time passes, too; else only `advance` and `advance_per_poll` move it
    clock_offset_s: float = 0.0  # how far the server's clock is ahead; a change is a jump
    clock_rate: float = 1.0  # its seconds for each true one
    advance_per_poll: float = 0.0
    # Pace.
    validation_s: float = 5.0
    lines_per_s: float = 20.0
    finalizing_s: float = 5.0
    cancelling_s: float = 60.0
    window_s: int | None = DAY  # None: batches have no end (Azure)
    expires: bool = True  # False: a batch that is stuck stays so
    output_days: int = 30
    # The account.
    max_requests: int = 50_000
    max_bytes: int = 200_000_000
    enqueued_tokens: int | None = None  # per model, input tokens of all batches that have not ended
    foreign_tokens: int = 0  # of these, what another run has enqueued
    hard_limit_usd: float | None = None  # from this bill on, batches fail with billing_hard_limit_reached
    per_minute: dict[str, int] = field(default_factory=dict)  # calls a minute by route; more are 429
    foreign_batches: int = 0  # others of the project have made so many, one a second since the start
    file_ready_s: float = 0.0  # an upload is not known to other calls for so long
    keeps_idempotency: bool = False  # a create with a key that came before gets the reply of then
    # What this server is.
    base_path: str = "/v1"
    batches: bool = True  # False: no /v1/batches and no /v1/files, as with vLLM
    other_models: tuple[str, ...] = ()  # known beside those of models.py
    withdrawn_models: tuple[str, ...] = ()
    refused_fields: tuple[str, ...] = ()  # fields of a body that are answered 400, such as `store`
    refused_by: str = "response"  # how a batch says so: also error (of a line without one), validation
    refused_param: bool = True  # False: the refusal names the field in its words alone
    capital_statuses: bool = False
    # What fails in batches.
    flagged_texts: tuple[str, ...] = ()  # a request that contains one is answered 400
    flag_code: str = "invalid_prompt"  # or content_filter
    line_errors: float = 0.0  # share of lines that fail
    line_error: str = "status_500"  # or status_400, status_0, request_timeout, insufficient_quota, ...
    stall_share: float | None = None  # work stops at this share of the lines, until expiry or cancelling
    troubled_batches: int | None = None

    def update(self, values: dict) -> None:
        """Set some knobs; ValueError names those that do not exist."""
        unknown = set(values) - {entry.name for entry in fields(self)}
        if unknown:
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        for name, value in values.items():
            setattr(self, name, value)
