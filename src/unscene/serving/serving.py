"""Serve a run's deployed model: write what the run tells the server, then start it."""

import argparse

from unscene.run.left_out import read_left_out
from unscene.run.tables import TableError
from unscene.serving.catalogue import RunError, write_catalogue
from unscene.serving.server.command import run
from unscene.serving.server.options import read_wanted
from unscene.serving.server.sources import CATALOGUE


class ServeError(ValueError):
    """There is nothing to serve; the message says why and the way out."""


def serve_run(given: argparse.Namespace) -> int:
    """Serve until interrupted; return 1 with a message when the server cannot start.

    given: `directory` and what `server.options` declares. The index of a run lies in state/serving,
    since results/deploy is made anew by each export; that of a folder elsewhere lies in it.
    """
    deploy = given.deploy or given.directory / "results/deploy"
    run_folder = deploy.resolve().parents[1]
    is_run = deploy.resolve() == run_folder / "results/deploy" and (run_folder / "results/metrics").is_dir()
    wanted = read_wanted(given, deploy, run_folder / "state/serving" if is_run else deploy / "index")
    if not wanted.deploy.is_dir():
        raise ServeError(
            f"{wanted.deploy}: there is no such folder; finish the run (with `train: {{clip: null}}` it has"
            " no model), or name an exported folder"
        )
    if reason := read_left_out(wanted.deploy):
        raise ServeError(f"{wanted.deploy}: there is no model, for want of pairs: {reason}")
    if is_run:
        try:
            write_catalogue(run_folder, wanted.index)
        except (RunError, TableError) as error:
            if not wanted.photos and not (wanted.index / CATALOGUE).is_file():
                raise ServeError(str(error)) from error
    return run(wanted)
