"""OpenAI's own routes: files, batches, models, chat completions."""

import shutil
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse
from starlette.routing import Route

from batch_server import lifecycle
from batch_server.bill import hash_body
from batch_server.objects import StoredBatch, StoredFile
from batch_server.replies import ApiError, check_metadata, list_page, read_json
from batch_server.results import answer_request
from batch_server.settings import DAY
from batch_server.store import Store

ENDPOINTS = (
    "/v1/responses",
    "/v1/chat/completions",
    "/v1/embeddings",
    "/v1/completions",
    "/v1/moderations",
    "/v1/images/generations",
    "/v1/images/edits",
    "/v1/videos",
)
PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
INPUT_DAYS = 30
SHORTEST_S, LONGEST_S = 3600, 30 * DAY


class FilesApi:
    """/v1/files"""

    def __init__(self, store: Store):
        self.store = store

    async def create(self, request: Request):
        """Take a multipart upload."""
        async with request.form(max_files=1) as form:
            upload, purpose = form.get("file"), form.get("purpose")
            if purpose not in PURPOSES:
                raise ApiError(
                    400, f"'{purpose}' is not one of {list(PURPOSES)} - 'purpose'", param="purpose"
                )
            if upload is None or isinstance(upload, str):
                raise ApiError(
                    400, "Missing required parameter: 'file'", "missing_required_parameter", "file"
                )
            seconds = form.get("expires_after[seconds]")
            lifetime = float(seconds) if seconds else INPUT_DAYS * DAY if purpose == "batch" else None
            stored = self.store.add_file(upload.filename or "upload", purpose, lifetime)
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
        """Return a file's bytes."""
        file = self._find(request)
        request.scope["paid"].extend(file.charges)
        return FileResponse(file.path, media_type="application/octet-stream")

    def _find(self, request: Request) -> StoredFile:
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
        key = request.headers.get("idempotency-key")
        if self.store.settings.keeps_idempotency and key in self.store.created:
            return JSONResponse(self._show(self.store.batches[self.store.created[key]]))
        for name in ("input_file_id", "endpoint", "completion_window"):
            if name not in asked:
                message = f"Missing required parameter: '{name}'."
                raise ApiError(400, message, "missing_required_parameter", name)
        if asked["completion_window"] != "24h":
            raise _invalid("completion_window", asked["completion_window"], "Supported values are: '24h'.")
        if asked["endpoint"] not in ENDPOINTS:
            raise _invalid("endpoint", asked["endpoint"], f"Supported values are: {', '.join(ENDPOINTS)}.")
        metadata, after = asked.get("metadata"), asked.get("output_expires_after")
        check_metadata(metadata)
        if after is not None and not (
            after.get("anchor") == "created_at" and SHORTEST_S <= after.get("seconds", 0) <= LONGEST_S
        ):
            raise _invalid(
                "output_expires_after", after, f"From {SHORTEST_S} to {LONGEST_S} s after created_at."
            )
        file = self.store.find_file(asked["input_file_id"])
        if file is None:
            raise ApiError(400, f"No such File object: {asked['input_file_id']}", param="input_file_id")
        if file.purpose != "batch":
            raise _invalid("input_file_id", file.id, f"Its purpose is '{file.purpose}', not 'batch'.")
        batch = self.store.add_batch(
            asked["endpoint"], file, asked["completion_window"], metadata, after["seconds"] if after else None
        )
        if key:
            self.store.created[key] = batch.id
        return JSONResponse(self._show(batch))

    async def list(self, request: Request):
        """List batches, newest first."""
        lifecycle.settle(self.store)
        batches = [*self.store.list_foreign(), *self.store.batches.values()][::-1]
        batches.sort(key=lambda batch: -batch.created)
        page = list_page(request, batches, 100)
        page["data"] = [self._dress(entry) for entry in page["data"]]
        return JSONResponse(page)

    async def retrieve(self, request: Request):
        """Return a batch; where the clock is set so, time passes with each look."""
        batch = self._find(request)
        self.store.clock.advance(self.store.settings.advance_per_poll)
        lifecycle.settle(self.store)
        return JSONResponse(self._show(batch))

    async def cancel(self, request: Request):
        """Begin to cancel a batch."""
        lifecycle.settle(self.store)
        batch = self._find(request)
        if not lifecycle.cancel(self.store, batch):
            raise ApiError(409, f"Cannot cancel a batch with status '{batch.status}'.")
        return JSONResponse(self._show(batch))

    def _find(self, request: Request) -> StoredBatch:
        batch = self.store.batches.get(request.path_params["id"])
        if batch is None:
            raise ApiError(404, f"No batch found with id '{request.path_params['id']}'.")
        return batch

    def _show(self, batch: StoredBatch) -> dict:
        return self._dress(batch.to_json())

    def _dress(self, shown: dict) -> dict:
        if self.store.settings.capital_statuses:
            shown["status"] = shown["status"].capitalize()
        return shown


class ModelsApi:
    """/v1/models and /v1/chat/completions"""

    def __init__(self, store: Store):
        self.store = store

    async def list(self, request: Request):
        """List the models."""
        return JSONResponse({"object": "list", "data": self.store.list_models()})

    async def retrieve(self, request: Request):
        """Return a model, with the day it ends."""
        return JSONResponse(self._find(request.path_params["id"]))

    async def complete(self, request: Request):
        """Answer one request at once, as the batch would, at twice the price."""
        body = await read_json(request)
        self._find(body.get("model"))
        asked = {"custom_id": hash_body(body), "body": body}
        status, answer = answer_request(self.store, asked)
        if status == 200:
            request.scope["paid"].append(self.store.bill.charge(asked, answer, None))
        return JSONResponse(answer, status)

    def _find(self, name: Any) -> dict:
        model = self.store.find_model(name)
        if model is None:
            message = f"The model '{name}' does not exist or you do not have access to it."
            raise ApiError(404, message, "model_not_found", "model")
        return model


def list_routes(store: Store) -> list[Route]:
    """Return all routes, named as faults name them."""
    files, batches, models = FilesApi(store), BatchesApi(store), ModelsApi(store)
    return [
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


def _invalid(name: str, value: object, supported: str) -> ApiError:
    return ApiError(400, f"Invalid value: '{value}'. {supported} - '{name}'", "invalid_value", name)
