"""Forms of replies that all routes share: errors, pages of lists, and what is read from a request."""

import json

from starlette.requests import Request
from starlette.responses import JSONResponse


class ApiError(Exception):
    """An error reply: status, message, code and the parameter that is wrong."""

    def __init__(self, status: int, message: str, code: str | None = None, param: str | None = None):
        super().__init__(message)
        self.status, self.code, self.param = status, code, param


def error_reply(
    status: int, message: str, code: str | None = None, param: str | None = None, **headers
) -> JSONResponse:
    """Return an error in the API's form."""
    kinds = {401: "authentication_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "invalid_request_error" if status < 500 else "server_error")
    return JSONResponse(
        {"error": {"message": message, "type": kind, "param": param, "code": code}}, status, headers=headers
    )


def list_page(request: Request, objects: list, most: int) -> dict:
    """Return a page of a list that is newest first, by the query's `limit` and `after`."""
    try:
        limit = int(request.query_params.get("limit", 20))
    except ValueError:
        limit = 0
    if not 1 <= limit <= most:
        raise ApiError(400, f"limit is a number from 1 to {most}", "invalid_value", "limit")
    if request.query_params.get("order") == "asc":
        objects = objects[::-1]
    start = 0
    if after := request.query_params.get("after"):
        start = next((i + 1 for i, entry in enumerate(objects) if entry.id == after), None)
        if start is None:
            raise ApiError(400, f"after: there is no {after}", "invalid_value", "after")
    page = [entry.to_json() for entry in objects[start : start + limit]]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": start + limit < len(objects),
    }


def check_metadata(metadata: dict | None) -> None:
    """Raise ApiError for metadata beyond 16 pairs of texts of 64 and 512 characters."""
    if metadata is None:
        return
    fine = len(metadata) <= 16 and all(
        isinstance(value, str) and len(key) <= 64 and len(value) <= 512 for key, value in metadata.items()
    )
    if not fine:
        raise ApiError(
            400, "metadata: 16 pairs, keys to 64, values to 512 characters", "invalid_value", "metadata"
        )


async def read_json(request: Request) -> dict:
    """Return the JSON object of a request's body."""
    try:
        value = json.loads(await request.body())
    except ValueError as error:
        raise ApiError(400, f"The body is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ApiError(400, "The body is not a JSON object")
    return value
