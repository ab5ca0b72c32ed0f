"""What happens to a call or to the bytes of its reply.

`*_before` and `status` mean that the server did nothing, `*_after` and everything else that it did
all, and only the reply is spoilt or lost.
"""

import gzip
from dataclasses import dataclass, field
from email.utils import formatdate

from batch_server.faults import ROUTES, Fault, Kind

LOGIN_PAGE = b"""<!DOCTYPE html>
<html>
<head><title>Sign in to WiFi-Guest</title></head>
<body>
<p>Please accept the terms of use to go online.</p>
<form action="/login" method="post"><input name="user"><input type="submit" value="Go"></form>
</body>
</html>
"""


@dataclass
class Reply:
    """A whole reply on its way. `now`: what the server's clock reads."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    now: float = 0.0

    def replaced(self, body: bytes, kind: str = "application/json", **headers: str) -> "Reply":
        """Return a reply of status 200 with another body."""
        own = {name: self.headers[name] for name in ("date", "x-request-id") if name in self.headers}
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        return Reply(200, body, {**own, "content-type": kind, **extra}, self.now)

    def coded(self, body: bytes, **headers: str) -> "Reply":
        """Return this reply with its body coded otherwise."""
        return Reply(self.status, body, {**self.headers, **headers}, self.now)


def retry_headers(fault: Fault, now: float) -> dict[str, str]:
    """Return the headers by which an error asks for patience."""
    headers = {}
    if fault.retry_after is not None:
        kind, _, seconds = fault.retry_after.partition(":")
        is_date = kind == "date" and seconds
        headers["retry-after"] = (
            formatdate(now + float(seconds), usegmt=True) if is_date else fault.retry_after
        )
    if fault.retry_after_ms is not None:
        headers["retry-after-ms"] = fault.retry_after_ms
    return headers


def _login(reply: Reply, fault: Fault) -> Reply:
    return reply.replaced(LOGIN_PAGE, "text/html; charset=utf-8")


def _without_date(reply: Reply, fault: Fault) -> Reply:
    kept = {name: value for name, value in reply.headers.items() if name != "date"}
    return Reply(reply.status, reply.body, kept, reply.now)


def _dated(reply: Reply, fault: Fault) -> Reply:
    return reply.coded(reply.body, date=formatdate(reply.now + (fault.seconds or 0), usegmt=True))


def _nothing(reply: Reply, fault: Fault) -> Reply:
    return reply


# Kinds that end a call before the server acts, or after, or in the middle of the reply.
BEFORE = {
    "status": Kind("an error (`status`, `code`, `retry_after`) instead of acting", _nothing, ROUTES),
    "drop_before": Kind("the connection is closed, nothing was done", _nothing, ROUTES),
    "kill_before": Kind("the registered process is killed, nothing was done", _nothing, ROUTES),
    "login_before": Kind("a login page with status 200, nothing was done", _login, ROUTES),
    "redirect": Kind("sent on to the same address (`status`: 302, 307), nothing was done", _nothing, ROUTES),
    "stale": Kind("a cache repeats its first reply to this address, nothing was done", _nothing, ROUTES),
    "slow": Kind("the reply comes after `seconds` of real time", _nothing, ROUTES),
    "acts_twice": Kind("a gateway sends the call twice, and tells the second reply", _nothing, ROUTES),
}
# Of these, the kinds after which the server acts all the same.
ACTING = ("slow", "acts_twice")
AFTER = {
    "status_after": Kind("all was done, and the reply is an error", _nothing, ROUTES),
    "drop_after": Kind("all was done, and the connection is closed", _nothing, ROUTES),
    "kill_after": Kind("all was done, and the registered process is killed", _nothing, ROUTES),
    "half": Kind("half of the reply, then the connection is closed", _nothing, ROUTES),
    "kill_half": Kind("half of the reply, then the registered process is killed", _nothing, ROUTES),
}
# Kinds that spoil the bytes of a reply.
BYTES = {
    "login_page": Kind("a login page with status 200 in place of the reply", _login, ROUTES),
    "empty_reply": Kind("status 200 and no body", lambda r, f: r.replaced(b""), ROUTES),
    "no_content": Kind("status 204", lambda r, f: Reply(204, b"", r.headers, r.now), ROUTES),
    "not_json": Kind(
        "the text `upstream ok` in place of JSON", lambda r, f: r.replaced(b"upstream ok"), ROUTES
    ),
    "json_null": Kind("`null` in place of the object", lambda r, f: r.replaced(b"null"), ROUTES),
    "json_list": Kind("`[]` in place of the object", lambda r, f: r.replaced(b"[]"), ROUTES),
    "json_text": Kind('`"ok"` in place of the object', lambda r, f: r.replaced(b'"ok"'), ROUTES),
    "json_empty": Kind("`{}` in place of the object", lambda r, f: r.replaced(b"{}"), ROUTES),
    "error_with_200": Kind(
        "an error object with status 200",
        lambda r, f: r.replaced(b'{"error":{"message":"Bad gateway","type":"server_error","code":null}}'),
        ROUTES,
    ),
    "cut_json": Kind(
        "the first half, as if it were all", lambda r, f: r.coded(r.body[: len(r.body) // 2]), ROUTES
    ),
    "byte_order_mark": Kind(
        "a byte order mark comes first", lambda r, f: r.coded(b"\xef\xbb\xbf" + r.body), ROUTES
    ),
    "gzip_fine": Kind(
        "compressed, and said so",
        lambda r, f: r.coded(gzip.compress(r.body), **{"content-encoding": "gzip"}),
        ROUTES,
    ),
    "gzip_declared": Kind(
        "said to be compressed, and is not",
        lambda r, f: r.coded(r.body, **{"content-encoding": "gzip"}),
        ROUTES,
    ),
    "gzip_undeclared": Kind(
        "compressed, and not said so", lambda r, f: r.coded(gzip.compress(r.body)), ROUTES
    ),
    "gzip_twice": Kind(
        "compressed twice, said once",
        lambda r, f: r.coded(gzip.compress(gzip.compress(r.body)), **{"content-encoding": "gzip"}),
        ROUTES,
    ),
    "gzip_cut": Kind(
        "compressed, and the stream ends in the middle",
        lambda r, f: r.coded(_half(gzip.compress(r.body)), **{"content-encoding": "gzip"}),
        ROUTES,
    ),
    "date_missing": Kind("no header Date", _without_date, ROUTES),
    "date_rubbish": Kind(
        "a header Date that is no date", lambda r, f: r.coded(r.body, date="yesterday"), ROUTES
    ),
    "date_far": Kind("a header Date that is `seconds` off (a proxy's clock)", _dated, ROUTES),
}
CALLS = BEFORE | AFTER | BYTES
HEADERS_ONLY = ("date_missing", "date_rubbish", "date_far", "gzip_fine", "slow")


def _half(data: bytes) -> bytes:
    return data[: len(data) // 2]
