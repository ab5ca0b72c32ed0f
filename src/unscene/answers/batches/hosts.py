"""Where the batches of a run directory are: the address of its endpoint, kept beside the ledger, and
the commands that messages name as the way out.

A command that is copied from a message must reach the endpoint that the message is about: another
one knows nothing of the batch, and has no business with the key.
"""

import os
import shlex
from pathlib import Path

from unscene.answers.endpoints import PATH_TO_STATE, find_endpoint, find_folder
from unscene.run.stops import KnownStop
from unscene.run.tables import read_json, write_json

_FILE = "endpoint.json"


class OtherHost(KnownStop, RuntimeError):
    """The endpoint that is meant is not the one that would be asked; nothing was sent."""


def note_endpoint(folder: Path, api: dict) -> None:
    """Keep what a command needs to reach the endpoint of a ledger's folder. api: the config's block."""
    write_json({"base_url": api["base_url"], "deployments": api.get("deployments")}, folder / _FILE)


def choose_endpoint(folders: list[Path], api: dict, is_named: bool) -> dict:
    """Return the block `api` to ask with. Raises OtherHost when it would be the wrong host.

    folders: those of ledgers here that may be meant. is_named: api is of a config that was named, so
    the note of a folder does not replace it.
    """
    if not is_named and len(folders) == 1 and (folders[0] / _FILE).is_file():
        return api | read_json(folders[0] / _FILE)
    name = find_endpoint(api["base_url"]).name
    hosts = [folder.name for folder in folders]
    if hosts and find_folder(api["base_url"]).name not in hosts:
        raise OtherHost(
            f"what is here belongs to {', '.join(hosts)}, and the config's api.base_url is of {name}: nothing"
            " was sent there. Give the run's own config: --configfile FILE"
        )
    return api


def write_command(folder: Path, action: str) -> str:
    """Return `unscene batches ACTION` as it can be copied. folder: that of the ledger it is about."""
    # It is RUN/state/api/HOST; `state` may be a link, so nothing is resolved.
    run = Path(os.path.abspath(folder)).parents[1 + len(PATH_TO_STATE.parts)]
    return f"unscene batches {action} --directory {shlex.quote(str(run))}"
