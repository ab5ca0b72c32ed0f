"""The routes of the local server: OpenAI's own under /v1, and the tests' under /_test."""

import asyncio
import shutil
from email.utils import formatdate

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Match, Mount, Route

from batch_server import lifecycle
from batch_server.answerers import UnknownTask
from batch_server.control import ControlApi
from batch_server.faults import Fault, Faults, HalfSent, cut_in_half, drop_connection
from batch_server.models import find_model, list_models
from batch_server.replies import ApiError, check_metadata, error_reply, list_page, read_json
from batch_server.settings import DAY
from batch_server.store import Store
from unscene.answers.batch_lines import URL, BatchLineError, hash_body

ENDPOINTS = (URL, "/v1/responses", "/v1/embeddings", "/v1/completions", "/v1/moderations")
PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data")
INPUT_DAYS = 30


class FilesApi:
    """/v1/files"""

    def __init__(self, store: Store):
        self.store = store

    async def create(self, request: Request):
        """Take a multipart upload."""
        async with request.form(max_files=1) as form:
            upload, purpose = form.get("file"), form.get("purpose")
            if purpose not in PURPOSES:
                raise ApiError(400, f"purpose {purpose!r} is not one of {PURPOSES}", param="purpose")
            if upload is None or isinstance(upload, str):
                raise ApiError(400, "file is missing", "missing_required_parameter", "file")
            seconds = form.get("expires_after[seconds]")
            lifetime = float(seconds) if seconds else INPUT_DAYS * DAY if purpose == "batch" else None
            stored = self.store.add_file(upload.filename or "upload", purpose, self.store.now, lifetime)
            with open(stored.path, "wb") as target:
                shutil.copyfileobj(upload.file, target)
        return JSONResponse(stored.to_json())

    async def list(self, request: Request):
        """List files, newest first."""
        purpose = request.query_params.get("purpose")
        files = [file for file in self.store.list_files() if purpose in (None, file.purpose)]
        return JSONResponse(list_page(request, files, 10_000))

    async def retrieve(self, request: Request):
        """Return a file object."""
        return JSONResponse(self._find(request).to_json())

    async def delete(self, request: Request):
        """Delete a file."""
        file = self._find(request)
        del self.store.files[file.id]
        return JSONResponse({"id": file.id, "object": "file", "deleted": True})

    async def content(self, request: Request):
        """Return a file's bytes; the first downloads of a result may be forbidden."""
        file = self._find(request)
        file.downloads += 1
        if file.purpose == "batch_output" and file.downloads <= self.store.settings.forbidden_downloads:
            raise ApiError(403, f"You may not read {file.id} yet.")
        return FileResponse(file.path, media_type="application/octet-stream")

    def _find(self, request: Request):
        file = self.store.find_file(request.path_params["id"])
        if file is None:
            raise ApiError(404, f"No such File object: {request.path_params['id']}", param="id")
        return file


class BatchesApi:
    """/v1/batches"""

    def __init__(self, store: Store):
        self.store = store

    async def create(self, request: Request):
        """Create a batch; what is wrong with its lines comes out later."""
        asked = await read_json(request)
        for name in ("input_file_id", "endpoint", "completion_window"):
            if name not in asked:
                raise ApiError(400, f"Missing required parameter: {name}", "missing_required_parameter", name)
        if asked["completion_window"] != "24h":
            raise ApiError(400, "completion_window is always 24h", "invalid_value", "completion_window")
        if asked["endpoint"] not in ENDPOINTS:
            raise ApiError(400, f"endpoint {asked['endpoint']!r} has no batches", "invalid_value", "endpoint")
        metadata, after = asked.get("metadata"), asked.get("output_expires_after")
        check_metadata(metadata)
        if after is not None and not (
            after.get("anchor") == "created_at" and 3600 <= after.get("seconds", 0) <= 30 * DAY
        ):
            raise ApiError(400, "output_expires_after is not valid", "invalid_value", "output_expires_after")
        file = self.store.find_file(asked["input_file_id"])
        if file is None:
            raise ApiError(400, f"No such File object: {asked['input_file_id']}", param="input_file_id")
        if file.purpose != "batch":
            raise ApiError(400, f"The purpose of {file.id} is not batch", "invalid_value", "input_file_id")
        batch = self.store.add_batch(
            asked["endpoint"], file, asked["completion_window"], metadata, after["seconds"] if after else None
        )
        return JSONResponse(batch.to_json())

    async def list(self, request: Request):
        """List batches, newest first."""
        lifecycle.settle(self.store)
        return JSONResponse(list_page(request, list(self.store.batches.values())[::-1], 100))

    async def retrieve(self, request: Request):
        """Return a batch; where the clock is set so, time passes with each look."""
        batch = self._find(request)
        batch.retrieves += 1
        if batch.retrieves <= self.store.settings.missing_retrieves:
            raise ApiError(404, f"No batch found with id '{batch.id}'.")
        self.store.advance(self.store.settings.advance_per_poll)
        lifecycle.settle(self.store)
        return JSONResponse(batch.to_json())

    async def cancel(self, request: Request):
        """Begin to cancel a batch."""
        lifecycle.settle(self.store)
        batch = self._find(request)
        if not lifecycle.cancel(self.store, batch):
            raise ApiError(409, f"A batch that is {batch.status} cannot be cancelled.")
        return JSONResponse(batch.to_json())

    def _find(self, request: Request):
        batch = self.store.batches.get(request.path_params["id"])
        if batch is None:
            raise ApiError(404, f"No batch found with id '{request.path_params['id']}'.")
        return batch


class ModelsApi:
    """/v1/models and /v1/chat/completions"""

    def __init__(self, store: Store):
        self.store = store

    async def list(self, request: Request):
        """List the models."""
        return JSONResponse({"object": "list", "data": list_models(self.store)})

    async def retrieve(self, request: Request):
        """Return a model, with the day it ends."""
        return JSONResponse(self._find(request.path_params["id"]))

    async def complete(self, request: Request):
        """Answer one request at once, as the batch would."""
        body = await read_json(request)
        self._find(body.get("model", ""))
        key = hash_body(body)
        try:
            answer = self.store.answerer.answer({"custom_id": key, "body": body})
        except (UnknownTask, BatchLineError, KeyError, TypeError, ValueError) as error:
            raise ApiError(400, str(error)) from error
        answer["created"] = int(self.store.now)
        self.store.bill.charge(key, key, answer, None)
        return JSONResponse(answer)

    def _find(self, name: str) -> dict:
        model = find_model(self.store, name)
        if model is None:
            raise ApiError(404, f"The model '{name}' does not exist.", "model_not_found", "model")
        return model


def make_app(store: Store, faults: Faults | None = None) -> "FaultyApp":
    """Return the ASGI application on a store."""
    faults = faults or Faults()
    files, batches, models = FilesApi(store), BatchesApi(store), ModelsApi(store)
    api = [
        Route("/v1/files", files.create, methods=["POST"], name="files.create"),
        Route("/v1/files", files.list, methods=["GET"], name="files.list"),
        Route("/v1/files/{id}", files.retrieve, methods=["GET"], name="files.retrieve"),
        Route("/v1/files/{id}", files.delete, methods=["DELETE"], name="files.delete"),
        Route("/v1/files/{id}/content", files.content, methods=["GET"], name="files.content"),
        Route("/v1/batches", batches.create, methods=["POST"], name="batches.create"),
        Route("/v1/batches", batches.list, methods=["GET"], name="batches.list"),
        Route("/v1/batches/{id}", batches.retrieve, methods=["GET"], name="batches.retrieve"),
        Route("/v1/batches/{id}/cancel", batches.cancel, methods=["POST"], name="batches.cancel"),
        Route("/v1/models", models.list, methods=["GET"], name="models.list"),
        Route("/v1/models/{id:path}", models.retrieve, methods=["GET"], name="models.retrieve"),
        Route("/v1/chat/completions", models.complete, methods=["POST"], name="chat.completions"),
    ]
    tests = ControlApi(store, faults, {route.name for route in api}).list_routes()
    handlers = {ApiError: _reply_to_api_error, ValueError: _reply_to_value_error}
    inner = Starlette(routes=[*api, Mount("/_test", routes=tests)], exception_handlers=handlers)
    return FaultyApp(inner, api, store, faults)


class FaultyApp:
    """The application behind its door: who may enter, what the clock says in each reply, and the
    planted faults.
    """

    def __init__(self, app: Starlette, routes: list[Route], store: Store, faults: Faults):
        self.app, self.routes, self.store, self.faults = app, routes, store, faults

    async def __call__(self, scope, receive, send) -> None:
        """Serve one call."""
        if scope["type"] != "http" or scope["path"].startswith("/_test/"):
            await self.app(scope, receive, send)
            return
        name = next((r.name for r in self.routes if r.matches(scope)[0] == Match.FULL), None)
        fault = self.faults.find(name) if name else None
        kind, moment = fault.kind.partition("_")[::2] if fault else ("", "")
        if kind == "slow":
            await asyncio.sleep(fault.seconds)
        if kind == "status" and not moment:
            await self._reply(fault, scope, receive, send)
        elif kind in ("drop", "kill") and moment == "before":
            await self._end(fault, send)
        elif moment == "after":
            await self._serve(name, scope, receive, _swallow)
            if kind == "status":
                await self._reply(fault, scope, receive, send)
            else:
                await self._end(fault, send)
        elif "half" in (kind, moment):
            try:
                await self._serve(name, scope, receive, cut_in_half(send))
            except HalfSent:
                await self._end(fault, send)
        else:
            await self._serve(name, scope, receive, send)

    async def _end(self, fault: Fault, send) -> None:
        if fault.kind.startswith("kill"):
            self.faults.kill(fault)
        await drop_connection(send)

    async def _reply(self, fault: Fault, scope, receive, send) -> None:
        headers = {} if fault.retry_after is None else {"retry-after": fault.retry_after}
        reply = error_reply(fault.status, "This fault was asked for.", fault.code, **headers)
        await reply(scope, receive, self._stamp(send))

    async def _serve(self, name: str | None, scope, receive, send) -> None:
        send = self._stamp(send)
        key = (
            dict(scope["headers"])
            .get(b"authorization", b"")
            .decode("latin-1")
            .removeprefix("Bearer ")
            .strip()
        )
        missing = (
            name is not None and not self.store.settings.batches and name.startswith(("files.", "batches."))
        )
        if missing:
            await JSONResponse({"detail": "Not Found"}, 404)(scope, receive, send)
        elif not key or self.store.settings.api_key not in (None, key):
            reply = error_reply(401, "Incorrect API key provided.", "invalid_api_key")
            await reply(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _stamp(self, send):
        """Put the virtual time and a request id into the reply's headers."""

        async def stamped(message) -> None:
            if message["type"] == "http.response.start":
                own = {
                    "date": formatdate(self.store.now, usegmt=True),
                    "x-request-id": self.store.make_id("req_"),
                }
                message["headers"] = [
                    *message["headers"],
                    *((k.encode(), v.encode()) for k, v in own.items()),
                ]
            await send(message)

        return stamped


async def _swallow(message) -> None:
    """Take a reply that nobody gets."""


async def _reply_to_api_error(request: Request, error: ApiError) -> JSONResponse:
    return error_reply(error.status, str(error), error.code, error.param)


async def _reply_to_value_error(request: Request, error: ValueError) -> JSONResponse:
    return error_reply(400, str(error))
