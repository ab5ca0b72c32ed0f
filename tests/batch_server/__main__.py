"""Run the local server by hand: `make batch-server`."""

import argparse
import os
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "src")]


def main(arguments: list[str] | None = None) -> None:
    """Serve until interrupted."""
    from batch_server.answerers import Answerer, ErrorModel
    from batch_server.catalogue import write_list
    from batch_server.running import LoopbackOnly, make_server, open_socket
    from batch_server.settings import Settings
    from batch_server.store import Store

    parser = argparse.ArgumentParser(prog="batch_server", description=main.__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=8009, help="0 takes a free one")
    parser.add_argument("--noise", type=float, default=0.0, help="share of items that are answered wrongly")
    parser.add_argument("--cut", type=float, default=0.0, help="share of prompts whose JSON is cut")
    parser.add_argument("--refusal", type=float, default=0.0, help="share of prompts that are refused")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--slow", action="store_true", help="batches take their time: a request every 2 s")
    parser.add_argument("--faults", action="store_true", help="list the faults that can be planted, and end")
    asked = parser.parse_args(arguments)
    if asked.faults:
        print(write_list())
        return
    try:
        listener = open_socket(asked.host, asked.port)
    except (LoopbackOnly, OSError) as error:
        sys.exit(f"batch_server: {error}")
    # A batch that takes minutes there takes a few looks here: time passes with each poll.
    pace = {"lines_per_s": 0.5} if asked.slow else {"advance_per_poll": 60.0, "lines_per_s": 50.0}
    settings = Settings(running_clock=True, **pace)
    overlay, run = (
        ("config/local_batch_small.yaml", "runs/local_small")
        if asked.slow
        else ("config/local_batch.yaml", "runs/local")
    )
    errors = ErrorModel(noise=asked.noise, cut=asked.cut, refusal=asked.refusal)
    store = Store(settings, Answerer(errors, asked.seed))
    host = f"[{asked.host}]" if ":" in asked.host else asked.host
    port = listener.getsockname()[1]
    print(
        f"A local Batch API, answering from the lexicon, at http://{host}:{port}/v1\nNo key, play money, no"
        " network. In another terminal, with the environment active:\n\n    export"
        f" OPENAI_API_KEY={settings.api_key}\n    snakemake --cores 2 --resources gpu=2 --configfile"
        f" {overlay} --directory {run}"
        + ("" if port == 8009 else f' --config \'api={{"base_url": "http://{host}:{port}/v1"}}\'')
        + f"\n\nThe bill: http://{host}:{port}/_test/bill   Ctrl-C ends it (pid {os.getpid()}).",
        flush=True,
    )
    try:
        make_server(store).run([listener])
    except KeyboardInterrupt:
        pass
    finally:
        store.close()


if __name__ == "__main__":
    main()
