"""A thin layer on the `openai` client: few calls, errors sorted by what they mean for money, and no
key in any text.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import openai

from unscene.answers.batch_lines import URL
from unscene.answers.batches.outcomes import NO_CREDIT_CODES
from unscene.answers.endpoints import DEFAULT, find_endpoint
from unscene.run.tables import replaced_atomically

# Hosts, separated by commas, that this process must not talk to: tests name the live one.
REFUSED_HOSTS_VARIABLE = "UNSCENE_REFUSE_HOSTS"
_KEPT_SECONDS = 30 * 24 * 3600
_TIMEOUT_S = 600


class ApiError(RuntimeError):
    """A call that failed; the text holds no key."""


class KeyMissing(ApiError):
    """There is no key in the environment."""


class Unanswered(ApiError):
    """No answer, or an error of the server's own: whether the call took effect is not known."""


class RateLimited(ApiError):
    """Too many calls: the call took no effect. `retry_after` is in seconds, None when the server
    gave none.
    """

    def __init__(self, message: str, retry_after: float | None):
        super().__init__(message)
        self.retry_after = retry_after


class OutOfCredit(ApiError):
    """The account or project has no money left."""


class Rejected(ApiError):
    """The server says that the call is wrong: it took no effect. `status` is the HTTP status."""

    def __init__(self, message: str, status: int):
        super().__init__(message)
        self.status = status


class ApiClient:
    """The calls that paid answers need. Reading calls are tried again by the SDK; creating calls
    never are.
    """

    def __init__(self, base_url: str | None, timeout_s: float = _TIMEOUT_S, reading_retries: int = 3):
        url = base_url or DEFAULT.url  # never the SDK's own default, which an environment variable can change
        key_variable = find_endpoint(base_url).key_variable
        host = str(urlsplit(url).hostname or "")
        if host in os.environ.get(REFUSED_HOSTS_VARIABLE, "").split(","):
            raise ApiError(f"{host} is refused here ({REFUSED_HOSTS_VARIABLE}): give api.base_url")
        self._key = os.environ.get(key_variable, "")
        if not self._key:
            raise KeyMissing(
                f"the environment variable {key_variable} is not set; requests need the key of {host} "
                f"(any text will do for a server that asks for none)"
            )
        self._sdk = openai.OpenAI(
            api_key=self._key, base_url=url, timeout=timeout_s, max_retries=reading_retries
        )
        self._once = self._sdk.with_options(max_retries=0)

    def has_batches(self) -> bool:
        """Return whether the endpoint has `/v1/batches`."""
        try:
            self._call(self._sdk.batches.list, limit=1)
        except Rejected as error:
            if error.status in (404, 405, 501):
                return False
            raise
        return True

    def find_model(self, model: str) -> tuple[bool | None, str | None]:
        """Return whether a model exists, and its shutdown date if the endpoint tells; None: the
        endpoint does not say.

        Servers that only list their models are asked for the list.
        """
        try:
            return True, getattr(self._call(self._sdk.models.retrieve, model), "shutdown_date", None)
        except Rejected as error:
            if error.status != 404:
                raise
        try:
            return model in {entry.id for entry in self._call(self._sdk.models.list)}, None
        except Rejected as error:
            if error.status not in (404, 405):
                raise
            return None, None

    def upload(self, path: Path) -> str:
        """Upload a file of requests; return its id."""
        with open(path, "rb") as handle:
            return self._call(self._sdk.files.create, file=(path.name, handle), purpose="batch").id

    def create_batch(self, file_id: str, metadata: dict[str, str]):
        """Create a batch, with one call and no other."""
        return self._call(
            self._once.batches.create,
            input_file_id=file_id,
            endpoint=URL,
            completion_window="24h",
            metadata=metadata,
            output_expires_after={"anchor": "created_at", "seconds": _KEPT_SECONDS},
            extra_headers={"Idempotency-Key": f"{metadata['shard']}-{metadata['intent']}"},
        )

    def list_batches(self, since: float) -> Iterator:
        """Yield batches, newest first, back to those created at `since` (seconds since 1970)."""
        page = self._call(self._sdk.batches.list, limit=100)
        while True:
            for batch in page.data:
                if batch.created_at < since:
                    return
                yield batch
            if not page.data or not page.has_next_page():
                return
            page = self._call(page.get_next_page)

    def retrieve_batch(self, batch_id: str):
        """Return a batch as it is now."""
        return self._call(self._sdk.batches.retrieve, batch_id)

    def cancel_batch(self, batch_id: str) -> None:
        """Ask for the end of a batch; what it has done is paid and stays."""
        self._call(self._sdk.batches.cancel, batch_id)

    def download(self, file_id: str, path: Path) -> None:
        """Stream a file's content to `path`, which appears whole or not at all."""

        def stream() -> None:
            with replaced_atomically(path) as temporary:
                with self._sdk.files.with_streaming_response.content(file_id) as response:
                    response.stream_to_file(temporary)

        self._call(stream)

    def complete(self, body: dict) -> tuple[int, dict, float | None]:
        """Send one request body as it is, with one call; return HTTP status, the answer's body, and
        Retry-After in seconds.
        """
        try:
            reply = self._once.post(URL.removeprefix("/v1"), cast_to=httpx2.Response, body=body)
        except openai.APIStatusError as error:
            reply = error.response
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            reply, failure = None, Unanswered(self.clean(str(error)))
        if reply is None:
            raise failure from None
        wait = _read_seconds(reply.headers.get("retry-after"))
        return reply.status_code, self._clean_json(reply.text), wait

    def clean(self, text: str) -> str:
        """Return a text without the key."""
        return text.replace(self._key, "[key]")

    def _clean_json(self, text: str) -> dict:
        try:
            body = json.loads(self.clean(text))
        except ValueError:
            body = None
        return body if isinstance(body, dict) else {"error": {"message": self.clean(text)[:200]}}

    def _call(self, function, *arguments, **named):
        """Call the SDK; its errors are raised as ours. `from None`: a chained traceback would show
        texts with the key.
        """
        try:
            return function(*arguments, **named)
        except openai.APIStatusError as error:
            failure = self._sort(error)
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            cause = f" ({error.__cause__})" if error.__cause__ else ""
            failure = Unanswered(self.clean(f"{error}{cause}"))
        raise failure from None

    def _sort(self, error: openai.APIStatusError) -> ApiError:
        status, message = error.status_code, self.clean(f"{error}")[:500]
        if {error.code, error.type} & NO_CREDIT_CODES:
            return OutOfCredit(message)
        if status == 429:
            return RateLimited(message, _read_seconds(error.response.headers.get("retry-after")))
        if status >= 500 or status in (408, 409):
            return Unanswered(message)
        return Rejected(message, status)


def _read_seconds(text: str | None) -> float | None:
    try:
        return max(0.0, float(text or ""))
    except ValueError:
        return None
