"""What every test needs: the checkout, the real photos where they are."""

import os
from collections import Counter
from pathlib import Path

import pytest

from unscene.run.offline import stay_offline

CHECKOUT = Path(__file__).resolve().parents[1]
stay_offline()
# No test, and no run that a test starts, may reach the service that costs money.
os.environ["UNSCENE_REFUSE_HOSTS"] = "api.openai.com"
os.environ.pop("OPENAI_API_KEY", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files with the most runs of the workflow first. A file stays in one process, so a long one
    that comes last leaves the other process with nothing to do.
    """
    runs = Counter(item.path for item in items if item.get_closest_marker("workflow"))
    items.sort(key=lambda item: -runs[item.path])


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the checkout."""
    return CHECKOUT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real photos and weights; tests that need it are skipped, saying so, without it."""
    folder = CHECKOUT.parent / "shared" / "data"
    if not (folder / "coco_sample" / "captions.json").is_file():
        pytest.skip("the real photos are not here (../shared/data)")
    return folder


@pytest.fixture
def batch_server():
    """A fresh local Batch server on a free loopback port: its handle (batch_server.running.Control)."""
    from batch_server.running import run_server

    with run_server() as control:
        yield control
