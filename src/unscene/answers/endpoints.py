"""Endpoints that speak OpenAI's API: what is special about each, a row an endpoint.

`api.base_url` names one by its host; one that is not listed is like OpenAI's own.
"""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

PATH_TO_STATE = Path("state")


@dataclass(frozen=True)
class Endpoint:
    """An endpoint. `name` is in summaries and is the folder of its ledger.

    url: of the one that `base_url: null` means. key_variable: the environment variable with its
    key. is_paid: old prices stop a run. keeps_batches: a batch that it does not know is a mistake
    of somebody; else it went with a server that ran before.
    """

    name: str
    hosts: tuple[str, ...]
    url: str | None = None
    key_variable: str = "OPENAI_API_KEY"
    is_paid: bool = True
    keeps_batches: bool = True


ENDPOINTS = (
    Endpoint("api.openai.com", hosts=("api.openai.com",), url="https://api.openai.com/v1"),
    # All names of this machine, whatever the port: the local Batch server, or a model of one's own.
    Endpoint("localhost", hosts=("localhost", "127.0.0.1", "::1", ""), is_paid=False, keeps_batches=False),
)
DEFAULT = ENDPOINTS[0]


def find_endpoint(base_url: str | None) -> Endpoint:
    """Return the endpoint of an `api.base_url`."""
    if not base_url:
        return DEFAULT
    host = urlsplit(base_url).hostname or ""
    return next((one for one in ENDPOINTS if host in one.hosts), Endpoint(host, hosts=(host,)))


def find_folder(base_url: str | None, path_to_state: Path = PATH_TO_STATE) -> Path:
    """Return the folder of an endpoint's ledger: answers of one endpoint never stand in for another's."""
    return Path(path_to_state) / "api" / find_endpoint(base_url).name.replace(":", "_")
