"""The server's command line, and how a server is put together from folders."""

import argparse
import gc
import logging
import os
import secrets
import socket
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import uvicorn

from .app import Service, build_app
from .guard import Guard, make_protocol
from .index import PhotoIndex, has_features, hash_tower
from .limits import Limits
from .models import BASE, TUNED, ImageTower, Model, ModelError
from .onnx_clip import OnnxClip
from .options import HERE, Wanted, add_options, read_wanted
from .pairs import Pairs
from .query import Forms
from .sources import CATALOGUE, Catalogue, Folder, SourceError

EXAMPLES = ("a street with no cars", "a table without a cup", "a beach -person", "an empty room, no people")
REFRESH_S = 60.0


class StartError(Exception):
    """The server cannot start; the message says why and the way out."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; return 1 with a message when the server cannot start."""
    folder = Path(__file__).resolve().parents[1]
    parser = argparse.ArgumentParser(prog="python -m server", description=sys.modules[__package__].__doc__)
    parser.add_argument(
        "deploy", nargs="?", type=Path, default=folder, help="the folder with onnx/ (default: this one)"
    )
    add_options(parser)
    given = parser.parse_args(arguments)
    return run(read_wanted(given, folder, given.deploy / "index"))


def run(wanted: Wanted) -> int:
    """Serve; print the address, or what is wrong."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    token = secrets.token_urlsafe(24) if wanted.token == "new" else wanted.token
    limits = Limits(decodings=max(2, os.cpu_count() or 2))
    # What is made now stays to the end: looking for garbage in it takes time here and in each request.
    gc.disable()
    try:
        if wanted.host not in (HERE, "localhost", "::1") and not token:
            raise StartError(f"--host {wanted.host}: others could read these photos; give --token new")
        service = build_service(wanted, limits)
        listener = _listen(wanted.host, wanted.port)
    except (StartError, SourceError, ModelError) as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        gc.enable()
    gc.freeze()
    indexing = service.index.keep_fresh(REFRESH_S)
    host = f"[{wanted.host}]" if ":" in wanted.host else wanted.host
    address = f"http://{host}:{listener.getsockname()[1]}/" + (f"?token={token}" if token else "")
    print(f"The page is at {address}", flush=True)
    server = make_server(service, limits, token)
    # A request that the end cuts short is no error.
    logging.getLogger("uvicorn.error").addFilter(lambda _: not server.should_exit)
    try:
        server.run(sockets=[listener])
    finally:
        # Its batch is finished first: the threads that read photos are gone when Python ends.
        service.index.stop()
        indexing.join()
    return 0


def make_server(service: Service, limits: Limits, token: str | None = None) -> uvicorn.Server:
    """Return the HTTP server of a service, with all that guards it."""
    config = uvicorn.Config(
        Guard(build_app(service), limits, token),
        http=make_protocol(limits),
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=int(limits.head_s) or 1,
        h11_max_incomplete_event_size=32_768,
        timeout_graceful_shutdown=5,
    )
    return uvicorn.Server(config)


def build_service(wanted: Wanted, limits: Limits) -> Service:
    """Load the models and the index. Raises StartError, SourceError or ModelError."""
    index_file = wanted.index / "index.sqlite"
    path = wanted.index / CATALOGUE
    catalogue = Catalogue.read(path) if path.is_file() else None
    source = Folder(wanted.photos) if wanted.photos else catalogue
    if source is None:
        raise StartError("there is nothing to search: give a folder of photos with --photos DIR")
    models = load_models(wanted.deploy, index_file, limits.waiting)
    return Service(
        models=models,
        index=PhotoIndex(index_file, source, list(models.values()), limits.folder_pixels),
        pairs=Pairs(catalogue.pairs, catalogue.refused) if catalogue else Pairs([], []),
        forms=Forms(catalogue.forms, catalogue.plurals, catalogue.followers) if catalogue else Forms({}),
        limits=limits,
        examples=(catalogue.examples if catalogue and source is catalogue else None) or EXAMPLES,
        catalogue=catalogue,
    )


def load_models(deploy: Path, index_file: Path, waiting: int) -> dict[str, Model]:
    """Return the base and the tuned model of a deploy folder. Equal image towers are loaded once, and
    one that has embedded photos of the index only when it is needed.

    A folder without a base serves the tuned model alone. Raises ModelError.
    """
    import onnxruntime
    from tokenizers import Tokenizer

    onnxruntime.disable_telemetry_events()
    folders = {BASE: deploy / "base" / "onnx", TUNED: deploy / "onnx"}
    if not (folders[TUNED] / "visual.onnx").is_file():
        raise ModelError(
            f"{deploy}: there is no onnx/visual.onnx; export the model with deploy.forms: [onnx]"
        )
    folders = {name: folder for name, folder in folders.items() if (folder / "visual.onnx").is_file()}
    try:
        towers = {name: hash_tower(index_file, folder) for name, folder in folders.items()}
        visual = {tower: ImageTower(folders[name] / "visual.onnx") for name, tower in towers.items()}
        files = {name: (folder / "tokenizer.json").read_bytes() for name, folder in folders.items()}
        tokenizers = {content: Tokenizer.from_buffer(content) for content in set(files.values())}
        with ThreadPoolExecutor(4) as pool:
            # One that embedded photos before is known to load; others are needed for the index anyway.
            new = [
                pool.submit(one.load) for tower, one in visual.items() if not has_features(index_file, tower)
            ]
            loading = {
                name: pool.submit(
                    OnnxClip, folder, visual=visual[towers[name]], tokenizer=tokenizers[files[name]]
                )
                for name, folder in folders.items()
            }
            clips = {name: one.result() for name, one in loading.items()}
            for one in new:
                one.result()
    except Exception as error:  # onnxruntime and tokenizers have no common error
        raise ModelError(f"{deploy}: the model cannot be loaded ({error}); export it again") from error
    return {name: Model(name, clip, towers[name], waiting) for name, clip in clips.items()}


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        raise StartError(f"--port {port}: {error.strerror or error}; another server may run there") from error
    return listener
