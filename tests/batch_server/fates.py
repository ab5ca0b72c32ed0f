"""What may become of a whole batch; a fate is planted before the batch is created."""

from batch_server.faults import Fault, Kind
from batch_server.objects import FOR_EVER, Fate, StoredBatch


def _stuck(status: str):
    def doom(batch: StoredBatch, fault: Fault) -> None:
        batch.fate = Fate(stuck=status, until=FOR_EVER if fault.seconds is None else fault.seconds)
        if status == "in_progress":
            batch.stall_share = fault.part

    return doom


def _expires(batch: StoredBatch, fault: Fault) -> None:
    batch.stall_share = fault.part


def _expires_early(batch: StoredBatch, fault: Fault) -> None:
    batch.stall_share, batch.fate = fault.part, Fate(expires_in=fault.seconds or 600.0)


def _fails(batch: StoredBatch, fault: Fault) -> None:
    code = fault.code or "token_limit_exceeded"
    batch.fate = Fate(error={"code": code, "message": _MESSAGES.get(code, code), "line": None, "param": None})


_MESSAGES = {
    "token_limit_exceeded": "Enqueued token limit reached for this model in your organization. Limit: 90,000"
    " enqueued tokens. Please try again once some in_progress batches have been completed.",
    "billing_hard_limit_reached": "Billing hard limit has been reached.",
    "insufficient_quota": "You exceeded your current quota, please check your plan and billing details.",
}


def _breaks_down(batch: StoredBatch, fault: Fault) -> None:
    batch.stall_share, batch.fate = fault.part, Fate(fails_after=fault.seconds or 600.0)


def _fails_silently(batch: StoredBatch, fault: Fault) -> None:
    batch.fate = Fate(silent=True)


def _cancelled(batch: StoredBatch, fault: Fault) -> None:
    batch.stall_share, batch.fate = fault.part, Fate(cancelled=True, until=fault.seconds or 600.0)


def _lines_fail(batch: StoredBatch, fault: Fault) -> None:
    batch.line_errors, batch.line_error = fault.part, fault.code or "status_500"


FATES = {
    "stuck_validating": Kind("stays `validating` for `seconds`, or for ever", _stuck("validating")),
    "stuck_in_progress": Kind(
        "stops at `part` of its lines for `seconds`, or for ever", _stuck("in_progress")
    ),
    "stuck_finalizing": Kind("stays `finalizing` for `seconds`, or for ever", _stuck("finalizing")),
    "stuck_cancelling": Kind(
        "once cancelled, stays `cancelling` for `seconds`, or for ever", _stuck("cancelling")
    ),
    "expires": Kind("stops at `part` of its lines and expires after 24 hours", _expires),
    "expires_early": Kind("the same after `seconds` (600)", _expires_early),
    "fails": Kind("validation fails with `code` (token_limit_exceeded)", _fails),
    "breaks_down": Kind(
        "fails after `seconds` (600) of work, with the answers of `part` of its lines", _breaks_down
    ),
    "fails_silently": Kind("validation fails and `errors` is null", _fails_silently),
    "cancelled_by_provider": Kind("is cancelled after `seconds` (600) at `part` of its lines", _cancelled),
    "lines_fail": Kind(
        "`part` of the lines fail as `code` (status_500, status_0, request_timeout, insufficient_quota)",
        _lines_fail,
    ),
}
