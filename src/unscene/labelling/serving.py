"""Open the labelling page of a run, for one rater and on this machine alone."""

import socket
import sys
from pathlib import Path

import uvicorn

from unscene.labelling.app import build_app
from unscene.labelling.sample import SampleError, open_sample
from unscene.labelling.store import LabelStore, RaterError
from unscene.run.tables import TableError

HOST = "127.0.0.1"  # never another: the page has no password


def serve_page(run: Path, rater: str, items: int, seed: int, port: int = 0) -> int:
    """Serve the page until interrupted; return 1 with a message when there is nothing to label.

    run: the run's directory. rater: each has a file of their own. items, seed: how the sample is
    drawn, at the first start. port: 0 takes a free one.
    """
    folder = run / "state" / "labels"
    try:
        sample = open_sample(run, folder, items, seed)
        store = LabelStore(folder, rater, sample)
    except (TableError, SampleError, RaterError) as error:
        print(error, file=sys.stderr)
        return 1
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen()
        address = f"http://{HOST}:{listener.getsockname()[1]}/"
        print(f"{store.done} of {len(sample)} labelled. The page is at {address}", flush=True)
        server = uvicorn.Server(uvicorn.Config(build_app(run, store), log_level="warning"))
        server.run(sockets=[listener])
    store.close()
    return 0
