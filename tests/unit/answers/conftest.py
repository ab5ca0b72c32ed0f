"""A local Batch server, and a run directory that submits to it; a server that answers as it is told."""

import pytest

from paid_answers import Desk
from told_server import KEY, run_told
from unscene.answers.batches.client import ApiClient


@pytest.fixture
def server(batch_server):
    """A fresh local Batch server: its handle."""
    return batch_server


@pytest.fixture
def desk(server, tmp_path):
    """A run directory of its own that submits to `server`."""
    return Desk(tmp_path, server)


@pytest.fixture
def told_server(monkeypatch):
    """What a server says to the next calls, with the client that makes them: `api`."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with run_told() as (told, url):
        told.api = ApiClient(url, timeout_s=2, reading_retries=0)
        yield told
