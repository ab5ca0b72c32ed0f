"""Errors of calls, sorted by what they mean for money: did the call take effect, and what helps."""

from unscene.run.stops import KnownStop


class ApiError(KnownStop, RuntimeError):
    """A call that failed; the text holds no key.

    took_no_effect: the call surely changed nothing at the endpoint, so nothing can be owed for it.
    """

    took_no_effect = True


class KeyMissing(ApiError):
    """There is no key in the environment, or one that cannot stand in a header."""


class Unanswered(ApiError):
    """No answer, a server's own error, or a reply that cannot be read.

    Of a call that creates, whether it took effect is not known, unless no connection came about;
    one that reads may be made again. `status` is the HTTP status, None without a reply. by_api: the
    reply is the API's own error object, no page of a proxy.
    """

    def __init__(
        self,
        message: str,
        status: int | None = None,
        took_no_effect: bool = False,
        by_api: bool = False,
    ):
        super().__init__(message)
        self.status, self.took_no_effect, self.by_api = status, took_no_effect, by_api


class Silent(Unanswered):
    """Nobody replied: no connection came about, or it ended before a reply."""


class RateLimited(ApiError):
    """Too many calls. `retry_after` is in seconds, None when the server gave none."""

    def __init__(self, message: str, retry_after: float | None):
        super().__init__(message)
        self.retry_after = retry_after


class OutOfCredit(ApiError):
    """The account or project has no money left."""


class AccessDenied(ApiError):
    """The key, its project or scopes, or a proxy between forbids the call (401, 403, 407).

    What exists at the endpoint is not lost by it. by_api: as for NotFound.
    """

    def __init__(self, message: str, status: int, by_api: bool = True):
        super().__init__(message)
        self.status, self.by_api = status, by_api


class Rejected(ApiError):
    """The server says that the call is wrong. `status` is the HTTP status, `body` its complaint."""

    def __init__(self, message: str, status: int, body: dict | None = None):
        super().__init__(message)
        self.status, self.body = status, body or {"error": {"message": message}}


class NotFound(Rejected):
    """The server knows no such thing (404, 410). by_api: the reply is the API's own, no page of a
    proxy or of another server.
    """

    def __init__(self, message: str, status: int, by_api: bool):
        super().__init__(message, status)
        self.by_api = by_api
