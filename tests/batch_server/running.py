"""The local server running in a thread, and the handle by which a test works it."""

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from batch_server.answerers import Answerer
from batch_server.door import make_app
from batch_server.settings import Settings
from batch_server.store import Store

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class LoopbackOnly(ValueError):
    """The server was asked to listen where others could reach it."""


class ControlError(RuntimeError):
    """The server refused what a test asked of it."""


class Control:
    """What a test may do to a server, wherever it runs. `url` is the base URL for clients (it ends
    in /v1).
    """

    def __init__(self, root: str):
        self.root = root
        self.url = f"{root}/v1"

    def advance(self, seconds: float) -> float:
        """Let time pass; return what the server's clock reads then (Unix seconds)."""
        return self._call("advance", {"seconds": seconds})["now"]

    def elapsed(self) -> float:
        """Return the seconds that passed since the server began."""
        return self._call("advance", {"seconds": 0})["elapsed"]

    def set(self, **settings) -> None:
        """Change settings (settings.Settings)."""
        self._call("settings", settings)

    def plant_errors(self, seed: int = 0, **errors) -> None:
        """Plant errors in the answers from now on (answerers.ErrorModel)."""
        self._call("answers", {"seed": seed, "errors": errors})

    def plant_fault(self, route: str | None, kind: str, **details) -> None:
        """Plant a fault (faults.Fault, by a name of README.md) at a route; route None: where the
        kind belongs. E.g. plant_fault("batches.create", "drop_after", times=2).
        """
        self._call("plant", {"route": route, "kind": kind, **details})

    def plant(self, kind: str, **details) -> None:
        """Plant a fault where its kind belongs."""
        self.plant_fault(None, kind, **details)

    def clear_faults(self) -> None:
        """Take all faults and fates away; calls go on being counted."""
        self._call("clear", {})

    def register_process(self, pid: int, group: bool = False) -> None:
        """Allow a process, or the process group that it leads, to be killed by a fault, once."""
        self._call("process", {"pid": pid, "group": group})

    def bill(self, items: bool = True) -> dict:
        """Return what was charged (bill.Bill.to_json), and `open_batches`."""
        return self._call(f"bill?items={str(items).lower()}")

    def calls(self) -> dict:
        """Return `calls` (routes in their order), `struck` (how many faults), `faults` (each of them
        with its seed), `planted` (errors in answers by name).
        """
        return self._call("calls")

    def _call(self, path: str, body: dict | None = None) -> dict:
        data = None if body is None else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(f"{self.root}/_test/{path}", data, timeout=600) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            raise ControlError(f"{path}: {error.read().decode()}") from error


def open_socket(host: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """Return a listening socket on a loopback address; LoopbackOnly for any other. Port 0 takes a
    free one.
    """
    if host not in LOOPBACK:
        raise LoopbackOnly(
            f"{host}: the local server answers without a real key and can be told to kill processes, so it"
            f" listens only on {', '.join(LOOPBACK)}"
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns off the wait for fuller packets, 40 ms a reply, only where the protocol is named.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(64)
    return listener


def make_server(store: Store) -> uvicorn.Server:
    """Return the uvicorn server of a store, quiet, with the store's clock in its replies."""
    config = uvicorn.Config(
        make_app(store),
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        lifespan="off",
    )
    return uvicorn.Server(config)


@contextmanager
def run_server(settings: Settings | None = None, answerer: Answerer | None = None) -> Iterator[Control]:
    """Run a server in a thread on a free loopback port for as long as the context lasts."""
    store = Store(settings, answerer)
    listener = open_socket()
    server = make_server(store)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        yield Control(f"http://127.0.0.1:{listener.getsockname()[1]}")
    finally:
        server.should_exit = server.force_exit = True  # the thread ends a moment later; nobody waits for it
        store.close()
