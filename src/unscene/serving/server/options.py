"""The options of the server's command line; nothing heavy is imported for --help."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

HERE = "127.0.0.1"
PORT = 8008


@dataclass(frozen=True)
class Wanted:
    """What the command line asks for. deploy: the folder with onnx/ and base/onnx/. photos: a folder,
    or None for what the catalogue names. index: the folder of the index.
    """

    deploy: Path
    photos: Path | None
    index: Path
    host: str = HERE
    port: int = PORT
    token: str | None = None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options that `unscene serve` and `python -m server` have."""
    parser.add_argument("--photos", type=Path, metavar="DIR", help="a folder of photos to search")
    parser.add_argument("--index", type=Path, metavar="DIR", help="where the index of the photos is kept")
    parser.add_argument("--port", type=int, default=PORT, help=f"0 takes a free one (default: {PORT})")
    parser.add_argument("--host", default=HERE, help="another address than this machine's own needs --token")
    parser.add_argument(
        "--token",
        default=os.environ.get("UNSCENE_TOKEN"),
        help="what clients must show; `new` makes one (default: the environment's UNSCENE_TOKEN)",
    )


def read_wanted(given: argparse.Namespace, deploy: Path, index: Path) -> Wanted:
    """Return what was asked for; deploy, index: the folders where none was named."""
    return Wanted(
        given.deploy or deploy, given.photos, given.index or index, given.host, given.port, given.token
    )
