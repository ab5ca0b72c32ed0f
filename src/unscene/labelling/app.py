"""The page's server: Starlette, for this machine alone. It tells neither scores nor what was accepted."""

import io
from functools import lru_cache
from pathlib import Path

from PIL import Image
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from unscene.labelling.store import LabelStore
from unscene.photos.images import PhotoError, read_photo
from unscene.run.shards import file_sha256

PAGE = Path(__file__).with_name("page.html")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; connect-src 'self'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-store",
}


def build_app(run: Path, store: LabelStore) -> Starlette:
    """Return the app of one rater. Items are named by their position alone; photos are served as
    PNG from the run directory.
    """

    def state(position: int | None) -> JSONResponse:
        known = {"done": store.done, "total": len(store.items), "rater": store.rater, "item": None}
        if position is not None:
            item = store.items[position]
            known["item"] = {
                "position": position,
                "category": item["category"],
                "size": [item["width"], item["height"]],
                "box": item["box"],
            }
        return JSONResponse(known, headers=HEADERS)

    async def page(_: Request) -> Response:
        return Response(PAGE.read_text(encoding="utf-8"), media_type="text/html", headers=HEADERS)

    async def show_next(_: Request) -> JSONResponse:
        return state(store.get_next())

    async def label(request: Request) -> JSONResponse:
        body = await read_body(request)
        if body is None:
            return refuse("send a JSON object")
        position = body.pop("position", None)
        if (
            not isinstance(position, int)
            or isinstance(position, bool)
            or not 0 <= position < len(store.items)
        ):
            return refuse("there is no such item")
        try:
            store.answer(position, body)
        except ValueError as error:
            return refuse(str(error))
        return state(store.get_next())

    async def undo(request: Request) -> JSONResponse:
        if await read_body(request) is None:
            return refuse("send a JSON object")
        position = store.undo()
        return state(store.get_next() if position is None else position)

    def photo(request: Request) -> Response:
        position, kind = int(request.path_params["position"]), request.path_params["kind"]
        if position >= len(store.items) or kind not in ("original", "edited"):
            return refuse("there is no such photo", 404)
        item = store.items[position]
        path = run / item[kind]
        try:
            if kind == "edited" and file_sha256(path) != item["edited_sha256"]:
                return refuse(
                    "this edit was made anew since the sample was drawn; delete the sample and start again",
                    410,
                )
            return Response(encode(path), media_type="image/png", headers=HEADERS)
        except (PhotoError, OSError) as error:
            return refuse(f"cannot be read: {error}", 404)

    routes = [
        Route("/", page),
        Route("/api/next", show_next),
        Route("/api/label", label, methods=["POST"]),
        Route("/api/undo", undo, methods=["POST"]),
        Route("/photo/{position:int}/{kind}", photo),
    ]
    # Other names for this machine would let a foreign web page reach it (DNS rebinding).
    trusted = Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])
    return Starlette(routes=routes, middleware=[trusted])


async def read_body(request: Request) -> dict | None:
    """Return the JSON object of a request, or None. Asking for its type keeps foreign pages from
    posting unasked.
    """
    if request.headers.get("content-type", "").split(";")[0] != "application/json":
        return None
    try:
        body = await request.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def refuse(why: str, status: int = 400) -> JSONResponse:
    """Return an error that the page shows."""
    return JSONResponse({"error": why}, status_code=status, headers=HEADERS)


@lru_cache(maxsize=32)
def encode(path: Path) -> bytes:
    """Return a photo, upright, as PNG: original and edit reach the browser in the same form."""
    image: Image.Image = read_photo(path)
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()
