"""Endpoints that speak OpenAI's API: what is special about each, a row an endpoint.

`api.base_url` names one by its host. A host without a row gets the plainest requests: what only
OpenAI's own servers understand is left out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit

from unscene.answers.batch_lines import URL, canonical_json

PATH_TO_STATE = Path("state")
# Parameters that an OpenAI server knows and others may refuse. What a model needs (`temperature`,
# `reasoning_effort`) stays: it goes by the model's name, whoever serves it.
_OWN_PARAMETERS = frozenset(["store", "prompt_cache_options"])


@dataclass(frozen=True)
class Endpoint:
    """An endpoint. `name` is in summaries and is the folder of its ledger.

    hosts: names, or patterns as `*.openai.azure.com`; a host that a pattern finds has a name of its
    own. url: of the one that `base_url: null` means. key_variable: the environment variable with
    its key. key_header: the header that takes the key, where it is not `Authorization: Bearer`.
    is_paid: old prices stop a run. keeps_batches: a batch that it does not know is a mistake of
    somebody; else it went with a server that ran before. ends_on_time: a batch is at its end 24
    hours after it was made. lists_models: its list of models has the names that `api.model` can
    have. keeps_outputs_as_asked: it knows `output_expires_after`. request_url: where its batches'
    lines say that they go. drops: parameters of a body that it refuses.
    """

    name: str
    hosts: tuple[str, ...]
    url: str | None = None
    key_variable: str = "OPENAI_API_KEY"
    key_header: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    is_paid: bool = True
    keeps_batches: bool = True
    ends_on_time: bool = True
    lists_models: bool = True
    keeps_outputs_as_asked: bool = False
    request_url: str = URL
    drops: frozenset[str] = _OWN_PARAMETERS

    def make_headers(self, key: str) -> dict[str, str]:
        """Return the headers that carry the key beside the usual one."""
        return {self.key_header: key} if self.key_header else {}

    def dress(self, body: dict, deployments: Mapping[str, str] | None = None) -> dict:
        """Return a request's body as this endpoint takes it. deployments: its names of models."""
        dressed = {name: value for name, value in body.items() if name not in self.drops}
        dressed["model"] = (deployments or {}).get(body["model"], body["model"])
        return dressed

    def dress_line(self, line: bytes, deployments: Mapping[str, str] | None = None) -> bytes:
        """Return a request line as it is uploaded here, with its newline.

        Its custom_id stays that of the body as we wrote it: what an answer is good for does not
        depend on who gave it.
        """
        if not (self.drops or deployments) and self.request_url == URL:
            return line
        request = json.loads(line)
        request |= {"url": self.request_url, "body": self.dress(request["body"], deployments)}
        return canonical_json(request).encode() + b"\n"


ENDPOINTS = (
    Endpoint(
        "api.openai.com",
        hosts=("api.openai.com",),
        url="https://api.openai.com/v1",
        keeps_outputs_as_asked=True,
        drops=frozenset(),
    ),
    # Regions of OpenAI (data residency): its API, and projects of their own.
    Endpoint("", hosts=("*.api.openai.com",), keeps_outputs_as_asked=True, drops=frozenset()),
    # base_url: https://RESOURCE.openai.azure.com/openai/v1; `api.deployments` names the deployment
    # of type Global Batch. Azure tries to end a batch within 24 hours and promises nothing.
    Endpoint(
        "",
        hosts=("*.openai.azure.com", "*.cognitiveservices.azure.com", "*.services.ai.azure.com"),
        key_variable="AZURE_OPENAI_API_KEY",
        key_header="api-key",
        ends_on_time=False,
        lists_models=False,
        request_url="/chat/completions",
    ),
    # All names of this machine, whatever the port: the local Batch server, or a model of one's own.
    Endpoint("localhost", hosts=("localhost", "127.0.0.1", "::1", ""), is_paid=False, keeps_batches=False),
)
DEFAULT = ENDPOINTS[0]


def find_endpoint(base_url: str | None) -> Endpoint:
    """Return the endpoint of an `api.base_url`; a query in it goes with each call (`?api-version=`)."""
    if not base_url:
        return DEFAULT
    try:
        parts = urlsplit(base_url)
    except ValueError:  # half of an IPv6 address, say; the client tells of it
        return Endpoint("", hosts=())
    host = parts.hostname or ""
    found = next(
        (one for one in ENDPOINTS if any(fnmatchcase(host, pattern) for pattern in one.hosts)),
        Endpoint("", hosts=(host,)),
    )
    if found.name and not parts.query:
        return found
    pairs = (pair.partition("=") for pair in parts.query.split("&") if pair)
    return replace(found, name=found.name or host, query={name: value for name, _, value in pairs})


def find_folder(base_url: str | None, path_to_state: Path = PATH_TO_STATE) -> Path:
    """Return the folder of an endpoint's ledger: answers of one endpoint never stand in for another's."""
    return Path(path_to_state) / "api" / find_endpoint(base_url).name.replace(":", "_")
