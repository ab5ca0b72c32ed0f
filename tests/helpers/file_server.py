"""A local server of files that speaks the protocol of the Hugging Face hub, and breaks as servers do.

The hub's side follows what the client of `huggingface_hub` asks: `/api/models/{repo}/revision/{rev}`
with `blobs`, and `/{repo}/resolve/{rev}/{file}`, where a small file is answered in place with the
git hash as its ETag, and a large one (LFS) by a redirect to another address that knows ranges.
Everything else is plain files below `/files/`, with an ETag.

Each request is written down with the bytes that its body sent, so a test can count what came twice.
"""

import hashlib
import json
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

LFS_FROM = 1024  # files from this size on lie in LFS
LOGIN_PAGE = b"<!DOCTYPE html><html><body>Please sign in to this network</body></html>"


@dataclass
class Fault:
    """What the next answer for a path does wrong.

    kind: `cut` (closes after `after` bytes of the body), `page` (200 with a login page), `length`
    (says `after` bytes more than there are), `status` (answers `status` with `headers`), `drip`
    (a byte each `seconds`), `hang` (nothing more after `after` bytes, for `seconds`), `no_range`
    (ignores ranges), `wrong_range` (206 with another place), `stale` (206 although If-Range does not
    hold), `no_etag` (no validator).
    """

    kind: str
    after: int = 0
    status: int = 429
    seconds: float = 0.05
    headers: dict = field(default_factory=dict)


@dataclass
class Request:
    """One request, and the bytes of the body that went out."""

    method: str
    path: str
    headers: dict
    sent: int = 0


class FileServer:
    """The server, in a thread. `files`: plain ones by name; `repos`: {repo: {revision: {file: bytes}}}."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.repos: dict[str, dict[str, dict[str, bytes]]] = {}
        self.cards: dict[str, dict] = {}
        self.gated: dict[str, str] = {}  # repo -> the token that opens it
        self.faults: dict[str, list[Fault]] = defaultdict(list)
        self.requests: list[Request] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._make_handler())
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Stop it."""
        self._http.shutdown()
        self._http.server_close()

    def break_next(self, path: str, *faults: Fault) -> None:
        """Let the next requests for a path's body (GET) go wrong, one fault each. A path that ends
        in `*` means all that start so."""
        self.faults[path] += faults

    def count_bytes(self, part: str = "") -> int:
        """Return the bytes of all bodies sent for paths that hold `part`, answers of the API apart."""
        return sum(
            one.sent
            for one in self.requests
            if one.method == "GET" and part in one.path and not one.path.startswith("/api/")
        )

    def get_commit(self, repo: str, revision: str) -> str | None:
        """Return the commit that a revision (a branch or a commit) of a repository means."""
        revisions = self.repos.get(repo, {})
        if revision in revisions:
            listing = "".join(f"{n}:{hash_git(c)};" for n, c in sorted(revisions[revision].items()))
            return hashlib.sha1(f"{repo}:{listing}".encode()).hexdigest()
        return next((revision for name in revisions if self.get_commit(repo, name) == revision), None)

    def find_files(self, repo: str, revision: str) -> dict[str, bytes] | None:
        """Return the files of a revision, or of a commit."""
        for name, files in self.repos.get(repo, {}).items():
            if revision in (name, self.get_commit(repo, name)):
                return files
        return None

    def _take_fault(self, path: str) -> Fault | None:
        for pattern, faults in self.faults.items():
            fits = path.startswith(pattern[:-1]) if pattern.endswith("*") else path == pattern
            if fits and faults:
                return faults.pop(0)
        return None

    def _make_handler(self):
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_HEAD(self):
                self._answer()

            def do_GET(self):
                self._answer()

            def _answer(self) -> None:
                split = urlsplit(self.path)
                path = unquote(split.path)
                self.note = Request(self.command, path, dict(self.headers))
                server.requests.append(self.note)
                fault = server._take_fault(path) if self.command == "GET" else None
                if fault and fault.kind == "status":
                    return self._send(fault.status, b"", fault.headers)
                if path.startswith("/api/models/"):
                    return self._answer_api(path, parse_qs(split.query))
                if "/resolve/" in path:
                    return self._resolve(path, fault)
                if path.startswith("/lfs/"):
                    content = server_lfs(server, path.removeprefix("/lfs/"))
                else:
                    content = server.files.get(path.removeprefix("/files/"))
                if content is None:
                    return self._send(404, b"not here")
                self._send_file(content, f'"{hashlib.md5(content).hexdigest()}"', {}, fault)

            def _is_shut(self, repo: str) -> bool:
                token = server.gated.get(repo)
                return bool(token) and self.headers.get("Authorization") != f"Bearer {token}"

            def _answer_api(self, path: str, query: dict) -> None:
                asked = path.removeprefix("/api/models/")
                kind = "/tree/" if "/tree/" in asked else "/revision/"
                repo, _, revision = asked.partition(kind)
                if repo not in server.repos:
                    return self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
                files = server.find_files(repo, revision or "main")
                if files is None:
                    return self._send(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
                if kind == "/tree/":
                    return self._send_json([describe_file(*one) for one in sorted(files.items())])
                siblings = []
                for name, content in sorted(files.items()):
                    one = {"rfilename": name}
                    if "blobs" in query:
                        told = describe_file(name, content)
                        one |= {"size": told["size"], "blobId": told["oid"]}
                        if "lfs" in told:
                            lfs = told["lfs"]
                            one["lfs"] = {"sha256": lfs["oid"], "size": lfs["size"], "pointerSize": 134}
                    siblings.append(one)
                told = {
                    "_id": "1",
                    "id": repo,
                    "modelId": repo,
                    "sha": server.get_commit(repo, revision or "main"),
                    "cardData": server.cards.get(repo, {}),
                    "gated": "manual" if repo in server.gated else False,
                    "private": False,
                    "tags": [],
                    "downloads": 0,
                    "siblings": siblings,
                }
                self._send_json(told)

            def _send_json(self, value) -> None:
                self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

            def _resolve(self, path: str, fault: Fault | None) -> None:
                repo, _, rest = path.lstrip("/").partition("/resolve/")
                revision, _, name = rest.partition("/")
                if repo not in server.repos:
                    return self._send(404, b"", {"X-Error-Code": "RepoNotFound"})
                if self._is_shut(repo):
                    return self._send(
                        403 if self.headers.get("Authorization") else 401,
                        b"Access to it is restricted",
                        {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access to it is restricted"},
                    )
                files = server.find_files(repo, revision)
                if files is None:
                    return self._send(404, b"", {"X-Error-Code": "RevisionNotFound"})
                if name not in files:
                    return self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
                content = files[name]
                commit = {"X-Repo-Commit": server.get_commit(repo, revision)}
                if len(content) < LFS_FROM:
                    return self._send_file(content, f'"{hash_git(content)}"', commit, fault)
                sha256 = hashlib.sha256(content).hexdigest()
                linked = {"X-Linked-Etag": f'"{sha256}"', "X-Linked-Size": str(len(content))}
                # Another name of this machine: the hub's large files come from another host.
                port = server.url.rpartition(":")[2]
                where = {"Location": f"http://localhost:{port}/lfs/{sha256}"}
                self._send(302, b"", {**commit, **linked, **where})

            def _send(self, status: int, body: bytes, headers: dict | None = None) -> None:
                self.send_response(status)
                for key, value in (headers or {}).items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self._count(body)

            def _send_file(self, content: bytes, etag: str, headers: dict, fault: Fault | None) -> None:
                kind = fault.kind if fault else ""
                if kind == "page":
                    return self._send(200, LOGIN_PAGE, {"Content-Type": "text/html; charset=utf-8"})
                status, start = 200, 0
                wanted = self.headers.get("Range", "")
                if wanted.startswith("bytes=") and kind != "no_range":
                    holds = self.headers.get("If-Range") in (None, etag) or kind == "stale"
                    start = int(wanted.removeprefix("bytes=").split("-")[0]) if holds else 0
                    if holds and start >= len(content):
                        return self._send(416, b"", {"Content-Range": f"bytes */{len(content)}"})
                    status = 206 if holds else 200
                if kind == "wrong_range":
                    start //= 2
                body = content[start:]
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                if kind != "no_etag":
                    self.send_header("ETag", etag)
                self.send_header("Content-Type", "application/octet-stream")
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Length", str(len(body) + (fault.after if kind == "length" else 0)))
                if status == 206:
                    self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
                self.end_headers()
                if self.command == "GET":
                    self._write(body, fault)

            def _write(self, body: bytes, fault: Fault | None) -> None:
                kind = fault.kind if fault else ""
                try:
                    if kind == "drip":
                        for at in range(len(body)):
                            self._count(body[at : at + 1])
                            time.sleep(fault.seconds)
                    else:
                        self._count(body[: fault.after] if kind in ("cut", "hang") else body)
                    if kind == "hang":
                        time.sleep(fault.seconds)
                except (BrokenPipeError, ConnectionResetError):
                    kind = "cut"
                if kind in ("cut", "length", "hang"):
                    self.close_connection = True

            def _count(self, piece: bytes) -> None:
                # Before it goes out: who has read it may look at the count at once.
                self.note.sent += len(piece)
                try:
                    self.wfile.write(piece)
                    self.wfile.flush()
                except OSError:
                    self.note.sent -= len(piece)
                    raise

        return Handler


def server_lfs(server: FileServer, sha256: str) -> bytes | None:
    """Return the content of a large file by its SHA-256."""
    for revisions in server.repos.values():
        for files in revisions.values():
            for content in files.values():
                if hashlib.sha256(content).hexdigest() == sha256:
                    return content
    return None


def describe_file(name: str, content: bytes) -> dict:
    """Return a file as a listing of a tree has it."""
    told = {"type": "file", "path": name, "size": len(content), "oid": hash_git(content)}
    if len(content) >= LFS_FROM:
        sha256 = hashlib.sha256(content).hexdigest()
        told["lfs"] = {"oid": sha256, "size": len(content), "pointerSize": 134}
    return told


def hash_git(content: bytes) -> str:
    """Return git's hash of a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
