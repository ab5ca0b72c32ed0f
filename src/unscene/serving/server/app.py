"""The routes. What a client sends is checked here; what it is told of a mistake has OpenAI's shape."""

import asyncio
import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from .images import ImageError, find_media_type, is_data_uri, read_data_uri
from .index import PhotoIndex
from .limits import Limits
from .metrics import Measured, Metrics
from .models import BusyError, Model, ModelError
from .packed import locate
from .pairs import Pairs, Wish
from .query import Forms, name_terms, parse_query
from .search import MARK_FIRST, NEUTRAL, Found, combine, search
from .sources import PARTS, Catalogue

PAGE = Path(__file__).with_name("page")
ModelName = Literal["base", "tuned"]
PairsOrder = Literal["name", "gain", "loss", "area", "text_score", "image_score", "group_score"]


class ErrorBody(BaseModel):
    """What went wrong, in OpenAI's shape."""

    error: dict[str, Any]


ERRORS: dict[int | str, dict] = {
    status: {"model": ErrorBody, "description": text}
    for status, text in (
        (400, "what was sent cannot be used"),
        (404, "there is no such thing"),
        (408, "too slow"),
        (413, "too large"),
        (429, "too many calls wait"),
    )
}


class EmbeddingsRequest(BaseModel):
    """OpenAI's request; an input that begins with `data:` is a picture."""

    model_config = ConfigDict(extra="ignore")

    input: str | list[str] | list[int] | list[list[int]]
    model: str
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    user: str | None = None


class TextSearch(BaseModel):
    """A search by a text, or by a photo of the index (`like`: its number), less what is excluded."""

    model_config = ConfigDict(extra="ignore")

    q: str = ""
    like: int | None = Field(None, ge=0, le=2**53)
    k: int = Field(20, ge=1)
    first: int = Field(0, ge=0, le=2**31)
    model: ModelName = "tuned"
    exclude: list[str] = []
    min_percentile: float = Field(0.0, ge=0.0, le=100.0)


class SearchRequest(TextSearch):
    """A search by a picture (`image`: a `data:` URI), a text, or both."""

    model_config = ConfigDict(extra="forbid")

    image: str | None = None


class PairsRequest(BaseModel):
    """Filters of the explorer; see `pairs.Wish`."""

    state: Literal["accepted", "refused"] = "accepted"
    category: str = ""
    reason: str = ""
    result: str = ""
    text: str = ""
    sort: PairsOrder = "name"
    first: int = Field(0, ge=0, le=2**31)
    number: int = Field(50, ge=1)


@dataclass
class Service:
    """What the routes answer from. catalogue: of the run whose pairs are shown, if any. about: what it
    says of itself.
    """

    models: dict[str, Model]
    index: PhotoIndex
    pairs: Pairs
    forms: Forms
    limits: Limits
    examples: Sequence[str] = ()
    catalogue: Catalogue | None = None
    metrics: Metrics = field(default_factory=Metrics)
    decoders: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.decoders = asyncio.Semaphore(self.limits.decodings)


class _Mistake(HTTPException):
    """What a client is told: one sentence, and the parameter that is wrong."""

    def __init__(
        self, message: str, parameter: str | None = None, status: int = 400, code: str | None = None
    ):
        super().__init__(status, message)
        self.parameter, self.code = parameter, code


def build_app(service: Service) -> FastAPI:
    """Return the app of a service; `Guard` stands before it."""
    # FastAPI would send spans and metrics where the environment tells it to; this server tells nobody.
    silent: Any = dict.fromkeys(("tracing", "metrics", "logs", "auto_configure"), False)
    app = FastAPI(title="unscene", docs_url=None, redoc_url=None, responses=ERRORS, telemetry=silent)
    limits, metrics = service.limits, service.metrics
    app.add_middleware(Measured, metrics=metrics)

    @app.exception_handler(HTTPException)
    async def tell_mistake(_: Request, error: HTTPException) -> JSONResponse:
        parameter, code = getattr(error, "parameter", None), getattr(error, "code", None)
        return _error(str(error.detail), error.status_code, parameter, code, error.headers)

    @app.exception_handler(RequestValidationError)
    async def tell_invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:]) or None
        return _error(f"{place or 'the request'}: {first['msg']}"[:500], 400, place)

    @app.exception_handler(BusyError)
    async def tell_busy(_: Request, error: BusyError) -> JSONResponse:
        return _error("too many calls wait; ask again in a second", 429, headers={"Retry-After": "1"})

    @app.post("/v1/embeddings", summary="Features of texts and pictures, as OpenAI's API gives them")
    async def embeddings(asked: EmbeddingsRequest) -> Response:
        model = _find_model(service, asked.model)
        inputs = [asked.input] if isinstance(asked.input, str) else asked.input
        if not inputs:
            raise _Mistake("input: give at least one text or picture", "input")
        if len(inputs) > limits.inputs:
            raise _Mistake(f"input: at most {limits.inputs} at a time", "input")
        if not all(isinstance(one, str) for one in inputs):
            raise _Mistake("input: this model reads texts and pictures; its tokens are not OpenAI's", "input")
        if asked.dimensions not in (None, model.dim):
            raise _Mistake(f"dimensions: this model has {model.dim}", "dimensions")
        features, used = await _embed_inputs(service, model, inputs)
        rows = [
            {"object": "embedding", "index": number, "embedding": _encode(row, asked.encoding_format)}
            for number, row in enumerate(features)
        ]
        usage = {"prompt_tokens": used, "total_tokens": used}
        return _json({"object": "list", "data": rows, "model": asked.model, "usage": usage})

    @app.get("/v1/models", summary="The models, as OpenAI's API lists them")
    async def list_models() -> Response:
        data = [_describe(model) for model in service.models.values()]
        return _json({"object": "list", "data": data})

    @app.get("/v1/models/{name}", summary="One model")
    async def get_model(name: str) -> Response:
        return _json(_describe(_find_model(service, name)))

    @app.get("/search", summary="Search photos by a text: `a beach -dog`")
    async def search_by_text(asked: Annotated[TextSearch, Query()]) -> Response:
        return _json(await _search(service, SearchRequest(**asked.model_dump())))

    @app.post("/search", summary="Search photos by a picture, a text, or both")
    async def search_by_photo(asked: SearchRequest) -> Response:
        return _json(await _search(service, asked))

    @app.get("/photo/{number}", summary="A photo of the index, as its file is")
    async def photo(number: int, request: Request) -> Response:
        found = service.index.find_photo(number)
        if found is None:
            raise _Mistake("there is no such photo", "number", 404)
        return await _send_file(found.listed.path, service.index.source.holds)

    @app.get("/thumbnail/{number}", summary="A photo of the index, small")
    async def thumbnail(number: int) -> Response:
        found = service.index.find_photo(number)
        content = found and await run_in_threadpool(service.index.find_thumbnail, found.sha256)
        if not content:
            raise _Mistake("there is no such photo", "number", 404)
        headers = {"Cache-Control": "private, max-age=3600"}
        return Response(content, media_type="image/jpeg", headers=headers)

    @app.get("/pairs", summary="Pairs and refused edits, filtered, a page at a time")
    async def list_pairs(asked: Annotated[PairsRequest, Query()]) -> Response:
        wish = Wish(asked.state, asked.category, asked.reason, asked.result, asked.text, asked.sort)
        return _json(service.pairs.choose(wish, asked.first, min(asked.number, limits.rows)))

    @app.get("/pair/{edit_id}", summary="A pair: its captions, scores and pictures")
    async def pair(edit_id: str) -> Response:
        row = service.pairs.find(edit_id)
        if row is None:
            raise _Mistake("there is no such pair", "edit_id", 404)
        pictures = {part: f"/pair/{edit_id}/{part}" for part, column in PARTS.items() if row.get(column)}
        return _json({**row, "pictures": pictures})

    @app.get("/pair/{edit_id}/{part}", summary="A picture of a pair: original, edited or mask")
    async def pair_picture(edit_id: str, part: Literal["original", "edited", "mask"]) -> Response:
        row = service.pairs.find(edit_id)
        if row is None or service.catalogue is None or not row.get(PARTS[part]):
            raise _Mistake("there is no such picture", "edit_id", 404)
        return await _send_file(service.catalogue.root / row[PARTS[part]], service.catalogue.holds)

    @app.get("/about", summary="What is served: for the page")
    async def about() -> Response:
        return _json(
            {
                "models": [_describe(model) for model in service.models.values()],
                "index": _tell_index(service),
                "examples": list(service.examples),
                "pairs": len(service.pairs),
                "mark_first": MARK_FIRST,
                "run": service.catalogue.about if service.catalogue else {},
            }
        )

    @app.get("/healthz", summary="Whether the server works, and how far the index is")
    async def healthz() -> Response:
        return _json({"status": "ok", "index": _tell_index(service)})

    @app.get("/metrics", summary="Counts and times, for Prometheus")
    async def show_metrics() -> Response:
        content, media_type = metrics.render(service.models, service.index)
        return Response(content, media_type=media_type)

    @app.get("/", include_in_schema=False)
    async def page() -> Response:
        return FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})

    app.mount("/page", StaticFiles(directory=PAGE), name="page")
    return app


async def _search(service: Service, asked: SearchRequest) -> dict:
    model, limits = _find_model(service, asked.model), service.limits
    query = parse_query(asked.q)
    terms = tuple(
        dict.fromkeys([*query.terms, *(" ".join(term.split()) for term in asked.exclude if term.strip())])
    )
    if len(terms) > limits.query_terms:
        raise _Mistake(f"exclude: at most {limits.query_terms} terms", "exclude")
    if not (query.text or terms or asked.image or asked.like is not None):
        raise _Mistake("q: say what to look for, or send a picture", "q")
    texts = [query.text] if query.text else []
    needed = [*texts, *(name_terms(terms) if terms else ()), *((NEUTRAL,) if terms or not query.text else ())]
    pictures = [asked.image] if asked.image is not None else []
    features, _ = await _embed_inputs(service, model, [*needed, *pictures])
    by_text = dict(zip(needed, features, strict=False))
    parts = [by_text[text] for text in texts] + list(features[len(needed) :])
    # Before the photos are taken: an index that was done then had them all.
    index = _tell_index(service)
    snapshot = service.index.snapshot
    if asked.like is not None:
        place = snapshot.place.get(asked.like)
        if place is None:
            raise _Mistake("like: there is no such photo", "like", 404)
        parts.append(snapshot.features[model.tower][place])
    start = _mean(parts) if parts else by_text[NEUTRAL]
    vector = (
        combine(start, [by_text[text] for text in name_terms(terms)], by_text[NEUTRAL]) if terms else start
    )
    excluded = list(
        dict.fromkeys(
            [
                *(service.forms.find_word(term) or term.lower() for term in terms),
                *service.forms.find_denied(query.text),
            ]
        )
    )
    page = asked.first, min(asked.k, limits.results)
    found: Found = await run_in_threadpool(
        search, snapshot, model.tower, vector, excluded, page, asked.min_percentile, service.forms
    )
    return {
        "model": model.name,
        "text": query.text,
        "terms": list(terms),
        "excluded": excluded,
        "excluded_in_first": found.counted,
        "first_counted": min(MARK_FIRST, len(snapshot.photos)),
        "total": found.total,
        "index": index,
        "hits": [
            {
                "id": hit.photo.id,
                "name": hit.photo.listed.key,
                "width": hit.photo.width,
                "height": hit.photo.height,
                "score": round(hit.score, 6),
                "percentile": hit.percentile,
                "shows": None if hit.shows is None else list(hit.shows),
                "may_show": [word for word in excluded if word in hit.photo.listed.unknown],
                "captions": list(hit.photo.listed.captions[:1]),
                "credit": hit.photo.listed.credit,
                "is_here": hit.photo.is_here,
            }
            for hit in found.hits
        ],
    }


async def _embed_inputs(
    service: Service, model: Model, inputs: Sequence[str]
) -> tuple[list[np.ndarray], int]:
    """Return the features of texts and `data:` pictures, in order, and the number of tokens read."""
    for number, one in enumerate(inputs):
        if not one:
            raise _Mistake(f"input {number} is empty", "input")
        if not is_data_uri(one):
            if len(one) > service.limits.text_chars:
                raise _Mistake(
                    f"input {number} has more than {service.limits.text_chars} characters", "input"
                )
            try:
                one.encode("utf-8")
            except UnicodeEncodeError:
                raise _Mistake(f"input {number} is no valid text", "input") from None
    texts = [one for one in inputs if not is_data_uri(one)]
    try:
        futures, tokens = model.submit_texts(texts)
        pictures = []
        for one in inputs:
            if is_data_uri(one):
                pictures.append(await _prepare(service, model, one))
        futures += model.photos.submit_all(pictures)
    except (ModelError, ImageError) as error:
        raise _Mistake(str(error), "input") from None
    done = await asyncio.gather(*(asyncio.wrap_future(future) for future in futures))
    words, photos = iter(done[: len(texts)]), iter(done[len(texts) :])
    return [next(photos) if is_data_uri(one) else next(words) for one in inputs], tokens


async def _prepare(service: Service, model: Model, uri: str) -> np.ndarray:
    def work() -> np.ndarray:
        photo: Image.Image = read_data_uri(uri, service.limits.pixels)
        return model.clip.prepare(photo)

    async with service.decoders:
        return await run_in_threadpool(work)


async def _send_file(path: str | Path, holds) -> Response:
    def look() -> tuple[Path | bytes, str] | None:
        try:
            found = locate(path) if holds(path) else None
            return None if found is None else (found, find_media_type(found))
        except (ImageError, OSError):
            return None

    picture = await run_in_threadpool(look)
    if picture is None:
        raise _Mistake("the picture is not there any more", status=404)
    found, media_type = picture
    headers = {"Cache-Control": "private, max-age=600"}
    if isinstance(found, bytes):
        return Response(found, media_type=media_type, headers=headers)
    return FileResponse(found, media_type=media_type, headers=headers)


def _find_model(service: Service, name: str) -> Model:
    model = service.models.get(name)
    if model is None:
        known = " and ".join(service.models)
        raise _Mistake(
            f"there is no model {name[:100]!r}; there are {known}", "model", 404, "model_not_found"
        )
    return model


def _mean(parts: Sequence[np.ndarray]) -> np.ndarray:
    total = np.sum(parts, axis=0)
    length = float(np.linalg.norm(total))
    return total / length if length > 1e-6 else parts[0]


def _encode(row: np.ndarray, form: str) -> str | list[float]:
    if form == "base64":
        return base64.b64encode(np.ascontiguousarray(row, "<f4").tobytes()).decode()
    return row.tolist()


def _describe(model: Model) -> dict:
    return {
        "id": model.name,
        "object": "model",
        "created": 0,
        "owned_by": "unscene",
        "dimensions": model.dim,
        "image_tower": model.tower,
    }


def _tell_index(service: Service) -> dict:
    progress = service.index.progress
    return {
        "photos": len(service.index.snapshot.photos),
        "source": Path(service.index.source.name).name,
        "is_running": progress.is_running,
        "done": progress.done,
        "total": progress.total,
        "failed": progress.failed,
        "warning": progress.warning,
    }


def _json(value: Any) -> Response:
    content = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Response(content.encode("utf-8", "replace"), media_type="application/json")


def _error(
    message: str, status: int, parameter: str | None = None, code: str | None = None, headers: Any = None
) -> JSONResponse:
    kind = "invalid_request_error" if status < 500 else "server_error"
    body = {"error": {"message": message, "type": kind, "param": parameter, "code": code}}
    content = json.dumps(body).encode()  # ASCII: what a client sent comes back whatever it was
    return Response(content, status, headers, "application/json")  # type: ignore[return-value]
