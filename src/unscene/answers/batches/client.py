"""A thin layer on the `openai` client: few calls, replies checked before anything believes them,
errors sorted by what they mean for money, and no key in any message.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from urllib.parse import SplitResult, urlsplit

import httpx2
import openai
from pydantic import BaseModel, ValidationError

from unscene.answers.batches.errors import (
    AccessDenied,
    ApiError,
    KeyMissing,
    NotFound,
    OutOfCredit,
    RateLimited,
    Rejected,
    Silent,
    Unanswered,
)
from unscene.answers.batches.keys import make_mask, read_key
from unscene.answers.batches.outcomes import NO_CREDIT_CODES
from unscene.answers.batches.replies import Batch, File, Model, Page
from unscene.answers.batches.server_time import ServerTime, read_retry_after
from unscene.answers.endpoints import DEFAULT, find_endpoint
from unscene.answers.envelopes import find_codes
from unscene.run.tables import replaced_atomically

__all__ = [
    "AccessDenied",
    "ApiClient",
    "ApiError",
    "KeyMissing",
    "NotFound",
    "OutOfCredit",
    "RateLimited",
    "Rejected",
    "Silent",
    "Unanswered",
]
# Hosts, separated by commas, that this process must not talk to: tests name the live one.
REFUSED_HOSTS_VARIABLE = "UNSCENE_REFUSE_HOSTS"
_KEPT_SECONDS = 30 * 24 * 3600
# For a file or an answer, and for a call that only tells something. Both are for one read: a reply
# that trickles in has `_SLOWEST` to keep to besides.
_TIMEOUT_S, _SHORT_TIMEOUT_S = 600.0, 60.0
_SLOWEST = 1000  # bytes a second of a download, counted after its first ten minutes
_PAGE = 100
_MOST_SHOWN = 500
# The SDK sends what these hold as headers; a character that no header may have would stop each call.
_HEADER_VARIABLES = ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID")
ReplyModel = TypeVar("ReplyModel", bound=BaseModel)


class Completion(NamedTuple):
    """The reply to one request: HTTP status and JSON body."""

    status: int
    body: dict


def _read_address(base_url: str) -> SplitResult:
    """Return the parts of an address; ApiError for what is none, or names somebody: it is no place for a
    password. The message never repeats it: what is no address can hold a key anywhere.
    """
    try:
        url = urlsplit(base_url)
        is_address = url.scheme in ("http", "https") and bool(url.hostname)
        if is_address:
            str(url.hostname).encode("idna")
            _ = url.port
    except ValueError:  # UnicodeError is one
        is_address = False
    if "@" in (base_url.partition("://")[2] or base_url).partition("/")[0]:
        raise ApiError("api.base_url holds a user name or a password; keys stand in the environment alone")
    if not is_address:
        raise ApiError("api.base_url is no address; it looks like https://HOST/v1")
    return url


class ApiClient:
    """The calls that paid answers need. Reading calls are tried again by the SDK; creating calls
    never are. monotonic: returns seconds; of a clock that nobody sets.
    """

    def __init__(
        self,
        base_url: str | None,
        timeout_s: float = _TIMEOUT_S,
        reading_retries: int = 3,
        monotonic: Callable[[], float] = time.monotonic,
    ):
        # Never the SDK's own default, which an environment variable can change.
        url = _read_address(base_url or str(DEFAULT.url))
        self._endpoint, host = find_endpoint(base_url), url.hostname or ""
        if host in os.environ.get(REFUSED_HOSTS_VARIABLE, "").split(","):
            raise ApiError(f"{host} is refused here ({REFUSED_HOSTS_VARIABLE}): give api.base_url")
        key = read_key(self._endpoint.key_variable, host)
        for variable in _HEADER_VARIABLES:
            if not (os.environ.get(variable) or "x").strip().isascii():
                raise KeyMissing(
                    f"the environment variable {variable} holds characters that no header may have"
                )
        self.clean, self._netloc = make_mask(key), httpx2.URL(url.geturl()).netloc
        self._monotonic, self._time = monotonic, ServerTime(monotonic)
        try:
            self._sdk = openai.OpenAI(
                api_key=key,
                base_url=url._replace(query="", fragment="").geturl(),
                timeout=timeout_s,
                max_retries=reading_retries,
                organization=(os.environ.get("OPENAI_ORG_ID") or "").strip() or None,
                project=(os.environ.get("OPENAI_PROJECT_ID") or "").strip() or None,
                default_headers=self._endpoint.make_headers(key),
                default_query=dict(self._endpoint.query),
                http_client=openai.DefaultHttpxClient(event_hooks={"request": [self._keep_key_here]}),
            )
        except (OSError, ValueError, ImportError, openai.OpenAIError, httpx2.InvalidURL) as error:
            # A proxy, a certificate or headers that the environment names and that cannot be used.
            failure = self.clean(f"{type(error).__name__}: {error}")[:_MOST_SHOWN]
            raise ApiError(f"no connection can be set up with this environment ({failure})") from None
        short = min(timeout_s, _SHORT_TIMEOUT_S)
        self._short = self._sdk.with_options(timeout=short)
        self._once = self._sdk.with_options(max_retries=0)
        self._create = self._sdk.with_options(max_retries=0, timeout=2 * short)

    def _keep_key_here(self, request: httpx2.Request) -> None:
        """Take the key out of a call that a redirect sends to another server: of its headers httpx does so
        with `Authorization` alone.
        """
        if self._endpoint.key_header and request.url.netloc != self._netloc:
            request.headers.pop(self._endpoint.key_header, None)

    def server_now(self) -> float | None:
        """Return the server's time, in seconds since 1970; None while no reply has told it."""
        return self._time.now()

    def find_model(self, model: str) -> tuple[bool | None, str | None]:
        """Return whether a model exists, and its shutdown date if the endpoint tells; None: the
        endpoint does not say.

        Servers that only list their models are asked for the list.
        """
        if not self._endpoint.lists_models:
            return None, None
        try:
            found = self._read(Model, self._short.models.with_raw_response.retrieve, model)
            return True, found.shutdown_date
        except Rejected as error:
            if error.status not in (404, 405, 501):
                raise
        try:
            page = self._read(Page, self._short.models.with_raw_response.list)
        except Rejected as error:
            if error.status not in (404, 405, 501):
                raise
            return None, None
        names = {entry.get("id") for entry in page.data if isinstance(entry, dict)}
        return (model in names) if names else None, None

    def upload(self, path: Path) -> str:
        """Upload a file of requests; return its id."""
        with open(path, "rb") as handle:
            create = self._sdk.files.with_raw_response.create
            return self._read(File, create, file=(path.name, handle), purpose="batch").id

    def find_file(self, file_id: str) -> File:
        """Return what the endpoint says of a file; NotFound when it knows none of this id."""
        return self._read(File, self._short.files.with_raw_response.retrieve, file_id)

    def create_batch(self, file_id: str, metadata: dict[str, str]) -> Batch:
        """Create a batch, with one call and no other; Unanswered also when the reply tells of a batch of
        another file: then ours may have been created, too.
        """
        named: dict[str, Any] = {}
        if self._endpoint.keeps_outputs_as_asked:
            named["output_expires_after"] = {"anchor": "created_at", "seconds": _KEPT_SECONDS}
        batch = self._read(
            Batch,
            self._create.batches.with_raw_response.create,
            input_file_id=file_id,
            endpoint=self._endpoint.request_url,
            completion_window="24h",
            metadata=metadata,
            extra_headers={"Idempotency-Key": f"{metadata['shard']}-{metadata['intent']}"},
            **named,
        )
        if batch.input_file_id not in (None, file_id) and batch.metadata != metadata:
            raise Unanswered(
                f"a batch of file {file_id} was to be created, the endpoint tells of {batch.id}, which is of"
                f" file {batch.input_file_id}"
            )
        return batch

    def list_batches(self, since: float | None = None) -> Iterator[Batch]:
        """Yield the endpoint's batches, page by page, in the order in which it tells them.

        since: seconds since 1970; a page that lies wholly before it is the last one. Without it all
        are read.
        """
        after: dict[str, str] = {}
        seen: set[str] = set()
        while True:
            page = self._read(Page, self._short.batches.with_raw_response.list, limit=_PAGE, **after)
            batches = [self._believe(Batch, entry) for entry in page.data]
            news = [batch for batch in batches if batch.id not in seen]
            yield from news
            seen |= {batch.id for batch in news}
            # Whoever does not say that there is more is asked, however short its page is. A server that
            # repeats its page, whatever `after` says, has told all that it will. A full page is never
            # believed to be the last: that is known of servers that say so on every page.
            if not news or (page.has_more is False and len(batches) < _PAGE):
                return
            if since is not None and all((batch.created_at or since) < since for batch in batches):
                return
            after = {"after": batches[-1].id}

    def retrieve_batch(self, batch_id: str) -> Batch:
        """Return a batch as it is now."""
        batch = self._read(Batch, self._short.batches.with_raw_response.retrieve, batch_id)
        if batch.id != batch_id:
            raise Unanswered(f"asked for batch {batch_id}, the endpoint tells of {batch.id}")
        return batch

    def cancel_batch(self, batch_id: str) -> Batch:
        """Ask for the end of a batch; what it has done is paid and stays. Return it as it is now."""
        return self._read(Batch, self._short.batches.with_raw_response.cancel, batch_id)

    def download(self, file_id: str, path: Path) -> None:
        """Stream a file's content to `path`, which appears whole or not at all."""

        def stream() -> None:
            began, size = self._monotonic(), 0
            with (
                replaced_atomically(path) as temporary,
                self._sdk.files.with_streaming_response.content(file_id) as response,
                open(temporary, "wb") as handle,
            ):
                kind = response.headers.get("content-type", "")
                if "text/html" in kind.lower():
                    raise Unanswered(f"file {file_id}: a page ({kind}) came in its place")
                for chunk in response.iter_bytes():
                    handle.write(chunk)
                    size += len(chunk)
                    passed = self._monotonic() - began
                    if passed > _TIMEOUT_S and size < _SLOWEST * passed:
                        raise Unanswered(f"file {file_id}: {size} bytes came in {passed:.0f} s")
                self._time.note(response.headers)

        self._call(stream)

    def complete(self, body: dict) -> Completion:
        """Send one request body, with one call, as the endpoint takes it.

        A complaint about the body comes back with its status. Raises as every call where there is no
        answer to keep: AccessDenied, RateLimited, OutOfCredit, NotFound; Unanswered when it may be
        billed unseen.
        """
        try:
            reply = self._call(
                self._once.post,
                self._endpoint.request_url.removeprefix("/v1"),
                cast_to=httpx2.Response,
                body=body,
            )
        except NotFound:
            raise
        except Rejected as error:
            return Completion(error.status, error.body)
        body = self._load(reply)
        if not isinstance(body.get("choices"), list):
            raise Unanswered(
                self.clean(f"status {reply.status_code}, but the reply is no answer: {str(body)[:200]}"),
                reply.status_code,
            )
        return Completion(reply.status_code, body)

    def _read(self, model: type[ReplyModel], function: Callable, *arguments, **named) -> ReplyModel:
        """Call the SDK for its raw reply, and read that as a model of ours."""
        raw = self._call(function, *arguments, **named)
        return self._believe(model, self._load(raw.http_response))

    def _load(self, reply: httpx2.Response) -> dict:
        try:
            value = json.loads(reply.content.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            kind = reply.headers.get("content-type", "of no kind")
            shown = self.clean(reply.content[:_MOST_SHOWN].decode("utf-8", "replace"))[:80]
            told = (
                f"status {reply.status_code}, but the reply ({kind}) is no JSON object of the API: {shown!r}"
            )
            if "html" in kind.lower() or shown.lstrip()[:1] == "<":
                told += "; a page of a proxy, of a login, or of another server than api.base_url means?"
            raise Unanswered(self._name_call(told, reply.request), reply.status_code)
        self._time.note(reply.headers)
        return value

    def _believe(self, model: type[ReplyModel], value: object) -> ReplyModel:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            fault = f"the reply is no {model.__name__.lower()} ({place}: {first['msg']})"
        raise Unanswered(self.clean(f"{fault}: {str(value)[:200]}"))

    def _call(self, function: Callable, *arguments, **named):
        """Call the SDK; its errors are raised as ours. `from None`: a chained traceback would show
        texts with the key.
        """
        request: httpx2.Request | None
        try:
            return function(*arguments, **named)
        except ApiError:
            raise
        except openai.APIStatusError as error:
            failure, request = self._sort(error), error.request
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            cause = f" ({error.__cause__})" if error.__cause__ else ""
            unmade = isinstance(error.__cause__ or error, httpx2.ConnectError | httpx2.ConnectTimeout)
            told = (
                f"nothing answers there{cause}: is api.base_url right, and is it up?"
                if unmade
                else f"{error}{cause}"
            )
            failure = Silent(self.clean(told)[:_MOST_SHOWN], took_no_effect=unmade)
            # The SDK's own errors, or httpx's, whose property raises where there is none.
            request = vars(error).get("request") or vars(error).get("_request")
        failure.args = (self._name_call(str(failure), request),)
        raise failure from None

    def _name_call(self, message: str, request: httpx2.Request | None) -> str:
        """Return a message with the call that it is about: its method and address."""
        if request is None:
            return message
        # A query of api.base_url may hold a key (`?code=...`).
        address = request.url.copy_with(userinfo=b"", query=None)
        return f"{message} [{request.method} {self.clean(str(address))}]"

    def _sort(self, error: openai.APIStatusError) -> ApiError:
        """Return our error of a reply with an error status.

        A page in place of the API's own words is what a proxy says; it proves a call without effect
        only where its status can mean nothing else.
        """
        status, headers = error.status_code, error.response.headers
        body = self._read_complaint(error.response)
        if body is not None:
            self._time.note(headers)
        message = self.clean(str(error) if body else f"status {status}, no reply of the API: {error}")
        message = message[:_MOST_SHOWN]
        if status == 402 or find_codes({"error": None, "response": {"body": body}}) & NO_CREDIT_CODES:
            return OutOfCredit(message)
        if status == 429:
            return RateLimited(message, read_retry_after(headers, self._time.now()))
        if status in (401, 403, 407):
            return AccessDenied(message, status, by_api=body is not None)
        if status in (404, 410):
            return NotFound(message, status, by_api=body is not None)
        if status >= 500 or status in (408, 409, 425) or body is None:
            return Unanswered(message, status, by_api=bool((body or {}).get("error")))
        return Rejected(message, status, body)

    def _read_complaint(self, reply: httpx2.Response) -> dict | None:
        """Return the JSON object of an error reply, without the key; None when it is none."""
        try:
            body = json.loads(self.clean(reply.content.decode("utf-8-sig", "replace")))
        except (ValueError, RecursionError, httpx2.StreamError):
            return None
        return body if isinstance(body, dict) else None
