"""A local Batch server, and a run directory that submits to it."""

import pytest

from paid_answers import Desk


@pytest.fixture
def server(batch_server):
    """A fresh local Batch server: its handle."""
    return batch_server


@pytest.fixture
def desk(server, tmp_path):
    """A run directory of its own that submits to `server`."""
    return Desk(tmp_path, server)
