"""What stands between the network and the app: names of this machine, the token, sizes and times."""

import asyncio
import hmac
import json
import urllib.parse
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from .limits import Limits

LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]"})
COOKIE = "unscene-token"
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data: blob:; connect-src 'self'; "
    "style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

Message = MutableMapping[str, Any]
Receive, Send = Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]


class _Refusal(Exception):
    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status, self.message = status, message


class Guard:
    """ASGI middleware. Without a token the server answers under names of this machine alone: another
    name that leads here would let a foreign web page read the photos (DNS rebinding).
    """

    def __init__(self, app: Callable, limits: Limits, token: str | None = None):
        self._app, self._limits, self._token = app, limits, token

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message["headers"] = [*message.get("headers", []), *_HEADERS]
            await send(message)

        try:
            async with asyncio.timeout(self._limits.request_s):
                headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
                if self._admit(scope, headers):
                    await _redirect(answer, scope, self._token or "")
                    return
                body = await self._read_body(headers, receive)
                await self._app(scope, _replay(body, receive), answer)
        except _Refusal as refusal:
            await _refuse(answer, refusal.status, refusal.message)
        except TimeoutError:
            if not started:
                await _refuse(answer, 408, "this took too long")

    def _admit(self, scope: MutableMapping[str, Any], headers: dict[bytes, str]) -> bool:
        """Raise a refusal, or tell whether the client shows its token in the address for the first time."""
        if len(scope["raw_path"] or b"") + len(scope["query_string"]) > 16_384:
            raise _Refusal(414, "the address is too long")
        host = _split_port(headers.get(b"host", ""))
        if self._token is None and host not in LOCAL:
            raise _Refusal(
                421, "this server answers as 127.0.0.1 and localhost only; start it with --token for others"
            )
        site, mode = headers.get(b"sec-fetch-site"), headers.get(b"sec-fetch-mode")
        if site in ("cross-site", "same-site") and not (mode == "navigate" and scope["method"] == "GET"):
            raise _Refusal(403, "another web page asked this")
        if self._token is None or scope["path"] == "/healthz":
            return False
        given = headers.get(b"authorization", "").removeprefix("Bearer ")
        cookies = dict(part.strip().partition("=")[::2] for part in headers.get(b"cookie", "").split(";"))
        if _is_equal(given, self._token) or _is_equal(
            urllib.parse.unquote(cookies.get(COOKIE, "")), self._token
        ):
            return False
        query = urllib.parse.parse_qs(scope["query_string"].decode("latin-1"))
        if scope["path"] == "/" and _is_equal(query.get("token", [""])[0], self._token):
            return True
        raise _Refusal(401, "this server asks for its token: Authorization: Bearer TOKEN, or /?token=TOKEN")

    async def _read_body(self, headers: dict[bytes, str], receive: Receive) -> bytes:
        most = self._limits.body_bytes
        length = headers.get(b"content-length", "0")
        if length.isdecimal() and int(length) > most:
            raise _Refusal(413, f"a request has at most {most:,} bytes")
        parts, size = [], 0
        try:
            async with asyncio.timeout(self._limits.body_s):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise _Refusal(400, "the client left")
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > most:
                        raise _Refusal(413, f"a request has at most {most:,} bytes")
                    if not message.get("more_body"):
                        return b"".join(parts)
        except TimeoutError:
            raise _Refusal(408, "the request came too slowly") from None


def make_protocol(limits: Limits) -> type[H11Protocol]:
    """Return uvicorn's protocol with a time for a request's head, and a number of connections:
    without, clients that open many and send little would hold the server for ever.
    """

    class PatientProtocol(H11Protocol):
        open_ones = 0

        def connection_made(self, transport):  # type: ignore[override]
            super().connection_made(transport)
            cls, self._patience = type(self), None
            cls.open_ones += 1
            if cls.open_ones > limits.connections:
                transport.abort()
                return
            self._wait_for_head()

        def connection_lost(self, exc):
            type(self).open_ones -= 1
            self._forget()
            super().connection_lost(exc)

        def data_received(self, data):
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._forget()
            elif self._patience is None:
                self._wait_for_head()

        def on_response_complete(self):
            super().on_response_complete()
            self._forget()

        def _wait_for_head(self):
            self._patience = self.loop.call_later(limits.head_s, self.transport.abort)

        def _forget(self):
            if self._patience is not None:
                self._patience.cancel()
                self._patience = None

    return PatientProtocol


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _refuse(send: Send, status: int, message: str) -> None:
    kind = "invalid_request_error" if status < 500 else "server_error"
    body = json.dumps({"error": {"message": message, "type": kind, "param": None, "code": None}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if status in (408, 413):
        headers.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _redirect(send: Send, scope: MutableMapping[str, Any], token: str) -> None:
    """Keep the token in a cookie, out of the address bar."""
    pairs = urllib.parse.parse_qsl(scope["query_string"].decode("latin-1"))
    query = urllib.parse.urlencode([(name, value) for name, value in pairs if name != "token"])
    cookie = f"{COOKIE}={urllib.parse.quote(token)}; Path=/; HttpOnly; SameSite=Strict"
    headers = [(b"location", f"/?{query}".encode() if query else b"/"), (b"set-cookie", cookie.encode())]
    await send(
        {"type": "http.response.start", "status": 303, "headers": [*headers, (b"content-length", b"0")]}
    )
    await send({"type": "http.response.body", "body": b""})


def _split_port(host: str) -> str:
    """Return a Host header's name without its port, in lower case."""
    name, _, port = host.strip().lower().rpartition(":")
    return name if name and port.isdecimal() else host.strip().lower()


def _is_equal(given: str, token: str) -> bool:
    return bool(given) and hmac.compare_digest(given.encode(), token.encode())
