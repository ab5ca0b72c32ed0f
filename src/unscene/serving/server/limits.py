"""What one client may ask: sizes, times and numbers. Nothing else in the server holds such a limit."""

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Limits of one server; the tests make smaller ones.

    body_bytes: of a request. pixels: of a photo that is sent, from its header. folder_pixels: of a
    photo of the folder. decodings: photos that are decoded at once. inputs: texts and photos of one
    call. text_chars: of one text. query_terms: excluded terms. results: photos of one search.
    rows: pairs of one page. waiting: calls that wait for a model, more get 429. connections: open
    at once. head_s, body_s: to send a request's head and body. request_s: for all of a request.
    """

    body_bytes: int = 16 * MIB
    pixels: int = 50_000_000
    folder_pixels: int = 200_000_000
    decodings: int = 2
    inputs: int = 256
    text_chars: int = 2_000
    query_terms: int = 8
    results: int = 200
    rows: int = 200
    waiting: int = 256
    connections: int = 512
    head_s: float = 10.0
    body_s: float = 20.0
    request_s: float = 60.0
