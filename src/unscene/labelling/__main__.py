"""Open the labelling page: `python -m unscene.labelling --rater NAME [--run DIRECTORY]`."""

import argparse
import socket
import sys
from pathlib import Path

import uvicorn

from unscene.labelling.app import build_app
from unscene.labelling.sample import open_sample
from unscene.labelling.store import LabelStore, RaterError
from unscene.run.tables import TableError

HOST = "127.0.0.1"  # never another: the page has no password


def main(arguments: list[str] | None = None) -> int:
    """Serve the page until interrupted; return 1 with a message when there is nothing to label."""
    parser = argparse.ArgumentParser(prog="python -m unscene.labelling", description=__doc__)
    parser.add_argument("--rater", required=True, help="your name; each rater has a file of their own")
    parser.add_argument("--run", type=Path, default=Path("."), help="run directory")
    parser.add_argument("--items", type=int, default=500, help="edits in the sample (at the first start)")
    parser.add_argument("--size-bins", type=float, nargs="*", default=[0.02, 0.08])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    given = parser.parse_args(arguments)
    folder = given.run / "state" / "labels"
    try:
        items = open_sample(given.run, folder, given.items, given.size_bins, given.seed)
        store = LabelStore(folder, given.rater, items)
    except (TableError, RaterError) as error:
        print(error, file=sys.stderr)
        return 1
    if not items:
        print("there is no scored edit to label: run the workflow first", file=sys.stderr)
        return 1
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, given.port))
        listener.listen()
        print(
            f"{store.done} of {len(items)} labelled. The page is at http://{HOST}:{listener.getsockname()[1]}/",
            flush=True,
        )
        server = uvicorn.Server(uvicorn.Config(build_app(given.run, store), log_level="warning"))
        server.run(sockets=[listener])
    store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
