"""The door of the server: who may enter, how often, what the clock says in each reply, and every
fault that is not written into a file.
"""

import asyncio
import json
from email.utils import formatdate

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Match, Mount, Route

from batch_server import lifecycle
from batch_server.api import list_routes
from batch_server.bad_calls import ACTING, AFTER, BEFORE, BYTES, HEADERS_ONLY, Reply, retry_headers
from batch_server.bad_files import FILES, WHOLE
from batch_server.bad_replies import LISTS, REPLIES
from batch_server.control import ControlApi
from batch_server.faults import Fault
from batch_server.replies import ApiError, error_reply
from batch_server.store import Store

LAG_S = 120.0
MESSAGES = {
    "insufficient_quota": "You exceeded your current quota, please check your plan and billing details.",
    "invalid_api_key": "Incorrect API key provided.",
}


class Door:
    """The application behind its door."""

    def __init__(self, app: Starlette, routes: list[Route], store: Store):
        self.app, self.routes, self.store = app, routes, store
        self.faults = store.faults
        self._called: dict[str, list[float]] = {}  # elapsed times, for the limits per minute
        self._first_replies: dict[tuple, Reply] = {}  # what a cache holds, by method, path and query

    async def __call__(self, scope, receive, send) -> None:
        """Serve one call."""
        if scope["type"] != "http" or scope["path"].startswith("/_test/"):
            await self.app(scope, receive, send)
            return
        scope = self._rebase(scope)
        route, number = self._find(scope)
        scope["paid"] = []
        if route is not None:
            self.faults.calls.append(route)
        struck = self._strike("call", route, number) if route else []
        for fault in struck:
            if fault.kind == "slow":
                await asyncio.sleep(fault.seconds or 1.0)
            elif fault.kind == "acts_twice":
                receive = await self._act_unheard(route, scope, receive)
        first = next((fault for fault in struck if fault.kind in BEFORE and fault.kind not in ACTING), None)
        if first is not None and first.kind == "stale":
            await self._send(await self._repeat(route, scope, receive), send)
            return
        if first is not None:
            await self._refuse(first, scope, receive, send)
            self._lose([first], scope, number)
            return
        last = next((fault for fault in struck if fault.kind in AFTER), None)
        if last is None and not self._may_spoil(route):
            await self._serve(route, scope, receive, self._stamp(send))
            self._deliver(scope)
            return
        reply = await self._collect(route, scope, receive)
        spoilt, faults = self._spoil(reply, route, number, [f for f in struck if f.kind in BYTES])
        if last is not None:
            faults.append(last)
        self._lose(faults, scope, number)
        if last is None or last.kind in ("half", "kill_half"):
            await self._send(spoilt, send, half=last is not None)
        if last is not None:
            await self._end(last, scope, receive, send)
        elif all(fault.kind in (*HEADERS_ONLY, *WHOLE) for fault in faults) or not faults:
            self._deliver(scope)

    def _rebase(self, scope: dict) -> dict:
        """Return the call as if the base path were /v1; a call of another base finds nothing."""
        base, path = self.store.settings.base_path.rstrip("/"), scope["path"]
        if base == "/v1":
            return scope
        new = "/v1" + path.removeprefix(base) if path.startswith(base + "/") else "/nothing"
        return {**scope, "path": new, "raw_path": new.encode()}

    def _find(self, scope: dict) -> tuple[str | None, int | None]:
        """Return the name of a call's route, and the number of the batch that it concerns."""
        for route in self.routes:
            match, found = route.matches(scope)
            if match == Match.FULL:
                asked = found.get("path_params", {}).get("id")
                return route.name, next(
                    (
                        batch.number
                        for batch in self.store.batches.values()
                        if asked and asked in (batch.id, batch.output_file_id, batch.error_file_id)
                    ),
                    None,
                )
        return None, None

    def _strike(self, place: str, route: str, number: int | None, applies=lambda fault: True) -> list[Fault]:
        return self.faults.strike(place, route, self.store.clock.elapsed, number, applies)

    def _may_spoil(self, route: str | None) -> bool:
        """Return whether a fault is planted that needs the whole reply."""
        return any(
            fault.route == route and (fault.place in ("reply", "list", "file") or fault.kind in BYTES)
            for fault in self.faults.planted
        )

    async def _refuse(self, fault: Fault, scope, receive, send) -> None:
        if fault.kind == "status":
            await self._error(fault, scope, receive, send)
        elif fault.kind == "redirect":
            headers = {**self._headers(), "location": scope["raw_path"].decode()}
            await self._send(Reply(fault.status, b"", headers), send)
        elif fault.kind == "login_before":
            page = BEFORE["login_before"].act(Reply(200, b"", self._headers()), fault)
            await self._send(page, send)
        else:
            await self._end(fault, scope, receive, send)

    async def _act_unheard(self, route: str, scope, receive):
        """Let the server act as if the call had come before, to no one's knowledge; return what it may
        be received from again. What is worked on twice by that is nobody's fault but the gateway's.
        """
        messages = [await receive()]
        while messages[-1].get("more_body"):
            messages.append(await receive())

        def replay():
            kept = iter(messages)

            async def again() -> dict:
                return next(kept, None) or await receive()

            return again

        known = set(self.store.batches)
        await self._collect(route, dict(scope), replay())
        for name in self.store.batches.keys() - known:
            self.store.batches[name].is_unheard = True
        return replay()

    async def _repeat(self, route: str, scope, receive) -> Reply:
        """Return the first reply that a call of this address got while a cache was in between."""
        key = (scope["method"], scope["path"], scope["query_string"])
        if key not in self._first_replies:
            self._first_replies[key] = await self._collect(route, scope, receive)
        return self._first_replies[key]

    async def _end(self, fault: Fault, scope, receive, send) -> None:
        if fault.kind == "status_after":
            await self._error(fault, scope, receive, send)
            return
        if fault.kind.startswith("kill"):
            self.faults.kill(fault)
        await _drop_connection(send)

    async def _error(self, fault: Fault, scope, receive, send) -> None:
        headers = retry_headers(fault, self.store.clock.read())
        message = MESSAGES.get(fault.code or "", "The server had an error while processing your request.")
        reply = error_reply(fault.status, message, fault.code, **headers)
        await reply(scope, receive, self._stamp(send))

    async def _collect(self, route: str | None, scope, receive) -> Reply:
        """Let the server act; return its whole reply."""
        messages: list[dict] = []

        async def keep(message: dict) -> None:
            messages.append(message)

        await self._serve(route, scope, receive, keep)
        headers = {key.decode(): value.decode() for key, value in messages[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in messages[1:])
        return Reply(messages[0]["status"], body, headers | self._headers(), self.store.clock.read())

    def _spoil(
        self, reply: Reply, route: str, number: int | None, byte_faults: list[Fault]
    ) -> tuple[Reply, list[Fault]]:
        """Return the reply as the planted faults leave it, and these faults."""
        struck: list[Fault] = []
        if reply.status == 200 and route == "files.content":
            for fault in self._strike("file", route, number):
                reply = FILES[fault.kind].act(reply, fault)
                struck.append(fault)
        elif reply.status == 200 and (value := _parse(reply.body)) is not None:
            value, struck = self._spoil_object(value, route, number)
            if struck:
                reply = Reply(200, json.dumps(value).encode(), reply.headers, reply.now)
        for fault in byte_faults:
            reply = BYTES[fault.kind].act(reply, fault)
        return reply, struck + byte_faults

    def _spoil_object(self, value: dict, route: str, number: int | None) -> tuple[object, list[Fault]]:
        entries = value["data"] if value.get("object") == "list" else [value]
        struck = self._strike(
            "reply", route, number, lambda fault: any(REPLIES[fault.kind].applies(entry) for entry in entries)
        )
        for fault in struck:
            kind = REPLIES[fault.kind]
            entries = [
                kind.act(entry, fault) if isinstance(entry, dict) and kind.applies(entry) else entry
                for entry in entries
            ]
        if value.get("object") != "list":
            return entries[0], struck
        page: object = {**value, "data": entries}
        pages = self._strike("list", route, number)
        for fault in pages:
            age = LAG_S if fault.seconds is None else fault.seconds
            page = LISTS[fault.kind].act(page, fault, lambda entry, age=age: self._is_new(entry, age))
        return page, struck + pages

    def _is_new(self, entry: dict, age: float) -> bool:
        batch = self.store.batches.get(entry.get("id", ""))
        return batch is not None and self.store.clock.elapsed - batch.created < age

    async def _serve(self, route: str | None, scope, receive, send) -> None:
        settings = self.store.settings
        headers = {key.decode("latin-1"): value.decode("latin-1") for key, value in scope["headers"]}
        key = headers.get("authorization", "").removeprefix("Bearer ").strip() or headers.get("api-key", "")
        limit = settings.per_minute.get(route or "")
        if not settings.batches and route is not None and route.startswith(("files.", "batches.")):
            await JSONResponse({"detail": "Not Found"}, 404)(scope, receive, send)
        elif not key or settings.api_key not in (None, key):
            message = f"Incorrect API key provided: {key[:3]}***."
            await error_reply(401, message, "invalid_api_key")(scope, receive, send)
        elif limit is not None and (wait := self._wait_for_turn(route, limit)) > 0:
            message = f"Rate limit reached for requests per min: {limit}. Please try again in {wait:.0f}s."
            reply = error_reply(429, message, "rate_limit_exceeded", **{"retry-after": f"{wait:.0f}"})
            await reply(scope, receive, send)
        else:
            if self._ignores_cursor(route):
                scope["query_string"] = b"&".join(
                    part for part in scope["query_string"].split(b"&") if not part.startswith(b"after=")
                )
            await self.app(scope, receive, send)

    def _ignores_cursor(self, route: str | None) -> bool:
        return any(
            fault.kind == "cursor_ignored"
            and fault.route == route
            and (fault.times is None or fault.struck < fault.times)
            for fault in self.faults.planted
        )

    def _wait_for_turn(self, route: str, limit: int) -> float:
        """Return the seconds until a route may be called again, 0 when it may be called now."""
        now = self.store.clock.elapsed
        called = self._called.setdefault(route, [])
        called[:] = [moment for moment in called if now - moment < 60]
        if len(called) >= limit:
            return max(1.0, 60 - (now - called[0]))
        called.append(now)
        return 0.0

    def _deliver(self, scope) -> None:
        for charge in scope["paid"]:
            charge.delivered = True

    def _lose(self, faults: list[Fault], scope, number: int | None) -> None:
        """Book what faults took from the client: an answer at once that never came, and all that a
        fault that `loses` keeps back.
        """
        spoilt = [fault for fault in faults if fault.kind not in HEADERS_ONLY]
        for charge in scope["paid"]:
            if spoilt and charge.batch_id is None:
                charge.lost = spoilt[0].kind
        losers = [fault for fault in spoilt if fault.loses]
        if losers and number is not None:
            lifecycle.settle(self.store)
            batch = next(batch for batch in self.store.batches.values() if batch.number == number)
            for charge in self.store.bill.charges:
                if charge.batch_id == batch.id and not charge.delivered:
                    charge.lost = charge.lost or losers[0].kind

    def _headers(self) -> dict[str, str]:
        return {
            "date": formatdate(self.store.clock.read(), usegmt=True),
            "x-request-id": self.store.make_id("req_"),
        }

    def _stamp(self, send):
        """Put the server's time and a request id into the reply's headers."""

        async def stamped(message) -> None:
            if message["type"] == "http.response.start":
                own = [(key.encode(), value.encode()) for key, value in self._headers().items()]
                message["headers"] = [*message["headers"], *own]
            await send(message)

        return stamped

    async def _send(self, reply: Reply, send, half: bool = False) -> None:
        kept = {key: value for key, value in reply.headers.items() if key not in ("content-length", "etag")}
        headers = [(key.encode(), value.encode()) for key, value in kept.items()]
        if reply.status != 204:
            headers.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        body = reply.body[: len(reply.body) // 2] if half else reply.body
        await send({"type": "http.response.body", "body": body, "more_body": half})
        if half:
            await asyncio.sleep(0.05)  # what was written leaves before the connection does


def make_app(store: Store) -> Door:
    """Return the ASGI application on a store."""
    api = list_routes(store)
    handlers = {ApiError: _reply_to_api_error, ValueError: _reply_to_value_error}
    inner = Starlette(
        routes=[*api, Mount("/_test", routes=ControlApi(store).list_routes())], exception_handlers=handlers
    )
    return Door(inner, api, store)


def _parse(body: bytes) -> dict | None:
    try:
        value = json.loads(body)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


async def _drop_connection(send) -> None:
    """Close the client's connection without a reply. ASGI has no word for it: this reaches for
    uvicorn's transport.
    """
    send.__self__.transport.abort()
    await asyncio.sleep(0.01)  # lets uvicorn notice, so that it does not try to answer


async def _reply_to_api_error(request: Request, error: ApiError) -> JSONResponse:
    return error_reply(error.status, str(error), error.code, error.param)


async def _reply_to_value_error(request: Request, error: ValueError) -> JSONResponse:
    return error_reply(400, str(error))
