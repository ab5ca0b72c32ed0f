"""Hostile clients of the search page: `make faults KIND=serve`. Prints one line for programs.

The real server runs in a process of its own, with a folder of photos, a run's pairs, and secrets
beside them. Schemathesis asks it what its own OpenAPI allows and what it does not; hypothesis sends
bytes to the decoders of pictures; written attacks try to leave the folders, to come from another
web page, to blow up in memory, and to hold connections. An answer of 5xx, a secret in an answer, a
broken connection without an answer, or a server that does not live after it all counts as silent.
"""

import argparse
import base64
import http.client
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import Counter
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(CHECKOUT / folder) for folder in ("src", "tests", "tests/helpers")]

from result_lines import print_faults

REQUESTS = 10_000
SECRET = "UNSCENE-SECRET-f3a9"
SERVER = """
import sys
from pathlib import Path
from served_model import make_service, serve
import time
service = make_service(Path(sys.argv[1]))
with serve(service) as address:
    print(address, flush=True)
    sys.stdin.read()
"""


class Client:
    """Sends requests over kept connections and judges every answer."""

    def __init__(self, address: str):
        self.host = urllib.parse.urlsplit(address).netloc
        self.statuses: Counter[int] = Counter()
        self.bad: list[str] = []
        self._local = threading.local()

    def send(self, method: str, path: str, body: bytes = b"", headers: dict | None = None) -> int:
        """Send a request; return its status, or 0 when a fresh connection was closed on it."""
        kept = getattr(self._local, "connection", None)
        connection = kept or self._connect()
        try:
            connection.putrequest(method, path, skip_host=bool(headers and "Host" in headers))
            for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            reply = connection.getresponse()
            content = reply.read()
        except (OSError, http.client.HTTPException) as error:
            self._local.connection = None
            if kept is not None:  # it may have been idle for too long
                return self.send(method, path, body, headers)
            self.judge(f"{method} {path[:80]}", 0, repr(error).encode())
            return 0
        if reply.getheader("connection") == "close":
            self._local.connection = None
        self.judge(f"{method} {path[:80]}", reply.status, content)
        return reply.status

    def judge(self, what: str, status: int, content: bytes) -> None:
        """Count an answer; keep what must not be."""
        self.statuses[status] += 1
        if status == 0 or status >= 500 or SECRET.encode() in content or b"root:x:0" in content:
            self.bad.append(f"{what}: {status} {content[:120]!r}")

    def _connect(self) -> http.client.HTTPConnection:
        self._local.connection = http.client.HTTPConnection(self.host, timeout=60)
        return self._local.connection


def fuzz_openapi(client: Client, address: str, number: int) -> None:
    """Ask what the server's own OpenAPI describes, valid and not, by schemathesis."""
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis import GenerationMode

    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    schema.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    operations = [operation.ok() for operation in schema.get_all_operations()]
    share = -(-number // len(operations))
    for operation in operations:

        @settings(
            max_examples=share, database=None, deadline=None, phases=[Phase.generate], derandomize=True,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy())
        def ask(case):
            try:
                reply = case.call(timeout=60)
            except (UnicodeError, ValueError):
                return  # no client library can send it
            client.judge(f"{case.method} {case.path}", reply.status_code, reply.content)

        ask()


def fuzz_decoders(client: Client, number: int) -> None:
    """Send pictures: random bytes, and real ones that were cut, changed or wrapped."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import strategies as st
    from PIL import Image

    photo = Image.effect_noise((48, 40), 60).convert("RGB")
    seeds = []
    for form in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "ICO"):
        buffer = io.BytesIO()
        photo.save(buffer, format=form)
        seeds.append(buffer.getvalue())

    @st.composite
    def damaged(draw):
        content = bytearray(draw(st.sampled_from(seeds)))
        for _ in range(draw(st.integers(0, 12))):
            content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
        return bytes(content[: draw(st.integers(0, len(content)))]) if draw(st.booleans()) else bytes(content)

    @settings(
        max_examples=number, database=None, deadline=None, phases=[Phase.generate], derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        content=st.one_of(damaged(), st.binary(max_size=300)),
        media=st.sampled_from(["png", "jpeg", "webp", "gif", "svg+xml", "x", ""]),
        junk=st.sampled_from(["", "=", "\n", "%00", "\u2028", "-_"]),
    )
    def send(content, media, junk):
        uri = f"data:image/{media};base64,{base64.b64encode(content).decode()}{junk}"
        body = json.dumps({"input": uri, "model": "tuned"}).encode()
        client.send("POST", "/v1/embeddings", body, {"Content-Type": "application/json"})

    send()


def list_attacks(folder: Path) -> list[tuple[str, str, bytes, dict]]:
    """Return written attacks: method, path, body, headers."""
    from PIL import Image

    from unit.serving.test_server_images import encode, make_bomb

    ups = [
        "..",
        "%2e%2e",
        "..%2f",
        "%252e%252e",
        "..%5c",
        "....//",
        "%c0%ae%c0%ae",
        "..%00",
        "\u2025".encode().hex(),
    ]
    files = [
        "etc/passwd",
        "secret.txt",
        "run/secret.txt",
        "index/index.sqlite",
        "app.py",
        "proc/self/environ",
    ]
    roots = ["/page/", "/photo/", "/thumbnail/", "/pair/", "/pair/p_red_000-red/", "/v1/models/", "/"]
    attacks = [
        ("GET", f"{root}{'/'.join([up] * depth)}/{file}", b"", {})
        for root in roots for up in ups for depth in (1, 3, 8) for file in files
    ]  # fmt: skip
    attacks += [("GET", f"{root}{folder}/secret.txt".replace("//", "/"), b"", {}) for root in roots]
    as_json = {"Content-Type": "application/json"}
    pictures = [
        make_bomb(12_000),
        make_bomb(60_000),
        encode(Image.new("1", (7000, 7000)), "TIFF", compression="group4"),
    ]
    for content in pictures:
        uri = "data:image/png;base64," + base64.b64encode(content).decode()
        attacks.append(
            ("POST", "/v1/embeddings", json.dumps({"input": [uri] * 4, "model": "base"}).encode(), as_json)
        )
    deep = b'{"input":' + b"[" * 20_000 + b"]" * 20_000 + b',"model":"tuned"}'
    bodies = [
        deep,
        b"{" * 5000,
        b"\xff\xfe",
        b"null",
        b"[]",
        b'{"input":"\\ud800","model":"tuned"}',
        b'{"input":1e999}',
        json.dumps({"input": ["x" * 1999] * 256, "model": "tuned"}).encode(),
        b'{"input":' + b"9" * 10_000 + b"}",
        json.dumps({"input": "a", "model": "x" * 100_000}).encode(),
        b'{"q":"' + b"-a " * 5000 + b'"}',
    ]
    attacks += [("POST", path, body, as_json) for path in ("/v1/embeddings", "/search") for body in bodies]
    queries = ["q=%00", "q=%ff%fe", "q=" + "%20-" * 2000, "q=-%22", "q=" + "a" * 15_000, "q=x&k=1e9"]
    queries += ["q=x&first=-1", "q=x&min_percentile=NaN", "q=x&min_percentile=inf", "q=<script>"]
    queries += [
        "q=x&like=99999999999999999999",
        "q=x&model=other",
        "exclude=" + "&exclude=".join("abcdefghij"),
    ]
    attacks += [("GET", f"/search?{query}", b"", {}) for query in queries]
    hosts = [
        "evil.example",
        "127.0.0.1.evil.example",
        "127.0.0.1@evil",
        "[::ffff:7f00:1]",
        "a" * 5000,
        "\t",
        "127.0.0.1, evil",
    ]
    attacks += [("GET", "/search?q=red", b"", {"Host": host}) for host in hosts]
    attacks += [("GET", "/search?q=red", b"", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"})]
    ranges = [
        "bytes=0-0",
        "bytes=-1",
        "bytes=" + "0-1," * 2000 + "2-3",
        "bytes=5-2",
        "lines=1-2",
        "bytes=0-99999999999999999999",
    ]
    attacks += [("GET", f"/photo/{number}", b"", {"Range": value}) for number in (1, 2) for value in ranges]
    attacks += [
        (method, "/search", b"", {})
        for method in ("PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "HEAD", "FOO")
    ]
    return attacks


def hammer(client: Client, attacks: list, number: int, seed: int) -> None:
    """Send attacks from eight threads, in an order that the seed draws, some more than once."""
    draw = random.Random(seed)
    work = [*attacks, *(draw.choice(attacks) for _ in range(max(0, number - len(attacks))))]
    draw.shuffle(work)

    def go(part: list) -> None:
        for method, path, body, headers in part:
            client.send(method, path, body, headers)

    threads = [threading.Thread(target=go, args=(work[start::8],)) for start in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> None:
    """Start the server, send everything, and print what came of it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--requests", type=int, default=REQUESTS)
    options.add_argument("--seed", type=int, default=7)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "run").mkdir()
        for place in (folder / "secret.txt", folder / "run/secret.txt"):
            place.write_text(SECRET)
        path = os.pathsep.join(str(CHECKOUT / part) for part in ("src", "tests/helpers"))
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": path},
        )  # fmt: skip
        address = process.stdout.readline().strip()
        client = Client(address)
        begun = time.monotonic()
        attacks = list_attacks(folder)
        hammer(client, attacks, given.requests * 4 // 10, given.seed)
        print(
            f"written attacks: {sum(client.statuses.values())} requests, {time.monotonic() - begun:.0f} s",
            flush=True,
        )
        fuzz_decoders(client, given.requests * 3 // 10)
        print(
            f"with decoders: {sum(client.statuses.values())} requests, {time.monotonic() - begun:.0f} s",
            flush=True,
        )
        fuzz_openapi(client, address, given.requests * 3 // 10)
        while (left := given.requests - sum(client.statuses.values())) > 0:
            hammer(client, attacks[:left], left, given.seed + left)
        is_alive = process.poll() is None and client.send("GET", "/healthz") == 200
        resident = (
            int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
            * os.sysconf("SC_PAGE_SIZE")
            / 2**20
        )
        process.stdin.close()
        process.wait(20)
    total, silent = sum(client.statuses.values()), len(client.bad) + (not is_alive)
    print(f"answers by status: {dict(sorted(client.statuses.items()))}; {resident:.0f} MiB at the end")
    failures = sum(count for status, count in client.statuses.items() if status >= 500)
    leaks = sum(SECRET in bad or "root:x:0" in bad for bad in client.bad)
    print(f"5xx: {failures}; files outside the roots: {leaks}; the server lives: {is_alive}")
    for bad in client.bad[:20]:
        print(f"  {bad}")
    survived = sum(count for status, count in client.statuses.items() if 200 <= status < 400)
    # What must not be is silent, whatever its status; the rest was refused with a sentence.
    survived = min(survived, total - silent)
    print_faults("serve", total, survived, total - survived - silent, silent, 0)


if __name__ == "__main__":
    main()
